/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/account.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "policy/renew.h"

#define NONCE_LIFE apr_time_from_sec(5 * 60)

/* How often in an attempt a registration is looked up that no answer of the CA came to. */
#define DOUBTS_MAX 2

/* The keeper hears of requests this often. */
#define TALLY_INTERVAL apr_time_from_sec(1)

static void find_again(agent_account_t *account);

/* ---- signing: the keeper does it ---- */

typedef struct signing {
    apr_pool_t *pool;
    acme_signed_fn *done;
    void *baton;
} signing_t;

static void on_signed(void *baton, const json_t *body, const eab_result_t *result)
{
    signing_t *signing = baton;

    signing->done(signing->baton, result->rv == APR_SUCCESS ? json_peek_string(body, "jws") : NULL,
                  result);
    apr_pool_destroy(signing->pool);
}

static void sign(acme_signer_t *signer, const void *opaque, const char *url, const char *nonce,
                 acme_signed_fn *done, void *baton)
{
    agent_account_t *account = signer->impl;
    const sentence_request_t *request = opaque;
    apr_pool_t *pool = NULL;
    signing_t *signing;
    json_t *body = json_object();

    apr_pool_create(&pool, account->kit->pool);
    signing = apr_pcalloc(pool, sizeof(*signing));
    signing->pool = pool;
    signing->done = done;
    signing->baton = baton;
    json_put_string(body, "sentence", sentence_name(request->sentence));
    json_object_set_new(body,
                        sentence_is_of_certificate(request->sentence) ? "certificate" : "account",
                        json_integer(request->index));
    json_put_string(body, "url", url);
    json_put_string(body, "nonce", nonce);
    if (request->sentence == SENTENCE_NEW_ORDER) {
        sentence_order_to_json(body, &request->order);
    }
    json_put_string(body, "subject", request->subject);
    link_request(account->kit->link, MESSAGE_SIGN, body, on_signed, signing);
}

/* ---- the way to a usable account ---- */

static void finish(agent_account_t *account, const eab_result_t *result)
{
    apr_array_header_t *waiters = account->waiters;
    apr_pool_t *pool = account->waiters_pool;
    int i;

    account->opening = 0;
    account->waiters = NULL;
    account->waiters_pool = NULL;
    kit_touch(account->kit);
    for (i = 0; waiters != NULL && i < waiters->nelts; ++i) {
        const account_waiter_t *waiter = &APR_ARRAY_IDX(waiters, i, account_waiter_t);

        waiter->ready(waiter->baton, result);
    }
    if (pool != NULL) {
        apr_pool_destroy(pool);
    }
}

/* The address in ACMEServer itself is answered with an error: there is no directory. */
static int is_of_directory(const agent_account_t *account, const eab_result_t *result)
{
    return result->url != NULL && strcmp(result->url, account->brief->directory) == 0;
}

static void fail(agent_account_t *account, const eab_result_t *result)
{
    account_follow_directory(account); /* what the CA demands is known for the advice */
    failing_add(&account->failing, result,
                is_of_directory(account, result) ? PROBLEM_AT_DIRECTORY : PROBLEM_AT_ACCOUNT);
    finish(account, account->failing.failure.problem);
}

static void succeed(agent_account_t *account)
{
    eab_result_t *result = eab_result_make(account->waiters_pool);

    failing_end(&account->failing);
    finish(account, result);
}

static void on_stored(void *baton, const json_t *body, const eab_result_t *result)
{
    agent_account_t *account = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        account->brief->url = NULL;
        fail(account, result);
        return;
    }
    succeed(account);
}

/* The URL is on disk before anything is done with it. */
static void store_url(agent_account_t *account, const char *url)
{
    const acme_directory_t *directory = acme_session_seen(account->session);
    json_t *body = json_object();

    account->brief->url = apr_pstrdup(account->kit->pool, url);
    account->news = 1;
    account->brief->terms = apr_pstrdup(account->kit->pool, directory->terms);
    json_object_set_new(body, "account", json_integer(account->index));
    json_put_string(body, "url", url);
    json_put_string(body, "terms", directory->terms);
    link_request(account->kit->link, MESSAGE_REGISTERED, body, on_stored, account);
}

