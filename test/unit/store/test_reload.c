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
    assert_int_equal(0, reload_memory_asked(memory, NAME, "000001"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

static void requests_are_counted_per_generation(void **state)
{
    store_t *store = open_store(*state);
    reload_memory_t *memory = reload_memory_load(store, *state);

    reload_memory_ask(memory, NAME, "000001");
    reload_memory_ask(memory, NAME, "000001");
    reload_memory_ask(memory, "b.example.edu", "000004");
    assert_int_equal(2, reload_memory_asked(memory, NAME, "000001"));
    assert_int_equal(1, reload_memory_asked(memory, "b.example.edu", "000004"));
    assert_int_equal(0, reload_memory_asked(memory, NAME, "000002"));
    reload_memory_ask(memory, NAME, "000002");
    assert_int_equal(1, reload_memory_asked(memory, NAME, "000002"));
    assert_int_equal(0, reload_memory_asked(memory, NAME, "000001"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

static void save_and_load(void **state)
{
    store_t *store = open_store(*state);
    reload_memory_t *memory = reload_memory_load(store, *state);

    memory->last = LAST;
    reload_memory_ask(memory, NAME, "000001");
    reload_memory_ask(memory, NAME, "000001");
    assert_int_equal(APR_SUCCESS,
                     reload_memory_save(store, memory, eab_result_make(*state), *state));
    memory = reload_memory_load(store, *state);
    assert_int_equal(LAST, memory->last);
    assert_int_equal(2, reload_memory_asked(memory, NAME, "000001"));
    reload_memory_ask(memory, NAME, "000001");
    assert_int_equal(3, reload_memory_asked(memory, NAME, "000001"));
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
                                           "\": {\"generation\": 1, \"count\": \"x\"}}}" };
    store_t *store = open_store(*state);
    reload_memory_t *memory = NULL;
    size_t i;

    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        fixture_write(store_path(*state, store, "reload.json", NULL, NULL), damaged[i],
                      strlen(damaged[i]));
        memory = reload_memory_load(store, *state);
        assert_int_equal(0, memory->last);
        assert_int_equal(0, reload_memory_asked(memory, NAME, "000001"));
        reload_memory_ask(memory, NAME, "000001");
        assert_int_equal(1, reload_memory_asked(memory, NAME, "000001"));
    }
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(nothing_stored_is_an_empty_memory),
        fixture_test(requests_are_counted_per_generation),
        fixture_test(save_and_load),
        fixture_test(damaged_file_is_an_empty_memory),
    };

    return fixture_run(tests);
}
