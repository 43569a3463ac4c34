/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/failing.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "agent/dice.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/txtrecord.h"
#include "ipc/message.h"
#include "policy/limit.h"
#include "policy/retry.h"

/* No failure is waited for longer than this, and what the CA asked for. */
#define LONGEST apr_time_from_sec(2 * 24 * 3600)

/* What is kept and told of a problem, and shown in the status. */
static apr_size_t share_of(const failing_t *failing)
{
    const brief_t *brief = failing->kit->brief;

    return eab_result_share(brief->accounts->nelts + brief->certificates->nelts,
                            failing->names != NULL ? failing->names->nelts : 0);
}

static const char *host_of(apr_pool_t *p, const char *url)
{
    apr_uri_t uri;

    return (apr_uri_parse(p, url, &uri) == APR_SUCCESS) ? uri.hostinfo : NULL;
}

static facts_t facts_of_account(const brief_account_t *account)
{
    facts_t facts = account->eab ? FACT_EAB : FACT_NO_EAB;

    if (account->told.seen != 0 && !account->told.eab_required) {
        facts |= FACT_EAB_UNASKED;
    }
    if (account->told.seen != 0 && json_object_size(account->told.profiles) == 0) {
        facts |= FACT_NO_PROFILES;
    }
    return facts;
}

static facts_t facts_of_certificate(const brief_certificate_t *certificate)
{
    facts_t facts = certificate->facts != NULL ? FACT_HAS_CERTIFICATE : 0;

    return certificate->names->nelts > 1 ? facts | FACT_SEVERAL : facts;
}

/* The situation as it is now. */
static facts_t facts_of_now(const failing_t *failing)
{
    const brief_t *brief = failing->kit->brief;
    const brief_certificate_t *certificate;

    if (failing->names == NULL) {
        return facts_of_account(&APR_ARRAY_IDX(brief->accounts, failing->index, brief_account_t));
    }
    certificate = &APR_ARRAY_IDX(brief->certificates, failing->index, brief_certificate_t);
    return facts_of_certificate(certificate)
           | facts_of_account(
               &APR_ARRAY_IDX(brief->accounts, certificate->account, brief_account_t));
}

/* The account's, for the names of dns-account-01. */
static const char *label_of(const failing_t *failing, apr_pool_t *p)
{
    const brief_t *brief = failing->kit->brief;
    int account = failing->index;

    if (failing->names != NULL) {
        account = APR_ARRAY_IDX(brief->certificates, failing->index, brief_certificate_t).account;
    }
    return txtrecord_account_label(p, APR_ARRAY_IDX(brief->accounts, account, brief_account_t).url);
}

problem_facts_t failing_facts(const failing_t *failing, apr_pool_t *p)
{
    problem_facts_t facts;

    facts.place = (problem_place_t)failing->failure.place;
    facts.known = facts_of_now(failing) | (facts_t)failing->failure.facts;
    facts.host = failing->host;
    facts.names = failing->names;
    facts.label = (facts.known & FACT_DNS_ACCOUNT) ? label_of(failing, p) : NULL;
    return facts;
}

/* What is remembered from another time, of a clock that was wrong, is not waited for. */
static int is_believable(const brief_failure_t *failure, apr_time_t now)
{
    apr_int64_t asked = failure->problem->retry_after;

    return failure->since <= now
           && failure->next <= now + LONGEST + apr_time_from_sec(asked > 0 ? asked : 0);
}

void failing_init(failing_t *failing, kit_t *kit, const char *key, int index, const char *what,
                  const char *directory, const apr_array_header_t *names,
                  const brief_failure_t *remembered)
{
    apr_time_t now = apr_time_now();

    failing->kit = kit;
    failing->key = key;
    failing->index = index;
    failing->what = what;
    failing->host = host_of(kit->pool, directory);
    failing->names = names;
    failing->failure = *remembered;
    if (remembered->attempts > 0 && !is_believable(remembered, now)) {
        failing->failure.next = now;
    }
    failing->due = clock_steady() + (failing->failure.next - now);
}

void failing_follow_clock(failing_t *failing)
{
    failing->failure.next = apr_time_now() + (failing->due - clock_steady());
}

