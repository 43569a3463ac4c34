/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl monitor - a plug-in for Nagios, Icinga and their like. */

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/table.h"
#include "report/summary.h"

/* What such a plug-in ends with. */
enum { MONITOR_OK, MONITOR_WARNING, MONITOR_CRITICAL, MONITOR_UNKNOWN };

static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

/* Life that is left: of its length ("20%"), or as such ("7d"). */
typedef struct threshold {
    int percent;
    apr_interval_time_t span;
} threshold_t;

static int parse(threshold_t *threshold, const char *text)
{
    char *end = NULL;

    memset(threshold, 0, sizeof(*threshold));
    if (text == NULL) {
        return 1;
    }
    threshold->percent = (int)strtol(text, &end, 10);
    if (end != text && strcmp(end, "%") == 0 && threshold->percent >= 0
        && threshold->percent <= 100) {
        return 1;
    }
    threshold->percent = 0;
    threshold->span = command_span(text);
    return threshold->span >= 0;
}

static int is_below(const threshold_t *threshold, const json_t *entry, apr_time_t now)
{
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(entry, "keys"), i, key)
    {
        apr_time_t from = json_peek_time(key, "not_before"), to = json_peek_time(key, "not_after");

        if (to != 0
            && (to - now < threshold->span
                || (from < to && (to - now) / 100 < (to - from) / 10000 * threshold->percent))) {
            return 1;
        }
    }
    return 0;
}

static int judge(const json_t *entry, const cli_report_t *report, const threshold_t *warning,
                 const threshold_t *critical)
{
    grade_t grade = grade_of(entry, report->reload, report->now, NULL);

    if (grade == GRADE_DOWN || is_below(critical, entry, report->now)) {
        return MONITOR_CRITICAL;
    }
    if (grade == GRADE_AT_RISK || is_below(warning, entry, report->now)) {
        return MONITOR_WARNING;
    }
    return MONITOR_OK;
}

static int say(const context_t *context, int state, const char *text)
{
    output_line(context, "ACME %s - %s", words[state], text);
    output_json(context, json_pack("{s:s,s:s}", "state", words[state], "text", text),
                state == MONITOR_OK);
    return state;
}

static int run(context_t *context)
{
    cli_report_t report = { 0 };
    const apr_array_header_t *list = NULL;
    threshold_t warning, critical;
    const char *names = "", *text;
    int i, state = MONITOR_OK;
    summary_t summary;

    if (!parse(&warning, command_value(context, "warning"))
        || !parse(&critical, command_value(context, "critical"))) {
        return say(context, MONITOR_UNKNOWN,
                   "-w and -c take a part of the life such as 20%, or a time "
                   "such as 7d");
    }
    if (report_load(&report, context) != EXIT_FINE
        || report_choose(&list, &report, context) != EXIT_FINE) {
        return say(context, MONITOR_UNKNOWN, context->result->detail);
    }
    for (i = 0; i < list->nelts; ++i) {
        const json_t *entry = APR_ARRAY_IDX(list, i, const json_t *);
        int one = judge(entry, &report, &warning, &critical);

        state = one > state ? one : state;
        if (one != MONITOR_OK && strlen(names) < 200) {
            names = apr_pstrcat(context->pool, names, names[0] != '\0' ? ", " : ": ",
                                json_peek_string(entry, "name"), NULL);
        }
    }
    report_sum(&summary, &report, list);
    text = apr_psprintf(
        context->pool, "%s%s%s | certificates=%d down=%d at_risk=%d expires=%ds",
        report.running == 0 ? "httpd is not running; "
        : report.stale      ? "the report is stale, httpd does not run or the agent hangs; "
                            : "",
        summary_sentence(context->pool, &summary), names, summary.certificates,
        summary.by_grade[GRADE_DOWN], summary.by_grade[GRADE_AT_RISK],
        summary.next_expiry != 0 ? (int)apr_time_sec(summary.next_expiry - report.now) : 0);
    return say(context,
               (report.stale || report.running == 0) && state == MONITOR_OK ? MONITOR_UNKNOWN
                                                                            : state,
               text);
}

static const option_t options[] = {
    { "warning", "LEFT", 0, "warn when less than that of the life is left (-w): 20%, 14d" },
    { "critical", "LEFT", 0, "the same for critical (-c): 10%, 7d" },
    { NULL, NULL, 0, NULL },
};

const command_t command_monitor = {
    "monitor",
    "[NAME...]",
    0,
    -1,
    "one line for Nagios, Icinga and their like",
    "It ends with 0 (OK), 1 (WARNING: a certificate is at risk), 2 (CRITICAL: one is down) or 3 "
    "(UNKNOWN: "
    "there is no report, or it is stale, or httpd is not running), and has figures after a bar.",
    options,
    run
};
