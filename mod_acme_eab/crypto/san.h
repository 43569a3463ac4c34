/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SAN_H
#define CRYPTO_SAN_H

/* crypto/san.h - subject alternative names (RFC 5280, 4.2.1.6): from strings, and back. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <openssl/x509v3.h>

/** dNSNames and iPAddresses of the first max of names (const char *, normalized), in their order. The
 * caller frees it with GENERAL_NAMES_free(). NULL on failure. */
GENERAL_NAMES *san_make(const apr_array_header_t *names, int max);

/** The dNSNames of a certificate, lower case, and its iPAddresses as address_text(), as const char *
 * in p; without dNSNames that hold a NUL or an address in text, which would read as another name.
 * Empty when there are none. */
apr_array_header_t *san_names(apr_pool_t *p, const X509 *cert);

#endif
