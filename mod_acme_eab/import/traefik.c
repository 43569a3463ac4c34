/* SPDX-License-Identifier: Apache-2.0 */

/* import/traefik.c - Traefik's acme.json, one file with all that it has.
 *
 *   {"RESOLVER": {"Account": {"Registration": {"body", "uri"}, "PrivateKey": base64 of PKCS#1 DER},
 *                 "Certificates": [{"domain": {"main"}, "certificate": base64 of PEM, "key": the same}]}}
 *
 * The URL of the CA's directory is in Traefik's configuration alone. */

#include "import/format.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/json.h"
#include "import/bundle.h"
#include "import/source.h"

/* base64 with padding; NULL when it is none. */
static secret_t *decode(apr_pool_t *p, const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    secret_t *data = NULL;
    int n = 0;

    if (len == 0 || len % 4 != 0 || len > LIMIT_IMPORT_FILE)
        return NULL;
    if ((data = secret_make(p, len / 4 * 3)) == NULL)
        return NULL;
    n = EVP_DecodeBlock(data->data, (const unsigned char *)text, (int)len);
    ERR_clear_error();
    if (n < 0) {
        secret_cleanse(data);
        return NULL;
    }
    while (n > 0 && text[len - 1] == '=') { /* they were decoded as zeros */
        n--;
        len--;
    }
    data->len = (apr_size_t)n;
    return data;
}

static keypair_t *account_key(apr_pool_t *p, const json_t *account)
{
    secret_t *der = decode(p, json_peek_string(account, "PrivateKey"));
    const unsigned char *at = der != NULL ? der->data : NULL;
    EVP_PKEY *pkey = der != NULL ? d2i_AutoPrivateKey(NULL, &at, (long)der->len) : NULL;

    ERR_clear_error();
    secret_cleanse(der);
    return keypair_adopt(p, pkey);
}

static const char *read_account(found_t *found, const json_t *json, const char *path)
{
    apr_pool_t *p = found->pool;
    const json_t *registration = json_object_get(json, "Registration");
    const json_t *body = json_object_get(registration, "body");
    const char *email = json_peek_string(json, "Email");
    found_account_t *account = found_add_account(found, path);

    if (account == NULL)
        return NULL;
    account->url = json_copy_string(p, registration, "uri");
    account->kid = source_kid(p, body);
    account->contacts = source_contacts(p, body);
    if (account->contacts == NULL && email != NULL && strchr(email, '@') != NULL)
        account->contacts = apr_pstrcat(p, "mailto:", email, NULL);
    account->why = source_refuse_status(p, body);
    if ((account->key = account_key(p, json)) == NULL)
        account->why = "its PrivateKey cannot be read";
    return account->url;
}

static void read_certificate(found_t *found, const json_t *json, const char *path, const char *url)
{
    apr_pool_t *p = found->pool;
    const char *name = json_peek_string(json_object_get(json, "domain"), "main");
    found_certificate_t *certificate = found_add_certificate(found, path, name);
    secret_t *chain = NULL, *key = NULL;
    bundle_t *bundle = bundle_make(p);

    if (certificate == NULL)
        return;
    certificate->account_url = url;
    chain = decode(p, json_peek_string(json, "certificate"));
    key = decode(p, json_peek_string(json, "key"));
    if (chain == NULL || key == NULL)
        certificate->why = "its certificate or key is no base64";
    else if ((certificate->why = bundle_add_pem(bundle, key, NULL)) == NULL
             && (certificate->why = bundle_add_pem(bundle, chain, NULL)) == NULL)
        certificate->why = bundle_close(bundle, &certificate->chain, &certificate->key);
    secret_cleanse(chain);
    secret_cleanse(key);
}

static json_t *parse(const char *path, eab_result_t *result, apr_pool_t *p)
{
    const char *why = NULL, *reason = NULL;
    secret_t *text = source_read(path, LIMIT_IMPORT_STORE, &why, p);
    json_t *json = NULL;

    if (text == NULL) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "%s.", why);
        return NULL;
    }
    json = json_parse(p, (const char *)text->data, text->len, &reason);
    secret_cleanse(text);
    if (json == NULL || !json_is_object(json)) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "%s is no acme.json of Traefik: %s.",
                       path, reason != NULL ? reason : "it is no object");
        return NULL;
    }
    return json;
}

apr_status_t traefik_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    apr_pool_t *p = found->pool;
    json_t *json = parse(options->path, result, p), *resolver = NULL, *entry = NULL;
    const char *name = NULL;
    size_t i;

    if (json == NULL)
        return result->rv;
    json_object_foreach(json, name, resolver)
    {
        const json_t *account = json_object_get(resolver, "Account");
        const char *path = apr_pstrcat(p, options->path, " (", name, ")", NULL);
        const char *url = json_is_object(account) ? read_account(found, account, path) : NULL;

        json_array_foreach(json_object_get(resolver, "Certificates"), i, entry)
        {
            read_certificate(found, entry, path, url);
        }
    }
    return APR_SUCCESS;
}
