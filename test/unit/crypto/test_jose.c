/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/bytes.h"
#include "base/json.h"
#include "crypto/eabkey.h"
#include "crypto/jose.h"

/* RFC 7515, A.3. */
#define K1_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n" \
    "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n" \
    "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n" \
    "-----END PRIVATE KEY-----\n"
#define K1_THUMBPRINT "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

/* The x of this one begins with a zero byte. */
#define K2_PEM \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgch8VgwOxs3eC+kUX\n" \
    "BAgEPHxR3Nb4dWpBOkuzOt/siSGhRANCAAQA/ug80C+U/vSDv5KAKZXqiQ7IeoNa\n" \
    "8AntkZUFvDSAYpHh+8S6NeqFWAi4DaNC0c1YIaA7Z4gpwEvrAMkfLNF/\n" \
    "-----END PRIVATE KEY-----\n"

/* RFC 7638, 3.1: a public key. */
#define RFC7638_N \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_" \
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-" \
    "65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-" \
    "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"

#define EAB_KEY "HjudV5qnbreN-n9WyFSH-t4HXuEx_XFen45zuxY-G1h6fr74V3cUM_dVlwQZBWmc"
#define EAB_URL "https://example.com/acme/new-account"

static keypair_t *key_from_pem(apr_pool_t *p, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    keypair_t *key = keypair_adopt(p, PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL));

    BIO_free(bio);
    assert_non_null(key);
    return key;
}

static keypair_t *key_from_modulus(apr_pool_t *p, const char *modulus)
{
    bytes_t n = { NULL, 0 };
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    BIGNUM *number = NULL;
    BIGNUM *e = BN_new();

    assert_int_equal(APR_SUCCESS, base64url_decode(p, &n, modulus));
    number = BN_bin2bn(n.data, (int)n.len, NULL);
    BN_set_word(e, 65537);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, number);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(1, EVP_PKEY_fromdata_init(ctx));
    assert_int_equal(1, EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params));
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(number);
    BN_free(e);
    return keypair_adopt(p, pkey);
}

static const char *decode_text(apr_pool_t *p, const char *encoded)
{
    bytes_t bytes = { NULL, 0 };

    assert_int_equal(APR_SUCCESS, base64url_decode(p, &bytes, encoded));
    return apr_pstrmemdup(p, (const char *)bytes.data, bytes.len);
}

/* The verifier of a CA: R || S back to DER, which says so if it is not full width. */
static int verify(apr_pool_t *p, const keypair_t *key, const char *digest, int width,
                  const json_t *jws)
{
    const char *input = apr_pstrcat(p, json_peek_string(jws, "protected"), ".",
                                    json_peek_string(jws, "payload"), NULL);
    bytes_t raw = { NULL, 0 };
    const unsigned char *der = NULL;
    unsigned char *made = NULL;
    size_t len;
    ECDSA_SIG *sig = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int good;

    assert_int_equal(APR_SUCCESS, base64url_decode(p, &raw, json_peek_string(jws, "signature")));
    der = raw.data;
    len = raw.len;
    if (width > 0) {
        assert_int_equal(2 * width, raw.len);
        sig = ECDSA_SIG_new();
        ECDSA_SIG_set0(sig, BN_bin2bn(raw.data, width, NULL),
                       BN_bin2bn(raw.data + width, width, NULL));
        len = (size_t)i2d_ECDSA_SIG(sig, &made);
        der = made;
        ECDSA_SIG_free(sig);
    }
    EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, key->pkey, NULL);
    good = EVP_DigestVerify(ctx, der, len, (const unsigned char *)input, strlen(input));
    OPENSSL_free(made);
    EVP_MD_CTX_free(ctx);
    return good == 1;
}

static const json_t *sign(apr_pool_t *p, const keypair_t *key, const char *payload)
{
    json_t *header = json_own(p, json_pack("{s:s, s:s, s:s}", "nonce", "n0-_", "url",
                                           "https://ca.example/acme/new-order", "kid",
                                           "https://ca.example/acct/1"));
    const char *jws = NULL;
    json_t *json = NULL;

    assert_int_equal(APR_SUCCESS, jose_sign(&jws, key, header, payload, p));
    assert_int_equal(3, json_object_size(header));
    json = json_parse(p, jws, strlen(jws), NULL);
    assert_int_equal(3, json_object_size(json));
    return json;
}

static void jwk_of_k1(void **state)
{
    json_t *jwk = jose_jwk(*state, key_from_pem(*state, K1_PEM));

    assert_string_equal("{\"crv\":\"P-256\",\"kty\":\"EC\","
                        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
                        json_text(*state, jwk));
}

static void thumbprint_of_k1(void **state)
{
    assert_string_equal(K1_THUMBPRINT, jose_thumbprint(*state, key_from_pem(*state, K1_PEM)));
}

