/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "policy/caa.h"

#define URL "https://ca.example/acct/1"

typedef struct scene {
    apr_pool_t *p;
    caa_facts_t facts;
    apr_array_header_t *records, *identities, *challenges;
} scene_t;

static scene_t *scene(apr_pool_t *p)
{
    scene_t *s = apr_pcalloc(p, sizeof(*s));

    s->p = p;
    s->records = apr_array_make(p, 4, sizeof(bytes_t));
    s->identities = apr_array_make(p, 4, sizeof(const char *));
    s->challenges = apr_array_make(p, 4, sizeof(const char *));
    APR_ARRAY_PUSH(s->identities, const char *) = "ca.example";
    APR_ARRAY_PUSH(s->challenges, const char *) = "http-01";
    s->facts.records = s->records;
    s->facts.owner = "a.example";
    s->facts.identities = s->identities;
    s->facts.challenges = s->challenges;
    s->facts.account_url = URL;
    return s;
}

static void add(scene_t *s, int flags, const char *tag, const char *value)
{
    char *octets = apr_psprintf(s->p, "%c%c%s%s", 1, (char)strlen(tag), tag, value);
    bytes_t *record = apr_array_push(s->records);

    record->len = strlen(octets);
    octets[0] = (char)flags;
    record->data = (unsigned char *)octets;
}

static caa_outcome_t judge(const scene_t *s)
{
    return caa_judge(&s->facts, s->p).outcome;
}

static caa_outcome_t with(apr_pool_t *p, const char *tag, const char *value)
{
    scene_t *s = scene(p);

    add(s, 0, tag, value);
    return judge(s);
}

static void without_records_any_ca_may(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(CAA_FREE, judge(s));
    assert_string_equal("a.example. CAA 0 issue \"ca.example; accounturi=" URL
                        "; validationmethods=http-01\"",
                        caa_suggest(&s->facts, s->p));
    add(s, 0, "iodef", "mailto:x@a.example");
    assert_int_equal(CAA_FREE, judge(s));
    s->facts.account_url = NULL;
    assert_null(caa_suggest(&s->facts, s->p));
}

static void the_ca_is_among_them_or_not(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(CAA_ALLOWED, with(*state, "issue", "ca.example"));
    assert_int_equal(CAA_ALLOWED, with(*state, "ISSUE", "  CA.Example. ; x=y"));
    assert_int_equal(CAA_FORBIDDEN, with(*state, "issue", "other.example"));
    assert_int_equal(CAA_FORBIDDEN, with(*state, "issue", ";"));
    assert_int_equal(CAA_FORBIDDEN, with(*state, "issue", ""));
    assert_int_equal(CAA_FORBIDDEN, with(*state, "issue", "ca.example, other.example"));
    assert_int_equal(CAA_FORBIDDEN, with(*state, "issue", "ca.example; nonsense"));
    add(s, 0, "issue", "other.example");
    add(s, 0, "issue", "ca.example");
    assert_int_equal(CAA_ALLOWED, judge(s));
    s = scene(*state);
    add(s, 0, "issue", "other.example");
    assert_non_null(strstr(caa_judge(&s->facts, s->p).text, "add \"a.example. CAA 0 issue "
                                                            "\"ca.example\"\""));
}

static void a_wildcard_goes_by_issuewild(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(CAA_FREE, with(*state, "issuewild", "other.example")); /* not for this name */
    add(s, 0, "issue", "ca.example");
    s->facts.wildcard = 1;
    assert_int_equal(CAA_ALLOWED, judge(s));
    add(s, 0, "issuewild", ";");
    assert_int_equal(CAA_FORBIDDEN, judge(s));
    s->facts.wildcard = 0;
    assert_int_equal(CAA_ALLOWED, judge(s));
}

static void what_is_critical_and_unknown_forbids(void **state)
{
    scene_t *s = scene(*state);

    add(s, 0, "issue", "ca.example");
    add(s, 0, "future", "x");
    assert_int_equal(CAA_ALLOWED, judge(s));
    add(s, 128, "issue", "other.example");
    assert_int_equal(CAA_ALLOWED, judge(s));
    add(s, 128, "future", "x");
    assert_int_equal(CAA_FORBIDDEN, judge(s));
}

static void the_account_must_be_ours(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(CAA_ALLOWED, with(*state, "issue", "ca.example; accounturi=" URL));
    assert_int_equal(CAA_FORBIDDEN, with(*state, "issue", "ca.example;accounturi=" URL "2"));
    assert_int_equal(CAA_FORBIDDEN,
                     with(*state, "issue", "ca.example; accounturi=" URL "; accounturi=" URL));
    add(s, 0, "issue", "ca.example; accounturi=" URL "2");
    s->facts.account_url = NULL;
    assert_int_equal(CAA_UNSURE, judge(s));
}

static void so_must_the_challenge(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(CAA_ALLOWED,
                     with(*state, "issue", "ca.example; validationmethods=dns-01,http-01"));
    assert_int_equal(CAA_FORBIDDEN, with(*state, "issue", "ca.example; validationmethods=dns-01"));
    assert_int_equal(CAA_FORBIDDEN, with(*state, "issue", "ca.example; validationmethods="));
    add(s, 0, "issue", "ca.example; validationmethods=dns-01");
    assert_non_null(strstr(caa_judge(&s->facts, s->p).text, "does not allow http-01"));
}

static void a_ca_that_does_not_say_is_not_judged(void **state)
{
    scene_t *s = scene(*state);

    s->facts.identities = NULL;
    add(s, 0, "issue", "other.example");
    assert_int_equal(CAA_UNSURE, judge(s));
    assert_null(caa_suggest(&s->facts, s->p));
    s = scene(*state);
    s->facts.identities = NULL;
    add(s, 0, "issue", ";");
    assert_int_equal(CAA_FORBIDDEN, judge(s));
}

static void what_is_malformed_forbids(void **state)
{
    static const unsigned char shapes[][4] = {
        { 0, 9, 'i', 's' }, { 0, 0, 'i', 's' }, { 0, 2, 'i', '\0' }, { 0, 1, 'i', '\0' }
    };
    size_t i;

    for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); ++i) {
        scene_t *s = scene(*state);
        bytes_t *record = apr_array_push(s->records);

        record->data = shapes[i];
        record->len = 4;
        assert_int_equal(CAA_FORBIDDEN, judge(s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(without_records_any_ca_may),
        fixture_test(the_ca_is_among_them_or_not),
        fixture_test(a_wildcard_goes_by_issuewild),
        fixture_test(what_is_critical_and_unknown_forbids),
        fixture_test(the_account_must_be_ours),
        fixture_test(so_must_the_challenge),
        fixture_test(a_ca_that_does_not_say_is_not_judged),
        fixture_test(what_is_malformed_forbids),
    };

    return fixture_run(tests);
}
