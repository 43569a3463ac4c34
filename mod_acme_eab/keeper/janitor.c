/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/janitor.h"

#include <unistd.h>

#include "base/log.h"
#include "base/rundir.h"

#define INTERVAL apr_time_from_sec(3)

typedef struct janitor {
    const means_t *means;
    agent_process_t *agent;
    loop_timer_t *timer;
    int uid, gid;
    int told; /* that it cannot be mended */
} janitor_t;

static void mend(janitor_t *janitor, const char *flaw, apr_pool_t *ptemp)
{
    const char *path = janitor->means->plan->run_dir;
    apr_array_header_t *notes = NULL;
    const char *why = NULL;
    apr_status_t rv = rundir_make(path, janitor->uid, janitor->gid, &notes, &why, ptemp);
    int i;

    for (i = 0; i < notes->nelts; ++i) {
        log_line(LOG_LEVEL_WARNING, "%s.", APR_ARRAY_IDX(notes, i, const char *));
    }
    if (rv != APR_SUCCESS && !janitor->told) {
        log_line(LOG_LEVEL_ERROR, "%s. It is looked at again every few seconds.", why);
    }
    if (rv == APR_SUCCESS) {
        log_line(LOG_LEVEL_WARNING,
                 "ACMERunDir %s was gone, or not as it has to be (%s); it has been made again. If "
                 "something cleans up there, let it leave this directory alone.",
                 path, flaw);
        agent_process_renew(janitor->agent);
    }
    janitor->told = rv != APR_SUCCESS;
}

static void look(void *baton)
{
    janitor_t *janitor = baton;
    apr_pool_t *pool = NULL;
    const char *flaw;

    apr_pool_create(&pool, janitor->means->pool);
    flaw = rundir_flaw(janitor->means->plan->run_dir, janitor->uid, pool);
    if (flaw == NULL) {
        janitor->told = 0;
    }
    else {
        mend(janitor, flaw, pool);
    }
    apr_pool_destroy(pool);
    loop_timer_set(janitor->timer, apr_time_now() + INTERVAL);
}

void janitor_start(const means_t *means, agent_process_t *agent)
{
    const plan_t *plan = means->plan;
    janitor_t *janitor = apr_pcalloc(means->pool, sizeof(*janitor));

    janitor->means = means;
    janitor->agent = agent;
    janitor->uid = plan->user != NULL ? plan->uid : (int)geteuid();
    janitor->gid = plan->user != NULL ? plan->gid : (int)getegid();
    janitor->timer = loop_timer_make(means->loop, look, janitor);
    /* httpd has just tried, and has told what came of it. */
    janitor->told = !plan->once && rundir_flaw(plan->run_dir, janitor->uid, means->pool) != NULL;
    loop_timer_set(janitor->timer, apr_time_now() + (plan->once ? 0 : INTERVAL));
}
