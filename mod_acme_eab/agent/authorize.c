/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/authorize.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/answer.h"
#include "acme/authorization.h"
#include "agent/answer.h"
#include "agent/evidence.h"
#include "agent/persist.h"
#include "agent/refused.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "crypto/txtrecord.h"
#include "policy/retry.h"

/* ---- authorizations ---- */

/* Another authorization of that order has failed since, or it is the next order whose names are being
 * authorized. */
static int is_of_the_past(const job_t *job, int round)
{
    return job->state != JOB_AUTHORIZING || job->round != round;
}

/* A request about one authorization or challenge. */
typedef struct asked {
    apr_pool_t *pool;
    job_t *job;
    int round; /* job->round then */
} asked_t;

static asked_t *ask(job_t *job)
{
    apr_pool_t *pool = NULL;
    asked_t *asked;

    apr_pool_create(&pool, job->kit->pool);
    asked = apr_pcalloc(pool, sizeof(*asked));
    asked->pool = pool;
    asked->job = job;
    asked->round = job->round;
    return asked;
}

/* It is answered. @return the job; NULL when that is in another state, or asks anew: what was asked before
 * does not count then */
static job_t *end_asking(asked_t *asked, job_state_t state)
{
    job_t *job = asked->job;
    int current = job->state == state && job->round == asked->round;

    job_answered(job);
    apr_pool_destroy(asked->pool);
    return current ? job : NULL;
}

static void on_challenge(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = end_asking(baton, JOB_AUTHORIZING);

    (void)answer;
    if (job == NULL) {
        return;
    }
    if (acme_session_is_unsure(result)) {
        job->flight->doubtful = 1; /* has the CA heard it? The authorization tells */
    }
    else if (result->rv != APR_SUCCESS) {
        job_fail_keeping(job, result, PROBLEM_AT_CHALLENGE);
        return;
    }
    if (--job->flight->authorizations == 0) {
        job_happen(job, EVENT_ANSWERED);
    }
}

/* The answer is in place: tell the CA, if it was not told before (RFC 8555, 7.5.1). */
static void tell_ca(job_t *job, const char *url, int told)
{
    job->flight->answered = 1;
    if (told) {
        --job->flight->authorizations;
        return;
    }
    job_post(job, url, &job->challenge_request, SENTENCE_CHALLENGE, job->account->index,
             acme_answer_is_object, on_challenge, ask(job));
}

/* A challenge whose TXT record the keeper's program is adding. */
typedef struct dns_wait {
    apr_pool_t *pool;
    job_t *job;
    int round; /* job->round then */
    const char *url;
    facts_t seen;
    int told;
} dns_wait_t;

static void on_record(void *baton, const json_t *body, const eab_result_t *result)
{
    dns_wait_t *wait = baton;
    job_t *job = wait->job;

    (void)body;
    job_answered(job);
    if (is_of_the_past(job, wait->round)) {
        ; /* nobody waits for it */
    }
    else if (result->rv != APR_SUCCESS) {
        job->failing.seen = wait->seen;
        job_fail(job, result, PROBLEM_AT_CHALLENGE); /* the order is good for another attempt */
    }
    else {
        tell_ca(job, wait->url, wait->told);
        if (job->flight->authorizations == 0) {
            job_happen(job, EVENT_ANSWERED);
        }
    }
    apr_pool_destroy(wait->pool);
}

static void put_record(job_t *job, const char *name, const acme_challenge_t *challenge)
{
    json_t *body = json_object();
    apr_pool_t *pool = NULL;
    dns_wait_t *wait;

    apr_pool_create(&pool, job->kit->pool);
    wait = apr_pcalloc(pool, sizeof(*wait));
    wait->pool = pool;
    wait->job = job;
    wait->round = job->round;
    wait->url = apr_pstrdup(pool, challenge->url);
    wait->seen = evidence_of_type(challenge->type);
    wait->told = strcmp(challenge->status, "pending") != 0;
    json_object_set_new(body, "certificate", json_integer(job->index));
    json_put_string(body, "type", challenge->type);
    json_put_string(body, "name", name);
    json_put_string(body, "token", challenge->token);
    if (challenge->issuers != NULL) {
        json_put_string(body, "issuer", APR_ARRAY_IDX(challenge->issuers, 0, const char *));
    }
    ++job->requests;
    link_request(job->kit->link, MESSAGE_DNS_ADD, body, on_record, wait);
}

