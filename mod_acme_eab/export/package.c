/* SPDX-License-Identifier: Apache-2.0 */
#include "export/package.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define PASSWORD_LETTERS 24
#define PASSWORD_MAX 1024
#define MODERN_ROUNDS 100000
#define LEGACY_ROUNDS 2048 /* what old programs take */

enum { PEM, HAPROXY, FULLCHAIN, CERT, CHAIN, KEY, DER, PFX, PFX_LEGACY };

const package_format_t package_formats[] = {
    [PEM] = { "pem", "key, certificate and issuers in one PEM file", 1, 0 },
    [HAPROXY] = { "haproxy", "certificate, issuers and key in one PEM file", 1, 0 },
    [FULLCHAIN] = { "fullchain", "certificate and issuers, PEM", 0, 0 },
    [CERT] = { "cert", "the certificate alone, PEM", 0, 0 },
    [CHAIN] = { "chain", "the issuers alone, PEM", 0, 0 },
    [KEY] = { "key", "the private key, PKCS#8 PEM", 1, 0 },
    [DER] = { "der", "the certificate alone, DER", 0, 0 },
    [PFX] = { "pfx", "PKCS#12 with AES-256", 1, 1 },
    [PFX_LEGACY] = { "pfx-legacy", "PKCS#12 with 3DES and SHA-1", 1, 1 },
    { NULL, NULL, 0, 0 },
};

const package_format_t *package_format_find(const char *name)
{
    const package_format_t *format = NULL;

    for (format = package_formats; format->name != NULL; format++) {
        if (strcmp(format->name, name) == 0)
            return format;
    }
    return NULL;
}

/* ---- PEM and DER ----------------------------------------------------------------------------- */

static int write_certificates(BIO *bio, const chain_t *chain, int from, int to)
{
    int i, done = 1;

    for (i = from; done && i < to && i < chain_length(chain); i++)
        done = PEM_write_bio_X509(bio, chain_certificate(chain, i)) == 1;
    return done;
}

static int write_key(BIO *bio, const keypair_t *key)
{
    return PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
}

static int write_plain(BIO *bio, int kind, const chain_t *chain, const keypair_t *key)
{
    int all = chain_length(chain);

    switch (kind) {
    case PEM:
        return write_key(bio, key) && write_certificates(bio, chain, 0, all);
    case HAPROXY:
        return write_certificates(bio, chain, 0, all) && write_key(bio, key);
    case FULLCHAIN:
        return write_certificates(bio, chain, 0, all);
    case CERT:
        return write_certificates(bio, chain, 0, 1);
    case CHAIN:
        return write_certificates(bio, chain, 1, all);
    case KEY:
        return write_key(bio, key);
    default:
        return i2d_X509_bio(bio, chain_certificate(chain, 0)) == 1;
    }
}

/* ---- PKCS#12 --------------------------------------------------------------------------------- */

/* The issuers without a root, which whoever reads it has or does not trust. */
static STACK_OF(X509) * issuers_of(const chain_t *chain)
{
    STACK_OF(X509) *issuers = sk_X509_new_null();
    int i;

    for (i = 1; issuers != NULL && i < chain_length(chain); i++) {
        X509 *cert = chain_certificate(chain, i);

        if ((X509_get_extension_flags(cert) & EXFLAG_SI) == 0)
            sk_X509_push(issuers, cert);
    }
    return issuers;
}

/* NUL-terminated, as OpenSSL takes it; to be cleansed. */
static int copy_password(char text[PASSWORD_MAX + 1], const secret_t *password)
{
    if (password == NULL || password->len == 0 || password->len > PASSWORD_MAX
        || memchr(password->data, '\0', password->len) != NULL)
        return 0;
    memcpy(text, password->data, password->len);
    text[password->len] = '\0';
    return 1;
}

