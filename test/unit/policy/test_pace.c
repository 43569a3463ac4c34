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

#define NOW apr_time_from_sec(1000)
#define MS(n) apr_time_from_msec(n)

static void what_is_too_much(void **state)
{
    static const struct {
        int status;
        const char *type;
        int is;
    } rows[] = {
        { 429, NULL, 1 },
        { 503, ACME_ERROR "serverInternal", 1 },
        { 403, ACME_ERROR "rateLimited", 1 },
        { 500, ACME_ERROR "serverInternal", 0 },
        { 403, ACME_ERROR "unauthorized", 0 },
        { 0, EAB_PROBLEM_CA_UNREACHABLE, 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        eab_result_t result = problem(rows[i].status, rows[i].type);

        assert_int_equal(rows[i].is, pace_is_too_much(&result));
    }
}

static void succeed(pace_t *pace, int times)
{
    while (times-- > 0)
        pace_succeed(pace, pace->places);
}

static void doubles_while_each_has_its_answer(void **state)
{
    static const int places[] = { 8, 16, 32, 64, 100, 100 };
    pace_t pace;
    size_t i;

    (void)state;
    pace_init(&pace, 0);
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        assert_int_equal(places[i], pace.places);
        succeed(&pace, pace.places);
    }
}

static void is_never_above_what_it_may_be(void **state)
{
    static const int most[] = { 0, 1, 5, 8, 9, 100 };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
        int bound = most[i] > 0 ? most[i] : 100;
        pace_t pace;

        pace_init(&pace, most[i]);
        assert_int_equal(bound < 8 ? bound : 8, pace.places);
        succeed(&pace, 1000);
        assert_int_equal(bound, pace.places);
        pace_fail(&pace, NOW, NOW);
        succeed(&pace, 100000);
        assert_int_equal(bound, pace.places);
    }
}

/* What one certificate a day shows says nothing of a hundred. */
static void places_that_nobody_takes_do_not_become_more(void **state)
{
    pace_t pace;
    int i;

    (void)state;
    pace_init(&pace, 0);
    for (i = 0; i < 1000; i++)
        pace_succeed(&pace, 1);
    assert_int_equal(8, pace.places);
}

/* A hundred at work are told at once: that is one complaint. */
static void one_wave_counts_once(void **state)
{
    pace_t pace;
    int i;

    (void)state;
    pace_init(&pace, 0);
    succeed(&pace, 92);
    for (i = 0; i < 100; i++)
        pace_fail(&pace, NOW + MS(10 + i), NOW - MS(100 - i));
    assert_int_equal(50, pace.places);
    pace_fail(&pace, NOW + MS(200), NOW + MS(150));
    assert_int_equal(25, pace.places);
}

static void one_place_is_left(void **state)
{
    pace_t pace;
    int i;

    (void)state;
    pace_init(&pace, 8);
    for (i = 0; i < 20; i++)
        pace_fail(&pace, NOW + MS(100 * i), NOW + MS(100 * i));
    assert_int_equal(1, pace.places);
}

static void recovers_slowly(void **state)
{
    pace_t pace;

    (void)state;
    pace_init(&pace, 5);
    pace_fail(&pace, NOW, NOW - 1);
    assert_int_equal(2, pace.places);
    succeed(&pace, 19);
    assert_int_equal(2, pace.places);
    succeed(&pace, 1);
    assert_int_equal(3, pace.places);
    succeed(&pace, 29);
    assert_int_equal(3, pace.places);
    pace_fail(&pace, NOW + MS(1), NOW + MS(1));
    assert_int_equal(1, pace.places);
    succeed(&pace, 9); /* it counts from anew */
    assert_int_equal(1, pace.places);
    succeed(&pace, 1);
    assert_int_equal(2, pace.places);
}

/* A CA that takes 20 at a time and complains of each more: it is asked for too many once in more than
 * a hundred certificates of 8 requests, and never for less than a half of what it takes. */