/* Whether the CA took a newAccount that no answer of it came to is looked up, never tried out: the EAB
 * key may be of single use. @return 0 when that is left to the next attempt */
static int look_up(agent_account_t *account, const eab_result_t *result)
{
    if (!acme_session_is_unsure(result) || account->doubts == DOUBTS_MAX) {
        return 0;
    }
    ++account->doubts;
    find_again(account);
    return 1;
}

static void on_account(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    agent_account_t *account = baton;
    eab_result_t *problem = eab_result_make(answer->pool);
    acme_account_t *found;

    if (look_up(account, result)) {
        return;
    }
    account->doubts = 0;
    if (result->rv != APR_SUCCESS) {
        fail(account, result);
        return;
    }
    found = acme_account_parse(answer->pool, answer, problem);
    if (found == NULL) {
        fail(account, problem);
        return;
    }
    if (account->brief->eab && found->created && !found->eab_echoed) {
        log_line(LOG_LEVEL_NOTICE,
                 "Account %s: the CA did not confirm the external account binding",
                 account->brief->label);
    }
    store_url(account, found->url);
}

/* An account is told by its URL; the body may lack. */
static int is_account(const acme_answer_t *answer)
{
    return apr_table_get(answer->headers, "Location") != NULL;
}

static void post(agent_account_t *account, sentence_t sentence, acme_answer_fn *done)
{
    const acme_directory_t *directory = acme_session_seen(account->session);
    acme_question_t question = { NULL, NULL, NULL, NULL, 0 };

    account->request.sentence = sentence;
    account->request.index = account->index;
    question.url = directory->new_account;
    question.sentence = &account->request;
    question.is_answer = is_account;
    question.acts = sentence == SENTENCE_NEW_ACCOUNT;
    acme_session_ask(account->session, &question, done, account);
}

static void register_new(agent_account_t *account)
{
    account->brief->attempted = 1;
    post(account, SENTENCE_NEW_ACCOUNT, on_account);
}

/* What a CA says to a look-up when there is nothing to find, or when it does not do look-ups. */
static int is_not_found(const eab_result_t *result)
{
    return eab_result_is_acme(result, "accountDoesNotExist")
           || eab_result_is_acme(result, "externalAccountRequired")
           || eab_result_is_acme(result, "malformed");
}

static void on_found_with_eab(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    if (is_not_found(result)) {
        register_new(baton);
        return;
    }
    on_account(baton, answer, result);
}

static void on_found(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    agent_account_t *account = baton;

    if (eab_result_is_acme(result, "externalAccountRequired") && account->brief->eab) {
        post(account, SENTENCE_FIND_ACCOUNT_EAB, on_found_with_eab);
        return;
    }
    on_found_with_eab(baton, answer, result);
}

static void find_again(agent_account_t *account)
{
    post(account, SENTENCE_FIND_ACCOUNT, on_found);
}

/* What must be so before newAccount is sent (checklist A-02, D-08). */
static apr_status_t check_directory(const agent_account_t *account, eab_result_t *result)
{
    const acme_directory_t *directory = acme_session_directory(account->session);

    if (directory->terms != NULL && !account->brief->terms_accepted) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_TERMS,
                       "The CA has terms of service and they are not accepted: %s",
                       directory->terms);
        result->instance = apr_pstrdup(result->pool, directory->terms);
        return result->rv;
    }
    if (directory->eab_required && !account->brief->eab) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_EAB_MISSING,
                              "The CA demands External Account Binding and none is configured.");
    }
    return APR_SUCCESS;
}

/* ---- contacts ---- */

static void on_contact_stored(void *baton, const json_t *body, const eab_result_t *result)
{
    agent_account_t *account = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_WARNING, "Account %s: %s", account->brief->label, result->detail);
    }
}

static void on_contact(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    agent_account_t *account = baton;
    json_t *body;

    if (result->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_WARNING,
                 "Account %s: the CA did not take the new contacts (ACMEContact): %s Certificates "
                 "are not concerned; it is tried again after the next start.",
                 account->brief->label, log_escape(answer->pool, result->detail));
        return;
    }
    body = json_object();
    json_object_set_new(body, "account", json_integer(account->index));
    link_request(account->kit->link, MESSAGE_CONTACTED, body, on_contact_stored, account);
}

