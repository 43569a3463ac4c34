/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/mending.h"

#include <unistd.h>

#include "base/log.h"
#include "store/generation.h"

#define MENDING_INTERVAL apr_time_from_sec(60)

struct mending {
    const model_t *model;
    keeper_reload_t *reload;
    agent_process_t *agent;
    loop_timer_t *timer;
    int untidy; /* the store could not be written to: there may be leftovers */
    int anew;   /* the store can be used now: another keeper shall begin with it */
};

static void plan_next(mending_t *mending)
{
    if (mending->untidy || model_count_broken(mending->model) > 0) {
        loop_timer_set(mending->timer, apr_time_now() + MENDING_INTERVAL);
    }
}

void mending_hear(void *baton, const change_t *change)
{
    mending_t *mending = baton;

    if (change->kind == CHANGE_STORE_FAILED && !mending->untidy) {
        mending->untidy = 1;
        plan_next(mending);
    }
}

static void tidy(mending_t *mending, apr_pool_t *ptemp)
{
    const store_t *store = mending->model->means->store;

    if (store->trouble != NULL || store_complete(store, eab_result_make(ptemp)) != APR_SUCCESS
        || access(store->dir, W_OK) != 0) {
        return;
    }
    mending->untidy = 0;
    store_tidy(store, ptemp);
    (void)generation_survey(store, ptemp);
    model_tidy(mending->model, ptemp);
    reload_tidy(mending->reload);
}

/* Nothing was taken from a store that could not be used, so nothing is to be mended: the next keeper
 * opens it. @return 0 when it can be used, or still cannot */
static int begin_anew(mending_t *mending)
{
    const means_t *means = mending->model->means;
    apr_pool_t *pool = NULL;
    store_t *store = NULL;

    if (means->store->trouble == NULL) {
        return 0;
    }
    apr_pool_create(&pool, means->pool);
    mending->anew =
        store_open(&store, means->store->dir, eab_result_make(pool), pool) == APR_SUCCESS;
    apr_pool_destroy(pool);
    if (mending->anew) {
        log_line(LOG_LEVEL_NOTICE, "ACMEStoreDir %s can be used again", means->store->dir);
        loop_stop(means->loop);
    }
    return mending->anew;
}

static void mend(void *baton)
{
    mending_t *mending = baton;
    apr_pool_t *pool = NULL;

    if (begin_anew(mending)) {
        return;
    }
    apr_pool_create(&pool, mending->model->means->pool);
    tidy(mending, pool);
    apr_pool_destroy(pool);
    if (model_mend(mending->model) > 0) {
        agent_process_renew(mending->agent);
    }
    plan_next(mending);
}

mending_t *mending_make(const model_t *model, keeper_reload_t *reload, agent_process_t *agent)
{
    mending_t *mending = apr_pcalloc(model->means->pool, sizeof(*mending));

    mending->model = model;
    mending->reload = reload;
    mending->agent = agent;
    mending->timer = loop_timer_make(model->means->loop, mend, mending);
    mending->untidy = 1; /* the disk may have been read-only a moment ago, when it was tidied */
    plan_next(mending);
    return mending;
}

int mending_wants_another(const mending_t *mending)
{
    return mending->anew;
}
