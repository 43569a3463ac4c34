/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <sys/stat.h>

#include "../crypto/party.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

static stage_t *begin(apr_pool_t *p)
{
    stage_t *s = stage_make(p);

    stage_begin(s);
    return s;
}

/* A brief with an order in flight. */
static stage_t *begin_with_order(apr_pool_t *p, const char *url, int finalized)
{
    stage_t *s = stage_make(p);

    s->certificate->ordering = 1;
    s->certificate->order_names = s->certificate->names;
    s->certificate->order_url = url;
    s->certificate->finalized = finalized;
    stage_begin(s);
    return s;
}

static void expect_problem(stage_t *s, const char *type)
{
    const eab_result_t *problem = stage_problem(s);

    assert_non_null(problem->type);
    assert_string_equal(type, problem->type);
}

/* Answer the order that is read. */
static void read_order(stage_t *s, const char *status, const char *more)
{
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200, stage_order_json(s, status, more),
                 NULL, NULL);
}

/* Up to a challenge that the CA was told of. */
static void answer_challenge(stage_t *s)
{
    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_answer(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 200, "{}", NULL, NULL);
    stage_expect_silence(s);
    assert_int_equal(JOB_VALIDATING, stage_job(s)->state);
}

/* ---- orders: RFC 8555, 7.4 and 7.1.3 ---- */

static void an_order_without_a_url_is_an_error(void **state)
{
    stage_t *s = begin(*state);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "ready", ""), NULL, NULL);
    expect_problem(s, EAB_PROBLEM_CA_ANSWER);
    assert_int_equal(0, stage_count(s, "finalize"));
    assert_int_equal(0,
                     stage_heard(s, "abandon")); /* it is there, and looked for at the next try */
    stage_wake(s);
    stage_expect(s, "read", ACCOUNT_URL);
    stage_end(s);
}

static void an_order_goes_on_when_its_url_is_on_disk(void **state)
{
    stage_t *s = begin(*state);

    s->held = MESSAGE_ORDERED;
    stage_order(s, "ready");
    assert_string_equal(ORDER_URL, json_peek_string(s->last, "url"));
    stage_expect_silence(s);
    stage_end(s);
}

static void a_ready_order_is_finalized_at_once(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "ready");
    stage_expect(s, "finalize", CA "/finalize/1");
    assert_int_equal(0, stage_count(s, "read"));
    stage_end(s);
}

static void authorizations_come_in_any_order(void **state)
{
    stage_t *s = stage_make(*state);
    stage_call_t *first, *second;

    APR_ARRAY_PUSH(s->certificate->names, const char *) = "example.edu";
    stage_begin(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 "{\"status\":\"pending\",\"identifiers\":["
                 "{\"type\":\"dns\",\"value\":\"example.edu\"},"
                 "{\"type\":\"dns\",\"value\":\"WWW.example.edu\"}],\"authorizations\":[\"" CA
                 "/authz/1\",\"" CA "/authz/2\"],\"finalize\":\"" CA "/finalize/1\"}",
                 "Location", ORDER_URL);
    first = stage_expect(s, "read", CA "/authz/1");
    second = first + 1;
    stage_answer(s, second, 200, stage_authorization_json(s, "example.edu", "pending"), NULL, NULL);
    assert_true(stage_has_answer(s, "example.edu"));
    assert_false(stage_has_answer(s, NAME));
    stage_answer(s, first, 200, stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    assert_true(stage_has_answer(s, NAME));
    stage_end(s);
}

static void an_order_for_other_names_is_given_up(void **state)
{
    stage_t *s = begin(*state);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 "{\"status\":\"ready\",\"identifiers\":[{\"type\":\"dns\",\"value\":"
                 "\"other.example\"}],\"finalize\":\"" CA "/finalize/1\"}",
                 "Location", ORDER_URL);
    expect_problem(s, EAB_PROBLEM_ORDER_CHANGED);
    assert_int_equal(1, stage_heard(s, "abandon"));
    assert_int_equal(0, stage_count(s, "finalize"));
    stage_end(s);
}

