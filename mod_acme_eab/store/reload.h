/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_RELOAD_H
#define STORE_RELOAD_H

/* store/reload.h - when httpd was last restarted by us, and for which certificates: reload.json. It
 * outlives the keeper, which ends with each restart, so that a certificate that httpd does not load
 * for whatever reason cannot make it restart for ever. A certificate is known by its fingerprint:
 * numbers of generations begin anew when somebody has removed them. */

#include <apr_tables.h>
#include <jansson.h>

#include "store/store.h"

typedef struct reload_memory {
    apr_time_t last;    /* 0: never */
    apr_time_t renewed; /* the last restart that was for renewals as well; 0: never */
    json_t *asked;      /* name -> {certificate, count} */
    const char
        *restarting; /* for which certificates httpd was signalled, and has not come back since:
                               for people; NULL: nothing is under way */
} reload_memory_t;

/** A missing or damaged file gives an empty memory. In p. */
reload_memory_t *reload_memory_load(const store_t *store, apr_pool_t *p);

/** The same once more, in p; and back to that. */
reload_memory_t *reload_memory_copy(const reload_memory_t *memory, apr_pool_t *p);
void reload_memory_restore(reload_memory_t *memory, const reload_memory_t *copy);

/** How often httpd was restarted so that it loads this certificate. */
int reload_memory_asked(const reload_memory_t *memory, const char *name, const char *fingerprint);

/** Once more for this certificate; an older one of that name is forgotten. */
void reload_memory_ask(reload_memory_t *memory, const char *name, const char *fingerprint);

/** Forget the names that are not among these: they are served, or not configured any more.
 * @param names the keys of it */
void reload_memory_keep(reload_memory_t *memory, apr_hash_t *names);

/** Write it, durably. On failure httpd must not be restarted: it would be for ever. */
apr_status_t reload_memory_save(const store_t *store, const reload_memory_t *memory,
                                eab_result_t *result, apr_pool_t *ptemp);

#endif
