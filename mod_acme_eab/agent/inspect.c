/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/inspect.h"

#include <string.h>

#include <apr_strings.h>

#include "agent/finding.h"
#include "agent/lookup.h"
#include "agent/permission.h"
#include "agent/persist.h"
#include "agent/reach.h"
#include "agent/schedule.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/json.h"
#include "policy/renew.h"
#include "policy/validation.h"

/* A validation that ends so soon is told. */
#define ENDS_SOON apr_time_from_sec(14 * 86400)

typedef struct inspection {
    task_t *task;
    apr_time_t began; /* by clock_steady() */
    int name;         /* of the certificate, that is looked at: */
    reach_address_t addresses[REACH_ADDRESSES_MAX];
    int count;
} inspection_t;

static inspection_t *begin(task_t *task)
{
    inspection_t *inspection = apr_pcalloc(task->pool, sizeof(*inspection));

    inspection->task = task;
    inspection->began = clock_steady();
    return inspection;
}

static void end_well(task_t *task)
{
    task_end(task, eab_result_make(task->pool));
}

/* ---- the account ---- */

static void on_vouched(void *baton, const eab_result_t *result)
{
    task_t *task = ((inspection_t *)baton)->task;
    const agent_account_t *account = task->account;

    if (result->rv == APR_SUCCESS) {
        finding_tell(task, "account", account->brief->label, "ok",
                     apr_psprintf(task->pool, "the CA knows it: %s", account->brief->url));
    }
    else {
        finding_tell(task, "account", account->brief->label, "fault",
                     apr_psprintf(task->pool, "the CA does not vouch for it: %s", result->detail));
    }
    end_well(task);
}

/* What waits for the account need not wait longer. */
static void hurry_jobs(const task_t *task)
{
    int i;

    for (i = 0; i < task->jobs->nelts; ++i) {
        job_t *job = APR_ARRAY_IDX(task->jobs, i, job_t *);

        if (job->account == task->account) {
            schedule_again(job);
        }
    }
}

/* Root wants it, and so the EAB key is spent: the account is there to stay. */
static void on_registered(void *baton, const eab_result_t *result)
{
    task_t *task = ((inspection_t *)baton)->task;
    const agent_account_t *account = task->account;

    if (result->rv == APR_SUCCESS) {
        hurry_jobs(task);
        finding_tell(
            task, "account", account->brief->label, FINDING_OK,
            apr_psprintf(task->pool, "it was registered, and is kept: %s", account->brief->url));
    }
    else {
        finding_tell(task, "account", account->brief->label, FINDING_FAULT,
                     apr_psprintf(task->pool, "it could not be registered: %s", result->detail));
    }
    end_well(task);
}

static void tell_directory(const inspection_t *inspection)
{
    const task_t *task = inspection->task;
    const acme_directory_t *directory = acme_session_seen(task->account->session);
    apr_pool_t *p = task->pool;

    finding_tell(task, "directory", task->account->brief->directory, "ok",
                 apr_psprintf(p, "answered in %d ms; %s, %s, %s",
                              (int)apr_time_as_msec(clock_steady() - inspection->began),
                              directory->eab_required ? "demands EAB" : "demands no EAB",
                              directory->renewal_info != NULL ? "renewal information"
                                                              : "no renewal information",
                              json_object_size(directory->profiles) > 0 ? apr_psprintf(
                                  p, "%d profiles", (int)json_object_size(directory->profiles))
                                                                        : "no profiles"));
    if (directory->eab_required && !task->account->brief->eab) {
        finding_tell(task, "account", task->account->brief->label, "fault",
                     "the CA demands External Account Binding: set ACMEEABKid and ACMEEABKey");
    }
    if (directory->terms != NULL && !task->account->brief->terms_accepted) {
        finding_tell(
            task, "terms", task->account->brief->label, "fault",
            apr_psprintf(p, "read %s and set \"ACMETermsOfService accepted\"", directory->terms));
    }
}

