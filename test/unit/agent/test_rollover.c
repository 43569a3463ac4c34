/* SPDX-License-Identifier: Apache-2.0 */

/* keyChange, as the agent carries it out for root: in the end it is known which key counts. */

#include "acts.h"

#include "base/clock.h"

#define KEY_CHANGE_URL CA "/key-change"
#define LOOK_UP_URL CA "/new-account"

static stage_t *begin(void **state)
{
    stage_t *s = stage_make(*state);

    s->directory = ACTS_DIRECTORY;
    stage_begin(s);
    return s;
}

/* Of all reports, the last part says so, and the task has ended. */
static void expect(stage_t *s, const char *counts, const char *type)
{
    assert_int_equal(2, stage_heard(s, "report"));
    assert_string_equal(counts, s->counts);
    acts_expect_end(s, type);
    stage_end(s);
}

static void the_next_key_counts(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_answer(s, stage_expect(s, "keyChange", KEY_CHANGE_URL), 200, "{}", NULL, NULL);
    expect(s, "next", NULL);
}

/* RFC 8555, 7.3.5: 409, with the account that has the key in Location. */
static void a_key_that_is_ours_already_is_a_success(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_answer(s, stage_expect(s, "keyChange", KEY_CHANGE_URL), 409, "{}", "Location",
                 ACCOUNT_URL);
    expect(s, "next", NULL);
}

static void a_key_of_another_account_is_not(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_answer(s, stage_expect(s, "keyChange", KEY_CHANGE_URL), 409,
                 "{\"type\":\"" ACME_ERROR "malformed\"}", "Location", CA "/account/other");
    expect(s, "old", ACME_ERROR "malformed");
}

static void a_refusal_leaves_the_old_key(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_refuse(s, stage_expect(s, "keyChange", KEY_CHANGE_URL), 400, "badPublicKey");
    expect(s, "old", ACME_ERROR "badPublicKey");
}

static void a_lost_answer_is_looked_up(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_cut(s, stage_expect(s, "keyChange", KEY_CHANGE_URL));
    stage_answer(s, stage_expect(s, "findAccountByNextKey", LOOK_UP_URL), 200,
                 "{\"status\":\"valid\"}", "Location", ACCOUNT_URL);
    expect(s, "next", NULL);
}

static void a_request_that_was_lost_is_looked_up(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_cut(s, stage_expect(s, "keyChange", KEY_CHANGE_URL));
    stage_refuse(s, stage_expect(s, "findAccountByNextKey", LOOK_UP_URL), 400,
                 "accountDoesNotExist");
    expect(s, "later", EAB_PROBLEM_CA_ANSWER);
}

static void a_ca_that_wants_it_later_is_asked_later(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_refuse(s, stage_expect(s, "keyChange", KEY_CHANGE_URL), 429, "rateLimited");
    expect(s, "later", ACME_ERROR "rateLimited");
}

static void what_the_ca_does_not_tell_stays_unknown(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_cut(s, stage_expect(s, "keyChange", KEY_CHANGE_URL));
    stage_refuse(s, stage_expect(s, "findAccountByNextKey", LOOK_UP_URL), 500, "serverInternal");
    expect(s, "unknown", ACME_ERROR "serverInternal");
}

/* A keyChange may have been heard, and then a refusal of another one would say nothing: the account would be
 * lost with the key that is dropped. */
static void after_a_crash_the_look_up_comes_first(void **state)
{
    static const char *const after[] = { ",\"settle\":true", ",\"settle\":false,\"again\":true" };
    size_t i;

    for (i = 0; i < 2; ++i) {
        stage_t *s = begin(state);

        acts_give(s, "rollover", after[i]);
        assert_int_equal(0, stage_count(s, "keyChange"));
        stage_answer(s, stage_expect(s, "findAccountByNextKey", LOOK_UP_URL), 200,
                     "{\"status\":\"valid\"}", "Location", ACCOUNT_URL);
        expect(s, "next", NULL);
    }
}

static void after_a_crash_it_goes_on(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":true");
    stage_refuse(s, stage_expect(s, "findAccountByNextKey", LOOK_UP_URL), 400,
                 "accountDoesNotExist");
    stage_answer(s, stage_expect(s, "keyChange", KEY_CHANGE_URL), 200, "{}", NULL, NULL);
    expect(s, "next", NULL);
}

static void a_ca_that_does_not_offer_it_is_not_asked(void **state)
{
    stage_t *s = stage_start(*state);

    acts_give(s, "rollover", ",\"settle\":false");
    assert_int_equal(0, stage_count(s, "keyChange"));
    expect(s, "old", EAB_PROBLEM_REFUSED);
}

/* RFC 8555, 8.3: key authorizations are made with the key. */
static void it_waits_until_no_job_is_at_work(void **state)
{
    stage_t *s = stage_make(*state);

    s->directory = ACTS_DIRECTORY;
    stage_begin(s);
    stage_order(s, "pending");
    assert_int_equal(1, stage_account(s)->active);
    acts_give(s, "rollover", ",\"settle\":false");
    assert_int_equal(0, stage_count(s, "keyChange"));
    account_leave(stage_account(s)); /* as the job does at its end */
    stage_settle(s);
    assert_int_equal(1, stage_count(s, "keyChange"));
    account_enter(stage_account(s));
    stage_end(s);
}

/* Nothing begins before the keeper signs with the new key, and then it is made with its thumbprint. */
static void no_job_begins_meanwhile(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "rollover", ",\"settle\":false");
    stage_wake(s);
    assert_int_equal(0, stage_count(s, "newOrder"));
    stage_answer(s, stage_expect(s, "keyChange", KEY_CHANGE_URL), 200, "{}", NULL, NULL);
    stage_wake(s);
    assert_int_equal(0, stage_count(s, "newOrder"));
    acts_give(s, "rekeyed", ",\"thumbprint\":\"another\"");
    assert_string_equal("another", stage_account(s)->brief->thumbprint);
    agent_poke(s->agent);
    stage_settle(s);
    stage_expect(s, "newOrder", CA "/new-order");
    stage_end(s);
}

/* The keeper before has ended in the middle: which key counts is found out before anything is ordered. */
static void a_new_agent_begins_nothing_before_it_is_known(void **state)
{
    stage_t *s = stage_make(*state);

    s->directory = ACTS_DIRECTORY;
    s->account->rolling = 1;
    stage_begin(s);
    stage_wake(s);
    assert_int_equal(0, stage_count(s, "newOrder"));
    stage_account(s)->held_until = clock_steady(); /* but nothing waits for ever */
    account_poke(stage_account(s));
    assert_int_equal(0, stage_account(s)->held);
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_next_key_counts),
        fixture_test(a_key_that_is_ours_already_is_a_success),
        fixture_test(a_key_of_another_account_is_not),
        fixture_test(a_refusal_leaves_the_old_key),
        fixture_test(a_lost_answer_is_looked_up),
        fixture_test(a_request_that_was_lost_is_looked_up),
        fixture_test(a_ca_that_wants_it_later_is_asked_later),
        fixture_test(what_the_ca_does_not_tell_stays_unknown),
        fixture_test(after_a_crash_the_look_up_comes_first),
        fixture_test(after_a_crash_it_goes_on),
        fixture_test(a_ca_that_does_not_offer_it_is_not_asked),
        fixture_test(it_waits_until_no_job_is_at_work),
        fixture_test(no_job_begins_meanwhile),
        fixture_test(a_new_agent_begins_nothing_before_it_is_known),
    };

    return fixture_run(tests);
}
