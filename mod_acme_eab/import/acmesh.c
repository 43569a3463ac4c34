/* SPDX-License-Identifier: Apache-2.0 */

/* import/acmesh.c - acme.sh's directory.
 *
 *   ca/HOST/PATH.../  account.key (PEM)  account.json (what the CA answered)  ca.conf (shell)
 *   NAME[_ecc]/       NAME.key  fullchain.cer  NAME.conf (shell)
 *
 * The port of the CA is not in the path, so its URL is taken from Le_API of a certificate's NAME.conf.
 * The HMAC key in ca.conf is not copied, and account.conf, with the secrets of DNS programs, not opened. */

#include "import/format.h"

#include <string.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/json.h"
#include "import/assignment.h"
#include "import/bundle.h"
#include "import/source.h"

#define DEPTH_MAX 8
#define ECC "_ecc"

typedef struct acmesh {
    found_t *found;
    const char *dir;
    const format_options_t *options;
} acmesh_t;

/* What acme.sh has wrapped, because it cannot stand in quotes, is not needed by us. */
static const char *value_of(apr_pool_t *p, const secret_t *conf, const char *key)
{
    const char *value = conf != NULL ? assignment_shell(p, conf, key) : NULL;

    return value != NULL && strncmp(value, "__ACME_BASE64__", 15) != 0 ? value : NULL;
}

static int is_wrapped(apr_pool_t *p, const secret_t *conf, const char *key)
{
    return assignment_shell(p, conf, key) != NULL;
}

static void read_challenge(found_certificate_t *certificate, const char *webroot)
{
    if (webroot == NULL)
        return;
    if (strncmp(webroot, "dns", 3) == 0) {
        found_set(certificate->settings, "ACMEChallenge", "dns-01");
        found_lose(certificate->lost,
                   "acme.sh's %s cannot be called from here: name a program of your own with "
                   "ACMEDNSCommand",
                   webroot);
    }
    else
        found_set(certificate->settings, "ACMEChallenge",
                  strcmp(webroot, "alpn") == 0 ? "tls-alpn-01" : "http-01");
}

static void read_settings(const acmesh_t *acmesh, found_certificate_t *certificate,
                          const secret_t *conf)
{
    static const char *const hooks[] = { "Le_ReloadCmd", "Le_DeployHook", "Le_PreHook",
                                         "Le_PostHook", "Le_RenewHook" };
    apr_pool_t *p = acmesh->found->pool;
    size_t i;

    read_challenge(certificate, value_of(p, conf, "Le_Webroot"));
    found_set(certificate->settings, "ACMEPreferredChain", value_of(p, conf, "Le_Preferred_Chain"));
    found_set(certificate->settings, "ACMEProfile", value_of(p, conf, "Le_Certificate_Profile"));
    if (value_of(p, conf, "Le_RenewalDays") != NULL)
        found_lose(certificate->lost,
                   "Le_RenewalDays counts from the issue, ACMERenewBefore from the end: choose one "
                   "if a third of the life is not right");
    if (value_of(p, conf, "Le_OCSP_Staple") != NULL)
        found_lose(certificate->lost, "Le_OCSP_Staple has no counterpart");
    for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        if (is_wrapped(p, conf, hooks[i]))
            found_lose(certificate->lost, "%s is not run any more (httpd is restarted by itself)",
                       hooks[i]);
    }
}

static void read_certificate(acmesh_t *acmesh, const char *dir, const char *folder)
{
    apr_pool_t *p = acmesh->found->pool;
    apr_size_t len = strlen(folder), tail = strlen(ECC);
    int ecc = len > tail && strcmp(folder + len - tail, ECC) == 0;
    const char *name = ecc ? apr_pstrmemdup(p, folder, len - tail) : folder, *ignored = NULL;
    const char *base = source_path(p, dir, name);
    secret_t *conf =
        source_read(apr_pstrcat(p, base, ".conf", NULL), LIMIT_IMPORT_FILE, &ignored, p);
    found_certificate_t *certificate = NULL;

    if (conf == NULL || (certificate = found_add_certificate(acmesh->found, dir, name)) == NULL)
        return;
    certificate->directory = value_of(p, conf, "Le_API");
    read_settings(acmesh, certificate, conf);
    secret_cleanse(conf);
    certificate->why =
        bundle_read(&certificate->chain, &certificate->key, source_path(p, dir, "fullchain.cer"),
                    apr_pstrcat(p, base, ".key", NULL), acmesh->options->passphrase, p);
}

