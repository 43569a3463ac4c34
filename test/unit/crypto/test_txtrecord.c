/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <apr_strings.h>

#include "crypto/txtrecord.h"

#define ACCOUNT "https://example.com/acme/acct/ExampleAccount"

/* The vector of draft-ietf-acme-dns-account-label, and others computed apart from this code. */
static void the_label_is_of_the_account(void **state)
{
    assert_string_equal("_ujmmovf2vn55tgye._acme-challenge.www.example.org",
                        txtrecord_name(*state, TXTRECORD_ACCOUNT, "www.example.org", ACCOUNT));
    assert_string_not_equal(
        "_ujmmovf2vn55tgye._acme-challenge.www.example.org",
        txtrecord_name(*state, TXTRECORD_ACCOUNT, "www.example.org", ACCOUNT "/"));
    assert_null(txtrecord_name(*state, TXTRECORD_ACCOUNT, "www.example.org", NULL));
}

static void each_type_has_its_name(void **state)
{
    assert_string_equal("_acme-challenge.a.example",
                        txtrecord_name(*state, TXTRECORD_DNS, "a.example", NULL));
    assert_string_equal("_validation-persist.a.example",
                        txtrecord_name(*state, TXTRECORD_PERSIST, "a.example", NULL));
    assert_null(txtrecord_name(*state, "http-01", "a.example", ACCOUNT));
    assert_null(txtrecord_name(*state, "dns-02", "a.example", ACCOUNT));
}

/* draft-ietf-acme-dns-persist-01, 4.1 and 5. */
static void the_lasting_value_is_as_in_the_draft(void **state)
{
    assert_string_equal(
        "authority.example; accounturi=https://ca.example/acct/123",
        txtrecord_persist(*state, "authority.example", "https://ca.example/acct/123", 0));
    assert_string_equal(
        "authority.example; accounturi=https://ca.example/acct/123; policy=wildcard",
        txtrecord_persist(*state, "authority.example", "https://ca.example/acct/123", 1));
}

static void a_zone_file_takes_the_value(void **state)
{
    char text[601];

    memset(text, 'a', 600);
    text[600] = '\0';
    assert_string_equal("\"\"", txtrecord_quote(*state, ""));
    assert_string_equal("\"ca; b=c\"", txtrecord_quote(*state, "ca; b=c"));
    assert_int_equal(600 + 3 * 2 + 2, strlen(txtrecord_quote(*state, text)));
    text[255] = '\0';
    assert_int_equal(257, strlen(txtrecord_quote(*state, text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_label_is_of_the_account),
        fixture_test(each_type_has_its_name),
        fixture_test(the_lasting_value_is_as_in_the_draft),
        fixture_test(a_zone_file_takes_the_value),
    };

    return fixture_run(tests);
}
