/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/export.h"
#include "httpd/site.h"

#include <ap_listen.h>
#include <ap_release.h>
#include <http_core.h>
#include <http_log.h>
#include <mpm_common.h>
#include <http_main.h>
#include <unixd.h>
#include <apr_strings.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/name.h"
#include "httpd/mistake.h"
#include "httpd/rehearsal.h"
#include "httpd/value.h"
#include "store/catalogue.h"
#include "store/registration.h"
#include "httpd/vhosts.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define LIMIT_NAMES 100 /* what the CAs accept in one certificate */

/* ---- accounts -------------------------------------------------------------------------------- */

static const char *text_or_none(const char *text)
{
    return text != NULL ? text : "";
}

static apr_array_header_t *contacts_of(const config_t *config, const server_rec *main_server,
                                       apr_pool_t *p)
{
    apr_array_header_t *contacts = config->settings[SETTING_CONTACT].words;
    const char *admin = NULL;

    if (contacts != NULL)
        return contacts;
    contacts = apr_array_make(p, 1, sizeof(const char *));
    if (config->settings[SETTING_CONTACT].where == NULL
        && (admin = value_admin_contact(p, main_server->server_admin)) != NULL)
        APR_ARRAY_PUSH(contacts, const char *) = admin;
    return contacts;
}

static const char *first_of(const apr_array_header_t *names)
{
    return APR_ARRAY_IDX(names, 0, const char *);
}

/* That of the main server: its CA and key id are those that stand there. */
static int is_of_main(const site_t *site, const config_t *config)
{
    const config_t *main_config = config_get(site->main);

    return config->settings[SETTING_SERVER].where == main_config->settings[SETTING_SERVER].where
           && config->settings[SETTING_EAB_KID].where
                  == main_config->settings[SETTING_EAB_KID].where;
}

/* An account without a label is called after the scope that has it, whoever uses it first. */
static const char *label_of(const site_t *site, const site_domain_t *domain)
{
    const config_domain_t *declared = domain->declared;

    if (declared->own != NULL && config_names_account(declared->own))
        return first_of(domain->names);
    return is_of_main(site, domain->config) || !declared->server->is_virtual
               ? "default"
               : declared->server->server_hostname;
}

static site_account_t *account_make(const site_t *site, const config_t *config, const char *label)
{
    site_account_t *account = apr_pcalloc(site->pool, sizeof(*account));
    plan_account_t *planned = &account->planned;

    account->config = config;
    planned->label = label;
    planned->directory = config_value(config, SETTING_SERVER);
    planned->kid = config_value(config, SETTING_EAB_KID);
    planned->eab_alg = config_value(config, SETTING_EAB_ALG);
    if (planned->eab_alg == NULL)
        planned->eab_alg = "HS256";
    planned->eab_source = config_value(config, SETTING_EAB_KEY);
    planned->contacts = contacts_of(config, site->main, site->pool);
    planned->terms_accepted = config_value(config, SETTING_TERMS) != NULL;
    planned->ca_file = config_value(config, SETTING_CA_FILE);
    planned->proxy = config_value(config, SETTING_PROXY);
    if (planned->proxy != NULL && config->settings[SETTING_PROXY].words->nelts > 1)
        planned->proxy_credentials =
            APR_ARRAY_IDX(config->settings[SETTING_PROXY].words, 1, const char *);
    planned->where = config->settings[SETTING_SERVER].where;
    return account;
}

static site_account_t *account_make_named(const site_t *site, const config_account_t *named)
{
    site_account_t *account = account_make(
        site, config_of_account(site->pool, config_get(site->main), named), named->label);

    account->named = named;
    account->where = named->where;
    return account;
}

static const char *place_of(const site_account_t *account, setting_id_t id)
{
    const char *where = account->config->settings[id].where;

    return where != NULL ? where : account->where;
}

