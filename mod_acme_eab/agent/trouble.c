/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/trouble.h"

#include "agent/stapling.h"
#include "base/json.h"
#include "policy/problem.h"

/* JSON null where design section 8 shows an object and there is none. */
static json_t *problem_to_json(const failing_t *failing, apr_pool_t *p)
{
    json_t *json;

    if (failing->failure.attempts == 0) {
        return json_null();
    }
    json = eab_result_to_json(failing->failure.problem);
    json_object_del(json, "rv");
    json_put_string(json, "advice", failing_advice(failing, p));
    json_put_time(json, "since", failing->failure.since);
    json_object_set_new(json, "attempts", json_integer(failing->failure.attempts));
    return json;
}

/* What time alone will not mend; the keeper looks at it again and again. */
static json_t *broken_to_json(const eab_result_t *broken)
{
    json_t *json = eab_result_to_json(broken);

    json_object_del(json, "rv");
    json_put_string(
        json, "advice",
        "Mend what is named here; it is looked at again every minute, and at once after "
        "a graceful restart of httpd.");
    return json;
}

json_t *trouble_of_account(const agent_account_t *account, apr_pool_t *p)
{
    if (account->brief->broken != NULL) {
        return broken_to_json(account->brief->broken);
    }
    return problem_to_json(&account->failing, p);
}

int trouble_is_the_accounts(const job_t *job)
{
    return (job->failing.failure.attempts == 0 || !job_fails_itself(job))
           && account_fails(job->account);
}

json_t *trouble_of_job(const job_t *job, apr_pool_t *p)
{
    json_t *json;

    if (job->failing.failure.attempts == 0
        || (!job_fails_itself(job) && account_fails(job->account))) {
        return trouble_of_account(job->account, p);
    }
    json = problem_to_json(&job->failing, p);
    json_put_string(json, "key_type", job->brief->key_type);
    return json;
}

/* One that is in no attempt, but in the way. */
static json_t *to_json(const job_t *job, const eab_result_t *problem, apr_pool_t *p)
{
    problem_facts_t facts = { 0 };
    json_t *json = eab_result_to_json(problem);

    facts.names = job->brief->names;
    json_object_del(json, "rv");
    json_put_string(json, "advice", problem_advice(p, problem, &facts));
    json_put_string(json, "key_type", job->brief->key_type);
    return json;
}

json_t *trouble_of_unusable(const job_t *job, apr_pool_t *p)
{
    eab_result_t *problem = eab_result_make(p);

    eab_result_set(problem, APR_EINVAL, EAB_PROBLEM_UNUSABLE, "%s", job->brief->unusable);
    return to_json(job, problem, p);
}

json_t *trouble_of_unstapled(const job_t *job, apr_pool_t *p)
{
    return to_json(job, stapling_problem(job), p);
}
