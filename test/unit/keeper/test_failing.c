/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

static const failure_t *failure_of(scene_t *s)
{
    return scene_certificate(s)->failing.failure;
}

static void fail_once(scene_t *s)
{
    json_t *body =
        json_pack("{s:i,s:i,s:{s:i,s:s,s:s,s:i,s:{s:s,s:i}}}", "id", 1, "certificate", 0, "failure",
                  "attempts", 2, "since", "2026-01-02T03:04:05Z", "next", "2046-01-02T03:04:05Z",
                  "place", 1, "problem", "detail", "No way", "rv", 20014);

    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_FAILED, body));
}

static void a_failure_counts_while_the_configuration_is_the_same(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    fail_once(s);
    scene_start(s);
    assert_int_equal(2, failure_of(s)->attempts);
    assert_string_equal("No way", failure_of(s)->problem->detail);
    s->certificate->challenges = party_names(s->p, NULL);
    scene_start(s);
    assert_null(failure_of(s));
    assert_false(scene_has(s, "failures/" NAME ".json"));
    scene_end(s);
}

/* In so many seconds it is tried again. */
static apr_int64_t next_in(scene_t *s)
{
    return apr_time_sec(failure_of(s)->next - apr_time_now());
}

static void fail_with(scene_t *s, const char *type, int seconds_ago)
{
    char tried[CLOCK_TEXT_SIZE], next[CLOCK_TEXT_SIZE];
    json_t *body;

    clock_print(tried, apr_time_now() - apr_time_from_sec(seconds_ago));
    clock_print(next, apr_time_now() + apr_time_from_sec(20 * 3600));
    body = json_pack("{s:i,s:i,s:{s:i,s:s,s:s,s:s,s:i,s:{s:s,s:s,s:i}}}", "id", 1, "certificate", 0,
                     "failure", "attempts", 2, "since", tried, "tried", tried, "next", next,
                     "place", 2, "problem", "type", type, "detail", "No way", "rv", 20014);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_FAILED, body));
}

/* Who has mended something at the CA has no other way to say so. */
static void a_restart_by_somebody_tries_what_waits_for_somebody(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    fail_with(s, ACME_ERROR "rejectedIdentifier", 3600);
    assert_true(next_in(s) > 19 * 3600);
    scene_start(s);
    assert_true(next_in(s) <= 0);
    fail_with(s, ACME_ERROR "userActionRequired", 120);
    scene_start(s);
    assert_in_range(next_in(s), 470, 480); /* 10 minutes after the last try */
    fail_with(s, ACME_ERROR "caa", 3600);
    scene_start(s);
    assert_true(next_in(s) <= 0);
    fail_with(s, ACME_ERROR "rateLimited", 3600); /* no person can mend that */
    scene_start(s);
    assert_true(next_in(s) > 19 * 3600);
    scene_end(s);
}

static void a_restart_of_ours_tries_nothing(void **state)
{
    static const char memory[] = "{\"restarting\":{\"for\":\"x\"}}";
    scene_t *s = scene_make(*state);

    scene_start(s);
    fail_with(s, ACME_ERROR "rejectedIdentifier", 3600);
    fixture_write(scene_path(s, "reload.json"), memory, strlen(memory));
    scene_start(s);
    assert_true(next_in(s) > 19 * 3600);
    s->plan->restarts = 1; /* of the keeper: httpd has not read its configuration anew */
    scene_start(s);
    assert_true(next_in(s) > 19 * 3600);
    s->plan->restarts = 0;
    scene_start(s);
    assert_true(next_in(s) <= 0);
    scene_end(s);
}

/* As a disk that is full or read-only. */
static void shut_failures(scene_t *s)
{
    assert_int_equal(0, rename(scene_path(s, "failures"), scene_path(s, "failures-aside")));
    fixture_write(scene_path(s, "failures"), "", 0);
}

static void open_failures(scene_t *s)
{
    assert_int_equal(0, unlink(scene_path(s, "failures")));
    assert_int_equal(0, rename(scene_path(s, "failures-aside"), scene_path(s, "failures")));
}

static void tell_of(scene_t *s, const char *what, const char *detail)
{
    json_t *body = json_pack("{s:i,s:i}", "id", 1, what, 0);

    if (detail != NULL) {
        json_object_set_new(body, "failure",
                            json_pack("{s:i,s:s,s:s,s:i,s:{s:s,s:i}}", "attempts", 2, "since",
                                      "2026-01-02T03:04:05Z", "next", "2046-01-02T03:04:05Z",
                                      "place", 1, "problem", "detail", detail, "rv", 20014));
    }
    scene_ask(s, MESSAGE_FAILED, body);
}

/* Otherwise it would be told as a failure by everybody who reads the store, until httpd starts again. */
static void the_end_of_a_failure_reaches_a_store_that_could_not_be_written_to(void **state)
{
    static const char *const whats[] = { "certificate", "account" };
    scene_t *s = scene_make(*state);
    unsigned i;

    for (i = 0; i < 2; ++i) {
        const char *file;

        scene_start(s);
        scene_register(s);
        file = i == 0 ? "failures/" NAME ".json"
                      : apr_pstrcat(s->p, "failures/", scene_account(s)->registration->id, ".json",
                                    NULL);
        tell_of(s, whats[i], "No way");
        assert_true(scene_has(s, file));
        shut_failures(s);
        tell_of(s, whats[i], NULL);
        open_failures(s);
        assert_true(scene_has(s, file));
        model_tidy(s->keeper->model, s->p);
        assert_false(scene_has(s, file));
        shut_failures(s);
        tell_of(s, whats[i], "No way");
        open_failures(s);
        assert_false(scene_has(s, file));
        model_tidy(s->keeper->model, s->p);
        assert_true(scene_has(s, file));
        assert_int_equal(0, unlink(scene_path(s, file)));
        model_tidy(s->keeper->model, s->p);
        assert_false(scene_has(s, file)); /* once is enough */
    }
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_failure_counts_while_the_configuration_is_the_same),
        fixture_test(a_restart_by_somebody_tries_what_waits_for_somebody),
        fixture_test(a_restart_of_ours_tries_nothing),
        fixture_test(the_end_of_a_failure_reaches_a_store_that_could_not_be_written_to),
    };

    return fixture_run(tests);
}
