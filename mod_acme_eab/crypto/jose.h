/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_JOSE_H
#define CRYPTO_JOSE_H

/* crypto/jose.h - JSON Web Signatures as ACME uses them (RFC 7515, 7517, 7518, 7638; RFC 8555, 6.2
 * and 7.3.4). P-256 with ES256, P-384 with ES384, RSA with RS256. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <jansson.h>

#include "crypto/keypair.h"

/** The public JWK with its required members only, in the order of RFC 7638, so that its compact
 * text is the input of the thumbprint. Owned by p; NULL on failure. */
json_t *jose_jwk(apr_pool_t *p, const keypair_t *key);

/** base64url(SHA-256(JWK)) (RFC 7638), in p; NULL on failure. */
const char *jose_thumbprint(apr_pool_t *p, const keypair_t *key);

/** The alg of this key: "ES256", "ES384", "RS256"; NULL for a key that no CA takes. Static. */
const char *jose_alg(const keypair_t *key);

/** A flattened JWS, as text for the body of a request.
 * @param pjws      in p; NULL on failure
 * @param protected members other than alg, in the order in which they shall appear; alg is put
 *                  first here. Not changed.
 * @param payload   compact JSON text, or "" for POST-as-GET
 * @return APR_SUCCESS or APR_EGENERAL */
apr_status_t jose_sign(const char **pjws, const keypair_t *key, const json_t *protected,
                       const char *payload, apr_pool_t *p);

/** The externalAccountBinding object (RFC 8555, 7.3.4): an HMAC over the account's public JWK.
 * @param alg HS256, HS384 or HS512
 * @param url the newAccount URL, as the outer JWS has it
 * @return an object owned by p, or NULL */
json_t *jose_bind_account(apr_pool_t *p, const keypair_t *account_key, const secret_t *mac_key,
                          const char *alg, const char *kid, const char *url);

#endif
