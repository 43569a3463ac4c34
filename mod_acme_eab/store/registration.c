/* SPDX-License-Identifier: Apache-2.0 */
#include "store/registration.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/jose.h"
#include "store/record.h"

#define ID_BYTES 16
#define KID_HASH_BYTES 8
#define KEY_FILE "key.pem"
#define KEY_NEXT "key.next.pem"
#define KEY_OLD "key.old.pem"
#define CURRENT ".current"
#define ACCOUNT_KEY_TYPE "p256" /* ES256 is what every CA takes (RFC 8555, 6.2) */

/* The first bytes of SHA-256 in hexadecimal; NULL on failure. */
static const char *hash_hex(apr_pool_t *p, const void *data, apr_size_t len, apr_size_t bytes)
{
    unsigned char hash[32];
    int done = EVP_Q_digest(NULL, "SHA256", NULL, data, len, hash, NULL);

    ERR_clear_error();
    return done == 1 ? hex_encode(p, hash, bytes) : NULL;
}

const char *registration_id(apr_pool_t *p, const char *directory, const char *kid)
{
    apr_size_t directory_size = strlen(directory) + 1;
    apr_size_t kid_len = kid != NULL ? strlen(kid) : 0;
    char *data = apr_palloc(p, directory_size + kid_len + 1);

    memcpy(data, directory, directory_size);
    memcpy(data + directory_size, kid != NULL ? kid : "", kid_len + 1);
    return hash_hex(p, data, directory_size + kid_len, ID_BYTES);
}

const char *registration_kid_hash(apr_pool_t *p, const char *kid)
{
    return kid != NULL ? hash_hex(p, kid, strlen(kid), KID_HASH_BYTES) : NULL;
}

int registration_id_is_valid(const char *id)
{
    return id != NULL && strlen(id) == 2 * ID_BYTES
           && strspn(id, "0123456789abcdef") == 2 * ID_BYTES;
}

static registration_t *registration_make(const char *directory, const char *kid, apr_pool_t *p)
{
    registration_t *reg = apr_pcalloc(p, sizeof(*reg));

    reg->id = registration_id(p, directory, kid);
    reg->directory = apr_pstrdup(p, directory);
    reg->kid_sha256 = registration_kid_hash(p, kid);
    return reg;
}

/* A record of another account, or one without its members, must not pass for an account that was
 * never registered: a new one would cost an EAB key that may be used up. */
static int registration_is_whole(const json_t *json, const registration_t *reg)
{
    const char *directory = json_peek_string(json, "directory");
    const json_t *url = json_object_get(json, "url");
    const json_t *attempted = json_object_get(json, "attempted");

    return directory != NULL && strcmp(directory, reg->directory) == 0
           && (url == NULL || json_is_string(url)) && json_is_boolean(attempted);
}

static void registration_fill(registration_t *reg, const json_t *json, apr_pool_t *p)
{
    reg->url = json_copy_string(p, json, "url");
    reg->attempted = json_peek_bool(json, "attempted", 0);
    reg->created = json_peek_time(json, "created");
    reg->rebinding = json_peek_time(json, "rebinding");
    reg->terms = json_copy_string(p, json, "terms");
    reg->contacts = json_copy_string(p, json, "contacts");
    reg->rolling = json_peek_time(json, "rolling");
    reg->closing = json_peek_time(json, "closing");
    reg->closed = json_peek_time(json, "closed");
    reg->by = json_copy_string(p, json, "by");
}

static int key_is_usable(const char *path, apr_pool_t *p)
{
    keypair_t *key = NULL;
    int usable = keypair_load(&key, path, p) == APR_SUCCESS && jose_alg(key) != NULL;

    keypair_free(p, key);
    return usable;
}

