/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/clock.h"
#include "base/json.h"
#include "httpd/report.h"

#define SINCE "2026-11-21T20:00:00Z"
#define NOW "2026-11-21T20:00:01Z"

static apr_time_t at(const char *text)
{
    apr_time_t time = 0;

    assert_int_equal(APR_SUCCESS, clock_parse(&time, text));
    return time;
}

static void add(plan_t *plan, const char *domain, const char *key_type)
{
    plan_certificate_t *certificate = apr_array_push(plan->certificates);

    memset(certificate, 0, sizeof(*certificate));
    certificate->domain = domain;
    certificate->names = apr_array_make(plan->certificates->pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(certificate->names, const char *) = domain;
    APR_ARRAY_PUSH(certificate->names, const char *) = "more.example.edu";
    certificate->key_type = key_type;
    certificate->where = "httpd.conf:9";
    certificate->served = 1;
}

/* The second run of a parent with the process id 11, and two certificates, one of them in two types. */
static plan_t *plan_of(apr_pool_t *p)
{
    plan_t *plan = plan_make(p);
    plan_account_t *account = apr_array_push(plan->accounts);

    memset(account, 0, sizeof(*account));
    account->label = "default";
    account->directory = "https://ca.example/dir";
    plan->parent_pid = 11;
    plan->httpd_since = at(SINCE) + 300000; /* what travels as text has whole seconds */
    plan->httpd_restarts = 1;
    add(plan, "a.example.edu", "rsa2048");
    add(plan, "a.example.edu", "p256");
    add(plan, "b.example.edu", "rsa2048");
    return plan;
}

static json_t *status_of(apr_pool_t *p, int pid, const char *since, int restarts)
{
    return json_own(p, json_pack("{s:i,s:s,s:{s:{s:i,s:s,s:i}}}", "version", 1, "generated",
                                 "2026-11-21T20:00:00Z", "processes", "httpd", "pid", pid, "since",
                                 since, "restarts", restarts));
}

static void a_report_of_this_run_is_left_as_it_is(void **state)
{
    static const struct {
        const char *since;
        int restarts;
    } rows[] = {
        { SINCE, 1 },
        { "2026-11-21T20:00:09Z", 2 }, /* a worker of before, after the next restart */
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        json_t *status = status_of(*state, 11, rows[i].since, rows[i].restarts);
        json_t *copy = json_own(*state, json_deep_copy(status));
        report_t report = report_choose(status, NULL, plan_of(*state), at(NOW), *state);

        assert_ptr_equal(status, report.json);
        assert_true(json_equal(copy, report.json));
        assert_null(report.notice);
    }
}

static void a_report_of_before_is_shown_and_marked(void **state)
{
    json_t *rows[] = {
        status_of(*state, 11, "2026-11-21T19:00:00Z", 0), /* a restart */
        status_of(*state, 10, SINCE, 1),                  /* a stop and a start */
        status_of(*state, 11, "2026-11-20T20:00:00Z", 1), /* a boot, and the same process id */
        json_own(*state, json_pack("{s:i,s:s}", "version", 1, "generated", NOW)),
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        report_t report = report_choose(rows[i], NULL, plan_of(*state), at(NOW), *state);

        assert_ptr_equal(rows[i], report.json);
        assert_true(json_peek_bool(report.json, "before_restart", 0));
        assert_non_null(json_object_get(report.json, "generated"));
        assert_non_null(strstr(report.notice, "the last report of before"));
        assert_string_equal(report.notice, json_peek_string(report.json, "notice"));
    }
}

static void has_members(const json_t *object, const char *list)
{
    char *copy = strdup(list);
    char *rest = NULL, *key;

    for (key = strtok_r(copy, " ", &rest); key != NULL; key = strtok_r(NULL, " ", &rest)) {
        if (json_object_get(object, key) == NULL)
            print_error("missing: %s\n", key);
        assert_non_null(json_object_get(object, key));
    }
    free(copy);
}

/* Whoever reads the agent's report can read this one. */
static void without_a_report_what_is_configured_is_listed(void **state)
{
    report_t report = report_choose(NULL, NULL, plan_of(*state), at(NOW), *state);
    const json_t *certificates = json_object_get(report.json, "certificates");
    const json_t *first = json_array_get(certificates, 0);

    has_members(report.json, "version generated certificates accounts processes reload notice");
    assert_null(json_object_get(report.json, "before_restart"));
    assert_non_null(strstr(report.notice, "has not reported yet since httpd was started"));
    assert_int_equal(2, json_array_size(certificates));
    has_members(first, "name names missing_names account state served where key_types keys next "
                       "suggestion problem order");
    assert_string_equal("a.example.edu", json_peek_string(first, "name"));
    assert_string_equal("[\"rsa2048\",\"p256\"]",
                        json_text(*state, json_object_get(first, "key_types")));
    assert_string_equal("unknown", json_peek_string(first, "state"));
    assert_string_equal("report", json_peek_string(json_object_get(first, "next"), "what"));
    assert_string_equal("b.example.edu", json_peek_string(json_array_get(certificates, 1), "name"));
    has_members(json_array_get(json_object_get(report.json, "accounts"), 0),
                "label directory state clock_behind profiles ca problem");
    assert_int_equal(
        11, json_peek_int(json_object_get(json_object_get(report.json, "processes"), "httpd"),
                          "pid", 0));
    assert_string_equal("unknown",
                        json_peek_string(json_object_get(report.json, "reload"), "state"));
}

/* What an agent under somebody's control writes is no object, or nothing that can be read. */
static void what_cannot_be_used_is_like_none(void **state)
{
    report_t report =
        report_choose(json_own(*state, json_array()), NULL, plan_of(*state), at(NOW), *state);

    assert_true(json_is_object(report.json));
    assert_non_null(report.notice);
    report = report_choose(NULL, "It is damaged.", plan_of(*state), at(NOW), *state);
    assert_string_equal("It is damaged.", report.notice);
    assert_string_equal("It is damaged.", json_peek_string(report.json, "notice"));
    report = report_choose(json_own(*state, json_pack("{s:[i],s:i}", "processes", 1, "version", 7)),
                           NULL, plan_of(*state), at(NOW), *state);
    assert_true(json_peek_bool(report.json, "before_restart", 0));
}

static void where_nothing_is_managed_nothing_is_missing(void **state)
{
    report_t report = report_choose(NULL, NULL, plan_make(*state), at(NOW), *state);

    assert_null(report.notice);
    assert_int_equal(0, json_array_size(json_object_get(report.json, "certificates")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_report_of_this_run_is_left_as_it_is),
        fixture_test(a_report_of_before_is_shown_and_marked),
        fixture_test(without_a_report_what_is_configured_is_listed),
        fixture_test(what_cannot_be_used_is_like_none),
        fixture_test(where_nothing_is_managed_nothing_is_missing),
    };

    return fixture_run(tests);
}
