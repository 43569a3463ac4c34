/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_KEYMAKER_H
#define KEEPER_KEYMAKER_H

/* keeper/keymaker.h - private keys made in threads, so that an RSA key never holds up a signature. */

#include <apr_pools.h>
#include <openssl/evp.h>

#include "keeper/loop.h"

typedef struct keymaker keymaker_t;

/** As many threads as there are processors, four at most, started when they are needed. After the end
 * of p no callback is called any more; keys in the making are thrown away by their threads.
 * @return NULL when the pipe to the loop cannot be made */
keymaker_t *keymaker_make(loop_t *loop, apr_pool_t *p);

/** Called from the loop. pkey is the receiver's; NULL when OpenSSL failed. */
typedef void keymaker_done_fn(void *baton, EVP_PKEY *pkey);

/** Make one key of this type (a static string). */
void keymaker_start(keymaker_t *maker, const char *type, keymaker_done_fn *done, void *baton);

#endif
