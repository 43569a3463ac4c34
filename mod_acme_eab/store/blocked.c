/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blocked.h"

#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#define SPKI_LENGTH 64 /* hexadecimal digits */

static const char *blocked_path(apr_pool_t *p, const store_t *store)
{
    return store_path(p, store, "blocked.jsonl", NULL, NULL);
}

/* All of it; "" when there is none. */
static apr_status_t blocked_read(const char **ptext, const store_t *store, eab_result_t *result,
                                 apr_pool_t *p)
{
    const char *path = blocked_path(p, store);
    apr_size_t len = 0;
    apr_status_t rv = file_read(ptext, &len, path, LIMIT_RECORD, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        *ptext = "";
        return APR_SUCCESS;
    }
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "read");
}

/* The line about a key, or NULL. What is no line of ours blocks nothing, and takes nothing with it. */
static const json_t *blocked_find(apr_pool_t *p, const char *text, const char *spki)
{
    while (*text != '\0') {
        apr_size_t len = strcspn(text, "\n");
        const json_t *line = json_parse(p, text, len, NULL);
        const char *known = json_peek_string(line, "spki_sha256");

        if (known != NULL && strcmp(known, spki) == 0)
            return line;
        text += len + (text[len] == '\n');
    }
    return NULL;
}

apr_status_t blocked_add(const store_t *store, const char *spki, const char *by, apr_time_t now,
                         eab_result_t *result, apr_pool_t *ptemp)
{
    const char *path = blocked_path(ptemp, store);
    const char *text = NULL, *line = NULL;
    json_t *json = json_own(ptemp, json_object());
    apr_status_t rv;

    if (spki == NULL || strlen(spki) != SPKI_LENGTH)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "OpenSSL cannot tell what the key is known by.");
    if ((rv = blocked_read(&text, store, result, ptemp)) != APR_SUCCESS)
        return rv;
    if (blocked_find(ptemp, text, spki) != NULL)
        return APR_SUCCESS;
    json_put_string(json, "spki_sha256", spki);
    json_put_time(json, "at", now);
    json_put_string(json, "by", by);
    line = json_text(ptemp, json);
    text = apr_pstrcat(ptemp, text, *text != '\0' && text[strlen(text) - 1] != '\n' ? "\n" : "",
                       line, "\n", NULL);
    rv = store_replace(path, text, strlen(text), ptemp);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "written");
}

apr_status_t blocked_check(const store_t *store, const char *spki, eab_result_t *result,
                           apr_pool_t *ptemp)
{
    const char *text = NULL;
    const json_t *line = NULL;
    apr_status_t rv = blocked_read(&text, store, result, ptemp);

    if (rv != APR_SUCCESS)
        return rv;
    line = spki != NULL ? blocked_find(ptemp, text, spki) : NULL;
    if (line == NULL)
        return APR_SUCCESS;
    return eab_result_set(result, APR_EACCES, EAB_PROBLEM_REVOKED,
                          "This key was said to be known to others (%s) and is never used again; "
                          "make a new one.",
                          clock_format(ptemp, json_peek_time(line, "at")));
}

apr_status_t blocked_check_key(const store_t *store, const keypair_t *key, eab_result_t *result,
                               apr_pool_t *ptemp)
{
    struct stat st;

    if (APR_STATUS_IS_ENOENT(file_look(&st, blocked_path(ptemp, store))))
        return APR_SUCCESS;
    return blocked_check(store, keypair_spki(ptemp, key->pkey), result, ptemp);
}
