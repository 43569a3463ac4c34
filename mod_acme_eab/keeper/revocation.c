/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/revocation.h"

#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/name.h"
#include "crypto/chain.h"

static keeper_revocation_t *add(revocations_t *revocations, apr_pool_t *pool, revocation_t *record)
{
    keeper_revocation_t *revocation = apr_pcalloc(pool, sizeof(*revocation));

    revocation->pool = pool;
    revocation->record = record;
    APR_ARRAY_PUSH(revocations->list, keeper_revocation_t *) = revocation;
    return revocation;
}

static revocation_t *copy(apr_pool_t *p, const revocation_t *record)
{
    revocation_t *made = apr_pmemdup(p, record, sizeof(*record));

    made->fingerprint = apr_pstrdup(p, record->fingerprint);
    made->pem = apr_pstrdup(p, record->pem);
    made->serial = apr_pstrdup(p, record->serial);
    made->spki = apr_pstrdup(p, record->spki);
    made->name = apr_pstrdup(p, record->name);
    made->generation = apr_pstrdup(p, record->generation);
    made->account = apr_pstrdup(p, record->account);
    made->directory = apr_pstrdup(p, record->directory);
    made->by = apr_pstrdup(p, record->by);
    made->problem = eab_result_make(p);
    if (record->problem != NULL) {
        eab_result_copy(made->problem, record->problem);
    }
    return made;
}

revocations_t *revocations_open(const means_t *means)
{
    revocations_t *revocations = apr_pcalloc(means->pool, sizeof(*revocations));
    apr_array_header_t *list;
    apr_pool_t *ptemp = NULL;
    int i;

    revocations->means = means;
    revocations->list = apr_array_make(means->pool, 2, sizeof(keeper_revocation_t *));
    if (means->store->trouble != NULL) {
        return revocations;
    }
    apr_pool_create(&ptemp, means->pool);
    list = revocation_list(ptemp, means->store);
    for (i = 0; i < list->nelts; ++i) {
        apr_pool_t *pool = NULL;

        apr_pool_create(&pool, means->pool);
        add(revocations, pool, copy(pool, APR_ARRAY_IDX(list, i, revocation_t *)));
    }
    apr_pool_destroy(ptemp);
    return revocations;
}

keeper_revocation_t *revocations_find(const revocations_t *revocations, const char *fingerprint)
{
    int i;

    for (i = 0; fingerprint != NULL && i < revocations->list->nelts; ++i) {
        keeper_revocation_t *revocation =
            APR_ARRAY_IDX(revocations->list, i, keeper_revocation_t *);

        if (strcmp(revocation->record->fingerprint, fingerprint) == 0) {
            return revocation;
        }
    }
    return NULL;
}

/* What was said of a key stays true: compromise is never taken back by another reason. */
static void merge(revocation_t *record, const revocation_t *before)
{
    record->now |= before->now && !before->refused;
    record->compromised |= before->compromised;
    if (before->compromised) {
        record->reason = REVOCATION_KEY_COMPROMISE;
        record->by_key = before->by_key;
        record->keep = 0;
    }
}

apr_status_t revocations_ask(revocations_t *revocations, const revocation_t *record,
                             const secret_t *key, eab_result_t *result)
{
    keeper_revocation_t *revocation = revocations_find(revocations, record->fingerprint);
    apr_pool_t *pool = NULL;
    revocation_t *made;
    apr_status_t rv;

    apr_pool_create(&pool, revocations->means->pool);
    made = copy(pool, record);
    if (revocation != NULL && !revocation->done) {
        merge(made, revocation->record);
    }
    rv = revocation_save(revocations->means->store, made, key, result, result->pool);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return rv;
    }
    if (revocation == NULL) {
        add(revocations, pool, made);
        return APR_SUCCESS;
    }
    /* The struct itself lives in the pool of the first record, which is kept as its parent's. */
    revocation->record = made;
    revocation->done = 0;
    return APR_SUCCESS;
}

revocation_t *revocation_of(apr_pool_t *p, const char *name, const generation_t *generation,
                            eab_result_t *result)
{
    revocation_t *record = apr_pcalloc(p, sizeof(*record));
    chain_t *chain = NULL;

    if (chain_load(&chain, generation->chain_path, result, p) != APR_SUCCESS) {
        return NULL;
    }
    record->fingerprint = generation->facts->fingerprint;
    record->pem = chain_leaf_pem(p, chain);
    record->serial = generation->facts->serial;
    record->spki = chain_spki(p, chain);
    record->not_after = generation->facts->not_after;
    record->name = name;
    record->generation = generation->number;
    record->account = generation->account;
    record->directory = generation->directory;
    record->problem = eab_result_make(p);
    return record;
}

