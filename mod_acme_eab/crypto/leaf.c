/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/leaf.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/bytes.h"
#include "base/file.h"
#include "crypto/keypair.h"
#include "crypto/san.h"

/* OpenSSL would ask at the terminal. */
static int no_password(char *room, int size, int for_writing, void *data)
{
    (void)room;
    (void)size;
    (void)for_writing;
    (void)data;
    return -1;
}

/* The end of the file, and no block that is damaged. */
static int ends_well(BIO *bio)
{
    X509 *cert = NULL;

    while ((cert = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
        X509_free(cert);
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static X509 *parse(int *pwhole, const char *data, apr_size_t len)
{
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    X509 *cert = bio != NULL ? PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL) : NULL;

    *pwhole = cert != NULL && ends_well(bio);
    BIO_free(bio);
    return cert;
}

static apr_status_t end_of(apr_time_t *ptime, const X509 *cert)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
        return APR_EINVAL;
    *ptime = apr_time_from_sec(timegm(&tm));
    return APR_SUCCESS;
}

static apr_status_t describe(leaf_t **pleaf, X509 *cert, apr_pool_t *p)
{
    leaf_t *leaf = apr_pcalloc(p, sizeof(*leaf));
    const EVP_PKEY *key = X509_get0_pubkey(cert);

    leaf->names = san_names(p, cert);
    leaf->is_self_signed =
        X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
    leaf->is_rsa = key != NULL && EVP_PKEY_is_a(key, "RSA");
    leaf->spki = key != NULL ? keypair_spki(p, key) : NULL;
    if (end_of(&leaf->not_after, cert) != APR_SUCCESS)
        return APR_EINVAL;
    *pleaf = leaf;
    return APR_SUCCESS;
}

apr_status_t leaf_read(leaf_t **pleaf, const char *path, apr_pool_t *p)
{
    apr_pool_t *ptemp = NULL;
    const char *data = NULL;
    apr_size_t len = 0;
    X509 *cert = NULL;
    int whole = 0;
    apr_status_t rv = apr_pool_create(&ptemp, p);

    *pleaf = NULL;
    if (rv != APR_SUCCESS)
        return rv;
    if ((rv = file_read(&data, &len, path, LIMIT_OWN_FILE, ptemp)) == APR_SUCCESS) {
        cert = parse(&whole, data, len);
        rv = cert != NULL ? describe(pleaf, cert, p) : APR_EINVAL;
        if (rv == APR_SUCCESS)
            (*pleaf)->is_whole = whole;
        X509_free(cert);
        OPENSSL_cleanse((void *)data, len);
        ERR_clear_error();
    }
    apr_pool_destroy(ptemp);
    return rv;
}