/* Whoever has the key can ask the CA for the rest: nothing is lost but the time for that. */
static apr_status_t registration_salvage(registration_t *reg, const store_t *store,
                                         const char *path, eab_result_t *result, apr_pool_t *p)
{
    const char *key_path = store_path(p, store, "accounts", reg->id, KEY_FILE);
    struct stat st;

    if (key_is_usable(key_path, p)) {
        reg->attempted = reg->damaged = 1;
        eab_result_set(
            result, APR_EINVAL, EAB_PROBLEM_STORE,
            "%s, which holds the URL of the account at %s, is damaged. Its key is whole, "
            "and the CA is asked for the account of that key.",
            path, reg->directory);
        return APR_SUCCESS;
    }
    if (lstat(key_path, &st) == 0)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE,
                              "%s, which holds the URL of the account at %s, is damaged, and so is "
                              "its key beside it. Restore both from a backup.",
                              path, reg->directory);
    return eab_result_set(
        result, APR_EINVAL, EAB_PROBLEM_STORE,
        "%s, which holds the URL of the account at %s, is damaged, and its key is "
        "missing. Restore both from a backup; or remove their directory, and the "
        "account is registered anew with a fresh EAB key.",
        path, reg->directory);
}

const char *registration_closed_folder(apr_pool_t *p, const char *id)
{
    return apr_pstrcat(p, id, ".deactivated", NULL);
}

/* @return 0 when there is no such record that says so */
static int registration_load_closed(registration_t *reg, const store_t *store, apr_pool_t *p)
{
    const char *path =
        store_path(p, store, "accounts", registration_closed_folder(p, reg->id), "account.json");
    json_t *json = NULL;

    if (record_read(&json, path, eab_result_make(p), p) != APR_SUCCESS
        || !registration_is_whole(json, reg) || json_peek_time(json, "closed") == 0)
        return 0;
    registration_fill(reg, json, p);
    return 1;
}

/* Beside the directory of the first account, and not in it: that may be removed one day. */
static const char *current_path(apr_pool_t *p, const store_t *store, const char *directory,
                                const char *kid)
{
    return store_path(p, store, "accounts",
                      apr_pstrcat(p, registration_id(p, directory, kid), CURRENT, NULL), NULL);
}

/* The one that took the place of the first, if one did. To go by the first where that cannot be read would
 * be to use an account that root wants no more. */
static apr_status_t registration_follow(registration_t *reg, const store_t *store,
                                        const char *directory, const char *kid,
                                        eab_result_t *result, apr_pool_t *p)
{
    const char *path = current_path(p, store, directory, kid);
    json_t *json = NULL;
    apr_status_t rv = record_read(&json, path, result, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        eab_result_clear(result);
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS && registration_id_is_valid(json_peek_string(json, "id"))) {
        reg->id = json_copy_string(p, json, "id");
        reg->before = record_copy_strings(p, json_object_get(json, "before"));
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS && rv != APR_EINVAL)
        return rv;
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE,
                          "%s, which says which account is used at %s, is damaged. Restore it from "
                          "a backup.",
                          path, directory);
}

apr_status_t registration_load(registration_t **preg, const store_t *store, const char *directory,
                               const char *kid, eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv;
    registration_t *reg = registration_make(directory, kid, p);
    const char *path = NULL;
    json_t *json = NULL;

    *preg = NULL;
    if (!registration_id_is_valid(reg->id))
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                              "OpenSSL cannot compute SHA-256.");
    if ((rv = registration_follow(reg, store, directory, kid, result, p)) != APR_SUCCESS)
        return rv;
    path = store_path(p, store, "accounts", reg->id, "account.json");
    rv = record_read(&json, path, result, p);
    if (rv == APR_SUCCESS && !registration_is_whole(json, reg))
        rv = APR_EINVAL;
    if (rv == APR_EINVAL) {
        rv = registration_salvage(reg, store, path, result, p);
        *preg = rv == APR_SUCCESS ? reg : NULL;
        return rv;
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        eab_result_clear(result);
        (void)registration_load_closed(reg, store, p);
    }
    else if (rv != APR_SUCCESS)
        return rv;
    else
        registration_fill(reg, json, p);
    *preg = reg;
    return APR_SUCCESS;
}

static json_t *registration_to_json(const registration_t *reg)
{
    json_t *json = json_object();

    json_put_string(json, "directory", reg->directory);
    json_put_string(json, "kid_sha256", reg->kid_sha256);
    json_put_string(json, "url", reg->url);
    json_object_set_new(json, "attempted", json_boolean(reg->attempted));
    json_put_time(json, "created", reg->created);
    json_put_time(json, "rebinding", reg->rebinding);
    json_put_string(json, "terms", reg->terms);
    json_put_string(json, "contacts", reg->contacts);
    json_put_time(json, "rolling", reg->rolling);
    json_put_time(json, "closing", reg->closing);
    json_put_time(json, "closed", reg->closed);
    json_put_string(json, "by", reg->by);
    return json;
}

