/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_STAPLING_H
#define HTTPD_STAPLING_H

/* httpd/stapling.h - OCSP responses for managed certificates. mod_ssl staples for those that it has loaded
 * itself, and asks the CA in the middle of a client's handshake; the keeper leaves what it has checked in
 * the memory of httpd/live.h (live/stapled.h), and that comes first. Where there is nothing, mod_ssl does
 * as ever.
 *
 * A certificate with must-staple is stapled whatever SSLUseStapling says. A client that asks for a response
 * gets no handshake without one then: it would end it itself (RFC 7633, 4.3.3), and no other does so for
 * a moment only, since nothing is activated before there is a response. */

#include <httpd.h>
#include <openssl/ssl.h>

#include "httpd/site.h"

/** When the configuration is checked: virtual hosts that are to have no response (SSLUseStapling is off)
 * and whose certificate must not be served without. */
void stapling_tell(const site_t *site, apr_pool_t *ptemp);

/** The parent, when mod_ssl and all other modules are ready, and the memory is there: note in the plan whom
 * to ask; see that OpenSSL asks here first, whoever else has set its callback meanwhile; and leave those
 * responses of the certificates that mod_ssl has loaded and that must not be served without, so that the
 * first client gets one. */
void stapling_prepare(const site_t *site);

/** mod_ssl's optional hook: have OpenSSL ask here first. */
int stapling_init_server(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx);

#endif
