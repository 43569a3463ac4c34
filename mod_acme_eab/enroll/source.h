/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_SOURCE_H
#define ENROLL_SOURCE_H

/* enroll/source.h - where a secret comes from: a file that nobody else can read, an open descriptor, a
 * credential of systemd, or somebody who types it. Never the command line or the environment, which
 * others can read. */

#include <apr_pools.h>

#include "base/result.h"
#include "crypto/secret.h"

typedef struct source {
    const char *what;       /* for people: "client secret" */
    const char *option;     /* "client-secret": its options begin so */
    const char *file;       /* or NULL */
    const char *credential; /* a name below $CREDENTIALS_DIRECTORY, or NULL */
    int fd;                 /* or -1 */
} source_t;

/** Read it, without the line end, as one line that can stand in a header.
 * @param psecret NUL-terminated, its len without the NUL; in p, NULL on failure
 * @param result  ENROLL_PROBLEM_SECRET, or ENROLL_PROBLEM_USAGE when nobody can be asked */
apr_status_t source_read(secret_t **psecret, const source_t *source, eab_result_t *result,
                         apr_pool_t *p);

#endif
