/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_COUNTERS_H
#define STORE_COUNTERS_H

/* store/counters.h - how often something has happened since the store was made: counters.json. Keeper and
 * agent are replaced with each restart of httpd, which comes right after what matters most; so what is
 * counted is written down with it. Numbers only grow.
 *
 *   {"orders":[{"account":"default","result":"issued","count":3},...],
 *    "order_duration":[{"account":"default","buckets":[{"le":5,"count":1},...],"sum":17,"count":3}],
 *    "requests":[{"account":"default","resource":"newOrder","code":"2xx","count":3},...],
 *    "reloads":{"done":1,"refused":0,"failed":0}, "events":{"delivered":0,"given_up":0},
 *    "restarts":{"keeper":0,"agent":0}}
 *
 * Buckets hold all that took at most so many seconds, as Prometheus wants them. There are never more than
 * LIMIT_COUNTED_ACCOUNTS accounts; those beyond are counted as "other". */

#include <apr_tables.h>
#include <jansson.h>

#include "store/store.h"

typedef struct counters counters_t;

typedef enum { ORDER_ISSUED, ORDER_FAILED, ORDER_ABANDONED } counters_order_t;

typedef enum {
    COUNT_RELOADS_DONE,
    COUNT_RELOADS_REFUSED,
    COUNT_RELOADS_FAILED,
    COUNT_EVENTS_DELIVERED,
    COUNT_EVENTS_GIVEN_UP,
    COUNT_KEEPER_RESTARTS,
    COUNT_AGENT_RESTARTS,
    COUNTS
} counters_kind_t;

/** What the store has of accounts with these labels (const char *); all zero when it has none or a damaged
 * one, which is logged. Lives in p. */
counters_t *counters_load(const store_t *store, const apr_array_header_t *labels, apr_pool_t *p);

/** An order of this account has ended. duration: from newOrder to the certificate in the store; less than
 * 0 when that is not known, or it was not issued. */
void counters_order(counters_t *counters, const char *account, counters_order_t result,
                    apr_interval_time_t duration);

/** So many requests for a resource, by name, were answered like that ("2xx", "none" ...). What is no
 * resource is "other".
 * @return APR_EINVAL when code is none, or n is negative */
apr_status_t counters_request(counters_t *counters, const char *account, const char *resource,
                              const char *code, apr_int64_t n);

void counters_add(counters_t *counters, counters_kind_t kind);

/** Write it, durably when that is asked for. */
apr_status_t counters_save(const counters_t *counters, const store_t *store, int durable,
                           eab_result_t *result);

/** As above. A new reference for the caller. */
json_t *counters_to_json(const counters_t *counters);

#endif
