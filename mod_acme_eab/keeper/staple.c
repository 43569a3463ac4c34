/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/staple.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"

/* With ACMEReload graceful mod_ssl has loaded what it serves, and staples by itself. */
static int is_needed(const keeper_certificate_t *certificate)
{
    return certificate->best->facts->must_staple
           || (certificate->means->plan->live && certificate->plan->staples);
}

/* Nobody names a responder, or the issuer is not there: then there is nobody to ask. */
static void find_responder(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    const char *forced = certificate->plan->responder;
    chain_t *chain = NULL;

    if ((forced != NULL || certificate->best->facts->ocsp != NULL)
        && chain_load(&chain, certificate->best->chain_path, eab_result_make(ptemp), ptemp)
               == APR_SUCCESS) {
        const char *url = staple_url(ptemp, chain, forced);

        certificate->staple_url = url != NULL ? strdup(url) : NULL;
    }
    if (certificate->staple_url == NULL && certificate->best->facts->must_staple) {
        log_line(
            LOG_LEVEL_ERROR,
            "The certificate of %s has must-staple and does not say where its OCSP responder is: "
            "it cannot be served. Have the CA issue it without, or name the responder "
            "(SSLStaplingForceURL)",
            certificate->title);
    }
}

/* One that is over as well: what is older than that is no news. */
static void recall(keeper_certificate_t *certificate, apr_pool_t *ptemp)
{
    staple_facts_t facts;
    bytes_t der;
    apr_status_t rv = generation_staple(&der, &facts, certificate->best, apr_time_now(),
                                        eab_result_make(ptemp), ptemp);

    if (rv == APR_SUCCESS || APR_STATUS_IS_TIMEUP(rv)) {
        certificate->staple = facts;
    }
}

void staple_open(keeper_certificate_t *certificate)
{
    apr_pool_t *pool = NULL;

    free(certificate->staple_url);
    certificate->staple_url = NULL;
    memset(&certificate->staple, 0, sizeof(certificate->staple));
    if (certificate->best != NULL && is_needed(certificate)) {
        apr_pool_create(&pool, certificate->means->pool);
        find_responder(certificate, pool);
        recall(certificate, pool);
        apr_pool_destroy(pool);
    }
}

void staple_hear(void *baton, const change_t *change)
{
    (void)baton;
    if (change->kind == CHANGE_INSTALLED) {
        staple_open(change->certificate);
    }
}

int staple_is_lacking(const keeper_certificate_t *certificate)
{
    return certificate->best != NULL && certificate->best->facts->must_staple
           && !(certificate->staple.good && certificate->staple.until > apr_time_now());
}

/* A revocation counts at once; else only what is newer. */
static int is_news(const staple_facts_t *known, const staple_facts_t *facts)
{
    return known->until == 0 || facts->from > known->from
           || (facts->from == known->from && known->good && !facts->good);
}

static apr_status_t check(staple_facts_t *facts, bytes_t *der,
                          const keeper_certificate_t *certificate, const char *response,
                          eab_result_t *result, apr_pool_t *ptemp)
{
    chain_t *chain = NULL;
    apr_status_t rv;

    if (response == NULL || base64url_decode(ptemp, der, response) != APR_SUCCESS) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STAPLING,
                              "The OCSP response is none.");
    }
    if ((rv = chain_load(&chain, certificate->best->chain_path, result, ptemp)) != APR_SUCCESS) {
        return rv;
    }
    return staple_check(facts, chain, der->data, der->len, apr_time_now(), result);
}

static void tell(const keeper_certificate_t *certificate, const staple_facts_t *facts,
                 apr_pool_t *ptemp)
{
    if (facts->good) {
        log_line(LOG_LEVEL_INFO, "The CA says that the certificate of %s is good (OCSP), until %s",
                 certificate->title, clock_format(ptemp, facts->until));
    }
    else if (certificate->staple.revoked == 0) {
        log_line(
            LOG_LEVEL_ERROR,
            "The CA says that the certificate of %s (serial %s) is revoked since %s%s%s (OCSP): "
            "clients that ask refuse it%s",
            certificate->title, certificate->best->facts->serial,
            clock_format(ptemp, facts->revoked), facts->reason != NULL ? ", reason " : "",
            facts->reason != NULL ? facts->reason : "",
            certificate->best->revoked == NULL ? ", and a new one is ordered" : "");
    }
}

static apr_status_t take(keeper_certificate_t *certificate, const char *response,
                         eab_result_t *result, apr_pool_t *ptemp)
{
    staple_facts_t facts;
    bytes_t der = { NULL, 0 };
    apr_status_t rv = check(&facts, &der, certificate, response, result, ptemp);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!is_news(&certificate->staple, &facts)) {
        return facts.from == certificate->staple.from
                   ? APR_SUCCESS
                   : eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STAPLING,
                                    "The OCSP response is older than one that is known.");
    }
    rv = generation_keep_staple(certificate->means->store, certificate->plan->id, certificate->best,
                                der.data, der.len, result, ptemp);
    if (rv == APR_SUCCESS) {
        tell(certificate, &facts, ptemp);
        certificate->staple = facts;
        changes_tell_certificate(certificate->means->changes, CHANGE_STAPLED, certificate, NULL);
    }
    return rv;
}

apr_status_t staple_keep(keeper_certificate_t *certificate, const char *fingerprint,
                         const char *response, eab_result_t *result)
{
    apr_pool_t *pool = NULL;
    apr_status_t rv;

    if (certificate->staple_url == NULL || fingerprint == NULL
        || strcmp(fingerprint, certificate->best->facts->fingerprint) != 0) {
        return eab_result_set(
            result, APR_EINVAL, EAB_PROBLEM_STAPLING,
            "The OCSP response is not about the certificate of %s that is asked for.",
            certificate->title);
    }
    apr_pool_create(&pool, certificate->means->pool);
    rv = take(certificate, response, result, pool);
    apr_pool_destroy(pool);
    return rv;
}
