/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

/* store/lock.h - one keeper at a time in a store, and which one. The lock is that of an open file:
 * it lasts as long as somebody has that open, so that one keeper can hand it to the next, and ends by
 * itself when all of them are gone. */

#include "store/store.h"

/* Who has the lock, for those who would like to. Written into the file. */
typedef struct lock_owner {
    int keeper;              /* process */
    int httpd;               /* process */
    const char *host;        /* a store may be on a file system of the network */
    const char *server_root; /* of that httpd */
} lock_owner_t;

/** Who this is: with the name of this host. */
lock_owner_t lock_owner_make(int keeper, int httpd, const char *server_root, apr_pool_t *p);

/** For the httpd parent, which never takes the lock: is it another httpd's?
 * @return a sentence about who holds it and what to do, in p; NULL when nobody else does, or it cannot
 *         be told */
const char *lock_of_another(const char *dir, const lock_owner_t *self, apr_pool_t *p);

/** Take the lock of the store, or find it taken. It is held until p ends, and by whoever was handed
 * it. Whoever gets it has the store to himself, so what killed processes left half-written is removed:
 * there may be private keys in it.
 * @param pfd     the lock, to be handed on; -1 on failure. It is closed with p
 * @param handed  what the keeper before handed on, or -1; closed when it is not this store's
 * @return APR_SUCCESS, APR_EBUSY when another one holds it, or an error; then result names the file and
 *         who holds it, or what is wrong with it, and what to do */
apr_status_t lock_take(int *pfd, const store_t *store, int handed, const lock_owner_t *self,
                       eab_result_t *result, apr_pool_t *p);

#endif
