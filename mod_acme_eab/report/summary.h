/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

/* report/summary.h - the status of all certificates in one line, and what a reader of status.json adds
 * to it: grades, their sums, and whether the agent still writes. Pure. */

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

#include "report/grade.h"

typedef struct summary {
    int certificates;
    int by_grade[GRADE_OK + 1];
    apr_time_t next_expiry; /* of the certificate that ends first; 0: there is none */
} summary_t;

/** The agent rewrites its report each minute; one that is older was written by an agent that hangs,
 * or is none any more. */
#define SUMMARY_STALE_AFTER apr_time_from_sec(180)

/** Count the certificates of a status. */
void summary_take(summary_t *summary, const json_t *status, apr_time_t now);

/** "2 of 9 down, 1 at risk"; "9 certificates, all ok". Lives in p. */
const char *summary_sentence(apr_pool_t *p, const summary_t *summary);

/** When the agent last wrote it; 0: it is no report of an agent. */
apr_time_t summary_heartbeat(const json_t *status);

/** True when that is too long ago, unknown, or as far in the future: then somebody has set the clock,
 * and nobody has written since. */
int summary_is_stale(const json_t *status, apr_time_t now);

/** Set "stale" (never where nothing is managed, and so nobody writes), "summary" and each certificate's "grade" and "grade_why" in a status, as of now. */
void summary_put(json_t *status, apr_time_t now);

/** Set "key_file" and "chain_file" of each key: where other programs find the pair. The agent, which
 * writes the status, knows no path of the store. */
void summary_put_files(json_t *status, const char *store_dir, apr_pool_t *ptemp);

#endif
