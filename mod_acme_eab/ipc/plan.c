/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/plan.h"

#include "base/json.h"
#include "ipc/member.h"

#define PLAN_VERSION 1

static const member_t account_members[] = {
    MEMBER_STRING(plan_account_t, label),
    MEMBER_STRING(plan_account_t, directory),
    MEMBER_STRING(plan_account_t, kid),
    MEMBER_STRING(plan_account_t, eab_alg),
    MEMBER_STRING(plan_account_t, eab_source),
    MEMBER_STRINGS(plan_account_t, contacts),
    MEMBER_BOOL(plan_account_t, terms_accepted, 0),
    MEMBER_STRING(plan_account_t, ca_file),
    MEMBER_STRING(plan_account_t, proxy),
    MEMBER_STRING(plan_account_t, proxy_credentials),
    MEMBER_STRING(plan_account_t, where),
    MEMBER_END,
};

static const member_t certificate_members[] = {
    MEMBER_STRING(plan_certificate_t, id),
    MEMBER_STRING(plan_certificate_t, domain),
    MEMBER_STRINGS(plan_certificate_t, names),
    MEMBER_INT(plan_certificate_t, account, -1),
    MEMBER_STRINGS(plan_certificate_t, challenges),
    MEMBER_STRING(plan_certificate_t, dns_command),
    MEMBER_STRING(plan_certificate_t, dns_resolver),
    MEMBER_STRING(plan_certificate_t, profile),
    MEMBER_BOOL(plan_certificate_t, profile_required, 0),
    MEMBER_BOOL(plan_certificate_t, allow_subset, 0),
    MEMBER_STRING(plan_certificate_t, preferred_chain),
    MEMBER_STRING(plan_certificate_t, key_type),
    MEMBER_BOOL(plan_certificate_t, common_name, 1),
    MEMBER_INT(plan_certificate_t, renew_percent, 0),
    MEMBER_SPAN(plan_certificate_t, renew_before),
    MEMBER_BOOL(plan_certificate_t, served, 0),
    MEMBER_BOOL(plan_certificate_t, fallback, 0),
    MEMBER_STRING(plan_certificate_t, loaded),
    MEMBER_STRING(plan_certificate_t, loaded_fingerprint),
    MEMBER_STRING(plan_certificate_t, unusable),
    MEMBER_BOOL(plan_certificate_t, staples, 0),
    MEMBER_STRING(plan_certificate_t, responder),
    MEMBER_BOOL(plan_certificate_t, takes_over, 0),
    MEMBER_STRINGS(plan_certificate_t, doors),
    MEMBER_STRINGS(plan_certificate_t, used_by),
    MEMBER_STRING(plan_certificate_t, where),
    MEMBER_END,
};

static const member_t event_command_members[] = {
    MEMBER_STRING(plan_event_command_t, user),
    MEMBER_STRING(plan_event_command_t, events),
    MEMBER_STRINGS(plan_event_command_t, argv),
    MEMBER_END,
};

static const member_t export_members[] = {
    MEMBER_STRING(plan_export_t, certificate),   MEMBER_STRING(plan_export_t, format),
    MEMBER_STRING(plan_export_t, path),          MEMBER_INT(plan_export_t, uid, -1),
    MEMBER_INT(plan_export_t, gid, -1),          MEMBER_INT(plan_export_t, mode, 0600),
    MEMBER_STRING(plan_export_t, password_file), MEMBER_STRING(plan_export_t, wrong),
    MEMBER_STRING(plan_export_t, where),         MEMBER_END,
};

static const member_t plan_members[] = {
    MEMBER_STRING(plan_t, httpd_version),
    MEMBER_INT(plan_t, parent_pid, 0),
    MEMBER_TIME(plan_t, httpd_since),
    MEMBER_INT(plan_t, httpd_restarts, 0),
    MEMBER_STRING(plan_t, httpd_program),
    MEMBER_STRINGS(plan_t, httpd_args),
    MEMBER_STRING(plan_t, pid_file),
    MEMBER_STRINGS(plan_t, listeners),
    MEMBER_STRINGS(plan_t, held_keys),
    MEMBER_STRING(plan_t, config_digest),
    MEMBER_TIME(plan_t, config_read),
    MEMBER_STRINGS(plan_t, config_files),
    MEMBER_STRING(plan_t, agent_program),
    MEMBER_STRING(plan_t, server_root),
    MEMBER_STRING(plan_t, store_dir),
    MEMBER_STRING(plan_t, run_dir),
    MEMBER_STRING(plan_t, user),
    MEMBER_INT(plan_t, uid, -1),
    MEMBER_INT(plan_t, gid, -1),
    MEMBER_BOOL(plan_t, reload, 0),
    MEMBER_BOOL(plan_t, live, 0),
    MEMBER_INT(plan_t, reload_from, 0),
    MEMBER_INT(plan_t, reload_to, 0),
    MEMBER_INT(plan_t, max_parallel, 0),
    MEMBER_INT(plan_t, log_level, 4),
    MEMBER_INT(plan_t, restarts, 0),
    MEMBER_INTS(plan_t, http_ports),
    MEMBER_LIST(plan_t, event_commands, event_command_members),
    MEMBER_SPAN(plan_t, event_timeout),
    MEMBER_SPAN(plan_t, event_retry),
    MEMBER_LIST(plan_t, exports, export_members),
    MEMBER_END,
};

static const member_t list_members[] = {
    MEMBER_LIST(plan_t, accounts, account_members),
    MEMBER_LIST(plan_t, certificates, certificate_members),
    MEMBER_END,
};

