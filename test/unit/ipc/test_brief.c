/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/json.h"
#include "ipc/brief.h"

#define PROBLEM \
    "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"status\":403," \
    "\"detail\":\"No way\",\"subproblems\":[{\"type\":\"x\"}],\"url\":\"https://ca.example/o\"," \
    "\"retry_after\":60,\"rv\":20014}"

#define FAILURE(attempts) \
    "{\"attempts\":" attempts ",\"since\":\"2026-01-02T03:04:05Z\"," \
    "\"next\":\"2026-01-03T03:04:05Z\",\"place\":2,\"subset\":1," \
    "\"tried\":\"2026-01-02T13:04:05Z\",\"facts\":131077,\"problem\":" PROBLEM "}"

/* Every member, each with a value that no other has and that is not the default; and a second account and
 * certificate without those that have their default, which are not said. */
static const char *const whole =
    "{\"httpd_version\":\"2.4.71\",\"run_dir\":\"/run/eab\",\"max_parallel\":5,\"log_level\":7,"
    "\"httpd_pid\":4710,\"httpd_since\":\"2026-02-01T00:00:00Z\",\"httpd_restarts\":3,"
    "\"keeper_pid\":4711,\"keeper_since\":\"2026-02-01T00:00:00Z\",\"keeper_restarts\":2,"
    "\"agent_restarts\":3,\"once\":true,"
    "\"accounts\":["
    "{\"label\":\"first\",\"directory\":\"https://ca.example/"
    "dir\",\"kid_sha256\":\"0123456789abcdef\","
    "\"url\":\"https://ca.example/account/1\",\"thumbprint\":\"tttt\",\"attempted\":true,"
    "\"eab\":true,\"terms_accepted\":true,\"terms\":\"https://ca.example/"
    "terms\",\"rolling\":true,\"contact_changed\":true,\"where\":\"httpd.conf:7\",\"ca_"
    "pem\":\"PEM\","
    "\"proxy\":\"http://proxy:3128\",\"proxy_credentials\":\"name:word\","
    "\"told\":{\"seen\":\"2026-01-05T00:00:00Z\",\"terms\":\"https://ca.example/new-terms\","
    "\"website\":\"https://ca.example/\",\"eab_required\":true,\"renewal_info\":true,"
    "\"caa_identities\":[\"ca.example\"],\"profiles\":{\"classic\":\"ninety days\"}},"
    "\"failure\":" FAILURE(
        "4") ",\"broken\":" PROBLEM "},"
             "{\"label\":\"second\",\"directory\":\"https://other.example/"
             "dir\",\"failure\":null}],"
             "\"certificates\":["
             "{\"id\":\"www.example.edu\",\"domain\":\"domain.example.edu\","
             "\"names\":[\"www.example.edu\",\"example.edu\"],\"account\":1,"
             "\"challenges\":[\"http-01\"],\"dns_command\":true,\"dns_resolver\":\"192.0.2.53\","
             "\"profile\":\"shortlived\",\"profile_required\":true,"
             "\"allow_subset\":true,"
             "\"preferred_chain\":\"Root X1\",\"key_type\":\"p384\","
             "\"renew_percent\":33,\"renew_before\":2592000000000,\"served\":true,\"fallback\":"
             "true,"
             "\"loaded\":\"000007\",\"unusable\":\"too small\",\"doors\":[\"127.0.0.1:443 x\"],"
             "\"used_by\":[\"*:443 x (vhosts.conf:12)\"],"
             "\"where\":\"httpd.conf:9\","
             "\"facts\":{\"names\":[\"www.example.edu\"],\"key_type\":\"p256\",\"issuer\":"
             "\"Some "
             "CA\",\"issuers\":[\"Some CA\",\"Root\"],"
             "\"serial\":\"0a\",\"fingerprint\":\"ff\",\"not_before\":\"2026-01-01T00:00:00Z\","
             "\"not_after\":\"2026-04-01T00:00:00Z\",\"obtained\":\"2026-01-01T01:00:00Z\","
             "\"generation\":\"000008\",\"same_account\":true,\"ari_id\":\"aYhb.AIdl\","
             "\"activation\":\"live\",\"activation_why\":\"nobody looked\","
             "\"must_staple\":true,\"ocsp_url\":\"http://ocsp.example/ID\","
             "\"staple_from\":\"2026-01-01T00:00:00Z\","
             "\"staple_until\":\"2026-01-08T00:00:00Z\",\"ocsp_revoked\":\"2026-01-02T00:00:00Z\","
             "\"ocsp_reason\":\"keyCompromise\",\"root_revoked\":\"2026-01-03T00:00:00Z\","
             "\"root_reason\":4,\"root_user\":\"alice\"},"
             "\"window\":{\"ari_id\":\"aYhb.AIdl\",\"start\":\"2026-03-01T00:00:00Z\","
             "\"end\":\"2026-03-03T00:00:00Z\",\"drawn\":\"2026-03-02T00:00:00Z\","
             "\"explanation\":\"https://ca.example/why\",\"next\":\"2026-02-01T00:00:00Z\","
             "\"errors\":2,\"at_once\":1,\"repeated\":1},"
             "\"validations\":{\"fingerprint\":\"ff\",\"names\":[{\"name\":\"*.example.edu\","
             "\"until\":\"2026-03-05T00:00:00Z\"}],\"issuers\":[\"ca.example\"]},"
             "\"ordering\":true,\"order_names\":[\"www.example.edu\"],"
             "\"order_url\":\"https://ca.example/order/1\",\"finalized\":true,"
             "\"order_since\":\"2026-03-01T00:00:00Z\","
             "\"demanded\":\"2026-03-04T00:00:00Z\",\"trial\":true,\"failure\":" FAILURE(
                 "6") "},"
                      "{\"id\":\"b.example.edu\",\"names\":[\"b.example.edu\"],\"account\":0,"
                      "\"key_type\":\"rsa2048\"}]"
                      ","
                      "\"reload\":{\"state\":\"refused\",\"why\":\"Syntax "
                      "error\",\"last\":\"2026-03-02T00:00:00Z\","
                      "\"next\":\"2026-03-02T00:01:00Z\"},"
                      "\"leftovers\":{\"certificates\":[{\"name\":\"old\"}],\"accounts\":[]}}";

