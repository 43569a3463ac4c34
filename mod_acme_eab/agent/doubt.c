/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/doubt.h"

#include <string.h>

#include "base/json.h"

/* Types by which CAs say that an account is gone, beside the one that is meant for it. */
static int is_suspicious(const eab_result_t *problem)
{
    return eab_result_is_acme(problem, "unauthorized")
           || eab_result_is_acme(problem, "accountDoesNotExist")
           || (problem->type == NULL
               && (problem->http_status == 401 || problem->http_status == 403))
           || (eab_result_is_acme(problem, "malformed") && problem->detail != NULL
               && strstr(problem->detail, "ccount") != NULL);
}

/* What is about one name is not about the account. */
static int names_some(const eab_result_t *problem)
{
    return problem->identifier != NULL || json_array_size(problem->subproblems) > 0;
}

int doubt_account(job_t *job, const eab_result_t *problem)
{
    attempt_t *attempt = job->attempt;

    if (attempt->doubt != NULL || attempt->second_chance || !job_is_verdict(problem)
        || names_some(problem) || !is_suspicious(problem)) {
        return 0;
    }
    attempt->doubt = eab_result_make(attempt_pool(attempt));
    eab_result_copy(attempt->doubt, problem);
    job_happen(job, EVENT_ACCOUNT_DOUBTED);
    return 1;
}

/* The refusal counts, whatever was found out about it. */
static void fail(job_t *job, facts_t seen)
{
    job_abandon(job);
    job->failing.seen = seen;
    job_fail(job, job->attempt->doubt, PROBLEM_AT_ORDER);
}

static void on_answer(void *baton, const eab_result_t *result)
{
    job_t *job = baton;

    if (result->rv == APR_SUCCESS) {
        fail(job, FACT_ACCOUNT_VALID);
    }
    else if (eab_result_is_acme(result, "accountDoesNotExist")) {
        job->attempt->second_chance = 1;
        job_abandon(job);
        job_happen(job, EVENT_ACCOUNT_LOST);
    }
    else if (eab_result_is(result, EAB_PROBLEM_ACCOUNT_STATUS)) {
        job_abandon(job);
        account_refuse(job->account, result);
        job_happen(job, EVENT_FAILED); /* the account remembers; the job only waits */
    }
    else {
        fail(job, 0); /* this CA does not tell */
    }
}

void doubt_ask(job_t *job)
{
    account_vouch(job->account, on_answer, job);
}
