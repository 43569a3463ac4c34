/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/inspect.h"

#include <string.h>

#include <apr_strings.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "policy/renew.h"

/* A validation that ends so soon is told. */
#define ENDS_SOON apr_time_from_sec(14 * 86400)

typedef struct inspection {
    task_t *task;
    apr_time_t began; /* by clock_steady() */
    int name;         /* of the certificate, that is looked up */
} inspection_t;

static inspection_t *begin(task_t *task)
{
    inspection_t *inspection = apr_pcalloc(task->pool, sizeof(*inspection));

    inspection->task = task;
    inspection->began = clock_steady();
    return inspection;
}

static void tell(const task_t *task, const char *check, const char *subject, const char *grade,
                 const char *text)
{
    json_t *part = json_object();

    json_put_string(part, "check", check);
    json_put_string(part, "subject", subject);
    json_put_string(part, "grade", grade);
    json_put_string(part, "text", log_escape(task->pool, text));
    task_tell(task, part);
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
        tell(task, "account", account->brief->label, "ok",
             apr_psprintf(task->pool, "the CA knows it: %s", account->brief->url));
    }
    else {
        tell(task, "account", account->brief->label, "fault",
             apr_psprintf(task->pool, "the CA does not vouch for it: %s", result->detail));
    }
    end_well(task);
}

static void tell_directory(const inspection_t *inspection)
{
    const task_t *task = inspection->task;
    const acme_directory_t *directory = acme_session_seen(task->account->session);
    apr_pool_t *p = task->pool;

    tell(task, "directory", task->account->brief->directory, "ok",
         apr_psprintf(
             p, "answered in %d ms; %s, %s, %s",
             (int)apr_time_as_msec(clock_steady() - inspection->began),
             directory->eab_required ? "demands EAB" : "demands no EAB",
             directory->renewal_info != NULL ? "renewal information" : "no renewal information",
             json_object_size(directory->profiles) > 0
                 ? apr_psprintf(p, "%d profiles", (int)json_object_size(directory->profiles))
                 : "no profiles"));
    if (directory->eab_required && !task->account->brief->eab) {
        tell(task, "account", task->account->brief->label, "fault",
             "the CA demands External Account Binding: set ACMEEABKid and ACMEEABKey");
    }
    if (directory->terms != NULL && !task->account->brief->terms_accepted) {
        tell(task, "terms", task->account->brief->label, "fault",
             apr_psprintf(p, "read %s and set \"ACMETermsOfService accepted\"", directory->terms));
    }
}

static void tell_clock(const task_t *task)
{
    apr_interval_time_t ahead = acme_session_ahead(task->account->session);
    apr_interval_time_t span = ahead > 0 ? ahead : -ahead;

    tell(task, "clock", task->account->brief->label, renew_clock_is_wrong(ahead) ? "fault" : "ok",
         apr_psprintf(task->pool, "%s %s that of the CA", clock_span(task->pool, span),
                      ahead > 0 ? "behind" : "ahead of"));
}

static void on_directory(void *baton, const eab_result_t *result)
{
    inspection_t *inspection = baton;
    task_t *task = inspection->task;
    agent_account_t *account = task->account;

    if (result->rv != APR_SUCCESS) {
        tell(task, "directory", account->brief->directory, "fault", result->detail);
        end_well(task);
        return;
    }
    tell_directory(inspection);
    tell_clock(task);
    if (account->brief->url == NULL) {
        tell(task, "account", account->brief->label, "warning",
             "not registered yet; the first order does that, and spends the EAB key");
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
        tell(task, "account", task->account->brief->label, "fault",
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
        tell(task, "validation", task->job->brief->id, "ok",
             "nothing is known of how long the CA goes by its validations");
        return;
    }
    for (i = 0; i < validations->list->nelts; ++i) {
        const brief_validation_t *one = &APR_ARRAY_IDX(validations->list, i, brief_validation_t);

        tell(task, "validation", one->name, one->until - now < ENDS_SOON ? "warning" : "ok",
             apr_psprintf(task->pool, "%s %s, as of the last order",
                          one->until > now ? "valid until" : "ended at",
                          clock_format(task->pool, one->until)));
    }
}

static void look_up_next(inspection_t *inspection);

static int count_values(const lookup_found_t *found, int *panswered)
{
    int i, n = 0;

    *panswered = 0;
    for (i = 0; i < found->count; ++i) {
        if (found->views[i].answered) {
            *panswered = 1;
            n += found->views[i].answer->count;
        }
    }
    return n;
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

static void on_addresses(void *baton, const lookup_found_t *found)
{
    inspection_t *inspection = baton;
    const task_t *task = inspection->task;
    const char *name = APR_ARRAY_IDX(task->job->brief->names, inspection->name, const char *);
    int answered, n = count_values(found, &answered);

    if (!answered) {
        tell(task, "addresses", name, "warning", "the resolver of this machine does not answer");
    }
    else if (n == 0) {
        tell(
            task, "addresses", name, needs_address(task->job) ? "warning" : "ok",
            "it has no address as seen from here; a CA that asks for http-01 or tls-alpn-01 cannot "
            "reach it");
    }
    else {
        tell(task, "addresses", name, "ok", apr_psprintf(task->pool, "%d as seen from here", n));
    }
    ++inspection->name;
    look_up_next(inspection);
}

static int is_looked_up(const char *name)
{
    return name[0] != '*' && !address_is_normal(name);
}

static void look_up_next(inspection_t *inspection)
{
    task_t *task = inspection->task;
    const brief_certificate_t *brief = task->job->brief;

    while (inspection->name < brief->names->nelts
           && !is_looked_up(APR_ARRAY_IDX(brief->names, inspection->name, const char *))) {
        ++inspection->name;
    }
    if (inspection->name == brief->names->nelts) {
        end_well(task);
        return;
    }
    lookup_addresses(task->kit->lookup, brief->dns_resolver,
                     APR_ARRAY_IDX(brief->names, inspection->name, const char *), on_addresses,
                     inspection);
}

void inspect_names(task_t *task)
{
    if (task->job == NULL) {
        end_well(task);
        return;
    }
    tell_validations(task);
    look_up_next(begin(task));
}
