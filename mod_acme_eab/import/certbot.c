/* SPDX-License-Identifier: Apache-2.0 */

/* import/certbot.c - certbot's configuration directory.
 *
 *   accounts/HOST[:PORT]/PATH.../ID/  private_key.json (JWK)  regr.json (account URL)  meta.json
 *   live/NAME/{fullchain,privkey}.pem -> ../../archive/NAME/{fullchain,privkey}K.pem
 *   renewal/NAME.conf                 where the certificate came from, and with which settings
 *   cli.ini                           defaults, the EAB key id among them
 *
 * The directory URL is "https://" and the path below accounts/. An account of Let's Encrypt that is
 * older than its present interface lies below the name of the first one, and links lead to it. */

#include "import/format.h"

#include <string.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "crypto/jwk.h"
#include "import/assignment.h"
#include "import/bundle.h"
#include "import/source.h"

#define SERVER_DEPTH_MAX 8
#define SERVER_DEFAULT "https://acme-v02.api.letsencrypt.org/directory"

typedef struct certbot {
    found_t *found;
    const char *dir;
    const secret_t *cli; /* cli.ini, or NULL */
} certbot_t;

/* An account serves both interfaces. */
static const char *const moved_servers[][2] = {
    { "https://acme-v01.api.letsencrypt.org/directory", SERVER_DEFAULT },
    { "https://acme-staging.api.letsencrypt.org/directory",
      "https://acme-staging-v02.api.letsencrypt.org/directory" },
};

static const char *server_of(apr_pool_t *p, const char *below)
{
    const char *url = apr_pstrcat(p, "https://", below, NULL);
    size_t i;

    for (i = 0; i < sizeof(moved_servers) / sizeof(moved_servers[0]); i++) {
        if (strcmp(url, moved_servers[i][0]) == 0)
            return moved_servers[i][1];
    }
    return url;
}

static const char *cli_value(const certbot_t *certbot, const char *key)
{
    return certbot->cli != NULL ? assignment_ini(certbot->found->pool, certbot->cli, key) : NULL;
}

/* cli.ini is for the CA that it names. */
static const char *cli_kid(const certbot_t *certbot, const char *directory)
{
    const char *server = cli_value(certbot, "server");

    if (server == NULL)
        server = SERVER_DEFAULT;
    return strcmp(server, directory) == 0 ? cli_value(certbot, "eab_kid") : NULL;
}

static const char *cli_contacts(const certbot_t *certbot)
{
    apr_pool_t *p = certbot->found->pool;
    char *rest = NULL, *address = NULL;
    const char *email = cli_value(certbot, "email"), *contacts = NULL;

    for (address = email != NULL ? apr_strtok(apr_pstrdup(p, email), ", ", &rest) : NULL;
         address != NULL; address = apr_strtok(NULL, ", ", &rest))
        contacts = apr_pstrcat(p, contacts != NULL ? contacts : "", contacts != NULL ? " " : "",
                               "mailto:", address, NULL);
    return contacts;
}

static void read_account(certbot_t *certbot, const char *dir, const char *below)
{
    apr_pool_t *p = certbot->found->pool;
    found_account_t *account = found_add_account(certbot->found, dir);
    json_t *key = NULL, *record = NULL;
    const char *ignored = NULL;

    if (account == NULL)
        return;
    account->directory = server_of(p, below);
    account->kid = cli_kid(certbot, account->directory);
    record = source_read_json(source_path(p, dir, "regr.json"), &account->why, p);
    account->url = json_copy_string(p, record, "uri");
    account->contacts = source_contacts(p, json_object_get(record, "body"));
    if (account->contacts == NULL)
        account->contacts = cli_contacts(certbot);
    if (account->kid == NULL)
        account->kid = source_kid(p, json_object_get(record, "body"));
    record = source_read_json(source_path(p, dir, "meta.json"), &ignored, p);
    account->created = json_peek_time(record, "creation_dt");
    key = source_read_json(source_path(p, dir, "private_key.json"), &account->why, p);
    if (key != NULL && (account->key = jwk_keypair(p, key, &ignored)) == NULL)
        account->why = apr_psprintf(p, "its private_key.json %s", ignored);
}

/* @param below the path below accounts/ */
static void walk_accounts(certbot_t *certbot, const char *dir, const char *below, int depth)
{
    apr_pool_t *p = certbot->found->pool;
    apr_array_header_t *names = source_list(p, dir);
    int i;

    for (i = 0; i < names->nelts && depth < SERVER_DEPTH_MAX; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *path = source_path(p, dir, name);

        if (!source_has_directory(path))
            continue;
        if (source_has(source_path(p, path, "private_key.json")))
            read_account(certbot, path, below);
        else
            walk_accounts(certbot, path, *below != '\0' ? source_path(p, below, name) : name,
                          depth + 1);
    }
}

/* The URL of the account that a renewal configuration names by its id. */
static const char *url_of_account(const certbot_t *certbot, const char *id)
{
    int i;

    for (i = 0; id != NULL && i < certbot->found->accounts->nelts; i++) {
        const found_account_t *account =
            APR_ARRAY_IDX(certbot->found->accounts, i, const found_account_t *);
        const char *slash = strrchr(account->path, '/');

        if (slash != NULL && strcmp(slash + 1, id) == 0)
            return account->url;
    }
    return NULL;
}

