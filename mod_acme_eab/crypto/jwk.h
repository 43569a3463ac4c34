/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_JWK_H
#define CRYPTO_JWK_H

/* crypto/jwk.h - private keys as JSON Web Keys (RFC 7517; RFC 7518, 6), the form in which some ACME
 * clients keep the keys of their accounts. Ours are PEM. */

#include <jansson.h>

#include "crypto/keypair.h"

/** An RSA key with all of its numbers, or one on P-256 or P-384. Its public half must be that of its private one.
 * @param pwhy on failure a static half sentence: "is no key on a curve that is known here"
 * @return in p; NULL on failure */
keypair_t *jwk_keypair(apr_pool_t *p, const json_t *jwk, const char **pwhy);

#endif
