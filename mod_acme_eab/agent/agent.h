/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

/* agent/agent.h - the loop over keeper, network and clock, with one session for each account and one
 * job for each certificate. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "agent/kit.h"
#include "agent/status.h"

typedef struct agent {
    kit_t *kit;
    apr_array_header_t *accounts; /* agent_account_t * */
    apr_array_header_t *jobs;     /* job_t * */
    apr_array_header_t *due;      /* job_t *: of this turn of the loop */
    status_t *status;
    apr_pool_t *reload_pool;   /* owns brief->reload, once there were news of it */
    apr_pool_t *exports_pool;  /* owns brief->exports, when it is not the first */
    apr_pool_t *counters_pool; /* owns brief->counters, the same */
    apr_time_t reload_due;     /* brief->reload.next, by clock_steady() */
    apr_time_t tally_due; /* when it is told how much was asked, the same; 0: nothing is to tell */
    apr_time_t beat_at;   /* when the keeper is told again, by clock_steady() */
    apr_interval_time_t lead; /* of the clock of the machine before clock_steady() */
} agent_t;

/** Make accounts and jobs from the brief. NULL when libcurl cannot be set up. */
agent_t *agent_make(link_t *link, brief_t *brief, apr_pool_t *p);

/** Look at the jobs that are due, or about which there is news. Called by the loop.
 * @return at how many */
int agent_poke(agent_t *agent);

/** The loop: until the keeper is gone. */
void agent_run(agent_t *agent);

/** For link_make(). */
void agent_hear_news(void *baton, int type, const json_t *body);

#endif
