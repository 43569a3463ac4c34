/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/opening.h"

#include <string.h>

#include "base/json.h"
#include "policy/retry.h"

static int is_had_at_the_ca(const char *type)
{
    return type != NULL
           && (strcmp(type, EAB_PROBLEM_NO_CHALLENGE) == 0
               || strcmp(type, EAB_PROBLEM_LAPSED) == 0);
}

/* Of one name, or of one among several. */
static int waits_for_the_ca(const eab_result_t *problem)
{
    int waits = is_had_at_the_ca(problem->type);
    json_t *member;
    size_t i;

    json_array_foreach(problem->subproblems, i, member)
    {
        waits |= is_had_at_the_ca(json_peek_string(member, "type"));
    }
    return waits;
}

/* The order waits for a validation that is had at the CA alone, and a new one may find it there. One
 * that was placed since the last failure is that new one. */
static int is_better_anew(const job_t *job)
{
    const eab_result_t *problem = job->failing.failure.problem;

    return job->failing.failure.attempts > 0 && !job->brief->finalized
           && job->brief->order_since <= job->failing.failure.tried && waits_for_the_ca(problem)
           && retry_anew(job->failing.failure.attempts, apr_time_now() - job->brief->order_since);
}

static void on_account(void *baton, const eab_result_t *result)
{
    job_t *job = baton;

    if (result->rv != APR_SUCCESS) {
        job_happen(job, EVENT_FAILED); /* the account remembers; the job only waits */
        return;
    }
    if (job->brief->ordering && is_better_anew(job)) {
        job_abandon(job);
        job->reason = "its names may have been validated since the order of before";
    }
    if (!job->brief->ordering) {
        job_happen(job, EVENT_ORDER_NEEDED);
        return;
    }
    job_happen(job, job->brief->order_url != NULL ? EVENT_ORDER_KNOWN : EVENT_ORDER_UNSURE);
}

void opening_need(job_t *job)
{
    account_need(job->account, on_account, job);
}

void opening_renew(job_t *job)
{
    account_renew(job->account, on_account, job);
}
