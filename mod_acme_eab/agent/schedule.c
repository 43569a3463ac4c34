/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/schedule.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/name.h"
#include "policy/renew.h"

/* How often it is looked at again whether an account can be used: by the keeper, we only show it. */
#define BROKEN_INTERVAL apr_time_from_sec(60)

int schedule_is_named(const eab_result_t *problem, const char *name)
{
    json_t *member;
    size_t i;

    json_array_foreach(problem->subproblems, i, member)
    {
        const char *value = json_peek_string(json_object_get(member, "identifier"), "value");

        if (value != NULL && strcasecmp(value, name) == 0) {
            return 1;
        }
    }
    return 0;
}

int schedule_is_costly(const eab_result_t *problem)
{
    return eab_result_is(problem, EAB_PROBLEM_FEWER_NAMES)
           || eab_result_is(problem, EAB_PROBLEM_NAME_DROPPED);
}

void schedule_subset_facts(subset_facts_t *facts, const job_t *job,
                           const apr_array_header_t *offered, apr_pool_t *ptemp)
{
    const brief_certificate_t *brief = job->brief;

    memset(facts, 0, sizeof(*facts));
    if (offered != NULL) {
        facts->offered = brief->names->nelts - name_uncovered(ptemp, offered, brief->names)->nelts;
    }
    if (brief->facts != NULL && brief->facts->not_after > apr_time_now()) {
        facts->present = 1;
        facts->covered =
            brief->names->nelts - name_uncovered(ptemp, brief->facts->names, brief->names)->nelts;
        facts->not_before = brief->facts->not_before;
        facts->not_after = brief->facts->not_after;
    }
}

/* Names that the CA refused are waited for, not ordered at once. */
static int covers_what_it_can(const job_t *job)
{
    const brief_failure_t *failure = &job->failing.failure;
    const apr_array_header_t *names = job->brief->names;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!name_matches_any(job->brief->facts->names, name)
            && (failure->attempts == 0 || failure->subset != SUBSET_SETTLED
                || !schedule_is_named(failure->problem, name))) {
            return 0;
        }
    }
    return 1;
}

static void copy_facts(renew_facts_t *facts, const job_t *job)
{
    const brief_facts_t *brief = job->brief->facts;
    const brief_window_t *window = job_window(job);

    facts->present = 1;
    facts->same_key_type =
        brief->key_type != NULL && strcmp(brief->key_type, job->brief->key_type) == 0;
    facts->same_account = brief->same_account;
    facts->not_before = brief->not_before;
    facts->not_after = brief->not_after;
    facts->obtained = brief->obtained;
    /* Who revoked it has said whether there is to be another one; that the CA says so now is no news. */
    facts->revoked = brief->ocsp_revoked != 0 && brief->root_revoked == 0;
    if (window != NULL && brief->root_revoked == 0) {
        facts->window_start = window->start;
        facts->suggested = window->drawn;
        facts->repeated = window->repeated;
    }
}

/* What policy/renew.h wants to know, seen with or without the names that the certificate lacks. */
static void collect(renew_facts_t *facts, renew_policy_t *policy, const job_t *job, int with_names)
{
    memset(facts, 0, sizeof(*facts));
    facts->ahead = account_clock_error(job->account);
    policy->percent = job->brief->renew_percent;
    policy->before = job->brief->renew_before;
    if (job->brief->facts != NULL) {
        copy_facts(facts, job);
        facts->covers_names = !with_names || covers_what_it_can(job);
    }
}

/* When its certificate is to be replaced. */
static renew_decision_t decide(const job_t *job, int with_names)
{
    renew_facts_t facts;
    renew_policy_t policy;

    if (job->brief->demanded != 0) {
        renew_decision_t now = { apr_time_now(), "root has asked for another one" };

        return now;
    }
    collect(&facts, &policy, job, with_names);
    return renew_decide(apr_time_now(), renew_dice(job->account->brief->thumbprint), &facts,
                        &policy);
}

int schedule_is_due(const job_t *job)
{
    return decide(job, 0).when <= apr_time_now();
}

/* The last attempt failed, or ended without names that the CA refuses. */
static void plan_retry(job_t *job)
{
    const brief_failure_t *failure = &job->failing.failure;
    subset_facts_t facts;
    apr_pool_t *pool = NULL;
    apr_time_t at;

    if (failure->subset == SUBSET_NONE) {
        if (failure->next > job->at) {
            job->at = failure->next;
            job->why = "the last attempt failed";
            job->next = "retry";
        }
        return;
    }
    if (job->brief->ordering) {
        return;
    }
    apr_pool_create(&pool, job->kit->pool);
    schedule_subset_facts(&facts, job, NULL, pool);
    at = subset_next((subset_outcome_t)failure->subset, &facts, job->at, failure->next,
                     schedule_is_costly(failure->problem));
    apr_pool_destroy(pool);
    if (at != job->at) {
        job->at = at;
        job->why = job->reason = "the names that the CA refused are tried again";
        job->next = "retry";
    }
}

/* Without httpd nobody serves, and nobody can be validated: only what root asks for is done. */
static void rest(job_t *job)
{
    job->at = 0;
    job->why = "httpd does not run";
    job->next = "order";
}

void schedule_set(job_t *job)
{
    const brief_failure_t *account = &job->account->failing.failure;
    renew_decision_t decision = decide(job, 1);

    job->at = decision.when;
    job->why = job->reason = decision.why;
    job->next = job->brief->facts != NULL ? "renew" : "order";
    if (job->brief->ordering && !job->brief->trial) { /* resumed at once, whatever its dates are */
        job->at = apr_time_now();
        job->why = "an order is under way";
        job->next = "poll";
    }
    if (job->failing.failure.attempts > 0) {
        plan_retry(job);
    }
    if (account->attempts > 0 && account->next > job->at) {
        job->at = account->next;
        job->why = "the account is not usable";
        job->next = "retry";
    }
    if (job->account->brief->broken != NULL) {
        job->at = apr_time_now() + BROKEN_INTERVAL;
        job->why = "the account cannot be used; see its problem";
        job->next = "retry";
    }
    if (job->kit->brief->once && !job->asked) {
        rest(job);
    }
}

void schedule_hurry(job_t *job, apr_time_t demanded)
{
    if (demanded != 0) {
        job->brief->demanded = demanded;
    }
    job->asked = 1;
    failing_hurry(&job->failing);
    failing_hurry(&job->account->failing);
    schedule_again(job);
}

void schedule_again(job_t *job)
{
    if (job->state == JOB_IDLE) {
        schedule_set(job);
    }
    job_wake(job);
    kit_touch(job->kit);
}

int schedule_is_renewal(const job_t *job)
{
    return job->state == JOB_IDLE && strcmp(job->next, "renew") == 0;
}

int schedule_may_join(const job_t *job, apr_time_t now)
{
    renew_facts_t facts;
    renew_policy_t policy;

    if (!schedule_is_renewal(job) || job->at == 0 || job->failing.failure.attempts > 0) {
        return 0;
    }
    collect(&facts, &policy, job, 1);
    return renew_may_join(now, renew_dice(job->account->brief->thumbprint), &facts, &policy);
}
