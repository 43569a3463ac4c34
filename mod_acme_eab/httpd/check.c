/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/check.h"

#include <ap_listen.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "httpd/directive.h"
#include "httpd/export.h"
#include "httpd/loss.h"
#include "httpd/match.h"
#include "httpd/mistake.h"
#include "httpd/program.h"
#include "httpd/site.h"
#include "httpd/stapling.h"
#include "httpd/vhosts.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define FIRST_GENERATION 1
#define KEEPER_CHECK_SECONDS 60 /* an exec: source is not run, so this is plenty */

typedef struct check {
    apr_pool_t *ptemp;
    site_t *site;
    mistakes_t *mistakes;
    mistakes_t *troubles;
    mistakes_t *notices;
    apr_array_header_t *judgements; /* judgement_t */
} check_t;

static site_domain_t *domain_at(const check_t *check, int i)
{
    return APR_ARRAY_IDX(check->site->domains, i, site_domain_t *);
}

static site_account_t *account_at(const check_t *check, int i)
{
    return APR_ARRAY_IDX(check->site->accounts, i, site_account_t *);
}

/* ---- accounts -------------------------------------------------------------------------------- */

static void check_eab_pair(const check_t *check, const site_account_t *account)
{
    const setting_t *kid = &account->config->settings[SETTING_EAB_KID];
    const setting_t *key = &account->config->settings[SETTING_EAB_KEY];

    if (kid->where != NULL && key->where == NULL)
        mistake_add(check->mistakes, kid->where,
                    "ACMEEABKid has no ACMEEABKey in the same scope; say with ACMEEABKey where the "
                    "HMAC key for this key id is");
    else if (kid->where == NULL && key->where != NULL)
        mistake_add(
            check->mistakes, key->where,
            "ACMEEABKey has no ACMEEABKid; the CA gave a key id together with the key, name "
            "it with ACMEEABKid");
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Each name has one owner: no order of the configuration shall decide which certificate wins. */
static void check_duplicates(const check_t *check)
{
    apr_hash_t *owners = apr_hash_make(check->ptemp);
    int i = 0, k = 0;

    for (i = 0; i < check->site->domains->nelts; ++i) {
        const site_domain_t *domain = domain_at(check, i);
        const apr_array_header_t *names = domain->names;

        for (k = 0; k < names->nelts; ++k) {
            const char *name = APR_ARRAY_IDX(names, k, const char *);
            const char *other = apr_hash_get(owners, name, APR_HASH_KEY_STRING);

            if (other != NULL)
                mistake_add(
                    check->mistakes, domain->declared->where,
                    "ACMEManagedDomain: '%s' is already in the managed domain at %s; take it "
                    "out of one of them",
                    name, other);
            apr_hash_set(owners, name, APR_HASH_KEY_STRING, domain->declared->where);
        }
    }
}

/* The one that has the very name. */
static const site_domain_t *owner_of(const check_t *check, const char *name)
{
    apr_array_header_t *found = apr_array_make(check->ptemp, 2, sizeof(int));
    int i = 0;

    owners_find(check->site->owners, found, name);
    owners_sort(found);
    for (i = 0; i < found->nelts; ++i) {
        const site_domain_t *domain = domain_at(check, APR_ARRAY_IDX(found, i, int));

        if (name_is_among(domain->names, name))
            return domain;
    }
    return NULL;
}

static void check_mod_md(const check_t *check)
{
    const apr_array_header_t *md_names = check->site->tree->md_names;
    int i = 0;

    for (i = 0; i < md_names->nelts; ++i) {
        const tree_name_t *claimed = &APR_ARRAY_IDX(md_names, i, tree_name_t);
        const char *why = NULL, *name = name_normalize(check->ptemp, claimed->name, &why);
        const site_domain_t *owner = name != NULL ? owner_of(check, name) : NULL;

        if (owner != NULL)
            mistake_add(
                check->mistakes, owner->declared->where,
                "ACMEManagedDomain: '%s' is also managed by mod_md (%s); take it out of one "
                "of them",
                name, claimed->where);
    }
}

/* ---- virtual hosts --------------------------------------------------------------------------- */

static int listens_for_https(const server_rec *s)
{
    const ap_listen_rec *listener = NULL;

    if (vhosts_has_port(s, 443))
        return 1;
    for (listener = ap_listeners; listener != NULL; listener = listener->next) {
        if (listener->protocol != NULL && strcasecmp(listener->protocol, "https") == 0
            && vhosts_has_port(s, listener->bind_addr->port))
            return 1;
    }
    return 0;
}

static int is_meant_for_tls(const check_t *check, const server_rec *s)
{
    return s->is_virtual && (listens_for_https(s) || tree_vhost(check->site->tree, s)->cert_file);
}

/* The virtual host of a certificate that lacks SSLEngine on and should have it; NULL when one of
 * them has it on. *pserved: one has. */
static const server_rec *find_plain_vhost(const check_t *check, const site_domain_t *domain,
                                          int *pserved)
{
    const server_rec *plain = NULL;
    int i = 0;

    *pserved = 0;
    for (i = 0; i < domain->vhosts->nelts; ++i) {
        const site_vhost_t *vhost = APR_ARRAY_IDX(domain->vhosts, i, site_vhost_t *);

        if (tree_vhost(check->site->tree, vhost->server)->ssl_engine)
            *pserved = 1;
        else if (plain == NULL && is_meant_for_tls(check, vhost->server)
                 && vhosts_match(vhost->server, domain->names) >= VHOSTS_ALIAS)
            plain = vhost->server;
    }
    return plain;
}

/* True when all places that declare it are virtual hosts without SSLEngine on. */
static int is_declared_without_tls(const check_t *check, const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->servers->nelts; ++i) {
        const server_rec *s = APR_ARRAY_IDX(domain->servers, i, const server_rec *);

        if (!s->is_virtual || tree_vhost(check->site->tree, s)->ssl_engine)
            return 0;
    }
    return 1;
}

