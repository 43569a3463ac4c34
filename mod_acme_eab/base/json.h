/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

/* base/json.h - jansson values that belong to a pool. Everything below an owned root is borrowed
 * and lives as long as the pool. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

/** Give the reference to the pool; NULL passes through. @return json */
json_t *json_own(apr_pool_t *p, json_t *json);

/** Parse remote or stored text: duplicate members and nesting over LIMIT_JSON_DEPTH are refused.
 * Any JSON value at the top is accepted.
 * @return a value owned by p, or NULL; then *perror (may be NULL) is a short reason in p */
json_t *json_parse(apr_pool_t *p, const char *text, apr_size_t len, const char **perror);

/** Compact text with the members in the order they were set. Lives in p. NULL when memory is out. */
const char *json_text(apr_pool_t *p, const json_t *json);

/** The member as a string copied into p, or NULL when it is missing or no string. */
const char *json_copy_string(apr_pool_t *p, const json_t *object, const char *key);

/** The member as a borrowed string, or NULL. */
const char *json_peek_string(const json_t *object, const char *key);

/** The member as an integer, or other when it is missing or none. */
apr_int64_t json_peek_int(const json_t *object, const char *key, apr_int64_t other);

/** The member as a boolean, or other. */
int json_peek_bool(const json_t *object, const char *key, int other);

/** Set a string member, or leave it out when value is NULL or not UTF-8. */
void json_put_string(json_t *object, const char *key, const char *value);

/** Set a time as RFC 3339 text, or leave it out when it is 0. */
void json_put_time(json_t *object, const char *key, apr_time_t time);

/** The member as a time, or 0. */
apr_time_t json_peek_time(const json_t *object, const char *key);

/** Set a member to an array of const char *, or of int. */
void json_put_strings(json_t *object, const char *key, const apr_array_header_t *strings);
void json_put_ints(json_t *object, const char *key, const apr_array_header_t *ints);

/** The strings, or integers, of an array member, in p; others in it are skipped. Empty when the
 * member is missing or no array. */
apr_array_header_t *json_copy_strings(apr_pool_t *p, const json_t *object, const char *key);
apr_array_header_t *json_copy_ints(apr_pool_t *p, const json_t *object, const char *key);

#endif
