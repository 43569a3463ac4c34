/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/chronicle.h"

#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "store/history.h"

/* The agent is told of the numbers this long after they have changed, and all that was written meanwhile is
 * made durable together. */
#define TELL_DELAY apr_time_from_sec(1)

/* How much of a problem a line of the history has. */
#define PROBLEM_MAX 4096

/* What the status has of the history. */
#define RECENT_MAX 20
#define DETAIL_MAX 200

/* How many kinds of requests there are in one message. */
#define REQUESTS_MAX 100

/* How many of one kind the agent can have made since its last word. */
#define COUNT_MAX 1000000

struct chronicle {
    const model_t *model;
    agent_line_t *line;
    counters_t *counters;
    json_t *recent; /* an array */
    loop_timer_t *teller;
    int telling;       /* the timer is set */
    int unsettled;     /* what was written since it was last fired may be lost in a power cut */
    int unkept;        /* what was counted since then is not written at all */
    int failed;        /* it could not be written, which was said */
    int pending;       /* events that wait to be told, */
    apr_time_t oldest; /* since when */
    char *failing_accounts; /* by their indices: what fails, so that a recovery is told once */
    char *failing_certificates;
    char *given_up; /* the same: whose last order was, and nothing has come of the attempt yet */
};

/* ---- writing ---- */

/* @return what failed, once for each time that it begins to fail */
static void note_outcome(chronicle_t *chronicle, const eab_result_t *result)
{
    if (result->rv != APR_SUCCESS && !chronicle->failed) {
        log_line(LOG_LEVEL_ERROR, "%s What happens meanwhile is in the log alone",
                 result->detail != NULL ? result->detail : "The history cannot be written.");
    }
    chronicle->failed = result->rv != APR_SUCCESS;
}

static int is_closed(const chronicle_t *chronicle)
{
    return chronicle->model->means->store->trouble != NULL;
}

static void settle(chronicle_t *chronicle)
{
    const store_t *store = chronicle->model->means->store;
    apr_pool_t *pool = NULL;
    eab_result_t *result;

    if (!chronicle->unsettled || is_closed(chronicle)) {
        return;
    }
    chronicle->unsettled = 0;
    apr_pool_create(&pool, chronicle->model->means->pool);
    result = eab_result_make(pool);
    if (history_sync(store, result) == APR_SUCCESS) {
        counters_save(chronicle->counters, store, 1, result);
        chronicle->unkept = 0;
    }
    note_outcome(chronicle, result);
    apr_pool_destroy(pool);
}

/* Write what was counted. */
static void keep(chronicle_t *chronicle)
{
    apr_pool_t *pool = NULL;
    eab_result_t *result;

    chronicle->unkept = 0;
    if (is_closed(chronicle)) {
        return;
    }
    apr_pool_create(&pool, chronicle->model->means->pool);
    result = eab_result_make(pool);
    counters_save(chronicle->counters, chronicle->model->means->store, 0, result);
    note_outcome(chronicle, result);
    apr_pool_destroy(pool);
}

/* Nothing is shown that is not in the store. */
static void on_tell(void *baton)
{
    chronicle_t *chronicle = baton;

    chronicle->telling = 0;
    settle(chronicle);
    if (chronicle->unkept) {
        keep(chronicle);
    }
    agent_line_tell_counters(chronicle->line, chronicle_counters(chronicle),
                             chronicle_recent(chronicle));
}

static void tell_soon(chronicle_t *chronicle)
{
    if (!chronicle->telling) {
        chronicle->telling = 1;
        loop_timer_set(chronicle->teller, apr_time_now() + TELL_DELAY);
    }
}

/* What went wrong, or why something was done; not all of it. */
static const char *detail_of(const json_t *entry, apr_pool_t *p)
{
    const char *detail = json_peek_string(json_object_get(entry, "problem"), "detail");

    if (detail == NULL) {
        detail = json_peek_string(entry, "why");
    }
    if (detail == NULL || strlen(detail) <= DETAIL_MAX) {
        return detail;
    }
    return apr_psprintf(p, "%.*s ...", DETAIL_MAX, detail);
}

