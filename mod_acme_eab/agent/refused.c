/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/refused.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "agent/schedule.h"
#include "base/address.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"

/* Orders for fewer and fewer names in one attempt. A CA tells of several names at once, so more of
 * them is no progress. */
#define REDUCTIONS_MAX 5

/* What was noted in this attempt. */
struct refused {
    apr_pool_t *pool;
    apr_array_header_t *names; /* const char *, of the configuration */
    json_t *entries;           /* a subproblem for each (RFC 8555, 6.7.1) */
    eab_result_t *problem;     /* the first that was noted */
    int problems;              /* how many different ones */
    problem_place_t place;     /* of the last one */
    int reductions;
};

static refused_t *refused_of(job_t *job)
{
    apr_pool_t *pool = NULL;
    refused_t *refused = job->refused;

    if (refused == NULL) {
        apr_pool_create(&pool, job->kit->pool);
        refused = apr_pcalloc(pool, sizeof(*refused));
        refused->pool = pool;
        refused->names = apr_array_make(pool, 2, sizeof(const char *));
        refused->entries = json_own(pool, json_array());
        job->refused = refused;
    }
    return refused;
}

void refused_forget(job_t *job)
{
    if (job->refused != NULL) {
        apr_pool_destroy(job->refused->pool);
        job->refused = NULL;
        job->brief->order_names = job->brief->names;
    }
}

/* The configured name that a CA means, or NULL. Not all of them say "*." of a wildcard. */
static const char *find_name(const job_t *job, const char *name, int wildcard)
{
    const apr_array_header_t *names = job->brief->order_names;
    const char *other = NULL;
    int i;

    for (i = 0; name != NULL && i < names->nelts; ++i) {
        const char *ours = APR_ARRAY_IDX(names, i, const char *);
        int is_wild = strncmp(ours, "*.", 2) == 0;

        if (is_wild && strcasecmp(ours + 2, name) == 0) {
            other = ours;
        }
        if (strcasecmp(ours, name) == 0 && !wildcard) {
            return ours;
        }
    }
    return other;
}

/* One name, once, with the words of the problem or of a member of its subproblems. */
static int add_name(job_t *job, const char *name, const char *type, const char *detail)
{
    refused_t *refused = (name != NULL) ? refused_of(job) : NULL;
    json_t *entry;

    if (refused == NULL || name_is_among(refused->names, name)) {
        return 0;
    }
    entry = json_pack("{s:{s:s,s:s}}", "identifier", "type",
                      address_normalize(refused->pool, name) != NULL ? "ip" : "dns", "value", name);
    json_put_string(entry, "type", type);
    json_put_string(entry, "detail", detail);
    json_array_append_new(refused->entries, entry);
    APR_ARRAY_PUSH(refused->names, const char *) = apr_pstrdup(refused->pool, name);
    return 1;
}

static void add_problem(job_t *job, const eab_result_t *problem, problem_place_t place)
{
    refused_t *refused = job->refused;

    if (refused->problems++ == 0) {
        refused->problem = eab_result_make(refused->pool);
        eab_result_copy(refused->problem, problem);
    }
    refused->place = place;
}

int refused_note(job_t *job, const char *name, int wildcard, const eab_result_t *problem,
                 problem_place_t place)
{
    const char *ours = find_name(job, name, wildcard);

    if (add_name(job, ours, problem->type, problem->detail)) {
        add_problem(job, problem, place);
    }
    return ours != NULL;
}

/* ---- problems that speak of names ---- */

static const char *type_of(const json_t *member, const eab_result_t *problem)
{
    const char *type = json_peek_string(member, "type");

    return type != NULL ? type : problem->type;
}

/* All that it lists speaks against names, so the others may go on. */
static int is_about_names(const eab_result_t *problem)
{
    json_t *member;
    size_t i;

    if (json_array_size(problem->subproblems) == 0) {
        return problem->identifier != NULL && subset_is_refusal(problem->type);
    }
    json_array_foreach(problem->subproblems, i, member)
    {
        if (!subset_is_refusal(type_of(member, problem))) {
            return 0;
        }
    }
    return 1;
}

static int add_members(job_t *job, const eab_result_t *problem)
{
    json_t *member;
    int added = 0;
    size_t i;

    json_array_foreach(problem->subproblems, i, member)
    {
        const char *value = json_peek_string(json_object_get(member, "identifier"), "value");

        added += add_name(job, find_name(job, value, 0), type_of(member, problem),
                          json_peek_string(member, "detail"));
    }
    return added;
}

int refused_by_problem(job_t *job, const eab_result_t *problem, problem_place_t place)
{
    int added;

    /* The keeper's word (keeper/certificate.c), at newOrder, finalize or install: the order is over. */
    if (eab_result_is(problem, EAB_PROBLEM_FEWER_NAMES)) {
        job_abandon(job);
        failing_leave_out(&job->failing, problem, place, SUBSET_HELD);
        job_happen(job, EVENT_FAILED);
        return 1;
    }
    if (!job->brief->allow_subset || !is_about_names(problem)) {
        return 0;
    }
    added = add_members(job, problem);
    if (json_array_size(problem->subproblems) == 0) {
        added =
            add_name(job, find_name(job, problem->identifier, 0), problem->type, problem->detail);
    }
    if (added == 0) {
        return 0;
    }
    add_problem(job, problem, place);
    refused_go_on(job);
    return 1;
}

/* A problem of our own for a name that the CA left out without a word. */
static void note_dropped(job_t *job, const char *name, const char *type, const char *where)
{
    eab_result_t *problem = eab_result_make(refused_of(job)->pool);

    eab_result_set(problem, APR_EINVAL, type, "The CA left %s out of the %s.", name, where);
    problem->identifier = name;
    refused_note(job, name, 0, problem, PROBLEM_AT_ORDER);
}

