/* SPDX-License-Identifier: Apache-2.0 */
#include "store/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "store/record.h"

#define FOLDER "events"
#define SUFFIX ".json"
#define END_SUFFIX ".ended"
#define STAMP_LENGTH ((int)sizeof("20261130T120000Z") - 1)
#define DIGITS_MAX 15

int spool_id_is_valid(const char *id)
{
    static const char form[] = "dddddddd"
                               "T"
                               "dddddd"
                               "Z-";
    apr_size_t len = strlen(id), i;

    if (len <= sizeof(form) - 1 || len > sizeof(form) - 1 + DIGITS_MAX)
        return 0;
    for (i = 0; i < len; i++) {
        int digit = id[i] >= '0' && id[i] <= '9';

        if (i < sizeof(form) - 1 && form[i] != 'd' ? id[i] != form[i] : !digit)
            return 0;
    }
    return 1;
}

apr_int64_t spool_number(const char *id)
{
    return spool_id_is_valid(id) ? apr_atoi64(id + STAMP_LENGTH + 1) : 0;
}

const char *spool_path(apr_pool_t *p, const store_t *store, const char *id)
{
    return store_path(p, store, FOLDER, apr_pstrcat(p, id, SUFFIX, NULL), NULL);
}

static const char *end_path(apr_pool_t *p, const char *path)
{
    return apr_pstrcat(p, path, END_SUFFIX, NULL);
}

apr_status_t spool_put(const store_t *store, const char *id, const json_t *entry,
                       eab_result_t *result)
{
    apr_pool_t *ptemp = NULL;
    apr_status_t rv;

    apr_pool_create(&ptemp, result->pool);
    rv = store_make_directory(store, FOLDER, NULL, result, ptemp);
    if (rv == APR_SUCCESS)
        rv = record_write(spool_path(ptemp, store, id), entry, result, ptemp);
    apr_pool_destroy(ptemp);
    return rv;
}

json_t *spool_get(const store_t *store, const char *id, apr_pool_t *p)
{
    return record_recall(spool_path(p, store, id), p);
}

static int compare(const void *a, const void *b)
{
    apr_int64_t first = spool_number(*(const char *const *)a);
    apr_int64_t second = spool_number(*(const char *const *)b);

    return (first > second) - (first < second);
}

apr_array_header_t *spool_list(const store_t *store, apr_pool_t *p)
{
    apr_array_header_t *files = file_list_directory(store_path(p, store, FOLDER, NULL, NULL), p);
    apr_array_header_t *ids = apr_array_make(p, files->nelts + 1, sizeof(const char *));
    int i;

    for (i = 0; i < files->nelts; i++) {
        const char *file = APR_ARRAY_IDX(files, i, const char *);
        apr_size_t len = strlen(file), suffix = strlen(SUFFIX);
        const char *id = len > suffix ? apr_pstrmemdup(p, file, len - suffix) : "";

        if (spool_id_is_valid(id) && strcmp(file + len - suffix, SUFFIX) == 0)
            APR_ARRAY_PUSH(ids, const char *) = id;
    }
    if (ids->nelts > 1)
        qsort(ids->elts, (size_t)ids->nelts, sizeof(const char *), compare);
    return ids;
}

apr_status_t spool_remove(const store_t *store, const char *id, apr_pool_t *ptemp)
{
    const char *path = spool_path(ptemp, store, id);
    apr_status_t rv = file_remove(path);

    (void)file_remove(end_path(ptemp, path));
    if (rv != APR_SUCCESS)
        return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
    return file_sync_directory(store_path(ptemp, store, FOLDER, NULL, NULL));
}

apr_status_t spool_lock(int *pfd, const char *path)
{
    apr_status_t rv = file_open(pfd, path, LIMIT_RECORD);

    if (rv == APR_SUCCESS && flock(*pfd, LOCK_EX | LOCK_NB) != 0) {
        rv = errno == EWOULDBLOCK ? APR_EBUSY : errno;
        close(*pfd);
        *pfd = -1;
    }
    return rv;
}

apr_status_t spool_ended(const char *path, int status, apr_pool_t *ptemp)
{
    return record_write(end_path(ptemp, path),
                        json_own(ptemp, json_pack("{s:i}", "status", status)),
                        eab_result_make(ptemp), ptemp);
}

int spool_take_end(const store_t *store, const char *id, apr_pool_t *ptemp)
{
    const char *path = end_path(ptemp, spool_path(ptemp, store, id));
    json_t *json = NULL;

    if (record_read(&json, path, eab_result_make(ptemp), ptemp) != APR_SUCCESS)
        return -1;
    (void)file_remove(path);
    return (int)json_peek_int(json, "status", -1);
}
