/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "store/ledger.h"

typedef struct scene {
    apr_pool_t *p;
    store_t *store;
    ledger_t *ledger;
    const char *path;
    int is_new;
} scene_t;

static void load(scene_t *s)
{
    s->ledger = ledger_load(s->store, &s->is_new, s->p);
}

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    assert_int_equal(APR_SUCCESS,
                     store_open(&s.store, fixture_directory(p), eab_result_make(p), p));
    s.path = store_path(p, s.store, "told.jsonl", NULL, NULL);
    load(&s);
    assert_true(s.is_new);
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static void put(scene_t *s, const char *key, int n)
{
    ledger_set(s->ledger, key, json_pack("{s:i}", "n", n));
    assert_int_equal(APR_SUCCESS, ledger_save(s->ledger, 1, eab_result_make(s->p)));
}

static int get(const scene_t *s, const char *key)
{
    return (int)json_peek_int(ledger_get(s->ledger, key), "n", -1);
}

static void the_last_word_of_a_key_counts(void **state)
{
    scene_t s = scene(*state);

    put(&s, "a", 1);
    put(&s, "b", 2);
    put(&s, "a", 3);
    load(&s);
    assert_false(s.is_new);
    assert_int_equal(3, get(&s, "a"));
    assert_int_equal(2, get(&s, "b"));
    assert_int_equal(-1, get(&s, "c"));
    ledger_set(s.ledger, "a", json_null());
    assert_int_equal(APR_SUCCESS, ledger_save(s.ledger, 1, eab_result_make(s.p)));
    load(&s);
    assert_null(ledger_get(s.ledger, "a"));
    assert_int_equal(1, ledger_keys(s.ledger, "", s.p)->nelts);
    scene_end(&s);
}

static void damaged_lines_cost_no_other(void **state)
{
    scene_t s = scene(*state);
    const char *text =
        "{\"of\":\"a\",\"told\":{\"n\":1}}\n\1\2\n[]\n{\"told\":1}\n{\"of\":\"b\",\"to";

    fixture_write(s.path, text, strlen(text));
    load(&s);
    put(&s, "c", 3);
    load(&s);
    assert_int_equal(1, get(&s, "a"));
    assert_int_equal(-1, get(&s, "b"));
    assert_int_equal(3, get(&s, "c"));
    scene_end(&s);
}

static void it_does_not_grow_for_ever(void **state)
{
    scene_t s = scene(*state);
    struct stat before, after;
    int i;

    for (i = 0; i < 500; ++i)
        put(&s, i % 2 ? "a" : "b", i);
    assert_int_equal(0, stat(s.path, &before));
    load(&s);
    assert_int_equal(0, stat(s.path, &after));
    assert_true(after.st_size * 100 < before.st_size);
    load(&s);
    assert_int_equal(499, get(&s, "a"));
    assert_int_equal(498, get(&s, "b"));
    scene_end(&s);
}

static void what_could_not_be_written_is_written_later(void **state)
{
    scene_t s = scene(*state);
    eab_result_t *result = eab_result_make(s.p);

    assert_int_equal(0, mkdir(s.path, 0700));
    assert_int_equal(0, mkdir(apr_pstrcat(s.p, s.path, ".damaged", NULL), 0700));
    assert_int_equal(0, mkdir(apr_pstrcat(s.p, s.path, ".damaged/x", NULL), 0700));
    ledger_set(s.ledger, "a", json_pack("{s:i}", "n", 1));
    assert_int_not_equal(APR_SUCCESS, ledger_save(s.ledger, 1, result));
    assert_int_equal(1, get(&s, "a"));
    assert_int_equal(0, rmdir(s.path));
    put(&s, "b", 2);
    load(&s);
    assert_int_equal(1, get(&s, "a"));
    assert_int_equal(2, get(&s, "b"));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_last_word_of_a_key_counts),
        fixture_test(damaged_lines_cost_no_other),
        fixture_test(it_does_not_grow_for_ever),
        fixture_test(what_could_not_be_written_is_written_later),
    };

    return fixture_run(tests);
}