static void check_tls(const check_t *check, const site_domain_t *domain)
{
    const server_rec *declaring = domain->declared->server, *plain = NULL;
    const char *first = APR_ARRAY_IDX(domain->names, 0, const char *);
    int served = 0;

    plain = find_plain_vhost(check, domain, &served);
    if (is_declared_without_tls(check, domain))
        mistake_add(
            check->mistakes, domain->declared->where,
            "ACMEManagedDomain for '%s' stands in a <VirtualHost> (%s) without SSLEngine on; "
            "add 'SSLEngine on' there, or move it out",
            first, vhosts_where(check->ptemp, declaring));
    else if (!served && loss_is_left(check->site, domain))
        mistake_add(check->notices, domain->declared->where,
                    "the virtual hosts that answer to '%s' keep the certificates that they have; "
                    "that of this managed domain will be kept in the store for other servers",
                    first);
    else if (!served && plain != NULL)
        mistake_add(
            check->mistakes, vhosts_where(check->ptemp, plain),
            "this <VirtualHost> serves the managed name '%s' without TLS; add 'SSLEngine on'",
            first);
    else if (!served)
        mistake_add(check->notices, domain->declared->where,
                    "no virtual host with 'SSLEngine on' answers to '%s'; its certificate will be "
                    "kept in the store for other servers",
                    first);
}

/* The certificate comes into use there, and nobody comes to see it. */
static void check_dotted(const check_t *check, const site_vhost_t *vhost)
{
    const server_rec *s = vhost->server;
    const apr_array_header_t *names =
        vhosts_names(check->ptemp, s, tree_vhost(check->site->tree, s)->server_name);
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (vhosts_is_dotted(name))
            mistake_add(
                check->notices, vhosts_where(check->ptemp, s),
                "'%s' ends with a dot, and httpd looks for names without it: no request finds "
                "this %s by that name; take the dot off",
                ap_escape_logitem(check->ptemp, name), vhosts_label(check->ptemp, s));
    }
}

