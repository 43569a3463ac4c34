/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

/* agent/status.h - status.json in the run directory (design, section 8): for the page, for acmectl,
 * for whoever monitors. Nothing secret is in it. */

#include <apr_errno.h>
#include <jansson.h>

#include "agent/agent.h"

/** The document. A new reference for the caller. */
json_t *status_make(const agent_t *agent, apr_time_t now, apr_pool_t *ptemp);

/** Replace status.json atomically. */
apr_status_t status_write(const agent_t *agent, apr_time_t now);

#endif
