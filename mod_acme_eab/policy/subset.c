/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/subset.h"

#include <stddef.h>
#include <string.h>

#include "base/result.h"

#define LONGEST_MARGIN apr_time_from_sec(3 * 24 * 3600)

/* A renewal tries all names as well: an attempt for the refused ones that would come so shortly before
 * waits for it. */
#define TOGETHER apr_time_from_sec(3 * 3600)

/* A limit, an outage or a lost account says nothing of a name, even if the CA lists names with it. */
static const char *const refusals[] = {
    ACME_ERROR "caa",
    ACME_ERROR "connection",
    ACME_ERROR "dns",
    ACME_ERROR "incorrectResponse",
    ACME_ERROR "malformed",
    ACME_ERROR "onionCAARequired",
    ACME_ERROR "rejectedIdentifier",
    ACME_ERROR "tls",
    ACME_ERROR "unauthorized",
    ACME_ERROR "unsupportedIdentifier",
    EAB_PROBLEM_LAPSED,
    EAB_PROBLEM_NAME_DROPPED,
    EAB_PROBLEM_NO_CHALLENGE,
    EAB_PROBLEM_ORDER_CHANGED,
    EAB_PROBLEM_VALIDATION,
};

apr_time_t subset_opens(const subset_facts_t *facts)
{
    apr_interval_time_t life = facts->not_after - facts->not_before + APR_USEC_PER_SEC;
    apr_interval_time_t margin = life / 20;

    if (margin > LONGEST_MARGIN)
        margin = LONGEST_MARGIN;
    return facts->not_after + APR_USEC_PER_SEC - (margin > 0 ? margin : 0);
}

int subset_is_permitted(apr_time_t now, const subset_facts_t *facts)
{
    if (facts->offered <= 0)
        return 0;
    return !facts->present || facts->offered >= facts->covered || subset_opens(facts) <= now;
}

subset_outcome_t subset_decide(apr_time_t now, const subset_facts_t *facts, int due)
{
    if (facts->present && facts->offered <= facts->covered && !due)
        return SUBSET_SETTLED;
    return subset_is_permitted(now, facts) ? SUBSET_NONE : SUBSET_HELD;
}

apr_time_t subset_next(subset_outcome_t outcome, const subset_facts_t *facts, apr_time_t renewal,
                       apr_time_t retry, int costly)
{
    /* What is held is due already: it waits for the time at which less will do. */
    apr_time_t otherwise = outcome == SUBSET_HELD ? subset_opens(facts) : renewal;

    if (!facts->present)
        return renewal;
    return costly || retry > otherwise - TOGETHER ? otherwise : retry;
}

int subset_is_refusal(const char *type)
{
    size_t i;

    for (i = 0; type != NULL && i < sizeof(refusals) / sizeof(refusals[0]); ++i) {
        if (strcmp(type, refusals[i]) == 0)
            return 1;
    }
    return 0;
}

const char *subset_words(subset_outcome_t outcome)
{
    switch (outcome) {
    case SUBSET_NONE:
        break;
    case SUBSET_SETTLED:
        return "The certificate goes without the names that the CA refuses "
               "(ACMEAllowSubsetOfNames). ";
    case SUBSET_HELD:
        return "The certificate in use covers more names than the CA would issue for now, so it is "
               "kept until shortly before its end. ";
    }
    return "";
}
