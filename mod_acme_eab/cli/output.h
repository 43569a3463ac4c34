/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/* cli/output.h - what acmectl prints: for people, for scripts (--plain), as JSON (--json). */

#include "cli/command.h"

typedef enum { COLOR_NONE, COLOR_RED, COLOR_YELLOW, COLOR_GREEN, COLOR_BOLD } color_t;

/** A line on standard output, and a newline; nothing with --json. Control characters become '?': what a
 * CA said may be in it. */
void output_line(const context_t *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The same, but nothing with --quiet either. */
void output_note(const context_t *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** A line of "what" and its value; with --plain a tab between them. Nothing where there is no value. */
void output_field(const context_t *context, const char *what, const char *value);

/** An empty line between fields, for people. */
void output_gap(const context_t *context);

/** text in a color, in the context's pool; as it is where there shall be none. */
const char *output_color(const context_t *context, color_t color, const char *text);

/** The object, given away, on standard output with --json: {"ok", "command", ... what it has, problem?}. */
void output_json(const context_t *context, json_t *json, int ok);

/** Say on standard error why it failed, in one sentence; with --json also as an object, if output_json() has not
 * told one.
 * @return code */
int output_failure(const context_t *context, int code);

/** result says why; the code that fits its type. */
int output_code(const eab_result_t *result);

/** A warning on standard error. */
void output_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** A table. Cells are text in the pool of the context. */
typedef struct output_table output_table_t;

output_table_t *output_table(const context_t *context, const char *const *columns);
/** As many cells as columns; NULL is "-". color: of the first. */
void output_row(output_table_t *table, color_t color, const char *const *cells);
/** Print it: aligned, or with tabs (--plain); --no-legend leaves its first line out, --columns=a,b chooses.
 * @return EXIT_FINE; EXIT_USAGE when there is no such column, which was told */
int output_print(const output_table_t *table);

/** A day, or a moment, for people: local time unless --utc. "-" for 0. */
const char *output_day(const context_t *context, apr_time_t time);
const char *output_moment(const context_t *context, apr_time_t time);

/** "in 4 days", "2 hours ago". */
const char *output_distance(const context_t *context, apr_time_t time);

/** Ask on the terminal for a line, in the pool. NULL where nobody is there, or --yes says that nobody is to be
 * asked. */
const char *output_prompt(const context_t *context, const char *question);

/** Ask on the terminal; --yes is yes. @return false where nobody answers with yes */
int output_ask(const context_t *context, const char *question);

#endif