/* Where certificates come without a restart, the one that httpd was started with may long be another than the
 * one that is served: a keeper that was started since knows when it has looked. */
static int is_in_doubt(const keeper_certificate_t *certificate)
{
    return certificate->means->plan->live && !certificate->has_changed
           && certificate_waits(certificate);
}

int revocation_is_replaced(const revocation_t *record, const keeper_certificate_t *certificate)
{
    if (record->name == NULL || certificate == NULL) {
        return 1;
    }
    if (certificate->in_use != NULL && strcmp(certificate->in_use, record->fingerprint) == 0) {
        return 0;
    }
    if (is_in_doubt(certificate)) {
        return 0;
    }
    return certificate->best == NULL
           || strcmp(certificate->best->facts->fingerprint, record->fingerprint) != 0;
}

static keypair_t *fitting(keypair_t *key, const revocation_t *record, apr_pool_t *p)
{
    chain_t *chain = NULL;

    return key != NULL
                   && chain_parse(&chain, record->pem, strlen(record->pem), eab_result_make(p), p)
                          == APR_SUCCESS
                   && chain_matches_key(chain, key)
               ? key
               : NULL;
}

keypair_t *revocation_sign_key(const revocations_t *revocations, const revocation_t *record,
                               apr_pool_t *p)
{
    const store_t *store = revocations->means->store;
    generation_t *generation = NULL;
    keypair_t *key = NULL;

    if (revocation_key(&key, store, record->fingerprint, p) != APR_SUCCESS
        && record->generation != NULL
        && generation_load(&generation, store, record->name, record->generation, p)
               == APR_SUCCESS) {
        keypair_load(&key, generation->key_path, p);
    }
    return fitting(key, record, p);
}

/* The archive may have been emptied since, or have something else by that number. */
static int is_there(const revocations_t *revocations, const revocation_t *record, apr_pool_t *p)
{
    generation_t *generation = NULL;

    return record->generation != NULL
           && generation_load(&generation, revocations->means->store, record->name,
                              record->generation, p)
                  == APR_SUCCESS
           && strcmp(generation->facts->fingerprint, record->fingerprint) == 0;
}

apr_status_t revocation_done(revocations_t *revocations, keeper_revocation_t *revocation,
                             keeper_certificate_t *certificate, eab_result_t *result)
{
    const store_t *store = revocations->means->store;
    const revocation_t *record = revocation->record;
    const revoked_t revoked = { apr_time_now(), record->reason, record->by, record->keep };
    apr_pool_t *p = result->pool;
    apr_status_t rv = APR_SUCCESS;

    if (is_there(revocations, record, p)
        && ((rv = generation_revoke(store, record->name, record->generation, &revoked, result, p))
                != APR_SUCCESS
            || (record->compromised
                && (rv = generation_remove_key(store, record->name, record->generation, result, p))
                       != APR_SUCCESS))) {
        return rv;
    }
    if (certificate != NULL) {
        certificate_revoked(certificate, record->fingerprint, &revoked);
    }
    eab_result_clear(record->problem);
    log_line(LOG_LEVEL_NOTICE,
             "The certificate with the serial number %s%s%s is revoked (%s), for %s",
             record->serial, record->name != NULL ? " of " : "",
             record->name != NULL ? name_shown(p, record->name) : "",
             revocation_reason_name(record->reason), log_escape(p, record->by));
    return APR_SUCCESS;
}

apr_status_t revocation_forget(const revocations_t *revocations, keeper_revocation_t *revocation,
                               eab_result_t *result)
{
    apr_status_t rv = revocation_remove(revocations->means->store, revocation->record->fingerprint,
                                        result, result->pool);

    revocation->done = rv == APR_SUCCESS;
    return rv;
}

void revocation_failed(const revocations_t *revocations, keeper_revocation_t *revocation,
                       const eab_result_t *problem, apr_time_t next)
{
    revocation_t *record = revocation->record;
    apr_pool_t *pool = NULL;
    eab_result_t *result;

    eab_result_clear(record->problem);
    eab_result_copy(record->problem, problem);
    ++record->attempts;
    record->refused = next == 0;
    record->next = next;
    apr_pool_create(&pool, revocations->means->pool);
    result = eab_result_make(pool);
    if (revocation_save(revocations->means->store, record, NULL, result, pool) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
    }
    log_line(record->refused ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
             "The certificate with the serial number %s%s%s is not revoked: %s %s", record->serial,
             record->name != NULL ? " of " : "",
             record->name != NULL ? name_shown(pool, record->name) : "",
             log_escape(pool, problem->detail != NULL ? problem->detail : "there was no answer."),
             record->refused
                 ? "It is not tried again by itself; acmectl revoke tries it anew."
                 : apr_psprintf(pool, "It is tried again at %s.", clock_format(pool, next)));
    apr_pool_destroy(pool);
}
