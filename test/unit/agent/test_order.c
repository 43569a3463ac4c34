/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

/* Orders: RFC 8555, 7.4 and 7.1.3. */

static void an_order_without_a_url_is_an_error(void **state)
{
    stage_t *s = stage_start(*state);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "ready", ""), NULL, NULL);
    stage_expect_problem(s, EAB_PROBLEM_CA_ANSWER);
    assert_int_equal(0, stage_count(s, "finalize"));
    assert_int_equal(0,
                     stage_heard(s, "abandon")); /* it is there, and looked for at the next try */
    stage_wake(s);
    stage_expect(s, "read", ACCOUNT_URL);
    stage_end(s);
}

static void an_order_goes_on_when_its_url_is_on_disk(void **state)
{
    stage_t *s = stage_start(*state);

    s->held = MESSAGE_ORDERED;
    stage_order(s, "ready");
    assert_string_equal(ORDER_URL, json_peek_string(s->last, "url"));
    stage_expect_silence(s);
    stage_end(s);
}

static void a_ready_order_is_finalized_at_once(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "ready");
    stage_expect(s, "finalize", CA "/finalize/1");
    assert_int_equal(0, stage_count(s, "read"));
    stage_end(s);
}

static void an_order_for_other_names_is_given_up(void **state)
{
    stage_t *s = stage_start(*state);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 "{\"status\":\"ready\",\"identifiers\":[{\"type\":\"dns\",\"value\":"
                 "\"other.example\"}],\"finalize\":\"" CA "/finalize/1\"}",
                 "Location", ORDER_URL);
    stage_expect_problem(s, EAB_PROBLEM_ORDER_CHANGED);
    assert_int_equal(1, stage_heard(s, "abandon"));
    assert_int_equal(0, stage_count(s, "finalize"));
    stage_end(s);
}

static void an_order_with_other_authorizations_is_given_up(void **state)
{
    stage_t *s = stage_start(*state);

    stage_answer_challenge(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200,
                 "{\"status\":\"ready\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"" NAME
                 "\"}],\"authorizations\":[\"" CA "/authz/2\"],\"finalize\":\"" CA "/finalize/1\"}",
                 NULL, NULL);
    stage_expect_problem(s, EAB_PROBLEM_ORDER_LOST);
    assert_int_equal(1, stage_heard(s, "abandon"));
    assert_int_equal(0, stage_count(s, "finalize"));
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

/* It may hold a certificate that was paid for, and whose names the keeper checks. */
static void authorizations_of_a_finalized_order_do_not_matter(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "ready");
    stage_answer(s, stage_expect(s, "finalize", CA "/finalize/1"), 200,
                 "{\"status\":\"valid\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"" NAME
                 "\"}],\"authorizations\":[\"" CA "/authz/9\"],\"certificate\":\"" CA "/cert/1\"}",
                 NULL, NULL);
    stage_expect(s, "read", CA "/cert/1");
    stage_end(s);
}

static void an_unknown_status_ends_the_order(void **state)
{
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 1);

    stage_wake(s);
    stage_read_order(s, "canceled", "");
    stage_expect_problem(s, EAB_PROBLEM_ORDER_INVALID);
    assert_non_null(strstr(stage_problem(s)->detail, "canceled"));
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_end(s);
}

static void an_order_in_flight_is_resumed(void **state)
{
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 0);

    stage_wake(s);
    stage_read_order(s, "ready", "");
    stage_expect(s, "finalize", CA "/finalize/1");
    assert_int_equal(0, stage_count(s, "newOrder"));
    stage_end(s);
}

/* 404 once: anew at once; then it is a failure like any other. */
static void an_order_that_is_gone_is_made_anew_once(void **state)
{
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 0);

    stage_wake(s);
    stage_refuse(s, stage_expect(s, "read", ORDER_URL), 404, "malformed");
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "processing", ""), "Location", ORDER_URL);
    stage_wake(s);
    stage_refuse(s, stage_expect(s, "read", ORDER_URL), 404, "malformed");
    stage_problem(s);
    assert_int_equal(1, stage_count(s, "newOrder"));
    stage_end(s);
}

