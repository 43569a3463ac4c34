/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_store.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "keeper/leftover.h"

static int is_told(const control_call_t *call, const char *name)
{
    return json_object_get(call->act->told, name) != NULL;
}

/* What was removed before a crash is not there any more, and counts as removed. */
static apr_status_t remove_noted(control_call_t *call, const char *name, int of_account)
{
    json_t *state = call->act->state;
    const char *before = json_peek_string(state, "removing");
    int again = before != NULL && strcmp(before, name) == 0;
    apr_status_t rv;

    if (!again) {
        json_put_string(state, "removing", name);
        if ((rv = control_save(call)) != APR_SUCCESS) {
            return rv;
        }
    }
    rv = leftover_remove(call->parts->model, name, of_account, call->result);
    if (again && eab_result_is(call->result, EAB_PROBLEM_NO_SUCH)) {
        eab_result_clear(call->result);
        rv = APR_SUCCESS;
    }
    return rv;
}

static apr_status_t remove_one(control_call_t *call, const char *name, int of_account)
{
    apr_status_t rv;

    if (is_told(call, name)) {
        return APR_SUCCESS;
    }
    rv = remove_noted(call, name, of_account);
    if (rv == APR_SUCCESS) {
        log_line(LOG_LEVEL_NOTICE, "%s %s was removed from the store: root asked for it",
                 of_account ? "Account" : "Certificate", name);
        control_tell(call, name, json_pack("{s:s,s:s}", "name", name, "result", "removed"));
        rv = control_save(call);
    }
    return rv;
}

static apr_status_t begin_delete(control_call_t *call)
{
    const apr_array_header_t *names = json_copy_strings(call->p, call->act->arguments, "names");
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i) {
        rv = remove_one(call, APR_ARRAY_IDX(names, i, const char *), 0);
    }
    control_show_leftovers(call);
    return rv;
}

static apr_status_t begin_forget(control_call_t *call)
{
    const char *account = json_peek_string(call->act->arguments, "account");
    apr_status_t rv = remove_one(call, account != NULL ? account : "", 1);

    control_show_leftovers(call);
    return rv;
}

const control_command_t control_delete = { "delete", begin_delete, NULL, 1 };
const control_command_t control_forget = { "forget", begin_forget, NULL, 1 };
