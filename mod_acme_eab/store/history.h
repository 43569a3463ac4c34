/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

/* store/history.h - what has happened, for people: history.jsonl, a JSON object a line, the newest last.
 *
 *   {"at":"2026-11-30T12:00:00Z","event":"issued","name":"www.example.edu",...}
 *
 * When it has reached LIMIT_HISTORY it becomes history.jsonl.1, whose place the one of before leaves. A
 * line that is damaged is passed over and costs no other. Nothing goes by the history but people. */

#include <apr_tables.h>
#include <jansson.h>

#include "store/store.h"

/** What of it is asked for. */
typedef struct history_query {
    apr_time_t since; /* 0: from the beginning */
    apr_time_t until; /* 0: to the end */
    const char *name; /* of a certificate: its "name" or one of its "names"; NULL: everything */
    int limit;        /* so many of the newest; 0: as many as there are */
} history_query_t;

/** Add a line. "at" is put first, and is now when entry has none. Of an entry that is longer than
 * a line may be, members are left out ("names", then "problem"), and that is said ("shortened").
 * @param entry an object with "event"; borrowed
 * @param durable 0: a power cut may cost the line, until history_sync() was called
 * @return APR_SUCCESS, or EAB_PROBLEM_STORE with result */
apr_status_t history_add(const store_t *store, const json_t *entry, int durable,
                         eab_result_t *result);

/** All lines are durable from now on. @return as history_add() */
apr_status_t history_sync(const store_t *store, eab_result_t *result);

/** The oldest first.
 * @return json_t * with objects that belong to p; empty when there is none or it cannot be read */
apr_array_header_t *history_read(const store_t *store, const history_query_t *query, apr_pool_t *p);

#endif
