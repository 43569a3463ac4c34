/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_KEYFILE_H
#define ENROLL_KEYFILE_H

/* enroll/keyfile.h - where the HMAC key goes: a new file that only its owner can read, which is there
 * whole or not at all; or standard output, for those who say that they know. */

#include <apr_pools.h>

#include "base/result.h"

typedef struct keyfile keyfile_t;

/** Take the place for it, before anything is asked of a manager: what is shown only once must not be
 * lost for want of one.
 * @param path       "-" is standard output
 * @param i_know     allows "-"
 * @param result     ENROLL_PROBLEM_USAGE or ENROLL_PROBLEM_FILE */
apr_status_t keyfile_make(keyfile_t **pkeyfile, const char *path, int i_know, eab_result_t *result,
                          apr_pool_t *p);

/** Write the key as the manager gave it, on one line.
 * @param key  checked: it must be text that can be the HMAC key of ACMEEABKey, else
 *             ENROLL_PROBLEM_ANSWER */
apr_status_t keyfile_write(keyfile_t *keyfile, const char *key, eab_result_t *result);

/** The absolute path; NULL for standard output. Lives as long as the file. */
const char *keyfile_path(const keyfile_t *keyfile);

#endif