static void remember(chronicle_t *chronicle, const json_t *entry)
{
    static const char *const members[] = { "at", "event", "name", "account", "command" };
    json_t *line = json_object();
    apr_pool_t *pool = NULL;
    size_t i;

    apr_pool_create(&pool, chronicle->model->means->pool);
    for (i = 0; i < sizeof(members) / sizeof(members[0]); ++i) {
        json_put_string(line, members[i], json_peek_string(entry, members[i]));
    }
    json_put_string(line, "detail", detail_of(entry, pool));
    json_array_append_new(chronicle->recent, line);
    if (json_array_size(chronicle->recent) > RECENT_MAX) {
        json_array_remove(chronicle->recent, 0);
    }
    apr_pool_destroy(pool);
}

static void remember_before(chronicle_t *chronicle)
{
    const history_query_t query = { 0, 0, NULL, RECENT_MAX };
    apr_array_header_t *before;
    apr_pool_t *pool = NULL;
    int i;

    apr_pool_create(&pool, chronicle->model->means->pool);
    before = history_read(chronicle->model->means->store, &query, pool);
    for (i = 0; i < before->nelts; ++i) {
        remember(chronicle, APR_ARRAY_IDX(before, i, const json_t *));
    }
    apr_pool_destroy(pool);
}

void chronicle_enter(chronicle_t *chronicle, json_t *entry)
{
    apr_pool_t *pool = NULL;
    eab_result_t *result;

    remember(chronicle, entry);
    chronicle->unsettled = 1;
    tell_soon(chronicle);
    if (!is_closed(chronicle)) {
        apr_pool_create(&pool, chronicle->model->means->pool);
        result = eab_result_make(pool);
        history_add(chronicle->model->means->store, entry, 0, result);
        note_outcome(chronicle, result);
        apr_pool_destroy(pool);
    }
    json_decref(entry);
}

void chronicle_pending(chronicle_t *chronicle, int pending, apr_time_t oldest)
{
    chronicle->pending = pending;
    chronicle->oldest = oldest;
    tell_soon(chronicle);
}

void chronicle_count(chronicle_t *chronicle, counters_kind_t kind)
{
    counters_add(chronicle->counters, kind);
    chronicle->unsettled = 1;
    keep(chronicle);
    tell_soon(chronicle);
}

static void count_order(chronicle_t *chronicle, const keeper_certificate_t *certificate,
                        counters_order_t result, apr_interval_time_t duration)
{
    counters_order(chronicle->counters, certificate->account->plan->label, result, duration);
    chronicle->unsettled = 1;
    keep(chronicle);
    tell_soon(chronicle);
}

/* ---- what a line says ---- */

static json_t *begin(const char *event)
{
    json_t *entry = json_object();

    json_put_time(entry, "at", apr_time_now());
    json_put_string(entry, "event", event);
    return entry;
}

static json_t *begin_certificate(const char *event, const keeper_certificate_t *certificate)
{
    const plan_certificate_t *plan = certificate->plan;
    json_t *entry = begin(event);

    json_put_string(entry, "name", APR_ARRAY_IDX(plan->names, 0, const char *));
    json_put_string(entry, "key_type", plan->key_type);
    json_put_string(entry, "account", certificate->account->plan->label);
    return entry;
}

static json_t *begin_account(const char *event, const keeper_account_t *account)
{
    json_t *entry = begin(event);

    json_put_string(entry, "account", account->plan->label);
    json_put_string(entry, "directory", account->plan->directory);
    return entry;
}

static void put_generation(json_t *entry, const generation_t *generation)
{
    json_put_strings(entry, "names", generation->facts->names);
    json_put_string(entry, "generation", generation->number);
    json_put_string(entry, "serial", generation->facts->serial);
    json_put_string(entry, "issuer", generation->facts->issuer);
    json_put_time(entry, "not_after", generation->facts->not_after);
}

