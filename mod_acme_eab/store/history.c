/* SPDX-License-Identifier: Apache-2.0 */
#include "store/history.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#define FILE_NAME "history.jsonl"
#define OLDER_NAME "history.jsonl.1"

/* The members in the order of a sentence: when, what, and the rest as they were set. */
static json_t *arrange(const json_t *entry)
{
    json_t *line = json_object(), *value;
    const char *key;

    if (json_object_get(entry, "at") != NULL)
        json_object_set(line, "at", json_object_get(entry, "at"));
    else
        json_put_time(line, "at", apr_time_now());
    json_object_foreach((json_t *)entry, key, value)
    {
        if (strcmp(key, "at") != 0)
            json_object_set(line, key, value);
    }
    return line;
}

/* NULL when it cannot be made short enough. In p. */
static const char *write_line(const json_t *entry, apr_pool_t *p)
{
    static const char *const dispensable[] = { "names", "problem", "missing_names", NULL };
    json_t *line = json_own(p, arrange(entry));
    const char *text = json_text(p, line);
    int i;

    for (i = 0; text != NULL && strlen(text) >= LIMIT_HISTORY_LINE && dispensable[i] != NULL; i++) {
        json_object_del(line, dispensable[i]);
        json_object_set_new(line, "shortened", json_true());
        text = json_text(p, line);
    }
    if (text == NULL || strlen(text) >= LIMIT_HISTORY_LINE)
        return NULL;
    return apr_pstrcat(p, text, "\n", NULL);
}

/* It is as long as it may be: it becomes the older one, which nobody makes durable later. */
static void turn_over(const store_t *store, const char *path, apr_size_t more, apr_pool_t *p)
{
    struct stat st;

    if (file_look(&st, path) == APR_SUCCESS
        && (apr_uint64_t)st.st_size + more > (apr_uint64_t)LIMIT_HISTORY) {
        (void)file_sync(path);
        (void)file_rename(path, store_path(p, store, OLDER_NAME, NULL, NULL));
    }
}

/* A directory in its place is set aside, as store_replace() does. */
static apr_status_t append(const char *path, const char *line, int durable, apr_pool_t *p)
{
    apr_status_t rv = file_append(path, line, strlen(line), durable);

    if ((rv == EISDIR || rv == APR_EINVAL)
        && file_rename(path, apr_pstrcat(p, path, ".damaged", NULL)) == APR_SUCCESS)
        rv = file_append(path, line, strlen(line), durable);
    return rv;
}

apr_status_t history_add(const store_t *store, const json_t *entry, int durable,
                         eab_result_t *result)
{
    apr_pool_t *p = NULL;
    const char *path, *line;
    apr_status_t rv;

    if ((rv = apr_pool_create(&p, result->pool)) != APR_SUCCESS)
        return rv;
    path = store_path(p, store, FILE_NAME, NULL, NULL);
    if ((line = write_line(entry, p)) == NULL)
        rv = eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                            "A line of the history is longer than %d bytes.", LIMIT_HISTORY_LINE);
    else {
        turn_over(store, path, strlen(line), p);
        if ((rv = append(path, line, durable, p)) != APR_SUCCESS)
            store_report(result, rv, path, "written");
    }
    apr_pool_destroy(p);
    return rv;
}

apr_status_t history_sync(const store_t *store, eab_result_t *result)
{
    const char *path = store_path(result->pool, store, FILE_NAME, NULL, NULL);
    apr_status_t rv = file_sync(path);

    if (rv == APR_SUCCESS)
        rv = file_sync_directory(store->dir);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv))
        return store_report(result, rv, path, "written");
    return APR_SUCCESS;
}

/* ---- reading ---- */

static int is_about(const json_t *entry, const char *name)
{
    const char *own = json_peek_string(entry, "name");
    const json_t *names = json_object_get(entry, "names");
    size_t i;

    if (own != NULL && strcasecmp(own, name) == 0)
        return 1;
    for (i = 0; i < json_array_size(names); i++) {
        own = json_string_value(json_array_get(names, i));
        if (own != NULL && strcasecmp(own, name) == 0)
            return 1;
    }
    return 0;
}

static int is_asked_for(const json_t *entry, const history_query_t *query)
{
    apr_time_t at = json_peek_time(entry, "at");

    return json_is_object(entry) && at != 0 && (query->since == 0 || at >= query->since)
           && (query->until == 0 || at <= query->until)
           && (query->name == NULL || is_about(entry, query->name));
}

/* The lines of a text, the last one first. What is no JSON object was damaged. */
static void collect(apr_array_header_t *found, const char *text, apr_size_t len,
                    const history_query_t *query, apr_pool_t *p)
{
    apr_pool_t *ptemp = NULL;

    apr_pool_create(&ptemp, p);
    while (len > 0 && (query->limit == 0 || found->nelts < query->limit)) {
        const char *start = memrchr(text, '\n', len - 1);
        json_t *entry;

        apr_pool_clear(ptemp);
        start = start != NULL ? start + 1 : text;
        entry = json_parse(ptemp, start, len - (apr_size_t)(start - text), NULL);
        if (is_asked_for(entry, query))
            APR_ARRAY_PUSH(found, json_t *) = json_own(p, json_incref(entry));
        len = (apr_size_t)(start - text);
    }
    apr_pool_destroy(ptemp);
}

static void collect_file(apr_array_header_t *found, const store_t *store, const char *name,
                         const history_query_t *query, apr_pool_t *p)
{
    const char *text = NULL;
    apr_pool_t *ptemp = NULL;
    apr_size_t len = 0;

    if (apr_pool_create(&ptemp, p) != APR_SUCCESS)
        return;
    if (file_read(&text, &len, store_path(ptemp, store, name, NULL, NULL),
                  LIMIT_HISTORY + LIMIT_HISTORY_LINE, ptemp)
        == APR_SUCCESS)
        collect(found, text, len, query, p);
    apr_pool_destroy(ptemp);
}

apr_array_header_t *history_read(const store_t *store, const history_query_t *query, apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 64, sizeof(json_t *));
    int i;

    collect_file(found, store, FILE_NAME, query, p);
    collect_file(found, store, OLDER_NAME, query, p);
    for (i = 0; i < found->nelts / 2; i++) {
        json_t **first = &APR_ARRAY_IDX(found, i, json_t *);
        json_t **last = &APR_ARRAY_IDX(found, found->nelts - 1 - i, json_t *);
        json_t *one = *first;

        *first = *last;
        *last = one;
    }
    return found;
}
