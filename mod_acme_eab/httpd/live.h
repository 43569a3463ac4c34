/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_LIVE_H
#define HTTPD_LIVE_H

/* httpd/live.h - ACMEReload live: certificates that the keeper leaves in memory (live/segment.h) are
 * served without a restart.
 *
 * mod_ssl loads files as ever, so that a server in which nothing else works is no worse than without;
 * what the keeper publishes later takes their place, connection by connection, in OpenSSL's callback for
 * the choice of a certificate. A virtual host that has no certificate yet gets a placeholder as if it
 * were one, since mod_ssl would refuse its requests until the next restart otherwise; the 503 is ours,
 * and ends with the first certificate. */

#include <httpd.h>
#include <openssl/ssl.h>

#include "httpd/site.h"

/* mod_ssl's optional hook, whose header is not installed everywhere: a server has its context. */
typedef int ssl_HOOK_init_server_t(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx);

/** The parent, before it forks workers, when mod_ssl has asked for the files of all virtual hosts: make the
 * memory, and note in the plan what is to be known for it. When this system cannot, that is logged, and
 * certificates are activated by a restart. */
void live_prepare(site_t *site);

/** The state of a virtual host, as in mod_acme_eab.h. In a worker. */
const char *live_state(const site_vhost_t *vhost);

/** Have OpenSSL ask. */
int live_init_server(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx);

/** 503 for a virtual host that has a placeholder only; and SSL_SERVER_... of a resumed session tell the
 * certificate of today, not that of httpd's start. */
int live_post_read_request(request_rec *r);

#endif
