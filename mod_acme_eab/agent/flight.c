/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/flight.h"

#include <string.h>

#include "base/json.h"

flight_t *flight_begin(apr_pool_t *parent, const brief_certificate_t *brief)
{
    flight_t *flight = apr_pcalloc(parent, sizeof(*flight));
    json_t *json;

    flight->parent = parent;
    if (brief->order_url != NULL) {
        json = json_object();
        json_put_string(json, "finalize", brief->order_finalize);
        acme_memory_note(flight_memory(flight), brief->order_url, json);
        json_decref(json);
    }
    return flight;
}

apr_pool_t *flight_pool(flight_t *flight)
{
    if (flight->pool == NULL) {
        apr_pool_create(&flight->pool, flight->parent);
    }
    return flight->pool;
}

acme_memory_t *flight_memory(flight_t *flight)
{
    if (flight->memory == NULL) {
        flight->memory = acme_memory_make(flight_pool(flight));
    }
    return flight->memory;
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
    apr_pool_t *parent = flight->parent;

    flight_keep(flight, NULL, NULL);
    if (flight->pool != NULL) {
        apr_pool_destroy(flight->pool);
    }
    memset(flight, 0, sizeof(*flight));
    flight->parent = parent;
}
