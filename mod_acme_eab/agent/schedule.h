/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

/* agent/schedule.h - when a job that rests goes on, and why: by its certificate, by what failed, and by what
 * its account can do (policy/renew.h, policy/subset.h). */

#include "agent/job.h"
#include "policy/subset.h"

/** Set job->at, next, why and reason, as it is now. */
void schedule_set(job_t *job);

/** Root wants it to go on now: it does, unless it is on its way already.
 * @param demanded as in the brief: when he asked for another certificate; 0: for another try alone */
void schedule_hurry(job_t *job, apr_time_t demanded);

/** Something that the plan follows from has changed: plan anew, if the job rests. */
void schedule_again(job_t *job);

/** True when its certificate is to be replaced, whatever names could be had. */
int schedule_is_due(const job_t *job);

/** True when it rests until a renewal. */
int schedule_is_renewal(const job_t *job);

/** True when nothing is wrong with it and it would be renewed soon, so that it may go along with another. */
int schedule_may_join(const job_t *job, apr_time_t now);

/** What policy/subset.h judges by. offered: names that an order would be for; may be NULL. */
void schedule_subset_facts(subset_facts_t *facts, const job_t *job,
                           const apr_array_header_t *offered, apr_pool_t *ptemp);

/** True when names are missing only since a CA issued without them: to try is to burn a certificate. */
int schedule_is_costly(const eab_result_t *problem);

/** True when a remembered problem is about this very name. */
int schedule_is_named(const eab_result_t *problem, const char *name);

#endif
