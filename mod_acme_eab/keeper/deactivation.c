/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/deactivation.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"
#include "policy/retry.h"

#define AGAIN apr_time_from_sec(60)

/* Of one account, or of one that it took the place of. */
typedef struct turn {
    deactivation_t *deactivation;
    keeper_account_t *account;
    registration_t *superseded; /* NULL: it is about the account itself */
    int task;                   /* 0: the agent is not at it */
    int unfinished;             /* the CA has done it, and that could not be written down */
    eab_result_t *problem;      /* in a pool of its own, made anew each time */
} turn_t;

struct deactivation {
    const model_t *model;
    tasks_t *tasks;
    tickets_t *tickets;
    loop_timer_t *timer;
    apr_array_header_t
        *turns; /* turn_t *: one for each account, by its index, and behind them those
                                  of the others */
};

static registration_t *registration_of(const turn_t *turn)
{
    return turn->superseded != NULL ? turn->superseded : turn->account->registration;
}

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

/* Nobody signs with it any more: neither the agent nor a certificate goes by it. */
static apr_status_t close_superseded(turn_t *turn, eab_result_t *result)
{
    const means_t *means = turn->account->means;
    registration_t *superseded = turn->superseded;
    int known = superseded->closed != 0; /* what could not be removed is removed now */
    apr_status_t rv =
        registration_close(means->store, superseded, apr_time_now(), result, result->pool);

    if (superseded->closed != 0 && !known) {
        log_line(LOG_LEVEL_NOTICE,
                 "Account %s, which %s has taken the place of, is deactivated at the CA, for %s",
                 superseded->id, turn->account->plan->label,
                 log_escape(result->pool, superseded->by));
        changes_tell_superseded(means->changes, turn->account, superseded);
    }
    return rv;
}

/* The agent hears that nothing is signed any more. */
static void tell_closed(turn_t *turn)
{
    const keeper_account_t *account = turn->account;
    json_t *body = json_object();

    json_object_set_new(body, "account", json_integer(account->index));
    json_object_set_new(body, "problem", eab_result_to_json(account->broken));
    tasks_tell(turn->deactivation->tasks, "closed", body);
}

static void close_account(turn_t *turn)
{
    eab_result_t *result = eab_result_make(turn->problem->pool);
    apr_status_t rv = turn->superseded != NULL ? close_superseded(turn, result)
                                               : account_closed(turn->account, result);

    turn->unfinished = rv != APR_SUCCESS;
    if (turn->unfinished) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
        changes_tell_store(turn->account->means->changes);
        loop_timer_set(turn->deactivation->timer, apr_time_now() + AGAIN);
    }
    if (turn->superseded == NULL && turn->account->broken->rv != APR_SUCCESS) {
        tell_closed(turn);
    }
}

static apr_status_t want(turn_t *turn, const char *by, eab_result_t *result)
{
    registration_t *superseded = turn->superseded;
    apr_time_t before;
    apr_status_t rv;

    if (superseded == NULL) {
        return account_close(turn->account, by, result);
    }
    before = superseded->closing;
    superseded->closing = apr_time_now();
    superseded->by = apr_pstrdup(turn->account->pool, by);
    rv = registration_save(turn->account->means->store, superseded, result, result->pool);
    if (rv != APR_SUCCESS) {
        superseded->closing = before;
        changes_tell_store(turn->account->means->changes);
    }
    return rv;
}

static void want_no_more(turn_t *turn, eab_result_t *result)
{
    if (turn->superseded == NULL) {
        account_not_closed(turn->account, result);
        return;
    }
    turn->superseded->closing = 0;
    registration_save(turn->account->means->store, turn->superseded, result, result->pool);
}

static void on_end(void *baton, const eab_result_t *result)
{
    turn_t *turn = baton;
    deactivation_t *deactivation = turn->deactivation;
    const registration_t *registration = registration_of(turn);

    turn->task = 0;
    ticket_end(deactivation->tickets, TICKET_DEACTIVATE, registration->id);
    set_problem(turn, result);
    if (result->rv == APR_SUCCESS) {
        close_account(turn);
        return;
    }
    log_line(LOG_LEVEL_ERROR, "Account %s is not deactivated: %s",
             turn->superseded != NULL ? registration->id : turn->account->plan->label,
             log_escape(turn->problem->pool, result->detail != NULL ? result->detail : ""));
    if (retry_is_useless(result)) {
        want_no_more(turn, eab_result_make(turn->problem->pool));
    }
    else {
        loop_timer_set(deactivation->timer, apr_time_now() + AGAIN);
    }
}

