/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_BRIEF_H
#define IPC_BRIEF_H

/* ipc/brief.h - what the keeper tells the agent when it starts it: the plan without anything
 * secret, and what the store remembers. The indices of accounts and certificates are those of the
 * plan. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <jansson.h>

#include "base/result.h"
#include "ipc/member.h"
#include "ipc/message.h"

/** A failure as it is remembered: see store/failure.h, which the agent's side does not see. */
typedef struct brief_failure {
    int attempts; /* 0: there is none */
    apr_time_t since;
    apr_time_t next;
    int place;  /* problem_place_t */
    int subset; /* subset_outcome_t: what was done without the names that the problem is about */
    apr_int64_t facts; /* facts_t: what was seen in the attempt */
    apr_time_t tried;  /* when it last failed; 0: unknown */
    eab_result_t *problem;
} brief_failure_t;

/** A certificate in the store, as a person or a policy wants to know it. */
typedef struct brief_facts {
    apr_array_header_t *names;
    const char *key_type;
    const char *issuer;
    apr_array_header_t *issuers; /* const char *: up to what the chain leads to */
    const char *serial;
    const char *fingerprint;
    apr_time_t not_before;
    apr_time_t not_after;
    apr_time_t obtained; /* when it was installed here */
    const char *generation;
    int same_account;           /* it was ordered with the account that is configured now */
    const char *ari_id;         /* RFC 9773, 4.1; NULL: it cannot be asked for */
    const char *activation;     /* how httpd comes to serve it: ACTIVATION_..., */
    const char *activation_why; /* and why not live, or what is not sure; half a sentence or NULL */
    int must_staple;
    const char *ocsp_url; /* to GET an OCSP response from; NULL: none is needed, or can be had */
    apr_time_t staple_from, staple_until; /* of the one that there is; 0: none */
    /* Revoked, as the CA says by that response: since when, or 0, and why, or NULL. Another one is due. */
    apr_time_t ocsp_revoked;
    const char *ocsp_reason;
    /* Revoked by root's act: when, or 0, by whom, or NULL, and the reason of RFC 5280, 5.3.1. Whether there is
     * to be another one was said with that (demanded). */
    apr_time_t root_revoked;
    int root_reason;
    const char *root_user;
} brief_facts_t;

#define ACTIVATION_RESTART "restart" /* by a restart, or httpd was started with it */
#define ACTIVATION_STAPLE "staple"   /* not before there is an OCSP response to go with it */
#define ACTIVATION_LOOK "look"       /* it is published, and somebody is to look what is served */
#define ACTIVATION_LIVE "live"       /* it is served since, without a restart */

/** What came of the look: SEEN. */
#define SEEN_IT "it"           /* it is served */
#define SEEN_ANOTHER "another" /* something else is */
#define SEEN_NOTHING "nothing" /* nobody could connect */

/** What the CA said of when to renew a certificate (RFC 9773), and what we made of it. */
typedef struct brief_window {
    const char *ari_id; /* of the certificate it is about; NULL: nothing was asked yet */
    apr_time_t start;   /* 0: the CA suggests nothing */
    apr_time_t end;
    apr_time_t drawn;        /* our time in the window, kept while that is the same */
    const char *explanation; /* web address of a page for people, or NULL */
    apr_time_t next;         /* when to ask again */
    int errors;              /* in a row */
    int at_once;             /* our time had passed already when the CA told the window */
    int repeated;            /* so it had for the certificate before, of which this one came */
} brief_window_t;

/** Until when the CA goes by its validation of a name, as of when the certificate came. */
typedef struct brief_validation {
    const char *name; /* a wildcard with "*." */
    apr_time_t until;
} brief_validation_t;

typedef struct brief_validations {
    const char *fingerprint;  /* of the certificate that they belong to; NULL: nothing is known */
    apr_array_header_t *list; /* brief_validation_t */
    apr_array_header_t *issuers; /* const char *: what the CA calls itself in dns-persist-01 */
} brief_validations_t;

/** What a CA says of itself in its directory (RFC 8555, 7.1.1), as it is kept and shown. */
typedef struct brief_directory {
    apr_time_t seen; /* when it was read; 0: never */
    const char *terms;
    const char *website;
    int eab_required;
    int renewal_info;                   /* it has any (RFC 9773) */
    apr_array_header_t *caa_identities; /* const char * */
    json_t *profiles;                   /* names with their descriptions, or NULL */
} brief_directory_t;

typedef struct brief_account {
    const char *label;
    const char *directory;
    const char *kid_sha256; /* NULL: no EAB */
    const char *url;        /* NULL: not registered */
    const char *thumbprint; /* RFC 7638, for key authorizations (RFC 8555, 8.1) */
    int attempted;          /* the CA may know the key already */
    int eab;                /* an EAB key id is configured */
    int terms_accepted;
    const char *terms;   /* URL of the terms of service that were agreed to, or NULL */
    int rolling;         /* another key may be its key at the CA by now: that is found out first */
    int contact_changed; /* the CA was told other contacts than are configured now */
    const char *where;
    const char *ca_pem;
    const char *proxy;
    const char
        *proxy_credentials; /* "user:password", or NULL: the agent must say it to the proxy */
    brief_failure_t failure;
    brief_directory_t told; /* by the CA, when it was last asked */
    eab_result_t *broken;   /* this account cannot be used at all (key damaged ...), or NULL */
} brief_account_t;

