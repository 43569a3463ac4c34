/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/trust.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

/* True when it was read to its end. */
static int ended(int count)
{
    return count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/* All of them, or 0. */
static int add_all(X509_STORE *store, BIO *text)
{
    X509 *cert = NULL;
    int count = 0, added = 1;

    while (added && (cert = PEM_read_bio_X509(text, NULL, NULL, (void *)"")) != NULL) {
        added = X509_STORE_add_cert(store, cert) == 1;
        X509_free(cert);
        count++;
    }
    return added && ended(count);
}

int trust_only(SSL_CTX *ctx, const char *pem)
{
    size_t len = strlen(pem);
    BIO *text = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    X509_STORE *store = X509_STORE_new();
    int done = 0;

    ERR_clear_error();
    if (text != NULL && store != NULL && add_all(store, text)
        && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST)) {
        SSL_CTX_set_cert_store(ctx, store); /* it is the context's now */
        store = NULL;
        done = 1;
    }
    X509_STORE_free(store);
    BIO_free(text);
    ERR_clear_error();
    return done;
}