static void an_order_with_other_authorizations_is_given_up(void **state)
{
    stage_t *s = begin(*state);

    answer_challenge(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200,
                 "{\"status\":\"ready\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"" NAME
                 "\"}],\"authorizations\":[\"" CA "/authz/2\"],\"finalize\":\"" CA "/finalize/1\"}",
                 NULL, NULL);
    expect_problem(s, EAB_PROBLEM_ORDER_LOST);
    assert_int_equal(1, stage_heard(s, "abandon"));
    assert_int_equal(0, stage_count(s, "finalize"));
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

/* It may hold a certificate that was paid for, and whose names the keeper checks. */
static void authorizations_of_a_finalized_order_do_not_matter(void **state)
{
    stage_t *s = begin(*state);

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
    stage_t *s = begin_with_order(*state, ORDER_URL, 1);

    stage_wake(s);
    read_order(s, "canceled", "");
    expect_problem(s, EAB_PROBLEM_ORDER_INVALID);
    assert_non_null(strstr(stage_problem(s)->detail, "canceled"));
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_end(s);
}

static void an_order_in_flight_is_resumed(void **state)
{
    stage_t *s = begin_with_order(*state, ORDER_URL, 0);

    stage_wake(s);
    read_order(s, "ready", "");
    stage_expect(s, "finalize", CA "/finalize/1");
    assert_int_equal(0, stage_count(s, "newOrder"));
    stage_end(s);
}

/* 404 once: anew at once; then it is a failure like any other. */
static void an_order_that_is_gone_is_made_anew_once(void **state)
{
    stage_t *s = begin_with_order(*state, ORDER_URL, 0);

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
    stage_t *s = begin(*state);

    answer_challenge(s);
    stage_wake(s);
    read_order(s, "pending", ",\"expires\":\"2020-01-01T00:00:00Z\"");
    expect_problem(s, EAB_PROBLEM_ORDER_LOST);
    assert_int_equal(1, stage_heard(s, "abandon"));
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

static void polls_come_when_the_ca_says(void **state)
{
    stage_t *s = begin_with_order(*state, ORDER_URL, 1);
    apr_time_t before = apr_time_now();

    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200, stage_order_json(s, "processing", ""),
                 "Retry-After", "70");
    assert_int_equal(JOB_PROCESSING, stage_job(s)->state);
    assert_true(stage_job(s)->at >= before + apr_time_from_sec(70));
    job_poke(stage_job(s), before + apr_time_from_sec(60));
    stage_expect_silence(s);
    stage_wake(s);
    stage_expect(s, "read", ORDER_URL);
    stage_end(s);
}

/* ---- authorizations and challenges: RFC 8555, 7.5 and 8 ---- */

static void a_valid_authorization_needs_nothing(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "valid"), NULL, NULL);
    assert_int_equal(0, stage_count(s, "challenge"));
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

static void the_answer_is_in_place_before_the_ca_is_told(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "pending");
    assert_false(stage_has_answer(s, NAME));
    s->held = MESSAGE_SIGN; /* which comes before the request itself */
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_expect_silence(s);
    assert_true(stage_has_answer(s, NAME));
    stage_end(s);
}

/* As a worker of httpd does for the CA. */
static void read_answer(stage_t *s)
{
    const char *text = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS, file_read(&text, &len,
                                            apr_pstrcat(s->p, s->brief->run_dir,
                                                        "/challenges/" NAME "/" TOKEN, NULL),
                                            1000, s->p));
    reading_serve(s->agent->reading);
}

static void the_ca_is_not_asked_before_it_has_read_the_answer(void **state)
{
    stage_t *s = begin(*state);
    apr_time_t before = apr_time_now();

    answer_challenge(s);
    assert_true(stage_job(s)->at >= before + apr_time_from_sec(4));
    read_answer(s);
    assert_true(stage_job(s)->at <= apr_time_now() + apr_time_from_sec(1));
    stage_end(s);
}

/* CAs ask from several places. */
static void one_line_tells_of_all_readings(void **state)
{
    stage_t *s = begin(*state);
    const char *line;
    int i;

    log_set_level(LOG_LEVEL_INFO);
    answer_challenge(s);
    for (i = 0; i < 4; ++i)
        read_answer(s);
    line = strstr(stage_log(s), "the CA has asked this server to prove " NAME);
    assert_non_null(line);
    assert_null(strstr(line + 1, "the CA has asked"));
    stage_end(s);
}

static void each_attempt_waits_for_its_own_reading(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_cut(s, stage_expect(s, "challenge", CA "/challenge/" NAME));
    stage_problem(s);
    stage_wake(s);
    read_order(s, "pending", "");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_answer(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 200, "{}", NULL, NULL);
    assert_true(stage_job(s)->at >= apr_time_now() + apr_time_from_sec(3));
    read_answer(s);
    assert_true(stage_job(s)->at <= apr_time_now() + apr_time_from_sec(1));
    stage_end(s);
}

static void the_answer_goes_when_the_ca_refuses_it(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    assert_true(stage_has_answer(s, NAME));
    stage_refuse(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 400, "malformed");
    assert_false(stage_has_answer(s, NAME));
    stage_problem(s);
    stage_end(s);
}

static void the_answer_stays_until_the_name_is_valid(void **state)
{
    stage_t *s = begin(*state);
    int i;

    answer_challenge(s);
    for (i = 0; i < 4; ++i) {
        stage_wake(s);
        read_order(s, "pending", "");
        assert_true(stage_has_answer(s, NAME));
    }
    stage_wake(s);
    read_order(s, "ready", "");
    stage_expect(s, "finalize", CA "/finalize/1");
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

/* An error beside it is no end of it, and the CA is not told a second time (RFC 8555, 8.2). */
static void a_challenge_under_validation_is_waited_for(void **state)
{
    stage_t *s = begin_with_order(*state, ORDER_URL, 0);

    stage_wake(s);
    read_order(s, "pending", "");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"" NAME
                 "\"},\"challenges\":[{\"type\":\"http-01\",\"url\":\"" CA "/challenge/1\","
                 "\"token\":\"" TOKEN "\",\"status\":\"processing\",\"error\":{\"type\":"
                 "\"urn:ietf:params:acme:error:connection\",\"detail\":\"retrying\"}}]}",
                 NULL, NULL);
    stage_expect_silence(s);
    assert_int_equal(JOB_VALIDATING, stage_job(s)->state);
    assert_true(stage_has_answer(s, NAME));
    assert_int_equal(0, stage_count(s, "challenge"));
    stage_end(s);
}

