/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/keeper.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/log.h"
#include "keeper/account.h"
#include "keeper/agent_door.h"
#include "keeper/agent_line.h"
#include "keeper/agent_process.h"
#include "keeper/certificate.h"
#include "keeper/directory.h"
#include "keeper/dns.h"
#include "keeper/leftover.h"
#include "keeper/reload.h"
#include "policy/problem.h"
#include "policy/restart.h"
#include "store/reload.h"

/* How often accounts that cannot be used are looked at again. */
#define MENDING_INTERVAL apr_time_from_sec(60)

void keeper_remember(const keeper_t *keeper, failure_t **pfailure, apr_pool_t **ppool,
                     const failure_t *failure, int names)
{
    const plan_t *plan = keeper->plan;
    apr_pool_t *pool = NULL;
    failure_t *copy = NULL;

    if (failure != NULL) {
        apr_pool_create(&pool, keeper->pool);
        copy = apr_pmemdup(pool, failure, sizeof(*failure));
        copy->fingerprint = apr_pstrdup(pool, failure->fingerprint);
        copy->problem = eab_result_make(pool);
        eab_result_copy_short(
            copy->problem, failure->problem,
            eab_result_share(plan->accounts->nelts + plan->certificates->nelts, names));
    }
    if (*ppool != NULL) {
        apr_pool_destroy(*ppool);
    }
    *ppool = pool;
    *pfailure = copy;
}

/* Is httpd restarted by somebody else than us? A keeper that ended is no restart. */
static int is_by_somebody(const keeper_t *keeper)
{
    return keeper->plan->restarts == 0 && keeper->store->trouble == NULL
           && keeper->restarts->restarting == NULL;
}

static void try_anew(failure_t *failure)
{
    problem_facts_t facts = { (problem_place_t)failure->place, (facts_t)failure->facts, NULL, NULL,
                              NULL };

    failure->next = restart_next(apr_time_now(), problem_classify(failure->problem, &facts),
                                 failure->tried, failure->next);
}

/* A failure counts as long as the configuration that failed is still the same. NULL: there is none. */
static failure_t *recall_failure(const keeper_t *keeper, const char *key, const char *fingerprint,
                                 apr_pool_t *ptemp)
{
    failure_t *failure = NULL;

    if (keeper->store->trouble != NULL
        || failure_load(&failure, keeper->store, key, ptemp) != APR_SUCCESS) {
        return NULL;
    }
    if (failure->fingerprint == NULL || strcmp(failure->fingerprint, fingerprint) != 0) {
        failure_save(keeper->store, key, NULL, ptemp);
        return NULL;
    }
    if (keeper->by_somebody) {
        try_anew(failure);
    }
    return failure;
}

static void recall_account_failure(keeper_account_t *account)
{
    keeper_t *keeper = account->keeper;
    apr_pool_t *pool = NULL;

    if (account->registration != NULL) {
        apr_pool_create(&pool, keeper->pool);
        keeper_remember(keeper, &account->failure, &account->failure_pool,
                        recall_failure(keeper, account->registration->id,
                                       account_fingerprint(account, pool), pool),
                        0);
        apr_pool_destroy(pool);
    }
}

static void recall_certificate_failure(keeper_certificate_t *certificate)
{
    keeper_t *keeper = certificate->keeper;
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, keeper->pool);
    keeper_remember(keeper, &certificate->failure, &certificate->failure_pool,
                    recall_failure(keeper, certificate->plan->id,
                                   certificate_fingerprint(certificate, pool), pool),
                    certificate->plan->names->nelts);
    apr_pool_destroy(pool);
}

/* A certificate's order can be read only with its account. */
static int mend_account(keeper_account_t *account)
{
    const keeper_t *keeper = account->keeper;
    int i;

    if (!account_mend(account)) {
        return 0;
    }
    recall_account_failure(account);
    directory_open(account);
    for (i = 0; i < keeper->certificates->nelts; ++i) {
        if (keeper_certificate_at(keeper, i)->account == account) {
            certificate_mend(keeper_certificate_at(keeper, i));
        }
    }
    return 1;
}

static int count_broken(const keeper_t *keeper)
{
    int i, n = 0;

    for (i = 0; i < keeper->accounts->nelts; ++i) {
        n += keeper_account_at(keeper, i)->broken->rv != APR_SUCCESS;
    }
    return n;
}

static void plan_mending(keeper_t *keeper)
{
    if (keeper->untidy || count_broken(keeper) > 0) {
        loop_timer_set(keeper->mending, apr_time_now() + MENDING_INTERVAL);
    }
}

