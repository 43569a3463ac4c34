/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/plan.h"

#include "base/json.h"

#define PLAN_VERSION 1

plan_t *plan_make(apr_pool_t *p)
{
    plan_t *plan = apr_pcalloc(p, sizeof(*plan));

    plan->httpd_args = apr_array_make(p, 4, sizeof(const char *));
    plan->http_ports = apr_array_make(p, 4, sizeof(int));
    plan->accounts = apr_array_make(p, 2, sizeof(plan_account_t));
    plan->certificates = apr_array_make(p, 8, sizeof(plan_certificate_t));
    return plan;
}

static json_t *account_to_json(const plan_account_t *account)
{
    json_t *json = json_object();

    json_put_string(json, "label", account->label);
    json_put_string(json, "directory", account->directory);
    json_put_string(json, "kid", account->kid);
    json_put_string(json, "eab_alg", account->eab_alg);
    json_put_string(json, "eab_source", account->eab_source);
    json_put_strings(json, "contacts", account->contacts);
    json_object_set_new(json, "terms_accepted", json_boolean(account->terms_accepted));
    json_put_string(json, "ca_file", account->ca_file);
    json_put_string(json, "proxy", account->proxy);
    json_put_string(json, "proxy_credentials", account->proxy_credentials);
    json_put_string(json, "where", account->where);
    return json;
}

static json_t *certificate_to_json(const plan_certificate_t *certificate)
{
    json_t *json = json_object();

    json_put_string(json, "id", certificate->id);
    json_put_string(json, "domain", certificate->domain);
    json_put_strings(json, "names", certificate->names);
    json_object_set_new(json, "account", json_integer(certificate->account));
    json_put_strings(json, "challenges", certificate->challenges);
    json_put_string(json, "dns_command", certificate->dns_command);
    json_put_string(json, "profile", certificate->profile);
    json_object_set_new(json, "profile_required", json_boolean(certificate->profile_required));
    json_put_string(json, "preferred_chain", certificate->preferred_chain);
    json_put_string(json, "key_type", certificate->key_type);
    json_object_set_new(json, "common_name", json_boolean(certificate->common_name));
    json_object_set_new(json, "renew_percent", json_integer(certificate->renew_percent));
    json_object_set_new(json, "renew_before", json_integer(certificate->renew_before));
    json_object_set_new(json, "served", json_boolean(certificate->served));
    json_object_set_new(json, "fallback", json_boolean(certificate->fallback));
    json_put_string(json, "loaded", certificate->loaded);
    json_put_string(json, "where", certificate->where);
    return json;
}

json_t *plan_to_json(const plan_t *plan)
{
    json_t *json = json_object();
    json_t *array;
    int i;

    json_object_set_new(json, "version", json_integer(PLAN_VERSION));
    json_put_string(json, "httpd_version", plan->httpd_version);
    json_object_set_new(json, "parent_pid", json_integer(plan->parent_pid));
    json_put_string(json, "httpd_program", plan->httpd_program);
    json_put_strings(json, "httpd_args", plan->httpd_args);
    json_put_string(json, "agent_program", plan->agent_program);
    json_put_string(json, "store_dir", plan->store_dir);
    json_put_string(json, "run_dir", plan->run_dir);
    json_put_string(json, "user", plan->user);
    json_object_set_new(json, "uid", json_integer(plan->uid));
    json_object_set_new(json, "gid", json_integer(plan->gid));
    json_object_set_new(json, "reload", json_boolean(plan->reload));
    json_object_set_new(json, "max_parallel", json_integer(plan->max_parallel));
    json_object_set_new(json, "log_level", json_integer(plan->log_level));
    json_object_set_new(json, "restarts", json_integer(plan->restarts));
    json_put_ints(json, "http_ports", plan->http_ports);
    array = json_array();
    for (i = 0; i < plan->accounts->nelts; ++i) {
        json_array_append_new(array,
                              account_to_json(&APR_ARRAY_IDX(plan->accounts, i, plan_account_t)));
    }
    json_object_set_new(json, "accounts", array);
    array = json_array();
    for (i = 0; i < plan->certificates->nelts; ++i) {
        json_array_append_new(
            array, certificate_to_json(&APR_ARRAY_IDX(plan->certificates, i, plan_certificate_t)));
    }
    json_object_set_new(json, "certificates", array);
    return json;
}