static void a_failed_challenge_says_why(void **state)
{
    stage_t *s = begin(*state);

    answer_challenge(s);
    stage_wake(s);
    read_order(s, "invalid", "");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 "{\"status\":\"invalid\",\"identifier\":{\"type\":\"dns\",\"value\":\"" NAME
                 "\"},\"challenges\":[{\"type\":\"http-01\",\"status\":\"invalid\",\"error\":"
                 "{\"type\":\"urn:ietf:params:acme:error:connection\",\"detail\":\"refused\","
                 "\"subproblems\":[{\"detail\":\"from afar\"}]}}]}",
                 NULL, NULL);
    stage_look_up(s);
    expect_problem(s, ACME_ERROR "connection");
    assert_string_equal("refused", stage_problem(s)->detail);
    assert_string_equal(NAME, stage_problem(s)->identifier);
    assert_int_equal(1, json_array_size(stage_problem(s)->subproblems));
    assert_non_null(strstr(stage_log(s), "refused"));
    assert_int_equal(1, stage_heard(s, "abandon"));
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

static void a_lost_authorization_loses_the_order(void **state)
{
    static const char *const statuses[] = { "invalid", "expired", "revoked", "deactivated" };
    size_t i;

    for (i = 0; i < 4; ++i) {
        stage_t *s = begin(*state);

        stage_order(s, "pending");
        stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                     apr_psprintf(s->p,
                                  "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\","
                                  "\"value\":\"" NAME "\"},\"challenges\":[]}",
                                  statuses[i]),
                     NULL, NULL);
        expect_problem(s, EAB_PROBLEM_VALIDATION);
        assert_string_equal(NAME, stage_problem(s)->identifier);
        assert_int_equal(1, stage_heard(s, "abandon"));
        stage_end(s);
    }
}

/* ---- finalize and after: RFC 8555, 7.4 ---- */

static void an_order_that_was_not_ready_is_looked_at(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "ready");
    stage_refuse(s, stage_expect(s, "finalize", CA "/finalize/1"), 403, "orderNotReady");
    stage_wake(s);
    read_order(s, "processing", "");
    assert_int_equal(JOB_PROCESSING, stage_job(s)->state);
    assert_int_equal(1, stage_count(s, "finalize"));
    assert_int_equal(0, stage_job(s)->failing.failure.attempts);
    stage_end(s);
}

static void a_lost_answer_to_finalize_is_looked_into(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "ready");
    stage_cut(s, stage_expect(s, "finalize", CA "/finalize/1"));
    stage_expect_silence(s);
    stage_wake(s);
    read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    stage_expect(s, "read", CA "/cert/1");
    assert_int_equal(1, stage_count(s, "finalize"));
    stage_end(s);
}

static void an_order_at_work_is_not_finalized_again(void **state)
{
    stage_t *s = begin(*state);
    int i;

    stage_order(s, "ready");
    stage_answer(s, stage_expect(s, "finalize", CA "/finalize/1"), 200,
                 stage_order_json(s, "processing", ""), NULL, NULL);
    for (i = 0; i < 3; ++i) {
        stage_wake(s);
        read_order(s, "processing", "");
    }
    assert_int_equal(1, stage_count(s, "finalize"));
    stage_end(s);
}

static void after_bad_csr_the_order_stays(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "ready");
    stage_refuse(s, stage_expect(s, "finalize", CA "/finalize/1"), 400, "badCSR");
    expect_problem(s, ACME_ERROR "badCSR");
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_int_equal(1, stage_heard(s, "failed"));
    assert_true(stage_job(s)->at > apr_time_now() + apr_time_from_sec(20 * 3600));
    stage_wake(s);
    stage_expect(s, "read", ORDER_URL);
    assert_int_equal(1, stage_count(s, "newOrder"));
    stage_end(s);
}

static void the_certificate_is_asked_for_as_a_pem_chain(void **state)
{
    stage_t *s = begin_with_order(*state, ORDER_URL, 1);

    stage_wake(s);
    read_order(s, "valid", ",\"certificate\":\"" CA "/cert/a%2Fb\"");
    assert_string_equal("application/pem-certificate-chain",
                        stage_expect(s, "read", CA "/cert/a%2Fb")->accept);
    stage_answer(s, stage_expect(s, "read", CA "/cert/a%2Fb"), 200, stage_chain(s), NULL, NULL);
    assert_string_equal(stage_chain(s), json_peek_string(s->last, "pem"));
    assert_int_equal(1, stage_heard(s, "install"));
    assert_int_equal(JOB_IDLE, stage_job(s)->state);
    assert_string_equal("renew", stage_job(s)->next);
    stage_end(s);
}

/* An issuer, the directory: what belongs to the chain is in the chain. */
static void links_beside_the_certificate_are_not_followed(void **state)
{
    stage_t *s = begin_with_order(*state, ORDER_URL, 1);
    int sent;

    stage_wake(s);
    read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    sent = s->sent;
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, stage_chain(s), "Link",
                 "<" CA "/issuer>;rel=\"up\", <" CA "/dir>;rel=\"index\"");
    stage_expect(s, "read", CA "/authz/1"); /* how long it lasts, and nothing else */
    assert_int_equal(sent + 1, s->sent);
    assert_string_equal(stage_chain(s), json_peek_string(s->last, "pem"));
    assert_int_equal(JOB_IDLE, stage_job(s)->state);
    stage_end(s);
}

