/* SPDX-License-Identifier: Apache-2.0 */
#include "store/leftover.h"

#include <string.h>
#include <sys/stat.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/json.h"
#include "store/journal.h"
#include "store/record.h"

#define FILE_NAME "leftovers.json"

/* Of thousands of names, for as many questions. */
static apr_hash_t *set_of(const apr_array_header_t *names, apr_pool_t *p)
{
    apr_hash_t *set = apr_hash_make(p);
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (name != NULL)
            apr_hash_set(set, name, APR_HASH_KEY_STRING, name);
    }
    return set;
}

static int is_among(apr_hash_t *set, const char *name)
{
    return apr_hash_get(set, name, APR_HASH_KEY_STRING) != NULL;
}

static const json_t *recall(const store_t *store, const char *kind, apr_pool_t *p)
{
    return json_object_get(record_recall(store_path(p, store, FILE_NAME, NULL, NULL), p), kind);
}

/* @param places where each name stands in leftovers, int * */
static leftover_t *push(apr_array_header_t *leftovers, apr_hash_t *places, const char *name,
                        const json_t *known, apr_time_t now)
{
    apr_pool_t *p = leftovers->pool;
    const int *found = apr_hash_get(places, name, APR_HASH_KEY_STRING);
    leftover_t *leftover = NULL;
    int *place;

    if (found != NULL)
        return &APR_ARRAY_IDX(leftovers, *found, leftover_t);
    leftover = apr_array_push(leftovers);
    leftover->name = apr_pstrdup(p, name);
    place = apr_palloc(p, sizeof(*place));
    *place = leftovers->nelts - 1;
    apr_hash_set(places, leftover->name, APR_HASH_KEY_STRING, place);
    leftover->since = json_peek_time(known, name);
    leftover->is_new = leftover->since == 0 || leftover->since > now;
    if (leftover->is_new)
        leftover->since = now;
    leftover->paths = apr_array_make(p, 3, sizeof(const char *));
    return leftover;
}

/* Not of ours: somebody's notes. */
static int is_file(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The directories of a folder that are not in use. */
static void survey(apr_array_header_t *leftovers, apr_hash_t *places, const store_t *store,
                   const char *folder, apr_hash_t *used, const json_t *known, apr_time_t now)
{
    apr_pool_t *p = leftovers->pool;
    apr_array_header_t *entries = file_list_directory(store_path(p, store, folder, NULL, NULL), p);
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *);

        if (!is_among(used, entry) && !is_file(store_path(p, store, folder, entry, NULL)))
            APR_ARRAY_PUSH(push(leftovers, places, entry, known, now)->paths, const char *) =
                store_path(p, store, folder, entry, NULL);
    }
}

/* Not finalized, the order has no certificate; its key was made for nothing else. */
static void drop_orders(const store_t *store, apr_hash_t *used, apr_pool_t *p)
{
    apr_array_header_t *entries =
        file_list_directory(store_path(p, store, "pending", NULL, NULL), p);
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *);
        journal_t *journal = NULL;

        if (!is_among(used, entry)
            && journal_load(&journal, store, entry, eab_result_make(p), p) == APR_SUCCESS
            && !journal->finalized)
            (void)journal_remove(store, entry, p);
    }
}

apr_array_header_t *leftover_certificates(const store_t *store, const apr_array_header_t *used,
                                          apr_time_t now, apr_pool_t *p)
{
    apr_array_header_t *leftovers = apr_array_make(p, 4, sizeof(leftover_t));
    const json_t *known = recall(store, "certificates", p);
    apr_hash_t *kept = set_of(used, p), *places = apr_hash_make(p);

    drop_orders(store, kept, p);
    survey(leftovers, places, store, "archive", kept, known, now);
    survey(leftovers, places, store, "live", kept, known, now);
    survey(leftovers, places, store, "pending", kept, known, now);
    return leftovers;
}

apr_array_header_t *leftover_accounts(const store_t *store, const apr_array_header_t *used,
                                      apr_time_t now, apr_pool_t *p)
{
    apr_array_header_t *leftovers = apr_array_make(p, 2, sizeof(leftover_t));

    survey(leftovers, apr_hash_make(p), store, "accounts", set_of(used, p),
           recall(store, "accounts", p), now);
    return leftovers;
}

static json_t *times_of(const apr_array_header_t *leftovers)
{
    json_t *json = json_object();
    int i;

    for (i = 0; i < leftovers->nelts; i++) {
        const leftover_t *leftover = &APR_ARRAY_IDX(leftovers, i, leftover_t);

        json_put_time(json, leftover->name, leftover->since);
    }
    return json;
}

void leftover_remember(const store_t *store, const apr_array_header_t *certificates,
                       const apr_array_header_t *accounts, apr_pool_t *ptemp)
{
    const char *path = store_path(ptemp, store, FILE_NAME, NULL, NULL);
    json_t *json = json_own(ptemp, json_object());
    json_t *before = NULL;

    json_object_set_new(json, "certificates", times_of(certificates));
    json_object_set_new(json, "accounts", times_of(accounts));
    if (record_read(&before, path, eab_result_make(ptemp), ptemp) == APR_SUCCESS
        && json_equal(before, json))
        return;
    if (before == NULL && certificates->nelts == 0 && accounts->nelts == 0)
        return;
    (void)record_write(path, json, eab_result_make(ptemp), ptemp);
}
