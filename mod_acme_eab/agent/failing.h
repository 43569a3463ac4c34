/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_FAILING_H
#define AGENT_FAILING_H

/* agent/failing.h - failures in a row of an account or a job: counted, classed, dated, told to the
 * keeper so that they are remembered, and logged once for each different problem. */

#include "agent/kit.h"
#include "policy/problem.h"
#include "policy/subset.h"

typedef struct failing {
    kit_t *kit;
    const char *key; /* "account" or "certificate": member of the message */
    int index;
    const char *what; /* for the log: "Account default", "Certificate www.example.edu" */
    const char *host; /* of the CA, for the advice */
    const apr_array_header_t *names; /* of the certificate, for the same; NULL: no certificate */
    brief_failure_t failure;         /* attempts 0: none */
    facts_t seen;                    /* FACTS_OF_ATTEMPT, for the failure that comes next */
    apr_pool_t *pool;                /* owns failure.problem */
    apr_time_t due;                  /* failure.next, by clock_steady() */
} failing_t;

/** From what the keeper remembers. */
void failing_init(failing_t *failing, kit_t *kit, const char *key, int index, const char *what,
                  const char *directory, const apr_array_header_t *names,
                  const brief_failure_t *remembered);

/** One more. Sets failure.next. */
void failing_add(failing_t *failing, const eab_result_t *problem, problem_place_t place);

/** The same for a problem of some names, and what was done without them. */
void failing_leave_out(failing_t *failing, const eab_result_t *problem, problem_place_t place,
                       subset_outcome_t outcome);

/** The clock was set: failure.next is as far off as it was. */
void failing_follow_clock(failing_t *failing);

/** Somebody says that it is mended: it is tried now. The keeper knows. */
void failing_hurry(failing_t *failing);

/** It works again. */
void failing_end(failing_t *failing);

/** What is known of the failure, or of one that comes now. In p. */
problem_facts_t failing_facts(const failing_t *failing, apr_pool_t *p);

/** What to advise; in p. NULL when nothing fails. */
const char *failing_advice(const failing_t *failing, apr_pool_t *p);

#endif
