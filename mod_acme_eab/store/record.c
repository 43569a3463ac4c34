/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

/* Nothing that we wrote is like that: no regular file, or longer than any of its kind. */
static int is_strange(apr_status_t rv)
{
    return rv == APR_EINVAL || rv == EFBIG;
}

static apr_status_t record_refuse(eab_result_t *result, const char *path, const char *why)
{
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "%s is damaged: %s.", path, why);
}

apr_status_t record_read(json_t **pjson, const char *path, eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv;
    const char *text = NULL;
    const char *why = "it holds no JSON object";
    apr_size_t len = 0;
    json_t *json = NULL;

    *pjson = NULL;
    rv = file_read(&text, &len, path, LIMIT_RECORD, p);
    if (is_strange(rv))
        return record_refuse(result, path, file_reason(result->pool, rv, path));
    if (rv != APR_SUCCESS)
        return store_report(result, rv, path, "read");
    json = json_parse(p, text, len, &why);
    if (!json_is_object(json))
        return record_refuse(result, path, why != NULL ? why : "it holds no JSON object");
    *pjson = json;
    return APR_SUCCESS;
}

apr_status_t record_read_entry(json_t **pjson, int dir, const char *entry, apr_pool_t *p)
{
    const char *text = NULL;
    apr_size_t len = 0;
    apr_status_t rv = file_read_entry(&text, &len, dir, entry, LIMIT_RECORD, p);
    json_t *json = rv == APR_SUCCESS ? json_parse(p, text, len, NULL) : NULL;

    *pjson = json_is_object(json) ? json : NULL;
    return rv == APR_SUCCESS && *pjson == NULL ? APR_EINVAL : rv;
}

json_t *record_recall(const char *path, apr_pool_t *p)
{
    eab_result_t *result = eab_result_make(p);
    json_t *json = NULL;
    apr_status_t rv = record_read(&json, path, result, p);

    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv) && !APR_STATUS_IS_ENOTDIR(rv))
        log_line(LOG_LEVEL_WARNING, "%s What it remembered is lost, and nothing else.",
                 result->detail);
    return json;
}

const char *record_text(const json_t *json, apr_pool_t *p)
{
    char *text = json_dumps(json, JSON_INDENT(2));
    const char *line = text != NULL ? apr_pstrcat(p, text, "\n", NULL) : NULL;

    free(text);
    return line;
}

apr_status_t record_write(const char *path, const json_t *json, eab_result_t *result,
                          apr_pool_t *ptemp)
{
    const char *text = record_text(json, ptemp);
    apr_status_t rv = text != NULL ? store_replace(path, text, strlen(text), ptemp) : APR_ENOMEM;

    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "written");
}

apr_status_t record_jot(const char *path, const json_t *json, eab_result_t *result,
                        apr_pool_t *ptemp)
{
    const char *text = record_text(json, ptemp);
    apr_status_t rv = text != NULL ? store_jot(path, text, strlen(text), ptemp) : APR_ENOMEM;

    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "written");
}

json_t *record_strings(const apr_array_header_t *strings)
{
    json_t *array = json_array();
    int i;

    for (i = 0; array != NULL && i < strings->nelts; i++) {
        if (json_array_append_new(array, json_string(APR_ARRAY_IDX(strings, i, const char *)))
            != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

apr_array_header_t *record_copy_strings(apr_pool_t *p, const json_t *json)
{
    apr_array_header_t *strings = NULL;
    const char *text = NULL;
    size_t i;

    if (!json_is_array(json))
        return NULL;
    strings = apr_array_make(p, (int)json_array_size(json), sizeof(const char *));
    for (i = 0; i < json_array_size(json); i++) {
        text = json_string_value(json_array_get(json, i));
        if (text == NULL)
            return NULL;
        APR_ARRAY_PUSH(strings, const char *) = apr_pstrdup(p, text);
    }
    return strings;
}