/* One account can have one key source, one set of contacts, one way to its CA. */
static void compare_accounts(const site_account_t *a, const site_account_t *b, mistakes_t *mistakes)
{
    apr_pool_t *p = mistakes->pool;
    const struct {
        setting_id_t id;
        const char *name;
        const char *in_a, *in_b;
    } settings[] = {
        { SETTING_EAB_KEY, "ACMEEABKey", a->planned.eab_source, b->planned.eab_source },
        { SETTING_EAB_ALG, "ACMEEABAlg", a->planned.eab_alg, b->planned.eab_alg },
        { SETTING_CONTACT, "ACMEContact", apr_array_pstrcat(p, a->planned.contacts, ' '),
          apr_array_pstrcat(p, b->planned.contacts, ' ') },
        { SETTING_CA_FILE, "ACMECACertificateFile", a->planned.ca_file, b->planned.ca_file },
        { SETTING_PROXY, "ACMEProxy", a->planned.proxy, b->planned.proxy },
        { SETTING_PROXY, "ACMEProxy", a->planned.proxy_credentials, b->planned.proxy_credentials },
    };
    apr_size_t i = 0;

    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); ++i) {
        if (strcmp(text_or_none(settings[i].in_a), text_or_none(settings[i].in_b)) != 0)
            mistake_add(mistakes, place_of(b, settings[i].id),
                        "%s differs from that at %s for the same CA and EAB key id, which are one "
                        "account; use the same value in both places",
                        settings[i].name, place_of(a, settings[i].id));
    }
}

/* Two names for one account at the CA would be two opinions on what belongs to it. */
static void join_accounts(site_account_t *account, const site_account_t *other,
                          mistakes_t *mistakes)
{
    if (account->named != NULL && other->named != NULL && account->named != other->named)
        mistake_add(
            mistakes, other->named->where,
            "ACMEAccount '%s' has the same ACMEServer and the same ACMEEABKid as '%s' (%s): "
            "they are one account; keep one of them",
            other->named->label, account->named->label, account->named->where);
    else
        compare_accounts(account, other, mistakes);
    account->planned.terms_accepted |= other->planned.terms_accepted;
    if (account->named == NULL && other->named != NULL) {
        account->named = other->named;
        account->planned.label = other->planned.label;
    }
}

/* Which account it is, of those that are used by now; their number: none of them. */
static int find_account(const site_t *site, const site_account_t *account)
{
    int i = 0;

    for (i = 0; i < site->accounts->nelts; ++i) {
        const site_account_t *other = APR_ARRAY_IDX(site->accounts, i, site_account_t *);

        if (strcmp(account->planned.directory, other->planned.directory) == 0
            && strcmp(text_or_none(account->planned.kid), text_or_none(other->planned.kid)) == 0)
            break;
    }
    return i;
}

static int account_index(site_t *site, site_account_t *account, mistakes_t *mistakes)
{
    int i = find_account(site, account);

    if (i < site->accounts->nelts)
        join_accounts(APR_ARRAY_IDX(site->accounts, i, site_account_t *), account, mistakes);
    else
        APR_ARRAY_PUSH(site->accounts, site_account_t *) = account;
    return i;
}

static int is_registered(const site_t *site, const site_account_t *account)
{
    registration_t *registration = NULL;

    return registration_load(&registration, site_store(site, site->pool),
                             account->planned.directory, account->planned.kid,
                             eab_result_make(site->pool), site->pool)
               == APR_SUCCESS
           && registration->url != NULL && registration->closed == 0;
}

/* No certificate is of it any more, and root may want its end at the CA (acmectl account deactivate), for
 * which it has to be known how to get there. One that the store does not have is for other servers. */
static void add_registered(site_t *site, const config_record_t *record)
{
    int i = 0;

    for (i = 0; i < record->accounts->nelts; ++i) {
        site_account_t *account =
            account_make_named(site, APR_ARRAY_IDX(record->accounts, i, const config_account_t *));

        if (account->planned.directory != NULL
            && find_account(site, account) == site->accounts->nelts && is_registered(site, account))
            APR_ARRAY_PUSH(site->accounts, site_account_t *) = account;
    }
}

static const char *list_labels(const config_record_t *record)
{
    apr_array_header_t *labels =
        apr_array_make(record->accounts->pool, record->accounts->nelts, sizeof(const char *));
    int i = 0;

    for (i = 0; i < record->accounts->nelts; ++i)
        APR_ARRAY_PUSH(labels, const char *) =
            APR_ARRAY_IDX(record->accounts, i, config_account_t *)->label;
    return labels->nelts > 0 ? apr_array_pstrcat(labels->pool, labels, ' ') : NULL;
}

/* Also where no managed domain follows it: a label that leads nowhere is never meant. */
static void check_label(const config_t *config, const config_record_t *record, mistakes_t *mistakes)
{
    const char *label = config_value(config, SETTING_USE_ACCOUNT), *known = NULL;

    if (label == NULL || config_account(record, label) != NULL)
        return;
    known = list_labels(record);
    if (known != NULL)
        mistake_add(mistakes, config->settings[SETTING_USE_ACCOUNT].where,
                    "ACMEUseAccount: there is no <ACMEAccount %s>; these are known: %s", label,
                    known);
    else
        mistake_add(mistakes, config->settings[SETTING_USE_ACCOUNT].where,
                    "ACMEUseAccount: there is no <ACMEAccount %s>, and no other; define it with "
                    "its ACMEServer, ACMEEABKid and ACMEEABKey inside",
                    label);
}

