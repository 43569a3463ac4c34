/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_RELOAD_H
#define STORE_RELOAD_H

/* store/reload.h - when httpd was last restarted by us, and for which generations: reload.json. It
 * outlives the keeper, which ends with each restart, so that a generation that httpd does not load
 * for whatever reason cannot make it restart for ever. */

#include <jansson.h>

#include "store/store.h"

typedef struct reload_memory {
    apr_time_t last; /* 0: never */
    json_t *asked;   /* name -> {generation, count} */
} reload_memory_t;

/** A missing or damaged file gives an empty memory. In p. */
reload_memory_t *reload_memory_load(const store_t *store, apr_pool_t *p);

/** How often httpd was restarted so that it loads this generation. */
int reload_memory_asked(const reload_memory_t *memory, const char *name, const char *generation);

/** Once more for this generation; an older one of that name is forgotten. */
void reload_memory_ask(reload_memory_t *memory, const char *name, const char *generation);

/** Write it, durably. On failure httpd must not be restarted: it would be for ever. */
apr_status_t reload_memory_save(const store_t *store, const reload_memory_t *memory,
                                eab_result_t *result, apr_pool_t *ptemp);

#endif
