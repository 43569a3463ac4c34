/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <apr_strings.h>

#include "acme/persist.h"

#define ACCOUNT "https://ca.example/acct/123"
#define NOW apr_time_from_sec(1700000000)

static acme_persist_verdict_t judge_for(apr_pool_t *p, const char *value, int wildcard,
                                        apr_time_t *puntil)
{
    acme_persist_need_t need = { NULL, ACCOUNT, wildcard, NOW };
    apr_array_header_t *issuers = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(issuers, const char *) = "authority.example";
    APR_ARRAY_PUSH(issuers, const char *) = "ca.example.net";
    need.issuers = issuers;
    return acme_persist_judge(&need, value, strlen(value), puntil, p);
}

static acme_persist_verdict_t judge(apr_pool_t *p, const char *value)
{
    apr_time_t until = 0;

    return judge_for(p, value, 0, &until);
}

static void what_the_draft_shows_is_taken(void **state)
{
    static const char *const values[] = {
        "authority.example; accounturi=" ACCOUNT,
        "ca.example.net; accounturi=" ACCOUNT,
        "authority.example;accounturi=" ACCOUNT,
        " \tauthority.example ; accounturi = " ACCOUNT " ",
        "Authority.EXAMPLE; accounturi=" ACCOUNT,
        "authority.example; accounturi=" ACCOUNT "; policy=wildcard",
        "authority.example; policy=other; accounturi=" ACCOUNT,
        "authority.example; new-tag=what,ever=it:is; accounturi=" ACCOUNT "; x=; x=2",
        "authority.example; accounturi=" ACCOUNT "; persistUntil=1700000001",
        "authority.example; accounturi=" ACCOUNT "; persistUntil=99999999999999999999999999",
    };
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
        if (judge(*state, values[i]) != ACME_PERSIST_VALID) {
            fail_msg("%s", values[i]);
        }
    }
}

/* RFC 8659, 4.2. */
static void what_does_not_fit_the_grammar_counts_for_nothing(void **state)
{
    static const char *const values[] = {
        "",
        ";",
        "; accounturi=" ACCOUNT,
        "authority.example accounturi=" ACCOUNT,
        "authority.example; accounturi",
        "authority.example; accounturi " ACCOUNT,
        "authority.example; accounturi=" ACCOUNT ";",
        "authority.example;; accounturi=" ACCOUNT,
        "authority.example; accounturi=" ACCOUNT "; ; policy=wildcard",
        "authority.example; =x; accounturi=" ACCOUNT,
        "authority.example; account_uri=x; accounturi=" ACCOUNT,
        "authority.example; -a=x; accounturi=" ACCOUNT,
        "authority.example; a-=x; accounturi=" ACCOUNT,
        "authority.example; accounturi=https://ca.example/ acct/123",
        "authority.example; accounturi=\"" ACCOUNT "\" x",
        "authority..example; accounturi=" ACCOUNT,
        ".authority.example; accounturi=" ACCOUNT,
        "authority.example.; accounturi=" ACCOUNT,
        "-authority.example; accounturi=" ACCOUNT,
        "authority-.example; accounturi=" ACCOUNT,
        "authority.example; accounturi=" ACCOUNT "\n",
        "authority.example; accounturi=" ACCOUNT "; a=\xc3\xa4",
        "authority.example; accounturi=" ACCOUNT "; persistUntil=",
        "authority.example; accounturi=" ACCOUNT "; persistUntil=-1",
        "authority.example; accounturi=" ACCOUNT "; persistUntil=1.8e9",
        "authority.example; accounturi=" ACCOUNT "; persistUntil=0x7fffffff",
        "authority.example; accounturi=" ACCOUNT "; persistUntil=2027-01-01",
    };
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
        if (judge(*state, values[i]) != ACME_PERSIST_MALFORMED) {
            fail_msg("%s", values[i]);
        }
    }
}