static void a_valid_order_without_a_certificate_is_waited_for(void **state)
{
    stage_t *s = begin_with_order(*state, ORDER_URL, 1);
    int i;

    for (i = 0; i < 11; ++i) {
        stage_wake(s);
        read_order(s, "valid", "");
    }
    expect_problem(s, EAB_PROBLEM_CA_ANSWER);
    assert_non_null(strstr(stage_problem(s)->detail, "no URL of the certificate"));
    assert_int_equal(0,
                     stage_heard(s, "abandon")); /* there is a certificate, and it is collected */
    stage_end(s);
}

static void a_foreign_certificate_ends_the_order(void **state)
{
    stage_t *s = begin_with_order(*state, ORDER_URL, 1);

    s->refused = EAB_PROBLEM_CHAIN;
    stage_wake(s);
    read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, stage_chain(s), NULL, NULL);
    expect_problem(s, EAB_PROBLEM_CHAIN);
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_end(s);
}

/* ---- profiles (draft-ietf-acme-profiles) and chains (RFC 8555, 7.4.2) ---- */

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
    expect_problem(s, EAB_PROBLEM_PROFILE);
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
        expect_problem(s, ACME_ERROR "invalidProfile");
        assert_int_equal(required ? 1 : 2, stage_count(s, "newOrder"));
        stage_end(s);
    }
}

/* A leaf that a root of that name has signed. */
static const char *chain_of(apr_pool_t *p, const char *root_name)
{
    party_spec_t spec = { .common = root_name, .is_ca = 1 };
    party_t *root = party_make(p, NULL, &spec);
    party_spec_t leaf = { .names = "DNS:" NAME };

    return party_pem(p, 1, party_make(p, root, &leaf));
}

/* Up to the default chain, beside which there are two others. */
static stage_t *begin_with_chain(apr_pool_t *p, const char *preferred)
{
    stage_t *s = stage_make(p);

    s->certificate->preferred_chain = preferred;
    stage_begin(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "valid", ",\"certificate\":\"" CA "/cert/1\""), "Location",
                 ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, chain_of(p, "Root A"), "Link",
                 "</cert/2>;rel=\"alternate\", <" CA "/cert/3>;rel=\"alternate\"");
    return s;
}

static void the_preferred_chain_is_looked_for(void **state)
{
    stage_t *s = begin_with_chain(*state, "Root C");
    const char *wanted = chain_of(s->p, "Root C");

    stage_answer(s, stage_expect(s, "read", CA "/cert/2"), 200, chain_of(s->p, "Root B"), NULL,
                 NULL);
    stage_answer(s, stage_expect(s, "read", CA "/cert/3"), 200, wanted, NULL, NULL);
    assert_string_equal(wanted, json_peek_string(s->last, "pem"));
    assert_int_equal(JOB_IDLE, stage_job(s)->state);
    stage_end(s);
}

static void without_it_the_default_chain_is_taken(void **state)
{
    stage_t *s = begin_with_chain(*state, "Root D");

    stage_cut(s, stage_expect(s, "read", CA "/cert/2"));
    stage_answer(s, stage_expect(s, "read", CA "/cert/3"), 200, chain_of(s->p, "Root C"), NULL,
                 NULL);
    assert_non_null(strstr(stage_log(s), "no chain that ends at \"Root D\""));
    assert_int_equal(1, stage_heard(s, "install"));
    stage_end(s);
    s = begin_with_chain(*state, "Root A"); /* which it is */
    stage_expect(s, "read", CA "/authz/1"); /* and nothing else */
    assert_int_equal(1, stage_heard(s, "install"));
    stage_end(s);
}

/* A failure is kept with its time, and nothing is asked before that. */
static void a_failure_is_remembered_and_obeyed(void **state)
{
    stage_t *s = begin(*state);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 429,
                 "{\"type\":\"" ACME_ERROR "rateLimited\",\"detail\":\"Too many\"}", "Retry-After",
                 "7200");
    expect_problem(s, ACME_ERROR "rateLimited");
    assert_int_equal(1, stage_heard(s, "failed"));
    assert_true(stage_job(s)->at >= apr_time_now() + apr_time_from_sec(7190));
    job_poke(stage_job(s), apr_time_now() + apr_time_from_sec(7000));
    stage_expect_silence(s);
    assert_int_equal(1, stage_count(s, "newOrder"));
    stage_end(s);
}

#define DAY apr_time_from_sec(86400)

