/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_PROBLEM_H
#define POLICY_PROBLEM_H

/* policy/problem.h - what to make of a problem: its retry class and one sentence of advice, for
 * each type of RFC 8555, 6.7, RFC 9773, the profiles draft, and our own. One table in problem.c. */

#include <apr_pools.h>

#include "base/result.h"
#include "policy/retry.h"

/* Rows for problems of no type that we know: what their HTTP status tells. */
#define PROBLEM_HTTP_BUSY "http:busy"       /* 429 */
#define PROBLEM_HTTP_BROKEN "http:broken"   /* 408, 5xx */
#define PROBLEM_HTTP_REFUSED "http:refused" /* any other */

/** Where a problem came up: the same type asks for different things. */
typedef enum {
    PROBLEM_ANYWHERE,
    PROBLEM_AT_ACCOUNT,  /* newAccount and look-up */
    PROBLEM_AT_ORDER,    /* newOrder, finalize, order, download */
    PROBLEM_AT_CHALLENGE /* a failed validation */
} problem_place_t;

typedef struct problem_row {
    const char *type;      /* full URN; or one of PROBLEM_HTTP_... */
    problem_place_t place; /* the first row that fits counts */
    retry_class_t class;
    const char *advice; /* %n: the name concerned, %h: host of the CA */
} problem_row_t;

/** The row for a problem itself; never NULL (the last row fits everything). Static. */
const problem_row_t *problem_find(const eab_result_t *problem, problem_place_t place);

/** The advice in words. In p. %n becomes the problem's name, or those of its subproblems; they are
 * remote text, made fit for a log line but not for HTML. A compound problem has a sentence for each
 * type of its subproblems. host may be NULL. */
const char *problem_advice(apr_pool_t *p, const eab_result_t *problem, problem_place_t place,
                           const char *host);

/** The class of a problem. A type that is not in the table goes by its HTTP status: 408, 429, 5xx
 * and none are transient (429 limited), others wait for a changed configuration. Of several
 * subproblems the least retryable counts. */
retry_class_t problem_classify(const eab_result_t *problem, problem_place_t place);

/** For the test that walks the whole table. */
const problem_row_t *problem_table(int *pcount);

#endif
