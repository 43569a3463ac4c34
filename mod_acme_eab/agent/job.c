/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/job.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "acme/authorization.h"
#include "acme/orderlist.h"
#include "agent/answer.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "policy/renew.h"
#include "policy/retry.h"

#define PEM_CHAIN "application/pem-certificate-chain"

/* How long an order may stay pending, with all challenges answered, before its authorizations are
 * read again: counted in polls. */
#define PENDING_POLLS 5

/* How many orders of an account are looked at for one that was not answered. */
#define SEARCHED_MAX 50
#define PAGES_MAX 50

/* How long a valid order may lack the URL of its certificate. */
#define POLLS_WITHOUT_URL 10

typedef enum {
    EVENT_DUE,          /* it is time */
    EVENT_PLACE,        /* there is a place among ACMEMaxParallel */
    EVENT_ORDER_NEEDED, /* the account is usable, no order is in flight */
    EVENT_ORDER_KNOWN,  /* the account is usable, an order is in flight */
    EVENT_ORDER_UNSURE, /* the same, but nobody knows whether the CA took the newOrder */
    EVENT_PENDING,      /* the order's status, as the CA last told it: */
    EVENT_READY,
    EVENT_AT_WORK,
    EVENT_ISSUED,
    EVENT_INVALID,
    EVENT_ANSWERED, /* all authorizations are valid or under validation */
    EVENT_UNSURE,   /* no answer, or a puzzling one: look at the order */
    EVENT_FETCHED,  /* the chain is here */
    EVENT_INSTALLED,
    EVENT_ACCOUNT_LOST, /* the CA does not know the account */
    EVENT_FAILED        /* written down; wait until it is time to try again */
} job_event_t;

static void enter_idle(job_t *job);
static void enter_queued(job_t *job);
static void enter_opening(job_t *job);
static void enter_reopening(job_t *job);
static void enter_searching(job_t *job);
static void enter_ordering(job_t *job);
static void enter_reading(job_t *job);
static void enter_authorizing(job_t *job);
static void enter_validating(job_t *job);
static void enter_explaining(job_t *job);
static void enter_finalizing(job_t *job);
static void enter_processing(job_t *job);
static void enter_downloading(job_t *job);
static void enter_installing(job_t *job);

/* What a state does when it is entered, and how the status says it. States that plan say it
 * themselves. */
static const struct {
    void (*enter)(job_t *job);
    const char *why;
} states[JOB_STATES] = {
    [JOB_IDLE] = { enter_idle, NULL },
    [JOB_QUEUED] = { enter_queued, "it waits for its turn (ACMEMaxParallel)" },
    [JOB_OPENING] = { enter_opening, "the CA is being contacted" },
    [JOB_REOPENING] = { enter_reopening, "the account is being registered again" },
    [JOB_SEARCHING] = { enter_searching, "an order that was not answered is looked for" },
    [JOB_ORDERING] = { enter_ordering, "the order is being placed" },
    [JOB_READING] = { enter_reading, "the order is being read" },
    [JOB_AUTHORIZING] = { enter_authorizing, "the names are being authorized" },
    [JOB_VALIDATING] = { enter_validating, NULL },
    [JOB_EXPLAINING] = { enter_explaining, "the CA refused: the reason is being read" },
    [JOB_FINALIZING] = { enter_finalizing, "the certificate request was sent" },
    [JOB_PROCESSING] = { enter_processing, NULL },
    [JOB_DOWNLOADING] = { enter_downloading, "the certificate is being fetched" },
    [JOB_INSTALLING] = { enter_installing, "the certificate is being checked and stored" },
};