/* Once in each run, beside the work with certificates (checklist ). */
static void update_contact(agent_account_t *account)
{
    if (!account->brief->contact_changed) {
        return;
    }
    account->brief->contact_changed = 0;
    account->contact_request.sentence = SENTENCE_UPDATE_CONTACT;
    account->contact_request.index = account->index;
    acme_session_post(account->session, account->brief->url, &account->contact_request, NULL,
                      on_contact, account);
}

/* They were agreed to with ACMETermsOfService, and are others now: a person should know, once in each
 * run (checklist D-05). */
static void tell_new_terms(agent_account_t *account)
{
    const char *terms = acme_session_directory(account->session)->terms;

    if (terms == NULL || account->brief->terms == NULL
        || strcmp(terms, account->brief->terms) == 0) {
        return;
    }
    account->brief->terms = apr_pstrdup(account->kit->pool, terms);
    log_line(LOG_LEVEL_NOTICE,
             "Account %s: the CA has new terms of service, please read %s; \"ACMETermsOfService "
             "accepted\" stands for them, too",
             account->brief->label, log_escape(account->waiters_pool, terms));
}

/* A key that the CA may know is looked up before it is registered, since the EAB may be of single
 * use and the answer to an earlier newAccount may have been lost (checklist, E-16). */
static void on_open(void *baton, const eab_result_t *result)
{
    agent_account_t *account = baton;
    eab_result_t *problem = eab_result_make(account->waiters_pool);

    if (result->rv != APR_SUCCESS) {
        fail(account, result);
    }
    else if (account->brief->url != NULL) {
        tell_new_terms(account);
        update_contact(account);
        succeed(account);
    }
    else if (check_directory(account, problem) != APR_SUCCESS) {
        fail(account, problem);
    }
    else if (account->brief->attempted) {
        post(account, SENTENCE_FIND_ACCOUNT, on_found);
    }
    else {
        register_new(account);
    }
}

static void add_waiter(agent_account_t *account, account_ready_fn *ready, void *baton)
{
    account_waiter_t *waiter;

    if (account->waiters == NULL) {
        apr_pool_create(&account->waiters_pool, account->kit->pool);
        account->waiters = apr_array_make(account->waiters_pool, 8, sizeof(account_waiter_t));
    }
    waiter = apr_array_push(account->waiters);
    waiter->ready = ready;
    waiter->baton = baton;
}

void account_enter(agent_account_t *account)
{
    if (account->active++ == 0) {
        account->used = 0;
    }
}

static void tell_idle(agent_account_t *account, int idle)
{
    account_idle_fn *tell = account->idle;

    account->idle = NULL;
    if (tell != NULL) {
        tell(account->idle_baton, idle);
    }
}

void account_leave(agent_account_t *account)
{
    if (--account->active == 0) {
        tell_idle(account, 1);
    }
}

void account_hold(agent_account_t *account, account_idle_fn *idle, void *baton)
{
    account->held = 1;
    account->held_until = clock_steady() + ACCOUNT_HELD;
    account->idle = idle;
    account->idle_baton = baton;
    if (account->active == 0) {
        tell_idle(account, 1);
    }
}

void account_release(agent_account_t *account)
{
    account->held = 0;
    account->idle = NULL;
    kit_touch(account->kit);
}

void account_poke(agent_account_t *account)
{
    if (account->held && clock_steady() >= account->held_until) {
        account->held = 0;
        tell_idle(account, 0);
    }
}

/* A cycle of work begins with the directory as it is now; nonces that lay about for minutes are
 * mostly refused (checklist D-10, N-09). */
static void refresh_session(agent_account_t *account)
{
    apr_time_t now = apr_time_now();

    if (now - account->used > NONCE_LIFE) {
        acme_session_forget(account->session);
    }
    account->used = now;
}

