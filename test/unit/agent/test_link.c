/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_keeper.h"

#define PATIENCE apr_time_from_sec(30)

typedef struct reply {
    fake_keeper_t *keeper;
    int calls;
    apr_status_t rv;
    const char *detail;
    const char *jws;
    const char *news_state; /* as it was known then */
} reply_t;

static void on_reply(void *baton, const json_t *body, const eab_result_t *result)
{
    reply_t *reply = baton;

    ++reply->calls;
    reply->rv = result->rv;
    reply->detail = apr_pstrdup(reply->keeper->p, result->detail);
    reply->jws = apr_pstrdup(reply->keeper->p, json_peek_string(body, "jws"));
    reply->news_state = reply->keeper->news_state;
}

static apr_int64_t ask(fake_keeper_t *keeper, reply_t *reply)
{
    json_t *body;
    int type = 0;

    reply->keeper = keeper;
    link_request(keeper->link, MESSAGE_ABANDON, json_pack("{s:i}", "certificate", 3), on_reply,
                 reply);
    assert_int_equal(0, reply->calls); /* later */
    body = fake_keeper_hear(keeper, &type);
    assert_int_equal(MESSAGE_ABANDON, type);
    assert_int_equal(3, json_peek_int(body, "certificate", -1));
    return json_peek_int(body, "id", 0);
}

static void replies_find_their_requests(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t a = { 0 }, b = { 0 }, c = { 0 };
    apr_int64_t ia = ask(keeper, &a), ib = ask(keeper, &b), ic = ask(keeper, &c);

    assert_true(ia > 0 && ib > ia && ic > ib);
    fake_keeper_say(keeper, MESSAGE_SIGNED, json_pack("{s:I,s:s}", "id", ib, "jws", "text"));
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:I}", "id", ic));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(0, a.calls);
    assert_int_equal(1, b.calls);
    assert_int_equal(APR_SUCCESS, b.rv);
    assert_string_equal("text", b.jws);
    assert_int_equal(1, c.calls);
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:I}", "id", ia));
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:I}", "id", ia)); /* once is enough */
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(1, a.calls);
}

static void a_refusal_is_a_failure(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t a = { 0 }, b = { 0 };
    apr_int64_t ia = ask(keeper, &a), ib = ask(keeper, &b);

    fake_keeper_say(
        keeper, MESSAGE_PROBLEM,
        json_pack("{s:I,s:{s:s,s:i}}", "id", ia, "problem", "detail", "No way", "rv", APR_EINVAL));
    fake_keeper_say(keeper, MESSAGE_PROBLEM, json_pack("{s:I}", "id", ib));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(APR_EINVAL, a.rv);
    assert_string_equal("No way", a.detail);
    assert_int_not_equal(APR_SUCCESS, b.rv);
}

static void unknown_ids_are_passed_over(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t a = { 0 };

    ask(keeper, &a);
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:i}", "id", 4711));
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:i}", "id", -1));
    fake_keeper_say(keeper, MESSAGE_DONE, json_object());
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(0, a.calls);
}

static void news_are_no_reply(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);

    fake_keeper_say(keeper, MESSAGE_NEWS, json_pack("{s:s}", "state", "pending"));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(1, keeper->news);
    assert_string_equal("pending", keeper->news_state);
}

/* Whoever hears the reply knows already what came of the request. */
static void news_of_a_reply_are_heard_before_it(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t a = { 0 };

    fake_keeper_say(keeper, MESSAGE_DONE,
                    json_pack("{s:I,s:{s:s}}", "id", ask(keeper, &a), "news", "state", "pending"));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(1, a.calls);
    assert_int_equal(1, keeper->news);
    assert_string_equal("pending", keeper->news_state);
    assert_string_equal("pending", a.news_state);
}

static void what_comes_with_the_brief_is_not_lost(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);

    fake_keeper_say(keeper, MESSAGE_BRIEF, json_pack("{s:s}", "run_dir", "/run/eab"));
    fake_keeper_say(keeper, MESSAGE_NEWS, json_pack("{s:s}", "state", "pending"));
    assert_non_null(link_receive_brief(keeper->link, PATIENCE, eab_result_make(*state), *state));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN)); /* nothing more to read */
    assert_int_equal(1, keeper->news);
}

