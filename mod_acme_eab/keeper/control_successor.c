/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_successor.h"

#include <string.h>

#include "base/json.h"

#define STATE "successions"

static const char *who(const control_call_t *call)
{
    const char *user = json_peek_string(call->act->by, "user");

    return user != NULL ? user : "root";
}

static const json_t *known(const control_call_t *call, const keeper_account_t *account)
{
    return json_object_get(json_object_get(call->act->state, STATE), account->plan->label);
}

static apr_status_t note(control_call_t *call, const keeper_account_t *account, const char *before,
                         int placed)
{
    json_t *all = json_object_get(call->act->state, STATE);

    if (all == NULL) {
        all = json_object();
        json_object_set_new(call->act->state, STATE, all);
    }
    json_object_set_new(all, account->plan->label,
                        json_pack("{s:s,s:b}", "before", before, "placed", placed));
    return control_save(call);
}

int control_is_placed(const control_call_t *call, const keeper_account_t *account)
{
    return json_peek_bool(known(call, account), "placed", 0);
}

static apr_status_t fail(control_call_t *call, const keeper_account_t *account)
{
    const eab_result_t *problem = succession_problem(call->parts->succession, account);

    if (problem->rv != APR_SUCCESS) {
        eab_result_copy(call->result, problem);
        return call->result->rv;
    }
    return eab_result_set(
        call->result, APR_EGENERAL, EAB_PROBLEM_REFUSED,
        "The CA did not register another account in the place of %s, which is used "
        "on; httpd's error log says why.",
        account->plan->label);
}

/* It has the place of the one before. */
static apr_status_t follow(control_call_t *call, const keeper_account_t *account,
                           const char *before)
{
    apr_status_t rv =
        control_is_placed(call, account) ? APR_SUCCESS : note(call, account, before, 1);

    if (rv != APR_SUCCESS || account->registration->url != NULL) {
        return rv;
    }
    return succession_problem(call->parts->succession, account)->rv != APR_SUCCESS
               ? fail(call, account)
               : APR_EAGAIN;
}

static apr_status_t begin(control_call_t *call, const keeper_account_t *account)
{
    if (account->registration->url == NULL) {
        return eab_result_set(call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                              "Account %s is not registered at the CA yet.", account->plan->label);
    }
    return note(call, account, account->registration->id, 0);
}

apr_status_t control_succeed(control_call_t *call, keeper_account_t *account)
{
    const char *before = json_peek_string(known(call, account), "before");
    apr_status_t rv;

    if (account->broken->rv != APR_SUCCESS) {
        eab_result_copy(call->result, account->broken);
        return call->result->rv;
    }
    if (before == NULL) {
        if ((rv = begin(call, account)) != APR_SUCCESS) {
            return rv;
        }
    }
    else if (strcmp(before, account->registration->id) != 0) {
        return follow(call, account, before);
    }
    if (control_is_placed(call, account)
        || succession_problem(call->parts->succession, account)->rv != APR_SUCCESS) {
        return fail(call, account);
    }
    rv = succession_ask(call->parts->succession, account, who(call), call->result);
    return rv == APR_SUCCESS ? APR_EAGAIN : rv; /* asked again, if it was of another keeper */
}

apr_status_t control_succeed_all(control_call_t *call, const apr_array_header_t *certificates)
{
    int i, waits = 0;

    for (i = 0; i < certificates->nelts; ++i) {
        keeper_account_t *account = APR_ARRAY_IDX(certificates, i, keeper_certificate_t *)->account;
        apr_status_t rv = APR_SUCCESS;

        if (known(call, account) != NULL || account->broken->rv != APR_SUCCESS
            || account->registration->url != NULL) {
            rv = control_succeed(call, account);
        }
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
            return rv;
        }
        waits |= rv != APR_SUCCESS;
    }
    return waits ? APR_EAGAIN : APR_SUCCESS;
}
