/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/directory.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/record.h"

/* An agent in other hands must not keep the disk at work. */
#define WRITE_INTERVAL apr_time_from_sec(60)

static const char *path_of(apr_pool_t *p, const keeper_account_t *account)
{
    return store_path(p, account->means->store, "accounts", account->registration->id,
                      "directory.json");
}

/* Read into a pool of its own, which takes the place of the one before. */
static void take(keeper_account_t *account, const json_t *json)
{
    apr_pool_t *before = account->told_pool;

    apr_pool_create(&account->told_pool, account->means->pool);
    brief_directory_from_json(&account->told, json, account->told_pool);
    if (before != NULL) {
        apr_pool_destroy(before);
    }
}

void directory_open(keeper_account_t *account)
{
    apr_pool_t *pool = NULL;
    json_t *json = NULL;

    if (account->registration == NULL) {
        return;
    }
    apr_pool_create(&pool, account->means->pool);
    if (record_read(&json, path_of(pool, account), eab_result_make(pool), pool) == APR_SUCCESS) {
        take(account, json);
    }
    apr_pool_destroy(pool);
}

apr_status_t directory_keep(keeper_account_t *account, const json_t *json, eab_result_t *result)
{
    apr_time_t now = clock_steady();
    brief_directory_t told;
    apr_status_t rv;

    brief_directory_from_json(&told, json, result->pool);
    told.seen = apr_time_now();
    if (!brief_directory_is_news(&account->told, &told)) {
        return APR_SUCCESS;
    }
    if (account->told_at != 0 && now - account->told_at < WRITE_INTERVAL) {
        return eab_result_set(result, APR_TIMEUP, EAB_PROBLEM_INTERNAL,
                              "What the CA of account %s says of itself changes too often.",
                              account->plan->label);
    }
    account->told_at = now;
    json = json_own(result->pool, brief_directory_to_json(&told));
    rv = record_write(path_of(result->pool, account), json, result, result->pool);
    if (rv == APR_SUCCESS) {
        take(account, json);
    }
    return rv;
}
