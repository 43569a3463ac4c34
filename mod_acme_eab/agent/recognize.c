/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/recognize.h"

#include "acme/account.h"
#include "base/json.h"

typedef struct recognition {
    task_t *task;
    sentence_request_t request;
} recognition_t;

static void tell(const task_t *task, const char *url, const eab_result_t *problem)
{
    json_t *part = json_object();

    json_put_string(part, "label", task->account->brief->label);
    json_put_string(part, "url", url);
    if (url == NULL) {
        json_object_set_new(part, "problem", eab_result_to_json(problem));
    }
    task_tell(task, part);
}

static void end(task_t *task, const char *url, const eab_result_t *problem)
{
    tell(task, url, problem);
    task_end(task, eab_result_make(task->pool));
}

static void on_found(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    task_t *task = ((recognition_t *)baton)->task;
    eab_result_t *problem = eab_result_make(task->pool);
    const acme_account_t *found = NULL;

    if (result->rv != APR_SUCCESS) {
        eab_result_copy(problem, result);
    }
    else {
        found = acme_account_parse(task->pool, answer, problem);
    }
    end(task, found != NULL ? found->url : NULL, problem);
}

static void on_open(void *baton, const eab_result_t *result)
{
    recognition_t *recognition = baton;
    acme_session_t *session = recognition->task->account->session;
    acme_question_t question = { NULL, NULL, NULL, NULL, 0 };

    if (result->rv != APR_SUCCESS) {
        end(recognition->task, NULL, result);
        return;
    }
    question.url = acme_session_directory(session)->new_account;
    question.sentence = &recognition->request;
    acme_session_ask(session, &question, on_found, recognition);
}

void recognize_run(task_t *task)
{
    recognition_t *recognition = apr_pcalloc(task->pool, sizeof(*recognition));

    if (task->account == NULL) {
        task_refuse(task);
        return;
    }
    if (task->account->brief->broken != NULL) {
        end(task, NULL, task->account->brief->broken);
        return;
    }
    recognition->task = task;
    recognition->request.sentence = SENTENCE_FIND_ACCOUNT;
    recognition->request.index = task->account->index;
    account_look(task->account, on_open, recognition);
}
