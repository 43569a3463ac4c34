/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl status - all certificates, the worst first. */

#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/table.h"
#include "report/summary.h"

static const char *const columns[] = {
    "STATE", "NAME", "KEYS", "EXPIRES", "NEXT", "ACCOUNT", NULL
};

static grade_t grade_entry(const cli_report_t *report, const json_t *entry)
{
    return grade_of(entry, report->reload, report->now, NULL);
}

static int is_shown(const context_t *context, grade_t grade)
{
    return !command_has(context, "failing") || grade == GRADE_DOWN || grade == GRADE_AT_RISK;
}

/* NULL: there is no certificate. */
static const char *end_of(const context_t *context, apr_time_t ends)
{
    return ends == 0        ? NULL
           : context->plain ? clock_format(context->pool, ends)
                            : apr_psprintf(context->pool, "%s (%s)", output_day(context, ends),
                                           output_distance(context, ends));
}

static void add_row(output_table_t *table, const cli_report_t *report, const context_t *context,
                    const json_t *entry)
{
    grade_t grade = grade_entry(report, entry);
    const char *cells[6];

    cells[0] = context->plain ? grade_word(grade) : grade_name(grade);
    cells[1] = json_peek_string(entry, "name");
    cells[2] = report_keys(context, entry);
    cells[3] = end_of(context, grade_expiry(entry));
    cells[4] = report_next(context, entry);
    cells[5] = json_peek_string(entry, "account");
    output_row(table, (color_t)report_color(grade), cells);
}

/* What is in the store and not in the configuration any more. */
static void add_leftovers(output_table_t *table, const cli_report_t *report,
                          const context_t *context)
{
    const json_t *leftover;
    size_t i;

    json_array_foreach(json_object_get(json_object_get(report->json, "leftovers"), "certificates"),
                       i, leftover)
    {
        const char *cells[6] = { "leftover", json_peek_string(leftover, "name"),
                                 NULL,       end_of(context, json_peek_time(leftover, "not_after")),
                                 NULL,       NULL };

        output_row(table, COLOR_NONE, cells);
    }
}

/* One sentence, and how to go on, for each that is in trouble. */
static void tell_trouble(const cli_report_t *report, const context_t *context,
                         const apr_array_header_t *list)
{
    int i;

    for (i = 0; i < list->nelts; ++i) {
        const json_t *entry = APR_ARRAY_IDX(list, i, const json_t *);
        const json_t *problem = json_object_get(entry, "problem");
        const char *advice = json_peek_string(problem, "advice"), *why = NULL;
        const char *detail = json_peek_string(problem, "detail");
        const char *name = json_peek_string(entry, "name");
        grade_t grade = grade_of(entry, report->reload, report->now, &why);

        if (grade == GRADE_OK || grade == GRADE_UNKNOWN) {
            continue;
        }
        if (advice != NULL && json_peek_time(problem, "since") == 0 && detail != NULL) {
            output_line(context, "%s: %s %s", name, detail, advice); /* it is looked at by itself */
        }
        else if (advice != NULL) {
            output_line(context,
                        "%s: %s After mending: acmectl retry %s; after a change of httpd's "
                        "configuration: reload httpd",
                        name, advice, name);
        }
        else if (why != NULL) {
            output_line(context, "%s: %s.", name, why);
        }
    }
}

static void tell_sum(const cli_report_t *report, const context_t *context,
                     const apr_array_header_t *list)
{
    const char *reload = json_peek_string(report->reload, "state");
    summary_t summary;

    report_sum(&summary, report, list);
    output_note(context, "%s.   Report %s old.   httpd restart: %s",
                summary_sentence(context->pool, &summary),
                report->written != 0 ? clock_span(context->pool, report->now - report->written)
                                     : "?",
                reload != NULL ? reload : "unknown");
}

static int print(const cli_report_t *report, const context_t *context,
                 const apr_array_header_t *list)
{
    output_table_t *table = output_table(context, columns);
    int i, code;

    for (i = 0; i < list->nelts; ++i) {
        const json_t *entry = APR_ARRAY_IDX(list, i, const json_t *);

        if (is_shown(context, grade_entry(report, entry))) {
            add_row(table, report, context, entry);
        }
    }
    if (command_has(context, "all")) {
        add_leftovers(table, report, context);
    }
    if ((code = output_print(table)) != EXIT_FINE) {
        return code;
    }
    if (!context->plain && !command_has(context, "no-legend")) {
        tell_sum(report, context, list);
        tell_trouble(report, context, list);
    }
    return EXIT_FINE;
}

/* The whole report, with the certificates that were asked for. */
static json_t *whole(const cli_report_t *report, const context_t *context,
                     const apr_array_header_t *list)
{
    json_t *json = json_copy(report->json), *array = json_array();
    int i;

    for (i = 0; i < list->nelts; ++i) {
        json_t *entry = APR_ARRAY_IDX(list, i, json_t *);

        if (is_shown(context, grade_entry(report, entry))) {
            json_array_append(array, entry);
        }
    }
    json_object_set_new(json, "certificates", array);
    return json;
}

static int run(context_t *context)
{
    cli_report_t report = { 0 };
    const apr_array_header_t *list = NULL;
    int i, worst = 0, code = report_load(&report, context);

    if (code == EXIT_FINE) {
        code = report_choose(&list, &report, context);
    }
    if (code != EXIT_FINE) {
        return output_failure(context, code);
    }
    for (i = 0; i < list->nelts; ++i) {
        grade_t grade = grade_entry(&report, APR_ARRAY_IDX(list, i, const json_t *));

        worst |= grade == GRADE_DOWN || grade == GRADE_AT_RISK;
    }
    if ((code = print(&report, context, list)) != EXIT_FINE) {
        return code;
    }
    output_json(context, whole(&report, context, list),
                !worst && !report.stale && report.running != 0);
    code = report_warn(&report, context);
    return code != EXIT_FINE ? code : worst ? EXIT_TROUBLE : EXIT_FINE;
}

static const option_t options[] = {
    { "failing", NULL, 0, "only those that are down or at risk" },
    { "all", NULL, 0, "also what is in the store and not configured any more" },
    { NULL, NULL, 0, NULL },
};

const command_t command_status = {
    "status",
    "[NAME...]",
    0,
    -1,
    "all certificates, the worst first",
    "A certificate is down when visitors get none that is valid, at risk when it does not stay "
    "valid by "
    "itself, else ok. It reads the report of the agent, for which nobody needs to be root, and "
    "says how "
    "old that is: one of more than three minutes is stale, which the exit code tells as well. "
    "Where "
    "httpd is not running, that is told at once.",
    options,
    run
};
