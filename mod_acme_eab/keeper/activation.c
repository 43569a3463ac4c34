/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/activation.h"

#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/log.h"
#include "base/name.h"
#include "crypto/chain.h"
#include "crypto/secret.h"
#include "keeper/staple.h"
#include "live/pair.h"
#include "live/stapled.h"

struct activation {
    const model_t *model;
    segment_t *segment; /* NULL: there is none */
};

/* ---- publishing ---- */

/* Of the certificate that workers find in the place of this one. In p; NULL: there is none. */
static const char *published_fingerprint(const activation_t *activation,
                                         const keeper_certificate_t *certificate, apr_pool_t *p)
{
    segment_ref_t ref = segment_current(activation->segment, certificate->index);
    secret_t *value = NULL;
    apr_size_t len = 0;

    if (ref == 0) {
        return NULL;
    }
    value = secret_make(p, SEGMENT_VALUE_MAX);
    return segment_read(activation->segment, certificate->index, ref, value->data, &len)
                   == APR_SUCCESS
               ? pair_fingerprint(value->data, len, p)
               : NULL;
}

static int is_published(const activation_t *activation, const keeper_certificate_t *certificate,
                        apr_pool_t *ptemp)
{
    const char *fingerprint = published_fingerprint(activation, certificate, ptemp);

    return fingerprint != NULL && strcmp(fingerprint, certificate->best->facts->fingerprint) == 0;
}

/* What has a seal was found to be a chain and nothing else, and is not parsed once more. */
static int is_as_sealed(const generation_t *generation, const secret_t *value, apr_pool_t *p)
{
    const char *fingerprint =
        generation->sealed ? pair_fingerprint(value->data, value->len, p) : NULL;

    return fingerprint != NULL && strcmp(fingerprint, generation->facts->fingerprint) == 0;
}

static apr_status_t pack(secret_t **pvalue, const generation_t *generation, apr_pool_t *p)
{
    secret_t *key_pem = NULL;
    const char *text = NULL;
    chain_t *chain = NULL;
    apr_size_t len = 0;
    apr_status_t rv;

    if ((rv = secret_read_file(&key_pem, generation->key_path, LIMIT_OWN_FILE, p)) != APR_SUCCESS
        || (rv = file_read(&text, &len, generation->chain_path, LIMIT_CHAIN, p)) != APR_SUCCESS) {
        return rv;
    }
    if (pair_pack(pvalue, key_pem, text, p) == APR_SUCCESS
        && is_as_sealed(generation, *pvalue, p)) {
        return APR_SUCCESS;
    }
    if ((rv = chain_parse(&chain, text, len, eab_result_make(p), p)) != APR_SUCCESS) {
        return rv;
    }
    return pair_pack(pvalue, key_pem, chain_pem(p, chain), p);
}

/* @return NULL, or why it could not be left there: half a sentence */
static const char *publish(const activation_t *activation, const keeper_certificate_t *certificate,
                           apr_pool_t *ptemp)
{
    secret_t *value = NULL;
    char words[120];
    apr_status_t rv;

    if (is_published(activation, certificate, ptemp)) {
        return NULL;
    }
    if ((rv = pack(&value, certificate->best, ptemp)) == APR_SUCCESS) {
        rv = segment_publish(activation->segment, certificate->index, value->data, value->len);
    }
    if (APR_STATUS_IS_ENOSPC(rv)) {
        return apr_psprintf(ptemp, "its key and chain are longer than %d octets",
                            SEGMENT_VALUE_MAX);
    }
    return rv == APR_SUCCESS ? NULL
                             : apr_psprintf(ptemp, "it cannot be read from the store (%s)",
                                            apr_strerror(rv, words, sizeof(words)));
}

/* In a resumed session the old certificate lives on; a restart ends them. */
static int ends_a_compromised_key(const activation_t *activation,
                                  const keeper_certificate_t *certificate)
{
    const keeper_revocation_t *revocation =
        revocations_find(activation->model->revocations, certificate->in_use);
    const generation_t *served = certificate->served;

    return (revocation != NULL && revocation->record->compromised)
           || (served != NULL && served->revoked != NULL
               && served->revoked->reason == REVOCATION_KEY_COMPROMISE);
}

/* ---- stapling ---- */

static int stapled_slot_of(const activation_t *activation, const keeper_certificate_t *certificate)
{
    return stapled_slot(activation->model->certificates->nelts, certificate->index);
}