static void does_not_swing(void **state)
{
    apr_time_t now = NOW;
    int i, complaints = 0, settled = 0;
    pace_t pace;

    (void)state;
    pace_init(&pace, 0);
    for (i = 0; i < 20000; i++) {
        now += MS(10);
        if (pace.places > 20) {
            pace_fail(&pace, now, now - 1);
            complaints++;
            settled = 1;
        }
        else {
            succeed(&pace, 1);
        }
        assert_true(!settled || (pace.places >= 10 && pace.places <= 21));
    }
    assert_in_range(complaints, 1, 20000 / 800);
}

/* ---- answers that take ever longer ---- */

static void answers_take(pace_t *pace, apr_time_t *now, int times, apr_interval_time_t took)
{
    while (times-- > 0) {
        *now += took;
        pace_time(pace, *now, *now - took);
    }
}

static pace_t grown(apr_time_t *now)
{
    pace_t pace;

    *now = NOW;
    pace_init(&pace, 0);
    succeed(&pace, 92);
    answers_take(&pace, now, 20, MS(50));
    return pace;
}

static void rising_times_halve(void **state)
{
    apr_time_t now;
    pace_t pace = grown(&now);

    (void)state;
    answers_take(&pace, &now, 6, MS(1500));
    assert_int_equal(50, pace.places);
    succeed(&pace, 499);
    assert_int_equal(50, pace.places);
    succeed(&pace, 1);
    assert_int_equal(51, pace.places);
}

static void one_slow_answer_is_none(void **state)
{
    apr_time_t now;
    pace_t pace = grown(&now);
    int i;

    (void)state;
    for (i = 0; i < 20; i++) {
        answers_take(&pace, &now, 1, apr_time_from_sec(60));
        answers_take(&pace, &now, 7, MS(60));
    }
    assert_int_equal(100, pace.places);
}

/* Of the many that were under way when it was halved each is slow: that is known. */
static void what_was_under_way_is_slow_once(void **state)
{
    apr_time_t now;
    pace_t pace = grown(&now);
    int i;

    (void)state;
    for (i = 0; i < 100; i++)
        pace_time(&pace, now + MS(1600 + i), now + MS(i));
    assert_int_equal(50, pace.places);
}

static void a_few_are_left_to_a_slow_ca(void **state)
{
    apr_time_t now;
    pace_t pace = grown(&now);

    (void)state;
    answers_take(&pace, &now, 1000, MS(5000));
    assert_int_equal(8, pace.places);
    pace_fail(&pace, now, now);
    answers_take(&pace, &now, 1000, MS(5000));
    assert_int_equal(4, pace.places);
}

static void a_ca_that_is_always_as_slow_is_not_busy(void **state)
{
    apr_time_t now = NOW;
    pace_t pace;
    int i;

    (void)state;
    pace_init(&pace, 0);
    succeed(&pace, 92);
    for (i = 0; i < 100; i++)
        answers_take(&pace, &now, 1, MS(800 + i * 20));
    assert_int_equal(100, pace.places);
    pace_init(&pace, 0);
    succeed(&pace, 92);
    for (i = 0; i < 100; i++) /* many times as long, and yet nobody waits for it */
        answers_take(&pace, &now, 1, MS(2 + i * 4));
    assert_int_equal(100, pace.places);
}

/* ---- doors ---- */

static void a_door_that_said_nothing_holds_nobody(void **state)
{
    pace_door_t door = { 0 };
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
    pace_door_t door = { 0 };
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
    pace_door_t door = { 0 };
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
    pace_door_t door = { 0 };

    (void)state;
    pace_door_refused(&door, NOW, NOW - 1, 7);
    assert_int_equal(MS(7000), pace_door_wait(&door, NOW, 0));
    pace_door_refused(&door, NOW + MS(10000), NOW + MS(9999), 100000);
    assert_int_equal(MS(30000), pace_door_wait(&door, NOW + MS(10000), 0));
}