static void put_problem(json_t *entry, const eab_result_t *problem, const means_t *means)
{
    apr_pool_t *pool = NULL;
    eab_result_t *copy;
    json_t *json;

    apr_pool_create(&pool, means->pool);
    copy = eab_result_make(pool);
    eab_result_copy_short(copy, problem, PROBLEM_MAX);
    json = eab_result_to_json(copy);
    json_object_del(json, "rv");
    json_object_set_new(entry, "problem", json);
    apr_pool_destroy(pool);
}

static void put_failure(json_t *entry, const failure_t *failure, const means_t *means)
{
    json_object_set_new(entry, "attempt", json_integer(failure->attempts));
    json_put_time(entry, "since", failure->since);
    json_put_time(entry, "next", failure->next);
    put_problem(entry, failure->problem, means);
}

/* ---- what happens to a certificate ---- */

/* An order that is given up since its attempt has failed counts as that alone. */
static void settle_order(chronicle_t *chronicle, const keeper_certificate_t *certificate)
{
    if (chronicle->given_up[certificate->index]) {
        chronicle->given_up[certificate->index] = 0;
        count_order(chronicle, certificate, ORDER_ABANDONED, -1);
    }
}

static void enter_issued(chronicle_t *chronicle, const keeper_certificate_t *certificate)
{
    apr_interval_time_t duration =
        certificate->ordered != 0 ? certificate->installed - certificate->ordered : -1;
    json_t *entry = begin_certificate("issued", certificate);

    put_generation(entry, certificate->best);
    if (duration >= 0) {
        json_object_set_new(entry, "seconds", json_integer(apr_time_sec(duration)));
    }
    chronicle_enter(chronicle, entry);
    settle_order(chronicle, certificate);
    count_order(chronicle, certificate, ORDER_ISSUED, duration);
}

static void enter_ordered(chronicle_t *chronicle, const keeper_certificate_t *certificate)
{
    json_t *entry = begin_certificate("ordered", certificate);

    json_put_strings(entry, "names", certificate->journal->names);
    json_put_string(entry, "url", certificate->journal->order_url);
    chronicle_enter(chronicle, entry);
    settle_order(chronicle, certificate);
}

static void enter_abandoned(chronicle_t *chronicle, const keeper_certificate_t *certificate)
{
    chronicle_enter(chronicle, begin_certificate("abandoned", certificate));
    settle_order(chronicle, certificate);
    chronicle->given_up[certificate->index] = 1;
}

static void enter_failing(chronicle_t *chronicle, const keeper_certificate_t *certificate)
{
    json_t *entry = begin_certificate("failing", certificate);

    chronicle->failing_certificates[certificate->index] = 1;
    chronicle->given_up[certificate->index] = 0;
    put_failure(entry, certificate->failing.failure, certificate->means);
    chronicle_enter(chronicle, entry);
    count_order(chronicle, certificate, ORDER_FAILED, -1);
}

static void enter_recovered(chronicle_t *chronicle, const keeper_certificate_t *certificate)
{
    if (chronicle->failing_certificates[certificate->index]) {
        chronicle->failing_certificates[certificate->index] = 0;
        chronicle_enter(chronicle, begin_certificate("recovered", certificate));
    }
}

static void hear_certificate(chronicle_t *chronicle, change_kind_t kind,
                             const keeper_certificate_t *certificate)
{
    if (kind == CHANGE_INSTALLED) {
        enter_issued(chronicle, certificate);
    }
    else if (kind == CHANGE_ORDERED) {
        enter_ordered(chronicle, certificate);
    }
    else if (kind == CHANGE_ABANDONED) {
        enter_abandoned(chronicle, certificate);
    }
    else if (kind == CHANGE_FAILED) {
        enter_failing(chronicle, certificate);
    }
    else if (kind == CHANGE_RECOVERED) {
        enter_recovered(chronicle, certificate);
    }
}

/* ---- to an account ---- */

