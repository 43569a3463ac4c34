/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "store/history.h"

#define FIRST apr_time_from_sec(1795300000)
#define MINUTE apr_time_from_sec(60)

typedef struct scene {
    apr_pool_t *p;
    store_t *store;
    eab_result_t *result;
    const char *path;
    const char *older;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p, .result = eab_result_make(p) };

    assert_int_equal(APR_SUCCESS, store_open(&s.store, fixture_directory(p), s.result, p));
    s.path = store_path(p, s.store, "history.jsonl", NULL, NULL);
    s.older = store_path(p, s.store, "history.jsonl.1", NULL, NULL);
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static json_t *entry(scene_t *s, int minute, const char *event, const char *name)
{
    json_t *json = json_own(s->p, json_object());

    json_put_string(json, "event", event);
    json_put_string(json, "name", name);
    json_put_time(json, "at", FIRST + minute * MINUTE);
    return json;
}

static void add(scene_t *s, int minute, const char *event, const char *name)
{
    assert_int_equal(APR_SUCCESS,
                     history_add(s->store, entry(s, minute, event, name), 1, s->result));
}

/* The events that a query finds, in one line. */
static const char *ask(scene_t *s, history_query_t query)
{
    apr_array_header_t *found = history_read(s->store, &query, s->p);
    const char *line = "";
    int i;

    for (i = 0; i < found->nelts; ++i) {
        line = apr_pstrcat(s->p, line, i > 0 ? " " : "",
                           json_peek_string(APR_ARRAY_IDX(found, i, json_t *), "event"), NULL);
    }
    return line;
}

static const char *text_of(scene_t *s, const char *path)
{
    const char *text = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS, file_read(&text, &len, path, 2 * LIMIT_HISTORY, s->p));
    return text;
}

static void a_line_is_an_object_with_the_time_first(void **state)
{
    scene_t s = scene(*state);
    struct stat st;

    add(&s, 0, "issued", "www.example.edu");
    assert_string_equal(
        "{\"at\":\"2026-11-21T22:26:40Z\",\"event\":\"issued\",\"name\":\"www.example.edu\"}\n",
        text_of(&s, s.path));
    assert_int_equal(0, stat(s.path, &st));
    assert_int_equal(0600, st.st_mode & 07777);
    scene_end(&s);
}

static void an_entry_without_a_time_is_of_now(void **state)
{
    scene_t s = scene(*state);
    json_t *json = json_own(s.p, json_pack("{s:s}", "event", "command"));
    history_query_t all = { 0, 0, NULL, 0 };
    apr_time_t before = apr_time_now() - apr_time_from_sec(1), at;

    assert_int_equal(APR_SUCCESS, history_add(s.store, json, 1, s.result));
    at = json_peek_time(APR_ARRAY_IDX(history_read(s.store, &all, s.p), 0, json_t *), "at");
    assert_true(at >= before && at <= apr_time_now());
    assert_null(json_object_get(json, "at")); /* what is borrowed stays as it is */
    scene_end(&s);
}

static void what_is_asked_for_is_found(void **state)
{
    scene_t s = scene(*state);
    json_t *with_names =
        json_own(s.p, json_pack("{s:s,s:s,s:[s,s]}", "at", "2027-01-01T00:00:00Z", "event", "e",
                                "names", "x.example.edu", "b.example.edu"));

    add(&s, 0, "a", "a.example.edu");
    add(&s, 1, "b", "b.example.edu");
    add(&s, 2, "c", "a.example.edu");
    add(&s, 3, "d", NULL);
    assert_int_equal(APR_SUCCESS, history_add(s.store, with_names, 1, s.result));
    assert_string_equal("a b c d e", ask(&s, (history_query_t){ 0, 0, NULL, 0 }));
    assert_string_equal("d e", ask(&s, (history_query_t){ 0, 0, NULL, 2 }));
    assert_string_equal("a c", ask(&s, (history_query_t){ 0, 0, "a.example.edu", 0 }));
    assert_string_equal("b e", ask(&s, (history_query_t){ 0, 0, "b.example.edu", 0 }));
    assert_string_equal("b c",
                        ask(&s, (history_query_t){ FIRST + MINUTE, FIRST + 2 * MINUTE, NULL, 0 }));
    assert_string_equal("c", ask(&s, (history_query_t){ FIRST + MINUTE, 0, "a.example.edu", 1 }));
    assert_string_equal("", ask(&s, (history_query_t){ 0, 0, "c.example.edu", 0 }));
    scene_end(&s);
}

