/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/report.h"

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/json.h"

#define REPORT_VERSION 2

#define NOT_YET \
    "The agent has not reported yet since httpd was started. It does so within seconds; if this " \
    "stays, httpd's error log says why."

#define OF_BEFORE \
    "This is the last report of before httpd was started or restarted. The next one comes within " \
    "seconds; if this stays, httpd's error log says why."

/* A worker that ends its last requests after a restart may meet the report of the next run. */
static int is_of_this_run(const json_t *status, const plan_t *plan)
{
    const json_t *httpd = json_object_get(json_object_get(status, "processes"), "httpd");
    apr_int64_t restarts = json_peek_int(httpd, "restarts", -1);

    if (json_peek_int(httpd, "pid", 0) != plan->parent_pid)
        return 0;
    return restarts > plan->httpd_restarts
           || (restarts == plan->httpd_restarts
               && apr_time_sec(json_peek_time(httpd, "since")) == apr_time_sec(plan->httpd_since));
}

static json_t *make_next(void)
{
    json_t *next = json_object();

    json_put_string(next, "what", "report");
    json_put_string(next, "why", "the agent has not reported yet");
    return next;
}

/* Each member that a reader of the agent's report counts on, and no more than httpd knows. */
static json_t *make_certificate(const plan_certificate_t *certificate, const plan_t *plan)
{
    json_t *json = json_object();

    json_put_string(json, "name", APR_ARRAY_IDX(certificate->names, 0, const char *));
    json_put_strings(json, "names", certificate->names);
    json_object_set_new(json, "missing_names", json_array());
    json_put_string(json, "account",
                    APR_ARRAY_IDX(plan->accounts, certificate->account, plan_account_t).label);
    json_put_string(json, "state", "unknown");
    json_object_set_new(json, "served", json_boolean(certificate->served));
    json_object_set_new(json, "fallback", json_boolean(certificate->fallback));
    if (certificate->used_by != NULL)
        json_put_strings(json, "used_by", certificate->used_by);
    json_put_string(json, "where", certificate->where);
    json_object_set_new(json, "key_types", json_pack("[s*]", certificate->key_type));
    json_object_set_new(json, "keys", json_array());
    json_object_set_new(json, "next", make_next());
    json_object_set_new(json, "suggestion", json_null());
    json_object_set_new(json, "problem", json_null());
    json_object_set_new(json, "order", json_null());
    return json;
}

static int continues_domain(const plan_t *plan, int i)
{
    const plan_certificate_t *all = (const plan_certificate_t *)plan->certificates->elts;

    return i > 0 && all[i].domain != NULL && all[i - 1].domain != NULL
           && strcmp(all[i].domain, all[i - 1].domain) == 0;
}

static json_t *make_certificates(const plan_t *plan)
{
    json_t *array = json_array();
    int i = 0;

    for (i = 0; i < plan->certificates->nelts; ++i) {
        const plan_certificate_t *certificate =
            &APR_ARRAY_IDX(plan->certificates, i, plan_certificate_t);
        json_t *last = json_array_get(array, json_array_size(array) - 1);

        if (continues_domain(plan, i))
            json_array_append_new(json_object_get(last, "key_types"),
                                  json_string(certificate->key_type));
        else
            json_array_append_new(array, make_certificate(certificate, plan));
    }
    return array;
}

static json_t *make_account(const plan_account_t *account)
{
    json_t *json = json_object();

    json_put_string(json, "label", account->label);
    json_put_string(json, "directory", account->directory);
    json_put_string(json, "state", "unknown");
    json_object_set_new(json, "clock_behind", json_integer(0));
    json_object_set_new(json, "profiles", json_object());
    json_object_set_new(json, "ca", json_null());
    json_object_set_new(json, "problem", json_null());
    return json;
}

static json_t *make_processes(const plan_t *plan)
{
    json_t *httpd = json_object();

    json_object_set_new(httpd, "pid", json_integer(plan->parent_pid));
    json_put_time(httpd, "since", plan->httpd_since);
    json_put_string(httpd, "version", plan->httpd_version);
    json_object_set_new(httpd, "restarts", json_integer(plan->httpd_restarts));
    return json_pack("{s:o}", "httpd", httpd);
}

static json_t *make_report(const plan_t *plan, apr_time_t now, apr_pool_t *p)
{
    json_t *json = json_own(p, json_object());
    json_t *accounts = json_array();
    int i = 0;

    for (i = 0; i < plan->accounts->nelts; ++i)
        json_array_append_new(accounts,
                              make_account(&APR_ARRAY_IDX(plan->accounts, i, plan_account_t)));
    json_object_set_new(json, "version", json_integer(REPORT_VERSION));
    json_put_string(json, "module", EAB_VERSION);
    json_put_string(json, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
    json_put_time(json, "generated", now);
    json_object_set_new(json, "certificates", make_certificates(plan));
    json_object_set_new(json, "accounts", accounts);
    json_object_set_new(json, "processes", make_processes(plan));
    json_object_set_new(json, "reload", json_pack("{s:s}", "state", "unknown"));
    return json;
}

report_t report_choose(json_t *status, const char *why, const plan_t *plan, apr_time_t now,
                       apr_pool_t *p)
{
    report_t report = { status, NULL };

    if (!json_is_object(status)) {
        report.json = make_report(plan, now, p);
        /* Where nothing is managed there is no agent, and nothing is missing. */
        if (plan->certificates->nelts > 0)
            report.notice = why != NULL ? why : NOT_YET;
    }
    else if (!is_of_this_run(status, plan)) {
        json_object_set_new(status, "before_restart", json_true());
        report.notice = OF_BEFORE;
    }
    if (report.notice != NULL)
        json_put_string(report.json, "notice", report.notice);
    return report;
}
