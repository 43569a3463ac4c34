/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_BLOCKED_H
#define STORE_BLOCKED_H

/* store/blocked.h - keys that others may know (blocked.jsonl: {spki_sha256, at, by} a line). No
 * certificate is ordered, installed or imported for one of them, ever. The file only grows. */

#include "crypto/keypair.h"
#include "store/store.h"

/** Block the key that is known by spki (crypto/keypair.h), durably. One that is blocked stays so.
 * @return APR_SUCCESS, or why not with result */
apr_status_t blocked_add(const store_t *store, const char *spki, const char *by, apr_time_t now,
                         eab_result_t *result, apr_pool_t *ptemp);

/** Refuse a key that is blocked, and any while the file cannot be read: nobody knows then.
 * @return APR_SUCCESS; else result says why (EAB_PROBLEM_REVOKED, EAB_PROBLEM_STORE) */
apr_status_t blocked_check(const store_t *store, const char *spki, eab_result_t *result,
                           apr_pool_t *ptemp);

/** The same of a key. What it is known by takes longer to find out than to make it, and is not asked for
 * while none is blocked. */
apr_status_t blocked_check_key(const store_t *store, const keypair_t *key, eab_result_t *result,
                               apr_pool_t *ptemp);

#endif
