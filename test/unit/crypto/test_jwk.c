/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "base/bytes.h"
#include "base/json.h"
#include "crypto/jwk.h"

static void put(json_t *jwk, const char *member, const keypair_t *key, const char *param,
                apr_pool_t *p)
{
    unsigned char data[1024];
    BIGNUM *bn = NULL;

    assert_int_equal(1, EVP_PKEY_get_bn_param(key->pkey, param, &bn));
    json_put_string(jwk, member, base64url_encode(p, data, (apr_size_t)BN_bn2bin(bn, data)));
    BN_free(bn);
}

static json_t *rsa(apr_pool_t *p, const keypair_t *key)
{
    json_t *jwk = json_own(p, json_pack("{s:s}", "kty", "RSA"));

    put(jwk, "n", key, OSSL_PKEY_PARAM_RSA_N, p);
    put(jwk, "e", key, OSSL_PKEY_PARAM_RSA_E, p);
    put(jwk, "d", key, OSSL_PKEY_PARAM_RSA_D, p);
    put(jwk, "p", key, OSSL_PKEY_PARAM_RSA_FACTOR1, p);
    put(jwk, "q", key, OSSL_PKEY_PARAM_RSA_FACTOR2, p);
    put(jwk, "dp", key, OSSL_PKEY_PARAM_RSA_EXPONENT1, p);
    put(jwk, "dq", key, OSSL_PKEY_PARAM_RSA_EXPONENT2, p);
    put(jwk, "qi", key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, p);
    return jwk;
}

static json_t *ec(apr_pool_t *p, const keypair_t *key, const char *crv)
{
    json_t *jwk = json_own(p, json_pack("{s:s,s:s}", "kty", "EC", "crv", crv));

    put(jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, p);
    put(jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, p);
    put(jwk, "d", key, OSSL_PKEY_PARAM_PRIV_KEY, p);
    return jwk;
}

static void same(apr_pool_t *p, const json_t *jwk, const keypair_t *key)
{
    const char *why = NULL;
    keypair_t *read = jwk_keypair(p, jwk, &why);

    assert_non_null(read);
    assert_int_equal(1, EVP_PKEY_eq(read->pkey, key->pkey));
    assert_non_null(keypair_pem(p, read));
    assert_int_equal(0, ERR_peek_error());
}

static void refused(apr_pool_t *p, const json_t *jwk, const char *words)
{
    const char *why = NULL;

    assert_null(jwk_keypair(p, jwk, &why));
    if (strstr(why, words) == NULL)
        fail_msg("%s", why);
    assert_int_equal(0, ERR_peek_error());
}

/* As certbot and Posh-ACME write it. */
static void rsa_keys(void **state)
{
    keypair_t *key = keypair_adopt(*state, keypair_generate("rsa2048"));
    json_t *jwk = rsa(*state, key);

    same(*state, jwk, key);
    json_object_del(jwk, "qi");
    refused(*state, jwk, "lacks a number");
}

static void curves(void **state)
{
    keypair_t *small = keypair_adopt(*state, keypair_generate("p256"));
    keypair_t *large = keypair_adopt(*state, keypair_generate("p384"));

    same(*state, ec(*state, small, "P-256"), small);
    same(*state, ec(*state, large, "P-384"), large);
    refused(*state, ec(*state, large, "P-256"), "");
    refused(*state, ec(*state, small, "P-521"), "neither an RSA key");
}

/* One number of another key, or none at all. */
static void wrong_numbers(void **state)
{
    keypair_t *key = keypair_adopt(*state, keypair_generate("p256"));
    keypair_t *other = keypair_adopt(*state, keypair_generate("p256"));
    static const char *const texts[] = { "", "=", "AA", "!", "A", "\xff" };
    json_t *jwk = ec(*state, key, "P-256");
    char *huge = apr_palloc(*state, 100001);
    size_t i;

    put(jwk, "d", other, OSSL_PKEY_PARAM_PRIV_KEY, *state);
    refused(*state, jwk, "public half");
    jwk = ec(*state, key, "P-256");
    put(jwk, "x", other, OSSL_PKEY_PARAM_EC_PUB_X, *state);
    refused(*state, jwk, "");
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        jwk = ec(*state, key, "P-256");
        json_object_set_new(jwk, "y", json_stringn_nocheck(texts[i], strlen(texts[i])));
        refused(*state, jwk, "lacks a number");
    }
    memset(huge, 'B', 100000);
    huge[100000] = '\0';
    json_put_string(jwk, "y", huge);
    refused(*state, jwk, "lacks a number");
    json_object_set_new(jwk, "y", json_integer(5));
    refused(*state, jwk, "lacks a number");
    refused(*state, json_own(*state, json_object()), "neither an RSA key");
    refused(*state, NULL, "neither an RSA key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(rsa_keys),
        fixture_test(curves),
        fixture_test(wrong_numbers),
    };

    return fixture_run(tests);
}