static void account_from_json(plan_account_t *account, const json_t *json, apr_pool_t *p)
{
    account->label = json_copy_string(p, json, "label");
    account->directory = json_copy_string(p, json, "directory");
    account->kid = json_copy_string(p, json, "kid");
    account->eab_alg = json_copy_string(p, json, "eab_alg");
    account->eab_source = json_copy_string(p, json, "eab_source");
    account->contacts = json_copy_strings(p, json, "contacts");
    account->terms_accepted = json_peek_bool(json, "terms_accepted", 0);
    account->ca_file = json_copy_string(p, json, "ca_file");
    account->proxy = json_copy_string(p, json, "proxy");
    account->proxy_credentials = json_copy_string(p, json, "proxy_credentials");
    account->where = json_copy_string(p, json, "where");
}

static void certificate_from_json(plan_certificate_t *certificate, const json_t *json,
                                  apr_pool_t *p)
{
    certificate->id = json_copy_string(p, json, "id");
    certificate->domain = json_copy_string(p, json, "domain");
    certificate->names = json_copy_strings(p, json, "names");
    certificate->account = (int)json_peek_int(json, "account", -1);
    certificate->challenges = json_copy_strings(p, json, "challenges");
    certificate->dns_command = json_copy_string(p, json, "dns_command");
    certificate->profile = json_copy_string(p, json, "profile");
    certificate->profile_required = json_peek_bool(json, "profile_required", 0);
    certificate->preferred_chain = json_copy_string(p, json, "preferred_chain");
    certificate->key_type = json_copy_string(p, json, "key_type");
    certificate->common_name = json_peek_bool(json, "common_name", 1);
    certificate->renew_percent = (int)json_peek_int(json, "renew_percent", 0);
    certificate->renew_before = json_peek_int(json, "renew_before", 0);
    certificate->served = json_peek_bool(json, "served", 0);
    certificate->fallback = json_peek_bool(json, "fallback", 0);
    certificate->loaded = json_copy_string(p, json, "loaded");
    certificate->where = json_copy_string(p, json, "where");
}

/* The parts without which the keeper cannot work. */
static const char *missing_part(const plan_t *plan)
{
    int i;

    if (plan->store_dir == NULL || plan->run_dir == NULL || plan->agent_program == NULL) {
        return "a directory or program";
    }
    for (i = 0; i < plan->accounts->nelts; ++i) {
        const plan_account_t *account = &APR_ARRAY_IDX(plan->accounts, i, plan_account_t);

        if (account->label == NULL || account->directory == NULL) {
            return "the directory URL of an account";
        }
    }
    for (i = 0; i < plan->certificates->nelts; ++i) {
        const plan_certificate_t *certificate =
            &APR_ARRAY_IDX(plan->certificates, i, plan_certificate_t);

        if (certificate->id == NULL || certificate->key_type == NULL
            || certificate->names->nelts == 0 || certificate->account < 0
            || certificate->account >= plan->accounts->nelts) {
            return "the names or the account of a certificate";
        }
    }
    return NULL;
}

apr_status_t plan_from_json(plan_t **pplan, const json_t *json, eab_result_t *result, apr_pool_t *p)
{
    plan_t *plan = plan_make(p);
    const char *missing;
    const json_t *item;
    size_t i;

    *pplan = NULL;
    if (json_peek_int(json, "version", 0) != PLAN_VERSION) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The keeper and the module are of different versions; install both "
                              "from one build and restart httpd.");
    }
    plan->httpd_version = json_copy_string(p, json, "httpd_version");
    plan->parent_pid = (int)json_peek_int(json, "parent_pid", 0);
    plan->httpd_program = json_copy_string(p, json, "httpd_program");
    plan->httpd_args = json_copy_strings(p, json, "httpd_args");
    plan->agent_program = json_copy_string(p, json, "agent_program");
    plan->store_dir = json_copy_string(p, json, "store_dir");
    plan->run_dir = json_copy_string(p, json, "run_dir");
    plan->user = json_copy_string(p, json, "user");
    plan->uid = (int)json_peek_int(json, "uid", -1);
    plan->gid = (int)json_peek_int(json, "gid", -1);
    plan->reload = json_peek_bool(json, "reload", 0);
    plan->max_parallel = (int)json_peek_int(json, "max_parallel", 8);
    plan->log_level = (int)json_peek_int(json, "log_level", 4);
    plan->restarts = (int)json_peek_int(json, "restarts", 0);
    plan->http_ports = json_copy_ints(p, json, "http_ports");
    json_array_foreach(json_object_get(json, "accounts"), i, item)
    {
        account_from_json(apr_array_push(plan->accounts), item, p);
    }
    json_array_foreach(json_object_get(json, "certificates"), i, item)
    {
        certificate_from_json(apr_array_push(plan->certificates), item, p);
    }
    if ((missing = missing_part(plan)) != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The plan from httpd lacks %s.", missing);
    }
    *pplan = plan;
    return APR_SUCCESS;
}