plan_t *plan_make(apr_pool_t *p)
{
    plan_t *plan = apr_pcalloc(p, sizeof(*plan));

    plan->httpd_args = apr_array_make(p, 4, sizeof(const char *));
    plan->listeners = apr_array_make(p, 4, sizeof(const char *));
    plan->config_files = apr_array_make(p, 8, sizeof(const char *));
    plan->held_keys = apr_array_make(p, 1, sizeof(const char *));
    plan->stage_program = "/proc/self/exe"; /* also when its file was replaced */
    plan->http_ports = apr_array_make(p, 4, sizeof(int));
    plan->event_commands = apr_array_make(p, 1, sizeof(plan_event_command_t));
    plan->event_timeout = apr_time_from_sec(60);
    plan->event_retry = apr_time_from_sec(3 * 24 * 3600);
    plan->accounts = apr_array_make(p, 2, sizeof(plan_account_t));
    plan->certificates = apr_array_make(p, 8, sizeof(plan_certificate_t));
    plan->exports = apr_array_make(p, 1, sizeof(plan_export_t));
    return plan;
}

void plan_without_httpd(plan_t *plan)
{
    int i;

    plan->once = 1;
    plan->parent_pid = 0;
    plan->httpd_since = 0;
    plan->reload = 0;
    plan->live = 0;
    for (i = 0; i < plan->certificates->nelts; ++i) {
        plan_certificate_t *certificate = &APR_ARRAY_IDX(plan->certificates, i, plan_certificate_t);

        certificate->served = 0;
        certificate->fallback = 0;
        certificate->loaded = NULL;
        certificate->loaded_fingerprint = NULL;
        certificate->takes_over = 0;
    }
}

/* Without the lists. */
static json_t *rest_to_json(const plan_t *plan)
{
    json_t *json = member_object(plan_members, plan);

    json_object_set_new(json, "version", json_integer(PLAN_VERSION));
    return json;
}

json_t *plan_to_json(const plan_t *plan)
{
    json_t *json = rest_to_json(plan);
    json_t *lists = member_object(list_members, plan);

    json_object_update(json, lists);
    json_decref(lists);
    return json;
}

/* The first certificate says how many there are. */
static json_t *certificate_to_json(const plan_t *plan, int i)
{
    json_t *json = member_message(certificate_members,
                                  &APR_ARRAY_IDX(plan->certificates, i, plan_certificate_t));

    if (i == 0) {
        json_object_set_new(json, "count", json_integer(plan->certificates->nelts));
    }
    return json;
}

static void print_list(text_t *text, const char *name, const apr_array_header_t *list,
                       const member_t *table)
{
    int i;

    text_put(text, name);
    for (i = 0; i < list->nelts; ++i) {
        json_t *json = member_object(table, list->elts + (size_t)i * (size_t)list->elt_size);

        text_put(text, i == 0 ? "\n" : ",\n");
        text_put_json(text, json, JSON_COMPACT);
        json_decref(json);
    }
    text_put(text, "]");
}

void plan_print(const plan_t *plan, text_t *text)
{
    json_t *rest = rest_to_json(plan);

    text_put_open(text, rest, JSON_COMPACT);
    json_decref(rest);
    print_list(text, ",\n\"accounts\":[", plan->accounts, account_members);
    print_list(text, ",\n\"certificates\":[", plan->certificates, certificate_members);
    text_put(text, "}\n");
}

apr_status_t plan_send(const plan_t *plan, message_send_fn *send, void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < plan->accounts->nelts && rv == APR_SUCCESS; ++i) {
        rv =
            send(baton, MESSAGE_ACCOUNT,
                 member_object(account_members, &APR_ARRAY_IDX(plan->accounts, i, plan_account_t)));
    }
    for (i = 0; i < plan->certificates->nelts && rv == APR_SUCCESS; ++i) {
        rv = send(baton, MESSAGE_CERTIFICATE, certificate_to_json(plan, i));
    }
    return rv == APR_SUCCESS ? send(baton, MESSAGE_PLAN, rest_to_json(plan)) : rv;
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
    for (i = 0; i < plan->event_commands->nelts; ++i) {
        const plan_event_command_t *command =
            &APR_ARRAY_IDX(plan->event_commands, i, plan_event_command_t);

        if (command->user == NULL || command->events == NULL || command->argv->nelts == 0) {
            return "a part of an ACMEEventCommand";
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

static apr_status_t take_rest(plan_t *plan, const json_t *json, eab_result_t *result)
{
    const char *missing;

    if (json_peek_int(json, "version", 0) != PLAN_VERSION) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The keeper and the module are of different versions; install both "
                              "from one build and restart httpd.");
    }
    member_read(plan, plan_members, json, plan->accounts->pool);
    if ((missing = missing_part(plan)) != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The plan from httpd lacks %s.", missing);
    }
    return APR_SUCCESS;
}

apr_status_t plan_take(plan_t *plan, int type, const json_t *body, eab_result_t *result)
{
    apr_pool_t *p = plan->accounts->pool;

    switch (type) {
    case MESSAGE_ACCOUNT:
        member_read(apr_array_push(plan->accounts), account_members, body, p);
        return APR_EAGAIN;
    case MESSAGE_CERTIFICATE:
        member_make_room(plan->certificates, json_peek_int(body, "count", 0));
        member_read(apr_array_push(plan->certificates), certificate_members, body, p);
        return APR_EAGAIN;
    case MESSAGE_PLAN:
        return take_rest(plan, body, result);
    default:
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "A message from httpd is no part of a plan.");
    }
}

apr_status_t plan_from_json(plan_t **pplan, const json_t *json, eab_result_t *result, apr_pool_t *p)
{
    plan_t *plan = plan_make(p);
    apr_status_t rv;

    *pplan = NULL;
    member_read(plan, list_members, json, p);
    if ((rv = take_rest(plan, json, result)) == APR_SUCCESS) {
        *pplan = plan;
    }
    return rv;
}
