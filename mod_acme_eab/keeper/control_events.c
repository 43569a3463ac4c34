/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_events.h"

#include <string.h>

#include <apr_strings.h>

#include "base/event.h"
#include "base/json.h"
#include "base/log.h"

static apr_status_t list_events(control_call_t *call)
{
    json_t *list = json_own(call->p, delivery_list(call->parts->delivery)), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        control_tell(call, apr_psprintf(call->p, "%06d", (int)i), json_incref(item));
    }
    return APR_SUCCESS;
}

static apr_status_t test_event(control_call_t *call)
{
    const char *event = json_peek_string(call->act->arguments, "event");
    const char *name = json_peek_string(call->act->arguments, "name");
    event_kind_t kind = event_parse(event);
    apr_status_t rv;

    if (kind == EVENT_NONE) {
        return eab_result_set(call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                              "There is no event %s; docs/events.md lists them.",
                              log_escape(call->p, event));
    }
    rv = herald_test(call->parts->herald, kind, name);
    if (APR_STATUS_IS_ENOENT(rv)) {
        eab_result_set(call->result, rv, EAB_PROBLEM_NO_SUCH,
                       "No certificate is configured for %s; acmectl status lists them.",
                       log_escape(call->p, name));
    }
    else if (rv != APR_SUCCESS) {
        eab_result_set(call->result, rv, EAB_PROBLEM_REFUSED,
                       "No ACMEEventCommand wants the event %s; name it in one, and restart httpd.",
                       event_name(kind));
    }
    return rv;
}

static apr_status_t change_event(control_call_t *call,
                                 apr_status_t (*change)(delivery_t *delivery, const char *id))
{
    const char *id = json_peek_string(call->act->arguments, "id");
    apr_status_t rv = change(call->parts->delivery, id != NULL ? id : "");

    if (APR_STATUS_IS_ENOENT(rv)) {
        eab_result_set(call->result, rv, EAB_PROBLEM_NO_SUCH,
                       "No event %s waits; acmectl events list shows those that do.",
                       log_escape(call->p, id));
    }
    else if (rv != APR_SUCCESS) {
        eab_result_set(call->result, rv, EAB_PROBLEM_REFUSED,
                       "Its program is being told of event %s right now; try again when it has "
                       "ended.",
                       log_escape(call->p, id));
    }
    return rv;
}

static apr_status_t begin(control_call_t *call)
{
    const char *what = json_peek_string(call->act->arguments, "what");

    if (what != NULL && strcmp(what, "list") == 0) {
        return list_events(call);
    }
    if (what != NULL && strcmp(what, "test") == 0) {
        return test_event(call);
    }
    if (what != NULL && strcmp(what, "retry") == 0) {
        return change_event(call, delivery_retry);
    }
    if (what != NULL && strcmp(what, "drop") == 0) {
        return change_event(call, delivery_drop);
    }
    return eab_result_set(call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                          "Say list, test, retry or drop.");
}

const control_command_t control_events = { "events", begin, NULL, 1 };
