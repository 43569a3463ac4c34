/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_RENEWAL_H
#define AGENT_RENEWAL_H

/* agent/renewal.h - asking the CA when a certificate is to be renewed (RFC 9773), beside the job's
 * life cycle: whatever becomes of it, certificates are renewed without it too. */

#include "agent/job.h"

/** The job has a certificate, from before or a new one: plan to ask for it. */
void renewal_follow(job_t *job);

/** Ask if it is time. */
void renewal_poke(job_t *job, apr_time_t now);

/** The clock was set: what is to be asked in days, by a clock that was wrong, is asked now. */
void renewal_follow_clock(job_t *job);

#endif