/* RFC 8555, 7.1.6, from our side. An event that is not here for a state does not happen in it. */
static const struct {
    job_state_t state;
    job_event_t event;
    job_state_t next;
} transitions[] = {
    { JOB_IDLE, EVENT_DUE, JOB_QUEUED },
    { JOB_QUEUED, EVENT_PLACE, JOB_OPENING },

    { JOB_OPENING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_OPENING, EVENT_ORDER_KNOWN, JOB_READING },
    { JOB_OPENING, EVENT_ORDER_UNSURE, JOB_SEARCHING },
    { JOB_OPENING, EVENT_FAILED, JOB_IDLE },
    { JOB_REOPENING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_REOPENING, EVENT_FAILED, JOB_IDLE },

    { JOB_SEARCHING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_SEARCHING, EVENT_PENDING, JOB_AUTHORIZING },
    { JOB_SEARCHING, EVENT_READY, JOB_FINALIZING },
    { JOB_SEARCHING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_SEARCHING, EVENT_FAILED, JOB_IDLE },

    { JOB_ORDERING, EVENT_PENDING, JOB_AUTHORIZING },
    { JOB_ORDERING, EVENT_READY, JOB_FINALIZING },
    { JOB_ORDERING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_ORDERING, EVENT_ISSUED, JOB_DOWNLOADING },
    { JOB_ORDERING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_ORDERING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_ORDERING, EVENT_FAILED, JOB_IDLE },

    { JOB_READING, EVENT_PENDING, JOB_AUTHORIZING },
    { JOB_READING, EVENT_ANSWERED, JOB_VALIDATING },
    { JOB_READING, EVENT_READY, JOB_FINALIZING },
    { JOB_READING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_READING, EVENT_ISSUED, JOB_DOWNLOADING },
    { JOB_READING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_READING, EVENT_ORDER_NEEDED, JOB_OPENING },
    { JOB_READING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_READING, EVENT_FAILED, JOB_IDLE },

    { JOB_AUTHORIZING, EVENT_ANSWERED, JOB_VALIDATING },
    { JOB_AUTHORIZING, EVENT_FAILED, JOB_IDLE },
    { JOB_VALIDATING, EVENT_DUE, JOB_OPENING },
    { JOB_EXPLAINING, EVENT_FAILED, JOB_IDLE },

    { JOB_FINALIZING, EVENT_READY, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_PENDING, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_ISSUED, JOB_DOWNLOADING },
    { JOB_FINALIZING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_FINALIZING, EVENT_UNSURE, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_FINALIZING, EVENT_FAILED, JOB_IDLE },
    { JOB_PROCESSING, EVENT_DUE, JOB_OPENING },

    { JOB_DOWNLOADING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_DOWNLOADING, EVENT_FETCHED, JOB_INSTALLING },
    { JOB_DOWNLOADING, EVENT_FAILED, JOB_IDLE },
    { JOB_INSTALLING, EVENT_INSTALLED, JOB_IDLE },
    { JOB_INSTALLING, EVENT_FAILED, JOB_IDLE },
};

static void happen(job_t *job, job_event_t event)
{
    size_t i;

    for (i = 0; i < sizeof(transitions) / sizeof(transitions[0]); ++i) {
        if (transitions[i].state == job->state && transitions[i].event == event) {
            job->state = transitions[i].next;
            job->at = 0;
            job->next = "poll";
            if (states[job->state].why != NULL) {
                job->why = states[job->state].why;
            }
            agent_touch(job->agent);
            states[job->state].enter(job);
            return;
        }
    }
    log_line(LOG_LEVEL_ERROR, "%s: event %d has no meaning in state %d; please report this",
             job->brief->id, (int)event, (int)job->state);
    abort(); /* the keeper starts a new agent, which resumes from the journal */
}

/* ---- places: ACMEMaxParallel ---- */

static void take_place(job_t *job)
{
    if (!job->counted) {
        job->counted = 1;
        account_enter(job->account);
    }
}

static void leave_place(job_t *job)
{
    if (job->counted) {
        job->counted = 0;
        account_leave(job->account);
    }
}

/* ---- failures ---- */

static void remove_answers(const job_t *job)
{
    apr_pool_t *pool = NULL;
    int i;

    if (!job->answered) {
        return;
    }
    apr_pool_create(&pool, job->agent->pool);
    for (i = 0; i < job->brief->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(job->brief->names, i, const char *);

        answer_remove(job->agent->brief->run_dir, name, pool);
    }
    apr_pool_destroy(pool);
}

static void forget_order(job_t *job)
{
    remove_answers(job);
    job->answered = 0;
    job->brief->ordering = 0;
    job->brief->order_url = NULL;
    job->brief->finalized = 0;
    job->order = NULL;
    if (job->order_pool != NULL) {
        apr_pool_destroy(job->order_pool);
        job->order_pool = NULL;
    }
}

