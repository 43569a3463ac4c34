/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_CRYPTO_PARTY_H
#define TEST_CRYPTO_PARTY_H

/* Certificates for tests: a root, intermediates and leaves with what a test wants of them. */

#include <apr_pools.h>
#include <openssl/x509.h>

#include "crypto/chain.h"
#include "crypto/keypair.h"

typedef struct party_spec {
    keypair_t *key;       /* NULL: a new one of key_type */
    const char *key_type; /* NULL: p256 */
    const char *common;   /* NULL: an empty subject */
    const char *names;    /* as in openssl.cnf: "DNS:a.example.edu,DNS:b.example.edu"; or NULL */
    const char *usage;    /* extended key usage: "serverAuth"; or NULL */
    const char *serial;   /* hexadecimal; NULL: 1 */
    const char *access;   /* authority information access: "OCSP;URI:http://a.example"; or NULL */
    const char *feature;  /* TLS feature: "status_request"; or NULL */
    int is_ca;
    long from;  /* seconds from now */
    long until; /* 0: 90 days from now */
} party_spec_t;

typedef struct party {
    keypair_t *key;
    X509 *cert;
} party_t;

/** Both belong to p. issuer NULL: self-signed. */
party_t *party_make(apr_pool_t *p, const party_t *issuer, const party_spec_t *spec);

/** PEM of the certificates of count parties. */
const char *party_pem(apr_pool_t *p, int count, ...);

/** An array of const char * from arguments that end with NULL. */
apr_array_header_t *party_names(apr_pool_t *p, ...);

#endif
