/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/answer.h"

#include <string.h>

#include <apr_strings.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/log.h"
#include "base/name.h"
#include "base/rundir.h"

/* NULL for a name that is none. */
static const char *host_file(apr_pool_t *p, const char *name)
{
    const char *file = name_file(p, name);

    return name_is_file(file) ? file : NULL;
}

static const char *host_directory(apr_pool_t *p, const char *run_dir, const char *name)
{
    const char *file = host_file(p, name);

    return file != NULL ? apr_pstrcat(p, run_dir, "/challenges/", file, NULL) : NULL;
}

/* Whom a CA asks for in TLS. */
static const char *server_name(apr_pool_t *p, const char *name)
{
    const char *reverse = address_reverse(p, name);

    return reverse != NULL ? reverse : name;
}

const char *answer_directory(apr_pool_t *p, const char *run_dir, const char *name, const char *type)
{
    return host_directory(p, run_dir,
                          strcmp(type, "tls-alpn-01") == 0 ? server_name(p, name) : name);
}

static void tell(const char *note)
{
    if (note != NULL) {
        log_line(LOG_LEVEL_WARNING, "%s.", note);
    }
}

void answer_prepare(const char *run_dir, apr_pool_t *ptemp)
{
    const char *dir = apr_pstrcat(ptemp, run_dir, "/challenges", NULL);

    tell(rundir_clear_directory(dir, ptemp));
    file_make_directory(dir, 0755, ptemp);
}

/* Put a file into the directory of a host, whatever is in their places. */
static apr_status_t put_file(const char *run_dir, const char *dir, const char *name,
                             const void *data, apr_size_t len, apr_pool_t *ptemp)
{
    const char *path = apr_pstrcat(ptemp, dir, "/", name, NULL);
    apr_status_t rv;

    tell(rundir_clear_directory(apr_pstrcat(ptemp, run_dir, "/challenges", NULL), ptemp));
    tell(rundir_clear_directory(dir, ptemp));
    tell(rundir_clear_file(path, ptemp));
    if ((rv = file_make_directory(dir, 0755, ptemp)) != APR_SUCCESS) {
        return rv;
    }
    return file_replace(path, data, len, 0644, 0, ptemp);
}

apr_status_t answer_put(const char *run_dir, const char *name, const char *token,
                        const char *thumbprint, apr_pool_t *ptemp)
{
    const char *dir = host_directory(ptemp, run_dir, name);
    const char *text;

    if (dir == NULL || !base64url_is_valid(token, LIMIT_TOKEN)) {
        return APR_EINVAL;
    }
    text = apr_pstrcat(ptemp, token, ".", thumbprint, NULL);
    return put_file(run_dir, dir, token, text, strlen(text), ptemp);
}

apr_status_t answer_put_tls(const char *run_dir, const char *name, const char *token,
                            const char *thumbprint, const alpncert_keys_t *keys, apr_pool_t *ptemp)
{
    const char *dir = host_directory(ptemp, run_dir, server_name(ptemp, name));
    secret_t *pem;

    if (dir == NULL || !base64url_is_valid(token, LIMIT_TOKEN)) {
        return APR_EINVAL;
    }
    pem = alpncert_make(ptemp, keys, name, apr_pstrcat(ptemp, token, ".", thumbprint, NULL));
    if (pem == NULL) {
        return APR_EGENERAL;
    }
    return put_file(run_dir, dir, ANSWER_TLS_FILE, pem->data, pem->len, ptemp);
}

void answer_remove(const char *run_dir, const char *name, apr_pool_t *ptemp)
{
    const char *dir = host_directory(ptemp, run_dir, name);
    const char *tls = host_directory(ptemp, run_dir, server_name(ptemp, name));

    if (dir != NULL) {
        file_remove_tree(dir, ptemp);
    }
    if (tls != NULL) {
        file_remove_tree(tls, ptemp);
    }
}

void answer_take(const char *run_dir, const char *name, const char *token, apr_pool_t *ptemp)
{
    const char *dir =
        host_directory(ptemp, run_dir, token == NULL ? server_name(ptemp, name) : name);

    if (dir != NULL && (token == NULL || base64url_is_valid(token, LIMIT_TOKEN))) {
        file_remove(apr_pstrcat(ptemp, dir, "/", token != NULL ? token : ANSWER_TLS_FILE, NULL));
        file_remove_directory(dir); /* unless there are others */
    }
}

static int is_for(const char *host, const char *name, apr_pool_t *ptemp)
{
    const char *file = host_file(ptemp, name);
    const char *tls = host_file(ptemp, server_name(ptemp, name));

    return (file != NULL && strcmp(host, file) == 0) || (tls != NULL && strcmp(host, tls) == 0);
}

void answer_tidy(const char *run_dir, const apr_array_header_t *keep, apr_pool_t *ptemp)
{
    const char *dir = apr_pstrcat(ptemp, run_dir, "/challenges", NULL);
    apr_array_header_t *hosts = file_list_directory(dir, ptemp);
    int i, j;

    for (i = 0; i < hosts->nelts; ++i) {
        const char *host = APR_ARRAY_IDX(hosts, i, const char *);

        for (j = 0; j < keep->nelts; ++j) {
            if (is_for(host, APR_ARRAY_IDX(keep, j, const char *), ptemp)) {
                break;
            }
        }
        if (j == keep->nelts) {
            file_remove_tree(apr_pstrcat(ptemp, dir, "/", host, NULL), ptemp);
        }
        else {
            file_sweep(apr_pstrcat(ptemp, dir, "/", host, NULL), ptemp);
        }
    }
}
