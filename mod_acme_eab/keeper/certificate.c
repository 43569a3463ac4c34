/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/certificate.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/name.h"
#include "keeper/account.h"
#include "keeper/agent.h"
#include "keeper/dns.h"
#include "keeper/reload.h"
#include "keeper/sentence.h"
#include "keeper/url.h"
#include "keeper/window.h"

#define CLOCK_SKEW apr_time_from_sec(60 * 60) /* ours may be behind the CA's by that much */

static void forget_order(keeper_certificate_t *certificate)
{
    certificate->journal = NULL;
    certificate->key = NULL;
    if (certificate->order_pool != NULL) {
        apr_pool_destroy(certificate->order_pool);
        certificate->order_pool = NULL;
    }
}

/* Is the stored order one that we would make today? The type of the key is no matter of the order:
 * its certificate request is made when it is finalized. */
static int journal_fits(const keeper_certificate_t *certificate, const journal_t *journal)
{
    return journal->account != NULL
           && strcmp(journal->account, certificate->account->registration->id) == 0
           && name_same_set(journal->names, certificate->plan->names);
}

/* Nothing depends on it when this fails; it is tried again. */
static void remove_journal(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    keeper_t *keeper = certificate->keeper;

    certificate->over = journal_remove(keeper->store, certificate->plan->id, ptemp) != APR_SUCCESS;
    if (certificate->over) {
        keeper_mend_later(keeper);
    }
}

/* The certificate was installed, and then something came in the way. */
static int is_installed(const keeper_certificate_t *certificate)
{
    apr_pool_t *pool = certificate->order_pool;
    const generation_t *best = certificate->best;
    chain_t *chain = NULL;

    return best != NULL && certificate->key != NULL && certificate->journal->finalized
           && chain_load(&chain, best->chain_path, eab_result_make(pool), pool) == APR_SUCCESS
           && chain_matches_key(chain, certificate->key);
}

static void open_journal(keeper_certificate_t *certificate)
{
    store_t *store = certificate->keeper->store;
    const char *id = certificate->plan->id;
    eab_result_t *result;
    apr_status_t rv;

    if (certificate->account->registration == NULL) {
        return; /* whether the order is still ours is known when the account can be read */
    }
    apr_pool_create(&certificate->order_pool, certificate->keeper->pool);
    result = eab_result_make(certificate->order_pool);
    rv = journal_load(&certificate->journal, store, id, result, certificate->order_pool);
    if (rv != APR_SUCCESS) {
        if (!APR_STATUS_IS_ENOENT(rv)) {
            log_line(LOG_LEVEL_ERROR, "%s", result->detail);
        }
        forget_order(certificate);
        return;
    }
    if (!journal_fits(certificate, certificate->journal) && !certificate->journal->finalized) {
        journal_remove(store, id, certificate->order_pool);
        forget_order(certificate);
        return;
    }
    journal_load_key(&certificate->key, store, id, certificate->order_pool);
    if (is_installed(certificate)) {
        remove_journal(certificate, certificate->order_pool);
        forget_order(certificate);
    }
}

static void open_best(keeper_certificate_t *certificate)
{
    keeper_t *keeper = certificate->keeper;
    eab_result_t *result = eab_result_make(keeper->pool);
    const char *id = certificate->plan->id;

    if (generation_recover(keeper->store, id, result, keeper->pool) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
    }
    eab_result_clear(result);
    generation_find(&certificate->best, keeper->store, id, certificate->plan->names, apr_time_now(),
                    result, keeper->pool);
}

keeper_certificate_t *certificate_open(keeper_t *keeper, int index, const plan_certificate_t *plan)
{
    keeper_certificate_t *certificate = apr_pcalloc(keeper->pool, sizeof(*certificate));

    certificate->keeper = keeper;
    certificate->index = index;
    certificate->plan = plan;
    certificate->account = keeper_account_at(keeper, plan->account);
    open_best(certificate);
    window_open(certificate);
    open_journal(certificate);
    return certificate;
}

void certificate_tidy(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    if (certificate->over && certificate->journal == NULL) {
        remove_journal(certificate, ptemp);
    }
}

void certificate_mend(keeper_certificate_t *certificate)
{
    if (certificate->journal == NULL) {
        open_journal(certificate);
    }
}

static void on_key(void *baton, EVP_PKEY *pkey)
{
    keeper_certificate_t *certificate = baton;
    keeper_t *keeper = certificate->keeper;
    eab_result_t *result;
    keypair_t *key;

    certificate->key_running = 0;
    if (certificate->journal == NULL || certificate->key != NULL) {
        EVP_PKEY_free(pkey); /* the order was given up meanwhile */
        return;
    }
    result = eab_result_make(certificate->order_pool);
    key = keypair_adopt(certificate->order_pool, pkey);
    if (key == NULL) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                       "A private key for %s could not be made.", certificate->plan->id);
    }
    else {
        journal_save_key(keeper->store, certificate->plan->id, key, result,
                         certificate->order_pool);
    }
    if (result->rv != APR_SUCCESS) {
        sentence_refuse(keeper, &certificate->waiting, result);
        return;
    }
    certificate->key = key;
    sentence_resume(keeper, &certificate->waiting, certificate->index);
}

