/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/orderlist.h"

static const char *url_of(apr_pool_t *p, const char *body)
{
    return acme_orderlist_url(p, fake_answer(p, 200, body));
}

static apr_array_header_t *urls_make(apr_pool_t *p)
{
    return apr_array_make(p, 2, sizeof(const char *));
}

static const char *url_at(const apr_array_header_t *urls, int i)
{
    return APR_ARRAY_IDX(urls, i, const char *);
}

static void test_url(void **state)
{
    assert_string_equal(
        url_of(*state, "{\"status\":\"valid\",\"orders\":\"https://ca.example/orders/1\"}"),
        "https://ca.example/orders/1");
    assert_null(url_of(*state, "{\"status\":\"valid\"}"));
    assert_null(url_of(*state, "{\"orders\":\"http://ca.example/orders\"}"));
    assert_null(url_of(*state, "{\"orders\":\"file:///etc/passwd\"}"));
    assert_null(url_of(*state, "{\"orders\":[\"https://ca.example/orders\"]}"));
    assert_null(url_of(*state, "[]"));
    assert_null(url_of(*state, "no JSON"));
    assert_null(url_of(*state, ""));
}

static void test_pages(void **state)
{
    apr_array_header_t *urls = urls_make(*state);
    acme_answer_t *answer = fake_answer(
        *state, 200, "{\"orders\":[\"https://ca.example/o/1\",\"https://ca.example/o/2\"]}");

    fake_header(answer, "Link", "<https://ca.example/dir>;rel=\"index\"");
    fake_header(answer, "Link", "</orders?page=2>;rel=\"next\"");
    assert_string_equal(acme_orderlist_read(urls, 10, answer), "https://ca.example/orders?page=2");
    answer = fake_answer(*state, 200, "{\"orders\":[\"https://ca.example/o/3\"]}");
    assert_null(acme_orderlist_read(urls, 10, answer));
    assert_int_equal(urls->nelts, 3);
    assert_string_equal(url_at(urls, 0), "https://ca.example/o/1");
    assert_string_equal(url_at(urls, 2), "https://ca.example/o/3");
}

/* The newest are kept, over several pages, too. */
static void test_limit(void **state)
{
    apr_array_header_t *urls = urls_make(*state);

    acme_orderlist_read(
        urls, 2,
        fake_answer(*state, 200,
                    "{\"orders\":[\"https://ca.example/1\",\"https://ca.example/2\","
                    "\"https://ca.example/3\"]}"));
    assert_int_equal(urls->nelts, 2);
    assert_string_equal(url_at(urls, 0), "https://ca.example/2");
    acme_orderlist_read(urls, 2,
                        fake_answer(*state, 200, "{\"orders\":[\"https://ca.example/4\"]}"));
    assert_int_equal(urls->nelts, 2);
    assert_string_equal(url_at(urls, 0), "https://ca.example/3");
    assert_string_equal(url_at(urls, 1), "https://ca.example/4");
    acme_orderlist_read(
        urls, 1, fake_answer(*state, 200, "{\"orders\":[]}")); /* a smaller limit later: no harm */
    assert_int_equal(urls->nelts, 2);
}

static void test_hostile(void **state)
{
    static const char *const bodies[] = { "",
                                          "no JSON",
                                          "[]",
                                          "{}",
                                          "{\"orders\":null}",
                                          "{\"orders\":\"https://ca.example/o\"}",
                                          "{\"orders\":{\"a\":\"https://ca.example/o\"}}",
                                          "{\"orders\":[null,1,{},[],true,\"\",\"x\"]}",
                                          "{\"orders\":[\"http://ca.example/o\"]}",
                                          "{\"orders\":[\"https://user@ca.example/o\"]}",
                                          "{\"orders\":[\"https://ca.example/o\\n\"]}" };
    apr_array_header_t *urls = urls_make(*state);
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        acme_answer_t *answer = fake_answer(*state, 200, bodies[i]);

        fake_header(answer, "Link", "<http://ca.example/orders?page=2>;rel=\"next\"");
        assert_null(acme_orderlist_read(urls, 10, answer));
        assert_int_equal(urls->nelts, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_url),
        FAKE_TEST(test_pages),
        FAKE_TEST(test_limit),
        FAKE_TEST(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
