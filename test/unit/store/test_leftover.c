/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include "base/file.h"
#include "store/journal.h"
#include "store/leftover.h"
#include "store/record.h"
#include "store/registration.h"

#define USED "www.example.edu"
#define OLD "old.example.edu"
#define ID "0123456789abcdef0123456789abcdef"
#define NOW apr_time_from_sec(1800000000)
#define LATER (NOW + apr_time_from_sec(86400))

typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    store_t *store;
    apr_array_header_t *used;
} scene_t;

static void make(scene_t *s, const char *folder, const char *name)
{
    assert_int_equal(APR_SUCCESS, store_make_directory(s->store, folder, name, s->result, s->p));
}

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    s.result = eab_result_make(p);
    assert_int_equal(APR_SUCCESS, store_open(&s.store, fixture_directory(p), s.result, p));
    s.used = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(s.used, const char *) = USED;
    make(&s, "archive", USED);
    make(&s, "live", USED);
    make(&s, "pending", USED);
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

/* What is left over at that time, which is remembered as the keeper does. */
static apr_array_header_t *look(scene_t *s, apr_time_t now)
{
    apr_array_header_t *certificates = leftover_certificates(s->store, s->used, now, s->p);
    apr_array_header_t *none = apr_array_make(s->p, 1, sizeof(const char *));

    leftover_remember(s->store, certificates, leftover_accounts(s->store, none, now, s->p), s->p);
    return certificates;
}

static const leftover_t *only(const apr_array_header_t *leftovers)
{
    assert_int_equal(1, leftovers->nelts);
    return &APR_ARRAY_IDX(leftovers, 0, leftover_t);
}

static int has(scene_t *s, const char *folder, const char *name)
{
    struct stat st;

    return lstat(store_path(s->p, s->store, folder, name, NULL), &st) == 0;
}

static void what_is_used_is_none(void **state)
{
    scene_t s = scene(*state);

    assert_int_equal(0, look(&s, NOW)->nelts);
    assert_false(has(&s, "leftovers.json", NULL));
    assert_true(has(&s, "pending", USED));
    scene_end(&s);
}

static void since_when_is_remembered(void **state)
{
    scene_t s = scene(*state);
    const leftover_t *leftover = NULL;

    make(&s, "archive", OLD);
    assert_int_equal(
        0, symlink("../archive/" OLD "/000001", store_path(s.p, s.store, "live", OLD, NULL)));
    fixture_write(store_path(s.p, s.store, "archive", "notes", NULL), "mine", 4);
    leftover = only(look(&s, NOW));
    assert_string_equal(OLD, leftover->name);
    assert_true(leftover->is_new && leftover->since == NOW);
    assert_int_equal(2, leftover->paths->nelts);
    assert_string_equal(store_path(s.p, s.store, "archive", OLD, NULL),
                        APR_ARRAY_IDX(leftover->paths, 0, const char *));
    assert_string_equal(store_path(s.p, s.store, "live", OLD, NULL),
                        APR_ARRAY_IDX(leftover->paths, 1, const char *));
    leftover = only(look(&s, LATER));
    assert_true(!leftover->is_new && leftover->since == NOW);

    /* Configured again, and no more: that is another time. */
    APR_ARRAY_PUSH(s.used, const char *) = OLD;
    assert_int_equal(0, look(&s, LATER)->nelts);
    --s.used->nelts;
    leftover = only(look(&s, LATER));
    assert_true(leftover->is_new && leftover->since == LATER);

    /* What cannot be remembered begins now, and a clock that was ahead is no reason for the future. */
    fixture_write(store_path(s.p, s.store, "leftovers.json", NULL, NULL), "{", 1);
    assert_true(only(look(&s, LATER))->since == LATER);
    assert_true(only(look(&s, NOW))->since == NOW);
    scene_end(&s);
}

static void accounts_are_told_too(void **state)
{
    scene_t s = scene(*state);
    apr_array_header_t *used = apr_array_make(s.p, 1, sizeof(const char *));

    make(&s, "accounts", ID);
    assert_string_equal(ID, only(leftover_accounts(s.store, used, NOW, s.p))->name);
    look(&s, NOW);
    assert_false(only(leftover_accounts(s.store, used, LATER, s.p))->is_new);
    APR_ARRAY_PUSH(used, const char *) = ID;
    assert_int_equal(0, leftover_accounts(s.store, used, LATER, s.p)->nelts);
    scene_end(&s);
}

static void save_order(scene_t *s, int finalized)
{
    journal_t journal = { 0 };

    journal.account = ID;
    journal.names = apr_array_make(s->p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(journal.names, const char *) = OLD;
    journal.key_type = "p256";
    journal.finalized = finalized;
    journal.since = NOW;
    assert_int_equal(APR_SUCCESS, journal_save(s->store, OLD, &journal, s->result, s->p));
}

/* A certificate may have come of a finalized order, and then its key is worth something. */
static void orders_that_led_nowhere_go(void **state)
{
    scene_t s = scene(*state);

    save_order(&s, 0);
    assert_int_equal(0, look(&s, NOW)->nelts);
    assert_false(has(&s, "pending", OLD));
    save_order(&s, 1);
    assert_string_equal(OLD, only(look(&s, NOW))->name);
    assert_true(has(&s, "pending", OLD));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_is_used_is_none),
        fixture_test(since_when_is_remembered),
        fixture_test(accounts_are_told_too),
        fixture_test(orders_that_led_nowhere_go),
    };

    return fixture_run(tests);
}
