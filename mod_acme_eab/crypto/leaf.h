/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_LEAF_H
#define CRYPTO_LEAF_H

/* crypto/leaf.h - a certificate that is not ours: what the first one of a PEM file says, whatever
 * else the file holds (key, issuers, text, parameters), as mod_ssl would take it. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

typedef struct leaf {
    apr_array_header_t *names; /* const char *, as san_names() */
    apr_time_t not_after;
    int is_self_signed; /* it names itself as its issuer */
    int is_rsa;         /* its key is an RSA key */
    const char *spki;   /* what its key is known by, as keypair_spki(); NULL on failure */
    int is_whole;       /* what follows it can be read as well: certificates, or nothing of them */
} leaf_t;

/** Regular files only, without waiting, LIMIT_OWN_FILE at most; nothing is asked of anybody, also
 * when the file is encrypted. What may be a private key in it does not stay in memory.
 * @param pleaf in p; NULL on failure
 * @return APR_SUCCESS; the file's error; APR_EINVAL when there is no certificate in it */
apr_status_t leaf_read(leaf_t **pleaf, const char *path, apr_pool_t *p);

#endif
