/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dnsjournal.h"

#include "base/file.h"
#include "base/json.h"
#include "store/record.h"

#define FOLDER "dns"
#define FILE_NAME "records.json"

static apr_status_t dnsjournal_refuse(eab_result_t *result)
{
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                          "A certificate's name is not fit for the store.");
}

/* @return 0 when something is missing */
static int dnsjournal_read_one(dnsjournal_record_t *record, const json_t *json, apr_pool_t *p)
{
    record->name = json_copy_string(p, json, "name");
    record->record = json_copy_string(p, json, "record");
    record->value = json_copy_string(p, json, "value");
    record->command = json_copy_string(p, json, "command");
    record->lasting = json_peek_bool(json, "lasting", 0);
    record->added = json_peek_time(json, "added");
    return record->name != NULL && record->value != NULL && record->command != NULL;
}

apr_status_t dnsjournal_load(apr_array_header_t **precords, const store_t *store,
                             const char *certificate, eab_result_t *result, apr_pool_t *p)
{
    const char *entry = store_entry(p, certificate);
    const json_t *member = NULL;
    const char *path = NULL;
    json_t *json = NULL;
    apr_status_t rv;
    size_t i;

    *precords = apr_array_make(p, 2, sizeof(dnsjournal_record_t));
    if (entry == NULL)
        return dnsjournal_refuse(result);
    path = store_path(p, store, FOLDER, entry, FILE_NAME);
    rv = record_read(&json, path, result, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        eab_result_clear(result);
        return APR_SUCCESS;
    }
    json_array_foreach(json_object_get(json, "records"), i, member)
    {
        dnsjournal_record_t record = { NULL, NULL, NULL, NULL, 0, 0 };

        if (dnsjournal_read_one(&record, member, p))
            APR_ARRAY_PUSH(*precords, dnsjournal_record_t) = record;
    }
    return rv;
}

static json_t *dnsjournal_to_json(const apr_array_header_t *records)
{
    json_t *json = json_object();
    json_t *list = json_array();
    int i;

    for (i = 0; i < records->nelts; i++) {
        const dnsjournal_record_t *record = &APR_ARRAY_IDX(records, i, dnsjournal_record_t);
        json_t *member = json_object();

        json_put_string(member, "name", record->name);
        json_put_string(member, "record", record->record);
        json_put_string(member, "value", record->value);
        json_put_string(member, "command", record->command);
        if (record->lasting) {
            json_object_set_new(member, "lasting", json_true());
            json_put_time(member, "added", record->added);
        }
        json_array_append_new(list, member);
    }
    json_object_set_new(json, "records", list);
    return json;
}

static apr_status_t dnsjournal_remove(const store_t *store, const char *entry, eab_result_t *result,
                                      apr_pool_t *ptemp)
{
    const char *path = store_path(ptemp, store, FOLDER, entry, NULL);
    apr_status_t rv = file_remove_tree(path, ptemp);

    if (rv == APR_SUCCESS)
        rv = file_sync_directory(store_path(ptemp, store, FOLDER, NULL, NULL));
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "removed");
}

apr_status_t dnsjournal_save(const store_t *store, const char *certificate,
                             const apr_array_header_t *records, eab_result_t *result,
                             apr_pool_t *ptemp)
{
    const char *entry = store_entry(ptemp, certificate);
    apr_status_t rv;

    if (entry == NULL)
        return dnsjournal_refuse(result);
    if (records->nelts == 0)
        return dnsjournal_remove(store, entry, result, ptemp);
    rv = store_make_directory(store, FOLDER, entry, result, ptemp);
    if (rv != APR_SUCCESS)
        return rv;
    return record_write(store_path(ptemp, store, FOLDER, entry, FILE_NAME),
                        json_own(ptemp, dnsjournal_to_json(records)), result, ptemp);
}

apr_array_header_t *dnsjournal_list(const store_t *store, apr_pool_t *p)
{
    return file_list_directory(store_path(p, store, FOLDER, NULL, NULL), p);
}
