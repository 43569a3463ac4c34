/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>

#include "policy/retry.h"

#define MINUTES(n) ((n)*apr_time_from_sec(60))
#define HOURS(n) MINUTES((n)*60)
#define NOW apr_time_from_sec(1795298700)

static eab_result_t problem_with(apr_int64_t retry_after)
{
    eab_result_t problem = { 0 };

    problem.retry_after = retry_after;
    return problem;
}

static apr_interval_time_t wait_for(retry_class_t class, double dice, int attempts,
                                    apr_int64_t retry_after)
{
    eab_result_t problem = problem_with(retry_after);

    return retry_at(NOW, dice, class, attempts, &problem) - NOW;
}

/* In the middle, and 10 % to both sides. */
static void assert_spread(retry_class_t class, int attempts, int minutes)
{
    apr_interval_time_t middle = wait_for(class, 0.5, attempts, -1);

    assert_int_equal((middle + APR_USEC_PER_SEC / 2) / MINUTES(1), minutes);
    assert_in_range(wait_for(class, 0, attempts, -1), MINUTES(minutes) * 9 / 10 - 1,
                    MINUTES(minutes) * 9 / 10 + 1);
    assert_in_range(wait_for(class, 0.9999999, attempts, -1), MINUTES(minutes) * 11 / 10 - 10000,
                    MINUTES(minutes) * 11 / 10);
}

static void tries_transient_problems_again_and_again(void **state)
{
    static const int minutes[] = { 1,  2,  2,  5,  10, 10, 10,  20,  20,  20,  20,  30,  30,
                                   30, 30, 30, 60, 60, 60, 120, 120, 180, 180, 360, 360, 360 };
    int i;

    (void)state;
    for (i = 0; i < (int)(sizeof(minutes) / sizeof(minutes[0])); ++i)
        assert_spread(RETRY_TRANSIENT, i + 1, minutes[i]);
}

static void survives_any_count(void **state)
{
    (void)state;
    assert_spread(RETRY_TRANSIENT, INT_MAX, 360);
    assert_spread(RETRY_VALIDATION, INT_MAX, 360);
    assert_spread(RETRY_CONFIGURATION, INT_MAX, 1440);
    assert_spread(RETRY_TRANSIENT, 0, 1);
    assert_spread(RETRY_TRANSIENT, INT_MIN, 1);
    assert_int_equal(wait_for(RETRY_LIMITED, 0, INT_MIN, 5), apr_time_from_sec(5));
}

static void spares_the_validation_limits(void **state)
{
    int i;

    (void)state;
    assert_spread(RETRY_VALIDATION, 1, 1);
    assert_spread(RETRY_VALIDATION, 2, 12);
    for (i = 2; i < 40; ++i) {
        assert_true(wait_for(RETRY_VALIDATION, 0.5, i, -1) >= MINUTES(12));
        assert_true(wait_for(RETRY_VALIDATION, 0.5, i, -1)
                    <= wait_for(RETRY_VALIDATION, 0.5, i + 1, -1));
    }
    /* The sixth attempt comes more than an hour after the first, however the dice fall. */
    assert_true(wait_for(RETRY_VALIDATION, 0, 1, -1) + wait_for(RETRY_VALIDATION, 0, 2, -1)
                    + wait_for(RETRY_VALIDATION, 0, 3, -1) + wait_for(RETRY_VALIDATION, 0, 4, -1)
                    + wait_for(RETRY_VALIDATION, 0, 5, -1)
                >= HOURS(1));
}

static void waits_a_day_for_the_administrator(void **state)
{
    (void)state;
    assert_spread(RETRY_CONFIGURATION, 1, 1440);
    assert_spread(RETRY_CONFIGURATION, 7, 1440);
}

