/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/flight.h"

#include "base/json.h"

flight_t *flight_begin(apr_pool_t *parent, const brief_certificate_t *brief)
{
    apr_pool_t *pool = NULL;
    flight_t *flight;
    json_t *json;

    apr_pool_create(&pool, parent);
    flight = apr_pcalloc(pool, sizeof(*flight));
    flight->pool = pool;
    flight->memory = acme_memory_make(pool);
    if (brief->order_url != NULL) {
        json = json_object();
        json_put_string(json, "finalize", brief->order_finalize);
        acme_memory_note(flight->memory, brief->order_url, json);
        json_decref(json);
    }
    return flight;
}

void flight_keep(flight_t *flight, acme_order_t *order, apr_pool_t *pool)
{
    if (flight->order_pool != NULL) {
        apr_pool_destroy(flight->order_pool);
    }
    flight->order_pool = pool;
    flight->order = order;
}

void flight_end(flight_t *flight)
{
    flight_keep(flight, NULL, NULL);
    apr_pool_destroy(flight->pool);
}