/* The store could not be written to: look again in a while, and tidy up. */
static void hear(void *baton, const change_t *change)
{
    keeper_t *keeper = baton;

    if (change->kind == CHANGE_STORE_FAILED && !keeper->untidy) {
        keeper->untidy = 1;
        plan_mending(keeper);
    }
}

static void tidy(keeper_t *keeper, apr_pool_t *ptemp)
{
    int i;

    if (keeper->store->trouble != NULL
        || store_complete(keeper->store, eab_result_make(ptemp)) != APR_SUCCESS
        || access(keeper->store->dir, W_OK) != 0) {
        return;
    }
    keeper->untidy = 0;
    store_tidy(keeper->store, ptemp);
    for (i = 0; i < keeper->certificates->nelts; ++i) {
        certificate_tidy(keeper_certificate_at(keeper, i), ptemp);
    }
    reload_tidy(keeper->reload);
}

/* Nothing was taken from a store that could not be used, so nothing is to be mended: the next keeper
 * opens it. @return 0 when it can be used, or still cannot */
static int begin_anew(keeper_t *keeper)
{
    apr_pool_t *pool = NULL;
    store_t *store = NULL;

    if (keeper->store->trouble == NULL) {
        return 0;
    }
    apr_pool_create(&pool, keeper->pool);
    keeper->anew =
        store_open(&store, keeper->store->dir, eab_result_make(pool), pool) == APR_SUCCESS;
    apr_pool_destroy(pool);
    if (keeper->anew) {
        log_line(LOG_LEVEL_NOTICE, "ACMEStoreDir %s can be used again", keeper->store->dir);
        loop_stop(keeper->loop);
    }
    return keeper->anew;
}

/* A disk gets room again, a file is restored: nobody should have to restart httpd for that. */
static void mend(void *baton)
{
    keeper_t *keeper = baton;
    apr_pool_t *pool = NULL;
    int i, mended = 0;

    if (begin_anew(keeper)) {
        return;
    }
    apr_pool_create(&pool, keeper->pool);
    tidy(keeper, pool);
    for (i = 0; i < keeper->accounts->nelts; ++i) {
        mended += mend_account(keeper_account_at(keeper, i));
    }
    apr_pool_destroy(pool);
    if (mended > 0) {
        agent_process_renew(keeper->agent);
    }
    plan_mending(keeper);
}

/* Who hears of what the accounts and certificates tell, in this order. */
static void wire(keeper_t *keeper)
{
    changes_hear(keeper->changes, agent_door_hear, keeper);
    changes_hear(keeper->changes, dns_hear, keeper->dns);
    changes_hear(keeper->changes, reload_hear, keeper->reload);
    changes_hear(keeper->changes, hear, keeper);
}

keeper_t *keeper_make(loop_t *loop, plan_t *plan, store_t *store, eab_result_t *result,
                      apr_pool_t *p)
{
    keeper_t *keeper = apr_pcalloc(p, sizeof(*keeper));
    int i;

    keeper->pool = p;
    keeper->loop = loop;
    keeper->plan = plan;
    keeper->store = store;
    keeper->since = apr_time_now();
    keeper->changes = changes_make(p);
    keeper->line = agent_line_make(loop, p);
    keeper->mending = loop_timer_make(loop, mend, keeper);
    keeper->restarts = reload_memory_load(store, p);
    keeper->by_somebody = is_by_somebody(keeper);
    keeper->accounts = apr_array_make(p, 2, sizeof(keeper_account_t *));
    keeper->certificates = apr_array_make(p, 8, sizeof(keeper_certificate_t *));
    if ((keeper->keymaker = keymaker_make(loop, p)) == NULL) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL, "No pipe can be made.");
        return NULL;
    }
    for (i = 0; i < plan->accounts->nelts; ++i) {
        keeper_account_t *account =
            account_open(keeper, i, &APR_ARRAY_IDX(plan->accounts, i, plan_account_t));

        recall_account_failure(account);
        directory_open(account);
        APR_ARRAY_PUSH(keeper->accounts, keeper_account_t *) = account;
    }
    for (i = 0; i < plan->certificates->nelts; ++i) {
        keeper_certificate_t *certificate =
            certificate_open(keeper, i, &APR_ARRAY_IDX(plan->certificates, i, plan_certificate_t));

        recall_certificate_failure(certificate);
        APR_ARRAY_PUSH(keeper->certificates, keeper_certificate_t *) = certificate;
    }
    if (store->trouble == NULL) {
        leftover_open(keeper);
    }
    keeper->dns = dns_make(keeper, DNS_COMMAND_LIMIT);
    keeper->reload = reload_make(keeper);
    wire(keeper);
    keeper->untidy = 1; /* the disk may have been read-only a moment ago, when it was tidied */
    plan_mending(keeper);
    return keeper;
}

