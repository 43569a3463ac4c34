/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/certificate.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "keeper/url.h"
#include "policy/subset.h"
#include "store/blocked.h"

#define CLOCK_SKEW apr_time_from_sec(60 * 60) /* ours may be behind the CA's by that much */

/* A chain on its way into the store: written, and not yet durable. */
typedef struct installation {
    keeper_certificate_t *certificate;
    apr_pool_t *pool; /* owns it */
    const chain_t *chain;
    generation_t *generation;
    const char *paths[FILE_TOGETHER_MAX];
    syncing_t *syncing;
} installation_t;

/* What is on the disk is not what is to be there. */
static void forget_durable(keeper_certificate_t *certificate)
{
    certificate->durable = 0;
    if (certificate->syncing != NULL) {
        syncer_forget(certificate->syncing);
        certificate->syncing = NULL;
    }
}

static void forget_order(keeper_certificate_t *certificate)
{
    forget_durable(certificate);
    certificate->key_doubtful = 0;
    certificate->journal = NULL;
    certificate->key = NULL;
    certificate->key_pool = NULL;
    if (certificate->order_pool != NULL) {
        apr_pool_destroy(certificate->order_pool);
        certificate->order_pool = NULL;
    }
}

/* Was it made with the names of today's configuration, all of them or some? */
static int names_fit(const keeper_certificate_t *certificate, const journal_t *journal)
{
    const plan_certificate_t *plan = certificate->plan;

    if (journal->of == NULL) {
        return name_same_set(journal->names, plan->names);
    }
    return plan->allow_subset && name_same_set(journal->of, plan->names);
}

/* Is the stored order one that we would make today? The type of the key is no matter of the order:
 * its certificate request is made when it is finalized. */
static int journal_fits(const keeper_certificate_t *certificate, const journal_t *journal)
{
    return journal->account != NULL
           && strcmp(journal->account, certificate->account->registration->id) == 0
           && names_fit(certificate, journal);
}

