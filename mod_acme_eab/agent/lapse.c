/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/lapse.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/authorization.h"
#include "agent/persist.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "policy/validation.h"

/* Of one order that are read: an order for more names has its earliest ends all the same. */
#define READ_MAX 100

/* Asked one after the other, with a pool of its own. */
typedef struct question {
    apr_pool_t *pool;
    job_t *job;
    apr_array_header_t *urls; /* const char * */
    int next;
    apr_array_header_t *validations; /* brief_validation_t */
    sentence_request_t request;
} question_t;

static void ask(question_t *question);

static void on_kept(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_INFO, "Certificate %s: the ends of its validations were not stored: %s",
                 job->title, result->detail);
    }
}

static const char *fingerprint_of(const job_t *job)
{
    return job->brief->facts != NULL ? job->brief->facts->fingerprint : NULL;
}

static apr_array_header_t *copy_issuers(apr_pool_t *p, const apr_array_header_t *issuers)
{
    apr_array_header_t *copy = apr_array_make(p, 2, sizeof(const char *));
    int i;

    for (i = 0; issuers != NULL && i < issuers->nelts; ++i) {
        APR_ARRAY_PUSH(copy, const char *) =
            apr_pstrdup(p, APR_ARRAY_IDX(issuers, i, const char *));
    }
    return copy;
}

static void finish(question_t *question)
{
    job_t *job = question->job;
    brief_validations_t *validations = &job->brief->validations;
    json_t *body = json_object();

    validations->issuers = copy_issuers(question->pool, persist_issuers(job->persist));
    validations->fingerprint = apr_pstrdup(question->pool, fingerprint_of(job));
    validations->list = question->validations;
    brief_validations_settle(&job->lapse_block, validations, job->kit->pool);
    job->lapse_told = NULL;
    apr_pool_destroy(question->pool);
    json_object_set_new(body, "certificate", json_integer(job->index));
    json_object_set_new(body, "validations", brief_validations_to_json(&job->brief->validations));
    link_request(job->kit->link, MESSAGE_VALIDATIONS, body, on_kept, job);
    job_wake(job);
    kit_touch(job->kit);
}

static void on_authorization(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    question_t *question = baton;
    acme_authorization_t *authorization = NULL;

    if (result->rv == APR_SUCCESS) {
        authorization =
            acme_authorization_parse(answer->pool, answer, eab_result_make(answer->pool));
    }
    if (authorization == NULL) {
        apr_pool_destroy(question->pool); /* it is asked about with the next certificate */
        return;
    }
    if (authorization->state == ACME_AUTHORIZATION_VALID && authorization->expires != 0
        && *authorization->name != '\0') {
        brief_validation_t *validation = apr_array_push(question->validations);

        validation->name = apr_pstrcat(question->pool, authorization->wildcard ? "*." : "",
                                       authorization->name, NULL);
        validation->until = authorization->expires;
    }
    ask(question);
}

static void ask(question_t *question)
{
    const job_t *job = question->job;

    if (question->next == question->urls->nelts) {
        finish(question);
        return;
    }
    question->request.sentence = SENTENCE_READ;
    question->request.index = job->account->index;
    question->request.resource = "authorization";
    acme_session_post(job->account->session,
                      APR_ARRAY_IDX(question->urls, question->next++, const char *),
                      &question->request, NULL, on_authorization, question);
}

void lapse_follow(job_t *job)
{
    question_t *question;
    apr_pool_t *pool = NULL;
    int i;

    if (job->flight->order == NULL || job->flight->order->authorizations->nelts == 0) {
        return;
    }
    apr_pool_create(&pool, job->kit->pool);
    question = apr_pcalloc(pool, sizeof(*question));
    question->pool = pool;
    question->job = job;
    question->urls = apr_array_make(pool, 4, sizeof(const char *));
    question->validations = apr_array_make(pool, 4, sizeof(brief_validation_t));
    for (i = 0; i < job->flight->order->authorizations->nelts && i < READ_MAX; ++i) {
        APR_ARRAY_PUSH(question->urls, const char *) =
            apr_pstrdup(pool, APR_ARRAY_IDX(job->flight->order->authorizations, i, const char *));
    }
    ask(question);
}

/* ---- what is known ---- */

/* NULL when it is about another certificate. */
static const apr_array_header_t *known(const job_t *job)
{
    const brief_validations_t *validations = &job->brief->validations;
    const char *fingerprint = fingerprint_of(job);

    if (validations->fingerprint == NULL || fingerprint == NULL
        || strcmp(validations->fingerprint, fingerprint) != 0) {
        return NULL;
    }
    return validations->list;
}

json_t *lapse_to_json(const job_t *job)
{
    const apr_array_header_t *list = known(job);
    json_t *array = json_array();
    int i;

    for (i = 0; list != NULL && i < list->nelts; ++i) {
        const brief_validation_t *validation = &APR_ARRAY_IDX(list, i, brief_validation_t);
        json_t *json = json_object();

        json_put_string(json, "name", validation->name);
        json_put_time(json, "until", validation->until);
        json_array_append_new(array, json);
    }
    return array;
}

const char *lapse_notice(const job_t *job, apr_pool_t *p)
{
    const apr_array_header_t *list = known(job);
    int i;

    if (list == NULL || job->state != JOB_IDLE || strcmp(job->next, "renew") != 0) {
        return NULL;
    }
    for (i = 0; i < list->nelts; ++i) {
        const brief_validation_t *validation = &APR_ARRAY_IDX(list, i, brief_validation_t);

        if (validation->until < job->at
            && !validation_can_be_had(job->brief->challenges, validation->name,
                                      persist_lacks(job->persist, validation->name))) {
            return apr_psprintf(
                p,
                "The CA goes by its validation of %s until %.10s, and the renewal is due on %.10s: "
                "have the name validated there again before, or allow a challenge that this server "
                "can answer with ACMEChallenge%s",
                validation->name, clock_format(p, validation->until), clock_format(p, job->at),
                job->persist != NULL ? "; the DNS record to publish is named below" : "");
        }
    }
    return NULL;
}

void lapse_poke(job_t *job)
{
    apr_pool_t *pool = NULL;
    const char *notice;

    if (job->lapse_told == known(job)) {
        return; /* also when there is nothing to tell of */
    }
    apr_pool_create(&pool, job->kit->pool);
    if ((notice = lapse_notice(job, pool)) != NULL) {
        log_line(LOG_LEVEL_NOTICE, "Certificate %s: %s", job->title, notice);
        job->lapse_told = known(job);
    }
    apr_pool_destroy(pool);
}
