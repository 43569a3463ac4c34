/* SPDX-License-Identifier: Apache-2.0 */
#include "store/format.h"

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "store/record.h"

static const char *path_of(const char *dir, apr_pool_t *p)
{
    return apr_pstrcat(p, dir, "/format.json", NULL);
}

/* 0: it does not say. */
static apr_int64_t read_version(const char *path, apr_pool_t *p)
{
    const char *text = NULL;
    apr_size_t len = 0;

    if (file_read(&text, &len, path, LIMIT_RECORD, p) != APR_SUCCESS)
        return 0;
    return json_peek_int(json_parse(p, text, len, NULL), "version", 0);
}

apr_status_t format_judge(const char *dir, eab_result_t *result)
{
    apr_pool_t *ptemp = NULL;
    apr_status_t rv = apr_pool_create(&ptemp, result->pool);
    apr_int64_t version = 0;

    if (rv != APR_SUCCESS)
        return eab_result_set(result, rv, EAB_PROBLEM_INTERNAL, "There is no memory left.");
    version = read_version(path_of(dir, ptemp), ptemp);
    apr_pool_destroy(ptemp);
    if (version <= FORMAT_VERSION)
        return APR_SUCCESS;
    return eab_result_set(result, APR_ENOTIMPL, EAB_PROBLEM_STORE,
                          "ACMEStoreDir %s was written by a newer mod_acme_eab (its format is "
                          "%" APR_INT64_T_FMT ", and this one knows %d). Install that version "
                          "again, or restore the copy of the store from before it.",
                          dir, version, FORMAT_VERSION);
}

void format_write(const store_t *store, apr_pool_t *ptemp)
{
    const char *path = path_of(store->dir, ptemp);
    json_t *json = NULL;

    if (read_version(path, ptemp) >= FORMAT_VERSION)
        return;
    json = json_own(ptemp, json_pack("{s:i}", "version", FORMAT_VERSION));
    (void)record_write(path, json, eab_result_make(ptemp), ptemp);
}