/* Nothing depends on it when this fails; it is tried again. */
static void remove_journal(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    const means_t *means = certificate->means;

    certificate->over = journal_remove(means->store, certificate->plan->id, ptemp) != APR_SUCCESS;
    if (certificate->over) {
        changes_tell_store(means->changes);
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
    store_t *store = certificate->means->store;
    const char *id = certificate->plan->id;
    eab_result_t *result;
    apr_status_t rv;

    if (certificate->account->registration == NULL) {
        return; /* whether the order is still ours is known when the account can be read */
    }
    apr_pool_create(&certificate->order_pool, certificate->means->pool);
    if (certificate->means->pending != NULL
        && !journal_is_among(certificate->means->pending, id, certificate->order_pool)) {
        forget_order(certificate);
        return;
    }
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

/* @param fine  as for generation_recover()
 * @return 0 when nothing has changed by it */
static int recover(const keeper_certificate_t *certificate, const generation_t *fine,
                   apr_pool_t *ptemp)
{
    const means_t *means = certificate->means;
    eab_result_t *result = eab_result_make(ptemp);
    int moved = 0;
    apr_status_t rv = generation_recover(means->store, certificate->plan->id, means->archive, fine,
                                         &moved, result, ptemp);

    if (rv != APR_SUCCESS || result->rv != APR_SUCCESS) {
        log_line(rv != APR_SUCCESS ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s", result->detail);
    }
    return moved;
}

/* httpd tells what it could not load. What was damaged after that, only the keeper sees. */
static void say_damaged(const keeper_certificate_t *certificate, const generation_t *best,
                        const eab_result_t *why)
{
    const plan_certificate_t *plan = certificate->plan;

    if (plan->loaded != NULL && why->rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(why->rv)
        && (best == NULL || strcmp(best->number, plan->loaded) != 0)) {
        log_line(LOG_LEVEL_ERROR,
                 "The certificate of %s in use cannot be used any more, and another one is ordered "
                 "where none in the store will do. %s",
                 certificate->title, why->detail);
    }
}

/* What is found, after whatever a crash or a restored backup has left is put in order. In p. */
static generation_t *find_best(const keeper_certificate_t *certificate, apr_pool_t *p)
{
    const store_t *store = certificate->means->store;
    const plan_certificate_t *plan = certificate->plan;
    eab_result_t *why = eab_result_make(p);
    generation_t *best = NULL;

    generation_find(&best, store, plan->id, plan->names, apr_time_now(), why, p);
    if (store->trouble != NULL) {
        return best;
    }
    say_damaged(certificate, best, why);
    if (recover(certificate, why->rv == APR_SUCCESS ? best : NULL, p)) {
        generation_find(&best, store, plan->id, plan->names, apr_time_now(), why, p);
    }
    return best;
}

/* Thousands are kept for as long as the keeper lives, and most of what is read on the way is not. */
static void open_best(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    const generation_t *best = find_best(certificate, ptemp);

    if (best == NULL) {
        return;
    }
    certificate->best = generation_keep(best);
    if (best->account == NULL) {
        log_line(LOG_LEVEL_NOTICE,
                 "What is known of generation %s of %s (meta.json) is missing or damaged; it is "
                 "taken to be of the configured account",
                 best->number, certificate->title);
    }
}

/* The number alone proves nothing: somebody may have removed what had it. */
static int is_served(const keeper_certificate_t *certificate, const generation_t *generation)
{
    const char *in_use = certificate->in_use;

    return in_use != NULL && generation != NULL
           && strcmp(in_use, generation->facts->fingerprint) == 0;
}

static void open_served(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    const means_t *means = certificate->means;
    const plan_certificate_t *plan = certificate->plan;
    const char *number = plan->loaded;
    generation_t *generation = NULL;

    if (is_served(certificate, certificate->best)) {
        certificate->served = generation_hold(certificate->best);
        return;
    }
    if (number != NULL) {
        generation_load(&generation, means->store, plan->id, number, ptemp);
    }
    if (is_served(certificate, generation)) {
        certificate->served = generation_keep(generation);
    }
}

/* A crash came between the certificate that has ended it and the word that it is over. */
static void forget_outdated_failure(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    const failure_t *failure = certificate->failing.failure;

    if (failure != NULL && failure->tried != 0 && certificate->best != NULL
        && failure->tried < certificate->best->installed) {
        failing_keep(&certificate->failing, certificate->means, certificate->plan->id, NULL, 0,
                     eab_result_make(ptemp));
    }
}

static void recall_failure(keeper_certificate_t *certificate)
{
    const plan_certificate_t *plan = certificate->plan;
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, certificate->means->pool);
    if (certificate->means->failures == NULL
        || failure_is_among(certificate->means->failures, plan->id, pool)) {
        failing_recall(&certificate->failing, certificate->means, plan->id,
                       certificate_fingerprint(certificate, pool), plan->names->nelts);
        forget_outdated_failure(certificate, pool);
    }
    apr_pool_destroy(pool);
}

static apr_status_t close_certificate(void *data)
{
    keeper_certificate_t *certificate = data;

    generation_drop(certificate->best);
    generation_drop(certificate->served);
    free(certificate->activation_why);
    free(certificate->staple_url);
    return APR_SUCCESS;
}

keeper_certificate_t *certificate_open(const means_t *means, int index,
                                       const plan_certificate_t *plan, keeper_account_t *account)
{
    keeper_certificate_t *certificate = apr_pcalloc(means->pool, sizeof(*certificate));
    apr_pool_t *ptemp = NULL;

    certificate->means = means;
    certificate->index = index;
    certificate->plan = plan;
    certificate->title = name_shown(means->pool, plan->id);
    certificate->account = account;
    certificate->in_use = plan->loaded_fingerprint;
    certificate->activation = ACTIVATION_RESTART;
    apr_pool_cleanup_register(means->pool, certificate, close_certificate, apr_pool_cleanup_null);
    apr_pool_create(&ptemp, means->pool);
    open_best(certificate, ptemp);
    open_served(certificate, ptemp);
    apr_pool_destroy(ptemp);
    open_journal(certificate);
    recall_failure(certificate);
    return certificate;
}

void certificate_tidy(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    if (certificate->over && certificate->journal == NULL) {
        remove_journal(certificate, ptemp);
    }
    failing_tidy(&certificate->failing, certificate->means, certificate->plan->id, ptemp);
}

void certificate_mend(keeper_certificate_t *certificate)
{
    if (certificate->journal == NULL) {
        open_journal(certificate);
    }
}

static void tell(keeper_certificate_t *certificate, change_kind_t kind, const eab_result_t *result)
{
    changes_tell_certificate(certificate->means->changes, kind, certificate, result);
}

static void tell_failure(keeper_certificate_t *certificate, change_kind_t kind,
                         const eab_result_t *result)
{
    if (eab_result_is(result, EAB_PROBLEM_STORE)) {
        changes_tell_store(certificate->means->changes);
    }
    tell(certificate, kind, result);
}

static void on_key(void *baton, EVP_PKEY *pkey)
{
    keeper_certificate_t *certificate = baton;
    const means_t *means = certificate->means;
    apr_pool_t *pool = NULL;
    eab_result_t *result;
    keypair_t *key;

    certificate->key_running = 0;
    if (certificate->journal == NULL || certificate->key != NULL) {
        EVP_PKEY_free(pkey); /* the order was given up meanwhile */
        return;
    }
    apr_pool_create(&pool, certificate->order_pool);
    result = eab_result_make(pool);
    key = keypair_adopt(pool, pkey);
    if (key == NULL) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                       "A private key for %s could not be made.", certificate->title);
    }
    else if (blocked_check_key(means->store, key, result, pool) == APR_SUCCESS) {
        journal_save_key(means->store, certificate->plan->id, key, result, pool);
    }
    if (result->rv != APR_SUCCESS) {
        tell_failure(certificate, CHANGE_KEY, result);
        apr_pool_destroy(pool);
        return;
    }
    certificate->key = key;
    certificate->key_pool = pool;
    tell(certificate, CHANGE_KEY, NULL);
}

