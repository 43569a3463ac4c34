/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_EXCHANGE_H
#define ENROLL_EXCHANGE_H

/* enroll/exchange.h - one request to a manager and its answer, with libcurl: TLS verified, https only,
 * no redirect followed, everything bounded, nothing of it left in memory that was given back. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

#include "base/result.h"
#include "crypto/secret.h"

typedef struct exchange exchange_t;

typedef struct exchange_request {
    const char *method;   /* "GET", "POST", "PUT" or "DELETE" */
    const char *url;      /* may hold a secret: it appears in no error and no log */
    const char *type;     /* the Content-Type of body, or NULL */
    const secret_t *body; /* or NULL */
    const apr_array_header_t
        *lines; /* of secret_t *: further header lines, NUL-terminated; or NULL */
} exchange_request_t;

typedef struct exchange_answer {
    int status;              /* of HTTP */
    const char *host;        /* who was asked: "cert-manager.com" */
    const char *type;        /* Content-Type without parameters, in lower case; "" when unsaid */
    const char *location;    /* or NULL */
    apr_int64_t total;       /* X-Total-Count, or -1 */
    apr_int64_t retry_after; /* seconds, or -1 */
    const secret_t *body;    /* NUL-terminated, its len without the NUL */
    json_t *json;            /* the body if it is JSON, else NULL; lives as long as the pool */
} exchange_answer_t;

/** Once in the program, before anything of libcurl or jansson: what they free is cleansed.
 * @return 0 when libcurl cannot be set up */
int exchange_init(void);

/** A line to managers. Lives in p.
 * @param ca_pem  certificates to trust instead of the system's, or NULL
 * @param proxy   URL, or NULL for none; those of the environment are not used
 * @param seconds for an answer to be there */
exchange_t *exchange_make(const char *ca_pem, const char *proxy, int seconds, apr_pool_t *p);

/** Ask.
 * @param panswer in p, whatever its HTTP status; NULL on failure
 * @param result  EAB_PROBLEM_CA_UNREACHABLE, EAB_PROBLEM_CA_UNTRUSTED, EAB_PROBLEM_PROXY_UNTRUSTED, or
 *                ENROLL_PROBLEM_ANSWER for an answer that is too long
 * @return APR_SUCCESS when there is an answer; APR_EOF when the request may have arrived all the same */
apr_status_t exchange_send(exchange_t *exchange, const exchange_request_t *request,
                           exchange_answer_t **panswer, eab_result_t *result, apr_pool_t *p);

/** True for https with a host and nothing that a shell or a header could take amiss. */
int exchange_is_url(const char *url);

/** The host of such a URL, with its port if it names one. In p. */
const char *exchange_host(apr_pool_t *p, const char *url);

/** The text as it may stand in a query or a form (RFC 3986, 2.1), behind what a secret already holds: a
 * new one, NUL-terminated. before may be NULL. */
secret_t *exchange_escape(apr_pool_t *p, const char *before, const char *text, apr_size_t len);

#endif