static void check_labels(const site_t *site, const config_record_t *record, mistakes_t *mistakes)
{
    const server_rec *s = NULL;
    int i = 0;

    for (s = site->main; s != NULL; s = s->next)
        check_label(config_get(s), record, mistakes);
    for (i = 0; i < record->domains->nelts; ++i) {
        const config_domain_t *domain = APR_ARRAY_IDX(record->domains, i, config_domain_t *);

        if (domain->own != NULL)
            check_label(domain->own, record, mistakes);
    }
}

/* NULL when a mistake is on record. */
static site_account_t *account_of(const site_t *site, const config_record_t *record,
                                  const site_domain_t *domain, mistakes_t *mistakes)
{
    const setting_t *use = &domain->config->settings[SETTING_USE_ACCOUNT];
    const config_account_t *named = NULL;
    site_account_t *account = NULL;

    if (use->words != NULL)
        named = config_account(record, config_value(domain->config, SETTING_USE_ACCOUNT));
    if (use->where != NULL && named == NULL)
        return NULL;
    account = named != NULL ? account_make_named(site, named)
                            : account_make(site, domain->config, label_of(site, domain));
    account->where = domain->declared->where;
    if (account->config->settings[SETTING_SERVER].where == NULL && named == NULL)
        mistake_add(
            mistakes, domain->declared->where,
            "ACMEManagedDomain: no ACMEServer is set for it; name the CA with ACMEServer, by "
            "its directory URL or a preset");
    return account->planned.directory != NULL ? account : NULL;
}

/* ---- certificates ---------------------------------------------------------------------------- */

static int contains(const apr_array_header_t *names, const char *name)
{
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return 1;
    }
    return 0;
}

static apr_array_header_t *words_of(const site_t *site, const config_domain_t *domain,
                                    mistakes_t *mistakes)
{
    const server_rec *s = domain->server;

    if (domain->words->nelts > 0)
        return domain->words;
    if (!s->is_virtual)
        mistake_add(mistakes, domain->where,
                    "ACMEManagedDomain without names stands outside of a <VirtualHost>; name the "
                    "names that the certificate shall have");
    else if (!tree_vhost(site->tree, s)->server_name)
        mistake_add(
            mistakes, domain->where,
            "ACMEManagedDomain without names takes those of its <VirtualHost>, which has no "
            "ServerName; set one, or name the names");
    else
        return vhosts_names(site->pool, s, 1);
    return apr_array_make(site->pool, 1, sizeof(const char *));
}

/* CAs refuse an order for a wildcard and a name that it covers: the certificate is good for that name
 * in any case. */
static apr_array_header_t *without_covered(const apr_array_header_t *names)
{
    apr_array_header_t *kept = apr_array_make(names->pool, names->nelts, sizeof(const char *));
    int i = 0, j = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        for (j = 0; j < names->nelts; ++j) {
            const char *other = APR_ARRAY_IDX(names, j, const char *);

            if (strcmp(other, name) != 0 && name_matches(other, name))
                break;
        }
        if (j == names->nelts)
            APR_ARRAY_PUSH(kept, const char *) = name;
    }
    return kept;
}

/* What an administrator has written must be right. Of the aliases of a virtual host, those that no
 * certificate can have are no reason to go without one for the others. */
static void refuse_name(site_t *site, site_domain_t *domain, const char *word, const char *why,
                        int is_alias, mistakes_t *mistakes)
{
    const char *shown = ap_escape_logitem(site->pool, word);

    if (is_alias) {
        mistake_add(site->notices, domain->declared->where,
                    "ACMEManagedDomain: ServerAlias '%s' is left out of the certificate of '%s': "
                    "it %s",
                    shown, domain->declared->server->server_hostname, why);
        APR_ARRAY_PUSH(domain->left_out, const char *) = word;
    }
    else
        mistake_add(mistakes, domain->declared->where,
                    "ACMEManagedDomain: '%s' %s; a managed name is an IP address, or a host "
                    "name in ASCII (A-labels) with '*.' in front at most",
                    shown, why);
}