/* "host/path" without the port, as acme.sh makes a path of it. */
static const char *folder_of(apr_pool_t *p, const char *url)
{
    const char *text = source_host_and_path(p, url);
    const char *slash = text != NULL ? strchr(text, '/') : NULL;
    const char *colon = text != NULL ? strchr(text, ':') : NULL;

    if (text == NULL || slash == NULL)
        return text;
    return colon != NULL && colon < slash
               ? apr_pstrcat(p, apr_pstrmemdup(p, text, (apr_size_t)(colon - text)), slash, NULL)
               : text;
}

static int is_of_folder(apr_pool_t *p, const char *url, const char *below)
{
    const char *folder = folder_of(p, url);

    return folder != NULL && strcmp(folder, below) == 0;
}

static const char *directory_of(const acmesh_t *acmesh, const char *below)
{
    apr_pool_t *p = acmesh->found->pool;
    int i;

    if (is_of_folder(p, acmesh->options->directory, below))
        return acmesh->options->directory;
    for (i = 0; i < acmesh->found->certificates->nelts; i++) {
        const found_certificate_t *certificate =
            APR_ARRAY_IDX(acmesh->found->certificates, i, const found_certificate_t *);

        if (is_of_folder(p, certificate->directory, below))
            return certificate->directory;
    }
    return apr_pstrcat(p, "https://", below, NULL);
}

static void read_account(acmesh_t *acmesh, const char *dir, const char *below)
{
    apr_pool_t *p = acmesh->found->pool;
    found_account_t *account = found_add_account(acmesh->found, dir);
    const char *email = NULL, *ignored = NULL;
    json_t *json = NULL;
    secret_t *conf = NULL;

    if (account == NULL)
        return;
    account->directory = directory_of(acmesh, below);
    conf = source_read(source_path(p, dir, "ca.conf"), LIMIT_IMPORT_FILE, &ignored, p);
    json = source_read_json(source_path(p, dir, "account.json"), &ignored, p);
    account->url = value_of(p, conf, "ACCOUNT_URL");
    account->kid = value_of(p, conf, "CA_EAB_KEY_ID");
    if (account->kid == NULL)
        account->kid = source_kid(p, json);
    account->contacts = source_contacts(p, json);
    if (account->contacts == NULL && (email = value_of(p, conf, "CA_EMAIL")) != NULL)
        account->contacts = apr_pstrcat(p, "mailto:", email, NULL);
    secret_cleanse(conf);
    account->why = source_refuse_status(p, json);
    if (account->why == NULL)
        account->key = source_read_key(source_path(p, dir, "account.key"), NULL, &account->why, p);
}

static void walk_accounts(acmesh_t *acmesh, const char *dir, const char *below, int depth)
{
    apr_pool_t *p = acmesh->found->pool;
    apr_array_header_t *names = source_list(p, dir);
    int i;

    if (source_has(source_path(p, dir, "account.key"))) {
        read_account(acmesh, dir, below);
        return;
    }
    for (i = 0; i < names->nelts && depth < DEPTH_MAX; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (source_has_directory(source_path(p, dir, name)))
            walk_accounts(acmesh, source_path(p, dir, name),
                          *below != '\0' ? source_path(p, below, name) : name, depth + 1);
    }
}

apr_status_t acmesh_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    acmesh_t acmesh = { found, NULL, options };
    apr_status_t rv = source_open(&acmesh.dir, options->path, result, found->pool);
    apr_array_header_t *names = NULL;
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    names = source_list(found->pool, acmesh.dir);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *dir = source_path(found->pool, acmesh.dir, name);

        if (source_has_directory(dir))
            read_certificate(&acmesh, dir, name);
    }
    walk_accounts(&acmesh, source_path(found->pool, acmesh.dir, "ca"), "", 0);
    return APR_SUCCESS;
}
