/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/config.h"

#include <apr_strings.h>
#include <stdlib.h>

#include "crypto/eabkey.h"
#include "crypto/keypair.h"
#include "httpd/mistake.h"
#include "httpd/value.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;

#define RECORD_KEY "acme_eab:record"

/** Checks the words of a directive and puts them into their final form.
 * @return NULL, or what is wrong with them */
typedef const char *check_fn(apr_pool_t *p, apr_array_header_t *words);

typedef struct directive {
    setting_id_t id;
    int max; /* how many arguments; 0: any number from one */
    check_fn *check;
} directive_t;

static const char **word_at(apr_array_header_t *words, int i)
{
    return &APR_ARRAY_IDX(words, i, const char *);
}

static const char *check_server(apr_pool_t *p, apr_array_header_t *words)
{
    const char *why = NULL;

    *word_at(words, 0) = value_directory(p, *word_at(words, 0), &why);
    return why;
}

static const char *check_eab_kid(apr_pool_t *p, apr_array_header_t *words)
{
    const char *why = NULL;

    *word_at(words, 0) = value_eab_kid(p, *word_at(words, 0), &why);
    return why;
}

/* exec: takes a program and its arguments, quoted as one argument or not. */
static const char *check_eab_key(apr_pool_t *p, apr_array_header_t *words)
{
    const char *why = NULL, *text = apr_array_pstrcat(p, words, ' ');

    if (words->nelts > 1 && strncmp(text, "exec:", 5) != 0)
        return "takes one argument: file:PATH, exec:PROGRAM ARG... or credential:NAME";
    words->nelts = 1;
    *word_at(words, 0) = value_eab_source(p, text, ap_server_root_relative(p, ""), &why);
    return why;
}

static const char *check_eab_alg(apr_pool_t *p, apr_array_header_t *words)
{
    char *alg = apr_pstrdup(p, *word_at(words, 0));

    ap_str_toupper(alg);
    *word_at(words, 0) = alg;
    return eabkey_bits(alg) != 0 ? NULL : "the argument must be HS256, HS384 or HS512";
}

static const char *check_contact(apr_pool_t *p, apr_array_header_t *words)
{
    const char *why = NULL;
    int i = 0;

    for (i = 0; i < words->nelts && why == NULL; ++i)
        *word_at(words, i) = value_contact(p, *word_at(words, i), &why);
    return why;
}

static const char *check_terms(apr_pool_t *p, apr_array_header_t *words)
{
    (void)p;
    return strcasecmp(*word_at(words, 0), "accepted") == 0
               ? NULL
               : "the only argument is 'accepted': it says that you have read and accept the terms "
                 "of service of the CA";
}

static const char *check_challenge(apr_pool_t *p, apr_array_header_t *words)
{
    const char *why = NULL;
    int i = 0;

    for (i = 0; i < words->nelts; ++i) {
        if ((why = value_challenge_refusal(p, *word_at(words, i))) != NULL)
            return why;
        if (strcmp(*word_at(words, i), "none") == 0 && words->nelts > 1)
            return "'none' stands alone; take it out, or take out the others";
        if (i > 0 && strcmp(*word_at(words, i), *word_at(words, 0)) == 0)
            return "the same challenge is named twice; once is enough";
    }
    if (strcmp(*word_at(words, 0), "none") == 0)
        words->nelts = 0;
    return NULL;
}

static const char *check_key_type(apr_pool_t *p, apr_array_header_t *words)
{
    char *type = apr_pstrdup(p, *word_at(words, 0));

    if (words->nelts > 1)
        return "this version makes one certificate for each managed domain; name one key type";
    ap_str_tolower(type);
    *word_at(words, 0) = type;
    return keypair_type_is_known(type)
               ? NULL
               : apr_psprintf(
                   p, "'%s' is not a key type; use rsa2048, rsa3072, rsa4096, p256 or p384", type);
}

