/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_HTTP_H
#define ACME_HTTP_H

/* acme/http.h - the transport over libcurl's multi interface: TLS verified, https only, no redirect
 * followed on POST (a GET follows at most 3, https to https), answers capped (base/bytes.h), 10 s
 * to connect, 180 s for an answer since a finalize may block for 90, connections kept, HTTP/2 where
 * offered (then all requests to one host share one connection). Proxies of the environment are
 * ignored. The process must ignore SIGPIPE. (Checklist 1.1) */

#include <apr_pools.h>
#include <apr_time.h>
#include <poll.h>

#include "acme/transport.h"

typedef struct acme_http acme_http_t;

/** One per process. Calls curl_global_init(). NULL when libcurl cannot be set up. Lives in p. */
acme_http_t *acme_http_make(apr_pool_t *p, const char *user_agent);

/** "libcurl/7.88.1": for the User-Agent. Static. */
const char *acme_http_library(void);

/** A transport for one CA. Lives in p.
 * @param ca_pem certificates to trust instead of the system's, or NULL
 * @param proxy  URL, or NULL for none
 * @param proxy_credentials "user:password" for it, or NULL */
acme_transport_t *acme_http_transport(acme_http_t *http, const char *ca_pem, const char *proxy,
                                      const char *proxy_credentials, apr_pool_t *p);

/** A transport for OCSP responders (RFC 6960, A.1): the same, but for http as well as https, no redirect,
 * answers of LIMIT_STAPLE at most, 15 s. What it says is public, and what it hears is signed. Lives in p. */
acme_transport_t *acme_http_responder(acme_http_t *http, const char *ca_pem, const char *proxy,
                                      const char *proxy_credentials, apr_pool_t *p);

/** Wait until something happened on the network, on one of fds, or timeout (microseconds, -1: no
 * limit) is over; then call the callbacks of exchanges that ended. It may come back early with nothing
 * done, so call it in a loop.
 * @param fds as for poll(2); revents is filled in; may be NULL with nfds 0 */
void acme_http_run(acme_http_t *http, struct pollfd *fds, int nfds, apr_interval_time_t timeout);

/** Exchanges that are under way. */
int acme_http_busy(const acme_http_t *http);

#endif
