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

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(https_with_a_host_is_taken),
        fixture_test(plain_is_printable_ascii_with_a_limit),
    };

    return fixture_run(tests);
}
