/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/directory.h"

#define CORE \
    "\"newNonce\":\"https://ca.example/n\",\"newAccount\":\"https://o.example:8443/a\"," \
    "\"newOrder\":\"https://ca.example/o%2F?b=%7e\""

static acme_directory_t *parse(apr_pool_t *p, const char *body, eab_result_t **presult)
{
    *presult = eab_result_make(p);
    return acme_directory_parse(p, fake_answer(p, 200, body), *presult);
}

static void test_minimal(void **state)
{
    eab_result_t *r = NULL;
    acme_directory_t *d = parse(*state, "{" CORE ",\"x7\":[1],\"meta\":null}", &r);

    assert_non_null(d);
    assert_string_equal(d->new_nonce, "https://ca.example/n");
    assert_string_equal(d->new_account, "https://o.example:8443/a");
    assert_string_equal(d->new_order, "https://ca.example/o%2F?b=%7e");
    assert_null(d->revoke_cert);
    assert_null(d->key_change);
    assert_null(d->renewal_info);
    assert_null(d->terms);
    assert_null(d->profiles);
    assert_int_equal(d->eab_required, 0);
}

static void test_full(void **state)
{
    eab_result_t *r = NULL;
    acme_directory_t *d = parse(*state,
                                "{" CORE ",\"revokeCert\":\"https://ca.example/r\","
                                "\"keyChange\":\"https://ca.example/k\","
                                "\"renewalInfo\":\"https://ari.example/i\",\"meta\":{"
                                "\"termsOfService\":\"https://ca.example/t\",\"website\":\"w\","
                                "\"externalAccountRequired\":true,\"caaIdentities\":[\"ca\"],"
                                "\"profiles\":{\"classic\":\"x\"}}}",
                                &r);

    assert_non_null(d);
    assert_string_equal(d->revoke_cert, "https://ca.example/r");
    assert_string_equal(d->key_change, "https://ca.example/k");
    assert_string_equal(d->renewal_info, "https://ari.example/i");
    assert_string_equal(d->terms, "https://ca.example/t");
    assert_string_equal(d->website, "w");
    assert_int_equal(d->eab_required, 1);
    assert_int_equal(json_array_size(d->caa_identities), 1);
    assert_int_equal(json_object_size(d->profiles), 1);
}

/* Of extensions that are not for us, and one that makes them up. */
static void test_unknown_members(void **state)
{
    eab_result_t *r = NULL;
    acme_directory_t *d =
        parse(*state,
              "{" CORE
              ",\"AbC1dE2fGhI\":\"https://ca.example/why\",\"newAuthz\":\"https://ca.example/z\","
              "\"meta\":{\"auto-renewal\":{\"min-lifetime\":86400},\"delegation-enabled\":true,"
              "\"subdomainAuthAllowed\":true,\"inBandOnionCAARequired\":true,\"more\":[{}]}}",
              &r);

    assert_non_null(d);
    assert_null(d->terms);
    assert_int_equal(d->eab_required, 0);
}

static void test_wrong_types(void **state)
{
    eab_result_t *r = NULL;
    acme_directory_t *d =
        parse(*state,
              "{" CORE ",\"revokeCert\":7,\"renewalInfo\":{},\"meta\":{\"termsOfService\":[],"
              "\"externalAccountRequired\":\"yes\",\"caaIdentities\":\"ca\",\"profiles\":[]}}",
              &r);

    assert_non_null(d);
    assert_null(d->revoke_cert);
    assert_null(d->renewal_info);
    assert_null(d->terms);
    assert_null(d->caa_identities);
    assert_null(d->profiles);
    assert_int_equal(d->eab_required, 0);
    assert_non_null(parse(*state, "{" CORE ",\"meta\":[1]}", &r));
}

static void test_refused(void **state)
{
    static const struct {
        const char *body;
        const char *word;
    } cases[] = {
        { "", "probably not" },
        { "[]", "probably not" },
        { "{" CORE, "probably not" },
        { " \n<!DOCTYPE html><html>", "web page" },
        { "{\"newNonce\":\"https://ca.example/n\"}", "newAccount" },
        { "{\"newNonce\":3}", "newNonce" },
        { "{\"newNonce\":\"http://ca.example/n\"}", "newNonce" },
        { "{" CORE ",\"keyChange\":\"http://ca.example/k\"}", "keyChange" },
    };
    eab_result_t *r = NULL;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(parse(*state, cases[i].body, &r));
        assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
        assert_non_null(strstr(r->detail, cases[i].word));
        assert_non_null(strstr(r->detail, "https://ca.example/dir"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { FAKE_TEST(test_minimal), FAKE_TEST(test_full),
                                        FAKE_TEST(test_unknown_members),
                                        FAKE_TEST(test_wrong_types), FAKE_TEST(test_refused) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
