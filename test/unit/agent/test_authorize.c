/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"

/* Authorizations and challenges: RFC 8555, 7.5 and 8. */

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

static void a_valid_authorization_needs_nothing(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "valid"), NULL, NULL);
    assert_int_equal(0, stage_count(s, "challenge"));
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

static void the_answer_is_in_place_before_the_ca_is_told(void **state)
{
    stage_t *s = stage_start(*state);

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
    reading_serve(s->agent->kit->reading);
}

static void the_ca_is_not_asked_before_it_has_read_the_answer(void **state)
{
    stage_t *s = stage_start(*state);
    apr_time_t before = apr_time_now();

    stage_answer_challenge(s);
    assert_true(stage_job(s)->at >= before + apr_time_from_sec(4));
    read_answer(s);
    assert_true(stage_job(s)->at <= apr_time_now() + apr_time_from_sec(1));
    stage_end(s);
}

/* CAs ask from several places. */
static void one_line_tells_of_all_readings(void **state)
{
    stage_t *s = stage_start(*state);
    const char *line;
    int i;

    log_set_level(LOG_LEVEL_INFO);
    stage_answer_challenge(s);
    for (i = 0; i < 4; ++i)
        read_answer(s);
    line = strstr(stage_log(s), "the CA has asked this server to prove " NAME);
    assert_non_null(line);
    assert_null(strstr(line + 1, "the CA has asked"));
    stage_end(s);
}

static void each_attempt_waits_for_its_own_reading(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_cut(s, stage_expect(s, "challenge", CA "/challenge/" NAME));
    stage_problem(s);
    stage_wake(s);
    stage_read_order(s, "pending", "");
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
    stage_t *s = stage_start(*state);

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
    stage_t *s = stage_start(*state);
    int i;

    stage_answer_challenge(s);
    for (i = 0; i < 4; ++i) {
        stage_wake(s);
        stage_read_order(s, "pending", "");
        assert_true(stage_has_answer(s, NAME));
    }
    stage_wake(s);
    stage_read_order(s, "ready", "");
    stage_expect(s, "finalize", CA "/finalize/1");
    assert_false(stage_has_answer(s, NAME));
    stage_end(s);
}

/* An error beside it is no end of it, and the CA is not told a second time (RFC 8555, 8.2). */
static void a_challenge_under_validation_is_waited_for(void **state)
{
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 0);

    stage_wake(s);
    stage_read_order(s, "pending", "");
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
    stage_t *s = stage_start(*state);

    stage_answer_challenge(s);
    stage_wake(s);
    stage_read_order(s, "invalid", "");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 "{\"status\":\"invalid\",\"identifier\":{\"type\":\"dns\",\"value\":\"" NAME
                 "\"},\"challenges\":[{\"type\":\"http-01\",\"status\":\"invalid\",\"error\":"
                 "{\"type\":\"urn:ietf:params:acme:error:connection\",\"detail\":\"refused\","
                 "\"subproblems\":[{\"detail\":\"from afar\"}]}}]}",
                 NULL, NULL);
    stage_look_up(s);
    stage_expect_problem(s, ACME_ERROR "connection");
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
        stage_t *s = stage_start(*state);

        stage_order(s, "pending");
        stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                     apr_psprintf(s->p,
                                  "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\","
                                  "\"value\":\"" NAME "\"},\"challenges\":[]}",
                                  statuses[i]),
                     NULL, NULL);
        stage_expect_problem(s, EAB_PROBLEM_VALIDATION);
        assert_string_equal(NAME, stage_problem(s)->identifier);
        assert_int_equal(1, stage_heard(s, "abandon"));
        stage_end(s);
    }
}

static void a_challenge_that_may_not_have_been_heard_is_looked_at(void **state)
{
    stage_t *s = stage_start_paced(*state, NULL, 0);

    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "pending", ""), "Location", ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_page(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 502, NULL, NULL);
    assert_int_equal(JOB_VALIDATING, stage_job(s)->state);
    stage_wake(s);
    stage_read_order(s, "pending", "");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_wait(s, 40);
    stage_expect(s, "challenge", CA "/challenge/" NAME);
    stage_expect_nothing_lost(s);
    stage_end(s);
}

static void an_authorization_told_its_name_before(void **state)
{
    stage_t *s = stage_start_paced(*state, NULL, 0);

    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "pending", ""), "Location", ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_page(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 502, NULL, NULL);
    stage_wake(s);
    stage_read_order(s, "pending", "");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 "{\"status\":\"pending\",\"identifier\":null,\"challenges\":null}", NULL, NULL);
    stage_wait(s, 40);
    stage_expect(s, "challenge", CA "/challenge/" NAME);
    stage_expect_nothing_lost(s);
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
            stage_read_order(s, "pending", "");
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
            stage_expect_problem(s, EAB_PROBLEM_ANSWER_FILE);
            stage_wake(s);
            stage_read_order(s, "pending", "");
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
    stage_t *s = stage_start(*state);
    int attempt;

    stage_order(s, "pending");
    for (attempt = 0; attempt < 3; ++attempt) {
        assert_int_equal(0, stage_heard(s, "abandon"));
        stage_refuse(s, stage_expect(s, "read", CA "/authz/1"), 403, "malformed");
        stage_wake(s);
        if (attempt < 2)
            stage_read_order(s, "pending", "");
    }
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_end(s);
}

static void a_refused_challenge_leaves_the_order(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_refuse(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 400, "malformed");
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_false(stage_has_answer(s, NAME));
    stage_wake(s);
    stage_read_order(s, "pending", "");
    assert_int_equal(1, stage_count(s, "newOrder"));
    stage_end(s);
}

