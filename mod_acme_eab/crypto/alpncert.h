/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ALPNCERT_H
#define CRYPTO_ALPNCERT_H

/* crypto/alpncert.h - the certificate that answers a tls-alpn-01 challenge (RFC 8737, 3; RFC 8738, 6):
 * self-signed, for one name or address, with the hash of the key authorization in it. */

#include <apr_pools.h>

#include "crypto/secret.h"

/** Certificate and private key in PEM, the key a throw-away P-256 one that protects nothing: who has
 * it can do no more than answer this challenge.
 * @param name a DNS name, lower case, or an IP address
 * @param key_authorization the token, a dot, and the account key's thumbprint
 * @return in p, cleansed with it; NULL on failure */
secret_t *alpncert_make(apr_pool_t *p, const char *name, const char *key_authorization);

#endif
