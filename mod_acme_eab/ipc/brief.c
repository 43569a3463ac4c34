/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/brief.h"

#include "base/json.h"

brief_t *brief_make(apr_pool_t *p)
{
    brief_t *brief = apr_pcalloc(p, sizeof(*brief));

    brief->http_ports = apr_array_make(p, 4, sizeof(int));
    brief->accounts = apr_array_make(p, 2, sizeof(brief_account_t));
    brief->certificates = apr_array_make(p, 8, sizeof(brief_certificate_t));
    brief->reload.state = "idle";
    return brief;
}

json_t *brief_facts_to_json(const brief_facts_t *facts)
{
    json_t *json = json_object();

    json_put_strings(json, "names", facts->names);
    json_put_string(json, "key_type", facts->key_type);
    json_put_string(json, "issuer", facts->issuer);
    json_put_string(json, "serial", facts->serial);
    json_put_string(json, "fingerprint", facts->fingerprint);
    json_put_time(json, "not_before", facts->not_before);
    json_put_time(json, "not_after", facts->not_after);
    json_put_time(json, "obtained", facts->obtained);
    json_put_string(json, "generation", facts->generation);
    json_object_set_new(json, "same_account", json_boolean(facts->same_account));
    json_put_string(json, "ari_id", facts->ari_id);
    return json;
}

brief_facts_t *brief_facts_from_json(apr_pool_t *p, const json_t *json)
{
    brief_facts_t *facts;

    if (!json_is_object(json)) {
        return NULL;
    }
    facts = apr_pcalloc(p, sizeof(*facts));
    facts->names = json_copy_strings(p, json, "names");
    facts->key_type = json_copy_string(p, json, "key_type");
    facts->issuer = json_copy_string(p, json, "issuer");
    facts->serial = json_copy_string(p, json, "serial");
    facts->fingerprint = json_copy_string(p, json, "fingerprint");
    facts->not_before = json_peek_time(json, "not_before");
    facts->not_after = json_peek_time(json, "not_after");
    facts->obtained = json_peek_time(json, "obtained");
    facts->generation = json_copy_string(p, json, "generation");
    facts->same_account = json_peek_bool(json, "same_account", 0);
    facts->ari_id = json_copy_string(p, json, "ari_id");
    return facts;
}

json_t *brief_window_to_json(const brief_window_t *window)
{
    json_t *json = json_object();

    json_put_string(json, "ari_id", window->ari_id);
    json_put_time(json, "start", window->start);
    json_put_time(json, "end", window->end);
    json_put_time(json, "drawn", window->drawn);
    json_put_string(json, "explanation", window->explanation);
    json_put_time(json, "next", window->next);
    json_object_set_new(json, "errors", json_integer(window->errors));
    return json;
}

void brief_window_from_json(brief_window_t *window, const json_t *json, apr_pool_t *p)
{
    window->ari_id = json_copy_string(p, json, "ari_id");
    window->start = json_peek_time(json, "start");
    window->end = json_peek_time(json, "end");
    window->drawn = json_peek_time(json, "drawn");
    window->explanation = json_copy_string(p, json, "explanation");
    window->next = json_peek_time(json, "next");
    window->errors = (int)json_peek_int(json, "errors", 0);
}

json_t *brief_failure_to_json(const brief_failure_t *failure)
{
    json_t *json;

    if (failure->attempts == 0) {
        return json_null();
    }
    json = json_object();
    json_object_set_new(json, "attempts", json_integer(failure->attempts));
    json_put_time(json, "since", failure->since);
    json_put_time(json, "next", failure->next);
    json_object_set_new(json, "place", json_integer(failure->place));
    json_object_set_new(json, "problem", eab_result_to_json(failure->problem));
    return json;
}

void brief_failure_from_json(brief_failure_t *failure, const json_t *json, apr_pool_t *p)
{
    const json_t *problem = json_object_get(json, "problem");

    failure->attempts = (int)json_peek_int(json, "attempts", 0);
    failure->since = json_peek_time(json, "since");
    failure->next = json_peek_time(json, "next");
    failure->place = (int)json_peek_int(json, "place", 0);
    failure->problem = eab_result_make(p);
    eab_result_from_json(failure->problem, problem);
    if (!json_is_object(problem)) {
        failure->attempts = 0;
    }
}

json_t *news_to_json(const news_t *news)
{
    json_t *json = json_object();

    json_put_string(json, "state", news->state);
    json_put_string(json, "why", news->why);
    json_put_time(json, "last", news->last);
    json_put_time(json, "next", news->next);
    return json;
}

void news_from_json(news_t *news, const json_t *json, apr_pool_t *p)
{
    news->state = json_copy_string(p, json, "state");
    if (news->state == NULL) {
        news->state = "idle";
    }
    news->why = json_copy_string(p, json, "why");
    news->last = json_peek_time(json, "last");
    news->next = json_peek_time(json, "next");
}

