/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/stapling.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/url.h"
#include "agent/schedule.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "policy/stapling.h"

#define RESPONSE_TYPE "application/ocsp-response"

/* Certificates of one account that are asked for side by side, so that a start with hundreds of them
 * is no flood. */
#define ASKED_MAX 4
#define TURN apr_time_from_msec(200)

/* Failures in a row from which on it is no hiccup. */
#define SERIOUS 3

/* No pause and no validity that is believed is longer (RFC 5019 has days in mind). */
#define LONGEST apr_time_from_sec(400L * 24 * 3600)

typedef struct question {
    job_t *job;
    apr_pool_t *pool;
    const char *fingerprint; /* of the certificate that it is about */
} question_t;

static const brief_facts_t *facts_of(const job_t *job)
{
    const brief_facts_t *facts = job->brief->facts;

    return facts != NULL && facts->ocsp_url != NULL ? facts : NULL;
}

static void forget_problem(job_t *job)
{
    job->staple_problem = NULL;
    if (job->staple_pool != NULL) {
        apr_pool_destroy(job->staple_pool);
        job->staple_pool = NULL;
    }
}

void stapling_follow(job_t *job)
{
    const brief_facts_t *facts = facts_of(job);
    apr_time_t now = apr_time_now(), due;

    forget_problem(job);
    job->staple_failures = 0;
    job->staple_at = 0;
    if (facts != NULL) {
        due = stapling_due(facts->staple_from, facts->staple_until);
        job->staple_at = due > now ? due : now;
    }
}

/* ---- an answer ---- */

static void end_question(question_t *question)
{
    job_t *job = question->job;

    job->stapling = 0;
    --job->account->stapling;
    job_wake(job);
    kit_touch(job->kit);
    apr_pool_destroy(question->pool);
}

/* Another certificate has come meanwhile, which has its own turn. */
static int is_late(const question_t *question)
{
    const brief_facts_t *facts = facts_of(question->job);

    return facts == NULL || facts->fingerprint == NULL
           || strcmp(facts->fingerprint, question->fingerprint) != 0;
}

static void fail(question_t *question, const eab_result_t *problem)
{
    job_t *job = question->job;
    apr_interval_time_t pause = stapling_pause(++job->staple_failures);

    forget_problem(job);
    apr_pool_create(&job->staple_pool, job->kit->pool);
    job->staple_problem = eab_result_make(job->staple_pool);
    eab_result_copy(job->staple_problem, problem);
    job->staple_at = apr_time_now() + pause;
    log_line(job->staple_failures == SERIOUS ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
             "Certificate %s: no OCSP response from %s: %s; next try in %s", job->title,
             log_escape(question->pool, acme_url_peer(question->pool, job->brief->facts->ocsp_url)),
             log_escape(question->pool, problem->detail != NULL ? problem->detail : "no reason"),
             clock_span(question->pool, pause));
}

/* The same response again, or one whose best time is over, is as much as none. */
static void take(job_t *job, const json_t *body)
{
    int failures = job->staple_failures;

    job_keep_facts(job, body);
    stapling_follow(job);
    if (job->staple_at != 0 && job->staple_at <= apr_time_now()) {
        job->staple_failures = failures + 1;
        job->staple_at += stapling_pause(job->staple_failures);
    }
    schedule_again(job); /* it may be revoked */
}

static void on_told(void *baton, const json_t *body, const eab_result_t *result)
{
    question_t *question = baton;

    if (!is_late(question)) {
        if (result->rv == APR_SUCCESS) {
            take(question->job, body);
        }
        else {
            fail(question, result);
        }
    }
    end_question(question);
}

static void tell(question_t *question, const acme_answer_t *answer)
{
    job_t *job = question->job;
    json_t *body = json_object();

    json_object_set_new(body, "certificate", json_integer(job->index));
    json_put_string(body, "fingerprint", question->fingerprint);
    json_put_string(body, "response", base64url_encode(question->pool, answer->body, answer->len));
    link_request(job->kit->link, MESSAGE_STAPLE, body, on_told, question);
}

