/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_ALPN_H
#define HTTPD_ALPN_H

/* httpd/alpn.h - answers to tls-alpn-01 validations (RFC 8737; checklist 1.12).
 *
 * The agent writes ACMERunDir/challenges/<server name>/acme-tls-1.pem: the certificate of the
 * answer and its key, for P-256 and then for RSA. For an IP address the server name is its reverse name (RFC 8738, 6). A worker
 * presents it to a client that offers the single protocol acme-tls/1 for that name, and to nobody
 * else; such a connection carries no request. */

#include <httpd.h>
#include <apr_tables.h>

/** post_config: let httpd choose acme-tls/1 at all, which its Protocols would forbid. */
int alpn_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                     server_rec *main_server);

/** Offered alone, and a validation of this server name is pending: propose it. */
int alpn_propose(conn_rec *c, request_rec *r, server_rec *s, const apr_array_header_t *offers,
                 apr_array_header_t *proposals);

int alpn_switch(conn_rec *c, request_rec *r, server_rec *s, const char *protocol);

const char *alpn_get(const conn_rec *c);

/** mod_ssl asks for the certificate once the protocol is acme-tls/1. */
int alpn_answer(conn_rec *c, const char *server_name, const char **pcert_pem,
                const char **pkey_pem);

/** No application data (RFC 8737, 4): a request on such a connection ends it. mod_ssl asks no
 * client certificate there, so that nothing may be served. */
int alpn_post_read_request(request_rec *r);

#endif
