/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/file.h"
#include "store/dnsjournal.h"

#define NAME "_wildcard.a.example"

static store_t *open_store(apr_pool_t *p)
{
    store_t *store = NULL;

    assert_int_equal(APR_SUCCESS, store_open(&store, fixture_directory(p), eab_result_make(p), p));
    return store;
}

static apr_array_header_t *load(const store_t *store, apr_pool_t *p)
{
    apr_array_header_t *records = NULL;

    assert_int_equal(APR_SUCCESS, dnsjournal_load(&records, store, NAME, eab_result_make(p), p));
    return records;
}

static void records_are_kept_and_forgotten(void **state)
{
    apr_pool_t *p = *state;
    store_t *store = open_store(p);
    eab_result_t *result = eab_result_make(p);
    apr_array_header_t *records = apr_array_make(p, 2, sizeof(dnsjournal_record_t));
    dnsjournal_record_t *record;

    assert_int_equal(0, load(store, p)->nelts);
    assert_int_equal(0, dnsjournal_list(store, p)->nelts);
    record = apr_array_push(records);
    record->name = "a.example";
    record->value = "one";
    record->command = "/bin/dns -x";
    record = apr_array_push(records);
    *record = APR_ARRAY_IDX(records, 0, dnsjournal_record_t);
    record->value = "two";
    record->record = "_validation-persist.a.example";
    record->lasting = 1;
    record->added = apr_time_from_sec(1700000000);
    assert_int_equal(APR_SUCCESS, dnsjournal_save(store, NAME, records, result, p));
    assert_int_equal(1, dnsjournal_list(store, p)->nelts);
    assert_string_equal(NAME, APR_ARRAY_IDX(dnsjournal_list(store, p), 0, const char *));

    records = load(store, p);
    assert_int_equal(2, records->nelts);
    record = &APR_ARRAY_IDX(records, 1, dnsjournal_record_t);
    assert_string_equal("a.example", record->name);
    assert_string_equal("two", record->value);
    assert_string_equal("/bin/dns -x", record->command);
    assert_string_equal("_validation-persist.a.example", record->record);
    assert_true(record->lasting);
    assert_true(record->added == apr_time_from_sec(1700000000));
    record = &APR_ARRAY_IDX(records, 0, dnsjournal_record_t);
    assert_null(record->record);
    assert_false(record->lasting);

    records->nelts = 0;
    assert_int_equal(APR_SUCCESS, dnsjournal_save(store, NAME, records, result, p));
    assert_int_equal(0, dnsjournal_list(store, p)->nelts);
    assert_int_equal(0, load(store, p)->nelts);
    file_remove_tree(store->dir, p);
}

static void damage_is_reported(void **state)
{
    apr_pool_t *p = *state;
    store_t *store = open_store(p);
    eab_result_t *result = eab_result_make(p);
    apr_array_header_t *records = NULL;

    assert_int_equal(APR_SUCCESS, store_make_directory(store, "dns", NAME, result, p));
    fixture_write(store_path(p, store, "dns", NAME, "records.json"), "{\"rec", 5);
    assert_int_not_equal(APR_SUCCESS, dnsjournal_load(&records, store, NAME, result, p));
    assert_non_null(strstr(result->detail, "records.json"));
    assert_int_equal(0, records->nelts);
    assert_int_equal(APR_EINVAL, dnsjournal_load(&records, store, "../x", result, p));
    assert_int_equal(APR_EINVAL, dnsjournal_save(store, "../x", records, result, p));
    file_remove_tree(store->dir, p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(records_are_kept_and_forgotten),
        fixture_test(damage_is_reported),
    };

    return fixture_run(tests);
}