/* One more certificate, of 90 days, whose last third begins in so many days. */
static brief_certificate_t *add_certificate(stage_t *s, const char *name, int days)
{
    brief_certificate_t *certificate =
        s->brief->certificates->nelts == 1 && s->certificate->facts == NULL
            ? s->certificate
            : apr_array_push(s->brief->certificates);
    brief_facts_t *facts = apr_pcalloc(s->p, sizeof(*facts));

    if (certificate != s->certificate)
        *certificate = APR_ARRAY_IDX(s->brief->certificates, 0, brief_certificate_t);
    certificate->id = name;
    certificate->names = apr_array_make(s->p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(certificate->names, const char *) = name;
    certificate->failure.problem = eab_result_make(s->p);
    facts->names = certificate->names;
    facts->key_type = "p256";
    facts->fingerprint = name;
    facts->not_before = facts->obtained = apr_time_now() + (days - 60) * DAY;
    facts->not_after = facts->not_before + 90 * DAY;
    facts->same_account = 1;
    certificate->facts = facts;
    return certificate;
}

static job_t *job_at(const stage_t *s, int i)
{
    return APR_ARRAY_IDX(s->agent->jobs, i, job_t *);
}

static void what_is_due_soon_is_renewed_along(void **state)
{
    stage_t *s = stage_make(*state);
    int other_account = 0, i;

    *(brief_account_t *)apr_array_push(s->brief->accounts) = *s->account;
    s->account = &APR_ARRAY_IDX(s->brief->accounts, 0, brief_account_t);
    other_account = s->brief->accounts->nelts - 1;
    add_certificate(s, "near.example", 1);
    add_certificate(s, "due.example", 0);
    add_certificate(s, "near2.example", 1);
    add_certificate(s, "far.example", 4);
    add_certificate(s, "other.example", 1)->account = other_account;
    add_certificate(s, "refused.example", 1)->failure.attempts = 2;
    add_certificate(s, "young.example", 1)->facts->obtained = apr_time_now() - DAY;
    add_certificate(s, "later.example", 1)->facts->ari_id = "aaaa.AA";
    APR_ARRAY_IDX(s->brief->certificates, 7, brief_certificate_t).window =
        (brief_window_t){ .ari_id = "aaaa.AA",
                          .start = apr_time_now() + DAY / 2,
                          .end = apr_time_now() + DAY,
                          .drawn = apr_time_now() + DAY / 2,
                          .next = apr_time_now() + DAY };
    stage_begin(s);
    assert_int_equal(JOB_IDLE, job_at(s, 0)->state);
    job_poke(job_at(s, 1), apr_time_now());
    for (i = 0; i < 8; ++i) {
        int together = i <= 2;

        if ((job_at(s, i)->state != JOB_IDLE) != together)
            fail_msg("%s", job_at(s, i)->brief->id);
    }
    assert_string_equal("a third of its life is left", job_at(s, 1)->reason);
    assert_string_equal("another certificate of its account is renewed now", job_at(s, 2)->reason);
    stage_end(s);
}

/* All at once, but not more than ACMEMaxParallel of them. */
static void those_that_join_wait_for_their_places(void **state)
{
    stage_t *s = stage_make(*state);
    int i, queued = 0;

    s->brief->max_parallel = 2;
    for (i = 0; i < 6; ++i)
        add_certificate(s, apr_psprintf(s->p, "n%d.example", i), i > 0);
    stage_begin(s);
    job_poke(job_at(s, 0), apr_time_now());
    for (i = 0; i < 6; ++i) {
        assert_int_not_equal(JOB_IDLE, job_at(s, i)->state);
        queued += job_at(s, i)->state == JOB_QUEUED;
    }
    assert_int_equal(4, queued);
    stage_end(s);
}

/* A first certificate is no renewal, and neither is another try. */
static void only_a_renewal_takes_others_along(void **state)
{
    stage_t *s = stage_make(*state);

    add_certificate(s, "again.example", 0)->failure.attempts = 1;
    add_certificate(s, "first.example", 0)->facts = NULL;
    add_certificate(s, "near.example", 1);
    APR_ARRAY_IDX(s->brief->certificates, 0, brief_certificate_t).failure.next = apr_time_now();
    stage_begin(s);
    job_poke(job_at(s, 0), apr_time_now() + 1);
    job_poke(job_at(s, 1), apr_time_now() + 1);
    assert_int_not_equal(JOB_IDLE, job_at(s, 1)->state);
    assert_int_equal(JOB_IDLE, job_at(s, 2)->state);
    stage_end(s);
}

/* ---- what is no word of the CA, and what an order leaves out ---- */

static stage_t *begin_paced(apr_pool_t *p, const char *url, int finalized)
{
    stage_t *s = url != NULL ? begin_with_order(p, url, finalized) : begin(p);

    stage_pace(s);
    stage_wake(s);
    return s;
}

static void expect_nothing_lost(stage_t *s)
{
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_int_equal(0, stage_heard(s, "failed"));
}

static void a_garbled_certificate_is_fetched_again(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>Maintenance</html>",
        "-----BEGIN CERTIFICATE-----\nAQID\n",
        "{\"status\":\"valid\"}",
    };
    stage_t *s = begin_paced(*state, ORDER_URL, 1);
    size_t i;

    read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, bodies[i], NULL, NULL);
        stage_expect_silence(s);
        expect_nothing_lost(s);
        stage_wait(s, 40);
    }
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200,
                 apr_pstrcat(s->p,
                             "\xef\xbb\xbf"
                             "Your certificate:\r\n",
                             stage_chain(s), NULL),
                 NULL, NULL);
    assert_string_equal(stage_chain(s), json_peek_string(s->last, "pem"));
    assert_int_equal(1, stage_heard(s, "install"));
    stage_end(s);
}

