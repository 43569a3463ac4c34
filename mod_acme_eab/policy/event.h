/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_EVENT_H
#define POLICY_EVENT_H

/* policy/event.h - when an event is due: by what is so now, and what was told before. What was told is
 * remembered with the event (store/ledger.h), so that nothing is told twice, and nothing is left out when a
 * process ends between what happened and its telling. */

#include <apr_time.h>

#include "base/event.h"

/** What is so with one certificate now. Strings are compared, not kept. */
typedef struct event_facts {
    const char *newest;  /* fingerprint of the newest one in the store; NULL: none */
    int number;          /* its, counted up with each */
    apr_time_t issued;   /* when that came; the clock may have been put back since the one before */
    const char *missing; /* the configured names that it lacks, as one text; "" when none */
    const char *served;  /* fingerprint of what httpd has loaded; NULL: nothing */
    const char *ends; /* fingerprint of the one whose end counts: what is served, else the newest */
    apr_time_t not_before, not_after; /* its */
    apr_interval_time_t
        margin;          /* how long before that the renewal is planned; 0: a third of its life */
    const char *problem; /* type of what fails; NULL: nothing does */
    const char *lapsing; /* the name whose validation ends next; NULL: unknown or no matter */
    apr_time_t lapses;   /* when */
    apr_interval_time_t lapse_life; /* how long validations last; 0: unknown */
} event_facts_t;

/** What was told of it. */
typedef struct event_told {
    const char *issued;    /* fingerprint */
    int number;            /* event_facts_t.number of that, */
    apr_time_t issued_at;  /* and event_facts_t.issued */
    const char *deployed;  /* fingerprint */
    const char *problem;   /* type; NULL: the end of it, or nothing */
    apr_time_t problem_at; /* when that was told */
    const char
        *failed; /* fingerprint of the newest certificate when that type was first told; NULL:
                              none */
    const char *judged;  /* fingerprint of the certificate whose missing names were looked at */
    const char *missing; /* those that were told; NULL or "": none */
    const char *ends;    /* fingerprint of the one that these are of: */
    int threshold;       /* how many of its thresholds were told */
    int expired;
    const char *lapsing;
    apr_time_t lapses;
} event_told_t;

/** The next event that is due at once; EVENT_NONE: none. Several can be: note each, and ask again. */
event_kind_t event_due(apr_time_t now, const event_facts_t *facts, const event_told_t *told);

/** It is told: remember it. The strings are those of facts. EVENT_NONE takes over what follows from the
 * facts without a word. */
void event_note(event_told_t *told, event_kind_t kind, apr_time_t now, const event_facts_t *facts);

/** What was told of a certificate that nothing is known of yet: all that is so, but not that it is served
 * unless served says so, and not what is in a bad way. */
void event_begin(event_told_t *told, const event_facts_t *facts, int served);

/** When one is due if nothing changes but the time; 0: never. */
apr_time_t event_next(apr_time_t now, const event_facts_t *facts, const event_told_t *told);

/** Is a failure told, again or for the first time? It is when its type has changed, and each day.
 * @param told_type type that was told; NULL: none */
int event_problem_is_due(apr_time_t now, const char *type, const char *told_type,
                         apr_time_t told_at);

/** When an event that a program has refused is tried again.
 * @param attempts how often it was tried, 1 and up
 * @param since    when that was first
 * @param span     how long it is tried (ACMEEventRetry)
 * @return 0: it is given up */
apr_time_t event_retry(apr_time_t now, int attempts, apr_time_t since, apr_interval_time_t span);

#endif
