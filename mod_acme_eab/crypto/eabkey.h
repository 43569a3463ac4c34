/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_EABKEY_H
#define CRYPTO_EABKEY_H

/* crypto/eabkey.h - the HMAC key of External Account Binding, from the text that a CA hands out
 * (checklist E-09 to E-12). */

#include "crypto/secret.h"

/** Decode base64url or base64 text, with or without padding, white space around it and line breaks
 * at its end trimmed. Mixed alphabets, '=' or white space inside, a length of 4n+1 and non-zero
 * trailing bits are refused.
 * @param pkey    the key in p; NULL on failure
 * @param text    not changed; the caller cleanses it
 * @param bits    256, 384 or 512: the key must be at least as long as the hash (RFC 7518, 3.2)
 * @param pwhy    on failure a sentence that says what is wrong and what to do, without a word of the
 *                key; on success NULL, or a warning (looks like hex, looks encoded twice)
 * @return APR_SUCCESS or APR_EINVAL */
apr_status_t eabkey_decode(secret_t **pkey, const secret_t *text, int bits, const char **pwhy,
                           apr_pool_t *p);

/** True when text looks like a key itself and not like file:, exec: or credential:. It is for the
 * message of a directive only. */
int eabkey_looks_like_key(const char *text);

/** 256, 384 or 512 for HS256, HS384, HS512; 0 for anything else. */
int eabkey_bits(const char *alg);

#endif