/* The newest that is not answered. */
static stage_call_t *newest(stage_t *s, const char *sentence, const char *url)
{
    int i = s->sent;

    while (--i >= 0) {
        stage_call_t *call = &s->calls[i];

        if (call->done != NULL && call->sentence != NULL && strcmp(call->sentence, sentence) == 0
            && strcmp(call->url, url) == 0)
            return call;
    }
    fail_msg("no %s for %s", sentence, url);
    return NULL;
}

/* The CA answers a challenge of the order before, when names of the next one are being authorized: where
 * that was left for want of a record (dns-persist-01), nobody has waited for it. */
static void what_the_order_before_was_told_counts_for_nothing(void **state)
{
    stage_t *s = stage_make(*state);
    stage_call_t *before;
    job_t *job;

    APR_ARRAY_PUSH(s->certificate->names, const char *) = "example.edu";
    s->certificate->allow_subset = 1;
    stage_begin(s);
    job = stage_job(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 "{\"status\":\"pending\",\"identifiers\":["
                 "{\"type\":\"dns\",\"value\":\"example.edu\"},"
                 "{\"type\":\"dns\",\"value\":\"" NAME "\"}],\"authorizations\":[\"" CA
                 "/authz/1\",\"" CA "/authz/2\"],\"finalize\":\"" CA "/finalize/1\"}",
                 "Location", ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_answer(s, stage_expect(s, "read", CA "/authz/2"), 200,
                 stage_authorization_json(s, "example.edu", "pending"), NULL, NULL);
    before = stage_expect(s, "challenge", CA "/challenge/" NAME);
    stage_answer(s, newest(s, "challenge", CA "/challenge/example.edu"), 200, "{}", NULL, NULL);
    job_happen(job, EVENT_INVALID); /* as when there is no record for a name */
    stage_settle(s);
    stage_answer(s, newest(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "valid"), NULL, NULL);
    stage_answer(s, newest(s, "read", CA "/authz/2"), 200,
                 "{\"status\":\"invalid\",\"identifier\":{\"type\":\"dns\",\"value\":"
                 "\"example.edu\"},\"challenges\":[]}",
                 NULL, NULL);
    stage_answer(s, newest(s, "newOrder", CA "/new-order"), 201, stage_order_json(s, "pending", ""),
                 "Location", CA "/order/2");
    stage_answer(s, newest(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    assert_int_equal(3, stage_count(s, "challenge"));
    stage_answer(s, before, 200, "{}", NULL, NULL);
    assert_int_equal(JOB_AUTHORIZING, job->state);
    stage_answer(s, newest(s, "challenge", CA "/challenge/" NAME), 200, "{}", NULL, NULL);
    assert_int_equal(JOB_VALIDATING, job->state);
    assert_int_equal(0, job->requests);
    stage_end(s);
}

/* Which names were refused was asked in an attempt that has ended: what comes of it then says nothing, and
 * is waited for before another begins. */
static void answers_of_an_ended_attempt_do_not_count(void **state)
{
    static const char *const lost =
        "{\"status\":\"invalid\",\"identifier\":{\"type\":\"dns\",\"value\":\"" NAME
        "\"},\"challenges\":[{\"type\":\"http-01\",\"url\":\"" CA
        "/challenge/1\",\"token\":\"" TOKEN
        "\",\"status\":\"invalid\",\"error\":{\"type\":\"" ACME_ERROR
        "unauthorized\",\"detail\":\"No.\"}}]}";
    stage_t *s = stage_make(*state);
    eab_result_t *problem = eab_result_make(s->p);
    job_t *job;

    s->certificate->allow_subset = 1;
    APR_ARRAY_PUSH(s->certificate->names, const char *) = "other.example.edu";
    stage_begin(s);
    job = stage_job(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 "{\"status\":\"invalid\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"" NAME
                 "\"},{\"type\":\"dns\",\"value\":\"other.example.edu\"}],\"authorizations\":[\"" CA
                 "/authz/1\",\"" CA "/authz/2\"],\"finalize\":\"" CA "/finalize/1\"}",
                 "Location", ORDER_URL);
    assert_int_equal(JOB_EXPLAINING, job->state);
    assert_int_equal(2, job->requests);
    eab_result_set(problem, APR_EGENERAL, EAB_PROBLEM_INTERNAL, "Something else came in the way.");
    job_fail_order(job, problem, PROBLEM_AT_ORDER);
    assert_int_equal(JOB_IDLE, job->state);
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200, lost, NULL, NULL);
    assert_null(job->refused);
    assert_int_equal(0, job->flight->authorizations);
    assert_int_equal(1, job->failing.failure.attempts);
    stage_wake(s);
    assert_int_equal(1, stage_count(s, "newOrder"));
    stage_answer(s, stage_expect(s, "read", CA "/authz/2"), 200, lost, NULL, NULL);
    assert_null(job->refused);
    stage_wake(s);
    assert_int_equal(2, stage_count(s, "newOrder"));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(authorizations_come_in_any_order),
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
        fixture_test(a_challenge_that_may_not_have_been_heard_is_looked_at),
        fixture_test(an_authorization_told_its_name_before),
        fixture_test(an_order_that_cannot_be_answered_is_used_again),
        fixture_test(an_order_whose_answer_cannot_be_written_is_used_again),
        fixture_test(an_authorization_that_is_refused_leaves_the_order),
        fixture_test(a_refused_challenge_leaves_the_order),
        fixture_test(what_the_order_before_was_told_counts_for_nothing),
        fixture_test(answers_of_an_ended_attempt_do_not_count),
    };

    return fixture_run(tests);
}
