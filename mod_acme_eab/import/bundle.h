/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORT_BUNDLE_H
#define IMPORT_BUNDLE_H

/* import/bundle.h - certificates and a key in whatever order and files they come, put together to a
 * chain: the certificate of the key first, then its issuers, without a root. */

#include <apr_pools.h>
#include <openssl/x509.h>

#include "crypto/chain.h"
#include "crypto/keypair.h"

typedef struct bundle bundle_t;

bundle_t *bundle_make(apr_pool_t *p);

/** Add what is in PEM text: certificates, and the first private key when there is none yet. Blocks of
 * other kinds are passed over.
 * @param passphrase of a key that is encrypted; or NULL
 * @return NULL, or why not: a static half sentence */
const char *bundle_add_pem(bundle_t *bundle, const secret_t *pem, const secret_t *passphrase);

/** Add a certificate, which is taken over. @return NULL, or why not */
const char *bundle_add_certificate(bundle_t *bundle, X509 *cert);

/** Set the key. */
void bundle_set_key(bundle_t *bundle, keypair_t *key);

/** The key alone, or NULL; and are there any certificates? */
keypair_t *bundle_key(const bundle_t *bundle);
int bundle_is_empty(const bundle_t *bundle);

/** Put it together.
 * @param pchain,pkey in the bundle's pool
 * @return NULL, or why not: a half sentence such as "it holds no private key" */
const char *bundle_close(bundle_t *bundle, chain_t **pchain, keypair_t **pkey);

/** All of this with files: a chain and a key, which may be one and the same.
 * @param key_path may be NULL when chain_path has the key */
const char *bundle_read(chain_t **pchain, keypair_t **pkey, const char *chain_path,
                        const char *key_path, const secret_t *passphrase, apr_pool_t *p);

#endif
