/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_CRYPTO_RESPONDER_H
#define TEST_CRYPTO_RESPONDER_H

/* OCSP responses for tests. */

#include "base/bytes.h"
#include "party.h"

typedef struct responder_spec {
    const party_t *issuer; /* of the certificate */
    const party_t *leaf;   /* which one it is about */
    const party_t *signer; /* NULL: the issuer; else its certificate goes with the response */
    int status;            /* V_OCSP_CERTSTATUS_... */
    long from, until;      /* seconds from now; until 0: unsaid */
} responder_spec_t;

/** In DER, in p. A revocation is an hour old, since the key was compromised. */
bytes_t responder_make(apr_pool_t *p, const responder_spec_t *spec);

#endif