static void tell_clock(const task_t *task)
{
    apr_interval_time_t ahead = acme_session_ahead(task->account->session);
    apr_interval_time_t span = ahead > 0 ? ahead : -ahead;

    finding_tell(task, "clock", task->account->brief->label,
                 renew_clock_is_wrong(ahead) ? "fault" : "ok",
                 apr_psprintf(task->pool, "%s %s that of the CA", clock_span(task->pool, span),
                              ahead > 0 ? "behind" : "ahead of"));
}

static void on_directory(void *baton, const eab_result_t *result)
{
    inspection_t *inspection = baton;
    task_t *task = inspection->task;
    agent_account_t *account = task->account;

    if (result->rv != APR_SUCCESS) {
        finding_tell(task, "directory", account->brief->directory, "fault", result->detail);
        end_well(task);
        return;
    }
    tell_directory(inspection);
    tell_clock(task);
    if (account->brief->url == NULL && json_peek_bool(task->body, "register", 0)) {
        failing_hurry(&account->failing);
        account_need(account, on_registered, inspection);
        return;
    }
    if (account->brief->url == NULL) {
        finding_tell(task, "account", account->brief->label, "warning",
                     "not registered yet; the first order does that, or --register, and it spends "
                     "the EAB key");
        end_well(task);
        return;
    }
    account_vouch(account, on_vouched, inspection);
}

void inspect_account(task_t *task)
{
    if (task->account == NULL) {
        end_well(task);
        return;
    }
    if (task->account->brief->broken != NULL) {
        finding_tell(task, "account", task->account->brief->label, "fault",
                     task->account->brief->broken->detail);
        end_well(task);
        return;
    }
    account_look(task->account, on_directory, begin(task));
}

/* ---- the names ---- */

static void tell_validations(const task_t *task)
{
    const brief_validations_t *validations = &task->job->brief->validations;
    apr_time_t now = apr_time_now();
    int i;

    if (validations->fingerprint == NULL || validations->list->nelts == 0) {
        finding_tell(task, "validation", task->job->title, "ok",
                     "nothing is known of how long the CA goes by its validations");
        return;
    }
    for (i = 0; i < validations->list->nelts; ++i) {
        const brief_validation_t *one = &APR_ARRAY_IDX(validations->list, i, brief_validation_t);

        int lapses = one->until - now < ENDS_SOON
                     && !validation_can_be_had(task->job->brief->challenges, one->name,
                                               persist_lacks(task->job->persist, one->name));

        finding_tell(task, "validation", one->name, lapses ? "warning" : "ok",
                     apr_psprintf(task->pool, "%s %s, as of the last order%s",
                                  one->until > now ? "valid until" : "ended at",
                                  clock_format(task->pool, one->until),
                                  lapses ? "; have it validated at the CA again, or allow a "
                                           "challenge with ACMEChallenge"
                                         : ""));
    }
}

static void look_at_next(inspection_t *inspection);

static const char *name_of(const inspection_t *inspection)
{
    return APR_ARRAY_IDX(inspection->task->job->brief->names, inspection->name, const char *);
}

/* Only http-01 and tls-alpn-01 go to an address. */
static int needs_address(const job_t *job)
{
    int i;

    for (i = 0; i < job->brief->challenges->nelts; ++i) {
        if (strncmp(APR_ARRAY_IDX(job->brief->challenges, i, const char *), "dns-", 4) != 0) {
            return 1;
        }
    }
    return 0;
}

static void on_reached(void *baton)
{
    inspection_t *inspection = baton;

    ++inspection->name;
    look_at_next(inspection);
}

static void on_permission(void *baton)
{
    inspection_t *inspection = baton;

    reach_look(inspection->task, name_of(inspection), inspection->addresses, inspection->count,
               on_reached, inspection);
}

/* CAA is for names (RFC 8738, 8). */
static void look_at_records(inspection_t *inspection)
{
    if (address_is_normal(name_of(inspection))) {
        on_permission(inspection);
        return;
    }
    permission_look(inspection->task, name_of(inspection), on_permission, inspection);
}

