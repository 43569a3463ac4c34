/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal.h"

#include <stdio.h>
#include <sys/stat.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/json.h"
#include "store/record.h"
#include "store/registration.h"

#define FOLDER "pending"
#define REMOVED FILE_UNFINISHED "removed" /* in pending/: what is on its way out */

/* pending/<name>/file; NULL when the name is not fit for the store. */
static const char *journal_path(apr_pool_t *p, const store_t *store, const char *name,
                                const char *file)
{
    const char *entry = store_entry(p, name);

    return entry != NULL ? store_path(p, store, FOLDER, entry, file) : NULL;
}

const char *journal_key_path(apr_pool_t *p, const store_t *store, const char *name)
{
    return journal_path(p, store, name, "privkey.pem");
}

int journal_is_among(apr_hash_t *survey, const char *name, apr_pool_t *ptemp)
{
    const char *entry = store_entry(ptemp, name);

    return entry != NULL && apr_hash_get(survey, entry, APR_HASH_KEY_STRING) != NULL;
}

static apr_status_t journal_refuse(eab_result_t *result)
{
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                          "A certificate's name is not fit for the store.");
}

/* NULL when something is missing or wrong. */
static journal_t *journal_from_json(const json_t *json, apr_pool_t *p)
{
    journal_t *journal = apr_pcalloc(p, sizeof(*journal));
    const json_t *url = json_object_get(json, "order_url");
    const json_t *of = json_object_get(json, "of");

    journal->account = json_copy_string(p, json, "account");
    journal->names = record_copy_strings(p, json_object_get(json, "names"));
    journal->of = record_copy_strings(p, of);
    journal->key_type = json_copy_string(p, json, "key_type");
    journal->order_url = json_copy_string(p, json, "order_url");
    journal->finalize = json_copy_string(p, json, "finalize");
    journal->finalized = json_peek_bool(json, "finalized", 0);
    journal->since = json_peek_time(json, "since");
    journal->trial = json_peek_bool(json, "trial", 0);
    if (!registration_id_is_valid(journal->account) || journal->names == NULL
        || journal->names->nelts == 0 || !keypair_type_is_known(journal->key_type)
        || (url != NULL && !json_is_string(url)) || (of != NULL && journal->of == NULL))
        return NULL;
    return journal;
}

/* Kept for whoever wants to know what happened; the next order must not stumble over it. */
static apr_status_t journal_set_aside(const char *path, eab_result_t *result, apr_pool_t *p)
{
    const char *aside = apr_pstrcat(p, path, ".damaged", NULL);

    apr_status_t rv = file_rename(path, aside);

    if (rv != APR_SUCCESS)
        return store_report(result, rv, path, "set aside");
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE,
                          "%s, the record of an order in flight, was damaged. It is now %s, and a "
                          "new order will be made.",
                          path, aside);
}

apr_status_t journal_load(journal_t **pjournal, const store_t *store, const char *name,
                          eab_result_t *result, apr_pool_t *p)
{
    const char *path = journal_path(p, store, name, "order.json");
    json_t *json = NULL;
    apr_status_t rv;

    *pjournal = NULL;
    if (path == NULL)
        return journal_refuse(result);
    rv = record_read(&json, path, result, p);
    if (APR_STATUS_IS_ENOENT(rv))
        eab_result_clear(result);
    if (rv == APR_SUCCESS && (*pjournal = journal_from_json(json, p)) == NULL)
        rv = APR_EINVAL;
    return rv == APR_EINVAL ? journal_set_aside(path, result, p) : rv;
}

static json_t *journal_to_json(const journal_t *journal)
{
    json_t *json = json_object();

    json_put_string(json, "account", journal->account);
    json_object_set_new(json, "names", record_strings(journal->names));
    if (journal->of != NULL)
        json_object_set_new(json, "of", record_strings(journal->of));
    json_put_string(json, "key_type", journal->key_type);
    json_put_string(json, "order_url", journal->order_url);
    json_put_string(json, "finalize", journal->finalize);
    json_object_set_new(json, "finalized", json_boolean(journal->finalized));
    json_put_time(json, "since", journal->since);
    if (journal->trial)
        json_object_set_new(json, "trial", json_true());
    return json;
}

static apr_status_t journal_make_directory(const store_t *store, const char *name,
                                           eab_result_t *result, apr_pool_t *ptemp)
{
    const char *path = journal_path(ptemp, store, name, NULL);
    apr_status_t rv;

    if (path == NULL)
        return journal_refuse(result);
    rv = store_make_directory(store, FOLDER, NULL, result, ptemp);
    if (rv != APR_SUCCESS)
        return rv;
    rv = file_make_directory(path, S_IRWXU, ptemp);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "made");
}

apr_status_t journal_save(const store_t *store, const char *name, const journal_t *journal,
                          eab_result_t *result, apr_pool_t *ptemp)
{
    const json_t *json = json_own(ptemp, journal_to_json(journal));
    apr_status_t rv = journal_make_directory(store, name, result, ptemp);

    if (rv == APR_SUCCESS)
        rv = record_jot(journal_path(ptemp, store, name, "order.json"), json, result, ptemp);
    return rv;
}

void journal_paths(const char *paths[FILE_TOGETHER_MAX], const store_t *store, const char *name,
                   apr_pool_t *p)
{
    const char *key = journal_key_path(p, store, name);
    int i = 0;

    paths[i++] = file_is_regular(key) ? key : NULL;
    paths[i++] = journal_path(p, store, name, "order.json");
    paths[i++] = journal_path(p, store, name, NULL);
    paths[i++] = store_path(p, store, FOLDER, NULL, NULL);
    while (i < FILE_TOGETHER_MAX)
        paths[i++] = NULL;
}

apr_status_t journal_save_key(const store_t *store, const char *name, const keypair_t *key,
                              eab_result_t *result, apr_pool_t *ptemp)
{
    apr_status_t rv = journal_make_directory(store, name, result, ptemp);
    const char *path = NULL;
    secret_t *pem = NULL;

    if (rv != APR_SUCCESS)
        return rv;
    path = journal_key_path(ptemp, store, name);
    rv = APR_EGENERAL;
    pem = keypair_pem(ptemp, key);
    if (pem != NULL)
        rv = store_jot(path, pem->data, pem->len, ptemp);
    secret_cleanse(pem);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "written");
}

apr_status_t journal_load_key(keypair_t **pkey, const store_t *store, const char *name,
                              apr_pool_t *p)
{
    const char *path = journal_key_path(p, store, name);

    *pkey = NULL;
    return path != NULL ? keypair_load(pkey, path, p) : APR_EINVAL;
}

apr_status_t journal_remove(const store_t *store, const char *name, apr_pool_t *ptemp)
{
    const char *path = journal_path(ptemp, store, name, NULL);
    const char *gone = store_path(ptemp, store, FOLDER, REMOVED, NULL);
    apr_status_t rv;

    if (path == NULL)
        return APR_EINVAL;
    /* Record and key go with one rename: a kill must leave neither an order without its key nor a
     * key that the next order would take for its own. */
    rv = file_remove_tree(gone, ptemp);
    if (rv != APR_SUCCESS)
        return rv;
    rv = file_rename(path, gone);
    if (rv != APR_SUCCESS)
        return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
    return file_remove_tree(gone, ptemp);
}