static void read_names(site_t *site, site_domain_t *domain, mistakes_t *mistakes)
{
    apr_array_header_t *words = words_of(site, domain->declared, mistakes);
    apr_array_header_t *names = apr_array_make(site->pool, words->nelts, sizeof(const char *));
    int is_nameless = domain->declared->words->nelts == 0, i = 0;

    for (i = 0; i < words->nelts; ++i) {
        const char *word = APR_ARRAY_IDX(words, i, const char *), *why = NULL;
        const char *name = value_managed_name(site->pool, word, &why);

        if (name == NULL)
            refuse_name(site, domain, word, why, is_nameless && i > 0, mistakes);
        else if (!contains(names, name))
            APR_ARRAY_PUSH(names, const char *) = name;
    }
    domain->names = without_covered(names);
    if (domain->names->nelts > LIMIT_NAMES)
        mistake_add(
            mistakes, domain->declared->where,
            "ACMEManagedDomain has %d names, and a certificate takes %d at most; divide them",
            domain->names->nelts, LIMIT_NAMES);
}

/* The first that the CA offers is answered. http-01 needs least of a proxy before this server, and
 * cannot succeed where nobody listens on port 80 and somebody does on 443. */
static apr_array_header_t *challenges_of(const config_t *config, apr_pool_t *p)
{
    apr_array_header_t *challenges = config->settings[SETTING_CHALLENGE].words;
    int tls_first = !vhosts_listen(80) && vhosts_listen(443);

    if (challenges != NULL)
        return challenges;
    challenges = apr_array_make(p, 2, sizeof(const char *));
    APR_ARRAY_PUSH(challenges, const char *) = tls_first ? "tls-alpn-01" : "http-01";
    APR_ARRAY_PUSH(challenges, const char *) = tls_first ? "http-01" : "tls-alpn-01";
    return challenges;
}

static int is_on(const config_t *config, setting_id_t id, int by_default)
{
    const char *value = config_value(config, id);

    return value != NULL ? value_switch(value) == 1 : by_default;
}

static void plan_certificate(plan_certificate_t *planned, const config_t *config, apr_pool_t *p)
{
    const apr_array_header_t *profile = config->settings[SETTING_PROFILE].words;
    const char *before = config_value(config, SETTING_RENEW_BEFORE);

    planned->challenges = challenges_of(config, p);
    planned->dns_command = config_value(config, SETTING_DNS_COMMAND);
    planned->dns_resolver = config_value(config, SETTING_DNS_RESOLVER);
    planned->profile = config_value(config, SETTING_PROFILE);
    planned->profile_required = profile != NULL && profile->nelts > 1;
    planned->preferred_chain = config_value(config, SETTING_PREFERRED_CHAIN);
    planned->common_name = is_on(config, SETTING_COMMON_NAME, 1);
    planned->allow_subset = is_on(config, SETTING_ALLOW_SUBSET, 0);
    if (before != NULL)
        (void)value_renew_before(before, &planned->renew_percent, &planned->renew_before);
}

/* Only where they were asked for: they are not among the defaults. */
static void check_dns_command(const config_t *config, mistakes_t *mistakes)
{
    static const char *const types[] = { "dns-01", "dns-account-01" };
    const setting_t *challenge = &config->settings[SETTING_CHALLENGE];
    size_t i = 0;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        if (challenge->words != NULL && contains(challenge->words, types[i])
            && config->settings[SETTING_DNS_COMMAND].where == NULL)
            mistake_add(mistakes, challenge->where,
                        "ACMEChallenge: %s needs a program that adds and removes TXT records; name "
                        "it with ACMEDNSCommand, or take %s out",
                        types[i], types[i]);
    }
}

/* The first certificate of a domain keeps the name's own place in the store, whatever its key type,
 * so that a change of ACMEKeyType finds the certificate that is served meanwhile. */
static void add_certificate(site_t *site, site_domain_t *domain, int account, const char *key_type)
{
    plan_certificate_t *planned = apr_pcalloc(site->pool, sizeof(*planned));
    const char *first = first_of(domain->names);

    planned->domain = name_file(site->pool, first);
    planned->id = domain->certificates->nelts == 0 ? planned->domain
                                                   : name_file_of_type(site->pool, first, key_type);
    planned->names = domain->names;
    planned->account = account;
    planned->key_type = key_type;
    planned->where = domain->declared->where;
    plan_certificate(planned, domain->config, site->pool);
    APR_ARRAY_PUSH(domain->certificates, plan_certificate_t *) = planned;
}

