/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_renew.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "keeper/control_successor.h"
#include "keeper/demand.h"
#include "policy/demand.h"

/* A restart of httpd that is further off than that is not waited for. */
#define SOON apr_time_from_sec(120)

/* From an act to the end of the back-off that it has ended; each other one is longer. */
#define HURRIED apr_time_from_sec(10)

static int is_since(apr_time_t time, const act_t *act)
{
    return time >= apr_time_from_sec(apr_time_sec(act->at)); /* the store keeps seconds */
}

/* ---- begin ---- */

/* What it is that fails; NULL: nothing. */
static const failure_t *failure_of(const keeper_certificate_t *certificate)
{
    return certificate->failing.failure != NULL ? certificate->failing.failure
                                                : certificate->account->failing.failure;
}

static void collect(demand_facts_t *facts, const keeper_certificate_t *certificate)
{
    const failure_t *failure = failure_of(certificate);

    facts->obtained = certificate->best != NULL ? certificate->best->installed : 0;
    facts->tried = failure != NULL ? failure->tried : 0;
    facts->patience = failure != NULL ? failure->problem->retry_after : -1;
}

/* The CA has asked to wait; or we do, and --force does not help: the EAB key is for one use a day. */
static apr_status_t refuse_haste(const keeper_certificate_t *certificate, apr_time_t until,
                                 control_call_t *call, eab_result_t *result)
{
    const failure_t *failure = failure_of(certificate);

    if (failure != NULL && eab_result_is(failure->problem, EAB_PROBLEM_EAB_USED)) {
        return eab_result_set(result, APR_EBUSY, EAB_PROBLEM_REFUSED,
                              "%s waits until %s: %s Another EAB pair, in ACMEEABKid and "
                              "ACMEEABKey, is used at once.",
                              certificate->title, clock_format(call->p, until),
                              failure->problem->detail);
    }
    return eab_result_set(result, APR_EBUSY, EAB_PROBLEM_REFUSED,
                          "The CA asked to wait until %s with %s; if you do not want to wait, "
                          "say --force.",
                          clock_format(call->p, until), certificate->title);
}

static apr_status_t judge(const keeper_certificate_t *certificate, int another,
                          control_call_t *call, eab_result_t *result)
{
    const eab_result_t *broken = certificate->account->broken;
    const char *title = certificate->title;
    demand_facts_t facts;
    apr_time_t until;

    if (broken->rv != APR_SUCCESS) {
        eab_result_copy(result, broken);
        return result->rv;
    }
    if (json_peek_bool(call->act->arguments, "force", 0)) {
        return APR_SUCCESS;
    }
    collect(&facts, certificate);
    switch (demand_judge(call->act->at, &facts, another, &until)) {
    case DEMAND_YOUNG:
        return eab_result_set(result, APR_EBUSY, EAB_PROBLEM_REFUSED,
                              "%s got its certificate %s ago; if you want another one all the "
                              "same, say --force.",
                              title, clock_span(call->p, call->act->at - facts.obtained));
    case DEMAND_IMPATIENT:
        return refuse_haste(certificate, until, call, result);
    case DEMAND_FINE:
        break;
    }
    return APR_SUCCESS;
}

