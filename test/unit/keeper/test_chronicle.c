/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "../synced.h"

#include <sys/stat.h>

#include "base/json.h"
#include "store/history.h"

/* The newest line of the history; NULL: there is none. */
static json_t *newest(scene_t *s)
{
    const history_query_t query = { 0, 0, NULL, 1 };
    apr_array_header_t *found = history_read(s->keeper->means.store, &query, s->p);

    return found->nelts > 0 ? APR_ARRAY_IDX(found, 0, json_t *) : NULL;
}

static void expect_event(scene_t *s, const char *event)
{
    assert_string_equal(event, json_peek_string(newest(s), "event"));
}

/* All that happened, in one line. */
static const char *events(scene_t *s)
{
    const history_query_t query = { 0, 0, NULL, 0 };
    apr_array_header_t *found = history_read(s->keeper->means.store, &query, s->p);
    const char *line = "";
    int i;

    for (i = 0; i < found->nelts; ++i)
        line = apr_pstrcat(s->p, line, i > 0 ? " " : "",
                           json_peek_string(APR_ARRAY_IDX(found, i, json_t *), "event"), NULL);
    return line;
}

/* How many orders ended like that, as the store has it. */
static int orders(scene_t *s, const char *result)
{
    json_t *list = json_object_get(scene_read(s, "counters.json"), "orders"), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (strcmp(json_peek_string(item, "result"), result) == 0)
            return (int)json_peek_int(item, "count", -1);
    }
    return -1;
}

static int counted(scene_t *s, const char *family, const char *member)
{
    return (int)json_peek_int(json_object_get(scene_read(s, "counters.json"), family), member, -1);
}

static failure_t *failure(scene_t *s)
{
    failure_t *made = apr_pcalloc(s->p, sizeof(*made));

    made->attempts = 2;
    made->since = made->tried = apr_time_now();
    made->next = made->since + apr_time_from_sec(60);
    made->problem = eab_result_make(s->p);
    eab_result_set(made->problem, APR_EGENERAL, ACME_ERROR "rateLimited", "Too much of it.");
    return made;
}

static void an_order_from_its_beginning_to_its_end(void **state)
{
    scene_t *s = scene_make(*state);
    json_t *line;

    scene_start(s);
    scene_register(s);
    expect_event(s, "account-registered");
    assert_string_equal(ACCOUNT_URL, json_peek_string(newest(s), "url"));
    scene_sign(s, SENTENCE_NEW_ORDER);
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    expect_event(s, "ordered");
    scene_sign(s, SENTENCE_FINALIZE);
    scene_install(s);
    line = newest(s);
    assert_string_equal("issued", json_peek_string(line, "event"));
    assert_string_equal(NAME, json_peek_string(line, "name"));
    assert_string_equal("000001", json_peek_string(line, "generation"));
    assert_non_null(json_peek_string(line, "serial"));
    assert_true(json_peek_int(line, "seconds", -1) >= 0);
    assert_int_equal(1, orders(s, "issued"));
    certificate_activate(scene_certificate(s), ACTIVATION_LIVE, NULL);
    expect_event(s, "deployed");
    assert_string_equal("account-registered ordered issued deployed", events(s));
    scene_end(s);
}

/* What hears of an installed certificate after the history may restart httpd, which ends the keeper. */
static int issued_when_heard;

static void on_change(void *baton, const change_t *change)
{
    if (change->kind == CHANGE_INSTALLED)
        issued_when_heard = orders(baton, "issued");
}

static void it_is_written_before_anybody_acts_on_it(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    changes_hear(s->keeper->means.changes, on_change, s);
    scene_register(s);
    scene_finalize(s);
    issued_when_heard = -1;
    scene_install(s);
    assert_int_equal(1, issued_when_heard);
    scene_end(s);
}

