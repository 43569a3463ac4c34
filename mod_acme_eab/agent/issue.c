/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/issue.h"

#include <string.h>

#include "acme/answer.h"
#include "acme/url.h"
#include "agent/doubt.h"
#include "agent/order.h"
#include "agent/lapse.h"
#include "agent/refused.h"
#include "agent/renewal.h"
#include "agent/stapling.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/chain.h"

/* Chains that are looked at for ACMEPreferredChain. */
#define ALTERNATES_MAX 10

#define PEM_CHAIN "application/pem-certificate-chain"

/* How long a valid order may lack the URL of its certificate within an attempt. */
#define POLLS_WITHOUT_URL 10

/* In how many attempts an order may lack the URL that it is to have, before and after finalize. */
#define LACKING_MAX 3
#define LACKING_MAX_FINALIZED 20

/* How often an unanswered finalize is looked into at once; then as any failure. */
#define UNSURE_MAX 3

/* ---- finalize and after ---- */

/* Nobody knows whether the CA took it, as after a gateway's time-out: the order is read, never
 * finalized blindly again. */
static int is_unsure(const eab_result_t *result)
{
    if (result->foreign) { /* else that is waited for as any failure; the order is read then, too */
        return acme_session_is_unsure(result);
    }
    if (result->type == NULL) {
        return result->http_status >= 500;
    }
    return eab_result_is_acme(result, "orderNotReady")
           || strcmp(result->type, EAB_PROBLEM_CA_UNREACHABLE) == 0
           || strcmp(result->type, EAB_PROBLEM_CA_ANSWER) == 0;
}

/* After badCSR the order is still ready (RFC 8555, 7.4): with another configuration the same order
 * is finalized again, with another request. */
static int ends_order(const eab_result_t *result)
{
    return job_is_verdict(result) && !eab_result_is_acme(result, "badCSR");
}

/* The keeper's word: what is configured now is not what was ordered. */
static int is_outdated(const eab_result_t *result)
{
    return result->type != NULL && strcmp(result->type, EAB_PROBLEM_ORDER_CHANGED) == 0;
}

static void on_finalized(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;

    job_answered(job);
    job->brief->finalized = 1;
    if (result->rv == APR_SUCCESS) {
        if (order_keep(job, answer)) {
            order_follow(job);
        }
        return;
    }
    if (is_unsure(result) && ++job->attempt->unsure_finalizes <= UNSURE_MAX) {
        job_happen(job, EVENT_UNSURE);
        return;
    }
    if (job_renew_account(job, result)) {
        return;
    }
    if (is_outdated(result) || order_drop_profile(job, result)) {
        job_abandon(job);
        job_happen(job, EVENT_ORDER_NEEDED);
        return;
    }
    if (refused_by_problem(job, result, PROBLEM_AT_ORDER)) {
        return;
    }
    if (doubt_account(job, result)) {
        return;
    }
    if (ends_order(result)) {
        job_abandon(job);
    }
    job_fail(job, result, PROBLEM_AT_ORDER);
}

/* The order lacks a URL, which may come: it is asked for that again and again. */
static void fail_lacking(job_t *job)
{
    int most = job->brief->finalized ? LACKING_MAX_FINALIZED : LACKING_MAX;

    if (job->failing.failure.attempts >= most) {
        job_fail_with_order(job, PROBLEM_AT_ORDER);
        return;
    }
    job_fail(job, job->flight->order->problem, PROBLEM_AT_ORDER);
}

void issue_finalize(job_t *job)
{
    job->attempt->polls = 0;
    job_remove_answers(job);
    if (job->flight->order->finalize == NULL) {
        eab_result_set(job->flight->order->problem, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                       "The order is ready and the CA named no URL to finalize it.");
        fail_lacking(job);
        return;
    }
    job_post(job, job->flight->order->finalize, &job->finalize_request, SENTENCE_FINALIZE,
             job->index, acme_answer_has_status, on_finalized, job);
}

void issue_wait(job_t *job)
{
    job_leave_place(job); /* the CA is at work, not we: others may go on */
    if (job->attempt->unsure_finalizes > 0 && job->attempt->polls == 0) {
        ++job->attempt->polls;
        job_poll_in(job, apr_time_from_sec(1 << (job->attempt->unsure_finalizes - 1)),
                    "the answer to the certificate request could not be read; the order tells");
        return;
    }
    job_poll_later(job, "the CA is issuing the certificate");
}

/* ---- the certificate ---- */

#define CHAIN_KEY "chain of an answer"

/* As long as the answer, or NULL. What came with it and is none is in problem. It is parsed once, however
 * often it is looked at. */
static const chain_t *read_chain(const acme_answer_t *answer, eab_result_t *problem)
{
    chain_t *chain = NULL;
    void *known = NULL;

    apr_pool_userdata_get(&known, CHAIN_KEY, answer->pool);
    if (known != NULL) {
        return known;
    }
    if (chain_parse(&chain, answer->body, answer->len, problem, answer->pool) == APR_SUCCESS) {
        apr_pool_userdata_setn(chain, CHAIN_KEY, NULL, answer->pool);
    }
    return chain;
}

