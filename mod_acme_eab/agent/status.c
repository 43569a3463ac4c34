/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "agent/account.h"
#include "agent/directory.h"
#include "agent/job.h"
#include "agent/lapse.h"
#include "agent/persist.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "base/rundir.h"
#include "policy/problem.h"

#define STATUS_VERSION 1

/* It is written at most this often, and that of thousands of certificates so seldom that no more than one
 * part in SHARE of the agent's time goes into it. */
#define INTERVAL apr_time_from_msec(200)
#define SHARE 20

/* After a failure: for example, the disk is full. */
#define RETRY apr_time_from_sec(10)

struct status {
    kit_t *kit;
    const apr_array_header_t *accounts, *jobs;
    const char *path;
    int failed;    /* it could not be written */
    apr_time_t at; /* not before, by clock_steady() */
};

/* JSON null where design section 8 shows an object and there is none. */
static json_t *problem_to_json(const failing_t *failing, apr_pool_t *p)
{
    json_t *json;

    if (failing->failure.attempts == 0) {
        return json_null();
    }
    json = eab_result_to_json(failing->failure.problem);
    json_object_del(json, "rv");
    json_put_string(json, "advice", failing_advice(failing, p));
    json_put_time(json, "since", failing->failure.since);
    json_object_set_new(json, "attempts", json_integer(failing->failure.attempts));
    return json;
}

/* What time alone will not mend; the keeper looks at it again and again. */
static json_t *broken_to_json(const eab_result_t *broken)
{
    json_t *json = eab_result_to_json(broken);

    json_object_del(json, "rv");
    json_put_string(
        json, "advice",
        "Mend what is named here; it is looked at again every minute, and at once after "
        "a graceful restart of httpd.");
    return json;
}

static json_t *account_problem(const agent_account_t *account, apr_pool_t *p)
{
    if (account->brief->broken != NULL) {
        return broken_to_json(account->brief->broken);
    }
    return problem_to_json(&account->failing, p);
}

static json_t *keys_to_json(const brief_facts_t *facts)
{
    json_t *keys = json_array();
    json_t *key;

    if (facts != NULL) {
        key = json_object();
        json_put_string(key, "type", facts->key_type);
        json_put_string(key, "issuer", facts->issuer);
        json_put_string(key, "serial", facts->serial);
        json_put_time(key, "not_before", facts->not_before);
        json_put_time(key, "not_after", facts->not_after);
        json_put_string(key, "fingerprint_sha256", facts->fingerprint);
        json_array_append_new(keys, key);
    }
    return keys;
}

/* What the CA said of when to renew. */
static json_t *suggestion_to_json(const job_t *job)
{
    const brief_window_t *window = job_window(job);
    json_t *json;

    if (window == NULL) {
        return json_null();
    }
    json = json_object();
    json_put_time(json, "start", window->start);
    json_put_time(json, "end", window->end);
    json_put_string(json, "explanation", window->explanation);
    return json;
}

/* What is due already happens right now, not in the past. 0: no time is known. */
static apr_time_t time_to_come(apr_time_t at, apr_time_t now)
{
    return at != 0 && at < now ? now : at;
}

static json_t *next_to_json(const job_t *job, const char *status, apr_time_t now, apr_pool_t *p)
{
    const brief_window_t *window = job_window(job);
    const news_t *reload = &job->kit->brief->reload;
    json_t *next = json_object();

    if (strcmp(status, "waiting-for-reload") == 0) {
        json_put_string(next, "what", "reload");
        json_put_time(next, "at", time_to_come(reload->next, now));
        json_put_string(next, "why",
                        strcmp(reload->state, "off") == 0
                            ? "ACMEReload is off: restart httpd gracefully yourself"
                        : strcmp(reload->state, "refused") == 0
                            ? "httpd would not survive a restart now; see reload"
                        : strcmp(reload->state, "failed") == 0
                            ? "httpd could not be made to use the new certificate; see reload"
                        : reload->why != NULL
                            ? "httpd is restarted for renewals then, or before; see reload"
                            : "httpd has not loaded the new certificate yet");
        return next;
    }
    if (job_is_looked_at(job)) {
        json_put_string(next, "what", "renew");
        json_put_time(next, "at", now);
        json_put_string(
            next, "why",
            "the new certificate is handed to httpd's workers, and it is looked whether "
            "they serve it");
        return next;
    }
    json_put_string(next, "what", job->next);
    json_put_time(next, "at", time_to_come(job->at, now));
    json_put_string(next, "why",
                    window != NULL && window->explanation != NULL && strcmp(job->next, "renew") == 0
                        ? apr_pstrcat(p, job->why, "; the CA explains: ", window->explanation, NULL)
                        : job->why);
    return next;
}

