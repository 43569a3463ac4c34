/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/json.h"
#include "ipc/plan.h"

/* Every member, each with a value that no other has and that is not the default. */
static const char *const whole =
    "{\"version\":1,\"httpd_version\":\"2.4.71\",\"parent_pid\":4711,"
    "\"httpd_since\":\"2026-02-01T00:00:00Z\",\"httpd_restarts\":3,"
    "\"httpd_program\":\"/usr/sbin/httpd\",\"httpd_args\":[\"-f\",\"/etc/httpd.conf\"],"
    "\"pid_file\":\"/run/httpd.pid\",\"listeners\":[\"127.0.0.1:80\"],\"held_keys\":[\"1 "
    "/etc/a.key\"],"
    "\"config_digest\":\"abcd\",\"config_read\":\"2026-11-29T22:00:00Z\",\"config_files\":[\"/etc/"
    "x\"],"
    "\"agent_program\":\"/usr/libexec/agent\",\"store_dir\":\"/var/store\","
    "\"run_dir\":\"/run/"
    "eab\",\"user\":\"www-data\",\"uid\":33,\"gid\":34,\"reload\":true,\"live\":true,"
    "\"reload_from\":1320,\"reload_to\":240,"
    "\"max_parallel\":5,\"log_level\":7,\"restarts\":3,\"http_ports\":[80,8080],"
    "\"accounts\":["
    "{\"label\":\"first\",\"directory\":\"https://ca.example/dir\",\"kid\":\"kid-1\","
    "\"eab_alg\":\"HS384\",\"eab_source\":\"file:/etc/eab.key\","
    "\"contacts\":[\"mailto:a@example.edu\",\"mailto:b@example.edu\"],\"terms_accepted\":true,"
    "\"ca_file\":\"/etc/ca.pem\",\"proxy\":\"http://proxy:3128\","
    "\"proxy_credentials\":\"/etc/proxy.secret\",\"where\":\"httpd.conf:7\"},"
    "{\"label\":\"second\",\"directory\":\"https://other.example/dir\",\"eab_alg\":\"HS256\","
    "\"contacts\":[],\"terms_accepted\":false}],"
    "\"certificates\":[{\"id\":\"www.example.edu\",\"domain\":\"domain.example.edu\","
    "\"names\":[\"www.example.edu\",\"example.edu\"],\"account\":1,"
    "\"challenges\":[\"http-01\",\"dns-01\"],\"dns_command\":\"/usr/bin/dns add\","
    "\"profile\":\"shortlived\",\"profile_required\":true,\"allow_subset\":true,\"preferred_"
    "chain\":\"Root X1\","
    "\"key_type\":\"p384\",\"common_name\":false,\"renew_percent\":33,"
    "\"renew_before\":2592000000000,\"served\":true,\"fallback\":true,\"loaded\":\"000007\","
    "\"loaded_fingerprint\":\"ab12\",\"unusable\":\"too small\","
    "\"staples\":true,\"responder\":\"http://proxy.example/"
    "\",\"takes_over\":true,\"doors\":[\"127.0.0.1:443 "
    "www.example.edu\"],\"used_by\":[\"*:443 www.example.edu (vhosts.conf:12)\"],"
    "\"where\":\"httpd.conf:9\"}],\"event_timeout\":30000000,\"event_retry\":60000000,\"event_"
    "commands\":[{\"user\":\"nobody\",\"events\":\"failed\","
    "\"argv\":[\"/usr/bin/tell\",\"-v\"]}],"
    "\"exports\":[{\"certificate\":\"www.example.edu\",\"format\":\"pfx\",\"path\":\"/srv/"
    "www.pfx\","
    "\"uid\":0,\"gid\":33,\"mode\":416,\"password_file\":\"/root/password\",\"wrong\":\"names "
    "nobody\","
    "\"where\":\"httpd.conf:20\"}]}";

static json_t *parse(apr_pool_t *p)
{
    json_t *json = json_parse(p, whole, strlen(whole), NULL);

    assert_non_null(json);
    return json;
}

static plan_t *plan_of(apr_pool_t *p, const json_t *json)
{
    eab_result_t *result = eab_result_make(p);
    plan_t *plan = NULL;

    assert_int_equal(APR_SUCCESS, plan_from_json(&plan, json, result, p));
    assert_int_equal(APR_SUCCESS, result->rv);
    return plan;
}

typedef struct wire {
    plan_t *whole;
    eab_result_t *result;
    int messages;
    apr_status_t rv;
} wire_t;

