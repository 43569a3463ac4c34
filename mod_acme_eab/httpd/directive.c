/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/directive.h"

#include <http_config.h>
#include <apr_strings.h>
#include <string.h>

#include "base/address.h"
#include "crypto/eabkey.h"
#include "crypto/keypair.h"
#include "httpd/value.h"

/** NULL, or what is wrong with the words, which it puts into their final form. */
typedef const char *check_fn(apr_pool_t *p, apr_array_header_t *words);

/** NULL, or what is wrong with that which the first word, in its final form, names. */
typedef const char *trouble_fn(apr_pool_t *p, const char *word);

typedef struct directive {
    const char *name;
    int max; /* how many arguments; 0: any number from one */
    check_fn *check;
    trouble_fn *trouble;
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

static int is_repeated(const apr_array_header_t *words, int at)
{
    int i = 0;

    for (i = 0; i < at; ++i) {
        if (strcmp(APR_ARRAY_IDX(words, i, const char *), APR_ARRAY_IDX(words, at, const char *))
            == 0)
            return 1;
    }
    return 0;
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
        if (is_repeated(words, i))
            return "the same challenge is named twice; once is enough";
    }
    if (strcmp(*word_at(words, 0), "none") == 0)
        words->nelts = 0;
    return NULL;
}

/* A TLS server holds one certificate for RSA and one for elliptic curves; a third would only push
 * another one out. */
static const char *check_key_types_differ(apr_array_header_t *words)
{
    const char *first = *word_at(words, 0), *second = NULL;

    if (words->nelts < 2)
        return NULL;
    second = *word_at(words, 1);
    if (words->nelts > 2 || strcmp(value_key_algorithm(first), value_key_algorithm(second)) == 0)
        return "a server can offer one RSA and one elliptic curve certificate for a name; name one "
               "of rsa2048, rsa3072, rsa4096 and one of p256, p384";
    return NULL;
}

static const char *check_key_type(apr_pool_t *p, apr_array_header_t *words)
{
    int i = 0;

    for (i = 0; i < words->nelts; ++i) {
        char *type = apr_pstrdup(p, *word_at(words, i));

        ap_str_tolower(type);
        *word_at(words, i) = type;
        if (!keypair_type_is_known(type))
            return apr_psprintf(
                p, "'%s' is not a key type; use rsa2048, rsa3072, rsa4096, p256 or p384", type);
    }
    return check_key_types_differ(words);
}

/* The keeper takes the text apart again, and knows no quotes that httpd has resolved before. */
static const char *check_dns_command(apr_pool_t *p, apr_array_header_t *words)
{
    const char *why = value_program_refusal(*word_at(words, 0));
    int i = 0;

    for (i = 0; i < words->nelts && why == NULL; ++i) {
        if (**word_at(words, i) == '\0' || strpbrk(*word_at(words, i), " \t\\\"'") != NULL)
            why = "the path and the arguments must not be empty or contain spaces, quotes or "
                  "backslashes; put such arguments into a script";
    }
    if (why == NULL) {
        *word_at(words, 0) = apr_array_pstrcat(p, words, ' ');
        words->nelts = 1;
    }
    return why;
}

static const char *find_dns_command_trouble(apr_pool_t *p, const char *command)
{
    return value_program_trouble(p, apr_pstrmemdup(p, command, strcspn(command, " ")));
}

static const char *check_dns_resolver(apr_pool_t *p, apr_array_header_t *words)
{
    const char *address = address_of_host(p, *word_at(words, 0));

    if (address == NULL)
        return "the argument must be an IP address, without a port";
    *word_at(words, 0) = address;
    return NULL;
}

static const char *check_profile(apr_pool_t *p, apr_array_header_t *words)
{
    (void)p;
    if (**word_at(words, 0) == '\0')
        return "the name of the profile is empty; the CA says which there are";
    if (words->nelts > 2 || (words->nelts == 2 && strcasecmp(*word_at(words, 1), "required") != 0))
        return "takes the name of a profile, and 'required' behind it when nothing shall be "
               "ordered without that profile";
    return NULL;
}