/* Configured names that the certificate in place does not cover. */
static void put_missing(json_t *json, const brief_certificate_t *brief, apr_pool_t *p)
{
    apr_array_header_t *none = apr_array_make(p, 1, sizeof(const char *));

    json_put_strings(json, "missing_names",
                     brief->facts != NULL ? name_uncovered(p, brief->facts->names, brief->names)
                                          : none);
}

static json_t *order_to_json(const job_t *job)
{
    json_t *order;

    if (!job->brief->ordering) {
        return json_null();
    }
    order = json_object();
    json_put_string(order, "key_type", job->brief->key_type);
    json_put_string(order, "url", job->brief->order_url);
    json_put_string(order, "status",
                    job->flight->order != NULL ? job->flight->order->status : NULL);
    json_put_time(order, "since", job->brief->order_since);
    return order;
}

static json_t *job_problem(const job_t *job, apr_pool_t *p)
{
    json_t *json;

    if (job->failing.failure.attempts == 0
        || (!job_fails_itself(job) && account_fails(job->account))) {
        return account_problem(job->account, p);
    }
    json = problem_to_json(&job->failing, p);
    json_put_string(json, "key_type", job->brief->key_type);
    return json;
}

/* httpd has it and cannot use it: nothing is under way that would change that. */
static int is_unusable(const job_t *job, const char *status)
{
    return job->brief->unusable != NULL && strcmp(status, "valid") == 0;
}

static json_t *unusable_to_json(const job_t *job, apr_pool_t *p)
{
    eab_result_t *problem = eab_result_make(p);
    problem_facts_t facts = { 0 };
    json_t *json;

    facts.names = job->brief->names;
    eab_result_set(problem, APR_EINVAL, EAB_PROBLEM_UNUSABLE, "%s", job->brief->unusable);
    json = eab_result_to_json(problem);
    json_object_del(json, "rv");
    json_put_string(json, "advice", problem_advice(p, problem, &facts));
    json_put_string(json, "key_type", job->brief->key_type);
    return json;
}

/* How the certificate came into use, or is to. */
static void put_activation(json_t *json, const brief_facts_t *facts)
{
    const char *activation = facts != NULL ? facts->activation : NULL;

    if (activation != NULL && strcmp(activation, ACTIVATION_RESTART) != 0) {
        activation = ACTIVATION_LIVE;
    }
    json_put_string(json, "activation", activation);
    json_put_string(json, "activation_why", facts != NULL ? facts->activation_why : NULL);
}

static int is_restart(const json_t *entry)
{
    const char *activation = json_peek_string(entry, "activation");

    return activation != NULL && strcmp(activation, ACTIVATION_RESTART) == 0;
}

static json_t *job_to_json(const job_t *job, apr_time_t now, apr_pool_t *p)
{
    const brief_certificate_t *brief = job->brief;
    const char *status = job_status(job);
    int unusable = is_unusable(job, status);
    json_t *json = json_object();

    json_put_string(json, "name", APR_ARRAY_IDX(brief->names, 0, const char *));
    json_put_strings(json, "names", brief->names);
    put_missing(json, brief, p);
    json_put_string(json, "account", job->account->brief->label);
    json_put_string(json, "state", unusable ? "failing" : status);
    json_object_set_new(json, "served", json_boolean(brief->served));
    json_put_string(json, "where", brief->where);
    json_object_set_new(json, "key_types", json_pack("[s*]", brief->key_type));
    json_object_set_new(json, "keys", keys_to_json(brief->facts));
    json_object_set_new(json, "records",
                        job->persist != NULL ? persist_to_json(job->persist, p) : json_array());
    json_object_set_new(json, "validations", lapse_to_json(job));
    put_activation(json, brief->facts);
    json_put_string(json, "notice", lapse_notice(job, p));
    json_object_set_new(json, "next", next_to_json(job, status, now, p));
    json_object_set_new(json, "suggestion", suggestion_to_json(job));
    json_object_set_new(json, "problem", unusable ? unusable_to_json(job, p) : job_problem(job, p));
    json_object_set_new(json, "order", order_to_json(job));
    return json;
}

