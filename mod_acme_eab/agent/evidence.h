/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_EVIDENCE_H
#define AGENT_EVIDENCE_H

/* agent/evidence.h - what an authorization shows of why it failed: which challenge, whether the CA
 * asked this httpd, what else it offers. For the advice (policy/fact.h). */

#include "acme/authorization.h"
#include "agent/job.h"
#include "policy/fact.h"

/** Facts about the authorization, which is lost or has no challenge that can be answered. */
facts_t evidence_of(const job_t *job, const acme_authorization_t *authorization);

#endif