/* Back-off is over; an order in flight goes on, and else another one is made. */
static apr_status_t demand_one(keeper_certificate_t *certificate, int another, control_call_t *call,
                               eab_result_t *result)
{
    apr_status_t rv = judge(certificate, another, call, result);

    if (rv == APR_SUCCESS && another) {
        rv = demand_make(certificate, result);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    account_hurry(certificate->account);
    failing_hurry(&certificate->failing, certificate->means, certificate->plan->id);
    tasks_hurry(call->parts->tasks, certificate->index, certificate->demanded);
    return APR_SUCCESS;
}

/* Of those that came in the second of the act, nobody could tell otherwise whether they came before it. */
static apr_status_t remember(control_call_t *call, const apr_array_header_t *list)
{
    json_t *before = json_object();
    int i;

    for (i = 0; i < list->nelts; ++i) {
        const keeper_certificate_t *certificate = APR_ARRAY_IDX(list, i, keeper_certificate_t *);

        if (certificate->best != NULL && is_since(certificate->best->installed, call->act)) {
            json_put_string(before, certificate->plan->id, certificate->best->facts->fingerprint);
        }
    }
    json_object_set_new(call->act->state, "before", before);
    return control_save(call);
}

/* The act is begun again, and what it was asked for has come. */
static int has_come(const control_call_t *call, const keeper_certificate_t *certificate)
{
    const char *before =
        json_peek_string(json_object_get(call->act->state, "before"), certificate->plan->id);

    return certificate->best != NULL && is_since(certificate->best->installed, call->act)
           && (before == NULL || strcmp(before, certificate->best->facts->fingerprint) != 0);
}

static json_t *make_part(const keeper_certificate_t *certificate, const char *step,
                         const char *result)
{
    json_t *part = json_object();

    json_put_string(part, "name", APR_ARRAY_IDX(certificate->plan->names, 0, const char *));
    json_put_string(part, "key_type", certificate->plan->key_type);
    json_put_string(part, "step", step);
    json_put_string(part, "result", result);
    return part;
}

static void tell_refusal(control_call_t *call, const keeper_certificate_t *certificate,
                         const eab_result_t *result)
{
    json_t *part = make_part(certificate, "idle", "refused");

    json_object_set_new(part, "problem", eab_result_to_json(result));
    control_tell(call, certificate->plan->id, part);
}

/* What was told when the act began, and does not change. */
static int is_settled(const act_t *act, const keeper_certificate_t *certificate)
{
    const char *result =
        json_peek_string(json_object_get(act->told, certificate->plan->id), "result");

    return result != NULL && (strcmp(result, "refused") == 0 || strcmp(result, "nothing") == 0);
}

static int is_under_way(const keeper_certificate_t *certificate)
{
    return certificate->demanded != 0 || certificate_is_ordering(certificate)
           || certificate->failing.failure != NULL || certificate->account->failing.failure != NULL
           || certificate->best == NULL;
}

static apr_status_t step_all(control_call_t *call);

static apr_status_t begin(control_call_t *call, int another)
{
    const apr_array_header_t *list = NULL;
    apr_status_t rv = control_choose(&list, call);
    int i, accepted = 0;

    if (rv == APR_SUCCESS && another && json_object_get(call->act->state, "before") == NULL) {
        rv = remember(call, list);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < list->nelts; ++i) {
        keeper_certificate_t *certificate = APR_ARRAY_IDX(list, i, keeper_certificate_t *);
        eab_result_t *result = eab_result_make(call->p);

        if (another && has_come(call, certificate)) {
            ++accepted;
            continue;
        }
        if (!another && !is_under_way(certificate)) {
            control_tell(call, certificate->plan->id, make_part(certificate, "idle", "nothing"));
            ++accepted;
            continue;
        }
        if (demand_one(certificate, another, call, result) == APR_SUCCESS) {
            ++accepted;
            continue;
        }
        tell_refusal(call, certificate, result);
        if (call->result->rv == APR_SUCCESS) {
            eab_result_copy(call->result, result);
        }
    }
    if (accepted == 0 && call->result->rv != APR_SUCCESS) {
        return call->result->rv;
    }
    eab_result_clear(call->result);
    return step_all(call);
}

/* Another account comes first, where root wants one: nothing is ordered before it is registered. */
static apr_status_t begin_renew(control_call_t *call)
{
    const apr_array_header_t *list = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (json_peek_bool(call->act->arguments, "new_account", 0)
        && (rv = control_choose(&list, call)) == APR_SUCCESS) {
        rv = control_succeed_all(call, list);
    }
    return rv == APR_SUCCESS ? begin(call, 1) : rv;
}

static apr_status_t begin_retry(control_call_t *call)
{
    return begin(call, 0);
}

/* ---- what has come of it ---- */

/* The act has ended its back-off: one that waits again is of a later attempt. */
static int is_of_later(const failure_t *failure, const act_t *act)
{
    return failure != NULL && failure->tried > 0 && is_since(failure->tried, act)
           && failure->next > act->at + HURRIED;
}

/* The failure of an attempt that came after the act; NULL: there is none. */
static const failure_t *failed_since(const keeper_certificate_t *certificate, const act_t *act)
{
    const failure_t *own = certificate->failing.failure;
    const failure_t *accounts = certificate->account->failing.failure;

    if (is_of_later(own, act)) {
        return own;
    }
    return is_of_later(accounts, act) ? accounts : NULL;
}

static void put_certificate(json_t *part, const keeper_certificate_t *certificate)
{
    json_put_string(part, "serial", certificate->best->facts->serial);
    json_put_time(part, "not_after", certificate->best->facts->not_after);
}

/* It is in the store: does httpd take it, and if not now, why not? */
static json_t *tell_stored(const keeper_certificate_t *certificate, const control_call_t *call)
{
    const news_t *news = reload_news(call->parts->reload);
    int served = !certificate_waits(certificate) && certificate->plan->served;
    int later = certificate_waits_for_reload(certificate)
                && (strcmp(news->state, "pending") != 0
                    || (news->next != 0 && news->next > apr_time_now() + SOON));
    int over = !certificate_waits(certificate) || (later && strcmp(news->state, "idle") != 0);
    json_t *part = make_part(certificate, served ? "served" : "stored", over ? "issued" : NULL);

    put_certificate(part, certificate);
    if (later && over) {
        json_put_string(part, "why",
                        strcmp(news->state, "off") == 0
                            ? "ACMEReload is off: restart httpd gracefully yourself"
                        : news->why != NULL ? news->why
                                            : "httpd is restarted for it later");
        json_put_time(part, "at", news->next);
    }
    return part;
}

static json_t *tell_failure(const keeper_certificate_t *certificate, const failure_t *failure)
{
    json_t *part = make_part(certificate, "idle", "failed");

    json_object_set_new(part, "problem", eab_result_to_json(failure->problem));
    json_put_time(part, "at", failure->next);
    return part;
}

static json_t *describe(const keeper_certificate_t *certificate, const control_call_t *call)
{
    const journal_t *journal = certificate->journal;
    const failure_t *failure = failed_since(certificate, call->act);

    if (certificate->best != NULL && certificate->demanded == 0
        && is_since(certificate->best->installed, call->act)) {
        return tell_stored(certificate, call);
    }
    if (failure != NULL) {
        return tell_failure(certificate, failure);
    }
    if (journal != NULL && (certificate_is_ordering(certificate) || certificate->demanded != 0)) {
        return make_part(certificate,
                         journal->finalized           ? "validated"
                         : journal->order_url != NULL ? "ordered"
                                                      : "asked",
                         NULL);
    }
    return is_under_way(certificate) ? make_part(certificate, "asked", NULL)
                                     : make_part(certificate, "idle", "nothing");
}

/* The first failure is that of the act. */
static int judge_part(control_call_t *call, const json_t *part)
{
    const char *result = json_peek_string(part, "result");

    if (result == NULL) {
        return 0;
    }
    if (json_object_get(part, "problem") != NULL && call->result->rv == APR_SUCCESS) {
        eab_result_from_json(call->result, json_object_get(part, "problem"));
    }
    return 1;
}

static apr_status_t step_all(control_call_t *call)
{
    const apr_array_header_t *list = NULL;
    apr_status_t rv = control_choose(&list, call);
    int i, over = 0;

    if (rv != APR_SUCCESS) { /* it is not configured any more */
        return rv;
    }
    for (i = 0; i < list->nelts; ++i) {
        const keeper_certificate_t *certificate = APR_ARRAY_IDX(list, i, keeper_certificate_t *);
        json_t *part;

        if (is_settled(call->act, certificate)) {
            over += judge_part(call, json_object_get(call->act->told, certificate->plan->id));
            continue;
        }
        part = describe(certificate, call);
        over += judge_part(call, part);
        control_tell(call, certificate->plan->id, part);
    }
    if (over < list->nelts) {
        eab_result_clear(call->result);
        return APR_EAGAIN;
    }
    return call->result->rv;
}

/* What it waits for is remembered as soon as the certificates themselves are asked for. */
static apr_status_t step_renew(control_call_t *call)
{
    return json_object_get(call->act->state, "before") != NULL ? step_all(call) : begin_renew(call);
}

const control_command_t control_renew = { "renew", begin_renew, step_renew, 1 };
const control_command_t control_retry = { "retry", begin_retry, step_all, 1 };
