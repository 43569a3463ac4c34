/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/order.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/answer.h"
#include "acme/orderlist.h"
#include "agent/doubt.h"
#include "agent/refused.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"

/* How long an order may stay pending, with all challenges answered, before its authorizations are
 * read again: counted in polls. */
#define PENDING_POLLS 5

/* How many orders of an account are looked at for one that was not answered. */
#define SEARCHED_MAX 50
#define PAGES_MAX 50

/* How often in an attempt a newOrder is looked into that no answer of the CA came to. */
#define DOUBTS_MAX 2

void order_follow(job_t *job)
{
    acme_order_t *order = job->flight->order;

    switch (order->next) {
    case ACME_ORDER_AUTHORIZE:
        if (job->state == JOB_READING && job->flight->answered && !job->flight->doubtful
            && job->attempt->polls % PENDING_POLLS != 0) {
            job_happen(job, EVENT_ANSWERED); /* under validation: no need to read them again */
            return;
        }
        job_happen(job, EVENT_PENDING);
        return;
    case ACME_ORDER_FINALIZE:
        job_happen(job, EVENT_READY);
        return;
    case ACME_ORDER_WAIT:
        job_happen(job, EVENT_AT_WORK);
        return;
    case ACME_ORDER_DOWNLOAD:
        job_happen(job, EVENT_ISSUED);
        return;
    case ACME_ORDER_FAILED:
        job_happen(job, EVENT_INVALID);
        return;
    }
}

/* Once it is finalized, only the certificate tells which names are on it. */
static int is_finalized_for_less(const job_t *job, const acme_order_t *order)
{
    return job->brief->allow_subset && job->brief->finalized
           && acme_order_dropped(order->problem->pool, order, job->brief->order_names) != NULL;
}

/* Is it still what was ordered (checklist O-08, O-09)? What becomes of its authorizations does not
 * matter once it is finalized: it may hold a certificate. */
static apr_status_t check_unchanged(const job_t *job, const acme_order_t *order,
                                    eab_result_t *problem)
{
    apr_status_t rv;

    if (order->next == ACME_ORDER_DOWNLOAD && order->certificate != NULL) {
        return APR_SUCCESS; /* the certificate itself tells what it is */
    }
    if (order->names->nelts == 0) {
        return APR_SUCCESS; /* it does not say: what was ordered is what it is for */
    }
    rv = acme_order_check_names(order, job->brief->order_names, problem);
    if (rv != APR_SUCCESS && is_finalized_for_less(job, order)) {
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS || job->flight->order == NULL || job->brief->finalized
        || order->authorizations->nelts == 0) {
        return rv;
    }
    return acme_order_check_authorizations(order, job->flight->order, problem);
}

/* A CA that lets an order wait longer than it said has forgotten it. A new one is not judged by a
 * clock that may be wrong. */
static apr_status_t check_age(const job_t *job, const acme_order_t *order, eab_result_t *problem)
{
    if (job->state != JOB_READING || order->next != ACME_ORDER_AUTHORIZE || order->expires == 0
        || order->expires > apr_time_now()) {
        return APR_SUCCESS;
    }
    return eab_result_set(problem, APR_EINVAL, EAB_PROBLEM_ORDER_LOST,
                          "The order has expired and its names are not yet valid");
}

/* Once in an attempt another one is made at once. @return 0 when that was done before */
static int order_anew(job_t *job, const char *reason)
{
    if (job->attempt->second_chance) {
        return 0;
    }
    job->attempt->second_chance = 1;
    job_abandon(job);
    job->reason = reason;
    job_happen(job, EVENT_ORDER_NEEDED);
    return 1;
}

/* The order is not what was ordered, or too old: it is over, and an event happens. */
static void refuse_order(job_t *job, const acme_order_t *order, const eab_result_t *problem)
{
    if (refused_by_order(job, order)) {
        return;
    }
    if (eab_result_is(problem, EAB_PROBLEM_ORDER_LOST) && job->state == JOB_READING
        && !job->brief->finalized && (job->failing.failure.attempts > 0 || job->brief->trial)
        && order_anew(job, "the order of before has expired")) {
        return;
    }
    job_abandon(job);
    job_fail(job, problem, PROBLEM_AT_ORDER);
}