static json_t *account_to_json(const brief_account_t *account)
{
    json_t *json = json_object();

    json_put_string(json, "label", account->label);
    json_put_string(json, "directory", account->directory);
    json_put_string(json, "kid_sha256", account->kid_sha256);
    json_put_string(json, "url", account->url);
    json_put_string(json, "thumbprint", account->thumbprint);
    json_object_set_new(json, "attempted", json_boolean(account->attempted));
    json_object_set_new(json, "eab", json_boolean(account->eab));
    json_object_set_new(json, "terms_accepted", json_boolean(account->terms_accepted));
    json_put_string(json, "terms", account->terms);
    json_object_set_new(json, "contact_changed", json_boolean(account->contact_changed));
    json_put_string(json, "where", account->where);
    json_put_string(json, "ca_pem", account->ca_pem);
    json_put_string(json, "proxy", account->proxy);
    json_put_string(json, "proxy_credentials", account->proxy_credentials);
    json_object_set_new(json, "failure", brief_failure_to_json(&account->failure));
    if (account->broken != NULL) {
        json_object_set_new(json, "broken", eab_result_to_json(account->broken));
    }
    return json;
}

static void account_from_json(brief_account_t *account, const json_t *json, apr_pool_t *p)
{
    const json_t *broken = json_object_get(json, "broken");

    account->label = json_copy_string(p, json, "label");
    account->directory = json_copy_string(p, json, "directory");
    account->kid_sha256 = json_copy_string(p, json, "kid_sha256");
    account->url = json_copy_string(p, json, "url");
    account->thumbprint = json_copy_string(p, json, "thumbprint");
    account->attempted = json_peek_bool(json, "attempted", 0);
    account->eab = json_peek_bool(json, "eab", 0);
    account->terms_accepted = json_peek_bool(json, "terms_accepted", 0);
    account->terms = json_copy_string(p, json, "terms");
    account->contact_changed = json_peek_bool(json, "contact_changed", 0);
    account->where = json_copy_string(p, json, "where");
    account->ca_pem = json_copy_string(p, json, "ca_pem");
    account->proxy = json_copy_string(p, json, "proxy");
    account->proxy_credentials = json_copy_string(p, json, "proxy_credentials");
    brief_failure_from_json(&account->failure, json_object_get(json, "failure"), p);
    if (json_is_object(broken)) {
        account->broken = eab_result_make(p);
        eab_result_from_json(account->broken, broken);
    }
}

static json_t *certificate_to_json(const brief_certificate_t *certificate)
{
    json_t *json = json_object();

    json_put_string(json, "id", certificate->id);
    json_put_string(json, "domain", certificate->domain);
    json_put_strings(json, "names", certificate->names);
    json_object_set_new(json, "account", json_integer(certificate->account));
    json_put_strings(json, "challenges", certificate->challenges);
    json_put_string(json, "profile", certificate->profile);
    json_object_set_new(json, "profile_required", json_boolean(certificate->profile_required));
    json_put_string(json, "preferred_chain", certificate->preferred_chain);
    json_put_string(json, "key_type", certificate->key_type);
    json_object_set_new(json, "renew_percent", json_integer(certificate->renew_percent));
    json_object_set_new(json, "renew_before", json_integer(certificate->renew_before));
    json_object_set_new(json, "served", json_boolean(certificate->served));
    json_object_set_new(json, "fallback", json_boolean(certificate->fallback));
    json_put_string(json, "loaded", certificate->loaded);
    json_put_string(json, "where", certificate->where);
    if (certificate->facts != NULL) {
        json_object_set_new(json, "facts", brief_facts_to_json(certificate->facts));
    }
    if (certificate->window.ari_id != NULL) {
        json_object_set_new(json, "window", brief_window_to_json(&certificate->window));
    }
    json_object_set_new(json, "ordering", json_boolean(certificate->ordering));
    if (certificate->ordering) {
        json_put_strings(json, "order_names", certificate->order_names);
    }
    json_put_string(json, "order_url", certificate->order_url);
    json_object_set_new(json, "finalized", json_boolean(certificate->finalized));
    json_put_time(json, "order_since", certificate->order_since);
    json_object_set_new(json, "failure", brief_failure_to_json(&certificate->failure));
    return json;
}