static const char *check_preferred_chain(apr_pool_t *p, apr_array_header_t *words)
{
    (void)p;
    return **word_at(words, 0) != '\0'
               ? NULL
               : "the argument must be the common name of an issuer, as in \"ISRG Root X1\"";
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

    if (words->nelts > 2)
        return "takes the URL of the proxy, and maybe file:PATH with its user and password";
    *word_at(words, 0) = value_proxy(p, *word_at(words, 0), &why);
    if (why == NULL && words->nelts == 2)
        *word_at(words, 1) =
            value_proxy_credentials(p, *word_at(words, 1), ap_server_root_relative(p, ""), &why);
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

static const char *check_reload(apr_pool_t *p, apr_array_header_t *words)
{
    int is_off = strcasecmp(*word_at(words, 0), "off") == 0, from = 0, to = 0;
    const char *why = NULL;

    if (!is_off && strcasecmp(*word_at(words, 0), "graceful") != 0
        && strcasecmp(*word_at(words, 0), "live") != 0)
        return "the argument must be live, graceful or off";
    if (words->nelts == 1)
        return NULL;
    if (is_off)
        return "off takes no time of the day, since httpd is not restarted at all";
    if (words->nelts > 2)
        return "takes live, graceful or off, and behind live or graceful maybe one time of the day "
               "without spaces, as 02:00-05:00";
    why = value_day_window(*word_at(words, 1), &from, &to);
    return why != NULL ? apr_psprintf(p, "'%s' %s", *word_at(words, 1), why) : NULL;
}

static const char *check_max_parallel(apr_pool_t *p, apr_array_header_t *words)
{
    (void)p;
    return value_max_parallel(*word_at(words, 0)) >= 0
               ? NULL
               : "the argument must be auto or a number from 1 to 100";
}

static const char *check_event_timeout(apr_pool_t *p, apr_array_header_t *words)
{
    (void)p;
    return value_event_timeout(*word_at(words, 0)) > 0
               ? NULL
               : "the argument must be a number of seconds from 1 to 600";
}

static const char *check_event_retry(apr_pool_t *p, apr_array_header_t *words)
{
    int percent = 0;
    apr_interval_time_t span = 0;

    (void)p;
    return value_renew_before(*word_at(words, 0), &percent, &span) && span > 0
               ? NULL
               : "the argument must be a span of time, as 3d or 12h";
}

static const directive_t directives[SETTING_COUNT] = {
    [SETTING_SERVER] = { "ACMEServer", 1, check_server, NULL },
    [SETTING_EAB_KID] = { "ACMEEABKid", 1, check_eab_kid, NULL },
    [SETTING_EAB_KEY] = { "ACMEEABKey", 0, check_eab_key, NULL },
    [SETTING_EAB_ALG] = { "ACMEEABAlg", 1, check_eab_alg, NULL },
    [SETTING_CONTACT] = { "ACMEContact", 0, check_contact, NULL },
    [SETTING_TERMS] = { "ACMETermsOfService", 1, check_terms, NULL },
    [SETTING_PROXY] = { "ACMEProxy", 0, check_proxy, NULL },
    [SETTING_CA_FILE] = { "ACMECACertificateFile", 1, check_path, value_ca_file_trouble },
    [SETTING_USE_ACCOUNT] = { "ACMEUseAccount", 1, NULL, NULL },
    [SETTING_CHALLENGE] = { "ACMEChallenge", 0, check_challenge, NULL },
    [SETTING_KEY_TYPE] = { "ACMEKeyType", 0, check_key_type, NULL },
    [SETTING_DNS_COMMAND] = { "ACMEDNSCommand", 0, check_dns_command, find_dns_command_trouble },
    [SETTING_DNS_RESOLVER] = { "ACMEDNSResolver", 1, check_dns_resolver, NULL },
    [SETTING_PROFILE] = { "ACMEProfile", 0, check_profile, NULL },
    [SETTING_PREFERRED_CHAIN] = { "ACMEPreferredChain", 1, check_preferred_chain, NULL },
    [SETTING_COMMON_NAME] = { "ACMECommonName", 1, check_switch, NULL },
    [SETTING_ALLOW_SUBSET] = { "ACMEAllowSubsetOfNames", 1, check_switch, NULL },
    [SETTING_RENEW_BEFORE] = { "ACMERenewBefore", 1, check_renew_before, NULL },
    [SETTING_RELOAD] = { "ACMEReload", 0, check_reload, NULL },
    [SETTING_MAX_PARALLEL] = { "ACMEMaxParallel", 1, check_max_parallel, NULL },
    [SETTING_EVENT_TIMEOUT] = { "ACMEEventTimeout", 1, check_event_timeout, NULL },
    [SETTING_EVENT_RETRY] = { "ACMEEventRetry", 1, check_event_retry, NULL },
    [SETTING_USER] = { "ACMEUser", 1, NULL, NULL },
    [SETTING_STORE_DIR] = { "ACMEStoreDir", 1, check_path, NULL },
    [SETTING_RUN_DIR] = { "ACMERunDir", 1, check_path, NULL },
};

const char *directive_name(setting_id_t id)
{
    return directives[id].name;
}

setting_id_t directive_find(const char *name)
{
    int id = 0;

    while (id < SETTING_COUNT && strcasecmp(directives[id].name, name) != 0)
        ++id;
    return (setting_id_t)id;
}

const char *directive_check(apr_pool_t *p, setting_id_t id, apr_array_header_t *words)
{
    const directive_t *directive = &directives[id];

    if (words->nelts == 0)
        return "an argument is missing";
    if (directive->max != 0 && words->nelts > directive->max)
        return "takes one argument; quote it if it contains spaces";
    return directive->check != NULL ? directive->check(p, words) : NULL;
}

const char *directive_trouble(apr_pool_t *p, setting_id_t id, const apr_array_header_t *words)
{
    trouble_fn *trouble = directives[id].trouble;

    return trouble != NULL ? trouble(p, APR_ARRAY_IDX(words, 0, const char *)) : NULL;
}
