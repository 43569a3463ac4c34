/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/bytes.h"
#include "keeper/url.h"

static void https_with_a_host_is_taken(void **state)
{
    (void)state;
    assert_true(url_is_https("https://ca.example/new"));
    assert_true(url_is_https("HTTPS://ca.example"));
    assert_true(url_is_https("https://[::1]:14000/a?b=c#d"));
    assert_false(url_is_https("https://"));
    assert_false(url_is_https("https:///new"));
    assert_false(url_is_https("http://ca.example"));
    assert_false(url_is_https("https:ca.example"));
    assert_false(url_is_https(" https://ca.example"));
    assert_false(url_is_https(""));
    assert_false(url_is_https(NULL));
}

static void plain_is_printable_ascii_with_a_limit(void **state)
{
    char *text = apr_pcalloc(*state, LIMIT_URL + 2);

    assert_true(url_is_plain("http://ca.example/terms.pdf"));
    assert_false(url_is_plain("a b"));
    assert_false(url_is_plain("a\tb"));
    assert_false(url_is_plain("a\x7f"));
    assert_false(url_is_plain("\xc3\xa9"));
    assert_false(url_is_plain(""));
    assert_false(url_is_plain(NULL));
    memset(text, 'a', LIMIT_URL);
    assert_true(url_is_plain(text));
    text[LIMIT_URL] = 'a';
    assert_false(url_is_plain(text));
}

static void hosts_of_one_domain_are_beside_each_other(void **state)
{
    static const struct {
        const char *url, *other;
        int beside;
    } rows[] = {
        { "https://ca.example/new", "https://ca.example/directory", 1 },
        { "https://CA.example:443/new", "https://ca.example", 1 },
        { "https://api.ca.example/new", "https://acme.ca.example/", 1 },
        { "https://acme.ca.example/new", "https://ca.example/", 1 },
        { "https://a.b.ca.example/new", "https://acme.ca.example/", 1 },
        { "https://other.example/new", "https://ca.example/", 0 },
        { "https://evilca.example/new", "https://acme.ca.example/", 0 },
        { "https://ca.example:8443/new", "https://ca.example/", 0 },
        { "https://ca.example:14000/new", "https://ca.example:14000/dir", 1 },
        { "https://x@ca.example/new", "https://ca.example/", 0 },
        { "http://ca.example/new", "https://ca.example/", 0 },
        { "https://127.0.0.1:14000/new", "https://127.0.0.1:14000/dir", 1 },
        { "https://127.0.0.2:14000/new", "https://127.0.0.1:14000/dir", 0 },
        { "https://10.0.0.1/new", "https://127.0.0.1/dir", 0 },
        { "https://[::1]:14000/new", "https://[::1]:14000/dir", 1 },
        { "https://[::2]:14000/new", "https://[::1]:14000/dir", 0 },
        { NULL, "https://ca.example/", 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
        if (url_is_beside(rows[i].url, rows[i].other) != rows[i].beside)
            fail_msg("%s beside %s", rows[i].url, rows[i].other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(https_with_a_host_is_taken),
        fixture_test(plain_is_printable_ascii_with_a_limit),
        fixture_test(hosts_of_one_domain_are_beside_each_other),
    };

    return fixture_run(tests);
}
