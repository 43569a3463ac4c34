/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/failing.h"

#include <string.h>

#include <apr_strings.h>

#include "policy/problem.h"
#include "policy/restart.h"

/* The pool is that of the one of before, and becomes that of the copy. */
static void remember(failing_t *failing, const means_t *means, const failure_t *failure, int names)
{
    const plan_t *plan = means->plan;
    apr_pool_t *pool = NULL;
    failure_t *copy = NULL;

    if (failure != NULL) {
        apr_pool_create(&pool, means->pool);
        copy = apr_pmemdup(pool, failure, sizeof(*failure));
        copy->fingerprint = apr_pstrdup(pool, failure->fingerprint);
        copy->problem = eab_result_make(pool);
        eab_result_copy_short(
            copy->problem, failure->problem,
            eab_result_share(plan->accounts->nelts + plan->certificates->nelts, names));
    }
    if (failing->pool != NULL) {
        apr_pool_destroy(failing->pool);
    }
    failing->pool = pool;
    failing->failure = copy;
}

/* What the store still has is wrong then, and somebody has to come back to it. */
static apr_status_t save(failing_t *failing, const means_t *means, const char *key,
                         apr_pool_t *ptemp)
{
    apr_status_t rv = failure_save(means->store, key, failing->failure, ptemp);

    failing->unsaved = rv != APR_SUCCESS;
    if (failing->unsaved) {
        changes_tell_store(means->changes);
    }
    return rv;
}

static void try_anew(failure_t *failure)
{
    problem_facts_t facts = { (problem_place_t)failure->place, (facts_t)failure->facts, NULL, NULL,
                              NULL };

    failure->next = restart_next(apr_time_now(), problem_classify(failure->problem, &facts),
                                 failure->tried, failure->next);
}

/* NULL: there is none, or none that counts. */
static failure_t *load(const means_t *means, const char *key, const char *fingerprint,
                       int *poutdated, apr_pool_t *ptemp)
{
    failure_t *failure = NULL;

    if (means->store->trouble != NULL
        || failure_load(&failure, means->store, key, ptemp) != APR_SUCCESS) {
        return NULL;
    }
    if (failure->fingerprint == NULL || strcmp(failure->fingerprint, fingerprint) != 0) {
        *poutdated = 1;
        return NULL;
    }
    if (means->by_somebody) {
        try_anew(failure);
    }
    return failure;
}

void failing_recall(failing_t *failing, const means_t *means, const char *key,
                    const char *fingerprint, int names)
{
    apr_pool_t *pool = NULL;
    int outdated = 0;

    apr_pool_create(&pool, means->pool);
    remember(failing, means, load(means, key, fingerprint, &outdated, pool), names);
    if (outdated) {
        save(failing, means, key, pool);
    }
    apr_pool_destroy(pool);
}

apr_status_t failing_keep(failing_t *failing, const means_t *means, const char *key,
                          const failure_t *failure, int names, eab_result_t *result)
{
    char reason[120];
    apr_status_t rv;

    remember(failing, means, failure, names);
    rv = save(failing, means, key, result->pool);
    if (rv != APR_SUCCESS) {
        eab_result_set(result, rv, EAB_PROBLEM_STORE,
                       "The failure could not be written to %s/failures: %s.", means->store->dir,
                       apr_strerror(rv, reason, sizeof(reason)));
    }
    return rv;
}

void failing_hurry(failing_t *failing, const means_t *means, const char *key)
{
    apr_pool_t *pool = NULL;

    if (failing->failure == NULL) {
        return;
    }
    apr_pool_create(&pool, means->pool);
    failing->failure->next = apr_time_now();
    if (key != NULL) {
        save(failing, means, key, pool);
    }
    apr_pool_destroy(pool);
}

void failing_tidy(failing_t *failing, const means_t *means, const char *key, apr_pool_t *ptemp)
{
    if (failing->unsaved) {
        save(failing, means, key, ptemp);
    }
}