static void on_abandoned(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "Certificate %s: %s", job->brief->id, result->detail);
    }
}

/* The order cannot lead to a certificate any more. */
static void abandon(job_t *job)
{
    json_t *body = json_object();

    forget_order(job);
    json_object_set_new(body, "certificate", json_integer(job->index));
    link_request(job->agent->link, MESSAGE_ABANDON, body, on_abandoned, job);
}

static void fail(job_t *job, const eab_result_t *problem, problem_place_t place)
{
    failing_add(&job->failing, problem, place);
    happen(job, EVENT_FAILED);
}

/* The order itself is over: another one is made when it is time to try again. */
static void fail_order(job_t *job, const eab_result_t *problem, problem_place_t place)
{
    abandon(job);
    fail(job, problem, place);
}

/* A CA that answered and refused with a 4xx status has decided; after anything else (a cut
 * connection, 5xx, "come later") the order may still be alive. */
static int is_verdict(const eab_result_t *problem)
{
    return problem->http_status >= 400 && problem->http_status < 500 && problem->http_status != 408
           && problem->http_status != 429 && !eab_result_is_acme(problem, "rateLimited")
           && !eab_result_is_acme(problem, "userActionRequired")
           && !eab_result_is_acme(problem, "badNonce");
}

/* @return true when the problem was that the CA does not know the account, and it is registered
 * anew, once in each attempt */
static int renew_account(job_t *job, const eab_result_t *problem)
{
    if (!eab_result_is_acme(problem, "accountDoesNotExist") || job->second_chance) {
        return 0;
    }
    job->second_chance = 1;
    abandon(job);
    happen(job, EVENT_ACCOUNT_LOST);
    return 1;
}

/* ---- the states ---- */

static void copy_names(renew_facts_t *facts, const job_t *job)
{
    const brief_facts_t *brief = job->brief->facts;

    facts->present = 1;
    facts->covers_names = name_covers_all(brief->names, job->brief->names);
    facts->same_key_type =
        brief->key_type != NULL && strcmp(brief->key_type, job->brief->key_type) == 0;
    facts->same_account = brief->same_account;
    facts->not_before = brief->not_before;
    facts->not_after = brief->not_after;
    facts->obtained = brief->obtained;
}

/* A property of the certificate, so that its renewal time does not move with each restart. */
static double dice_of(const brief_facts_t *facts)
{
    char digits[9] = "0";

    if (facts != NULL && facts->fingerprint != NULL) {
        apr_cpystrn(digits, facts->fingerprint, sizeof(digits));
    }
    return (double)strtoul(digits, NULL, 16) / 4294967296.0;
}

/* When to go on, and why. */
static void plan(job_t *job)
{
    renew_facts_t facts = { 0, 0, 0, 0, 0, 0, 0 };
    renew_policy_t policy = { 0, 0 };
    const brief_failure_t *failure = &job->failing.failure;
    const brief_failure_t *account = &job->account->failing.failure;
    renew_decision_t decision;

    policy.percent = job->brief->renew_percent;
    policy.before = job->brief->renew_before;
    if (job->brief->facts != NULL) {
        copy_names(&facts, job);
    }
    decision = renew_decide(apr_time_now(), dice_of(job->brief->facts), &facts, &policy);
    job->at = decision.when;
    job->why = job->reason = decision.why;
    job->next = facts.present ? "renew" : "order";
    if (job->brief->ordering) { /* resumed at once, whatever the certificate's dates are */
        job->at = apr_time_now();
        job->why = "an order is under way";
        job->next = "poll";
    }
    if (failure->attempts > 0 && failure->next > job->at) {
        job->at = failure->next;
        job->why = "the last attempt failed";
        job->next = "retry";
    }
    if (account->attempts > 0 && account->next > job->at) {
        job->at = account->next;
        job->why = "the account is not usable";
        job->next = "retry";
    }
    if (job->account->brief->broken != NULL) {
        job->at = 0;
        job->why = "the account cannot be used; see its problem";
        job->next = "retry";
    }
}

static void enter_idle(job_t *job)
{
    leave_place(job);
    job->second_chance = 0;
    job->polls = 0;
    plan(job);
}

