/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/file.h"
#include "store/failure.h"

#define NAME "www.example.edu"
#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define SINCE apr_time_from_sec(1795300000)
#define NEXT apr_time_from_sec(1795300600)

typedef struct scene {
    apr_pool_t *p;
    store_t *store;
    failure_t failure;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    assert_int_equal(APR_SUCCESS,
                     store_open(&s.store, fixture_directory(p), eab_result_make(p), p));
    s.failure.fingerprint = "abc";
    s.failure.attempts = 3;
    s.failure.since = SINCE;
    s.failure.next = NEXT;
    s.failure.place = 2;
    s.failure.subset = 1;
    s.failure.facts = 65539;
    s.failure.tried = SINCE;
    s.failure.problem = eab_result_make(p);
    eab_result_set(s.failure.problem, APR_EGENERAL, ACME_ERROR "rateLimited", "Too much of it.");
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static void expect_kept(scene_t *s, const char *key)
{
    failure_t *failure = NULL;

    assert_false(failure_is_among(store_survey(s->store, "failures", s->p), key, s->p));
    assert_int_equal(APR_SUCCESS, failure_save(s->store, key, &s->failure, s->p));
    assert_true(failure_is_among(store_survey(s->store, "failures", s->p), key, s->p));
    assert_int_equal(APR_SUCCESS, failure_load(&failure, s->store, key, s->p));
    assert_string_equal("abc", failure->fingerprint);
    assert_int_equal(3, failure->attempts);
    assert_int_equal(SINCE, failure->since);
    assert_int_equal(NEXT, failure->next);
    assert_int_equal(2, failure->place);
    assert_int_equal(1, failure->subset);
    assert_int_equal(65539, failure->facts);
    assert_int_equal(SINCE, failure->tried);
    assert_true(eab_result_is_acme(failure->problem, "rateLimited"));
    assert_string_equal("Too much of it.", failure->problem->detail);
    assert_int_equal(APR_SUCCESS, failure_save(s->store, key, NULL, s->p));
    assert_int_equal(APR_ENOENT, failure_load(&failure, s->store, key, s->p));
    assert_null(failure);
    assert_int_equal(APR_SUCCESS, failure_save(s->store, key, NULL, s->p));
}

static void failures_are_kept_and_forgotten(void **state)
{
    scene_t s = scene(*state);

    expect_kept(&s, NAME);
    expect_kept(&s, "*.example.edu");
    expect_kept(&s, ACCOUNT);
    scene_end(&s);
}

/* The longest name and the suffix together are longer than a file's name may be. */
static void longest_names_fit(void **state)
{
    scene_t s = scene(*state);
    const char *label = "a12345678901234567890123456789012345678901234567890123456789.";
    const char *name = apr_pstrcat(s.p, label, label, label, label, "abcdef.uk", NULL);

    assert_int_equal(253, strlen(name));
    expect_kept(&s, name);
    scene_end(&s);
}

static void two_keys_are_two_failures(void **state)
{
    scene_t s = scene(*state);
    failure_t *failure = NULL;

    assert_int_equal(APR_SUCCESS, failure_save(s.store, NAME, &s.failure, s.p));
    assert_int_equal(APR_ENOENT, failure_load(&failure, s.store, "b.example.edu", s.p));
    scene_end(&s);
}

static void damaged_file_is_as_if_missing(void **state)
{
    scene_t s = scene(*state);
    failure_t *failure = NULL;
    const char *path = store_path(s.p, s.store, "failures", NAME ".json", NULL);

    fixture_write(path, "{\"attempts\":", 12);
    assert_int_equal(APR_ENOENT, failure_load(&failure, s.store, NAME, s.p));
    assert_null(failure);
    scene_end(&s);
}

static void strange_numbers_are_clamped(void **state)
{
    scene_t s = scene(*state);
    failure_t *failure = NULL;
    const char *path = store_path(s.p, s.store, "failures", NAME ".json", NULL);
    const char *text = "{\"attempts\": -5}";

    fixture_write(path, text, strlen(text));
    assert_int_equal(APR_SUCCESS, failure_load(&failure, s.store, NAME, s.p));
    assert_int_equal(1, failure->attempts);
    assert_non_null(failure->problem);
    text = "{\"attempts\": 9000000000000}";
    fixture_write(path, text, strlen(text));
    assert_int_equal(APR_SUCCESS, failure_load(&failure, s.store, NAME, s.p));
    assert_int_equal(1000000, failure->attempts);
    scene_end(&s);
}

static void keys_that_lead_out_are_refused(void **state)
{
    scene_t s = scene(*state);
    failure_t *failure = NULL;

    assert_int_equal(APR_EINVAL, failure_save(s.store, "../reload", &s.failure, s.p));
    assert_int_equal(APR_EINVAL, failure_save(s.store, "", &s.failure, s.p));
    assert_int_equal(APR_ENOENT, failure_load(&failure, s.store, "../reload", s.p));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(failures_are_kept_and_forgotten), fixture_test(longest_names_fit),
        fixture_test(two_keys_are_two_failures),       fixture_test(damaged_file_is_as_if_missing),
        fixture_test(strange_numbers_are_clamped),     fixture_test(keys_that_lead_out_are_refused),
    };

    return fixture_run(tests);
}
