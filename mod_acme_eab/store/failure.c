/* SPDX-License-Identifier: Apache-2.0 */
#include "store/failure.h"

#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/json.h"
#include "store/record.h"
#include "store/registration.h"

#define ATTEMPTS_MAX 1000000
#define SUFFIX ".json"
#define FILE_NAME_MAX 255 /* of every file system that matters */

/* NULL when key is neither a registration id nor a certificate's name. */
static const char *failure_file(apr_pool_t *p, const char *key)
{
    const char *entry = registration_id_is_valid(key) ? key : store_entry(p, key);

    if (entry == NULL)
        return NULL;
    if (strlen(entry) + strlen(SUFFIX) > FILE_NAME_MAX)
        entry = registration_id(p, entry, NULL);
    return apr_pstrcat(p, entry, SUFFIX, NULL);
}

static const char *failure_path(apr_pool_t *p, const store_t *store, const char *key)
{
    const char *file = failure_file(p, key);

    return file != NULL ? store_path(p, store, "failures", file, NULL) : NULL;
}

int failure_is_among(apr_hash_t *survey, const char *key, apr_pool_t *ptemp)
{
    const char *file = failure_file(ptemp, key);

    return file != NULL && apr_hash_get(survey, file, APR_HASH_KEY_STRING) != NULL;
}

static int failure_attempts(const json_t *json)
{
    apr_int64_t attempts = json_peek_int(json, "attempts", 1);

    if (attempts < 1)
        return 1;
    return attempts > ATTEMPTS_MAX ? ATTEMPTS_MAX : (int)attempts;
}

apr_status_t failure_load(failure_t **pfailure, const store_t *store, const char *key,
                          apr_pool_t *p)
{
    const char *path = failure_path(p, store, key);
    failure_t *failure = apr_pcalloc(p, sizeof(*failure));
    const json_t *json = path != NULL ? record_recall(path, p) : NULL;

    *pfailure = NULL;
    failure->problem = eab_result_make(p);
    if (json == NULL)
        return APR_ENOENT;
    failure->fingerprint = json_copy_string(p, json, "fingerprint");
    failure->attempts = failure_attempts(json);
    failure->since = json_peek_time(json, "since");
    failure->next = json_peek_time(json, "next");
    failure->place = (int)json_peek_int(json, "place", 0);
    failure->subset = (int)json_peek_int(json, "subset", 0);
    failure->facts = json_peek_int(json, "facts", 0);
    failure->tried = json_peek_time(json, "tried");
    eab_result_from_json(failure->problem, json_object_get(json, "problem"));
    *pfailure = failure;
    return APR_SUCCESS;
}

static json_t *failure_to_json(const failure_t *failure)
{
    json_t *json = json_object();

    json_put_string(json, "fingerprint", failure->fingerprint);
    json_object_set_new(json, "attempts", json_integer(failure->attempts));
    json_put_time(json, "since", failure->since);
    json_put_time(json, "next", failure->next);
    json_object_set_new(json, "place", json_integer(failure->place));
    json_object_set_new(json, "subset", json_integer(failure->subset));
    json_object_set_new(json, "facts", json_integer(failure->facts));
    json_put_time(json, "tried", failure->tried);
    if (failure->problem != NULL)
        json_object_set_new(json, "problem", eab_result_to_json(failure->problem));
    return json;
}

static apr_status_t failure_forget(const store_t *store, const char *path, apr_pool_t *ptemp)
{
    apr_status_t rv = file_remove(path);

    if (rv != APR_SUCCESS)
        return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
    return file_sync_directory(store_path(ptemp, store, "failures", NULL, NULL));
}

apr_status_t failure_save(const store_t *store, const char *key, const failure_t *failure,
                          apr_pool_t *ptemp)
{
    const char *path = failure_path(ptemp, store, key);

    if (path == NULL)
        return APR_EINVAL;
    if (failure == NULL)
        return failure_forget(store, path, ptemp);
    return record_write(path, json_own(ptemp, failure_to_json(failure)), eab_result_make(ptemp),
                        ptemp);
}
