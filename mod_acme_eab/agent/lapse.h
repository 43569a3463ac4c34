/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_LAPSE_H
#define AGENT_LAPSE_H

/* agent/lapse.h - how long the CA goes by the validation of each name, and what follows from that for
 * the next renewal. The authorizations of an order are read once more when its certificate is installed:
 * nothing waits for that, and a failure is no matter. The keeper remembers it with the certificate. */

#include "agent/job.h"

/** Ask, in the background, about the order in flight; it may be gone after the call. */
void lapse_follow(job_t *job);

/** What is known of the certificate in use: an array of {"name", "until"}; a new reference. */
json_t *lapse_to_json(const job_t *job);

/** When the next renewal will need a validation that cannot be had by what is known here: the sentence
 * for that, in p; else NULL. */
const char *lapse_notice(const job_t *job, apr_pool_t *p);

/** Log that sentence, once for each certificate; called by the loop. */
void lapse_poke(job_t *job);

#endif
