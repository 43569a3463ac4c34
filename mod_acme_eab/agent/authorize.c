/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/authorize.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/authorization.h"
#include "agent/answer.h"

/* ---- authorizations ---- */

static void on_challenge(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;

    --job->requests;
    (void)answer;
    if (job->state != JOB_AUTHORIZING) {
        return; /* another authorization of this order has failed meanwhile */
    }
    if (result->rv != APR_SUCCESS) {
        if (job_is_verdict(result)) {
            job_abandon(job);
        }
        job_fail(job, result, PROBLEM_AT_CHALLENGE);
        return;
    }
    if (--job->authorizations == 0) {
        job_happen(job, EVENT_ANSWERED);
    }
}

/* Put the answer in place, then tell the CA (RFC 8555, 7.5.1). */
static apr_status_t answer_challenge(job_t *job, const acme_authorization_t *authorization,
                                     eab_result_t *problem, apr_pool_t *ptemp)
{
    const char *run_dir = job->agent->brief->run_dir;
    const acme_challenge_t *challenge;
    apr_status_t rv;

    challenge = acme_authorization_choose(authorization, job->brief->challenges, problem);
    if (challenge == NULL) {
        problem->identifier = apr_pstrdup(problem->pool, authorization->name);
        return problem->rv;
    }
    rv = answer_put(run_dir, authorization->name, challenge->token, job->account->brief->thumbprint,
                    ptemp);
    if (rv != APR_SUCCESS) {
        char reason[120];

        return eab_result_set(problem, rv, EAB_PROBLEM_ANSWER_FILE,
                              "The answer for %s cannot be written below %s/challenges: %s.",
                              authorization->name, run_dir,
                              apr_strerror(rv, reason, sizeof(reason)));
    }
    job->answered = 1;
    if (strcmp(challenge->status, "pending") != 0) { /* the CA was told before */
        --job->authorizations;
        return APR_SUCCESS;
    }
    job_post(job, challenge->url, &job->challenge_request, SENTENCE_CHALLENGE, job->account->index,
             NULL, on_challenge);
    return APR_SUCCESS;
}

static void on_authorization(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    eab_result_t *problem = eab_result_make(answer->pool);
    acme_authorization_t *authorization = NULL;

    --job->requests;
    if (job->state != JOB_AUTHORIZING) {
        return;
    }
    if (result->rv != APR_SUCCESS) {
        if (job_is_verdict(result)) {
            job_abandon(job);
        }
        job_fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    authorization = acme_authorization_parse(answer->pool, answer, problem);
    if (authorization == NULL) {
        job_fail(job, problem, PROBLEM_AT_ORDER);
        return;
    }
    switch (authorization->state) {
    case ACME_AUTHORIZATION_VALID:
        --job->authorizations;
        break;
    case ACME_AUTHORIZATION_PENDING:
        if (answer_challenge(job, authorization, problem, answer->pool) != APR_SUCCESS) {
            job_fail_order(job, problem, PROBLEM_AT_CHALLENGE);
            return;
        }
        break;
    case ACME_AUTHORIZATION_LOST:
        job_fail_order(job, authorization->problem, PROBLEM_AT_CHALLENGE);
        return;
    }
    if (job->authorizations == 0) {
        job_happen(job, EVENT_ANSWERED);
    }
}

void authorize_names(job_t *job)
{
    int i, count = job->order->authorizations->nelts;

    job->authorizations = count;
    if (count == 0) {
        job_happen(job, EVENT_ANSWERED);
        return;
    }
    for (i = 0; i < count && job->state == JOB_AUTHORIZING; ++i) {
        job_read(job, APR_ARRAY_IDX(job->order->authorizations, i, const char *), NULL,
                 on_authorization);
    }
}

void authorize_wait(job_t *job)
{
    job_poll_later(job, "the CA validates the names");
}

/* ---- an invalid order: why? ---- */

static void fail_with_authorization(job_t *job, const acme_authorization_t *authorization)
{
    eab_result_t *told = job->order->problem;

    if (told->rv != APR_SUCCESS
        && strcmp(authorization->problem->type, EAB_PROBLEM_VALIDATION) == 0) {
        told->identifier = apr_pstrdup(told->pool, authorization->name);
        job_fail_with_order(job, PROBLEM_AT_CHALLENGE);
        return;
    }
    job_fail_order(job, authorization->problem, PROBLEM_AT_CHALLENGE);
}

static void on_failed_authorization(void *baton, const acme_answer_t *answer,
                                    const eab_result_t *result)
{
    job_t *job = baton;
    acme_authorization_t *authorization = NULL;

    --job->requests;
    if (job->state != JOB_EXPLAINING) {
        return;
    }
    if (result->rv == APR_SUCCESS) {
        authorization =
            acme_authorization_parse(answer->pool, answer, eab_result_make(answer->pool));
    }
    if (authorization != NULL && authorization->state == ACME_AUTHORIZATION_LOST) {
        fail_with_authorization(job, authorization);
    }
    else if (--job->authorizations == 0) {
        job_fail_with_order(job, PROBLEM_AT_ORDER);
    }
}

/* Before finalize an order fails because one of its names does. Its authorization knows which, and
 * that it was a validation; some CAs copy the error into the order, which says neither. */
void authorize_explain(job_t *job)
{
    int i, count = job->order->authorizations->nelts;

    if (job->brief->finalized || count == 0) {
        job_fail_with_order(job, PROBLEM_AT_ORDER);
        return;
    }
    job->authorizations = count;
    for (i = 0; i < count && job->state == JOB_EXPLAINING; ++i) {
        job_read(job, APR_ARRAY_IDX(job->order->authorizations, i, const char *), NULL,
                 on_failed_authorization);
    }
}
