/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/job.h"

#include <string.h>

#include <apr_strings.h>

#include "agent/answer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "policy/retry.h"

void job_happen(job_t *job, job_event_t event)
{
    job->step(job, event);
}

/* ---- places: ACMEMaxParallel ---- */

void job_take_place(job_t *job)
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

    if (!job->flight->answered) {
        return;
    }
    apr_pool_create(&pool, job->kit->pool);
    for (i = 0; i < job->brief->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(job->brief->names, i, const char *);

        answer_remove(job->kit->brief->run_dir, name, pool);
    }
    apr_pool_destroy(pool);
    reading_forget(job->kit->reading, job);
    job->flight->answered = 0;
    job->flight->unread = 0;
    job->flight->read_at = 0;
}

void job_forget_order(job_t *job)
{
    job_remove_answers(job);
    job->brief->ordering = job->brief->trial = 0;
    job->brief->order_url = NULL;
    job->brief->finalized = 0;
    job->brief->order_finalize = NULL;
    flight_end(job->flight);
}

void job_forget_attempt(job_t *job)
{
    attempt_end(job->attempt);
}

static void on_abandoned(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "Certificate %s: %s", job->title, result->detail);
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
    if (!eab_result_is_acme(problem, "accountDoesNotExist") || job->attempt->second_chance) {
        return 0;
    }
    job->attempt->second_chance = 1;
    job_abandon(job);
    job_happen(job, EVENT_ACCOUNT_LOST);
    return 1;
}

/* A failure that the order itself tells, which job_abandon() frees. */
void job_fail_with_order(job_t *job, problem_place_t place)
{
    const acme_order_t *order = job->flight->order;

    if (order->problem->rv == APR_SUCCESS) {
        eab_result_set(order->problem, APR_EGENERAL, EAB_PROBLEM_ORDER_INVALID,
                       "The CA declared the order %s and gave no reason.", order->status);
    }
    failing_add(&job->failing, order->problem, place);
    job_abandon(job);
    job_happen(job, EVENT_FAILED);
}

/* ---- requests ---- */

void job_answered(job_t *job)
{
    --job->requests;
    job_wake(job);
}

static void job_ask(job_t *job, const char *url, sentence_request_t *request, const char *accept,
                    acme_reads_fn *is_answer, int acts, acme_answer_fn *done, void *baton)
{
    acme_question_t question = { url, request, accept, is_answer, acts };

    ++job->requests;
    acme_session_ask(job->account->session, &question, done, baton);
}

void job_post(job_t *job, const char *url, sentence_request_t *request, sentence_t sentence,
              int index, acme_reads_fn *is_answer, acme_answer_fn *done, void *baton)
{
    request->sentence = sentence;
    request->index = index;
    job_ask(job, url, request, NULL, is_answer, 1, done, baton);
}

void job_read(job_t *job, const char *url, const char *resource, const char *accept,
              acme_reads_fn *is_answer, acme_answer_fn *done, void *baton)
{
    job->read_request.sentence = SENTENCE_READ;
    job->read_request.index = job->account->index;
    job->read_request.resource = resource;
    job_ask(job, url, &job->read_request, accept, is_answer, 0, done, baton);
}

void job_poll_in(job_t *job, apr_interval_time_t wait, const char *why)
{
    job->at = apr_time_now() + wait;
    job->poll_at = clock_steady() + wait;
    job->next = "poll";
    job->why = why;
    job_wake(job);
}

void job_poll_later(job_t *job, const char *why)
{
    apr_int64_t retry_after = (job->flight->order != NULL) ? job->flight->order->retry_after : -1;

    job_poll_in(job, retry_poll(job->attempt->polls++, retry_after, job->account->pace.best), why);
}

/* ---- from outside ---- */

job_t *job_make(kit_t *kit, const apr_array_header_t *peers, agent_account_t *account, int index,
                brief_certificate_t *brief)
{
    job_t *job = apr_pcalloc(kit->pool, sizeof(*job));

    job->kit = kit;
    job->peers = peers;
    job->index = job->entry.rank = job->turn.rank = index;
    job->entry.owner = job->turn.owner = job;
    job->brief = brief;
    job->title = name_shown(kit->pool, brief->id);
    job->account = account;
    failing_init(&job->failing, kit, "certificate", index,
                 apr_pstrcat(kit->pool, "Certificate ", job->title, NULL),
                 job->account->brief->directory, brief->names, &brief->failure);
    job->state = JOB_IDLE;
    job->asked = brief->demanded != 0;
    job->attempt = attempt_begin(kit->pool);
    job->flight = flight_begin(kit->pool, brief);
    return job;
}

const brief_window_t *job_window(const job_t *job)
{
    const brief_window_t *window = &job->brief->window;
    const brief_facts_t *facts = job->brief->facts;

    if (window->ari_id == NULL || window->start == 0 || facts == NULL || facts->ari_id == NULL
        || strcmp(window->ari_id, facts->ari_id) != 0) {
        return NULL;
    }
    return window;
}

int job_is_held(const job_t *job)
{
    return job->requests > 0 && (job->state == JOB_IDLE || job->state == JOB_QUEUED);
}

/* 0: never. */
static apr_time_t earlier_of(apr_time_t a, apr_time_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

apr_time_t job_due(const job_t *job)
{
    apr_time_t at = job_is_held(job) ? 0 : job->at;
    apr_time_t due = job->asking ? at : earlier_of(at, job->ask_at);

    return job->stapling ? due : earlier_of(due, job->staple_at);
}

void job_wake(job_t *job)
{
    agenda_put(job->kit->agenda, &job->entry, 0);
}

void job_keep_facts(job_t *job, const json_t *body)
{
    brief_facts_t *facts;
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, job->kit->pool);
    facts = brief_facts_from_json(pool, json_object_get(body, "facts"));
    if (facts == NULL) {
        job->brief->facts = NULL;
    }
    else {
        if (job->brief->facts == NULL) {
            job->brief->facts = apr_palloc(job->kit->pool, sizeof(*facts));
        }
        *job->brief->facts = *facts;
        brief_facts_settle(&job->facts_block, job->brief->facts, job->kit->pool);
    }
    apr_pool_destroy(pool);
    job_wake(job);
}

static int is_loaded(const brief_certificate_t *brief)
{
    const char *activation = brief->facts->activation;

    return !brief->served || (activation != NULL && strcmp(activation, ACTIVATION_LIVE) == 0)
           || (brief->loaded != NULL && brief->facts->fingerprint != NULL
               && strcmp(brief->loaded, brief->facts->fingerprint) == 0);
}

int job_is_loaded(const job_t *job)
{
    return is_loaded(job->brief);
}

static int is_activated_by(const job_t *job, const char *way)
{
    const brief_facts_t *facts = job->brief->facts;

    return facts != NULL && facts->activation != NULL && strcmp(facts->activation, way) == 0;
}

int job_is_looked_at(const job_t *job)
{
    return is_activated_by(job, ACTIVATION_LOOK);
}

int job_is_unstapled(const job_t *job)
{
    return is_activated_by(job, ACTIVATION_STAPLE);
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
        return job_is_looked_at(job) || job_is_unstapled(job) ? "renewing" : "waiting-for-reload";
    }
    if (resting && (job_fails_itself(job) || account_fails(job->account))) {
        return "failing";
    }
    /* One that is over is replaced at once, when it has its turn; so is an order resumed. */
    if (!resting || (brief->ordering && !brief->trial) || is_expired(brief)) {
        return brief->facts != NULL ? "renewing" : "ordering";
    }
    return brief->facts != NULL ? "valid" : "missing";
}