/* For hours, and then it is there. */
static void a_certificate_is_waited_for_as_long_as_nobody_says_that_it_is_gone(void **state)
{
    stage_t *s = begin_paced(*state, ORDER_URL, 1);
    int i, j;

    for (i = 0; i < 6; ++i) {
        read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
        stage_wait(s, 60);
        for (j = 0; j < 5; ++j) {
            stage_page(s, stage_expect(s, "read", CA "/cert/1"), j % 2 ? 200 : 403, NULL, NULL);
            stage_wait(s, 60);
        }
        assert_int_equal(0, stage_heard(s, "abandon"));
        assert_int_equal(i + 1, stage_heard(s, "failed"));
        stage_wake(s);
        stage_wait(s, 60);
    }
    read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    stage_wait(s, 60);
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, stage_chain(s), NULL, NULL);
    assert_int_equal(1, stage_heard(s, "install"));
    assert_int_equal(0, stage_count(s, "newOrder"));
    stage_end(s);
}

/* A CA may say in its own words that it is not there yet, if in odd ones. */
static void a_certificate_that_is_refused_is_asked_for_again(void **state)
{
    static const struct {
        int status;
        const char *type;
    } refusals[] = { { 404, "malformed" }, { 403, "unauthorized" }, { 400, "orderNotReady" } };
    size_t i;
    int attempt;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); ++i) {
        stage_t *s = begin_paced(*state, ORDER_URL, 1);

        for (attempt = 0; attempt < 3; ++attempt) {
            assert_int_equal(0, stage_heard(s, "abandon"));
            read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
            stage_refuse(s, stage_expect(s, "read", CA "/cert/1"), refusals[i].status,
                         refusals[i].type);
            stage_wake(s);
        }
        assert_int_equal(1, stage_heard(s, "abandon"));
        stage_end(s);
    }
}

/* Whatever its status is, and however often it comes, no order is given up and none is placed. */
static void a_page_is_no_verdict(void **state)
{
    static const int statuses[] = { 403, 307 };
    size_t i;
    int attempt, page;

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); ++i) {
        stage_t *s = begin_paced(*state, ORDER_URL, 0);

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
        read_order(s, "ready", "");
        stage_expect(s, "finalize", CA "/finalize/1");
        stage_end(s);
    }
}

static void a_foreign_block_beside_the_certificate_ends_the_order(void **state)
{
    stage_t *s = begin_paced(*state, ORDER_URL, 1);

    read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200,
                 apr_pstrcat(s->p, stage_chain(s),
                             "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n",
                             NULL),
                 NULL, NULL);
    expect_problem(s, EAB_PROBLEM_CHAIN);
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_end(s);
}

static void an_unread_answer_to_finalize_is_looked_into(void **state)
{
    static const struct {
        int status;
        const char *body;
    } answers[] = { { 200, "<html>" }, { 200, "" }, { 200, "{\"status\":" }, { 503, "<html>" } };
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); ++i) {
        stage_t *s = begin_paced(*state, ORDER_URL, 0);

        read_order(s, "ready", "");
        stage_answer(s, stage_expect(s, "finalize", CA "/finalize/1"), answers[i].status,
                     answers[i].body, NULL, NULL);
        stage_expect_silence(s);
        assert_true(stage_job(s)->poll_at > clock_steady() + apr_time_from_msec(900));
        stage_wake(s);
        stage_wait(s, 40);
        read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
        stage_wait(s, 40);
        stage_expect(s, "read", CA "/cert/1");
        assert_int_equal(1, stage_count(s, "finalize"));
        expect_nothing_lost(s);
        stage_end(s);
    }
}

static void a_door_that_names_a_time_at_finalize_is_obeyed(void **state)
{
    stage_t *s = begin_paced(*state, ORDER_URL, 0);

    read_order(s, "ready", "");
    stage_page(s, stage_expect(s, "finalize", CA "/finalize/1"), 503, "Retry-After", "1800");
    assert_int_equal(1, stage_count(s, "finalize"));
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_true(stage_job(s)->at > apr_time_now() + apr_time_from_sec(1790));
    stage_end(s);
}

static void look_for_order(apr_pool_t *p, const char *body, const char *location)
{
    stage_t *s = begin_paced(p, NULL, 0);

    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201, body,
                 location != NULL ? "Location" : NULL, location);
    stage_expect_silence(s);
    assert_int_equal(JOB_DOUBTING, stage_job(s)->state);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ACCOUNT_URL), 200,
                 "{\"status\":\"valid\",\"orders\":\"" CA "/orders\"}", NULL, NULL);
    stage_answer(s, stage_expect(s, "read", CA "/orders"), 200, "{\"orders\":[\"" ORDER_URL "\"]}",
                 NULL, NULL);
    read_order(s, "ready", "");
    stage_expect(s, "finalize", CA "/finalize/1");
    assert_int_equal(1, stage_count(s, "newOrder"));
    expect_nothing_lost(s);
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

/* Where the CA lists none it is placed again, and not many times a minute. */
static void a_new_order_that_is_never_answered_waits(void **state)
{
    stage_t *s = begin_paced(*state, NULL, 0);
    int i;

    for (i = 0; i < 2; ++i) {
        stage_page(s, stage_expect(s, "newOrder", CA "/new-order"), 200, NULL, NULL);
        stage_wake(s);
        stage_answer(s, stage_expect(s, "read", ACCOUNT_URL), 200, "{\"status\":\"valid\"}", NULL,
                     NULL);
        stage_wait(s, 40);
    }
    stage_page(s, stage_expect(s, "newOrder", CA "/new-order"), 200, NULL, NULL);
    expect_problem(s, EAB_PROBLEM_CA_ANSWER);
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_true(stage_job(s)->at > apr_time_now() + apr_time_from_sec(50));
    stage_end(s);
}

