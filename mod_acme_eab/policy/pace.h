/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_PACE_H
#define POLICY_PACE_H

/* policy/pace.h - how fast a CA is asked. Pure; times are of clock_steady(). How many orders of an
 * account may be at work at a time: a few at first, more and more as long as the CA answers well,
 * ACMEMaxParallel at most; half as many when it says that it is too much, or takes ever longer. How far
 * requests to a host are apart: as its CA has published, or once a web server at its door has said that
 * they are too many. How soon a request is repeated that was not answered by the CA. */

#include <apr_time.h>

#include "base/result.h"

typedef struct pace {
    int most;                  /* ACMEMaxParallel */
    int places;                /* now: 1 to most */
    int warned;                /* it was halved once: from then on it grows slowly */
    int answers;               /* good ones since it last changed; only counted then */
    apr_time_t changed;        /* when it was last halved */
    apr_interval_time_t best;  /* the quickest answer; 0: none yet */
    apr_interval_time_t usual; /* what answers take, smoothed; 0: none since it was halved */
} pace_t;

/** @param most ACMEMaxParallel; 0: auto, which is 100 */
void pace_init(pace_t *pace, int most);

/** The CA answered: there is one place more, so that they double while each of them has an answer. Once
 * it was too much, one place more needs as many answers as make ten for each. Places that nobody takes
 * do not become more.
 * @param active jobs that are at work */
void pace_succeed(pace_t *pace, int active);

/** So long did an answer take that needs no work of the CA. When they take several times as long as
 * the quickest did, and not just one of them, the places are halved; a few are always left.
 * @param sent when it was asked */
void pace_time(pace_t *pace, apr_time_t now, apr_time_t sent);

/** Is this complaint one of too many requests: 429, 503, rateLimited? Others are no sign of a hurry. */
int pace_is_too_much(const eab_result_t *problem);

/** The CA said so: half the places are left, and one at least. What was under way side by side hears
 * the same complaint, and is told once.
 * @param sent when that request was sent */
void pace_fail(pace_t *pace, apr_time_t now, apr_time_t sent);

/** How many requests a CA takes in a second, as it has published. */
typedef struct pace_limit {
    const char *place; /* a host, or what URLs there begin with; without https:// */
    int a_second;
} pace_limit_t;

/** What is known of where a URL leads; NULL: nothing.
 * @param place the URL without https:// */
const pace_limit_t *pace_limit(const char *place);

/** So many requests of one second are remembered; a wider limit is kept by the gap alone. */
#define PACE_REMEMBERED 20

/** The door of a host. All zero: nothing was said, and nothing waits. */
typedef struct pace_door {
    apr_interval_time_t gap;   /* between requests; 0: none */
    apr_time_t next;           /* not before */
    apr_time_t changed;        /* when the gap was last made wider */
    int passed;                /* since it last changed */
    apr_interval_time_t least; /* the gap is never narrower; 0: no limit is known */
    apr_time_t sent;           /* the last request */
    int a_second;              /* the limit, of those that are remembered; 0: none */
    struct {
        apr_time_t sent;
        apr_time_t until; /* it may have come through the door less than a second before that */
    } passing[PACE_REMEMBERED];
} pace_door_t;

/** A door with such a limit, or with none (NULL). */
void pace_door_init(pace_door_t *door, const pace_limit_t *limit);

/** When the next request may be sent: 0, or how long it waits. It takes its turn by that.
 * @param dice in [0, 1): spreads those that wait */
apr_interval_time_t pace_door_wait(pace_door_t *door, apr_time_t now, double dice);

/** May the request be sent whose turn it is? The one before may have been late. Where a limit is known, no more
 * than that many are under way or were answered within the last second: however long each takes to the door, up
 * to a second, no more of them come to it within one.
 * @return 0: yes, and it is; or how long it still waits */
apr_interval_time_t pace_door_go(pace_door_t *door, apr_time_t now);

/** A request was answered, or will not be.
 * @param sent when it was sent, not before pace_door_go() let it */
void pace_door_answered(pace_door_t *door, apr_time_t now, apr_time_t sent);

/** Do requests wait there for so long that more orders at work would only wait as well? */
int pace_door_is_crowded(const pace_door_t *door, apr_time_t now);

/** The door said that it is too much. What was under way side by side hears the same complaint, and
 * is told once.
 * @param sent        when that request was sent
 * @param retry_after seconds that it asked to wait, as far as requests are held at all; -1: unsaid */
void pace_door_refused(pace_door_t *door, apr_time_t now, apr_time_t sent, apr_int64_t retry_after);

/** It let a request through: after 10 of those the gap is half as wide, and soon none, or the least. */
void pace_door_passed(pace_door_t *door);

/** How long to wait before the same request is sent again, after so many answers in a row (1 and up)
 * that were none of the CA's: 1, 2, 4 ... 32 seconds and up to a quarter more, so that it is sent
 * six times in a minute at most; longer when Retry-After says so.
 * @return -1 when that is too long to be waited for with the request in hand */
apr_interval_time_t pace_repeat(int answers, apr_int64_t retry_after, double dice);

#endif