static void add_address(inspection_t *inspection, const void *octets, int size)
{
    reach_address_t *address = &inspection->addresses[inspection->count];

    if (inspection->count < REACH_ADDRESSES_MAX) {
        memcpy(address->octets, octets, (size_t)size);
        address->size = size;
        ++inspection->count;
    }
}

/* @return true when somebody has answered */
static int collect_addresses(inspection_t *inspection, const lookup_found_t *found)
{
    int i, k, answered = 0;

    for (i = 0; i < found->count; ++i) {
        const lookup_view_t *view = &found->views[i];

        answered |= view->answered;
        for (k = 0; view->answered && k < view->answer->count; ++k) {
            add_address(inspection, view->answer->values[k].data, view->answer->values[k].len);
        }
    }
    return answered;
}

/* "192.0.2.1, 2001:db8::1". @param pprivate whether one is of this network alone */
static const char *list_addresses(const inspection_t *inspection, int *pprivate)
{
    apr_pool_t *p = inspection->task->pool;
    const char *text = "";
    int i;

    *pprivate = 0;
    for (i = 0; i < inspection->count; ++i) {
        const reach_address_t *address = &inspection->addresses[i];

        *pprivate |= address_is_private(address->octets, address->size);
        text = apr_pstrcat(p, text, i > 0 ? ", " : "",
                           address_text(p, address->octets, address->size), NULL);
    }
    return text;
}

static void tell_addresses(const inspection_t *inspection)
{
    const task_t *task = inspection->task;
    int is_private, needed = needs_address(task->job);
    const char *list = list_addresses(inspection, &is_private);

    if (inspection->count == 0) {
        finding_tell(
            task, "addresses", name_of(inspection), needed ? FINDING_WARNING : FINDING_OK,
            "it has no address as seen from here; a CA that asks for http-01 or tls-alpn-01 cannot "
            "reach it");
    }
    else if (is_private && needed) {
        finding_tell(task, "addresses", name_of(inspection), FINDING_WARNING,
                     apr_psprintf(task->pool,
                                  "%s as seen from here; a CA beyond this network sees something "
                                  "else, or cannot reach it",
                                  list));
    }
    else {
        finding_tell(task, "addresses", name_of(inspection), FINDING_OK,
                     apr_psprintf(task->pool, "%s as seen from here", list));
    }
}

static void on_addresses(void *baton, const lookup_found_t *found)
{
    inspection_t *inspection = baton;

    if (!collect_addresses(inspection, found)) {
        finding_tell(inspection->task, "addresses", name_of(inspection), FINDING_WARNING,
                     "the resolver of this machine does not answer");
    }
    else {
        tell_addresses(inspection);
    }
    look_at_records(inspection);
}

/* Addresses, CAA records, and whether httpd is met at the addresses; the next name after that. */
static void look_at_next(inspection_t *inspection)
{
    task_t *task = inspection->task;
    unsigned char octets[ADDRESS_OCTETS_MAX];
    int size;

    if (inspection->name == task->job->brief->names->nelts) {
        end_well(task);
        return;
    }
    inspection->count = 0;
    if (name_of(inspection)[0] == '*') { /* nobody asks a wildcard for anything but records */
        look_at_records(inspection);
        return;
    }
    if ((size = address_parse(octets, name_of(inspection))) != 0) {
        add_address(inspection, octets, size);
        look_at_records(inspection);
        return;
    }
    lookup_addresses(task->kit->aside, task->job->brief->dns_resolver, name_of(inspection),
                     on_addresses, inspection);
}

/* What the CA is called in CAA records is in its directory; that it does not answer is told with the account. */
static void on_seen(void *baton, const eab_result_t *result)
{
    (void)result;
    look_at_next(baton);
}

void inspect_names(task_t *task)
{
    inspection_t *inspection;

    if (task->job == NULL) {
        end_well(task);
        return;
    }
    inspection = begin(task);
    tell_validations(task);
    if (task->job->account->brief->broken != NULL) {
        look_at_next(inspection);
        return;
    }
    account_look(task->job->account, on_seen, inspection);
}
