/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_PLAN_H
#define IPC_PLAN_H

/* ipc/plan.h - what httpd tells the keeper, once, when it starts it: everything that root
 * configured, and which certificates mod_ssl has loaded. It holds no secret, only where the
 * secrets are. The keeper trusts it: it comes from root's configuration. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <jansson.h>

#include "base/result.h"
#include "base/text.h"
#include "ipc/message.h"

typedef struct plan_account {
    const char *label;      /* shown in the status: "default", or what the administrator said */
    const char *directory;  /* URL, byte for byte */
    const char *kid;        /* EAB key id, or NULL */
    const char *eab_alg;    /* HS256, HS384, HS512 */
    const char *eab_source; /* "file:PATH", "exec:PROGRAM ARG...", "credential:NAME", or NULL */
    apr_array_header_t *contacts; /* const char *: "mailto:..." */
    int terms_accepted;
    const char *ca_file;           /* PEM file of CAs to trust instead of the system's, or NULL */
    const char *proxy;             /* URL, or NULL */
    const char *proxy_credentials; /* file that holds "user:password" for it, or NULL */
    const char *where; /* "FILE:LINE" of the directive that names the CA, for messages */
} plan_account_t;

typedef struct plan_certificate {
    const char *id;            /* its directory in the store: name_file() of the domain's first
                                       name; for further key types of a domain with "+" and the type */
    const char *domain;        /* name_file() of that name: certificates of one domain share it */
    apr_array_header_t *names; /* const char *, normalized, without duplicates */
    int account;               /* index into plan->accounts */
    apr_array_header_t *challenges; /* const char *: "http-01"; empty: none is allowed */
    const char *dns_command;        /* ACMEDNSCommand: program and arguments, or NULL */
    const char *dns_resolver;       /* ACMEDNSResolver: an address, or NULL */
    const char *profile;            /* ACMEProfile, or NULL */
    int profile_required;           /* without that profile nothing is ordered */
    int allow_subset;               /* fewer names are better than none (policy/subset.h) */
    const char *preferred_chain;    /* ACMEPreferredChain: common name of an issuer, or NULL */
    const char *key_type;           /* as keypair_type_is_known() */
    int common_name;
    int renew_percent;                /* of the lifetime; 0: see renew_before */
    apr_interval_time_t renew_before; /* 0: the default */
    int served;                       /* a vhost of this httpd uses it */
    int fallback;                     /* that vhost has no certificate at all now: 503 */
    const char *loaded;               /* the generation that mod_ssl has loaded, or NULL */
    const char *loaded_fingerprint;   /* of its certificate (SHA-256): the number may be another
                                         one's by now */
    const char
        *unusable; /* why a virtual host that uses it cannot use the one in the store; or NULL */
    int staples;   /* a virtual host that uses it has SSLUseStapling */
    const char *responder; /* SSLStaplingForceURL of one: whom to ask for OCSP responses; or NULL */
    int takes_over; /* a virtual host serves its SSLCertificateFile until there is one with all names */
    apr_array_header_t
        *doors; /* const char *, "ADDRESS:PORT NAME": where, and for which server name, a
                                  client of this httpd meets it */
    apr_array_header_t *used_by; /* const char *, "*:443 www.example.edu (FILE:LINE)": virtual hosts
                                    that use it, for people; not all of very many */
    const char *where;           /* "FILE:LINE" of its ACMEManagedDomain */
} plan_certificate_t;

/** A program that is told of events. */
typedef struct plan_event_command {
    const char *user;         /* as whom it is run */
    const char *events;       /* "all", or names (base/event.h) with commas between them */
    apr_array_header_t *argv; /* const char *: its whole path, and its arguments */
} plan_event_command_t;

/* One ACMEExport (export/parcel.h). */
typedef struct plan_export {
    const char *certificate; /* its id */
    const char *format;
    const char *path;
    int uid, gid; /* -1: as they come */
    int mode;
    const char *password_file; /* or NULL */
    const char *wrong;         /* the user or group is not known: half a sentence; or NULL */
    const char *where;
} plan_export_t;

typedef struct plan {
    const char *httpd_version;      /* "2.4.71" */
    int parent_pid;                 /* whom to signal */
    apr_time_t httpd_since;         /* when this run of httpd began: its start or restart */
    int httpd_restarts;             /* how often it was restarted, in any way */
    const char *httpd_program;      /* for the rehearsal of a restart: its argument 0 ... */
    apr_array_header_t *httpd_args; /* ... and its arguments without the first (const char *) */
    const char *pid_file;           /* that httpd removes when it is stopped */
    apr_array_header_t *listeners;  /* const char *: "ADDRESS:PORT" that httpd listens at */
    apr_array_header_t *held_keys;  /* const char *: private keys with a pass phrase that it holds,
                                       as httpd/heldkey.h writes them */
    const char *stage_program; /* what is run with --stage and --tell; not told, always the keeper
                                  itself */
    const char *config_digest; /* of the configuration as it was read, hexadecimal ... */
    apr_time_t config_read;    /* ... and when */
    apr_array_header_t
        *config_files;         /* const char *: which files that was, and their directories */
    const char *agent_program; /* path */
    const char *server_root;   /* says which httpd this is */
    const char *store_dir;
    const char *run_dir;
    const char *user; /* ACMEUser as configured; NULL: httpd was not started as root */
    int uid, gid;     /* the agent's; meaningless without user */
    int reload;       /* 1: graceful, 0: off */
    int live;         /* new certificates are left in memory, and a restart is for what cannot be */
    int reload_from;  /* the time of the day for restarts that can wait, in minutes ... */
    int reload_to;    /* ... from and to; both the same: at any time */
    int max_parallel; /* 0: auto */
    int log_level;    /* APLOG_... of this module */
    int once;         /* there is no httpd; not told, see plan_without_httpd() */
    int restarts;     /* of the keeper, since httpd read its configuration */
    apr_array_header_t
        *http_ports; /* int: where this httpd listens; another one may help http-01 */
    apr_array_header_t *event_commands; /* plan_event_command_t */
    apr_interval_time_t event_timeout;  /* how long one of them may take, in whole seconds */
    apr_interval_time_t event_retry;    /* how long one that fails is tried again */
    apr_array_header_t *accounts;       /* plan_account_t */
    apr_array_header_t *certificates;   /* plan_certificate_t */
    apr_array_header_t *exports;        /* plan_export_t */
} plan_t;

/** An empty plan with empty arrays, in p. */
plan_t *plan_make(apr_pool_t *p);

/** What is left of it when httpd does not run: nothing is loaded or served, nobody is to be restarted, and
 * nothing is done but what root asks for. */
void plan_without_httpd(plan_t *plan);

/** The same as text, for the store. */
void plan_print(const plan_t *plan, text_t *text);

/** In one piece, for `--check`. A new reference for the caller; NULL only when memory is out. */
json_t *plan_to_json(const plan_t *plan);

/** In as many messages as it needs, PLAN last. @return what send returned */
apr_status_t plan_send(const plan_t *plan, message_send_fn *send, void *baton);

/** Take one of these messages, in the order in which they were sent. What is taken is in the pool of the plan,
 * independent of body.
 * @return APR_SUCCESS when the plan is whole; APR_EAGAIN for more; APR_EINVAL with the reason in result */
apr_status_t plan_take(plan_t *plan, int type, const json_t *body, eab_result_t *result);

/** @param pplan in p, independent of json; NULL on failure
 * @return APR_SUCCESS or APR_EINVAL with the reason in result */
apr_status_t plan_from_json(plan_t **pplan, const json_t *json, eab_result_t *result,
                            apr_pool_t *p);

#endif
