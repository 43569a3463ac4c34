/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_PROGRAM_H
#define HTTPD_PROGRAM_H

/* httpd/program.h - starting a program of ours from the httpd parent: nothing of httpd goes with it
 * but the environment and maybe standard error, not even for a moment after exec. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <sys/types.h>

/** Fork and exec. The child leads a session of its own, so that signals for httpd's process group
 * do not reach it; all descriptors above 2 are closed; signals are as they were at birth.
 * @param option  the only argument, or NULL
 * @param in      becomes its standard input
 * @param out     becomes its standard output; -1: httpd's standard error
 * @param err     becomes its standard error; -1: httpd's
 * @param ppid    for the caller to wait for; -1 on failure
 * @return APR_SUCCESS when the program runs; else why it does not: APR_ENOENT, APR_EACCES ... */
apr_status_t program_start(pid_t *ppid, const char *path, const char *option, int in, int out,
                           int err);

/** Run `path option` with text on its standard input, and collect what it writes.
 * @param poutput at most max bytes, NUL-terminated, in p; "" when there was none
 * @param pstatus as wait(2)
 * @return APR_SUCCESS when it ran and ended; APR_TIMEUP when it was killed after timeout seconds */
apr_status_t program_run(const char **poutput, int *pstatus, const char *path, const char *option,
                         const char *text, apr_size_t max, int timeout, apr_pool_t *p);

#endif
