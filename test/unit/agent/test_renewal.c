/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "base/clock.h"

#define DAYS(n) ((n)*apr_time_from_sec(86400))
#define ARI CA "/ari"
#define WITHOUT_ARI \
    "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-account\",\"newOrder\":\"" CA \
    "/new-order\"}"
#define WITH_ARI \
    "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-account\",\"newOrder\":\"" CA \
    "/new-order\",\"renewalInfo\":\"" ARI "\"}"

/* A certificate of ours that ends so many days from now, of 90; the CA suggests the 20th to the 22nd
 * day from now. */
static stage_t *make(apr_pool_t *p, int days_left)
{
    stage_t *s = stage_make(p);
    brief_facts_t *facts = apr_pcalloc(p, sizeof(*facts));

    facts->names = s->certificate->names;
    facts->key_type = "p256";
    facts->fingerprint = "00";
    facts->not_after = apr_time_now() + DAYS(days_left);
    facts->not_before = facts->obtained = facts->not_after - DAYS(90);
    facts->same_account = 1;
    facts->ari_id = "aaaa.AA";
    s->certificate->facts = facts;
    s->directory = WITH_ARI;
    s->suggested = apr_psprintf(p, "{\"suggestedWindow\":{\"start\":\"%s\",\"end\":\"%s\"}}",
                                clock_format(p, apr_time_now() + DAYS(20)),
                                clock_format(p, apr_time_now() + DAYS(22)));
    return s;
}

static stage_t *begin(apr_pool_t *p, int days_left)
{
    stage_t *s = make(p, days_left);

    stage_begin(s);
    return s;
}

static void the_window_is_asked_for_and_obeyed(void **state)
{
    stage_t *s = begin(*state, 80);
    apr_time_t now = apr_time_now();

    stage_poke(s, now + 1);
    assert_int_equal(1, stage_count_gets(s, ARI "/aaaa.AA"));
    assert_int_equal(1, stage_heard(s, "window"));
    assert_true(stage_job(s)->at >= now + DAYS(20) - apr_time_from_sec(2));
    assert_true(stage_job(s)->at <= now + DAYS(22));
    stage_poke(s, now + apr_time_from_sec(21600 - 60));
    assert_int_equal(1, stage_count_gets(s, ARI));
    stage_poke(s, now + apr_time_from_sec(21600 + 60));
    assert_int_equal(2, stage_count_gets(s, ARI));
    stage_end(s);
}

/* RFC 9773, 4.2: at once; but a CA that says so of each new one is not followed without end. */
static void a_window_that_has_passed_is_followed_once(void **state)
{
    stage_t *s = make(*state, 89);
    apr_time_t now = apr_time_now();

    s->suggested =
        apr_psprintf(s->p, "{\"suggestedWindow\":{\"start\":\"%s\",\"end\":\"%s\"}}",
                     clock_format(s->p, now - DAYS(3)), clock_format(s->p, now - DAYS(2)));
    stage_begin(s);
    stage_poke(s, apr_time_now() + 1);
    assert_true(stage_job(s)->at <= now + 1);
    assert_null(strstr(stage_job(s)->reason, "suggests this time"));
    stage_poke(s, apr_time_now() + 1);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "valid", ",\"certificate\":\"" CA "/cert/1\""), "Location",
                 ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, stage_chain(s), NULL, NULL);
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "valid"), NULL, NULL);
    stage_poke(s, apr_time_now() + 1);
    assert_int_equal(1, stage_count_gets(s, ARI "/bbbb.BB"));
    assert_int_equal(1, stage_job(s)->brief->window.repeated);
    stage_expect_silence(s);
    stage_end(s);
}

static void without_it_in_the_directory_nothing_is_asked(void **state)
{
    stage_t *s = make(*state, 80);

    s->directory = WITHOUT_ARI;
    stage_begin(s);
    stage_poke(s, apr_time_now() + 1);
    assert_int_equal(1, stage_count_gets(s, CA)); /* the directory */
    stage_wake(s);
    stage_expect(s, "newOrder", CA "/new-order");
    assert_false(json_peek_bool(s->order, "replaces", 1));
    assert_int_equal(0, stage_count_gets(s, ARI));
    stage_end(s);
}

static void one_that_has_expired_is_not_asked_about(void **state)
{
    stage_t *s = begin(*state, -1);

    stage_wake(s);
    stage_expect(s, "newOrder", CA "/new-order");
    assert_int_equal(0, stage_count_gets(s, ARI));
    stage_end(s);
}

static void one_that_was_replaced_is_not_asked_about(void **state)
{
    stage_t *s = begin(*state, -1);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, "valid", ",\"certificate\":\"" CA "/cert/1\""), "Location",
                 ORDER_URL);
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, stage_chain(s), NULL, NULL);
    assert_int_equal(1, stage_heard(s, "install"));
    stage_poke(s, apr_time_now() + 1);
    assert_int_equal(1, stage_count_gets(s, ARI "/bbbb.BB"));
    assert_int_equal(1, stage_count_gets(s, ARI));
    stage_end(s);
}

static void one_of_another_account_is_neither_asked_about_nor_replaced(void **state)
{
    stage_t *s = make(*state, 80);

    s->certificate->facts->same_account = 0;
    stage_begin(s);
    stage_wake(s); /* at once: it is of another CA, or another key id */
    stage_expect(s, "newOrder", CA "/new-order");
    assert_false(json_peek_bool(s->order, "replaces", 1));
    assert_int_equal(0, stage_count_gets(s, ARI));
    stage_end(s);
}

/* And the CA need not repeat it. */
static void a_renewal_says_what_it_replaces(void **state)
{
    stage_t *s = begin(*state, -1);

    stage_order(s, "ready");
    assert_true(json_peek_bool(s->order, "replaces", 0));
    stage_expect(s, "finalize", CA "/finalize/1");
    stage_end(s);
}

static void a_refused_replacement_is_ordered_without_once(void **state)
{
    static const struct {
        int status;
        const char *type;
    } rows[] = { { 409, "alreadyReplaced" },
                 { 404, "malformed" },
                 { 403, "unauthorized" },
                 { 500, "serverInternal" } };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        stage_t *s = begin(*state, -1);

        stage_wake(s);
        stage_refuse(s, stage_expect(s, "newOrder", CA "/new-order"), rows[i].status, rows[i].type);
        assert_false(json_peek_bool(s->order, "replaces", 1));
        assert_int_equal(0, stage_job(s)->failing.failure.attempts);
        stage_refuse(s, stage_expect(s, "newOrder", CA "/new-order"), rows[i].status, rows[i].type);
        if (strcmp(rows[i].type, "unauthorized") == 0) /* is it about the account? */
            stage_refuse(s, stage_expect(s, "findAccount", CA "/new-account"), 400, "malformed");
        stage_expect_silence(s);
        assert_int_equal(2, stage_count(s, "newOrder"));
        stage_end(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_window_is_asked_for_and_obeyed),
        fixture_test(a_window_that_has_passed_is_followed_once),
        fixture_test(without_it_in_the_directory_nothing_is_asked),
        fixture_test(one_that_has_expired_is_not_asked_about),
        fixture_test(one_that_was_replaced_is_not_asked_about),
        fixture_test(one_of_another_account_is_neither_asked_about_nor_replaced),
        fixture_test(a_renewal_says_what_it_replaces),
        fixture_test(a_refused_replacement_is_ordered_without_once),
    };

    return fixture_run(tests);
}
