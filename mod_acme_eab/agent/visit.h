/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_VISIT_H
#define AGENT_VISIT_H

/* agent/visit.h - looking whether httpd serves a certificate that went live (ACMEReload live): the keeper
 * is told what was served, and says what follows. */

#include "agent/job.h"

/** Look, if that is to be done and is not under way. */
void visit_poke(job_t *job);

#endif
