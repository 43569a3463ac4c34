/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_AGENDA_H
#define AGENT_AGENDA_H

/* agent/agenda.h - what is to be looked at, and when: of thousands of entries the next one is found
 * without a look at the others. A binary heap. */

#include <apr_pools.h>
#include <apr_time.h>

typedef struct agenda agenda_t;

/** Part of what it is about, all zero at first but for rank and owner. */
typedef struct agenda_entry {
    apr_time_t at;
    int rank;  /* of those at the same time the smallest comes first */
    int place; /* in the heap, from 1; 0: it is on no agenda */
    void *owner;
} agenda_entry_t;

agenda_t *agenda_make(apr_pool_t *p);

/** From now on the entry is there at that time, and at no other. It lives until it is dropped. */
void agenda_put(agenda_t *agenda, agenda_entry_t *entry, apr_time_t at);

/** No more; nothing when it is not there. */
void agenda_drop(agenda_t *agenda, agenda_entry_t *entry);

/** The earliest, which stays; NULL: there is none. */
agenda_entry_t *agenda_first(const agenda_t *agenda);

#endif
