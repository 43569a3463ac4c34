/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_SESSION_H
#define ACME_SESSION_H

/* acme/session.h - talking to one CA: its directory, its nonces, signed requests (RFC 8555, 6).
 *
 * Nothing here blocks: each call names a function to call when it is done. Signing is done
 * elsewhere: the session hands an opaque sentence, the URL and a nonce to the signer and gets a
 * finished JWS back. A session belongs to one account, so all its requests go over the connection
 * of its transport. */

#include <apr_pools.h>

#include "base/result.h"
#include "acme/directory.h"
#include "acme/transport.h"

typedef struct acme_session acme_session_t;

/** What the signer calls, once, maybe from inside sign(). jws is NULL when it refused, then result
 * says why; it is copied. */
typedef void acme_signed_fn(void *baton, const char *jws, const eab_result_t *result);

typedef struct acme_signer {
    void (*sign)(struct acme_signer *signer, const void *sentence, const char *url,
                 const char *nonce, acme_signed_fn *done, void *baton);
    void *impl;
} acme_signer_t;

/** Nothing is sent yet. Lives in p. */
acme_session_t *acme_session_make(apr_pool_t *p, acme_transport_t *transport, acme_signer_t *signer,
                                  const char *directory_url);

/** result->rv is APR_SUCCESS when the directory is there. Called from inside when it is known
 * already. Several callers share one request. */
typedef void acme_ready_fn(void *baton, const eab_result_t *result);
void acme_session_open(acme_session_t *session, acme_ready_fn *done, void *baton);

/** The directory, borrowed, valid until the next acme_session_forget(); NULL before it is known. */
const acme_directory_t *acme_session_directory(const acme_session_t *session);

/** The same as it was last seen, even when it is not to be relied on any more: for the status. */
const acme_directory_t *acme_session_seen(const acme_session_t *session);

/** Drop directory and nonces, so that the next open fetches them anew: at the start of each cycle
 * of work (checklist D-10, N-09). Requests under way are not disturbed. */
void acme_session_forget(acme_session_t *session);

/** POST a signed sentence to url. A nonce is taken from earlier answers or fetched with HEAD
 * newNonce; each is used once; badNonce is repeated, signed anew with the nonce of the error, at
 * most 5 times (then EAB_PROBLEM_NONCE_LOOP). The session must be open.
 * @param sentence what to sign; must live until done is called
 * @param accept   Accept header or NULL
 * @param done     result->rv is APR_SUCCESS for a 2xx answer; else result holds the problem, and
 *                 answer what came (status 0 when nothing came) */
void acme_session_post(acme_session_t *session, const char *url, const void *sentence,
                       const char *accept, acme_answer_fn *done, void *baton);

/** GET a resource that needs no signature (RFC 9773, 4.1). The session need not be open. done as for
 * acme_session_post(). */
void acme_session_get(acme_session_t *session, const char *url, const char *accept,
                      acme_answer_fn *done, void *baton);

/** How far the CA's clock is ahead of ours, by its newest answer; 0 as long as it told nothing. */
apr_interval_time_t acme_session_ahead(const acme_session_t *session);

/** Requests sent so far, for the log and the benchmark. */
int acme_session_requests(const acme_session_t *session);

#endif