static apr_status_t registration_make_directory(const store_t *store, const registration_t *reg,
                                                eab_result_t *result, apr_pool_t *ptemp)
{
    if (!registration_id_is_valid(reg->id))
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "An account's id is not fit for the store.");
    return store_make_directory(store, "accounts", reg->id, result, ptemp);
}

apr_status_t registration_save(const store_t *store, const registration_t *reg,
                               eab_result_t *result, apr_pool_t *ptemp)
{
    apr_status_t rv = registration_make_directory(store, reg, result, ptemp);

    if (rv != APR_SUCCESS)
        return rv;
    return record_write(store_path(ptemp, store, "accounts", reg->id, "account.json"),
                        json_own(ptemp, registration_to_json(reg)), result, ptemp);
}

static apr_status_t registration_write_key(const char *path, const keypair_t *key,
                                           eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv = APR_EGENERAL;
    secret_t *pem = key != NULL ? keypair_pem(p, key) : NULL;

    if (pem != NULL)
        rv = store_replace(path, pem->data, pem->len, p);
    secret_cleanse(pem);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "written");
}

/* On disk before anybody hears of it: an EAB key must never be spent on a key that can be lost
 * (checklist E-15). */
static apr_status_t registration_make_key(keypair_t **pkey, const char *path, eab_result_t *result,
                                          apr_pool_t *p)
{
    keypair_t *key = keypair_adopt(p, keypair_generate(ACCOUNT_KEY_TYPE));
    apr_status_t rv = registration_write_key(path, key, result, p);

    *pkey = rv == APR_SUCCESS ? key : NULL;
    return rv;
}

apr_status_t registration_key(keypair_t **pkey, const store_t *store, const registration_t *reg,
                              eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv = registration_make_directory(store, reg, result, p);
    const char *path = NULL;
    keypair_t *key = NULL;

    *pkey = NULL;
    if (rv != APR_SUCCESS)
        return rv;
    path = store_path(p, store, "accounts", reg->id, KEY_FILE);
    rv = keypair_load(&key, path, p);
    if (APR_STATUS_IS_ENOENT(rv) && reg->url == NULL)
        return registration_make_key(pkey, path, result, p);
    if (APR_STATUS_IS_ENOENT(rv))
        return eab_result_set(
            result, rv, EAB_PROBLEM_STORE,
            "%s, the key of the account %s, is missing. Restore it from a backup; "
            "or remove its directory, and the account is registered anew with a "
            "fresh EAB key.",
            path, reg->url);
    if (rv != APR_SUCCESS && (rv != APR_EINVAL || !file_is_regular(path)))
        return store_report(result, rv, path, "read");
    if (rv == APR_EINVAL || jose_alg(key) == NULL)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE,
                              "%s holds no private key that can be used for an account. Restore it "
                              "from a backup.",
                              path);
    *pkey = key;
    return APR_SUCCESS;
}

/* ---- another key ---- */

static const char *key_path(apr_pool_t *p, const store_t *store, const registration_t *reg,
                            const char *file)
{
    return store_path(p, store, "accounts", reg->id, file);
}

apr_status_t registration_next_key(keypair_t **pkey, const store_t *store,
                                   const registration_t *reg, eab_result_t *result, apr_pool_t *p)
{
    const char *path = key_path(p, store, reg, KEY_NEXT);
    apr_status_t rv = keypair_load(pkey, path, p);

    if (rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv))
        return rv;
    if (rv == APR_EINVAL && file_is_regular(path))
        return eab_result_set(result, rv, EAB_PROBLEM_STORE,
                              "%s, which may be the key of the account %s by now, is damaged. "
                              "Restore it from a backup.",
                              path, reg->url != NULL ? reg->url : "");
    return store_report(result, rv, path, "read");
}

apr_status_t registration_make_next_key(keypair_t **pkey, const store_t *store,
                                        const registration_t *reg, eab_result_t *result,
                                        apr_pool_t *p)
{
    apr_status_t rv = registration_next_key(pkey, store, reg, result, p);

    if (!APR_STATUS_IS_ENOENT(rv))
        return rv;
    return registration_make_key(pkey, key_path(p, store, reg, KEY_NEXT), result, p);
}

