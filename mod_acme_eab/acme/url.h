/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_URL_H
#define ACME_URL_H

/* acme/url.h - the little that must be known of URLs, which are opaque otherwise: they are stored,
 * signed and sent byte for byte as the CA gave them (RFC 8555, 6.4 and 7.1). */

#include <apr_pools.h>

/** True for https with a host: what a CA may hand out (RFC 8555, 6.1). White space, control
 * characters, bytes outside ASCII and a user name before the host are refused, and more than
 * LIMIT_URL bytes. NULL is not https. */
int acme_url_is_https(const char *url);

/** "acme.example.edu:443": host and port, without a user name or password. Text without a scheme is
 * taken as it is, then without a default port. Lives in p. */
const char *acme_url_peer(apr_pool_t *p, const char *url);

/** What a request for this URL asks for, byte for byte: its path and query, without the fragment. NULL
 * when it has no path. Lives in p. */
const char *acme_url_target(apr_pool_t *p, const char *url);

/** The reference made absolute with base (RFC 3986, 5.2); one that is absolute already is returned
 * byte for byte. @return in p; NULL when that cannot be done */
const char *acme_url_resolve(apr_pool_t *p, const char *base, const char *reference);

#endif