static apr_status_t carry(void *baton, int type, json_t *body)
{
    wire_t *wire = baton;

    assert_true(json_dumpb(body, NULL, 0, JSON_COMPACT) < 2000);
    assert_int_equal(APR_EAGAIN, wire->rv);
    wire->rv = plan_take(wire->whole, type, body, wire->result);
    ++wire->messages;
    json_decref(body);
    return APR_SUCCESS;
}

/* With sorted members, so that what differs can be seen. */
static const char *sorted(apr_pool_t *p, const json_t *json)
{
    char *text = json_dumps(json, JSON_SORT_KEYS | JSON_INDENT(1));
    const char *copy = apr_pstrdup(p, text);

    free(text);
    return copy;
}

static void every_member_comes_back(void **state)
{
    apr_pool_t *p = *state;
    json_t *json = parse(p);
    json_t *again = json_own(p, plan_to_json(plan_of(p, json)));

    assert_string_equal(sorted(p, json), sorted(p, again));
}

static void it_is_printed_as_it_is(void **state)
{
    apr_pool_t *p = *state;
    json_t *json = parse(p);
    text_t text = { 0 };
    const char *why = NULL;
    json_t *again;

    plan_print(plan_of(p, json), &text);
    assert_false(text.failed);
    again = json_parse(p, text.data, text.len, &why);
    text_free(&text);
    if (again == NULL)
        fail_msg("%s", why);
    assert_string_equal(sorted(p, json), sorted(p, again));
}

static void members_are_where_they_belong(void **state)
{
    plan_t *plan = plan_of(*state, parse(*state));
    const plan_account_t *account = &APR_ARRAY_IDX(plan->accounts, 0, plan_account_t);
    const plan_certificate_t *certificate =
        &APR_ARRAY_IDX(plan->certificates, 0, plan_certificate_t);

    assert_int_equal(4711, plan->parent_pid);
    assert_true(plan->httpd_since != 0);
    assert_int_equal(3, plan->httpd_restarts);
    assert_int_equal(33, plan->uid);
    assert_int_equal(34, plan->gid);
    assert_int_equal(1, plan->reload);
    assert_int_equal(1320, plan->reload_from);
    assert_int_equal(240, plan->reload_to);
    assert_int_equal(3, plan->restarts);
    assert_string_equal("/var/store", plan->store_dir);
    assert_string_equal("/run/eab", plan->run_dir);
    assert_int_equal(8080, APR_ARRAY_IDX(plan->http_ports, 1, int));
    assert_int_equal(2, plan->accounts->nelts);
    assert_string_equal("kid-1", account->kid);
    assert_string_equal("file:/etc/eab.key", account->eab_source);
    assert_int_equal(1, account->terms_accepted);
    assert_null(APR_ARRAY_IDX(plan->accounts, 1, plan_account_t).kid);
    assert_int_equal(1, certificate->account);
    assert_int_equal(33, certificate->renew_percent);
    assert_true(apr_time_from_sec(30 * 86400) == certificate->renew_before);
    assert_int_equal(0, certificate->common_name);
    assert_int_equal(1, certificate->allow_subset);
    assert_string_equal("000007", certificate->loaded);
    assert_string_equal("ab12", certificate->loaded_fingerprint);
    assert_string_equal("example.edu", APR_ARRAY_IDX(certificate->names, 1, const char *));
}

static void the_plan_outlives_its_json(void **state)
{
    apr_pool_t *p = *state;
    json_t *json = json_loads(whole, 0, NULL);
    plan_t *plan = plan_of(p, json);

    json_decref(json);
    assert_string_equal("/run/eab", plan->run_dir);
    assert_string_equal("HS384", APR_ARRAY_IDX(plan->accounts, 0, plan_account_t).eab_alg);
}

static void refuse(apr_pool_t *p, const json_t *json, const char *word)
{
    eab_result_t *result = eab_result_make(p);
    plan_t *plan = (plan_t *)1;

    assert_int_equal(APR_EINVAL, plan_from_json(&plan, json, result, p));
    assert_null(plan);
    assert_int_equal(APR_EINVAL, result->rv);
    assert_non_null(strstr(result->detail, word));
}

static void another_version_is_refused(void **state)
{
    json_t *json = parse(*state);

    json_object_set_new(json, "version", json_integer(2));
    refuse(*state, json, "versions");
    json_object_del(json, "version");
    refuse(*state, json, "versions");
    refuse(*state, json_own(*state, json_array()), "versions");
    refuse(*state, NULL, "versions");
}

