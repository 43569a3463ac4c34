/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_ask.h"

#include <apr_strings.h>

#include "base/json.h"

/* Tasks of one act that are under way, in the keeper's memory: after a restart they are given anew. */
typedef struct errand {
    const control_parts_t *parts;
    act_t *act;
} errand_t;

/* What is told with the next step. */
static void note_part(void *baton, const json_t *part)
{
    errand_t *errand = baton;
    json_t *list = json_object_get(errand->act->state, "parts");

    json_array_append_new(list, json_deep_copy(part));
    control_wake(errand->parts);
}

static void note_end(void *baton, const eab_result_t *result)
{
    errand_t *errand = baton;
    json_t *state = errand->act->state;

    json_object_set_new(state, "waits", json_integer(json_peek_int(state, "waits", 1) - 1));
    if (result->rv != APR_SUCCESS && errand->act->problem->rv == APR_SUCCESS) {
        json_object_set_new(state, "problem", eab_result_to_json(result));
    }
    control_wake(errand->parts);
}

/* @param option of the act, that the task knows as well; NULL: none */
static void give(control_call_t *call, const char *what, const char *member, int index,
                 const char *option)
{
    errand_t *errand = apr_pcalloc(call->act->pool, sizeof(*errand));
    json_t *state = call->act->state, *body;

    errand->parts = call->parts;
    errand->act = call->act;
    json_object_set_new(state, "waits", json_integer(json_peek_int(state, "waits", 0) + 1));
    body = json_pack("{s:i}", member, index);
    if (option != NULL) {
        json_object_set_new(body, option,
                            json_boolean(json_peek_bool(call->act->arguments, option, 0)));
    }
    tasks_give(call->parts->tasks, what, body, note_part, note_end, errand);
}

/* After a restart of the keeper nobody answers any more: it is asked again. */
static void begin_anew(control_call_t *call)
{
    json_object_set_new(call->act->state, "keeper", json_integer(call->parts->model->means->since));
    json_object_set_new(call->act->state, "parts", json_array());
    json_object_set_new(call->act->state, "waits", json_integer(0));
}

static int is_of_another_keeper(const control_call_t *call)
{
    return json_peek_int(call->act->state, "keeper", 0) != call->parts->model->means->since;
}

static apr_status_t follow(control_call_t *call)
{
    json_t *state = call->act->state, *list = json_object_get(state, "parts"), *part;
    const json_t *problem = json_object_get(state, "problem");
    size_t i;

    json_array_foreach(list, i, part)
    {
        control_tell(call, apr_psprintf(call->p, "%04d", (int)i), json_deep_copy(part));
    }
    if (json_peek_int(state, "waits", 0) > 0) {
        return APR_EAGAIN;
    }
    if (problem != NULL) {
        eab_result_from_json(call->result, problem);
        return call->result->rv != APR_SUCCESS ? call->result->rv : APR_EGENERAL;
    }
    return APR_SUCCESS;
}

/* ---- update ---- */

static apr_status_t ask_update(control_call_t *call)
{
    const keeper_account_t *account =
        control_choose_account(call, json_peek_string(call->act->arguments, "account"));

    if (account == NULL) {
        return call->result->rv;
    }
    begin_anew(call);
    give(call, "update", "account", account->index, NULL);
    return APR_EAGAIN;
}

static apr_status_t step_update(control_call_t *call)
{
    return is_of_another_keeper(call) ? ask_update(call) : follow(call);
}

/* ---- check ---- */

static int uses(const apr_array_header_t *list, const keeper_account_t *account)
{
    int i;

    for (i = 0; i < list->nelts; ++i) {
        if (APR_ARRAY_IDX(list, i, keeper_certificate_t *)->account == account) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t ask_check(control_call_t *call)
{
    const model_t *model = call->parts->model;
    const apr_array_header_t *list = NULL;
    apr_status_t rv = control_choose(&list, call);
    int i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    begin_anew(call);
    for (i = 0; i < model->accounts->nelts; ++i) {
        if (uses(list, model_account(model, i))) {
            if (json_peek_bool(call->act->arguments, "register", 0)) {
                account_hurry(model_account(model, i));
            }
            give(call, "checkAccount", "account", i, "register");
        }
    }
    for (i = 0; i < list->nelts; ++i) {
        int index = APR_ARRAY_IDX(list, i, keeper_certificate_t *)->index;

        give(call, "checkNames", "certificate", index, NULL);
        if (json_peek_bool(call->act->arguments, "order", 0)) {
            give(call, "checkOrder", "certificate", index, "register");
        }
    }
    return APR_EAGAIN;
}

static apr_status_t step_check(control_call_t *call)
{
    return is_of_another_keeper(call) ? ask_check(call) : follow(call);
}

/* ---- recognize ---- */

/* Of all accounts: it is asked where there are no certificates yet. */
static apr_status_t ask_recognize(control_call_t *call)
{
    int i;

    begin_anew(call);
    for (i = 0; i < call->parts->model->accounts->nelts; ++i) {
        give(call, "recognize", "account", i, NULL);
    }
    return APR_EAGAIN;
}

static apr_status_t step_recognize(control_call_t *call)
{
    return is_of_another_keeper(call) ? ask_recognize(call) : follow(call);
}

const control_command_t control_recognize = { "recognize", ask_recognize, step_recognize, 1 };
const control_command_t control_update = { "update", ask_update, step_update, 1 };
const control_command_t control_check = { "check", ask_check, step_check, 1 };
