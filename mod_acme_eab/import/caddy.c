/* SPDX-License-Identifier: Apache-2.0 */

/* import/caddy.c - Caddy's data directory, as CertMagic keeps it.
 *
 *   acme/ISSUER/users/EMAIL/LOCAL.{json,key}           the account with its "location"
 *   certificates/ISSUER/NAME/NAME.{crt,key,json}       .crt: with its chain
 *
 * ISSUER is made of the URL of the CA's directory and cannot be turned back into it: it is taken from
 * "ca" in the record of a certificate, or has to be given. */

#include "import/format.h"

#include <ctype.h>
#include <string.h>
#include <apr_strings.h>

#include "base/json.h"
#include "import/bundle.h"
#include "import/source.h"

#define SUFFIX ".json"
#define WILDCARD "wildcard_"

typedef struct caddy {
    found_t *found;
    const char *dir;
    const format_options_t *options;
} caddy_t;

/* How CertMagic makes a folder of a URL: lower case, what cannot be in a file name becomes "-". */
static const char *issuer_of(apr_pool_t *p, const char *url)
{
    const char *text = source_host_and_path(p, url);
    char *issuer = text != NULL ? apr_pstrdup(p, text) : NULL, *c = NULL;

    for (c = issuer; c != NULL && *c != '\0'; c++)
        *c = *c == '/' || *c == ':' ? '-' : (char)tolower((unsigned char)*c);
    return issuer;
}

static int is_issuer(apr_pool_t *p, const char *url, const char *folder)
{
    const char *issuer = issuer_of(p, url);

    return issuer != NULL && strcmp(issuer, folder) == 0;
}

/* @param told what a record says, or NULL */
static const char *directory_of(const caddy_t *caddy, const char *told, const char *folder)
{
    apr_pool_t *p = caddy->found->pool;
    int i;

    if (is_issuer(p, told, folder))
        return apr_pstrdup(p, told);
    if (is_issuer(p, caddy->options->directory, folder))
        return caddy->options->directory;
    for (i = 0; i < caddy->found->certificates->nelts; i++) {
        const found_certificate_t *certificate =
            APR_ARRAY_IDX(caddy->found->certificates, i, const found_certificate_t *);

        if (is_issuer(p, certificate->directory, folder))
            return certificate->directory;
    }
    return NULL;
}

static const char *refuse_directory(const caddy_t *caddy, const char *directory, const char *folder)
{
    if (directory != NULL || caddy->options->directory == NULL)
        return NULL;
    return apr_psprintf(caddy->found->pool, "its CA is %s, which is not that of --directory",
                        folder);
}

static void read_account(caddy_t *caddy, const char *stem, const char *issuer)
{
    apr_pool_t *p = caddy->found->pool;
    found_account_t *account = found_add_account(caddy->found, stem);
    json_t *json = NULL;

    if (account == NULL)
        return;
    json = source_read_json(apr_pstrcat(p, stem, SUFFIX, NULL), &account->why, p);
    if (json == NULL)
        return;
    account->directory = directory_of(caddy, NULL, issuer);
    account->url = json_copy_string(p, json, "location");
    account->kid = source_kid(p, json);
    account->contacts = source_contacts(p, json);
    account->why = source_refuse_status(p, json);
    if (account->why == NULL)
        account->why = refuse_directory(caddy, account->directory, issuer);
    if (account->why == NULL)
        account->key = source_read_key(apr_pstrcat(p, stem, ".key", NULL), NULL, &account->why, p);
}

static void read_certificate(caddy_t *caddy, const char *dir, const char *name, const char *issuer)
{
    apr_pool_t *p = caddy->found->pool;
    const char *stem = source_path(p, dir, name);
    found_certificate_t *certificate = NULL;
    json_t *json = NULL, *data = NULL;

    if (!source_has(apr_pstrcat(p, stem, ".crt", NULL))
        || (certificate = found_add_certificate(caddy->found, stem, name)) == NULL)
        return;
    if (strncmp(name, WILDCARD, strlen(WILDCARD)) == 0)
        certificate->name = apr_pstrcat(p, "*", name + strlen(WILDCARD), NULL);
    json = source_read_json(apr_pstrcat(p, stem, SUFFIX, NULL), &certificate->why, p);
    data = json_object_get(json, "issuer_data");
    certificate->directory = directory_of(caddy, json_peek_string(data, "ca"), issuer);
    certificate->account_url = json_copy_string(p, data, "account");
    certificate->why =
        bundle_read(&certificate->chain, &certificate->key, apr_pstrcat(p, stem, ".crt", NULL),
                    apr_pstrcat(p, stem, ".key", NULL), NULL, p);
    if (certificate->why == NULL)
        certificate->why = refuse_directory(caddy, certificate->directory, issuer);
}

static void read_users(caddy_t *caddy, const char *dir, const char *issuer)
{
    apr_pool_t *p = caddy->found->pool;
    apr_array_header_t *users = source_list(p, dir);
    int i, k;

    for (i = 0; i < users->nelts; i++) {
        const char *user = source_path(p, dir, APR_ARRAY_IDX(users, i, const char *));
        apr_array_header_t *files = source_list(p, user);

        for (k = 0; k < files->nelts; k++) {
            const char *file = APR_ARRAY_IDX(files, k, const char *);
            apr_size_t len = strlen(file), tail = strlen(SUFFIX);

            if (len > tail && strcmp(file + len - tail, SUFFIX) == 0)
                read_account(caddy, source_path(p, user, apr_pstrmemdup(p, file, len - tail)),
                             issuer);
        }
    }
}

static void read_issued(caddy_t *caddy, const char *dir, const char *issuer)
{
    apr_pool_t *p = caddy->found->pool;
    apr_array_header_t *names = source_list(p, dir);
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        read_certificate(caddy, source_path(p, dir, name), name, issuer);
    }
}

apr_status_t caddy_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    caddy_t caddy = { found, NULL, options };
    apr_pool_t *p = found->pool;
    apr_status_t rv = source_open(&caddy.dir, options->path, result, p);
    apr_array_header_t *issuers = NULL;
    const char *dir = NULL;
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    dir = source_path(p, caddy.dir, "certificates");
    issuers = source_list(p, dir);
    for (i = 0; i < issuers->nelts; i++) {
        const char *issuer = APR_ARRAY_IDX(issuers, i, const char *);

        read_issued(&caddy, source_path(p, dir, issuer), issuer);
    }
    dir = source_path(p, caddy.dir, "acme");
    issuers = source_list(p, dir);
    for (i = 0; i < issuers->nelts; i++) {
        const char *issuer = APR_ARRAY_IDX(issuers, i, const char *);

        read_users(&caddy, apr_pstrcat(p, dir, "/", issuer, "/users", NULL), issuer);
    }
    return APR_SUCCESS;
}