/* The plan without one of its members. */
static void missing(apr_pool_t *p, const char *list, const char *member, const char *word)
{
    json_t *json = parse(p);
    json_t *object = (list != NULL) ? json_array_get(json_object_get(json, list), 0) : json;

    assert_int_equal(0, json_object_del(object, member));
    refuse(p, json, word);
}

static void what_is_needed_must_be_there(void **state)
{
    missing(*state, NULL, "store_dir", "directory");
    missing(*state, NULL, "run_dir", "directory");
    missing(*state, NULL, "agent_program", "program");
    missing(*state, "accounts", "label", "account");
    missing(*state, "accounts", "directory", "directory URL");
    missing(*state, "certificates", "id", "certificate");
    missing(*state, "certificates", "names", "certificate");
    missing(*state, "certificates", "account", "certificate");
    missing(*state, "certificates", "key_type", "certificate");
}

static void an_account_that_is_none_is_refused(void **state)
{
    static const json_int_t indices[] = { -1, 2, 1000000, -1000000 };
    size_t i;

    for (i = 0; i < sizeof(indices) / sizeof(indices[0]); ++i) {
        json_t *json = parse(*state);

        json_object_set_new(json_array_get(json_object_get(json, "certificates"), 0), "account",
                            json_integer(indices[i]));
        refuse(*state, json, "account");
    }
}

static void members_of_other_types_are_as_if_missing(void **state)
{
    json_t *json = parse(*state);

    json_object_set_new(json, "store_dir", json_integer(1));
    refuse(*state, json, "directory");
    json = parse(*state);
    json_object_set_new(json, "accounts", json_string("x"));
    refuse(*state, json, "account");
}

static void it_travels_in_parts(void **state)
{
    apr_pool_t *p = *state;
    json_t *json = parse(p);
    wire_t wire = { plan_make(p), eab_result_make(p), 0, APR_EAGAIN };

    assert_int_equal(APR_SUCCESS, plan_send(plan_of(p, json), carry, &wire));
    assert_int_equal(APR_SUCCESS, wire.rv);
    assert_string_equal(sorted(p, json), sorted(p, json_own(p, plan_to_json(wire.whole))));
}

/* In one piece it would be too long for any message. */
static void ten_thousand_certificates_travel(void **state)
{
    apr_pool_t *p = *state;
    wire_t wire = { plan_make(p), eab_result_make(p), 0, APR_EAGAIN };
    plan_t *plan = plan_of(p, parse(p));
    plan_certificate_t one = APR_ARRAY_IDX(plan->certificates, 0, plan_certificate_t);

    one.where = apr_psprintf(p, "%0900d", 1);
    while (plan->certificates->nelts < 10000)
        APR_ARRAY_PUSH(plan->certificates, plan_certificate_t) = one;
    assert_int_equal(APR_SUCCESS, plan_send(plan, carry, &wire));
    assert_int_equal(APR_SUCCESS, wire.rv);
    assert_int_equal(10000 + plan->accounts->nelts + 1, wire.messages);
    assert_int_equal(10000, wire.whole->certificates->nelts);
}

/* Nothing else is a part, and nothing is whole without all of them. */
static void what_is_no_part_is_refused(void **state)
{
    eab_result_t *result = eab_result_make(*state);
    json_t *nothing = json_own(*state, json_object());

    assert_int_equal(APR_EINVAL, plan_take(plan_make(*state), MESSAGE_READY, nothing, result));
    assert_non_null(result->detail);
    assert_int_equal(APR_EINVAL, plan_take(plan_make(*state), MESSAGE_PLAN, nothing, result));
}

static apr_status_t refuse_second(void *baton, int type, json_t *body)
{
    int *messages = baton;

    (void)type;
    json_decref(body);
    return ++*messages == 2 ? APR_ENOSPC : APR_SUCCESS;
}

static void a_failure_to_send_is_not_passed_over(void **state)
{
    int messages = 0;

    assert_int_equal(APR_ENOSPC,
                     plan_send(plan_of(*state, parse(*state)), refuse_second, &messages));
    assert_int_equal(2, messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(every_member_comes_back),
        fixture_test(it_is_printed_as_it_is),
        fixture_test(it_travels_in_parts),
        fixture_test(ten_thousand_certificates_travel),
        fixture_test(what_is_no_part_is_refused),
        fixture_test(a_failure_to_send_is_not_passed_over),
        fixture_test(members_are_where_they_belong),
        fixture_test(the_plan_outlives_its_json),
        fixture_test(another_version_is_refused),
        fixture_test(what_is_needed_must_be_there),
        fixture_test(an_account_that_is_none_is_refused),
        fixture_test(members_of_other_types_are_as_if_missing),
    };

    return fixture_run(tests);
}
