/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_ISSUE_H
#define AGENT_ISSUE_H

/* agent/issue.h - from a ready order to an installed certificate (RFC 8555, 7.4 and 7.4.2). Each
 * enters a state of agent/job.h and ends in an event. */

#include "agent/job.h"

/** JOB_FINALIZING: the CSR is sent, and the answer may take minutes. */
void issue_finalize(job_t *job);

/** JOB_PROCESSING: the CA issues, for seconds or days. */
void issue_wait(job_t *job);

/** JOB_DOWNLOADING: fetch the chain. */
void issue_download(job_t *job);

/** JOB_INSTALLING: the keeper checks and stores it. */
void issue_install(job_t *job);

#endif
