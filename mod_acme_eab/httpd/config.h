/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_CONFIG_H
#define HTTPD_CONFIG_H

/* httpd/config.h - the directives: read, remembered with the place where they stand, and merged.
 * A directive with a mistake does not end the reading of the configuration; httpd/check.c reports
 * all mistakes together. */

#include <httpd.h>
#include <http_config.h>
#include <apr_tables.h>

#include "httpd/mistake.h"

typedef enum {
    SETTING_SERVER, /* the directory URL; presets are resolved */
    SETTING_EAB_KID,
    SETTING_EAB_KEY,
    SETTING_EAB_ALG,
    SETTING_CONTACT, /* "mailto:..." */
    SETTING_TERMS,
    SETTING_PROXY,
    SETTING_CA_FILE,
    SETTING_USE_ACCOUNT,  /* a label; this and the following: not in <ACMEAccount> */
    SETTING_CHALLENGE,    /* without "none" */
    SETTING_DNS_COMMAND,  /* as one text */
    SETTING_DNS_RESOLVER, /* an address */
    SETTING_KEY_TYPE,
    SETTING_PROFILE, /* a name, maybe "required" */
    SETTING_PREFERRED_CHAIN,
    SETTING_COMMON_NAME,
    SETTING_ALLOW_SUBSET,
    SETTING_RENEW_BEFORE,
    SETTING_RELOAD, /* this and the following: main server only */
    SETTING_MAX_PARALLEL,
    SETTING_EVENT_TIMEOUT,
    SETTING_EVENT_RETRY,
    SETTING_USER,
    SETTING_STORE_DIR,
    SETTING_RUN_DIR,
    SETTING_COUNT
} setting_id_t;

typedef struct setting {
    const char *where;         /* "FILE:LINE"; NULL: not set */
    apr_array_header_t *words; /* const char *, checked; NULL: not set, or a mistake is on record */
} setting_t;

typedef struct config {
    setting_t settings[SETTING_COUNT];
    const char *off_where; /* "FILE:LINE" of ACMEManagedDomain off in this virtual host, or NULL */
    struct site *site;     /* of the main server's alone: what the configuration amounts to */
} config_t;

/** One <ACMEAccount>. */
typedef struct config_account {
    const char *where;
    const char *label; /* unique */
    config_t *own;     /* what stands in it */
} config_account_t;

/** One ACMEManagedDomain or <ACMEManagedDomain>. */
typedef struct config_domain {
    const char *where;
    server_rec *server;        /* where it was declared */
    apr_array_header_t *words; /* the names as written; empty: those of the virtual host */
    config_t *own;             /* what stands in the section; NULL: it is none */
} config_domain_t;

/** One ACMEExport. */
typedef struct config_export {
    const char *where;
    apr_array_header_t *words; /* const char *, checked */
} config_export_t;

/** What reading the configuration left behind besides the settings. Belongs to pconf. */
typedef struct config_record {
    apr_array_header_t *domains;        /* config_domain_t * */
    apr_array_header_t *accounts;       /* config_account_t *: the named ones */
    apr_array_header_t *exports;        /* config_export_t * */
    apr_array_header_t *event_commands; /* apr_array_header_t *: the words of each, in order */
    mistakes_t *mistakes;               /* mistake_t: what is wrong in the configuration itself */
    mistakes_t *troubles; /* mistake_t: ... with what it names: files, programs, users */
} config_record_t;

extern const command_rec config_commands[];

void *config_create(apr_pool_t *p, server_rec *s);

/** A virtual host inherits what it does not set. EAB credentials belong to a CA: one that names
 * another ACMEServer does not inherit them, and an ACMEEABKid goes with an ACMEEABKey of the same
 * scope. A scope that names an account of its own that way does not inherit ACMEUseAccount. */
void *config_merge(apr_pool_t *p, void *base, void *add);

/** The merged settings of a server. */
const config_t *config_get(const server_rec *s);

/** The first word of a setting, or NULL. */
const char *config_value(const config_t *config, setting_id_t id);

/** True for what may stand in <ACMEAccount>. */
int config_is_of_account(setting_id_t id);

/** True for what a named account takes from the main server when it does not say it itself. CA and
 * EAB credentials belong together and are never mixed. */
int config_is_for_accounts(setting_id_t id);

/** True when a scope names an account of its own by its CA or its EAB credentials. */
int config_names_account(const config_t *config);

/** The settings of a named account, in p. */
const config_t *config_of_account(apr_pool_t *p, const config_t *main_config,
                                  const config_account_t *account);

/** The account of that label, or NULL. */
const config_account_t *config_account(const config_record_t *record, const char *label);

/** The settings of a managed domain: its own, and those of the server around it. */
const config_t *config_of_domain(apr_pool_t *p, const config_domain_t *domain);

/** The record of this configuration pass. */
config_record_t *config_record(apr_pool_t *pconf);

/** What the configuration of the running server amounts to; NULL before it was checked. */
struct site *config_site(const server_rec *main_server);
void config_set_site(const server_rec *main_server, struct site *site);

#endif
