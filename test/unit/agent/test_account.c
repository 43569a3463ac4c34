/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#define NEW_ACCOUNT CA "/new-account"
#define WITH_META(meta) \
    "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" NEW_ACCOUNT "\",\"newOrder\":\"" CA \
    "/new-order\",\"meta\":{" meta "}}"

/* The CA may know the key already, or not. */
static stage_t *begin_unregistered(apr_pool_t *p, int attempted)
{
    stage_t *s = stage_make(p);

    s->account->url = NULL;
    s->account->attempted = attempted;
    stage_begin(s);
    return s;
}

static const eab_result_t *account_problem(const stage_t *s)
{
    stage_expect_silence(s);
    assert_true(stage_account(s)->failing.failure.attempts > 0);
    return stage_account(s)->failing.failure.problem;
}

static int waits_for_a_day(const stage_t *s)
{
    return stage_account(s)->failing.failure.next > apr_time_now() + apr_time_from_sec(20 * 3600);
}

/* Answer a newAccount of any kind with an account. */
static void give_account(stage_t *s, const char *sentence, int status, const char *body)
{
    stage_answer(s, stage_expect(s, sentence, NEW_ACCOUNT), status, body, "Location", ACCOUNT_URL);
}

static void the_account_url_is_on_disk_before_it_is_used(void **state)
{
    stage_t *s = begin_unregistered(*state, 0);

    s->held = MESSAGE_REGISTERED;
    stage_wake(s);
    give_account(s, "newAccount", 201, "{\"status\":\"valid\"}");
    assert_string_equal(ACCOUNT_URL, json_peek_string(s->last, "url"));
    stage_expect_silence(s);
    assert_int_equal(0, stage_count(s, "newOrder"));
    stage_end(s);
}

static void an_account_that_was_there_is_as_good(void **state)
{
    stage_t *s = begin_unregistered(*state, 0);

    stage_wake(s);
    give_account(s, "newAccount", 200, "{\"status\":\"valid\"}");
    assert_int_equal(1, stage_heard(s, "registered"));
    stage_expect(s, "newOrder", CA "/new-order");
    assert_null(strstr(stage_log(s), "did not confirm"));
    stage_end(s);
}

static void a_binding_that_is_not_confirmed_is_noted(void **state)
{
    stage_t *s = begin_unregistered(*state, 0);

    stage_wake(s);
    give_account(s, "newAccount", 201, "{\"status\":\"valid\"}");
    assert_non_null(strstr(stage_log(s), "did not confirm the external account binding"));
    stage_expect(s, "newOrder", CA "/new-order");
    stage_end(s);
}

static void without_a_url_there_is_no_account(void **state)
{
    stage_t *s = begin_unregistered(*state, 0);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newAccount", NEW_ACCOUNT), 201, "{\"status\":\"valid\"}", NULL,
                 NULL);
    assert_string_equal(EAB_PROBLEM_CA_ANSWER, account_problem(s)->type);
    assert_int_equal(0, stage_heard(s, "registered"));
    stage_end(s);
}

static void terms_that_are_not_accepted_stop_it(void **state)
{
    stage_t *s = stage_make(*state);

    s->account->url = NULL;
    s->account->terms_accepted = 0;
    s->directory = WITH_META("\"termsOfService\":\"" CA "/terms\"");
    stage_begin(s);
    stage_wake(s);
    assert_string_equal(EAB_PROBLEM_TERMS, account_problem(s)->type);
    assert_non_null(strstr(account_problem(s)->detail, CA "/terms"));
    assert_int_equal(1, s->sent); /* the directory */
    stage_end(s);
}

static void a_demanded_binding_that_is_not_configured_stops_it(void **state)
{
    stage_t *s = stage_make(*state);

    s->account->url = NULL;
    s->account->eab = 0;
    s->directory = WITH_META("\"externalAccountRequired\":true");
    stage_begin(s);
    stage_wake(s);
    assert_string_equal(EAB_PROBLEM_EAB_MISSING, account_problem(s)->type);
    assert_int_equal(1, s->sent);
    stage_end(s);
}

/* Neither keeps a registered account from its work. */
static void a_registered_account_needs_neither(void **state)
{
    stage_t *s = stage_make(*state);

    s->account->eab = 0;
    s->account->terms_accepted = 0;
    s->directory = WITH_META("\"termsOfService\":\"" CA "/t\",\"externalAccountRequired\":true");
    stage_begin(s);
    stage_wake(s);
    stage_expect(s, "newOrder", CA "/new-order");
    assert_int_equal(0, stage_count(s, "newAccount"));
    stage_end(s);
}