static void an_order_that_has_expired_is_given_up(void **state)
{
    stage_t *s = stage_start(*state);

    stage_answer_challenge(s);
    stage_wake(s);
    stage_read_order(s, "pending", ",\"expires\":\"2020-01-01T00:00:00Z\"");
    stage_expect_problem(s, EAB_PROBLEM_ORDER_LOST);
    assert_int_equal(1, stage_heard(s, "abandon"));
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

/* What waited too long to be used is replaced in the same attempt. */
static void an_order_that_expired_meanwhile_is_replaced_at_once(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 500, "", NULL, NULL);
    assert_int_equal(1, stage_heard(s, "failed"));
    stage_wake(s);
    stage_read_order(s, "pending", ",\"expires\":\"2020-01-01T00:00:00Z\"");
    stage_expect(s, "newOrder", CA "/new-order");
    assert_int_equal(2, stage_count(s, "newOrder"));
    assert_int_equal(1, stage_heard(s, "failed"));
    stage_end(s);
}

/* Whatever its status is, and however often it comes, no order is given up and none is placed. */
static void a_page_is_no_verdict(void **state)
{
    static const int statuses[] = { 403, 307 };
    size_t i;
    int attempt, page;

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); ++i) {
        stage_t *s = stage_start_paced(*state, ORDER_URL, 0);

        for (attempt = 0; attempt < 4; ++attempt) {
            for (page = 0; page < 5; ++page) {
                stage_page(s, stage_expect(s, "read", ORDER_URL), statuses[i], NULL, NULL);
                stage_wait(s, 60);
            }
            assert_int_equal(attempt + 1, stage_heard(s, "failed"));
            stage_wake(s);
            stage_wait(s, 60);
        }
        assert_int_equal(0, stage_heard(s, "abandon"));
        assert_int_equal(0, stage_count(s, "newOrder"));
        stage_read_order(s, "ready", "");
        stage_expect(s, "finalize", CA "/finalize/1");
        stage_end(s);
    }
}

static void polls_come_when_the_ca_says(void **state)
{
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 1);
    apr_time_t before = apr_time_now();

    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200, stage_order_json(s, "processing", ""),
                 "Retry-After", "70");
    assert_int_equal(JOB_PROCESSING, stage_job(s)->state);
    assert_true(stage_job(s)->at >= before + apr_time_from_sec(70));
    lifecycle_poke(stage_job(s), before + apr_time_from_sec(60));
    stage_expect_silence(s);
    stage_wake(s);
    stage_expect(s, "read", ORDER_URL);
    stage_end(s);
}

/* ---- profiles (draft-ietf-acme-profiles) ---- */

#define OFFERED "\"profiles\":{\"classic\":\"as ever\",\"short\":\"six days\"}"
#define OTHERS "\"profiles\":{\"classic\":\"as ever\",\"tls\":\"no more\"}"

static stage_t *begin_with_profile(apr_pool_t *p, const char *offered, int required)
{
    stage_t *s = stage_make(p);

    s->certificate->profile = "short";
    s->certificate->profile_required = required;
    s->directory = apr_psprintf(p,
                                "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA
                                "/new-account\",\"newOrder\":\"" CA "/new-order\",\"meta\":{%s}}",
                                offered);
    stage_begin(s);
    return s;
}

static void the_configured_profile_is_ordered(void **state)
{
    stage_t *s = begin_with_profile(*state, OFFERED, 0);

    stage_wake(s);
    assert_true(json_peek_bool(s->order, "profile", 0));
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "ready", ",\"profile\":\"classic\""), "Location", ORDER_URL);
    assert_non_null(strstr(stage_log(s), "classic of short"));
    stage_expect(s, "finalize", CA "/finalize/1");
    stage_end(s);
}