static void make_key(keeper_certificate_t *certificate)
{
    if (certificate->key == NULL && !certificate->key_running) {
        certificate->key_running = 1;
        keymaker_start(certificate->keeper->keymaker, certificate->plan->key_type, on_key,
                       certificate);
    }
}

apr_status_t certificate_ordering(keeper_certificate_t *certificate, eab_result_t *result)
{
    journal_t *journal = certificate->journal;
    apr_status_t rv;

    if (journal != NULL && journal->order_url != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "An order for %s is in flight.", certificate->plan->id);
    }
    if (journal == NULL) {
        apr_pool_create(&certificate->order_pool, certificate->keeper->pool);
        journal = apr_pcalloc(certificate->order_pool, sizeof(*journal));
        journal->account = certificate->account->registration->id;
        journal->names = certificate->plan->names;
        journal->key_type = certificate->plan->key_type;
        journal->since = apr_time_now();
        rv = journal_save(certificate->keeper->store, certificate->plan->id, journal, result,
                          certificate->order_pool);
        if (rv != APR_SUCCESS) {
            forget_order(certificate);
            return rv;
        }
        certificate->journal = journal;
    }
    make_key(certificate);
    return APR_SUCCESS;
}

apr_status_t certificate_ordered(keeper_certificate_t *certificate, const char *url,
                                 eab_result_t *result)
{
    journal_t *journal = certificate->journal;
    apr_status_t rv;

    if (journal == NULL || journal->order_url != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No newOrder for %s is under way.", certificate->plan->id);
    }
    if (!url_is_https(url)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                              "The CA's order URL is no https URL.");
    }
    journal->order_url = apr_pstrdup(certificate->order_pool, url);
    rv = journal_save(certificate->keeper->store, certificate->plan->id, journal, result,
                      certificate->order_pool);
    if (rv != APR_SUCCESS) {
        journal->order_url = NULL;
    }
    return rv;
}

apr_status_t certificate_finalizing(keeper_certificate_t *certificate, eab_result_t *result)
{
    journal_t *journal = certificate->journal;
    apr_status_t rv;

    if (journal == NULL || journal->order_url == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No order for %s is in flight.", certificate->plan->id);
    }
    if (!journal_fits(certificate, journal)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_ORDER_CHANGED,
                              "The order for %s was made with an older configuration.",
                              certificate->plan->id);
    }
    if (certificate->key != NULL
        && strcmp(keypair_type(certificate->key->pkey), certificate->plan->key_type) != 0) {
        certificate->key = NULL; /* ACMEKeyType was changed: the CA refused this kind, maybe */
    }
    if (certificate->key == NULL) {
        make_key(certificate);
        return APR_EAGAIN;
    }
    if (!journal->finalized) {
        journal->finalized = 1;
        rv = journal_save(certificate->keeper->store, certificate->plan->id, journal, result,
                          certificate->order_pool);
        if (rv != APR_SUCCESS) {
            journal->finalized = 0;
            return rv;
        }
        dns_release(certificate->keeper->dns, certificate); /* all names are valid */
    }
    return APR_SUCCESS;
}

apr_status_t certificate_abandon(keeper_certificate_t *certificate, eab_result_t *result)
{
    keeper_t *keeper = certificate->keeper;
    eab_result_t *gone = eab_result_make(result->pool);
    apr_status_t rv = journal_remove(keeper->store, certificate->plan->id, result->pool);

    if (rv != APR_SUCCESS) {
        return eab_result_set(result, rv, EAB_PROBLEM_STORE,
                              "The order in %s/pending/%s could not be removed.",
                              keeper->store->dir, certificate->plan->id);
    }
    forget_order(certificate);
    eab_result_set(gone, APR_EINVAL, EAB_PROBLEM_INTERNAL, "The order for %s was given up.",
                   certificate->plan->id);
    sentence_refuse(keeper, &certificate->waiting, gone);
    dns_release(keeper->dns, certificate);
    return APR_SUCCESS;
}

/* Not the certificate is wrong then, see chain_check(). */
static void judge_clock(const keeper_certificate_t *certificate, const chain_t *chain,
                        apr_pool_t *ptemp)
{
    const chain_facts_t *facts = chain_facts(chain);

    if (facts->not_before > apr_time_now() + CLOCK_SKEW) {
        log_line(
            LOG_LEVEL_WARNING,
            "The new certificate of %s is valid from %s, which is later than now: the clock of "
            "this machine is wrong. Set it; the certificate is used.",
            certificate->plan->id, clock_format(ptemp, facts->not_before));
    }
}

