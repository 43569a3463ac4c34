/* SPDX-License-Identifier: Apache-2.0 */

/* import/mod_md.c - mod_md's store (MDStoreDir).
 *
 *   md_store.json                     "key": the pass phrase of encrypted keys, 48 bytes in base64url
 *   accounts/ACME-HOST-N/             account.json  account.pem (encrypted)
 *   domains/NAME/                     pubcert[.TYPE].pem (with its chain)  privkey[.TYPE].pem  md.json
 *   staging/NAME/                     the same of a renewal that httpd has not loaded yet; encrypted
 *
 * The HMAC key in account.json, which others than root can read, is not looked at. */

#include "import/format.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/crypto.h>

#include "base/bytes.h"
#include "base/json.h"
#include "import/bundle.h"
#include "import/source.h"

#define CHAIN_PREFIX "pubcert"
#define CHAIN_SUFFIX ".pem"

typedef struct mod_md {
    found_t *found;
    const char *dir;
    const secret_t *passphrase; /* or NULL: a store with keys in clear */
} mod_md_t;

static const secret_t *read_passphrase(apr_pool_t *p, const char *dir)
{
    const char *ignored = NULL;
    const json_t *json = source_read_json(source_path(p, dir, "md_store.json"), &ignored, p);
    const char *text = json_peek_string(json, "key");
    bytes_t bytes = { NULL, 0 };
    secret_t *passphrase = NULL;

    if (text == NULL || base64url_decode(p, &bytes, text) != APR_SUCCESS || bytes.len == 0)
        return NULL;
    if ((passphrase = secret_make(p, bytes.len)) != NULL)
        memcpy(passphrase->data, bytes.data, bytes.len);
    OPENSSL_cleanse((void *)bytes.data, bytes.len);
    return passphrase;
}

static void read_account(mod_md_t *md, const char *dir)
{
    apr_pool_t *p = md->found->pool;
    found_account_t *account = found_add_account(md->found, dir);
    json_t *json = NULL;

    if (account == NULL)
        return;
    json = source_read_json(source_path(p, dir, "account.json"), &account->why, p);
    if (json == NULL)
        return;
    account->directory = json_copy_string(p, json, "ca-url");
    account->url = json_copy_string(p, json, "url");
    account->kid = json_copy_string(p, json_object_get(json, "eab"), "kid");
    account->contacts = source_contacts(p, json);
    account->why = source_refuse_status(p, json_object_get(json, "registration"));
    if (account->why == NULL)
        account->key =
            source_read_key(source_path(p, dir, "account.pem"), md->passphrase, &account->why, p);
}

/* The URL of the account that md.json names. */
static const char *url_of_account(const mod_md_t *md, const char *id)
{
    int i;

    for (i = 0; id != NULL && i < md->found->accounts->nelts; i++) {
        const found_account_t *account =
            APR_ARRAY_IDX(md->found->accounts, i, const found_account_t *);
        const char *slash = strrchr(account->path, '/');

        if (slash != NULL && strcmp(slash + 1, id) == 0)
            return account->url;
    }
    return NULL;
}

/* A single one, or the first of several. */
static const char *first_string(apr_pool_t *p, const json_t *json, const char *one,
                                const char *several)
{
    const json_t *list = json_object_get(json, several);

    if (json_peek_string(json, one) != NULL)
        return json_copy_string(p, json, one);
    return apr_pstrdup(p, json_string_value(json_array_get(list, 0)));
}

