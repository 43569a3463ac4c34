/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/alpncert.h"

#include <string.h>
#include <apr_tables.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/san.h"

#define DAY (24L * 3600)
#define SERIAL_BITS 64
#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31" /* id-pe-acmeIdentifier */

static int set_serial(X509 *cert)
{
    BIGNUM *serial = BN_new();
    int done = serial != NULL
               && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
               && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;

    BN_free(serial);
    return done;
}

static int set_subject(X509 *cert)
{
    static const char common[] = "ACME validation";
    X509_NAME *name = X509_NAME_new();
    int done = name != NULL
               && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                             (const unsigned char *)common, -1, -1, 0)
               && X509_set_subject_name(cert, name) && X509_set_issuer_name(cert, name);

    X509_NAME_free(name);
    return done;
}

static int set_constraints(X509 *cert)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new(); /* CA:FALSE */
    int done = constraints != NULL
               && X509_add1_ext_i2d(cert, NID_basic_constraints, constraints, 1, 0) == 1;

    BASIC_CONSTRAINTS_free(constraints);
    return done;
}

/* Exactly one name: RFC 8737, 3. */
static int set_name(X509 *cert, const char *name, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    GENERAL_NAMES *san;
    int done;

    APR_ARRAY_PUSH(names, const char *) = name;
    san = san_make(names, 1);
    done = san != NULL && X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0, 0) == 1;
    GENERAL_NAMES_free(san);
    return done;
}

/* Critical; within the extension's own octet string there is another one with the digest. */
static int set_identifier(X509 *cert, const char *key_authorization)
{
    unsigned char value[2 + 32] = { V_ASN1_OCTET_STRING, 32 };
    ASN1_OBJECT *id = OBJ_txt2obj(ACME_IDENTIFIER, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    int done = 0;

    if (id == NULL || octets == NULL
        || EVP_Digest(key_authorization, strlen(key_authorization), value + 2, NULL, EVP_sha256(),
                      NULL)
               != 1
        || ASN1_OCTET_STRING_set(octets, value, sizeof(value)) != 1
        || (extension = X509_EXTENSION_create_by_OBJ(NULL, id, 1, octets)) == NULL)
        goto out;
    done = X509_add_ext(cert, extension, -1) == 1;
out:
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(id);
    return done;
}

static X509 *make_cert(const keypair_t *key, const char *name, const char *key_authorization,
                       apr_pool_t *p)
{
    X509 *cert = X509_new();

    if (cert != NULL && X509_set_version(cert, X509_VERSION_3) && set_serial(cert)
        && set_subject(cert) && X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) != NULL
        && X509_gmtime_adj(X509_getm_notAfter(cert), 30 * DAY) != NULL
        && X509_set_pubkey(cert, key->pkey) && set_constraints(cert) && set_name(cert, name, p)
        && set_identifier(cert, key_authorization)
        && X509_sign(cert, key->pkey, keypair_digest(key)) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

alpncert_keys_t *alpncert_keys_make(apr_pool_t *p)
{
    alpncert_keys_t *keys = apr_pcalloc(p, sizeof(*keys));

    keys->ec = keypair_adopt(p, keypair_generate("p256"));
    keys->rsa = keypair_adopt(p, keypair_generate("rsa2048"));
    return keys->ec != NULL && keys->rsa != NULL ? keys : NULL;
}

/* A certificate and its key, one after the other. */
static int write_answer(BIO *bio, const keypair_t *key, const char *name,
                        const char *key_authorization, apr_pool_t *p)
{
    X509 *cert = make_cert(key, name, key_authorization, p);
    int done = cert != NULL && PEM_write_bio_X509(bio, cert) == 1
               && PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;

    X509_free(cert);
    return done;
}

secret_t *alpncert_make(apr_pool_t *p, const alpncert_keys_t *keys, const char *name,
                        const char *key_authorization)
{
    BIO *bio = BIO_new(BIO_s_secmem()); /* BIO_free() cleanses it */
    secret_t *text = NULL;
    char *data = NULL;
    long len;

    if (bio == NULL || !write_answer(bio, keys->ec, name, key_authorization, p)
        || !write_answer(bio, keys->rsa, name, key_authorization, p)
        || (len = BIO_get_mem_data(bio, &data)) <= 0)
        goto out;
    text = secret_make(p, (apr_size_t)len);
    memcpy(text->data, data, (apr_size_t)len);
out:
    BIO_free(bio);
    ERR_clear_error();
    return text;
}
