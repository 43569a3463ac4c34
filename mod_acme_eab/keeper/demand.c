/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/demand.h"

#include <string.h>

static const char *fingerprint_of(const keeper_certificate_t *certificate)
{
    return certificate->best != NULL ? certificate->best->facts->fingerprint : NULL;
}

/* An older one is no other one: what was to be replaced may be revoked by now, and passed over. */
static int is_met(const keeper_certificate_t *certificate, const demand_t *demand)
{
    const char *best = fingerprint_of(certificate);

    return best != NULL
           && (demand->replaces == NULL
               || (strcmp(best, demand->replaces) != 0
                   && certificate->best->installed >= demand->since));
}

void demand_open(keeper_certificate_t *certificate)
{
    const means_t *means = certificate->means;
    const char *id = certificate->plan->id;
    apr_pool_t *pool = NULL;
    demand_t *demand = NULL;

    if (means->store->trouble != NULL) {
        return;
    }
    apr_pool_create(&pool, means->pool);
    if (means->demands == NULL || demand_is_among(means->demands, id, pool)) {
        demand_load(&demand, means->store, id, pool);
    }
    if (demand != NULL && is_met(certificate, demand)) {
        demand_save(means->store, id, NULL, pool);
    }
    else if (demand != NULL) {
        certificate->demanded = demand->since;
    }
    apr_pool_destroy(pool);
}

apr_status_t demand_make(keeper_certificate_t *certificate, eab_result_t *result)
{
    const means_t *means = certificate->means;
    demand_t demand = { apr_time_now(), fingerprint_of(certificate) };
    apr_status_t rv = demand_save(means->store, certificate->plan->id, &demand, result->pool);

    if (rv != APR_SUCCESS) {
        changes_tell_store(means->changes);
        return store_report(result, rv,
                            store_path(result->pool, means->store, "demands", NULL, NULL),
                            "written to");
    }
    certificate->demanded = demand.since;
    return APR_SUCCESS;
}