static void obeys_limits(void **state)
{
    (void)state;
    /* The CA is silent: never less than an hour. */
    assert_int_equal(wait_for(RETRY_LIMITED, 0, 1, -1), HOURS(1));
    /* Those who met the same limit do not all come back in the same second. */
    assert_in_range(wait_for(RETRY_LIMITED, 0.5, 1, -1), MINUTES(63) - 1, MINUTES(63) + 1);
    assert_in_range(wait_for(RETRY_LIMITED, 0.9999999, 1, -1), MINUTES(65), MINUTES(66));
    assert_true(retry_at(NOW, 0, RETRY_LIMITED, 1, NULL) == NOW + HOURS(1));
    /* It has said. */
    assert_int_equal(wait_for(RETRY_LIMITED, 0, 1, 30), apr_time_from_sec(30));
    assert_in_range(wait_for(RETRY_LIMITED, 0.9999999, 1, 30), apr_time_from_sec(32),
                    apr_time_from_sec(33));
    assert_int_equal(wait_for(RETRY_LIMITED, 0, 9, 7200), HOURS(2));
    /* A CA that keeps saying "at once" is not asked every second. */
    assert_int_equal(wait_for(RETRY_LIMITED, 0.5, 5, 0), MINUTES(5));
}

static void a_decision_of_the_ca_is_final(void **state)
{
    static const struct {
        int status, foreign, useless;
        const char *type;
    } rows[] = {
        { 400, 0, 1, ACME_ERROR "malformed" },
        { 401, 0, 1, ACME_ERROR "unauthorized" },
        { 403, 0, 1, NULL },
        { 404, 0, 1, NULL },
        { 400, 0, 0, ACME_ERROR "badNonce" },
        { 403, 0, 0, ACME_ERROR "rateLimited" },
        { 429, 0, 0, NULL },
        { 408, 0, 0, NULL },
        { 425, 0, 0, NULL },
        { 403, 1, 0, NULL }, /* of something in between */
        { 500, 0, 0, ACME_ERROR "serverInternal" },
        { 503, 0, 0, NULL },
        { 0, 0, 0, EAB_PROBLEM_CA_UNREACHABLE },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        eab_result_t problem = { 0 };

        problem.http_status = rows[i].status;
        problem.foreign = rows[i].foreign;
        problem.type = rows[i].type;
        assert_int_equal(rows[i].useless, retry_is_useless(&problem));
    }
}

static void is_never_earlier_than_retry_after(void **state)
{
    static const retry_class_t classes[] = { RETRY_TRANSIENT, RETRY_LIMITED, RETRY_VALIDATION,
                                             RETRY_CONFIGURATION };
    static const apr_int64_t seconds[] = { 0, 1, 60, 3600, 86400, 604800, 31 * 86400 };
    size_t c, s;
    int attempts, dice;

    (void)state;
    for (c = 0; c < 4; ++c) {
        for (s = 0; s < sizeof(seconds) / sizeof(seconds[0]); ++s) {
            for (attempts = 1; attempts < 30; ++attempts) {
                for (dice = 0; dice < 10; ++dice)
                    assert_true(wait_for(classes[c], dice / 10.0, attempts, seconds[s])
                                >= apr_time_from_sec(seconds[s]));
            }
        }
    }
}

static void takes_retry_after_for_a_month_at_most(void **state)
{
    (void)state;
    assert_int_equal(wait_for(RETRY_LIMITED, 0, 1, 604800), HOURS(7 * 24));
    assert_in_range(wait_for(RETRY_LIMITED, 0.9999999, 1, 604800), HOURS(7 * 24),
                    HOURS(7 * 24 + 1));
    assert_int_equal(wait_for(RETRY_TRANSIENT, 0, 1, 365 * 86400), HOURS(31 * 24));
    assert_int_equal(wait_for(RETRY_TRANSIENT, 0, 1, APR_INT64_MAX), HOURS(31 * 24));
}

static void is_always_later_than_now(void **state)
{
    (void)state;
    assert_int_equal(wait_for(RETRY_LIMITED, 0, 1, 0), apr_time_from_sec(1));
    assert_true(retry_at(NOW, 0, RETRY_TRANSIENT, 1, NULL) > NOW);
}

static void polls_as_the_ca_says(void **state)
{
    (void)state;
    assert_int_equal(retry_poll(0, 15, 0), apr_time_from_sec(15));
    assert_int_equal(retry_poll(9, 15, 0), apr_time_from_sec(15));
    assert_int_equal(retry_poll(0, 0, 0), apr_time_from_sec(1));
    assert_int_equal(retry_poll(0, 86400, 0), apr_time_from_sec(3600));
    assert_int_equal(retry_poll(0, APR_INT64_MAX, 0), apr_time_from_sec(3600));
}