/* What is revoked is not stapled, nor is what was said before that. */
static void publish_staple(const activation_t *activation, const keeper_certificate_t *certificate,
                           apr_pool_t *ptemp)
{
    const generation_t *best = certificate->best;
    eab_result_t *result = eab_result_make(ptemp);
    bytes_t der = { (const unsigned char *)"", 0 };
    apr_time_t until = certificate->staple.good ? certificate->staple.until : 0;
    staple_facts_t facts;

    if (activation->segment == NULL || certificate->staple.until <= apr_time_now()) {
        return;
    }
    if (until != 0
        && generation_staple(&der, &facts, best, apr_time_now(), result, ptemp) != APR_SUCCESS) {
        log_line(LOG_LEVEL_WARNING, "The OCSP response for %s is not stapled: %s",
                 certificate->title, result->detail);
        return;
    }
    stapled_publish(activation->segment, stapled_slot_of(activation, certificate),
                    best->facts->fingerprint, until, der.data, der.len);
}

/* One that nobody is served yet may wait for long, and what is served needs the place until then. */
static void staple(const activation_t *activation, const keeper_certificate_t *certificate)
{
    apr_pool_t *pool = NULL;

    if (certificate_waits(certificate) && strcmp(certificate->activation, ACTIVATION_LOOK) != 0) {
        return;
    }
    apr_pool_create(&pool, activation->model->means->pool);
    publish_staple(activation, certificate, pool);
    apr_pool_destroy(pool);
}

/* ---- which way ---- */

/* NULL: nothing keeps it from going live. */
static const char *find_obstacle(const activation_t *activation,
                                 const keeper_certificate_t *certificate)
{
    const plan_certificate_t *plan = certificate->plan;

    if (activation->segment == NULL) {
        return "this system gives no memory that httpd's workers can share";
    }
    if (plan->unusable != NULL) {
        return "a virtual host could not use the one before";
    }
    if (plan->takes_over && !name_covers_all(certificate->best->facts->names, plan->names)) {
        return "it lacks names, and whether it takes the place of an SSLCertificateFile is decided "
               "when "
               "httpd is restarted";
    }
    if (ends_a_compromised_key(activation, certificate)) {
        return "others may know the key of the one before, and open sessions are to end with it";
    }
    return NULL;
}

static void activate(const activation_t *activation, keeper_certificate_t *certificate)
{
    const char *why = find_obstacle(activation, certificate);
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, activation->model->means->pool);
    if (why == NULL) {
        publish_staple(activation, certificate, pool);
        why = publish(activation, certificate, pool);
    }
    certificate_activate(certificate, why == NULL ? ACTIVATION_LOOK : ACTIVATION_RESTART, why);
    if (why != NULL) {
        log_line(LOG_LEVEL_NOTICE,
                 "The new certificate of %s cannot be served without a restart of httpd: %s",
                 certificate->title, why);
    }
    apr_pool_destroy(pool);
}

static void hold(keeper_certificate_t *certificate)
{
    log_line(LOG_LEVEL_NOTICE,
             "The new certificate of %s has must-staple, and is served as soon as there is an OCSP "
             "response for it",
             certificate->title);
    certificate_activate(certificate, ACTIVATION_STAPLE,
                         "it has must-staple, and there is no OCSP response for it yet");
}

/* The certificate is to be served, and is not. */
static void choose_way(const activation_t *activation, keeper_certificate_t *certificate)
{
    if (staple_is_lacking(certificate)) {
        hold(certificate);
    }
    else if (activation->model->means->plan->live) {
        activate(activation, certificate);
    }
    else {
        certificate_activate(certificate, ACTIVATION_RESTART, NULL);
    }
}

static int is_held(const keeper_certificate_t *certificate)
{
    return certificate_waits(certificate)
           && strcmp(certificate->activation, ACTIVATION_STAPLE) == 0;
}

void activation_hear(void *baton, const change_t *change)
{
    const activation_t *activation = baton;
    keeper_certificate_t *certificate = change->certificate;

    if (change->kind == CHANGE_INSTALLED && certificate_waits(certificate)) {
        choose_way(activation, certificate);
    }
    else if (change->kind == CHANGE_STAPLED && is_held(certificate)) {
        if (!staple_is_lacking(certificate)) {
            choose_way(activation, certificate);
        }
    }
    else if (change->kind == CHANGE_STAPLED) {
        staple(activation, certificate);
    }
}