void account_need(agent_account_t *account, account_ready_fn *ready, void *baton)
{
    const brief_failure_t *failure = &account->failing.failure;

    if (account->brief->broken != NULL) {
        ready(baton, account->brief->broken);
        return;
    }
    if (failure->attempts > 0 && failure->next > apr_time_now()) {
        ready(baton, failure->problem);
        return;
    }
    add_waiter(account, ready, baton);
    if (account->opening) {
        return;
    }
    account->opening = 1;
    refresh_session(account);
    acme_session_open(account->session, on_open, account);
}

void account_look(agent_account_t *account, acme_ready_fn *ready, void *baton)
{
    if (account->active == 0 && !account->opening) {
        refresh_session(account); /* never under the feet of a job, or of a registration */
    }
    acme_session_open(account->session, ready, baton);
}

static void on_unregistered(void *baton, const json_t *body, const eab_result_t *result)
{
    agent_account_t *account = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        fail(account, result);
        return;
    }
    acme_session_open(account->session, on_open, account);
}

void account_renew(agent_account_t *account, account_ready_fn *ready, void *baton)
{
    json_t *body;

    add_waiter(account, ready, baton);
    if (account->opening) {
        return;
    }
    account->opening = 1;
    account->brief->url = NULL;
    account->brief->attempted = 1;
    body = json_object();
    json_object_set_new(body, "account", json_integer(account->index));
    link_request(account->kit->link, MESSAGE_UNREGISTER, body, on_unregistered, account);
}

/* ---- is it still there? ---- */

/* Certificates that are refused side by side need not ask each. */
#define VOUCHED apr_time_from_sec(60)

typedef struct inquiry {
    apr_pool_t *pool;
    agent_account_t *account;
    account_ready_fn *ready;
    void *baton;
    sentence_request_t request;
} inquiry_t;

static void end_inquiry(inquiry_t *inquiry, const eab_result_t *result)
{
    inquiry->ready(inquiry->baton, result);
    apr_pool_destroy(inquiry->pool);
}

static void on_inquiry(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    inquiry_t *inquiry = baton;
    eab_result_t *problem = eab_result_make(inquiry->pool);

    if (result->rv != APR_SUCCESS) {
        end_inquiry(inquiry, result);
        return;
    }
    if (acme_account_parse(answer->pool, answer, problem) != NULL) {
        inquiry->account->vouched = clock_steady();
    }
    end_inquiry(inquiry, problem);
}

static inquiry_t *begin_inquiry(agent_account_t *account, sentence_t sentence,
                                account_ready_fn *ready, void *baton)
{
    apr_pool_t *pool = NULL;
    inquiry_t *inquiry;

    apr_pool_create(&pool, account->kit->pool);
    inquiry = apr_pcalloc(pool, sizeof(*inquiry));
    inquiry->pool = pool;
    inquiry->account = account;
    inquiry->ready = ready;
    inquiry->baton = baton;
    inquiry->request.sentence = sentence;
    inquiry->request.index = account->index;
    return inquiry;
}

void account_vouch(agent_account_t *account, account_ready_fn *ready, void *baton)
{
    const acme_directory_t *directory = acme_session_seen(account->session);
    inquiry_t *inquiry = begin_inquiry(account, SENTENCE_FIND_ACCOUNT, ready, baton);

    if (account->vouched != 0 && clock_steady() - account->vouched < VOUCHED) {
        end_inquiry(inquiry, eab_result_make(inquiry->pool));
        return;
    }
    acme_session_post(account->session, directory->new_account, &inquiry->request, NULL, on_inquiry,
                      inquiry);
}

/* ---- because root wants it ---- */

static void on_told(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    inquiry_t *inquiry = baton;

    if (result->rv == APR_SUCCESS) {
        on_contact(inquiry->account, answer, result);
        inquiry->account->brief->contact_changed = 0;
    }
    end_inquiry(inquiry, result);
}

static void on_usable(void *baton, const eab_result_t *result)
{
    inquiry_t *inquiry = baton;

    if (result->rv != APR_SUCCESS) {
        end_inquiry(inquiry, result);
        return;
    }
    inquiry->account->brief->contact_changed = 0; /* or they are told twice */
    acme_session_post(inquiry->account->session, inquiry->account->brief->url, &inquiry->request,
                      NULL, on_told, inquiry);
}

