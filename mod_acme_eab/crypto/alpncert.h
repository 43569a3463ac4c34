/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ALPNCERT_H
#define CRYPTO_ALPNCERT_H

/* crypto/alpncert.h - the certificate that answers a tls-alpn-01 challenge (RFC 8737, 3; RFC 8738, 6):
 * self-signed, for one name or address, with the hash of the key authorization in it. */

#include <apr_pools.h>

#include "crypto/keypair.h"
#include "crypto/secret.h"

/** Throw-away keys, good for many answers: they protect nothing, since who has them can do no more
 * than answer these challenges. */
typedef struct alpncert_keys {
    keypair_t *ec;  /* P-256 */
    keypair_t *rsa; /* 2048 bits */
} alpncert_keys_t;

/** New ones, in p. NULL on failure. */
alpncert_keys_t *alpncert_keys_make(apr_pool_t *p);

/** Certificate and private key in PEM, for P-256 and after that the same for RSA: in TLS 1.2 the kind
 * of key is settled before the server knows that it is asked for an answer.
 * @param name a DNS name, lower case, or an IP address
 * @param key_authorization the token, a dot, and the account key's thumbprint
 * @return in p, cleansed with it; NULL on failure */
secret_t *alpncert_make(apr_pool_t *p, const alpncert_keys_t *keys, const char *name,
                        const char *key_authorization);

#endif
