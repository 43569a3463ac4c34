/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ledger.h"

#include <errno.h>
#include <string.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#define FILE_NAME "told.jsonl"

/* It is written anew when it has so many lines more than twice those that count. */
#define SLACK 200

struct ledger {
    const store_t *store;
    const char *path;
    json_t *told;    /* key: what */
    json_t *changed; /* key: true */
};

static apr_status_t release(void *data)
{
    ledger_t *ledger = data;

    json_decref(ledger->told);
    json_decref(ledger->changed);
    return APR_SUCCESS;
}

/* @return how many lines there were */
static int read_lines(ledger_t *ledger, const char *text, apr_size_t len, apr_pool_t *p)
{
    apr_pool_t *ptemp = NULL;
    int lines = 0;

    apr_pool_create(&ptemp, p);
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        apr_size_t line = end != NULL ? (apr_size_t)(end - text) : len;
        const json_t *entry;

        apr_pool_clear(ptemp);
        entry = json_parse(ptemp, text, line, NULL);
        if (json_peek_string(entry, "of") != NULL)
            json_object_set(ledger->told, json_peek_string(entry, "of"),
                            json_object_get(entry, "told"));
        lines++;
        line += end != NULL;
        text += line;
        len -= line;
    }
    apr_pool_destroy(ptemp);
    return lines;
}

static const char *write_line(const char *key, json_t *told, apr_pool_t *p)
{
    json_t *entry = json_own(p, json_pack("{s:s,s:O}", "of", key, "told", told));

    return apr_pstrcat(p, json_text(p, entry), "\n", NULL);
}

/* A failure costs nothing but room. */
static void compact(const ledger_t *ledger, apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_make(p, 64, sizeof(const char *));
    const char *key, *text;
    json_t *told;

    json_object_foreach(ledger->told, key, told)
    {
        if (!json_is_null(told))
            APR_ARRAY_PUSH(lines, const char *) = write_line(key, told, p);
    }
    text = apr_array_pstrcat(p, lines, 0);
    (void)store_replace(ledger->path, text, strlen(text), p);
}

ledger_t *ledger_load(const store_t *store, int *pnew, apr_pool_t *p)
{
    ledger_t *ledger = apr_pcalloc(p, sizeof(*ledger));
    const char *text = NULL;
    apr_pool_t *ptemp = NULL;
    apr_size_t len = 0;
    apr_status_t rv;

    ledger->store = store;
    ledger->path = store_path(p, store, FILE_NAME, NULL, NULL);
    ledger->told = json_object();
    ledger->changed = json_object();
    apr_pool_cleanup_register(p, ledger, release, apr_pool_cleanup_null);
    apr_pool_create(&ptemp, p);
    rv = store->trouble == NULL ? file_read(&text, &len, ledger->path, LIMIT_LEDGER, ptemp)
                                : APR_ENOENT;
    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv))
        log_line(LOG_LEVEL_WARNING,
                 "%s cannot be read: %s. What happened since it was written is not told.",
                 ledger->path, file_reason(ptemp, rv, ledger->path));
    *pnew = rv != APR_SUCCESS;
    if (rv == APR_SUCCESS
        && read_lines(ledger, text, len, ptemp) > 2 * (int)json_object_size(ledger->told) + SLACK)
        compact(ledger, ptemp);
    apr_pool_destroy(ptemp);
    return ledger;
}

const json_t *ledger_get(const ledger_t *ledger, const char *key)
{
    const json_t *told = json_object_get(ledger->told, key);

    return json_is_null(told) ? NULL : told;
}

void ledger_set(ledger_t *ledger, const char *key, json_t *told)
{
    json_object_set_new(ledger->told, key, told);
    json_object_set_new(ledger->changed, key, json_true());
}

static apr_status_t append(const ledger_t *ledger, const char *text, int durable, apr_pool_t *p)
{
    apr_status_t rv = file_append(ledger->path, text, strlen(text), durable);

    if ((rv == EISDIR || rv == APR_EINVAL)
        && file_rename(ledger->path, apr_pstrcat(p, ledger->path, ".damaged", NULL)) == APR_SUCCESS)
        rv = file_append(ledger->path, text, strlen(text), durable);
    return rv;
}

apr_status_t ledger_save(ledger_t *ledger, int durable, eab_result_t *result)
{
    apr_array_header_t *lines;
    apr_pool_t *p = NULL;
    const char *key, *text;
    json_t *marked;
    apr_status_t rv;

    if (json_object_size(ledger->changed) == 0)
        return APR_SUCCESS;
    apr_pool_create(&p, result->pool);
    lines = apr_array_make(p, 4, sizeof(const char *));
    json_object_foreach(ledger->changed, key, marked)
    {
        APR_ARRAY_PUSH(lines, const char *) =
            write_line(key, json_object_get(ledger->told, key), p);
    }
    text = apr_array_pstrcat(p, lines, 0);
    if ((rv = append(ledger, text, durable, p)) == APR_SUCCESS)
        json_object_clear(ledger->changed);
    else
        store_report(result, rv, ledger->path, "written");
    apr_pool_destroy(p);
    return rv;
}

apr_array_header_t *ledger_keys(const ledger_t *ledger, const char *prefix, apr_pool_t *p)
{
    apr_array_header_t *keys = apr_array_make(p, 4, sizeof(const char *));
    const char *key;
    json_t *told;

    json_object_foreach(ledger->told, key, told)
    {
        if (strncmp(key, prefix, strlen(prefix)) == 0 && !json_is_null(told))
            APR_ARRAY_PUSH(keys, const char *) = apr_pstrdup(p, key);
    }
    return keys;
}
