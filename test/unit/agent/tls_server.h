/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_AGENT_TLS_SERVER_H
#define TEST_AGENT_TLS_SERVER_H

/* A TLS server on 127.0.0.1 in a thread, with certificates of the test. */

#include <apr_tables.h>
#include <openssl/ssl.h>

#include "../crypto/party.h"

typedef struct tls_server tls_server_t;

/** It presents party, and other beside it unless that is NULL. Ends with p. */
tls_server_t *tls_server_start(apr_pool_t *p, const party_t *party, const party_t *other);

/** Before the next connection. */
SSL_CTX *tls_server_context(tls_server_t *server);

/** "127.0.0.1:PORT NAME". In p. */
const char *tls_server_door(apr_pool_t *p, const tls_server_t *server, const char *name);

/** What the last client asked for; "" for no name. */
const char *tls_server_asked(const tls_server_t *server);

/** SHA-256 of the certificate, hexadecimal. In p. */
const char *tls_server_fingerprint(apr_pool_t *p, const party_t *party);

#endif
