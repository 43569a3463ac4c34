/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RUNDIR_H
#define BASE_RUNDIR_H

/* base/rundir.h - ACMERunDir: what the agent (ACMEUser) writes and httpd's workers read.
 *
 *   challenges/<host>/<token>   answers to http-01
 *   status.json                 for the status page
 *
 * Everything in it belongs to ACMEUser, who is not trusted: root gives away the directory itself and
 * nothing in it, and removes what cannot be the agent's; nobody follows a link in it. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

/** Make it, 0755, and give it to uid and gid. One that belongs to somebody else is taken over only
 * when nothing but our own files is in it, for instance after a change of ACMEUser; those are removed
 * then. A link in its place is refused. In it, what is not of the right kind or not the user's is
 * removed; the agent makes it anew. The report of the run before stays, to be shown until there is a
 * new one (httpd/report.h).
 * @param pnotes  const char *: a sentence for each entry of the wrong kind that was removed. In p
 * @param pwhy    on failure what is wrong and what to do, in p */
apr_status_t rundir_make(const char *path, int uid, int gid, apr_array_header_t **pnotes,
                         const char **pwhy, apr_pool_t *p);

/** What rundir_make() would mend, as words that follow a place: "/run/acme-eab is not there". In p; NULL: there
 * is nothing. */
const char *rundir_flaw(const char *path, int uid, apr_pool_t *p);

/** Remove what is at path when it is there and is no directory, or no regular file.
 * @return a sentence that names it, in p; NULL when nothing was wrong */
const char *rundir_clear_directory(const char *path, apr_pool_t *p);
const char *rundir_clear_file(const char *path, apr_pool_t *p);

/* As workers see it: they find it when it is made again, and whatever their root directory is. */
typedef struct rundir rundir_t;

/** Call before the workers are forked. NULL only without memory.
 * @param uid  -1 when there is no such user yet: then it is read from, whoever owns it, when the
 *             directory that holds it is root's alone, who has given it away */
rundir_t *rundir_hold(const char *path, int uid, apr_pool_t *p);

/** Read a file in it, like "status.json".
 * @param max   of bytes
 * @param ptext in p, NUL-terminated behind its len bytes; NULL on failure
 * @return APR_ENOENT when it is missing; APR_EACCES when the directory is not ACMEUser's; else as
 *         file_read_at() */
apr_status_t rundir_read(const char **ptext, apr_size_t *plen, const rundir_t *rundir,
                         const char *name, apr_size_t max, apr_pool_t *p);

/** The names in a directory of it, at most max. In p; empty when it is missing. */
apr_array_header_t *rundir_list(const rundir_t *rundir, const char *name, int max, apr_pool_t *p);

#endif
