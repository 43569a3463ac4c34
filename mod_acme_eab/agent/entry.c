/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/entry.h"

#include <string.h>

#include <apr_strings.h>

#include "agent/job.h"
#include "agent/lapse.h"
#include "agent/persist.h"
#include "agent/stapling.h"
#include "agent/trouble.h"
#include "base/json.h"
#include "base/name.h"

/* Of what no virtual host uses, nobody can say. */
static json_t *loaded_to_json(const job_t *job)
{
    return job->brief->served && job->brief->facts != NULL ? json_boolean(job_is_loaded(job))
                                                           : json_null();
}

/* By root's wish, or as the CA's OCSP responder says. */
static json_t *revoked_to_json(const brief_facts_t *facts)
{
    json_t *json;

    if (facts->root_revoked == 0 && facts->ocsp_revoked == 0) {
        return json_null();
    }
    json = json_object();
    json_put_time(json, "at", facts->root_revoked != 0 ? facts->root_revoked : facts->ocsp_revoked);
    if (facts->root_revoked != 0) {
        json_object_set_new(json, "reason", json_integer(facts->root_reason));
        json_put_string(json, "by", facts->root_user);
    }
    return json;
}

static json_t *keys_to_json(const job_t *job)
{
    const brief_facts_t *facts = job->brief->facts;
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
        json_put_string(key, "generation", facts->generation);
        json_put_time(key, "obtained", facts->obtained);
        json_object_set_new(key, "loaded", loaded_to_json(job));
        json_object_set_new(key, "revoked", revoked_to_json(facts));
        json_put_string(key, "live", job->brief->id); /* the agent knows no path of the store */
        if (facts->issuers != NULL) {
            json_put_strings(key, "chain", facts->issuers);
        }
        json_array_append_new(keys, key);
    }
    return keys;
}

/* The CA tells no more of them than "validations" does; those are all valid. */
static json_t *authorizations_to_json(const job_t *job)
{
    json_t *validations = lapse_to_json(job), *list = json_array(), *validation;
    size_t i;

    json_array_foreach(validations, i, validation)
    {
        json_t *json = json_object();

        json_object_set(json, "name", json_object_get(validation, "name"));
        json_put_string(json, "status", "valid");
        json_object_set(json, "expires", json_object_get(validation, "until"));
        json_put_time(json, "seen", job->brief->facts->obtained);
        json_array_append_new(list, json);
    }
    json_decref(validations);
    return list;
}

static json_t *used_by_to_json(const brief_certificate_t *brief)
{
    json_t *json = json_object(), *list;

    if (brief->used_by != NULL) {
        json_put_strings(json, "used_by", brief->used_by);
    }
    list = json_incref(json_object_get(json, "used_by"));
    json_decref(json);
    return list != NULL ? list : json_array();
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
    if (job_is_unstapled(job)) {
        json_put_string(next, "what", "renew");
        json_put_time(next, "at", time_to_come(job->staple_at, now));
        json_put_string(next, "why",
                        "the new certificate has must-staple, and its OCSP responder is asked");
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

    if (!job->brief->ordering || (job->brief->trial && job->state == JOB_IDLE)) {
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

/* httpd has it and cannot use it: nothing is under way that would change that. */
static int is_unusable(const job_t *job, const char *status)
{
    return job->brief->unusable != NULL && strcmp(status, "valid") == 0;
}

/* How the certificate came into use, or is to. */
static void put_activation(json_t *json, const brief_facts_t *facts)
{
    const char *activation = facts != NULL ? facts->activation : NULL;

    if (activation != NULL && strcmp(activation, ACTIVATION_LOOK) == 0) {
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
    int unusable = is_unusable(job, status), unstapled = stapling_problem(job) != NULL;
    json_t *json = json_object();

    json_put_string(json, "name", APR_ARRAY_IDX(brief->names, 0, const char *));
    json_put_strings(json, "names", brief->names);
    put_missing(json, brief, p);
    json_put_string(json, "account", job->account->brief->label);
    json_put_string(json, "state", unusable || unstapled ? "failing" : status);
    json_object_set_new(json, "served", json_boolean(brief->served));
    json_object_set_new(json, "fallback", json_boolean(brief->fallback));
    json_object_set_new(json, "loaded", loaded_to_json(job));
    json_object_set_new(json, "used_by", used_by_to_json(brief));
    json_put_string(json, "where", brief->where);
    json_object_set_new(json, "key_types", json_pack("[s*]", brief->key_type));
    json_object_set_new(json, "keys", keys_to_json(job));
    json_object_set_new(json, "records",
                        job->persist != NULL ? persist_to_json(job->persist, p) : json_array());
    json_object_set_new(json, "validations", lapse_to_json(job));
    json_object_set_new(json, "authorizations", authorizations_to_json(job));
    put_activation(json, brief->facts);
    json_put_string(json, "notice", lapse_notice(job, p));
    json_object_set_new(json, "next", next_to_json(job, status, now, p));
    json_object_set_new(json, "suggestion", suggestion_to_json(job));
    json_object_set_new(json, "stapling", stapling_to_json(job, p));
    json_object_set_new(json, "problem",
                        unusable    ? trouble_of_unusable(job, p)
                        : unstapled ? trouble_of_unstapled(job, p)
                                    : trouble_of_job(job, p));
    json_object_set_new(json, "waits_for_account",
                        json_boolean(!unusable && !unstapled && trouble_is_the_accounts(job)));
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
        take(entry, other, "waits_for_account");
    }
    if (json_is_null(json_object_get(entry, "problem"))) {
        take(entry, other, "problem");
        take(entry, other, "waits_for_account");
    }
    if (!json_is_true(json_object_get(other, "loaded"))) {
        take(entry, other, "loaded");
    }
    take_if_missing(entry, other, "suggestion");
    take_if_missing(entry, other, "stapling");
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

json_t *entry_next(const apr_array_header_t *jobs, int *pi, apr_time_t now, apr_pool_t *p)
{
    json_t *entry = job_to_json(APR_ARRAY_IDX(jobs, (*pi)++, job_t *), now, p);

    while (*pi < jobs->nelts && continues_domain(jobs, *pi)) {
        json_t *json = job_to_json(APR_ARRAY_IDX(jobs, (*pi)++, job_t *), now, p);

        merge(entry, json);
        json_decref(json);
    }
    return entry;
}

json_t *entry_list(const apr_array_header_t *jobs, apr_time_t now, apr_pool_t *p)
{
    json_t *array = json_array();
    int i = 0;

    while (i < jobs->nelts) {
        json_array_append_new(array, entry_next(jobs, &i, now, p));
    }
    return array;
}
