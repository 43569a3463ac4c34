/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "../crypto/party.h"
#include "base/clock.h"

/* Finalize and after: RFC 8555, 7.4; chains: 7.4.2. */

static void an_order_that_was_not_ready_is_looked_at(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "ready");
    stage_refuse(s, stage_expect(s, "finalize", CA "/finalize/1"), 403, "orderNotReady");
    stage_wake(s);
    stage_read_order(s, "processing", "");
    assert_int_equal(JOB_PROCESSING, stage_job(s)->state);
    assert_int_equal(1, stage_count(s, "finalize"));
    assert_int_equal(0, stage_job(s)->failing.failure.attempts);
    stage_end(s);
}

static void a_lost_answer_to_finalize_is_looked_into(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "ready");
    stage_cut(s, stage_expect(s, "finalize", CA "/finalize/1"));
    stage_expect_silence(s);
    stage_wake(s);
    stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    stage_expect(s, "read", CA "/cert/1");
    assert_int_equal(1, stage_count(s, "finalize"));
    stage_end(s);
}

static void an_order_at_work_is_not_finalized_again(void **state)
{
    stage_t *s = stage_start(*state);
    int i;

    stage_order(s, "ready");
    stage_answer(s, stage_expect(s, "finalize", CA "/finalize/1"), 200,
                 stage_order_json(s, "processing", ""), NULL, NULL);
    for (i = 0; i < 3; ++i) {
        stage_wake(s);
        stage_read_order(s, "processing", "");
    }
    assert_int_equal(1, stage_count(s, "finalize"));
    stage_end(s);
}

static void after_bad_csr_the_order_stays(void **state)
{
    stage_t *s = stage_start(*state);

    stage_order(s, "ready");
    stage_refuse(s, stage_expect(s, "finalize", CA "/finalize/1"), 400, "badCSR");
    stage_expect_problem(s, ACME_ERROR "badCSR");
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
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 1);

    stage_wake(s);
    stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/a%2Fb\"");
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
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 1);
    int sent;

    stage_wake(s);
    stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
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
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 1);
    int i;

    for (i = 0; i < 11; ++i) {
        stage_wake(s);
        stage_read_order(s, "valid", "");
    }
    stage_expect_problem(s, EAB_PROBLEM_CA_ANSWER);
    assert_non_null(strstr(stage_problem(s)->detail, "no URL of the certificate"));
    assert_int_equal(0,
                     stage_heard(s, "abandon")); /* there is a certificate, and it is collected */
    stage_end(s);
}

static void a_foreign_certificate_ends_the_order(void **state)
{
    stage_t *s = stage_start_with_order(*state, ORDER_URL, 1);

    s->refused = EAB_PROBLEM_CHAIN;
    stage_wake(s);
    stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, stage_chain(s), NULL, NULL);
    stage_expect_problem(s, EAB_PROBLEM_CHAIN);
    assert_int_equal(1, stage_heard(s, "abandon"));
    stage_end(s);
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

static void a_garbled_certificate_is_fetched_again(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>Maintenance</html>",
        "-----BEGIN CERTIFICATE-----\nAQID\n",
        "{\"status\":\"valid\"}",
    };
    stage_t *s = stage_start_paced(*state, ORDER_URL, 1);
    size_t i;

    stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, bodies[i], NULL, NULL);
        stage_expect_silence(s);
        stage_expect_nothing_lost(s);
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
    stage_t *s = stage_start_paced(*state, ORDER_URL, 1);
    int i, j;

    for (i = 0; i < 6; ++i) {
        stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
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
    stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
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
        stage_t *s = stage_start_paced(*state, ORDER_URL, 1);

        for (attempt = 0; attempt < 3; ++attempt) {
            assert_int_equal(0, stage_heard(s, "abandon"));
            stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
            stage_refuse(s, stage_expect(s, "read", CA "/cert/1"), refusals[i].status,
                         refusals[i].type);
            stage_wake(s);
        }
        assert_int_equal(1, stage_heard(s, "abandon"));
        stage_end(s);
    }
}

static void a_foreign_block_beside_the_certificate_ends_the_order(void **state)
{
    stage_t *s = stage_start_paced(*state, ORDER_URL, 1);

    stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200,
                 apr_pstrcat(s->p, stage_chain(s),
                             "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n",
                             NULL),
                 NULL, NULL);
    stage_expect_problem(s, EAB_PROBLEM_CHAIN);
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
        stage_t *s = stage_start_paced(*state, ORDER_URL, 0);

        stage_read_order(s, "ready", "");
        stage_answer(s, stage_expect(s, "finalize", CA "/finalize/1"), answers[i].status,
                     answers[i].body, NULL, NULL);
        stage_expect_silence(s);
        assert_true(stage_job(s)->poll_at > clock_steady() + apr_time_from_msec(900));
        stage_wake(s);
        stage_wait(s, 40);
        stage_read_order(s, "valid", ",\"certificate\":\"" CA "/cert/1\"");
        stage_wait(s, 40);
        stage_expect(s, "read", CA "/cert/1");
        assert_int_equal(1, stage_count(s, "finalize"));
        stage_expect_nothing_lost(s);
        stage_end(s);
    }
}

static void a_door_that_names_a_time_at_finalize_is_obeyed(void **state)
{
    stage_t *s = stage_start_paced(*state, ORDER_URL, 0);

    stage_read_order(s, "ready", "");
    stage_page(s, stage_expect(s, "finalize", CA "/finalize/1"), 503, "Retry-After", "1800");
    assert_int_equal(1, stage_count(s, "finalize"));
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_true(stage_job(s)->at > apr_time_now() + apr_time_from_sec(1790));
    stage_end(s);
}

static void a_valid_order_is_judged_by_its_certificate(void **state)
{
    stage_t *s = stage_start_paced(*state, ORDER_URL, 0);

    stage_answer(
        s, stage_expect(s, "read", ORDER_URL), 200,
        "{\"status\":\"valid\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"other.example\"}],"
        "\"certificate\":\"" CA "/cert/1\"}",
        NULL, NULL);
    stage_expect(s, "read", CA "/cert/1");
    stage_expect_nothing_lost(s);
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_order_that_was_not_ready_is_looked_at),
        fixture_test(a_lost_answer_to_finalize_is_looked_into),
        fixture_test(an_order_at_work_is_not_finalized_again),
        fixture_test(after_bad_csr_the_order_stays),
        fixture_test(the_certificate_is_asked_for_as_a_pem_chain),
        fixture_test(links_beside_the_certificate_are_not_followed),
        fixture_test(a_valid_order_without_a_certificate_is_waited_for),
        fixture_test(a_foreign_certificate_ends_the_order),
        fixture_test(the_preferred_chain_is_looked_for),
        fixture_test(without_it_the_default_chain_is_taken),
        fixture_test(a_garbled_certificate_is_fetched_again),
        fixture_test(a_certificate_is_waited_for_as_long_as_nobody_says_that_it_is_gone),
        fixture_test(a_certificate_that_is_refused_is_asked_for_again),
        fixture_test(a_foreign_block_beside_the_certificate_ends_the_order),
        fixture_test(an_unread_answer_to_finalize_is_looked_into),
        fixture_test(a_door_that_names_a_time_at_finalize_is_obeyed),
        fixture_test(a_valid_order_is_judged_by_its_certificate),
    };

    return fixture_run(tests);
}
