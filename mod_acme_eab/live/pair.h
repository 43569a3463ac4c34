/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIVE_PAIR_H
#define LIVE_PAIR_H

/* live/pair.h - a private key and its certificate chain: packed, as a value of live/segment.h, and
 * parsed, as OpenSSL uses it in a handshake. One value names both, so nobody ever sees the key of one
 * certificate beside the chain of another. */

#include <apr_errno.h>
#include <openssl/ssl.h>

#include "crypto/secret.h"

/** Pack the texts of both.
 * @param pvalue in p, cleanses itself; NULL on failure
 * @return APR_SUCCESS; APR_ENOSPC when they are too long together */
apr_status_t pair_pack(secret_t **pvalue, const secret_t *key_pem, const char *chain_pem,
                       apr_pool_t *p);

/** SHA-256 of the leaf of a packed pair, hexadecimal in lower case, as chain_facts_t has it; nothing is
 * parsed. In p; NULL when there is none. */
const char *pair_fingerprint(const void *value, apr_size_t len, apr_pool_t *p);

/** Parsed, and counted: threads share it. */
typedef struct pair pair_t;

/** Parse a value. What is secret in a copy of it is the caller's to cleanse. @return with one reference,
 * for pair_release(); NULL when it cannot be used. Errors do not stay in OpenSSL's queue. */
pair_t *pair_parse(const void *value, apr_size_t len);

/** One more reference. NULL is fine. */
pair_t *pair_share(pair_t *pair);

/** One less; the last one frees and cleanses. NULL is fine. */
void pair_release(pair_t *pair);

/** Serve it on this connection, instead of what it has of the same kind of key.
 * @return 0 when OpenSSL refuses it for that connection (security level), and nothing was changed; no
 *         error stays in the queue */
int pair_use(const pair_t *pair, SSL *ssl);

#endif
