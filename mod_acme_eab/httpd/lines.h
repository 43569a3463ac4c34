/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_LINES_H
#define HTTPD_LINES_H

/* httpd/lines.h - what keeper or agent write to standard error, taken apart into lines for httpd's
 * log. Neither the length of a line nor the number of lines is left to who writes them: an agent that
 * somebody has taken over must not fill the disk of the logs. */

#include <apr_pools.h>
#include <apr_time.h>

#include "base/log.h"

/* Of what comes into the log: this much at once, and then this much in a second. */
#define LINES_BURST (4 * 1024 * 1024)
#define LINES_RATE 1024

/* When the burst is used up nothing comes through until this much has been saved. */
#define LINES_SAVED (64 * LINES_RATE)

typedef struct lines lines_t;

/** @return 1 when the line came into the log, 0 when it is of no interest there */
typedef int lines_tell_fn(void *baton, log_level_t level, const char *text);

/** @param who   "keeper": each line will begin with it, and with the number of the process where the
 *               line tells it: "keeper[4711]: ..." */
lines_t *lines_make(apr_pool_t *p, const char *who, lines_tell_fn *tell, void *baton);

/** Bytes that were read at that time by clock_steady(). Each line that is whole is told: one of
 * log_line() with its level; anything else, a word of a library, of a program that was started or of a
 * sanitizer, as a warning. */
void lines_take(lines_t *lines, const char *data, apr_size_t len, apr_time_t now);

/** Nothing comes any more: tell what is left. */
void lines_end(lines_t *lines, apr_time_t now);

/** True while lines are left out. Whoever writes so much may be made to wait. */
int lines_are_too_many(const lines_t *lines);

#endif
