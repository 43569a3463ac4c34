/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "policy/validation.h"

static int can(apr_pool_t *p, const char *a, const char *b, const char *name, int record_lacks)
{
    apr_array_header_t *challenges = apr_array_make(p, 2, sizeof(const char *));

    if (a != NULL)
        APR_ARRAY_PUSH(challenges, const char *) = a;
    if (b != NULL)
        APR_ARRAY_PUSH(challenges, const char *) = b;
    return validation_can_be_had(challenges, name, record_lacks);
}

static void a_challenge_must_fit_the_name(void **state)
{
    assert_false(can(*state, NULL, NULL, "a.example", 0));
    assert_true(can(*state, "http-01", NULL, "a.example", 0));
    assert_false(can(*state, "http-01", "tls-alpn-01", "*.a.example", 0));
    assert_true(can(*state, "http-01", "dns-account-01", "*.a.example", 0));
    assert_false(can(*state, "dns-01", "dns-persist-01", "192.0.2.1", 0));
    assert_true(can(*state, "dns-01", "tls-alpn-01", "2001:db8::1", 0));
}

static void a_record_that_is_not_there_is_no_way(void **state)
{
    assert_true(can(*state, "dns-persist-01", NULL, "*.a.example", 0));
    assert_false(can(*state, "dns-persist-01", NULL, "a.example", 1));
    assert_true(can(*state, "dns-persist-01", "http-01", "a.example", 1));
    assert_false(can(*state, "dns-persist-01", "http-01", "*.a.example", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_challenge_must_fit_the_name),
        fixture_test(a_record_that_is_not_there_is_no_way),
    };

    return fixture_run(tests);
}
