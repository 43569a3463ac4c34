/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include "../crypto/party.h"
#include "base/file.h"
#include "store/blocked.h"

#define WHEN apr_time_from_sec(1795300000)

typedef struct scene {
    apr_pool_t *p;
    store_t *store;
    eab_result_t *result;
    const char *path;
    keypair_t *key;
    const char *spki; /* of it */
    const char *other;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    s.result = eab_result_make(p);
    assert_int_equal(APR_SUCCESS, store_open(&s.store, fixture_directory(p), s.result, p));
    s.path = store_path(p, s.store, "blocked.jsonl", NULL, NULL);
    s.key = keypair_adopt(p, keypair_generate("p256"));
    s.spki = keypair_spki(p, s.key->pkey);
    s.other = keypair_spki(p, keypair_adopt(p, keypair_generate("p256"))->pkey);
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static void block(scene_t *s, const char *spki)
{
    assert_int_equal(APR_SUCCESS, blocked_add(s->store, spki, "root", WHEN, s->result, s->p));
}

static void expect_free(scene_t *s, const char *spki)
{
    assert_int_equal(APR_SUCCESS, blocked_check(s->store, spki, s->result, s->p));
}

static void expect_blocked(scene_t *s, const char *spki)
{
    eab_result_clear(s->result);
    assert_int_equal(APR_EACCES, blocked_check(s->store, spki, s->result, s->p));
    assert_string_equal(EAB_PROBLEM_REVOKED, s->result->type);
    assert_non_null(strstr(s->result->detail, "2026-11-21T"));
}

static void a_key_is_blocked_for_ever(void **state)
{
    scene_t s = scene(*state);
    struct stat st;

    expect_free(&s, s.spki);
    block(&s, s.spki);
    expect_blocked(&s, s.spki);
    expect_free(&s, s.other);
    block(&s, s.other);
    expect_blocked(&s, s.spki);
    expect_blocked(&s, s.other);
    assert_int_equal(0, stat(s.path, &st));
    assert_int_equal(0600, st.st_mode & 07777);
    scene_end(&s);
}

static void a_key_is_known_by_itself(void **state)
{
    scene_t s = scene(*state);

    assert_int_equal(APR_SUCCESS, blocked_check_key(s.store, s.key, s.result, s.p));
    block(&s, s.other);
    assert_int_equal(APR_SUCCESS, blocked_check_key(s.store, s.key, s.result, s.p));
    block(&s, s.spki);
    assert_int_equal(APR_EACCES, blocked_check_key(s.store, s.key, s.result, s.p));
    assert_string_equal(EAB_PROBLEM_REVOKED, s.result->type);
    scene_end(&s);
}

static void a_key_has_one_line(void **state)
{
    scene_t s = scene(*state);
    const char *once = NULL, *twice = NULL;
    apr_size_t len = 0;

    block(&s, s.spki);
    assert_int_equal(APR_SUCCESS, file_read(&once, &len, s.path, 10000, s.p));
    block(&s, s.spki);
    assert_int_equal(APR_SUCCESS, file_read(&twice, &len, s.path, 10000, s.p));
    assert_string_equal(once, twice);
    assert_string_equal(apr_pstrcat(s.p, "{\"spki_sha256\":\"", s.spki,
                                    "\",\"at\":\"2026-11-21T22:26:40Z\",\"by\":\"root\"}\n", NULL),
                        once);
    scene_end(&s);
}

static void what_is_no_line_takes_nothing_with_it(void **state)
{
    scene_t s = scene(*state);
    const char *text = apr_pstrcat(s.p, "half a li\n{\"spki_sha256\":\"", s.spki,
                                   "\",\"at\":\"2026-11-21T22:26:40Z\"}", NULL);

    assert_int_equal(APR_SUCCESS, file_replace(s.path, text, strlen(text), 0600, 0, s.p));
    expect_blocked(&s, s.spki);
    block(&s, s.other);
    expect_blocked(&s, s.spki);
    expect_blocked(&s, s.other);
    scene_end(&s);
}

static void what_cannot_be_read_blocks_every_key(void **state)
{
    scene_t s = scene(*state);

    assert_int_equal(0, mkdir(s.path, 0700));
    assert_int_not_equal(APR_SUCCESS, blocked_check(s.store, s.spki, s.result, s.p));
    assert_int_not_equal(APR_SUCCESS, blocked_check_key(s.store, s.key, s.result, s.p));
    assert_string_equal(EAB_PROBLEM_STORE, s.result->type);
    assert_int_not_equal(APR_SUCCESS, blocked_add(s.store, s.spki, "root", WHEN, s.result, s.p));
    assert_int_not_equal(APR_SUCCESS, blocked_add(s.store, "abc", "root", WHEN, s.result, s.p));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_key_is_blocked_for_ever),
        fixture_test(a_key_is_known_by_itself),
        fixture_test(a_key_has_one_line),
        fixture_test(what_is_no_line_takes_nothing_with_it),
        fixture_test(what_cannot_be_read_blocks_every_key),
    };

    return fixture_run(tests);
}
