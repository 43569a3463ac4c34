/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/result.h"
#include "policy/subset.h"

#define HOURS(n) ((n)*apr_time_from_sec(3600))
#define DAYS(n) HOURS((n)*24)
#define NOW apr_time_from_sec(1795298700)

/* A certificate of that many days, with so much of them left. */
static subset_facts_t facts_of(int offered, int covered, int days, apr_interval_time_t left)
{
    subset_facts_t facts = { 1, offered, covered, 0, 0 };

    facts.not_after = NOW + left - APR_USEC_PER_SEC;
    facts.not_before = NOW + left - DAYS(days);
    return facts;
}

static void opens_shortly_before_the_end(void **state)
{
    static const struct {
        int days;
        apr_interval_time_t margin;
    } rows[] = {
        { 1, HOURS(24) / 20 }, { 6, DAYS(6) / 20 }, { 47, DAYS(47) / 20 }, { 60, DAYS(3) },
        { 90, DAYS(3) },       { 199, DAYS(3) },    { 398, DAYS(3) },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        subset_facts_t facts = facts_of(1, 2, rows[i].days, DAYS(1));

        assert_true(subset_opens(&facts) == NOW + DAYS(1) - rows[i].margin);
    }
}

static void dates_that_make_no_sense_open_nothing_early(void **state)
{
    subset_facts_t facts = { 1, 1, 2, NOW + DAYS(9), NOW + DAYS(1) };

    (void)state;
    assert_true(subset_opens(&facts) >= NOW + DAYS(1));
}

static void decides_by_the_table(void **state)
{
    static const struct {
        const char *name;
        int present, offered, covered;
        apr_interval_time_t left; /* of 90 days */
        int due;
        int permitted;
        subset_outcome_t outcome;
    } rows[] = {
        { "nothing in place", 0, 1, 0, 0, 1, 1, SUBSET_NONE },
        { "nothing in place, nothing to be had", 0, 0, 0, 0, 1, 0, SUBSET_HELD },
        { "fewer, in the middle of its life", 1, 1, 2, DAYS(45), 0, 0, SUBSET_SETTLED },
        { "fewer, due", 1, 1, 2, DAYS(20), 1, 0, SUBSET_HELD },
        { "fewer, due, a moment too early", 1, 1, 2, DAYS(3) + 1, 1, 0, SUBSET_HELD },
        { "fewer, due, at the very moment", 1, 1, 2, DAYS(3), 1, 1, SUBSET_NONE },
        { "fewer, near its end", 1, 1, 5, HOURS(1), 1, 1, SUBSET_NONE },
        { "fewer, over", 1, 1, 2, -HOURS(1), 1, 1, SUBSET_NONE },
        { "as many, not due: no gain", 1, 2, 2, DAYS(45), 0, 1, SUBSET_SETTLED },
        { "as many, due: renewed", 1, 2, 2, DAYS(20), 1, 1, SUBSET_NONE },
        { "more: a gain", 1, 3, 2, DAYS(80), 0, 1, SUBSET_NONE },
        { "more, and due", 1, 3, 2, DAYS(20), 1, 1, SUBSET_NONE },
        { "it covers nothing that is configured", 1, 1, 0, DAYS(80), 0, 1, SUBSET_NONE },
        { "nothing to be had, due", 1, 0, 2, DAYS(1), 1, 0, SUBSET_HELD },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        subset_facts_t facts = facts_of(rows[i].offered, rows[i].covered, 90, rows[i].left);

        facts.present = rows[i].present;
        if (subset_is_permitted(NOW, &facts) != rows[i].permitted
            || subset_decide(NOW, &facts, rows[i].due) != rows[i].outcome)
            fail_msg("%s", rows[i].name);
    }
}