static void read_settings(const mod_md_t *md, found_certificate_t *certificate, const json_t *json)
{
    apr_pool_t *p = md->found->pool;
    const json_t *ca = json_object_get(json, "ca");
    const json_t *kinds = json_object_get(ca, "challenges");
    const char *window = json_copy_string(p, json, "renew-window"), *list = "";
    const json_t *kind = NULL;
    size_t i;

    certificate->directory = first_string(p, ca, "url", "urls");
    certificate->account_url = url_of_account(md, json_peek_string(ca, "account"));
    json_array_foreach(kinds, i, kind)
    {
        if (json_is_string(kind))
            list = apr_pstrcat(p, list, *list != '\0' ? " " : "", json_string_value(kind), NULL);
    }
    found_set(certificate->settings, "ACMEChallenge", list);
    if (window != NULL && strcmp(window, "33%") != 0)
        found_set(certificate->settings, "ACMERenewBefore", window);
    found_set(certificate->settings, "ACMEProfile", json_peek_string(json, "profile"));
    if (json_peek_bool(json, "profile-mandatory", 0))
        found_lose(certificate->lost,
                   "MDProfileMandatory: add \"required\" to ACMEProfile, so that "
                   "nothing is ordered without it");
    if (json_peek_bool(json, "must-staple", 0))
        found_lose(certificate->lost, "MDMustStaple has no counterpart");
    if (json_object_get(json, "require-https") != NULL)
        found_lose(certificate->lost, "MDRequireHttps has no counterpart: use Redirect");
    if (json_object_get(json, "cmd-dns-01") != NULL)
        found_lose(certificate->lost,
                   "MDChallengeDns01: the arguments of ACMEDNSCommand are others, "
                   "see docs/directives.md");
}

/* @param type "" or ".secp256r1" */
static void read_pair(mod_md_t *md, const char *dir, const char *name, const char *type)
{
    apr_pool_t *p = md->found->pool;
    const char *chain = apr_pstrcat(p, dir, "/" CHAIN_PREFIX, type, CHAIN_SUFFIX, NULL);
    const char *key = apr_pstrcat(p, dir, "/privkey", type, ".pem", NULL), *ignored = NULL;
    found_certificate_t *certificate = found_add_certificate(md->found, chain, name);
    const json_t *json = NULL;

    if (certificate == NULL)
        return;
    certificate->why =
        bundle_read(&certificate->chain, &certificate->key, chain, key, md->passphrase, p);
    json = source_read_json(source_path(p, dir, "md.json"), &ignored, p);
    if (json != NULL)
        read_settings(md, certificate, json);
}

static void read_domain(mod_md_t *md, const char *dir, const char *name)
{
    apr_pool_t *p = md->found->pool;
    apr_array_header_t *files = source_list(p, dir);
    const apr_size_t head = strlen(CHAIN_PREFIX), tail = strlen(CHAIN_SUFFIX);
    int i;

    for (i = 0; i < files->nelts; i++) {
        const char *file = APR_ARRAY_IDX(files, i, const char *);
        apr_size_t len = strlen(file);

        if (len >= head + tail && strncmp(file, CHAIN_PREFIX, head) == 0
            && strcmp(file + len - tail, CHAIN_SUFFIX) == 0)
            read_pair(md, dir, name, apr_pstrmemdup(p, file + head, len - head - tail));
    }
}

/* @param folder "domains" or "staging" */
static void read_domains(mod_md_t *md, const char *folder)
{
    apr_pool_t *p = md->found->pool;
    const char *dir = source_path(p, md->dir, folder);
    apr_array_header_t *names = source_list(p, dir);
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *path = source_path(p, dir, name);

        /* A first certificate's account lies beside it, until httpd takes both over. */
        if (source_has(source_path(p, path, "account.json")))
            read_account(md, path);
        read_domain(md, path, name);
    }
}

apr_status_t mod_md_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    mod_md_t md = { found, NULL, NULL };
    apr_status_t rv = source_open(&md.dir, options->path, result, found->pool);
    const char *accounts = NULL;
    apr_array_header_t *names = NULL;
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    md.passphrase = read_passphrase(found->pool, md.dir);
    accounts = source_path(found->pool, md.dir, "accounts");
    names = source_list(found->pool, accounts);
    for (i = 0; i < names->nelts; i++) {
        const char *path =
            source_path(found->pool, accounts, APR_ARRAY_IDX(names, i, const char *));

        if (source_has(source_path(found->pool, path, "account.json")))
            read_account(&md, path);
    }
    read_domains(&md, "domains");
    read_domains(&md, "staging");
    if (found->accounts->nelts > 0)
        found_lose(found->lost,
                   "mod_md keeps an EAB HMAC key where others than root can read it: ask "
                   "the CA for a new pair if this machine has other users");
    return APR_SUCCESS;
}