static void make_key(keeper_certificate_t *certificate)
{
    if (certificate->key == NULL && !certificate->key_running) {
        certificate->key_running = 1;
        keymaker_start(certificate->means->keymaker, certificate->plan->key_type, on_key,
                       certificate);
    }
}

/* How many of the configured names a certificate for those would cover. */
static int count_covered(const keeper_certificate_t *certificate, const apr_array_header_t *names,
                         apr_pool_t *ptemp)
{
    const apr_array_header_t *wanted = certificate->plan->names;

    return wanted->nelts - name_uncovered(ptemp, names, wanted)->nelts;
}

/* A certificate for fewer names than are configured: only where root allows it, and never in the
 * place of a good one that covers more. The agent is not believed in either. */
static apr_status_t permit_subset(const keeper_certificate_t *certificate,
                                  const apr_array_header_t *names, eab_result_t *result)
{
    const generation_t *best = certificate->best;
    apr_time_t now = apr_time_now();
    subset_facts_t facts = { 0, 0, 0, 0, 0 };

    if (!certificate->plan->allow_subset) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_FEWER_NAMES,
                              "A certificate for %s with fewer names is not allowed "
                              "(ACMEAllowSubsetOfNames).",
                              certificate->title);
    }
    facts.offered = count_covered(certificate, names, result->pool);
    if (best != NULL && best->facts->not_after > now) {
        facts.present = 1;
        facts.covered = count_covered(certificate, best->facts->names, result->pool);
        facts.not_before = best->facts->not_before;
        facts.not_after = best->facts->not_after;
    }
    if (subset_is_permitted(now, &facts)) {
        return APR_SUCCESS;
    }
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_FEWER_NAMES,
                          "The certificate of %s covers %d of its names and is good for a while; "
                          "one that covers %d does not take its place.",
                          certificate->title, facts.covered, facts.offered);
}

/* Those of the configured names that the agent asks for, in the order of the configuration.
 * @return NULL when one of them is not configured */
static apr_array_header_t *pick_names(const keeper_certificate_t *certificate,
                                      const apr_array_header_t *asked, apr_pool_t *p)
{
    const apr_array_header_t *wanted = certificate->plan->names;
    apr_array_header_t *picked = apr_array_make(p, wanted->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < asked->nelts; ++i) {
        if (!name_is_among(wanted, APR_ARRAY_IDX(asked, i, const char *))) {
            return NULL;
        }
    }
    for (i = 0; i < wanted->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(wanted, i, const char *);

        if (name_is_among(asked, name)) {
            APR_ARRAY_PUSH(picked, const char *) = name;
        }
    }
    return picked;
}

/* What the order is for: journal->names, and journal->of when that is not all. */
static apr_status_t choose_names(journal_t *journal, const keeper_certificate_t *certificate,
                                 const apr_array_header_t *asked, eab_result_t *result,
                                 apr_pool_t *p)
{
    apr_array_header_t *wanted = certificate->plan->names;
    apr_array_header_t *picked;

    journal->names = wanted;
    if (asked == NULL) {
        return APR_SUCCESS;
    }
    picked = pick_names(certificate, asked, p);
    if (picked == NULL || picked->nelts == 0) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "An order for %s names what is not configured, or nothing.",
                              certificate->title);
    }
    if (picked->nelts == wanted->nelts) {
        return APR_SUCCESS;
    }
    journal->names = picked;
    journal->of = wanted;
    return permit_subset(certificate, picked, result);
}