keeper_account_t *keeper_account_at(const keeper_t *keeper, apr_int64_t index)
{
    if (index < 0 || index >= keeper->accounts->nelts) {
        return NULL;
    }
    return APR_ARRAY_IDX(keeper->accounts, index, keeper_account_t *);
}

keeper_certificate_t *keeper_certificate_at(const keeper_t *keeper, apr_int64_t index)
{
    if (index < 0 || index >= keeper->certificates->nelts) {
        return NULL;
    }
    return APR_ARRAY_IDX(keeper->certificates, index, keeper_certificate_t *);
}

static void brief_failure(brief_failure_t *brief, const failure_t *failure)
{
    if (failure != NULL) {
        brief->attempts = failure->attempts;
        brief->since = failure->since;
        brief->next = failure->next;
        brief->place = failure->place;
        brief->subset = failure->subset;
        brief->facts = failure->facts;
        brief->tried = failure->tried;
        brief->problem = failure->problem;
    }
}

static void brief_account(brief_account_t *brief, const keeper_account_t *account)
{
    const plan_account_t *plan = account->plan;

    brief->label = plan->label;
    brief->directory = plan->directory;
    brief->where = plan->where;
    brief->proxy = plan->proxy;
    brief->proxy_credentials = account->proxy_credentials;
    brief->ca_pem = account->ca_pem;
    brief->eab = (plan->kid != NULL);
    brief->terms_accepted = plan->terms_accepted;
    brief->contact_changed = account_contact_changed(account);
    if (account->registration != NULL) {
        brief->kid_sha256 = account->registration->kid_sha256;
        brief->url = account->registration->url;
        brief->attempted = account->registration->attempted;
        brief->terms = account->registration->terms;
    }
    brief->thumbprint = account->thumbprint;
    brief_failure(&brief->failure, account->failure);
    brief->told = account->told;
    if (account->broken->rv != APR_SUCCESS) {
        brief->broken = account->broken;
    }
}

static void brief_certificate(brief_certificate_t *brief, const keeper_certificate_t *certificate,
                              apr_pool_t *p)
{
    const plan_certificate_t *plan = certificate->plan;

    brief->id = plan->id;
    brief->domain = plan->domain;
    brief->profile = plan->profile;
    brief->profile_required = plan->profile_required;
    brief->allow_subset = plan->allow_subset;
    brief->preferred_chain = plan->preferred_chain;
    brief->names = plan->names;
    brief->account = plan->account;
    brief->challenges = plan->challenges;
    brief->dns_command = plan->dns_command != NULL;
    brief->dns_resolver = plan->dns_resolver;
    brief->key_type = plan->key_type;
    brief->renew_percent = plan->renew_percent;
    brief->renew_before = plan->renew_before;
    brief->served = plan->served;
    brief->fallback = plan->fallback;
    brief->loaded = plan->loaded_fingerprint;
    brief->unusable = plan->unusable;
    brief->where = plan->where;
    brief->facts = certificate_facts(certificate, p);
    brief->window = certificate->window;
    brief->validations = certificate->validations;
    if (certificate->journal != NULL) {
        brief->ordering = 1;
        brief->order_names = certificate->journal->names;
        brief->order_url = certificate->journal->order_url;
        brief->order_finalize = certificate->journal->finalize;
        brief->finalized = certificate->journal->finalized;
        brief->order_since = certificate->journal->since;
    }
    brief_failure(&brief->failure, certificate->failure);
}

brief_t *keeper_brief(const keeper_t *keeper, apr_pool_t *p)
{
    brief_t *brief = brief_make(p);
    int i;

    brief->httpd_version = keeper->plan->httpd_version;
    brief->run_dir = keeper->plan->run_dir;
    brief->max_parallel = keeper->plan->max_parallel;
    brief->log_level = keeper->plan->log_level;
    brief->httpd_pid = keeper->plan->parent_pid;
    brief->httpd_since = keeper->plan->httpd_since;
    brief->httpd_restarts = keeper->plan->httpd_restarts;
    brief->keeper_pid = (int)getpid();
    brief->keeper_since = keeper->since;
    brief->keeper_restarts = keeper->plan->restarts;
    for (i = 0; i < keeper->accounts->nelts; ++i) {
        brief_account(memset(apr_array_push(brief->accounts), 0, sizeof(brief_account_t)),
                      keeper_account_at(keeper, i));
    }
    for (i = 0; i < keeper->certificates->nelts; ++i) {
        brief_certificate(
            memset(apr_array_push(brief->certificates), 0, sizeof(brief_certificate_t)),
            keeper_certificate_at(keeper, i), p);
    }
    brief->reload = *reload_news(keeper->reload);
    brief->leftovers = keeper->leftovers;
    return brief;
}
