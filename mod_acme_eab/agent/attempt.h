/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_ATTEMPT_H
#define AGENT_ATTEMPT_H

/* agent/attempt.h - what is known in one attempt of a job, from when it is due until it rests again. Most
 * jobs rest, thousands of them: there is a pool only when something was put into it. */

#include <apr_tables.h>

#include "base/result.h"

struct lost;

typedef struct attempt {
    apr_pool_t *parent;
    apr_pool_t *pool;          /* NULL: nothing was put into it yet; see attempt_pool() */
    int told;                  /* the log: that a certificate is ordered */
    int second_chance;         /* was used: a lost account or order is made anew once */
    int without_replaces;      /* the CA refused an order that replaces */
    int without_profile;       /* the CA refused the profile */
    int unsure_orders;         /* newOrders without a usable answer */
    int unsure_finalizes;      /* the same of finalizes */
    int polls;                 /* since the CA began to validate or to process */
    eab_result_t *doubt;       /* the refusal about which the account was asked, once */
    apr_array_header_t *found; /* const char *: order URLs of the account, while one is searched */
    int pages;                 /* of that list */
    struct lost *lost; /* a name that was lost, while it is looked where it leads, or NULL */
} attempt_t;

/** One for each job, in parent. */
attempt_t *attempt_begin(apr_pool_t *parent);

/** For what ends with it. */
apr_pool_t *attempt_pool(attempt_t *attempt);

/** Free all of it: it is the next one now, of which nothing is known. */
void attempt_end(attempt_t *attempt);

#endif
