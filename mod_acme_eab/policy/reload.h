/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_RELOAD_H
#define POLICY_RELOAD_H

/* policy/reload.h - when to restart httpd gracefully so that new certificates are used. Pure. */

#include <apr_time.h>

typedef struct reload_facts {
    int waiting;        /* certificates that are installed and not loaded */
    int first;          /* one of them is for a vhost that has none */
    apr_time_t oldest;  /* when the first of them was installed */
    apr_time_t newest;  /* when the last of them was */
    apr_time_t last;    /* the last restart that was asked for; 0: never */
    apr_time_t refused; /* the last refusal of the configuration test since then; 0: none */
    int refusals;       /* in a row */
    int coming;         /* further vhosts without a certificate whose orders are well under way */
} reload_facts_t;

/** When to run the configuration test and signal httpd. Times of the future come from a clock that was
 * set since, and are not believed.
 * At once for the first certificate of a vhost; while those of further vhosts are coming, two
 * seconds after the newest, 20 s after the oldest at the latest: a restart of its own for each would
 * make all of them wait. Else 5 s after the newest, 60 s after the oldest at the latest. Never within 10 s of
 * the last restart; after a refusal 10 s later, then 30 s, then every minute.
 * @return 0 when nothing is waiting; a time in the past means now */
apr_time_t reload_decide(apr_time_t now, const reload_facts_t *facts);

#endif