static void a_failure_and_its_end(void **state)
{
    scene_t *s = scene_make(*state);
    json_t *line;

    scene_start(s);
    scene_register(s);
    certificate_failed(scene_certificate(s), failure(s), s->result);
    line = newest(s);
    assert_string_equal("failing", json_peek_string(line, "event"));
    assert_int_equal(2, json_peek_int(line, "attempt", 0));
    assert_string_equal("Too much of it.",
                        json_peek_string(json_object_get(line, "problem"), "detail"));
    assert_int_equal(1, orders(s, "failed"));
    scene_start(s); /* the recovery is told also when it comes after a restart */
    certificate_failed(scene_certificate(s), NULL, s->result);
    certificate_failed(scene_certificate(s), NULL, s->result); /* and once */
    assert_string_equal("account-registered failing recovered", events(s));
    account_failed(scene_account(s), failure(s), s->result);
    expect_event(s, "account-failing");
    account_failed(scene_account(s), NULL, s->result);
    expect_event(s, "account-recovered");
    scene_end(s);
}

static void an_order_that_is_given_up(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    assert_int_equal(APR_SUCCESS, certificate_abandon(scene_certificate(s), s->result));
    expect_event(s, "abandoned");
    scene_finalize(s); /* another one took its place */
    assert_int_equal(1, orders(s, "abandoned"));
    assert_int_equal(0, orders(s, "failed"));
    /* Given up since the attempt has failed: it is counted once. */
    assert_int_equal(APR_SUCCESS, certificate_abandon(scene_certificate(s), s->result));
    certificate_failed(scene_certificate(s), failure(s), s->result);
    assert_int_equal(1, orders(s, "abandoned"));
    assert_int_equal(1, orders(s, "failed"));
    scene_end(s);
}

static void what_happens_to_processes(void **state)
{
    scene_t *s = scene_make(*state);
    const changes_t *changes;

    s->plan->restarts = 2;
    scene_start(s);
    keeper_start(s->keeper);
    assert_int_equal(2, json_peek_int(newest(s), "restarts", 0));
    assert_int_equal(1, counted(s, "restarts", "keeper"));
    s->plan->restarts = 0;
    scene_start(s);
    s->keeper->restarted = "www.example.edu (generation 000001)";
    keeper_start(s->keeper);
    assert_int_equal(1, counted(s, "reloads", "done"));
    changes = s->keeper->means.changes;
    changes_tell_process(changes, CHANGE_RESTART_REFUSED, "Syntax error.", s->p);
    assert_string_equal("Syntax error.", json_peek_string(newest(s), "why"));
    changes_tell_process(changes, CHANGE_RESTART_FAILED, "In vain.", s->p);
    changes_tell_process(changes, CHANGE_AGENT_ENDED, "The agent hangs.", s->p);
    assert_string_equal("keeper-restart restart restart-refused restart-failed agent-restart",
                        events(s));
    assert_int_equal(1, counted(s, "reloads", "refused"));
    assert_int_equal(1, counted(s, "reloads", "failed"));
    assert_int_equal(1, counted(s, "restarts", "agent"));
    scene_end(s);
}

static apr_status_t tell_requests(scene_t *s, json_t *list)
{
    return scene_ask(s, MESSAGE_REQUESTS,
                     json_pack("{s:i,s:i,s:o}", "id", 1, "account", 0, "requests", list));
}

static const char *counted_requests(scene_t *s)
{
    return json_text(s->p, json_object_get(scene_read(s, "counters.json"), "requests"));
}

