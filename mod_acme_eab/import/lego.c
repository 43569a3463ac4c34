/* SPDX-License-Identifier: Apache-2.0 */

/* import/lego.c - lego's directory, of version 4 and of version 5.
 *
 *   accounts/HOST_PORT/EMAIL/account.json, keys/EMAIL.key    up to version 4
 *   accounts/HOST_PORT/ID/account.json, ID.key               since version 5, which tells "server"
 *   certificates/NAME.{crt,key,json}                         .crt: with its chain
 *
 * Up to version 4 nothing tells the path of the CA's directory: it has to be given. */

#include "import/format.h"

#include <string.h>
#include <apr_strings.h>

#include "base/json.h"
#include "import/bundle.h"
#include "import/source.h"

#define SUFFIX ".json"

typedef struct lego {
    found_t *found;
    const char *dir;
    const format_options_t *options;
} lego_t;

/* The folder of a CA: its host, "_" for the colon before the port. */
static const char *folder_of(apr_pool_t *p, const char *url)
{
    const char *host = source_host(p, url);
    char *folder = NULL, *colon = NULL;

    if (host == NULL)
        return NULL;
    folder = apr_pstrdup(p, host);
    while ((colon = strchr(folder, ':')) != NULL)
        *colon = '_';
    return folder;
}

static const char *key_path(apr_pool_t *p, const char *dir, const char *name)
{
    const char *beside = apr_pstrcat(p, dir, "/", name, ".key", NULL);

    return source_has(beside) ? beside : apr_pstrcat(p, dir, "/keys/", name, ".key", NULL);
}

/* The URL of the CA, if it is told or given; else why it is of no use. */
static const char *directory_of(const lego_t *lego, const json_t *json, const char *folder,
                                const char **pwhy)
{
    apr_pool_t *p = lego->found->pool;
    const char *server = json_copy_string(p, json, "server"), *given = NULL;

    if (server != NULL)
        return server;
    given = folder_of(p, lego->options->directory);
    if (given != NULL && strcmp(given, folder) != 0)
        *pwhy = apr_psprintf(p, "its CA is %s, which is not that of --directory", folder);
    return given != NULL ? lego->options->directory : NULL;
}

static void read_account(lego_t *lego, const char *dir, const char *folder, const char *name)
{
    apr_pool_t *p = lego->found->pool;
    found_account_t *account = found_add_account(lego->found, dir);
    json_t *json = NULL, *registration = NULL, *body = NULL;
    const char *email = NULL;

    if (account == NULL)
        return;
    json = source_read_json(source_path(p, dir, "account.json"), &account->why, p);
    if (json == NULL)
        return;
    registration = json_object_get(json, "registration");
    body = json_object_get(registration, "body");
    if (body == NULL)
        body = registration;
    account->directory = directory_of(lego, json, folder, &account->why);
    account->url = json_copy_string(p, registration, "uri");
    if (account->url == NULL)
        account->url = json_copy_string(p, registration, "location");
    account->kid = source_kid(p, body);
    account->contacts = source_contacts(p, body);
    if (account->contacts == NULL && (email = json_peek_string(json, "email")) != NULL
        && strchr(email, '@') != NULL)
        account->contacts = apr_pstrcat(p, "mailto:", email, NULL);
    if (account->why == NULL)
        account->why = source_refuse_status(p, body);
    if (account->why == NULL)
        account->key = source_read_key(key_path(p, dir, name), NULL, &account->why, p);
}

static void read_accounts(lego_t *lego, const char *dir, const char *folder)
{
    apr_pool_t *p = lego->found->pool;
    apr_array_header_t *names = source_list(p, dir);
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *path = source_path(p, dir, name);

        if (source_has(source_path(p, path, "account.json")))
            read_account(lego, path, folder, name);
    }
}

static void read_certificate(lego_t *lego, const char *dir, const char *base)
{
    apr_pool_t *p = lego->found->pool;
    const char *stem = source_path(p, dir, base), *host = NULL;
    const char *given = source_host(p, lego->options->directory);
    found_certificate_t *certificate = found_add_certificate(lego->found, stem, base);
    json_t *json = NULL;

    if (certificate == NULL)
        return;
    json = source_read_json(apr_pstrcat(p, stem, SUFFIX, NULL), &certificate->why, p);
    if (json == NULL)
        return;
    if (json_peek_string(json, "domain") != NULL)
        certificate->name = json_copy_string(p, json, "domain");
    host = source_host(p, json_peek_string(json, "certUrl"));
    certificate->why =
        bundle_read(&certificate->chain, &certificate->key, apr_pstrcat(p, stem, ".crt", NULL),
                    apr_pstrcat(p, stem, ".key", NULL), lego->options->passphrase, p);
    if (certificate->why == NULL && given != NULL && host != NULL && strcmp(given, host) != 0)
        certificate->why =
            apr_psprintf(p, "it was issued by %s, which is not the CA of --directory", host);
}

apr_status_t lego_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    lego_t lego = { found, NULL, options };
    apr_status_t rv = source_open(&lego.dir, options->path, result, found->pool);
    const char *dir = NULL;
    apr_array_header_t *names = NULL;
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    dir = source_path(found->pool, lego.dir, "accounts");
    names = source_list(found->pool, dir);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        read_accounts(&lego, source_path(found->pool, dir, name), name);
    }
    dir = source_path(found->pool, lego.dir, "certificates");
    names = source_list(found->pool, dir);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        apr_size_t len = strlen(name), tail = strlen(SUFFIX);

        if (len > tail && strcmp(name + len - tail, SUFFIX) == 0)
            read_certificate(&lego, dir, apr_pstrmemdup(found->pool, name, len - tail));
    }
    return APR_SUCCESS;
}
