/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

/* crypto/secret.h - bytes that must not stay behind: in OpenSSL's secure heap where there is one,
 * cleansed when their pool ends or earlier, never formatted. */

#include <apr_errno.h>
#include <apr_pools.h>

typedef struct secret {
    unsigned char *data; /* NULL once it is cleansed */
    apr_size_t len;
} secret_t;

/** Set up the secure heap (memory that is locked and left out of core dumps), and have OpenSSL and
 * jansson cleanse all memory that they free. Call once in a program that holds secrets, before anything
 * else of either. Going on without the heap is safe: secrets are cleansed all the same. */
void secret_init(void);

/** A zeroed secret of len bytes (at least 1 is allocated), cleansed and freed with p. */
secret_t *secret_make(apr_pool_t *p, apr_size_t len);

/** Cleanse and free now. NULL and a second call are fine. */
void secret_cleanse(secret_t *secret);

/** Read a whole regular file without leaving copies behind.
 * @param psecret in p; NULL on failure
 * @return APR_SUCCESS; EFBIG when it holds more than max bytes; as file_open() */
apr_status_t secret_read_file(secret_t **psecret, const char *path, apr_size_t max, apr_pool_t *p);

/** The same for an entry of an open directory, see file_open_entry(). */
apr_status_t secret_read_entry(secret_t **psecret, int dir, const char *entry, apr_size_t max,
                               apr_pool_t *p);

/** The same from a descriptor, of a file or a pipe, that is already open; it is read to its end and stays open. */
apr_status_t secret_read_fd(secret_t **psecret, int fd, apr_size_t max, apr_pool_t *p);

#endif
