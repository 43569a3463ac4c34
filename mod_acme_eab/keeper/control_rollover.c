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
static apr_status_t need_usable(const keeper_account_t *account, control_call_t *call)
{
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

static apr_status_t choose_usable(keeper_account_t **paccount, control_call_t *call)
{
    *paccount = choose(call);
    return *paccount != NULL ? need_usable(*paccount, call) : call->result->rv;
}

static void tell_of(control_call_t *call, const char *label, const char *url, const char *step,
                    const char *result, const eab_result_t *problem)
{
    json_t *part = json_object();

    json_put_string(part, "label", label);
    json_put_string(part, "url", url);
    json_put_string(part, "step", step);
    json_put_string(part, "result", result);
    if (problem != NULL && problem->rv != APR_SUCCESS) {
        json_object_set_new(part, "problem", eab_result_to_json(problem));
    }
    control_tell(call, label, part);
}

static void tell(control_call_t *call, const keeper_account_t *account, const char *step,
                 const char *result, const eab_result_t *problem)
{
    tell_of(call, account->plan->label, account->registration->url, step, result, problem);
}

static apr_status_t end_of(control_call_t *call, const char *label, const char *url,
                           const char *step, int done, const eab_result_t *problem)
{
    tell_of(call, label, url, step, done ? "done" : "failed", done ? NULL : problem);
    if (done) {
        return APR_SUCCESS;
    }
    if (problem->rv != APR_SUCCESS) {
        eab_result_copy(call->result, problem);
        return call->result->rv;
    }
    return eab_result_set(call->result, APR_EGENERAL, EAB_PROBLEM_REFUSED,
                          "The CA did not do that for account %s; httpd's error log says why.",
                          label);
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
    return end_of(call, account->plan->label, account->registration->url, "idle",
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

/* An account that is used; or one that another took the place of, which has no label any more. */
typedef struct doomed {
    keeper_account_t *account;
    const registration_t *registration; /* NULL: the store could not be read */
    int is_superseded;
} doomed_t;

static apr_status_t choose_doomed(doomed_t *doomed, control_call_t *call)
{
    const char *label = json_peek_string(call->act->arguments, "label");

    memset(doomed, 0, sizeof(*doomed));
    if (label != NULL) {
        doomed->registration =
            deactivation_superseded(call->parts->deactivation, label, &doomed->account);
    }
    doomed->is_superseded = doomed->registration != NULL;
    if (!doomed->is_superseded) {
        doomed->account = choose(call);
        doomed->registration = doomed->account != NULL ? doomed->account->registration : NULL;
    }
    return call->result->rv;
}

/* Of the configuration: it could not be renewed any more, or not be revoked by who has ordered it. */
static const keeper_certificate_t *uses(const model_t *model, const doomed_t *doomed)
{
    int i;

    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);
        const char *by = certificate->best != NULL ? certificate->best->account : NULL;

        if (doomed->is_superseded ? by != NULL && strcmp(by, doomed->registration->id) == 0
                                  : certificate->account == doomed->account) {
            return certificate;
        }
    }
    return NULL;
}

static apr_status_t refuse_used(control_call_t *call, const doomed_t *doomed,
                                const keeper_certificate_t *used)
{
    return doomed->is_superseded
               ? eab_result_set(
                   call->result, APR_EBUSY, EAB_PROBLEM_REFUSED,
                   "The certificate of %s in use was ordered with account %s and could "
                   "not be revoked with it any more; renew it first, or say --force.",
                   used->title, doomed->registration->id)
               : eab_result_set(
                   call->result, APR_EBUSY, EAB_PROBLEM_REFUSED,
                   "%s is configured with account %s and could not be renewed any more; "
                   "give it another account first and keep this one in an <ACMEAccount>, or "
                   "say --force.",
                   used->title, doomed->account->plan->label);
}

static const char *called(const doomed_t *doomed)
{
    return doomed->is_superseded ? doomed->registration->id : doomed->account->plan->label;
}

static apr_status_t step_deactivate(control_call_t *call)
{
    const eab_result_t *problem = NULL;
    const char *url;
    doomed_t doomed;
    int done;

    if (choose_doomed(&doomed, call) != APR_SUCCESS) {
        return call->result->rv;
    }
    done = doomed.registration != NULL && doomed.registration->closed != 0;
    url = doomed.registration != NULL ? doomed.registration->url : NULL;
    problem = doomed.registration != NULL
                  ? deactivation_problem(call->parts->deactivation, doomed.registration->id)
                  : doomed.account->broken;
    if (!done && doomed.registration != NULL && doomed.registration->closing != 0) {
        tell_of(call, called(&doomed), url, "asked", NULL, problem);
        return APR_EAGAIN;
    }
    if (done && doomed.is_superseded) {
        control_show_leftovers(call);
    }
    return end_of(call, called(&doomed), url, done ? "closed" : "idle", done, problem);
}

/* Of an act that is begun again: the CA has done it meanwhile. */
static int was_closed(const control_call_t *call, const doomed_t *doomed)
{
    return json_peek_bool(call->act->state, "asked", 0) && doomed->registration != NULL
           && doomed->registration->closed != 0;
}

static apr_status_t begin_deactivate(control_call_t *call)
{
    const keeper_certificate_t *used;
    doomed_t doomed;
    apr_status_t rv;

    if ((rv = choose_doomed(&doomed, call)) != APR_SUCCESS) {
        return rv;
    }
    if (was_closed(call, &doomed)) {
        return step_deactivate(call);
    }
    if ((rv = need_usable(doomed.account, call)) != APR_SUCCESS) {
        return rv;
    }
    if (doomed.registration->closed != 0) {
        return eab_result_set(call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                              "Account %s was deactivated before.", called(&doomed));
    }
    used = uses(call->parts->model, &doomed);
    if (used != NULL && !json_peek_bool(call->act->arguments, "force", 0)) {
        return refuse_used(call, &doomed, used);
    }
    json_object_set_new(call->act->state, "asked", json_true());
    if ((rv = control_save(call)) == APR_SUCCESS) {
        rv = deactivation_ask(call->parts->deactivation, doomed.registration->id, who(call),
                              call->result);
    }
    return rv == APR_SUCCESS ? step_deactivate(call) : rv;
}

const control_command_t control_rollover = { "account rollover", begin_rollover, step_rollover, 1 };
const control_command_t control_new_account = { "account new", step_new_account, step_new_account,
                                                1 };
const control_command_t control_deactivate = { "account deactivate", begin_deactivate,
                                               step_deactivate, 1 };
