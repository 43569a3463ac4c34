/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_WORDS_H
#define HTTPD_WORDS_H

/* httpd/words.h - times and lists for people, on the status page. Each lives in p; none is escaped. */

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

/** "2026-11-21 21:05 UTC (in 66 days)"; NULL for 0. */
const char *words_time(apr_pool_t *p, apr_time_t time, apr_time_t now);

/** "2026-11-21 (in 66 days)", where there is little room; NULL for 0. */
const char *words_day(apr_pool_t *p, apr_time_t time, apr_time_t now);

/** "in 66 days", "3 hours ago". */
const char *words_span(apr_pool_t *p, apr_time_t time, apr_time_t now);

/** The strings of an array with a space between them; NULL for none. */
const char *words_names(apr_pool_t *p, const json_t *names);

#endif
