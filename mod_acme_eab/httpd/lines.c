/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/lines.h"

#include <stdio.h>
#include <string.h>

#define OVERHEAD 100 /* bytes of time, level and process that httpd puts before a line */
#define CUT "..."

struct lines {
    const char *who;
    lines_tell_fn *tell;
    void *baton;

    char line[LOG_LONGEST_LINE + sizeof(CUT)];
    apr_size_t len; /* of the line that is not whole yet; LOG_LONGEST_LINE: the rest is dropped */

    apr_int64_t budget; /* bytes */
    apr_time_t counted; /* the budget has grown until then */
    int closed;         /* lines are left out */
    apr_int64_t left_out;
};

lines_t *lines_make(apr_pool_t *p, const char *who, lines_tell_fn *tell, void *baton)
{
    lines_t *lines = apr_pcalloc(p, sizeof(*lines));

    lines->who = who;
    lines->tell = tell;
    lines->baton = baton;
    lines->budget = LINES_BURST;
    return lines;
}

static void say_left_out(lines_t *lines)
{
    char text[200];

    (void)snprintf(text, sizeof(text), "%lld lines of the %s were left out here: it wrote too many",
                   (long long)lines->left_out, lines->who);
    (void)lines->tell(lines->baton, LOG_LEVEL_WARNING, text);
    lines->left_out = 0;
}

static void grow(lines_t *lines, apr_time_t now)
{
    apr_interval_time_t span = lines->counted != 0 ? now - lines->counted : 0;

    if (lines->counted != 0 && span < apr_time_from_sec(1))
        return;
    lines->counted = now;
    lines->budget += apr_time_sec(span) * LINES_RATE;
    if (lines->budget > LINES_BURST)
        lines->budget = LINES_BURST;
    if (lines->closed && lines->budget >= LINES_SAVED) {
        lines->closed = 0;
        say_left_out(lines);
    }
}

static void pass_on(lines_t *lines, log_level_t level, const char *text)
{
    if (lines->closed) {
        lines->left_out++;
        return;
    }
    if (!lines->tell(lines->baton, level, text))
        return;
    lines->budget -= (apr_int64_t)strlen(text) + OVERHEAD;
    lines->closed = lines->budget <= 0;
}

static void finish_line(lines_t *lines)
{
    char text[sizeof(lines->line) + 64];
    log_level_t level = LOG_LEVEL_WARNING;
    const char *said = NULL;
    long pid = 0;

    if (lines->len == LOG_LONGEST_LINE)
        memcpy(lines->line + lines->len, CUT, sizeof(CUT));
    else
        lines->line[lines->len] = '\0';
    lines->len = 0;
    if ((said = log_parse(lines->line, &level, &pid)) != NULL)
        (void)snprintf(text, sizeof(text), "%s[%ld]: %s", lines->who, pid, said);
    else
        (void)snprintf(text, sizeof(text), "%s, standard error: %s", lines->who, lines->line);
    pass_on(lines, level, text);
}

void lines_take(lines_t *lines, const char *data, apr_size_t len, apr_time_t now)
{
    apr_size_t i = 0;

    grow(lines, now);
    for (i = 0; i < len; i++) {
        if (data[i] == '\n') {
            if (lines->len > 0)
                finish_line(lines);
        }
        else if (lines->len < LOG_LONGEST_LINE)
            lines->line[lines->len++] = data[i] != '\0' ? data[i] : '?';
    }
}

void lines_end(lines_t *lines, apr_time_t now)
{
    lines_take(lines, "\n", 1, now);
    if (lines->left_out > 0)
        say_left_out(lines);
}

int lines_are_too_many(const lines_t *lines)
{
    return lines->closed;
}
