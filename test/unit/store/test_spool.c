/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "store/spool.h"

#define ONE "20261130T120000Z-000001"
#define TWO "20261130T120000Z-000002"
#define LATE "20261129T120000Z-1000000" /* the clock was set back */

typedef struct scene {
    apr_pool_t *p;
    store_t *store;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    assert_int_equal(APR_SUCCESS,
                     store_open(&s.store, fixture_directory(p), eab_result_make(p), p));
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static void put(scene_t *s, const char *id)
{
    json_t *entry = json_own(s->p, json_pack("{s:s}", "command", id));

    assert_int_equal(APR_SUCCESS, spool_put(s->store, id, entry, eab_result_make(s->p)));
}

static const char *list(scene_t *s)
{
    return apr_array_pstrcat(s->p, spool_list(s->store, s->p), ' ');
}

static void what_waits_is_listed_by_its_number(void **state)
{
    scene_t s = scene(*state);
    struct stat st;

    assert_string_equal("", list(&s));
    put(&s, LATE);
    put(&s, TWO);
    put(&s, ONE);
    fixture_write(store_path(s.p, s.store, "events", "notes.json", NULL), "{}", 2);
    fixture_write(store_path(s.p, s.store, "events", ONE ".jsonx", NULL), "{}", 2);
    assert_string_equal(ONE " " TWO " " LATE, list(&s));
    assert_int_equal(0, stat(spool_path(s.p, s.store, ONE), &st));
    assert_int_equal(0600, st.st_mode & 07777);
    assert_string_equal(TWO, json_peek_string(spool_get(s.store, TWO, s.p), "command"));
    assert_int_equal(APR_SUCCESS, spool_remove(s.store, TWO, s.p));
    assert_int_equal(APR_SUCCESS, spool_remove(s.store, TWO, s.p));
    assert_string_equal(ONE " " LATE, list(&s));
    assert_null(spool_get(s.store, TWO, s.p));
    scene_end(&s);
}

static void only_ids_are_ids(void **state)
{
    static const char *const others[] = {
        "",
        "x",
        "20261130T120000Z-",
        "20261130T120000-000001",
        "20261130T120000Z-00000a",
        "../20261130T120000Z-000001",
        "20261130T120000Z-000001/..",
        "20261130T120000Z-0000010000000000",
    };
    size_t i;

    (void)state;
    assert_true(spool_id_is_valid(ONE));
    assert_true(spool_id_is_valid(LATE));
    assert_int_equal(1, spool_number(ONE));
    assert_int_equal(1000000, spool_number(LATE));
    for (i = 0; i < sizeof(others) / sizeof(others[0]); ++i) {
        assert_false(spool_id_is_valid(others[i]));
        assert_int_equal(0, spool_number(others[i]));
    }
}

static void who_tells_one_holds_its_lock(void **state)
{
    scene_t s = scene(*state);
    int first = -1, second = -1;

    put(&s, ONE);
    assert_int_equal(APR_SUCCESS, spool_lock(&first, spool_path(s.p, s.store, ONE)));
    assert_true(APR_STATUS_IS_EBUSY(spool_lock(&second, spool_path(s.p, s.store, ONE))));
    assert_int_equal(-1, second);
    close(first);
    assert_int_equal(APR_SUCCESS, spool_lock(&second, spool_path(s.p, s.store, ONE)));
    close(second);
    assert_true(APR_STATUS_IS_ENOENT(spool_lock(&second, spool_path(s.p, s.store, TWO))));
    scene_end(&s);
}

static void how_it_ended_is_told_once(void **state)
{
    scene_t s = scene(*state);

    put(&s, ONE);
    assert_int_equal(-1, spool_take_end(s.store, ONE, s.p));
    assert_int_equal(APR_SUCCESS, spool_ended(spool_path(s.p, s.store, ONE), 7, s.p));
    assert_string_equal(ONE, list(&s));
    assert_int_equal(7, spool_take_end(s.store, ONE, s.p));
    assert_int_equal(-1, spool_take_end(s.store, ONE, s.p));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_waits_is_listed_by_its_number),
        fixture_test(only_ids_are_ids),
        fixture_test(who_tells_one_holds_its_lock),
        fixture_test(how_it_ended_is_told_once),
    };

    return fixture_run(tests);
}
