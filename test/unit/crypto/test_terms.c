/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "crypto/terms.h"

#include "crypto/chain.h"
#include "party.h"

static terms_t *with_ciphers(apr_pool_t *p, const char *ciphers)
{
    terms_t *terms = terms_make(p);

    terms->ciphers = ciphers;
    return terms;
}

/* What each type can do under which terms: 1 works, 0 does not. */
static const struct {
    const char *ciphers;
    int versions;
    const char *command, *value;
    int rsa2048, rsa3072, rsa4096, p256, p384;
} rows[] = {
    { NULL, TERMS_TLS12 | TERMS_TLS13, NULL, NULL, 1, 1, 1, 1, 1 },
    { "DEFAULT@SECLEVEL=1", TERMS_TLS12 | TERMS_TLS13, NULL, NULL, 1, 1, 1, 1, 1 },
    { "DEFAULT@SECLEVEL=3", TERMS_TLS12 | TERMS_TLS13, NULL, NULL, 0, 1, 1, 1, 1 },
    { "DEFAULT@SECLEVEL=4", TERMS_TLS12 | TERMS_TLS13, NULL, NULL, 0, 0, 0, 0, 1 },
    { "DEFAULT@SECLEVEL=5", TERMS_TLS12 | TERMS_TLS13, NULL, NULL, 0, 0, 0, 0, 0 },
    /* A command after the list has the last word. */
    { "DEFAULT@SECLEVEL=3", TERMS_TLS12 | TERMS_TLS13, "CipherString", "DEFAULT@SECLEVEL=2", 1, 1,
      1, 1, 1 },
    { NULL, TERMS_TLS12 | TERMS_TLS13, "CipherString", "DEFAULT@SECLEVEL=3", 0, 1, 1, 1, 1 },
    /* In TLS 1.3 a cipher names no kind of key. */
    { "ECDHE-RSA-AES128-GCM-SHA256", TERMS_TLS12 | TERMS_TLS13, NULL, NULL, 1, 1, 1, 1, 1 },
    { "ECDHE-RSA-AES128-GCM-SHA256", TERMS_TLS12, NULL, NULL, 1, 1, 1, 0, 0 },
    { "ECDHE-ECDSA-AES128-GCM-SHA256", TERMS_TLS12, NULL, NULL, 0, 0, 0, 1, 1 },
    { "ECDHE-RSA-AES128-GCM-SHA256", TERMS_TLS12 | TERMS_TLS13, "MaxProtocol", "TLSv1.2", 1, 1, 1,
      0, 0 },
    { "ECDHE-RSA-AES128-GCM-SHA256", TERMS_TLS13, NULL, NULL, 1, 1, 1, 1, 1 },
    /* What mod_ssl itself will refuse is not judged here. */
    { NULL, TERMS_TLS12 | TERMS_TLS13, "NoSuchCommand", "x", 1, 1, 1, 1, 1 },
    { NULL, TERMS_TLS12 | TERMS_TLS13, "PrivateKey", "/nowhere", 1, 1, 1, 1, 1 },
};

static int works(const terms_t *terms, const char *type, apr_pool_t *p)
{
    return terms_check_type(terms, type, eab_result_make(p)) == APR_SUCCESS;
}

static void which_types_work_under_which_terms(void **state)
{
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        terms_t *terms = with_ciphers(p, rows[i].ciphers);

        terms->versions = rows[i].versions;
        if (rows[i].command != NULL) {
            APR_ARRAY_PUSH(terms->commands, const char *) = rows[i].command;
            APR_ARRAY_PUSH(terms->commands, const char *) = rows[i].value;
        }
        print_message("row %d\n", (int)i);
        assert_int_equal(rows[i].rsa2048, works(terms, "rsa2048", p));
        assert_int_equal(rows[i].rsa3072, works(terms, "rsa3072", p));
        assert_int_equal(rows[i].rsa4096, works(terms, "rsa4096", p));
        assert_int_equal(rows[i].p256, works(terms, "p256", p));
        assert_int_equal(rows[i].p384, works(terms, "p384", p));
    }
}

static void the_reason_names_bits_or_ciphers(void **state)
{
    apr_pool_t *p = *state;
    eab_result_t *result = eab_result_make(p);
    terms_t *terms = with_ciphers(p, "DEFAULT@SECLEVEL=3");

    assert_int_equal(APR_EINVAL, terms_check_type(terms, "rsa2048", result));
    assert_string_equal(
        "keys of less than 128 bits of security are refused there, and rsa2048 has 112",
        result->detail);
    eab_result_clear(result);
    terms = with_ciphers(p, "ECDHE-RSA-AES128-GCM-SHA256");
    terms->versions = TERMS_TLS12;
    assert_int_equal(APR_EINVAL, terms_check_type(terms, "p256", result));
    assert_string_equal("no cipher is allowed there that works with ECDSA keys", result->detail);
}

static void the_first_type_that_works_is_chosen(void **state)
{
    static const char *const types[] = { "p256", "rsa2048", "p384", NULL };
    apr_pool_t *p = *state;
    terms_t *terms = with_ciphers(p, "ECDHE-RSA-AES128-GCM-SHA256");

    assert_string_equal("p256", terms_choose_type(terms, types));
    terms->versions = TERMS_TLS12;
    assert_string_equal("rsa2048", terms_choose_type(terms, types));
    assert_string_equal("p384", terms_choose_type(with_ciphers(p, "DEFAULT@SECLEVEL=4"), types));
    assert_null(terms_choose_type(with_ciphers(p, "DEFAULT@SECLEVEL=5"), types));
}

static void a_chain_is_taken_without_its_key(void **state)
{
    apr_pool_t *p = *state;
    const char *path = apr_pstrcat(p, fixture_directory(p), "/chain.pem", NULL);
    const party_spec_t ca_spec = { .key_type = "p256", .common = "A CA", .until = 3600 };
    const party_spec_t spec = {
        .key_type = "rsa2048", .common = "x", .names = "DNS:a.example.edu", .until = 3600
    };
    party_t *ca = party_make(p, NULL, &ca_spec);
    const char *chain = party_pem(p, 2, party_make(p, ca, &spec), ca);

    fixture_write(path, chain, strlen(chain));
    assert_true(terms_take_chain(terms_make(p), path));
    assert_false(terms_take_chain(with_ciphers(p, "DEFAULT@SECLEVEL=3"), path));
    fixture_write(path, chain, strlen(chain) - 40);
    assert_false(terms_take_chain(terms_make(p), path));
}

static void equal_terms_are_equal(void **state)
{
    apr_pool_t *p = *state;
    terms_t *a = with_ciphers(p, "DEFAULT"), *b = with_ciphers(p, apr_pstrdup(p, "DEFAULT"));

    b->where = "elsewhere";
    assert_true(terms_equal(a, b));
    b->suites = "TLS_AES_128_GCM_SHA256";
    assert_false(terms_equal(a, b));
    b->suites = NULL;
    b->versions = TERMS_TLS12;
    assert_false(terms_equal(a, b));
    b->versions = a->versions;
    APR_ARRAY_PUSH(b->commands, const char *) = "Curves";
    APR_ARRAY_PUSH(b->commands, const char *) = "P-256";
    assert_false(terms_equal(a, b));
    assert_false(terms_equal(terms_make(p), with_ciphers(p, "DEFAULT")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(which_types_work_under_which_terms),
        fixture_test(the_reason_names_bits_or_ciphers),
        fixture_test(the_first_type_that_works_is_chosen),
        fixture_test(a_chain_is_taken_without_its_key),
        fixture_test(equal_terms_are_equal),
    };

    return fixture_run(tests);
}
