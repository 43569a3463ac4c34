/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_EABSOURCE_H
#define KEEPER_EABSOURCE_H

/* keeper/eabsource.h - where the EAB HMAC key comes from: file:PATH, exec:PROGRAM ARG..., or
 * credential:NAME (systemd's $CREDENTIALS_DIRECTORY). */

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/result.h"
#include "crypto/secret.h"

typedef enum { EABSOURCE_FILE, EABSOURCE_EXEC, EABSOURCE_CREDENTIAL } eabsource_kind_t;

typedef struct eabsource {
    eabsource_kind_t kind;
    const char *path;        /* of the file or program */
    const char *const *argv; /* of exec:, ends with NULL */
} eabsource_t;

/** Parse the value of ACMEEABKey.
 * @return APR_SUCCESS, or APR_EINVAL with EAB_PROBLEM_EAB_KEY (it never repeats the value) */
apr_status_t eabsource_parse(eabsource_t **psource, const char *text, eab_result_t *result,
                             apr_pool_t *p);

/** Is it there, and is it only ours: a regular file that group and others cannot read, an
 * executable program. Nothing is read or run. */
apr_status_t eabsource_check(const eabsource_t *source, eab_result_t *result, apr_pool_t *p);

/** Check and read a file or credential, and decode it. Not for exec:, whose output goes to
 * eabsource_decode().
 * @param pwarning a sentence about a key that is probably wrong, in p; NULL without one, and after
 *                 any failure */
apr_status_t eabsource_read(secret_t **pkey, const eabsource_t *source, const char *alg,
                            const char **pwarning, eab_result_t *result, apr_pool_t *p);

apr_status_t eabsource_decode(secret_t **pkey, const eabsource_t *source, const secret_t *text,
                              const char *alg, const char **pwarning, eab_result_t *result,
                              apr_pool_t *p);

/** What tells one state of the source from another without knowing the key: kind, path, arguments,
 * and of the file or program its inode, size and time of change (of mode and owner, too). In p. */
const char *eabsource_state(apr_pool_t *p, const eabsource_t *source);

#endif
