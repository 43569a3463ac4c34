/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "policy/renew.h"

#define HOURS(n) ((n)*apr_time_from_sec(3600))
#define DAYS(n) ((n)*apr_time_from_sec(86400))
#define START apr_time_from_sec(1795298700) /* 2026-11-21 */

static const renew_policy_t unset = { 0, 0 };

/* A good certificate that is dated START, lives that long, and came when it was dated. */
static renew_facts_t good(apr_interval_time_t life)
{
    renew_facts_t facts = { 1,     1, 1, 1, START, START + life - apr_time_from_sec(1),
                            START, 0, 0, 0, 0,     0 };

    return facts;
}

static void renews_by_the_lifetime(void **state)
{
    static const struct {
        apr_interval_time_t life;
        apr_interval_time_t rest;
    } rows[] = {
        { HOURS(160), HOURS(80) },     { DAYS(7), HOURS(84) },        { DAYS(10), HOURS(80) },
        { DAYS(47), HOURS(47 * 8) },   { DAYS(64), HOURS(64 * 8) },   { DAYS(90), DAYS(30) },
        { DAYS(100), HOURS(100 * 8) }, { DAYS(199), HOURS(199 * 8) }, { DAYS(398), HOURS(398 * 8) },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        renew_facts_t facts = good(rows[i].life);
        renew_decision_t plain = renew_decide(START, 0, &facts, &unset);
        renew_decision_t jittered = renew_decide(START, 0.999999, &facts, &unset);

        assert_int_equal(plain.when, START + rows[i].life - rows[i].rest);
        assert_string_equal(plain.why, rows[i].life < DAYS(10) ? "half of its life is left"
                                                               : "a third of its life is left");
        assert_true(jittered.when < plain.when);
        assert_true(jittered.when >= plain.when - rows[i].life / 100);
    }
}

static void follows_the_setting(void **state)
{
    renew_facts_t facts = good(DAYS(90));
    renew_policy_t before = { 0, DAYS(40) };
    renew_policy_t percent = { 50, 0 };
    renew_decision_t decision = renew_decide(START, 0, &facts, &before);

    (void)state;
    assert_int_equal(decision.when, START + DAYS(50));
    assert_string_equal(decision.why, "ACMERenewBefore is reached");
    assert_int_equal(renew_decide(START, 0, &facts, &percent).when, START + DAYS(45));
}

static void holds_a_setting_back_that_would_loop(void **state)
{
    renew_policy_t thirty_days = { 0, DAYS(30) };
    renew_policy_t all = { 100, 0 };
    renew_facts_t short_lived = good(HOURS(160));
    renew_facts_t long_lived = good(DAYS(90));
    renew_decision_t decision = renew_decide(START, 0.5, &short_lived, &thirty_days);

    (void)state;
    assert_int_equal(decision.when, START + HOURS(8));
    assert_non_null(strstr(decision.why, "ACMERenewBefore"));
    assert_int_equal(renew_decide(START, 0.5, &long_lived, &all).when, START + DAYS(90) / 20);
    /* An hour at least, or half of a very short life. */
    short_lived = good(HOURS(10));
    assert_int_equal(renew_decide(START, 0.5, &short_lived, &all).when, START + HOURS(1));
    short_lived = good(HOURS(1));
    assert_int_equal(renew_decide(START, 0.5, &short_lived, &all).when, START + HOURS(1) / 2);
}

static void keeps_a_twentieth_in_reserve(void **state)
{
    renew_facts_t facts = good(DAYS(100));
    renew_policy_t late = { 1, 0 };
    renew_decision_t decision = renew_decide(START, 0, &facts, &late);

    (void)state;
    assert_int_equal(decision.when, START + DAYS(95));
    assert_string_equal(decision.why, "a twentieth of its life is left");
}