/* The generation moves into the keeper's own pool, as it is used until the process ends. */
static apr_status_t store_chain(keeper_certificate_t *certificate, const chain_t *chain,
                                eab_result_t *result)
{
    keeper_t *keeper = certificate->keeper;
    const registration_t *registration = certificate->account->registration;
    generation_t *generation = NULL;
    apr_status_t rv;

    rv = generation_install(&generation, keeper->store, certificate->plan->id, chain,
                            certificate->key, certificate->journal->names,
                            certificate->journal->account, registration->directory, apr_time_now(),
                            result, keeper->pool);
    if (rv == APR_SUCCESS) {
        certificate->best = generation;
        memset(&certificate->window, 0, sizeof(certificate->window));
        certificate->installed = apr_time_now();
        generation_prune(keeper->store, certificate->plan->id, certificate->plan->loaded,
                         keeper->pool);
    }
    return rv;
}

apr_status_t certificate_install(keeper_certificate_t *certificate, const char *pem,
                                 eab_result_t *result)
{
    keeper_t *keeper = certificate->keeper;
    apr_pool_t *pool = NULL;
    chain_t *chain = NULL;
    apr_status_t rv;

    if (certificate->journal == NULL || certificate->key == NULL || pem == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No order for %s is in flight.", certificate->plan->id);
    }
    apr_pool_create(&pool, keeper->pool);
    if ((rv = chain_parse(&chain, pem, strlen(pem), result, pool)) == APR_SUCCESS
        && (rv = chain_check(chain, certificate->key, certificate->journal->names, apr_time_now(),
                             result))
               == APR_SUCCESS
        && (rv = store_chain(certificate, chain, result)) == APR_SUCCESS) {
        const chain_facts_t *facts = certificate->best->facts;

        judge_clock(certificate, chain, pool);
        remove_journal(certificate, pool);
        forget_order(certificate);
        log_line(LOG_LEVEL_NOTICE, "%s has a new certificate from %s, valid until %s (serial %s)",
                 certificate->plan->id, log_escape(pool, facts->issuer),
                 clock_format(pool, facts->not_after), facts->serial);
        reload_consider(keeper->reload);
    }
    apr_pool_destroy(pool);
    return rv;
}

static int is_of_this_account(const keeper_certificate_t *certificate)
{
    const generation_t *best = certificate->best;
    const registration_t *registration = certificate->account->registration;

    return registration != NULL && best->account != NULL
           && strcmp(best->account, registration->id) == 0;
}

/* Only what is on both as it is counts: to the CA a wildcard is another identifier. */
static int shares_a_name(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i, j;

    for (i = 0; i < a->nelts; ++i) {
        for (j = 0; j < b->nelts; ++j) {
            if (strcmp(APR_ARRAY_IDX(a, i, const char *), APR_ARRAY_IDX(b, j, const char *)) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

const char *certificate_replaced(const keeper_certificate_t *certificate)
{
    const generation_t *best = certificate->best;

    if (best == NULL || !is_of_this_account(certificate)
        || !shares_a_name(best->facts->names, certificate->plan->names)) {
        return NULL;
    }
    return best->facts->ari_id;
}

brief_facts_t *certificate_facts(const keeper_certificate_t *certificate, apr_pool_t *p)
{
    const generation_t *best = certificate->best;
    brief_facts_t *facts;

    if (best == NULL) {
        return NULL;
    }
    facts = apr_pcalloc(p, sizeof(*facts));
    facts->names = best->facts->names;
    facts->key_type = best->facts->key_type;
    facts->issuer = best->facts->issuer;
    facts->serial = best->facts->serial;
    facts->fingerprint = best->facts->fingerprint;
    facts->not_before = best->facts->not_before;
    facts->not_after = best->facts->not_after;
    facts->obtained = best->installed;
    facts->generation = best->number;
    facts->ari_id = best->facts->ari_id;
    facts->same_account = is_of_this_account(certificate);
    return facts;
}

int certificate_waits_for_reload(const keeper_certificate_t *certificate)
{
    return certificate->plan->served && certificate->best != NULL
           && (certificate->plan->loaded == NULL
               || strcmp(certificate->plan->loaded, certificate->best->number) != 0);
}

const char *certificate_fingerprint(const keeper_certificate_t *certificate, apr_pool_t *p)
{
    const plan_certificate_t *plan = certificate->plan;
    const apr_array_header_t *ports = certificate->keeper->plan->http_ports;
    const char *text;
    unsigned char digest[32];
    int i;

    text = apr_pstrcat(p, account_fingerprint(certificate->account, p), "\n",
                       apr_array_pstrcat(p, plan->names, ' '), "\n",
                       apr_array_pstrcat(p, plan->challenges, ' '), "\n",
                       plan->dns_command != NULL ? plan->dns_command : "", "\n", plan->key_type,
                       "\n", plan->common_name ? "cn" : "", "\n", NULL);
    for (i = 0; i < ports->nelts; ++i) {
        text = apr_psprintf(p, "%s %d", text, APR_ARRAY_IDX(ports, i, int));
    }
    if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1) {
        return "";
    }
    return hex_encode(p, digest, 16);
}
