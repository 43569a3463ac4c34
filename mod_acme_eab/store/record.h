/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

/* store/record.h - one JSON object in one file, indented for the administrator who opens it. */

#include <apr_tables.h>
#include <jansson.h>

#include "store/store.h"

/** @param pjson an object owned by p; NULL on failure
 * @return APR_ENOENT ... of the file; APR_EINVAL with a sentence in result when it is damaged */
apr_status_t record_read(json_t **pjson, const char *path, eab_result_t *result, apr_pool_t *p);

/** The same of an entry of an open directory in the store, for what is read without a word.
 * @return as record_read(), with no sentence */
apr_status_t record_read_entry(json_t **pjson, int dir, const char *entry, apr_pool_t *p);

/** What can be done without: NULL when it is missing or damaged, and then the log says so. In p. */
json_t *record_recall(const char *path, apr_pool_t *p);

/** Write it durably, mode 0600. A directory in its place is set aside (".damaged"). */
apr_status_t record_write(const char *path, const json_t *json, eab_result_t *result,
                          apr_pool_t *ptemp);

/** The same, not durable, for what can be done without or is made durable later: see store_jot(). */
apr_status_t record_jot(const char *path, const json_t *json, eab_result_t *result,
                        apr_pool_t *ptemp);

/** What it writes, in p; NULL when memory is out. */
const char *record_text(const json_t *json, apr_pool_t *p);

/** An array of the strings (const char *); a new reference, NULL when memory is out. */
json_t *record_strings(const apr_array_header_t *strings);

/** The strings of an array, copied into p; NULL when json is no array or holds something else. */
apr_array_header_t *record_copy_strings(apr_pool_t *p, const json_t *json);

#endif
