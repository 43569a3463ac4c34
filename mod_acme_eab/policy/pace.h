/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_PACE_H
#define POLICY_PACE_H

/* policy/pace.h - how fast a CA is asked. Pure. How many orders of an account may be at work at a
 * time: ACMEMaxParallel is the most; a CA that says it is too much halves it, and it grows again
 * slowly. How far requests to a host are apart, once a web server at its door has said that they are
 * too many. How soon a request is repeated that was not answered by the CA. */

#include <apr_time.h>

#include "base/result.h"

typedef struct pace {
    int most;      /* ACMEMaxParallel */
    int places;    /* now: 1 to most */
    int successes; /* since it last changed */
} pace_t;

void pace_init(pace_t *pace, int most);

/** Something ended well: after 10 of those there is one place more. */
void pace_succeed(pace_t *pace);

/** Something ended badly: 429, 503 and rateLimited halve the places, down to one; others are no sign
 * of a hurry. Jobs that were at work side by side hear the same complaint one after the other, so it
 * halves again only when as many have ended as there are places left.
 * @param active jobs that are at work, this one included */
void pace_fail(pace_t *pace, const eab_result_t *problem, int active);

/** The door of a host. All zero: nothing was said, and nothing waits. Times are of clock_steady(). */
typedef struct pace_door {
    apr_interval_time_t gap; /* between requests; 0: none */
    apr_time_t next;         /* not before */
    apr_time_t changed;      /* when the gap was last made wider */
    int passed;              /* since it last changed */
} pace_door_t;

/** When the next request may be sent: 0, or how long it waits. It takes its turn by that.
 * @param dice in [0, 1): spreads those that wait */
apr_interval_time_t pace_door_wait(pace_door_t *door, apr_time_t now, double dice);

/** The door said that it is too much. What was under way side by side hears the same complaint, and
 * is told once.
 * @param sent        when that request was sent
 * @param retry_after seconds that it asked to wait, as far as requests are held at all; -1: unsaid */
void pace_door_refused(pace_door_t *door, apr_time_t now, apr_time_t sent, apr_int64_t retry_after);

/** It let a request through: after 10 of those the gap is half as wide, and soon none. */
void pace_door_passed(pace_door_t *door);

/** How long to wait before the same request is sent again, after so many answers in a row (1 and up)
 * that were none of the CA's: 1, 2, 4 ... 32 seconds and up to a quarter more, so that it is sent
 * six times in a minute at most; longer when Retry-After says so.
 * @return -1 when that is too long to be waited for with the request in hand */
apr_interval_time_t pace_repeat(int answers, apr_int64_t retry_after, double dice);

#endif
