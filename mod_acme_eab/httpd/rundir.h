/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_RUNDIR_H
#define HTTPD_RUNDIR_H

/* httpd/rundir.h - ACMERunDir: what the agent (ACMEUser) writes and httpd's workers read.
 *
 *   challenges/<host>/<token>   answers to http-01
 *   status.json                 for the status page */

#include <apr_errno.h>
#include <apr_pools.h>

/** Make it and its subdirectory, owned by uid and gid, 0755. A directory that is not empty and
 * belongs to somebody else is taken over only when nothing but our own files is in it, for instance
 * after a change of ACMEUser; they are removed then. Links are refused. The report of the run before
 * stays, to be shown until there is a new one (httpd/report.h).
 * @param pwhy on failure what is wrong and what to do, in p */
apr_status_t rundir_make(const char *path, int uid, int gid, const char **pwhy, apr_pool_t *p);

#endif
