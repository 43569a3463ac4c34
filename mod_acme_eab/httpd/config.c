/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/config.h"

#include <apr_strings.h>
#include <stdint.h>

#include "httpd/directive.h"
#include "httpd/eventcommand.h"
#include "httpd/export.h"
#include "httpd/mistake.h"
#include "httpd/value.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;

#define RECORD_KEY "acme_eab:record"

/* Where a setting is read: into which configuration, from which line. */
typedef struct scope {
    apr_pool_t *pool;
    config_t *config;
    const char *section;    /* "<ACMEAccount>" ...; NULL: the main server or a virtual host */
    int is_main;            /* the main server itself */
    setting_id_t beyond;    /* settings from this one on do not belong here ... */
    const char *beyond_why; /* ... and why */
} scope_t;

/* ---- lines ----------------------------------------------------------------------------------- */

static const char *where_of(apr_pool_t *p, const ap_directive_t *line)
{
    return apr_psprintf(p, "%s:%d", line->filename, line->line_num);
}

static apr_array_header_t *split_words(apr_pool_t *p, const char *args)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(const char *));

    while (*args != '\0')
        APR_ARRAY_PUSH(words, const char *) = ap_getword_conf(p, &args);
    return words;
}

/* A named account is used as it is. Beside ACMEUseAccount a setting of an account would mean
 * nothing; only what accounts inherit from the main server may stand there. */
static int contradict(const scope_t *scope, setting_id_t a, setting_id_t b)
{
    setting_id_t other = a == SETTING_USE_ACCOUNT ? b : a;
    int is_own = a == SETTING_USE_ACCOUNT || b == SETTING_USE_ACCOUNT;

    return is_own && config_is_of_account(other)
           && !(scope->is_main && config_is_for_accounts(other))
           && scope->config->settings[b].where != NULL;
}

static const char *find_contradiction(const scope_t *scope, setting_id_t id)
{
    int other = 0;

    for (other = 0; other < SETTING_COUNT; ++other) {
        if (contradict(scope, id, (setting_id_t)other))
            return apr_psprintf(scope->pool,
                                "stands in the same scope as %s (%s), and a named account is used "
                                "as it is; take one of them out, or move the setting into the "
                                "<ACMEAccount>",
                                directive_name((setting_id_t)other),
                                scope->config->settings[other].where);
    }
    return NULL;
}

static const char *judge(const scope_t *scope, setting_id_t id, apr_array_header_t *words)
{
    const char *why = NULL;

    if (id >= scope->beyond)
        return scope->beyond_why;
    if ((why = find_contradiction(scope, id)) != NULL)
        return why;
    return directive_check(scope->pool, id, words);
}

static void read_setting(const scope_t *scope, setting_id_t id, const char *where, const char *args)
{
    setting_t *setting = &scope->config->settings[id];
    apr_array_header_t *words = split_words(scope->pool, args);
    const char *why = judge(scope, id, words);
    const config_record_t *record = config_record(scope->pool);

    setting->where = where;
    setting->words = why == NULL ? words : NULL;
    if (why != NULL)
        mistake_add(record->mistakes, where, "%s: %s", directive_name(id), why);
    else if ((why = directive_trouble(scope->pool, id, words)) != NULL)
        mistake_add(record->troubles, where, "%s: %s", directive_name(id), why);
}

static const char *set_setting(cmd_parms *cmd, void *dirconf, const char *args)
{
    scope_t scope = { cmd->pool,
                      ap_get_module_config(cmd->server->module_config, &acme_eab_module),
                      NULL,
                      !cmd->server->is_virtual,
                      cmd->server->is_virtual ? SETTING_RELOAD : SETTING_COUNT,
                      "is for the whole server; move it out of <VirtualHost>" };

    (void)dirconf;
    read_setting(&scope, (setting_id_t)(intptr_t)cmd->info, where_of(cmd->pool, cmd->directive),
                 args);
    return NULL;
}

/* ---- sections -------------------------------------------------------------------------------- */

/* The words of "<ACMEAccount label>" without the bracket. */
static apr_array_header_t *section_words(const cmd_parms *cmd, const char *args)
{
    const char *end = strrchr(args, '>');

    if (end == NULL || end[1] != '\0') {
        mistake_add(config_record(cmd->pool)->mistakes, where_of(cmd->pool, cmd->directive),
                    "%s: the line must end with '>'", cmd->cmd->name);
        return split_words(cmd->pool, args);
    }
    return split_words(cmd->pool, apr_pstrmemdup(cmd->pool, args, (apr_size_t)(end - args)));
}

