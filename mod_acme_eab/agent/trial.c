/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/trial.h"

#include <apr_strings.h>

#include "acme/answer.h"
#include "acme/authorization.h"
#include "acme/order.h"
#include "agent/finding.h"
#include "agent/schedule.h"
#include "base/clock.h"
#include "base/json.h"

typedef struct trial {
    task_t *task;
    job_t *job;
    sentence_request_t request;
    acme_order_t *order; /* as it was read */
    int next;            /* of its authorizations */
    int placed;          /* among ACMEMaxParallel */
} trial_t;

static void tell(const trial_t *trial, const char *grade, const char *text)
{
    finding_tell(trial->task, "order", trial->job->title, grade, text);
}

static void end(trial_t *trial)
{
    task_t *task = trial->task;

    if (trial->placed) {
        job_leave_place(trial->job);
    }
    schedule_again(trial->job);
    task_end(task, eab_result_make(task->pool));
}

static void end_with(trial_t *trial, const char *grade, const char *text)
{
    tell(trial, grade, text);
    end(trial);
}

/* ---- its authorizations ---- */

static void read_next(trial_t *trial);

static void tell_pending(const trial_t *trial, const acme_authorization_t *authorization,
                         const char *name)
{
    const task_t *task = trial->task;
    eab_result_t *problem = eab_result_make(task->pool);
    const acme_challenge_t *challenge =
        acme_authorization_choose(authorization, trial->job->brief->challenges, problem);

    if (challenge == NULL) {
        finding_tell(task, "authorization", name, FINDING_FAULT, problem->detail);
        return;
    }
    finding_tell(task, "authorization", name, FINDING_OK,
                 apr_psprintf(task->pool,
                              "the CA will validate it by %s when a certificate is ordered",
                              challenge->type));
}

static void tell_authorization(const trial_t *trial, const acme_authorization_t *authorization)
{
    const task_t *task = trial->task;
    const char *name = authorization->wildcard
                           ? apr_pstrcat(task->pool, "*.", authorization->name, NULL)
                           : authorization->name;

    switch (authorization->state) {
    case ACME_AUTHORIZATION_VALID:
        finding_tell(task, "authorization", name, FINDING_OK,
                     authorization->expires == 0
                         ? "valid"
                         : apr_psprintf(task->pool, "valid until %s",
                                        clock_format(task->pool, authorization->expires)));
        break;
    case ACME_AUTHORIZATION_PENDING:
        tell_pending(trial, authorization, name);
        break;
    case ACME_AUTHORIZATION_LOST:
        finding_tell(task, "authorization", name, FINDING_FAULT,
                     authorization->problem->detail != NULL ? authorization->problem->detail
                                                            : authorization->status);
        break;
    }
}

static void on_authorization(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    trial_t *trial = baton;
    eab_result_t *problem = eab_result_make(trial->task->pool);
    acme_authorization_t *authorization = NULL;

    job_answered(trial->job);
    if (result->rv != APR_SUCCESS) {
        eab_result_copy(problem, result);
    }
    else {
        authorization = acme_authorization_parse(trial->task->pool, answer, problem);
    }
    if (authorization != NULL) {
        tell_authorization(trial, authorization);
    }
    else {
        finding_tell(trial->task, "authorization", trial->job->title, FINDING_WARNING,
                     apr_psprintf(trial->task->pool, "one could not be read: %s", problem->detail));
    }
    read_next(trial);
}

static void read_next(trial_t *trial)
{
    const apr_array_header_t *urls = trial->order->authorizations;

    if (trial->next == urls->nelts) {
        end(trial);
        return;
    }
    job_read(trial->job, APR_ARRAY_IDX(urls, trial->next++, const char *), "authorization", NULL,
             acme_answer_has_status, on_authorization, trial);
}

/* ---- the order ---- */

static int is_alive(const acme_order_t *order)
{
    return order->next == ACME_ORDER_AUTHORIZE || order->next == ACME_ORDER_FINALIZE;
}

static void tell_order(trial_t *trial)
{
    const acme_order_t *order = trial->order;
    apr_pool_t *p = trial->task->pool;

    if (!is_alive(order)) {
        end_with(trial, FINDING_WARNING,
                 apr_psprintf(p,
                              "the one of %s is %s by now; another one is made with the next "
                              "certificate",
                              clock_format(p, trial->job->brief->order_since), order->status));
        return;
    }
    tell(trial, FINDING_OK,
         apr_psprintf(p, "the CA took it, and it is kept for the next certificate: %s%s%s",
                      trial->job->brief->order_url, order->expires != 0 ? ", until " : "",
                      order->expires != 0 ? clock_format(p, order->expires) : ""));
    read_next(trial);
}

static void on_stored(void *baton, const json_t *body, const eab_result_t *result)
{
    trial_t *trial = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        trial->job->flight->unstored = 1; /* it is stored when it is used */
        end_with(trial, FINDING_FAULT, result->detail);
        return;
    }
    tell_order(trial);
}

static void store_url(trial_t *trial)
{
    job_t *job = trial->job;
    json_t *body = json_object();

    job->brief->order_url = apr_pstrdup(flight_pool(job->flight), trial->order->url);
    json_object_set_new(body, "certificate", json_integer(job->index));
    json_put_string(body, "url", job->brief->order_url);
    json_put_string(body, "finalize", trial->order->finalize);
    link_request(job->kit->link, MESSAGE_ORDERED, body, on_stored, trial);
}

