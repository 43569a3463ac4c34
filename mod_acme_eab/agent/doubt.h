/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_DOUBT_H
#define AGENT_DOUBT_H

/* agent/doubt.h - is the account still what we think it is? A CA that refuses an order as unauthorized
 * may mean the names, or that it has deactivated or forgotten the account, and not every CA has the
 * right words for that. A look-up with the account's key tells these apart (RFC 8555, 7.3.1). */

#include "agent/job.h"

/** Does this refusal leave that open? Once in each attempt.
 * @return true when it does: it is kept, and the event has happened */
int doubt_account(job_t *job, const eab_result_t *problem);

/** The state: the CA is asked. */
void doubt_ask(job_t *job);

#endif
