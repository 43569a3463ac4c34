/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/address.h"

static void addresses_have_one_text(void **state)
{
    apr_pool_t *p = *state;

    assert_string_equal("192.0.2.1", address_normalize(p, "192.0.2.1"));
    assert_string_equal("2001:db8::1", address_normalize(p, "2001:0DB8::0001"));
    assert_string_equal("::1", address_normalize(p, "0:0:0:0:0:0:0:1"));
}

static void other_texts_are_none(void **state)
{
    static const char *const texts[] = {
        "",         "www.example.edu", "192.0.2",    "192.0.2.256", "[::1]",
        "::1%eth0", "1.2.3.4.5",       "0x7f.0.0.1", "192.0.2.1/32"
    };
    unsigned char octets[ADDRESS_OCTETS_MAX];
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(0, address_parse(octets, texts[i]));
        assert_null(address_normalize(*state, texts[i]));
        assert_null(address_reverse(*state, texts[i]));
    }
    assert_null(address_text(*state, octets, 5));
}

static void one_text_is_the_normal_one(void **state)
{
    (void)state;
    assert_true(address_is_normal("192.0.2.1"));
    assert_true(address_is_normal("2001:db8::1"));
    assert_false(address_is_normal("2001:DB8::1"));
    assert_false(address_is_normal("2001:db8:0::1"));
    assert_false(address_is_normal("[2001:db8::1]"));
    assert_false(address_is_normal("192.0.2.1 "));
    assert_false(address_is_normal("www.example.edu"));
    assert_false(address_is_normal(""));
}

static void hosts_may_have_brackets(void **state)
{
    static const char *const bad[] = { "",
                                       "[",
                                       "]",
                                       "[]",
                                       "[::1",
                                       "::1]",
                                       "[[::1]]",
                                       "[::1]:443",
                                       "[192.0.2.1]",
                                       "192.0.2.1:443",
                                       "www.example.edu",
                                       "[2001:db8::1%eth0]",
                                       "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]" };
    unsigned char octets[ADDRESS_OCTETS_MAX];
    size_t i;

    assert_string_equal("2001:db8::1", address_of_host(*state, "[2001:DB8::1]"));
    assert_string_equal("2001:db8::1", address_of_host(*state, "2001:DB8::1"));
    assert_string_equal("192.0.2.1", address_of_host(*state, "192.0.2.1"));
    assert_int_equal(16, address_parse_host(octets, "[::1]"));
    assert_int_equal(1, octets[15]);
    assert_int_equal(4, address_parse_host(octets, "192.0.2.1"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(0, address_parse_host(octets, bad[i]));
        assert_null(address_of_host(*state, bad[i]));
    }
}

static void some_are_of_no_server(void **state)
{
    static const char *const good[] = { "192.0.2.1", "127.0.0.1", "10.0.0.1",    "223.255.255.255",
                                        "1.0.0.0",   "::1",       "2001:db8::1", "fe80::1" };
    static const struct {
        const char *text;
        const char *word;
    } bad[] = {
        { "0.0.0.0", "of a server" },      { "0.1.2.3", "of a server" },
        { "224.0.0.1", "multicast" },      { "255.255.255.255", "reserved" },
        { "::", "of a server" },           { "ff02::1", "multicast" },
        { "::ffff:192.0.2.1", "as IPv4" }, { "::192.0.2.1", "as IPv4" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(address_refusal(good[i]));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(strstr(address_refusal(bad[i].text), bad[i].word));
}

/* The IPv6 one is the example of RFC 8738, 6. */
static void reverse_names(void **state)
{
    apr_pool_t *p = *state;

    assert_string_equal("1.2.0.192.in-addr.arpa", address_reverse(p, "192.0.2.1"));
    assert_string_equal("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
                        address_reverse(p, "2001:db8::1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(addresses_have_one_text),    fixture_test(other_texts_are_none),
        fixture_test(one_text_is_the_normal_one), fixture_test(hosts_may_have_brackets),
        fixture_test(some_are_of_no_server),      fixture_test(reverse_names),
    };

    return fixture_run(tests);
}
