/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_TRANSPORT_H
#define ACME_TRANSPORT_H

/* acme/transport.h - one HTTP exchange, without saying how: acme/http.c does it with libcurl, the
 * unit tests with a script. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/result.h"

typedef struct acme_request {
    const char *method; /* "GET", "HEAD" or "POST" */
    const char *url;    /* byte for byte as the CA gave it */
    const char *body;   /* POST: a JWS; else NULL */
    const char *accept; /* Accept header, or NULL */
} acme_request_t;

typedef struct acme_answer {
    apr_pool_t *pool;     /* owns the answer; ends when the callback returns */
    const char *url;      /* of the request */
    int status;           /* HTTP status; 0 when no answer came */
    apr_table_t *headers; /* case-insensitive; a repeated header has several entries */
    const char *body;     /* NUL-terminated */
    apr_size_t len;
} acme_answer_t;

/** Called once for each request that was sent, never from inside send().
 * @param result rv is APR_SUCCESS when an HTTP answer came, whatever its status; else what failed:
 *               EAB_PROBLEM_CA_UNREACHABLE (EACCES or EPERM: this machine forbids the connection),
 *               EAB_PROBLEM_CA_UNTRUSTED, EAB_PROBLEM_PROXY_UNTRUSTED, EAB_PROBLEM_CA_ANSWER, or EAB_PROBLEM_INTERNAL when the request could not even be made
 * @param answer never NULL; status 0 and empty when nothing came */
typedef void acme_answer_fn(void *baton, const acme_answer_t *answer, const eab_result_t *result);

typedef struct acme_transport {
    /** Start the exchange; request is copied. */
    void (*send)(struct acme_transport *transport, const acme_request_t *request,
                 acme_answer_fn *done, void *baton);
    void *impl;
} acme_transport_t;

#endif
