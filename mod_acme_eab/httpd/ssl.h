/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_SSL_H
#define HTTPD_SSL_H

/* httpd/ssl.h - what mod_ssl loads. It asks for each virtual host with SSLEngine on, in both
 * configuration passes and at each restart, as root. A bad pair of files would end the whole server
 * in a graceful restart, so each pair is checked before it is handed over (store/generation.h), and
 * the last good one is used instead. All virtual hosts of a certificate get the identical path
 * strings: mod_ssl tells hosts with different ones apart (SSLVHostSNIPolicy). */

#include <httpd.h>
#include <apr_tables.h>

/** Certificates from the store; they replace what SSLCertificateFile names, unless that covers more of
 * the names of the virtual host (httpd/own.h). */
int ssl_add_files(server_rec *s, apr_pool_t *p, apr_array_header_t *cert_files,
                  apr_array_header_t *key_files);

/** Nothing else is there: a self-signed certificate; mod_ssl answers requests with 503. */
int ssl_add_fallback(server_rec *s, apr_pool_t *p, apr_array_header_t *cert_files,
                     apr_array_header_t *key_files);

#endif
