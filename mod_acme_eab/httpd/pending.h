/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_PENDING_H
#define HTTPD_PENDING_H

/* httpd/pending.h - the answers that the agent has put below ACMERunDir/challenges, as workers read
 * them. The directory belongs to the user who talks to the network: links are not followed, only
 * regular files of a sane size are read. */

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/rundir.h"

/** Read challenges/<host>/<file>.
 * @param host  name_file() of a name
 * @param max   of bytes
 * @param ptext in p, NUL-terminated behind its len bytes; NULL on failure
 * @return APR_SUCCESS; APR_ENOENT when no such answer is pending; APR_EINVAL for what is no regular
 *         file or empty; else as rundir_read() */
apr_status_t pending_read(const char **ptext, apr_size_t *plen, const rundir_t *rundir,
                          const char *host, const char *file, apr_size_t max, apr_pool_t *p);

/** Read the answer to a token, of whatever host: nobody can guess it.
 * @param phost whose it is, in p
 * @return APR_SUCCESS; APR_ENOENT when there is none that can be read */
apr_status_t pending_find(const char **ptext, apr_size_t *plen, const char **phost,
                          const rundir_t *rundir, const char *token, apr_size_t max, apr_pool_t *p);

#endif
