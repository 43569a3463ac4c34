/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FAILURE_H
#define STORE_FAILURE_H

/* store/failure.h - failures that are remembered across restarts (checklist B-05, ARI-19). */

#include "store/store.h"

typedef struct failure {
    const char *fingerprint; /* of the configuration that failed: another one may try at once */
    int attempts;            /* failures in a row */
    apr_time_t since;        /* the first of them */
    apr_time_t next;         /* not before */
    int place;               /* problem_place_t */
    int subset;              /* subset_outcome_t */
    apr_int64_t facts;       /* facts_t: what was seen in the attempt */
    apr_time_t tried;        /* when it last failed; 0: unknown */
    eab_result_t *problem;
} failure_t;

/** key: a registration id or a certificate's name. APR_ENOENT when there was no failure; a damaged
 * file is as if it were missing. In p. */
apr_status_t failure_load(failure_t **pfailure, const store_t *store, const char *key,
                          apr_pool_t *p);

/** False when there was none at the time of store_survey() of "failures". */
int failure_is_among(apr_hash_t *survey, const char *key, apr_pool_t *ptemp);

/** Remember it; NULL forgets. */
apr_status_t failure_save(const store_t *store, const char *key, const failure_t *failure,
                          apr_pool_t *ptemp);

#endif