/* The larger, the more it asks for a look. */
static int gravity(const json_t *entry)
{
    static const char *const states[] = {
        "valid", "renewing", "waiting-for-reload", "ordering", "missing", "failing",
    };
    const char *state = json_peek_string(entry, "state");
    int i = (int)(sizeof(states) / sizeof(states[0])) - 1;

    while (i > 0 && strcmp(state, states[i]) != 0) {
        --i;
    }
    return i;
}

static apr_time_t next_time(const json_t *entry)
{
    return json_peek_time(json_object_get(entry, "next"), "at");
}

static void take(json_t *entry, const json_t *other, const char *member)
{
    json_object_set(entry, member, json_object_get(other, member));
}

static void take_if_missing(json_t *entry, const json_t *other, const char *member)
{
    if (json_is_null(json_object_get(entry, member))) {
        take(entry, other, member);
    }
}

/* Each name once, though it may lack on the certificates of both types. */
static void add_missing(json_t *names, const json_t *others)
{
    json_t *name, *known;
    size_t i, k;

    json_array_foreach(others, i, name)
    {
        int is_new = 1;

        json_array_foreach(names, k, known)
        {
            is_new = is_new && !json_equal(name, known);
        }
        if (is_new) {
            json_array_append(names, name);
        }
    }
}

/* A managed domain has one certificate for each key type and one entry for all of them: with the
 * worst state, the problem that belongs to it, and what happens first. Without a time it happens
 * right now, or waits for the administrator. */
static void merge(json_t *entry, const json_t *other)
{
    if (next_time(other) < next_time(entry)) {
        take(entry, other, "next");
    }
    if (gravity(other) > gravity(entry)) {
        take(entry, other, "state");
        take(entry, other, "problem");
    }
    take_if_missing(entry, other, "problem");
    take_if_missing(entry, other, "suggestion");
    if (json_object_get(entry, "notice") == NULL && json_object_get(other, "notice") != NULL) {
        take(entry, other, "notice");
    }
    take_if_missing(entry, other, "order");
    if (is_restart(other) && !is_restart(entry)) {
        take(entry, other, "activation");
        take(entry, other, "activation_why");
    }
    add_missing(json_object_get(entry, "missing_names"), json_object_get(other, "missing_names"));
    json_array_extend(json_object_get(entry, "key_types"), json_object_get(other, "key_types"));
    json_array_extend(json_object_get(entry, "keys"), json_object_get(other, "keys"));
}

/* The plan has the certificates of one domain one after the other. */
static int continues_domain(const apr_array_header_t *jobs, int i)
{
    const brief_certificate_t *brief = APR_ARRAY_IDX(jobs, i, job_t *)->brief;
    const char *before = i > 0 ? APR_ARRAY_IDX(jobs, i - 1, job_t *)->brief->domain : NULL;

    return before != NULL && brief->domain != NULL && strcmp(before, brief->domain) == 0;
}

static json_t *certificates_to_json(const apr_array_header_t *jobs, apr_time_t now, apr_pool_t *p)
{
    json_t *array = json_array();
    json_t *entry = NULL;
    int i;

    for (i = 0; i < jobs->nelts; ++i) {
        json_t *json = job_to_json(APR_ARRAY_IDX(jobs, i, job_t *), now, p);

        if (continues_domain(jobs, i)) {
            merge(entry, json);
            json_decref(json);
        }
        else {
            entry = json;
            json_array_append_new(array, entry);
        }
    }
    return array;
}

static apr_interval_time_t clock_behind(const agent_account_t *account)
{
    return account->clock_told ? acme_session_ahead(account->session) : 0;
}

static json_t *account_to_json(const agent_account_t *account, apr_pool_t *p)
{
    json_t *json = json_object();

    json_put_string(json, "label", account->brief->label);
    json_put_string(json, "directory", account->brief->directory);
    json_put_string(json, "url", account->brief->url);
    json_put_string(json, "kid_sha256", account->brief->kid_sha256);
    json_put_string(json, "state", account_state(account));
    json_object_set_new(json, "clock_behind", json_integer(apr_time_sec(clock_behind(account))));
    json_object_set_new(json, "profiles", directory_profiles(account->brief));
    json_object_set_new(json, "ca", directory_to_json(account->brief));
    json_object_set_new(json, "problem", account_problem(account, p));
    return json;
}