static int same_text(const char *a, const char *b)
{
    return (a == b) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void on_remembered(void *baton, const json_t *body, const eab_result_t *result)
{
    failing_t *failing = baton;
    const eab_result_t *problem = failing->failure.problem;
    int known = failing->failure.attempts > 0 && eab_result_is(problem, EAB_PROBLEM_STORE);

    (void)body;
    if (result->rv != APR_SUCCESS) { /* a disk that is full is the failure, mostly */
        log_line(known ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s: %s", failing->what, result->detail);
    }
}

static void tell_keeper(failing_t *failing)
{
    json_t *body = json_object();

    json_object_set_new(body, failing->key, json_integer(failing->index));
    json_object_set_new(body, "failure", brief_failure_to_json(&failing->failure));
    link_request(failing->kit->link, MESSAGE_FAILED, body, on_remembered, failing);
}

/* The same problem again is no news for an error log. */
static void log_failure(const failing_t *failing, int known, apr_pool_t *p)
{
    const brief_failure_t *failure = &failing->failure;
    const eab_result_t *problem = failure->problem;

    log_line(known ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s: %s%s%s%s %s Next try in %s.",
             failing->what, log_escape(p, problem->detail), problem->type != NULL ? " (" : "",
             problem->type != NULL ? log_escape(p, problem->type) : "",
             problem->type != NULL ? ")" : "", failing_advice(failing, p),
             clock_span(p, failure->next - apr_time_now()));
}

/* Later, never sooner. */
static void believe_words(eab_result_t *problem, apr_time_t now)
{
    apr_int64_t wait = limit_read(problem, now);

    if (wait > problem->retry_after) {
        problem->retry_after = wait;
    }
}

/* As it is told: with a type, with names as they are configured, and with an end. */
static void complete(eab_result_t *problem, const problem_facts_t *facts, apr_time_t now)
{
    problem->type = problem_type(problem, facts);
    if (problem->identifier != NULL) {
        problem->identifier = problem_name(problem->pool, problem->identifier, facts);
    }
    if (problem_classify(problem, facts) == RETRY_LIMITED) {
        believe_words(problem, now);
    }
}

void failing_add(failing_t *failing, const eab_result_t *problem, problem_place_t place)
{
    failing_leave_out(failing, problem, place, SUBSET_NONE);
}

void failing_leave_out(failing_t *failing, const eab_result_t *problem, problem_place_t place,
                       subset_outcome_t outcome)
{
    brief_failure_t *failure = &failing->failure;
    apr_time_t now = apr_time_now();
    apr_pool_t *pool = NULL;
    eab_result_t *copy;
    problem_facts_t facts;
    int known;

    apr_pool_create(&pool, failing->kit->pool);
    copy = eab_result_make(pool);
    eab_result_copy_short(copy, problem, share_of(failing));
    failure->place = (int)place;
    failure->facts = (apr_int64_t)((failing->seen | fact_read(problem)) & FACTS_OF_ATTEMPT);
    failing->seen = 0;
    facts = failing_facts(failing, pool);
    complete(copy, &facts, now);
    known = failure->attempts > 0 && same_text(failure->problem->type, copy->type)
            && same_text(failure->problem->detail, copy->detail) && failure->subset == (int)outcome;
    if (failing->pool != NULL) {
        apr_pool_destroy(failing->pool);
    }
    failing->pool = pool;
    if (failure->attempts++ == 0) {
        failure->since = now;
    }
    failure->problem = copy;
    failure->subset = (int)outcome;
    failure->tried = now;
    failure->next =
        retry_at(now, dice_throw(), problem_classify(copy, &facts), failure->attempts, copy);
    failing->due = clock_steady() + (failure->next - now);
    log_failure(failing, known, pool);
    tell_keeper(failing);
    kit_touch(failing->kit);
}

void failing_hurry(failing_t *failing)
{
    if (failing->failure.attempts > 0) {
        failing->failure.next = apr_time_now();
        failing->due = clock_steady();
        kit_touch(failing->kit);
    }
}

void failing_end(failing_t *failing)
{
    failing->seen = 0;
    if (failing->failure.attempts == 0) {
        return;
    }
    failing->failure.attempts = 0;
    tell_keeper(failing);
    kit_touch(failing->kit);
}

const char *failing_advice(const failing_t *failing, apr_pool_t *p)
{
    problem_facts_t facts;

    if (failing->failure.attempts == 0) {
        return NULL;
    }
    facts = failing_facts(failing, p);
    return apr_pstrcat(p, subset_words((subset_outcome_t)failing->failure.subset),
                       problem_advice(p, failing->failure.problem, &facts), NULL);
}
