/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "enroll/exchange.h"

static void only_https_with_a_host(void **state)
{
    (void)state;
    assert_true(exchange_is_url("https://manager.example"));
    assert_true(exchange_is_url("https://manager.example:8443/api?x=1"));
    assert_false(exchange_is_url("http://manager.example"));
    assert_false(exchange_is_url("https://"));
    assert_false(exchange_is_url("https:///path"));
    assert_false(exchange_is_url("https://user:word@manager.example"));
    assert_false(exchange_is_url("https://a b"));
    assert_false(exchange_is_url("https://a\r\nX: y"));
    assert_false(exchange_is_url("https://a/#b"));
    assert_false(exchange_is_url("https://b\xc3\xbc"
                                 "cher.example"));
    assert_false(exchange_is_url("file:///etc/passwd"));
}

static void hosts_without_what_follows(void **state)
{
    apr_pool_t *p = *state;

    assert_string_equal(exchange_host(p, "https://m.example:8443/api/x"), "m.example:8443");
    assert_string_equal(exchange_host(p, "https://m.example?key=1"), "m.example");
}

static void all_that_means_something_is_escaped(void **state)
{
    apr_pool_t *p = *state;
    secret_t *escaped = exchange_escape(p, "a=", "p\xc3\xa4 &=%+/~-_.Z9", 15);

    assert_string_equal((const char *)escaped->data, "a=p%C3%A4%20%26%3D%25%2B%2F~-_.Z9");
    assert_int_equal(escaped->len, strlen((const char *)escaped->data));
    assert_string_equal((const char *)exchange_escape(p, NULL, "", 0)->data, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(only_https_with_a_host),
        fixture_test(hosts_without_what_follows),
        fixture_test(all_that_means_something_is_escaped),
    };

    return fixture_run(tests);
}
