/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_ENTRY_H
#define AGENT_ENTRY_H

/* agent/entry.h - what the status says of the certificates: an entry for each managed domain, in which
 * those of its key types are put together. Nothing secret is in it. */

#include <apr_tables.h>
#include <apr_time.h>
#include <jansson.h>

/** The entry that begins with the job at *pi of jobs (job_t *); *pi is behind its last one then. A new
 * reference. */
json_t *entry_next(const apr_array_header_t *jobs, int *pi, apr_time_t now, apr_pool_t *p);

/** An array with the entries of all jobs (job_t *). A new reference. */
json_t *entry_list(const apr_array_header_t *jobs, apr_time_t now, apr_pool_t *p);

#endif
