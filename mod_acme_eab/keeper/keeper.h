/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

/* keeper/keeper.h - what the keeper knows, in one place. It is made from the plan and the store when
 * the process starts, and ends with it: there is no reloading, httpd starts a new keeper. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "crypto/keypair.h"
#include "crypto/secret.h"
#include "ipc/brief.h"
#include "ipc/message.h"
#include "ipc/plan.h"
#include "keeper/changes.h"
#include "keeper/eabsource.h"
#include "keeper/keymaker.h"
#include "keeper/loop.h"
#include "policy/budget.h"
#include "store/failure.h"
#include "store/generation.h"
#include "store/journal.h"
#include "store/registration.h"
#include "store/store.h"

struct keeper;

/* A request of the agent that waits for something slow: a key in the making, an exec: source. Only
 * one can wait for each account and each certificate; the agent has only one under way. */
typedef struct keeper_waiting {
    int id; /* 0: nothing waits */
    int sentence;
    const char *url;
    const char *nonce;
    apr_pool_t *pool; /* of the two strings; ends with the reply */
} keeper_waiting_t;

typedef struct keeper_account {
    struct keeper *keeper;
    int index;
    const plan_account_t *plan;
    apr_pool_t *pool; /* owns registration, key, broken and what was read of files */
    registration_t *registration;
    keypair_t *key; /* NULL when broken */
    const char *thumbprint;
    const char *ca_pem;            /* what is in ACMECACertificateFile, or NULL */
    const char *proxy_credentials; /* "user:password", or NULL */
    eab_result_t *broken;          /* why the account cannot be used; rv APR_SUCCESS: it can */
    const char *contacts;          /* those of the plan, as the registration has them */
    apr_pool_t *url_pool; /* owns the registration's URL and terms, when they came since then */
    eabsource_t *source;  /* NULL without EAB */
    apr_pool_t *eab_pool; /* owns eab_key; gone once the account is bound */
    secret_t *eab_key;    /* the HMAC key, only while the account is not bound */
    eab_result_t *eab_problem; /* why there is none; in a pool of its own, made anew each time */
    int eab_running;           /* an exec: source is at work */
    keeper_waiting_t waiting;
    budget_t budgets[MESSAGE_TYPES]; /* of the agent's requests about it */
    failure_t *failure;              /* remembered, or NULL */
    apr_pool_t *failure_pool;
    brief_directory_t told; /* by the CA of itself */
    apr_pool_t *told_pool;
    apr_time_t told_at; /* when that was last written, by clock_steady(); 0: not by this process */
} keeper_account_t;

typedef struct keeper_certificate {
    struct keeper *keeper;
    int index;
    const plan_certificate_t *plan;
    keeper_account_t *account;
    generation_t *best;    /* what httpd should serve; NULL: nothing */
    apr_pool_t *best_pool; /* owns it */
    generation_t *served;  /* what httpd serves, as long as it is in the store; or NULL */
    apr_time_t installed;  /* when best came, if that was in this process; else 0 */
    apr_time_t
        replace_by; /* the CA suggested to replace what is served until then; 0: it did not */
    brief_window_t window; /* what the CA said of when to renew it */
    apr_pool_t *window_pool;
    brief_validations_t validations; /* how long the CA goes by them */
    apr_pool_t *validations_pool;
    journal_t *journal; /* the order in flight, or NULL */
    keypair_t *key;     /* its key, once it is made */
    int over;           /* the last order is over and could not be removed from the store */
    int key_running;
    apr_pool_t *order_pool; /* owns journal and key */
    apr_pool_t *key_pool;   /* part of it, of the key */
    keeper_waiting_t waiting;
    budget_t budgets[MESSAGE_TYPES]; /* of the agent's requests about it */
    failure_t *failure;
    apr_pool_t *failure_pool;
} keeper_certificate_t;

struct agent_line;
struct keeper_agent;
struct keeper_dns;
struct keeper_reload;

typedef struct keeper {
    apr_pool_t *pool;
    loop_t *loop;
    plan_t *plan;
    store_t *store;
    keymaker_t *keymaker;
    changes_t *changes;
    apr_time_t since;
    apr_array_header_t *accounts;     /* keeper_account_t * */
    apr_array_header_t *certificates; /* keeper_certificate_t * */
    struct agent_line *line;
    struct keeper_agent *agent;
    struct keeper_dns *dns;
    struct keeper_reload *reload;
    loop_timer_t *mending; /* looks again at accounts that cannot be used, and at the store */
    struct reload_memory *restarts; /* what is remembered of them */
    int by_somebody;   /* this start is not a restart of ours: a person may have mended something */
    int anew;          /* the store can be used now: another keeper shall begin with it */
    json_t *leftovers; /* as the status shows them */
    int untidy;        /* the store could not be written to: there may be leftovers */
} keeper_t;

/** Load accounts and certificates as the plan names them, from the store. Problems of one account
 * are kept with it; the others go on.
 * @return NULL after the loop's or memory's failure, with result saying why */
keeper_t *keeper_make(loop_t *loop, plan_t *plan, store_t *store, eab_result_t *result,
                      apr_pool_t *p);

/** Replace a failure that is remembered by a copy of another, with its problem shortened; NULL: forget
 * it. The pool is that of the one of before, and becomes that of the copy. */
void keeper_remember(const keeper_t *keeper, failure_t **pfailure, apr_pool_t **ppool,
                     const failure_t *failure, int names);

/** What the agent may know of all this, for a newly started agent. In p. */
brief_t *keeper_brief(const keeper_t *keeper, apr_pool_t *p);

/** Borrowed; NULL when the index is none. */
keeper_account_t *keeper_account_at(const keeper_t *keeper, apr_int64_t index);
keeper_certificate_t *keeper_certificate_at(const keeper_t *keeper, apr_int64_t index);

#endif