static void polls_slower_when_the_ca_is_silent(void **state)
{
    static const int milliseconds[] = { 100, 400, 500, 1000, 2000, 4000, 8000, 15000, 30000 };
    int i;

    (void)state;
    for (i = 0; i < 9; ++i)
        assert_int_equal(retry_poll(i, -1, 0), apr_time_from_msec(milliseconds[i]));
    assert_int_equal(retry_poll(INT_MAX - 1, -1, 0), apr_time_from_sec(30));
    assert_int_equal(retry_poll(-1, -1, 0), apr_time_from_msec(100));
    /* What the network takes counts, and no more than that; the CA's own word counts as it is. */
    assert_int_equal(retry_poll(0, -1, apr_time_from_msec(30)), apr_time_from_msec(70));
    assert_int_equal(retry_poll(0, -1, apr_time_from_msec(300)), 0);
    assert_int_equal(retry_poll(1, -1, apr_time_from_msec(300)), apr_time_from_msec(100));
    assert_int_equal(retry_poll(0, 2, apr_time_from_msec(300)), apr_time_from_sec(2));
}

static void looks_when_the_ca_has_read_the_answers(void **state)
{
    (void)state;
    assert_int_equal(retry_first_poll(1, 0, -1, 0), apr_time_from_sec(5));
    assert_int_equal(retry_first_poll(7, apr_time_from_sec(1), -1, 0), apr_time_from_sec(5));
    assert_int_equal(retry_first_poll(0, 0, -1, 0), apr_time_from_msec(50));
    assert_int_equal(retry_first_poll(0, apr_time_from_msec(30), -1, 0), apr_time_from_msec(20));
    assert_int_equal(retry_first_poll(0, apr_time_from_sec(30), -1, 0), 0);
    assert_int_equal(retry_first_poll(0, -1, -1, 0), 0); /* the clock was set back */
    assert_int_equal(retry_first_poll(0, 0, 3, 0), apr_time_from_sec(3));
    assert_int_equal(retry_first_poll(1, 0, 3, 0), apr_time_from_sec(5));
    assert_int_equal(retry_first_poll(1, 0, 15, 0), apr_time_from_sec(15));
    /* The question takes half a trip to get there. */
    assert_int_equal(retry_first_poll(0, 0, -1, apr_time_from_msec(50)), apr_time_from_msec(25));
    assert_int_equal(retry_first_poll(0, apr_time_from_msec(20), -1, apr_time_from_msec(50)),
                     apr_time_from_msec(5));
    assert_int_equal(retry_first_poll(0, 0, -1, apr_time_from_sec(1)), 0);
    assert_int_equal(retry_first_poll(1, 0, -1, apr_time_from_sec(1)), apr_time_from_sec(5));
    assert_int_equal(retry_first_poll(0, 0, 3, apr_time_from_sec(1)), apr_time_from_sec(3));
}

static void an_order_in_vain_is_placed_anew_now_and_then(void **state)
{
    (void)state;
    assert_true(retry_anew(1, 0));
    assert_false(retry_anew(2, apr_time_from_sec(60)));
    assert_false(retry_anew(9, apr_time_from_sec(6 * 3600 - 1)));
    assert_true(retry_anew(2, apr_time_from_sec(6 * 3600)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_transient_problems_again_and_again),
        cmocka_unit_test(survives_any_count),
        cmocka_unit_test(an_order_in_vain_is_placed_anew_now_and_then),
        cmocka_unit_test(spares_the_validation_limits),
        cmocka_unit_test(waits_a_day_for_the_administrator),
        cmocka_unit_test(obeys_limits),
        cmocka_unit_test(a_decision_of_the_ca_is_final),
        cmocka_unit_test(is_never_earlier_than_retry_after),
        cmocka_unit_test(takes_retry_after_for_a_month_at_most),
        cmocka_unit_test(is_always_later_than_now),
        cmocka_unit_test(polls_as_the_ca_says),
        cmocka_unit_test(polls_slower_when_the_ca_is_silent),
        cmocka_unit_test(looks_when_the_ca_has_read_the_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
