/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_CONNECTION_H
#define HTTPD_CONNECTION_H

/* httpd/connection.h - what this module knows of one TLS connection of a client. */

#include <httpd.h>
#include <openssl/ssl.h>
#include <pthread.h>

typedef struct connection {
    SSL *ssl;       /* mod_ssl's, as long as the connection */
    int validating; /* it is a tls-alpn-01 validation: httpd/alpn.h */
    /* Streams of HTTP/2 are served in threads of their own: of these two, and of ssl's certificates. */
    pthread_mutex_t mutex;
    int chosen;    /* which certificate it has is decided, and it keeps it */
    int certified; /* it is one of httpd/live.h */
    int asking;    /* httpd/stapling.h asks somebody else for an OCSP response */
} connection_t;

/* mod_ssl's optional hook, whose header is not installed everywhere: a connection before its
 * handshake. */
typedef int ssl_HOOK_pre_handshake_t(conn_rec *c, SSL *ssl, int is_proxy);

/** Before the workers are forked. */
void connection_prepare(void);

/** Begin to know a connection. */
int connection_pre_handshake(conn_rec *c, SSL *ssl, int is_proxy);

/** That of a connection, or of the one that a stream of HTTP/2 is part of; NULL: without TLS, or before
 * its handshake. */
connection_t *connection_of(const conn_rec *c);

/** The same, where only OpenSSL's handle is at hand. */
connection_t *connection_of_ssl(const SSL *ssl);

#endif
