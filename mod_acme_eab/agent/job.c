/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/job.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "agent/answer.h"
#include "agent/authorize.h"
#include "agent/doubt.h"
#include "agent/issue.h"
#include "agent/order.h"
#include "agent/persist.h"
#include "agent/refused.h"
#include "agent/renewal.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "policy/renew.h"
#include "policy/retry.h"

/* How often it is looked at again whether an account can be used: by the keeper, we only show it. */
#define BROKEN_INTERVAL apr_time_from_sec(60)

/* Renewal information is asked for at least so often. */
#define ASK_LONGEST apr_time_from_sec(24 * 3600)

static void enter_idle(job_t *job);
static void enter_queued(job_t *job);
static void enter_opening(job_t *job);
static void enter_reopening(job_t *job);

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
    [JOB_CONSULTING] = { doubt_ask, "the CA is asked about the account" },
    [JOB_SEARCHING] = { order_search, "an order that was not answered is looked for" },
    [JOB_ORDERING] = { order_place, "the order is being placed" },
    [JOB_DOUBTING] = { order_doubt, NULL },
    [JOB_READING] = { order_read, "the order is being read" },
    [JOB_AUTHORIZING] = { authorize_names, "the names are being authorized" },
    [JOB_VALIDATING] = { authorize_wait, NULL },
    [JOB_EXPLAINING] = { authorize_explain, "the CA refused: the reason is being read" },
    [JOB_FINALIZING] = { issue_finalize, "the certificate request was sent" },
    [JOB_PROCESSING] = { issue_wait, NULL },
    [JOB_DOWNLOADING] = { issue_download, "the certificate is being fetched" },
    [JOB_INSTALLING] = { issue_install, "the certificate is being checked and stored" },
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

    { JOB_CONSULTING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_CONSULTING, EVENT_FAILED, JOB_IDLE },

    { JOB_SEARCHING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_SEARCHING, EVENT_PENDING, JOB_AUTHORIZING },
    { JOB_SEARCHING, EVENT_READY, JOB_FINALIZING },
    { JOB_SEARCHING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_SEARCHING, EVENT_FAILED, JOB_IDLE },

    { JOB_ORDERING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_ORDERING, EVENT_UNSURE, JOB_DOUBTING },
    { JOB_DOUBTING, EVENT_DUE, JOB_OPENING },
    { JOB_ORDERING, EVENT_PENDING, JOB_AUTHORIZING },
    { JOB_ORDERING, EVENT_READY, JOB_FINALIZING },
    { JOB_ORDERING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_ORDERING, EVENT_ISSUED, JOB_DOWNLOADING },
    { JOB_ORDERING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_ORDERING, EVENT_ACCOUNT_DOUBTED, JOB_CONSULTING },
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
    { JOB_AUTHORIZING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_AUTHORIZING, EVENT_FAILED, JOB_IDLE },
    { JOB_VALIDATING, EVENT_DUE, JOB_OPENING },
    { JOB_EXPLAINING, EVENT_DUE, JOB_EXPLAINING },
    { JOB_EXPLAINING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_EXPLAINING, EVENT_FAILED, JOB_IDLE },

    { JOB_FINALIZING, EVENT_READY, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_PENDING, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_ISSUED, JOB_DOWNLOADING },
    { JOB_FINALIZING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_FINALIZING, EVENT_UNSURE, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_FINALIZING, EVENT_ACCOUNT_DOUBTED, JOB_CONSULTING },
    { JOB_FINALIZING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_FINALIZING, EVENT_FAILED, JOB_IDLE },
    { JOB_PROCESSING, EVENT_DUE, JOB_OPENING },

    { JOB_DOWNLOADING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_DOWNLOADING, EVENT_FETCHED, JOB_INSTALLING },
    { JOB_DOWNLOADING, EVENT_FAILED, JOB_IDLE },
    { JOB_INSTALLING, EVENT_INSTALLED, JOB_IDLE },
    { JOB_INSTALLING, EVENT_FAILED, JOB_IDLE },
};

