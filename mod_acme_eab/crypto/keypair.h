/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KEYPAIR_H
#define CRYPTO_KEYPAIR_H

/* crypto/keypair.h - private keys of accounts and certificates. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <openssl/evp.h>

#include "crypto/secret.h"

typedef struct keypair {
    EVP_PKEY *pkey;
} keypair_t;

/** True for rsa2048, rsa3072, rsa4096, p256, p384. */
int keypair_type_is_known(const char *type);

/** Make a key without touching a pool, so that a thread may do it. @return NULL on failure */
EVP_PKEY *keypair_generate(const char *type);

/** Take over pkey, also when it fails; p frees it. NULL gives NULL. */
keypair_t *keypair_adopt(apr_pool_t *p, EVP_PKEY *pkey);

/** Free it before its pool ends. NULL is fine. */
void keypair_free(apr_pool_t *p, keypair_t *key);

/** Read PEM (PKCS#8 or the older forms, not encrypted). *pkey is NULL on failure.
 * @return APR_ENOENT ... of the file; APR_EINVAL when it holds no key */
apr_status_t keypair_load(keypair_t **pkey, const char *path, apr_pool_t *p);

/** The key in a text, as keypair_load() reads it of a file. NULL when it holds none. */
keypair_t *keypair_read(apr_pool_t *p, const secret_t *pem);

/** The same of one that may be encrypted.
 * @param passphrase bytes, which may be 0; or NULL */
keypair_t *keypair_decrypt(apr_pool_t *p, const secret_t *pem, const secret_t *passphrase);

/** PKCS#8 PEM in memory that cleanses itself. NULL on failure. */
secret_t *keypair_pem(apr_pool_t *p, const keypair_t *key);

/** "rsa2048", "p256", ... of any key; "other" for what is not in the list. Static. */
const char *keypair_type(const EVP_PKEY *pkey);

/** What a key is known by, private or public: SHA-256 of its SubjectPublicKeyInfo (RFC 5280, 4.1),
 * hexadecimal. In p; NULL on failure. */
const char *keypair_spki(apr_pool_t *p, const EVP_PKEY *pkey);

/** The hash for what it signs in X.509: SHA-384 for P-384, else SHA-256 (checklist CSR-05). */
const EVP_MD *keypair_digest(const keypair_t *key);

#endif