/* Of the order that the answer tells of: the answer to a newOrder comes from elsewhere. */
static const char *url_of(const job_t *job, const acme_answer_t *answer)
{
    const char *location = apr_table_get(answer->headers, "Location");

    if (job->brief->order_url != NULL) {
        return job->brief->order_url;
    }
    return location != NULL && job->state == JOB_ORDERING ? location : answer->url;
}

int order_keep(job_t *job, const acme_answer_t *answer)
{
    apr_pool_t *pool = NULL;
    eab_result_t *problem;
    acme_order_t *order;

    apr_pool_create(&pool, job->kit->pool);
    problem = eab_result_make(pool);
    order = acme_order_parse(
        pool, acme_memory_fill(flight_memory(job->flight), url_of(job, answer), answer), problem);
    if (order == NULL) {
        job_fail(job, problem, PROBLEM_AT_ORDER);
        apr_pool_destroy(pool);
        return 0;
    }
    if (check_unchanged(job, order, problem) != APR_SUCCESS
        || check_age(job, order, problem) != APR_SUCCESS) {
        refuse_order(job, order, problem);
        apr_pool_destroy(pool);
        return 0;
    }
    flight_keep(job->flight, order, pool);
    return 1;
}

static void on_ordered(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    (void)body;
    if (result->rv != APR_SUCCESS) {
        job_fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    job->flight->unstored = 0;
    order_follow(job);
}

/* The order is in job->flight->order: put its URL on disk, then go on with it. */
static void store_order_url(job_t *job, const char *url)
{
    json_t *body = json_object();

    job->brief->order_url = apr_pstrdup(flight_pool(job->flight), url);
    job->flight->unstored = 1;
    json_object_set_new(body, "certificate", json_integer(job->index));
    json_put_string(body, "url", url);
    json_put_string(body, "finalize", job->flight->order->finalize);
    link_request(job->kit->link, MESSAGE_ORDERED, body, on_ordered, job);
}

int order_drop_profile(job_t *job, const eab_result_t *problem)
{
    if (!eab_result_is_acme(problem, "invalidProfile") || job->brief->profile == NULL
        || job->brief->profile_required || job->attempt->without_profile) {
        return 0;
    }
    job->attempt->without_profile = 1;
    log_line(LOG_LEVEL_WARNING,
             "Certificate %s: the CA does not take the profile %s (ACMEProfile); ordering without",
             job->title, job->brief->profile);
    return 1;
}

/* CAs refuse orders whose predecessor they do not like in many words (RFC 9773, 5), none of which
 * is a reason not to renew: once again without, unless the CA wants us to wait. */
static int drop_replaces(job_t *job, const eab_result_t *problem)
{
    if (!job->order_request.order.replaces || problem->http_status < 400
        || problem->http_status == 503 || eab_result_is_acme(problem, "invalidProfile")
        || (problem->http_status < 500 && !job_is_verdict(problem))) {
        return 0;
    }
    job->attempt->without_replaces = 1;
    log_line(LOG_LEVEL_INFO,
             "Certificate %s: the CA does not take it as a replacement; ordering anew", job->title);
    return 1;
}

static void check_profile(const job_t *job)
{
    const char *profile = job->flight->order->profile;

    if (job->order_request.order.profile && profile != NULL
        && strcmp(profile, job->brief->profile) != 0) {
        log_line(LOG_LEVEL_WARNING,
                 "Certificate %s: the CA made the profile %s of %s (ACMEProfile)", job->title,
                 log_escape(job->flight->order_pool, profile), job->brief->profile);
    }
}

/* A newOrder is answered by an order and its URL. */
static int is_new_order(const acme_answer_t *answer)
{
    return acme_answer_has_status(answer) && apr_table_get(answer->headers, "Location") != NULL;
}

/* No word of the CA: the order may be there. @return 0 when it is left to the next attempt */
static int look_into_it(job_t *job, const eab_result_t *result)
{
    if (!acme_session_is_unsure(result) || job->attempt->unsure_orders == DOUBTS_MAX) {
        return 0;
    }
    ++job->attempt->unsure_orders;
    job_happen(job, EVENT_UNSURE);
    return 1;
}

void order_doubt(job_t *job)
{
    job_poll_in(job, apr_time_from_sec(1 << (job->attempt->unsure_orders - 1)),
                "the answer to the order could not be read; the order is looked for");
}

static void on_new_order(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;

    job_answered(job);
    if (result->rv != APR_SUCCESS) {
        if (look_into_it(job, result) || job_renew_account(job, result)) {
            return;
        }
        if (order_drop_profile(job, result)) {
            order_place(job);
            return;
        }
        if (refused_by_problem(job, result, PROBLEM_AT_ORDER)) {
            return;
        }
        if (!result->foreign && drop_replaces(job, result)) {
            order_place(job);
            return;
        }
        if (doubt_account(job, result)) {
            return;
        }
        if (job_is_verdict(result)) {
            job_abandon(job);
        }
        job_fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    if (!order_keep(job, answer)) {
        return;
    }
    check_profile(job);
    if (job->flight->order->url == NULL) {
        eab_result_t *problem = eab_result_make(answer->pool);

        eab_result_set(problem, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                       "The CA accepted the order and named no URL for it.");
        job_fail(job, problem, PROBLEM_AT_ORDER);
        return;
    }
    store_order_url(job, job->flight->order->url);
}

/* "classic, shortlived", for people. */
static const char *list_profiles(apr_pool_t *p, json_t *profiles)
{
    const char *list = NULL, *name = NULL;
    json_t *text = NULL;

    json_object_foreach(profiles, name, text)
    {
        list = list == NULL ? apr_pstrdup(p, name) : apr_pstrcat(p, list, ", ", name, NULL);
    }
    return list != NULL ? apr_psprintf(p, "only %s", log_escape(p, list)) : "no profiles at all";
}

/* A name that the CA does not advertise is not sent (profiles draft, 4).
 * @return 0 when it is required: then the failure was told */
static int choose_profile(job_t *job, const acme_directory_t *directory)
{
    const char *profile = job->brief->profile;
    apr_pool_t *pool = NULL;
    eab_result_t *problem;

    job->order_request.order.profile = 0;
    if (profile == NULL || job->attempt->without_profile) {
        return 1;
    }
    if (json_object_get(directory->profiles, profile) != NULL) {
        job->order_request.order.profile = 1;
        return 1;
    }
    apr_pool_create(&pool, job->kit->pool);
    problem = eab_result_make(pool);
    eab_result_set(problem, APR_EINVAL, EAB_PROBLEM_PROFILE,
                   "The CA does not offer the profile %s (ACMEProfile); it offers %s.", profile,
                   list_profiles(pool, directory->profiles));
    if (job->brief->profile_required) {
        if (job->brief->ordering) {
            job_abandon(job);
        }
        job_fail(job, problem, PROBLEM_AT_ORDER);
    }
    else if (!job->profile_told) {
        job->profile_told = 1;
        log_line(LOG_LEVEL_WARNING, "Certificate %s: %s Ordering without.", job->title,
                 problem->detail);
    }
    apr_pool_destroy(pool);
    return !job->brief->profile_required;
}

/* A renewal says what it replaces, if the CA gives renewal information (RFC 9773, 5). */
static int may_replace(const job_t *job, const acme_directory_t *directory)
{
    const brief_facts_t *facts = job->brief->facts;

    return directory->renewal_info != NULL && !job->attempt->without_replaces && facts != NULL
           && facts->ari_id != NULL && facts->same_account;
}

/* All names, or those that the CA has not refused in this attempt. */
static void choose_names(job_t *job)
{
    brief_certificate_t *brief = job->brief;
    apr_array_header_t *rest = refused_rest(job);

    if (!brief->ordering) { /* else it is the same newOrder once more */
        brief->order_names = rest != NULL ? rest : brief->names;
    }
    job->order_request.order.names =
        name_same_set(brief->order_names, brief->names) ? NULL : brief->order_names;
}

void order_place(job_t *job)
{
    const acme_directory_t *directory = acme_session_seen(job->account->session);

    if (!choose_profile(job, directory)) {
        return;
    }
    job->order_request.order.replaces = may_replace(job, directory);
    if (!job->brief->ordering) {
        job->brief->order_since = apr_time_now();
        if (!job->attempt->told) { /* one line for an attempt, however many orders it takes */
            log_line(LOG_LEVEL_INFO, "Ordering a certificate for %s: %s", job->title, job->reason);
        }
        job->attempt->told = 1;
    }
    choose_names(job);
    job->brief->ordering = 1;
    job_post(job, directory->new_order, &job->order_request, SENTENCE_NEW_ORDER, job->index,
             is_new_order, on_new_order, job);
}

/* ---- a newOrder that was never answered ---- */

/* The list is a help that not every CA gives: a refusal means that there is nothing to find. */
static int search_goes_on(job_t *job, const eab_result_t *result)
{
    job_answered(job);
    if (result->rv == APR_SUCCESS) {
        return 1;
    }
    if (job_renew_account(job, result)) {
        return 0;
    }
    if (job_is_verdict(result)) {
        job_happen(job, EVENT_ORDER_NEEDED);
    }
    else {
        job_fail(job, result, PROBLEM_AT_ORDER);
    }
    return 0;
}

static void try_found(job_t *job);

/* Ours is one for the same names that nobody has finalized. */
static int is_ours(const job_t *job, const acme_order_t *order, apr_pool_t *ptemp)
{
    return order != NULL
           && (order->next == ACME_ORDER_AUTHORIZE || order->next == ACME_ORDER_FINALIZE)
           && acme_order_check_names(order, job->brief->order_names, eab_result_make(ptemp))
                  == APR_SUCCESS;
}

static void on_found(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    const char *url;

    if (!search_goes_on(job, result)) {
        return;
    }
    url = *(const char **)apr_array_pop(job->attempt->found);
    if (!is_ours(job, acme_order_parse(answer->pool, answer, eab_result_make(answer->pool)),
                 answer->pool)) {
        try_found(job);
    }
    else if (order_keep(job, answer)) {
        store_order_url(job, url);
    }
}

/* From the newest, which CAs list last. */
static void try_found(job_t *job)
{
    if (job->attempt->found->nelts == 0) {
        job_happen(job, EVENT_ORDER_NEEDED);
        return;
    }
    job_read(job, APR_ARRAY_IDX(job->attempt->found, job->attempt->found->nelts - 1, const char *),
             "order", NULL, acme_answer_has_status, on_found, job);
}

static void on_order_list(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;
    const char *next;

    if (!search_goes_on(job, result)) {
        return;
    }
    next = acme_orderlist_read(job->attempt->found, SEARCHED_MAX, answer);
    if (next != NULL && ++job->attempt->pages < PAGES_MAX) {
        job_read(job, next, "orders", NULL, acme_answer_is_object, on_order_list, job);
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
        job_happen(job, EVENT_ORDER_NEEDED);
        return;
    }
    job_read(job, list, "orders", NULL, acme_answer_is_object, on_order_list, job);
}

void order_search(job_t *job)
{
    job->attempt->found = apr_array_make(attempt_pool(job->attempt), 8, sizeof(const char *));
    job->attempt->pages = 0;
    job_read(job, job->account->brief->url, "account", NULL, acme_answer_is_object,
             on_account_object, job);
}

/* ---- an order in flight ---- */

/* The CA does not know an order that was not finalized: 404; some say 401 or 403 for one that is
 * gone. */
static int is_lost(const job_t *job, const eab_result_t *problem)
{
    int status = problem->http_status;

    return !job->brief->finalized && job_is_verdict(problem)
           && (status == 404 || status == 410 || status == 401 || status == 403);
}

static void on_order(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = baton;

    job_answered(job);
    if (result->rv != APR_SUCCESS) {
        if (job_renew_account(job, result)) {
            return;
        }
        if (is_lost(job, result)
            && order_anew(job, "the CA does not know the order of before any more")) {
            return;
        }
        if (job->brief->finalized ? job_is_final(job, result) : job_is_verdict(result)) {
            job_abandon(job);
        }
        job_fail(job, result, PROBLEM_AT_ORDER);
        return;
    }
    if (!order_keep(job, answer)) {
        return;
    }
    if (job->brief->trial && job->flight->order->next == ACME_ORDER_FAILED
        && order_anew(job, "the order on trial is over")) {
        return;
    }
    if (job->flight->unstored) { /* the disk was full then */
        store_order_url(job, job->brief->order_url);
        return;
    }
    order_follow(job);
}

void order_read(job_t *job)
{
    job_read(job, job->brief->order_url, "order", NULL, acme_answer_has_status, on_order, job);
}
