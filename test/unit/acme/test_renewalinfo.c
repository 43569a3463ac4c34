/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/renewalinfo.h"
#include "base/clock.h"

#define WINDOW(start, end) "{\"suggestedWindow\":{\"start\":\"" start "\",\"end\":\"" end "\"}}"

static acme_renewalinfo_t *parse(apr_pool_t *p, const char *body)
{
    return acme_renewalinfo_parse(p, fake_answer(p, 200, body), eab_result_make(p));
}

static void test_url(void **state)
{
    static const char *const bases[] = { "https://ca.example/ari", "https://ca.example/ari/" };
    size_t i;

    for (i = 0; i < 2; i++) {
        assert_string_equal(acme_renewalinfo_url(*state, bases[i], "aYhb.AIdl"),
                            "https://ca.example/ari/aYhb.AIdl");
    }
    assert_string_equal(acme_renewalinfo_url(*state, "https://ca.example/ari//", "a.b"),
                        "https://ca.example/ari//a.b");
}

static void test_window(void **state)
{
    apr_pool_t *p = *state;
    acme_answer_t *answer = fake_answer(
        p, 200,
        "{\"suggestedWindow\":{\"start\":\"2026-01-02T06:00:00.5+02:00\",\"end\":"
        "\"2026-01-03T04:00:00Z\"},\"explanationURL\":\"https://ca.example/why?a=1\",\"x\":1}");
    acme_renewalinfo_t *info;

    fake_header(answer, "Retry-After", "21600");
    info = acme_renewalinfo_parse(p, answer, eab_result_make(p));
    assert_non_null(info);
    assert_string_equal(clock_format(p, info->start), "2026-01-02T04:00:00Z");
    assert_string_equal(clock_format(p, info->end), "2026-01-03T04:00:00Z");
    assert_string_equal(info->explanation, "https://ca.example/why?a=1");
    assert_int_equal(info->retry_after, 21600);
    info = parse(p, WINDOW("2026-01-02T04:00:00Z", "2026-01-03T04:00:00Z"));
    assert_null(info->explanation);
    assert_int_equal(info->retry_after, -1);
}

static void test_no_window(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>",
        "[]",
        "{}",
        "{\"suggestedWindow\":null}",
        "{\"suggestedWindow\":{\"start\":\"2026-01-02T04:00:00Z\"}}",
        "{\"suggestedWindow\":{\"end\":\"2026-01-02T04:00:00Z\"}}",
        "{\"suggestedWindow\":{\"start\":1,\"end\":2}}",
        WINDOW("2026-01-02T04:00:00Z", "2026-01-02T04:00:00Z"),
        WINDOW("2026-01-03T04:00:00Z", "2026-01-02T04:00:00Z"),
        WINDOW("tomorrow", "2026-01-02T04:00:00Z"),
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        eab_result_t *r = eab_result_make(p);

        assert_null(acme_renewalinfo_parse(p, fake_answer(p, 200, bodies[i]), r));
        assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    }
}

static void test_explanation_is_a_web_address(void **state)
{
    acme_renewalinfo_t *info =
        parse(*state, "{\"suggestedWindow\":{\"start\":\"2026-01-02T04:00:00Z\",\"end\":"
                      "\"2026-01-03T04:00:00Z\"},\"explanationURL\":\"javascript:alert(1)\"}");

    assert_non_null(info);
    assert_null(info->explanation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_url),
        FAKE_TEST(test_window),
        FAKE_TEST(test_no_window),
        FAKE_TEST(test_explanation_is_a_web_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
