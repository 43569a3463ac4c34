/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/demand.h"

/* A time of the future comes from a clock that was wrong: nothing waits for it. */
static int is_within(apr_time_t now, apr_time_t since, apr_interval_time_t span)
{
    return since != 0 && since <= now && now - since < span;
}

demand_answer_t demand_judge(apr_time_t now, const demand_facts_t *facts, int another,
                             apr_time_t *puntil)
{
    apr_interval_time_t patience = apr_time_from_sec(facts->patience);

    *puntil = 0;
    if (facts->patience > 0 && is_within(now, facts->tried, patience)) {
        *puntil = facts->tried + patience;
        return DEMAND_IMPATIENT;
    }
    if (another && is_within(now, facts->obtained, DEMAND_DISTANCE)) {
        *puntil = facts->obtained + DEMAND_DISTANCE;
        return DEMAND_YOUNG;
    }
    return DEMAND_FINE;
}
