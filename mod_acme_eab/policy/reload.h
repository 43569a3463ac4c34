/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_RELOAD_H
#define POLICY_RELOAD_H

/* policy/reload.h - when to restart httpd gracefully so that new certificates are used. Pure: the
 * clock and the time zone are arguments. */

#include <apr_time.h>

/** The time of the day for restarts that can wait: minutes since midnight, from the first on, before
 * the second; it may go over midnight. Both the same: there is none. */
typedef struct reload_window {
    int from;
    int to;
} reload_window_t;

/** What the local clock shows. */
typedef struct reload_zone {
    int offset;        /* seconds that it is ahead of UTC now */
    apr_time_t change; /* when that changes in the days to come; 0: it does not */
    int after;         /* and is this then */
} reload_zone_t;

typedef struct reload_facts {
    int waiting;        /* certificates that are installed and not loaded */
    int first;          /* one of them is for a vhost that has none */
    apr_time_t oldest;  /* when the first of them was installed */
    apr_time_t newest;  /* when the last of them was */
    apr_time_t last;    /* the last restart that was asked for; 0: never */
    apr_time_t refused; /* the last refusal of a rehearsal since then; 0: none */
    int refusals;       /* in a row */
    int coming;         /* further vhosts without a certificate whose orders are well under way */
    int urgent;         /* one of them is no mere renewal: somebody waits for it */
    /* Of renewals, which take the place of one that is as good but for its age: */
    apr_time_t since; /* when the first of them came; it outlives the process, other than oldest */
    apr_time_t deadline; /* when one of them must be in use: reload_deadline() */
    apr_time_t expected; /* when the next one of this server will come; 0: nobody knows of any */
    apr_time_t renewed;  /* the last restart that was for renewals as well; 0: never */
    reload_window_t window;
    reload_zone_t zone;
} reload_facts_t;

/** What a restart waits for. */
typedef enum {
    RELOAD_AT_ONCE, /* nothing but others that arrive in the same minute */
    RELOAD_OTHERS,  /* other renewals that are about to come */
    RELOAD_DAY,     /* a day is to pass since the last one for renewals */
    RELOAD_WINDOW,  /* the time of the day */
    RELOAD_DEADLINE /* it would wait for longer, but what is served comes near its end */
} reload_cause_t;

typedef struct reload_decision {
    apr_time_t when; /* 0: nothing is waiting; a time in the past means now */
    reload_cause_t cause;
} reload_decision_t;

/** When a renewed certificate must be in use at the latest, by what it takes the place of: a twentieth
 * of that one's life before its end, but six hours at least (a quarter of the life, where that is
 * less), so that there is time to mend a configuration that does not pass the test.
 * @param suggested the end of the time in which the CA suggests to renew that one (RFC 9773): the CA may
 *                  revoke it then; 0: it suggests nothing */
apr_time_t reload_deadline(apr_time_t not_before, apr_time_t not_after, apr_time_t suggested);

/** True when the local clock shows a time in the window; also when there is none. */
int reload_is_open(apr_time_t time, const reload_window_t *window, const reload_zone_t *zone);

/** When to rehearse a restart and signal httpd. Times of the future come from a clock that was
 * set since, and are not believed.
 * At once for the first certificate of a vhost; while those of further vhosts are coming, two
 * seconds after the newest, 20 s after the oldest at the latest: a restart of its own for each would
 * make all of them wait. Else 5 s after the newest, 60 s after the oldest at the latest. Never within 10 s of
 * the last restart; after a refusal 10 s later, then 30 s, then every minute.
 *
 * Where all that wait are renewals, which nobody waits for, they share a restart: they wait for
 * others that are expected within a day of the oldest, there is no second restart for renewals within
 * a day, and it happens in the window, where there is one (then others are waited for until its
 * last minute). A window that a night does not have, since the clock is put forward over it, comes
 * the night after. Nothing of this puts a restart off beyond the deadline. */
reload_decision_t reload_decide(apr_time_t now, const reload_facts_t *facts);

#endif
