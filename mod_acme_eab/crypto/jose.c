/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jose.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/json.h"
#include "crypto/eabkey.h"

typedef struct jose_row {
    const char *type; /* as keypair_type() */
    const char *alg;
    const char *digest;
    const char *crv; /* NULL for RSA */
    int width;       /* bytes of a coordinate, and of R and S each */
} jose_row_t;

/* RFC 7518, 3.1 and 6.2.1.1; no CA takes other keys (checklist J-05). */
static const jose_row_t jose_rows[] = {
    { "p256", "ES256", "SHA256", "P-256", 32 }, { "p384", "ES384", "SHA384", "P-384", 48 },
    { "rsa2048", "RS256", "SHA256", NULL, 0 },  { "rsa3072", "RS256", "SHA256", NULL, 0 },
    { "rsa4096", "RS256", "SHA256", NULL, 0 },
};

static const jose_row_t *jose_row_find(const keypair_t *key)
{
    const char *type = keypair_type(key->pkey);
    size_t i;

    for (i = 0; i < sizeof(jose_rows) / sizeof(jose_rows[0]); i++) {
        if (strcmp(jose_rows[i].type, type) == 0)
            return &jose_rows[i];
    }
    return NULL;
}

const char *jose_alg(const keypair_t *key)
{
    const jose_row_t *row = jose_row_find(key);

    return row != NULL ? row->alg : NULL;
}

/* A number of the public key in base64url: width bytes with leading zeros kept (RFC 7518,
 * 6.2.1.2), or as few as it needs when width is 0 (RFC 7518, 2). NULL on failure. */
static const char *jose_number(apr_pool_t *p, const EVP_PKEY *pkey, const char *param, int width)
{
    const char *text = NULL;
    unsigned char *data = NULL;
    BIGNUM *bn = NULL;

    if (EVP_PKEY_get_bn_param(pkey, param, &bn) != 1)
        return NULL;
    if (width == 0)
        width = BN_num_bytes(bn);
    data = apr_palloc(p, (apr_size_t)width + 1);
    if (BN_bn2binpad(bn, data, width) == width)
        text = base64url_encode(p, data, (apr_size_t)width);
    BN_free(bn);
    return text;
}

static json_t *jose_jwk_ec(apr_pool_t *p, const EVP_PKEY *pkey, const jose_row_t *row)
{
    const char *x = jose_number(p, pkey, OSSL_PKEY_PARAM_EC_PUB_X, row->width);
    const char *y = jose_number(p, pkey, OSSL_PKEY_PARAM_EC_PUB_Y, row->width);

    if (x == NULL || y == NULL)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:s}", "crv", row->crv, "kty", "EC", "x", x, "y", y);
}

static json_t *jose_jwk_rsa(apr_pool_t *p, const EVP_PKEY *pkey)
{
    const char *e = jose_number(p, pkey, OSSL_PKEY_PARAM_RSA_E, 0);
    const char *n = jose_number(p, pkey, OSSL_PKEY_PARAM_RSA_N, 0);

    if (e == NULL || n == NULL)
        return NULL;
    return json_pack("{s:s, s:s, s:s}", "e", e, "kty", "RSA", "n", n);
}

json_t *jose_jwk(apr_pool_t *p, const keypair_t *key)
{
    const jose_row_t *row = jose_row_find(key);
    json_t *jwk = NULL;

    if (row != NULL && row->crv != NULL)
        jwk = jose_jwk_ec(p, key->pkey, row);
    else if (row != NULL)
        jwk = jose_jwk_rsa(p, key->pkey);
    ERR_clear_error();
    return json_own(p, jwk);
}

const char *jose_thumbprint(apr_pool_t *p, const keypair_t *key)
{
    json_t *jwk = jose_jwk(p, key);
    const char *text = jwk != NULL ? json_text(p, jwk) : NULL;
    unsigned char hash[32];
    int hashed;

    if (text == NULL)
        return NULL;
    hashed = EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), hash, NULL);
    ERR_clear_error();
    return hashed == 1 ? base64url_encode(p, hash, sizeof(hash)) : NULL;
}

/* OpenSSL's DER of (R, S) as R || S, each of full width (RFC 7518, 3.4): a short one, which is one
 * in 128, would be refused by the CA. */