static PKCS12 *make_pkcs12(int legacy, const chain_t *chain, const keypair_t *key, const char *name,
                           const char *password)
{
    int cipher = legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc;
    int rounds = legacy ? LEGACY_ROUNDS : MODERN_ROUNDS;
    const EVP_MD *digest = legacy ? EVP_sha1() : EVP_sha256();
    STACK_OF(X509) *issuers = issuers_of(chain);
    PKCS12 *pkcs12 = NULL;

    if (issuers != NULL)
        pkcs12 = PKCS12_create(password, name, key->pkey, chain_certificate(chain, 0), issuers,
                               cipher, cipher, rounds, -1, 0);
    if (pkcs12 != NULL && PKCS12_set_mac(pkcs12, password, -1, NULL, 0, rounds, digest) != 1) {
        PKCS12_free(pkcs12);
        pkcs12 = NULL;
    }
    sk_X509_free(issuers); /* the certificates are the chain's */
    return pkcs12;
}

static int write_pkcs12(BIO *bio, int legacy, const chain_t *chain, const keypair_t *key,
                        const char *name, const secret_t *password)
{
    char text[PASSWORD_MAX + 1] = "";
    PKCS12 *pkcs12 = NULL;
    int done = 0;

    if (copy_password(text, password))
        pkcs12 = make_pkcs12(legacy, chain, key, name, text);
    OPENSSL_cleanse(text, sizeof(text));
    done = pkcs12 != NULL && i2d_PKCS12_bio(bio, pkcs12) == 1;
    PKCS12_free(pkcs12);
    return done;
}

/* ---- both ------------------------------------------------------------------------------------ */

secret_t *package_make(const package_format_t *format, const chain_t *chain, const keypair_t *key,
                       const char *name, const secret_t *password, eab_result_t *result,
                       apr_pool_t *p)
{
    int kind = (int)(format - package_formats), done = 0;
    BIO *bio = BIO_new(BIO_s_secmem()); /* BIO_free() cleanses it */
    secret_t *made = NULL;
    char *data = NULL;
    long len = 0;

    if (bio != NULL && format->needs_password)
        done = write_pkcs12(bio, kind == PFX_LEGACY, chain, key, name, password);
    else if (bio != NULL)
        done = write_plain(bio, kind, chain, key);
    if (done && (len = BIO_get_mem_data(bio, &data)) >= 0)
        made = secret_make(p, (apr_size_t)len);
    if (made != NULL && len > 0)
        memcpy(made->data, data, (size_t)len);
    BIO_free(bio);
    ERR_clear_error();
    if (made == NULL)
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                       "The certificate cannot be written as %s: OpenSSL fails, or the password is "
                       "empty or too long.",
                       format->name);
    return made;
}

static int opens(const void *data, apr_size_t len, const chain_t *chain, const secret_t *password)
{
    const unsigned char *at = data;
    PKCS12 *pkcs12 = d2i_PKCS12(NULL, &at, (long)len);
    char text[PASSWORD_MAX + 1] = "";
    EVP_PKEY *pkey = NULL;
    X509 *leaf = NULL;
    int same = 0;

    if (pkcs12 != NULL && copy_password(text, password)
        && PKCS12_parse(pkcs12, text, &pkey, &leaf, NULL) == 1)
        same = leaf != NULL && X509_cmp(leaf, chain_certificate(chain, 0)) == 0;
    OPENSSL_cleanse(text, sizeof(text));
    EVP_PKEY_free(pkey);
    X509_free(leaf);
    PKCS12_free(pkcs12);
    ERR_clear_error();
    return same;
}

int package_is_of(const package_format_t *format, const void *data, apr_size_t len,
                  const secret_t *made, const chain_t *chain, const secret_t *password)
{
    if (format->needs_password)
        return opens(data, len, chain, password);
    return len == made->len && CRYPTO_memcmp(data, made->data, len) == 0;
}

secret_t *package_make_password(apr_pool_t *p)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789";
    const unsigned count = sizeof(letters) - 1, most = 256 - 256 % count; /* each as likely */
    secret_t *password = secret_make(p, PASSWORD_LETTERS);
    apr_size_t n = 0;
    unsigned char byte = 0;

    while (password != NULL && n < PASSWORD_LETTERS) {
        if (RAND_bytes(&byte, 1) != 1)
            return NULL;
        if (byte < most)
            password->data[n++] = (unsigned char)letters[byte % count];
    }
    return password;
}

const char *package_iis_file(apr_pool_t *p, const char *name)
{
    return apr_pstrcat(p, *name == '*' ? "_" : "", *name == '*' ? name + 1 : name, ".pfx", NULL);
}