static void requests_are_counted_as_the_agent_tells(void **state)
{
    scene_t *s = scene_make(*state);
    json_t *list = json_array();
    int i;

    scene_start(s);
    assert_int_equal(APR_SUCCESS,
                     tell_requests(s, json_pack("[{s:s,s:s,s:i}]", "resource", "newOrder", "code",
                                                "2xx", "count", 3)));
    assert_false(scene_has(s, "counters.json")); /* not for each of thousands */
    while (s->keeper->line->counters == 0)
        scene_run(s, apr_time_from_msec(20));
    assert_string_equal(
        "[{\"account\":\"default\",\"resource\":\"newOrder\",\"code\":\"2xx\",\"count\":3}]",
        counted_requests(s));
    assert_int_equal(APR_SUCCESS,
                     tell_requests(s, json_pack("[{s:s,s:s,s:i}]", "resource", "newOrder", "code",
                                                "2xx", "count", 1)));
    keeper_stop(s->keeper);
    assert_string_equal(
        "[{\"account\":\"default\",\"resource\":\"newOrder\",\"code\":\"2xx\",\"count\":4}]",
        counted_requests(s));
    assert_int_equal(APR_EINVAL, tell_requests(s, json_object()));
    assert_int_equal(APR_EINVAL,
                     tell_requests(s, json_pack("[{s:s,s:s,s:I}]", "resource", "newOrder", "code",
                                                "2xx", "count", (json_int_t)1 << 40)));
    for (i = 0; i < 200; ++i)
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:i}", "resource", "newOrder", "code", "2xx", "count", 1));
    assert_int_equal(APR_EINVAL, tell_requests(s, list));
    scene_end(s);
}

static void the_agent_hears_of_the_numbers(void **state)
{
    scene_t *s = scene_make(*state);
    brief_t *brief;

    scene_start(s);
    scene_register(s);
    synced_begin();
    certificate_failed(scene_certificate(s), failure(s), s->result);
    certificate_failed(scene_certificate(s), failure(s), s->result);
    assert_int_equal(0, synced("/history.jsonl"));
    while (s->keeper->line->counters == 0)
        scene_run(s, apr_time_from_msec(20));
    assert_int_equal(1, synced("/history.jsonl")); /* once for all, and the numbers with it */
    assert_int_equal(2, synced("/store"));
    assert_int_equal(1, s->keeper->line->counters); /* once for both */
    brief = briefing_make(&s->keeper->briefing, s->p);
    assert_non_null(json_object_get(brief->counters, "orders"));
    scene_end(s);
}

static void the_agent_hears_of_the_last_lines(void **state)
{
    scene_t *s = scene_make(*state);
    const json_t *line;
    brief_t *brief;
    int i;

    scene_start(s);
    scene_register(s);
    certificate_failed(scene_certificate(s), failure(s), s->result);
    brief = briefing_make(&s->keeper->briefing, s->p);
    line = json_array_get(brief->history, json_array_size(brief->history) - 1);
    assert_string_equal("failing", json_peek_string(line, "event"));
    assert_non_null(json_peek_string(line, "at"));
    assert_non_null(json_peek_string(line, "detail"));
    line = json_array_get(brief->history, 0);
    assert_string_equal("account-registered", json_peek_string(line, "event"));
    for (i = 0; i < 30; ++i)
        certificate_failed(scene_certificate(s), failure(s), s->result);
    brief = briefing_make(&s->keeper->briefing, s->p);
    assert_int_equal(20, json_array_size(brief->history));
    scene_end(s);
}

static void nothing_fails_because_it_cannot_be_written(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    unlink(scene_path(s, "history.jsonl"));
    assert_int_equal(0, mkdir(scene_path(s, "history.jsonl"), 0700));
    assert_int_equal(0, mkdir(scene_path(s, "history.jsonl.damaged"), 0700));
    assert_int_equal(0, mkdir(scene_path(s, "history.jsonl.damaged/x"), 0700));
    scene_finalize(s);
    scene_install(s);
    assert_int_equal(1, orders(s, "issued"));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_order_from_its_beginning_to_its_end),
        fixture_test(it_is_written_before_anybody_acts_on_it),
        fixture_test(a_failure_and_its_end),
        fixture_test(an_order_that_is_given_up),
        fixture_test(what_happens_to_processes),
        fixture_test(requests_are_counted_as_the_agent_tells),
        fixture_test(the_agent_hears_of_the_numbers),
        fixture_test(the_agent_hears_of_the_last_lines),
        fixture_test(nothing_fails_because_it_cannot_be_written),
    };

    return fixture_run(tests);
}
