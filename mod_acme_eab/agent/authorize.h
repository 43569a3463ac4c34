/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_AUTHORIZE_H
#define AGENT_AUTHORIZE_H

/* agent/authorize.h - the names of a job's order: authorizations and challenges (RFC 8555, 7.5). Each
 * enters a state of agent/job.h and ends in an event. */

#include "agent/job.h"

/** JOB_AUTHORIZING: read all authorizations side by side; answer a challenge of each pending one. */
void authorize_names(job_t *job);

/** JOB_VALIDATING: the CA is at it. */
void authorize_wait(job_t *job);

/** JOB_EXPLAINING: the order is invalid; find out why and tell it. */
void authorize_explain(job_t *job);

#endif
