/* SPDX-License-Identifier: Apache-2.0 */
#include "store/demand.h"

#include <string.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/json.h"
#include "store/record.h"
#include "store/registration.h"

#define SUFFIX ".json"
#define FILE_NAME_MAX 255 /* of every file system that matters */

/* NULL when it is no certificate's name. */
static const char *demand_file(apr_pool_t *p, const char *name)
{
    const char *entry = store_entry(p, name);

    if (entry == NULL)
        return NULL;
    if (strlen(entry) + strlen(SUFFIX) > FILE_NAME_MAX)
        entry = registration_id(p, entry, NULL);
    return apr_pstrcat(p, entry, SUFFIX, NULL);
}

static const char *demand_path(apr_pool_t *p, const store_t *store, const char *name)
{
    const char *file = demand_file(p, name);

    return file != NULL ? store_path(p, store, "demands", file, NULL) : NULL;
}

int demand_is_among(apr_hash_t *survey, const char *name, apr_pool_t *ptemp)
{
    const char *file = demand_file(ptemp, name);

    return file != NULL && apr_hash_get(survey, file, APR_HASH_KEY_STRING) != NULL;
}

void demand_load(demand_t **pdemand, const store_t *store, const char *name, apr_pool_t *p)
{
    const char *path = demand_path(p, store, name);
    const json_t *json = path != NULL ? record_recall(path, p) : NULL;

    *pdemand = NULL;
    if (json == NULL || json_peek_time(json, "since") == 0)
        return;
    *pdemand = apr_pcalloc(p, sizeof(demand_t));
    (*pdemand)->since = json_peek_time(json, "since");
    (*pdemand)->replaces = json_copy_string(p, json, "replaces");
}

static apr_status_t demand_forget(const store_t *store, const char *path, apr_pool_t *ptemp)
{
    apr_status_t rv = file_remove(path);

    if (rv != APR_SUCCESS)
        return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
    return file_sync_directory(store_path(ptemp, store, "demands", NULL, NULL));
}

apr_status_t demand_save(const store_t *store, const char *name, const demand_t *demand,
                         apr_pool_t *ptemp)
{
    const char *path = demand_path(ptemp, store, name);
    eab_result_t *result = eab_result_make(ptemp);
    json_t *json;
    apr_status_t rv;

    if (path == NULL)
        return APR_EINVAL;
    if (demand == NULL)
        return demand_forget(store, path, ptemp);
    if ((rv = store_make_directory(store, "demands", NULL, result, ptemp)) != APR_SUCCESS)
        return rv;
    json = json_own(ptemp, json_object());
    json_put_time(json, "since", demand->since);
    json_put_string(json, "replaces", demand->replaces);
    return record_write(path, json, result, ptemp);
}
