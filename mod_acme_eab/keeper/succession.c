/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/succession.h"

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "policy/retry.h"
#include "store/failure.h"

/* Root's act hears why before this keeper ends. */
#define PAUSE apr_time_from_sec(1)

#define AGAIN apr_time_from_sec(60)

/* Of one account. */
typedef struct turn {
    succession_t *succession;
    keeper_account_t *account;
    int task; /* 0: the agent is not at it */
    const char *by;
    int failed;            /* the store could not be written, which was said */
    eab_result_t *problem; /* in a pool of its own, made anew each time */
} turn_t;

struct succession {
    const model_t *model;
    tasks_t *tasks;
    loop_timer_t *timer;
    turn_t *turns; /* one for each account, by its index */
    int anew;
};

static void set_problem(turn_t *turn, const eab_result_t *problem)
{
    eab_result_t *before = turn->problem;
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, turn->succession->model->means->pool);
    turn->problem = eab_result_make(pool);
    if (problem != NULL) {
        eab_result_copy(turn->problem, problem);
    }
    if (before != NULL) { /* what is copied may be in its pool */
        apr_pool_destroy(before->pool);
    }
}

static const means_t *means_of(const turn_t *turn)
{
    return turn->succession->model->means;
}

/* All of the model goes by the account: it is made anew, from the store. */
static void begin_anew(succession_t *succession)
{
    succession->anew = 1;
    loop_stop(succession->model->means->loop);
}

static int is_new(const keeper_account_t *account)
{
    const registration_t *registration = account->registration;

    return account->broken->rv == APR_SUCCESS && registration->before != NULL
           && registration->before->nelts > 0 && registration->url == NULL
           && registration->created == 0;
}

/* ---- the CA is asked for it ---- */

/* What came of it is told as a change, unless nobody could say. */
static void on_registered(void *baton, const eab_result_t *result)
{
    turn_t *turn = baton;

    (void)result;
    turn->task = 0;
    if (is_new(turn->account)) {
        loop_timer_set(turn->succession->timer, apr_time_now() + AGAIN);
    }
}

/* No certificate may be due for long, and then nobody else would have it tried again. */
static void have_registered(turn_t *turn)
{
    const failure_t *failure = turn->account->failing.failure;
    succession_t *succession = turn->succession;

    if (failure != NULL && failure->next > apr_time_now()) {
        loop_timer_set(succession->timer, failure->next);
    }
    else if (turn->task == 0) {
        turn->task =
            tasks_give(succession->tasks, "checkAccount",
                       json_pack("{s:i,s:b}", "account", turn->account->index, "register", 1), NULL,
                       on_registered, turn);
    }
}

void succession_start(succession_t *succession)
{
    int i;

    for (i = 0; i < succession->model->accounts->nelts; ++i) {
        if (is_new(succession->turns[i].account)) {
            have_registered(&succession->turns[i]);
        }
    }
}

/* ---- and refuses it ---- */

/* It would say the same again; or it is for root to mend, and the account before can be used meanwhile. */
static int is_refused(const eab_result_t *problem)
{
    static const char *const ours[] = { EAB_PROBLEM_EAB_KEY,     EAB_PROBLEM_EAB_HOST,
                                        EAB_PROBLEM_EAB_MISSING, EAB_PROBLEM_EAB_USED,
                                        EAB_PROBLEM_TERMS,       EAB_PROBLEM_ACCOUNT_STATUS };
    size_t i;

    for (i = 0; i < sizeof(ours) / sizeof(ours[0]); ++i) {
        if (eab_result_is(problem, ours[i])) {
            return 1;
        }
    }
    return retry_is_useless(problem);
}

static void reinstate(turn_t *turn)
{
    const keeper_account_t *account = turn->account;
    eab_result_t *result = eab_result_make(turn->problem->pool);

    if (registration_reinstate(means_of(turn)->store, account->registration, account->plan->kid,
                               result, result->pool)
        != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
        loop_timer_set(turn->succession->timer, apr_time_now() + AGAIN);
        return;
    }
    failure_save(means_of(turn)->store, account->registration->id, NULL, result->pool);
    log_line(LOG_LEVEL_ERROR,
             "Account %s: the CA does not register another one, and the one before is used on: %s",
             account->plan->label, log_escape(result->pool, turn->problem->detail));
    begin_anew(turn->succession);
}

static void on_timer(void *baton)
{
    succession_t *succession = baton;
    int i;

    for (i = 0; i < succession->model->accounts->nelts; ++i) {
        turn_t *turn = &succession->turns[i];

        if (is_new(turn->account) && turn->problem->rv != APR_SUCCESS) {
            reinstate(turn);
        }
        else if (is_new(turn->account)) {
            have_registered(turn);
        }
    }
}

void succession_hear(void *baton, const change_t *change)
{
    succession_t *succession = baton;
    const keeper_account_t *account = change->account;

    if (change->kind == CHANGE_FAILED && account != NULL && change->certificate == NULL
        && is_new(account) && account->failing.failure != NULL
        && is_refused(account->failing.failure->problem)) {
        set_problem(&succession->turns[account->index], account->failing.failure->problem);
        loop_timer_set(succession->timer, apr_time_now() + PAUSE);
    }
}