static json_t *parse(apr_pool_t *p)
{
    json_t *json = json_parse(p, whole, strlen(whole), NULL);

    assert_non_null(json);
    return json;
}

static brief_t *brief_of(apr_pool_t *p, const json_t *json)
{
    eab_result_t *result = eab_result_make(p);
    brief_t *brief = NULL;

    assert_int_equal(APR_SUCCESS, brief_from_json(&brief, json, result, p));
    return brief;
}

typedef struct wire {
    brief_t *whole;
    eab_result_t *result;
    int messages;
    apr_status_t rv;
} wire_t;

static apr_status_t carry(void *baton, int type, json_t *body)
{
    wire_t *wire = baton;

    assert_true(json_dumpb(body, NULL, 0, JSON_COMPACT) < 4000);
    assert_int_equal(APR_EAGAIN, wire->rv);
    wire->rv = brief_take(wire->whole, type, body, wire->result);
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
    json_t *again = json_own(p, brief_to_json(brief_of(p, json)));

    assert_string_equal(sorted(p, json), sorted(p, again));
}

static void members_are_where_they_belong(void **state)
{
    brief_t *brief = brief_of(*state, parse(*state));
    const brief_account_t *account = &APR_ARRAY_IDX(brief->accounts, 0, brief_account_t);
    const brief_certificate_t *certificate =
        &APR_ARRAY_IDX(brief->certificates, 0, brief_certificate_t);

    assert_string_equal("/run/eab", brief->run_dir);
    assert_int_equal(4710, brief->httpd_pid);
    assert_int_equal(3, brief->httpd_restarts);
    assert_int_equal(4711, brief->keeper_pid);
    assert_int_equal(2, brief->keeper_restarts);
    assert_int_equal(3, brief->agent_restarts);
    assert_string_equal("refused", brief->reload.state);
    assert_string_equal("tttt", account->thumbprint);
    assert_int_equal(4, account->failure.attempts);
    assert_int_equal(2, account->failure.place);
    assert_string_equal("No way", account->failure.problem->detail);
    assert_string_equal("https://ca.example/new-terms", account->told.terms);
    assert_string_equal("ninety days", json_peek_string(account->told.profiles, "classic"));
    assert_int_equal(403, account->broken->http_status);
    assert_null(APR_ARRAY_IDX(brief->accounts, 1, brief_account_t).broken);
    assert_int_equal(0, APR_ARRAY_IDX(brief->accounts, 1, brief_account_t).failure.attempts);
    assert_string_equal("000008", certificate->facts->generation);
    assert_string_equal("000007", certificate->loaded);
    assert_int_equal(1, certificate->order_names->nelts);
    assert_null(APR_ARRAY_IDX(brief->certificates, 1, brief_certificate_t).facts);
}