static void enter_queued(job_t *job)
{
    job_poke(job, apr_time_now());
}

static void on_account(void *baton, const eab_result_t *result)
{
    job_t *job = baton;

    if (result->rv != APR_SUCCESS) {
        happen(job, EVENT_FAILED); /* the account remembers; the job only waits */
        return;
    }
    if (!job->brief->ordering) {
        happen(job, EVENT_ORDER_NEEDED);
        return;
    }
    happen(job, job->brief->order_url != NULL ? EVENT_ORDER_KNOWN : EVENT_ORDER_UNSURE);
}

static void enter_opening(job_t *job)
{
    account_need(job->account, on_account, job);
}

static void enter_reopening(job_t *job)
{
    account_renew(job->account, on_account, job);
}

static void post(job_t *job, const char *url, sentence_request_t *request, sentence_t sentence,
                 int index, const char *accept, acme_answer_fn *done)
{
    request->sentence = sentence;
    request->index = index;
    ++job->requests;
    acme_session_post(job->account->session, url, request, accept, done, job);
}

static void read_resource(job_t *job, const char *url, const char *accept, acme_answer_fn *done)
{
    post(job, url, &job->read_request, SENTENCE_READ, job->account->index, accept, done);
}

static void follow_order(job_t *job)
{
    acme_order_t *order = job->order;

    switch (order->next) {
    case ACME_ORDER_AUTHORIZE:
        if (job->state == JOB_READING && job->answered && job->polls % PENDING_POLLS != 0) {
            happen(job, EVENT_ANSWERED); /* under validation: no need to read them again */
            return;
        }
        happen(job, EVENT_PENDING);
        return;
    case ACME_ORDER_FINALIZE:
        happen(job, EVENT_READY);
        return;
    case ACME_ORDER_WAIT:
        happen(job, EVENT_AT_WORK);
        return;
    case ACME_ORDER_DOWNLOAD:
        happen(job, EVENT_ISSUED);
        return;
    case ACME_ORDER_FAILED:
        happen(job, EVENT_INVALID);
        return;
    }
}

/* Keep the order as it is now; its predecessor is freed. @return 0 after a failure was told */
static int keep_order(job_t *job, const acme_answer_t *answer)
{
    apr_pool_t *pool = NULL;
    eab_result_t *problem;
    acme_order_t *order;

    apr_pool_create(&pool, job->agent->pool);
    problem = eab_result_make(pool);
    order = acme_order_parse(pool, answer, problem);
    if (order == NULL
        || acme_order_check_names(order, job->brief->order_names, problem) != APR_SUCCESS) {
        if (order != NULL) {
            abandon(job);
        }
        fail(job, problem, PROBLEM_AT_ORDER);
        apr_pool_destroy(pool);
        return 0;
    }
    if (job->order_pool != NULL) {
        apr_pool_destroy(job->order_pool);
    }
    job->order_pool = pool;
    job->order = order;
    return 1;
}

static void on_ordered(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    follow_order(job);
}

/* The order is in job->order: put its URL on disk, then go on with it. */
static void store_order_url(job_t *job, const char *url)
{
    json_t *body = json_object();

    job->brief->order_url = apr_pstrdup(job->facts_pool, url);
    json_object_set_new(body, "certificate", json_integer(job->index));
    json_put_string(body, "url", url);
    link_request(job->agent->link, MESSAGE_ORDERED, body, on_ordered, job);
}

