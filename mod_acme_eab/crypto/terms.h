/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_TERMS_H
#define CRYPTO_TERMS_H

/* crypto/terms.h - the terms on which a server can use a certificate: what mod_ssl sets on its context
 * before it loads the pair. A pair that does not meet them ends httpd when it is loaded ("ee key too
 * small"), or makes every handshake fail (no cipher for such a key). The system's policy
 * (openssl.cnf) is part of every context, and so of all terms. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <openssl/ssl.h>

#include "base/result.h"

#define TERMS_TLS13 1 /* protocol versions that matter here */
#define TERMS_TLS12 2 /* and older: those in which ciphers name a kind of key */

typedef struct terms {
    const char *ciphers;          /* SSLCipherSuite; NULL: the default */
    const char *suites;           /* SSLCipherSuite TLSv1.3; NULL: the default */
    int versions;                 /* of TERMS_TLS... */
    apr_array_header_t *commands; /* const char *, in pairs: SSLOpenSSLConfCmd, in order */
    const char *where;            /* the directive that limits most, with its place, for people:
                                     "SSLCipherSuite ... (FILE:LINE)"; NULL: there is none */
} terms_t;

/** No directives: what the system allows. In p. */
terms_t *terms_make(apr_pool_t *p);

/** The same terms, whoever set them. */
int terms_equal(const terms_t *terms, const terms_t *other);

/** Can a key of this type (as keypair_type_is_known()) work at all?
 * @return APR_SUCCESS; APR_EINVAL with a clause in result: "keys below 128 bits of security, and
 * rsa2048 has 112" */
apr_status_t terms_check_type(const terms_t *terms, const char *type, eab_result_t *result);

/** The same for terms without any directive: it is the system that refuses. */
int terms_system_refuses(const char *type);

/** The type among types (ends with NULL) that can work, the first; NULL when none can. */
const char *terms_choose_type(const terms_t *terms, const char *const *types);

/** Does a server take what is in the file of a certificate, before it comes to the key? */
int terms_take_chain(const terms_t *terms, const char *chain_path);

/** Load the pair as mod_ssl does.
 * @return APR_SUCCESS; APR_EINVAL with OpenSSL's reason in result (EAB_PROBLEM_CHAIN) */
apr_status_t terms_check_files(const terms_t *terms, const char *chain_path, const char *key_path,
                               const char *type, eab_result_t *result);

/** The same for a pair that is in memory.
 * @param certs  X509 *, the leaf first, at least that */
apr_status_t terms_check_pair(const terms_t *terms, const apr_array_header_t *certs, EVP_PKEY *key,
                              const char *type, eab_result_t *result);

#endif
