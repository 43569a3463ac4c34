/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_LIFECYCLE_H
#define AGENT_LIFECYCLE_H

/* agent/lifecycle.h - the life of a job as a table: state, event, next state; entering a state does its
 * one thing, in opening.c, order.c, authorize.c, issue.c and doubt.c. Nothing else knows which state
 * follows which. What an order has reached is in the keeper's journal, so that a job resumes wherever it
 * was. */

#include "agent/job.h"

/** Make a job, which rests until it is due. As job_make(). */
job_t *lifecycle_begin(kit_t *kit, const apr_array_header_t *peers, agent_account_t *account,
                       int index, brief_certificate_t *brief);

/** Go on if it is time: called by the loop for a job that was woken or is due. */
void lifecycle_poke(job_t *job, apr_time_t now);

/** Give the account's free places to those that wait for one, in the order of the configuration. */
void lifecycle_fill_places(agent_account_t *account, apr_time_t now);

/** The clock was set: what waits for a time of day waits for it anew, what waits for a while goes on
 * waiting as long. */
void lifecycle_follow_clock(job_t *job);

#endif
