/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/revoke.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"

typedef struct revocation {
    task_t *task;
    agent_account_t *account;
    sentence_request_t request;
    int second; /* the account's key may be tried yet */
} revocation_t;

static void end(revocation_t *revocation, const eab_result_t *result)
{
    task_end(revocation->task, result);
}

static void post(revocation_t *revocation, sentence_t sentence);

/* RFC 8555, 7.6; 409 is what some say in its place (checklist R-05). */
static int was_revoked_before(const eab_result_t *result)
{
    return eab_result_is_acme(result, "alreadyRevoked")
           || (result->http_status == 409 && !result->foreign);
}

static int is_another_key_wanted(const eab_result_t *result)
{
    return eab_result_is_acme(result, "unauthorized")
           || (!result->foreign && (result->http_status == 401 || result->http_status == 403));
}

static void on_answer(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    revocation_t *revocation = baton;
    eab_result_t *fine;

    if (revocation->second && is_another_key_wanted(result)
        && revocation->account->brief->url != NULL) {
        revocation->second = 0;
        post(revocation, SENTENCE_REVOKE_BY_ACCOUNT);
        return;
    }
    if (result->rv != APR_SUCCESS && !was_revoked_before(result)) {
        end(revocation, result);
        return;
    }
    fine = eab_result_make(answer->pool);
    end(revocation, fine);
}

/* Asked again while no answer of the CA comes: it can be revoked once only. */
static void post(revocation_t *revocation, sentence_t sentence)
{
    const acme_directory_t *directory = acme_session_directory(revocation->account->session);
    acme_question_t question = { NULL, NULL, NULL, NULL, 0 };

    revocation->request.sentence = sentence;
    question.url = directory->revoke_cert;
    question.sentence = &revocation->request;
    acme_session_ask(revocation->account->session, &question, on_answer, revocation);
}

static void on_open(void *baton, const eab_result_t *result)
{
    revocation_t *revocation = baton;
    const char *by = json_peek_string(revocation->task->body, "by");
    eab_result_t *problem = eab_result_make(revocation->task->pool);

    if (result->rv != APR_SUCCESS) {
        end(revocation, result);
        return;
    }
    if (acme_session_directory(revocation->account->session)->revoke_cert == NULL) {
        eab_result_set(
            problem, APR_ENOTIMPL, EAB_PROBLEM_REFUSED,
            "The CA does not offer revocation over ACME (its directory has no revokeCert); "
            "revoke the certificate at its portal.");
        end(revocation, problem);
        return;
    }
    revocation->second = by != NULL && strcmp(by, "certificate first") == 0;
    post(revocation, by != NULL && strcmp(by, "account") == 0 ? SENTENCE_REVOKE_BY_ACCOUNT
                                                              : SENTENCE_REVOKE_BY_CERTIFICATE);
}

void revoke_run(task_t *task)
{
    revocation_t *revocation = apr_pcalloc(task->pool, sizeof(*revocation));

    revocation->task = task;
    revocation->account = task->account;
    if (task->account == NULL) {
        task_refuse(task);
        return;
    }
    revocation->request.index = task->account->index;
    revocation->request.subject = json_copy_string(task->pool, task->body, "fingerprint");
    account_look(task->account, on_open, revocation);
}
