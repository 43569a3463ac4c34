/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keypair.h"

#include <string.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/bytes.h"

#define KEY_FILE_MAX (64 * 1024)

typedef struct key_row {
    const char *name;
    size_t rsa_bits;   /* 0 for an elliptic curve */
    const char *curve; /* OpenSSL's name of the group */
} key_row_t;

/* What public CAs take (checklist CSR-06 to CSR-08). */
static const key_row_t key_rows[] = {
    { "rsa2048", 2048, NULL },   { "rsa3072", 3072, NULL },  { "rsa4096", 4096, NULL },
    { "p256", 0, "prime256v1" }, { "p384", 0, "secp384r1" },
};

#define KEY_ROWS (sizeof(key_rows) / sizeof(key_rows[0]))

static const key_row_t *key_row_find(const char *type)
{
    size_t i;

    for (i = 0; type != NULL && i < KEY_ROWS; i++) {
        if (strcmp(key_rows[i].name, type) == 0)
            return &key_rows[i];
    }
    return NULL;
}

int keypair_type_is_known(const char *type)
{
    return key_row_find(type) != NULL;
}

EVP_PKEY *keypair_generate(const char *type)
{
    const key_row_t *row = key_row_find(type);
    EVP_PKEY *pkey = NULL;

    if (row == NULL)
        return NULL;
    if (row->rsa_bits > 0)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", row->rsa_bits);
    else
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", row->curve);
    ERR_clear_error();
    return pkey;
}

static apr_status_t keypair_cleanup(void *data)
{
    keypair_t *key = data;

    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
    return APR_SUCCESS;
}

keypair_t *keypair_adopt(apr_pool_t *p, EVP_PKEY *pkey)
{
    keypair_t *key = NULL;

    if (pkey == NULL)
        return NULL;
    key = apr_pcalloc(p, sizeof(*key));
    key->pkey = pkey;
    apr_pool_cleanup_register(p, key, keypair_cleanup, apr_pool_cleanup_null);
    return key;
}

void keypair_free(apr_pool_t *p, keypair_t *key)
{
    if (key != NULL)
        apr_pool_cleanup_run(p, key, keypair_cleanup);
}

/* Without a callback of ours OpenSSL asks on the terminal, and httpd's start would hang. */
static int keypair_password(char *buf, int size, int writing, void *data)
{
    const secret_t *passphrase = data;

    (void)writing;
    if (passphrase == NULL || passphrase->len > (apr_size_t)size)
        return -1;
    memcpy(buf, passphrase->data, passphrase->len);
    return (int)passphrase->len;
}

static EVP_PKEY *keypair_parse(const secret_t *pem, const secret_t *passphrase)
{
    EVP_PKEY *pkey = NULL;
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);

    if (bio != NULL)
        pkey = PEM_read_bio_PrivateKey(bio, NULL, keypair_password, (void *)passphrase);
    BIO_free(bio);
    ERR_clear_error();
    return pkey;
}

apr_status_t keypair_load(keypair_t **pkey, const char *path, apr_pool_t *p)
{
    apr_status_t rv;
    secret_t *pem = NULL;

    *pkey = NULL;
    rv = secret_read_file(&pem, path, KEY_FILE_MAX, p);
    if (rv != APR_SUCCESS)
        return rv;
    *pkey = keypair_adopt(p, keypair_parse(pem, NULL));
    secret_cleanse(pem);
    return *pkey != NULL ? APR_SUCCESS : APR_EINVAL;
}

keypair_t *keypair_read(apr_pool_t *p, const secret_t *pem)
{
    return keypair_adopt(p, keypair_parse(pem, NULL));
}

keypair_t *keypair_decrypt(apr_pool_t *p, const secret_t *pem, const secret_t *passphrase)
{
    return keypair_adopt(p, keypair_parse(pem, passphrase));
}

secret_t *keypair_pem(apr_pool_t *p, const keypair_t *key)
{
    secret_t *pem = NULL;
    char *text = NULL;
    long len;
    BIO *bio = BIO_new(BIO_s_secmem()); /* BIO_free() cleanses it */

    if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1
        || (len = BIO_get_mem_data(bio, &text)) <= 0)
        goto out;
    pem = secret_make(p, (apr_size_t)len);
    if (pem != NULL)
        memcpy(pem->data, text, pem->len);
out:
    BIO_free(bio);
    ERR_clear_error();
    return pem;
}

static int key_row_fits(const key_row_t *row, const EVP_PKEY *pkey, const char *group)
{
    if (row->rsa_bits > 0)
        return EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) == (int)row->rsa_bits;
    return EVP_PKEY_is_a(pkey, "EC") && strcmp(row->curve, group) == 0;
}

const char *keypair_type(const EVP_PKEY *pkey)
{
    const char *type = "other";
    char group[64] = "";
    size_t i;

    if (pkey == NULL)
        return type;
    EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
    for (i = 0; i < KEY_ROWS; i++) {
        if (key_row_fits(&key_rows[i], pkey, group))
            type = key_rows[i].name;
    }
    ERR_clear_error();
    return type;
}

const char *keypair_spki(apr_pool_t *p, const EVP_PKEY *pkey)
{
    unsigned char hash[32];
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    int done = len > 0 && EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)len, hash, NULL) == 1;

    OPENSSL_free(der);
    ERR_clear_error();
    return done ? hex_encode(p, hash, sizeof(hash)) : NULL;
}

const EVP_MD *keypair_digest(const keypair_t *key)
{
    return strcmp(keypair_type(key->pkey), "p384") == 0 ? EVP_sha384() : EVP_sha256();
}
