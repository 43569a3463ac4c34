/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl metrics - for Prometheus, by way of node_exporter's textfile collector. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/table.h"
#include "report/metrics.h"

static int is_alive(const json_t *status)
{
    apr_int64_t pid =
        json_peek_int(json_object_get(json_object_get(status, "processes"), "agent"), "pid", 0);

    return pid > 1 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static int run(context_t *context)
{
    const char *path = command_value(context, "textfile");
    cli_report_t report = { 0 };
    const char *text;
    apr_status_t rv;
    int code = report_load(&report, context);

    if (code != EXIT_FINE) {
        return output_failure(context, code);
    }
    text = metrics_text(context->pool, report.json, is_alive(report.json), report.now,
                        METRICS_PROMETHEUS);
    if (path == NULL) {
        fputs(text, stdout);
        return EXIT_FINE;
    }
    rv = file_replace(path, text, strlen(text), 0644, 0, context->pool);
    if (rv != APR_SUCCESS) {
        eab_result_set(context->result, rv, EAB_PROBLEM_REFUSED, "%s cannot be written: %s.", path,
                       file_reason(context->pool, rv, path));
        return output_failure(context, EXIT_FAILED);
    }
    return EXIT_FINE;
}

static const option_t options[] = {
    { "textfile", "PATH", 0, "write it there, as a whole or not at all" },
    { NULL, NULL, 0, NULL },
};

const command_t command_metrics = {
    "metrics",
    "",
    0,
    0,
    "the status for Prometheus",
    "The same as the handler acme-metrics gives, for node_exporter's textfile collector: have a "
    "timer run "
    "acmectl metrics --textfile=/var/lib/prometheus/node-exporter/acme.prom each minute.",
    options,
    run
};