static void on_new_order(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    eab_result_t *problem = eab_result_make(answer->pool);

    --job->requests;
    if (result->rv != APR_SUCCESS) {
        if (renew_account(job, result)) {
            return;
        }
        if (is_verdict(result)) {
            abandon(job);
        }
        fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    if (!keep_order(job, answer)) {
        return;
    }
    if (job->order->url == NULL) {
        eab_result_set(problem, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                       "The CA accepted the order and named no URL for it.");
        fail_order(job, problem, PROBLEM_AT_ORDER);
        return;
    }
    store_order_url(job, job->order->url);
}

static void enter_ordering(job_t *job)
{
    const acme_directory_t *directory = acme_session_directory(job->account->session);

    if (!job->brief->ordering) {
        job->brief->order_since = apr_time_now();
        log_line(LOG_LEVEL_INFO, "Ordering a certificate for %s: %s", job->brief->id, job->reason);
    }
    job->brief->ordering = 1;
    job->brief->order_names = job->brief->names;
    post(job, directory->new_order, &job->order_request, SENTENCE_NEW_ORDER, job->index, NULL,
         on_new_order);
}

/* ---- a newOrder that was never answered ---- */

static void end_search(job_t *job)
{
    job->found = NULL;
    if (job->search_pool != NULL) {
        apr_pool_destroy(job->search_pool);
        job->search_pool = NULL;
    }
}

/* The list is a help that not every CA gives: a refusal means that there is nothing to find. */
static int search_goes_on(job_t *job, const eab_result_t *result)
{
    --job->requests;
    if (result->rv == APR_SUCCESS) {
        return 1;
    }
    if (renew_account(job, result)) {
        end_search(job);
    }
    else if (is_verdict(result)) {
        end_search(job);
        happen(job, EVENT_ORDER_NEEDED);
    }
    else {
        end_search(job);
        fail(job, result, PROBLEM_AT_ORDER);
    }
    return 0;
}

static void try_found(job_t *job);

/* Ours is one for the same names that nobody has finalized. */
static int is_ours(const job_t *job, const acme_order_t *order, apr_pool_t *ptemp)
{
    return order != NULL
           && (order->next == ACME_ORDER_AUTHORIZE || order->next == ACME_ORDER_FINALIZE)
           && acme_order_check_names(order, job->brief->names, eab_result_make(ptemp))
                  == APR_SUCCESS;
}

static void on_found(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    const char *url;

    if (!search_goes_on(job, result)) {
        return;
    }
    url = *(const char **)apr_array_pop(job->found);
    if (is_ours(job, acme_order_parse(answer->pool, answer, eab_result_make(answer->pool)),
                answer->pool)
        && keep_order(job, answer)) {
        store_order_url(job, url);
        end_search(job);
        return;
    }
    try_found(job);
}

/* From the newest, which CAs list last. */
static void try_found(job_t *job)
{
    if (job->found->nelts == 0) {
        end_search(job);
        happen(job, EVENT_ORDER_NEEDED);
        return;
    }
    read_resource(job, APR_ARRAY_IDX(job->found, job->found->nelts - 1, const char *), NULL,
                  on_found);
}

static void on_order_list(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    const char *next;

    if (!search_goes_on(job, result)) {
        return;
    }
    next = acme_orderlist_read(job->found, SEARCHED_MAX, answer);
    if (next != NULL && ++job->pages < PAGES_MAX) {
        read_resource(job, next, NULL, on_order_list);
        return;
    }
    try_found(job);
}

static void on_account_object(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    const char *list;

    if (!search_goes_on(job, result)) {
        return;
    }
    if ((list = acme_orderlist_url(answer->pool, answer)) == NULL) {
        end_search(job);
        happen(job, EVENT_ORDER_NEEDED);
        return;
    }
    read_resource(job, list, NULL, on_order_list);
}

static void enter_searching(job_t *job)
{
    apr_pool_create(&job->search_pool, job->agent->pool);
    job->found = apr_array_make(job->search_pool, 8, sizeof(const char *));
    job->pages = 0;
    job->brief->order_names = job->brief->names;
    read_resource(job, job->account->brief->url, NULL, on_account_object);
}

/* ---- an order in flight ---- */

/* The CA does not know the order, or it is not ours any more: 404, or 401 and 403 as some say it. */
static int is_lost(const eab_result_t *problem)
{
    return problem->http_status == 401 || problem->http_status == 403 || problem->http_status == 404
           || problem->http_status == 410;
}

static void on_order(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;

    --job->requests;
    if (result->rv != APR_SUCCESS) {
        if (renew_account(job, result)) {
            return;
        }
        if (is_lost(result) && !job->second_chance) {
            job->second_chance = 1; /* once in an attempt: order anew at once */
            abandon(job);
            job->reason = "the CA does not know the order of before any more";
            happen(job, EVENT_ORDER_NEEDED);
            return;
        }
        if (is_verdict(result)) {
            abandon(job);
        }
        fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    if (keep_order(job, answer)) {
        follow_order(job);
    }
}

static void enter_reading(job_t *job)
{
    read_resource(job, job->brief->order_url, NULL, on_order);
}

/* ---- authorizations ---- */

static void on_challenge(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;

    --job->requests;
    (void)answer;
    if (job->state != JOB_AUTHORIZING) {
        return; /* another authorization of this order has failed meanwhile */
    }
    if (result->rv != APR_SUCCESS) {
        if (is_verdict(result)) {
            abandon(job);
        }
        fail(job, result, PROBLEM_AT_CHALLENGE);
        return;
    }
    if (--job->authorizations == 0) {
        happen(job, EVENT_ANSWERED);
    }
}

/* Put the answer in place, then tell the CA (RFC 8555, 7.5.1). */
static apr_status_t answer_challenge(job_t *job, const acme_authorization_t *authorization,
                                     eab_result_t *problem, apr_pool_t *ptemp)
{
    const char *run_dir = job->agent->brief->run_dir;
    const acme_challenge_t *challenge;
    apr_status_t rv;

    challenge = acme_authorization_choose(authorization, job->brief->challenges, problem);
    if (challenge == NULL) {
        problem->identifier = apr_pstrdup(problem->pool, authorization->name);
        return problem->rv;
    }
    rv = answer_put(run_dir, authorization->name, challenge->token, job->account->brief->thumbprint,
                    ptemp);
    if (rv != APR_SUCCESS) {
        char reason[120];

        return eab_result_set(problem, rv, EAB_PROBLEM_ANSWER_FILE,
                              "The answer for %s cannot be written below %s/challenges: %s.",
                              authorization->name, run_dir,
                              apr_strerror(rv, reason, sizeof(reason)));
    }
    job->answered = 1;
    if (strcmp(challenge->status, "pending") != 0) { /* the CA was told before */
        --job->authorizations;
        return APR_SUCCESS;
    }
    post(job, challenge->url, &job->challenge_request, SENTENCE_CHALLENGE, job->account->index,
         NULL, on_challenge);
    return APR_SUCCESS;
}

static void on_authorization(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    eab_result_t *problem = eab_result_make(answer->pool);
    acme_authorization_t *authorization = NULL;

    --job->requests;
    if (job->state != JOB_AUTHORIZING) {
        return;
    }
    if (result->rv != APR_SUCCESS) {
        if (is_verdict(result)) {
            abandon(job);
        }
        fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    authorization = acme_authorization_parse(answer->pool, answer, problem);
    if (authorization == NULL) {
        fail(job, problem, PROBLEM_AT_ORDER);
        return;
    }
    switch (authorization->state) {
    case ACME_AUTHORIZATION_VALID:
        --job->authorizations;
        break;
    case ACME_AUTHORIZATION_PENDING:
        if (answer_challenge(job, authorization, problem, answer->pool) != APR_SUCCESS) {
            fail_order(job, problem, PROBLEM_AT_CHALLENGE);
            return;
        }
        break;
    case ACME_AUTHORIZATION_LOST:
        fail_order(job, authorization->problem, PROBLEM_AT_CHALLENGE);
        return;
    }
    if (job->authorizations == 0) {
        happen(job, EVENT_ANSWERED);
    }
}

static void enter_authorizing(job_t *job)
{
    int i, count = job->order->authorizations->nelts;

    job->authorizations = count;
    if (count == 0) {
        happen(job, EVENT_ANSWERED);
        return;
    }
    for (i = 0; i < count && job->state == JOB_AUTHORIZING; ++i) {
        read_resource(job, APR_ARRAY_IDX(job->order->authorizations, i, const char *), NULL,
                      on_authorization);
    }
}

/* ---- an invalid order: why? ---- */

/* A failure that the order itself tells, which abandon() frees. */
static void fail_with_order(job_t *job, problem_place_t place)
{
    const acme_order_t *order = job->order;

    if (order->problem->rv == APR_SUCCESS) {
        eab_result_set(order->problem, APR_EGENERAL, EAB_PROBLEM_ORDER_INVALID,
                       "The CA declared the order %s and gave no reason.", order->status);
    }
    failing_add(&job->failing, order->problem, place);
    abandon(job);
    happen(job, EVENT_FAILED);
}

static void fail_with_authorization(job_t *job, const acme_authorization_t *authorization)
{
    eab_result_t *told = job->order->problem;

    if (told->rv != APR_SUCCESS
        && strcmp(authorization->problem->type, EAB_PROBLEM_VALIDATION) == 0) {
        told->identifier = apr_pstrdup(told->pool, authorization->name);
        fail_with_order(job, PROBLEM_AT_CHALLENGE);
        return;
    }
    fail_order(job, authorization->problem, PROBLEM_AT_CHALLENGE);
}

static void on_failed_authorization(void *baton, const acme_answer_t *answer,
                                    const eab_result_t *result)
{
    job_t *job = baton;
    acme_authorization_t *authorization = NULL;

    --job->requests;
    if (job->state != JOB_EXPLAINING) {
        return;
    }
    if (result->rv == APR_SUCCESS) {
        authorization =
            acme_authorization_parse(answer->pool, answer, eab_result_make(answer->pool));
    }
    if (authorization != NULL && authorization->state == ACME_AUTHORIZATION_LOST) {
        fail_with_authorization(job, authorization);
    }
    else if (--job->authorizations == 0) {
        fail_with_order(job, PROBLEM_AT_ORDER);
    }
}

/* Before finalize an order fails because one of its names does. Its authorization knows which, and
 * that it was a validation; some CAs copy the error into the order, which says neither. */
static void enter_explaining(job_t *job)
{
    int i, count = job->order->authorizations->nelts;

    if (job->brief->finalized || count == 0) {
        fail_with_order(job, PROBLEM_AT_ORDER);
        return;
    }
    job->authorizations = count;
    for (i = 0; i < count && job->state == JOB_EXPLAINING; ++i) {
        read_resource(job, APR_ARRAY_IDX(job->order->authorizations, i, const char *), NULL,
                      on_failed_authorization);
    }
}

static void poll_later(job_t *job, const char *why)
{
    apr_int64_t retry_after = (job->order != NULL) ? job->order->retry_after : -1;

    job->at = apr_time_now() + retry_poll(job->polls++, retry_after);
    job->next = "poll";
    job->why = why;
}

static void enter_validating(job_t *job)
{
    poll_later(job, "the CA validates the names");
}

/* ---- finalize and after ---- */

/* Nobody knows whether the CA took it: the order is read, never finalized blindly again. */
static int is_unsure(const eab_result_t *result)
{
    return eab_result_is_acme(result, "orderNotReady")
           || (result->type != NULL
               && (strcmp(result->type, EAB_PROBLEM_CA_UNREACHABLE) == 0
                   || strcmp(result->type, EAB_PROBLEM_CA_ANSWER) == 0));
}

static void on_finalized(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;

    --job->requests;
    job->brief->finalized = 1;
    if (result->rv == APR_SUCCESS) {
        if (keep_order(job, answer)) {
            follow_order(job);
        }
        return;
    }
    if (is_unsure(result)) {
        happen(job, EVENT_UNSURE);
        return;
    }
    if (renew_account(job, result)) {
        return;
    }
    if (is_verdict(result)
        || (result->type != NULL && strcmp(result->type, EAB_PROBLEM_ORDER_CHANGED) == 0)) {
        abandon(job);
    }
    fail(job, result, PROBLEM_AT_ORDER);
}

static void enter_finalizing(job_t *job)
{
    job->polls = 0;
    if (job->order->finalize == NULL) {
        eab_result_set(job->order->problem, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                       "The order is ready and the CA named no URL to finalize it.");
        fail_with_order(job, PROBLEM_AT_ORDER);
        return;
    }
    post(job, job->order->finalize, &job->finalize_request, SENTENCE_FINALIZE, job->index, NULL,
         on_finalized);
}

static void enter_processing(job_t *job)
{
    leave_place(job); /* the CA is at work, not we: others may go on */
    poll_later(job, "the CA is issuing the certificate");
}

static void on_chain(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    eab_result_t *problem;
    json_t *pem;

    --job->requests;
    if (result->rv != APR_SUCCESS) {
        fail(job, result, PROBLEM_AT_ORDER); /* the certificate exists: it is fetched later */
        return;
    }
    pem = (answer->len <= LIMIT_CHAIN) ? json_stringn(answer->body, answer->len) : NULL;
    if (pem == NULL) {
        problem = eab_result_make(answer->pool);
        eab_result_set(problem, APR_EINVAL, EAB_PROBLEM_CHAIN,
                       "What the CA sent as the certificate is no PEM text, or too long.");
        fail_order(job, problem, PROBLEM_AT_ORDER);
        return;
    }
    job->chain = json_object();
    json_object_set_new(job->chain, "certificate", json_integer(job->index));
    json_object_set_new(job->chain, "pem", pem);
    happen(job, EVENT_FETCHED);
}

static void enter_downloading(job_t *job)
{
    if (job->order->certificate == NULL && job->polls < POLLS_WITHOUT_URL) {
        happen(job, EVENT_AT_WORK); /* valid, but not there yet: a slow CA */
        return;
    }
    if (job->order->certificate == NULL) {
        eab_result_set(job->order->problem, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                       "The order is valid and the CA named no URL of the certificate.");
        fail_with_order(job, PROBLEM_AT_ORDER);
        return;
    }
    read_resource(job, job->order->certificate, PEM_CHAIN, on_chain);
}

static void keep_facts(job_t *job, const json_t *body)
{
    apr_pool_t *old = job->facts_pool;

    apr_pool_create(&job->facts_pool, job->agent->pool);
    job->brief->facts = brief_facts_from_json(job->facts_pool, json_object_get(body, "facts"));
    if (old != NULL) {
        apr_pool_destroy(old);
    }
}

static void on_installed(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    if (result->rv != APR_SUCCESS) {
        if (result->type != NULL && strcmp(result->type, EAB_PROBLEM_CHAIN) == 0) {
            abandon(job);
        }
        fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    forget_order(job);
    keep_facts(job, body);
    failing_end(&job->failing);
    happen(job, EVENT_INSTALLED);
}

static void enter_installing(job_t *job)
{
    json_t *body = job->chain;

    job->chain = NULL;
    link_request(job->agent->link, MESSAGE_INSTALL, body, on_installed, job);
}

/* ---- from outside ---- */

job_t *job_make(agent_t *agent, int index, brief_certificate_t *brief)
{
    job_t *job = apr_pcalloc(agent->pool, sizeof(*job));

    job->agent = agent;
    job->index = index;
    job->brief = brief;
    job->account = APR_ARRAY_IDX(agent->accounts, brief->account, agent_account_t *);
    apr_pool_create(&job->facts_pool, agent->pool);
    failing_init(&job->failing, agent, "certificate", index,
                 apr_pstrcat(agent->pool, "Certificate ", brief->id, NULL),
                 job->account->brief->directory, &brief->failure);
    job->state = JOB_IDLE;
    plan(job);
    return job;
}

void job_poke(job_t *job, apr_time_t now)
{
    if (job->requests > 0 && (job->state == JOB_IDLE || job->state == JOB_QUEUED)) {
        return; /* a stray answer of a failed order must not meet the next one */
    }
    if (job->state == JOB_QUEUED) {
        if (job->account->active < job->agent->brief->max_parallel) {
            take_place(job);
            happen(job, EVENT_PLACE);
        }
    }
    else if (job->at != 0 && job->at <= now) {
        happen(job, EVENT_DUE);
    }
}

apr_time_t job_due(const job_t *job)
{
    return job->at;
}

static int is_loaded(const brief_certificate_t *brief)
{
    return !brief->served
           || (brief->loaded != NULL && brief->facts->generation != NULL
               && strcmp(brief->loaded, brief->facts->generation) == 0);
}

const char *job_status(const job_t *job)
{
    const brief_certificate_t *brief = job->brief;
    int failing = job->failing.failure.attempts > 0 || job->account->failing.failure.attempts > 0
                  || job->account->brief->broken != NULL;

    if (job->state != JOB_IDLE && job->state != JOB_QUEUED) {
        return brief->facts != NULL ? "renewing" : "ordering";
    }
    if (brief->facts != NULL && !is_loaded(brief)) {
        return "waiting-for-reload";
    }
    if (failing) {
        return "failing";
    }
    return brief->facts != NULL ? "valid" : "missing";
}
