/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/answer.h"

#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/name.h"

/* NULL for a name that is none. */
static const char *host_directory(apr_pool_t *p, const char *run_dir, const char *name)
{
    const char *file = name_file(p, name);

    if (file == NULL || !name_is_file(file)) {
        return NULL;
    }
    return apr_pstrcat(p, run_dir, "/challenges/", file, NULL);
}

apr_status_t answer_put(const char *run_dir, const char *name, const char *token,
                        const char *thumbprint, apr_pool_t *ptemp)
{
    const char *dir = host_directory(ptemp, run_dir, name);
    const char *text;
    apr_status_t rv;

    if (dir == NULL || !base64url_is_valid(token, LIMIT_TOKEN)) {
        return APR_EINVAL;
    }
    if ((rv = file_make_directory(dir, 0755, ptemp)) != APR_SUCCESS) {
        return rv;
    }
    text = apr_pstrcat(ptemp, token, ".", thumbprint, NULL);
    return file_replace(apr_pstrcat(ptemp, dir, "/", token, NULL), text, strlen(text), 0644, 0,
                        ptemp);
}

void answer_remove(const char *run_dir, const char *name, apr_pool_t *ptemp)
{
    const char *dir = host_directory(ptemp, run_dir, name);

    if (dir != NULL) {
        file_remove_tree(dir, ptemp);
    }
}

void answer_tidy(const char *run_dir, const apr_array_header_t *keep, apr_pool_t *ptemp)
{
    const char *dir = apr_pstrcat(ptemp, run_dir, "/challenges", NULL);
    apr_array_header_t *hosts = file_list_directory(dir, ptemp);
    int i, j;

    for (i = 0; i < hosts->nelts; ++i) {
        const char *host = APR_ARRAY_IDX(hosts, i, const char *);

        for (j = 0; j < keep->nelts; ++j) {
            if (strcmp(host, name_file(ptemp, APR_ARRAY_IDX(keep, j, const char *))) == 0) {
                break;
            }
        }
        if (j == keep->nelts) {
            file_remove_tree(apr_pstrcat(ptemp, dir, "/", host, NULL), ptemp);
        }
    }
}
