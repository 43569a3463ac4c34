/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_rollover.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "keeper/control_successor.h"
#include "keeper/deactivation.h"
#include "keeper/rollover.h"

static const char *who(const control_call_t *call)
{
    const char *user = json_peek_string(call->act->by, "user");

    return user != NULL ? user : "root";
}

static keeper_account_t *choose(control_call_t *call)
{
    return control_choose_account(call, json_peek_string(call->act->arguments, "label"));
}

/* One that the CA knows, and that can be signed with. */
static apr_status_t choose_usable(keeper_account_t **paccount, control_call_t *call)
{
    keeper_account_t *account = *paccount = choose(call);

    if (account == NULL) {
        return call->result->rv;
    }
    if (account->broken->rv != APR_SUCCESS) {
        eab_result_copy(call->result, account->broken);
        return call->result->rv;
    }
    if (account->registration->url == NULL) {
        return eab_result_set(call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                              "Account %s is not registered at the CA yet.", account->plan->label);
    }
    return APR_SUCCESS;
}

static void tell(control_call_t *call, const keeper_account_t *account, const char *step,
                 const char *result, const eab_result_t *problem)
{
    json_t *part = json_object();

    json_put_string(part, "label", account->plan->label);
    json_put_string(part, "url", account->registration->url);
    json_put_string(part, "step", step);
    json_put_string(part, "result", result);
    if (problem != NULL && problem->rv != APR_SUCCESS) {
        json_object_set_new(part, "problem", eab_result_to_json(problem));
    }
    control_tell(call, account->plan->label, part);
}

static apr_status_t end(control_call_t *call, const keeper_account_t *account, int done,
                        const eab_result_t *problem)
{
    tell(call, account, "idle", done ? "done" : "failed", done ? NULL : problem);
    if (done) {
        return APR_SUCCESS;
    }
    if (problem->rv != APR_SUCCESS) {
        eab_result_copy(call->result, problem);
        return call->result->rv;
    }
    return eab_result_set(call->result, APR_EGENERAL, EAB_PROBLEM_REFUSED,
                          "The CA did not do that for account %s; httpd's error log says why.",
                          account->plan->label);
}

/* ---- another key ---- */

static apr_status_t step_rollover(control_call_t *call)
{
    keeper_account_t *account = choose(call);
    const char *before = json_peek_string(call->act->state, "thumbprint");
    const eab_result_t *problem;

    if (account == NULL) {
        return call->result->rv;
    }
    problem = rollover_problem(call->parts->rollover, account);
    if (account->broken->rv == APR_SUCCESS && account->next_key != NULL) {
        tell(call, account, "asked", NULL, problem);
        return APR_EAGAIN;
    }
    return end(call, account,
               account->thumbprint != NULL && before != NULL
                   && strcmp(before, account->thumbprint) != 0,
               problem);
}

static apr_status_t begin_rollover(control_call_t *call)
{
    keeper_account_t *account = NULL;
    const char *before = json_peek_string(call->act->state, "thumbprint");
    apr_status_t rv = choose_usable(&account, call);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (before != NULL && strcmp(before, account->thumbprint) != 0) {
        return step_rollover(call); /* begun again, and it has another key */
    }
    json_put_string(call->act->state, "thumbprint", account->thumbprint);
    if ((rv = control_save(call)) != APR_SUCCESS
        || (rv = rollover_ask(call->parts->rollover, account, who(call), call->result))
               != APR_SUCCESS) {
        return rv;
    }
    return step_rollover(call);
}

/* ---- another account ---- */

static apr_status_t step_new_account(control_call_t *call)
{
    keeper_account_t *account = choose(call);
    apr_status_t rv;

    if (account == NULL) {
        return call->result->rv;
    }
    rv = control_succeed(call, account);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        tell(call, account, control_is_placed(call, account) ? "registering" : "asked", NULL,
             account->failing.failure != NULL ? account->failing.failure->problem : NULL);
        return rv;
    }
    tell(call, account, "idle", rv == APR_SUCCESS ? "done" : "failed",
         rv == APR_SUCCESS ? NULL : call->result);
    return rv;
}

/* ---- the end ---- */

/* Of the configuration, which could not be renewed any more. */
static const keeper_certificate_t *uses(const model_t *model, const keeper_account_t *account)
{
    int i;

    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);

        if (certificate->account == account) {
            return certificate;
        }
    }
    return NULL;
}

static apr_status_t step_deactivate(control_call_t *call)
{
    keeper_account_t *account = choose(call);

    if (account == NULL) {
        return call->result->rv;
    }
    if (account->registration != NULL && account->registration->closed == 0
        && account->registration->closing != 0) {
        tell(call, account, "asked", NULL,
             deactivation_problem(call->parts->deactivation, account));
        return APR_EAGAIN;
    }
    return end(call, account, account->registration != NULL && account->registration->closed != 0,
               deactivation_problem(call->parts->deactivation, account));
}

/* Of an act that is begun again: the CA has done it meanwhile. */
static int was_closed(control_call_t *call)
{
    const keeper_account_t *account =
        json_peek_bool(call->act->state, "asked", 0) ? choose(call) : NULL;

    return account != NULL && account->registration != NULL && account->registration->closed != 0;
}

static apr_status_t begin_deactivate(control_call_t *call)
{
    keeper_account_t *account = NULL;
    const keeper_certificate_t *used;
    apr_status_t rv;

    if (was_closed(call)) {
        return step_deactivate(call);
    }
    if ((rv = choose_usable(&account, call)) != APR_SUCCESS) {
        return rv;
    }
    used = uses(call->parts->model, account);
    if (used != NULL && !json_peek_bool(call->act->arguments, "force", 0)) {
        return eab_result_set(
            call->result, APR_EBUSY, EAB_PROBLEM_REFUSED,
            "%s is configured with account %s and could not be renewed any more; "
            "take it out of the configuration or give it another account first, or "
            "say --force.",
            used->title, account->plan->label);
    }
    json_object_set_new(call->act->state, "asked", json_true());
    if ((rv = control_save(call)) == APR_SUCCESS) {
        rv = deactivation_ask(call->parts->deactivation, account, who(call), call->result);
    }
    return rv == APR_SUCCESS ? step_deactivate(call) : rv;
}

const control_command_t control_rollover = { "account rollover", begin_rollover, step_rollover, 1 };
const control_command_t control_new_account = { "account new", step_new_account, step_new_account,
                                                1 };
const control_command_t control_deactivate = { "account deactivate", begin_deactivate,
                                               step_deactivate, 1 };