void job_happen(job_t *job, job_event_t event)
{
    size_t i;

    for (i = 0; i < sizeof(transitions) / sizeof(transitions[0]); ++i) {
        if (transitions[i].state == job->state && transitions[i].event == event) {
            job->state = transitions[i].next;
            job->at = job->poll_at = 0;
            if (job->state != JOB_QUEUED) { /* there, what was planned is still to come */
                job->next = "poll";
            }
            if (states[job->state].why != NULL) {
                job->why = states[job->state].why;
            }
            kit_touch(job->kit);
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

void job_leave_place(job_t *job)
{
    if (job->counted) {
        job->counted = 0;
        account_leave(job->account);
    }
}

/* ---- failures ---- */

void job_remove_answers(job_t *job)
{
    apr_pool_t *pool = NULL;
    int i;

    if (!job->answered) {
        return;
    }
    apr_pool_create(&pool, job->kit->pool);
    for (i = 0; i < job->brief->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(job->brief->names, i, const char *);

        answer_remove(job->kit->brief->run_dir, name, pool);
    }
    apr_pool_destroy(pool);
    reading_forget(job->kit->reading, job);
    job->answered = 0;
    job->unread = 0;
    job->read = 0;
}

void job_forget_order(job_t *job)
{
    job_remove_answers(job);
    job->brief->ordering = 0;
    job->brief->order_url = NULL;
    job->brief->finalized = 0;
    job->brief->order_finalize = NULL;
    job->unstored = 0;
    job->doubtful = 0;
    job->order = NULL;
    job->memory = NULL;
    if (job->memory_pool != NULL) {
        apr_pool_destroy(job->memory_pool);
        job->memory_pool = NULL;
    }
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
void job_abandon(job_t *job)
{
    json_t *body = json_object();

    job_forget_order(job);
    json_object_set_new(body, "certificate", json_integer(job->index));
    link_request(job->kit->link, MESSAGE_ABANDON, body, on_abandoned, job);
}

void job_fail(job_t *job, const eab_result_t *problem, problem_place_t place)
{
    pace_fail(&job->account->pace, problem, job->account->active);
    failing_add(&job->failing, problem, place);
    job_happen(job, EVENT_FAILED);
}

/* The order itself is over: another one is made when it is time to try again. */
void job_fail_order(job_t *job, const eab_result_t *problem, problem_place_t place)
{
    job_abandon(job);
    job_fail(job, problem, place);
}

/* A CA that answered and refused with a 4xx status has decided; after anything else (a cut
 * connection, 5xx, "come later") the order may still be alive. */
int job_is_verdict(const eab_result_t *problem)
{
    return !problem->foreign && problem->http_status >= 400 && problem->http_status < 500
           && problem->http_status != 408 && problem->http_status != 429
           && !eab_result_is_acme(problem, "rateLimited")
           && !eab_result_is_acme(problem, "userActionRequired")
           && !eab_result_is_acme(problem, "badNonce");
}

/* How often an order that may come to something is asked for, when the CA refuses to show it, before
 * it is given up; and one that something without a type refuses, a web server perhaps. */
#define PATIENCE 3
#define PATIENCE_UNTYPED 20

int job_is_final(const job_t *job, const eab_result_t *problem)
{
    int patience = problem->type != NULL ? PATIENCE : PATIENCE_UNTYPED;

    return job_is_verdict(problem) && job->failing.failure.attempts + 1 >= patience;
}

void job_fail_keeping(job_t *job, const eab_result_t *problem, problem_place_t place)
{
    if (job_is_final(job, problem)) {
        job_abandon(job);
    }
    else {
        job_remove_answers(job);
    }
    job_fail(job, problem, place);
}

/* @return true when the problem was that the CA does not know the account, and it is registered
 * anew, once in each attempt */
int job_renew_account(job_t *job, const eab_result_t *problem)
{
    if (!eab_result_is_acme(problem, "accountDoesNotExist") || job->second_chance) {
        return 0;
    }
    job->second_chance = 1;
    job_abandon(job);
    job_happen(job, EVENT_ACCOUNT_LOST);
    return 1;
}

/* A failure that the order itself tells, which job_abandon() frees. */
void job_fail_with_order(job_t *job, problem_place_t place)
{
    const acme_order_t *order = job->order;

    if (order->problem->rv == APR_SUCCESS) {
        eab_result_set(order->problem, APR_EGENERAL, EAB_PROBLEM_ORDER_INVALID,
                       "The CA declared the order %s and gave no reason.", order->status);
    }
    failing_add(&job->failing, order->problem, place);
    job_abandon(job);
    job_happen(job, EVENT_FAILED);
}

/* ---- requests ---- */

static void job_ask(job_t *job, const char *url, sentence_request_t *request, const char *accept,
                    acme_reads_fn *is_answer, int acts, acme_answer_fn *done)
{
    acme_question_t question = { url, request, accept, is_answer, acts };

    ++job->requests;
    acme_session_ask(job->account->session, &question, done, job);
}

void job_post(job_t *job, const char *url, sentence_request_t *request, sentence_t sentence,
              int index, acme_reads_fn *is_answer, acme_answer_fn *done)
{
    request->sentence = sentence;
    request->index = index;
    job_ask(job, url, request, NULL, is_answer, 1, done);
}

void job_read(job_t *job, const char *url, const char *accept, acme_reads_fn *is_answer,
              acme_answer_fn *done)
{
    job->read_request.sentence = SENTENCE_READ;
    job->read_request.index = job->account->index;
    job_ask(job, url, &job->read_request, accept, is_answer, 0, done);
}

/* What the journal knows of an order that an agent of before has placed. */
static void begin_memory(job_t *job)
{
    const brief_certificate_t *brief = job->brief;
    json_t *json;

    apr_pool_create(&job->memory_pool, job->kit->pool);
    job->memory = acme_memory_make(job->memory_pool);
    if (brief->order_url == NULL) {
        return;
    }
    json = json_object();
    json_put_string(json, "finalize", brief->order_finalize);
    acme_memory_note(job->memory, brief->order_url, json);
    json_decref(json);
}

const acme_answer_t *job_recall(job_t *job, const char *url, const acme_answer_t *answer)
{
    if (job->memory == NULL) {
        begin_memory(job);
    }
    return acme_memory_fill(job->memory, url, answer);
}

void job_poll_in(job_t *job, apr_interval_time_t wait, const char *why)
{
    job->at = apr_time_now() + wait;
    job->poll_at = clock_steady() + wait;
    job->next = "poll";
    job->why = why;
}

void job_poll_later(job_t *job, const char *why)
{
    apr_int64_t retry_after = (job->order != NULL) ? job->order->retry_after : -1;

    job_poll_in(job, retry_poll(job->polls++, retry_after), why);
}

/* ---- the states ---- */

/* Names that the CA refused are waited for, not ordered at once. */
static int covers_what_it_can(const job_t *job)
{
    const brief_failure_t *failure = &job->failing.failure;
    const apr_array_header_t *names = job->brief->names;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!name_matches_any(job->brief->facts->names, name)
            && (failure->attempts == 0 || failure->subset != SUBSET_SETTLED
                || !refused_is_named(failure->problem, name))) {
            return 0;
        }
    }
    return 1;
}

static void copy_facts(renew_facts_t *facts, const job_t *job)
{
    const brief_facts_t *brief = job->brief->facts;
    const brief_window_t *window = renewal_window(job);

    facts->present = 1;
    facts->same_key_type =
        brief->key_type != NULL && strcmp(brief->key_type, job->brief->key_type) == 0;
    facts->same_account = brief->same_account;
    facts->not_before = brief->not_before;
    facts->not_after = brief->not_after;
    facts->obtained = brief->obtained;
    if (window != NULL) {
        facts->window_start = window->start;
        facts->suggested = window->drawn;
        facts->repeated = window->repeated;
    }
}

/* What policy/renew.h wants to know, seen with or without the names that the certificate lacks. */
static void collect(renew_facts_t *facts, renew_policy_t *policy, const job_t *job, int with_names)
{
    memset(facts, 0, sizeof(*facts));
    facts->ahead = account_clock_error(job->account);
    policy->percent = job->brief->renew_percent;
    policy->before = job->brief->renew_before;
    if (job->brief->facts != NULL) {
        copy_facts(facts, job);
        facts->covers_names = !with_names || covers_what_it_can(job);
    }
}

/* When its certificate is to be replaced. */
static renew_decision_t decide(const job_t *job, int with_names)
{
    renew_facts_t facts;
    renew_policy_t policy;

    collect(&facts, &policy, job, with_names);
    return renew_decide(apr_time_now(), renew_dice(job->account->brief->thumbprint), &facts,
                        &policy);
}

int job_is_due(const job_t *job)
{
    return decide(job, 0).when <= apr_time_now();
}

/* The last attempt failed, or ended without names that the CA refuses. */
static void plan_retry(job_t *job)
{
    const brief_failure_t *failure = &job->failing.failure;
    subset_facts_t facts;
    apr_pool_t *pool = NULL;
    apr_time_t at;

    if (failure->subset == SUBSET_NONE) {
        if (failure->next > job->at) {
            job->at = failure->next;
            job->why = "the last attempt failed";
            job->next = "retry";
        }
        return;
    }
    if (job->brief->ordering) {
        return;
    }
    apr_pool_create(&pool, job->kit->pool);
    refused_facts(&facts, job, NULL, pool);
    at = subset_next((subset_outcome_t)failure->subset, &facts, job->at, failure->next,
                     refused_is_costly(failure->problem));
    apr_pool_destroy(pool);
    if (at != job->at) {
        job->at = at;
        job->why = job->reason = "the names that the CA refused are tried again";
        job->next = "retry";
    }
}

/* When to go on, and why. */
static void plan(job_t *job)
{
    const brief_failure_t *account = &job->account->failing.failure;
    renew_decision_t decision = decide(job, 1);

    job->at = decision.when;
    job->why = job->reason = decision.why;
    job->next = job->brief->facts != NULL ? "renew" : "order";
    if (job->brief->ordering) { /* resumed at once, whatever the certificate's dates are */
        job->at = apr_time_now();
        job->why = "an order is under way";
        job->next = "poll";
    }
    if (job->failing.failure.attempts > 0) {
        plan_retry(job);
    }
    if (account->attempts > 0 && account->next > job->at) {
        job->at = account->next;
        job->why = "the account is not usable";
        job->next = "retry";
    }
    if (job->account->brief->broken != NULL) {
        job->at = apr_time_now() + BROKEN_INTERVAL;
        job->why = "the account cannot be used; see its problem";
        job->next = "retry";
    }
}

void job_replan(job_t *job)
{
    if (job->state == JOB_IDLE) {
        plan(job);
    }
    kit_touch(job->kit);
}

void job_follow_clock(job_t *job)
{
    apr_time_t now = apr_time_now();

    failing_follow_clock(&job->failing);
    if (job->poll_at != 0) {
        job->at = now + (job->poll_at - clock_steady());
    }
    if (job->ask_at > now + ASK_LONGEST) {
        job->ask_at = now;
    }
    job_replan(job);
}

static void enter_idle(job_t *job)
{
    job_leave_place(job);
    job->without_replaces = 0;
    job->without_profile = 0;
    job->second_chance = 0;
    job->doubted = 0;
    job->told = 0;
    job->unsure = 0;
    job->doubts = 0;
    job->polls = 0;
    job->lost = NULL;
    if (!job->brief->ordering) {
        refused_forget(job);
    }
    plan(job);
}

static void enter_queued(job_t *job)
{
    job_poke(job, apr_time_now());
}

static int is_had_at_the_ca(const char *type)
{
    return type != NULL
           && (strcmp(type, EAB_PROBLEM_NO_CHALLENGE) == 0
               || strcmp(type, EAB_PROBLEM_LAPSED) == 0);
}

/* Of one name, or of one among several. */
static int waits_for_the_ca(const eab_result_t *problem)
{
    int waits = is_had_at_the_ca(problem->type);
    json_t *member;
    size_t i;

    json_array_foreach(problem->subproblems, i, member)
    {
        waits |= is_had_at_the_ca(json_peek_string(member, "type"));
    }
    return waits;
}

/* The order waits for a validation that is had at the CA alone, and a new one may find it there. One
 * that was placed since the last failure is that new one. */
static int is_better_anew(const job_t *job)
{
    const eab_result_t *problem = job->failing.failure.problem;

    return job->failing.failure.attempts > 0 && !job->brief->finalized
           && job->brief->order_since <= job->failing.failure.tried && waits_for_the_ca(problem)
           && retry_anew(job->failing.failure.attempts, apr_time_now() - job->brief->order_since);
}

static void on_account(void *baton, const eab_result_t *result)
{
    job_t *job = baton;

    if (result->rv != APR_SUCCESS) {
        job_happen(job, EVENT_FAILED); /* the account remembers; the job only waits */
        return;
    }
    if (job->brief->ordering && is_better_anew(job)) {
        job_abandon(job);
        job->reason = "its names may have been validated since the order of before";
    }
    if (!job->brief->ordering) {
        job_happen(job, EVENT_ORDER_NEEDED);
        return;
    }
    job_happen(job, job->brief->order_url != NULL ? EVENT_ORDER_KNOWN : EVENT_ORDER_UNSURE);
}

static void enter_opening(job_t *job)
{
    account_need(job->account, on_account, job);
}

static void enter_reopening(job_t *job)
{
    account_renew(job->account, on_account, job);
}

/* ---- from outside ---- */

job_t *job_make(kit_t *kit, const apr_array_header_t *peers, agent_account_t *account, int index,
                brief_certificate_t *brief)
{
    job_t *job = apr_pcalloc(kit->pool, sizeof(*job));

    job->kit = kit;
    job->peers = peers;
    job->index = index;
    job->brief = brief;
    job->account = account;
    apr_pool_create(&job->facts_pool, kit->pool);
    failing_init(&job->failing, kit, "certificate", index,
                 apr_pstrcat(kit->pool, "Certificate ", brief->id, NULL),
                 job->account->brief->directory, brief->names, &brief->failure);
    job->state = JOB_IDLE;
    job->persist = persist_make(job);
    plan(job);
    renewal_follow(job);
    return job;
}

/* Certificates of several key types for the same names take turns: their answers to challenges lie
 * in the same place, and the second one finds the names valid. */
static int is_others_turn(const job_t *job)
{
    int i;

    for (i = 0; i < job->peers->nelts; ++i) {
        const job_t *other = APR_ARRAY_IDX(job->peers, i, const job_t *);

        if (other != job && other->counted && other->brief->domain != NULL
            && job->brief->domain != NULL
            && strcmp(other->brief->domain, job->brief->domain) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_renewal(const job_t *job)
{
    return job->state == JOB_IDLE && strcmp(job->next, "renew") == 0;
}

/* One that nothing is wrong with, and that would be renewed soon. */
static int may_join(const job_t *job, apr_time_t now)
{
    renew_facts_t facts;
    renew_policy_t policy;

    if (!is_renewal(job) || job->at == 0 || job->failing.failure.attempts > 0) {
        return 0;
    }
    collect(&facts, &policy, job, 1);
    return renew_may_join(now, renew_dice(job->account->brief->thumbprint), &facts, &policy);
}

/* Certificates that are due near each other are renewed together, so that one restart of httpd is for
 * all of them. Each waits for its place as ever. */
static void call_along(const job_t *job, apr_time_t now)
{
    int i;

    for (i = 0; i < job->peers->nelts; ++i) {
        job_t *other = APR_ARRAY_IDX(job->peers, i, job_t *);

        if (other != job && other->account == job->account && may_join(other, now)) {
            other->reason = "another certificate of its account is renewed now";
            job_happen(other, EVENT_DUE);
        }
    }
}

void job_poke(job_t *job, apr_time_t now)
{
    renewal_poke(job, now);
    if (job->requests > 0 && (job->state == JOB_IDLE || job->state == JOB_QUEUED)) {
        return; /* a stray answer of a failed order must not meet the next one */
    }
    if (job->state == JOB_QUEUED) {
        if (job->account->active < job->account->pace.places && !is_others_turn(job)) {
            take_place(job);
            job_happen(job, EVENT_PLACE);
        }
    }
    else if (job->at != 0 && job->at <= now) {
        int leads = is_renewal(job);

        job_happen(job, EVENT_DUE);
        if (leads) {
            call_along(job, now);
        }
    }
}

apr_time_t job_due(const job_t *job)
{
    if (job->asking || job->ask_at == 0 || (job->at != 0 && job->at < job->ask_at)) {
        return job->at;
    }
    return job->ask_at;
}

static int is_loaded(const brief_certificate_t *brief)
{
    return !brief->served
           || (brief->loaded != NULL && brief->facts->fingerprint != NULL
               && strcmp(brief->loaded, brief->facts->fingerprint) == 0);
}

static int is_expired(const brief_certificate_t *brief)
{
    return brief->facts != NULL && brief->facts->not_after <= apr_time_now();
}

int job_fails_itself(const job_t *job)
{
    return job->failing.failure.attempts > 0 && job->failing.failure.subset != SUBSET_SETTLED;
}

const char *job_status(const job_t *job)
{
    const brief_certificate_t *brief = job->brief;
    int resting = job->state == JOB_IDLE || job->state == JOB_QUEUED;

    if (resting && brief->facts != NULL && !is_loaded(brief)) {
        return "waiting-for-reload";
    }
    if (resting && (job_fails_itself(job) || account_fails(job->account))) {
        return "failing";
    }
    /* One that is over is replaced at once, when it has its turn; so is an order resumed. */
    if (!resting || brief->ordering || is_expired(brief)) {
        return brief->facts != NULL ? "renewing" : "ordering";
    }
    return brief->facts != NULL ? "valid" : "missing";
}
