/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

/* store/spool.h - events that wait to be told to a program: events/<id>.json, one for each event and
 * program. Who tells one (keeper/courier.h) holds a lock of its file for as long as the program runs, and
 * leaves beside it how that ended: events/<id>.ended.
 *
 *   {"event":{...},"command":"root /usr/local/sbin/hook","attempts":0,"first":T,"next":T,"told":{...}}
 *
 * Ids are "20261130T120000Z-1796040000042"; the number behind the dash says what came first. */

#include <apr_tables.h>
#include <jansson.h>

#include "store/store.h"

/** True for what can be an id. */
int spool_id_is_valid(const char *id);

/** The number in an id; 0 for what is none. */
apr_int64_t spool_number(const char *id);

/** Write or replace one, durably. @return APR_SUCCESS, or EAB_PROBLEM_STORE with result */
apr_status_t spool_put(const store_t *store, const char *id, const json_t *entry,
                       eab_result_t *result);

/** In p; NULL when it is missing or damaged, which is logged. */
json_t *spool_get(const store_t *store, const char *id, apr_pool_t *p);

/** The ids of all, by their numbers. In p */
apr_array_header_t *spool_list(const store_t *store, apr_pool_t *p);

/** It is told, or is not to be told any more. Missing is success. */
apr_status_t spool_remove(const store_t *store, const char *id, apr_pool_t *ptemp);

/** In p. */
const char *spool_path(apr_pool_t *p, const store_t *store, const char *id);

/** Take the lock of the file at path without waiting.
 * @param pfd holds it until it is closed, here and wherever it was handed to; -1 on failure
 * @return APR_EBUSY when somebody has it; else as file_open() */
apr_status_t spool_lock(int *pfd, const char *path);

/** How telling it has ended: the exit status of the program, as shells count. */
apr_status_t spool_ended(const char *path, int status, apr_pool_t *ptemp);

/** The same read, and removed. @return -1: nobody has left a word */
int spool_take_end(const store_t *store, const char *id, apr_pool_t *ptemp);

#endif