static json_t *process_to_json(int pid, apr_time_t since, int restarts)
{
    json_t *json = json_object();

    json_object_set_new(json, "pid", json_integer(pid));
    json_put_time(json, "since", since);
    json_object_set_new(json, "restarts", json_integer(restarts));
    return json;
}

static json_t *processes_to_json(const kit_t *kit)
{
    const brief_t *brief = kit->brief;
    json_t *json = json_object();

    json_object_set_new(
        json, "httpd",
        process_to_json(brief->httpd_pid, brief->httpd_since, brief->httpd_restarts));
    json_object_set_new(
        json, "keeper",
        process_to_json(brief->keeper_pid, brief->keeper_since, brief->keeper_restarts));
    json_object_set_new(json, "agent",
                        process_to_json((int)getpid(), kit->since, brief->agent_restarts));
    return json;
}

static json_t *reload_to_json(const brief_t *brief, apr_time_t now)
{
    news_t reload = brief->reload;

    reload.next = time_to_come(reload.next, now);
    return news_to_json(&reload);
}

json_t *status_make(const status_t *status, apr_time_t now, apr_pool_t *ptemp)
{
    json_t *json = json_object();
    json_t *array = json_array();
    int i;

    json_object_set_new(json, "version", json_integer(STATUS_VERSION));
    json_put_time(json, "generated", now);
    json_object_set_new(json, "certificates", certificates_to_json(status->jobs, now, ptemp));
    for (i = 0; i < status->accounts->nelts; ++i) {
        json_array_append_new(
            array, account_to_json(APR_ARRAY_IDX(status->accounts, i, agent_account_t *), ptemp));
    }
    json_object_set_new(json, "accounts", array);
    json_object_set_new(json, "processes", processes_to_json(status->kit));
    json_object_set_new(json, "reload", reload_to_json(status->kit->brief, now));
    json_object_set(json, "leftovers", status->kit->brief->leftovers);
    json_object_set(json, "counters", status->kit->brief->counters);
    return json;
}

apr_status_t status_write(const status_t *status, apr_time_t now)
{
    apr_pool_t *pool = NULL;
    apr_status_t rv = APR_ENOMEM;
    json_t *json;
    char *text;

    apr_pool_create(&pool, status->kit->pool);
    json = json_own(pool, status_make(status, now, pool));
    text = json_dumps(json, JSON_INDENT(1));
    if (text != NULL) {
        const char *note = rundir_clear_file(status->path, pool);

        if (note != NULL) {
            log_line(LOG_LEVEL_WARNING, "%s.", note);
        }
        rv = file_replace(status->path, text, strlen(text), 0644, 0, pool);
        free(text);
    }
    apr_pool_destroy(pool);
    return rv;
}

status_t *status_open(kit_t *kit, const apr_array_header_t *accounts,
                      const apr_array_header_t *jobs)
{
    status_t *status = apr_pcalloc(kit->pool, sizeof(*status));

    status->kit = kit;
    status->accounts = accounts;
    status->jobs = jobs;
    status->path = apr_pstrcat(kit->pool, kit->brief->run_dir, "/status.json", NULL);
    return status;
}

static int is_gone(const char *path)
{
    struct stat st;

    return APR_STATUS_IS_ENOENT(file_look(&st, path));
}

void status_follow(status_t *status)
{
    kit_t *kit = status->kit;
    apr_time_t now = clock_steady();
    apr_interval_time_t pause = INTERVAL;
    apr_status_t rv;

    if (!kit->touched && is_gone(status->path)) {
        kit_touch(kit);
    }
    if (!kit->touched || now < status->at) {
        return;
    }
    rv = status_write(status, apr_time_now());
    if (rv != APR_SUCCESS && !status->failed) {
        log_line(LOG_LEVEL_ERROR,
                 "The status cannot be written to %s: %s. Check that ACMEUser owns ACMERunDir and "
                 "that the disk has room; it is tried again by itself.",
                 kit->brief->run_dir, file_reason(kit->pool, rv, status->path));
    }
    if (rv == APR_SUCCESS && status->failed) {
        file_sweep(kit->brief->run_dir, kit->pool);
    }
    status->failed = (rv != APR_SUCCESS);
    kit->touched = status->failed;
    if ((clock_steady() - now) * SHARE > pause) {
        pause = (clock_steady() - now) * SHARE;
    }
    status->at = now + (status->failed ? RETRY : pause);
}

apr_time_t status_due(const status_t *status)
{
    return status->at;
}
