/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORT_PACKAGE_H
#define EXPORT_PACKAGE_H

/* export/package.h - a certificate and its key in the forms in which other programs want them. */

#include "base/result.h"
#include "crypto/chain.h"
#include "crypto/keypair.h"

typedef struct package_format {
    const char *name;   /* "fullchain" */
    const char *what;   /* for people: "certificate and issuers, PEM" */
    int has_key;        /* the private key is in it, in clear or by a password */
    int needs_password; /* it is encrypted */
} package_format_t;

/** All formats, ended by one without a name:
 *   pem         key, certificate, issuers: one PEM file
 *   haproxy     certificate, issuers, key: one PEM file
 *   fullchain   certificate and issuers
 *   cert        the certificate alone
 *   chain       the issuers alone
 *   key         the private key, PKCS#8
 *   der         the certificate alone, DER
 *   pfx         PKCS#12: AES-256-CBC, PBKDF2 with HMAC-SHA256, 100,000 rounds
 *   pfx-legacy  PKCS#12: 3DES and SHA-1, for what is older than Windows Server 2019 or Java 8u301 */
extern const package_format_t package_formats[];

/** By its name, or NULL. */
const package_format_t *package_format_find(const char *name);

/** Make it.
 * @param name     the friendly name in a PKCS#12
 * @param password bytes without NUL, at least one; NULL where none is needed
 * @return in p; NULL with result saying why */
secret_t *package_make(const package_format_t *format, const chain_t *chain, const keypair_t *key,
                       const char *name, const secret_t *password, eab_result_t *result,
                       apr_pool_t *p);

/** Does data hold what package_make() would put there? A PKCS#12 is another one each time, and is
 * opened. */
int package_is_of(const package_format_t *format, const void *data, apr_size_t len,
                  const secret_t *made, const chain_t *chain, const secret_t *password);

/** A password of 24 letters and digits. In p; NULL on failure. */
secret_t *package_make_password(apr_pool_t *p);

/** The file of a name in the central certificate store of IIS: "www.example.edu.pfx",
 * "_.example.edu.pfx" for a wildcard. In p. */
const char *package_iis_file(apr_pool_t *p, const char *name);

#endif
