/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/exports.h"

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"
#include "export/parcel.h"
#include "store/unexported.h"

#define RETRY_SECONDS 15

typedef struct exported {
    const plan_export_t *plan;
    const keeper_certificate_t *certificate;
    apr_pool_t *pool; /* owns problem */
    const char *problem;
    int due; /* the certificate may have changed, or the last attempt failed */
} exported_t;

struct exports {
    const model_t *model;
    agent_line_t *line;
    apr_array_header_t *all; /* exported_t */
    loop_timer_t *timer;
};

static exported_t *exported_at(const exports_t *exports, int i)
{
    return &APR_ARRAY_IDX(exports->all, i, exported_t);
}

/* @return APR_SUCCESS, or why not in result */
static apr_status_t load_pair(chain_t **pchain, keypair_t **pkey, const generation_t *generation,
                              eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv = chain_load(pchain, generation->chain_path, result, p);

    if (rv != APR_SUCCESS)
        return rv;
    rv = keypair_load(pkey, generation->key_path, p);
    if (rv != APR_SUCCESS)
        return store_report(result, rv, generation->key_path, "read");
    return APR_SUCCESS;
}

static apr_status_t prepare(parcel_t *parcel, const plan_export_t *plan, eab_result_t *result,
                            apr_pool_t *p)
{
    parcel->format = plan->format != NULL ? package_format_find(plan->format) : NULL;
    parcel->path = plan->path;
    parcel->uid = plan->uid;
    parcel->gid = plan->gid;
    parcel->mode = (mode_t)plan->mode;
    if (parcel->format == NULL || parcel->path == NULL)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "It is of no known format.");
    if (plan->wrong != NULL)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "Its OWNER:GROUP %s.",
                              plan->wrong);
    if (plan->password_file != NULL
        && (parcel->password = parcel_password(plan->password_file, result, p)) == NULL)
        return result->rv;
    return APR_SUCCESS;
}

static apr_status_t write_one(const exported_t *exported, int *pcount, eab_result_t *result,
                              apr_pool_t *p)
{
    const generation_t *best = exported->certificate->best;
    parcel_t parcel = { .uid = -1 };
    chain_t *chain = NULL;
    keypair_t *key = NULL;
    apr_status_t rv = APR_SUCCESS;

    *pcount = 0;
    if (best == NULL)
        return APR_SUCCESS;
    if ((rv = prepare(&parcel, exported->plan, result, p)) != APR_SUCCESS
        || (rv = load_pair(&chain, &key, best, result, p)) != APR_SUCCESS)
        return rv;
    rv = parcel_make(&parcel, chain, key,
                     APR_ARRAY_IDX(exported->certificate->plan->names, 0, const char *), pcount,
                     result, p);
    keypair_free(p, key);
    return rv;
}

/* Said once, as long as it is the same. */
static void tell(exported_t *exported, apr_status_t rv, int count, const eab_result_t *result)
{
    const plan_export_t *plan = exported->plan;
    apr_pool_t *p = exported->pool;

    if (rv == APR_SUCCESS && (count > 0 || exported->problem != NULL))
        log_line(LOG_LEVEL_INFO, "Certificate %s was exported to %s (%s)", plan->certificate,
                 log_escape(p, plan->path), plan->format);
    if (rv != APR_SUCCESS
        && (exported->problem == NULL || strcmp(exported->problem, result->detail) != 0))
        log_line(LOG_LEVEL_ERROR,
                 "ACMEExport at %s: certificate %s cannot be exported: %s It is tried again every "
                 "15 seconds",
                 log_escape(p, plan->where), plan->certificate, log_escape(p, result->detail));
}

/* @return 1 when what the status shows has changed */
static int attempt(exported_t *exported)
{
    apr_pool_t *old = exported->pool, *ptemp = NULL, *kept = NULL;
    apr_pool_t *parent = apr_pool_parent_get(old);
    eab_result_t *result = NULL;
    int count = 0, had = exported->problem != NULL;
    apr_status_t rv;

    apr_pool_create(&ptemp, parent);
    apr_pool_create(&kept, parent);
    result = eab_result_make(ptemp);
    rv = write_one(exported, &count, result, ptemp);
    tell(exported, rv, count, result);
    exported->due = rv != APR_SUCCESS;
    exported->problem = rv != APR_SUCCESS ? apr_pstrdup(kept, result->detail) : NULL;
    exported->pool = kept;
    apr_pool_destroy(old);
    apr_pool_destroy(ptemp);
    return had || exported->problem != NULL;
}