/* Is the first look at the order still to come, and to be timed by what the CA reads? */
static int is_watching(const job_t *job)
{
    const flight_t *flight = job->flight;

    return job->attempt->polls <= 1 && (flight->unread > 0 || flight->read_at != 0);
}

static void time_first_look(job_t *job)
{
    const flight_t *flight = job->flight;
    apr_interval_time_t since = clock_steady() - flight->read_at;

    job_poll_in(job,
                retry_first_poll(flight->unread, since, flight->order->retry_after,
                                 job->account->pace.best),
                flight->unread > 0 ? "the CA has not asked this server for its answers yet"
                                   : "the CA validates the names");
    kit_touch(job->kit);
}

static void on_read(void *baton, int first, const char *host)
{
    job_t *job = baton;
    flight_t *flight = job->flight;

    if (first) { /* CAs ask from several places: one line is enough */
        apr_pool_t *pool = NULL;

        apr_pool_create(&pool, job->kit->pool);
        log_line(LOG_LEVEL_INFO, "Certificate %s: the CA has asked this server to prove %s",
                 job->title, name_shown(pool, host));
        apr_pool_destroy(pool);
    }
    flight->unread -= first;
    flight->read_at = clock_steady();
    if (job->state == JOB_VALIDATING && is_watching(job) && flight->unread == 0) {
        time_first_look(job);
    }
}

static void expect_reading(job_t *job, const char *name, const char *type, apr_pool_t *ptemp)
{
    const char *dir = answer_directory(ptemp, job->kit->brief->run_dir, name, type);

    job->flight->unread += reading_expect(job->kit->reading, dir, on_read, job);
}

/* The keys are made once: that of RSA takes its time. */
static apr_status_t put_tls_answer(job_t *job, const char *name, const acme_challenge_t *challenge,
                                   apr_pool_t *ptemp)
{
    kit_t *kit = job->kit;

    if (kit->alpncert_keys == NULL) {
        kit->alpncert_keys = alpncert_keys_make(kit->pool);
    }
    return kit->alpncert_keys != NULL
               ? answer_put_tls(kit->brief->run_dir, name, challenge->token,
                                job->account->brief->thumbprint, kit->alpncert_keys, ptemp)
               : APR_EGENERAL;
}

static apr_status_t put_answer(job_t *job, const char *name, const acme_challenge_t *challenge,
                               eab_result_t *problem, apr_pool_t *ptemp)
{
    const char *run_dir = job->kit->brief->run_dir;
    apr_status_t rv;
    int told;

    rv = strcmp(challenge->type, "tls-alpn-01") == 0
             ? put_tls_answer(job, name, challenge, ptemp)
             : answer_put(run_dir, name, challenge->token, job->account->brief->thumbprint, ptemp);
    if (rv != APR_SUCCESS) {
        return eab_result_set(
            problem, rv, EAB_PROBLEM_ANSWER_FILE,
            "The answer for %s cannot be written below %s/challenges: %s.", name, run_dir,
            file_reason(ptemp, rv, answer_directory(ptemp, run_dir, name, challenge->type)));
    }
    told = strcmp(challenge->status, "pending") != 0;
    if (!told) {
        expect_reading(job, name, challenge->type, ptemp);
    }
    tell_ca(job, challenge->url, told);
    return APR_SUCCESS;
}

