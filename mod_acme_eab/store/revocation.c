/* SPDX-License-Identifier: Apache-2.0 */
#include "store/revocation.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "store/record.h"

#define FOLDER "revocations"
#define FINGERPRINT_LENGTH 64 /* hexadecimal digits */
#define RECORD_SUFFIX ".json"
#define KEY_SUFFIX ".key.pem"

static const struct {
    int reason;
    const char *name;
} reasons[] = {
    { REVOCATION_UNSPECIFIED, "unspecified" },
    { REVOCATION_KEY_COMPROMISE, "keyCompromise" },
    { REVOCATION_AFFILIATION_CHANGED, "affiliationChanged" },
    { REVOCATION_SUPERSEDED, "superseded" },
    { REVOCATION_CESSATION, "cessationOfOperation" },
};

#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

static const char *const by_keys[] = {
    [REVOCATION_BY_ACCOUNT] = "account",
    [REVOCATION_BY_CERTIFICATE] = "certificate",
    [REVOCATION_BY_CERTIFICATE_FIRST] = "certificateFirst",
};

#define BY_KEYS (sizeof(by_keys) / sizeof(by_keys[0]))

const char *revocation_reason_name(int reason)
{
    size_t i;

    for (i = 0; i < REASONS; i++) {
        if (reasons[i].reason == reason)
            return reasons[i].name;
    }
    return NULL;
}

int revocation_reason_parse(const char *text)
{
    size_t i;

    for (i = 0; text != NULL && i < REASONS; i++) {
        if (strcasecmp(text, reasons[i].name) == 0
            || (text[0] == '0' + reasons[i].reason && text[1] == '\0'))
            return reasons[i].reason;
    }
    return -1;
}

static int fingerprint_is_valid(const char *text, apr_size_t len)
{
    return len == FINGERPRINT_LENGTH && strspn(text, "0123456789abcdef") >= FINGERPRINT_LENGTH;
}

static const char *revocation_path(apr_pool_t *p, const store_t *store, const char *fingerprint,
                                   const char *suffix)
{
    return store_path(p, store, FOLDER, apr_pstrcat(p, fingerprint, suffix, NULL), NULL);
}

static json_t *revocation_to_json(const revocation_t *revocation)
{
    json_t *json = json_object();

    json_put_string(json, "name", revocation->name);
    json_put_string(json, "generation", revocation->generation);
    json_put_string(json, "serial", revocation->serial);
    json_put_string(json, "spki_sha256", revocation->spki);
    json_put_time(json, "not_after", revocation->not_after);
    json_put_string(json, "account", revocation->account);
    json_put_string(json, "directory", revocation->directory);
    json_object_set_new(json, "reason", json_integer(revocation->reason));
    json_put_string(json, "by_key", by_keys[revocation->by_key]);
    json_object_set_new(json, "now", json_boolean(revocation->now));
    json_object_set_new(json, "keep", json_boolean(revocation->keep));
    json_object_set_new(json, "compromised", json_boolean(revocation->compromised));
    json_put_string(json, "by", revocation->by);
    json_put_time(json, "asked", revocation->asked);
    json_object_set_new(json, "attempts", json_integer(revocation->attempts));
    json_put_time(json, "next", revocation->next);
    json_object_set_new(json, "refused", json_boolean(revocation->refused));
    if (revocation->problem != NULL && revocation->problem->rv != APR_SUCCESS)
        json_object_set_new(json, "problem", eab_result_to_json(revocation->problem));
    json_put_string(json, "certificate", revocation->pem);
    return json;
}

static int by_key_parse(const char *text)
{
    size_t i;

    for (i = 0; text != NULL && i < BY_KEYS; i++) {
        if (strcmp(text, by_keys[i]) == 0)
            return (int)i;
    }
    return -1;
}

