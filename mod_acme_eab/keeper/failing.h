/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_FAILING_H
#define KEEPER_FAILING_H

/* keeper/failing.h - what fails at an account or a certificate, as the agent tells it: in memory, and in
 * the store with a fingerprint of the configuration that failed. It counts as long as that is still the
 * same. */

#include "base/result.h"
#include "keeper/means.h"
#include "store/failure.h"

typedef struct failing {
    failure_t *failure; /* NULL: nothing does */
    apr_pool_t *pool;   /* owns it */
    int unsaved;        /* the store could not be told: it has what was known before */
} failing_t;

/** What the store has, which is removed when its fingerprint is another one. When somebody restarted
 * httpd, what waits for a person is tried sooner (policy/restart.h).
 * @param key   of the failure in the store
 * @param names how many the certificate has; 0 for an account */
void failing_recall(failing_t *failing, const means_t *means, const char *key,
                    const char *fingerprint, int names);

/** Keep a copy, with its problem shortened, in memory and in the store; NULL: forget it.
 * @return APR_SUCCESS, or why it is in memory only, until failing_tidy(), in result */
apr_status_t failing_keep(failing_t *failing, const means_t *means, const char *key,
                          const failure_t *failure, int names, eab_result_t *result);

/** Somebody has mended it, he says: it is tried now, and not when it would have been.
 * @param key NULL: in memory only */
void failing_hurry(failing_t *failing, const means_t *means, const char *key);

/** The store can be written to again: tell it what it could not be told. */
void failing_tidy(failing_t *failing, const means_t *means, const char *key, apr_pool_t *ptemp);

#endif