/* The journal of an order that is about to be placed, on disk. */
static apr_status_t begin_journal(keeper_certificate_t *certificate,
                                  const apr_array_header_t *names, int trial, eab_result_t *result)
{
    journal_t *journal;
    apr_status_t rv;

    apr_pool_create(&certificate->order_pool, certificate->means->pool);
    journal = apr_pcalloc(certificate->order_pool, sizeof(*journal));
    journal->account = /* which outlives what is known of the account */
        apr_pstrdup(certificate->order_pool, certificate->account->registration->id);
    journal->key_type = certificate->plan->key_type;
    journal->since = apr_time_now();
    journal->trial = trial;
    if ((rv = choose_names(journal, certificate, names, result, certificate->order_pool))
            != APR_SUCCESS
        || (rv = journal_save(certificate->means->store, certificate->plan->id, journal, result,
                              certificate->order_pool))
               != APR_SUCCESS) {
        forget_order(certificate);
        return rv;
    }
    certificate->journal = journal;
    return APR_SUCCESS;
}

/* The newOrder of before is said once more, after no answer came: it is the same one. */
static apr_status_t repeat_journal(const keeper_certificate_t *certificate,
                                   const apr_array_header_t *names, eab_result_t *result)
{
    const journal_t *journal = certificate->journal;

    if (journal->order_url != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "An order for %s is in flight.", certificate->title);
    }
    if (!name_same_set(journal->names, names != NULL ? names : certificate->plan->names)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "A newOrder for other names of %s is under way.", certificate->title);
    }
    return journal->of != NULL ? permit_subset(certificate, journal->names, result) : APR_SUCCESS;
}

apr_status_t certificate_ordering(keeper_certificate_t *certificate,
                                  const apr_array_header_t *names, int trial, eab_result_t *result)
{
    apr_status_t rv = certificate->journal != NULL
                          ? repeat_journal(certificate, names, result)
                          : begin_journal(certificate, names, trial, result);

    if (rv == APR_SUCCESS) {
        certificate->journal->trial &= trial; /* one that was not answered, in earnest now */
        make_key(certificate);
    }
    return rv;
}

apr_status_t certificate_ordered(keeper_certificate_t *certificate, const char *url,
                                 const char *finalize, eab_result_t *result)
{
    journal_t *journal = certificate->journal;
    apr_status_t rv;

    if (journal == NULL || journal->order_url != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No newOrder for %s is under way.", certificate->title);
    }
    if (!url_is_https(url)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                              "The CA's order URL is no https URL.");
    }
    journal->order_url = url;
    journal->finalize = url_is_https(finalize) ? finalize : NULL;
    rv = journal_save(certificate->means->store, certificate->plan->id, journal, result,
                      result->pool);
    journal->order_url = rv == APR_SUCCESS ? apr_pstrdup(certificate->order_pool, url) : NULL;
    journal->finalize =
        rv == APR_SUCCESS ? apr_pstrdup(certificate->order_pool, journal->finalize) : NULL;
    if (rv == APR_SUCCESS) {
        tell(certificate, CHANGE_ORDERED, NULL);
    }
    return rv;
}

/* ACMEKeyType was changed, as the CA refused this kind, maybe; or others may know it. */
static int key_will_do(const keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    return strcmp(keypair_type(certificate->key->pkey), certificate->plan->key_type) == 0
           && !APR_STATUS_IS_EACCES(blocked_check_key(certificate->means->store, certificate->key,
                                                      eab_result_make(ptemp), ptemp));
}

static void on_durable(void *baton, apr_status_t rv, const char *failed)
{
    keeper_certificate_t *certificate = baton;
    journal_t *journal = certificate->journal;
    apr_pool_t *pool = NULL;
    eab_result_t *result;
    int before = journal->finalized;

    certificate->syncing = NULL;
    if (rv != APR_SUCCESS) {
        certificate->key_doubtful = 1; /* the disk would say no more of it */
        apr_pool_create(&pool, certificate->means->pool);
        result = eab_result_make(pool);
        store_report(result, rv, failed, "written");
        tell_failure(certificate, CHANGE_KEY, result);
        apr_pool_destroy(pool);
        return;
    }
    certificate->durable = 1;
    journal->finalized = 1;
    journal->trial = 0;
    if (!before) {
        tell(certificate, CHANGE_FINALIZED, NULL);
    }
    tell(certificate, CHANGE_KEY, NULL);
}

