/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* base/clock.h - times as text, and time that nobody can set. apr_time_t counts microseconds;
 * everything that is shown or stored is in whole seconds of UTC. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

#define CLOCK_TEXT_SIZE sizeof("2026-11-21T21:05:00Z")

/** "2026-11-21T21:05:00Z". Lives in p. */
const char *clock_format(apr_pool_t *p, apr_time_t time);

/** The same where there is no pool. */
void clock_print(char buffer[CLOCK_TEXT_SIZE], apr_time_t time);

/** RFC 3339 with any offset, fraction (dropped), leap second, 'T' or 't', 'Z' or 'z'; years 1970
 * to 9999.
 * @return APR_SUCCESS, or APR_EINVAL (then *ptime is 0) */
apr_status_t clock_parse(apr_time_t *ptime, const char *text);

/** Retry-After (RFC 9110, 10.2.3): seconds, or an HTTP-date in any of its three forms, which is
 * counted from date, the answer's own Date header, so that a wrong local clock does not matter;
 * from now when date is NULL or unreadable.
 * @return seconds, 0 for a time in the past, -1 when text is NULL or neither */
apr_int64_t clock_retry_after(const char *text, const char *date, apr_time_t now);

/** A duration for people: "45 seconds", "12 minutes", "3 hours", "66 days". Lives in p. */
const char *clock_span(apr_pool_t *p, apr_interval_time_t span);

/** For measuring how long something takes or has to wait: goes on evenly when somebody sets the clock
 * of the machine, which servers do soon after they have started. Only differences mean something, and
 * only in one process. */
apr_time_t clock_steady(void);

#endif
