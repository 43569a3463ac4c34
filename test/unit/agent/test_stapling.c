/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "agent/stapling.h"
#include "base/json.h"

#define URL "http://ocsp.example.edu/ID"
#define HOUR apr_time_from_sec(3600)

/* The responder: what it was asked last, and how often. */
static struct {
    acme_transport_t transport;
    const char *url;
    int asked;
    acme_answer_fn *done;
    void *baton;
} responder;

static void on_ask(acme_transport_t *transport, const acme_request_t *request, acme_answer_fn *done,
                   void *baton)
{
    (void)transport;
    assert_string_equal("GET", request->method);
    assert_null(request->body);
    responder.url = request->url;
    responder.done = done;
    responder.baton = baton;
    ++responder.asked;
}

static void answer(stage_t *s, int status, const char *body)
{
    eab_result_t *result = eab_result_make(s->p);
    acme_answer_t said = { s->p, URL, status, apr_table_make(s->p, 1), body, strlen(body) };

    if (status == 0)
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_UNREACHABLE, "Cannot connect to it");
    responder.done(responder.baton, &said, result);
    stage_settle(s);
}

static brief_facts_t *facts_of(stage_t *s)
{
    brief_facts_t *facts = apr_pcalloc(s->p, sizeof(*facts));
    apr_time_t now = apr_time_now();

    facts->names = s->certificate->names;
    facts->key_type = "p256";
    facts->fingerprint = "00ff";
    facts->not_before = facts->obtained = now - 24 * HOUR;
    facts->not_after = now + 2400 * HOUR;
    facts->same_account = 1;
    facts->activation = ACTIVATION_LIVE;
    facts->ocsp_url = URL;
    return facts;
}

static void begin(stage_t *s, const brief_facts_t *facts)
{
    s->certificate->facts = apr_pmemdup(s->p, facts, sizeof(*facts));
    s->certificate->served = 1;
    memset(&responder, 0, sizeof(responder));
    responder.transport.send = on_ask;
    stage_begin(s);
    stage_account(s)->responders = &responder.transport;
}

static const char *state_of(stage_t *s)
{
    return apr_pstrdup(
        s->p, json_peek_string(json_own(s->p, stapling_to_json(stage_job(s), s->p)), "state"));
}

static void what_is_fetched_is_handed_over(void **state)
{
    stage_t *s = stage_make(*state);

    begin(s, facts_of(s));
    assert_string_equal("waiting", state_of(s));
    stapling_poke(stage_job(s), apr_time_now());
    stapling_poke(stage_job(s), apr_time_now()); /* one is under way */
    assert_int_equal(1, responder.asked);
    assert_string_equal(URL, responder.url);
    answer(s, 200, "\1\2\3");
    assert_int_equal(1, stage_heard(s, "staple"));
    assert_string_equal("00ff", json_peek_string(s->last, "fingerprint"));
    assert_string_equal("AQID", json_peek_string(s->last, "response"));
    stage_end(s);
}

static void half_of_the_validity_goes_by_before(void **state)
{
    stage_t *s = stage_make(*state);
    brief_facts_t *facts = facts_of(s);
    apr_time_t now = apr_time_now();

    facts->staple_from = now - HOUR;
    facts->staple_until = now + 3 * HOUR;
    begin(s, facts);
    assert_string_equal("good", state_of(s));
    stapling_poke(stage_job(s), now + HOUR - 1);
    assert_int_equal(0, responder.asked);
    assert_int_equal(now + HOUR, stage_job(s)->staple_at);
    stapling_poke(stage_job(s), now + HOUR);
    assert_int_equal(1, responder.asked);
    stage_end(s);
}

static void expect_pause(stage_t *s, int seconds)
{
    apr_interval_time_t pause = stage_job(s)->staple_at - apr_time_now();

    assert_in_range(pause, apr_time_from_sec(seconds) / 2, apr_time_from_sec(seconds));
}

static void it_is_asked_again_ever_more_slowly(void **state)
{
    stage_t *s = stage_make(*state);
    int i;

    begin(s, facts_of(s));
    for (i = 0; i < 3; ++i) {
        stapling_poke(stage_job(s), stage_job(s)->staple_at);
        answer(s, i == 1 ? 503 : 0, "");
        assert_string_equal("failing", state_of(s));
        expect_pause(s, 2 << i);
    }
    assert_int_equal(0, stage_heard(s, "staple"));
    assert_non_null(strstr(stage_log(s), "no OCSP response from ocsp.example.edu"));
    stage_expect_nothing_lost(s);
    stage_end(s);
}