/* More in each second than the limit are never sent, whatever the dice say. */
static void a_known_limit_is_kept_from_the_start(void **state)
{
    static const char *const hosts[] = { "acme.zerossl.com/v2/DV90",
                                         "acme-v02.api.letsencrypt.org/acme/new-nonce",
                                         "acme-v02.api.letsencrypt.org/directory" };
    static const double dice[] = { 0.999, 0.0, 0.3, 0.0 };
    size_t h;

    (void)state;
    for (h = 0; h < sizeof(hosts) / sizeof(hosts[0]); h++) {
        const pace_limit_t *limit = pace_limit(hosts[h]);
        apr_time_t at[1000];
        pace_door_t door;
        int i;

        assert_non_null(limit);
        pace_door_init(&door, limit);
        for (i = 0; i < 1000; i++) {
            at[i] = NOW + pace_door_wait(&door, NOW, dice[i % 4]);
            pace_door_passed(&door);
            assert_true(i < limit->a_second || at[i] - at[i - limit->a_second] > MS(1100));
        }
        assert_true(at[999] - NOW < apr_time_from_sec(1300) / limit->a_second);
    }
}

static int later(const void *a, const void *b)
{
    apr_time_t one = *(const apr_time_t *)a, other = *(const apr_time_t *)b;

    return (one > other) - (one < other);
}

/* Each takes its own time to the door and back: a second there at most. */
static void no_more_come_to_the_door_than_it_lets_through(void **state)
{
    static struct {
        apr_time_t sent, back;
    } under_way[1000];
    static apr_time_t came[1000];
    unsigned int dice = 7;
    apr_time_t now = NOW;
    pace_door_t door;
    int sent = 0, i;

    (void)state;
    pace_door_init(&door, pace_limit("acme.zerossl.com"));
    while (sent < 1000) {
        apr_interval_time_t wait;

        for (i = 0; i < sent; i++) {
            if (under_way[i].back != 0 && under_way[i].back <= now) {
                pace_door_answered(&door, now, under_way[i].sent);
                under_way[i].back = 0;
            }
        }
        if ((wait = pace_door_go(&door, now)) > 0) {
            now += wait < MS(10) ? wait : MS(10);
            continue;
        }
        dice = dice * 1103515245u + 12345u;
        came[sent] = now + MS((dice >> 16) % (dice % 5 == 0 ? 1000 : 60));
        dice = dice * 1103515245u + 12345u;
        under_way[sent].sent = now;
        under_way[sent].back = came[sent] + MS((dice >> 16) % 100);
        sent++;
    }
    qsort(came, 1000, sizeof(came[0]), later);
    for (i = 7; i < 1000; i++)
        assert_true(came[i] - came[i - 7] >= MS(1000));
    assert_true(now - NOW < apr_time_from_sec(1300) / 7); /* nor are they held for nothing */
}

/* What is never answered, or takes long, holds nobody for longer than its way may take. */
static void what_is_not_answered_is_forgotten(void **state)
{
    pace_door_t door;
    apr_time_t now = NOW;
    int i;

    (void)state;
    pace_door_init(&door, pace_limit("acme.zerossl.com"));
    for (i = 0; i < 7; i++, now += door.least)
        assert_int_equal(0, pace_door_go(&door, now));
    assert_int_equal(NOW + MS(2000) - now, pace_door_go(&door, now));
    assert_int_equal(0, pace_door_go(&door, NOW + MS(2000)));
}

/* What comes late does not come together with what comes after it. */
static void a_late_request_makes_the_next_one_wait(void **state)
{
    pace_door_t door;

    (void)state;
    pace_door_init(&door, pace_limit("acme.zerossl.com"));
    assert_int_equal(0, pace_door_go(&door, NOW));
    assert_int_equal(door.least - MS(100), pace_door_go(&door, NOW + MS(100)));
    assert_int_equal(0, pace_door_go(&door, NOW + door.least));
    assert_int_equal(door.least, pace_door_go(&door, NOW + door.least));
    pace_door_init(&door, NULL);
    assert_int_equal(0, pace_door_go(&door, NOW));
    assert_int_equal(0, pace_door_go(&door, NOW));
}