/* NULL when something is missing without which nothing can be revoked. */
static revocation_t *revocation_from_json(apr_pool_t *p, const char *fingerprint,
                                          const json_t *json)
{
    revocation_t *revocation = apr_pcalloc(p, sizeof(*revocation));
    int by_key = by_key_parse(json_peek_string(json, "by_key"));

    revocation->fingerprint = fingerprint;
    revocation->pem = json_copy_string(p, json, "certificate");
    revocation->serial = json_copy_string(p, json, "serial");
    revocation->spki = json_copy_string(p, json, "spki_sha256");
    revocation->not_after = json_peek_time(json, "not_after");
    revocation->name = json_copy_string(p, json, "name");
    revocation->generation = json_copy_string(p, json, "generation");
    revocation->account = json_copy_string(p, json, "account");
    revocation->directory = json_copy_string(p, json, "directory");
    revocation->reason = (int)json_peek_int(json, "reason", -1);
    revocation->by_key = (revocation_by_t)by_key;
    revocation->now = json_peek_bool(json, "now", 0);
    revocation->keep = json_peek_bool(json, "keep", 0);
    revocation->compromised = json_peek_bool(json, "compromised", 0);
    revocation->by = json_copy_string(p, json, "by");
    revocation->asked = json_peek_time(json, "asked");
    revocation->attempts = (int)json_peek_int(json, "attempts", 0);
    revocation->next = json_peek_time(json, "next");
    revocation->refused = json_peek_bool(json, "refused", 0);
    revocation->problem = eab_result_make(p);
    if (json_object_get(json, "problem") != NULL)
        eab_result_from_json(revocation->problem, json_object_get(json, "problem"));
    if (revocation->pem == NULL || revocation->serial == NULL || by_key < 0
        || revocation_reason_name(revocation->reason) == NULL)
        return NULL;
    return revocation;
}

apr_status_t revocation_save(const store_t *store, const revocation_t *revocation,
                             const secret_t *key, eab_result_t *result, apr_pool_t *ptemp)
{
    const char *key_path = NULL;
    apr_status_t rv;

    if (!fingerprint_is_valid(revocation->fingerprint, strlen(revocation->fingerprint)))
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "A certificate's fingerprint is not fit for the store.");
    if ((rv = store_make_directory(store, FOLDER, NULL, result, ptemp)) != APR_SUCCESS)
        return rv;
    key_path = revocation_path(ptemp, store, revocation->fingerprint, KEY_SUFFIX);
    if (key != NULL && (rv = store_replace(key_path, key->data, key->len, ptemp)) != APR_SUCCESS)
        return store_report(result, rv, key_path, "written");
    return record_write(revocation_path(ptemp, store, revocation->fingerprint, RECORD_SUFFIX),
                        json_own(ptemp, revocation_to_json(revocation)), result, ptemp);
}

apr_status_t revocation_key(keypair_t **pkey, const store_t *store, const char *fingerprint,
                            apr_pool_t *p)
{
    return keypair_load(pkey, revocation_path(p, store, fingerprint, KEY_SUFFIX), p);
}

apr_status_t revocation_remove(const store_t *store, const char *fingerprint, eab_result_t *result,
                               apr_pool_t *ptemp)
{
    static const char *const suffixes[] = { KEY_SUFFIX, RECORD_SUFFIX };
    size_t i;

    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        const char *path = revocation_path(ptemp, store, fingerprint, suffixes[i]);
        apr_status_t rv = file_remove(path);

        if (rv == APR_SUCCESS)
            rv = file_sync_directory(store_path(ptemp, store, FOLDER, NULL, NULL));
        if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv))
            return store_report(result, rv, path, "removed");
    }
    return APR_SUCCESS;
}

static revocation_t *revocation_load(apr_pool_t *p, const store_t *store, const char *entry)
{
    const char *path = store_path(p, store, FOLDER, entry, NULL);
    eab_result_t *result = eab_result_make(p);
    revocation_t *revocation = NULL;
    json_t *json = NULL;

    if (record_read(&json, path, result, p) == APR_SUCCESS) {
        revocation = revocation_from_json(p, apr_pstrmemdup(p, entry, FINGERPRINT_LENGTH), json);
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "%s is damaged.", path);
    }
    if (revocation == NULL)
        log_line(LOG_LEVEL_ERROR,
                 "%s That certificate is not revoked; ask for it again with acmectl revoke.",
                 result->detail);
    return revocation;
}

apr_array_header_t *revocation_list(apr_pool_t *p, const store_t *store)
{
    apr_array_header_t *entries = file_list_directory(store_path(p, store, FOLDER, NULL, NULL), p);
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(revocation_t *));
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *);
        apr_size_t len = strlen(entry);
        revocation_t *revocation;

        if (len != FINGERPRINT_LENGTH + strlen(RECORD_SUFFIX)
            || !fingerprint_is_valid(entry, FINGERPRINT_LENGTH)
            || strcmp(entry + FINGERPRINT_LENGTH, RECORD_SUFFIX) != 0)
            continue;
        if ((revocation = revocation_load(p, store, entry)) != NULL)
            APR_ARRAY_PUSH(list, revocation_t *) = revocation;
    }
    return list;
}
