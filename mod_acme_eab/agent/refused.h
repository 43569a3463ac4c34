/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_REFUSED_H
#define AGENT_REFUSED_H

/* agent/refused.h - names that the CA refuses, where the others may go on without them
 * (ACMEAllowSubsetOfNames): collected, left out of the next order, and told. What to do about the
 * others is decided in policy/subset.h. */

#include "acme/order.h"
#include "agent/job.h"

/** Note that the CA refuses a name of the order, and why. wildcard: name is without "*.".
 * @return true when it is noted, now or before; false for a name that was not ordered */
int refused_note(job_t *job, const char *name, int wildcard, const eab_result_t *problem,
                 problem_place_t place);

/** What was noted is all: order anew for the names that are left, or end the attempt. The order in
 * flight, if there is one, is over. An event has happened. */
void refused_go_on(job_t *job);

/** A problem that may speak of some names only; or the keeper's, which has no use for fewer names.
 * @return true when it was one of these: an event has happened */
int refused_by_problem(job_t *job, const eab_result_t *problem, problem_place_t place);

/** An order of the CA that lacks names which were ordered.
 * @return true when the others may go on: an event has happened */
int refused_by_order(job_t *job, const acme_order_t *order);

/** A certificate was installed, with the names that it has: tell which are missing and why, or that
 * all is well. */
void refused_conclude(job_t *job);

/** The configured names without those that were noted; NULL when none was. */
apr_array_header_t *refused_rest(const job_t *job);

/** Forget what was noted: another attempt begins with all names. */
void refused_forget(job_t *job);

#endif
