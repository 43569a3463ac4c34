/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/reload.h"

#define FIRST_QUIET apr_time_from_sec(2)
#define FIRST_PATIENCE apr_time_from_sec(20)
#define QUIET apr_time_from_sec(5)     /* more may follow the newest */
#define PATIENCE apr_time_from_sec(60) /* for the oldest, whatever follows */
#define DISTANCE apr_time_from_sec(10) /* between two restarts */

static apr_time_t later_of(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

static apr_time_t earlier_of(apr_time_t a, apr_time_t b)
{
    return a < b ? a : b;
}

/* An administrator who edits the configuration gets time to finish. */
static apr_interval_time_t pause_after(int refusals)
{
    if (refusals <= 1)
        return apr_time_from_sec(10);
    return apr_time_from_sec(refusals == 2 ? 30 : 60);
}

static int is_past(apr_time_t now, apr_time_t time)
{
    return time != 0 && time <= now;
}

apr_time_t reload_decide(apr_time_t now, const reload_facts_t *facts)
{
    apr_time_t when = facts->oldest;

    if (facts->waiting <= 0)
        return 0;
    if (facts->oldest > now)
        when = now;
    else if (facts->first && facts->coming > 0)
        when = earlier_of(facts->newest + FIRST_QUIET, facts->oldest + FIRST_PATIENCE);
    else if (!facts->first)
        when = earlier_of(facts->newest + QUIET, facts->oldest + PATIENCE);
    if (is_past(now, facts->last))
        when = later_of(when, facts->last + DISTANCE);
    if (is_past(now, facts->refused))
        when = later_of(when, facts->refused + pause_after(facts->refusals));
    /* 0 says that nothing is waiting. */
    return later_of(when, 1);
}
