/* SPDX-License-Identifier: Apache-2.0 */
#include "import/bundle.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "import/source.h"

#define CERTIFICATES_MAX 50
#define CHAIN_MAX 10

struct bundle {
    apr_pool_t *pool;
    apr_array_header_t *certs; /* X509 *; freed with the pool */
    keypair_t *key;
};

static apr_status_t bundle_cleanup(void *data)
{
    bundle_t *bundle = data;
    int i;

    for (i = 0; i < bundle->certs->nelts; i++)
        X509_free(APR_ARRAY_IDX(bundle->certs, i, X509 *));
    bundle->certs->nelts = 0;
    return APR_SUCCESS;
}

bundle_t *bundle_make(apr_pool_t *p)
{
    bundle_t *bundle = apr_pcalloc(p, sizeof(*bundle));

    bundle->pool = p;
    bundle->certs = apr_array_make(p, 4, sizeof(X509 *));
    apr_pool_cleanup_register(p, bundle, bundle_cleanup, apr_pool_cleanup_null);
    return bundle;
}

const char *bundle_add_certificate(bundle_t *bundle, X509 *cert)
{
    if (bundle->certs->nelts >= CERTIFICATES_MAX) {
        X509_free(cert);
        return "it holds far more certificates than a chain has";
    }
    APR_ARRAY_PUSH(bundle->certs, X509 *) = cert;
    return NULL;
}

static int is_certificate(const char *name)
{
    return strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0;
}

static int is_key(const char *name)
{
    size_t len = strlen(name), tail = strlen("PRIVATE KEY");

    return len >= tail && strcmp(name + len - tail, "PRIVATE KEY") == 0;
}

static const char *add_block(bundle_t *bundle, const char *name, const unsigned char *data,
                             long len)
{
    X509 *cert = NULL;

    if (!is_certificate(name))
        return NULL;
    if ((cert = d2i_X509(NULL, &data, len)) == NULL)
        return "it holds a certificate that cannot be read";
    return bundle_add_certificate(bundle, cert);
}

const char *bundle_add_pem(bundle_t *bundle, const secret_t *pem, const secret_t *passphrase)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    const char *why = NULL;
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    int has_key = 0;

    while (why == NULL && bio != NULL && PEM_read_bio(bio, &name, &header, &data, &len) == 1) {
        has_key |= is_key(name);
        why = add_block(bundle, name, data, len);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)len);
    }
    BIO_free(bio);
    if (why == NULL && has_key && bundle->key == NULL
        && (bundle->key = keypair_decrypt(bundle->pool, pem, passphrase)) == NULL)
        why = passphrase == NULL ? "its private key cannot be read; if it is encrypted, give its "
                                   "password with --password-file"
                                 : "its private key cannot be read with this password";
    ERR_clear_error();
    return why;
}

void bundle_set_key(bundle_t *bundle, keypair_t *key)
{
    bundle->key = key;
}

keypair_t *bundle_key(const bundle_t *bundle)
{
    return bundle->key;
}

int bundle_is_empty(const bundle_t *bundle)
{
    return bundle->certs->nelts == 0;
}

static X509 *find_leaf(const bundle_t *bundle)
{
    int i;

    for (i = 0; i < bundle->certs->nelts; i++) {
        X509 *cert = APR_ARRAY_IDX(bundle->certs, i, X509 *);
        const EVP_PKEY *pkey = X509_get0_pubkey(cert);

        if (pkey != NULL && EVP_PKEY_eq(pkey, bundle->key->pkey) == 1)
            return cert;
    }
    return NULL;
}

static int is_self_signed(X509 *cert)
{
    return (X509_get_extension_flags(cert) & EXFLAG_SI) != 0;
}

static X509 *find_issuer(const bundle_t *bundle, X509 *subject)
{
    int i;

    for (i = 0; i < bundle->certs->nelts; i++) {
        X509 *cert = APR_ARRAY_IDX(bundle->certs, i, X509 *);
        EVP_PKEY *pkey = X509_get0_pubkey(cert);

        if (!is_self_signed(cert) && X509_check_issued(cert, subject) == X509_V_OK && pkey != NULL
            && X509_verify(subject, pkey) == 1)
            return cert;
    }
    return NULL;
}

/* NULL on failure. */
static const char *chain_text(const bundle_t *bundle, X509 *leaf)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *text = NULL;
    char *data = NULL;
    long len = 0;
    X509 *cert = leaf;
    int n, done = bio != NULL;

    for (n = 0; done && cert != NULL && n < CHAIN_MAX; n++) {
        done = PEM_write_bio_X509(bio, cert);
        cert = is_self_signed(cert) ? NULL : find_issuer(bundle, cert);
    }
    if (done && (len = BIO_get_mem_data(bio, &data)) > 0)
        text = apr_pstrmemdup(bundle->pool, data, (apr_size_t)len);
    BIO_free(bio);
    return text;
}

const char *bundle_close(bundle_t *bundle, chain_t **pchain, keypair_t **pkey)
{
    eab_result_t *result = eab_result_make(bundle->pool);
    X509 *leaf = NULL;
    const char *text = NULL;

    *pchain = NULL;
    *pkey = NULL;
    if (bundle->key == NULL)
        return "it holds no private key";
    if (bundle->certs->nelts == 0)
        return "it holds no certificate";
    leaf = find_leaf(bundle);
    text = leaf != NULL ? chain_text(bundle, leaf) : NULL;
    ERR_clear_error();
    if (leaf == NULL)
        return "its private key belongs to none of its certificates";
    if (is_self_signed(leaf))
        return "its certificate is self-signed: no CA has issued it";
    if (text == NULL
        || chain_parse(pchain, text, strlen(text), result, bundle->pool) != APR_SUCCESS)
        return "its certificate cannot be read";
    *pkey = bundle->key;
    return NULL;
}

static const char *add_file(bundle_t *bundle, const char *path, const secret_t *passphrase)
{
    const char *why = NULL;
    secret_t *pem = source_read(path, LIMIT_CHAIN, &why, bundle->pool);

    if (pem != NULL)
        why = bundle_add_pem(bundle, pem, passphrase);
    secret_cleanse(pem);
    return why;
}

const char *bundle_read(chain_t **pchain, keypair_t **pkey, const char *chain_path,
                        const char *key_path, const secret_t *passphrase, apr_pool_t *p)
{
    bundle_t *bundle = bundle_make(p);
    const char *why = NULL;

    *pchain = NULL;
    *pkey = NULL;
    /* The key that is named counts, not one that lies beside the chain. */
    if (key_path != NULL)
        why = add_file(bundle, key_path, passphrase);
    if (why == NULL)
        why = add_file(bundle, chain_path, passphrase);
    return why != NULL ? why : bundle_close(bundle, pchain, pkey);
}