/* Did this name need no challenge when the present certificate was issued? */
static int has_lapsed(const job_t *job, const char *name, const eab_result_t *problem)
{
    const brief_facts_t *facts = job->brief->facts;

    return facts != NULL && problem->type != NULL
           && strcmp(problem->type, EAB_PROBLEM_NO_CHALLENGE) == 0
           && name_matches_any(facts->names, name);
}

/* ---- a record that may be there already ---- */

/* An authorization for which it is looked whether dns-persist-01 will do. */
typedef struct persist_wait {
    apr_pool_t *pool;
    job_t *job;
    int round; /* job->round then */
    int wildcard;
    const char *name;
    acme_challenge_t persist;
    acme_challenge_t
        other; /* what is answered without the record; no type: nothing else is allowed */
} persist_wait_t;

static void copy_challenge(acme_challenge_t *to, const acme_challenge_t *from, apr_pool_t *p)
{
    memset(to, 0, sizeof(*to));
    to->type = apr_pstrdup(p, from->type);
    to->url = apr_pstrdup(p, from->url);
    to->token = apr_pstrdup(p, from->token);
    to->status = apr_pstrdup(p, from->status);
    if (from->issuers != NULL) {
        apr_array_header_t *issuers = apr_array_make(p, 1, sizeof(const char *));

        APR_ARRAY_PUSH(issuers, const char *) =
            apr_pstrdup(p, APR_ARRAY_IDX(from->issuers, 0, const char *));
        to->issuers = issuers;
    }
}

static apr_status_t give_answer(job_t *job, const char *name, const acme_challenge_t *challenge,
                                eab_result_t *problem, apr_pool_t *ptemp)
{
    if (strncmp(challenge->type, "dns-", 4) == 0) {
        put_record(job, name, challenge);
        return APR_SUCCESS;
    }
    return put_answer(job, name, challenge, problem, ptemp);
}

/* The record is there: the CA is told. Else another challenge is answered, if one is allowed; else the
 * record is added, if there is a program for that and nobody has put a wrong one there. Where the DNS
 * cannot be asked from here the CA may see more. */
static apr_status_t decide(const persist_wait_t *wait, const persist_record_t *record,
                           eab_result_t *problem)
{
    job_t *job = wait->job;

    if (record->state == PERSIST_THERE
        || (record->state == PERSIST_UNKNOWN && wait->other.type == NULL)) {
        log_line(LOG_LEVEL_INFO, "Certificate %s: %s is validated by its record %s", job->title,
                 wait->name, record->at);
        tell_ca(job, wait->persist.url, 0);
        return APR_SUCCESS;
    }
    if (wait->other.type != NULL) {
        return give_answer(job, wait->name, &wait->other, problem, wait->pool);
    }
    if (record->state == PERSIST_MISSING && job->brief->dns_command) {
        put_record(job, wait->name, &wait->persist);
        return APR_SUCCESS;
    }
    persist_explain(record, problem);
    return problem->rv;
}

/* The others may go on without it; else the order stays: it is good for another attempt, when somebody
 * has published the record. */
static void lack(const persist_wait_t *wait, const eab_result_t *problem)
{
    job_t *job = wait->job;

    if (job->brief->allow_subset
        && refused_note(job, wait->name, wait->wildcard, problem, PROBLEM_AT_CHALLENGE)) {
        job->flight->lacking = 1;
        return;
    }
    job->failing.seen = evidence_of_type(wait->persist.type);
    job_fail(job, problem, PROBLEM_AT_CHALLENGE);
}

/* All were looked for. With none left to go on the order is kept as well. */
static void go_on_without(const persist_wait_t *wait, const eab_result_t *problem)
{
    job_t *job = wait->job;

    if (refused_rest(job)->nelts > 0 || problem->rv == APR_SUCCESS) {
        job_happen(job, EVENT_INVALID);
        return;
    }
    if (job->brief->order_names->nelts == job->brief->names->nelts) {
        refused_forget(job); /* what was noted are these alone */
    }
    job->failing.seen = evidence_of_type(wait->persist.type);
    job_fail(job, problem, PROBLEM_AT_CHALLENGE);
}