static void new_terms_are_told_once(void **state)
{
    stage_t *s = stage_make(*state);

    s->account->terms = CA "/terms-1";
    s->directory = WITH_META("\"termsOfService\":\"" CA "/terms-2\"");
    stage_begin(s);
    stage_wake(s);
    assert_non_null(strstr(stage_log(s), CA "/terms-2"));
    stage_refuse(s, stage_expect(s, "newOrder", CA "/new-order"), 400, "malformed");
    stage_log(s);
    stage_wake(s);
    stage_expect(s, "newOrder", CA "/new-order");
    assert_null(strstr(stage_log(s), "terms-2"));
    stage_end(s);
}

static void the_same_terms_are_no_news(void **state)
{
    stage_t *s = stage_make(*state);

    s->account->terms = CA "/terms-1";
    s->directory = WITH_META("\"termsOfService\":\"" CA "/terms-1\"");
    stage_begin(s);
    stage_wake(s);
    stage_expect(s, "newOrder", CA "/new-order");
    assert_null(strstr(stage_log(s), "terms"));
    stage_end(s);
}

static void a_key_that_may_be_known_is_looked_up(void **state)
{
    stage_t *s = begin_unregistered(*state, 1);

    stage_wake(s);
    give_account(s, "findAccount", 200, "{\"status\":\"valid\"}");
    stage_expect(s, "newOrder", CA "/new-order");
    assert_int_equal(0, stage_count(s, "newAccount"));
    stage_end(s);
}

static void it_is_looked_up_without_and_with_eab_and_then_registered(void **state)
{
    stage_t *s = begin_unregistered(*state, 1);

    stage_wake(s);
    stage_refuse(s, stage_expect(s, "findAccount", NEW_ACCOUNT), 400, "externalAccountRequired");
    stage_refuse(s, stage_expect(s, "findAccountWithEAB", NEW_ACCOUNT), 400, "accountDoesNotExist");
    give_account(s, "newAccount", 201, "{\"status\":\"valid\"}");
    stage_expect(s, "newOrder", CA "/new-order");
    assert_int_equal(1, stage_count(s, "newAccount"));
    stage_end(s);
}

static void an_account_that_has_ended_stops_it(void **state)
{
    stage_t *s = begin_unregistered(*state, 1);

    stage_wake(s);
    give_account(s, "findAccount", 200, "{\"status\":\"deactivated\"}");
    assert_string_equal(EAB_PROBLEM_ACCOUNT_STATUS, account_problem(s)->type);
    assert_true(waits_for_a_day(s));
    assert_int_equal(0, stage_count(s, "newAccount"));
    assert_int_equal(0, stage_count(s, "newOrder"));
    stage_end(s);
}

/* Once in an attempt: look-up by the key, and only then a new account. */
static void a_forgotten_account_is_registered_again(void **state)
{
    stage_t *s = stage_make(*state);

    stage_begin(s);
    stage_wake(s);
    stage_refuse(s, stage_expect(s, "newOrder", CA "/new-order"), 400, "accountDoesNotExist");
    assert_int_equal(1, stage_heard(s, "unregister"));
    stage_refuse(s, stage_expect(s, "findAccount", NEW_ACCOUNT), 400, "accountDoesNotExist");
    give_account(s, "newAccount", 201, "{\"status\":\"valid\"}");
    stage_refuse(s, stage_expect(s, "newOrder", CA "/new-order"), 400, "accountDoesNotExist");
    stage_problem(s);
    assert_int_equal(1, stage_count(s, "newAccount"));
    stage_end(s);
}

/* An EAB key that is refused, or an algorithm: asked once, and then not for a day. */
static void a_refusal_is_final_for_a_day(void **state)
{
    static const struct {
        int status;
        const char *type;
    } rows[] = {
        { 401, "unauthorized" },          { 400, "malformed" },
        { 403, "userActionRequired" },    { 400, "externalAccountRequired" },
        { 400, "badSignatureAlgorithm" }, { 400, "badPublicKey" },
        { 400, "invalidContact" },        { 400, "unsupportedContact" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        stage_t *s = begin_unregistered(*state, 0);

        stage_wake(s);
        stage_refuse(s, stage_expect(s, "newAccount", NEW_ACCOUNT), rows[i].status, rows[i].type);
        assert_true(eab_result_is_acme(account_problem(s), rows[i].type));
        assert_true(waits_for_a_day(s));
        lifecycle_poke(stage_job(s), apr_time_now() + apr_time_from_sec(3600));
        stage_expect_silence(s);
        assert_int_equal(1, stage_count(s, "newAccount"));
        stage_end(s);
    }
}

/* What the CA wants to be read is where a person finds it. */
static void an_action_that_is_required_is_shown(void **state)
{
    stage_t *s = begin_unregistered(*state, 0);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newAccount", NEW_ACCOUNT), 403,
                 "{\"type\":\"" ACME_ERROR "userActionRequired\",\"detail\":\"Agree first\"}",
                 "Link", "<" CA "/terms-3>;rel=\"terms-of-service\"");
    assert_string_equal("Agree first", account_problem(s)->detail);
    assert_string_equal(CA "/terms-3", account_problem(s)->instance);
    stage_end(s);
}

