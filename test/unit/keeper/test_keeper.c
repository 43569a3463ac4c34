/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "base/clock.h"

#include "base/json.h"

static brief_t *brief_of(scene_t *s)
{
    return keeper_brief(s->keeper, s->p);
}

static brief_account_t *account_of(scene_t *s)
{
    return &APR_ARRAY_IDX(brief_of(s)->accounts, 0, brief_account_t);
}

static brief_certificate_t *certificate_of(scene_t *s)
{
    return &APR_ARRAY_IDX(brief_of(s)->certificates, 0, brief_certificate_t);
}

static void the_brief_tells_what_the_plan_says(void **state)
{
    scene_t *s = scene_make(*state);
    brief_t *brief;

    s->account->proxy = "http://proxy:3128";
    scene_start(s);
    brief = brief_of(s);
    assert_string_equal("2.4.71", brief->httpd_version);
    assert_string_equal(s->plan->run_dir, brief->run_dir);
    assert_int_equal(getpid(), brief->keeper_pid);
    assert_string_equal("off", brief->reload.state);
    assert_string_equal(DIRECTORY, account_of(s)->directory);
    assert_string_equal("http://proxy:3128", account_of(s)->proxy);
    assert_true(account_of(s)->eab);
    assert_null(account_of(s)->url);
    assert_int_equal(0, account_of(s)->attempted);
    assert_null(account_of(s)->broken);
    assert_int_equal(43, strlen(account_of(s)->thumbprint));
    assert_int_equal(16, strlen(account_of(s)->kid_sha256));
    assert_string_equal(NAME, certificate_of(s)->id);
    assert_int_equal(2, certificate_of(s)->names->nelts);
    assert_null(certificate_of(s)->facts);
    assert_int_equal(0, certificate_of(s)->ordering);
    scene_end(s);
}

static void the_brief_tells_the_order_in_flight(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    assert_string_equal(ACCOUNT_URL, account_of(s)->url);
    assert_int_equal(1, certificate_of(s)->ordering);
    assert_string_equal(ORDER_URL, certificate_of(s)->order_url);
    assert_int_equal(1, certificate_of(s)->finalized);
    scene_install(s);
    assert_int_equal(0, certificate_of(s)->ordering);
    assert_string_equal("000001", certificate_of(s)->facts->generation);
    scene_end(s);
}

/* Of the EAB key and the private keys neither text nor bytes, of the key id only its hash. */
static void the_brief_tells_the_terms_that_were_agreed_to(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    assert_null(account_of(s)->terms);
    assert_int_equal(APR_SUCCESS, account_registered(scene_account(s), ACCOUNT_URL,
                                                     "https://ca.example/terms", s->result));
    scene_start(s);
    assert_string_equal("https://ca.example/terms", account_of(s)->terms);
    scene_end(s);
}

static void the_brief_holds_no_secret(void **state)
{
    scene_t *s = scene_make(*state);
    const char *text;

    s->account->kid = "key-id-in-clear";
    scene_start(s);
    text = json_text(s->p, json_own(s->p, brief_to_json(brief_of(s))));
    assert_null(strstr(text, HMAC));
    assert_null(strstr(text, HMAC_TEXT));
    assert_null(strstr(text, s->key_file));
    assert_null(strstr(text, "key-id-in-clear"));
    assert_null(strstr(text, "PRIVATE"));
    assert_null(strstr(text, s->plan->store_dir));
    scene_end(s);
}

static void a_missing_ca_file_breaks_the_account(void **state)
{
    scene_t *s = scene_make(*state);
    const char *pem = "-----BEGIN CERTIFICATE-----\n";

    s->account->ca_file = apr_pstrcat(s->p, s->dir, "/ca.pem", NULL);
    scene_start(s);
    assert_non_null(strstr(account_of(s)->broken->detail, s->account->ca_file));
    assert_false(account_mend(scene_account(s)));
    fixture_write(s->account->ca_file, "PEM", 3);
    assert_false(account_mend(scene_account(s)));
    assert_non_null(strstr(account_of(s)->broken->detail, "no certificate"));
    fixture_write(s->account->ca_file, pem, strlen(pem));
    assert_true(account_mend(scene_account(s)));
    assert_null(account_of(s)->broken);
    assert_string_equal(pem, account_of(s)->ca_pem);
    scene_end(s);
}

static void a_broken_account_leaves_the_others_alone(void **state)
{
    scene_t *s = scene_make(*state);
    plan_account_t *other;
    brief_t *brief;

    scene_start(s);
    fixture_write(scene_path(s, apr_pstrcat(s->p, "accounts/", scene_account(s)->registration->id,
                                            "/key.pem", NULL)),
                  "x", 1);
    other = apr_array_push(s->plan->accounts);
    *other = APR_ARRAY_IDX(s->plan->accounts, 0, plan_account_t);
    other->kid = "kid-2";
    scene_start(s);
    brief = brief_of(s);
    assert_non_null(APR_ARRAY_IDX(brief->accounts, 0, brief_account_t).broken);
    assert_null(APR_ARRAY_IDX(brief->accounts, 1, brief_account_t).broken);
    assert_non_null(APR_ARRAY_IDX(brief->accounts, 1, brief_account_t).thumbprint);
    scene_end(s);
}