/* ---- root asks ---- */

/* The bound account does not need it, so its file may be empty or gone. A program is not run for that. */
static apr_status_t need_source(const keeper_account_t *account, eab_result_t *result)
{
    const plan_account_t *plan = account->plan;
    eab_result_t *why = eab_result_make(result->pool);
    eabsource_t *source = NULL;
    const char *warning = NULL;
    secret_t *key = NULL;
    apr_status_t rv;

    if (plan->kid == NULL) {
        return APR_SUCCESS;
    }
    rv = plan->eab_source != NULL
             ? eabsource_parse(&source, plan->eab_source, why, result->pool)
             : eab_result_set(why, APR_EINVAL, EAB_PROBLEM_EAB_KEY, "it is not set.");
    if (rv == APR_SUCCESS) {
        rv = source->kind == EABSOURCE_EXEC
                 ? eabsource_check(source, why, result->pool)
                 : eabsource_read(&key, source, plan->eab_alg, &warning, why, result->pool);
    }
    secret_cleanse(key);
    if (rv == APR_SUCCESS) {
        return rv;
    }
    return eab_result_set(
        result, rv, EAB_PROBLEM_EAB_KEY,
        "Another account needs the EAB key again, which the one that is there has "
        "not needed since it was registered. Put it where ACMEEABKey of account "
        "%s looks for it, and try again: %s",
        plan->label, why->detail);
}

/* Jobs of the account may go on. */
static void release(const turn_t *turn)
{
    json_t *body = json_object();

    json_object_set_new(body, "account", json_integer(turn->account->index));
    json_put_string(body, "thumbprint", turn->account->thumbprint);
    tasks_tell(turn->succession->tasks, "rekeyed", body);
}

static apr_status_t place(const turn_t *turn, eab_result_t *result)
{
    const keeper_account_t *account = turn->account;
    apr_status_t rv =
        registration_succeed(means_of(turn)->store, account->registration, account->plan->kid,
                             apr_time_now(), turn->by, result, result->pool);

    if (rv == APR_SUCCESS) {
        log_line(LOG_LEVEL_NOTICE,
                 "Account %s: another one is registered in the place of %s, for %s",
                 account->plan->label, log_escape(result->pool, account->registration->url),
                 log_escape(result->pool, turn->by));
    }
    return rv;
}

/* Whoever has asked asks again. */
static void note_failure(turn_t *turn, const eab_result_t *result)
{
    if (!turn->failed) {
        log_line(LOG_LEVEL_ERROR, "Account %s: %s It is tried again", turn->account->plan->label,
                 result->detail);
    }
    turn->failed = 1;
    changes_tell_store(means_of(turn)->changes);
}

/* No order of the account is under way, or that took too long. */
static void on_held(void *baton, const eab_result_t *held)
{
    turn_t *turn = baton;
    eab_result_t *result = eab_result_make(turn->problem->pool);

    turn->task = 0;
    if (held->rv == APR_SUCCESS && place(turn, result) == APR_SUCCESS) {
        begin_anew(turn->succession);
        return;
    }
    if (held->rv == APR_SUCCESS) {
        note_failure(turn, result);
    }
    else {
        set_problem(turn, held);
    }
    release(turn);
}

apr_status_t succession_ask(succession_t *succession, keeper_account_t *account, const char *by,
                            eab_result_t *result)
{
    turn_t *turn = &succession->turns[account->index];
    apr_status_t rv;

    if (turn->task != 0) {
        return APR_SUCCESS; /* it is under way already */
    }
    if (account->next_key != NULL || account->registration->closing != 0) {
        return eab_result_set(
            result, APR_EBUSY, EAB_PROBLEM_REFUSED,
            "The CA is being asked for another key of account %s, or for its end; "
            "try again when that is over.",
            account->plan->label);
    }
    if ((rv = need_source(account, result)) != APR_SUCCESS) {
        return rv;
    }
    set_problem(turn, NULL);
    turn->by = apr_pstrdup(turn->problem->pool, by);
    turn->task = tasks_give(succession->tasks, "hold",
                            json_pack("{s:i}", "account", account->index), NULL, on_held, turn);
    return APR_SUCCESS;
}

const eab_result_t *succession_problem(const succession_t *succession,
                                       const keeper_account_t *account)
{
    return succession->turns[account->index].problem;
}

int succession_wants_another(const succession_t *succession)
{
    return succession->anew;
}

succession_t *succession_make(const model_t *model, tasks_t *tasks)
{
    apr_pool_t *p = model->means->pool;
    succession_t *succession = apr_pcalloc(p, sizeof(*succession));
    int i;

    succession->model = model;
    succession->tasks = tasks;
    succession->timer = loop_timer_make(model->means->loop, on_timer, succession);
    succession->turns = apr_pcalloc(p, sizeof(turn_t) * (apr_size_t)(model->accounts->nelts + 1));
    for (i = 0; i < model->accounts->nelts; ++i) {
        succession->turns[i].succession = succession;
        succession->turns[i].account = model_account(model, i);
        set_problem(&succession->turns[i], NULL);
    }
    return succession;
}