typedef struct brief_certificate {
    const char *id;
    const char *domain; /* certificates of one managed domain share it */
    apr_array_header_t *names;
    int account;
    apr_array_header_t *challenges;
    int dns_command;          /* there is an ACMEDNSCommand, which the keeper runs */
    const char *dns_resolver; /* where TXT records are looked up; NULL: as the machine does */
    const char *profile;
    int profile_required;
    int allow_subset; /* ACMEAllowSubsetOfNames */
    const char *preferred_chain;
    const char *key_type;
    int renew_percent;
    apr_interval_time_t renew_before;
    int served;
    int fallback;
    const char *loaded;          /* fingerprint of the certificate in use by httpd, or NULL */
    const char *unusable;        /* as in the plan */
    apr_array_header_t *doors;   /* const char *, as in the plan; NULL: none */
    apr_array_header_t *used_by; /* the same */
    const char *where;
    brief_facts_t *facts; /* the best certificate in the store, or NULL */
    brief_window_t window;
    brief_validations_t validations;
    int ordering; /* an order is in flight: */
    int trial;    /* it was made to see what the CA says; it is used when a certificate is due */
    apr_array_header_t *order_names; /* what was ordered */
    const char *order_url;           /* NULL: its newOrder was sent and not answered */
    const char *order_finalize;      /* URL; NULL: the CA did not tell it with the order */
    int finalized;
    apr_time_t order_since;
    brief_failure_t failure;
    apr_time_t demanded; /* when root asked for another one, now; 0: nobody did, or it came */
} brief_certificate_t;

/** The state of the reload (status: "reload"). */
typedef struct news {
    const char *state; /* "idle", "pending", "refused", "failed", "off" */
    const char *why;   /* refused: the parser's words, not escaped; failed, or pending for more than
                          a moment: our sentence; or NULL */
    apr_time_t last;   /* the last graceful restart that was asked for; 0: none known */
    apr_time_t next;   /* the next try; 0: none */
} news_t;

typedef struct brief {
    const char *httpd_version;
    const char *run_dir;
    int max_parallel; /* 0: auto */
    int log_level;
    int httpd_pid; /* of the parent */
    apr_time_t httpd_since;
    int httpd_restarts;
    int keeper_pid;
    apr_time_t keeper_since;
    int keeper_restarts;
    int agent_restarts;
    int once;                     /* there is no httpd: nothing is done but what root asks for */
    apr_array_header_t *accounts; /* brief_account_t */
    apr_array_header_t *certificates; /* brief_certificate_t */
    news_t reload;
    json_t *counters;  /* for the status: store/counters.h; or NULL */
    json_t *history;   /* for the status: the last that has happened, an array; or NULL */
    json_t *exports;   /* for the status: keeper/exports.h; or NULL */
    json_t *leftovers; /* for the status: what belongs to nothing that is configured; or NULL */
} brief_t;

brief_t *brief_make(apr_pool_t *p);

/** In one piece. A new reference for the caller. */
json_t *brief_to_json(const brief_t *brief);

/** In as many messages as it needs, BRIEF last. @return what send returned */
apr_status_t brief_send(const brief_t *brief, message_send_fn *send, void *baton);

/** Take one of these messages, in the order in which they were sent. What is taken is in the pool of the
 * brief, independent of body.
 * @return APR_SUCCESS when the brief is whole; APR_EAGAIN for more; APR_EINVAL with the reason in result */
apr_status_t brief_take(brief_t *brief, int type, const json_t *body, eab_result_t *result);

apr_status_t brief_from_json(brief_t **pbrief, const json_t *json, eab_result_t *result,
                             apr_pool_t *p);

json_t *brief_facts_to_json(const brief_facts_t *facts);
/** NULL for anything that is no facts object. */
brief_facts_t *brief_facts_from_json(apr_pool_t *p, const json_t *json);

json_t *brief_window_to_json(const brief_window_t *window);
/** The strings are copied into p. */
void brief_window_from_json(brief_window_t *window, const json_t *json, apr_pool_t *p);

/** JSON null when nothing is known. */
json_t *brief_validations_to_json(const brief_validations_t *validations);
/** All is copied into p; what is no name or time, and more than there can be of use, is left out. */
void brief_validations_from_json(brief_validations_t *validations, const json_t *json,
                                 apr_pool_t *p);

/** JSON null when it was never read. */
json_t *brief_directory_to_json(const brief_directory_t *directory);
/** All is copied into p; what is longer or more than a person would read is left out, whoever says
 * it. */
void brief_directory_from_json(brief_directory_t *directory, const json_t *json, apr_pool_t *p);
/** Is b worth to be kept in the place of a: does it say something else, or the same a day later? */
int brief_directory_is_news(const brief_directory_t *a, const brief_directory_t *b);

/** Keep the strings and lists of one in a block of its own: see member_settle(). */
void brief_facts_settle(member_block_t **pblock, brief_facts_t *facts, apr_pool_t *p);
void brief_window_settle(member_block_t **pblock, brief_window_t *window, apr_pool_t *p);
void brief_validations_settle(member_block_t **pblock, brief_validations_t *validations,
                              apr_pool_t *p);

json_t *brief_failure_to_json(const brief_failure_t *failure);
void brief_failure_from_json(brief_failure_t *failure, const json_t *json, apr_pool_t *p);

json_t *news_to_json(const news_t *news);
void news_from_json(news_t *news, const json_t *json, apr_pool_t *p);

#endif
