/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/directory.h"

#include <apr_strings.h>

#include "base/json.h"
#include "base/log.h"
#include "ipc/message.h"

static void on_kept(void *baton, const json_t *body, const eab_result_t *result)
{
    directory_t *directory = baton;

    (void)body;
    --directory->telling;
    if (result->rv == APR_SUCCESS) {
        if (directory->telling == 0) {
            directory->untold = 0;
            directory->kept = directory->brief->told.seen;
        }
        return;
    }
    log_line(LOG_LEVEL_INFO, "Account %s: what the CA says of itself was not stored: %s",
             directory->brief->label, result->detail);
}

static void tell_keeper(directory_t *directory)
{
    json_t *body = json_object();

    ++directory->telling;
    json_object_set_new(body, "account", json_integer(directory->index));
    json_object_set_new(body, "directory", brief_directory_to_json(&directory->brief->told));
    link_request(directory->kit->link, MESSAGE_DIRECTORY, body, on_kept, directory);
}

static json_t *describe(const acme_directory_t *seen)
{
    json_t *json = json_object();

    json_put_time(json, "seen", apr_time_now());
    json_put_string(json, "terms", seen->terms);
    json_put_string(json, "website", seen->website);
    json_object_set_new(json, "eab_required", json_boolean(seen->eab_required));
    json_object_set_new(json, "renewal_info", json_boolean(seen->renewal_info != NULL));
    json_object_set(json, "caa_identities", seen->caa_identities);
    json_object_set(json, "profiles", seen->profiles);
    return json;
}

void directory_init(directory_t *directory, kit_t *kit, int index, brief_account_t *brief)
{
    directory->kit = kit;
    directory->index = index;
    directory->brief = brief;
    directory->kept = brief->told.seen;
}

/* The agent holds to the same sizes as the keeper: both read it by the same function. */
int directory_follow(directory_t *directory, const acme_directory_t *seen)
{
    brief_directory_t before = directory->brief->told, told;
    apr_pool_t *pool = NULL;

    if (seen == NULL || seen == directory->followed || directory->brief->broken != NULL) {
        return 0;
    }
    directory->followed = seen;
    apr_pool_create(&pool, directory->kit->pool);
    brief_directory_from_json(&told, json_own(pool, describe(seen)), pool);
    before.seen = directory->kept;
    directory->untold |= brief_directory_is_news(&before, &told);
    directory->brief->told = told;
    if (directory->pool != NULL) {
        apr_pool_destroy(directory->pool);
    }
    directory->pool = pool;
    kit_touch(directory->kit);
    if (directory->untold) {
        tell_keeper(directory);
    }
    return 1;
}

json_t *directory_to_json(const brief_account_t *account)
{
    json_t *json = brief_directory_to_json(&account->told);

    json_object_del(json, "profiles");
    return json;
}

json_t *directory_profiles(const brief_account_t *account)
{
    json_t *profiles = account->told.profiles;

    return profiles != NULL ? json_deep_copy(profiles) : json_object();
}
