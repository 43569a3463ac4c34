/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/clock.h"

static int has_told_json; /* one object for each call */

static const char *const codes[] = { "", "\033[31m", "\033[33m", "\033[32m", "\033[1m" };
#define COLOR_END "\033[0m"

/* Our own colors are the only control sequences that reach a terminal. */
static void print_clean(FILE *to, const char *text)
{
    for (; *text != '\0'; ++text) {
        unsigned char c = (unsigned char)*text;
        size_t i;

        if (c == '\033') {
            for (i = 1; i < sizeof(codes) / sizeof(codes[0])
                        && strncmp(text, codes[i], strlen(codes[i])) != 0;
                 ++i) {
                ;
            }
            if (i < sizeof(codes) / sizeof(codes[0])
                || strncmp(text, COLOR_END, strlen(COLOR_END)) == 0) {
                fputc(c, to);
                continue;
            }
        }
        fputc((c < 0x20 && c != '\t') || c == 0x7f ? '?' : c, to);
    }
    fputc('\n', to);
}

static void print_lines(const context_t *context, const char *format, va_list arguments)
{
    char *text = apr_pvsprintf(context->pool, format, arguments);
    char *line, *rest = text;

    if (context->json) {
        return;
    }
    while (rest != NULL) {
        line = rest;
        if ((rest = strchr(line, '\n')) != NULL) {
            *rest++ = '\0';
        }
        print_clean(stdout, line);
    }
}

void output_line(const context_t *context, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_lines(context, format, arguments);
    va_end(arguments);
}

void output_note(const context_t *context, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (!context->quiet) {
        print_lines(context, format, arguments);
        fflush(stdout);
    }
    va_end(arguments);
}

void output_field(const context_t *context, const char *what, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        output_line(context, context->plain ? "%s\t%s" : "%-12s %s", what, value);
    }
}

void output_gap(const context_t *context)
{
    if (!context->plain) {
        output_line(context, "%s", "");
    }
}

const char *output_color(const context_t *context, color_t color, const char *text)
{
    if (!context->color || color == COLOR_NONE) {
        return text;
    }
    return apr_pstrcat(context->pool, codes[color], text, COLOR_END, NULL);
}

void output_json(const context_t *context, json_t *json, int ok)
{
    json_t *whole = json_object();
    char *text;

    if (context->json) {
        json_object_set_new(whole, "ok", json_boolean(ok));
        json_object_set_new(whole, "command",
                            json_string(context->command != NULL ? context->command->name : ""));
        json_object_update(whole, json);
        if (context->result->rv != APR_SUCCESS) {
            json_t *problem = eab_result_to_json(context->result);

            json_object_del(problem, "rv");
            json_object_set_new(whole, "problem", problem);
        }
        if ((text = json_dumps(whole, JSON_INDENT(1))) != NULL) {
            puts(text);
            free(text);
        }
        has_told_json = 1;
    }
    json_decref(whole);
    json_decref(json);
}

int output_failure(const context_t *context, int code)
{
    if (!has_told_json) {
        output_json(context, json_object(), 0);
    }
    fflush(stdout);
    fputs("acmectl: ", stderr);
    print_clean(stderr, context->result->detail != NULL ? context->result->detail : "It failed.");
    return code;
}

int output_code(const eab_result_t *result)
{
    if (result->rv == APR_SUCCESS) {
        return EXIT_FINE;
    }
    if (eab_result_is(result, EAB_PROBLEM_NO_SUCH)) {
        return EXIT_NO_SUCH;
    }
    if (eab_result_is(result, EAB_PROBLEM_NOT_RUNNING)) {
        return EXIT_NOT_RUNNING;
    }
    return APR_STATUS_IS_EACCES(result->rv) && result->type == NULL ? EXIT_NOT_ALLOWED
                                                                    : EXIT_FAILED;
}

void output_warning(const char *format, ...)
{
    char text[1000];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fflush(stdout);
    fputs("acmectl: ", stderr);
    print_clean(stderr, text);
}

/* ---- tables ---- */

struct output_table {
    const context_t *context;
    const char *const *columns;
    int width;
    apr_array_header_t *rows; /* const char ** */
    apr_array_header_t *colors;
};

output_table_t *output_table(const context_t *context, const char *const *columns)
{
    output_table_t *table = apr_pcalloc(context->pool, sizeof(*table));

    table->context = context;
    table->columns = columns;
    while (columns[table->width] != NULL) {
        ++table->width;
    }
    table->rows = apr_array_make(context->pool, 16, sizeof(const char **));
    table->colors = apr_array_make(context->pool, 16, sizeof(color_t));
    return table;
}

void output_row(output_table_t *table, color_t color, const char *const *cells)
{
    const char **row = apr_pcalloc(table->context->pool, sizeof(char *) * (size_t)table->width);
    int i;

    for (i = 0; i < table->width; ++i) {
        row[i] = cells[i] != NULL && cells[i][0] != '\0' ? cells[i] : "-";
    }
    APR_ARRAY_PUSH(table->rows, const char **) = row;
    APR_ARRAY_PUSH(table->colors, color_t) = color;
}

