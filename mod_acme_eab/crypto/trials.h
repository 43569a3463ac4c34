/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_TRIALS_H
#define CRYPTO_TRIALS_H

/* crypto/trials.h - which strengths of a pair were seen to load on which terms. What terms and the
 * system's policy (openssl.cnf) demand of a pair is its strength: OpenSSL compares the bits of security
 * of each key and each signature with those of the context, and a library in a mode of its own (FIPS)
 * refuses kinds of key, curves and digests. So one pair of a strength is loaded as a server would, and
 * what it showed holds for all others of that strength, of which it is known already that their bytes
 * are sound (crypto/seal.h). What was refused is not remembered: each pair is to be refused with its own
 * words. */

#include "crypto/terms.h"

typedef struct trials trials_t;

/** As long as one reading of openssl.cnf is good for: a pass of httpd's configuration, a keeper. In p. */
trials_t *trials_make(apr_pool_t *p);

/** Has a pair like this one been loaded on these terms, or can it be?
 * @param terms     NULL: those of the system; they live as long as trials
 * @param strength  as chain_strength()
 * @param type      of the key, as keypair_type() */
int trials_pass(trials_t *trials, const terms_t *terms, const char *strength,
                const char *chain_path, const char *key_path, const char *type);

#endif