static void refuse(apr_pool_t *p, const json_t *json)
{
    eab_result_t *result = eab_result_make(p);
    brief_t *brief = (brief_t *)1;

    assert_int_equal(APR_EINVAL, brief_from_json(&brief, json, result, p));
    assert_null(brief);
    assert_non_null(strstr(result->detail, "brief"));
}

static void missing(apr_pool_t *p, const char *list, const char *member)
{
    json_t *json = parse(p);
    json_t *object = (list != NULL) ? json_array_get(json_object_get(json, list), 0) : json;

    assert_int_equal(0, json_object_del(object, member));
    refuse(p, json);
}

static void what_is_needed_must_be_there(void **state)
{
    json_t *json = parse(*state);

    missing(*state, NULL, "run_dir");
    missing(*state, "accounts", "directory");
    missing(*state, "certificates", "id");
    missing(*state, "certificates", "names");
    missing(*state, "certificates", "account");
    refuse(*state, NULL);
    json_object_set_new(json_array_get(json_object_get(json, "certificates"), 0), "account",
                        json_integer(2));
    refuse(*state, json);
}

static void facts_are_an_object_or_nothing(void **state)
{
    json_t *text = json_own(*state, json_string("x"));

    assert_null(brief_facts_from_json(*state, NULL));
    assert_null(brief_facts_from_json(*state, text));
    assert_non_null(brief_facts_from_json(*state, json_own(*state, json_object())));
}

static void a_failure_without_a_problem_is_none(void **state)
{
    brief_failure_t failure;
    json_t *json = json_own(*state, json_pack("{s:i}", "attempts", 3));

    brief_failure_from_json(&failure, json, *state);
    assert_int_equal(0, failure.attempts);
    assert_non_null(failure.problem);
    brief_failure_from_json(&failure, NULL, *state);
    assert_int_equal(0, failure.attempts);
}

static void news_without_a_state_are_idle(void **state)
{
    news_t news;

    news_from_json(&news, json_own(*state, json_object()), *state);
    assert_string_equal("idle", news.state);
    assert_null(news.why);
    assert_true(news.last == 0 && news.next == 0);
}

static void it_travels_in_parts(void **state)
{
    apr_pool_t *p = *state;
    json_t *json = parse(p);
    wire_t wire = { brief_make(p), eab_result_make(p), 0, APR_EAGAIN };

    assert_int_equal(APR_SUCCESS, brief_send(brief_of(p, json), carry, &wire));
    assert_int_equal(APR_SUCCESS, wire.rv);
    assert_string_equal(sorted(p, json), sorted(p, json_own(p, brief_to_json(wire.whole))));
}

/* In one piece it would be too long for any message. */
static void ten_thousand_certificates_travel(void **state)
{
    apr_pool_t *p = *state;
    wire_t wire = { brief_make(p), eab_result_make(p), 0, APR_EAGAIN };
    brief_t *brief = brief_of(p, parse(p));
    brief_certificate_t one = APR_ARRAY_IDX(brief->certificates, 0, brief_certificate_t);

    one.where = apr_psprintf(p, "%0900d", 1);
    while (brief->certificates->nelts < 10000)
        APR_ARRAY_PUSH(brief->certificates, brief_certificate_t) = one;
    assert_int_equal(APR_SUCCESS, brief_send(brief, carry, &wire));
    assert_int_equal(APR_SUCCESS, wire.rv);
    assert_int_equal(10000 + brief->accounts->nelts + 1, wire.messages);
    assert_int_equal(10000, wire.whole->certificates->nelts);
}

/* Nothing else is a part, and nothing is whole without all of them. */
static void what_is_no_part_is_refused(void **state)
{
    eab_result_t *result = eab_result_make(*state);
    json_t *nothing = json_own(*state, json_object());

    assert_int_equal(APR_EINVAL, brief_take(brief_make(*state), MESSAGE_READY, nothing, result));
    assert_non_null(result->detail);
    assert_int_equal(APR_EINVAL, brief_take(brief_make(*state), MESSAGE_BRIEF, nothing, result));
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
                     brief_send(brief_of(*state, parse(*state)), refuse_second, &messages));
    assert_int_equal(2, messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(every_member_comes_back),
        fixture_test(it_travels_in_parts),
        fixture_test(ten_thousand_certificates_travel),
        fixture_test(what_is_no_part_is_refused),
        fixture_test(a_failure_to_send_is_not_passed_over),
        fixture_test(members_are_where_they_belong),
        fixture_test(what_is_needed_must_be_there),
        fixture_test(facts_are_an_object_or_nothing),
        fixture_test(a_failure_without_a_problem_is_none),
        fixture_test(news_without_a_state_are_idle),
    };

    return fixture_run(tests);
}