static apr_status_t sync_folder(const store_t *store, const registration_t *reg, apr_pool_t *ptemp)
{
    return file_sync_directory(store_path(ptemp, store, "accounts", reg->id, NULL));
}

/* A copy, and not a rename: there is a key.pem at every moment. */
static apr_status_t keep_old_key(const store_t *store, const registration_t *reg, apr_pool_t *ptemp)
{
    keypair_t *key = NULL;
    secret_t *pem = NULL;
    apr_status_t rv = keypair_load(&key, key_path(ptemp, store, reg, KEY_FILE), ptemp);

    if (rv != APR_SUCCESS)
        return rv;
    pem = keypair_pem(ptemp, key);
    keypair_free(ptemp, key);
    if (pem == NULL)
        return APR_EGENERAL;
    rv = store_replace(key_path(ptemp, store, reg, KEY_OLD), pem->data, pem->len, ptemp);
    secret_cleanse(pem);
    return rv;
}

apr_status_t registration_take_next_key(const store_t *store, const registration_t *reg,
                                        eab_result_t *result, apr_pool_t *ptemp)
{
    const char *next = key_path(ptemp, store, reg, KEY_NEXT);
    const char *path = key_path(ptemp, store, reg, KEY_FILE);
    apr_status_t rv = keep_old_key(store, reg, ptemp);

    if (rv == APR_SUCCESS)
        rv = file_rename(next, path);
    if (rv == APR_SUCCESS)
        rv = sync_folder(store, reg, ptemp);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "replaced");
}

apr_status_t registration_drop_next_key(const store_t *store, const registration_t *reg,
                                        eab_result_t *result, apr_pool_t *ptemp)
{
    const char *path = key_path(ptemp, store, reg, KEY_NEXT);
    apr_status_t rv = file_remove(path);

    if (rv == APR_SUCCESS)
        rv = sync_folder(store, reg, ptemp);
    return rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)
               ? APR_SUCCESS
               : store_report(result, rv, path, "removed");
}

void registration_forget_old_key(const store_t *store, const registration_t *reg, apr_pool_t *ptemp)
{
    if (file_remove(key_path(ptemp, store, reg, KEY_OLD)) == APR_SUCCESS)
        (void)sync_folder(store, reg, ptemp);
}

/* ---- the end ---- */

/* The record says so before the keys go: without it they would be missed. */
apr_status_t registration_close(const store_t *store, registration_t *reg, apr_time_t now,
                                eab_result_t *result, apr_pool_t *ptemp)
{
    static const char *const keys[] = { KEY_NEXT, KEY_OLD, KEY_FILE };
    const char *from = store_path(ptemp, store, "accounts", reg->id, NULL);
    const char *to =
        store_path(ptemp, store, "accounts", registration_closed_folder(ptemp, reg->id), NULL);
    apr_time_t before = reg->closed;
    struct stat st;
    apr_status_t rv;
    size_t i;

    if (before != 0 && lstat(from, &st) != 0 && errno == ENOENT)
        return APR_SUCCESS; /* it was done */
    reg->closed = before != 0 ? before : now;
    if ((rv = registration_save(store, reg, result, ptemp)) != APR_SUCCESS) {
        reg->closed = before;
        return rv;
    }
    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        rv = file_remove(key_path(ptemp, store, reg, keys[i]));
        if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv))
            return store_report(result, rv, key_path(ptemp, store, reg, keys[i]), "removed");
    }
    rv = file_remove_tree(to, ptemp); /* of the same account id, closed before */
    if (rv == APR_SUCCESS)
        rv = file_rename(from, to);
    if (rv == APR_SUCCESS)
        rv = file_sync_directory(store_path(ptemp, store, "accounts", NULL, NULL));
    return rv == APR_SUCCESS ? rv : store_report(result, rv, to, "made");
}

/* ---- another account ---- */

