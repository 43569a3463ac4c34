/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "policy/pace.h"

static eab_result_t problem(int status, const char *type)
{
    eab_result_t result = { 0 };

    result.rv = APR_EGENERAL;
    result.http_status = status;
    result.type = type;
    return result;
}

static void halves_when_it_is_too_much(void **state)
{
    static const struct {
        int status;
        const char *type;
        int places;
    } rows[] = {
        { 429, NULL, 4 },
        { 503, ACME_ERROR "serverInternal", 4 },
        { 403, ACME_ERROR "rateLimited", 4 },
        { 500, ACME_ERROR "serverInternal", 8 },
        { 403, ACME_ERROR "unauthorized", 8 },
        { 0, EAB_PROBLEM_CA_UNREACHABLE, 8 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        eab_result_t result = problem(rows[i].status, rows[i].type);
        pace_t pace;

        pace_init(&pace, 8);
        pace_fail(&pace, &result, 8);
        assert_int_equal(rows[i].places, pace.places);
    }
}

/* Eight at work are told at once: that is one complaint, not eight. */
static void one_wave_counts_once(void **state)
{
    eab_result_t busy = problem(429, NULL);
    pace_t pace;
    int active;

    (void)state;
    pace_init(&pace, 8);
    for (active = 8; active > 4; active--)
        pace_fail(&pace, &busy, active);
    assert_int_equal(4, pace.places);
    pace_fail(&pace, &busy, 4);
    assert_int_equal(2, pace.places);
}

static void one_place_is_left(void **state)
{
    eab_result_t busy = problem(429, NULL);
    pace_t pace;
    int i;

    (void)state;
    pace_init(&pace, 8);
    for (i = 0; i < 20; i++)
        pace_fail(&pace, &busy, 1);
    assert_int_equal(1, pace.places);
    pace_init(&pace, 0);
    assert_int_equal(1, pace.places);
}

static void recovers_slowly_and_not_beyond(void **state)
{
    eab_result_t busy = problem(503, NULL);
    pace_t pace;
    int i;

    (void)state;
    pace_init(&pace, 5);
    pace_fail(&pace, &busy, 5);
    assert_int_equal(2, pace.places);
    for (i = 0; i < 9; i++)
        pace_succeed(&pace);
    assert_int_equal(2, pace.places);
    pace_succeed(&pace);
    assert_int_equal(3, pace.places);
    for (i = 0; i < 9; i++)
        pace_succeed(&pace);
    pace_fail(&pace, &busy, 4);
    assert_int_equal(3, pace.places);
    pace_succeed(&pace);
    assert_int_equal(3, pace.places); /* it counts from anew */
    for (i = 0; i < 100; i++)
        pace_succeed(&pace);
    assert_int_equal(5, pace.places);
}

/* ---- doors ---- */

#define NOW apr_time_from_sec(1000)
#define MS(n) apr_time_from_msec(n)

static void a_door_that_said_nothing_holds_nobody(void **state)
{
    pace_door_t door = { 0, 0, 0, 0 };
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        assert_int_equal(0, pace_door_wait(&door, NOW, 0.9));
        pace_door_passed(&door);
    }
}

/* Ten that were refused together come one after the other, and no more than 7 in a second. */
static void those_that_wait_come_one_by_one(void **state)
{
    pace_door_t door = { 0, 0, 0, 0 };
    apr_interval_time_t last = -1;
    int i;

    (void)state;
    for (i = 0; i < 10; i++)
        pace_door_refused(&door, NOW + i, NOW - MS(50), -1);
    assert_int_equal(MS(250), door.gap);
    for (i = 0; i < 10; i++) {
        apr_interval_time_t wait = pace_door_wait(&door, NOW + MS(1), i % 2 ? 0.99 : 0.0);

        assert_true(wait >= last + MS(i > 0 ? 187 : 0));
        last = wait;
    }
    assert_true(last > MS(9 * 187) && last < MS(9 * 313));
}

static void complaints_make_the_gap_wider_and_passing_narrower(void **state)
{
    pace_door_t door = { 0, 0, 0, 0 };
    int i;

    (void)state;
    pace_door_refused(&door, NOW, NOW - 1, -1);
    pace_door_refused(&door, NOW + MS(500), NOW + MS(400), -1);
    assert_int_equal(MS(500), door.gap);
    for (i = 1; i < 10; i++)
        pace_door_refused(&door, NOW + MS(1000 * i), NOW + MS(1000 * i - 10), -1);
    assert_int_equal(MS(1000), door.gap);
    for (i = 0; i < 60; i++)
        pace_door_passed(&door);
    assert_int_equal(0, door.gap);
    assert_int_equal(0, pace_door_wait(&door, NOW + MS(60000), 0.5));
}

static void a_door_is_shut_as_long_as_it_says_and_not_for_ever(void **state)
{
    pace_door_t door = { 0, 0, 0, 0 };

    (void)state;
    pace_door_refused(&door, NOW, NOW - 1, 7);
    assert_int_equal(MS(7000), pace_door_wait(&door, NOW, 0));
    pace_door_refused(&door, NOW + MS(10000), NOW + MS(9999), 100000);
    assert_int_equal(MS(30000), pace_door_wait(&door, NOW + MS(10000), 0));
}

/* The same request at most twice in the first second and six times in the first minute, whatever the
 * dice say. */
static void the_same_is_asked_ever_more_slowly(void **state)
{
    static const double dice[] = { 0.0, 0.3, 0.999 };
    size_t d;
    int i;

    (void)state;
    for (d = 0; d < 3; d++) {
        apr_interval_time_t at = 0, least = MS(1000);
        int in_a_minute = 1;

        for (i = 1; i < 20; i++) {
            apr_interval_time_t wait = pace_repeat(i, -1, dice[d]);

            assert_true(wait >= least && wait <= least + least / 4);
            if (i < 6)
                least *= 2;
            at += wait;
            in_a_minute += at < MS(60000);
        }
        assert_true(in_a_minute <= 6);
    }
    assert_int_equal(MS(7000), pace_repeat(1, 7, 0));
    assert_int_equal(MS(16000), pace_repeat(5, 7, 0));
    assert_int_equal(MS(30000), pace_repeat(1, 30, 0));
    assert_int_equal(-1, pace_repeat(1, 31, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_when_it_is_too_much),
        cmocka_unit_test(one_wave_counts_once),
        cmocka_unit_test(one_place_is_left),
        cmocka_unit_test(recovers_slowly_and_not_beyond),
        cmocka_unit_test(a_door_that_said_nothing_holds_nobody),
        cmocka_unit_test(those_that_wait_come_one_by_one),
        cmocka_unit_test(complaints_make_the_gap_wider_and_passing_narrower),
        cmocka_unit_test(a_door_is_shut_as_long_as_it_says_and_not_for_ever),
        cmocka_unit_test(the_same_is_asked_ever_more_slowly),
    };

    return fixture_run(tests);
}