static void leading_zero_of_a_coordinate_stays(void **state)
{
    keypair_t *key = key_from_pem(*state, K2_PEM);
    json_t *jwk = jose_jwk(*state, key);

    assert_string_equal("AP7oPNAvlP70g7-SgCmV6okOyHqDWvAJ7ZGVBbw0gGI", json_peek_string(jwk, "x"));
    assert_string_equal("keH7xLo16oVYCLgNo0LRzVghoDtniCnAS-sAyR8s0X8", json_peek_string(jwk, "y"));
    assert_string_equal("81fJ_FKnLRYrjhJ_ywc8EQ0LF3FG_v1UTCgPo4HOpEw",
                        jose_thumbprint(*state, key));
}

static void thumbprint_of_rsa(void **state)
{
    keypair_t *key = key_from_modulus(*state, RFC7638_N);
    json_t *jwk = jose_jwk(*state, key);

    assert_string_equal("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                        jose_thumbprint(*state, key));
    assert_string_equal("{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" RFC7638_N "\"}",
                        json_text(*state, jwk));
}

static void p384_coordinates(void **state)
{
    keypair_t *key = keypair_adopt(*state, keypair_generate("p384"));
    json_t *jwk = jose_jwk(*state, key);

    assert_string_equal("P-384", json_peek_string(jwk, "crv"));
    assert_int_equal(64, strlen(json_peek_string(jwk, "x")));
    assert_int_equal(64, strlen(json_peek_string(jwk, "y")));
    assert_int_equal(4, json_object_size(jwk));
}

static void key_authorization_digest(void **state)
{
    const char *text = apr_pstrcat(*state, "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.",
                                   jose_thumbprint(*state, key_from_pem(*state, K1_PEM)), NULL);
    unsigned char hash[32];

    assert_int_equal(87, strlen(text));
    EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), hash, NULL);
    assert_string_equal("TsRKynps8WR2t_mg14_-b9KAPI5z6dVS6CzKil2SuXU",
                        base64url_encode(*state, hash, sizeof(hash)));
}

static void algorithms(void **state)
{
    apr_pool_t *p = *state;
    json_t *header = json_own(p, json_object());
    keypair_t *other = keypair_adopt(p, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    const char *jws = NULL;

    assert_string_equal("ES256", jose_alg(keypair_adopt(p, keypair_generate("p256"))));
    assert_string_equal("ES384", jose_alg(keypair_adopt(p, keypair_generate("p384"))));
    assert_string_equal("RS256", jose_alg(keypair_adopt(p, keypair_generate("rsa2048"))));
    assert_null(jose_alg(other));
    assert_null(jose_jwk(p, other));
    assert_null(jose_thumbprint(p, other));
    assert_int_equal(APR_EGENERAL, jose_sign(&jws, other, header, "", p));
    assert_null(jws);
}

static void header_has_alg_first_and_keeps_the_order(void **state)
{
    const json_t *jws = sign(*state, key_from_pem(*state, K1_PEM), "{}");

    assert_string_equal("{\"alg\":\"ES256\",\"nonce\":\"n0-_\","
                        "\"url\":\"https://ca.example/acme/new-order\","
                        "\"kid\":\"https://ca.example/acct/1\"}",
                        decode_text(*state, json_peek_string(jws, "protected")));
    assert_string_equal("e30", json_peek_string(jws, "payload"));
}

static void post_as_get_has_an_empty_payload(void **state)
{
    const json_t *jws = sign(*state, key_from_pem(*state, K1_PEM), "");

    assert_string_equal("", json_peek_string(jws, "payload"));
}

/* One in 128 signatures has a short R or S, so 1,000 have some but for a chance of one in 2,500. */
static void es256_signatures_have_full_width(void **state)
{
    keypair_t *key = key_from_pem(*state, K1_PEM);
    apr_pool_t *each = NULL;
    int i;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&each, *state));
    for (i = 0; i < 1000; i++) {
        apr_pool_clear(each);
        assert_true(verify(each, key, "SHA256", 32, sign(each, key, "{\"a\":1}")));
    }
}

static void es384_and_rs256_verify(void **state)
{
    keypair_t *p384 = keypair_adopt(*state, keypair_generate("p384"));
    keypair_t *rsa = keypair_adopt(*state, keypair_generate("rsa2048"));

    assert_true(verify(*state, p384, "SHA384", 48, sign(*state, p384, "{}")));
    assert_true(verify(*state, rsa, "SHA256", 0, sign(*state, rsa, "{}")));
    assert_int_equal(0, ERR_peek_error());
}

