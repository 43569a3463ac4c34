/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CHAIN_H
#define CRYPTO_CHAIN_H

/* crypto/chain.h - a certificate and its issuers: parsed strictly, described, checked. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/keypair.h"
#include "crypto/terms.h"

typedef struct chain chain_t; /* opaque; lives in its pool */

/** What people and policies want to know of a leaf. All strings live in the chain's pool. */
typedef struct chain_facts {
    apr_array_header_t *names; /* const char *: dNSNames, lower case */
    const char *key_type;      /* as keypair_type() */
    const char *issuer;        /* common name of the issuer, or its whole name */
    apr_array_header_t
        *issuers;            /* const char *: the same of each certificate, the leaf's first: the
                                    last one is what the chain leads to */
    const char *serial;      /* hexadecimal, lower case, as openssl shows it without colons */
    const char *fingerprint; /* SHA-256 of the DER, hexadecimal */
    apr_time_t not_before;
    apr_time_t not_after;
    const char *ari_id; /* RFC 9773, 4.1; NULL without an authority key identifier */
    const char *ocsp;   /* URL of the CA's responder (RFC 5280, 4.2.2.1); NULL: it names none */
    int must_staple;    /* clients that obey it want a response with the handshake (RFC 7633) */
} chain_facts_t;

/** Parse a PEM chain as a CA sends it (RFC 8555, 9.1): leaf first, LF or CRLF, last newline
 * optional, text between and around blocks skipped. Blocks of another kind, and unreadable
 * certificates, are refused (RFC 8555, 11.4); so is more than 10 certificates.
 * Issuers that came out of order are sorted behind the leaf.
 * @param result on failure says why (EAB_PROBLEM_CHAIN)
 * @return APR_SUCCESS; APR_EACCES for a block of another kind; APR_EINVAL when it is damaged or none;
 *         *pchain is NULL on failure */
apr_status_t chain_parse(chain_t **pchain, const char *pem, apr_size_t len, eab_result_t *result,
                         apr_pool_t *p);

/** Parse a file of ours. APR_ENOENT ... of the file, else as chain_parse(). */
apr_status_t chain_load(chain_t **pchain, const char *path, eab_result_t *result, apr_pool_t *p);

/** Borrowed; as long as the chain. */
const chain_facts_t *chain_facts(const chain_t *chain);

/** One of them, the leaf is 0. Borrowed, as long as the chain; NULL: there are not so many. */
X509 *chain_certificate(const chain_t *chain, int i);

/** The common name of the issuer of the last certificate, or its whole name: what tells one chain of
 * a CA from another. In p. */
const char *chain_top_issuer(apr_pool_t *p, const chain_t *chain);

/** How many certificates it has. */
int chain_length(const chain_t *chain);

/** Normalised text: LF, one block after the other, newline at the end. In p. NULL on failure. */
const char *chain_pem(apr_pool_t *p, const chain_t *chain);

/** All that OpenSSL judges a chain by when a server loads it, whatever the server's terms are: for each
 * certificate the kind, curve, bits and security of its key, and what it is signed with. Two sound pairs
 * with the same text load on the same terms. In p. */
const char *chain_strength(apr_pool_t *p, const chain_t *chain);

/** The leaf alone, in DER. In p; data is NULL on failure. */
bytes_t chain_leaf_der(apr_pool_t *p, const chain_t *chain);

/** The leaf alone, in PEM. In p; NULL on failure. */
const char *chain_leaf_pem(apr_pool_t *p, const chain_t *chain);

/** What the leaf's key is known by: keypair_spki(). In p; NULL on failure. */
const char *chain_spki(apr_pool_t *p, const chain_t *chain);

/** True when the leaf's public key is that of key. */
int chain_matches_key(const chain_t *chain, const keypair_t *key);

/** Is this what was ordered (checklist F-13)? The leaf has our key, covers every name, is not
 * over and is a server certificate (no extended key usage, or serverAuth among them). One that is not
 * valid yet is fine: no CA hands out such a thing, so it is the clock of this machine that is wrong,
 * and clients have a better one.
 * @param names const char *: what was ordered
 * @return APR_SUCCESS; APR_EINVAL with result telling which check failed (EAB_PROBLEM_CHAIN) */
apr_status_t chain_check(const chain_t *chain, const keypair_t *key,
                         const apr_array_header_t *names, apr_time_t now, eab_result_t *result);

/** Check a pair of files of the store the way mod_ssl will use them: both readable, the key is the
 * leaf's, not over, at least one of names covered. For the hook that hands paths to
 * mod_ssl, which ends the whole server on a bad pair.
 * @param terms of the server that shall use it; NULL: those of the system
 * @param pfacts in p; NULL on failure
 * @return APR_SUCCESS or what failed, with a sentence in result */
apr_status_t chain_check_files(const chain_facts_t **pfacts, const char *chain_path,
                               const char *key_path, const apr_array_header_t *names,
                               const terms_t *terms, apr_time_t now, eab_result_t *result,
                               apr_pool_t *p);

/** The same for a pair that is in memory, on the terms of the system. */
apr_status_t chain_check_pair(const chain_t *chain, const keypair_t *key,
                              const apr_array_header_t *names, apr_time_t now,
                              eab_result_t *result);

/** A self-signed certificate in PEM for names (the first 100 of them), valid from a day ago for a
 * year, on key: what is served while there is nothing better. In p; NULL on failure. */
const char *chain_make_fallback(apr_pool_t *p, const keypair_t *key,
                                const apr_array_header_t *names);

#endif