static void a_challenge_that_may_not_have_been_heard_is_looked_at(void **state)
{
    stage_t *s = begin_paced(*state, NULL, 0);

    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "pending", ""), "Location", ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_page(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 502, NULL, NULL);
    assert_int_equal(JOB_VALIDATING, stage_job(s)->state);
    stage_wake(s);
    read_order(s, "pending", "");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_wait(s, 40);
    stage_expect(s, "challenge", CA "/challenge/" NAME);
    expect_nothing_lost(s);
    stage_end(s);
}

static const char *bare_order(stage_t *s, const char *status, const char *more)
{
    return apr_psprintf(s->p, "{\"status\":\"%s\"%s}", status, more);
}

static void what_an_order_told_stays_true(void **state)
{
    stage_t *s = begin_paced(*state, NULL, 0);

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
    expect_nothing_lost(s);
    stage_end(s);
}

/* As an agent of before has left it. */
static void the_url_to_finalize_is_in_the_journal(void **state)
{
    stage_t *s = begin_paced(*state, NULL, 0);

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

static void a_valid_order_is_judged_by_its_certificate(void **state)
{
    stage_t *s = begin_paced(*state, ORDER_URL, 0);

    stage_answer(
        s, stage_expect(s, "read", ORDER_URL), 200,
        "{\"status\":\"valid\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"other.example\"}],"
        "\"certificate\":\"" CA "/cert/1\"}",
        NULL, NULL);
    stage_expect(s, "read", CA "/cert/1");
    expect_nothing_lost(s);
    stage_end(s);
}

static void an_authorization_told_its_name_before(void **state)
{
    stage_t *s = begin_paced(*state, NULL, 0);

    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "pending", ""), "Location", ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_page(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 502, NULL, NULL);
    stage_wake(s);
    read_order(s, "pending", "");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 "{\"status\":\"pending\",\"identifier\":null,\"challenges\":null}", NULL, NULL);
    stage_wait(s, 40);
    stage_expect(s, "challenge", CA "/challenge/" NAME);
    expect_nothing_lost(s);
    stage_end(s);
}

/* ---- what was begun is used ---- */

/* @return how many orders were placed in five attempts, at none of which a challenge could be answered */
static int orders_in_vain(apr_pool_t *p, const char *challenges, const char *allowed,
                          const char *refused)
{
    stage_t *s = stage_make(p);
    int attempt, orders = 1;

    APR_ARRAY_IDX(s->certificate->challenges, 0, const char *) = allowed;
    s->refused = refused;
    stage_begin(s);
    stage_order(s, "pending");
    for (attempt = 0; attempt < 5; ++attempt) {
        stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                     apr_psprintf(s->p,
                                  "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\","
                                  "\"value\":\"" NAME "\"},\"challenges\":%s}",
                                  challenges),
                     NULL, NULL);
        assert_int_equal(attempt + 1, stage_job(s)->failing.failure.attempts);
        stage_wake(s);
        if (stage_count(s, "newOrder") > orders) {
            stage_order(s, "pending");
            ++orders;
        }
        else {
            read_order(s, "pending", "");
        }
    }
    assert_int_equal(orders - 1, stage_heard(s, "abandon"));
    stage_end(s);
    return orders;
}

static void an_order_that_cannot_be_answered_is_used_again(void **state)
{
    static const char dns[] =
        "[{\"type\":\"dns-01\",\"url\":\"" CA "/c\",\"token\":\"" TOKEN "\"}]";
    static const char strange[] =
        "[{\"type\":\"http-01\",\"url\":\"" CA "/c\",\"token\":\"../../etc\"}]";

    assert_int_equal(1, orders_in_vain(*state, strange, "http-01", NULL));
    assert_int_equal(1, orders_in_vain(*state, dns, "dns-01", EAB_PROBLEM_DNS_COMMAND));
    /* Where the names are validated at the CA, a second one may find them valid. */
    assert_int_equal(2, orders_in_vain(*state, dns, "http-01", NULL));
    assert_int_equal(2, orders_in_vain(*state, "[]", "http-01", NULL));
}

/* With some names that may do alone all are read before the first is answered. */
static void an_order_whose_answer_cannot_be_written_is_used_again(void **state)
{
    int subset, attempt;

    for (subset = 0; subset < 2; ++subset) {
        stage_t *s = stage_make(*state);
        const char *dir = s->brief->run_dir;

        s->certificate->allow_subset = subset;
        stage_begin(s);
        assert_int_equal(APR_SUCCESS, file_remove_tree(dir, s->p));
        fixture_write(dir, "", 0);
        stage_order(s, "pending");
        for (attempt = 0; attempt < 4; ++attempt) {
            stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                         stage_authorization_json(s, NAME, "pending"), NULL, NULL);
            expect_problem(s, EAB_PROBLEM_ANSWER_FILE);
            stage_wake(s);
            read_order(s, "pending", "");
        }
        assert_int_equal(1, stage_count(s, "newOrder"));
        assert_int_equal(0, stage_heard(s, "abandon"));
        assert_int_equal(0, unlink(dir));
        assert_int_equal(0, mkdir(dir, 0700));
        stage_end(s);
    }
}