static const char *orphans_of(const check_t *check, const site_domain_t *domain)
{
    const apr_array_header_t *names = domain->names;
    apr_array_header_t *orphans = apr_array_make(check->ptemp, 4, sizeof(const char *));
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        int k = 0;

        while (k < domain->met->nelts
               && !vhosts_answers(APR_ARRAY_IDX(domain->met, k, const server_rec *), name))
            ++k;
        if (k == domain->met->nelts)
            APR_ARRAY_PUSH(orphans, const char *) = name;
    }
    return orphans->nelts > 0 && orphans->nelts < names->nelts
               ? apr_array_pstrcat(check->ptemp, orphans, ' ')
               : NULL;
}

/* ---- challenges ------------------------------------------------------------------------------ */

static const char *only_challenge(const site_domain_t *domain)
{
    const plan_certificate_t *planned =
        APR_ARRAY_IDX(domain->certificates, 0, const plan_certificate_t *);

    return planned->challenges->nelts == 1 ? APR_ARRAY_IDX(planned->challenges, 0, const char *)
                                           : "";
}

/* RFC 8555, 8.3 and RFC 8737, 3. Only where the administrator has chosen one: a name that is
 * validated in advance needs no port. */
static void check_challenge_port(const check_t *check, const site_domain_t *domain)
{
    const char *only = only_challenge(domain);
    apr_port_t port = 0;

    if (strcmp(only, "http-01") == 0)
        port = 80;
    else if (strcmp(only, "tls-alpn-01") == 0)
        port = 443;
    if (port != 0 && !vhosts_listen(port))
        mistake_add(
            check->notices, domain->config->settings[SETTING_CHALLENGE].where,
            "ACMEChallenge: for %s the CA asks at port %d, where httpd does not listen; add "
            "'Listen %d', unless something passes that port on to httpd",
            only, port, port);
}

/* ---- IP addresses ---------------------------------------------------------------------------- */

static const char *find_address(const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(domain->names, i, const char *);

        if (address_is_normal(name))
            return name;
    }
    return NULL;
}

/* RFC 8738, 7. */
static void check_address_challenges(const check_t *check, const site_domain_t *domain,
                                     const char *address)
{
    const char *only = only_challenge(domain);

    if (strncmp(only, "dns-", 4) == 0)
        mistake_add(check->notices, domain->config->settings[SETTING_CHALLENGE].where,
                    "ACMEChallenge: %s cannot validate an IP address such as %s; add http-01 "
                    "or tls-alpn-01, unless the CA has validated it in advance",
                    only, address);
}

static void check_address_profile(const check_t *check, const site_domain_t *domain,
                                  const char *address)
{
    const plan_certificate_t *planned =
        APR_ARRAY_IDX(domain->certificates, 0, const plan_certificate_t *);
    const char *directory = account_at(check, planned->account)->planned.directory;

    if (strstr(directory, ".letsencrypt.org/") != NULL
        && (planned->profile == NULL || strcmp(planned->profile, "shortlived") != 0))
        mistake_add(check->notices, domain->declared->where,
                    "ACMEManagedDomain: Let's Encrypt issues for an IP address such as %s only in "
                    "the profile 'shortlived'; set 'ACMEProfile shortlived' for it",
                    address);
}

/* There is no server name for an address in TLS (RFC 6066, 3). */
static void check_address_default(const check_t *check, const site_domain_t *domain,
                                  const char *address)
{
    const server_rec *hidden = NULL;
    int i = 0;

    for (i = 0; i < domain->vhosts->nelts; ++i) {
        const site_vhost_t *vhost = APR_ARRAY_IDX(domain->vhosts, i, const site_vhost_t *);

        if (!tree_vhost(check->site->tree, vhost->server)->ssl_engine)
            continue;
        if (vhosts_is_default(vhost->server))
            return;
        hidden = vhost->server;
    }
    if (hidden != NULL)
        mistake_add(check->notices, vhosts_where(check->ptemp, hidden),
                    "clients that go to %s name no server, and get the certificate of the first "
                    "<VirtualHost> at that address and port; put this one before it",
                    address);
}

static void check_address(const check_t *check, const site_domain_t *domain)
{
    const char *address = find_address(domain);

    if (address == NULL)
        return;
    check_address_challenges(check, domain, address);
    check_address_profile(check, domain, address);
    check_address_default(check, domain, address);
}