static apr_status_t make_durable(keeper_certificate_t *certificate, eab_result_t *result)
{
    const store_t *store = certificate->means->store;
    const char *paths[FILE_TOGETHER_MAX];
    journal_t record = *certificate->journal;
    apr_status_t rv;

    if (certificate->syncing != NULL) {
        return APR_EAGAIN;
    }
    record.finalized = 1;
    record.trial = 0;
    if (certificate->key_doubtful
        && (rv = journal_save_key(store, certificate->plan->id, certificate->key, result,
                                  result->pool))
               != APR_SUCCESS) {
        return rv;
    }
    certificate->key_doubtful = 0;
    if ((rv = journal_save(store, certificate->plan->id, &record, result, result->pool))
        != APR_SUCCESS) {
        return rv;
    }
    journal_paths(paths, store, certificate->plan->id, certificate->order_pool);
    certificate->syncing =
        syncer_start(certificate->means->syncer, paths, FILE_TOGETHER_MAX, on_durable, certificate);
    return APR_EAGAIN;
}

apr_status_t certificate_finalizing(keeper_certificate_t *certificate, eab_result_t *result)
{
    journal_t *journal = certificate->journal;
    apr_status_t rv;

    if (journal == NULL || journal->order_url == NULL || certificate->installation != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No order for %s is in flight.", certificate->title);
    }
    if (!journal_fits(certificate, journal)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_ORDER_CHANGED,
                              "The order for %s was made with an older configuration.",
                              certificate->title);
    }
    if (journal->of != NULL
        && (rv = permit_subset(certificate, journal->names, result)) != APR_SUCCESS) {
        return rv;
    }
    if (certificate->key != NULL && !key_will_do(certificate, result->pool)) {
        forget_durable(certificate);
        certificate->key = NULL;
        if (certificate->key_pool != NULL) {
            apr_pool_destroy(certificate->key_pool);
            certificate->key_pool = NULL;
        }
    }
    if (certificate->key == NULL) {
        make_key(certificate);
        return APR_EAGAIN;
    }
    return certificate->durable ? APR_SUCCESS : make_durable(certificate, result);
}

apr_status_t certificate_abandon(keeper_certificate_t *certificate, eab_result_t *result)
{
    const means_t *means = certificate->means;
    eab_result_t *gone = eab_result_make(result->pool);
    apr_status_t rv;

    if (certificate->installation != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The certificate of the order for %s is being installed.",
                              certificate->title);
    }
    rv = journal_remove(means->store, certificate->plan->id, result->pool);
    if (rv != APR_SUCCESS) {
        return eab_result_set(result, rv, EAB_PROBLEM_STORE,
                              "The order in %s/pending/%s could not be removed.", means->store->dir,
                              certificate->plan->id);
    }
    forget_order(certificate);
    eab_result_set(gone, APR_EINVAL, EAB_PROBLEM_INTERNAL, "The order for %s was given up.",
                   certificate->title);
    tell(certificate, CHANGE_ABANDONED, gone);
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
            certificate->title, clock_format(ptemp, facts->not_before));
    }
}

/* Which of the ordered names the CA left out, so that they can be told. */
static json_t *list_dropped(const apr_array_header_t *ordered, const apr_array_header_t *covered,
                            apr_pool_t *p)
{
    json_t *list = json_own(p, json_array());
    int i;

    for (i = 0; i < ordered->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(ordered, i, const char *);

        if (!name_is_among(covered, name)) {
            json_array_append_new(list, json_pack("{s:s,s:{s:s,s:s}}", "type",
                                                  EAB_PROBLEM_NAME_DROPPED, "identifier", "type",
                                                  address_normalize(p, name) != NULL ? "ip" : "dns",
                                                  "value", name));
        }
    }
    return list;
}

/* What the chain is to cover: what was ordered, or those of them that are on it, where fewer are
 * allowed. A chain without any of them is left to the check that refuses it. */