/* One that the CA does not show is asked for a few times, since it may be told by mistake. */
static void an_authorization_that_is_refused_leaves_the_order(void **state)
{
    stage_t *s = begin(*state);
    int attempt;

    stage_order(s, "pending");
    for (attempt = 0; attempt < 3; ++attempt) {
        assert_int_equal(0, stage_heard(s, "abandon"));
        stage_refuse(s, stage_expect(s, "read", CA "/authz/1"), 403, "malformed");
        stage_wake(s);
        if (attempt < 2)
            read_order(s, "pending", "");
    }
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_end(s);
}

/* What waited too long to be used is replaced in the same attempt. */
static void an_order_that_expired_meanwhile_is_replaced_at_once(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 500, "", NULL, NULL);
    assert_int_equal(1, stage_heard(s, "failed"));
    stage_wake(s);
    read_order(s, "pending", ",\"expires\":\"2020-01-01T00:00:00Z\"");
    stage_expect(s, "newOrder", CA "/new-order");
    assert_int_equal(2, stage_count(s, "newOrder"));
    assert_int_equal(1, stage_heard(s, "failed"));
    stage_end(s);
}

static void a_refused_challenge_leaves_the_order(void **state)
{
    stage_t *s = begin(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_refuse(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 400, "malformed");
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_false(stage_has_answer(s, NAME));
    stage_wake(s);
    read_order(s, "pending", "");
    assert_int_equal(1, stage_count(s, "newOrder"));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_order_without_a_url_is_an_error),
        fixture_test(an_order_goes_on_when_its_url_is_on_disk),
        fixture_test(a_ready_order_is_finalized_at_once),
        fixture_test(authorizations_come_in_any_order),
        fixture_test(an_order_for_other_names_is_given_up),
        fixture_test(an_order_with_other_authorizations_is_given_up),
        fixture_test(authorizations_of_a_finalized_order_do_not_matter),
        fixture_test(an_unknown_status_ends_the_order),
        fixture_test(an_order_in_flight_is_resumed),
        fixture_test(an_order_that_is_gone_is_made_anew_once),
        fixture_test(an_order_that_has_expired_is_given_up),
        fixture_test(polls_come_when_the_ca_says),
        fixture_test(a_valid_authorization_needs_nothing),
        fixture_test(the_answer_is_in_place_before_the_ca_is_told),
        fixture_test(the_ca_is_not_asked_before_it_has_read_the_answer),
        fixture_test(one_line_tells_of_all_readings),
        fixture_test(each_attempt_waits_for_its_own_reading),
        fixture_test(the_answer_goes_when_the_ca_refuses_it),
        fixture_test(the_answer_stays_until_the_name_is_valid),
        fixture_test(a_challenge_under_validation_is_waited_for),
        fixture_test(a_failed_challenge_says_why),
        fixture_test(a_lost_authorization_loses_the_order),
        fixture_test(an_order_that_was_not_ready_is_looked_at),
        fixture_test(a_lost_answer_to_finalize_is_looked_into),
        fixture_test(an_order_at_work_is_not_finalized_again),
        fixture_test(after_bad_csr_the_order_stays),
        fixture_test(the_certificate_is_asked_for_as_a_pem_chain),
        fixture_test(links_beside_the_certificate_are_not_followed),
        fixture_test(a_valid_order_without_a_certificate_is_waited_for),
        fixture_test(a_foreign_certificate_ends_the_order),
        fixture_test(the_configured_profile_is_ordered),
        fixture_test(a_profile_that_is_not_offered_is_left_out),
        fixture_test(a_required_profile_that_is_not_offered_orders_nothing),
        fixture_test(a_refused_profile_is_left_out_once_or_an_error),
        fixture_test(the_preferred_chain_is_looked_for),
        fixture_test(without_it_the_default_chain_is_taken),
        fixture_test(a_failure_is_remembered_and_obeyed),
        fixture_test(what_is_due_soon_is_renewed_along),
        fixture_test(those_that_join_wait_for_their_places),
        fixture_test(only_a_renewal_takes_others_along),
        fixture_test(a_garbled_certificate_is_fetched_again),
        fixture_test(a_certificate_is_waited_for_as_long_as_nobody_says_that_it_is_gone),
        fixture_test(a_foreign_block_beside_the_certificate_ends_the_order),
        fixture_test(an_unread_answer_to_finalize_is_looked_into),
        fixture_test(a_door_that_names_a_time_at_finalize_is_obeyed),
        fixture_test(an_order_whose_answer_was_garbled_is_looked_for),
        fixture_test(a_new_order_that_is_never_answered_waits),
        fixture_test(a_challenge_that_may_not_have_been_heard_is_looked_at),
        fixture_test(what_an_order_told_stays_true),
        fixture_test(the_url_to_finalize_is_in_the_journal),
        fixture_test(a_valid_order_is_judged_by_its_certificate),
        fixture_test(an_authorization_told_its_name_before),
        fixture_test(an_order_that_cannot_be_answered_is_used_again),
        fixture_test(a_refused_challenge_leaves_the_order),
        fixture_test(an_order_whose_answer_cannot_be_written_is_used_again),
        fixture_test(an_authorization_that_is_refused_leaves_the_order),
        fixture_test(an_order_that_expired_meanwhile_is_replaced_at_once),
        fixture_test(a_page_is_no_verdict),
        fixture_test(a_certificate_that_is_refused_is_asked_for_again),
    };

    return fixture_run(tests);
}
