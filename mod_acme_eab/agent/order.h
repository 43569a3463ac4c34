/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_ORDER_H
#define AGENT_ORDER_H

/* agent/order.h - a job's order: placed, read, found again (RFC 8555, 7.4). Each enters a state of
 * agent/job.h and ends in an event. */

#include "agent/job.h"

/** JOB_ORDERING: newOrder. Its URL is on disk before anything else is asked of the CA. */
void order_place(job_t *job);

/** JOB_DOUBTING: no answer of the CA came to a newOrder. In a moment it is looked for, never placed
 * again at once. */
void order_doubt(job_t *job);

/** JOB_READING: POST-as-GET. */
void order_read(job_t *job);

/** JOB_SEARCHING: a newOrder was sent and its answer is not known. The CA may list the order with the
 * account (RFC 8555, 7.1.2.1); if not, it is placed again. */
void order_search(job_t *job);

/** Keep the order of an answer as job->flight->order; its predecessor is freed.
 * @return 0 when it is none, or has other names: the failure was told */
int order_keep(job_t *job, const acme_answer_t *answer);

/** The CA refused the configured profile and it is only preferred: go on without it, once in each
 * attempt (profiles draft, 6.3). @return true when it is to be ordered again */
int order_drop_profile(job_t *job, const eab_result_t *problem);

/** The event that the order's status calls for. */
void order_follow(job_t *job);

#endif
