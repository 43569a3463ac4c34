/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_PACING_H
#define AGENT_PACING_H

/* agent/pacing.h - the doors of the hosts that are asked, whichever account asks, and what the answers
 * say of how many orders may be at work (policy/pace.h). */

#include <apr_pools.h>

#include "acme/session.h"
#include "policy/pace.h"

typedef struct pacing pacing_t;

/** The doors, for all sessions. Lives in p. */
pacing_t *pacing_make(apr_pool_t *p);

/** For the session of one account. Lives in p.
 * @param pace   is told of its answers
 * @param active how many of the account's orders are at work */
acme_pacer_t *pacing_of(pacing_t *pacing, pace_t *pace, const int *active, apr_pool_t *p);

#endif
