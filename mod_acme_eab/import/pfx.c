/* SPDX-License-Identifier: Apache-2.0 */

/* import/pfx.c - a PKCS#12 file (PFX). */

#include "import/format.h"

#include <string.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "base/bytes.h"
#include "import/bundle.h"
#include "import/source.h"

#define PASSWORD_MAX 1024

static const char *add_all(bundle_t *bundle, X509 *leaf, STACK_OF(X509) * others)
{
    const char *why = leaf != NULL ? bundle_add_certificate(bundle, leaf) : NULL;
    X509 *cert = NULL;

    while ((cert = sk_X509_shift(others)) != NULL) {
        if (why == NULL)
            why = bundle_add_certificate(bundle, cert);
        else
            X509_free(cert);
    }
    sk_X509_free(others);
    return why;
}

/* The algorithm of old files that only OpenSSL's legacy provider knows. */
static int is_of_old_kind(void)
{
    return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_UNSUPPORTED
           || ERR_GET_REASON(ERR_peek_error()) == ERR_R_UNSUPPORTED;
}

static const char *add_pfx(bundle_t *bundle, const secret_t *der, const secret_t *passphrase,
                           apr_pool_t *p)
{
    const unsigned char *at = der->data;
    PKCS12 *pfx = d2i_PKCS12(NULL, &at, (long)der->len);
    STACK_OF(X509) *others = NULL;
    EVP_PKEY *pkey = NULL;
    X509 *leaf = NULL;
    char password[PASSWORD_MAX + 1] = "";
    const char *why = NULL;

    if (passphrase != NULL && passphrase->len <= PASSWORD_MAX)
        memcpy(password, passphrase->data, passphrase->len);
    if (pfx == NULL)
        why = "it is no PKCS#12 file";
    else if (PKCS12_verify_mac(pfx, password, -1) != 1)
        why = passphrase != NULL ? "its password is another one, or it is damaged"
                                 : "it has a password: give it with --password-file";
    else if (PKCS12_parse(pfx, password, &pkey, &leaf, &others) != 1)
        why = is_of_old_kind()
                  ? "it is encrypted in a way that is not supported any more (RC2); export it anew "
                    "with AES or 3DES"
                  : "it cannot be read";
    else
        why = add_all(bundle, leaf, others);
    OPENSSL_cleanse(password, sizeof(password));
    PKCS12_free(pfx);
    ERR_clear_error();
    bundle_set_key(bundle, keypair_adopt(p, pkey));
    return why;
}

apr_status_t pfx_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    apr_pool_t *p = found->pool;
    bundle_t *bundle = bundle_make(p);
    const char *why = NULL;
    secret_t *der = source_read(options->path, LIMIT_IMPORT_FILE, &why, p);
    found_certificate_t *certificate = NULL;

    if (der == NULL)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "%s.", why);
    certificate = found_add_certificate(found, options->path, NULL);
    certificate->directory = options->directory;
    certificate->why = add_pfx(bundle, der, options->passphrase, p);
    secret_cleanse(der);
    if (certificate->why == NULL)
        certificate->why = bundle_close(bundle, &certificate->chain, &certificate->key);
    return APR_SUCCESS;
}
