/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/revoking.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"
#include "ipc/message.h"
#include "policy/retry.h"

/* What changes how httpd serves is told; a restart of httpd begins with a new keeper. */
#define LOOK apr_time_from_sec(60)

typedef struct errand {
    revoking_t *revoking;
    keeper_revocation_t *revocation;
} errand_t;

struct revoking {
    const model_t *model;
    tasks_t *tasks;
    tickets_t *tickets;
    loop_timer_t *timer; /* of the next that is due again */
};

keeper_account_t *revoking_account(const model_t *model, const revocation_t *record, int *pown)
{
    keeper_account_t *found = NULL;
    int i, own = 0;

    for (i = 0; i < model->accounts->nelts && !own; ++i) {
        keeper_account_t *account = model_account(model, i);

        if (account->broken->rv != APR_SUCCESS) {
            continue;
        }
        own = record->account != NULL && account->registration != NULL
              && strcmp(account->registration->id, record->account) == 0;
        if (own
            || (found == NULL && record->directory != NULL
                && strcmp(account->plan->directory, record->directory) == 0)) {
            found = account;
        }
    }
    if (pown != NULL) {
        *pown = own;
    }
    return found;
}

static int is_decided(const eab_result_t *problem)
{
    return eab_result_is(problem, EAB_PROBLEM_REFUSED) || retry_is_useless(problem);
}

static void keep_failure(const revoking_t *revoking, keeper_revocation_t *revocation,
                         const eab_result_t *problem)
{
    apr_time_t now = apr_time_now();
    apr_time_t next = is_decided(problem) ? 0
                                          : retry_at(now, 0.5, RETRY_TRANSIENT,
                                                     revocation->record->attempts + 1, problem);

    revocation_failed(revoking->model->revocations, revocation, problem, next);
}

/* Its status shows it. */
static void tell_agent(const revoking_t *revoking, const keeper_certificate_t *certificate,
                       apr_pool_t *p)
{
    brief_facts_t *facts = certificate != NULL ? certificate_facts(certificate, p) : NULL;

    if (facts != NULL) {
        tasks_tell(revoking->tasks, "facts",
                   json_pack("{s:i, s:o}", "certificate", certificate->index, "facts",
                             brief_facts_to_json(facts)));
    }
}

/* The record goes when everybody is told. Until then the CA is asked again after a crash, and says that it is
 * revoked already. */
static apr_status_t conclude(const revoking_t *revoking, keeper_revocation_t *revocation,
                             keeper_certificate_t *certificate, eab_result_t *result)
{
    const model_t *model = revoking->model;
    apr_status_t rv = revocation_done(model->revocations, revocation, certificate, result);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    tell_agent(revoking, certificate, result->pool);
    changes_tell_revocation(model->means->changes, CHANGE_REVOKED, certificate, revocation);
    if (revocation->untold) {
        revocation->record->next = apr_time_now() + LOOK;
        return APR_SUCCESS;
    }
    return revocation_forget(model->revocations, revocation, result);
}

static void on_end(void *baton, const eab_result_t *result)
{
    errand_t *errand = baton;
    revoking_t *revoking = errand->revoking;
    const model_t *model = revoking->model;
    keeper_revocation_t *revocation = errand->revocation;
    const revocation_t *record = revocation->record;
    keeper_certificate_t *certificate = model_find(model, record->name);
    apr_pool_t *pool = NULL;
    eab_result_t *own;

    apr_pool_create(&pool, model->means->pool);
    own = eab_result_make(pool);
    revocation->task = 0;
    ticket_end(revoking->tickets, TICKET_REVOKE, record->fingerprint);
    if (result->rv != APR_SUCCESS) {
        keep_failure(revoking, revocation, result);
        changes_tell_revocation(model->means->changes, CHANGE_NOT_REVOKED, certificate, revocation);
    }
    else if (conclude(revoking, revocation, certificate, own) != APR_SUCCESS) {
        changes_tell_store(model->means->changes);
        keep_failure(revoking, revocation, own);
    }
    apr_pool_destroy(pool);
    revoking_consider(revoking);
}

static int refuse(const revoking_t *revoking, keeper_revocation_t *revocation, const char *why)
{
    const model_t *model = revoking->model;
    apr_pool_t *pool = NULL;
    eab_result_t *result;

    apr_pool_create(&pool, model->means->pool);
    result = eab_result_make(pool);
    eab_result_set(result, APR_EINVAL, EAB_PROBLEM_REFUSED, "%s", why);
    keep_failure(revoking, revocation, result);
    changes_tell_revocation(model->means->changes, CHANGE_NOT_REVOKED,
                            model_find(model, revocation->record->name), revocation);
    apr_pool_destroy(pool);
    return 0;
}