static void what_the_keeper_refuses_is_a_failure(void **state)
{
    stage_t *s = stage_make(*state);

    s->refused = EAB_PROBLEM_STAPLING;
    begin(s, facts_of(s));
    stapling_poke(stage_job(s), apr_time_now());
    answer(s, 200, "nonsense");
    assert_string_equal("failing", state_of(s));
    expect_pause(s, 2);
    stage_end(s);
}

/* A cache on the way hands out what it has, and the keeper has it already. */
static void the_same_again_is_as_much_as_none(void **state)
{
    stage_t *s = stage_make(*state);
    brief_facts_t *facts = facts_of(s);

    facts->staple_from = apr_time_now() - 3 * HOUR;
    facts->staple_until = apr_time_now() + HOUR;
    begin(s, facts);
    stapling_poke(stage_job(s), apr_time_now());
    answer(s, 200, "the same");
    assert_string_equal("good", state_of(s));
    expect_pause(s, 2);
    stapling_poke(stage_job(s), stage_job(s)->staple_at);
    answer(s, 200, "the same");
    expect_pause(s, 4);
    stage_end(s);
}

static void one_that_must_be_stapled_fails_with_it(void **state)
{
    stage_t *s = stage_make(*state);
    brief_facts_t *facts = facts_of(s);
    int i;

    facts->must_staple = 1;
    facts->activation = ACTIVATION_STAPLE;
    begin(s, facts);
    assert_null(stapling_problem(stage_job(s)));
    for (i = 0; i < 3; ++i) {
        stapling_poke(stage_job(s), stage_job(s)->staple_at);
        answer(s, 404, "");
    }
    assert_string_equal(EAB_PROBLEM_STAPLING, stapling_problem(stage_job(s))->type);
    stage_end(s);
}

static void a_revoked_one_is_due(void **state)
{
    stage_t *s = stage_make(*state);
    brief_facts_t *facts = facts_of(s);

    facts->staple_from = apr_time_now() - HOUR;
    facts->staple_until = apr_time_now() + HOUR;
    facts->ocsp_revoked = apr_time_now() - HOUR;
    facts->ocsp_reason = "keyCompromise";
    begin(s, facts);
    assert_string_equal("revoked", state_of(s));
    assert_true(stage_job(s)->at <= apr_time_now());
    assert_non_null(strstr(stage_job(s)->reason, "revoked"));
    stage_end(s);
}

/* revoke --keep: no other one is wanted. Without --keep one is demanded. */
static void one_that_root_has_revoked_is_not_due_for_that(void **state)
{
    stage_t *s = stage_make(*state);
    brief_facts_t *facts = facts_of(s);

    facts->staple_from = apr_time_now() - HOUR;
    facts->staple_until = apr_time_now() + HOUR;
    facts->ocsp_revoked = apr_time_now() - HOUR;
    facts->root_revoked = apr_time_now() - HOUR;
    facts->ari_id = "aaaa.AA"; /* a CA moves the window into the past */
    s->certificate->window = (brief_window_t){ .ari_id = "aaaa.AA",
                                               .start = apr_time_now() - 3 * HOUR,
                                               .end = apr_time_now() - 2 * HOUR,
                                               .drawn = apr_time_now() - 2 * HOUR,
                                               .next = apr_time_now() + HOUR };
    begin(s, facts);
    assert_string_equal("revoked", state_of(s));
    assert_true(stage_job(s)->at > apr_time_now());
    stage_end(s);
}

static void where_there_is_no_responder_nothing_is_asked(void **state)
{
    stage_t *s = stage_make(*state);
    brief_facts_t *facts = facts_of(s);

    facts->ocsp_url = NULL;
    begin(s, facts);
    stapling_poke(stage_job(s), apr_time_now());
    assert_int_equal(0, responder.asked);
    assert_int_equal(0, stage_job(s)->staple_at);
    assert_true(json_is_null(json_own(s->p, stapling_to_json(stage_job(s), s->p))));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_is_fetched_is_handed_over),
        fixture_test(half_of_the_validity_goes_by_before),
        fixture_test(it_is_asked_again_ever_more_slowly),
        fixture_test(what_the_keeper_refuses_is_a_failure),
        fixture_test(the_same_again_is_as_much_as_none),
        fixture_test(one_that_must_be_stapled_fails_with_it),
        fixture_test(a_revoked_one_is_due),
        fixture_test(one_that_root_has_revoked_is_not_due_for_that),
        fixture_test(where_there_is_no_responder_nothing_is_asked),
    };

    return fixture_run(tests);
}
