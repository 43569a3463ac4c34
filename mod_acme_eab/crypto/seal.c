/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/json.h"

#define DIGEST_LEN 64 /* hexadecimal */

/* With the length before the bytes, so that nothing can move from one file to the other. */
static int add(EVP_MD_CTX *ctx, const void *data, apr_size_t len)
{
    apr_uint64_t size = len;

    return EVP_DigestUpdate(ctx, &size, sizeof(size)) == 1 && EVP_DigestUpdate(ctx, data, len) == 1;
}

/* NULL on failure. */
static const char *digest(apr_pool_t *p, const char *body, const char *pem, apr_size_t len,
                          const secret_t *key)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int done = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1
               && add(ctx, body, strlen(body)) && add(ctx, pem, len)
               && add(ctx, key->data, key->len) && EVP_DigestFinal_ex(ctx, hash, &size) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return done ? hex_encode(p, hash, size) : NULL;
}

const char *seal_write(apr_pool_t *p, const seal_t *seal, const char *pem, apr_size_t len,
                       const secret_t *key)
{
    const chain_facts_t *facts = seal->facts;
    json_t *json = json_own(p, json_object());
    const char *body = NULL, *hash = NULL;

    json_put_string(json, "openssl", OpenSSL_version(OPENSSL_VERSION));
    json_put_strings(json, "names", facts->names);
    json_put_string(json, "keyType", facts->key_type);
    json_put_string(json, "issuer", facts->issuer);
    json_put_strings(json, "issuers", facts->issuers);
    json_put_string(json, "serial", facts->serial);
    json_put_string(json, "fingerprint", facts->fingerprint);
    json_put_string(json, "ariId", facts->ari_id);
    json_put_string(json, "ocsp", facts->ocsp);
    json_object_set_new(json, "mustStaple", json_boolean(facts->must_staple));
    json_put_string(json, "strength", seal->strength);
    json_object_set_new(json, "notBefore", json_integer(facts->not_before)); /* microseconds */
    json_object_set_new(json, "notAfter", json_integer(facts->not_after));
    body = json_text(p, json);
    hash = body != NULL ? digest(p, body, pem, len, key) : NULL;
    return hash != NULL ? apr_pstrcat(p, hash, "\n", body, NULL) : NULL;
}

/* What is not UTF-8 was left out when it was written. */
static int is_whole(const seal_t *seal)
{
    const chain_facts_t *facts = seal->facts;

    return facts->names->nelts > 0 && facts->issuers->nelts > 0 && facts->key_type != NULL
           && facts->issuer != NULL && facts->serial != NULL && facts->fingerprint != NULL
           && facts->not_after > 0 && seal->strength != NULL;
}

static int is_of_this_library(const json_t *json)
{
    const char *version = json_peek_string(json, "openssl");

    return version != NULL && strcmp(version, OpenSSL_version(OPENSSL_VERSION)) == 0;
}

const seal_t *seal_read(apr_pool_t *p, const char *record, const char *pem, apr_size_t len,
                        const secret_t *key)
{
    const char *body = strchr(record, '\n'), *hash = NULL;
    chain_facts_t *facts = NULL;
    seal_t *seal = NULL;
    json_t *json = NULL;

    if (body == NULL || body - record != DIGEST_LEN
        || (hash = digest(p, ++body, pem, len, key)) == NULL
        || strncmp(record, hash, DIGEST_LEN) != 0
        || (json = json_parse(p, body, strlen(body), NULL)) == NULL || !is_of_this_library(json)
        || !json_is_boolean(json_object_get(json, "mustStaple"))) /* an older version's */
        return NULL;
    facts = apr_pcalloc(p, sizeof(*facts));
    facts->names = json_copy_strings(p, json, "names");
    facts->key_type = json_copy_string(p, json, "keyType");
    facts->issuer = json_copy_string(p, json, "issuer");
    facts->issuers = json_copy_strings(p, json, "issuers");
    facts->serial = json_copy_string(p, json, "serial");
    facts->fingerprint = json_copy_string(p, json, "fingerprint");
    facts->ari_id = json_copy_string(p, json, "ariId");
    facts->ocsp = json_copy_string(p, json, "ocsp");
    facts->must_staple = json_is_true(json_object_get(json, "mustStaple"));
    facts->not_before = json_peek_int(json, "notBefore", 0);
    facts->not_after = json_peek_int(json, "notAfter", 0);
    seal = apr_pcalloc(p, sizeof(*seal));
    seal->facts = facts;
    seal->strength = json_copy_string(p, json, "strength");
    return is_whole(seal) ? seal : NULL;
}