int refused_by_order(job_t *job, const acme_order_t *order)
{
    apr_array_header_t *dropped;
    apr_pool_t *pool = NULL;
    int i;

    if (!job->brief->allow_subset) {
        return 0;
    }
    apr_pool_create(&pool, job->kit->pool);
    dropped = acme_order_dropped(pool, order, job->brief->order_names);
    for (i = 0; dropped != NULL && i < dropped->nelts; ++i) {
        note_dropped(job, APR_ARRAY_IDX(dropped, i, const char *), EAB_PROBLEM_ORDER_CHANGED,
                     "order");
    }
    if (dropped != NULL) {
        refused_go_on(job);
    }
    i = (dropped != NULL);
    apr_pool_destroy(pool);
    return i;
}

/* ---- the others ---- */

static apr_array_header_t *rest_of(const job_t *job, apr_pool_t *p)
{
    const apr_array_header_t *names = job->brief->names;
    apr_array_header_t *rest = apr_array_make(p, names->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!name_is_among(job->refused->names, name)) {
            APR_ARRAY_PUSH(rest, const char *) = name;
        }
    }
    return rest;
}

apr_array_header_t *refused_rest(const job_t *job)
{
    if (job->refused == NULL || job->refused->names->nelts == 0) {
        return NULL;
    }
    return rest_of(job, job->refused->pool);
}

/* What the CA said, once for all names: its own problem, or several of them as one. */
static eab_result_t *tell(const refused_t *refused)
{
    eab_result_t *problem = eab_result_make(refused->pool);

    eab_result_copy(problem, refused->problem);
    if (refused->problems > 1) {
        eab_result_set(problem, APR_EGENERAL, ACME_ERROR "compound",
                       "Names were refused for several reasons.");
    }
    problem->subproblems = refused->entries;
    if (refused->names->nelts == 1) {
        problem->identifier = APR_ARRAY_IDX(refused->names, 0, const char *);
    }
    return problem;
}

/* A name that the CA left out of the last certificate looks good until it is issued. It is no gain,
 * and waits for the renewal. */
static void note_remembered(job_t *job)
{
    const brief_failure_t *failure = &job->failing.failure;
    json_t *member;
    size_t i;

    if (failure->attempts == 0 || failure->subset != SUBSET_SETTLED || schedule_is_due(job)) {
        return;
    }
    json_array_foreach(failure->problem->subproblems, i, member)
    {
        const char *type = json_peek_string(member, "type");
        const char *name = json_peek_string(json_object_get(member, "identifier"), "value");

        if (type != NULL && name != NULL && strcmp(type, EAB_PROBLEM_NAME_DROPPED) == 0) {
            note_dropped(job, name, type, "certificate");
        }
    }
}

static void end_attempt(job_t *job, subset_outcome_t outcome)
{
    eab_result_t *problem = tell(job->refused);
    problem_place_t place = job->refused->place;

    if (job->brief->ordering) {
        job_abandon(job);
    }
    failing_leave_out(&job->failing, problem, place, outcome);
    job_happen(job, EVENT_FAILED);
}

/* All are refused: that is no subset. An order for all of them that the CA has not given up is good for
 * another attempt, as it is without ACMEAllowSubsetOfNames. */
static void end_without_any(job_t *job)
{
    const acme_order_t *order = job->flight->order;
    eab_result_t *problem;

    if (!job->brief->ordering || order == NULL || strcmp(order->status, "pending") != 0
        || job->brief->order_names->nelts != job->brief->names->nelts) {
        end_attempt(job, SUBSET_NONE);
        return;
    }
    problem = tell(job->refused);
    failing_leave_out(&job->failing, problem, job->refused->place, SUBSET_NONE);
    refused_forget(job);
    job_happen(job, EVENT_FAILED);
}

static void order_rest(job_t *job)
{
    refused_t *refused = job->refused;

    ++refused->reductions;
    log_line(LOG_LEVEL_INFO, "Certificate %s: the CA refuses %s; going on without", job->title,
             log_escape(refused->pool, apr_array_pstrcat(refused->pool, refused->names, ' ')));
    if (job->brief->ordering) {
        job_abandon(job);
    }
    job_happen(job, EVENT_ORDER_NEEDED);
}

void refused_go_on(job_t *job)
{
    refused_t *refused = job->refused;
    subset_outcome_t outcome;
    subset_facts_t facts;

    note_remembered(job);
    schedule_subset_facts(&facts, job, rest_of(job, refused->pool), refused->pool);
    outcome = subset_decide(apr_time_now(), &facts, schedule_is_due(job));
    if (facts.offered == 0) {
        end_without_any(job);
    }
    else if (outcome != SUBSET_NONE || refused->reductions >= REDUCTIONS_MAX) {
        end_attempt(job, outcome);
    }
    else {
        order_rest(job);
    }
}

/* ---- afterwards ---- */

void refused_conclude(job_t *job)
{
    const brief_certificate_t *brief = job->brief;
    apr_pool_t *pool = NULL;
    apr_array_header_t *missing;
    int i;

    apr_pool_create(&pool, job->kit->pool);
    missing = name_uncovered(pool, brief->facts->names, brief->names);
    for (i = 0; i < missing->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(missing, i, const char *);

        if (name_is_among(brief->order_names, name)) {
            note_dropped(job, name, EAB_PROBLEM_NAME_DROPPED, "certificate");
        }
    }
    if (missing->nelts > 0 && job->refused != NULL) {
        failing_leave_out(&job->failing, tell(job->refused), job->refused->place, SUBSET_SETTLED);
    }
    else {
        failing_end(&job->failing);
    }
    apr_pool_destroy(pool);
}
