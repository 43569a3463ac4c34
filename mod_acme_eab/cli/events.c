/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl events - what programs of ACMEEventCommand wait to be told. */

#include <string.h>

#include <apr_strings.h>

#include "base/event.h"
#include "base/json.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/table.h"

static const char *operand(const context_t *context, int i)
{
    return i < context->operands->nelts ? APR_ARRAY_IDX(context->operands, i, const char *) : NULL;
}

static json_t *list_parts(json_t *parts)
{
    json_t *list = json_array(), *part;
    const char *key;

    json_object_foreach(parts, key, part)
    {
        json_array_append(list, part);
    }
    return list;
}

static int print_list(const context_t *context, const json_t *list)
{
    static const char *const columns[] = { "id",   "event", "name",    "attempts",
                                           "next", "since", "command", NULL };
    output_table_t *table = output_table(context, columns);
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        apr_time_t next = json_peek_time(item, "next");
        const char *const cells[] = {
            json_peek_string(item, "id"),
            json_peek_string(item, "event"),
            json_peek_string(item, "name"),
            apr_psprintf(context->pool, "%d", (int)json_peek_int(item, "attempts", 0)),
            json_is_true(json_object_get(item, "running")) ? "now"
            : next != 0                                    ? output_moment(context, next)
                                                           : "soon",
            output_moment(context, json_peek_time(item, "since")),
            json_peek_string(item, "command"),
            NULL,
        };

        output_row(table, json_peek_int(item, "attempts", 0) > 0 ? COLOR_YELLOW : COLOR_NONE,
                   cells);
    }
    return output_print(table);
}

static int refuse(context_t *context, const char *why)
{
    eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED, "%s", why);
    return output_failure(context, EXIT_USAGE);
}

/* NULL, or what is wrong with the operands. */
static const char *find_mistake(const char *what, const char *first, const char *second)
{
    if (strcmp(what, "list") == 0) {
        return first == NULL ? NULL : "acmectl events list takes nothing more.";
    }
    if (strcmp(what, "test") == 0) {
        return first == NULL ? "Name an event, such as deployed, and maybe a certificate: acmectl "
                               "events test deployed www.example.edu"
               : event_parse(first) == EVENT_NONE
                   ? "There is no such event; events are issued, deployed, failing and others, "
                     "see docs/events.md."
                   : NULL;
    }
    if (strcmp(what, "retry") == 0 || strcmp(what, "drop") == 0) {
        return first != NULL && second == NULL
                   ? NULL
                   : "Name one event by its id; acmectl events list shows them.";
    }
    return "Say acmectl events list, test, retry or drop.";
}

static int run(context_t *context)
{
    const char *what = operand(context, 0) != NULL ? operand(context, 0) : "list";
    const char *first = operand(context, 1), *second = operand(context, 2);
    const char *why = find_mistake(what, first, second);
    json_t *arguments = json_pack("{s:s}", "what", what), *parts = NULL, *list;
    int code;

    if (why != NULL) {
        json_decref(arguments);
        return refuse(context, why);
    }
    json_put_string(arguments, strcmp(what, "test") == 0 ? "event" : "id", first);
    json_put_string(arguments, "name", second);
    code = door_ask(context, "events", arguments, 0, NULL, NULL, &parts);
    list = json_own(context->pool, list_parts(parts));
    output_json(context, json_pack("{s:O}", "events", list), code == EXIT_FINE);
    if (code != EXIT_FINE) {
        return output_failure(context, code);
    }
    if (strcmp(what, "list") == 0 && !context->json) {
        return print_list(context, list);
    }
    else if (strcmp(what, "test") == 0) {
        output_note(context, "It is told now; what the program says is in httpd's error log.");
    }
    return code;
}

static const option_t options[] = {
    { NULL, NULL, 0, NULL },
};

const command_t command_events = { "events",
                                   "[list | test EVENT [NAME] | retry ID | drop ID]",
                                   0,
                                   3,
                                   "what waits to be told to programs, and trying them",
                                   "list shows the events that were not told yet, or that a "
                                   "program has refused. test tells an event "
                                   "of the kind test, once, to each program that wants EVENT or "
                                   "any other; what it carries is that of "
                                   "the "
                                   "certificate NAME. retry tells one now, drop never.",
                                   options,
                                   run };
