/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/alpncert.h"

#include <string.h>
#include <apr_tables.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/keypair.h"
#include "crypto/selfsigned.h"

#define LIFE_DAYS 30
#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31" /* id-pe-acmeIdentifier */

/* Critical; within the extension's own octet string there is another one with the digest. */
static X509_EXTENSION *make_identifier(const char *key_authorization)
{
    unsigned char value[2 + 32] = { V_ASN1_OCTET_STRING, 32 };
    ASN1_OBJECT *id = OBJ_txt2obj(ACME_IDENTIFIER, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;

    if (id != NULL && octets != NULL
        && EVP_Digest(key_authorization, strlen(key_authorization), value + 2, NULL, EVP_sha256(),
                      NULL)
               == 1
        && ASN1_OCTET_STRING_set(octets, value, sizeof(value)) == 1)
        extension = X509_EXTENSION_create_by_OBJ(NULL, id, 1, octets);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(id);
    return extension;
}

/* With exactly one name: RFC 8737, 3. */
static X509 *make_cert(const keypair_t *key, const char *name, const char *key_authorization,
                       apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    X509_EXTENSION *identifier = make_identifier(key_authorization);
    X509 *cert = NULL;

    APR_ARRAY_PUSH(names, const char *) = name;
    if (identifier != NULL)
        cert = selfsigned_make(key, "ACME validation", names, LIFE_DAYS, identifier);
    X509_EXTENSION_free(identifier);
    return cert;
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