/* ---- managed domains ------------------------------------------------------------------------- */

/* ---- what TLS settings allow --------------------------------------------------------------- */

/* What was found out about a key type on these terms: thousands of virtual hosts have the same. */
typedef struct judgement {
    const terms_t *terms;
    const char *type;
    const char *refusal; /* NULL: it can work */
} judgement_t;

/* Why a key of this type cannot work on these terms, or NULL. */
static const char *judge_type(const check_t *check, const terms_t *terms, const char *type)
{
    eab_result_t *result = NULL;
    judgement_t *judgement = NULL;
    int i = 0;

    for (i = 0; i < check->judgements->nelts; ++i) {
        judgement = &APR_ARRAY_IDX(check->judgements, i, judgement_t);
        if (strcmp(judgement->type, type) == 0 && terms_equal(judgement->terms, terms))
            return judgement->refusal;
    }
    result = eab_result_make(check->ptemp);
    judgement = apr_array_push(check->judgements);
    judgement->terms = terms;
    judgement->type = type;
    judgement->refusal =
        terms_check_type(terms, type, result) == APR_SUCCESS ? NULL : result->detail;
    return judgement->refusal;
}

/* Found before an order is paid for: a key type that works in none of the virtual hosts that would use
 * it. What the system's OpenSSL refuses by itself is not in the configuration. */
static void check_key_type(const check_t *check, const site_domain_t *domain, const char *type)
{
    const site_vhost_t *refusing = NULL;
    const terms_t *terms = NULL;
    int i = 0, allowed = 0;

    for (i = 0; i < domain->vhosts->nelts; ++i) {
        const site_vhost_t *vhost = APR_ARRAY_IDX(domain->vhosts, i, const site_vhost_t *);
        const tree_vhost_t *tree = tree_vhost(check->site->tree, vhost->server);

        if (!tree->ssl_engine)
            continue;
        if (judge_type(check, tree->terms, type) == NULL)
            allowed = 1;
        else
            refusing = vhost;
    }
    if (refusing == NULL)
        return;
    terms = tree_vhost(check->site->tree, refusing->server)->terms;
    mistake_add(allowed || terms_system_refuses(type) ? check->notices : check->mistakes,
                vhosts_where(check->ptemp, refusing->server),
                "a certificate with ACMEKeyType %s would not work in this <VirtualHost>: %s (%s). "
                "Choose another ACMEKeyType for '%s', or ease what stands there",
                type, judge_type(check, terms, type),
                terms->where != NULL ? terms->where : "the policy of this system's OpenSSL",
                APR_ARRAY_IDX(domain->names, 0, const char *));
}

static void check_terms(const check_t *check, const site_domain_t *domain)
{
    int i = 0;

    for (i = 0; i < domain->certificates->nelts; ++i)
        check_key_type(
            check, domain,
            APR_ARRAY_IDX(domain->certificates, i, const plan_certificate_t *)->key_type);
}

static void check_domain(const check_t *check, const site_domain_t *domain)
{
    const char *orphans = orphans_of(check, domain);

    if (orphans != NULL)
        mistake_add(check->notices, domain->declared->where,
                    "ACMEManagedDomain: no virtual host answers to %s", orphans);
    check_tls(check, domain);
    check_terms(check, domain);
    check_challenge_port(check, domain);
    check_address(check, domain);
}

/* ---- keys and passwords, which only the keeper reads ------------------------------------------------ */

/* "3 ACMEEABKey the file is empty ..." for account 3. */
static void note_keeper_line(const check_t *check, const char *line)
{
    char *rest = NULL;
    long index = strtol(line, &rest, 10);
    const site_account_t *account = NULL;
    const char *where = NULL, *sentence = NULL;
    setting_id_t id = SETTING_COUNT;

    if (rest == line || *rest != ' ' || index < 0 || index >= check->site->accounts->nelts
        || (sentence = strchr(rest + 1, ' ')) == NULL)
        return;
    id = directive_find(apr_pstrmemdup(check->ptemp, rest + 1, (apr_size_t)(sentence - rest - 1)));
    if (id == SETTING_COUNT)
        return;
    account = account_at(check, (int)index);
    where = account->config->settings[id].where;
    mistake_add(check->troubles, where != NULL ? where : account->where, "%s: %s",
                directive_name(id), log_escape(check->ptemp, sentence + 1));
}

