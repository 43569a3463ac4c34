/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/window.h"

#include <string.h>

#include "base/json.h"
#include "keeper/url.h"
#include "store/generation.h"
#include "store/record.h"

#define FILE_NAME "renewal.json"

static const char *path_of(apr_pool_t *p, const keeper_certificate_t *certificate)
{
    return store_path(p, certificate->means->store, "archive",
                      store_entry(p, certificate->plan->id), FILE_NAME);
}

/* Take it when it is about the certificate in use. @return 0 when it is not */
static int take(keeper_certificate_t *certificate, const json_t *json)
{
    const generation_t *best = certificate->best;
    const char *ari_id = json_peek_string(json, "ari_id");
    apr_pool_t *pool = NULL;
    json_t *kept;

    if (best == NULL || best->facts->ari_id == NULL || ari_id == NULL
        || strcmp(ari_id, best->facts->ari_id) != 0) {
        return 0;
    }
    apr_pool_create(&pool, certificate->means->pool);
    kept = json_copy((json_t *)json); /* the members themselves are shared */
    if (!url_is_plain(json_peek_string(kept, "explanation"))) {
        json_object_del(kept, "explanation"); /* what is kept of it has a limit */
    }
    brief_window_from_json(&certificate->window, kept, pool);
    brief_window_settle(&certificate->window_block, &certificate->window, certificate->means->pool);
    json_decref(kept);
    apr_pool_destroy(pool);
    return 1;
}

void window_open(keeper_certificate_t *certificate)
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

apr_status_t window_keep(keeper_certificate_t *certificate, const json_t *json,
                         eab_result_t *result)
{
    apr_pool_t *pool = NULL;
    apr_status_t rv;

    if (!take(certificate, json)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "This renewal information is not about the certificate of %s.",
                              certificate->title);
    }
    apr_pool_create(&pool, certificate->means->pool);
    rv = record_jot(path_of(pool, certificate),
                    json_own(pool, brief_window_to_json(&certificate->window)), result, pool);
    apr_pool_destroy(pool);
    return rv;
}