static apr_status_t choose_covered(apr_array_header_t **pnames,
                                   const keeper_certificate_t *certificate, const chain_t *chain,
                                   eab_result_t *result, apr_pool_t *p)
{
    const journal_t *journal = certificate->journal;
    const apr_array_header_t *on_it = chain_facts(chain)->names;
    apr_array_header_t *covered = apr_array_make(p, 4, sizeof(const char *));
    apr_status_t rv;
    int i;

    *pnames = journal->names;
    for (i = 0; i < journal->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(journal->names, i, const char *);

        if (name_matches_any(on_it, name)) {
            APR_ARRAY_PUSH(covered, const char *) = name;
        }
    }
    if (certificate->plan->allow_subset && covered->nelts > 0) {
        *pnames = covered;
    }
    if (journal->of == NULL && (*pnames)->nelts == journal->names->nelts) {
        return APR_SUCCESS;
    }
    if ((rv = permit_subset(certificate, *pnames, result)) != APR_SUCCESS) {
        result->subproblems = list_dropped(journal->names, *pnames, result->pool);
    }
    return rv;
}

static void prune(const keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    apr_array_header_t *kept = apr_array_make(ptemp, 2, sizeof(const char *));
    const char *loaded =
        certificate->served != NULL ? certificate->served->number : certificate->plan->loaded;

    if (loaded != NULL) {
        APR_ARRAY_PUSH(kept, const char *) = loaded;
    }
    generation_prune(certificate->means->store, certificate->plan->id, kept, ptemp);
}

static void replace_best(keeper_certificate_t *certificate, const generation_t *generation)
{
    generation_t *before = certificate->best;

    certificate->best = generation_keep(generation);
    generation_drop(before);
}

static void set_why(keeper_certificate_t *certificate, const char *why)
{
    char *before = certificate->activation_why;

    certificate->activation_why = why != NULL ? strdup(why) : NULL;
    free(before);
}

/* Root waits for one that it has asked for, and nobody shall be served one that is revoked; else the CA says
 * until when it wants what is served to be replaced. */
static apr_time_t use_by(const keeper_certificate_t *certificate, apr_time_t now)
{
    if (certificate->demanded != 0 || certificate->staple.revoked != 0) {
        return now;
    }
    if (is_served(certificate, certificate->best)) {
        return certificate->window.end;
    }
    return certificate->best != NULL ? certificate->best->use_by : 0;
}

/* NULL: it may not be on the disk. */
static const char *key_file(const keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    return certificate->durable
               ? journal_key_path(ptemp, certificate->means->store, certificate->plan->id)
               : NULL;
}

static apr_status_t write_chain(installation_t *installation, const apr_array_header_t *names,
                                eab_result_t *result)
{
    const keeper_certificate_t *certificate = installation->certificate;
    apr_time_t now = apr_time_now();

    return generation_write(&installation->generation, installation->paths,
                            certificate->means->store, certificate->plan->id, installation->chain,
                            certificate->key, key_file(certificate, installation->pool), names,
                            certificate->journal->account,
                            certificate->account->registration->directory, now,
                            use_by(certificate, now), result, installation->pool);
}

/* The generation is used until another takes its place. */
static void put_in_place(keeper_certificate_t *certificate, const generation_t *generation,
                         apr_pool_t *ptemp)
{
    const means_t *means = certificate->means;

    replace_best(certificate, generation);
    certificate->activation = ACTIVATION_RESTART;
    set_why(certificate, NULL);
    memset(&certificate->window, 0, sizeof(certificate->window));
    certificate->installed = apr_time_now();
    certificate->ordered = certificate->journal->since;
    if (certificate->demanded != 0) { /* a demand that stays in the store is known to be met */
        certificate->demanded = 0;
        demand_save(means->store, certificate->plan->id, NULL, ptemp);
    }
    prune(certificate, ptemp);
}

static void end_order(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    const chain_facts_t *facts = certificate->best->facts;

    remove_journal(certificate, ptemp);
    forget_order(certificate);
    registration_forget_old_key(certificate->means->store, certificate->account->registration,
                                ptemp);
    log_line(LOG_LEVEL_NOTICE, "%s has a new certificate from %s, valid until %s (serial %s)",
             certificate->title, log_escape(ptemp, facts->issuer),
             clock_format(ptemp, facts->not_after), facts->serial);
}

/* Root may have said meanwhile that others know the key. */
static apr_status_t publish(const installation_t *installation, eab_result_t *result)
{
    const keeper_certificate_t *certificate = installation->certificate;
    const store_t *store = certificate->means->store;
    apr_status_t rv = blocked_check_key(store, certificate->key, result, installation->pool);

    return rv == APR_SUCCESS
               ? generation_publish(store, certificate->plan->id, installation->generation->number,
                                    result, installation->pool)
               : rv;
}

