/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_DEMAND_H
#define STORE_DEMAND_H

/* store/demand.h - that root wants another certificate in the place of one, now and not when it is due. It
 * stays until there is one, through crashes and restarts. */

#include <apr_hash.h>

#include "store/store.h"

typedef struct demand {
    apr_time_t since;
    const char
        *replaces; /* the fingerprint of the certificate that was there then; NULL: none was */
} demand_t;

/** @param pdemand in p; NULL when nobody wants any */
void demand_load(demand_t **pdemand, const store_t *store, const char *name, apr_pool_t *p);

/** False when there was none at the time of store_survey() of "demands". */
int demand_is_among(apr_hash_t *survey, const char *name, apr_pool_t *ptemp);

/** @param demand NULL: it is forgotten */
apr_status_t demand_save(const store_t *store, const char *name, const demand_t *demand,
                         apr_pool_t *ptemp);

#endif