static int jose_unwrap_ecdsa(bytes_t *signature, int width, apr_pool_t *p)
{
    const unsigned char *der = signature->data;
    unsigned char *raw = apr_palloc(p, 2 * (apr_size_t)width);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)signature->len);
    int done = 0;

    if (sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, width) == width
        && BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + width, width) == width) {
        signature->data = raw;
        signature->len = 2 * (apr_size_t)width;
        done = 1;
    }
    ECDSA_SIG_free(sig);
    return done;
}

/* The signature as it goes into a JWS, in base64url; NULL on failure. */
static const char *jose_signature(apr_pool_t *p, const keypair_t *key, const jose_row_t *row,
                                  const char *input)
{
    const char *text = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = (size_t)EVP_PKEY_get_size(key->pkey);
    unsigned char *data = apr_palloc(p, len);
    bytes_t signature = { data, 0 };

    if (ctx == NULL
        || EVP_DigestSignInit_ex(ctx, NULL, row->digest, NULL, NULL, key->pkey, NULL) != 1
        || EVP_DigestSign(ctx, data, &len, (const unsigned char *)input, strlen(input)) != 1)
        goto out;
    signature.len = len;
    if (row->crv != NULL && !jose_unwrap_ecdsa(&signature, row->width, p))
        goto out;
    text = base64url_encode(p, signature.data, signature.len);
out:
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return text;
}

/* The protected header with alg before all else, in base64url; NULL on failure. */
static const char *jose_header(apr_pool_t *p, const char *alg, const json_t *members)
{
    json_t *header = json_own(p, json_pack("{s:s}", "alg", alg));
    const char *text = NULL;

    /* jansson only borrows the members, but it does not say so in its prototype. */
    if (header == NULL || json_object_update_missing(header, (json_t *)members) != 0
        || (text = json_text(p, header)) == NULL)
        return NULL;
    return base64url_encode(p, text, strlen(text));
}

static json_t *jose_envelope(apr_pool_t *p, const char *header, const char *payload,
                             const char *signature)
{
    return json_own(p, json_pack("{s:s, s:s, s:s}", "protected", header, "payload", payload,
                                 "signature", signature));
}

apr_status_t jose_sign(const char **pjws, const keypair_t *key, const json_t *protected,
                       const char *payload, apr_pool_t *p)
{
    const jose_row_t *row = jose_row_find(key);
    const char *header = NULL;
    const char *body = NULL;
    const char *signature = NULL;
    json_t *jws = NULL;

    *pjws = NULL;
    if (row == NULL || (header = jose_header(p, row->alg, protected)) == NULL)
        return APR_EGENERAL;
    body = base64url_encode(p, payload, strlen(payload));
    signature = jose_signature(p, key, row, apr_pstrcat(p, header, ".", body, NULL));
    if (signature == NULL || (jws = jose_envelope(p, header, body, signature)) == NULL)
        return APR_EGENERAL;
    *pjws = json_text(p, jws);
    return *pjws != NULL ? APR_SUCCESS : APR_EGENERAL;
}

/* HMAC in base64url; NULL on failure. */
static const char *jose_mac(apr_pool_t *p, const secret_t *key, int bits, const char *input)
{
    unsigned char mac[64];
    size_t len = 0;
    const char *digest = apr_psprintf(p, "SHA%d", bits);
    const unsigned char *done = NULL;

    if (key->data == NULL || key->len == 0)
        return NULL;
    done = EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key->data, key->len,
                     (const unsigned char *)input, strlen(input), mac, sizeof(mac), &len);
    ERR_clear_error();
    return done != NULL ? base64url_encode(p, mac, len) : NULL;
}

json_t *jose_bind_account(apr_pool_t *p, const keypair_t *account_key, const secret_t *mac_key,
                          const char *alg, const char *kid, const char *url)
{
    json_t *members = json_own(p, json_pack("{s:s, s:s}", "kid", kid, "url", url));
    json_t *jwk = jose_jwk(p, account_key);
    const char *text = jwk != NULL ? json_text(p, jwk) : NULL;
    const char *header = NULL;
    const char *payload = NULL;
    const char *signature = NULL;

    if (eabkey_bits(alg) == 0 || members == NULL || text == NULL
        || (header = jose_header(p, alg, members)) == NULL)
        return NULL;
    payload = base64url_encode(p, text, strlen(text));
    signature = jose_mac(p, mac_key, eabkey_bits(alg), apr_pstrcat(p, header, ".", payload, NULL));
    if (signature == NULL)
        return NULL;
    return jose_envelope(p, header, payload, signature);
}
