/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <fcntl.h>

#include <openssl/crypto.h>

#include "base/bytes.h"
#include "live/stapled.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define NOW 1000
#define LATER 2000

static segment_t *workers;

static segment_t *make(apr_pool_t *p)
{
    segment_t *keeper = NULL;

    assert_int_equal(APR_SUCCESS, segment_make(&workers, STAPLED_SLOTS(3), p));
    assert_int_equal(APR_SUCCESS,
                     segment_open(&keeper, fcntl(segment_descriptor(workers), F_DUPFD_CLOEXEC, 3),
                                  STAPLED_SLOTS(3), p));
    return keeper;
}

static void publish(segment_t *keeper, int index, const char *fingerprint, apr_time_t until,
                    const char *text)
{
    assert_int_equal(APR_SUCCESS, stapled_publish(keeper, stapled_slot(3, index), fingerprint,
                                                  until, text, strlen(text)));
}

static void expect_at(int index, const char *fingerprint, apr_time_t now, const char *text)
{
    unsigned char *der = NULL;
    int len = 0;
    int found = stapled_take(workers, stapled_slot(3, index), fingerprint, now, &der, &len);

    assert_int_equal(text != NULL, found);
    if (text != NULL) {
        assert_int_equal(strlen(text), len);
        assert_memory_equal(text, der, strlen(text));
    }
    OPENSSL_free(der);
}

static void expect(const char *fingerprint, const char *text)
{
    expect_at(1, fingerprint, NOW, text);
}

static void it_is_found_by_its_certificate(void **state)
{
    segment_t *keeper = make(*state);

    expect(A, NULL);
    publish(keeper, 1, A, LATER, "one");
    expect(A, "one");
    expect(B, NULL);
    expect("", NULL);
    expect_at(0, A, NOW, NULL);
    expect_at(2, A, NOW, NULL);
    assert_true(segment_current(workers, 1) == 0); /* the pair has a slot of its own */
}

static void what_is_over_is_not_taken(void **state)
{
    segment_t *keeper = make(*state);

    publish(keeper, 1, A, LATER, "one");
    expect_at(1, A, LATER - 1, "one");
    expect_at(1, A, LATER, NULL);
    publish(keeper, 1, A, NOW, "two"); /* nor what was before */
    expect(A, NULL);
}

static void nothing_is_taken_back(void **state)
{
    segment_t *keeper = make(*state);

    publish(keeper, 1, A, LATER, "one");
    publish(keeper, 1, A, 0, "");
    expect(A, NULL);
}

static void the_certificate_before_keeps_its_own(void **state)
{
    segment_t *keeper = make(*state);

    publish(keeper, 1, A, LATER, "one");
    publish(keeper, 1, B, LATER, "two");
    expect(A, "one");
    expect(B, "two");
    publish(keeper, 1, B, LATER + 1, "three");
    expect(A, NULL);
    expect(B, "three");
}

static void the_same_is_not_published_again(void **state)
{
    segment_t *keeper = make(*state);
    segment_ref_t ref;

    publish(keeper, 1, A, LATER, "one");
    ref = segment_current(workers, stapled_slot(3, 1));
    publish(keeper, 1, A, LATER, "one");
    assert_true(ref == segment_current(workers, stapled_slot(3, 1)));
    publish(keeper, 1, A, LATER + 1, "one");
    assert_false(ref == segment_current(workers, stapled_slot(3, 1)));
}

static void there_is_a_largest_one(void **state)
{
    segment_t *keeper = make(*state);
    char *text = apr_palloc(*state, LIMIT_STAPLE + 2);

    memset(text, 'x', LIMIT_STAPLE + 1);
    text[LIMIT_STAPLE] = '\0';
    publish(keeper, 1, A, LATER, text);
    expect(A, text);
    assert_int_equal(APR_ENOSPC,
                     stapled_publish(keeper, stapled_slot(3, 1), A, LATER, text, LIMIT_STAPLE + 1));
    assert_int_equal(APR_EINVAL, stapled_publish(keeper, stapled_slot(3, 1), "aa", LATER, "x", 1));
    assert_int_equal(APR_EINVAL, stapled_publish(keeper, STAPLED_SLOTS(3), A, LATER, "x", 1));
    expect(A, text);
}

/* Whatever else may stand there. */
static void damage_is_no_response(void **state)
{
    segment_t *keeper = make(*state);

    assert_int_equal(APR_SUCCESS, segment_publish(keeper, stapled_slot(3, 1), A, 64));
    expect(A, NULL);
    assert_int_equal(APR_SUCCESS, segment_publish(keeper, stapled_slot(3, 1), "", 0));
    expect(A, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_is_found_by_its_certificate),
        fixture_test(what_is_over_is_not_taken),
        fixture_test(nothing_is_taken_back),
        fixture_test(the_certificate_before_keeps_its_own),
        fixture_test(the_same_is_not_published_again),
        fixture_test(there_is_a_largest_one),
        fixture_test(damage_is_no_response),
    };

    return fixture_run(tests);
}
