/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/answer.h"

#define BASE "https://ca.example/cert/1"

static const char *at(const apr_array_header_t *urls, int i)
{
    return APR_ARRAY_IDX(urls, i, const char *);
}

static void test_link_list(void **state)
{
    apr_pool_t *p = *state;
    acme_answer_t *answer = fake_answer(p, 200, "");
    apr_array_header_t *urls;

    fake_header(answer, "Link", "<https://ca.example/dir>;rel=\"index\"");
    fake_header(answer, "Link", "</cert/1/1>; rel=\"alternate\", <2>; rel=alternate");
    fake_header(answer, "Link", "<https://ca.example/cert/1/3>;rel=\"Alternate up\"");
    urls = acme_link_list(p, answer, "alternate", BASE, 10);
    assert_int_equal(urls->nelts, 3);
    assert_string_equal(at(urls, 0), "https://ca.example/cert/1/1");
    assert_string_equal(at(urls, 1), "https://ca.example/cert/2");
    assert_string_equal(at(urls, 2), "https://ca.example/cert/1/3");
    assert_int_equal(acme_link_list(p, answer, "alternate", BASE, 2)->nelts, 2);
    assert_int_equal(acme_link_list(p, answer, "next", BASE, 2)->nelts, 0);
    assert_string_equal(acme_link_find(p, answer, "alternate", BASE),
                        "https://ca.example/cert/1/1");
    assert_null(acme_link_find(p, answer, "next", BASE));
}

static void expect_clock(apr_pool_t *p, const char *date, const char *age, int told, int seconds)
{
    acme_answer_t *answer = fake_answer(p, 200, "");
    apr_time_t now = apr_time_from_sec(1795298700) + 999999; /* 2026-11-21T22:05:00Z */
    apr_interval_time_t ahead = -77;

    if (date != NULL)
        fake_header(answer, "Date", date);
    if (age != NULL)
        fake_header(answer, "Age", age);
    assert_int_equal(acme_answer_clock(&ahead, answer, now), told);
    assert_int_equal(ahead, told ? apr_time_from_sec(seconds) : -77);
}

static void test_clock(void **state)
{
    expect_clock(*state, "Sat, 21 Nov 2026 22:05:00 GMT", NULL, 1, 0);
    expect_clock(*state, "Sat, 21 Nov 2026 23:05:00 GMT", NULL, 1, 3600);
    expect_clock(*state, "Sat, 21 Nov 2026 22:00:00 GMT", NULL, 1, -300);
    expect_clock(*state, NULL, NULL, 0, 0);
    expect_clock(*state, "yesterday", NULL, 0, 0);
    expect_clock(*state, "Sat, 21 Nov 2026 23:05:00 GMT", "3600", 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_link_list),
        FAKE_TEST(test_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
