/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/rollover.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"
#include "policy/retry.h"

#define AGAIN apr_time_from_sec(60)

/* Of one account. */
typedef struct turn {
    rollover_t *rollover;
    keeper_account_t *account;
    int task;  /* 0: the agent is not at it */
    int tries; /* that the CA could not answer, one after the other */
    enum { COUNTS_UNKNOWN, COUNTS_LATER, COUNTS_OLD, COUNTS_NEXT } counts;
    eab_result_t *problem; /* in a pool of its own, made anew each time */
} turn_t;

struct rollover {
    const model_t *model;
    tasks_t *tasks;
    tickets_t *tickets;
    loop_timer_t *timer;
    turn_t *turns; /* one for each account, by its index */
};

static void give(turn_t *turn, int settle);

static void set_problem(turn_t *turn, const eab_result_t *problem)
{
    apr_pool_t *pool = NULL;

    if (turn->problem != NULL) {
        apr_pool_destroy(turn->problem->pool);
    }
    apr_pool_create(&pool, turn->rollover->model->means->pool);
    turn->problem = eab_result_make(pool);
    if (problem != NULL) {
        eab_result_copy(turn->problem, problem);
    }
}

static void on_part(void *baton, const json_t *part)
{
    turn_t *turn = baton;
    const char *counts = json_peek_string(part, "counts");

    if (counts != NULL) {
        turn->counts = strcmp(counts, "next") == 0    ? COUNTS_NEXT
                       : strcmp(counts, "old") == 0   ? COUNTS_OLD
                       : strcmp(counts, "later") == 0 ? COUNTS_LATER
                                                      : COUNTS_UNKNOWN;
    }
}

/* Jobs go on, with the key that is signed with now. */
static void tell_agent(const turn_t *turn)
{
    json_t *body = json_object();

    json_object_set_new(body, "account", json_integer(turn->account->index));
    json_put_string(body, "thumbprint", turn->account->thumbprint);
    tasks_tell(turn->rollover->tasks, "rekeyed", body);
}

static void settle(turn_t *turn, const eab_result_t *heard)
{
    keeper_account_t *account = turn->account;
    eab_result_t *result = eab_result_make(turn->problem->pool);
    apr_status_t rv = APR_EAGAIN;

    if (turn->counts == COUNTS_NEXT) {
        rv = account_rolled(account, result);
    }
    else if (turn->counts == COUNTS_OLD) {
        rv = account_not_rolled(account, result);
        log_line(LOG_LEVEL_ERROR, "Account %s keeps its key: %s", account->plan->label,
                 log_escape(result->pool, heard->detail != NULL ? heard->detail : ""));
    }
    else if (turn->counts == COUNTS_LATER) {
        log_line(LOG_LEVEL_WARNING, "Account %s has no other key yet; the CA is asked again. %s",
                 account->plan->label,
                 log_escape(result->pool, heard->detail != NULL ? heard->detail : ""));
        tell_agent(turn);
        loop_timer_set(turn->rollover->timer,
                       retry_at(apr_time_now(), 0.5, RETRY_TRANSIENT, ++turn->tries, heard));
        return;
    }
    else {
        log_line(LOG_LEVEL_WARNING,
                 "Account %s: it is not known yet whether the CA has changed its key; it is asked "
                 "again. %s",
                 account->plan->label,
                 log_escape(result->pool, heard->detail != NULL ? heard->detail : ""));
    }
    if (rv == APR_SUCCESS) {
        tell_agent(turn);
        return;
    }
    if (result->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
        changes_tell_store(account->means->changes);
    }
    loop_timer_set(turn->rollover->timer, apr_time_now() + AGAIN);
}

static void on_end(void *baton, const eab_result_t *result)
{
    turn_t *turn = baton;

    turn->task = 0;
    ticket_end(turn->rollover->tickets, TICKET_KEY_CHANGE, turn->account->registration->id);
    set_problem(turn, result);
    settle(turn, result);
}

static void give(turn_t *turn, int settle)
{
    rollover_t *rollover = turn->rollover;

    if (turn->task != 0
        || !ticket_make(rollover->tickets, TICKET_KEY_CHANGE, turn->account->registration->id, 0)) {
        loop_timer_set(rollover->timer, apr_time_now() + AGAIN);
        return;
    }
    turn->counts = COUNTS_UNKNOWN;
    turn->task =
        tasks_give(rollover->tasks, "rollover",
                   json_pack("{s:i,s:b}", "account", turn->account->index, "settle", settle),
                   on_part, on_end, turn);
}

void rollover_start(rollover_t *rollover)
{
    int i;

    for (i = 0; i < rollover->model->accounts->nelts; ++i) {
        const keeper_account_t *account = model_account(rollover->model, i);

        if (account->broken->rv == APR_SUCCESS && account->next_key != NULL
            && rollover->turns[i].task == 0) {
            give(&rollover->turns[i], 1);
        }
    }
}

static void on_timer(void *baton)
{
    rollover_start(baton);
}

apr_status_t rollover_ask(rollover_t *rollover, keeper_account_t *account, const char *by,
                          eab_result_t *result)
{
    turn_t *turn = &rollover->turns[account->index];
    apr_status_t rv;

    if (turn->task != 0 || account->next_key != NULL) {
        return APR_SUCCESS; /* it is under way already */
    }
    set_problem(turn, NULL);
    turn->tries = 0;
    if ((rv = account_roll(account, by, result)) == APR_SUCCESS) {
        give(turn, 0);
    }
    return rv;
}

const eab_result_t *rollover_problem(const rollover_t *rollover, const keeper_account_t *account)
{
    return rollover->turns[account->index].problem;
}

rollover_t *rollover_make(const model_t *model, tasks_t *tasks, tickets_t *tickets)
{
    apr_pool_t *p = model->means->pool;
    rollover_t *rollover = apr_pcalloc(p, sizeof(*rollover));
    int i;

    rollover->model = model;
    rollover->tasks = tasks;
    rollover->tickets = tickets;
    rollover->timer = loop_timer_make(model->means->loop, on_timer, rollover);
    rollover->turns = apr_pcalloc(p, sizeof(turn_t) * (apr_size_t)(model->accounts->nelts + 1));
    for (i = 0; i < model->accounts->nelts; ++i) {
        rollover->turns[i].rollover = rollover;
        rollover->turns[i].account = model_account(model, i);
        set_problem(&rollover->turns[i], NULL);
    }
    return rollover;
}