/* Each attempt looks at the directory again, and uses no nonce of long ago. */
static void a_cycle_begins_with_the_directory(void **state)
{
    stage_t *s = stage_make(*state);
    const char *nonce;
    int i, directories = 0;

    stage_begin(s);
    stage_order(s, "ready");
    stage_refuse(s, stage_expect(s, "finalize", CA "/finalize/1"), 400, "malformed");
    nonce = apr_psprintf(s->p, "n%d", s->nonces - 1);
    s->directory = "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-account\","
                   "\"newOrder\":\"" CA "/moved\"}";
    stage_account(s)->used = apr_time_now() - apr_time_from_sec(3600);
    stage_wake(s);
    assert_string_not_equal(nonce, stage_expect(s, "newOrder", CA "/moved")->nonce);
    for (i = 0; i < s->sent; ++i)
        directories += strcmp(s->calls[i].method, "GET") == 0;
    assert_int_equal(2, directories);
    stage_end(s);
}

static void note_ready(void *baton, const eab_result_t *result)
{
    assert_int_equal(APR_SUCCESS, result->rv);
    ++*(int *)baton;
}

/* The clock is set while the CA registers the account, and root asks whether all is well. */
static void a_registration_keeps_its_directory(void **state)
{
    stage_t *s = begin_unregistered(*state, 0);
    int sent, registered = 0, ready = 0;

    account_need(stage_account(s), note_ready, &registered); /* for no job */
    stage_settle(s);
    stage_expect(s, "newAccount", NEW_ACCOUNT);
    stage_account(s)->used = apr_time_now() - apr_time_from_sec(3600);
    sent = s->sent;
    account_look(stage_account(s), note_ready, &ready);
    assert_int_equal(1, ready);
    assert_int_equal(sent, s->sent);
    acme_session_forget(stage_account(s)->session); /* whoever does that */
    stage_answer(s, &s->calls[sent - 1], 201, "{\"status\":\"valid\"}", "Location", ACCOUNT_URL);
    assert_int_equal(1, stage_heard(s, "registered"));
    assert_int_equal(1, registered);
    stage_end(s);
}

/* Within a cycle, too: an order may be at work for hours between two looks at it. */
static void nonces_of_long_ago_are_not_used(void **state)
{
    static const int minutes[] = { 1, 6 };
    size_t i;

    for (i = 0; i < 2; ++i) {
        stage_t *s = stage_make(*state);
        int sent;

        stage_begin(s);
        stage_order(s, "processing");
        stage_account(s)->used = apr_time_now() - apr_time_from_sec(60 * minutes[i]);
        sent = s->sent;
        stage_wake(s);
        stage_expect(s, "read", ORDER_URL);
        assert_int_equal(i == 0 ? 1 : 3, s->sent - sent); /* directory and newNonce before it */
        stage_end(s);
    }
}

/* ---- a refusal that may be about the account ---- */

static stage_t *refuse_order_with(apr_pool_t *p, const char *body, int status)
{
    stage_t *s = stage_make(p);

    stage_begin(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), status, body, NULL, NULL);
    return s;
}

static stage_t *refuse_order(apr_pool_t *p, const char *type, int status)
{
    return refuse_order_with(p, apr_psprintf(p, "{\"type\":\"" ACME_ERROR "%s\"}", type), status);
}

static void the_account_is_valid_and_the_names_are_not_its_own(void **state)
{
    stage_t *s = refuse_order(*state, "unauthorized", 403);

    stage_answer(s, stage_expect(s, "findAccount", CA "/new-account"), 200,
                 "{\"status\":\"valid\"}", "Location", ACCOUNT_URL);
    stage_expect_silence(s);
    assert_string_equal(ACME_ERROR "unauthorized", stage_problem(s)->type);
    assert_non_null(strstr(failing_advice(&stage_job(s)->failing, s->p), "knows this account"));
    assert_string_equal("valid", account_state(stage_account(s)));
    stage_end(s);
}

static void the_account_was_deactivated(void **state)
{
    stage_t *s = refuse_order(*state, "unauthorized", 403);

    stage_answer(s, stage_expect(s, "findAccount", CA "/new-account"), 200,
                 "{\"status\":\"deactivated\"}", "Location", ACCOUNT_URL);
    stage_expect_silence(s);
    assert_string_equal(EAB_PROBLEM_ACCOUNT_STATUS,
                        stage_account(s)->failing.failure.problem->type);
    assert_string_equal("failing", account_state(stage_account(s)));
    assert_int_equal(0, stage_job(s)->failing.failure.attempts); /* one cause, one line */
    stage_end(s);
}

