/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/file.h"
#include "store/reload.h"

#define LAST apr_time_from_sec(1795300000)

static void last_reload_is_remembered(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;

    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    assert_int_equal(0, reload_time_load(store, p));
    assert_int_equal(APR_SUCCESS, reload_time_save(store, LAST, p));
    assert_int_equal(LAST, reload_time_load(store, p));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void damaged_file_is_as_if_missing(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;

    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    fixture_write(store_path(p, store, "reload.json", NULL, NULL), "x", 1);
    assert_int_equal(0, reload_time_load(store, p));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(last_reload_is_remembered),
        fixture_test(damaged_file_is_as_if_missing),
    };

    return fixture_run(tests);
}
