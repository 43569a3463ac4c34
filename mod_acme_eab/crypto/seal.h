/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

/* crypto/seal.h - what was found out about a pair of files that passed chain_check_files(), bound to
 * their bytes: a digest over both files and over the record itself. Whoever has the three texts knows
 * what is in the pair without parsing it, and a byte that is changed in any of them, or a library that
 * is not the one that has checked, makes the record worth nothing.
 *
 * A seal stands for what follows from the bytes alone: that both can be parsed, that they belong
 * together, and that OpenSSL loads them into a server. It does not stand for
 *
 *   the clock      whether the certificate is over is asked each time;
 *   the names      what it shall cover is the configuration's;
 *   the terms      what a virtual host and openssl.cnf demand may change after the check. What they can
 *                  demand of a pair is its strength, which the seal tells: crypto/trials.h has one
 *                  pair of each strength loaded, for all that have the same. */

#include "crypto/chain.h"
#include "crypto/secret.h"

typedef struct seal {
    const chain_facts_t *facts;
    const char *strength; /* as chain_strength() */
} seal_t;

/** The record of a pair that has passed. In p; NULL on failure.
 * @param pem  the bytes of the file with the chain, len of them
 * @param key  those of the file with the key */
const char *seal_write(apr_pool_t *p, const seal_t *seal, const char *pem, apr_size_t len,
                       const secret_t *key);

/** The seal of a record, if it is of these very bytes and of this version of OpenSSL. In p; else
 * NULL. */
const seal_t *seal_read(apr_pool_t *p, const char *record, const char *pem, apr_size_t len,
                        const secret_t *key);

#endif
