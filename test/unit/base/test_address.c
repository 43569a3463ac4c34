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
        fixture_test(addresses_have_one_text),
        fixture_test(other_texts_are_none),
        fixture_test(reverse_names),
    };

    return fixture_run(tests);
}
