/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

/* store/ledger.h - what was told of what: told.jsonl, a line {"of":KEY,"told":{...}} for each time that it
 * changes. The last line of a key counts; one that is damaged costs no other. It is written anew when it is
 * loaded and most of its lines do not count any more. */

#include <apr_tables.h>
#include <jansson.h>

#include "store/store.h"

typedef struct ledger ledger_t;

/** What the store has; empty when there is none. Lives in p.
 * @param pnew set when there was no file: nothing was ever told */
ledger_t *ledger_load(const store_t *store, int *pnew, apr_pool_t *p);

/** What was told of key; borrowed until the next ledger_put(); NULL: nothing is known. */
const json_t *ledger_get(const ledger_t *ledger, const char *key);

/** From now on this was told of key, in memory alone. told is given away. */
void ledger_set(ledger_t *ledger, const char *key, json_t *told);

/** Write what was set since the last time, in one piece. What could not be written is tried again
 * with the next.
 * @param durable 0: a power cut may cost it, and what else was written without that since the last time
 * @return APR_SUCCESS, or EAB_PROBLEM_STORE with result */
apr_status_t ledger_save(ledger_t *ledger, int durable, eab_result_t *result);

/** The keys that begin with that (const char *), in p. */
apr_array_header_t *ledger_keys(const ledger_t *ledger, const char *prefix, apr_pool_t *p);

#endif