static int is_true(const char *value)
{
    return value != NULL && strcmp(value, "True") == 0;
}

static void read_challenge(found_certificate_t *certificate, const char *authenticator)
{
    if (authenticator == NULL)
        return;
    if (strncmp(authenticator, "dns", 3) == 0) {
        found_set(certificate->settings, "ACMEChallenge", "dns-01");
        found_lose(certificate->lost,
                   "certbot's %s cannot be called from here: name a program of your own with "
                   "ACMEDNSCommand",
                   authenticator);
    }
    else if (strcmp(authenticator, "manual") == 0)
        found_lose(certificate->lost, "certbot was told to ask for help (manual): choose an "
                                      "ACMEChallenge");
    else
        found_set(certificate->settings, "ACMEChallenge", "http-01");
}

/* "30 days" as "30d". */
static const char *renew_before(apr_pool_t *p, const char *value)
{
    char *end = NULL;
    apr_int64_t days = value != NULL ? apr_strtoi64(value, &end, 10) : 0;

    return days > 0 && days < 1000 && strcmp(end, " days") == 0
               ? apr_psprintf(p, "%" APR_INT64_T_FMT "d", days)
               : NULL;
}

static void read_settings(const certbot_t *certbot, found_certificate_t *certificate,
                          const secret_t *conf)
{
    static const char *const hooks[] = { "pre_hook", "post_hook", "renew_hook" };
    apr_pool_t *p = certbot->found->pool;
    const char *profile = assignment_ini(p, conf, "required_profile");
    size_t i;

    read_challenge(certificate, assignment_ini(p, conf, "authenticator"));
    found_set(certificate->settings, "ACMERenewBefore",
              renew_before(p, assignment_ini(p, conf, "renew_before_expiry")));
    found_set(certificate->settings, "ACMEPreferredChain",
              assignment_ini(p, conf, "preferred_chain"));
    found_set(certificate->settings, "ACMEProfile",
              profile != NULL ? profile : assignment_ini(p, conf, "preferred_profile"));
    if (is_true(assignment_ini(p, conf, "allow_subset_of_names")))
        found_set(certificate->settings, "ACMEAllowSubsetOfNames", "on");
    if (profile != NULL)
        found_lose(certificate->lost,
                   "required_profile: add \"required\" to ACMEProfile, so that nothing is ordered "
                   "without it");
    if (is_true(assignment_ini(p, conf, "must_staple")))
        found_lose(certificate->lost, "must_staple has no counterpart");
    if (is_true(assignment_ini(p, conf, "reuse_key")))
        found_lose(certificate->lost,
                   "reuse_key has no counterpart: each certificate gets a new key");
    for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        const char *hook = assignment_ini(p, conf, hooks[i]);

        if (hook != NULL)
            found_lose(certificate->lost,
                       "%s is not run any more (httpd is restarted by itself): %s", hooks[i], hook);
    }
}

static void read_certificate(certbot_t *certbot, const char *name)
{
    apr_pool_t *p = certbot->found->pool;
    const char *live = source_path(p, source_path(p, certbot->dir, "live"), name);
    const char *chain = source_follow(p, certbot->dir, source_path(p, live, "fullchain.pem"));
    const char *key = source_follow(p, certbot->dir, source_path(p, live, "privkey.pem"));
    const char *conf_path = apr_pstrcat(p, certbot->dir, "/renewal/", name, ".conf", NULL);
    found_certificate_t *certificate = found_add_certificate(certbot->found, live, name);
    const char *ignored = NULL;
    const secret_t *conf = NULL;

    if (certificate == NULL)
        return;
    if (chain == NULL || key == NULL)
        certificate->why = "its links lead out of certbot's directory";
    else
        certificate->why = bundle_read(&certificate->chain, &certificate->key, chain, key, NULL, p);
    if ((conf = source_read(conf_path, LIMIT_IMPORT_FILE, &ignored, p)) == NULL)
        return;
    certificate->directory = assignment_ini(p, conf, "server");
    certificate->account_url = url_of_account(certbot, assignment_ini(p, conf, "account"));
    read_settings(certbot, certificate, conf);
}

apr_status_t certbot_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    certbot_t certbot = { found, NULL, NULL };
    apr_status_t rv = source_open(&certbot.dir, options->path, result, found->pool);
    apr_array_header_t *names = NULL;
    const char *ignored = NULL, *live = NULL;
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    certbot.cli = source_read(source_path(found->pool, certbot.dir, "cli.ini"), LIMIT_IMPORT_FILE,
                              &ignored, found->pool);
    walk_accounts(&certbot, source_path(found->pool, certbot.dir, "accounts"), "", 0);
    live = source_path(found->pool, certbot.dir, "live");
    names = source_list(found->pool, live);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (source_has_directory(source_path(found->pool, live, name)))
            read_certificate(&certbot, name);
    }
    return APR_SUCCESS;
}