static apr_status_t write_current(const store_t *store, const char *directory, const char *kid,
                                  const apr_array_header_t *ids, apr_time_t now, const char *by,
                                  eab_result_t *result, apr_pool_t *ptemp)
{
    apr_array_header_t *before = apr_array_copy(ptemp, ids);
    json_t *json = json_own(ptemp, json_object());

    json_put_string(json, "id", *(const char **)apr_array_pop(before));
    json_object_set_new(json, "before", record_strings(before));
    json_put_time(json, "since", now);
    json_put_string(json, "by", by);
    return record_write(current_path(ptemp, store, directory, kid), json, result, ptemp);
}

static apr_array_header_t *copy_before(const registration_t *reg, apr_pool_t *p)
{
    return reg->before != NULL ? apr_array_copy(p, reg->before)
                               : apr_array_make(p, 2, sizeof(const char *));
}

apr_status_t registration_succeed(const store_t *store, const registration_t *before,
                                  const char *kid, apr_time_t now, const char *by,
                                  eab_result_t *result, apr_pool_t *ptemp)
{
    registration_t *reg = registration_make(before->directory, kid, ptemp);
    const char *seed = apr_psprintf(ptemp, "%s %" APR_TIME_T_FMT, before->id, now);
    apr_array_header_t *ids = copy_before(before, ptemp);
    keypair_t *key = NULL;
    apr_status_t rv;

    reg->id = hash_hex(ptemp, seed, strlen(seed), ID_BYTES);
    APR_ARRAY_PUSH(ids, const char *) = before->id;
    APR_ARRAY_PUSH(ids, const char *) = reg->id;
    rv = registration_key(&key, store, reg, result, ptemp);
    if (rv == APR_SUCCESS)
        rv = registration_save(store, reg, result, ptemp);
    if (rv == APR_SUCCESS)
        rv = write_current(store, before->directory, kid, ids, now, by, result, ptemp);
    return rv;
}

apr_status_t registration_reinstate(const store_t *store, const registration_t *reg,
                                    const char *kid, eab_result_t *result, apr_pool_t *ptemp)
{
    const char *path = store_path(ptemp, store, "accounts", reg->id, NULL);
    apr_status_t rv;

    if (reg->before == NULL || reg->before->nelts == 0)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "There is no account to go back to.");
    rv = write_current(store, reg->directory, kid, reg->before, 0, NULL, result, ptemp);
    if (rv == APR_SUCCESS && (rv = file_remove_tree(path, ptemp)) != APR_SUCCESS)
        store_report(result, rv, path, "removed");
    return rv;
}

int registration_was_before(const registration_t *reg, const char *id)
{
    int i;

    for (i = 0; id != NULL && reg->before != NULL && i < reg->before->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(reg->before, i, const char *), id) == 0)
            return 1;
    }
    return 0;
}

apr_status_t registration_load_before(registration_t **pbefore, const store_t *store,
                                      const registration_t *reg, const char *id,
                                      eab_result_t *result, apr_pool_t *p)
{
    registration_t *before = apr_pcalloc(p, sizeof(*before));
    const char *path = NULL;
    json_t *json = NULL;
    apr_status_t rv;

    *pbefore = NULL;
    if (!registration_was_before(reg, id))
        return APR_ENOENT;
    before->id = apr_pstrdup(p, id);
    before->directory = apr_pstrdup(p, reg->directory);
    before->kid_sha256 = apr_pstrdup(p, reg->kid_sha256);
    path = store_path(p, store, "accounts", before->id, "account.json");
    rv = record_read(&json, path, result, p);
    if (APR_STATUS_IS_ENOENT(rv) && registration_load_closed(before, store, p)) {
        eab_result_clear(result);
        rv = APR_SUCCESS;
    }
    else if (rv == APR_SUCCESS && registration_is_whole(json, before))
        registration_fill(before, json, p);
    else if (rv == APR_SUCCESS)
        rv = eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE,
                            "%s, which holds the URL of the account, is damaged. Restore it from "
                            "a backup.",
                            path);
    *pbefore = rv == APR_SUCCESS ? before : NULL;
    return rv;
}

apr_status_t registration_adopt_key(const store_t *store, const registration_t *reg,
                                    const keypair_t *key, eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv = registration_make_directory(store, reg, result, p);
    const char *path = NULL;

    if (rv != APR_SUCCESS)
        return rv;
    path = store_path(p, store, "accounts", reg->id, "key.pem");
    return file_is_regular(path) ? APR_SUCCESS : registration_write_key(path, key, result, p);
}
