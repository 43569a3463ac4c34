/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/changes.h"

#include <apr_tables.h>

typedef struct listener {
    change_hear_fn *hear;
    void *baton;
} listener_t;

struct changes {
    apr_array_header_t *listeners; /* listener_t */
};

changes_t *changes_make(apr_pool_t *p)
{
    changes_t *changes = apr_pcalloc(p, sizeof(*changes));

    changes->listeners = apr_array_make(p, 4, sizeof(listener_t));
    return changes;
}

void changes_hear(changes_t *changes, change_hear_fn *hear, void *baton)
{
    const listener_t listener = { hear, baton };

    APR_ARRAY_PUSH(changes->listeners, listener_t) = listener;
}

static void tell(const changes_t *changes, const change_t *change)
{
    int i;

    for (i = 0; i < changes->listeners->nelts; ++i) {
        const listener_t *listener = &APR_ARRAY_IDX(changes->listeners, i, listener_t);

        listener->hear(listener->baton, change);
    }
}

void changes_tell_account(const changes_t *changes, change_kind_t kind,
                          struct keeper_account *account, const eab_result_t *result)
{
    const change_t change = { kind, account, NULL, result, NULL, NULL };

    tell(changes, &change);
}

void changes_tell_certificate(const changes_t *changes, change_kind_t kind,
                              struct keeper_certificate *certificate, const eab_result_t *result)
{
    const change_t change = { kind, NULL, certificate, result, NULL, NULL };

    tell(changes, &change);
}

void changes_tell_revocation(const changes_t *changes, change_kind_t kind,
                             struct keeper_certificate *certificate,
                             struct keeper_revocation *revocation)
{
    const change_t change = { kind, NULL, certificate, NULL, revocation, NULL };

    tell(changes, &change);
}

void changes_tell_superseded(const changes_t *changes, struct keeper_account *account,
                             const struct registration *superseded)
{
    const change_t change = { CHANGE_SUPERSEDED_CLOSED, account, NULL, NULL, NULL, superseded };

    tell(changes, &change);
}

void changes_tell_process(const changes_t *changes, change_kind_t kind, const char *why,
                          apr_pool_t *ptemp)
{
    eab_result_t *result = eab_result_make(ptemp);
    const change_t change = { kind, NULL, NULL, result, NULL, NULL };

    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL, "%s", why);
    tell(changes, &change);
}

void changes_tell_store(const changes_t *changes)
{
    const change_t change = { CHANGE_STORE_FAILED, NULL, NULL, NULL, NULL, NULL };

    tell(changes, &change);
}