static void damaged_lines_cost_no_other(void **state)
{
    scene_t s = scene(*state);
    const char *damage = "{\"at\":\"2026-11-21T21:06:40Z\",\"event\":\"tor";
    const char *text;

    add(&s, 0, "a", NULL);
    text = apr_pstrcat(s.p, text_of(&s, s.path), "\n\1\2\3\n[]\n{\"event\":\"no time\"}\n", damage,
                       NULL);
    fixture_write(s.path, text, strlen(text));
    add(&s, 1, "b", NULL); /* not behind what a crash has left of a line */
    assert_string_equal("a b", ask(&s, (history_query_t){ 0, 0, NULL, 0 }));
    scene_end(&s);
}

static void it_has_a_limit_and_one_older_file(void **state)
{
    scene_t s = scene(*state);
    json_t *json = entry(&s, 0, "first", NULL);
    char *filler = apr_palloc(s.p, 15001);
    struct stat st;
    int i;

    memset(filler, 'x', 15000);
    filler[15000] = '\0';
    add(&s, 0, "first", NULL);
    json_put_string(json, "event", "filler");
    json_put_string(json, "why", filler);
    for (i = 0; i < 2 * LIMIT_HISTORY / 15000 - 5; ++i) {
        assert_int_equal(APR_SUCCESS, history_add(s.store, json, 1, s.result));
    }
    add(&s, 1, "last", NULL);
    assert_int_equal(0, stat(s.path, &st));
    assert_true(st.st_size <= LIMIT_HISTORY);
    assert_int_equal(0, stat(s.older, &st));
    assert_true(st.st_size <= LIMIT_HISTORY);
    assert_true(strncmp("first filler", ask(&s, (history_query_t){ 0, 0, NULL, 0 }), 12) == 0);
    assert_string_equal("filler last", ask(&s, (history_query_t){ 0, 0, NULL, 2 }));
    for (i = 0; i < LIMIT_HISTORY / 15000; ++i) {
        assert_int_equal(APR_SUCCESS, history_add(s.store, json, 1, s.result));
    }
    assert_int_not_equal(0, strncmp("first", ask(&s, (history_query_t){ 0, 0, NULL, 0 }), 5));
    scene_end(&s);
}

static void a_long_entry_loses_what_can_be_done_without(void **state)
{
    scene_t s = scene(*state);
    json_t *json = entry(&s, 0, "failing", "a"), *names = json_array(), *found;
    history_query_t all = { 0, 0, NULL, 0 };
    char *filler = apr_palloc(s.p, LIMIT_HISTORY_LINE + 1);
    int i;

    for (i = 0; i < 2000; ++i) {
        json_array_append_new(names, json_string("www.example.edu"));
    }
    json_object_set_new(json, "names", names);
    json_put_string(json, "serial", "42");
    assert_int_equal(APR_SUCCESS, history_add(s.store, json, 1, s.result));
    found = APR_ARRAY_IDX(history_read(s.store, &all, s.p), 0, json_t *);
    assert_null(json_object_get(found, "names"));
    assert_true(json_is_true(json_object_get(found, "shortened")));
    assert_string_equal("42", json_peek_string(found, "serial"));
    memset(filler, 'x', LIMIT_HISTORY_LINE);
    filler[LIMIT_HISTORY_LINE] = '\0';
    json_put_string(json, "serial", filler);
    assert_int_not_equal(APR_SUCCESS, history_add(s.store, json, 1, s.result));
    assert_string_equal("failing", ask(&s, all));
    scene_end(&s);
}

static void what_is_no_file_in_its_place_is_set_aside(void **state)
{
    scene_t s = scene(*state);

    assert_int_equal(0, mkdir(s.path, 0700));
    add(&s, 0, "a", NULL);
    assert_string_equal("a", ask(&s, (history_query_t){ 0, 0, NULL, 0 }));
    scene_end(&s);
    s = scene(*state);
    assert_int_equal(0, mkfifo(s.path, 0600));
    add(&s, 0, "b", NULL);
    assert_string_equal("b", ask(&s, (history_query_t){ 0, 0, NULL, 0 }));
    scene_end(&s);
}

static void nothing_is_a_history_as_well(void **state)
{
    scene_t s = scene(*state);

    assert_string_equal("", ask(&s, (history_query_t){ 0, 0, NULL, 0 }));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_line_is_an_object_with_the_time_first),
        fixture_test(an_entry_without_a_time_is_of_now),
        fixture_test(what_is_asked_for_is_found),
        fixture_test(damaged_lines_cost_no_other),
        fixture_test(it_has_a_limit_and_one_older_file),
        fixture_test(a_long_entry_loses_what_can_be_done_without),
        fixture_test(what_is_no_file_in_its_place_is_set_aside),
        fixture_test(nothing_is_a_history_as_well),
    };

    return fixture_run(tests);
}
