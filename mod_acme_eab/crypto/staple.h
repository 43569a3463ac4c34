/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_STAPLE_H
#define CRYPTO_STAPLE_H

/* crypto/staple.h - what a CA's responder says of a certificate (OCSP: RFC 6960, in the shape of
 * RFC 5019), as a server staples it to its handshakes: where to ask for it, and whether it is to be
 * believed. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "base/result.h"
#include "crypto/chain.h"

typedef struct staple_facts {
    int good;           /* 0: it is revoked, */
    apr_time_t revoked; /* since then, */
    const char *reason; /* for this ("keyCompromise"), static; NULL: unsaid */
    apr_time_t from;    /* thisUpdate: the newer of two responses has the later one */
    apr_time_t
        until; /* nextUpdate: from then on it is not to be shown; an hour after thisUpdate when the
                           responder does not say */
} staple_facts_t;

/** The URL to GET (RFC 6960, A.1). In it is the ID of the certificate, and nothing else.
 * @param responder its URL, instead of the one that the certificate names; NULL: that one
 * @return in p; NULL: nobody names one, or the issuer is not in the chain */
const char *staple_url(apr_pool_t *p, const chain_t *chain, const char *responder);

/** Is this the word of the CA about this certificate, today? The signature is the issuer's (the
 * certificate behind the leaf), or of one to whom that has delegated it (RFC 6960, 4.2.2.2).
 * @param now a response that is from more than five minutes later is refused
 * @return APR_SUCCESS: good or revoked, see facts; APR_TIMEUP: the same, but it is over; anything else:
 *         what is wrong with it in result, and nothing in facts */
apr_status_t staple_check(staple_facts_t *facts, const chain_t *chain, const void *der,
                          apr_size_t len, apr_time_t now, eab_result_t *result);

#endif