static void a_profile_that_is_not_offered_is_left_out(void **state)
{
    static const char *const metas[] = { OTHERS, "" };
    static const char *const words[] = { "classic, tls", "no profiles" };
    size_t i;

    for (i = 0; i < 2; ++i) {
        stage_t *s = begin_with_profile(*state, metas[i], 0);

        stage_wake(s);
        stage_expect(s, "newOrder", CA "/new-order");
        assert_false(json_peek_bool(s->order, "profile", 1));
        assert_non_null(strstr(stage_log(s), words[i]));
        stage_end(s);
    }
}

static void a_required_profile_that_is_not_offered_orders_nothing(void **state)
{
    stage_t *s = begin_with_profile(*state, OTHERS, 1);

    stage_wake(s);
    stage_expect_problem(s, EAB_PROBLEM_PROFILE);
    assert_non_null(strstr(stage_problem(s)->detail, "classic, tls"));
    assert_int_equal(0, stage_count(s, "newOrder"));
    stage_end(s);
}

static void a_refused_profile_is_left_out_once_or_an_error(void **state)
{
    int required;

    for (required = 0; required < 2; ++required) {
        stage_t *s = begin_with_profile(*state, OFFERED, required);

        stage_wake(s);
        stage_refuse(s, stage_expect(s, "newOrder", CA "/new-order"), 400, "invalidProfile");
        if (!required) {
            assert_false(json_peek_bool(s->order, "profile", 1));
            stage_refuse(s, stage_expect(s, "newOrder", CA "/new-order"), 400, "invalidProfile");
        }
        stage_expect_problem(s, ACME_ERROR "invalidProfile");
        assert_int_equal(required ? 1 : 2, stage_count(s, "newOrder"));
        stage_end(s);
    }
}

static void look_for_order(apr_pool_t *p, const char *body, const char *location)
{
    stage_t *s = stage_start_paced(p, NULL, 0);

    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201, body,
                 location != NULL ? "Location" : NULL, location);
    stage_expect_silence(s);
    assert_int_equal(JOB_DOUBTING, stage_job(s)->state);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ACCOUNT_URL), 200,
                 "{\"status\":\"valid\",\"orders\":\"" CA "/orders\"}", NULL, NULL);
    stage_answer(s, stage_expect(s, "read", CA "/orders"), 200, "{\"orders\":[\"" ORDER_URL "\"]}",
                 NULL, NULL);
    stage_read_order(s, "ready", "");
    stage_expect(s, "finalize", CA "/finalize/1");
    assert_int_equal(1, stage_count(s, "newOrder"));
    stage_expect_nothing_lost(s);
    stage_end(s);
}

/* The body or the headers: what is lost of either may have been an order. */
static void an_order_whose_answer_was_garbled_is_looked_for(void **state)
{
    look_for_order(*state, "<html>", ORDER_URL);
    look_for_order(*state, "", ORDER_URL);
    look_for_order(*state, "{\"status\":\"pen", ORDER_URL);
    look_for_order(*state, "<html>", NULL);
    look_for_order(*state, "{\"status\":\"ready\",\"finalize\":\"" CA "/finalize/1\"}", NULL);
}

/* One whose URL was none was kept; what is found in its place has other authorizations. */
static void an_order_that_is_found_and_refused_ends_the_search(void **state)
{
    stage_t *s = stage_start(*state);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 200,
                 stage_order_json(s, "pending", ""), "Location", "http://ca.example/order/1");
    stage_expect_problem(s, EAB_PROBLEM_CA_ANSWER);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ACCOUNT_URL), 200,
                 "{\"status\":\"valid\",\"orders\":\"" CA "/orders\"}", NULL, NULL);
    stage_answer(s, stage_expect(s, "read", CA "/orders"), 200, "{\"orders\":[\"" ORDER_URL "\"]}",
                 NULL, NULL);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200,
                 "{\"status\":\"pending\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"" NAME
                 "\"}],\"authorizations\":[\"" CA "/authz/2\"],\"finalize\":\"" CA "/finalize/1\"}",
                 NULL, NULL);
    stage_expect_problem(s, EAB_PROBLEM_ORDER_LOST);
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_expect_silence(s);
    stage_end(s);
}