static void on_looked(void *baton, const persist_record_t *record)
{
    persist_wait_t *wait = baton;
    job_t *job = wait->job;
    eab_result_t *problem = eab_result_make(wait->pool);
    int current = (wait->round == job->round);

    job_answered(job);
    job->flight->looking -= current;
    /* Else another authorization of this order has failed meanwhile. */
    if (current && job->state == JOB_AUTHORIZING && decide(wait, record, problem) != APR_SUCCESS) {
        lack(wait, problem);
    }
    if (current && job->state == JOB_AUTHORIZING) {
        if (job->flight->lacking && job->flight->looking == 0) {
            go_on_without(wait, problem);
        }
        else if (job->flight->authorizations == 0) {
            job_happen(job, EVENT_ANSWERED);
        }
    }
    apr_pool_destroy(wait->pool);
}

/* What is allowed besides. */
static const acme_challenge_t *choose_other(const job_t *job,
                                            const acme_authorization_t *authorization,
                                            apr_pool_t *ptemp)
{
    apr_array_header_t *others =
        apr_array_make(ptemp, job->brief->challenges->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < job->brief->challenges->nelts; ++i) {
        const char *type = APR_ARRAY_IDX(job->brief->challenges, i, const char *);

        if (strcmp(type, TXTRECORD_PERSIST) != 0) {
            APR_ARRAY_PUSH(others, const char *) = type;
        }
    }
    return acme_authorization_choose(authorization, others, eab_result_make(ptemp));
}

/* @return 0 when there is nothing to look for: dns-persist-01 is not offered or not allowed, or the CA
 *         was told of another challenge before */
static int look_first(job_t *job, const acme_authorization_t *authorization, apr_pool_t *ptemp)
{
    const acme_challenge_t *challenge, *other;
    persist_wait_t *wait;
    apr_pool_t *pool = NULL;

    if (job->persist == NULL
        || (challenge = acme_authorization_find(authorization, TXTRECORD_PERSIST)) == NULL) {
        return 0;
    }
    if (strcmp(challenge->status, "pending") != 0) {
        tell_ca(job, challenge->url, 1);
        return 1;
    }
    other = choose_other(job, authorization, ptemp);
    if (other != NULL && strcmp(other->status, "pending") != 0) {
        return 0;
    }
    apr_pool_create(&pool, job->kit->pool);
    wait = apr_pcalloc(pool, sizeof(*wait));
    wait->pool = pool;
    wait->job = job;
    wait->round = job->round;
    wait->wildcard = authorization->wildcard;
    wait->name = apr_pstrdup(pool, authorization->name);
    copy_challenge(&wait->persist, challenge, pool);
    if (other != NULL) {
        copy_challenge(&wait->other, other, pool);
    }
    ++job->requests;
    ++job->flight->looking;
    persist_look(job->persist, authorization, challenge, on_looked, wait);
    return 1;
}

/* Put the answer in place, then tell the CA. */
static apr_status_t answer_challenge(job_t *job, const acme_authorization_t *authorization,
                                     eab_result_t *problem, apr_pool_t *ptemp)
{
    const acme_challenge_t *challenge;

    if (look_first(job, authorization, ptemp)) {
        return APR_SUCCESS;
    }
    challenge = acme_authorization_choose(authorization, job->brief->challenges, problem);
    if (challenge == NULL) {
        job->failing.seen = evidence_of(job->flight, authorization);
        if (has_lapsed(job, authorization->name, problem)) {
            problem->type = EAB_PROBLEM_LAPSED;
        }
        return problem->rv;
    }
    return give_answer(job, authorization->name, challenge, problem, ptemp);
}