static void add_certificates(site_t *site, site_domain_t *domain, int account, mistakes_t *mistakes)
{
    const apr_array_header_t *types = domain->config->settings[SETTING_KEY_TYPE].words;
    const plan_certificate_t *last = NULL;
    int i = 0;

    domain->choices = apr_array_make(site->pool, 1, sizeof(site_choice_t *));
    domain->certificates = apr_array_make(site->pool, 2, sizeof(plan_certificate_t *));
    for (i = 0; types != NULL && i < types->nelts; ++i)
        add_certificate(site, domain, account, APR_ARRAY_IDX(types, i, const char *));
    if (types == NULL)
        add_certificate(site, domain, account, "rsa2048");
    last = APR_ARRAY_IDX(domain->certificates, domain->certificates->nelts - 1,
                         const plan_certificate_t *);
    if (!name_is_file(last->id))
        mistake_add(mistakes, domain->declared->where,
                    "ACMEManagedDomain: '%s' is too long to be the first name of a certificate in "
                    "two key types; put a shorter name first, or use one ACMEKeyType",
                    first_of(domain->names));
}

/* ---- the same managed domain in several places ------------------------------------------------- */

static int same_words(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i = 0;

    if (a->nelts != b->nelts)
        return 0;
    for (i = 0; i < a->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(a, i, const char *), APR_ARRAY_IDX(b, i, const char *)) != 0)
            return 0;
    }
    return 1;
}

static int same_text(const char *a, const char *b)
{
    return strcmp(text_or_none(a), text_or_none(b)) == 0;
}

static int same_key_types(const site_domain_t *a, const site_domain_t *b)
{
    int i = 0;

    if (a->certificates->nelts != b->certificates->nelts)
        return 0;
    for (i = 0; i < a->certificates->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(a->certificates, i, plan_certificate_t *)->key_type,
                   APR_ARRAY_IDX(b->certificates, i, plan_certificate_t *)->key_type)
            != 0)
            return 0;
    }
    return 1;
}