static void enter_registration(chronicle_t *chronicle, const char *event,
                               const keeper_account_t *account, const registration_t *registration)
{
    json_t *entry = begin_account(event, account);

    if (registration != NULL) {
        json_put_string(entry, "url", registration->url);
    }
    chronicle_enter(chronicle, entry);
}

static void enter_account(chronicle_t *chronicle, const char *event,
                          const keeper_account_t *account)
{
    enter_registration(chronicle, event, account, account->registration);
}

static void hear_account(chronicle_t *chronicle, change_kind_t kind,
                         const keeper_account_t *account)
{
    char *fails = &chronicle->failing_accounts[account->index];

    if (kind == CHANGE_REGISTERED) {
        enter_account(chronicle, "account-registered", account);
    }
    else if (kind == CHANGE_UNREGISTERED) {
        enter_account(chronicle, "account-unknown", account);
    }
    else if (kind == CHANGE_REKEYED) {
        enter_account(chronicle, "account-rekeyed", account);
    }
    else if (kind == CHANGE_CLOSED) {
        enter_account(chronicle, "account-deactivated", account);
    }
    else if (kind == CHANGE_FAILED) {
        json_t *entry = begin_account("account-failing", account);

        *fails = 1;
        put_failure(entry, account->failing.failure, account->means);
        chronicle_enter(chronicle, entry);
    }
    else if (kind == CHANGE_RECOVERED && *fails) {
        *fails = 0;
        enter_account(chronicle, "account-recovered", account);
    }
}

/* ---- to a certificate that is to be trusted no more, whatever is configured ---- */

static void enter_revocation(chronicle_t *chronicle, const char *event, const revocation_t *record)
{
    json_t *entry = begin(event);
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, chronicle->model->means->pool);
    json_put_string(entry, "name", record->name != NULL ? name_shown(pool, record->name) : NULL);
    apr_pool_destroy(pool);
    json_put_string(entry, "serial", record->serial);
    json_put_string(entry, "generation", record->generation);
    json_put_string(entry, "reason", revocation_reason_name(record->reason));
    json_put_string(entry, "by", record->by);
    if (record->problem->rv != APR_SUCCESS) {
        put_problem(entry, record->problem, chronicle->model->means);
        json_put_time(entry, "next", record->next);
    }
    chronicle_enter(chronicle, entry);
}

static void hear_revocation(chronicle_t *chronicle, const change_t *change)
{
    if (change->kind == CHANGE_REVOKED || change->kind == CHANGE_NOT_REVOKED) {
        enter_revocation(chronicle, change->kind == CHANGE_REVOKED ? "revoked" : "not-revoked",
                         change->revocation->record);
    }
    else { /* CHANGE_BLOCKED */
        json_t *entry = begin_certificate("key-blocked", change->certificate);

        if (change->certificate->best != NULL) {
            put_generation(entry, change->certificate->best);
        }
        chronicle_enter(chronicle, entry);
    }
}

/* ---- to the processes ---- */

static void enter_why(chronicle_t *chronicle, const char *event, const eab_result_t *result)
{
    json_t *entry = begin(event);

    json_put_string(entry, "why", result != NULL ? result->detail : NULL);
    chronicle_enter(chronicle, entry);
}

static void hear_process(chronicle_t *chronicle, change_kind_t kind, const eab_result_t *result)
{
    if (kind == CHANGE_RESTART_REFUSED) {
        enter_why(chronicle, "restart-refused", result);
        chronicle_count(chronicle, COUNT_RELOADS_REFUSED);
    }
    else if (kind == CHANGE_RESTART_FAILED) {
        enter_why(chronicle, "restart-failed", result);
        chronicle_count(chronicle, COUNT_RELOADS_FAILED);
    }
    else if (kind == CHANGE_AGENT_ENDED) {
        enter_why(chronicle, "agent-restart", result);
        chronicle_count(chronicle, COUNT_AGENT_RESTARTS);
    }
}

