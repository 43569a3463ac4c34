/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "crypto/seal.h"
#include "party.h"

static const char pem[] = "the bytes of a chain";

static seal_t *make(apr_pool_t *p)
{
    chain_facts_t *facts = apr_pcalloc(p, sizeof(*facts));
    seal_t *seal = apr_pcalloc(p, sizeof(*seal));

    facts->names = party_names(p, "www.example.edu", "*.example.edu", NULL);
    facts->key_type = "p256";
    facts->issuer = "Test \"Root\"";
    facts->issuers = party_names(p, "Test \"Root\"", "Test Top", NULL);
    facts->serial = "0a";
    facts->fingerprint = "00ff";
    facts->ocsp = "http://ocsp.example.edu";
    facts->must_staple = 1;
    facts->not_before = apr_time_from_sec(1700000000);
    facts->not_after = apr_time_from_sec(1800000000);
    seal->facts = facts;
    seal->strength = "EC";
    return seal;
}

static secret_t *key_of(apr_pool_t *p, const char *text)
{
    secret_t *key = secret_make(p, strlen(text));

    memcpy(key->data, text, key->len);
    return key;
}

static void all_of_it_comes_back(void **state)
{
    apr_pool_t *p = *state;
    const secret_t *key = key_of(p, "the bytes of a key");
    seal_t *seal = make(p);
    const seal_t *read =
        seal_read(p, seal_write(p, seal, pem, strlen(pem), key), pem, strlen(pem), key);

    assert_non_null(read);
    assert_string_equal("www.example.edu *.example.edu",
                        apr_array_pstrcat(p, read->facts->names, ' '));
    assert_string_equal("p256", read->facts->key_type);
    assert_string_equal("Test \"Root\"", read->facts->issuer);
    assert_string_equal("Test \"Root\" Test Top", apr_array_pstrcat(p, read->facts->issuers, ' '));
    assert_string_equal("0a", read->facts->serial);
    assert_string_equal("00ff", read->facts->fingerprint);
    assert_null(read->facts->ari_id);
    assert_string_equal("http://ocsp.example.edu", read->facts->ocsp);
    assert_true(read->facts->must_staple);
    assert_int_equal(seal->facts->not_before, read->facts->not_before);
    assert_int_equal(seal->facts->not_after, read->facts->not_after);
    assert_string_equal("EC", read->strength);
}

static void any_other_byte_breaks_it(void **state)
{
    apr_pool_t *p = *state;
    const secret_t *key = key_of(p, "the bytes of a key");
    const char *record = seal_write(p, make(p), pem, strlen(pem), key);
    size_t i;

    for (i = 0; i < strlen(record); i++) {
        char *other = apr_pstrdup(p, record);

        other[i] ^= 1;
        assert_null(seal_read(p, other, pem, strlen(pem), key));
        assert_null(seal_read(p, apr_pstrndup(p, record, i), pem, strlen(pem), key));
    }
    assert_null(seal_read(p, apr_pstrcat(p, record, " ", NULL), pem, strlen(pem), key));
    assert_null(seal_read(p, record, pem, strlen(pem) - 1, key));
    assert_null(seal_read(p, record, "The bytes of a chain", strlen(pem), key));
    assert_null(seal_read(p, record, pem, strlen(pem), key_of(p, "the bytes of a kez")));
    /* What moves from one file to the other. */
    assert_null(seal_read(p, record, "the bytes of a chaint", strlen(pem) + 1,
                          key_of(p, "he bytes of a key")));
    assert_non_null(seal_read(p, record, pem, strlen(pem), key));
}

/* JSON takes no text that is not UTF-8: without it the seal would tell less than parsing does. */
static void what_cannot_be_written_is_not_sealed(void **state)
{
    apr_pool_t *p = *state;
    const secret_t *key = key_of(p, "the bytes of a key");
    seal_t *seal = make(p);
    chain_facts_t *facts = apr_pmemdup(p, seal->facts, sizeof(*facts));
    const char *record = NULL;

    facts->issuer = "\xff\xfe";
    seal->facts = facts;
    record = seal_write(p, seal, pem, strlen(pem), key);
    assert_true(record == NULL || seal_read(p, record, pem, strlen(pem), key) == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(all_of_it_comes_back),
        fixture_test(any_other_byte_breaks_it),
        fixture_test(what_cannot_be_written_is_not_sealed),
    };

    return fixture_run(tests);
}
