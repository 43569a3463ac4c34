/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_PACING_H
#define AGENT_PACING_H

/* agent/pacing.h - the doors of the hosts that are asked, whichever account asks (policy/pace.h). */

#include <apr_pools.h>

#include "acme/session.h"

/** For all sessions. Lives in p. */
acme_pacer_t *pacing_make(apr_pool_t *p);

#endif
