/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_SITE_H
#define HTTPD_SITE_H

/* httpd/site.h - what the configuration amounts to: accounts, certificates, and the virtual hosts
 * that use them. Made anew in each configuration pass (httpd/check.c), completed when mod_ssl asks
 * for certificates (httpd/ssl.c), and told to the keeper as a plan (ipc/plan.h).
 *
 * A managed domain belongs to the scope in which it is declared and follows the settings of that
 * scope; ACMEUseAccount puts a named account in the place of the scope's. Accounts are told apart by
 * directory URL and EAB key id. Managed domains with the same names and the same settings, as tools
 * write them into several virtual hosts, are one. httpd/match.h finds out which virtual hosts use
 * them. */

#include <httpd.h>
#include <apr_hash.h>
#include <apr_tables.h>

#include "base/rundir.h"
#include "httpd/config.h"
#include "httpd/own.h"
#include "httpd/owners.h"
#include "httpd/tree.h"
#include "ipc/plan.h"
#include "store/generation.h"
#include "store/store.h"

typedef struct site_account {
    plan_account_t planned;
    const config_account_t *named; /* NULL: it has no label of its own */
    const config_t *config;        /* the scope that used it first, or its own */
    const char *where; /* the managed domain that used it first; its own place, if none does */
} site_account_t;

/** What mod_ssl gets for all virtual hosts of a domain that have the same terms. */
typedef struct site_choice {
    const terms_t *terms;
    apr_array_header_t *chain_paths; /* const char *; empty: there is nothing */
    apr_array_header_t *key_paths;
    apr_array_header_t *chain_names; /* const char *: what each of those chains covers */
    const char *fallback_path;
    const char *fallback_key_path;
    int foreign; /* a pair among them is of other names, or of a kind that is not configured any more */
} site_choice_t;

/** A managed domain: one certificate of each key type, for the same names. */
typedef struct site_domain {
    const config_domain_t *declared; /* the first of them, if there are several */
    const config_t *config;
    apr_array_header_t *servers;      /* const server_rec *: where it is declared */
    apr_array_header_t *names;        /* const char *, normalized */
    apr_array_header_t *left_out;     /* const char *: aliases of servers that no certificate has */
    apr_array_header_t *certificates; /* plan_certificate_t *, at least one */
    int slot; /* of the first of them in the plan, and in the memory of httpd/live.h */
    apr_array_header_t *choices; /* site_choice_t *: made when mod_ssl asks */
    apr_array_header_t *met;     /* const server_rec *: with a name in common, or that catch one */
    apr_array_header_t *vhosts;  /* struct site_vhost *: those that use it */
} site_domain_t;

/** OpenSSL's callback for OCSP responses, of somebody else. */
typedef struct site_status {
    int (*call)(struct ssl_st *, void *); /* NULL: there is none */
    void *arg;
} site_status_t;

/** A server that a managed domain belongs to. */
typedef struct site_vhost {
    const server_rec *server;
    site_domain_t *domain;
    const own_t *own;                /* what SSLCertificateFile gives it */
    const apr_array_header_t *names; /* const char *: those that reach it, the ServerName first */
    int extra_copies;                /* see httpd/ssl.c */
    int foreign; /* mod_ssl has a pair that is none of the domain's: placeholder, own, or borrowed */
    int placeholder;            /* it has nothing else, and httpd/live.h refuses requests */
    int staples;                /* SSLUseStapling is on */
    struct ssl_ctx_st *context; /* mod_ssl's; NULL: it has none */
    site_status_t status; /* who is asked for an OCSP response when httpd/stapling.h has none */
    site_status_t later;  /* the same, of a module that came after it: it goes first */
    const char *state;    /* as in mod_acme_eab.h */
} site_vhost_t;

/** A certificate that mod_ssl has loaded and that is not to be served without an OCSP response. */
typedef struct site_stapled {
    int index; /* in the plan */
    const generation_t *generation;
} site_stapled_t;

typedef enum {
    SITE_LEFT_OFF,    /* ACMEManagedDomain off */
    SITE_LEFT_MORE,   /* its own certificate covers more, or the ServerName */
    SITE_LEFT_PATTERN /* it has one, and nothing but a pattern or its address meets the domain */
} site_left_why_t;