static void octets_and_lengths_are_bounded(void **state)
{
    acme_persist_need_t need = { apr_array_make(*state, 1, sizeof(const char *)), ACCOUNT, 0, NOW };
    apr_time_t until = 0;
    char *text = apr_pcalloc(*state, 6000);

    assert_int_equal(ACME_PERSIST_MALFORMED, acme_persist_judge(&need, "a\0b", 3, &until, *state));
    memset(text, 'a', 5999);
    assert_int_equal(ACME_PERSIST_MALFORMED, acme_persist_judge(&need, text, 5999, &until, *state));
}

static void what_is_said_twice_is_refused(void **state)
{
    assert_int_equal(ACME_PERSIST_MALFORMED,
                     judge(*state, "authority.example; accounturi=" ACCOUNT
                                   "; accounturi=https://ca.example/acct/4"));
    assert_int_equal(ACME_PERSIST_MALFORMED, judge(*state, "authority.example; accounturi=" ACCOUNT
                                                           "; policy=wildcard; policy=wildcard"));
    assert_int_equal(ACME_PERSIST_MALFORMED,
                     judge(*state, "authority.example; accounturi=" ACCOUNT
                                   "; persistUntil=1800000000; persistuntil=1900000000"));
}

static void the_record_of_somebody_else_is_none_of_ours(void **state)
{
    assert_int_equal(ACME_PERSIST_OTHER_ISSUER,
                     judge(*state, "other.example; accounturi=" ACCOUNT));
    assert_int_equal(ACME_PERSIST_OTHER_ISSUER, judge(*state, "example; accounturi=" ACCOUNT));
    assert_int_equal(ACME_PERSIST_OTHER_ACCOUNT, judge(*state, "authority.example"));
    assert_int_equal(ACME_PERSIST_OTHER_ACCOUNT,
                     judge(*state, "authority.example; accounturi=" ACCOUNT "4"));
    assert_int_equal(ACME_PERSIST_OTHER_ACCOUNT,
                     judge(*state, "authority.example; accounturi=https://CA.example/acct/123"));
    assert_int_equal(ACME_PERSIST_OTHER_ACCOUNT, judge(*state, "authority.example; accounturi="));
}

static void a_wildcard_needs_the_policy(void **state)
{
    apr_time_t until = 0;

    assert_int_equal(ACME_PERSIST_NARROW,
                     judge_for(*state, "authority.example; accounturi=" ACCOUNT, 1, &until));
    assert_int_equal(
        ACME_PERSIST_NARROW,
        judge_for(*state, "authority.example; accounturi=" ACCOUNT "; policy=wild", 1, &until));
    assert_int_equal(
        ACME_PERSIST_VALID,
        judge_for(*state, "authority.example; accounturi=" ACCOUNT "; policy=WildCard", 1, &until));
}

static void it_counts_until_then(void **state)
{
    apr_time_t until = 0;

    assert_int_equal(ACME_PERSIST_VALID,
                     judge_for(*state,
                               "authority.example; accounturi=" ACCOUNT "; persistUntil=1700000000",
                               0, &until));
    assert_true(until == NOW);
    assert_int_equal(ACME_PERSIST_LAPSED, judge(*state, "authority.example; accounturi=" ACCOUNT
                                                        "; persistUntil=1699999999"));
    assert_int_equal(ACME_PERSIST_LAPSED,
                     judge(*state, "authority.example; accounturi=" ACCOUNT "; persistUntil=0"));
    judge_for(*state, "authority.example; accounturi=" ACCOUNT, 0, &until);
    assert_true(until == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_the_draft_shows_is_taken),
        fixture_test(what_does_not_fit_the_grammar_counts_for_nothing),
        fixture_test(octets_and_lengths_are_bounded),
        fixture_test(what_is_said_twice_is_refused),
        fixture_test(the_record_of_somebody_else_is_none_of_ours),
        fixture_test(a_wildcard_needs_the_policy),
        fixture_test(it_counts_until_then),
    };

    return fixture_run(tests);
}