static void the_account_is_gone_and_registered_again(void **state)
{
    static const struct {
        const char *body;
        int status;
    } rows[] = {
        { "{\"type\":\"" ACME_ERROR "unauthorized\"}", 403 },
        { "{\"type\":\"" ACME_ERROR "unauthorized\"}", 401 },
        { "{\"type\":\"" ACME_ERROR "unauthorized\"}", 400 },
        { "{\"type\":\"" ACME_ERROR "malformed\",\"detail\":\"Account is not known\"}", 400 },
        { "{\"type\":\"" ACME_ERROR "malformed\",\"detail\":\"unknown account\"}", 404 },
        { "{\"detail\":\"Who are you?\"}", 401 },
        { "{\"message\":\"Forbidden\"}", 403 },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        stage_t *s = refuse_order_with(*state, rows[i].body, rows[i].status);

        stage_refuse(s, stage_expect(s, "findAccount", CA "/new-account"), 400,
                     "accountDoesNotExist");
        assert_int_equal(1, stage_heard(s, "unregister"));
        /* The key is looked up once more, and then registered. */
        stage_refuse(s, stage_expect(s, "findAccount", CA "/new-account"), 400,
                     "accountDoesNotExist");
        stage_answer(s, stage_expect(s, "newAccount", CA "/new-account"), 201,
                     "{\"status\":\"valid\"}", "Location", ACCOUNT_URL);
        stage_expect(s, "newOrder", CA "/new-order");
        stage_end(s);
    }
}

static void a_ca_that_does_no_look_ups_is_believed(void **state)
{
    stage_t *s = refuse_order(*state, "unauthorized", 403);

    stage_refuse(s, stage_expect(s, "findAccount", CA "/new-account"), 500, "serverInternal");
    stage_expect_silence(s);
    assert_string_equal(ACME_ERROR "unauthorized", stage_problem(s)->type);
    stage_end(s);
}

static void what_is_about_something_else_is_no_reason_to_ask(void **state)
{
    static const char *const types[] = { "rejectedIdentifier", "caa", "malformed", "badCSR" };
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        stage_t *s = refuse_order(*state, types[i], 400);

        stage_expect_silence(s);
        assert_int_equal(0, stage_count(s, "findAccount"));
        stage_end(s);
    }
}

/* It is the directory that tells whether a key is of use. */
static void a_key_that_the_ca_does_not_ask_for_is_told(void **state)
{
    stage_t *s = stage_make(*state);

    s->account->url = NULL;
    s->account->eab = 1;
    stage_begin(s);
    stage_wake(s);
    stage_refuse(s, stage_expect(s, "newAccount", CA "/new-account"), 403, "unauthorized");
    assert_non_null(strstr(failing_advice(&stage_account(s)->failing, s->p),
                           "remove ACMEEABKid and ACMEEABKey"));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_account_url_is_on_disk_before_it_is_used),
        fixture_test(an_account_that_was_there_is_as_good),
        fixture_test(a_binding_that_is_not_confirmed_is_noted),
        fixture_test(without_a_url_there_is_no_account),
        fixture_test(terms_that_are_not_accepted_stop_it),
        fixture_test(a_demanded_binding_that_is_not_configured_stops_it),
        fixture_test(a_registered_account_needs_neither),
        fixture_test(new_terms_are_told_once),
        fixture_test(the_same_terms_are_no_news),
        fixture_test(a_key_that_may_be_known_is_looked_up),
        fixture_test(it_is_looked_up_without_and_with_eab_and_then_registered),
        fixture_test(an_account_that_has_ended_stops_it),
        fixture_test(a_forgotten_account_is_registered_again),
        fixture_test(a_refusal_is_final_for_a_day),
        fixture_test(an_action_that_is_required_is_shown),
        fixture_test(a_cycle_begins_with_the_directory),
        fixture_test(a_registration_keeps_its_directory),
        fixture_test(nonces_of_long_ago_are_not_used),
        fixture_test(the_account_is_valid_and_the_names_are_not_its_own),
        fixture_test(the_account_was_deactivated),
        fixture_test(the_account_is_gone_and_registered_again),
        fixture_test(a_ca_that_does_no_look_ups_is_believed),
        fixture_test(what_is_about_something_else_is_no_reason_to_ask),
        fixture_test(a_key_that_the_ca_does_not_ask_for_is_told),
    };

    return fixture_run(tests);
}
