/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/txtrecord.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "base/bytes.h"

#define LABEL_OCTETS 10 /* of the digest: 16 letters of base32, without padding */
#define STRING_MAX 255  /* of one string of a TXT record (RFC 1035, 3.3) */

static int digest_of(unsigned char *digest, const char *text)
{
    return EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) == 1;
}

/* RFC 4648, 6, in lower case; len must be a multiple of 5. */
static const char *base32(apr_pool_t *p, const unsigned char *data, int len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char *text = apr_pcalloc(p, (apr_size_t)len / 5 * 8 + 1);
    int i;

    for (i = 0; i < len * 8; i += 5) {
        unsigned pair = (unsigned)data[i / 8] << 8 | (i / 8 + 1 < len ? data[i / 8 + 1] : 0U);

        text[i / 5] = letters[(pair >> (11 - i % 8)) & 31];
    }
    return text;
}

const char *txtrecord_account_label(apr_pool_t *p, const char *account_url)
{
    unsigned char digest[32];

    if (account_url == NULL || !digest_of(digest, account_url)) {
        return NULL;
    }
    return apr_pstrcat(p, "_", base32(p, digest, LABEL_OCTETS), NULL);
}

const char *txtrecord_name(apr_pool_t *p, const char *type, const char *name,
                           const char *account_url)
{
    const char *label;

    if (strcmp(type, TXTRECORD_DNS) == 0) {
        return apr_pstrcat(p, "_acme-challenge.", name, NULL);
    }
    if (strcmp(type, TXTRECORD_PERSIST) == 0) {
        return apr_pstrcat(p, "_validation-persist.", name, NULL);
    }
    if (strcmp(type, TXTRECORD_ACCOUNT) == 0
        && (label = txtrecord_account_label(p, account_url)) != NULL) {
        return apr_pstrcat(p, label, "._acme-challenge.", name, NULL);
    }
    return NULL;
}

const char *txtrecord_value(apr_pool_t *p, const char *token, const char *thumbprint)
{
    unsigned char digest[32];

    if (!digest_of(digest, apr_pstrcat(p, token, ".", thumbprint, NULL))) {
        return NULL;
    }
    return base64url_encode(p, digest, sizeof(digest));
}

const char *txtrecord_persist(apr_pool_t *p, const char *issuer, const char *account_url,
                              int wildcard)
{
    return apr_pstrcat(p, issuer, "; accounturi=", account_url, wildcard ? "; policy=wildcard" : "",
                       NULL);
}

const char *txtrecord_quote(apr_pool_t *p, const char *value)
{
    const char *text = "";
    apr_size_t left = strlen(value);

    do {
        apr_size_t len = left < STRING_MAX ? left : STRING_MAX;

        text = apr_pstrcat(p, text, *text != '\0' ? " \"" : "\"", apr_pstrmemdup(p, value, len),
                           "\"", NULL);
        value += len;
        left -= len;
    } while (left > 0);
    return text;
}