/* Which columns, in which order: --columns=name,state. @return how many; -1: one of them is none */
static int choose_columns(const output_table_t *table, int *chosen)
{
    const char *wanted = command_value(table->context, "columns");
    char *copy, *word, *last = NULL;
    int i, n = 0;

    if (wanted == NULL) {
        for (i = 0; i < table->width; ++i) {
            chosen[i] = i;
        }
        return table->width;
    }
    copy = apr_pstrdup(table->context->pool, wanted);
    for (word = apr_strtok(copy, ",", &last); word != NULL; word = apr_strtok(NULL, ",", &last)) {
        for (i = 0; i < table->width && strcasecmp(table->columns[i], word) != 0; ++i) {
            ;
        }
        if (i == table->width || n == table->width) {
            eab_result_set(table->context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                           "There is no column %s, or it stands twice; see \"acmectl help %s\".",
                           word, table->context->command->name);
            return -1;
        }
        chosen[n++] = i;
    }
    return n;
}

/* Characters and not bytes: a label of an account may have any. */
static int width_of(const char *text)
{
    int n = 0;

    for (; *text != '\0'; ++text) {
        n += (*text & 0xc0) != 0x80;
    }
    return n;
}

static int widest(const output_table_t *table, int column)
{
    int i, width = width_of(table->columns[column]);

    for (i = 0; i < table->rows->nelts; ++i) {
        int other = width_of(APR_ARRAY_IDX(table->rows, i, const char **)[column]);

        width = other > width ? other : width;
    }
    return width;
}

static void print_row(const output_table_t *table, const int *chosen, int n, const int *widths,
                      const char *const *cells, color_t color)
{
    const context_t *context = table->context;
    const char *line = "";
    int i;

    for (i = 0; i < n; ++i) {
        const char *cell = cells[chosen[i]];
        const char *shown = chosen[i] == 0 ? output_color(context, color, cell) : cell;

        if (context->plain) {
            line = apr_pstrcat(context->pool, line, i > 0 ? "\t" : "", cell, NULL);
        }
        else {
            line = apr_psprintf(context->pool, "%s%s%s%*s", line, i > 0 ? "  " : "", shown,
                                i + 1 < n ? widths[i] - width_of(cell) : 0, "");
        }
    }
    output_line(context, "%s", line);
}

int output_print(const output_table_t *table)
{
    const context_t *context = table->context;
    int *chosen = apr_pcalloc(context->pool, sizeof(int) * (size_t)table->width);
    int *widths = apr_pcalloc(context->pool, sizeof(int) * (size_t)table->width);
    int i, n = choose_columns(table, chosen);

    if (n < 0) {
        return output_failure(context, EXIT_USAGE);
    }
    for (i = 0; i < n; ++i) {
        widths[i] = widest(table, chosen[i]);
    }
    if (!command_has(context, "no-legend") && !context->plain) {
        print_row(table, chosen, n, widths, table->columns, COLOR_BOLD);
    }
    for (i = 0; i < table->rows->nelts; ++i) {
        print_row(table, chosen, n, widths, APR_ARRAY_IDX(table->rows, i, const char **),
                  APR_ARRAY_IDX(table->colors, i, color_t));
    }
    return EXIT_FINE;
}

/* ---- times ---- */

static int split(const context_t *context, apr_time_t at, struct tm *parts)
{
    time_t seconds = (time_t)apr_time_sec(at);

    return at != 0
           && (context->utc ? gmtime_r(&seconds, parts) : localtime_r(&seconds, parts)) != NULL;
}

const char *output_day(const context_t *context, apr_time_t time)
{
    char text[64];
    struct tm parts;

    return split(context, time, &parts) && strftime(text, sizeof(text), "%Y-%m-%d", &parts) > 0
               ? apr_pstrdup(context->pool, text)
               : "-";
}

const char *output_moment(const context_t *context, apr_time_t time)
{
    char text[64];
    struct tm parts;

    return split(context, time, &parts)
                   && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &parts) > 0
               ? apr_pstrdup(context->pool, text)
               : "-";
}

const char *output_distance(const context_t *context, apr_time_t time)
{
    apr_interval_time_t span = time - apr_time_now();

    if (time == 0) {
        return "";
    }
    return span >= 0 ? apr_pstrcat(context->pool, "in ", clock_span(context->pool, span), NULL)
                     : apr_pstrcat(context->pool, clock_span(context->pool, -span), " ago", NULL);
}

const char *output_prompt(const context_t *context, const char *question)
{
    char answer[100];

    if (context->yes || !isatty(0)) {
        return NULL;
    }
    fprintf(stderr, "%s ", question);
    if (fgets(answer, sizeof(answer), stdin) == NULL) {
        return NULL;
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return apr_pstrdup(context->pool, answer);
}

int output_ask(const context_t *context, const char *question)
{
    char answer[16];

    if (context->yes) {
        return 1;
    }
    if (!isatty(0)) {
        return 0;
    }
    fprintf(stderr, "%s [y/N] ", question);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}
