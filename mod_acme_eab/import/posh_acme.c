/* SPDX-License-Identifier: Apache-2.0 */

/* import/posh_acme.c - Posh-ACME's profile directory.
 *
 *   SERVER/dir.json                  the CA's directory; "location" is its URL
 *   SERVER/ID/acct.json              the account with its key as a JWK
 *   SERVER/ID/ORDER/                 cert.key  fullchain.cer  order.json
 *
 * A key that Posh-ACME has encrypted can be decrypted by it alone. */

#include "import/format.h"

#include <string.h>
#include <apr_strings.h>

#include "base/json.h"
#include "crypto/jwk.h"
#include "import/bundle.h"
#include "import/source.h"

/* The key is an object, or text that holds one; anything else is encrypted. */
static keypair_t *account_key(apr_pool_t *p, const json_t *json, const char **pwhy)
{
    const json_t *key = json_object_get(json, "key");
    const char *reason = NULL;
    keypair_t *pair = NULL;

    if (json_is_string(key))
        key = json_parse(p, json_string_value(key), strlen(json_string_value(key)), NULL);
    if (!json_is_object(key)) {
        *pwhy = "its key is encrypted; take the encryption away first: Set-PAAccount "
                "-UseAltPluginEncryption:$false";
        return NULL;
    }
    if ((pair = jwk_keypair(p, key, &reason)) == NULL)
        *pwhy = apr_psprintf(p, "its key %s", reason);
    return pair;
}

static const char *read_account(found_t *found, const char *dir, const char *directory)
{
    apr_pool_t *p = found->pool;
    found_account_t *account = found_add_account(found, dir);
    json_t *json = NULL;

    if (account == NULL)
        return NULL;
    account->directory = directory;
    json = source_read_json(source_path(p, dir, "acct.json"), &account->why, p);
    if (json == NULL)
        return NULL;
    account->url = json_copy_string(p, json, "location");
    account->kid = json_copy_string(p, json, "eabKID");
    if (account->kid == NULL)
        account->kid = source_kid(p, json);
    account->contacts = source_contacts(p, json);
    account->why = source_refuse_status(p, json);
    if (account->why == NULL)
        account->key = account_key(p, json, &account->why);
    return account->url;
}

static void read_order(found_t *found, const char *dir, const char *name, const char *directory,
                       const char *url)
{
    apr_pool_t *p = found->pool;
    const char *ignored = NULL;
    found_certificate_t *certificate = found_add_certificate(found, dir, name);
    const json_t *json = NULL;

    if (certificate == NULL)
        return;
    certificate->directory = directory;
    certificate->account_url = url;
    certificate->why =
        bundle_read(&certificate->chain, &certificate->key, source_path(p, dir, "fullchain.cer"),
                    source_path(p, dir, "cert.key"), NULL, p);
    json = source_read_json(source_path(p, dir, "order.json"), &ignored, p);
    if (json_peek_string(json, "MainDomain") != NULL)
        certificate->name = json_copy_string(p, json, "MainDomain");
    found_set(certificate->settings, "ACMEPreferredChain",
              json_peek_string(json, "PreferredChain"));
    found_set(certificate->settings, "ACMEProfile", json_peek_string(json, "profile"));
    if (json_peek_bool(json, "OCSPMustStaple", 0))
        found_lose(certificate->lost, "OCSPMustStaple has no counterpart");
}

static void read_account_folder(found_t *found, const char *dir, const char *directory)
{
    apr_pool_t *p = found->pool;
    const char *url = read_account(found, dir, directory);
    apr_array_header_t *names = source_list(p, dir);
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *order = source_path(p, dir, name);

        if (source_has(source_path(p, order, "fullchain.cer")))
            read_order(found, order, name, directory, url);
    }
}

static void read_server(found_t *found, const char *dir)
{
    apr_pool_t *p = found->pool;
    const char *ignored = NULL;
    const json_t *json = source_read_json(source_path(p, dir, "dir.json"), &ignored, p);
    const char *directory = json_copy_string(p, json, "location");
    apr_array_header_t *names = source_list(p, dir);
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *path = source_path(p, dir, APR_ARRAY_IDX(names, i, const char *));

        if (source_has(source_path(p, path, "acct.json")))
            read_account_folder(found, path, directory);
    }
}

apr_status_t posh_acme_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    const char *dir = NULL;
    apr_status_t rv = source_open(&dir, options->path, result, found->pool);
    apr_array_header_t *names = NULL;
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    names = source_list(found->pool, dir);
    for (i = 0; i < names->nelts; i++)
        read_server(found, source_path(found->pool, dir, APR_ARRAY_IDX(names, i, const char *)));
    return APR_SUCCESS;
}