static void does_not_take_a_backdated_certificate_for_old(void **state)
{
    renew_policy_t thirty_days = { 0, DAYS(30) };
    renew_facts_t facts = good(DAYS(10));

    (void)state;
    /* Dated a day before it was issued: 12 hours after its date are over already. */
    facts.obtained = START + DAYS(1);
    assert_int_equal(renew_decide(facts.obtained, 0, &facts, &thirty_days).when,
                     facts.obtained + HOURS(12));
    /* The clock was wrong when it was installed. */
    facts.obtained = START + DAYS(9999);
    assert_int_equal(renew_decide(START, 0, &facts, &thirty_days).when, START + HOURS(12));
    /* Nobody knows when. */
    facts.obtained = 0;
    assert_int_equal(renew_decide(START, 0, &facts, &thirty_days).when, START + HOURS(12));
}

static void does_not_loop_when_the_ca_hands_out_old_ones(void **state)
{
    renew_facts_t facts = good(DAYS(100));

    (void)state;
    facts.obtained = START + DAYS(99);
    assert_int_equal(renew_decide(facts.obtained, 0, &facts, &unset).when,
                     facts.obtained + HOURS(1));
}

static void orders_at_once_what_does_not_fit(void **state)
{
    static const struct {
        renew_facts_t facts;
        const char *word;
    } rows[] = {
        { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "no certificate" },
        { { 1, 0, 1, 1, START, START + DAYS(90), START, 0, 0, 0, 0, 0 }, "name" },
        { { 1, 1, 0, 1, START, START + DAYS(90), START, 0, 0, 0, 0, 0 }, "key" },
        { { 1, 1, 1, 0, START, START + DAYS(90), START, 0, 0, 0, 0, 0 }, "CA" },
        { { 1, 1, 1, 1, START - DAYS(90), START, START - DAYS(90), 0, 0, 0, 0, 0 }, "expired" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        renew_decision_t decision = renew_decide(START, 0.5, &rows[i].facts, &unset);

        assert_int_equal(decision.when, START);
        assert_non_null(strstr(decision.why, rows[i].word));
    }
}

static void is_due_when_its_time_has_come(void **state)
{
    renew_facts_t facts = good(DAYS(90));

    (void)state;
    assert_true(renew_decide(START + DAYS(59), 0, &facts, &unset).when > START + DAYS(59));
    assert_true(renew_decide(START + DAYS(60), 0, &facts, &unset).when <= START + DAYS(60));
    /* The plan does not move while time passes. */
    assert_int_equal(renew_decide(START, 0.3, &facts, &unset).when,
                     renew_decide(START + DAYS(80), 0.3, &facts, &unset).when);
}

static double roll(void)
{
    return (double)rand() / ((double)RAND_MAX + 1);
}

/* Lifetimes from a minute to three years, spread over the orders of magnitude. */
static apr_interval_time_t random_life(void)
{
    apr_interval_time_t life = apr_time_from_sec(60);
    double exponent = roll() * 20;

    while (exponent > 1) {
        life *= 2;
        exponent -= 1;
    }
    return life + (apr_interval_time_t)((double)life * exponent * 0.5);
}

static renew_policy_t random_policy(void)
{
    renew_policy_t policy = { 0, 0 };

    if (rand() % 3 == 0)
        policy.percent = 1 + rand() % 100;
    else if (rand() % 2 == 0)
        policy.before = random_life();
    return policy;
}

static void holds_its_promises_for_any_numbers(void **state)
{
    int i;

    (void)state;
    srand(20261121);
    for (i = 0; i < 100000; ++i) {
        apr_interval_time_t life = random_life();
        renew_policy_t policy = random_policy();
        renew_facts_t facts = good(life);
        double dice = roll();
        apr_time_t now = START + (apr_interval_time_t)(roll() * 0.9 * (double)life);
        apr_time_t when = renew_decide(now, dice, &facts, &policy).when;
        apr_time_t plain = renew_decide(now, 0, &facts, &policy).when;

        life = facts.not_after - facts.not_before + apr_time_from_sec(1);
        assert_true(when <= START + life - life / 20); /* never after L/20 is left */
        assert_true(when >= START + life / 20);        /* never before L/20 is lived */
        assert_true(when <= plain);                    /* the jitter is to the early side */
        assert_true(when >= plain - life / 100 - 1);
        /* Whenever it came: not due before some time has passed. */
        facts.obtained = now;
        when = renew_decide(now, dice, &facts, &policy).when;
        assert_true(when >= now + life / 20 || when >= now + HOURS(1));
    }
}

/* A good certificate with a window from so far after START to so far. */
static renew_facts_t suggested(apr_interval_time_t life, apr_interval_time_t from,
                               apr_interval_time_t to, double dice)
{
    renew_facts_t facts = good(life);

    facts.window_start = START + from;
    facts.suggested = renew_draw(START + from, START + to, dice);
    return facts;
}

static void draws_within_the_window(void **state)
{
    int buckets[10] = { 0 };
    int i;

    (void)state;
    assert_int_equal(renew_draw(START, START + DAYS(2), 0), START);
    assert_true(renew_draw(START, START + 2, 0.999999) < START + 2);
    for (i = 0; i < 1000; ++i)
        ++buckets[(renew_draw(START, START + 1000, i / 1000.0) - START) / 100];
    for (i = 0; i < 10; ++i)
        assert_in_range(buckets[i], 99, 101);
}

static void follows_the_ca(void **state)
{
    renew_policy_t before = { 0, DAYS(40) };
    renew_facts_t facts = suggested(DAYS(90), DAYS(40), DAYS(42), 0.5);
    renew_decision_t decision = renew_decide(START, 0.9, &facts, &before);

    (void)state;
    assert_int_equal(decision.when, START + DAYS(41));
    assert_non_null(strstr(decision.why, "the CA suggests"));
    /* In the past: due, whatever the clock says. */
    assert_true(renew_decide(START + DAYS(60), 0, &facts, &unset).when <= START + DAYS(60));
    /* Not a reason to keep what does not fit. */
    facts.covers_names = 0;
    assert_int_equal(renew_decide(START, 0, &facts, &unset).when, START);
}

static void does_not_let_the_ca_wait_too_long(void **state)
{
    static const struct {
        apr_interval_time_t life;
        apr_interval_time_t rest;
    } rows[] = {
        { HOURS(144), HOURS(48) },  { HOURS(168), HOURS(56) }, { DAYS(10), DAYS(10) / 4 },
        { DAYS(47), DAYS(47) / 4 }, { DAYS(100), DAYS(25) },   { DAYS(398), DAYS(398) / 4 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        renew_facts_t facts = suggested(rows[i].life, rows[i].life, 2 * rows[i].life, 0.5);
        renew_decision_t decision = renew_decide(START, 0.5, &facts, &unset);

        assert_int_equal(decision.when, START + rows[i].life - rows[i].rest);
        assert_non_null(strstr(decision.why, "though the CA suggests later"));
    }
}

static void holds_a_window_back_that_would_loop(void **state)
{
    renew_facts_t facts = suggested(DAYS(90), -HOURS(2), -HOURS(1), 0.5);

    (void)state;
    facts.repeated = 1;
    assert_int_equal(renew_decide(START, 0, &facts, &unset).when, START + DAYS(90) / 20);
    /* Revoked two days later: at once. */
    facts = suggested(DAYS(90), HOURS(47), HOURS(48), 0.5);
    assert_true(renew_decide(START + HOURS(49), 0, &facts, &unset).when <= START + HOURS(49));
    /* Revoked within the first hour: not before that is over. */
    facts = suggested(DAYS(90), 1, 2, 0.5);
    assert_int_equal(renew_decide(START + 3, 0, &facts, &unset).when, START + HOURS(1));
}

/* RFC 9773, 4.2: at once; a revocation of many may come within the first hours of a certificate. */
static void renews_at_once_when_the_window_has_passed(void **state)
{
    static const struct {
        apr_interval_time_t from, to, now;
    } rows[] = {
        { -HOURS(48), -HOURS(24), 0 },         /* told of a new one */
        { -HOURS(2), -HOURS(1), HOURS(5) },    /* of one of this morning */
        { -HOURS(2), -HOURS(1), DAYS(3) },     /* of one of three days */
        { -HOURS(2), HOURS(400), HOURS(300) }, /* in the midst of it, our time being over */
        { DAYS(10), DAYS(11), DAYS(12) },      /* as ever */
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        renew_facts_t facts = suggested(DAYS(90), rows[i].from, rows[i].to, 0.5);
        renew_decision_t decision;

        decision = renew_decide(START + rows[i].now, 0, &facts, &unset);
        assert_true(decision.when <= START + rows[i].now);
        assert_string_equal(decision.why, "the time that the CA suggests has come");
    }
}

/* "This time" is one to come. */
static void does_not_suggest_a_time_that_has_passed(void **state)
{
    renew_facts_t facts = suggested(DAYS(90), -HOURS(2), -HOURS(1), 0.5);

    (void)state;
    facts.repeated = 1;
    assert_non_null(strstr(renew_decide(START, 0, &facts, &unset).why, "have passed"));
    facts = suggested(DAYS(90), DAYS(40), DAYS(41), 0.5);
    assert_string_equal(renew_decide(START, 0, &facts, &unset).why, "the CA suggests this time");
    assert_null(strstr(renew_decide(START + DAYS(42), 0, &facts, &unset).why, "this time"));
}

static void asks_again_when_told(void **state)
{
    static const struct {
        apr_int64_t retry_after;
        apr_interval_time_t wait;
    } rows[] = {
        { 21600, HOURS(6) },           { 0, HOURS(1) / 60 }, { 1, HOURS(1) / 60 },
        { 61, apr_time_from_sec(61) }, { 9999999, DAYS(1) }, { -1, HOURS(6) },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
        assert_int_equal(renew_ask_again(START, rows[i].retry_after), START + rows[i].wait);
}

static void asks_again_after_errors(void **state)
{
    eab_result_t problem = { 0 };
    int i;

    (void)state;
    problem.retry_after = -1;
    problem.http_status = 503;
    for (i = 1; i <= 3; ++i)
        assert_int_equal(renew_ask_after_error(START, i, &problem),
                         START + (HOURS(1) / 60 << (i - 1)));
    assert_int_equal(renew_ask_after_error(START, 4, &problem), START + HOURS(6));
    problem.http_status = 0;
    problem.type = EAB_PROBLEM_CA_UNREACHABLE;
    assert_int_equal(renew_ask_after_error(START, 2, &problem), START + HOURS(1) / 30);
    problem.http_status = 404;
    assert_int_equal(renew_ask_after_error(START, 1, &problem), START + HOURS(6));
    problem.http_status = 200;
    problem.type = EAB_PROBLEM_CA_ANSWER;
    assert_int_equal(renew_ask_after_error(START, 1, &problem), START + HOURS(6));
    /* The back-off comes first; Retry-After only makes it later. */
    problem.http_status = 503;
    problem.retry_after = 1;
    assert_int_equal(renew_ask_after_error(START, 1, &problem), START + HOURS(1) / 60);
    problem.retry_after = 3600;
    assert_int_equal(renew_ask_after_error(START, 1, &problem), START + HOURS(1));
}

static void plans_by_the_clock_of_the_ca(void **state)
{
    renew_facts_t facts = good(DAYS(90)), window = suggested(DAYS(90), DAYS(40), DAYS(42), 0.5);
    renew_policy_t all = { 100, 0 };

    (void)state;
    /* Ours is three hours behind, or ahead. */
    facts.ahead = window.ahead = HOURS(3);
    assert_int_equal(renew_decide(START, 0, &facts, &unset).when, START + DAYS(60) - HOURS(3));
    assert_int_equal(renew_decide(START, 0, &window, &unset).when, START + DAYS(41) - HOURS(3));
    facts.ahead = -HOURS(3);
    assert_int_equal(renew_decide(START, 0, &facts, &unset).when, START + DAYS(60) + HOURS(3));
    /* Nothing young is due, whatever the clocks say. */
    facts = good(HOURS(10));
    facts.ahead = DAYS(1);
    assert_int_equal(renew_decide(START, 0, &facts, &all).when, START + HOURS(10) / 20);
}

static void believes_a_clock_within_reason(void **state)
{
    static const struct {
        apr_interval_time_t ahead, error;
    } rows[] = {
        { 0, 0 },
        { HOURS(1) / 12, 0 },
        { -HOURS(1) / 12, 0 },
        { HOURS(1) / 12 + 1, HOURS(1) / 12 + 1 },
        { -HOURS(2), -HOURS(2) },
        { DAYS(1), DAYS(1) },
        { DAYS(1) + 1, 0 },
        { -DAYS(1), -DAYS(1) },
        { -DAYS(400), 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
        assert_int_equal(renew_clock_error(rows[i].ahead), rows[i].error);
    assert_false(renew_clock_is_wrong(HOURS(1) / 12));
    assert_false(renew_clock_is_wrong(-HOURS(1) / 12));
    assert_true(renew_clock_is_wrong(DAYS(400)));
    assert_true(renew_clock_is_wrong(-DAYS(400)));
}

static void keeps_its_promises_whatever_the_ca_suggests(void **state)
{
    int i;

    (void)state;
    srand(20261122);
    for (i = 0; i < 100000; ++i) {
        apr_interval_time_t life = DAYS(6) + (apr_interval_time_t)(roll() * (double)DAYS(392));
        apr_interval_time_t from = (apr_interval_time_t)((roll() * 3 - 1) * (double)life);
        apr_interval_time_t to = from + 1 + (apr_interval_time_t)(roll() * (double)DAYS(20));
        renew_facts_t facts = suggested(life, from, to, roll());
        renew_policy_t policy = random_policy();
        apr_time_t now = START + (apr_interval_time_t)(roll() * 0.9 * (double)life);
        apr_time_t backstop = START + life - (life < DAYS(10) ? life / 3 : life / 4);
        apr_time_t when;

        facts.repeated = 1; /* one more order may come before */
        when = renew_decide(now, roll(), &facts, &policy).when;
        assert_true(facts.suggested >= START + from && facts.suggested < START + to);
        assert_true(when <= backstop);         /* never later than that */
        assert_true(when >= START + HOURS(1)); /* no hot loop */
        if (facts.suggested <= backstop && from > HOURS(1))
            assert_int_equal(when, facts.suggested); /* else the CA's word counts */
        if (from <= 0)
            assert_true(when >= START + life / 20); /* each new one has such a window */
    }
}

/* As many accounts at one part of a window as at another. */
static void the_dice_are_even_and_do_not_change(void **state)
{
    int buckets[10] = { 0 };
    char thumbprint[44];
    int i, k;

    (void)state;
    srand(20261129);
    for (i = 0; i < 10000; ++i) {
        for (k = 0; k < 43; ++k)
            thumbprint[k] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[rand() % 64];
        thumbprint[43] = '\0';
        assert_true(renew_dice(thumbprint) >= 0 && renew_dice(thumbprint) < 1);
        assert_true(renew_dice(thumbprint) == renew_dice(thumbprint));
        ++buckets[(int)(renew_dice(thumbprint) * 10)];
    }
    for (i = 0; i < 10; ++i)
        assert_in_range(buckets[i], 850, 1150);
    assert_true(renew_dice(NULL) >= 0 && renew_dice(NULL) < 1);
}

/* 30 certificates that an account got within an hour: the first of them that is due takes all others
 * along, of whatever life they are, with or without a suggestion of the CA. */
static void what_came_together_is_renewed_together(void **state)
{
    int lives, i, k;

    (void)state;
    srand(20261130);
    for (lives = 6; lives <= 398; ++lives) {
        double dice = roll();
        renew_facts_t facts[30];
        apr_time_t first = START + DAYS(999);

        for (i = 0; i < 30; ++i) {
            apr_interval_time_t offset = (apr_interval_time_t)(roll() * (double)HOURS(1));

            facts[i] = good(DAYS(lives));
            facts[i].not_before += offset;
            facts[i].not_after += offset;
            facts[i].obtained += offset;
            if (lives % 2 == 0) {
                facts[i].window_start = facts[i].not_before + DAYS(lives) / 2;
                facts[i].suggested =
                    renew_draw(facts[i].window_start, facts[i].window_start + DAYS(2), dice);
            }
            if (renew_decide(START, dice, &facts[i], &unset).when < first)
                first = renew_decide(START, dice, &facts[i], &unset).when;
        }
        for (i = k = 0; i < 30; ++i)
            k += renew_may_join(first, dice, &facts[i], &unset);
        if (lives % 2 != 0)
            assert_int_equal(k, 30);
        for (i = k = 0; i < 30; ++i) /* an hour later the window of each has begun */
            k += renew_may_join(first + HOURS(1), dice, &facts[i], &unset);
        assert_int_equal(k, 30);
    }
}

static void joins_within_a_fiftieth_of_its_life(void **state)
{
    int i;

    (void)state;
    srand(20261201);
    for (i = 0; i < 100000; ++i) {
        apr_interval_time_t life = DAYS(6) + (apr_interval_time_t)(roll() * (double)DAYS(392));
        apr_interval_time_t from = (apr_interval_time_t)((roll() * 3 - 1) * (double)life);
        renew_facts_t facts =
            rand() % 2 ? good(life) : suggested(life, from, from + DAYS(2), roll());
        renew_policy_t policy = random_policy();
        apr_time_t now = START + (apr_interval_time_t)(roll() * (double)life);
        double dice = roll();
        apr_time_t when = renew_decide(now, dice, &facts, &policy).when;

        life = facts.not_after - facts.not_before + apr_time_from_sec(1);
        if (when <= now) {
            assert_true(renew_may_join(now, dice, &facts, &policy));
        }
        else if (renew_may_join(now, dice, &facts, &policy)) {
            assert_true(when - now <= life / 50);
            assert_true(now >= START + life / 20); /* or joining would be a loop */
            assert_true(facts.suggested == 0 || facts.window_start <= now);
        }
        else {
            assert_true(when - now > life / 50 || now < START + life / 20
                        || (facts.suggested != 0 && facts.window_start > now));
        }
    }
}

static void a_revoked_one_is_replaced_at_once_but_not_for_ever(void **state)
{
    renew_facts_t facts = { 0 };
    renew_policy_t policy = { 0, 0 };
    apr_time_t hour = apr_time_from_sec(3600), now = apr_time_from_sec(1800000000);
    renew_decision_t decision;

    (void)state;
    facts.present = facts.covers_names = facts.same_key_type = facts.same_account = 1;
    facts.not_before = now - 240 * hour;
    facts.not_after = now + 1920 * hour;
    facts.obtained = facts.not_before;
    facts.revoked = 1;
    decision = renew_decide(now, 0.5, &facts, &policy);
    assert_true(decision.when <= now);
    assert_non_null(strstr(decision.why, "revoked"));
    facts.obtained = now;
    decision = renew_decide(now, 0.5, &facts, &policy);
    assert_true(decision.when == now + hour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renews_by_the_lifetime),
        cmocka_unit_test(follows_the_setting),
        cmocka_unit_test(holds_a_setting_back_that_would_loop),
        cmocka_unit_test(keeps_a_twentieth_in_reserve),
        cmocka_unit_test(does_not_take_a_backdated_certificate_for_old),
        cmocka_unit_test(does_not_loop_when_the_ca_hands_out_old_ones),
        cmocka_unit_test(orders_at_once_what_does_not_fit),
        cmocka_unit_test(is_due_when_its_time_has_come),
        cmocka_unit_test(holds_its_promises_for_any_numbers),
        cmocka_unit_test(draws_within_the_window),
        cmocka_unit_test(follows_the_ca),
        cmocka_unit_test(does_not_let_the_ca_wait_too_long),
        cmocka_unit_test(holds_a_window_back_that_would_loop),
        cmocka_unit_test(renews_at_once_when_the_window_has_passed),
        cmocka_unit_test(does_not_suggest_a_time_that_has_passed),
        cmocka_unit_test(asks_again_when_told),
        cmocka_unit_test(asks_again_after_errors),
        cmocka_unit_test(plans_by_the_clock_of_the_ca),
        cmocka_unit_test(believes_a_clock_within_reason),
        cmocka_unit_test(keeps_its_promises_whatever_the_ca_suggests),
        cmocka_unit_test(the_dice_are_even_and_do_not_change),
        cmocka_unit_test(what_came_together_is_renewed_together),
        cmocka_unit_test(joins_within_a_fiftieth_of_its_life),
        cmocka_unit_test(a_revoked_one_is_replaced_at_once_but_not_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