/* While the disk worked root may have asked for another one, or the CA may have said that what is served is
 * revoked: this is it, and it is wanted now. */
static void note_demand(const keeper_certificate_t *certificate, generation_t *generation)
{
    apr_time_t now = apr_time_now(), by = use_by(certificate, now);

    if (by != 0 && (generation->use_by == 0 || by < generation->use_by)) {
        generation->use_by = by;
    }
    if (certificate->demanded != 0) {
        generation->installed = apr_time_from_sec(apr_time_sec(now));
    }
}

static void on_written(void *baton, apr_status_t rv, const char *failed)
{
    installation_t *installation = baton;
    keeper_certificate_t *certificate = installation->certificate;
    apr_pool_t *pool = installation->pool;
    eab_result_t *result = eab_result_make(pool);

    certificate->installation = NULL;
    rv = rv == APR_SUCCESS ? publish(installation, result)
                           : store_report(result, rv, failed, "written");
    if (rv == APR_SUCCESS) {
        note_demand(certificate, installation->generation);
        put_in_place(certificate, installation->generation, pool);
        judge_clock(certificate, installation->chain, pool);
        end_order(certificate, pool);
        tell(certificate, CHANGE_INSTALLED, NULL);
    }
    else {
        generation_withdraw(certificate->means->store, certificate->plan->id,
                            installation->generation->number, pool);
        tell_failure(certificate, CHANGE_NOT_INSTALLED, result);
    }
    apr_pool_destroy(pool);
}

static apr_status_t check_chain(installation_t *installation, const char *pem,
                                apr_array_header_t **pnames, eab_result_t *result)
{
    const keeper_certificate_t *certificate = installation->certificate;
    apr_pool_t *pool = installation->pool;
    chain_t *chain = NULL;
    apr_status_t rv;

    if ((rv = chain_parse(&chain, pem, strlen(pem), result, pool)) == APR_SUCCESS
        && (rv = choose_covered(pnames, certificate, chain, result, pool)) == APR_SUCCESS
        && (rv = chain_check(chain, certificate->key, *pnames, apr_time_now(), result))
               == APR_SUCCESS) {
        rv = blocked_check_key(certificate->means->store, certificate->key, result, pool);
    }
    installation->chain = chain;
    return rv;
}

apr_status_t certificate_install(keeper_certificate_t *certificate, const char *pem,
                                 eab_result_t *result)
{
    installation_t *installation;
    apr_array_header_t *names = NULL;
    apr_pool_t *pool = NULL;
    apr_status_t rv;

    if (certificate->journal == NULL || certificate->key == NULL || pem == NULL
        || certificate->installation != NULL || certificate->account->registration == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No order for %s is in flight.", certificate->title);
    }
    apr_pool_create(&pool, certificate->means->pool);
    installation = apr_pcalloc(pool, sizeof(*installation));
    installation->certificate = certificate;
    installation->pool = pool;
    if ((rv = check_chain(installation, pem, &names, result)) != APR_SUCCESS
        || (rv = write_chain(installation, names, result)) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return rv;
    }
    certificate->installation = installation;
    installation->syncing = syncer_start(certificate->means->syncer, installation->paths,
                                         FILE_TOGETHER_MAX, on_written, installation);
    return APR_EAGAIN;
}

static int is_of_this_account(const keeper_certificate_t *certificate)
{
    const generation_t *best = certificate->best;
    const registration_t *registration = certificate->account->registration;

    return registration != NULL && best->account != NULL
           && strcmp(best->account, registration->id) == 0;
}

/* Nobody knows when the record of it is lost, and then it is no reason to order another one; nor is it that
 * root has had another account registered since. */