/* The certificate in the place of this one, NULL: none, or one that the store does not have any more. */
static const generation_t *find_published(const activation_t *activation,
                                          const keeper_certificate_t *certificate, apr_pool_t *p)
{
    const char *fingerprint = published_fingerprint(activation, certificate, p);
    const apr_array_header_t *list;
    int i;

    if (fingerprint == NULL
        || (certificate->best != NULL
            && strcmp(fingerprint, certificate->best->facts->fingerprint) == 0)) {
        return NULL;
    }
    list = generation_list(p, activation->model->means->store, certificate->plan->id);
    for (i = 0; i < list->nelts; ++i) {
        const generation_t *generation = APR_ARRAY_IDX(list, i, const generation_t *);

        if (strcmp(generation->facts->fingerprint, fingerprint) == 0) {
            return generation;
        }
    }
    return NULL;
}

/* A keeper that ended has put another one there than httpd was started with; that is what is served, and what
 * a revocation is about. */
static void recall_published(const activation_t *activation, keeper_certificate_t *certificate)
{
    const generation_t *published;
    apr_pool_t *pool = NULL;

    if (activation->segment == NULL || !activation->model->means->plan->live) {
        return;
    }
    apr_pool_create(&pool, activation->model->means->pool);
    if ((published = find_published(activation, certificate, pool)) != NULL) {
        certificate_is_served(certificate, published);
    }
    apr_pool_destroy(pool);
}

void activation_start(activation_t *activation)
{
    const model_t *model = activation->model;
    int i;

    for (i = 0; i < model->certificates->nelts; ++i) {
        keeper_certificate_t *certificate = model_certificate(model, i);

        recall_published(activation, certificate);
        if (certificate_waits(certificate)) {
            choose_way(activation, certificate);
        }
        else if (certificate->best != NULL) {
            staple(activation, certificate);
            if (model->means->plan->live) { /* so that it is known how the next one will come */
                certificate_activate(certificate, ACTIVATION_RESTART,
                                     find_obstacle(activation, certificate));
            }
        }
    }
}

/* ---- looking ---- */

static void confirm(keeper_certificate_t *certificate, const char *doubt)
{
    log_line(LOG_LEVEL_NOTICE,
             "The new certificate of %s (generation %s) is served, without a restart of httpd%s%s",
             certificate->title, certificate->best->number,
             doubt != NULL ? "; nobody could look whether it is: " : "",
             doubt != NULL ? doubt : "");
    certificate_activate(certificate, ACTIVATION_LIVE, doubt);
}

static void refute(keeper_certificate_t *certificate, const char *why)
{
    log_line(
        LOG_LEVEL_WARNING,
        "The new certificate of %s (generation %s) was handed to httpd's workers, and %s; httpd "
        "is to be restarted for it",
        certificate->title, certificate->best->number, why);
    certificate_activate(certificate, ACTIVATION_RESTART, why);
    changes_tell_certificate(certificate->means->changes, CHANGE_NOT_LIVE, certificate, NULL);
}

/* What another process has said, as it may stand in the log. */
static const char *clean(const char *why, const char *without, apr_pool_t *p)
{
    return why != NULL ? log_escape(p, apr_pstrndup(p, why, LIMIT_SEEN_WHY)) : without;
}

apr_status_t activation_seen(activation_t *activation, keeper_certificate_t *certificate,
                             const char *fingerprint, const char *seen, const char *why)
{
    apr_pool_t *pool = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (fingerprint == NULL || seen == NULL) {
        return APR_EINVAL;
    }
    if (certificate->best == NULL || strcmp(certificate->activation, ACTIVATION_LOOK) != 0
        || strcmp(fingerprint, certificate->best->facts->fingerprint) != 0) {
        return APR_SUCCESS;
    }
    apr_pool_create(&pool, activation->model->means->pool);
    if (strcmp(seen, SEEN_IT) == 0) {
        confirm(certificate, NULL);
    }
    else if (strcmp(seen, SEEN_NOTHING) == 0) {
        confirm(certificate, clean(why, "no connection", pool));
    }
    else if (strcmp(seen, SEEN_ANOTHER) == 0) {
        refute(certificate, clean(why, "something else is served", pool));
    }
    else {
        rv = APR_EINVAL;
    }
    apr_pool_destroy(pool);
    return rv;
}

activation_t *activation_make(const model_t *model, segment_t *segment)
{
    activation_t *activation = apr_pcalloc(model->means->pool, sizeof(*activation));

    activation->model = model;
    activation->segment = segment;
    return activation;
}