/* In p; NULL after a failure was told. */
static acme_authorization_t *take_authorization(job_t *job, const acme_answer_t *answer,
                                                const eab_result_t *result, apr_pool_t *p)
{
    eab_result_t *problem = eab_result_make(answer->pool);
    acme_authorization_t *authorization = NULL;

    if (job->attempt->lost != NULL) {
        return NULL;
    }
    if (result->rv != APR_SUCCESS) {
        job_fail_keeping(job, result, PROBLEM_AT_ORDER);
        return NULL;
    }
    authorization = acme_authorization_parse(
        p, acme_memory_fill(flight_memory(job->flight), answer->url, answer), problem);
    if (authorization == NULL) {
        job_fail(job, problem, PROBLEM_AT_ORDER);
        return NULL;
    }
    acme_authorization_bind(authorization, job->account->brief->url);
    return authorization;
}

/* ---- a name that was lost: why? ---- */

/* What is told once it is known where the name leads. */
typedef struct lost {
    apr_pool_t *pool;
    job_t *job;
    eab_result_t *problem; /* a copy, as the order's goes with the order */
    facts_t seen;
} lost_t;

static void conclude(lost_t *lost)
{
    job_t *job = lost->job;

    if (job->attempt->lost == lost) {
        job->attempt->lost = NULL;
        job->failing.seen = lost->seen;
        job_fail_order(job, lost->problem, PROBLEM_AT_CHALLENGE);
    }
    apr_pool_destroy(lost->pool);
}

static void on_addresses(void *baton, const lookup_found_t *found)
{
    lost_t *lost = baton;

    job_answered(lost->job);
    lost->seen |= evidence_of_addresses(found);
    conclude(lost);
}

static void fail_with_authorization(job_t *job, const acme_authorization_t *authorization,
                                    const eab_result_t *problem)
{
    apr_pool_t *pool = NULL;
    lost_t *lost;

    apr_pool_create(&pool, job->kit->pool);
    lost = apr_pcalloc(pool, sizeof(*lost));
    lost->pool = pool;
    lost->job = job;
    lost->seen = evidence_of(job->flight, authorization);
    lost->problem = eab_result_make(pool);
    eab_result_copy(lost->problem, problem);
    job->attempt->lost = lost;
    if (!evidence_wants_addresses(authorization, lost->seen)) {
        conclude(lost);
        return;
    }
    job->why = "the CA refused: the DNS is asked where the name leads";
    ++job->requests;
    lookup_addresses(job->kit->aside, job->brief->dns_resolver, authorization->name, on_addresses,
                     lost);
}

static void on_authorization(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = end_asking(baton, JOB_AUTHORIZING);
    eab_result_t *problem = eab_result_make(answer->pool);
    acme_authorization_t *authorization =
        job != NULL ? take_authorization(job, answer, result, answer->pool) : NULL;

    if (authorization == NULL) {
        return;
    }
    switch (authorization->state) {
    case ACME_AUTHORIZATION_VALID:
        --job->flight->authorizations;
        break;
    case ACME_AUTHORIZATION_PENDING:
        if (answer_challenge(job, authorization, problem, answer->pool) != APR_SUCCESS) {
            job_fail(job, problem,
                     PROBLEM_AT_CHALLENGE); /* the order is good for another attempt */
            return;
        }
        break;
    case ACME_AUTHORIZATION_LOST:
        fail_with_authorization(job, authorization, authorization->problem);
        return;
    }
    if (job->flight->authorizations == 0) {
        job_happen(job, EVENT_ANSWERED);
    }
}

/* ---- names that may be left out ---- */

/* Why this name cannot become valid, or NULL. problem is room for a reason of ours. */
static const eab_result_t *find_obstacle(const job_t *job,
                                         const acme_authorization_t *authorization,
                                         eab_result_t *problem)
{
    const eab_result_t *told = job->flight->order->problem;

    switch (authorization->state) {
    case ACME_AUTHORIZATION_VALID:
        break;
    case ACME_AUTHORIZATION_PENDING:
        if (acme_authorization_choose(authorization, job->brief->challenges, problem) != NULL
            || strcmp(problem->type, EAB_PROBLEM_NO_CHALLENGE) != 0) {
            break;
        }
        if (has_lapsed(job, authorization->name, problem)) {
            problem->type = EAB_PROBLEM_LAPSED;
        }
        return problem;
    case ACME_AUTHORIZATION_LOST:
        return told->rv != APR_SUCCESS
                       && strcmp(authorization->problem->type, EAB_PROBLEM_VALIDATION) == 0
                   ? told
                   : authorization->problem;
    }
    return NULL;
}

