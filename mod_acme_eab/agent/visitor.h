/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_VISITOR_H
#define AGENT_VISITOR_H

/* agent/visitor.h - TLS connections to the own httpd, as a client makes them, to see which certificate it
 * serves. Nothing is asked for and nothing is believed: the connection ends with the certificate. In a
 * thread, as it takes its time; the agent's loop hears of the end. */

#include <apr_pools.h>
#include <apr_tables.h>

#define VISITOR_WHY_MAX 400

/** What was served. */
typedef struct visitor_found {
    int met;              /* doors at which the certificate that was looked for is served */
    int others;           /* doors with another one; of the first of these: */
    char fingerprint[65]; /* SHA-256 of that, hexadecimal */
    char why
        [VISITOR_WHY_MAX]; /* half a sentence: of that, or else why nobody could connect; or "" */
} visitor_found_t;

typedef struct visitor visitor_t;

/** found is gone after the call. */
typedef void visitor_done_fn(void *baton, const visitor_found_t *found);

/** NULL when there is no pipe to be had. With the end of p nothing is called any more. */
visitor_t *visitor_make(apr_pool_t *p);

/** Readable when there is something to serve. */
int visitor_fd(const visitor_t *visitor);

/** Call what is done. */
void visitor_serve(visitor_t *visitor);

/** Look at each door, a few times where nobody answers, within some seconds for each.
 * @param doors       const char *: "ADDRESS:PORT NAME" (ipc/plan.h)
 * @param key_type    of the certificate (as keypair_type()): what a client asks for that has no other
 * @param fingerprint of the certificate that should be served */
void visitor_start(visitor_t *visitor, const apr_array_header_t *doors, const char *key_type,
                   const char *fingerprint, visitor_done_fn *done, void *baton);

#endif