static int is_new_order(const acme_answer_t *answer)
{
    return acme_answer_has_status(answer) && apr_table_get(answer->headers, "Location") != NULL;
}

/* What the CA refused is not kept; what nobody knows of is looked for when a certificate is ordered. */
static void refuse(trial_t *trial, const eab_result_t *problem)
{
    if (!acme_session_is_unsure(problem)) {
        job_abandon(trial->job);
    }
    end_with(trial, FINDING_FAULT, problem->detail);
}

static void on_new_order(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    trial_t *trial = baton;
    eab_result_t *problem = eab_result_make(trial->task->pool);

    job_answered(trial->job);
    if (result->rv != APR_SUCCESS) {
        refuse(trial, result);
        return;
    }
    trial->order = acme_order_parse(trial->task->pool, answer, problem);
    if (trial->order == NULL || trial->order->url == NULL
        || acme_order_check_names(trial->order, trial->job->brief->names, problem) != APR_SUCCESS) {
        if (problem->rv == APR_SUCCESS) {
            eab_result_set(problem, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                           "The CA accepted the order and named no URL for it.");
        }
        refuse(trial, problem);
        return;
    }
    store_url(trial);
}

/* A profile that the CA does not offer is refused, or left out, as for any order (profiles draft, 4).
 * @return 0 when there is no use in an order */
static int choose_profile(trial_t *trial, const acme_directory_t *directory)
{
    const brief_certificate_t *brief = trial->job->brief;
    apr_pool_t *p = trial->task->pool;

    if (brief->profile == NULL) {
        return 1;
    }
    trial->request.order.profile = json_object_get(directory->profiles, brief->profile) != NULL;
    if (!trial->request.order.profile) {
        tell(trial, brief->profile_required ? FINDING_FAULT : FINDING_WARNING,
             apr_psprintf(p, "the CA does not offer the profile %s (ACMEProfile)", brief->profile));
    }
    return trial->request.order.profile || !brief->profile_required;
}

/* Without "replaces": nothing is replaced yet, and a CA takes that once. */
static void place(trial_t *trial)
{
    job_t *job = trial->job;
    const acme_directory_t *directory = acme_session_seen(job->account->session);

    if (!choose_profile(trial, directory)) {
        end(trial);
        return;
    }
    trial->request.order.trial = 1;
    job->brief->ordering = job->brief->trial = 1;
    job->brief->order_names = job->brief->names;
    job->brief->order_since = apr_time_now();
    job_post(job, directory->new_order, &trial->request, SENTENCE_NEW_ORDER, job->index,
             is_new_order, on_new_order, trial);
}

static void on_order(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    trial_t *trial = baton;
    eab_result_t *problem = eab_result_make(trial->task->pool);

    job_answered(trial->job);
    if (result->rv != APR_SUCCESS) {
        end_with(trial, FINDING_WARNING,
                 apr_psprintf(trial->task->pool, "the one that is kept could not be read: %s",
                              result->detail));
        return;
    }
    trial->order = acme_order_parse(trial->task->pool, answer, problem);
    if (trial->order == NULL) {
        end_with(trial, FINDING_WARNING, problem->detail);
        return;
    }
    tell_order(trial);
}

/* As long as it takes no other begins beside it: they may share answers. */
static void take_place(trial_t *trial)
{
    trial->placed = 1;
    job_take_place(trial->job);
}

static void on_account(void *baton, const eab_result_t *result)
{
    trial_t *trial = baton;
    job_t *job = trial->job;

    if (result->rv != APR_SUCCESS) {
        end_with(trial, FINDING_FAULT, result->detail);
    }
    else if (job->state != JOB_IDLE || (job->brief->ordering && !job->brief->trial)) {
        end_with(trial, FINDING_NOT_RUN, "an order is under way already");
    }
    else if (!job->brief->ordering) {
        take_place(trial);
        place(trial);
    }
    else if (job->brief->order_url == NULL) {
        end_with(
            trial, FINDING_WARNING,
            "one was sent before and not answered; it is looked for with the next certificate");
    }
    else {
        take_place(trial);
        job_read(job, job->brief->order_url, "order", NULL, acme_answer_has_status, on_order,
                 trial);
    }
}

static const char *find_obstacle(const task_t *task)
{
    const agent_account_t *account = task->job->account;

    if (account->brief->broken != NULL) {
        return "its account cannot be used";
    }
    if (account->held) {
        return "the key of its account is being changed";
    }
    if (account->brief->url == NULL && !json_peek_bool(task->body, "register", 0)) {
        return "its account is not registered yet; --register does that";
    }
    return NULL;
}

void trial_run(task_t *task)
{
    trial_t *trial = apr_pcalloc(task->pool, sizeof(*trial));
    const char *obstacle;

    trial->task = task;
    trial->job = task->job;
    if (task->job == NULL) {
        task_end(task, eab_result_make(task->pool));
        return;
    }
    if ((obstacle = find_obstacle(task)) != NULL) {
        end_with(trial, FINDING_NOT_RUN, obstacle);
        return;
    }
    account_need(task->job->account, on_account, trial);
}