void chronicle_hear(void *baton, const change_t *change)
{
    chronicle_t *chronicle = baton;

    if (change->revocation != NULL || change->kind == CHANGE_BLOCKED) {
        hear_revocation(chronicle, change);
    }
    else if (change->certificate != NULL) {
        hear_certificate(chronicle, change->kind, change->certificate);
    }
    else if (change->kind == CHANGE_SUPERSEDED_CLOSED) {
        enter_registration(chronicle, "account-deactivated", change->account, change->superseded);
    }
    else if (change->account != NULL) {
        hear_account(chronicle, change->kind, change->account);
    }
    else {
        hear_process(chronicle, change->kind, change->result);
    }
}

apr_status_t chronicle_requests(chronicle_t *chronicle, const keeper_account_t *account,
                                const json_t *list)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) > REQUESTS_MAX) {
        return APR_EINVAL;
    }
    json_array_foreach(list, i, item)
    {
        apr_int64_t n = json_peek_int(item, "count", -1);

        if (n > COUNT_MAX
            || counters_request(chronicle->counters, account->plan->label,
                                json_peek_string(item, "resource"), json_peek_string(item, "code"),
                                n)
                   != APR_SUCCESS) {
            return APR_EINVAL;
        }
    }
    chronicle->unkept = 1;
    tell_soon(chronicle);
    return APR_SUCCESS;
}

void chronicle_stop(chronicle_t *chronicle)
{
    if (chronicle->unkept) {
        keep(chronicle);
    }
}

json_t *chronicle_counters(const chronicle_t *chronicle)
{
    json_t *json = counters_to_json(chronicle->counters);
    json_t *events = json_object_get(json, "events");

    json_object_set_new(events, "pending", json_integer(chronicle->pending));
    json_put_time(events, "oldest", chronicle->oldest);
    return json;
}

json_t *chronicle_recent(const chronicle_t *chronicle)
{
    return json_deep_copy(chronicle->recent);
}

void chronicle_start(chronicle_t *chronicle, const char *restarted)
{
    const plan_t *plan = chronicle->model->means->plan;
    json_t *entry;

    if (plan->restarts > 0) {
        entry = begin("keeper-restart");
        json_object_set_new(entry, "restarts", json_integer(plan->restarts));
        chronicle_enter(chronicle, entry);
        chronicle_count(chronicle, COUNT_KEEPER_RESTARTS);
    }
    else if (restarted != NULL) {
        entry = begin("restart");
        json_put_string(entry, "why", restarted);
        chronicle_enter(chronicle, entry);
        chronicle_count(chronicle, COUNT_RELOADS_DONE);
    }
}

chronicle_t *chronicle_make(const model_t *model, agent_line_t *line)
{
    apr_pool_t *p = model->means->pool;
    apr_array_header_t *labels = apr_array_make(p, 2, sizeof(const char *));
    chronicle_t *chronicle = apr_pcalloc(p, sizeof(*chronicle));
    int i;

    chronicle->model = model;
    chronicle->line = line;
    chronicle->teller = loop_timer_make(model->means->loop, on_tell, chronicle);
    chronicle->failing_accounts = apr_pcalloc(p, (apr_size_t)model->accounts->nelts + 1);
    chronicle->failing_certificates = apr_pcalloc(p, (apr_size_t)model->certificates->nelts + 1);
    chronicle->given_up = apr_pcalloc(p, (apr_size_t)model->certificates->nelts + 1);
    for (i = 0; i < model->accounts->nelts; ++i) {
        APR_ARRAY_PUSH(labels, const char *) = model_account(model, i)->plan->label;
        chronicle->failing_accounts[i] = model_account(model, i)->failing.failure != NULL;
    }
    for (i = 0; i < model->certificates->nelts; ++i) {
        chronicle->failing_certificates[i] = model_certificate(model, i)->failing.failure != NULL;
    }
    chronicle->counters = counters_load(model->means->store, labels, p);
    chronicle->recent = json_own(p, json_array());
    remember_before(chronicle);
    return chronicle;
}
