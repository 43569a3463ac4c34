/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/file.h"
#include "store/reload.h"

#define LAST apr_time_from_sec(1795300000)
#define NAME "www.example.edu"

static store_t *open_store(apr_pool_t *p)
{
    store_t *store = NULL;

    assert_int_equal(APR_SUCCESS, store_open(&store, fixture_directory(p), eab_result_make(p), p));
    return store;
}

static void nothing_stored_is_an_empty_memory(void **state)
{
    store_t *store = open_store(*state);
    reload_memory_t *memory = reload_memory_load(store, *state);

    assert_int_equal(0, memory->last);
    assert_int_equal(0, reload_memory_asked(memory, NAME, "aa01"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

static void requests_are_counted_per_certificate(void **state)
{
    store_t *store = open_store(*state);
    reload_memory_t *memory = reload_memory_load(store, *state);

    reload_memory_ask(memory, NAME, "aa01");
    reload_memory_ask(memory, NAME, "aa01");
    reload_memory_ask(memory, "b.example.edu", "bb04");
    assert_int_equal(2, reload_memory_asked(memory, NAME, "aa01"));
    assert_int_equal(1, reload_memory_asked(memory, "b.example.edu", "bb04"));
    assert_int_equal(0, reload_memory_asked(memory, NAME, "aa02"));
    reload_memory_ask(memory, NAME, "aa02");
    assert_int_equal(1, reload_memory_asked(memory, NAME, "aa02"));
    assert_int_equal(0, reload_memory_asked(memory, NAME, "aa01"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

static void save_and_load(void **state)
{
    store_t *store = open_store(*state);
    reload_memory_t *memory = reload_memory_load(store, *state);

    memory->last = LAST;
    memory->renewed = LAST - apr_time_from_sec(9);
    reload_memory_ask(memory, NAME, "aa01");
    reload_memory_ask(memory, NAME, "aa01");
    assert_int_equal(APR_SUCCESS,
                     reload_memory_save(store, memory, eab_result_make(*state), *state));
    memory = reload_memory_load(store, *state);
    assert_int_equal(LAST, memory->last);
    assert_int_equal(LAST - apr_time_from_sec(9), memory->renewed);
    assert_int_equal(2, reload_memory_asked(memory, NAME, "aa01"));
    reload_memory_ask(memory, NAME, "aa01");
    assert_int_equal(3, reload_memory_asked(memory, NAME, "aa01"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

static void damaged_file_is_an_empty_memory(void **state)
{
    static const char *const damaged[] = { "",
                                           "x",
                                           "[]",
                                           "{\"last\": 7, \"asked\": []}",
                                           "{\"asked\": {\"" NAME "\": 5}}",
                                           "{\"asked\": {\"" NAME
                                           "\": {\"certificate\": 1, \"count\": \"x\"}}}" };
    store_t *store = open_store(*state);
    reload_memory_t *memory = NULL;
    size_t i;

    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        fixture_write(store_path(*state, store, "reload.json", NULL, NULL), damaged[i],
                      strlen(damaged[i]));
        memory = reload_memory_load(store, *state);
        assert_int_equal(0, memory->last);
        assert_int_equal(0, reload_memory_asked(memory, NAME, "aa01"));
        reload_memory_ask(memory, NAME, "aa01");
        assert_int_equal(1, reload_memory_asked(memory, NAME, "aa01"));
    }
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

static void what_is_over_is_forgotten(void **state)
{
    store_t *store = open_store(*state);
    reload_memory_t *memory = reload_memory_load(store, *state);
    apr_hash_t *names = apr_hash_make(*state);
    int i;

    for (i = 0; i < 100; ++i)
        reload_memory_ask(memory, apr_psprintf(*state, "n%d.example", i), "aa01");
    apr_hash_set(names, "n7.example", APR_HASH_KEY_STRING, "");
    apr_hash_set(names, "other.example", APR_HASH_KEY_STRING, "");
    reload_memory_keep(memory, names);
    assert_int_equal(1, json_object_size(memory->asked));
    assert_int_equal(1, reload_memory_asked(memory, "n7.example", "aa01"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

static void a_copy_brings_it_back(void **state)
{
    store_t *store = open_store(*state);
    reload_memory_t *memory = reload_memory_load(store, *state);
    const reload_memory_t *copy;

    memory->last = LAST;
    reload_memory_ask(memory, NAME, "aa01");
    copy = reload_memory_copy(memory, *state);
    memory->last = memory->renewed = LAST + 1;
    reload_memory_ask(memory, NAME, "aa02");
    reload_memory_ask(memory, "b.example.edu", "bb04");
    reload_memory_restore(memory, copy);
    assert_int_equal(LAST, memory->last);
    assert_int_equal(0, memory->renewed);
    assert_int_equal(1, reload_memory_asked(memory, NAME, "aa01"));
    assert_int_equal(0, reload_memory_asked(memory, "b.example.edu", "bb04"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

/* Numbers that nobody counts to. */
static void counts_of_any_size_are_read(void **state)
{
    static const struct {
        const char *count;
        int asked;
    } rows[] = { { "2", 2 }, { "-1", 0 }, { "9223372036854775807", 1000 }, { "4294967297", 1000 } };
    store_t *store = open_store(*state);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const char *text = apr_psprintf(
            *state, "{\"asked\": {\"%s\": {\"certificate\": \"aa01\", \"count\": %s}}}", NAME,
            rows[i].count);
        reload_memory_t *memory;

        fixture_write(store_path(*state, store, "reload.json", NULL, NULL), text, strlen(text));
        memory = reload_memory_load(store, *state);
        assert_int_equal(rows[i].asked, reload_memory_asked(memory, NAME, "aa01"));
        reload_memory_ask(memory, NAME, "aa01");
        assert_true(reload_memory_asked(memory, NAME, "aa01") > 0);
    }
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(nothing_stored_is_an_empty_memory),
        fixture_test(requests_are_counted_per_certificate),
        fixture_test(save_and_load),
        fixture_test(damaged_file_is_an_empty_memory),
        fixture_test(what_is_over_is_forgotten),
        fixture_test(a_copy_brings_it_back),
        fixture_test(counts_of_any_size_are_read),
    };

    return fixture_run(tests);
}
