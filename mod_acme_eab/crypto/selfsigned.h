/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SELFSIGNED_H
#define CRYPTO_SELFSIGNED_H

/* crypto/selfsigned.h - certificates that we sign ourselves: the one that is served while there is
 * nothing better, and the one that answers a tls-alpn-01 challenge. */

#include <apr_tables.h>
#include <openssl/x509.h>

#include "crypto/keypair.h"

#define SELFSIGNED_NAMES_MAX 100

/** A certificate of no CA, valid from a day ago, with a random serial number.
 * @param common the common name of subject and issuer
 * @param names  const char *, normalized; the first SELFSIGNED_NAMES_MAX of them are taken
 * @param days   from now
 * @param extension one more that it shall have, or NULL; it stays the caller's
 * @return the caller frees it; NULL on failure */
X509 *selfsigned_make(const keypair_t *key, const char *common, const apr_array_header_t *names,
                      int days, X509_EXTENSION *extension);

#endif
