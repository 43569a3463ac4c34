/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_LEFTOVER_H
#define STORE_LEFTOVER_H

/* store/leftover.h - what lies in the store and belongs to nothing that is configured any more, and
 * since when that is known (leftovers.json). There are private keys among it, so it is told; whether it
 * is needed again, a person knows. */

#include <apr_tables.h>

#include "store/store.h"

typedef struct leftover {
    const char *name;          /* the directory's: a name's in archive/, an id's in accounts/ */
    apr_time_t since;          /* when it was first seen to be one */
    int is_new;                /* that is now */
    apr_array_header_t *paths; /* const char *: the directories to remove */
} leftover_t;

/** Certificates and unfinished orders of other names than used. Orders that cannot have led to a
 * certificate are removed: nobody will ask for that one again.
 * @param used  const char *: what is configured, as store_entry() has it
 * @return leftover_t, sorted by name. In p */
apr_array_header_t *leftover_certificates(const store_t *store, const apr_array_header_t *used,
                                          apr_time_t now, apr_pool_t *p);

/** The same for accounts; used are registration ids. */
apr_array_header_t *leftover_accounts(const store_t *store, const apr_array_header_t *used,
                                      apr_time_t now, apr_pool_t *p);

/** Remember since when, and forget what is not among them. A failure costs that knowledge alone. */
void leftover_remember(const store_t *store, const apr_array_header_t *certificates,
                       const apr_array_header_t *accounts, apr_pool_t *ptemp);

#endif