static void ask_again(void *baton, const json_t *body, const eab_result_t *result)
{
    reply_t *reply = baton;

    (void)body;
    (void)result;
    link_request(reply->keeper->link, MESSAGE_ABANDON, json_object(), on_reply, reply);
}

static void a_reply_may_lead_to_a_request(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t reply = { .keeper = keeper };
    apr_int64_t first, second;
    int type = 0;

    link_request(keeper->link, MESSAGE_ABANDON, json_object(), ask_again, &reply);
    first = json_peek_int(fake_keeper_hear(keeper, &type), "id", 0);
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:I}", "id", first));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    second = json_peek_int(fake_keeper_hear(keeper, &type), "id", 0);
    assert_true(second > first);
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:I}", "id", second));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(1, reply.calls);
}

static void a_keeper_that_is_gone_is_told(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t a = { 0 };

    ask(keeper, &a);
    apr_pool_destroy(keeper->peer_pool);
    assert_int_not_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN | POLLHUP));
    assert_int_equal(0, a.calls);
    /* Nothing happens when it is written to, and that it is broken is told without an event. */
    link_request(keeper->link, MESSAGE_ABANDON, json_object(), on_reply, &a);
    assert_int_not_equal(APR_SUCCESS, link_serve(keeper->link, 0));
}

static void what_breaks_the_format_ends_the_link(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);

    assert_int_equal(7, write(frame_channel_fd(keeper->channel), "\x01\x00\x00\x00\x02[]", 7));
    assert_int_not_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
}

static void a_slow_keeper_is_waited_for(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t a = { .keeper = keeper };
    char *text = apr_pcalloc(*state, 600001);
    json_t *body;
    int type = 0;

    assert_int_equal(POLLIN, link_events(keeper->link));
    memset(text, 'x', 600000);
    link_request(keeper->link, MESSAGE_INSTALL, json_pack("{s:s}", "pem", text), on_reply, &a);
    assert_int_equal(POLLIN | POLLOUT, link_events(keeper->link));
    while ((body = fake_keeper_hear(keeper, &type)) == NULL)
        assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLOUT));
    assert_int_equal(POLLIN, link_events(keeper->link));
    assert_string_equal(text, json_peek_string(body, "pem"));
}

static void the_brief_comes_first(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    eab_result_t *result = eab_result_make(*state);
    brief_t *brief;

    fake_keeper_say(keeper, MESSAGE_BRIEF, json_pack("{s:s}", "run_dir", "/run/eab"));
    brief = link_receive_brief(keeper->link, PATIENCE, result, *state);
    assert_non_null(brief);
    assert_string_equal("/run/eab", brief->run_dir);

    keeper = fake_keeper_make(*state);
    fake_keeper_say(keeper, MESSAGE_NEWS, json_pack("{s:s}", "run_dir", "/run/eab"));
    assert_null(link_receive_brief(keeper->link, PATIENCE, result, *state));
    assert_non_null(result->detail);

    keeper = fake_keeper_make(*state);
    fake_keeper_say(keeper, MESSAGE_BRIEF, json_object());
    assert_null(link_receive_brief(keeper->link, PATIENCE, result, *state));

    keeper = fake_keeper_make(*state);
    apr_pool_destroy(keeper->peer_pool);
    assert_null(link_receive_brief(keeper->link, PATIENCE, result, *state));
}

/* However many certificates there are, and whatever else is said in between is no part of it. */
static void a_brief_comes_in_parts(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    eab_result_t *result = eab_result_make(*state);
    brief_t *brief;
    int i;

    fake_keeper_say(keeper, MESSAGE_ACCOUNT,
                    json_pack("{s:s,s:s}", "label", "a", "directory", "https://ca.example/"));
    for (i = 0; i < 3; ++i)
        fake_keeper_say(keeper, MESSAGE_CERTIFICATE,
                        json_pack("{s:o,s:[s],s:i}", "id", json_sprintf("%d.example", i), "names",
                                  "a.example", "account", 0));
    fake_keeper_say(keeper, MESSAGE_BRIEF, json_pack("{s:s}", "run_dir", "/run/eab"));
    fake_keeper_say(keeper, MESSAGE_NEWS, json_pack("{s:s}", "state", "pending"));
    brief = link_receive_brief(keeper->link, PATIENCE, result, *state);
    assert_non_null(brief);
    assert_int_equal(1, brief->accounts->nelts);
    assert_int_equal(3, brief->certificates->nelts);
    assert_string_equal("2.example", APR_ARRAY_IDX(brief->certificates, 2, brief_certificate_t).id);
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(1, keeper->news);

    keeper = fake_keeper_make(*state);
    fake_keeper_say(keeper, MESSAGE_ACCOUNT, json_object());
    fake_keeper_say(keeper, MESSAGE_DONE, json_object());
    assert_null(link_receive_brief(keeper->link, PATIENCE, result, *state));
}