/* All were read, and each of them can become valid. */
static void answer_pending(job_t *job)
{
    apr_pool_t *pool = NULL;
    eab_result_t *problem;
    int i;

    apr_pool_create(&pool, job->kit->pool);
    problem = eab_result_make(pool);
    for (i = 0; job->state == JOB_AUTHORIZING && i < job->flight->pending->nelts; ++i) {
        const acme_authorization_t *authorization =
            APR_ARRAY_IDX(job->flight->pending, i, const acme_authorization_t *);

        if (answer_challenge(job, authorization, problem, pool) != APR_SUCCESS) {
            job_fail(job, problem, PROBLEM_AT_CHALLENGE);
        }
    }
    if (job->state == JOB_AUTHORIZING && job->flight->authorizations == 0) {
        job_happen(job, EVENT_ANSWERED);
    }
    apr_pool_destroy(pool);
}

/* Nothing is answered before all were read: with one that cannot become valid the order is lost, and
 * what the others need is left for the next. */
static void on_first_look(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = end_asking(baton, JOB_AUTHORIZING);
    flight_t *flight = job != NULL ? job->flight : NULL;
    acme_authorization_t *authorization =
        job != NULL ? take_authorization(job, answer, result, flight->order_pool) : NULL;

    if (authorization == NULL) {
        return;
    }
    if (find_obstacle(job, authorization, eab_result_make(answer->pool)) != NULL) {
        flight->blocked = 1;
    }
    else if (authorization->state == ACME_AUTHORIZATION_PENDING) {
        APR_ARRAY_PUSH(flight->pending, const acme_authorization_t *) = authorization;
    }
    else {
        --flight->authorizations;
    }
    if (--flight->looks > 0) {
        return;
    }
    if (flight->blocked) {
        job_happen(job, EVENT_INVALID);
        return;
    }
    answer_pending(job);
}

void authorize_names(job_t *job)
{
    flight_t *flight = job->flight;
    int i, count = flight->order->authorizations->nelts;

    reading_forget(job->kit->reading, job); /* what an attempt before was waiting for */
    flight->unread = 0;
    flight->read_at = 0;
    flight->doubtful = 0;
    ++job->round;
    flight->looking = flight->lacking = 0;
    flight->authorizations = flight->looks = count;
    flight->pending =
        apr_array_make(flight->order_pool, count, sizeof(const acme_authorization_t *));
    flight->blocked = 0;
    if (count == 0) {
        job_happen(job, EVENT_ANSWERED);
        return;
    }
    for (i = 0; i < count && job->state == JOB_AUTHORIZING; ++i) {
        job_read(job, APR_ARRAY_IDX(flight->order->authorizations, i, const char *),
                 "authorization", NULL, acme_answer_has_status,
                 job->brief->allow_subset ? on_first_look : on_authorization, ask(job));
    }
}

void authorize_wait(job_t *job)
{
    job_poll_later(job, "the CA validates the names");
    if (job->flight->doubtful) {
        job_poll_in(job, apr_time_from_sec(1), "the CA may not have heard of the answers");
    }
    else if (is_watching(job)) {
        time_first_look(job);
    }
}

/* ---- an invalid order: why? ---- */

/* The order may know more than its authorization. */
static const eab_result_t *choose_reason(job_t *job, const acme_authorization_t *authorization)
{
    eab_result_t *told = job->flight->order->problem;

    if (told->rv == APR_SUCCESS
        || strcmp(authorization->problem->type, EAB_PROBLEM_VALIDATION) != 0) {
        return authorization->problem;
    }
    told->identifier = apr_pstrdup(told->pool, authorization->name);
    return told;
}

