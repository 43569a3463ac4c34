/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_SUBSET_H
#define POLICY_SUBSET_H

/* policy/subset.h - when to make do with fewer names than are configured
 * (ACMEAllowSubsetOfNames). Pure. Keeper and agent judge by the same rules: the agent, so that
 * nothing is ordered in vain; the keeper, since the agent is not believed. */

#include <apr_time.h>

/** How an attempt ended in which names were left out. */
typedef enum {
    SUBSET_NONE,    /* none were */
    SUBSET_SETTLED, /* the certificate in place is the best that can be had without them */
    SUBSET_HELD     /* it covers more than the CA would issue for, and is kept for that, though it
                       is due */
} subset_outcome_t;

typedef struct subset_facts {
    int present; /* there is a certificate; without it all below but offered is unset */
    int offered; /* how many of the configured names another one would cover */
    int covered; /* how many of them this one covers */
    apr_time_t not_before;
    apr_time_t not_after;
} subset_facts_t;

/** From when on a certificate may be replaced by one that covers fewer names: for the last twentieth
 * of its life, or the last three days where that is less. So those names that can be had never go
 * without, even with a CA that takes its time, and the others are lost that much early. */
apr_time_t subset_opens(const subset_facts_t *facts);

/** May a certificate that covers `offered` be ordered and take the place of this one? */
int subset_is_permitted(apr_time_t now, const subset_facts_t *facts);

/** The CA refuses some names: what about the others?
 * @param due the certificate in place is to be replaced even if nothing is gained
 * @return SUBSET_NONE to order for those that are left, else how the attempt ends */
subset_outcome_t subset_decide(apr_time_t now, const subset_facts_t *facts, int due);

/** When to try all names again: at what comes first of the two below, or at the renewal when both are
 * within three hours.
 * @param renewal when this certificate is to be renewed anyway
 * @param retry   when the names that were refused may be tried again
 * @param costly  that would cost a certificate: the CA leaves them out only when it issues */
apr_time_t subset_next(subset_outcome_t outcome, const subset_facts_t *facts, apr_time_t renewal,
                       apr_time_t retry, int costly);

/** True for types of problems that speak against one name, so that others may go on without it. */
int subset_is_refusal(const char *type);

/** What was done about it, as a sentence that stands before the advice; "" for SUBSET_NONE. Static. */
const char *subset_words(subset_outcome_t outcome);

#endif