/* Half a certificate, or a page in its place, is asked for again. What has more in it than a chain has
 * is whole, and to be refused. */
static int is_chain(const acme_answer_t *answer)
{
    eab_result_t *problem = eab_result_make(answer->pool);

    return read_chain(answer, problem) != NULL || problem->rv == APR_EACCES;
}

/* ---- ACMEPreferredChain ---- */

static int is_preferred(const job_t *job, const chain_t *chain, apr_pool_t *ptemp)
{
    return chain != NULL
           && strcmp(chain_top_issuer(ptemp, chain), job->brief->preferred_chain) == 0;
}

/* The text that is sent on is made anew: nothing but certificates is in it. */
static void put_chain(job_t *job, const chain_t *chain, apr_pool_t *ptemp)
{
    json_put_string(job->flight->chain, "pem", chain_pem(ptemp, chain));
}

static void try_alternate(job_t *job);

/* One that cannot be had is none: the default chain is here already. */
static void on_alternate(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    const chain_t *chain;

    job_answered(job);
    chain = result->rv == APR_SUCCESS ? read_chain(answer, eab_result_make(answer->pool)) : NULL;
    if (is_preferred(job, chain, answer->pool)) {
        put_chain(job, chain, answer->pool);
        job_happen(job, EVENT_FETCHED);
        return;
    }
    try_alternate(job);
}

static void try_alternate(job_t *job)
{
    const char **url = apr_array_pop(job->flight->alternates);

    if (url != NULL) {
        job_read(job, *url, "certificate", PEM_CHAIN, is_chain, on_alternate, job);
        return;
    }
    log_line(LOG_LEVEL_WARNING,
             "Certificate %s: the CA offers no chain that ends at \"%s\" (ACMEPreferredChain); its "
             "default chain is used",
             job->title, job->brief->preferred_chain);
    job_happen(job, EVENT_FETCHED);
}

/* RFC 8555, 7.4.2: other chains of the same certificate are linked as alternates. The keeper checks
 * whichever is chosen. */
static void choose_chain(job_t *job, const acme_answer_t *answer, const chain_t *chain)
{
    flight_t *flight = job->flight;
    apr_array_header_t *found;
    int i;

    if (job->brief->preferred_chain == NULL || is_preferred(job, chain, answer->pool)) {
        job_happen(job, EVENT_FETCHED);
        return;
    }
    found = acme_link_list(flight->order_pool, answer, "alternate", answer->url, ALTERNATES_MAX);
    flight->alternates = apr_array_make(flight->order_pool, ALTERNATES_MAX, sizeof(const char *));
    for (i = found->nelts - 1; i >= 0; --i) {
        const char *url = APR_ARRAY_IDX(found, i, const char *);

        if (acme_url_is_https(url)) {
            APR_ARRAY_PUSH(flight->alternates, const char *) = url;
        }
    }
    try_alternate(job);
}

static void on_chain(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    eab_result_t *problem = eab_result_make(answer->pool);
    const chain_t *chain;

    job_answered(job);
    if (result->rv != APR_SUCCESS) {
        if (job_is_final(job, result)) { /* else the certificate exists: it is fetched later */
            job_abandon(job);
        }
        job_fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    if ((chain = read_chain(answer, problem)) == NULL) {
        if (problem->rv == APR_EACCES) {
            job_abandon(job);
        }
        job_fail(job, problem, PROBLEM_AT_ORDER);
        return;
    }
    job->flight->chain = json_object();
    json_object_set_new(job->flight->chain, "certificate", json_integer(job->index));
    put_chain(job, chain, answer->pool);
    choose_chain(job, answer, chain);
}

void issue_download(job_t *job)
{
    if (job->flight->order->certificate == NULL && job->attempt->polls < POLLS_WITHOUT_URL) {
        job_happen(job, EVENT_AT_WORK); /* valid, but not there yet: a slow CA */
        return;
    }
    if (job->flight->order->certificate == NULL) {
        eab_result_set(job->flight->order->problem, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                       "The order is valid and the CA named no URL of the certificate.");
        fail_lacking(job);
        return;
    }
    job_read(job, job->flight->order->certificate, "certificate", PEM_CHAIN, is_chain, on_chain,
             job);
}

static void on_installed(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    if (result->rv != APR_SUCCESS) {
        if (refused_by_problem(job, result, PROBLEM_AT_ORDER)) {
            return;
        }
        if (result->type != NULL && strcmp(result->type, EAB_PROBLEM_CHAIN) == 0) {
            job_abandon(job);
        }
        job_fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    lapse_follow(job);
    job_forget_order(job);
    job_keep_facts(job, body);
    job->brief->demanded = 0;
    renewal_follow(job);
    stapling_follow(job);
    refused_conclude(job);
    job_happen(job, EVENT_INSTALLED);
}

void issue_install(job_t *job)
{
    json_t *body = job->flight->chain;

    job->flight->chain = NULL;
    account_flush_requests(job->account);
    link_request(job->kit->link, MESSAGE_INSTALL, body, on_installed, job);
}