/* Where the CA lists none it is placed again, and not many times a minute. */
static void a_new_order_that_is_never_answered_waits(void **state)
{
    stage_t *s = stage_start_paced(*state, NULL, 0);
    int i;

    for (i = 0; i < 2; ++i) {
        stage_page(s, stage_expect(s, "newOrder", CA "/new-order"), 200, NULL, NULL);
        stage_wake(s);
        stage_answer(s, stage_expect(s, "read", ACCOUNT_URL), 200, "{\"status\":\"valid\"}", NULL,
                     NULL);
        stage_wait(s, 40);
    }
    stage_page(s, stage_expect(s, "newOrder", CA "/new-order"), 200, NULL, NULL);
    stage_expect_problem(s, EAB_PROBLEM_CA_ANSWER);
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_true(stage_job(s)->at > apr_time_now() + apr_time_from_sec(50));
    stage_end(s);
}

static const char *bare_order(stage_t *s, const char *status, const char *more)
{
    return apr_psprintf(s->p, "{\"status\":\"%s\"%s}", status, more);
}

static void what_an_order_told_stays_true(void **state)
{
    stage_t *s = stage_start_paced(*state, NULL, 0);

    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "pending", ""), "Location", ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "valid"), NULL, NULL);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200,
                 bare_order(s, "ready", ",\"authorizations\":null,\"identifiers\":null"), NULL,
                 NULL);
    stage_answer(s, stage_expect(s, "finalize", CA "/finalize/1"), 200,
                 bare_order(s, "processing", ""), NULL, NULL);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200,
                 bare_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\",\"expires\":null"),
                 NULL, NULL);
    stage_expect(s, "read", CA "/cert/1");
    stage_expect_nothing_lost(s);
    stage_end(s);
}

/* As an agent of before has left it. */
static void the_url_to_finalize_is_in_the_journal(void **state)
{
    stage_t *s = stage_start_paced(*state, NULL, 0);

    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "processing", ""), "Location", ORDER_URL);
    assert_string_equal(CA "/finalize/1", json_peek_string(s->last, "finalize"));
    stage_end(s);
    s = stage_make(*state);
    s->certificate->ordering = 1;
    s->certificate->order_names = s->certificate->names;
    s->certificate->order_url = ORDER_URL;
    s->certificate->order_finalize = CA "/finalize/7";
    stage_begin(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200, bare_order(s, "ready", ""), NULL,
                 NULL);
    stage_expect(s, "finalize", CA "/finalize/7");
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_order_without_a_url_is_an_error),
        fixture_test(an_order_goes_on_when_its_url_is_on_disk),
        fixture_test(a_ready_order_is_finalized_at_once),
        fixture_test(an_order_for_other_names_is_given_up),
        fixture_test(an_order_with_other_authorizations_is_given_up),
        fixture_test(authorizations_of_a_finalized_order_do_not_matter),
        fixture_test(an_unknown_status_ends_the_order),
        fixture_test(an_order_in_flight_is_resumed),
        fixture_test(an_order_that_is_gone_is_made_anew_once),
        fixture_test(an_order_that_has_expired_is_given_up),
        fixture_test(an_order_that_expired_meanwhile_is_replaced_at_once),
        fixture_test(a_page_is_no_verdict),
        fixture_test(polls_come_when_the_ca_says),
        fixture_test(the_configured_profile_is_ordered),
        fixture_test(a_profile_that_is_not_offered_is_left_out),
        fixture_test(a_required_profile_that_is_not_offered_orders_nothing),
        fixture_test(a_refused_profile_is_left_out_once_or_an_error),
        fixture_test(an_order_whose_answer_was_garbled_is_looked_for),
        fixture_test(an_order_that_is_found_and_refused_ends_the_search),
        fixture_test(a_new_order_that_is_never_answered_waits),
        fixture_test(what_an_order_told_stays_true),
        fixture_test(the_url_to_finalize_is_in_the_journal),
    };

    return fixture_run(tests);
}
