/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "policy/reload.h"

#define AT(seconds) apr_time_from_sec(1795298700 + (seconds))

#define NOW AT(1000)
#define HOURS(n) ((n)*apr_time_from_sec(3600))
#define DAYS(n) HOURS(24 * (n))

/* What is served is good for long, and nothing else is expected. */
#define FACTS(some, any, begin, end, before, no, times, more) \
    { \
        .waiting = some, .first = any, .oldest = begin, .newest = end, .last = before, \
        .refused = no, .refusals = times, .coming = more, .since = begin, .deadline = AT(9999999) \
    }

static void decides_by_the_table(void **state)
{
    /* In seconds from some moment; 0 for "never". */
    static const struct {
        const char *name;
        reload_facts_t facts;
        apr_time_t when;
    } rows[] = {
        { "nothing waits", FACTS(0, 0, AT(1), AT(1), AT(1), 0, 0, 0), 0 },
        { "nothing waits, though refused", FACTS(0, 1, AT(1), AT(1), 0, AT(5), 1, 0), 0 },
        { "the first of a vhost", FACTS(1, 1, AT(1), AT(1), 0, 0, 0, 0), AT(1) },
        { "the first, with others", FACTS(3, 1, AT(1), AT(9), 0, 0, 0, 0), AT(1) },
        { "the first, more are coming", FACTS(1, 1, AT(1), AT(1), 0, 0, 0, 4), AT(3) },
        { "many first ones", FACTS(40, 1, AT(1), AT(4), 0, 0, 0, 4), AT(6) },
        { "first ones without end", FACTS(90, 1, AT(1), AT(20), 0, 0, 0, 4), AT(21) },
        { "renewed, and first ones are coming", FACTS(1, 0, AT(1), AT(1), 0, 0, 0, 4), AT(6) },
        { "one renewed", FACTS(1, 0, AT(1), AT(1), 0, 0, 0, 0), AT(6) },
        { "several renewed", FACTS(3, 0, AT(1), AT(20), 0, 0, 0, 0), AT(25) },
        { "more and more", FACTS(90, 0, AT(1), AT(59), 0, 0, 0, 0), AT(61) },
        { "soon after a restart", FACTS(1, 0, AT(1), AT(1), AT(0), 0, 0, 0), AT(10) },
        { "the first, soon after a restart", FACTS(1, 1, AT(1), AT(1), AT(0), 0, 0, 0), AT(10) },
        { "long after a restart", FACTS(1, 0, AT(100), AT(100), AT(0), 0, 0, 0), AT(105) },
        { "refused once", FACTS(1, 1, AT(1), AT(1), 0, AT(2), 1, 0), AT(12) },
        { "refused twice", FACTS(1, 1, AT(1), AT(1), 0, AT(12), 2, 0), AT(42) },
        { "refused three times", FACTS(1, 0, AT(1), AT(1), 0, AT(42), 3, 0), AT(102) },
        { "refused for ever", FACTS(1, 0, AT(1), AT(1), 0, AT(900), 1000000, 0), AT(960) },
        { "refused, and another arrives", FACTS(2, 0, AT(1), AT(58), 0, AT(50), 1, 0), AT(61) },
        { "all at the epoch", FACTS(1, 1, 0, 0, 0, 0, 0, 0), 1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        if (reload_decide(NOW, &rows[i].facts).when != rows[i].when)
            fail_msg("%s", rows[i].name);
    }
}

/* The clock was put back: nothing that was written down before may hold a certificate up. */
static void times_of_the_future_are_not_waited_for(void **state)
{
    static const reload_facts_t installed = FACTS(1, 0, AT(90000), AT(90000), 0, 0, 0, 0);
    static const reload_facts_t restarted = FACTS(1, 0, AT(1), AT(1), AT(90000), 0, 0, 0);
    static const reload_facts_t refused = FACTS(1, 0, AT(1), AT(1), 0, AT(90000), 3, 0);

    (void)state;
    assert_true(reload_decide(NOW, &installed).when <= NOW);
    assert_true(reload_decide(NOW, &restarted).when <= NOW);
    assert_true(reload_decide(NOW, &refused).when <= NOW);
}

static void a_clock_that_was_put_back_holds_no_renewal(void **state)
{
    reload_facts_t facts = FACTS(1, 0, AT(90000), AT(90000), 0, 0, 0, 0);

    (void)state;
    facts.expected = AT(1001); /* installed in the future: by a clock that was wrong */
    assert_true(reload_decide(NOW, &facts).when <= NOW);
    facts.oldest = facts.newest = facts.since = AT(1);
    facts.expected = 0;
    facts.renewed = AT(90000);
    assert_true(reload_decide(NOW, &facts).when <= NOW);
}

/* ---- renewals ---- */

/* 2026-11-29, 00:00 UTC. */
#define MIDNIGHT apr_time_from_sec(1795910400)
#define CLOCK(hours, minutes) (MIDNIGHT + HOURS(hours) + apr_time_from_sec((minutes)*60))
#define SOON apr_time_from_sec(5)

/* A renewal that came at noon. */
static reload_facts_t renewal(void)
{
    reload_facts_t facts = FACTS(1, 0, CLOCK(12, 0), CLOCK(12, 0), 0, 0, 0, 0);

    facts.deadline = CLOCK(12, 0) + DAYS(25);
    return facts;
}

static void expect(const reload_facts_t *facts, apr_time_t now, apr_time_t when,
                   reload_cause_t cause)
{
    reload_decision_t decision = reload_decide(now, facts);

    assert_int_equal(decision.when, when);
    assert_int_equal(decision.cause, cause);
}

static void a_lonely_renewal_goes_live_at_once(void **state)
{
    reload_facts_t facts = renewal();

    (void)state;
    expect(&facts, CLOCK(12, 0), CLOCK(12, 0) + SOON, RELOAD_AT_ONCE);
    facts.expected = CLOCK(36, 1); /* not within a day */
    expect(&facts, CLOCK(12, 0), CLOCK(12, 0) + SOON, RELOAD_AT_ONCE);
    facts.last = CLOCK(11, 0); /* for something else */
    expect(&facts, CLOCK(12, 0), CLOCK(12, 0) + SOON, RELOAD_AT_ONCE);
}

static void others_are_waited_for_a_day_long(void **state)
{
    reload_facts_t facts = renewal();

    (void)state;
    facts.expected = CLOCK(35, 59);
    expect(&facts, CLOCK(12, 0), CLOCK(36, 0), RELOAD_OTHERS);
    expect(&facts, CLOCK(35, 0), CLOCK(36, 0), RELOAD_OTHERS);
    assert_true(reload_decide(CLOCK(36, 0), &facts).when <= CLOCK(36, 0));
    facts.expected = CLOCK(12, 0); /* any moment */
    expect(&facts, CLOCK(12, 0), CLOCK(36, 0), RELOAD_OTHERS);
    facts.expected = CLOCK(40, 0); /* and then for no one else */
    assert_true(reload_decide(CLOCK(36, 1), &facts).when <= CLOCK(36, 1));
    facts.expected = 0; /* it has come: nothing is left to wait for */
    facts.waiting = 2;
    facts.newest = CLOCK(20, 0);
    assert_true(reload_decide(CLOCK(20, 1), &facts).when <= CLOCK(20, 1));
}

static void one_restart_a_day_is_enough(void **state)
{
    reload_facts_t facts = renewal();

    (void)state;
    facts.renewed = CLOCK(11, 0);
    expect(&facts, CLOCK(12, 0), CLOCK(35, 0), RELOAD_DAY);
    facts.expected = CLOCK(13, 0);
    expect(&facts, CLOCK(12, 0), CLOCK(36, 0), RELOAD_OTHERS);
    facts.expected = 0;
    facts.renewed = CLOCK(-13, 0);
    expect(&facts, CLOCK(12, 0), CLOCK(12, 0) + SOON, RELOAD_AT_ONCE);
}

static void what_somebody_waits_for_is_not_held_back(void **state)
{
    reload_facts_t facts = renewal();

    (void)state;
    facts.expected = CLOCK(13, 0);
    facts.renewed = CLOCK(11, 0);
    facts.window.from = 2 * 60;
    facts.window.to = 5 * 60;
    facts.urgent = 1;
    expect(&facts, CLOCK(12, 0), CLOCK(12, 0) + SOON, RELOAD_AT_ONCE);
    facts.urgent = 0;
    facts.first = 1;
    expect(&facts, CLOCK(12, 0), CLOCK(12, 0), RELOAD_AT_ONCE);
}

static void nothing_waits_beyond_the_deadline(void **state)
{
    reload_facts_t facts = renewal();

    (void)state;
    facts.expected = CLOCK(13, 0);
    facts.deadline = CLOCK(15, 0);
    expect(&facts, CLOCK(12, 0), CLOCK(15, 0), RELOAD_DEADLINE);
    facts.expected = 0;
    facts.renewed = CLOCK(11, 0);
    expect(&facts, CLOCK(12, 0), CLOCK(15, 0), RELOAD_DEADLINE);
    facts.window.from = 22 * 60;
    facts.window.to = 4 * 60;
    expect(&facts, CLOCK(12, 0), CLOCK(15, 0), RELOAD_DEADLINE);
    facts.deadline = CLOCK(11, 0); /* it is over: as soon as ever */
    expect(&facts, CLOCK(12, 0), CLOCK(12, 0) + SOON, RELOAD_AT_ONCE);
    facts.refused = CLOCK(12, 1);
    facts.refusals = 3;
    expect(&facts, CLOCK(12, 1), CLOCK(12, 2), RELOAD_AT_ONCE);
}

static void the_deadline_follows_the_life(void **state)
{
    static const struct {
        apr_interval_time_t life, rest;
    } rows[] = {
        { HOURS(1), HOURS(1) / 4 },      { HOURS(24), HOURS(6) },
        { DAYS(6), HOURS(144) / 20 },    { DAYS(7), HOURS(168) / 20 },
        { DAYS(47), HOURS(1128) / 20 },  { DAYS(90), HOURS(108) },
        { DAYS(398), HOURS(9552) / 20 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        apr_time_t end = NOW + rows[i].life - apr_time_from_sec(1);

        assert_int_equal(reload_deadline(NOW, end, 0), NOW + rows[i].life - rows[i].rest);
        assert_int_equal(reload_deadline(NOW, end, NOW + 7), NOW + 7);
        assert_int_equal(reload_deadline(NOW, end, end), NOW + rows[i].life - rows[i].rest);
    }
}

static void a_window_is_kept_to(void **state)
{
    reload_facts_t facts = renewal();

    (void)state;
    facts.window.from = 22 * 60 + 30;
    facts.window.to = 4 * 60;
    expect(&facts, CLOCK(12, 0), CLOCK(22, 30), RELOAD_WINDOW);
    assert_true(reload_decide(CLOCK(22, 30), &facts).when <= CLOCK(22, 30));
    assert_true(reload_decide(CLOCK(27, 59), &facts).when <= CLOCK(27, 59));
    expect(&facts, CLOCK(28, 0), CLOCK(46, 30), RELOAD_WINDOW);
    /* Behind a refusal it need not be open any more. */
    facts.refused = CLOCK(27, 59);
    facts.refusals = 3;
    expect(&facts, CLOCK(27, 59), CLOCK(46, 30), RELOAD_WINDOW);
    /* Another one in the same night is for the next; a restart of the day before does not count. */
    facts.refusals = 0;
    facts.refused = 0;
    facts.renewed = CLOCK(23, 0);
    expect(&facts, CLOCK(23, 10), CLOCK(46, 30), RELOAD_WINDOW);
    facts.renewed = CLOCK(12, 0);
    assert_true(reload_decide(CLOCK(22, 30), &facts).when <= CLOCK(22, 30));
    /* Others are waited for until its last minute, not longer. */
    facts.renewed = 0;
    facts.expected = CLOCK(27, 58);
    expect(&facts, CLOCK(12, 0), CLOCK(27, 59), RELOAD_OTHERS);
    assert_true(reload_decide(CLOCK(27, 59), &facts).when <= CLOCK(27, 59));
    facts.expected = CLOCK(29, 0);
    expect(&facts, CLOCK(12, 0), CLOCK(22, 30), RELOAD_WINDOW);
}

static void the_window_is_of_the_local_clock(void **state)
{
    static const struct {
        int from, to, offset;
        apr_time_t when;
    } rows[] = {
        { 120, 300, 3600, CLOCK(25, 0) },      { 120, 300, -6 * 3600, CLOCK(32, 0) },
        { 120, 300, 14 * 3600, CLOCK(12, 0) }, /* 02:00 of the next day */
        { 0, 1, 19800, CLOCK(18, 30) },        { 1439, 0, -12 * 3600, CLOCK(35, 59) },
        { 1439, 1, 12 * 3600, CLOCK(12, 0) },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        reload_facts_t facts = renewal();
        apr_time_t when;

        facts.window.from = rows[i].from;
        facts.window.to = rows[i].to;
        facts.zone.offset = rows[i].offset;
        when = reload_decide(CLOCK(12, 0), &facts).when;
        assert_int_equal(when == CLOCK(12, 0) + SOON ? CLOCK(12, 0) : when, rows[i].when);
    }
}

/* At 01:00 UTC of the next day the clock jumps from 02:00 to 03:00, or from 03:00 to 02:00. */
static void the_clock_is_put_forward_or_back(void **state)
{
    static const struct {
        const char *name;
        int from, to, forward;
        apr_time_t when;
    } rows[] = {
        { "it is jumped over: the night after", 120, 180, 1, CLOCK(48, 0) },
        { "and a part of it", 130, 170, 1, CLOCK(48, 10) },
        { "it begins in what is jumped over", 150, 270, 1, CLOCK(25, 0) },
        { "it is before", 60, 120, 1, CLOCK(24, 0) },
        { "it is behind", 300, 360, 1, CLOCK(27, 0) },
        { "it comes twice", 130, 170, 0, CLOCK(24, 10) },
        { "it is behind", 240, 300, 0, CLOCK(27, 0) },
        { "it begins when it jumps", 180, 240, 0, CLOCK(26, 0) },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        reload_facts_t facts = renewal();
        apr_time_t when;

        facts.window.from = rows[i].from;
        facts.window.to = rows[i].to;
        facts.zone.offset = rows[i].forward ? 3600 : 7200;
        facts.zone.after = rows[i].forward ? 7200 : 3600;
        facts.zone.change = CLOCK(25, 0);
        when = reload_decide(CLOCK(12, 0), &facts).when;
        if (when != rows[i].when)
            fail_msg("%s: %d minutes too late", rows[i].name,
                     (int)((when - rows[i].when) / apr_time_from_sec(60)));
        assert_true(reload_is_open(when, &facts.window, &facts.zone));
    }
}

/* ---- a server with many certificates, for months ---- */

#define SERVED_MAX 1000

static int roll(int sides)
{
    return rand() % sides;
}

/* Each certificate is renewed at its time and served after the next restart.
 * @return how often httpd was restarted for that */
static int live(apr_interval_time_t life, int count, apr_interval_time_t spread,
                reload_window_t window, apr_interval_time_t span)
{
    apr_time_t end[SERVED_MAX], came[SERVED_MAX]; /* of what is served; when the next came or 0 */
    apr_interval_time_t rest = life < DAYS(10) ? life / 2 : life / 3, step = HOURS(1) / 12;
    apr_time_t now, last = 0;
    int i, restarts = 0;

    for (i = 0; i < count; ++i) {
        end[i] = MIDNIGHT + life + (apr_interval_time_t)((double)spread * i / count);
        came[i] = 0;
    }
    for (now = MIDNIGHT; now < MIDNIGHT + span; now += step) {
        reload_facts_t facts = { .last = last, .renewed = last, .window = window };
        reload_decision_t decision;

        facts.zone.offset = 3600;
        for (i = 0; i < count; ++i) {
            assert_true(now < end[i]); /* it was never served too long */
            if (came[i] == 0 && now >= end[i] - rest)
                came[i] = now;
            if (came[i] == 0) {
                if (facts.expected == 0 || end[i] - rest < facts.expected)
                    facts.expected = end[i] - rest;
                continue;
            }
            if (facts.waiting++ == 0 || came[i] < facts.since)
                facts.since = facts.oldest = came[i];
            if (came[i] > facts.newest)
                facts.newest = came[i];
            if (facts.deadline == 0 || reload_deadline(end[i] - life, end[i], 0) < facts.deadline)
                facts.deadline = reload_deadline(end[i] - life, end[i], 0);
        }
        decision = reload_decide(now, &facts);
        if (decision.when == 0 || decision.when > now)
            continue;
        if (window.from != window.to && now < facts.deadline)
            assert_true(reload_is_open(now, &window, &facts.zone));
        if (window.from == window.to && now < facts.deadline && last != 0)
            assert_true(now - last >= DAYS(1));
        last = now;
        ++restarts;
        for (i = 0; i < count; ++i) {
            if (came[i] != 0)
                end[i] = came[i] + life;
            came[i] = 0;
        }
    }
    return restarts;
}

static void thirty_certificates_share_a_restart_or_two(void **state)
{
    static const int days[] = { 6, 47, 64, 90, 200, 398 };
    static const reload_window_t windows[] = {
        { 0, 0 }, { 120, 300 }, { 1320, 240 }, { 700, 715 }
    };
    size_t i, k;

    (void)state;
    for (i = 0; i < sizeof(days) / sizeof(days[0]); ++i) {
        for (k = 0; k < sizeof(windows) / sizeof(windows[0]); ++k) {
            apr_interval_time_t life = DAYS(days[i]);

            assert_in_range(live(life, 30, HOURS(21), windows[k], life), 1, 2);
            assert_in_range(live(life, 30, HOURS(1), windows[k], life), 1, 2);
            assert_in_range(live(life, 1, 0, windows[k], life), 1, 1);
        }
    }
}

/* Whatever the numbers are: nothing ends while its successor waits, and there is no restart more than
 * the days that have passed. */
static void nothing_ends_while_its_successor_waits(void **state)
{
    int i;

    (void)state;
    srand(20261202);
    for (i = 0; i < 300; ++i) {
        apr_interval_time_t life = HOURS(144 + roll(roll(2) ? 400 : 24 * 392));
        apr_interval_time_t span = life * 2 < DAYS(90) ? life * 2 : DAYS(90);
        reload_window_t window = { 0, 0 };

        if (roll(3) > 0) {
            window.from = roll(24 * 60);
            window.to = roll(24 * 60 - 1);
            /* There is time for a look in it, and one a day. */
            if ((window.to - window.from + 1440) % 1440 < 15)
                window.to = (window.from + 15) % 1440;
        }
        assert_true(
            live(life, 1 + roll(i % 50 == 0 ? SERVED_MAX : 64), life / (1 + roll(50)), window, span)
            <= (int)(span / DAYS(1)) + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_by_the_table),
        cmocka_unit_test(times_of_the_future_are_not_waited_for),
        cmocka_unit_test(a_clock_that_was_put_back_holds_no_renewal),
        cmocka_unit_test(a_lonely_renewal_goes_live_at_once),
        cmocka_unit_test(others_are_waited_for_a_day_long),
        cmocka_unit_test(one_restart_a_day_is_enough),
        cmocka_unit_test(what_somebody_waits_for_is_not_held_back),
        cmocka_unit_test(nothing_waits_beyond_the_deadline),
        cmocka_unit_test(the_deadline_follows_the_life),
        cmocka_unit_test(a_window_is_kept_to),
        cmocka_unit_test(the_window_is_of_the_local_clock),
        cmocka_unit_test(the_clock_is_put_forward_or_back),
        cmocka_unit_test(thirty_certificates_share_a_restart_or_two),
        cmocka_unit_test(nothing_ends_while_its_successor_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
