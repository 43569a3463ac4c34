/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/selfsigned.h"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include "crypto/san.h"

#define DAY (24 * 3600L)
#define SERIAL_BITS 127

/* Random and positive, so that browsers do not take two certificates for one. */
static int set_serial(X509 *cert)
{
    BIGNUM *serial = BN_new();
    int done = serial != NULL
               && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
               && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;

    BN_free(serial);
    return done;
}

static int set_subject(X509 *cert, const char *common)
{
    X509_NAME *name = X509_NAME_new();
    int done = name != NULL
               && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                             (const unsigned char *)common, -1, -1, 0)
               && X509_set_subject_name(cert, name) && X509_set_issuer_name(cert, name);

    X509_NAME_free(name);
    return done;
}

static int set_validity(X509 *cert, int days)
{
    return X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) != NULL
           && X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY) != NULL;
}

static int set_constraints(X509 *cert)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new(); /* CA:FALSE */
    int done = constraints != NULL
               && X509_add1_ext_i2d(cert, NID_basic_constraints, constraints, 1, 0) == 1;

    BASIC_CONSTRAINTS_free(constraints);
    return done;
}

static int set_names(X509 *cert, const apr_array_header_t *names)
{
    GENERAL_NAMES *san = NULL;
    int done;

    if (names->nelts == 0)
        return 1; /* an empty list of them is not allowed */
    san = san_make(names, SELFSIGNED_NAMES_MAX);
    done = san != NULL && X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0, 0) == 1;
    GENERAL_NAMES_free(san);
    return done;
}

X509 *selfsigned_make(const keypair_t *key, const char *common, const apr_array_header_t *names,
                      int days, X509_EXTENSION *extension)
{
    X509 *cert = X509_new();

    if (cert != NULL && X509_set_version(cert, X509_VERSION_3) && set_serial(cert)
        && set_subject(cert, common) && set_validity(cert, days) && X509_set_pubkey(cert, key->pkey)
        && set_constraints(cert) && set_names(cert, names)
        && (extension == NULL || X509_add_ext(cert, extension, -1))
        && X509_sign(cert, key->pkey, keypair_digest(key)) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}