static void a_keeper_that_hangs_is_not_waited_for(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    eab_result_t *result = eab_result_make(*state);

    assert_null(link_receive_brief(keeper->link, apr_time_from_msec(20), result, *state));
    assert_int_equal(APR_TIMEUP, result->rv);
    /* In the middle of it, too. */
    fake_keeper_say(keeper, MESSAGE_ACCOUNT, json_object());
    assert_null(link_receive_brief(keeper->link, apr_time_from_msec(20), result, *state));
    assert_int_equal(APR_TIMEUP, result->rv);
}

static void the_keeper_hears_that_the_agent_lives(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    int type = 0;

    link_beat(keeper->link);
    assert_non_null(fake_keeper_hear(keeper, &type));
    assert_int_equal(MESSAGE_ALIVE, type);
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, 0));
}

/* What is counted are beats, which do not come while the machine sleeps. */
static void a_reply_is_not_waited_for_without_end(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t a = { 0 }, b = { 0 };
    apr_int64_t ia = ask(keeper, &a);
    int i, type = 0;

    for (i = 0; i < 180; ++i) {
        link_beat(keeper->link);
        fake_keeper_hear(keeper, &type);
        assert_int_equal(APR_SUCCESS, link_serve(keeper->link, 0));
    }
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:I}", "id", ia));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(1, a.calls);
    ask(keeper, &b);
    for (i = 0; i < 181; ++i) {
        assert_int_equal(APR_SUCCESS, link_serve(keeper->link, 0));
        link_beat(keeper->link);
        fake_keeper_hear(keeper, &type);
    }
    assert_int_not_equal(APR_SUCCESS, link_serve(keeper->link, 0));
}

/* 256 kB of control characters are six times as much as JSON. */
static void what_is_too_long_is_refused_and_the_link_goes_on(void **state)
{
    fake_keeper_t *keeper = fake_keeper_make(*state);
    reply_t a = { .keeper = keeper }, b = { 0 };
    char *text = apr_pcalloc(*state, 256 * 1024 + 1);
    apr_int64_t ib;

    memset(text, 1, 256 * 1024);
    link_request(keeper->link, MESSAGE_INSTALL, json_pack("{s:s}", "pem", text), on_reply, &a);
    assert_int_equal(0, a.calls);
    ib = ask(keeper, &b);
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, 0));
    assert_int_equal(1, a.calls);
    assert_int_equal(APR_ENOSPC, a.rv);
    fake_keeper_say(keeper, MESSAGE_DONE, json_pack("{s:I}", "id", ib));
    assert_int_equal(APR_SUCCESS, link_serve(keeper->link, POLLIN));
    assert_int_equal(1, b.calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(replies_find_their_requests),
        fixture_test(a_refusal_is_a_failure),
        fixture_test(unknown_ids_are_passed_over),
        fixture_test(news_are_no_reply),
        fixture_test(news_of_a_reply_are_heard_before_it),
        fixture_test(what_comes_with_the_brief_is_not_lost),
        fixture_test(a_reply_may_lead_to_a_request),
        fixture_test(a_keeper_that_is_gone_is_told),
        fixture_test(what_breaks_the_format_ends_the_link),
        fixture_test(a_slow_keeper_is_waited_for),
        fixture_test(the_brief_comes_first),
        fixture_test(a_brief_comes_in_parts),
        fixture_test(a_keeper_that_hangs_is_not_waited_for),
        fixture_test(the_keeper_hears_that_the_agent_lives),
        fixture_test(a_reply_is_not_waited_for_without_end),
        fixture_test(what_is_too_long_is_refused_and_the_link_goes_on),
    };

    return fixture_run(tests);
}