static void read_line(const scope_t *scope, const ap_directive_t *line)
{
    setting_id_t id = directive_find(line->directive);
    const char *where = where_of(scope->pool, line);

    if (id == SETTING_COUNT)
        mistake_add(config_record(scope->pool)->mistakes, where,
                    "%s cannot stand in %s; move it out", line->directive, scope->section);
    else
        read_setting(scope, id, where, ap_resolve_env(scope->pool, line->args));
}

/* httpd leaves the lines of a section to the one who declares it. None of them is executed as a
 * line of the server around it. */
static config_t *read_section(const cmd_parms *cmd, const char *section, setting_id_t beyond)
{
    scope_t scope = {
        cmd->pool, apr_pcalloc(cmd->pool, sizeof(config_t)),
        section,   0,
        beyond,    apr_pstrcat(cmd->pool, "cannot stand in ", section, "; move it out", NULL)
    };
    const ap_directive_t *line = NULL;

    for (line = cmd->directive->first_child; line != NULL; line = line->next)
        read_line(&scope, line);
    return scope.config;
}

static config_domain_t *push_domain(const cmd_parms *cmd, apr_array_header_t *words)
{
    config_domain_t *domain = apr_pcalloc(cmd->pool, sizeof(*domain));

    domain->where = where_of(cmd->pool, cmd->directive);
    domain->server = cmd->server;
    domain->words = words;
    APR_ARRAY_PUSH(config_record(cmd->pool)->domains, config_domain_t *) = domain;
    return domain;
}

static int has_off(const apr_array_header_t *words)
{
    return words->nelts > 0 && strcasecmp(APR_ARRAY_IDX(words, 0, const char *), "off") == 0;
}

/* @return why not: what follows the name of the directive */
static const char *set_off(const cmd_parms *cmd, const apr_array_header_t *words, int is_section)
{
    config_t *config = ap_get_module_config(cmd->server->module_config, &acme_eab_module);

    if (is_section)
        return "off has no settings; write it without the brackets, as one line";
    if (words->nelts > 1)
        return "off stands alone; to leave names out of a certificate, leave them out of its "
               "ACMEManagedDomain";
    if (!cmd->server->is_virtual)
        return "off is for a <VirtualHost>, which it leaves alone; outside of one it has no "
               "meaning, take it out";
    config->off_where = where_of(cmd->pool, cmd->directive);
    return NULL;
}

static void read_off(const cmd_parms *cmd, const apr_array_header_t *words, int is_section)
{
    const char *why = set_off(cmd, words, is_section);

    if (why != NULL)
        mistake_add(config_record(cmd->pool)->mistakes, where_of(cmd->pool, cmd->directive),
                    "ACMEManagedDomain %s", why);
}

static const char *add_domain(cmd_parms *cmd, void *dirconf, const char *args)
{
    apr_array_header_t *words = split_words(cmd->pool, args);

    (void)dirconf;
    if (has_off(words))
        read_off(cmd, words, 0);
    else
        (void)push_domain(cmd, words);
    return NULL;
}

static const char *add_domain_section(cmd_parms *cmd, void *dirconf, const char *args)
{
    apr_array_header_t *words = section_words(cmd, args);
    config_domain_t *domain = NULL;

    (void)dirconf;
    if (has_off(words)) {
        read_off(cmd, words, 1);
        return NULL;
    }
    domain = push_domain(cmd, words);
    domain->own = read_section(cmd, "<ACMEManagedDomain>", SETTING_RELOAD);
    return NULL;
}

static int same_setting(const setting_t *a, const setting_t *b)
{
    int i = 0;

    if (a->words == NULL || b->words == NULL || a->words->nelts != b->words->nelts)
        return a->where == NULL && b->where == NULL;
    for (i = 0; i < a->words->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(a->words, i, const char *),
                   APR_ARRAY_IDX(b->words, i, const char *))
            != 0)
            return 0;
    }
    return 1;
}

