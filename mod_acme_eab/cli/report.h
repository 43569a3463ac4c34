/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

/* cli/report.h - the agent's report (status.json in ACMERunDir), which anybody may read, as commands use it.
 * It belongs to a user who is not trusted: whatever it says is cleaned before it is printed. */

#include "cli/command.h"
#include "report/grade.h"
#include "report/summary.h"

typedef struct cli_report {
    json_t *json;
    const json_t *reload;
    apr_time_t now;
    apr_time_t written; /* when the agent last wrote it; 0: unknown */
    int stale;          /* nobody has for minutes */
    int running;        /* httpd does: 1, or not: 0; -1: that cannot be seen from here */
    int before;         /* it tells of a time before the last start of httpd */
} cli_report_t;

/** @return EXIT_FINE; EXIT_NOT_RUNNING or EXIT_NOT_ALLOWED with the reason in context->result */
int report_load(cli_report_t *report, context_t *context);

/** The entries that the operands name, all without any; the worst first. By any of their names, or by a
 * pattern.
 * @param plist const json_t *, in the pool of context
 * @return EXIT_FINE, or EXIT_NO_SUCH */
int report_choose(const apr_array_header_t **plist, const cli_report_t *report, context_t *context);

/** The one entry that the first operand names.
 * @return EXIT_FINE, EXIT_NO_SUCH, or EXIT_USAGE when it could be several, which are listed */
int report_choose_one(const json_t **pentry, const cli_report_t *report, context_t *context);

/** The label of the account that a certificate with that name is of; NULL: there is none. In the report. */
const char *report_account(const cli_report_t *report, const char *name);

/** Count those of list, const json_t *: what report_choose() gave. */
void report_sum(summary_t *summary, const cli_report_t *report, const apr_array_header_t *list);

/** Whoever has waited for certificates that the keeper calls served, or for what was to happen to an account, shall not
 * read otherwise a moment later: wait, for ten seconds at most, until the report has them as well.
 * @param parts what door_ask() gave: those with "step": "served", "name", and "serial" count, and those with "result":
 *              "done", "label" and "url" */
void report_await(const json_t *parts, const context_t *context);

/** The color of a grade; output.h's. */
int report_color(grade_t grade);

/** The fields of a problem: advice, what the CA has said or what failed here, those of
 * single names, the page to read, type. */
void report_show_problem(const context_t *context, const json_t *problem);

/** "rsa2048,p256". */
const char *report_keys(const context_t *context, const json_t *entry);

/** What happens next, and when: "renew 2027-03-18 (in 111 days)". */
const char *report_next(const context_t *context, const json_t *entry);

/** Warn of a report that nobody writes any more: httpd does not run, or it is stale. @return EXIT_FINE or EXIT_NOT_RUNNING */
int report_warn(const cli_report_t *report, const context_t *context);

#endif