static void says_when_to_try_again(void **state)
{
    static const struct {
        const char *name;
        int present;
        subset_outcome_t outcome;
        apr_interval_time_t left, renewal, retry; /* the last two from now */
        int costly;
        apr_interval_time_t next;
    } rows[] = {
        { "the retry comes first", 1, SUBSET_SETTLED, DAYS(80), DAYS(50), DAYS(1), 0, DAYS(1) },
        { "the renewal comes first", 1, SUBSET_SETTLED, DAYS(31), HOURS(2), DAYS(1), 0, HOURS(2) },
        { "the retry would come shortly before", 1, SUBSET_SETTLED, DAYS(31),
          DAYS(1) + HOURS(3) - 1, DAYS(1), 0, DAYS(1) + HOURS(3) - 1 },
        { "the retry comes some hours before", 1, SUBSET_SETTLED, DAYS(31), DAYS(1) + HOURS(3),
          DAYS(1), 0, DAYS(1) },
        { "held: shortly before less will do", 1, SUBSET_HELD, DAYS(4) + HOURS(2), 0, DAYS(1), 0,
          DAYS(1) + HOURS(2) },
        { "a retry would cost a certificate", 1, SUBSET_SETTLED, DAYS(80), DAYS(50), DAYS(1), 1,
          DAYS(50) },
        { "held: tried each day", 1, SUBSET_HELD, DAYS(20), 0, DAYS(1), 0, DAYS(1) },
        { "held: when less will do", 1, SUBSET_HELD, DAYS(3) + HOURS(2), 0, DAYS(1), 0, HOURS(2) },
        { "held: costly", 1, SUBSET_HELD, DAYS(20), 0, DAYS(1), 1, DAYS(17) },
        { "held, and the time came while nobody looked", 1, SUBSET_HELD, DAYS(2), 0, DAYS(1), 0,
          -DAYS(1) },
        { "held, the same, costly", 1, SUBSET_HELD, DAYS(2), 0, DAYS(1), 1, -DAYS(1) },
        { "the certificate is gone", 0, SUBSET_HELD, 0, 0, DAYS(1), 0, 0 },
        { "the same, settled", 0, SUBSET_SETTLED, 0, 0, DAYS(1), 1, 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        subset_facts_t facts = facts_of(0, 2, 90, rows[i].left);

        facts.present = rows[i].present;
        if (subset_next(rows[i].outcome, &facts, NOW + rows[i].renewal, NOW + rows[i].retry,
                        rows[i].costly)
            != NOW + rows[i].next)
            fail_msg("%s", rows[i].name);
    }
}

static void knows_what_speaks_against_a_name(void **state)
{
    static const char *const refusals[] = {
        ACME_ERROR "rejectedIdentifier",
        ACME_ERROR "unauthorized",
        ACME_ERROR "caa",
        ACME_ERROR "dns",
        ACME_ERROR "connection",
        ACME_ERROR "tls",
        ACME_ERROR "incorrectResponse",
        ACME_ERROR "malformed",
        ACME_ERROR "unsupportedIdentifier",
        EAB_PROBLEM_NO_CHALLENGE,
        EAB_PROBLEM_VALIDATION,
        EAB_PROBLEM_LAPSED,
        EAB_PROBLEM_ORDER_CHANGED,
        EAB_PROBLEM_NAME_DROPPED,
    };
    static const char *const others[] = {
        ACME_ERROR "rateLimited",
        ACME_ERROR "serverInternal",
        ACME_ERROR "badNonce",
        ACME_ERROR "accountDoesNotExist",
        ACME_ERROR "userActionRequired",
        ACME_ERROR "compound",
        EAB_PROBLEM_CA_UNREACHABLE,
        EAB_PROBLEM_TOKEN,
        EAB_PROBLEM_DNS_COMMAND,
        "malformed",
        "",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); ++i)
        assert_true(subset_is_refusal(refusals[i]));
    for (i = 0; i < sizeof(others) / sizeof(others[0]); ++i)
        assert_false(subset_is_refusal(others[i]));
    assert_false(subset_is_refusal(NULL));
}

static void says_what_was_done(void **state)
{
    (void)state;
    assert_string_equal("", subset_words(SUBSET_NONE));
    assert_non_null(strstr(subset_words(SUBSET_SETTLED), "ACMEAllowSubsetOfNames"));
    assert_non_null(strstr(subset_words(SUBSET_HELD), "covers more names"));
    assert_string_equal("", subset_words((subset_outcome_t)7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_shortly_before_the_end),
        cmocka_unit_test(dates_that_make_no_sense_open_nothing_early),
        cmocka_unit_test(decides_by_the_table),
        cmocka_unit_test(says_when_to_try_again),
        cmocka_unit_test(knows_what_speaks_against_a_name),
        cmocka_unit_test(says_what_was_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
