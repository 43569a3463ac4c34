/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/deactivation.h"

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"
#include "policy/retry.h"

#define AGAIN apr_time_from_sec(60)

/* Of one account. */
typedef struct turn {
    deactivation_t *deactivation;
    keeper_account_t *account;
    int task;              /* 0: the agent is not at it */
    int unfinished;        /* the CA has done it, and that could not be written down */
    eab_result_t *problem; /* in a pool of its own, made anew each time */
} turn_t;

struct deactivation {
    const model_t *model;
    tasks_t *tasks;
    tickets_t *tickets;
    loop_timer_t *timer;
    turn_t *turns; /* one for each account, by its index */
};

static void set_problem(turn_t *turn, const eab_result_t *problem)
{
    apr_pool_t *pool = NULL;

    if (turn->problem != NULL) {
        apr_pool_destroy(turn->problem->pool);
    }
    apr_pool_create(&pool, turn->deactivation->model->means->pool);
    turn->problem = eab_result_make(pool);
    if (problem != NULL) {
        eab_result_copy(turn->problem, problem);
    }
}

static void close_account(turn_t *turn)
{
    keeper_account_t *account = turn->account;
    eab_result_t *result = eab_result_make(turn->problem->pool);
    json_t *body = json_object();

    turn->unfinished = account_closed(account, result) != APR_SUCCESS;
    if (turn->unfinished) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
        changes_tell_store(account->means->changes);
        loop_timer_set(turn->deactivation->timer, apr_time_now() + AGAIN);
    }
    if (account->broken->rv == APR_SUCCESS) {
        json_decref(body);
        return;
    }
    json_object_set_new(body, "account", json_integer(account->index));
    json_object_set_new(body, "problem", eab_result_to_json(account->broken));
    tasks_tell(turn->deactivation->tasks, "closed", body);
}

static void on_end(void *baton, const eab_result_t *result)
{
    turn_t *turn = baton;
    deactivation_t *deactivation = turn->deactivation;
    keeper_account_t *account = turn->account;

    turn->task = 0;
    ticket_end(deactivation->tickets, TICKET_DEACTIVATE, account->registration->id);
    set_problem(turn, result);
    if (result->rv == APR_SUCCESS) {
        close_account(turn);
        return;
    }
    log_line(LOG_LEVEL_ERROR, "Account %s is not deactivated: %s", account->plan->label,
             log_escape(turn->problem->pool, result->detail != NULL ? result->detail : ""));
    if (retry_is_useless(result)) {
        account_not_closed(account, eab_result_make(turn->problem->pool));
    }
    else {
        loop_timer_set(deactivation->timer, apr_time_now() + AGAIN);
    }
}

static void give(turn_t *turn)
{
    deactivation_t *deactivation = turn->deactivation;

    if (!ticket_make(deactivation->tickets, TICKET_DEACTIVATE, turn->account->registration->id,
                     0)) {
        loop_timer_set(deactivation->timer, apr_time_now() + AGAIN);
        return;
    }
    turn->task =
        tasks_give(deactivation->tasks, "deactivate",
                   json_pack("{s:i}", "account", turn->account->index), NULL, on_end, turn);
}

void deactivation_start(deactivation_t *deactivation)
{
    int i;

    for (i = 0; i < deactivation->model->accounts->nelts; ++i) {
        const keeper_account_t *account = model_account(deactivation->model, i);

        turn_t *turn = &deactivation->turns[i];

        if (turn->unfinished) {
            close_account(turn);
        }
        else if (account->broken->rv == APR_SUCCESS && account->registration->closing != 0
                 && turn->task == 0) {
            give(turn);
        }
    }
}

static void on_timer(void *baton)
{
    deactivation_start(baton);
}

apr_status_t deactivation_ask(deactivation_t *deactivation, keeper_account_t *account,
                              const char *by, eab_result_t *result)
{
    turn_t *turn = &deactivation->turns[account->index];
    apr_status_t rv;

    if (turn->task != 0) {
        return APR_SUCCESS;
    }
    set_problem(turn, NULL);
    if ((rv = account_close(account, by, result)) == APR_SUCCESS) {
        give(turn);
    }
    return rv;
}

const eab_result_t *deactivation_problem(const deactivation_t *deactivation,
                                         const keeper_account_t *account)
{
    return deactivation->turns[account->index].problem;
}

deactivation_t *deactivation_make(const model_t *model, tasks_t *tasks, tickets_t *tickets)
{
    apr_pool_t *p = model->means->pool;
    deactivation_t *deactivation = apr_pcalloc(p, sizeof(*deactivation));
    int i;

    deactivation->model = model;
    deactivation->tasks = tasks;
    deactivation->tickets = tickets;
    deactivation->timer = loop_timer_make(model->means->loop, on_timer, deactivation);
    deactivation->turns = apr_pcalloc(p, sizeof(turn_t) * (apr_size_t)(model->accounts->nelts + 1));
    for (i = 0; i < model->accounts->nelts; ++i) {
        deactivation->turns[i].deactivation = deactivation;
        deactivation->turns[i].account = model_account(model, i);
        set_problem(&deactivation->turns[i], NULL);
    }
    return deactivation;
}