static void on_answer(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    question_t *question = baton;
    eab_result_t *problem;

    if (!is_late(question) && result->rv == APR_SUCCESS && answer->status == 200) {
        tell(question, answer);
        return;
    }
    if (!is_late(question)) {
        problem = eab_result_make(question->pool);
        if (result->rv != APR_SUCCESS) {
            eab_result_set(problem, result->rv, EAB_PROBLEM_STAPLING, "%s", result->detail);
        }
        else {
            eab_result_set(problem, APR_EGENERAL, EAB_PROBLEM_STAPLING,
                           "The responder answered with the HTTP status %d.", answer->status);
        }
        fail(question, problem);
    }
    end_question(question);
}

/* ---- a question ---- */

static void ask(job_t *job)
{
    acme_request_t request = { "GET", facts_of(job)->ocsp_url, NULL, RESPONSE_TYPE };
    apr_pool_t *pool = NULL;
    question_t *question;

    apr_pool_create(&pool, job->kit->pool);
    question = apr_pcalloc(pool, sizeof(*question));
    question->job = job;
    question->pool = pool;
    question->fingerprint = apr_pstrdup(pool, job->brief->facts->fingerprint);
    job->stapling = 1;
    ++job->account->stapling;
    job->account->responders->send(job->account->responders, &request, on_answer, question);
}

void stapling_poke(job_t *job, apr_time_t now)
{
    const brief_facts_t *facts = facts_of(job);

    if (job->stapling || job->staple_at == 0 || job->staple_at > now) {
        return;
    }
    if (facts == NULL || facts->fingerprint == NULL || facts->not_after <= now) {
        job->staple_at = 0;
    }
    else if (job->account->stapling >= ASKED_MAX) {
        job->staple_at = now + TURN;
    }
    else {
        ask(job);
    }
}

void stapling_follow_clock(job_t *job)
{
    apr_time_t now = apr_time_now();

    if (job->staple_failures > 0 && job->staple_at > now + stapling_pause(job->staple_failures)) {
        job->staple_at = now + stapling_pause(job->staple_failures);
    }
    if (job->staple_at > now + LONGEST) {
        job->staple_at = now;
    }
}

/* ---- what is shown ---- */

static int is_good(const brief_facts_t *facts)
{
    return facts->ocsp_revoked == 0 && facts->staple_until > apr_time_now();
}

static const char *state_of(const job_t *job, const brief_facts_t *facts)
{
    if (facts->ocsp_revoked != 0) {
        return "revoked";
    }
    if (is_good(facts)) {
        return "good";
    }
    return job->staple_failures > 0 ? "failing" : "waiting";
}

static json_t *problem_to_json(const job_t *job)
{
    json_t *json;

    if (job->staple_problem == NULL) {
        return json_null();
    }
    json = eab_result_to_json(job->staple_problem);
    json_object_del(json, "rv");
    return json;
}

json_t *stapling_to_json(const job_t *job, apr_pool_t *p)
{
    const brief_facts_t *facts = facts_of(job);
    json_t *json;

    if (facts == NULL) {
        return json_null();
    }
    json = json_object();
    json_put_string(json, "state", state_of(job, facts));
    json_object_set_new(json, "must_staple", json_boolean(facts->must_staple));
    json_put_string(json, "responder", acme_url_peer(p, facts->ocsp_url));
    json_put_time(json, "from", facts->staple_from);
    json_put_time(json, "until", facts->staple_until);
    json_put_time(json, "next", job->staple_at);
    json_put_time(json, "revoked_at", facts->ocsp_revoked);
    json_put_string(json, "revoked_reason", facts->ocsp_reason);
    json_object_set_new(json, "problem", problem_to_json(job));
    return json;
}

const eab_result_t *stapling_problem(const job_t *job)
{
    const brief_facts_t *facts = facts_of(job);

    return facts != NULL && facts->must_staple && !is_good(facts) && job->staple_failures >= SERIOUS
               ? job->staple_problem
               : NULL;
}