static void signature_covers_header_and_payload(void **state)
{
    keypair_t *key = key_from_pem(*state, K1_PEM);
    json_t *jws = (json_t *)sign(*state, key, "{}");

    json_object_set_new(jws, "payload", json_string("e31"));
    assert_false(verify(*state, key, "SHA256", 32, jws));
    ERR_clear_error();
}

static secret_t *mac_key(apr_pool_t *p)
{
    secret_t *text = secret_make(p, strlen(EAB_KEY));
    secret_t *key = NULL;
    const char *why = NULL;

    memcpy(text->data, EAB_KEY, text->len);
    assert_int_equal(APR_SUCCESS, eabkey_decode(&key, text, 256, &why, p));
    return key;
}

static void expect_binding(apr_pool_t *p, const char *alg, const char *signature)
{
    json_t *eab = jose_bind_account(p, key_from_pem(p, K1_PEM), mac_key(p), alg, "kid-3", EAB_URL);

    assert_int_equal(3, json_object_size(eab));
    assert_string_equal(
        apr_psprintf(p, "{\"alg\":\"%s\",\"kid\":\"kid-3\",\"url\":\"" EAB_URL "\"}", alg),
        decode_text(p, json_peek_string(eab, "protected")));
    assert_string_equal("eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImY4M09KM0QyeEYxQmc4dnViOXRMZTFnSE"
                        "16Vjc2ZThUdXM5dVBIdlJWRVUiLCJ5IjoieF9GRXpSdTltMzZITE5fdHVlNjU5TE5wWFc2cEN5"
                        "U3Rpa1lqS0lXSTVhMCJ9",
                        json_peek_string(eab, "payload"));
    assert_string_equal(signature, json_peek_string(eab, "signature"));
}

static void binding_vectors(void **state)
{
    expect_binding(*state, "HS256", "9KlO5IFK5BPNd94O1Su0Cf8Em6AY9e8hVH18LS43EIw");
    expect_binding(*state, "HS384",
                   "pkUQL8v_quYxtrWfAGtfWL-AM1hAcu-reXyMRqlv3udmP8wHwqwBi93VfPj-DHsz");
    expect_binding(*state, "HS512",
                   "HW6lGtEDLdyxxOBzPasrRQXVKuiluo83wdAZVc9CvdIn8i-HK10ZcXet1oE0--"
                   "X6EsAchRnFkZO-LeL001VKWA");
}

static void binding_protected_header_is_the_vector(void **state)
{
    json_t *eab = jose_bind_account(*state, key_from_pem(*state, K1_PEM), mac_key(*state), "HS256",
                                    "kid-3", EAB_URL);

    assert_string_equal("eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC0zIiwidXJsIjoiaHR0cHM6Ly9leGFtcGxlLmNvbS"
                        "9hY21lL25ldy1hY2NvdW50In0",
                        json_peek_string(eab, "protected"));
}

static void kid_is_verbatim(void **state)
{
    json_t *eab = jose_bind_account(*state, key_from_pem(*state, K1_PEM), mac_key(*state), "HS256",
                                    "txra:agb:HZNf/8=\"\\", EAB_URL);
    const char *text = decode_text(*state, json_peek_string(eab, "protected"));
    json_t *header = json_parse(*state, text, strlen(text), NULL);

    assert_string_equal("txra:agb:HZNf/8=\"\\", json_peek_string(header, "kid"));
    assert_non_null(strstr(text, "HZNf/8=\\\"\\\\\""));
}

static void binding_needs_a_mac(void **state)
{
    keypair_t *key = key_from_pem(*state, K1_PEM);
    secret_t *empty = secret_make(*state, 0);

    assert_null(jose_bind_account(*state, key, mac_key(*state), "none", "k", EAB_URL));
    assert_null(jose_bind_account(*state, key, mac_key(*state), "ES256", "k", EAB_URL));
    assert_null(jose_bind_account(*state, key, empty, "HS256", "k", EAB_URL));
    secret_cleanse(empty);
    assert_null(jose_bind_account(*state, key, empty, "HS256", "k", EAB_URL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(jwk_of_k1),
        fixture_test(thumbprint_of_k1),
        fixture_test(leading_zero_of_a_coordinate_stays),
        fixture_test(thumbprint_of_rsa),
        fixture_test(p384_coordinates),
        fixture_test(key_authorization_digest),
        fixture_test(algorithms),
        fixture_test(header_has_alg_first_and_keeps_the_order),
        fixture_test(post_as_get_has_an_empty_payload),
        fixture_test(es256_signatures_have_full_width),
        fixture_test(es384_and_rs256_verify),
        fixture_test(signature_covers_header_and_payload),
        fixture_test(binding_vectors),
        fixture_test(binding_protected_header_is_the_vector),
        fixture_test(kid_is_verbatim),
        fixture_test(binding_needs_a_mac),
    };

    return fixture_run(tests);
}
