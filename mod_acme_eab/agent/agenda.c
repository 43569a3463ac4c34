/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agenda.h"

#include <apr_tables.h>

/* The entry at place i (from 1) comes before those at 2i and 2i + 1. */
struct agenda {
    apr_array_header_t *entries; /* agenda_entry_t * */
};

agenda_t *agenda_make(apr_pool_t *p)
{
    agenda_t *agenda = apr_pcalloc(p, sizeof(*agenda));

    agenda->entries = apr_array_make(p, 16, sizeof(agenda_entry_t *));
    return agenda;
}

static agenda_entry_t *entry_at(const agenda_t *agenda, int place)
{
    return APR_ARRAY_IDX(agenda->entries, place - 1, agenda_entry_t *);
}

static void set(agenda_t *agenda, int place, agenda_entry_t *entry)
{
    APR_ARRAY_IDX(agenda->entries, place - 1, agenda_entry_t *) = entry;
    entry->place = place;
}

static int is_before(const agenda_entry_t *a, const agenda_entry_t *b)
{
    return a->at < b->at || (a->at == b->at && a->rank < b->rank);
}

static void rise(agenda_t *agenda, agenda_entry_t *entry)
{
    int place = entry->place;

    while (place > 1 && is_before(entry, entry_at(agenda, place / 2))) {
        set(agenda, place, entry_at(agenda, place / 2));
        place /= 2;
    }
    set(agenda, place, entry);
}

static void sink(agenda_t *agenda, agenda_entry_t *entry)
{
    int place = entry->place, next;

    while ((next = 2 * place) <= agenda->entries->nelts) {
        if (next < agenda->entries->nelts
            && is_before(entry_at(agenda, next + 1), entry_at(agenda, next))) {
            ++next;
        }
        if (!is_before(entry_at(agenda, next), entry)) {
            break;
        }
        set(agenda, place, entry_at(agenda, next));
        place = next;
    }
    set(agenda, place, entry);
}

void agenda_put(agenda_t *agenda, agenda_entry_t *entry, apr_time_t at)
{
    entry->at = at;
    if (entry->place == 0) {
        APR_ARRAY_PUSH(agenda->entries, agenda_entry_t *) = entry;
        entry->place = agenda->entries->nelts;
    }
    rise(agenda, entry);
    sink(agenda, entry);
}

void agenda_drop(agenda_t *agenda, agenda_entry_t *entry)
{
    agenda_entry_t *last;

    if (entry->place == 0) {
        return;
    }
    last = *(agenda_entry_t **)apr_array_pop(agenda->entries);
    if (last != entry) {
        set(agenda, entry->place, last);
        rise(agenda, last);
        sink(agenda, last);
    }
    entry->place = 0;
}

agenda_entry_t *agenda_first(const agenda_t *agenda)
{
    return agenda->entries->nelts > 0 ? entry_at(agenda, 1) : NULL;
}
