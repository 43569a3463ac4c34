/* SPDX-License-Identifier: Apache-2.0 */
#include "store/act.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "store/record.h"

#define SUFFIX ".json"

/* What is told of thousands of certificates is told again when somebody asks again. */
#define TOLD_MAX (LIMIT_RECORD / 4)

static const char *act_path(apr_pool_t *p, const store_t *store, const char *id)
{
    return store_path(p, store, "acts", apr_pstrcat(p, id, SUFFIX, NULL), NULL);
}

static json_t *act_object(apr_pool_t *p, const json_t *json)
{
    return json_own(p, json_is_object(json) ? json_deep_copy(json) : json_object());
}

act_t *act_make(const char *id, const char *command, const json_t *arguments, const json_t *by,
                apr_pool_t *p)
{
    apr_pool_t *pool = NULL;
    act_t *act;

    apr_pool_create(&pool, p);
    act = apr_pcalloc(pool, sizeof(*act));
    act->pool = pool;
    act->id = apr_pstrdup(pool, id);
    act->command = apr_pstrdup(pool, command);
    act->arguments = act_object(pool, arguments);
    act->by = act_object(pool, by);
    act->at = apr_time_now();
    act->state = json_own(pool, json_object());
    act->told = json_own(pool, json_object());
    act->problem = eab_result_make(pool);
    return act;
}

static int act_fits(const json_t *told)
{
    size_t length = json_dumpb(told, NULL, 0, JSON_COMPACT);

    return length > 0 && length <= TOLD_MAX;
}

apr_status_t act_save(const store_t *store, const act_t *act, eab_result_t *result,
                      apr_pool_t *ptemp)
{
    json_t *json = json_own(ptemp, json_object());
    apr_status_t rv = store_make_directory(store, "acts", NULL, result, ptemp);

    if (rv != APR_SUCCESS)
        return rv;
    json_put_string(json, "command", act->command);
    json_object_set(json, "arguments", act->arguments);
    json_object_set(json, "by", act->by);
    json_put_time(json, "at", act->at);
    json_object_set_new(json, "begun", json_boolean(act->begun));
    json_object_set_new(json, "ended", json_boolean(act->ended));
    json_object_set(json, "state", act->state);
    if (act_fits(act->told))
        json_object_set(json, "told", act->told);
    if (act->problem->rv != APR_SUCCESS)
        json_object_set_new(json, "problem", eab_result_to_json(act->problem));
    return record_write(act_path(ptemp, store, act->id), json, result, ptemp);
}

apr_status_t act_remove(const store_t *store, const act_t *act, apr_pool_t *ptemp)
{
    return file_remove(act_path(ptemp, store, act->id));
}

/* NULL: it is damaged, which was logged. */
static act_t *act_load(const store_t *store, const char *id, apr_pool_t *p)
{
    apr_pool_t *ptemp = NULL;
    const json_t *json;
    act_t *act = NULL;

    apr_pool_create(&ptemp, p);
    json = record_recall(act_path(ptemp, store, id), ptemp);
    if (json != NULL && json_peek_string(json, "command") != NULL) {
        act = act_make(id, json_peek_string(json, "command"), json_object_get(json, "arguments"),
                       json_object_get(json, "by"), p);
        act->at = json_peek_time(json, "at");
        act->begun = json_peek_bool(json, "begun", 0);
        act->ended = json_peek_bool(json, "ended", 0);
        act->state = act_object(act->pool, json_object_get(json, "state"));
        act->told = act_object(act->pool, json_object_get(json, "told"));
        eab_result_from_json(act->problem, json_object_get(json, "problem"));
    }
    apr_pool_destroy(ptemp);
    return act;
}

static int act_is_older(const void *a, const void *b)
{
    const act_t *one = *(act_t *const *)a, *other = *(act_t *const *)b;

    return one->at < other->at ? -1 : one->at > other->at;
}

static int act_is_over(const act_t *act, int behind)
{
    return act->ended && (behind >= ACTS_KEPT || act->at < apr_time_now() - ACTS_AGE);
}

apr_array_header_t *act_list(const store_t *store, apr_pool_t *p)
{
    apr_array_header_t *entries = file_list_directory(store_path(p, store, "acts", NULL, NULL), p);
    apr_array_header_t *all = apr_array_make(p, 8, sizeof(act_t *));
    apr_array_header_t *kept = apr_array_make(p, 8, sizeof(act_t *));
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *);
        const char *id = apr_pstrndup(p, entry, ACT_ID_DIGITS);
        act_t *act = NULL;

        if (hex_is_valid(id, ACT_ID_DIGITS) && strcmp(entry + ACT_ID_DIGITS, SUFFIX) == 0)
            act = act_load(store, id, p);
        if (act != NULL)
            APR_ARRAY_PUSH(all, act_t *) = act;
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(act_t *), act_is_older);
    for (i = 0; i < all->nelts; i++) {
        act_t *act = APR_ARRAY_IDX(all, i, act_t *);

        if (act_is_over(act, all->nelts - 1 - i)) {
            act_remove(store, act, p);
            apr_pool_destroy(act->pool);
        }
        else
            APR_ARRAY_PUSH(kept, act_t *) = act;
    }
    return kept;
}
