/* SPDX-License-Identifier: Apache-2.0 */
#include "live/pair.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/bytes.h"
#include "live/segment.h"

struct pair {
    int references;
    EVP_PKEY *key;
    X509 *leaf;
    STACK_OF(X509) * issuers;
};

/* ---- packed: the length of the key, the key, the chain ---- */

typedef struct parts {
    const char *key;
    const char *chain;
    int key_len;
    int chain_len;
} parts_t;

apr_status_t pair_pack(secret_t **pvalue, const secret_t *key_pem, const char *chain_pem,
                       apr_pool_t *p)
{
    apr_uint32_t key_len = (apr_uint32_t)key_pem->len;
    apr_size_t chain_len = strlen(chain_pem), len = sizeof(key_len) + key_pem->len + chain_len;
    unsigned char *to = NULL;

    *pvalue = NULL;
    if (len > SEGMENT_VALUE_MAX)
        return APR_ENOSPC;
    *pvalue = secret_make(p, len);
    to = (*pvalue)->data;
    memcpy(to, &key_len, sizeof(key_len));
    memcpy(to + sizeof(key_len), key_pem->data, key_pem->len);
    memcpy(to + sizeof(key_len) + key_pem->len, chain_pem, chain_len);
    return APR_SUCCESS;
}

static int unpack(parts_t *parts, const void *value, apr_size_t len)
{
    apr_uint32_t key_len = 0;

    if (len < sizeof(key_len) || len > SEGMENT_VALUE_MAX)
        return 0;
    memcpy(&key_len, value, sizeof(key_len));
    if (key_len > len - sizeof(key_len))
        return 0;
    parts->key = (const char *)value + sizeof(key_len);
    parts->key_len = (int)key_len;
    parts->chain = parts->key + key_len;
    parts->chain_len = (int)(len - sizeof(key_len) - key_len);
    return 1;
}

/* The octets of the first certificate, not parsed; NULL when there is none. For OPENSSL_free(). */
static unsigned char *first_certificate(const parts_t *parts, long *plen)
{
    BIO *bio = BIO_new_mem_buf(parts->chain, parts->chain_len);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;

    if (bio != NULL && PEM_read_bio(bio, &name, &header, &der, plen) == 1
        && strcmp(name, PEM_STRING_X509) != 0) {
        OPENSSL_free(der);
        der = NULL;
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    BIO_free(bio);
    ERR_clear_error();
    return der;
}

const char *pair_fingerprint(const void *value, apr_size_t len, apr_pool_t *p)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_len = 0;
    const char *text = NULL;
    unsigned char *der = NULL;
    long der_len = 0;
    parts_t parts;

    if (!unpack(&parts, value, len) || (der = first_certificate(&parts, &der_len)) == NULL)
        return NULL;
    if (EVP_Digest(der, (size_t)der_len, digest, &digest_len, EVP_sha256(), NULL) == 1)
        text = hex_encode(p, digest, digest_len);
    OPENSSL_free(der);
    return text;
}

/* ---- parsed ---- */

static int read_key(pair_t *pair, const parts_t *parts)
{
    BIO *bio = BIO_new_mem_buf(parts->key, parts->key_len);

    pair->key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
    BIO_free(bio);
    return pair->key != NULL;
}

static X509 *read_certificate(BIO *bio)
{
    return bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

/* True when the last certificate was followed by nothing, and not by one that cannot be read. */
static int is_at_end(void)
{
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/* Clients may refuse a leaf without its issuers: all that are there, or none. */
static int read_chain(pair_t *pair, const parts_t *parts)
{
    BIO *bio = BIO_new_mem_buf(parts->chain, parts->chain_len);
    X509 *issuer = NULL;
    int whole = 0;

    pair->leaf = read_certificate(bio);
    pair->issuers = sk_X509_new_null();
    while (pair->issuers != NULL && (issuer = read_certificate(bio)) != NULL)
        sk_X509_push(pair->issuers, issuer);
    whole = is_at_end();
    BIO_free(bio);
    return pair->leaf != NULL && pair->issuers != NULL && whole;
}

static void pair_free(pair_t *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->leaf);
    sk_X509_pop_free(pair->issuers, X509_free);
    free(pair);
}

pair_t *pair_parse(const void *value, apr_size_t len)
{
    pair_t *pair = calloc(1, sizeof(*pair));
    parts_t parts;

    if (pair == NULL)
        return NULL;
    pair->references = 1;
    if (!unpack(&parts, value, len) || !read_key(pair, &parts) || !read_chain(pair, &parts)
        || X509_check_private_key(pair->leaf, pair->key) != 1) {
        pair_free(pair);
        pair = NULL;
    }
    ERR_clear_error();
    return pair;
}

pair_t *pair_share(pair_t *pair)
{
    if (pair != NULL)
        (void)__atomic_add_fetch(&pair->references, 1, __ATOMIC_RELAXED);
    return pair;
}

void pair_release(pair_t *pair)
{
    if (pair != NULL && __atomic_sub_fetch(&pair->references, 1, __ATOMIC_ACQ_REL) == 0)
        pair_free(pair);
}

int pair_use(const pair_t *pair, SSL *ssl)
{
    int used = SSL_use_cert_and_key(ssl, pair->leaf, pair->key, pair->issuers, 1) == 1;

    ERR_clear_error();
    return used;
}