/* The directive whose effect differs, or NULL. */
static const char *difference(const site_domain_t *of_a, const site_domain_t *of_b)
{
    const plan_certificate_t *a = APR_ARRAY_IDX(of_a->certificates, 0, const plan_certificate_t *);
    const plan_certificate_t *b = APR_ARRAY_IDX(of_b->certificates, 0, const plan_certificate_t *);

    if (a->account != b->account)
        return "account (ACMEServer, ACMEEABKid, ACMEUseAccount)";
    if (!same_key_types(of_a, of_b))
        return "ACMEKeyType";
    if (!same_words(a->challenges, b->challenges))
        return "ACMEChallenge";
    if (!same_text(a->dns_command, b->dns_command))
        return "ACMEDNSCommand";
    if (!same_text(a->dns_resolver, b->dns_resolver))
        return "ACMEDNSResolver";
    if (!same_text(a->profile, b->profile) || a->profile_required != b->profile_required)
        return "ACMEProfile";
    if (!same_text(a->preferred_chain, b->preferred_chain))
        return "ACMEPreferredChain";
    if (a->common_name != b->common_name)
        return "ACMECommonName";
    if (a->allow_subset != b->allow_subset)
        return "ACMEAllowSubsetOfNames";
    if (a->renew_percent != b->renew_percent || a->renew_before != b->renew_before)
        return "ACMERenewBefore";
    return NULL;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The order of the names does not matter: the first one declared says what the certificate is called. */
static const char *set_of(apr_pool_t *p, const apr_array_header_t *names)
{
    apr_array_header_t *sorted = apr_array_copy(p, names);

    qsort(sorted->elts, (size_t)sorted->nelts, sizeof(const char *), compare_words);
    return apr_array_pstrcat(p, sorted, ' ');
}

static void join_domains(site_domain_t *domain, const site_domain_t *again, mistakes_t *mistakes)
{
    const char *other = difference(domain, again);

    if (other != NULL)
        mistake_add(mistakes, again->declared->where,
                    "ACMEManagedDomain: '%s' is already in the managed domain at %s, with the same "
                    "names and another %s; use the same settings in both places, or take it out of "
                    "one of them",
                    first_of(again->names), domain->declared->where, other);
    apr_array_cat(domain->servers, again->servers);
    apr_array_cat(domain->left_out, again->left_out);
}

static void add_domain(site_t *site, const config_record_t *record, const config_domain_t *declared,
                       mistakes_t *mistakes)
{
    site_domain_t *domain = apr_pcalloc(site->pool, sizeof(*domain)), *same = NULL;
    site_account_t *account = NULL;
    const char *off = config_get(declared->server)->off_where, *set = NULL;

    domain->declared = declared;
    domain->config = config_of_domain(site->pool, declared);
    domain->servers = apr_array_make(site->pool, 2, sizeof(const server_rec *));
    APR_ARRAY_PUSH(domain->servers, const server_rec *) = declared->server;
    domain->left_out = apr_array_make(site->pool, 2, sizeof(const char *));
    if (off != NULL)
        mistake_add(mistakes, declared->where,
                    "ACMEManagedDomain stands in a <VirtualHost> with 'ACMEManagedDomain off' "
                    "(%s); take one of them out",
                    off);
    read_names(site, domain, mistakes);
    if (domain->names->nelts == 0 || (account = account_of(site, record, domain, mistakes)) == NULL)
        return;
    check_dns_command(domain->config, mistakes);
    add_certificates(site, domain, account_index(site, account, mistakes), mistakes);
    set = set_of(site->pool, domain->names);
    if ((same = apr_hash_get(site->by_names, set, APR_HASH_KEY_STRING)) != NULL) {
        join_domains(same, domain, mistakes);
        return;
    }
    domain->met = apr_array_make(site->pool, 2, sizeof(const server_rec *));
    domain->vhosts = apr_array_make(site->pool, 2, sizeof(site_vhost_t *));
    apr_hash_set(site->by_names, set, APR_HASH_KEY_STRING, domain);
    owners_add(site->owners, domain->names);
    APR_ARRAY_PUSH(site->domains, site_domain_t *) = domain;
    domain->slot = site->certificates->nelts;
    apr_array_cat(site->certificates, domain->certificates);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static const char *path_or(const config_t *config, setting_id_t id, const char *other)
{
    const char *path = config_value(config, id);

    return path != NULL ? path : other;
}

/* A directory service may be out of reach, an account removed: the agent then waits for its user, and
 * runs as nobody else. */
int site_find_user(site_t *site)
{
    const struct passwd *pw = getpwnam(site->user);

    if (pw == NULL || pw->pw_uid == 0) {
        site->uid = SITE_NO_USER;
        return 0;
    }
    site->uid = (int)pw->pw_uid;
    site->gid = (int)pw->pw_gid;
    return 1;
}

static void name_user(site_t *site, const char *name, const char *where,
                      const config_record_t *record)
{
    const struct passwd *pw = getpwnam(name);

    if (geteuid() == 0) {
        site->user = name;
        (void)site_find_user(site);
    }
    if (pw == NULL)
        mistake_add(record->troubles, where,
                    "ACMEUser: this system has no user '%s'; make it, or name another", name);
    else if (pw->pw_uid == 0 && strcmp(name, "root") != 0)
        mistake_add(record->troubles, where,
                    "ACMEUser: '%s' is root by another name (uid 0); give it a user id of its own, "
                    "or name another",
                    name);
    else if (geteuid() != 0 && pw->pw_uid != geteuid())
        mistake_add(record->mistakes, where,
                    "ACMEUser: only root can run the process that talks to the CA as '%s'; start "
                    "httpd (or its configuration test) as root, or take ACMEUser out",
                    name);
}

/* The agent runs as ACMEUser, or as the user of httpd's workers; never as root. Without root all
 * processes have the one user that started httpd. */
static void find_user(site_t *site, const config_t *config, const config_domain_t *first,
                      const config_record_t *record)
{
    const char *name = config_value(config, SETTING_USER);
    const char *where = config->settings[SETTING_USER].where;

    site->uid = (int)geteuid();
    site->gid = (int)getegid();
    if (name != NULL)
        name_user(site, name, where, record);
    else if (where == NULL && geteuid() == 0) {
        site->user = ap_unixd_config.user_name;
        site->uid = (int)ap_unixd_config.user_id;
        site->gid = (int)ap_unixd_config.group_id;
    }
    if ((name != NULL && strcmp(name, "root") == 0)
        || (name == NULL && site->user != NULL && site->uid <= 0))
        mistake_add(record->mistakes, where != NULL ? where : first->where,
                    "the process that talks to the CA must not run as %s; name an unprivileged "
                    "user with ACMEUser, or set User",
                    site->uid == SITE_NO_USER && name == NULL ? "nobody in particular" : "root");
}

site_t *site_make(apr_pool_t *pconf, server_rec *main_server, const config_record_t *record)
{
    mistakes_t *mistakes = record->mistakes;
    site_t *site = apr_pcalloc(pconf, sizeof(*site));
    const config_t *config = config_get(main_server);
    int i = 0;

    site->pool = pconf;
    site->trials = trials_make(pconf);
    site->read_at = apr_time_now();
    site->event_commands = config_record(pconf)->event_commands;
    site->stapled = apr_array_make(pconf, 1, sizeof(site_stapled_t));
    site->held_keys = apr_array_make(pconf, 1, sizeof(const char *));
    site->main = main_server;
    site->store_dir = path_or(config, SETTING_STORE_DIR, DEFAULT_STORE_DIR);
    site->run_dir = path_or(config, SETTING_RUN_DIR, DEFAULT_RUN_DIR);
    file_fence(site->store_dir);
    file_fence(site->run_dir);
    site->enabled = record->domains->nelts > 0;
    site->exports = record->exports;
    site->tree = tree_read(pconf, main_server);
    site->accounts = apr_array_make(pconf, 2, sizeof(site_account_t *));
    site->domains = apr_array_make(pconf, 8, sizeof(site_domain_t *));
    site->certificates = apr_array_make(pconf, 8, sizeof(plan_certificate_t *));
    site->vhosts = apr_array_make(pconf, 8, sizeof(site_vhost_t *));
    site->left = apr_array_make(pconf, 2, sizeof(site_left_t *));
    site->notices = mistakes_make(pconf);
    site->by_server = apr_hash_make(pconf);
    site->by_left = apr_hash_make(pconf);
    site->by_names = apr_hash_make(pconf);
    site->owners = owners_make(pconf);
    check_labels(site, record, mistakes);
    if (!site->enabled)
        return site;
    find_user(site, config, APR_ARRAY_IDX(record->domains, 0, config_domain_t *), record);
    for (i = 0; i < record->domains->nelts; ++i)
        add_domain(site, record, APR_ARRAY_IDX(record->domains, i, config_domain_t *), mistakes);
    add_registered(site, record);
    return site;
}

site_vhost_t *site_vhost(const site_t *site, const server_rec *server)
{
    return apr_hash_get(site->by_server, &server, sizeof(server));
}

const site_domain_t *site_other_owner(const site_t *site, const site_domain_t *domain,
                                      const char *name, apr_pool_t *ptemp)
{
    apr_array_header_t *found = apr_array_make(ptemp, 2, sizeof(int));
    int i = 0;

    owners_find(site->owners, found, name);
    owners_sort(found);
    for (i = 0; i < found->nelts; ++i) {
        const site_domain_t *other =
            APR_ARRAY_IDX(site->domains, APR_ARRAY_IDX(found, i, int), const site_domain_t *);

        if (other != domain && name_matches_any(other->names, name))
            return other;
    }
    return NULL;
}

const site_left_t *site_left(const site_t *site, const server_rec *server)
{
    return apr_hash_get(site->by_left, &server, sizeof(server));
}

/* ---- the plan -------------------------------------------------------------------------------- */

static int speaks_tls(const site_t *site, apr_port_t port)
{
    const server_rec *s = NULL;

    for (s = site->main->next; s != NULL; s = s->next) {
        if (vhosts_has_port(s, port) && tree_vhost(site->tree, s)->ssl_engine)
            return 1;
    }
    return tree_vhost(site->tree, site->main)->ssl_engine;
}

static void list_http_ports(const site_t *site, plan_t *plan)
{
    const ap_listen_rec *listener = NULL;

    for (listener = ap_listeners; listener != NULL; listener = listener->next) {
        apr_port_t port = listener->bind_addr->port;

        if ((listener->protocol == NULL || strcasecmp(listener->protocol, "https") != 0)
            && !speaks_tls(site, port))
            APR_ARRAY_PUSH(plan->http_ports, int) = port;
    }
}

/* With -X httpd has no parent that could restart it gracefully: the signal would end it. */
static int reload_is_possible(const site_t *site)
{
    const char *reload = config_value(config_get(site->main), SETTING_RELOAD);

    return (reload == NULL || strcasecmp(reload, "off") != 0)
           && !ap_exists_config_define("ONE_PROCESS") && !ap_exists_config_define("DEBUG");
}

int site_is_live(const site_t *site)
{
    const char *reload = config_value(config_get(site->main), SETTING_RELOAD);

    return reload != NULL && strcasecmp(reload, "live") == 0;
}

static void plan_reload_window(plan_t *plan, const site_t *site)
{
    const apr_array_header_t *words = config_get(site->main)->settings[SETTING_RELOAD].words;

    if (words != NULL && words->nelts == 2)
        value_day_window(APR_ARRAY_IDX(words, 1, const char *), &plan->reload_from,
                         &plan->reload_to);
}

static void describe_httpd(plan_t *plan, const site_t *site, apr_pool_t *p)
{
    const process_rec *process = site->main->process;
    char program[APR_PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    int i = 0;

    plan->httpd_program = len > 0 ? apr_pstrndup(p, program, (apr_size_t)len) : process->argv[0];
    plan->pid_file = ap_runtime_dir_relative(p, ap_pid_fname);
    plan->listeners = rehearsal_listeners(p);
    plan->held_keys = site->held_keys;
    plan->config_digest = rehearsal_digest(p);
    plan->config_read = site->read_at;
    plan->config_files = rehearsal_files(p);
    for (i = 1; i < process->argc; ++i)
        APR_ARRAY_PUSH(plan->httpd_args, const char *) = process->argv[i];
}

plan_t *site_outline(const site_t *site, apr_pool_t *p)
{
    plan_t *plan = plan_make(p);
    int i = 0;

    plan->httpd_version = AP_SERVER_BASEREVISION;
    plan->parent_pid = site->parent;
    plan->httpd_since = site->since;
    plan->httpd_restarts = site->restarts;
    for (i = 0; i < site->accounts->nelts; ++i)
        APR_ARRAY_PUSH(plan->accounts, plan_account_t) =
            APR_ARRAY_IDX(site->accounts, i, site_account_t *)->planned;
    for (i = 0; i < site->certificates->nelts; ++i)
        APR_ARRAY_PUSH(plan->certificates, plan_certificate_t) =
            *APR_ARRAY_IDX(site->certificates, i, plan_certificate_t *);
    return plan;
}

static void plan_events(plan_t *plan, const site_t *site, apr_pool_t *p)
{
    const config_t *config = config_get(site->main);
    const char *timeout = config_value(config, SETTING_EVENT_TIMEOUT);
    const char *retry = config_value(config, SETTING_EVENT_RETRY);
    int i = 0, percent = 0;

    for (i = 0; i < site->event_commands->nelts; ++i) {
        apr_array_header_t *words = APR_ARRAY_IDX(site->event_commands, i, apr_array_header_t *);
        plan_event_command_t *command = apr_array_push(plan->event_commands);

        command->user = APR_ARRAY_IDX(words, 0, const char *);
        command->events = APR_ARRAY_IDX(words, 1, const char *);
        command->argv = apr_array_copy(p, words);
        (void)apr_array_pop(command->argv);
        (void)apr_array_pop(command->argv);
        memmove(command->argv->elts, words->elts + 2 * sizeof(const char *),
                (apr_size_t)command->argv->nelts * sizeof(const char *));
    }
    if (timeout != NULL)
        plan->event_timeout = apr_time_from_sec(value_event_timeout(timeout));
    if (retry != NULL)
        (void)value_renew_before(retry, &percent, &plan->event_retry);
}

plan_t *site_plan(const site_t *site, apr_pool_t *p)
{
    plan_t *plan = site_outline(site, p);
    const char *parallel = config_value(config_get(site->main), SETTING_MAX_PARALLEL);

    describe_httpd(plan, site, p);
    plan->agent_program = AGENT_PROGRAM;
    plan->server_root = ap_server_root;
    plan->store_dir = site->store_dir;
    plan->run_dir = site->run_dir;
    plan->user = site->user;
    plan->uid = site->uid;
    plan->gid = site->gid;
    plan->reload = reload_is_possible(site);
    plan_reload_window(plan, site);
    plan->exports = export_list(p, site->exports, site->certificates, NULL, NULL);
    plan->live = site_is_live(site);
    plan->max_parallel = parallel != NULL ? value_max_parallel(parallel) : 0;
    plan->log_level = ap_get_server_module_loglevel(site->main, APLOG_MODULE_INDEX);
    list_http_ports(site, plan);
    plan_events(plan, site, p);
    return plan;
}

store_t *site_store(const site_t *site, apr_pool_t *p)
{
    store_t *store = apr_pcalloc(p, sizeof(*store));

    store->pool = p;
    store->dir = site->store_dir;
    store->trials = site->trials;
    return store;
}

const struct catalogue *site_catalogue(site_t *site)
{
    if (site->catalogue == NULL)
        site->catalogue = catalogue_make(site_store(site, site->pool), site->pool);
    return site->catalogue;
}
