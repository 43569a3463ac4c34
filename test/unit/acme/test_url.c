/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/url.h"
#include "base/bytes.h"

static void test_is_https(void **state)
{
    static const char *const good[] = { "https://a", "HTTPS://a.example:443/a%2Fb?x=Y&z=%7e",
                                        "https://[::1]:8443/?a@b", "https://a/==" };
    static const char *const bad[] = {
        "",           "http://a",       "https:/a",     "https://",     "https:///x",
        "https://:1", "https://u@h/x",  "https://a b/", "https://a/\n", "https://\xc3\xa9/",
        "ftp://a",    "https://a\x7f/", "https://?a"
    };
    char *text = apr_palloc(*state, LIMIT_URL + 2);
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(acme_url_is_https(good[i]));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(acme_url_is_https(bad[i]));
    }
    assert_false(acme_url_is_https(NULL));
    memset(text, 'a', LIMIT_URL + 1);
    memcpy(text, "https://", 8);
    text[LIMIT_URL + 1] = '\0';
    assert_false(acme_url_is_https(text));
    text[LIMIT_URL] = '\0';
    assert_true(acme_url_is_https(text));
}

static void test_peer(void **state)
{
    static const struct {
        const char *url;
        const char *peer;
    } cases[] = {
        { "https://acme.example/v2/OV", "acme.example:443" },
        { "https://acme.example:8443?x", "acme.example:8443" },
        { "https://[::1]/", "[::1]:443" },
        { "https://[::1]:8/", "[::1]:8" },
        { "http://user:p@ss@proxy.example:3128", "proxy.example:3128" },
        { "http://proxy.example", "proxy.example:80" },
        { "user:secret@proxy.example:3128/", "proxy.example:3128" },
        { "proxy.example", "proxy.example" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(acme_url_peer(*state, cases[i].url), cases[i].peer);
    }
}

static void test_resolve(void **state)
{
    const char *base = "https://ca.example/a/b?c";

    assert_string_equal(acme_url_resolve(*state, base, "https://X:443/%7e/../y"),
                        "https://X:443/%7e/../y");
    assert_string_equal(acme_url_resolve(*state, base, "/y"), "https://ca.example/y");
    assert_string_equal(acme_url_resolve(*state, base, "y"), "https://ca.example/a/y");
    assert_null(acme_url_resolve(*state, NULL, "/y"));
    assert_null(acme_url_resolve(*state, "no url at all", "/y"));
}

static void test_target(void **state)
{
    static const struct {
        const char *url;
        const char *target;
    } cases[] = {
        { "https://ca.example/a%2Fb?x=Y&z=%7e", "/a%2Fb?x=Y&z=%7e" },
        { "https://ca.example/a?", "/a?" },
        { "https://ca.example/?", "/?" },
        { "https://ca.example/a?b?", "/a?b?" },
        { "https://ca.example/./x//../y", "/./x//../y" },
        { "https://ca.example:8443/a?#b?c", "/a?" },
        { "https://[::1]:8443/", "/" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(acme_url_target(*state, cases[i].url), cases[i].target);
    }
    assert_null(acme_url_target(*state, "https://ca.example"));
    assert_null(acme_url_target(*state, "https://ca.example?x/y"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { FAKE_TEST(test_is_https), FAKE_TEST(test_peer),
                                        FAKE_TEST(test_target), FAKE_TEST(test_resolve) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
