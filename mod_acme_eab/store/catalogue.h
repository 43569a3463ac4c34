/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CATALOGUE_H
#define STORE_CATALOGUE_H

/* store/catalogue.h - which certificates in the archive have a name, found by the name: for thousands of names
 * that have none of their own, beside thousands of certificates. */

#include <apr_tables.h>

#include "store/store.h"

typedef struct catalogue catalogue_t;

/** Read all of the archive as it is now: each generation once, whatever its dates are. In p. */
catalogue_t *catalogue_make(const store_t *store, apr_pool_t *p);

/** The entries of archive/ (const char *, each once, in the order of file_list_directory()) of which a generation
 * covers at least one of the names. In p; the names of the entries are the catalogue's. */
apr_array_header_t *catalogue_find(const catalogue_t *catalogue, const apr_array_header_t *names,
                                   apr_pool_t *p);

#endif
