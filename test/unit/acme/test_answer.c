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

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_link_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