void account_update(agent_account_t *account, account_ready_fn *ready, void *baton)
{
    inquiry_t *inquiry = begin_inquiry(account, SENTENCE_UPDATE_CONTACT, ready, baton);

    account->brief->contact_changed = 0;
    account_need(account, on_usable, inquiry);
}

void account_refuse(agent_account_t *account, const eab_result_t *problem)
{
    failing_add(&account->failing, problem, PROBLEM_AT_ACCOUNT);
    kit_touch(account->kit);
}

void account_follow_directory(agent_account_t *account)
{
    account->news |= directory_follow(&account->directory, acme_session_seen(account->session));
}

static void on_counted(void *baton, const json_t *body, const eab_result_t *result)
{
    (void)baton;
    (void)body;
    (void)result;
}

void account_flush_requests(agent_account_t *account)
{
    json_t *requests = tally_take(account->tally), *body;

    if (requests != NULL) {
        account->tallied = clock_steady();
        body = json_pack("{s:i,s:o}", "account", account->index, "requests", requests);
        link_request(account->kit->link, MESSAGE_REQUESTS, body, on_counted, NULL);
    }
}

apr_time_t account_tell_requests(agent_account_t *account)
{

    if (account->tallied != 0 && clock_steady() < account->tallied + TALLY_INTERVAL) {
        return account->tallied + TALLY_INTERVAL;
    }
    account_flush_requests(account);
    return 0;
}

static void tell_clock(const agent_account_t *account, apr_interval_time_t ahead)
{
    apr_pool_t *pool = NULL;

    if (!account->clock_told) {
        log_line(LOG_LEVEL_NOTICE, "Account %s: this server's clock agrees with the CA's again",
                 account->brief->label);
        return;
    }
    apr_pool_create(&pool, account->kit->pool);
    log_line(LOG_LEVEL_WARNING,
             "Account %s: this server's clock is %s %s that of %s. Have it set, for instance by "
             "NTP: certificates are judged by it.",
             account->brief->label, clock_span(pool, ahead > 0 ? ahead : -ahead),
             ahead > 0 ? "behind" : "ahead of", account->failing.host);
    apr_pool_destroy(pool);
}

apr_interval_time_t account_clock_error(agent_account_t *account)
{
    apr_interval_time_t ahead = acme_session_ahead(account->session);

    if (account->clock_told != renew_clock_is_wrong(ahead)) {
        account->clock_told = !account->clock_told;
        tell_clock(account, ahead);
    }
    return renew_clock_error(ahead);
}

int account_fails(const agent_account_t *account)
{
    return account->brief->broken != NULL || account->failing.failure.attempts > 0;
}

const char *account_state(const agent_account_t *account)
{
    if (account_fails(account)) {
        return "failing";
    }
    return (account->brief->url != NULL) ? "valid" : "unregistered";
}

agent_account_t *account_make(kit_t *kit, int index, brief_account_t *brief)
{
    apr_pool_t *p = kit->pool;
    agent_account_t *account = apr_pcalloc(p, sizeof(*account));

    account->kit = kit;
    account->index = index;
    account->brief = brief;
    directory_init(&account->directory, kit, index, brief);
    pace_init(&account->pace, kit->brief->max_parallel);
    account->queue = agenda_make(p);
    account->held = brief->rolling; /* which key counts is found out first */
    account->held_until = clock_steady() + ACCOUNT_HELD;
    account->signer.sign = sign;
    account->signer.impl = account;
    account->session = acme_session_make(
        p, acme_http_transport(kit->http, brief->ca_pem, brief->proxy, brief->proxy_credentials, p),
        &account->signer, brief->directory);
    account->tally = tally_make(brief->directory, p);
    acme_session_tally(account->session, tally_count, account->tally);
    account->responders =
        acme_http_responder(kit->http, brief->ca_pem, brief->proxy, brief->proxy_credentials, p);
    acme_session_pace(account->session,
                      pacing_of(kit->pacing, &account->pace, &account->active, p));
    failing_init(&account->failing, kit, "account", index,
                 apr_pstrcat(p, "Account ", brief->label, NULL), brief->directory, NULL,
                 &brief->failure);
    return account;
}
