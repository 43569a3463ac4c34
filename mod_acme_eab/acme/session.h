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

/** What decides when the same thing may be asked again, and how far requests to a host are apart.
 * Times are of clock_steady(). */
typedef struct acme_pacer {
    /** How long a request to url waits; it takes its turn by that. */
    apr_interval_time_t (*wait)(struct acme_pacer *pacer, const char *url);
    /** Its turn has come: 0 when it is sent, or how long it still waits, as others were late. */
    apr_interval_time_t (*go)(struct acme_pacer *pacer, const char *url);
    /** What came of a request. reads: one that needs no work of the CA, so that it tells how busy that
     * is how long it took. */
    void (*heard)(struct acme_pacer *pacer, const char *url, const eab_result_t *result,
                  apr_time_t sent, int reads);
    /** How long after so many answers in a row that were none; -1: not with the request in hand. */
    apr_interval_time_t (*repeat)(struct acme_pacer *pacer, int answers, apr_int64_t retry_after);
    void *impl;
} acme_pacer_t;

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

/** Without it every answer is handed on as it came, and nothing waits. It must live as long. */
void acme_session_pace(acme_session_t *session, acme_pacer_t *pacer);

/** Hears of each request that was sent and has ended: its method, its URL, the sentence (NULL: it was not
 * signed), and the HTTP status, 0 when no answer came. */
typedef void acme_tally_fn(void *baton, const char *method, const char *url, const void *sentence,
                           int status);
void acme_session_tally(acme_session_t *session, acme_tally_fn *tally, void *baton);

/** Send what has waited until now. */
void acme_session_poke(acme_session_t *session, apr_time_t now);

/** When to poke it, by clock_steady(); 0: nothing waits. */
apr_time_t acme_session_due(const acme_session_t *session);

/** @return true when a 2xx answer is what was asked for; anything else is garbled */
typedef int acme_reads_fn(const acme_answer_t *answer);

/** What is asked with a POST. What only reads is asked again, a few times and ever more slowly, while
 * what comes is no word of the CA: garbled, cut, a redirect, a page of a web server before it. What
 * acts is asked again only where that web server has turned it away (429, 403): after anything else
 * nobody knows whether the CA has acted, and result->foreign says so. Whoever asks the same once more
 * (the same sentence, by its address, at the same URL) waits for as long as is seemly. */
typedef struct acme_question {
    const char *url;
    const void *sentence;     /* what to sign; must live until done is called */
    const char *accept;       /* Accept header or NULL */
    acme_reads_fn *is_answer; /* NULL: any body will do */
    int acts;
} acme_question_t;

/** The same as acme_session_post(), with that. */
void acme_session_ask(acme_session_t *session, const acme_question_t *question,
                      acme_answer_fn *done, void *baton);

/** True when nobody knows whether the CA has acted on what was asked, and it can be looked into now: a
 * web server before the CA did not turn it away, nor name a time that is long to wait for. */
int acme_session_is_unsure(const eab_result_t *result);

/** POST a signed sentence to url. A nonce is taken from earlier answers or fetched with HEAD
 * newNonce; each is used once; badNonce is repeated, signed anew with the nonce of the error, at
 * most 5 times (then EAB_PROBLEM_NONCE_LOOP). The session must be open.
 * @param sentence what to sign; must live until done is called
 * @param accept   Accept header or NULL
 * @param done     result->rv is APR_SUCCESS for a 2xx answer; else result holds the problem, and
 *                 answer what came (status 0 when nothing came) */
void acme_session_post(acme_session_t *session, const char *url, const void *sentence,
                       const char *accept, acme_answer_fn *done, void *baton);

/** GET a resource that needs no signature (RFC 9773, 4.1). The session need not be open. is_answer: as
 * in a question; done as for acme_session_post(). */
void acme_session_get(acme_session_t *session, const char *url, const char *accept,
                      acme_reads_fn *is_answer, acme_answer_fn *done, void *baton);

/** How far the CA's clock is ahead of ours, by its newest answer; 0 as long as it told nothing. */
apr_interval_time_t acme_session_ahead(const acme_session_t *session);

/** Requests sent so far, for the log and the benchmark. */
int acme_session_requests(const acme_session_t *session);

#endif