/* A file with a section in it may be included several times. */
static int is_read_again(const cmd_parms *cmd, const config_account_t *account,
                         const apr_array_header_t *words)
{
    const config_account_t *other = NULL;
    int id = 0;

    if (cmd->server->is_virtual || words->nelts != 1)
        return 0;
    other = config_account(config_record(cmd->pool), APR_ARRAY_IDX(words, 0, const char *));
    if (other == NULL)
        return 0;
    while (id < SETTING_COUNT
           && same_setting(&account->own->settings[id], &other->own->settings[id]))
        ++id;
    return id == SETTING_COUNT;
}

static const char *label_refusal(const cmd_parms *cmd, const apr_array_header_t *words)
{
    const config_account_t *other = NULL;
    const char *label = words->nelts > 0 ? APR_ARRAY_IDX(words, 0, const char *) : NULL;

    if (cmd->server->is_virtual)
        return "is for the whole server; move it out of <VirtualHost>";
    if (words->nelts != 1)
        return "needs one label, with which ACMEUseAccount names it: <ACMEAccount label>";
    if ((other = config_account(config_record(cmd->pool), label)) != NULL)
        return apr_psprintf(cmd->pool,
                            "'%s' is the label of the account at %s already; use another", label,
                            other->where);
    return value_label_refusal(cmd->pool, label);
}

