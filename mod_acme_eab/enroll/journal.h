/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_JOURNAL_H
#define ENROLL_JOURNAL_H

/* enroll/journal.h - what a run has begun at a manager, in the state directory of whoever runs it, so
 * that the next one goes on with it. No secret is in it. One file for each errand:
 * ~/.local/state/acme-eab-enroll/enroll-HASH.json */

#include <apr_pools.h>

#include "base/result.h"

typedef struct journal {
    const char *path;
    int known;           /* a run before this one did not come to its end */
    const char *account; /* the id that it was given, or NULL */
    apr_time_t at;       /* when it began */
    const char *errand;  /* what it was about, for people */
    apr_pool_t *pool;
} journal_t;

/** Look for a run that did not end.
 * @param dir    --state-dir, or NULL for the usual place
 * @param errand what the run is about: the same words, the same file
 * @param result ENROLL_PROBLEM_FILE */
apr_status_t journal_open(journal_t **pjournal, const char *dir, const char *errand,
                          eab_result_t *result, apr_pool_t *p);

/** Write down, durably, that something is about to be asked for, or (account not NULL) is there. */
apr_status_t journal_note(journal_t *journal, const char *account, eab_result_t *result);

/** It is done. */
void journal_close(journal_t *journal);

#endif