/** A server with TLS that has a name of a managed domain and does not use its certificate. */
typedef struct site_left {
    const server_rec *server;
    const site_domain_t *domain;
    const own_t *own;
    const apr_array_header_t *names; /* as above */
    site_left_why_t why;
} site_left_t;

typedef struct site {
    apr_pool_t *pool; /* pconf */
    server_rec *main;
    const tree_t *tree;
    const char *store_dir;
    const char *run_dir;
    apr_time_t read_at;           /* when the configuration had been read */
    const char *store_in_use;     /* at the start another httpd had it: a sentence, or NULL */
    struct segment *segment;      /* of httpd/live.h; NULL: there is none */
    struct view *view;            /* of it; as long as the segment */
    rundir_t *run;                /* the same for workers; NULL until httpd runs */
    int enabled;                  /* something is managed */
    apr_array_header_t *accounts; /* site_account_t *: those that are used, then those that were */
    apr_array_header_t *domains;  /* site_domain_t * */
    apr_array_header_t *certificates;  /* plan_certificate_t *: those of all domains */
    const apr_array_header_t *exports; /* config_export_t * */
    apr_array_header_t *vhosts;        /* site_vhost_t * */
    apr_array_header_t *left;          /* site_left_t * */
    apr_hash_t *by_server;             /* server_rec * (the pointer itself): site_vhost_t * */
    apr_hash_t *by_left;               /* the same for left: site_left_t * */
    owners_t *owners;                  /* of domains, in their order */
    apr_hash_t *by_names; /* the set of names of a domain, as one text: site_domain_t * */
    mistakes_t *troubles; /* mistake_t: what a start does not depend on, see check.h */
    mistakes_t *notices;  /* mistake_t: not wrong, and worth a line in the log */
    apr_array_header_t *event_commands; /* apr_array_header_t *: as config_record_t has them */
    apr_array_header_t *held_keys;      /* const char *: see httpd/heldkey.h */
    apr_array_header_t *stapled;        /* site_stapled_t */
    trials_t *trials;                   /* of the pairs in the store, in this pass */
    struct catalogue *catalogue;        /* of what is in the store: the same */
    struct fallback *fallback;          /* made when it is needed */
    const char *user;                   /* of the agent; NULL when httpd was not started as root */
    int uid, gid;       /* SITE_NO_USER: the system has no usable user of that name */
    const char *held;   /* why no keeper runs, for the status; NULL: one does */
    int parent;         /* process id: which run of httpd this is, from supervise_start() on ... */
    apr_time_t since;   /* ... its start or restart, */
    apr_time_t started; /* the same by clock_steady(), */
    int restarts;       /* and how often it was restarted */
} site_t;

#define SITE_NO_USER (-1)

/** Key types of one managed domain at most: OpenSSL holds one certificate of each algorithm. */
#define SITE_TYPES_MAX 2

/** Work it out, but for the virtual hosts. Mistakes and troubles that it meets on the way are added to
 * those of record, and what is worth a line to its notices. Lives in pconf. */
site_t *site_make(apr_pool_t *pconf, server_rec *main_server, const config_record_t *record);

/** Look again for a user that the system did not have. @return 0 when it still has none */
int site_find_user(site_t *site);

/** The entry of a server, or NULL when nothing is managed for it. */
site_vhost_t *site_vhost(const site_t *site, const server_rec *server);

/** The entry of a server that keeps its own, or NULL. */
const site_left_t *site_left(const site_t *site, const server_rec *server);

/** ACMEReload live: new certificates are to be served without a restart (httpd/live.h). */
int site_is_live(const site_t *site);

/** Of the plan, what the status needs: which run of httpd this is, and what is managed. In p. */
plan_t *site_outline(const site_t *site, apr_pool_t *p);

/** The domain that has this very name, or a wildcard for it, and is not the one that is given; or NULL. */
const site_domain_t *site_other_owner(const site_t *site, const site_domain_t *domain,
                                      const char *name, apr_pool_t *ptemp);

/** The plan for the keeper, in p. */
plan_t *site_plan(const site_t *site, apr_pool_t *p);

/** The store for reading; nothing is made. In p. */
store_t *site_store(const site_t *site, apr_pool_t *p);

/** What is in it, by name; read once for each pass, when it is needed first. */
const struct catalogue *site_catalogue(site_t *site);

#endif
