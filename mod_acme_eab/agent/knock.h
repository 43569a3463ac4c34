/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_KNOCK_H
#define AGENT_KNOCK_H

/* agent/knock.h - one connection as a CA makes it to validate a name: a GET at port 80 (RFC 8555, 8.3), TLS with
 * acme-tls/1 alone at port 443 (RFC 8737, 3). It waits, some seconds at most, so it is for threads; nothing here
 * uses pools. What answers is hostile. */

#define KNOCK_HTTP_PORT 80
#define KNOCK_TLS_PORT 443
#define KNOCK_WHY_MAX 400

typedef enum {
    KNOCK_FINE,      /* the answer that was put in place came */
    KNOCK_SILENT,    /* nobody answers */
    KNOCK_ELSEWHERE, /* a redirection, which a CA follows */
    KNOCK_ANOTHER    /* something else answers */
} knock_outcome_t;

typedef struct knock_found {
    knock_outcome_t outcome;
    char why[KNOCK_WHY_MAX]; /* "connection refused"; "status 404 (nginx)"; where to; "" */
} knock_found_t;

/** @param octets of the address, 4 or 16
 *  @param host   for the Host header: a name, or an address as it stands in a URL
 *  @param path   of the URL
 *  @param answer that is expected as the body */
void knock_http(knock_found_t *found, const unsigned char *octets, int size, int port,
                const char *host, const char *path, const char *answer);

/** @param name   for SNI: a name, or the reverse name of an address (RFC 8738, 6)
 *  @param digest SHA-256 of the key authorization, which the certificate is to have in it */
void knock_tls(knock_found_t *found, const unsigned char *octets, int size, int port,
               const char *name, const unsigned char *digest);

#endif
