/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

/* store/journal.h - the order in flight: what must be in the store before the request that makes it
 * matter, so that after a kill at any instruction the order is resumed and never made twice.
 *
 * Before finalize nothing was issued, and nothing is waited for until it is on disk: a power cut may cost an
 * order that was not finalized, with its key. Then another one is placed, and the lost one ends at the CA
 * without a certificate. Who finalizes it makes record and key durable first: see journal_paths(). */

#include <apr_tables.h>

#include "base/file.h"
#include "crypto/keypair.h"
#include "store/store.h"

typedef struct journal {
    const char *account;       /* registration id */
    apr_array_header_t *names; /* const char *: what was ordered */
    apr_array_header_t *of; /* const char *: what was configured then, if that was more; or NULL */
    const char *key_type;
    const char *order_url; /* NULL: newOrder was signed, its answer has not come */
    const char *finalize;  /* URL, as the CA told it with the order; NULL: it did not */
    int finalized;         /* finalize was signed: the CA may be issuing */
    apr_time_t since;      /* when newOrder was signed */
    int trial; /* root wanted to see what the CA says of it: it is used when a certificate is due */
} journal_t;

/** @return APR_SUCCESS; APR_ENOENT when no order is in flight; a damaged journal is set aside
 *          (renamed to order.json.damaged) and reported as APR_EINVAL. *pjournal NULL on failure */
apr_status_t journal_load(journal_t **pjournal, const store_t *store, const char *name,
                          eab_result_t *result, apr_pool_t *p);

/** False when there was none at the time of store_survey() of "pending". */
int journal_is_among(apr_hash_t *survey, const char *name, apr_pool_t *ptemp);

/** Write order.json; not durable. */
apr_status_t journal_save(const store_t *store, const char *name, const journal_t *journal,
                          eab_result_t *result, apr_pool_t *ptemp);

/** Write privkey.pem; not durable. */
apr_status_t journal_save_key(const store_t *store, const char *name, const keypair_t *key,
                              eab_result_t *result, apr_pool_t *ptemp);

/** What has to be durable before anybody is asked to finalize the order: its record, its key, and where they
 * are. For file_sync_together(), each in p or NULL; the name is one that was saved. */
void journal_paths(const char *paths[FILE_TOGETHER_MAX], const store_t *store, const char *name,
                   apr_pool_t *p);

/** The file of that key. In p; NULL when the name is not fit for the store. */
const char *journal_key_path(apr_pool_t *p, const store_t *store, const char *name);

/** APR_ENOENT when there is none (yet). */
apr_status_t journal_load_key(keypair_t **pkey, const store_t *store, const char *name,
                              apr_pool_t *p);

/** The order is done or given up: remove pending/<name>, with the key. After a power cut it may be there again,
 * as it was or in part: of an order whose certificate is installed, or that is looked at once more. */
apr_status_t journal_remove(const store_t *store, const char *name, apr_pool_t *ptemp);

#endif
