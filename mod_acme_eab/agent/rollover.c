/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/rollover.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/account.h"
#include "acme/answer.h"
#include "base/json.h"
#include "policy/retry.h"

typedef struct rollover {
    task_t *task;
    agent_account_t *account;
    sentence_request_t request;
    int settle;    /* a keyChange of before may have been heard */
    int sent;      /* one of this task may have been */
    int looked_up; /* since the last one */
} rollover_t;

static void change(rollover_t *rollover);

static void end(rollover_t *rollover, const char *counts, const eab_result_t *result)
{
    task_tell(rollover->task, json_pack("{s:s}", "counts", counts));
    task_end(rollover->task, result);
}

static void end_well(rollover_t *rollover)
{
    end(rollover, "next", eab_result_make(rollover->task->pool));
}

/* Nothing was sent, or the CA has said that it has not acted.
 * @param counts "old", or "later" where the next try may be luckier */
static void end_as_before(rollover_t *rollover, const char *counts, const eab_result_t *result)
{
    end(rollover, rollover->settle && !rollover->looked_up ? "unknown" : counts, result);
}

static int is_ours(const rollover_t *rollover, const char *url)
{
    const char *own = rollover->account->brief->url;

    return url != NULL && own != NULL && strcmp(url, own) == 0;
}

/* ---- what does the CA know? ---- */

static void on_found(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    rollover_t *rollover = baton;
    eab_result_t *problem = eab_result_make(answer->pool);
    const acme_account_t *found;

    if (result->rv == APR_SUCCESS) {
        found = acme_account_parse(answer->pool, answer, problem);
        if (found != NULL && is_ours(rollover, found->url)) {
            end_well(rollover);
            return;
        }
        end(rollover, "unknown", problem->rv != APR_SUCCESS ? problem : result);
        return;
    }
    if (!eab_result_is_acme(result, "accountDoesNotExist")) {
        end(rollover, "unknown", result);
        return;
    }
    rollover->looked_up = 1;
    if (rollover->sent) {
        eab_result_set(problem, APR_EGENERAL, EAB_PROBLEM_CA_ANSWER,
                       "The CA did not answer keyChange, and has not carried it out.");
        end(rollover, "later", problem);
        return;
    }
    change(rollover);
}

static void look_up(rollover_t *rollover)
{
    acme_question_t question = { NULL, NULL, NULL, NULL, 0 };

    rollover->request.sentence = SENTENCE_FIND_NEXT;
    question.url = acme_session_seen(rollover->account->session)->new_account;
    question.sentence = &rollover->request;
    acme_session_ask(rollover->account->session, &question, on_found, rollover);
}

/* ---- keyChange ---- */

/* The CA has read the request, and refused it. */
static int is_verdict(const eab_result_t *result)
{
    return !result->foreign && result->http_status >= 400 && result->http_status < 500;
}

static void on_changed(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    rollover_t *rollover = baton;

    if (result->rv == APR_SUCCESS
        || (answer->status == 409
            && is_ours(rollover, acme_answer_location(answer->pool, answer)))) {
        end_well(rollover);
    }
    else if (is_verdict(result)
             || (answer->status == 0 && eab_result_is(result, EAB_PROBLEM_INTERNAL))) {
        end(rollover, is_verdict(result) && !retry_is_useless(result) ? "later" : "old", result);
    }
    else {
        look_up(rollover);
    }
}

static void change(rollover_t *rollover)
{
    acme_question_t question = { NULL, NULL, NULL, NULL, 1 };

    rollover->request.sentence = SENTENCE_KEY_CHANGE;
    rollover->sent = 1;
    question.url = acme_session_directory(rollover->account->session)->key_change;
    question.sentence = &rollover->request;
    acme_session_ask(rollover->account->session, &question, on_changed, rollover);
}

static void on_open(void *baton, const eab_result_t *result)
{
    rollover_t *rollover = baton;
    eab_result_t *problem = eab_result_make(rollover->task->pool);

    if (result->rv != APR_SUCCESS) {
        end_as_before(rollover, "later", result);
    }
    else if (acme_session_directory(rollover->account->session)->key_change == NULL) {
        eab_result_set(
            problem, APR_ENOTIMPL, EAB_PROBLEM_REFUSED,
            "The CA does not offer to change the key of an account (its directory has no "
            "keyChange); a new account has a new key: ask the CA for another EAB key id.");
        end(rollover, "old", problem);
    }
    else if (rollover->settle) {
        look_up(rollover);
    }
    else {
        change(rollover);
    }
}

static eab_result_t *refuse_busy(const task_t *task)
{
    eab_result_t *problem = eab_result_make(task->pool);

    eab_result_set(problem, APR_TIMEUP, EAB_PROBLEM_REFUSED,
                   "Orders of account %s have been under way for 10 minutes, and its key cannot be "
                   "changed meanwhile; try again when they are over.",
                   task->account->brief->label);
    return problem;
}

static void on_idle(void *baton, int idle)
{
    rollover_t *rollover = baton;

    if (idle) {
        account_look(rollover->account, on_open, rollover);
        return;
    }
    end_as_before(rollover, "old", refuse_busy(rollover->task));
}

void rollover_run(task_t *task)
{
    rollover_t *rollover = apr_pcalloc(task->pool, sizeof(*rollover));

    if (task->account == NULL) {
        task_refuse(task);
        return;
    }
    rollover->task = task;
    rollover->account = task->account;
    rollover->request.index = task->account->index;
    rollover->settle =
        json_peek_bool(task->body, "settle", 0) || json_peek_bool(task->body, "again", 0);
    account_hold(task->account, on_idle, rollover);
}

static void on_held(void *baton, int idle)
{
    task_t *task = baton;

    task_end(task, idle ? eab_result_make(task->pool) : refuse_busy(task));
}

void rollover_hold(task_t *task)
{
    if (task->account == NULL) {
        task_refuse(task);
        return;
    }
    account_hold(task->account, on_held, task);
}

void rollover_end(task_t *task)
{
    const char *thumbprint = json_peek_string(task->body, "thumbprint");

    if (task->account != NULL && thumbprint != NULL) {
        task->account->brief->thumbprint = apr_pstrdup(task->kit->pool, thumbprint);
        account_release(task->account);
    }
    task_end(task, eab_result_make(task->pool));
}
