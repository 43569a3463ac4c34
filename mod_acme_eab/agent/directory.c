/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/directory.h"

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"

static void on_kept(void *baton, const json_t *body, const eab_result_t *result)
{
    agent_account_t *account = baton;

    (void)body;
    --account->telling;
    if (result->rv == APR_SUCCESS) {
        if (account->telling == 0) {
            account->untold = 0;
            account->told_kept = account->brief->told.seen;
        }
        return;
    }
    log_line(LOG_LEVEL_INFO, "Account %s: what the CA says of itself was not stored: %s",
             account->brief->label, result->detail);
}

static void tell_keeper(agent_account_t *account)
{
    json_t *body = json_object();

    ++account->telling;
    json_object_set_new(body, "account", json_integer(account->index));
    json_object_set_new(body, "directory", brief_directory_to_json(&account->brief->told));
    link_request(account->kit->link, MESSAGE_DIRECTORY, body, on_kept, account);
}

static json_t *describe(const acme_directory_t *directory)
{
    json_t *json = json_object();

    json_put_time(json, "seen", apr_time_now());
    json_put_string(json, "terms", directory->terms);
    json_put_string(json, "website", directory->website);
    json_object_set_new(json, "eab_required", json_boolean(directory->eab_required));
    json_object_set_new(json, "renewal_info", json_boolean(directory->renewal_info != NULL));
    json_object_set(json, "caa_identities", directory->caa_identities);
    json_object_set(json, "profiles", directory->profiles);
    return json;
}

/* The agent holds to the same sizes as the keeper: both read it by the same function. */
void directory_follow(agent_account_t *account)
{
    const acme_directory_t *directory = acme_session_seen(account->session);
    brief_directory_t before = account->brief->told, told;
    apr_pool_t *pool = NULL;

    if (directory == NULL || directory == account->followed || account->brief->broken != NULL) {
        return;
    }
    account->followed = directory;
    apr_pool_create(&pool, account->kit->pool);
    brief_directory_from_json(&told, json_own(pool, describe(directory)), pool);
    before.seen = account->told_kept;
    account->untold |= brief_directory_is_news(&before, &told);
    account->brief->told = told;
    if (account->told_pool != NULL) {
        apr_pool_destroy(account->told_pool);
    }
    account->told_pool = pool;
    kit_touch(account->kit);
    if (account->untold) {
        tell_keeper(account);
    }
}

json_t *directory_to_json(const agent_account_t *account)
{
    json_t *json = brief_directory_to_json(&account->brief->told);

    json_object_del(json, "profiles");
    return json;
}

json_t *directory_profiles(const agent_account_t *account)
{
    json_t *profiles = account->brief->told.profiles;

    return profiles != NULL ? json_deep_copy(profiles) : json_object();
}