static void note_keeper_output(const check_t *check, const char *output)
{
    char *last = NULL, *line = NULL, *copy = apr_pstrdup(check->ptemp, output);

    for (line = apr_strtok(copy, "\n", &last); line != NULL; line = apr_strtok(NULL, "\n", &last))
        note_keeper_line(check, line);
}

static void run_keeper(const check_t *check, const plan_t *plan, const char *where)
{
    const char *output = NULL;
    char reason[120];
    int status = 0, before = check->troubles->all->nelts;
    const json_t *json = json_own(check->ptemp, plan_to_json(plan));
    apr_status_t rv =
        program_run(&output, &status, KEEPER_PROGRAM, "--check", json_text(check->ptemp, json),
                    LIMIT_PROGRAM_OUTPUT, KEEPER_CHECK_SECONDS, check->ptemp);

    if (rv != APR_SUCCESS) {
        mistake_add(check->troubles, where,
                    "the keeper program could not be run (%s); it is expected at " KEEPER_PROGRAM
                    ": install it again",
                    apr_strerror(rv, reason, sizeof(reason)));
        return;
    }
    note_keeper_output(check, output);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1
        || (WEXITSTATUS(status) == 1 && check->troubles->all->nelts == before))
        mistake_add(check->troubles, where,
                    "the keeper program (" KEEPER_PROGRAM ") could not check its files (wait "
                    "status %d); install it again in the version of this module",
                    status);
}

/* The keeper passes over accounts that are bound: their key is never needed again and may be gone. */
static void check_secrets(const check_t *check)
{
    const char *where = NULL;
    int i = 0;

    for (i = 0; i < check->site->accounts->nelts && where == NULL; ++i) {
        const site_account_t *account = account_at(check, i);

        if (account->planned.eab_source != NULL)
            where = account->config->settings[SETTING_EAB_KEY].where;
        else if (account->planned.proxy_credentials != NULL)
            where = account->config->settings[SETTING_PROXY].where;
    }
    if (where != NULL) {
        plan_t *plan = site_plan(check->site, check->ptemp);

        apr_array_clear(plan->certificates); /* it looks at accounts, and there may be thousands */
        run_keeper(check, plan, where);
    }
}

/* ---- the store ------------------------------------------------------------------------------- */