static const char *check_switch(apr_pool_t *p, apr_array_header_t *words)
{
    (void)p;
    return value_switch(*word_at(words, 0)) < 0 ? "the argument must be on or off" : NULL;
}

static const char *check_renew_before(apr_pool_t *p, apr_array_header_t *words)
{
    apr_interval_time_t before = 0;
    int percent = 0;

    return value_renew_before(*word_at(words, 0), &percent, &before)
               ? NULL
               : apr_psprintf(p, "'%s' is not a remaining life; write it as 33%%, 30d or 12h",
                              *word_at(words, 0));
}

static const char *check_proxy(apr_pool_t *p, apr_array_header_t *words)
{
    const char *why = NULL;

    *word_at(words, 0) = value_proxy(p, *word_at(words, 0), &why);
    return why;
}

static const char *check_path(apr_pool_t *p, apr_array_header_t *words)
{
    const char *path =
        **word_at(words, 0) != '\0' ? ap_server_root_relative(p, *word_at(words, 0)) : NULL;

    if (path == NULL)
        return "the argument is not a usable path";
    *word_at(words, 0) = path;
    return NULL;
}

static const char *check_ca_file(apr_pool_t *p, apr_array_header_t *words)
{
    const char *why = check_path(p, words);

    return why != NULL ? why : value_ca_file_refusal(p, *word_at(words, 0));
}

static const char *check_reload(apr_pool_t *p, apr_array_header_t *words)
{
    (void)p;
    return strcasecmp(*word_at(words, 0), "graceful") == 0
                   || strcasecmp(*word_at(words, 0), "off") == 0
               ? NULL
               : "the argument must be graceful or off";
}

static const char *check_max_parallel(apr_pool_t *p, apr_array_header_t *words)
{
    char *end = NULL;
    long number = strtol(*word_at(words, 0), &end, 10);

    (void)p;
    return *end == '\0' && number >= 1 && number <= 100
               ? NULL
               : "the argument must be a number from 1 to 100";
}

static const directive_t directives[SETTING_COUNT] = {
    { SETTING_SERVER, 1, check_server },
    { SETTING_EAB_KID, 1, check_eab_kid },
    { SETTING_EAB_KEY, 0, check_eab_key },
    { SETTING_EAB_ALG, 1, check_eab_alg },
    { SETTING_CONTACT, 0, check_contact },
    { SETTING_TERMS, 1, check_terms },
    { SETTING_CHALLENGE, 0, check_challenge },
    { SETTING_KEY_TYPE, 0, check_key_type },
    { SETTING_COMMON_NAME, 1, check_switch },
    { SETTING_RENEW_BEFORE, 1, check_renew_before },
    { SETTING_PROXY, 1, check_proxy },
    { SETTING_CA_FILE, 1, check_ca_file },
    { SETTING_RELOAD, 1, check_reload },
    { SETTING_MAX_PARALLEL, 1, check_max_parallel },
    { SETTING_USER, 1, NULL },
    { SETTING_STORE_DIR, 1, check_path },
    { SETTING_RUN_DIR, 1, check_path },
};

static const char *where_of(const cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
}

static apr_array_header_t *split_words(apr_pool_t *p, const char *args)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(const char *));

    while (*args != '\0')
        APR_ARRAY_PUSH(words, const char *) = ap_getword_conf(p, &args);
    return words;
}

static const char *judge(const cmd_parms *cmd, const directive_t *directive,
                         apr_array_header_t *words)
{
    if (directive->id >= SETTING_RELOAD && cmd->server->is_virtual)
        return "is for the whole server; move it out of <VirtualHost>";
    if (words->nelts == 0)
        return "an argument is missing";
    if (directive->max != 0 && words->nelts > directive->max)
        return "takes one argument; quote it if it contains spaces";
    return directive->check != NULL ? directive->check(cmd->pool, words) : NULL;
}

