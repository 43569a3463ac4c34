/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk.h"

#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "base/bytes.h"
#include "base/json.h"

#define NUMBER_MAX 1024 /* bytes of one number: RSA keys of 8192 bits */
#define WIDTH_MAX 48    /* bytes of a coordinate on P-384 */

typedef struct jwk_curve {
    const char *crv;
    const char *group;
    int width;
} jwk_curve_t;

static const jwk_curve_t jwk_curves[] = {
    { "P-256", "prime256v1", 32 },
    { "P-384", "secp384r1", WIDTH_MAX },
};

/* The numbers of an RSA key, by their members and as OpenSSL calls them. */
static const char *const rsa_numbers[][2] = {
    { "n", OSSL_PKEY_PARAM_RSA_N },          { "e", OSSL_PKEY_PARAM_RSA_E },
    { "d", OSSL_PKEY_PARAM_RSA_D },          { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
    { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },    { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
    { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 }, { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

#define RSA_NUMBERS ((int)(sizeof(rsa_numbers) / sizeof(rsa_numbers[0])))

/* A member as a number in secure memory; NULL when it is missing or none. Some clients pad them. */
static BIGNUM *take_number(apr_pool_t *p, const json_t *jwk, const char *member)
{
    const char *text = json_peek_string(jwk, member);
    size_t len = text != NULL ? strlen(text) : 0;
    bytes_t bytes = { NULL, 0 };
    BIGNUM *number = BN_secure_new();
    char *trimmed = NULL;

    while (len > 0 && text[len - 1] == '=')
        --len;
    if (number != NULL && len > 0 && len <= NUMBER_MAX * 4 / 3 + 4
        && (trimmed = OPENSSL_strndup(text, len)) != NULL
        && base64url_decode(p, &bytes, trimmed) == APR_SUCCESS && bytes.len <= NUMBER_MAX)
        BN_bin2bn(bytes.data, (int)bytes.len, number);
    if (bytes.data != NULL)
        OPENSSL_cleanse((void *)bytes.data, bytes.len);
    OPENSSL_clear_free(trimmed, len);
    if (bytes.data != NULL && number != NULL && !BN_is_zero(number))
        return number;
    BN_clear_free(number);
    return NULL;
}

static EVP_PKEY *build(const char *kind, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
        pkey = NULL;
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *rsa_key(apr_pool_t *p, const json_t *jwk, const char **pwhy)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[RSA_NUMBERS] = { NULL };
    EVP_PKEY *pkey = NULL;
    int i;

    *pwhy = "lacks a number of its RSA key";
    for (i = 0; builder != NULL && i < RSA_NUMBERS; i++) {
        numbers[i] = take_number(p, jwk, rsa_numbers[i][0]);
        if (numbers[i] == NULL
            || OSSL_PARAM_BLD_push_BN(builder, rsa_numbers[i][1], numbers[i]) != 1)
            goto out;
    }
    *pwhy = "is no RSA key";
    if (builder != NULL)
        pkey = build("RSA", builder);
out:
    for (i = 0; i < RSA_NUMBERS; i++)
        BN_clear_free(numbers[i]);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static EVP_PKEY *ec_key(apr_pool_t *p, const json_t *jwk, const jwk_curve_t *curve,
                        const char **pwhy)
{
    BIGNUM *x = take_number(p, jwk, "x"), *y = take_number(p, jwk, "y");
    BIGNUM *d = take_number(p, jwk, "d");
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    unsigned char point[1 + 2 * WIDTH_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
    size_t len = 1 + 2 * (size_t)curve->width;
    EVP_PKEY *pkey = NULL;

    *pwhy = "lacks a number of its key";
    if (x == NULL || y == NULL || d == NULL || builder == NULL
        || BN_bn2binpad(x, point + 1, curve->width) != curve->width
        || BN_bn2binpad(y, point + 1 + curve->width, curve->width) != curve->width
        || OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0)
               != 1
        || OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, len) != 1
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1)
        goto out;
    *pwhy = "is no key on its curve";
    pkey = build("EC", builder);
out:
    BN_free(x);
    BN_free(y);
    BN_clear_free(d);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static EVP_PKEY *key_of(apr_pool_t *p, const json_t *jwk, const char **pwhy)
{
    const char *kty = json_peek_string(jwk, "kty"), *crv = json_peek_string(jwk, "crv");
    size_t i;

    *pwhy = "is neither an RSA key nor one on a curve that is known here";
    if (kty != NULL && strcmp(kty, "RSA") == 0)
        return rsa_key(p, jwk, pwhy);
    for (i = 0; i < sizeof(jwk_curves) / sizeof(jwk_curves[0]); i++) {
        if (kty != NULL && strcmp(kty, "EC") == 0 && crv != NULL
            && strcmp(crv, jwk_curves[i].crv) == 0)
            return ec_key(p, jwk, &jwk_curves[i], pwhy);
    }
    return NULL;
}

static int is_consistent(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    int consistent = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return consistent;
}

keypair_t *jwk_keypair(apr_pool_t *p, const json_t *jwk, const char **pwhy)
{
    EVP_PKEY *pkey = key_of(p, jwk, pwhy);

    if (pkey != NULL && !is_consistent(pkey)) {
        *pwhy = "has a public half that is not that of its private one";
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    ERR_clear_error();
    return keypair_adopt(p, pkey);
}
