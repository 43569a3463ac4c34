/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_PROBLEM_H
#define POLICY_PROBLEM_H

/* policy/problem.h - what to make of a problem: its retry class and one sentence of advice, for
 * each type of RFC 8555, 6.7, RFC 9773, the profiles draft, and our own. One table in problem.c, where
 * the same type has several rows that differ by what is known: the cause decides. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/result.h"
#include "policy/fact.h"
#include "policy/retry.h"

/** Where a problem came up: the same type asks for different things. Kept in the store. */
typedef enum {
    PROBLEM_ANYWHERE,
    PROBLEM_AT_ACCOUNT,   /* newAccount and look-up */
    PROBLEM_AT_ORDER,     /* newOrder, finalize, order, download */
    PROBLEM_AT_CHALLENGE, /* a failed validation */
    PROBLEM_AT_DIRECTORY  /* the address in ACMEServer itself */
} problem_place_t;

/** The situation, as far as it is known; zero: not at all. */
typedef struct problem_facts {
    problem_place_t place;
    facts_t known;                   /* policy/fact.h */
    const char *host;                /* of the CA; NULL: the directive stands for it */
    const apr_array_header_t *names; /* those of the certificate, const char *; or NULL */
    const char *label; /* of the account, before "_acme-challenge" (dns-account-01); or NULL */
} problem_facts_t;

typedef struct problem_row {
    const char *type;      /* full URN */
    problem_place_t place; /* the first row that fits counts, */
    facts_t facts;         /* and it fits when all of these are known */
    retry_class_t class;
    const char
        *advice; /* %n: the name concerned, %h: host of the CA, %r: the record that proves the
                           name in the DNS, %k: what becomes of the certificate in place, if any */
} problem_row_t;

/** The row for a problem itself; never NULL (the last row fits everything). Static. What the problem
 * tells of itself (fact_read()) is known besides. */
const problem_row_t *problem_find(const eab_result_t *problem, const problem_facts_t *facts);

/** The advice in words. In p. %n becomes the problem's name, or those of its subproblems; they are
 * remote text, made fit for a log line but not for HTML. A compound problem has a sentence for each
 * type of its subproblems. When the problem names none, the first ones of the certificate's, with a
 * count of the others. */
const char *problem_advice(apr_pool_t *p, const eab_result_t *problem,
                           const problem_facts_t *facts);

/** The name as it is configured: CAs speak of a wildcard without its "*." (RFC 8555, 7.1.4). In p, or
 * the name itself. */
const char *problem_name(apr_pool_t *p, const char *name, const problem_facts_t *facts);

/** Its type, and one of ours by the HTTP status where the CA gave none that is a URI. Static, or the
 * problem's own. */
const char *problem_type(const eab_result_t *problem, const problem_facts_t *facts);

/** The class of a problem. A type that is not in the table goes by its HTTP status: 408, 429, 5xx
 * and none are transient (429 limited), others wait for a changed configuration. Of several
 * subproblems the least retryable counts. */
retry_class_t problem_classify(const eab_result_t *problem, const problem_facts_t *facts);

/** For the test that walks the whole table. */
const problem_row_t *problem_table(int *pcount);

#endif
