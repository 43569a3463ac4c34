/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

/* agent/status.h - status.json in the run directory (design, section 8): for the page, for acmectl,
 * for whoever monitors. Nothing secret is in it. */

#include <apr_errno.h>
#include <jansson.h>

#include "agent/kit.h"

typedef struct status status_t;

/** Nothing is written yet. accounts (agent_account_t *) and jobs (job_t *) are borrowed, and may be
 * filled later. In the kit's pool. */
status_t *status_open(kit_t *kit, const apr_array_header_t *accounts,
                      const apr_array_header_t *jobs);

/** The document. A new reference for the caller. */
json_t *status_make(const status_t *status, apr_time_t now, apr_pool_t *ptemp);

/** Replace status.json atomically. */
apr_status_t status_write(const status_t *status, apr_time_t now);

/** Write it when something was touched, or somebody has removed it, and that is not too often; or nothing
 * was written for most of a minute: called by the loop. A failure is logged, once, and it is tried again.
 * @param now by clock_steady() */
void status_follow(status_t *status, apr_time_t now);

/** When it may be written next, by clock_steady(). */
apr_time_t status_due(const status_t *status);

#endif