static void check_store(const check_t *check)
{
    const char *where = config_get(check->site->main)->settings[SETTING_STORE_DIR].where;
    eab_result_t *result = eab_result_make(check->ptemp);

    if (where == NULL)
        where = domain_at(check, 0)->declared->where;
    if (store_judge(check->site->store_dir, result) != APR_SUCCESS)
        mistake_add(check->troubles, where, "%s", result->detail);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* No keeper runs then, which could tell of it. */
static void check_abandoned(const check_t *check)
{
    const char *where = config_get(check->site->main)->settings[SETTING_STORE_DIR].where;

    if (store_is_used(site_store(check->site, check->ptemp), check->ptemp))
        mistake_add(
            check->notices, where != NULL ? where : "ACMEStoreDir",
            "nothing is managed any more (there is no ACMEManagedDomain), and %s still holds "
            "keys of accounts or certificates; if no other httpd uses it and nothing in it "
            "is needed again, remove it",
            check->site->store_dir);
}

static void check_site(const check_t *check)
{
    int i = 0;

    if (ap_find_linked_module("mod_ssl.c") == NULL)
        mistake_add(
            check->mistakes,
            APR_ARRAY_IDX(config_record(check->site->pool)->domains, 0, config_domain_t *)->where,
            "ACMEManagedDomain needs mod_ssl; load it (LoadModule ssl_module ..., on Debian: "
            "a2enmod ssl)");
    for (i = 0; i < check->site->accounts->nelts; ++i)
        check_eab_pair(check, account_at(check, i));
    check_duplicates(check);
    check_mod_md(check);
    for (i = 0; i < check->site->domains->nelts; ++i)
        check_domain(check, domain_at(check, i));
    for (i = 0; i < check->site->vhosts->nelts; ++i)
        check_dotted(check, APR_ARRAY_IDX(check->site->vhosts, i, const site_vhost_t *));
    loss_tell(check->site, check->ptemp);
    stapling_tell(check->site, check->ptemp);
    (void)export_list(check->ptemp, check->site->exports, check->site->certificates,
                      check->mistakes, check->troubles);
    check_secrets(check);
    if (check->site->domains->nelts > 0)
        check_store(check);
}

/* httpd counts how often it has read its configuration to run with it. */
static int is_restart(void)
{
    return ap_state_query(AP_SQ_CONFIG_GEN) > FIRST_GENERATION;
}

/* Files, programs and users may fail at any time, and a machine may start again at any time: then
 * there are sites to serve, with the certificates that are there. Where nothing was ever managed, it
 * is a mistake of whoever is setting it up, and he is there to read it. */
static int is_first_start(const check_t *check)
{
    return !is_restart() && !store_is_used(site_store(check->site, check->ptemp), check->ptemp);
}

static apr_uint64_t add_hash(apr_uint64_t hash, const char *text)
{
    for (; *text != '\0'; ++text)
        hash = (hash ^ (unsigned char)*text) * APR_UINT64_C(1099511628211);
    return hash;
}

/* A restart with the same configuration has nothing to tell: they are known. */
static int are_news(const mistakes_t *mistakes)
{
    static const char key[] = "acme_eab notices that were told";
    apr_uint64_t *told = ap_retained_data_get(key), hash = 1;
    int i;

    if (told == NULL)
        told = ap_retained_data_create(key, sizeof(*told));
    for (i = 0; i < mistakes->all->nelts; ++i) {
        const mistake_t *mistake = &APR_ARRAY_IDX(mistakes->all, i, mistake_t);

        hash = add_hash(add_hash(hash, mistake->where), mistake->text);
    }
    if (hash == *told)
        return 0;
    *told = hash;
    return 1;
}

static void report(const mistakes_t *mistakes, int level, server_rec *main_server)
{
    int i = 0;

    for (i = 0; i < mistakes->all->nelts; ++i) {
        const mistake_t *mistake = &APR_ARRAY_IDX(mistakes->all, i, mistake_t);

        ap_log_error(APLOG_MARK, level, 0, main_server, "%s: %s", mistake->where, mistake->text);
    }
}

/* Standard error is the administrator's terminal: httpd -t, or the first of the two times that
 * httpd reads its configuration when it starts. */
static int is_at_terminal(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

int check_hook(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    const config_record_t *record = config_record(pconf);
    check_t check = { ptemp, NULL, record->mistakes, record->troubles, NULL, NULL };
    int startup = is_at_terminal() ? APLOG_STARTUP : 0, first = 0;

    (void)plog;
    check.judgements = apr_array_make(ptemp, 2, sizeof(judgement_t));
    check.site = site_make(pconf, main_server, record);
    check.site->troubles = check.troubles;
    check.notices = check.site->notices;
    config_set_site(main_server, check.site);
    if (check.site->enabled) {
        match_vhosts(check.site, apr_time_now());
        check_site(&check);
    }
    else if (geteuid() == 0)
        check_abandoned(&check);
    first = check.troubles->all->nelts > 0 && is_first_start(&check);
    report(check.mistakes, APLOG_ERR | startup, main_server);
    if (first || is_at_terminal())
        report(check.troubles, (first ? APLOG_ERR : APLOG_WARNING) | startup, main_server);
    if (check.mistakes->all->nelts > 0 || first)
        return !OK;
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST)
        report(check.notices, APLOG_NOTICE | APLOG_STARTUP, main_server);
    return OK;
}

int check_tell(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    const site_t *site = config_site(main_server);

    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (site != NULL && !is_at_terminal()) {
        report(site->troubles, APLOG_WARNING, main_server);
        if (are_news(site->notices))
            report(site->notices, APLOG_NOTICE, main_server);
    }
    return OK;
}
