/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_OPENING_H
#define AGENT_OPENING_H

/* agent/opening.h - a job's account is made usable, and the journal says how to go on. Each enters a
 * state of agent/job.h and ends in an event. */

#include "agent/job.h"

/** JOB_OPENING: the account, as it is. */
void opening_need(job_t *job);

/** JOB_REOPENING: the CA does not know it: registered anew. */
void opening_renew(job_t *job);

#endif