static void a_refusal_at_a_known_limit_is_forgotten_down_to_it(void **state)
{
    pace_door_t door;
    apr_interval_time_t least;
    int i;

    (void)state;
    pace_door_init(&door, pace_limit("acme.zerossl.com/v2/DV90"));
    least = door.gap;
    pace_door_refused(&door, NOW, NOW - 1, -1);
    assert_int_equal(2 * least, door.gap);
    for (i = 0; i < 100; i++)
        pace_door_passed(&door);
    assert_int_equal(least, door.gap);
    pace_door_init(&door, pace_limit("acme-v02.api.letsencrypt.org/acme/new-order"));
    pace_door_refused(&door, NOW, NOW - 1, -1);
    assert_int_equal(MS(250), door.gap); /* then it is another limit */
}

static void limits_are_of_hosts(void **state)
{
    (void)state;
    assert_int_equal(7, pace_limit("acme.zerossl.com")->a_second);
    assert_int_equal(7, pace_limit("ACME.zerossl.com:443/v2/DV90")->a_second);
    assert_int_equal(250, pace_limit("acme-v02.api.letsencrypt.org/acme/new-order")->a_second);
    assert_int_equal(20, pace_limit("acme-v02.api.letsencrypt.org/acme/new-nonce")->a_second);
    assert_null(pace_limit("acme-staging-v02.api.letsencrypt.org/directory"));
    assert_null(pace_limit("acme.zerossl.com.example/v2/DV90"));
    assert_null(pace_limit("ca.example/acme.zerossl.com"));
    assert_null(pace_limit(""));
}

static void a_door_is_crowded_when_many_wait(void **state)
{
    pace_door_t door;
    int i;

    (void)state;
    pace_door_init(&door, pace_limit("acme.zerossl.com"));
    assert_false(pace_door_is_crowded(&door, NOW));
    for (i = 0; i < 8; i++)
        pace_door_wait(&door, NOW, 0);
    assert_true(pace_door_is_crowded(&door, NOW));
    assert_false(pace_door_is_crowded(&door, NOW + MS(2000)));
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
        cmocka_unit_test(what_is_too_much),
        cmocka_unit_test(doubles_while_each_has_its_answer),
        cmocka_unit_test(is_never_above_what_it_may_be),
        cmocka_unit_test(places_that_nobody_takes_do_not_become_more),
        cmocka_unit_test(one_wave_counts_once),
        cmocka_unit_test(one_place_is_left),
        cmocka_unit_test(recovers_slowly),
        cmocka_unit_test(does_not_swing),
        cmocka_unit_test(rising_times_halve),
        cmocka_unit_test(one_slow_answer_is_none),
        cmocka_unit_test(what_was_under_way_is_slow_once),
        cmocka_unit_test(a_few_are_left_to_a_slow_ca),
        cmocka_unit_test(a_ca_that_is_always_as_slow_is_not_busy),
        cmocka_unit_test(a_door_that_said_nothing_holds_nobody),
        cmocka_unit_test(those_that_wait_come_one_by_one),
        cmocka_unit_test(complaints_make_the_gap_wider_and_passing_narrower),
        cmocka_unit_test(a_door_is_shut_as_long_as_it_says_and_not_for_ever),
        cmocka_unit_test(a_known_limit_is_kept_from_the_start),
        cmocka_unit_test(a_late_request_makes_the_next_one_wait),
        cmocka_unit_test(no_more_come_to_the_door_than_it_lets_through),
        cmocka_unit_test(what_is_not_answered_is_forgotten),
        cmocka_unit_test(a_refusal_at_a_known_limit_is_forgotten_down_to_it),
        cmocka_unit_test(limits_are_of_hosts),
        cmocka_unit_test(a_door_is_crowded_when_many_wait),
        cmocka_unit_test(the_same_is_asked_ever_more_slowly),
    };

    return fixture_run(tests);
}
