/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_STAPLING_H
#define AGENT_STAPLING_H

/* agent/stapling.h - OCSP responses for the certificate in the store, fetched for the keeper, beside the
 * life cycle. The keeper says where they come from, checks what they are, and tells what follows
 * (brief_facts_t). */

#include "agent/job.h"

/** Another certificate is in the store, or the agent has just begun: plan the next question. */
void stapling_follow(job_t *job);

/** Ask, if it is time. */
void stapling_poke(job_t *job, apr_time_t now);

/** The clock was set. */
void stapling_follow_clock(job_t *job);

/** For the status; JSON null where nothing is stapled by us. */
json_t *stapling_to_json(const job_t *job, apr_pool_t *p);

/** What keeps the certificate from being served: it has must-staple, and its responder gives no answer,
 * again and again. NULL: it is not so. */
const eab_result_t *stapling_problem(const job_t *job);

#endif