static void certificate_from_json(brief_certificate_t *certificate, const json_t *json,
                                  apr_pool_t *p)
{
    certificate->id = json_copy_string(p, json, "id");
    certificate->domain = json_copy_string(p, json, "domain");
    certificate->names = json_copy_strings(p, json, "names");
    certificate->account = (int)json_peek_int(json, "account", -1);
    certificate->challenges = json_copy_strings(p, json, "challenges");
    certificate->profile = json_copy_string(p, json, "profile");
    certificate->profile_required = json_peek_bool(json, "profile_required", 0);
    certificate->preferred_chain = json_copy_string(p, json, "preferred_chain");
    certificate->key_type = json_copy_string(p, json, "key_type");
    certificate->renew_percent = (int)json_peek_int(json, "renew_percent", 0);
    certificate->renew_before = json_peek_int(json, "renew_before", 0);
    certificate->served = json_peek_bool(json, "served", 0);
    certificate->fallback = json_peek_bool(json, "fallback", 0);
    certificate->loaded = json_copy_string(p, json, "loaded");
    certificate->where = json_copy_string(p, json, "where");
    certificate->facts = brief_facts_from_json(p, json_object_get(json, "facts"));
    brief_window_from_json(&certificate->window, json_object_get(json, "window"), p);
    certificate->ordering = json_peek_bool(json, "ordering", 0);
    certificate->order_names = json_copy_strings(p, json, "order_names");
    certificate->order_url = json_copy_string(p, json, "order_url");
    certificate->finalized = json_peek_bool(json, "finalized", 0);
    certificate->order_since = json_peek_time(json, "order_since");
    brief_failure_from_json(&certificate->failure, json_object_get(json, "failure"), p);
}

json_t *brief_to_json(const brief_t *brief)
{
    json_t *json = json_object();
    json_t *array = json_array();
    int i;

    json_put_string(json, "httpd_version", brief->httpd_version);
    json_put_string(json, "run_dir", brief->run_dir);
    json_object_set_new(json, "max_parallel", json_integer(brief->max_parallel));
    json_object_set_new(json, "log_level", json_integer(brief->log_level));
    json_object_set_new(json, "keeper_pid", json_integer(brief->keeper_pid));
    json_put_time(json, "keeper_since", brief->keeper_since);
    json_object_set_new(json, "keeper_restarts", json_integer(brief->keeper_restarts));
    json_object_set_new(json, "agent_restarts", json_integer(brief->agent_restarts));
    json_put_ints(json, "http_ports", brief->http_ports);
    for (i = 0; i < brief->accounts->nelts; ++i) {
        json_array_append_new(array,
                              account_to_json(&APR_ARRAY_IDX(brief->accounts, i, brief_account_t)));
    }
    json_object_set_new(json, "accounts", array);
    array = json_array();
    for (i = 0; i < brief->certificates->nelts; ++i) {
        json_array_append_new(array, certificate_to_json(&APR_ARRAY_IDX(brief->certificates, i,
                                                                        brief_certificate_t)));
    }
    json_object_set_new(json, "certificates", array);
    json_object_set_new(json, "reload", news_to_json(&brief->reload));
    return json;
}

static apr_status_t check_brief(const brief_t *brief, eab_result_t *result)
{
    int i;

    if (brief->run_dir == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The keeper's brief lacks the run directory.");
    }
    for (i = 0; i < brief->accounts->nelts; ++i) {
        if (APR_ARRAY_IDX(brief->accounts, i, brief_account_t).directory == NULL) {
            return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                                  "The keeper's brief lacks a directory URL.");
        }
    }
    for (i = 0; i < brief->certificates->nelts; ++i) {
        const brief_certificate_t *certificate =
            &APR_ARRAY_IDX(brief->certificates, i, brief_certificate_t);

        if (certificate->id == NULL || certificate->names->nelts == 0 || certificate->account < 0
            || certificate->account >= brief->accounts->nelts) {
            return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                                  "The keeper's brief lacks a part of a certificate.");
        }
    }
    return APR_SUCCESS;
}

apr_status_t brief_from_json(brief_t **pbrief, const json_t *json, eab_result_t *result,
                             apr_pool_t *p)
{
    brief_t *brief = brief_make(p);
    const json_t *item;
    apr_status_t rv;
    size_t i;

    *pbrief = NULL;
    brief->httpd_version = json_copy_string(p, json, "httpd_version");
    brief->run_dir = json_copy_string(p, json, "run_dir");
    brief->max_parallel = (int)json_peek_int(json, "max_parallel", 8);
    brief->log_level = (int)json_peek_int(json, "log_level", 4);
    brief->keeper_pid = (int)json_peek_int(json, "keeper_pid", 0);
    brief->keeper_since = json_peek_time(json, "keeper_since");
    brief->keeper_restarts = (int)json_peek_int(json, "keeper_restarts", 0);
    brief->agent_restarts = (int)json_peek_int(json, "agent_restarts", 0);
    brief->http_ports = json_copy_ints(p, json, "http_ports");
    json_array_foreach(json_object_get(json, "accounts"), i, item)
    {
        account_from_json(apr_array_push(brief->accounts), item, p);
    }
    json_array_foreach(json_object_get(json, "certificates"), i, item)
    {
        certificate_from_json(apr_array_push(brief->certificates), item, p);
    }
    news_from_json(&brief->reload, json_object_get(json, "reload"), p);
    if ((rv = check_brief(brief, result)) != APR_SUCCESS) {
        return rv;
    }
    *pbrief = brief;
    return APR_SUCCESS;
}
