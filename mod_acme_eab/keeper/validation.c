/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/validation.h"

#include <string.h>

#include "base/json.h"
#include "store/generation.h"
#include "store/record.h"

#define FILE_NAME "validations.json"

static const char *path_of(apr_pool_t *p, const keeper_certificate_t *certificate)
{
    return store_path(p, certificate->means->store, "archive",
                      store_entry(p, certificate->plan->id), FILE_NAME);
}

/* Take it when it is about the certificate in use. @return 0 when it is not */
static int take(keeper_certificate_t *certificate, const json_t *json)
{
    const generation_t *best = certificate->best;
    const char *fingerprint = json_peek_string(json, "fingerprint");
    apr_pool_t *pool = NULL;

    if (best == NULL || best->facts->fingerprint == NULL || fingerprint == NULL
        || strcmp(fingerprint, best->facts->fingerprint) != 0) {
        return 0;
    }
    apr_pool_create(&pool, certificate->means->pool);
    brief_validations_from_json(&certificate->validations, json, pool);
    brief_validations_settle(&certificate->validations_block, &certificate->validations,
                             certificate->means->pool);
    apr_pool_destroy(pool);
    return 1;
}

void validation_open(keeper_certificate_t *certificate)
{
    const means_t *means = certificate->means;
    apr_pool_t *pool = NULL;
    const json_t *json;

    apr_pool_create(&pool, means->pool);
    if (generation_has_beside(means->archive, certificate->plan->id, FILE_NAME, pool)
        && (json = record_recall(path_of(pool, certificate), pool)) != NULL) {
        take(certificate, json);
    }
    apr_pool_destroy(pool);
}

apr_status_t validation_keep(keeper_certificate_t *certificate, const json_t *json,
                             eab_result_t *result)
{
    apr_pool_t *pool = NULL;
    apr_status_t rv;

    if (!take(certificate, json)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "These validations do not belong to the certificate of %s.",
                              certificate->title);
    }
    apr_pool_create(&pool, certificate->means->pool);
    rv = record_jot(path_of(pool, certificate),
                    json_own(pool, brief_validations_to_json(&certificate->validations)), result,
                    pool);
    apr_pool_destroy(pool);
    return rv;
}