static const char *set_setting(cmd_parms *cmd, void *dirconf, const char *args)
{
    const directive_t *directive = cmd->info;
    config_t *config = ap_get_module_config(cmd->server->module_config, &acme_eab_module);
    setting_t *setting = &config->settings[directive->id];
    apr_array_header_t *words = split_words(cmd->pool, args);
    const char *why = judge(cmd, directive, words);

    (void)dirconf;
    setting->where = where_of(cmd);
    setting->words = why == NULL ? words : NULL;
    if (why != NULL)
        mistake_add(config_record(cmd->pool)->mistakes, setting->where, "%s: %s", cmd->cmd->name,
                    why);
    return NULL;
}

static const char *add_domain(cmd_parms *cmd, void *dirconf, const char *args)
{
    config_domain_t *domain = apr_pcalloc(cmd->pool, sizeof(*domain));

    (void)dirconf;
    domain->where = where_of(cmd);
    domain->server = cmd->server;
    domain->words = split_words(cmd->pool, args);
    APR_ARRAY_PUSH(config_record(cmd->pool)->domains, config_domain_t *) = domain;
    return NULL;
}

#define SETTING(name, id, help) \
    AP_INIT_RAW_ARGS(name, set_setting, (void *)&directives[id], RSRC_CONF, help)

const command_rec config_commands[] = {
    SETTING("ACMEServer", SETTING_SERVER, "directory URL of the CA, or the name of a preset"),
    SETTING("ACMEEABKid", SETTING_EAB_KID, "EAB key id that the CA gave"),
    SETTING("ACMEEABKey", SETTING_EAB_KEY,
            "where the EAB HMAC key is: file:PATH, exec:PROGRAM ARG... or credential:NAME"),
    SETTING("ACMEEABAlg", SETTING_EAB_ALG, "HS256 (default), HS384 or HS512"),
    SETTING("ACMEContact", SETTING_CONTACT, "e-mail addresses for the CA"),
    SETTING("ACMETermsOfService", SETTING_TERMS, "accepted"),
    AP_INIT_RAW_ARGS("ACMEManagedDomain", add_domain, NULL, RSRC_CONF,
                     "the names of one certificate; in a virtual host, none for all of its names"),
    SETTING("ACMEChallenge", SETTING_CHALLENGE, "http-01 (default) or none"),
    SETTING("ACMEKeyType", SETTING_KEY_TYPE, "rsa2048 (default), rsa3072, rsa4096, p256 or p384"),
    SETTING("ACMECommonName", SETTING_COMMON_NAME, "on (default) or off"),
    SETTING("ACMERenewBefore", SETTING_RENEW_BEFORE, "remaining life at which to renew: 33%, 30d"),
    SETTING("ACMEProxy", SETTING_PROXY, "URL of an http proxy on the way to the CA"),
    SETTING("ACMECACertificateFile", SETTING_CA_FILE,
            "PEM file of the certificates that the CA's own server is verified with"),
    SETTING("ACMEReload", SETTING_RELOAD, "graceful (default) or off"),
    SETTING("ACMEMaxParallel", SETTING_MAX_PARALLEL, "orders in flight per account, default 8"),
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
           && strcmp(*word_at(a->words, 0), *word_at(b->words, 0)) == 0;
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
    return 1;
}

void *config_merge(apr_pool_t *p, void *base, void *add)
{
    config_t *merged = apr_pcalloc(p, sizeof(*merged));
    const config_t *from = base, *own = add;
    int id = 0;

    for (id = 0; id < SETTING_COUNT; ++id)
        merged->settings[id] = is_inherited(from, own, id) ? from->settings[id] : own->settings[id];
    return merged;
}

const config_t *config_get(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &acme_eab_module);
}

const char *config_value(const config_t *config, setting_id_t id)
{
    apr_array_header_t *words = config->settings[id].words;

    return words != NULL && words->nelts > 0 ? *word_at(words, 0) : NULL;
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
    record->mistakes = mistake_list_make(pconf);
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