/* By whose keys it can be: the words are those of agent/revoke.c. NULL: by none, with why. */
static const char *choose_keys(const revoking_t *revoking, const revocation_t *record, int own,
                               const char **pwhy)
{
    apr_pool_t *pool = NULL;
    int has_key;

    apr_pool_create(&pool, revoking->model->means->pool);
    has_key = revocation_sign_key(revoking->model->revocations, record, pool) != NULL;
    apr_pool_destroy(pool);
    *pwhy = NULL;
    switch (record->by_key) {
    case REVOCATION_BY_ACCOUNT:
        *pwhy = own ? NULL
                    : "The account that ordered it is not configured; revoke it with its own key "
                      "(--by-certificate-key).";
        return own ? "account" : NULL;
    case REVOCATION_BY_CERTIFICATE:
        *pwhy = has_key ? NULL
                        : "The key of the certificate is not in the store; name its file with "
                          "--key, or leave out --by-certificate-key.";
        return has_key ? "certificate" : NULL;
    case REVOCATION_BY_CERTIFICATE_FIRST:
        break;
    }
    if (!has_key && !own) {
        *pwhy = "Neither the key of the certificate nor the account that ordered it is here; name "
                "the file of its key with --key.";
        return NULL;
    }
    return !has_key ? "account" : own ? "certificate first" : "certificate";
}

/* @return false when it was not given */
static int give(revoking_t *revoking, keeper_revocation_t *revocation)
{
    const revocation_t *record = revocation->record;
    int own = 0;
    keeper_account_t *account = revoking_account(revoking->model, record, &own);
    const char *why = NULL, *keys;
    errand_t *errand;

    if (account == NULL) {
        return refuse(revoking, revocation,
                      "No account that can be used is configured at the CA of this certificate.");
    }
    if ((keys = choose_keys(revoking, record, own, &why)) == NULL) {
        return refuse(revoking, revocation, why);
    }
    if (!ticket_make(revoking->tickets, TICKET_REVOKE, record->fingerprint, record->reason)) {
        return 0;
    }
    errand = apr_pcalloc(revocation->pool, sizeof(*errand));
    errand->revoking = revoking;
    errand->revocation = revocation;
    revocation->task = tasks_give(revoking->tasks, "revoke",
                                  json_pack("{s:i,s:s,s:s}", "account", account->index,
                                            "fingerprint", record->fingerprint, "by", keys),
                                  NULL, on_end, errand);
    return 1;
}

/* A CA may revoke all that have a key when it is told once that others know it: none goes before every one
 * that is served has been replaced. */
static int is_key_replaced(const model_t *model, const revocation_t *record)
{
    const apr_array_header_t *list = model->revocations->list;
    int i;

    for (i = 0; i < list->nelts; ++i) {
        const keeper_revocation_t *other = APR_ARRAY_IDX(list, i, keeper_revocation_t *);

        if (!other->done && other->record->compromised && other->record->spki != NULL
            && record->spki != NULL && strcmp(other->record->spki, record->spki) == 0
            && !revocation_is_replaced(other->record, model_find(model, other->record->name))) {
            return 0;
        }
    }
    return 1;
}

/* Is its time come? */
static int is_due(const model_t *model, const keeper_revocation_t *revocation, apr_time_t now)
{
    const revocation_t *record = revocation->record;

    if (revocation->task != 0 || revocation->done || record->refused || record->next > now) {
        return 0;
    }
    return record->now
           || (revocation_is_replaced(record, model_find(model, record->name))
               && (!record->compromised || is_key_replaced(model, record)));
}

void revoking_consider(revoking_t *revoking)
{
    const model_t *model = revoking->model;
    const apr_array_header_t *list = model->revocations->list;
    apr_time_t now = apr_time_now();
    int i, open = 0;

    for (i = 0; i < list->nelts; ++i) {
        keeper_revocation_t *revocation = APR_ARRAY_IDX(list, i, keeper_revocation_t *);

        if (is_due(model, revocation, now)) {
            give(revoking, revocation);
        }
        open |= !revocation->done && !revocation->record->refused;
    }
    if (open) {
        loop_timer_set(revoking->timer, now + LOOK);
    }
}

static void on_timer(void *baton)
{
    revoking_consider(baton);
}

void revoking_hear(void *baton, const change_t *change)
{
    if (change->kind == CHANGE_INSTALLED || change->kind == CHANGE_LOADED) {
        revoking_consider(baton);
    }
}

revoking_t *revoking_make(const model_t *model, tasks_t *tasks, tickets_t *tickets)
{
    revoking_t *revoking = apr_pcalloc(model->means->pool, sizeof(*revoking));

    revoking->model = model;
    revoking->tasks = tasks;
    revoking->tickets = tickets;
    revoking->timer = loop_timer_make(model->means->loop, on_timer, revoking);
    return revoking;
}
