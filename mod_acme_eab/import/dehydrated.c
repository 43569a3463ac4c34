/* SPDX-License-Identifier: Apache-2.0 */

/* import/dehydrated.c - dehydrated's base directory.
 *
 *   accounts/BASE64URL(URL and newline)/  account_key.pem  account_id.json  registration_info.json
 *   certs/ALIAS/{fullchain,privkey}.pem -> {fullchain,privkey}-TIME.pem
 *   config                                shell assignments; Debian has it in /etc/dehydrated */

#include "import/format.h"

#include <string.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/json.h"
#include "import/assignment.h"
#include "import/bundle.h"
#include "import/source.h"

#define DEBIAN_DIR "/var/lib/dehydrated"
#define DEBIAN_CONFIG "/etc/dehydrated/config"

typedef struct dehydrated {
    found_t *found;
    const char *dir;
    const secret_t *config; /* or NULL */
} dehydrated_t;

static const char *config_value(const dehydrated_t *dehydrated, const char *key)
{
    return dehydrated->config != NULL
               ? assignment_shell(dehydrated->found->pool, dehydrated->config, key)
               : NULL;
}

/* The URL that the name of a folder stands for; NULL for another one. */
static const char *url_of_folder(apr_pool_t *p, const char *folder)
{
    bytes_t bytes = { NULL, 0 };
    apr_size_t len = strlen(folder);

    while (len > 0 && folder[len - 1] == '=')
        len--;
    if (base64url_decode(p, &bytes, apr_pstrmemdup(p, folder, len)) != APR_SUCCESS)
        return NULL;
    while (bytes.len > 0 && bytes.data[bytes.len - 1] == '\n')
        bytes.len--;
    if (memchr(bytes.data, '\0', bytes.len) != NULL)
        return NULL;
    return apr_pstrmemdup(p, (const char *)bytes.data, bytes.len);
}

static void read_account(dehydrated_t *dehydrated, const char *dir, const char *folder)
{
    apr_pool_t *p = dehydrated->found->pool;
    found_account_t *account = found_add_account(dehydrated->found, dir);
    const char *email = NULL, *ignored = NULL;
    const json_t *info = NULL;

    if (account == NULL)
        return;
    account->directory = url_of_folder(p, folder);
    info = source_read_json(source_path(p, dir, "registration_info.json"), &ignored, p);
    account->url = json_copy_string(
        p, source_read_json(source_path(p, dir, "account_id.json"), &ignored, p), "url");
    account->kid = source_kid(p, info);
    if (account->kid == NULL)
        account->kid = config_value(dehydrated, "EAB_KID");
    account->contacts = source_contacts(p, info);
    if (account->contacts == NULL && (email = config_value(dehydrated, "CONTACT_EMAIL")) != NULL)
        account->contacts = apr_pstrcat(p, "mailto:", email, NULL);
    account->why = source_refuse_status(p, info);
    if (account->why == NULL)
        account->key =
            source_read_key(source_path(p, dir, "account_key.pem"), NULL, &account->why, p);
}

static void read_settings(const dehydrated_t *dehydrated, found_certificate_t *certificate)
{
    const char *challenge = config_value(dehydrated, "CHALLENGETYPE");

    found_set(certificate->settings, "ACMEChallenge", challenge);
    found_set(certificate->settings, "ACMEPreferredChain",
              config_value(dehydrated, "PREFERRED_CHAIN"));
    if (challenge != NULL && strcmp(challenge, "dns-01") == 0)
        found_lose(certificate->lost, "HOOK is not called: the arguments of ACMEDNSCommand are "
                                      "others, see docs/directives.md");
    if (config_value(dehydrated, "RENEW_DAYS") != NULL)
        found_set(certificate->settings, "ACMERenewBefore",
                  apr_pstrcat(dehydrated->found->pool, config_value(dehydrated, "RENEW_DAYS"), "d",
                              NULL));
}

static void read_certificate(dehydrated_t *dehydrated, const char *dir, const char *name)
{
    apr_pool_t *p = dehydrated->found->pool;
    const char *chain = source_follow(p, dehydrated->dir, source_path(p, dir, "fullchain.pem"));
    const char *key = source_follow(p, dehydrated->dir, source_path(p, dir, "privkey.pem"));
    found_certificate_t *certificate = found_add_certificate(dehydrated->found, dir, name);

    if (certificate == NULL)
        return;
    if (chain == NULL || key == NULL)
        certificate->why = "its links lead out of dehydrated's directory";
    else
        certificate->why = bundle_read(&certificate->chain, &certificate->key, chain, key, NULL, p);
    read_settings(dehydrated, certificate);
}

static const char *config_path(const dehydrated_t *dehydrated)
{
    const char *path = source_path(dehydrated->found->pool, dehydrated->dir, "config");

    return !source_has(path) && strcmp(dehydrated->dir, DEBIAN_DIR) == 0 ? DEBIAN_CONFIG : path;
}

apr_status_t dehydrated_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    dehydrated_t dehydrated = { found, NULL, NULL };
    apr_status_t rv = source_open(&dehydrated.dir, options->path, result, found->pool);
    apr_array_header_t *names = NULL;
    const char *dir = NULL, *ignored = NULL;
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    dehydrated.config =
        source_read(config_path(&dehydrated), LIMIT_IMPORT_FILE, &ignored, found->pool);
    dir = source_path(found->pool, dehydrated.dir, "accounts");
    names = source_list(found->pool, dir);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *path = source_path(found->pool, dir, name);

        if (source_has(source_path(found->pool, path, "account_key.pem")))
            read_account(&dehydrated, path, name);
    }
    dir = source_path(found->pool, dehydrated.dir, "certs");
    names = source_list(found->pool, dir);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (source_has_directory(source_path(found->pool, dir, name)))
            read_certificate(&dehydrated, source_path(found->pool, dir, name), name);
    }
    return APR_SUCCESS;
}
