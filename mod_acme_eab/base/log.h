/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/* base/log.h - log lines of code that does not know httpd.
 *
 * The keeper and the agent write to standard error, in the format of httpd's default ErrorLogFormat.
 * At its other end httpd/relay.c takes level and text out of the line again and hands them to
 * httpd's logging; without that it is httpd's own standard error, mostly its error log.
 * One failure is one line, written where the decision is taken. Remote text goes through
 * log_escape() first; secrets never come here. */

#include <apr_pools.h>

/* With the newline; no more than a pipe takes at once, so that lines of several writers do not mix. */
#define LOG_LONGEST_LINE 4096

/* The values are those of httpd's APLOG_..., so that a LogLevel can be handed over as a number. */
typedef enum {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
} log_level_t;

/** Write lines of this level and more important ones (httpd's LogLevel; trace levels are debug).
 * Notices are always written, as httpd does. */
void log_set_level(int level);

/** One line; a newline at the end is added, control characters inside become '?'. Lines over
 * LOG_LONGEST_LINE are cut. When standard error takes nothing for a second, lines are dropped until it
 * does: nobody waits for a log. */
void log_line(log_level_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The other way round: what log_line() wrote, without the newline.
 * @param ppid  as the line says
 * @return the text in it, or NULL when log_line() did not write this */
const char *log_parse(const char *line, log_level_t *plevel, long *ppid);

/** Remote text made fit for a log line: control characters and bytes that are not UTF-8 as \xNN,
 * at most 1,000 bytes of it. NULL becomes "". Lives in p. */
const char *log_escape(apr_pool_t *p, const char *text);

#endif
