/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/csr.h"

#include <limits.h>
#include <string.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/address.h"
#include "crypto/san.h"

#define COMMON_NAME_MAX 64 /* ub-common-name of RFC 5280, appendix A */

/* NULL when no name fits. An address never does (checklist IP-02). */
static const char *csr_common_name(const apr_array_header_t *names)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    const char *wildcard = NULL;
    const char *name = NULL;
    int i;

    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (strlen(name) > COMMON_NAME_MAX || address_parse(octets, name) != 0)
            continue;
        if (name[0] != '*')
            return name;
        if (wildcard == NULL)
            wildcard = name;
    }
    return wildcard;
}

static int csr_set_subject(X509_REQ *req, const char *common_name)
{
    X509_NAME *subject = X509_NAME_new();
    int done = subject != NULL;

    if (done && common_name != NULL)
        done = X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                          (const unsigned char *)common_name, -1, -1, 0);
    if (done)
        done = X509_REQ_set_subject_name(req, subject);
    X509_NAME_free(subject);
    return done;
}

static int csr_set_names(X509_REQ *req, const apr_array_header_t *names)
{
    GENERAL_NAMES *san = san_make(names, INT_MAX);
    X509_EXTENSION *extension = NULL;
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    int done = 0;

    if (san == NULL || extensions == NULL
        || (extension = X509V3_EXT_i2d(NID_subject_alt_name, 0, san)) == NULL)
        goto out;
    if (sk_X509_EXTENSION_push(extensions, extension) <= 0) {
        X509_EXTENSION_free(extension);
        goto out;
    }
    done = X509_REQ_add_extensions(req, extensions);
out:
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    GENERAL_NAMES_free(san);
    return done;
}

/* DER in p; data is NULL on failure. */
static bytes_t csr_encode(const X509_REQ *req, apr_pool_t *p)
{
    bytes_t der = { NULL, 0 };
    unsigned char *data = NULL;
    int len = i2d_X509_REQ(req, &data);

    if (len > 0) {
        der.data = apr_pmemdup(p, data, (apr_size_t)len);
        der.len = (apr_size_t)len;
    }
    OPENSSL_free(data);
    return der;
}

apr_status_t csr_make(bytes_t *pder, const keypair_t *key, const apr_array_header_t *names,
                      int common_name, apr_pool_t *p)
{
    apr_status_t rv = APR_EGENERAL;
    X509_REQ *req = NULL;

    pder->data = NULL;
    pder->len = 0;
    if (names->nelts == 0)
        return APR_EINVAL;
    if ((req = X509_REQ_new()) == NULL || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1
        || !csr_set_subject(req, common_name ? csr_common_name(names) : NULL)
        || X509_REQ_set_pubkey(req, key->pkey) != 1 || !csr_set_names(req, names)
        || X509_REQ_sign(req, key->pkey, keypair_digest(key)) <= 0)
        goto out;
    *pder = csr_encode(req, p);
    if (pder->data == NULL)
        goto out;
    rv = APR_SUCCESS;
out:
    X509_REQ_free(req);
    ERR_clear_error();
    return rv;
}