static void fail_once(scene_t *s)
{
    json_t *body =
        json_pack("{s:i,s:i,s:{s:i,s:s,s:s,s:i,s:{s:s,s:i}}}", "id", 1, "certificate", 0, "failure",
                  "attempts", 2, "since", "2026-01-02T03:04:05Z", "next", "2046-01-02T03:04:05Z",
                  "place", 1, "problem", "detail", "No way", "rv", 20014);

    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_FAILED, body));
}

static void a_failure_counts_while_the_configuration_is_the_same(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    fail_once(s);
    scene_start(s);
    assert_int_equal(2, certificate_of(s)->failure.attempts);
    assert_string_equal("No way", certificate_of(s)->failure.problem->detail);
    s->certificate->challenges = party_names(s->p, NULL);
    scene_start(s);
    assert_int_equal(0, certificate_of(s)->failure.attempts);
    assert_false(scene_has(s, "failures/" NAME ".json"));
    scene_end(s);
}

/* In so many seconds it is tried again. */
static apr_int64_t next_in(scene_t *s)
{
    return apr_time_sec(certificate_of(s)->failure.next - apr_time_now());
}

static void fail_with(scene_t *s, const char *type, int seconds_ago)
{
    char tried[CLOCK_TEXT_SIZE], next[CLOCK_TEXT_SIZE];
    json_t *body;

    clock_print(tried, apr_time_now() - apr_time_from_sec(seconds_ago));
    clock_print(next, apr_time_now() + apr_time_from_sec(20 * 3600));
    body = json_pack("{s:i,s:i,s:{s:i,s:s,s:s,s:s,s:i,s:{s:s,s:s,s:i}}}", "id", 1, "certificate", 0,
                     "failure", "attempts", 2, "since", tried, "tried", tried, "next", next,
                     "place", 2, "problem", "type", type, "detail", "No way", "rv", 20014);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_FAILED, body));
}

/* Who has mended something at the CA has no other way to say so. */
static void a_restart_by_somebody_tries_what_waits_for_somebody(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    fail_with(s, ACME_ERROR "rejectedIdentifier", 3600);
    assert_true(next_in(s) > 19 * 3600);
    scene_start(s);
    assert_true(next_in(s) <= 0);
    fail_with(s, ACME_ERROR "userActionRequired", 120);
    scene_start(s);
    assert_in_range(next_in(s), 470, 480); /* 10 minutes after the last try */
    fail_with(s, ACME_ERROR "caa", 3600);
    scene_start(s);
    assert_true(next_in(s) <= 0);
    fail_with(s, ACME_ERROR "rateLimited", 3600); /* no person can mend that */
    scene_start(s);
    assert_true(next_in(s) > 19 * 3600);
    scene_end(s);
}

static void a_restart_of_ours_tries_nothing(void **state)
{
    static const char memory[] = "{\"restarting\":{\"for\":\"x\"}}";
    scene_t *s = scene_make(*state);

    scene_start(s);
    fail_with(s, ACME_ERROR "rejectedIdentifier", 3600);
    fixture_write(scene_path(s, "reload.json"), memory, strlen(memory));
    scene_start(s);
    assert_true(next_in(s) > 19 * 3600);
    s->plan->restarts = 1; /* of the keeper: httpd has not read its configuration anew */
    scene_start(s);
    assert_true(next_in(s) > 19 * 3600);
    s->plan->restarts = 0;
    scene_start(s);
    assert_true(next_in(s) <= 0);
    scene_end(s);
}

static void indices_have_their_bounds(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    assert_non_null(keeper_account_at(s->keeper, 0));
    assert_null(keeper_account_at(s->keeper, 1));
    assert_null(keeper_account_at(s->keeper, -1));
    assert_null(keeper_account_at(s->keeper, 0x100000000));
    assert_non_null(keeper_certificate_at(s->keeper, 0));
    assert_null(keeper_certificate_at(s->keeper, 1));
    assert_null(keeper_certificate_at(s->keeper, -1));
    assert_null(keeper_certificate_at(s->keeper, 0x100000000));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_brief_tells_what_the_plan_says),
        fixture_test(the_brief_tells_the_order_in_flight),
        fixture_test(the_brief_tells_the_terms_that_were_agreed_to),
        fixture_test(the_brief_holds_no_secret),
        fixture_test(a_missing_ca_file_breaks_the_account),
        fixture_test(a_broken_account_leaves_the_others_alone),
        fixture_test(a_failure_counts_while_the_configuration_is_the_same),
        fixture_test(a_restart_by_somebody_tries_what_waits_for_somebody),
        fixture_test(a_restart_of_ours_tries_nothing),
        fixture_test(indices_have_their_bounds),
    };

    return fixture_run(tests);
}