static void give(turn_t *turn)
{
    deactivation_t *deactivation = turn->deactivation;
    json_t *body = json_pack("{s:i}", "account", turn->account->index);

    if (!ticket_make(deactivation->tickets, TICKET_DEACTIVATE, registration_of(turn)->id, 0)) {
        json_decref(body);
        loop_timer_set(deactivation->timer, apr_time_now() + AGAIN);
        return;
    }
    if (turn->superseded != NULL) {
        json_put_string(body, "superseded", turn->superseded->id);
        json_put_string(body, "url", turn->superseded->url);
    }
    turn->task = tasks_give(deactivation->tasks, "deactivate", body, NULL, on_end, turn);
}

/* It has lost its keys already, or some of them: only that is left to be done. */
static int is_half_closed(const turn_t *turn)
{
    return turn->superseded != NULL && turn->superseded->closed != 0
           && turn->superseded->closing != 0;
}

void deactivation_start(deactivation_t *deactivation)
{
    int i;

    for (i = 0; i < deactivation->turns->nelts; ++i) {
        turn_t *turn = APR_ARRAY_IDX(deactivation->turns, i, turn_t *);

        if (turn->unfinished || is_half_closed(turn)) {
            close_account(turn);
        }
        else if (turn->account->broken->rv == APR_SUCCESS && registration_of(turn)->closing != 0
                 && turn->task == 0) {
            give(turn);
        }
    }
}

static void on_timer(void *baton)
{
    deactivation_start(baton);
}

static turn_t *find(const deactivation_t *deactivation, const char *id)
{
    int i;

    for (i = 0; i < deactivation->turns->nelts; ++i) {
        turn_t *turn = APR_ARRAY_IDX(deactivation->turns, i, turn_t *);
        const registration_t *registration = registration_of(turn);

        if (registration != NULL && strcmp(registration->id, id) == 0) {
            return turn;
        }
    }
    return NULL;
}

apr_status_t deactivation_ask(deactivation_t *deactivation, const char *id, const char *by,
                              eab_result_t *result)
{
    turn_t *turn = find(deactivation, id);
    apr_status_t rv;

    if (turn == NULL) {
        return eab_result_set(result, APR_ENOENT, EAB_PROBLEM_NO_SUCH, "There is no account %s.",
                              id);
    }
    if (turn->task != 0) {
        return APR_SUCCESS;
    }
    set_problem(turn, NULL);
    if ((rv = want(turn, by, result)) == APR_SUCCESS) {
        give(turn);
    }
    return rv;
}

const registration_t *deactivation_superseded(const deactivation_t *deactivation, const char *id,
                                              keeper_account_t **paccount)
{
    const turn_t *turn = find(deactivation, id);

    *paccount = turn != NULL ? turn->account : NULL;
    return turn != NULL ? turn->superseded : NULL;
}

const eab_result_t *deactivation_problem(const deactivation_t *deactivation, const char *id)
{
    return find(deactivation, id)->problem;
}

static void add_turn(deactivation_t *deactivation, keeper_account_t *account,
                     registration_t *superseded)
{
    turn_t *turn = apr_pcalloc(deactivation->model->means->pool, sizeof(*turn));

    turn->deactivation = deactivation;
    turn->account = account;
    turn->superseded = superseded;
    set_problem(turn, NULL);
    APR_ARRAY_PUSH(deactivation->turns, turn_t *) = turn;
}

/* One that is not in the store any more, or is damaged, cannot be deactivated. */
static void add_superseded(deactivation_t *deactivation, keeper_account_t *account)
{
    const means_t *means = deactivation->model->means;
    const registration_t *current = account->registration;
    registration_t *superseded = NULL;
    int i;

    for (i = 0; current != NULL && current->before != NULL && i < current->before->nelts; ++i) {
        const char *id = APR_ARRAY_IDX(current->before, i, const char *);

        if (registration_load_before(&superseded, means->store, current, id,
                                     eab_result_make(means->pool), means->pool)
                == APR_SUCCESS
            && superseded->url != NULL) {
            add_turn(deactivation, account, superseded);
        }
    }
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
    deactivation->turns = apr_array_make(p, model->accounts->nelts + 1, sizeof(turn_t *));
    for (i = 0; i < model->accounts->nelts; ++i) {
        add_turn(deactivation, model_account(model, i), NULL);
    }
    for (i = 0; i < model->accounts->nelts; ++i) {
        add_superseded(deactivation, model_account(model, i));
    }
    return deactivation;
}
