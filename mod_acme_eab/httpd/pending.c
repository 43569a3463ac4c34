/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/pending.h"

#include <apr_strings.h>

#define FOLDER "challenges"
#define HOSTS_MAX 4096 /* that are looked through for one token */

apr_status_t pending_read(const char **ptext, apr_size_t *plen, const rundir_t *rundir,
                          const char *host, const char *file, apr_size_t max, apr_pool_t *p)
{
    const char *name = apr_pstrcat(p, FOLDER "/", host, "/", file, NULL);
    apr_status_t rv = rundir_read(ptext, plen, rundir, name, max, p);

    if (rv == APR_SUCCESS && *plen == 0) {
        *ptext = NULL;
        rv = APR_EINVAL;
    }
    return rv;
}

apr_status_t pending_find(const char **ptext, apr_size_t *plen, const char **phost,
                          const rundir_t *rundir, const char *token, apr_size_t max, apr_pool_t *p)
{
    const apr_array_header_t *hosts = rundir_list(rundir, FOLDER, HOSTS_MAX, p);
    int i = 0;

    *ptext = *phost = NULL;
    *plen = 0;
    for (i = 0; i < hosts->nelts; ++i) {
        const char *host = APR_ARRAY_IDX(hosts, i, const char *);

        if (pending_read(ptext, plen, rundir, host, token, max, p) == APR_SUCCESS) {
            *phost = host;
            return APR_SUCCESS;
        }
    }
    return APR_ENOENT;
}