static int may_be_of_this_account(const keeper_certificate_t *certificate)
{
    const generation_t *best = certificate->best;
    const registration_t *registration = certificate->account->registration;

    return best->account == NULL || is_of_this_account(certificate)
           || (registration != NULL && registration_was_before(registration, best->account));
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
    const journal_t *journal = certificate->journal;

    if (best == NULL || !is_of_this_account(certificate)
        || !shares_a_name(best->facts->names,
                          journal != NULL ? journal->names : certificate->plan->names)) {
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
    facts->issuers = best->facts->issuers;
    facts->serial = best->facts->serial;
    facts->fingerprint = best->facts->fingerprint;
    facts->not_before = best->facts->not_before;
    facts->not_after = best->facts->not_after;
    facts->obtained = best->installed;
    facts->generation = best->number;
    facts->ari_id = best->facts->ari_id;
    facts->activation = certificate->activation;
    facts->activation_why = certificate->activation_why;
    facts->must_staple = best->facts->must_staple;
    facts->ocsp_url = certificate->staple_url;
    facts->staple_from = certificate->staple.from;
    facts->staple_until = certificate->staple.until;
    facts->ocsp_revoked = certificate->staple.revoked;
    facts->ocsp_reason = certificate->staple.reason;
    if (best->revoked != NULL) {
        facts->root_revoked = best->revoked->at;
        facts->root_reason = best->revoked->reason;
        facts->root_user = best->revoked->by;
    }
    facts->same_account = may_be_of_this_account(certificate);
    return facts;
}

static void take_into_use(keeper_certificate_t *certificate)
{
    generation_t *before = certificate->served;

    certificate->served = generation_hold(certificate->best);
    certificate->in_use = certificate->served->facts->fingerprint;
    certificate->has_changed = 1;
    generation_drop(before);
}

void certificate_is_served(keeper_certificate_t *certificate, const generation_t *generation)
{
    generation_t *before = certificate->served;

    certificate->served = generation_keep(generation);
    certificate->in_use = certificate->served->facts->fingerprint;
    generation_drop(before);
}

void certificate_revoked(keeper_certificate_t *certificate, const char *fingerprint,
                         const revoked_t *revoked)
{
    const generation_t *best = certificate->best;
    generation_t marked;

    if (best != NULL && best->revoked == NULL
        && strcmp(best->facts->fingerprint, fingerprint) == 0) {
        marked = *best;
        marked.revoked = revoked;
        replace_best(certificate, &marked);
    }
}

void certificate_activate(keeper_certificate_t *certificate, const char *activation,
                          const char *why)
{
    certificate->activation = activation;
    set_why(certificate, why);
    if (strcmp(activation, ACTIVATION_LIVE) == 0) {
        take_into_use(certificate);
        tell(certificate, CHANGE_LOADED, NULL);
    }
}

int certificate_waits(const keeper_certificate_t *certificate)
{
    return certificate->plan->served && certificate->best != NULL
           && !is_served(certificate, certificate->best);
}

int certificate_is_ordering(const keeper_certificate_t *certificate)
{
    return certificate->journal != NULL && !certificate->journal->trial;
}

int certificate_waits_for_reload(const keeper_certificate_t *certificate)
{
    return certificate_waits(certificate)
           && strcmp(certificate->activation, ACTIVATION_RESTART) == 0;
}

apr_status_t certificate_failed(keeper_certificate_t *certificate, failure_t *failure,
                                eab_result_t *result)
{
    const plan_certificate_t *plan = certificate->plan;
    apr_status_t rv;

    if (failure != NULL) {
        failure->fingerprint = certificate_fingerprint(certificate, result->pool);
    }
    rv = failing_keep(&certificate->failing, certificate->means, plan->id, failure,
                      plan->names->nelts, result);
    tell(certificate, failure != NULL ? CHANGE_FAILED : CHANGE_RECOVERED, NULL);
    return rv;
}

const char *certificate_fingerprint(const keeper_certificate_t *certificate, apr_pool_t *p)
{
    const plan_certificate_t *plan = certificate->plan;
    const apr_array_header_t *ports = certificate->means->plan->http_ports;
    const char *text;
    unsigned char digest[32];
    int i;

    text = apr_pstrcat(
        p, account_fingerprint(certificate->account, p), "\n",
        apr_array_pstrcat(p, plan->names, ' '), "\n", apr_array_pstrcat(p, plan->challenges, ' '),
        "\n", plan->dns_command != NULL ? plan->dns_command : "", "\n",
        plan->dns_resolver != NULL ? plan->dns_resolver : "", plan->key_type, "\n",
        plan->common_name ? "cn" : "", "\n", plan->profile != NULL ? plan->profile : "",
        plan->profile_required ? " required\n" : "\n",
        plan->preferred_chain != NULL ? plan->preferred_chain : "", "\n",
        plan->allow_subset ? "subset\n" : "", NULL);
    for (i = 0; i < ports->nelts; ++i) {
        text = apr_psprintf(p, "%s %d", text, APR_ARRAY_IDX(ports, i, int));
    }
    if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1) {
        return "";
    }
    return hex_encode(p, digest, 16);
}