static const char *add_account_section(cmd_parms *cmd, void *dirconf, const char *args)
{
    config_record_t *record = config_record(cmd->pool);
    config_account_t *account = apr_pcalloc(cmd->pool, sizeof(*account));
    apr_array_header_t *words = section_words(cmd, args);
    const char *why = label_refusal(cmd, words);

    (void)dirconf;
    account->where = where_of(cmd->pool, cmd->directive);
    account->own = read_section(cmd, "<ACMEAccount>", SETTING_USE_ACCOUNT);
    if (is_read_again(cmd, account, words))
        return NULL;
    if (why != NULL) {
        mistake_add(record->mistakes, account->where, "ACMEAccount %s", why);
        return NULL;
    }
    account->label = APR_ARRAY_IDX(words, 0, const char *);
    if (account->own->settings[SETTING_SERVER].where == NULL)
        mistake_add(record->mistakes, account->where,
                    "ACMEAccount '%s' has no ACMEServer; name its CA in it, by the directory URL "
                    "or a preset",
                    account->label);
    APR_ARRAY_PUSH(record->accounts, config_account_t *) = account;
    return NULL;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Each one counts, and none takes the place of another. */
static const char *add_event_command(cmd_parms *cmd, void *dirconf, const char *args)
{
    static const char name[] = "ACMEEventCommand";
    config_record_t *record = config_record(cmd->pool);
    apr_array_header_t *words = split_words(cmd->pool, args);
    const char *where = where_of(cmd->pool, cmd->directive), *why = NULL;

    (void)dirconf;
    if (cmd->server->is_virtual)
        why = "is for the whole server; move it out of <VirtualHost>";
    else
        why = eventcommand_refusal(cmd->pool, words);
    if (why != NULL) {
        mistake_add(record->mistakes, where, "%s: %s", name, why);
        return NULL;
    }
    APR_ARRAY_PUSH(record->event_commands, apr_array_header_t *) = words;
    if ((why = eventcommand_trouble(cmd->pool, words)) != NULL)
        mistake_add(record->troubles, where, "%s: %s", name, why);
    return NULL;
}

/* ---- exports --------------------------------------------------------------------------------- */

static const char *add_export(cmd_parms *cmd, void *dirconf, const char *args)
{
    config_record_t *record = config_record(cmd->pool);
    config_export_t *export = apr_pcalloc(cmd->pool, sizeof(*export));
    const char *why = NULL;

    (void)dirconf;
    export->where = where_of(cmd->pool, cmd->directive);
    export->words = split_words(cmd->pool, args);
    why = cmd->server->is_virtual ? "is for the whole server; move it out of <VirtualHost>"
                                  : export_check(cmd->pool, export->words);
    if (why != NULL)
        mistake_add(record->mistakes, export->where, "ACMEExport %s", why);
    else
        APR_ARRAY_PUSH(record->exports, config_export_t *) = export;
    return NULL;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define SETTING(name, id, help) \
    AP_INIT_RAW_ARGS(name, set_setting, (void *)(intptr_t)(id), RSRC_CONF, help)

const command_rec config_commands[] = {
    SETTING("ACMEServer", SETTING_SERVER, "directory URL of the CA, or the name of a preset"),
    SETTING("ACMEEABKid", SETTING_EAB_KID, "EAB key id that the CA gave"),
    SETTING("ACMEEABKey", SETTING_EAB_KEY,
            "where the EAB HMAC key is: file:PATH, exec:PROGRAM ARG... or credential:NAME"),
    SETTING("ACMEEABAlg", SETTING_EAB_ALG, "HS256 (default), HS384 or HS512"),
    SETTING("ACMEContact", SETTING_CONTACT, "e-mail addresses for the CA"),
    SETTING("ACMETermsOfService", SETTING_TERMS, "accepted"),
    AP_INIT_RAW_ARGS(
        "ACMEManagedDomain", add_domain, NULL, RSRC_CONF,
        "the names of one certificate; in a virtual host, none for all of its names, or "
        "off to leave it alone"),
    AP_INIT_RAW_ARGS("<ACMEManagedDomain", add_domain_section, NULL, RSRC_CONF,
                     "the same, with settings of its own inside"),
    AP_INIT_RAW_ARGS("<ACMEAccount", add_account_section, NULL, RSRC_CONF,
                     "label of an account at a CA, with its settings inside"),
    SETTING("ACMEUseAccount", SETTING_USE_ACCOUNT, "label of the <ACMEAccount> to use"),
    SETTING("ACMEChallenge", SETTING_CHALLENGE,
            "http-01, tls-alpn-01, dns-01, dns-account-01, dns-persist-01, or none"),
    SETTING("ACMEKeyType", SETTING_KEY_TYPE,
            "rsa2048 (default), rsa3072, rsa4096, p256, p384; two for two certificates"),
    SETTING("ACMEDNSCommand", SETTING_DNS_COMMAND, "program that adds and removes TXT records"),
    SETTING("ACMEDNSResolver", SETTING_DNS_RESOLVER,
            "address of the resolver that TXT records are looked up with"),
    SETTING("ACMEProfile", SETTING_PROFILE, "profile of the CA, and maybe: required"),
    SETTING("ACMEPreferredChain", SETTING_PREFERRED_CHAIN, "common name of an issuer"),
    SETTING("ACMECommonName", SETTING_COMMON_NAME, "on (default) or off"),
    SETTING("ACMEAllowSubsetOfNames", SETTING_ALLOW_SUBSET,
            "on: go on without names that the CA refuses; off (default)"),
    SETTING("ACMERenewBefore", SETTING_RENEW_BEFORE, "remaining life at which to renew: 33%, 30d"),
    SETTING("ACMEProxy", SETTING_PROXY,
            "URL of a proxy on the way to the CA, and maybe file:PATH of its user:password"),
    SETTING("ACMECACertificateFile", SETTING_CA_FILE,
            "PEM file of the certificates that the CA's own server is verified with"),
    SETTING("ACMEReload", SETTING_RELOAD,
            "graceful (default), maybe with the time of the day for renewals: 02:00-05:00; or off"),
    SETTING("ACMEMaxParallel", SETTING_MAX_PARALLEL,
            "orders in flight per account at most, default auto"),
    AP_INIT_RAW_ARGS("ACMEEventCommand", add_event_command, NULL, RSRC_CONF,
                     "user, events and program: what is told of certificates and failures"),
    SETTING("ACMEEventTimeout", SETTING_EVENT_TIMEOUT,
            "seconds that such a program may take, 1 to 600; default 60"),
    SETTING("ACMEEventRetry", SETTING_EVENT_RETRY,
            "how long an event is told again that a program has refused; default 3d"),
    AP_INIT_RAW_ARGS("ACMEExport", add_export, NULL, RSRC_CONF,
                     "NAME FORMAT PATH OWNER:GROUP MODE: a file that another program reads"),
    SETTING("ACMEUser", SETTING_USER, "user of the process that talks to the CA"),
    SETTING("ACMEStoreDir", SETTING_STORE_DIR, "directory of keys and certificates"),
    SETTING("ACMERunDir", SETTING_RUN_DIR, "directory of challenge answers and the status"),
    { .name = NULL }
};

void *config_create(apr_pool_t *p, server_rec *s)
{
    (void)s;
    return apr_pcalloc(p, sizeof(config_t));
}

static int same_value(const setting_t *a, const setting_t *b)
{
    return a->words != NULL && b->words != NULL && a->words->nelts > 0 && b->words->nelts > 0
           && strcmp(APR_ARRAY_IDX(a->words, 0, const char *),
                     APR_ARRAY_IDX(b->words, 0, const char *))
                  == 0;
}

int config_names_account(const config_t *config)
{
    return config->settings[SETTING_SERVER].where != NULL
           || config->settings[SETTING_EAB_KID].where != NULL
           || config->settings[SETTING_EAB_KEY].where != NULL;
}

static int is_inherited(const config_t *base, const config_t *add, int id)
{
    int another_ca =
        add->settings[SETTING_SERVER].where != NULL
        && !same_value(&add->settings[SETTING_SERVER], &base->settings[SETTING_SERVER]);

    if (add->settings[id].where != NULL)
        return 0;
    if (id == SETTING_EAB_KID || id == SETTING_EAB_ALG)
        return !another_ca;
    if (id == SETTING_EAB_KEY)
        return !another_ca && add->settings[SETTING_EAB_KID].where == NULL;
    if (id == SETTING_USE_ACCOUNT)
        return !config_names_account(add);
    return 1;
}

void *config_merge(apr_pool_t *p, void *base, void *add)
{
    config_t *merged = apr_pcalloc(p, sizeof(*merged));
    const config_t *from = base, *own = add;
    int id = 0;

    for (id = 0; id < SETTING_COUNT; ++id)
        merged->settings[id] = is_inherited(from, own, id) ? from->settings[id] : own->settings[id];
    merged->off_where = own->off_where;
    return merged;
}

int config_is_of_account(setting_id_t id)
{
    return id < SETTING_USE_ACCOUNT;
}

int config_is_for_accounts(setting_id_t id)
{
    return id == SETTING_CONTACT || id == SETTING_TERMS || id == SETTING_PROXY
           || id == SETTING_CA_FILE;
}

const config_t *config_of_account(apr_pool_t *p, const config_t *main_config,
                                  const config_account_t *account)
{
    config_t *merged = apr_pmemdup(p, account->own, sizeof(*merged));
    int id = 0;

    for (id = 0; id < SETTING_COUNT; ++id) {
        if (config_is_for_accounts((setting_id_t)id) && merged->settings[id].where == NULL)
            merged->settings[id] = main_config->settings[id];
    }
    return merged;
}

const config_account_t *config_account(const config_record_t *record, const char *label)
{
    int i = 0;

    for (i = 0; i < record->accounts->nelts; ++i) {
        const config_account_t *account =
            APR_ARRAY_IDX(record->accounts, i, const config_account_t *);

        if (strcmp(account->label, label) == 0)
            return account;
    }
    return NULL;
}

const config_t *config_of_domain(apr_pool_t *p, const config_domain_t *domain)
{
    config_t *around = ap_get_module_config(domain->server->module_config, &acme_eab_module);

    return domain->own != NULL ? config_merge(p, around, domain->own) : around;
}

const config_t *config_get(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &acme_eab_module);
}

const char *config_value(const config_t *config, setting_id_t id)
{
    apr_array_header_t *words = config->settings[id].words;

    return words != NULL && words->nelts > 0 ? APR_ARRAY_IDX(words, 0, const char *) : NULL;
}

config_record_t *config_record(apr_pool_t *pconf)
{
    config_record_t *record = NULL;
    void *found = NULL;

    apr_pool_userdata_get(&found, RECORD_KEY, pconf);
    if (found != NULL)
        return found;
    record = apr_pcalloc(pconf, sizeof(*record));
    record->domains = apr_array_make(pconf, 4, sizeof(config_domain_t *));
    record->accounts = apr_array_make(pconf, 2, sizeof(config_account_t *));
    record->event_commands = apr_array_make(pconf, 1, sizeof(apr_array_header_t *));
    record->exports = apr_array_make(pconf, 1, sizeof(config_export_t *));
    record->mistakes = mistakes_make(pconf);
    record->troubles = mistakes_make(pconf);
    apr_pool_userdata_setn(record, RECORD_KEY, NULL, pconf);
    return record;
}

struct site *config_site(const server_rec *main_server)
{
    return config_get(main_server)->site;
}

void config_set_site(const server_rec *main_server, struct site *site)
{
    config_t *config = ap_get_module_config(main_server->module_config, &acme_eab_module);

    config->site = site;
}
