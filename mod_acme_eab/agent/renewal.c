/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/renewal.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/renewalinfo.h"
#include "agent/schedule.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "policy/renew.h"

#define JSON_TYPE "application/json"

/* Certificates of one account that are asked for side by side, so that a start with hundreds of them
 * is no flood. */
#define ASKED_MAX 4
#define TURN apr_time_from_sec(1)

/* It is asked for at least so often. */
#define LONGEST apr_time_from_sec(24 * 3600)

/* How soon to look whether a CA without renewal information has it now. */
#define UNSUPPORTED apr_time_from_sec(24 * 3600)

/* One question. */
typedef struct question {
    job_t *job;
    apr_pool_t *pool;
    brief_window_t window;
} question_t;

static int same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *id_in_use(const job_t *job)
{
    return job->brief->facts != NULL ? job->brief->facts->ari_id : NULL;
}

void renewal_follow(job_t *job)
{
    const brief_window_t *window = &job->brief->window;

    job->ask_at = apr_time_now();
    if (window->ari_id != NULL && same_text(window->ari_id, id_in_use(job))) {
        job->ask_at = window->next;
    }
}

static void on_kept(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_INFO, "Certificate %s: its renewal information was not stored: %s",
                 job->title, result->detail);
    }
}

static void keep(job_t *job)
{
    json_t *body = json_object();

    json_object_set_new(body, "certificate", json_integer(job->index));
    json_object_set_new(body, "window", brief_window_to_json(&job->brief->window));
    link_request(job->kit->link, MESSAGE_WINDOW, body, on_kept, job);
}

/* The page mostly tells of something bad: a person should read it (RFC 9773, 4.2). */
static void tell_explanation(const question_t *question, const char *before)
{
    const char *explanation = question->window.explanation;

    if (explanation != NULL && !same_text(explanation, before)) {
        log_line(LOG_LEVEL_NOTICE,
                 "Certificate %s: the CA explains when it is to be renewed, please read %s",
                 question->job->title, log_escape(question->pool, explanation));
    }
}

/* The question is answered, one way or another. */
static void finish(question_t *question)
{
    job_t *job = question->job;

    job->asking = 0;
    --job->account->asking;
    if (!same_text(question->window.ari_id, id_in_use(job))) {
        job->ask_at = apr_time_now(); /* another certificate has come meanwhile */
        job_wake(job);
        apr_pool_destroy(question->pool);
        return;
    }
    tell_explanation(question, job->brief->window.explanation);
    job->brief->window = question->window;
    brief_window_settle(&job->window_block, &job->brief->window, job->kit->pool);
    job->ask_at = question->window.next;
    keep(job);
    schedule_again(job);
    apr_pool_destroy(question->pool);
}

static void fail(question_t *question, const eab_result_t *problem)
{
    apr_time_t now = apr_time_now();

    question->window.next = renew_ask_after_error(now, ++question->window.errors, problem);
    log_line(LOG_LEVEL_INFO, "Certificate %s: no renewal information from the CA: %s; next in %s",
             question->job->title, log_escape(question->pool, problem->detail),
             clock_span(question->pool, question->window.next - now));
    finish(question);
}

static void on_info(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    question_t *question = baton;
    brief_window_t *window = &question->window;
    eab_result_t *problem = eab_result_make(answer->pool);
    acme_renewalinfo_t *info = NULL;

    if (result->rv != APR_SUCCESS) {
        fail(question, result);
        return;
    }
    if ((info = acme_renewalinfo_parse(question->pool, answer, problem)) == NULL) {
        fail(question, problem);
        return;
    }
    if (window->start != info->start || window->end != info->end) {
        window->start = info->start;
        window->end = info->end;
        window->drawn = renew_draw(info->start, info->end,
                                   renew_dice(question->job->account->brief->thumbprint));
        window->at_once = window->drawn <= apr_time_now();
    }
    window->explanation = info->explanation;
    window->errors = 0;
    window->next = renew_ask_again(apr_time_now(), info->retry_after);
    finish(question);
}

static void on_directory(void *baton, const eab_result_t *result)
{
    question_t *question = baton;
    acme_session_t *session = question->job->account->session;
    brief_window_t *window = &question->window;
    const char *url;

    if (result->rv != APR_SUCCESS) {
        fail(question, result);
        return;
    }
    url = acme_session_directory(session)->renewal_info;
    if (url != NULL) {
        acme_session_get(session, acme_renewalinfo_url(question->pool, url, window->ari_id),
                         JSON_TYPE, acme_renewalinfo_is_one, on_info, question);
        return;
    }
    window->start = window->end = window->drawn = 0;
    window->at_once = 0;
    window->explanation = NULL;
    window->errors = 0;
    window->next = apr_time_now() + UNSUPPORTED;
    finish(question);
}

static void ask(job_t *job)
{
    apr_pool_t *pool = NULL;
    question_t *question;
    const brief_window_t *before = &job->brief->window;

    apr_pool_create(&pool, job->kit->pool);
    question = apr_pcalloc(pool, sizeof(*question));
    question->job = job;
    question->pool = pool;
    if (same_text(before->ari_id, id_in_use(job))) {
        question->window = *before;
        question->window.explanation = apr_pstrdup(pool, before->explanation);
    }
    else {
        question->window.repeated = before->ari_id != NULL && before->at_once;
    }
    question->window.ari_id = apr_pstrdup(pool, id_in_use(job));
    job->asking = 1;
    ++job->account->asking;
    account_look(job->account, on_directory, question);
}

/* A certificate that is over, or of another CA, is ordered anew whatever that says. */
static int is_worth_asking(const job_t *job, apr_time_t now)
{
    return id_in_use(job) != NULL && job->brief->facts->same_account
           && job->brief->facts->not_after > now && job->account->brief->broken == NULL;
}

/* So that each is looked at again when its turn may have come, and thousands not all the time. */
static apr_time_t stand_in_line(agent_account_t *account, apr_time_t now)
{
    if (account->ask_line < now) {
        account->ask_line = now;
    }
    account->ask_line += TURN / ASKED_MAX;
    return account->ask_line;
}

void renewal_poke(job_t *job, apr_time_t now)
{
    if (job->asking || job->ask_at == 0 || job->ask_at > now) {
        return;
    }
    if (!is_worth_asking(job, now)) {
        job->ask_at = 0;
    }
    else if (job->account->asking >= ASKED_MAX) {
        job->ask_at = stand_in_line(job->account, now);
    }
    else {
        ask(job);
    }
}

void renewal_follow_clock(job_t *job)
{
    apr_time_t now = apr_time_now();

    job->account->ask_line = 0;
    if (job->ask_at > now + LONGEST) {
        job->ask_at = now;
    }
}