static void remember(const exports_t *exports)
{
    json_t *sentences = NULL;
    apr_pool_t *ptemp = NULL;
    int i;

    apr_pool_create(&ptemp, exports->model->means->pool);
    sentences = json_own(ptemp, json_object());
    for (i = 0; i < exports->all->nelts; ++i) {
        const exported_t *exported = exported_at(exports, i);

        if (exported->problem != NULL)
            json_put_string(sentences, exported->plan->path, exported->problem);
    }
    unexported_remember(exports->model->means->store, sentences, ptemp);
    apr_pool_destroy(ptemp);
}

static void on_due(void *baton)
{
    exports_t *exports = baton;
    int i, failing = 0, changed = 0;

    if (exports->model->means->store->trouble != NULL)
        return;
    for (i = 0; i < exports->all->nelts; ++i) {
        if (exported_at(exports, i)->due)
            changed |= attempt(exported_at(exports, i));
        failing |= exported_at(exports, i)->due;
    }
    remember(exports);
    if (changed)
        agent_line_tell_exports(exports->line, exports_list(exports));
    if (failing)
        loop_timer_set(exports->timer, apr_time_now() + apr_time_from_sec(RETRY_SECONDS));
}

/* As the keeper before has left them. */
static void recall(exports_t *exports)
{
    const means_t *means = exports->model->means;
    const json_t *sentences = unexported_recall(means->store, means->pool);
    int i;

    for (i = 0; i < exports->all->nelts; ++i) {
        exported_t *exported = exported_at(exports, i);

        exported->problem = json_copy_string(exported->pool, sentences, exported->plan->path);
    }
}

exports_t *exports_make(const model_t *model, agent_line_t *line)
{
    const means_t *means = model->means;
    const apr_array_header_t *plans = means->plan->exports;
    exports_t *exports = apr_pcalloc(means->pool, sizeof(*exports));
    int i;

    exports->model = model;
    exports->line = line;
    exports->all = apr_array_make(means->pool, plans->nelts, sizeof(exported_t));
    exports->timer = loop_timer_make(means->loop, on_due, exports);
    for (i = 0; i < plans->nelts; ++i) {
        const plan_export_t *plan = &APR_ARRAY_IDX(plans, i, plan_export_t);

        const keeper_certificate_t *certificate = model_find(model, plan->certificate);
        exported_t *exported;

        if (certificate == NULL)
            continue;
        exported = memset(apr_array_push(exports->all), 0, sizeof(*exported));
        exported->plan = plan;
        exported->certificate = certificate;
        exported->due = 1;
        apr_pool_create(&exported->pool, means->pool);
    }
    recall(exports);
    return exports;
}

void exports_start(exports_t *exports)
{
    loop_timer_set(exports->timer, apr_time_now());
}

/* Not at once: whoever else hears of it, and the reply to the agent, come first. */
void exports_hear(void *baton, const change_t *change)
{
    exports_t *exports = baton;
    int i;

    if (change->kind != CHANGE_INSTALLED)
        return;
    for (i = 0; i < exports->all->nelts; ++i) {
        if (exported_at(exports, i)->certificate == change->certificate) {
            exported_at(exports, i)->due = 1;
            loop_timer_set(exports->timer, apr_time_now());
        }
    }
}

json_t *exports_list(const exports_t *exports)
{
    json_t *list = exports->all->nelts > 0 ? json_array() : NULL;
    int i;

    for (i = 0; i < exports->all->nelts; ++i) {
        const exported_t *exported = exported_at(exports, i);
        json_t *entry = json_object();

        json_put_string(entry, "name", exported->plan->certificate);
        json_put_string(entry, "format", exported->plan->format);
        json_put_string(entry, "path", exported->plan->path);
        json_put_string(entry, "problem", exported->problem);
        json_array_append_new(list, entry);
    }
    return list;
}
