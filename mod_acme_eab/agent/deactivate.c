/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/deactivate.h"

#include <apr_strings.h>

#include "acme/account.h"
#include "agent/schedule.h"
#include "base/json.h"

typedef struct deactivation {
    task_t *task;
    agent_account_t *account;
    sentence_request_t request; /* subject: one that the account took the place of, or NULL */
    const char *url;
    eab_result_t *refusal; /* of the deactivation */
} deactivation_t;

static void end_well(deactivation_t *deactivation)
{
    task_end(deactivation->task, eab_result_make(deactivation->task->pool));
}

static void ask(deactivation_t *deactivation, sentence_t sentence, const char *url,
                acme_answer_fn *done)
{
    acme_question_t question = { NULL, NULL, NULL, NULL, 0 };

    deactivation->request.sentence = sentence;
    question.url = url;
    question.sentence = &deactivation->request;
    acme_session_ask(deactivation->account->session, &question, done, deactivation);
}

/* What CAs say of an account that is at its end (RFC 8555, 7.3.6). */
static int is_gone(const eab_result_t *result)
{
    return eab_result_is_acme(result, "accountDoesNotExist")
           || eab_result_is_acme(result, "unauthorized")
           || eab_result_is(result, EAB_PROBLEM_ACCOUNT_STATUS);
}

/* Refused: because it was deactivated before, and the answer to that was lost? */
static void on_found(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    deactivation_t *deactivation = baton;
    eab_result_t *problem = eab_result_make(answer->pool);

    if (result->rv == APR_SUCCESS) {
        acme_account_parse(answer->pool, answer, problem);
    }
    else {
        eab_result_copy(problem, result);
    }
    if (is_gone(problem)) {
        end_well(deactivation);
        return;
    }
    task_end(deactivation->task, deactivation->refusal);
}

static void on_answer(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    deactivation_t *deactivation = baton;

    (void)answer;
    if (result->rv == APR_SUCCESS) {
        end_well(deactivation);
        return;
    }
    if (!is_gone(result)) {
        task_end(deactivation->task, result);
        return;
    }
    deactivation->refusal = eab_result_make(deactivation->task->pool);
    eab_result_copy(deactivation->refusal, result);
    ask(deactivation,
        deactivation->request.subject != NULL ? SENTENCE_FIND_SUPERSEDED : SENTENCE_FIND_ACCOUNT,
        acme_session_seen(deactivation->account->session)->new_account, on_found);
}

static void on_open(void *baton, const eab_result_t *result)
{
    deactivation_t *deactivation = baton;

    if (result->rv != APR_SUCCESS) {
        task_end(deactivation->task, result);
        return;
    }
    ask(deactivation, SENTENCE_DEACTIVATE, deactivation->url, on_answer);
}

void deactivate_run(task_t *task)
{
    deactivation_t *deactivation = apr_pcalloc(task->pool, sizeof(*deactivation));
    const char *superseded = json_copy_string(task->pool, task->body, "superseded");

    if (task->account != NULL) {
        deactivation->url = superseded != NULL ? json_copy_string(task->pool, task->body, "url")
                                               : task->account->brief->url;
    }
    if (deactivation->url == NULL) {
        task_refuse(task);
        return;
    }
    deactivation->request.subject = superseded;
    deactivation->task = task;
    deactivation->account = task->account;
    deactivation->request.index = task->account->index;
    account_look(task->account, on_open, deactivation);
}

void deactivate_end(task_t *task)
{
    eab_result_t *broken;
    int i;

    if (task->account != NULL && task->account->brief->broken == NULL) {
        broken = eab_result_make(task->kit->pool);
        eab_result_from_json(broken, json_object_get(task->body, "problem"));
        if (broken->rv != APR_SUCCESS) {
            task->account->brief->broken = broken;
        }
        for (i = 0; i < task->jobs->nelts; ++i) {
            job_t *job = APR_ARRAY_IDX(task->jobs, i, job_t *);

            if (job->account == task->account) {
                schedule_again(job);
            }
        }
    }
    task_end(task, eab_result_make(task->pool));
}