static void on_failed_authorization(void *baton, const acme_answer_t *answer,
                                    const eab_result_t *result)
{
    job_t *job = end_asking(baton, JOB_EXPLAINING);
    acme_authorization_t *authorization = NULL;

    if (job == NULL || job->attempt->lost != NULL) {
        return;
    }
    if (result->rv == APR_SUCCESS) {
        authorization = acme_authorization_parse(
            answer->pool, acme_memory_fill(flight_memory(job->flight), answer->url, answer),
            eab_result_make(answer->pool));
    }
    if (authorization != NULL && authorization->state == ACME_AUTHORIZATION_LOST) {
        fail_with_authorization(job, authorization, choose_reason(job, authorization));
    }
    else if (--job->flight->authorizations == 0) {
        job_fail_with_order(job, PROBLEM_AT_ORDER);
    }
}

/* How often it is looked whether the CA has decided about the other names as well. */
#define LOOKS_MAX 10

/* Does the CA validate it still, on our word? */
static int is_undecided(const job_t *job, const acme_authorization_t *authorization)
{
    const acme_challenge_t *challenge;

    if (authorization->state != ACME_AUTHORIZATION_PENDING) {
        return 0;
    }
    challenge = acme_authorization_choose(authorization, job->brief->challenges,
                                          eab_result_make(job->flight->order->problem->pool));
    return challenge != NULL && strcmp(challenge->status, "pending") != 0;
}

/* What was asked is answered. */
static void finish_look(job_t *job)
{
    if (job->flight->undecided > 0 && ++job->flight->explained < LOOKS_MAX) {
        job_poll_later(job, "the CA validates the other names");
        return;
    }
    job->flight->explained = 0;
    if (job->flight->blocked) {
        refused_go_on(job);
        return;
    }
    job_fail_with_order(job, PROBLEM_AT_ORDER);
}

static void on_second_look(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    job_t *job = end_asking(baton, JOB_EXPLAINING);
    flight_t *flight = job != NULL ? job->flight : NULL;
    eab_result_t *problem = eab_result_make(answer->pool);
    acme_authorization_t *authorization = NULL;
    const eab_result_t *obstacle = NULL;

    if (job == NULL) {
        return;
    }
    if (result->rv == APR_SUCCESS) {
        authorization = acme_authorization_parse(
            answer->pool, acme_memory_fill(flight_memory(flight), answer->url, answer), problem);
    }
    if (authorization != NULL) {
        obstacle = find_obstacle(job, authorization, problem);
        flight->undecided += is_undecided(job, authorization);
    }
    if (obstacle != NULL
        && refused_note(job, authorization->name, authorization->wildcard, obstacle,
                        PROBLEM_AT_CHALLENGE)) {
        flight->blocked = 1;
    }
    if (--flight->authorizations == 0) {
        finish_look(job);
    }
}

/* Before finalize an order fails because one of its names does. Its authorization knows which, and
 * that it was a validation; some CAs copy the error into the order, which says neither. */
void authorize_explain(job_t *job)
{
    flight_t *flight = job->flight;
    int i, count = flight->order->authorizations->nelts;

    if (job->brief->finalized || count == 0) {
        if (!refused_by_problem(job, flight->order->problem, PROBLEM_AT_ORDER)) {
            job_fail_with_order(job, PROBLEM_AT_ORDER);
        }
        return;
    }
    ++job->round;
    flight->authorizations = count;
    flight->undecided = 0;
    flight->blocked = flight->lacking; /* what was noted before this is one reason already */
    if (flight->explained == 0) {
        job->attempt->polls = 0;
    }
    for (i = 0; i < count && job->state == JOB_EXPLAINING; ++i) {
        job_read(job, APR_ARRAY_IDX(flight->order->authorizations, i, const char *),
                 "authorization", NULL, acme_answer_has_status,
                 job->brief->allow_subset ? on_second_look : on_failed_authorization, ask(job));
    }
}
