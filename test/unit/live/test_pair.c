/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/err.h>

#include "live/pair.h"
#include "live/segment.h"
#include "../crypto/party.h"

static party_t *ca, *leaf;

static party_t *issue(apr_pool_t *p, const char *key_type)
{
    const party_spec_t root = { .common = "A CA", .is_ca = 1 };
    const party_spec_t spec = { .key_type = key_type, .names = "DNS:a.example.edu" };

    ca = party_make(p, NULL, &root);
    return leaf = party_make(p, ca, &spec);
}

static secret_t *packed(apr_pool_t *p, const char *key_type)
{
    secret_t *value = NULL;

    issue(p, key_type);
    assert_int_equal(APR_SUCCESS,
                     pair_pack(&value, keypair_pem(p, leaf->key), party_pem(p, 2, leaf, ca), p));
    return value;
}

static SSL *connection(apr_pool_t *p, int level)
{
    const party_spec_t spec = { .key_type = "p256", .names = "DNS:old.example.edu" };
    party_t *old = party_make(p, NULL, &spec);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL *ssl;

    assert_int_equal(1, SSL_CTX_use_certificate(ctx, old->cert));
    assert_int_equal(1, SSL_CTX_use_PrivateKey(ctx, old->key->pkey));
    SSL_CTX_set_security_level(ctx, level);
    ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    return ssl;
}

static void key_and_chain_come_together(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = packed(p, "p256");
    pair_t *pair = pair_parse(value->data, value->len);
    SSL *ssl = connection(p, 1);
    STACK_OF(X509) *chain = NULL;

    assert_non_null(pair);
    assert_int_equal(1, pair_use(pair, ssl));
    assert_int_equal(0, X509_cmp(leaf->cert, SSL_get_certificate(ssl)));
    assert_int_equal(1, EVP_PKEY_eq(leaf->key->pkey, SSL_get_privatekey(ssl)));
    assert_int_equal(1, SSL_get0_chain_certs(ssl, &chain));
    assert_int_equal(1, sk_X509_num(chain));
    assert_int_equal(0, X509_cmp(ca->cert, sk_X509_value(chain, 0)));
    pair_release(pair); /* the connection goes on with it */
    assert_int_equal(0, X509_cmp(leaf->cert, SSL_get_certificate(ssl)));
    SSL_free(ssl);
}

/* Of the same kind of key only: one for RSA stands beside one for elliptic curves. */
static void the_other_kind_stays(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = packed(p, "rsa2048");
    pair_t *pair = pair_parse(value->data, value->len);
    SSL *ssl = connection(p, 1);

    assert_int_equal(1, pair_use(pair, ssl));
    assert_int_equal(1, SSL_set_current_cert(ssl, SSL_CERT_SET_FIRST));
    assert_int_equal(0, X509_cmp(leaf->cert, SSL_get_certificate(ssl)));
    assert_int_equal(1, SSL_set_current_cert(ssl, SSL_CERT_SET_NEXT));
    pair_release(pair);
    SSL_free(ssl);
}

static void a_connection_may_refuse_it(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = packed(p, "rsa2048");
    pair_t *pair = pair_parse(value->data, value->len);
    SSL *ssl = connection(p, 3);
    const X509 *before = SSL_get_certificate(ssl);

    assert_int_equal(0, pair_use(pair, ssl));
    assert_ptr_equal(before, SSL_get_certificate(ssl));
    assert_int_equal(0, ERR_peek_error());
    pair_release(pair);
    SSL_free(ssl);
}

static void it_knows_its_certificate(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = packed(p, "p256");
    chain_t *chain = NULL;
    const char *pem = party_pem(p, 2, leaf, ca);

    assert_int_equal(APR_SUCCESS, chain_parse(&chain, pem, strlen(pem), eab_result_make(p), p));
    assert_string_equal(chain_facts(chain)->fingerprint,
                        pair_fingerprint(value->data, value->len, p));
    assert_null(pair_fingerprint("", 0, p));
    assert_null(pair_fingerprint("\xff\xff\xff\x7f....", 8, p));
}

static void refuse(secret_t *value, apr_size_t len)
{
    assert_null(pair_parse(value->data, len));
    assert_int_equal(0, ERR_peek_error());
}

/* Up to the last line of the leaf; what comes after it is the digest's to judge. */
static void half_of_it_is_refused(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = packed(p, "p256");
    apr_size_t whole = sizeof(apr_uint32_t) + keypair_pem(p, leaf->key)->len
                       + strlen(party_pem(p, 1, leaf)),
               len;

    for (len = 0; len < whole - 10; ++len)
        refuse(value, len);
    assert_true(whole < value->len);
}

static char *found_in(secret_t *value, const char *text, int times)
{
    char *at = (char *)value->data;

    for (; times > 0; --times)
        at = (char *)memmem(at + 1, value->len - (apr_size_t)(at + 1 - (char *)value->data), text,
                            strlen(text));
    assert_non_null(at);
    return at;
}

/* Clients would get a leaf without the issuers that lead to their root. */
static void an_issuer_that_cannot_be_read_spoils_it(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = packed(p, "p256");
    char *second = found_in(value, "-----BEGIN CERTIFICATE-----", 2);

    memcpy(second + 60, "!!!!", 4);
    refuse(value, value->len);
    value = packed(p, "p256");
    refuse(value, value->len - 100); /* cut in the middle of it */
}

static void a_long_chain_is_whole(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = NULL;
    const char *issuers;
    pair_t *pair;
    SSL *ssl = connection(p, 1);
    STACK_OF(X509) *chain = NULL;

    issue(p, "p256");
    issuers = party_pem(p, 4, ca, ca, ca, ca);
    issuers = apr_pstrcat(p, party_pem(p, 1, leaf), issuers, issuers, issuers, NULL);
    assert_int_equal(APR_SUCCESS, pair_pack(&value, keypair_pem(p, leaf->key), issuers, p));
    pair = pair_parse(value->data, value->len);
    assert_non_null(pair);
    assert_int_equal(1, pair_use(pair, ssl));
    assert_int_equal(1, SSL_get0_chain_certs(ssl, &chain));
    assert_int_equal(12, sk_X509_num(chain));
    pair_release(pair);
    SSL_free(ssl);
}

static void another_key_is_refused(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = NULL;
    const char *pem;

    pem = party_pem(p, 1, issue(p, "p256"));
    assert_int_equal(APR_SUCCESS, pair_pack(&value, keypair_pem(p, issue(p, "p256")->key), pem, p));
    refuse(value, value->len);
}

static void what_is_too_long_is_not_packed(void **state)
{
    apr_pool_t *p = *state;
    secret_t *value = NULL;
    char *long_chain = apr_pcalloc(p, SEGMENT_VALUE_MAX + 1);

    issue(p, "p256");
    memset(long_chain, 'x', SEGMENT_VALUE_MAX);
    assert_int_equal(APR_ENOSPC, pair_pack(&value, keypair_pem(p, leaf->key), long_chain, p));
    assert_null(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(key_and_chain_come_together),
        fixture_test(the_other_kind_stays),
        fixture_test(a_connection_may_refuse_it),
        fixture_test(it_knows_its_certificate),
        fixture_test(half_of_it_is_refused),
        fixture_test(an_issuer_that_cannot_be_read_spoils_it),
        fixture_test(a_long_chain_is_whole),
        fixture_test(another_key_is_refused),
        fixture_test(what_is_too_long_is_not_packed),
    };

    return fixture_run(tests);
}
