/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "store/counters.h"

typedef struct scene {
    apr_pool_t *p;
    store_t *store;
    apr_array_header_t *labels;
    counters_t *counters;
} scene_t;

static void load(scene_t *s)
{
    s->counters = counters_load(s->store, s->labels, s->p);
}

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    assert_int_equal(APR_SUCCESS,
                     store_open(&s.store, fixture_directory(p), eab_result_make(p), p));
    s.labels = apr_array_make(p, 2, sizeof(const char *));
    APR_ARRAY_PUSH(s.labels, const char *) = "default";
    load(&s);
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static void save(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, counters_save(s->counters, s->store, 1, eab_result_make(s->p)));
}

static const char *text(const scene_t *s, const char *member)
{
    json_t *json = json_own(s->p, counters_to_json(s->counters));

    return json_text(s->p, json_object_get(json, member));
}

static void nothing_is_zero(void **state)
{
    scene_t s = scene(*state);

    assert_string_equal("[{\"account\":\"default\",\"result\":\"issued\",\"count\":0},"
                        "{\"account\":\"default\",\"result\":\"failed\",\"count\":0},"
                        "{\"account\":\"default\",\"result\":\"abandoned\",\"count\":0}]",
                        text(&s, "orders"));
    assert_string_equal("[]", text(&s, "requests"));
    assert_string_equal("{\"done\":0,\"refused\":0,\"failed\":0}", text(&s, "reloads"));
    assert_string_equal("{\"delivered\":0,\"given_up\":0}", text(&s, "events"));
    assert_string_equal("{\"keeper\":0,\"agent\":0}", text(&s, "restarts"));
    scene_end(&s);
}

static void what_was_counted_is_there_after_a_restart(void **state)
{
    scene_t s = scene(*state);
    const char *members[] = { "orders",  "order_duration", "requests",
                              "reloads", "events",         "restarts" };
    const char *before[6];
    int i;

    counters_order(s.counters, "default", ORDER_ISSUED, apr_time_from_sec(3));
    counters_order(s.counters, "default", ORDER_ISSUED, apr_time_from_sec(400));
    counters_order(s.counters, "default", ORDER_FAILED, -1);
    counters_order(s.counters, "default", ORDER_ABANDONED, -1);
    assert_int_equal(APR_SUCCESS, counters_request(s.counters, "default", "newOrder", "2xx", 7));
    for (i = 0; i < COUNTS; ++i) {
        counters_add(s.counters, (counters_kind_t)i);
    }
    for (i = 0; i < 6; ++i) {
        before[i] = text(&s, members[i]);
    }
    assert_string_equal("{\"done\":1,\"refused\":1,\"failed\":1}", before[3]);
    assert_string_equal("[{\"account\":\"default\",\"resource\":\"newOrder\",\"code\":\"2xx\","
                        "\"count\":7}]",
                        before[2]);
    save(&s);
    load(&s);
    for (i = 0; i < 6; ++i) {
        assert_string_equal(before[i], text(&s, members[i]));
    }
    assert_int_equal(APR_SUCCESS, counters_request(s.counters, "default", "newOrder", "2xx", 1));
    assert_non_null(strstr(text(&s, "requests"), "\"count\":8"));
    scene_end(&s);
}

static void buckets_hold_all_that_was_as_fast(void **state)
{
    scene_t s = scene(*state);

    counters_order(s.counters, "default", ORDER_ISSUED, apr_time_from_sec(5));
    counters_order(s.counters, "default", ORDER_ISSUED, apr_time_from_sec(5) + 1);
    counters_order(s.counters, "default", ORDER_ISSUED, apr_time_from_sec(100000));
    counters_order(s.counters, "default", ORDER_ISSUED, -1); /* nobody knows since when */
    assert_string_equal(
        "[{\"account\":\"default\",\"buckets\":[{\"le\":5,\"count\":1},{\"le\":15,\"count\":2},"
        "{\"le\":60,\"count\":2},{\"le\":300,\"count\":2},{\"le\":1800,\"count\":2},"
        "{\"le\":3600,\"count\":2},{\"le\":86400,\"count\":2}],\"sum\":100010,\"count\":3}]",
        text(&s, "order_duration"));
    scene_end(&s);
}

static void only_known_words_are_counted(void **state)
{
    scene_t s = scene(*state);

    assert_int_equal(APR_EINVAL, counters_request(s.counters, "default", "newOrder", "7xx", 1));
    assert_int_equal(APR_EINVAL, counters_request(s.counters, "default", "newOrder", NULL, 1));
    assert_int_equal(APR_EINVAL, counters_request(s.counters, "default", "newOrder", "2xx", -1));
    assert_int_equal(APR_SUCCESS, counters_request(s.counters, "default", "<b>", "2xx", 1));
    assert_non_null(strstr(text(&s, "requests"), "\"resource\":\"other\""));
    scene_end(&s);
}

static void accounts_have_a_limit(void **state)
{
    scene_t s = scene(*state);
    int i;

    for (i = 0; i < 3 * LIMIT_COUNTED_ACCOUNTS; ++i) {
        counters_order(s.counters, apr_psprintf(s.p, "a%d", i), ORDER_FAILED, -1);
    }
    assert_int_equal(
        3 * (LIMIT_COUNTED_ACCOUNTS + 1),
        json_array_size(json_object_get(json_own(s.p, counters_to_json(s.counters)), "orders")));
    assert_non_null(
        strstr(text(&s, "orders"), apr_psprintf(s.p, "\"other\",\"result\":\"failed\",\"count\":%d",
                                                2 * LIMIT_COUNTED_ACCOUNTS + 1)));
    scene_end(&s);
}

static void accounts_that_are_not_configured_are_forgotten(void **state)
{
    scene_t s = scene(*state);

    counters_order(s.counters, "old", ORDER_FAILED, -1);
    save(&s);
    load(&s);
    assert_null(strstr(text(&s, "orders"), "old"));
    scene_end(&s);
}

static void damaged_files_are_as_none(void **state)
{
    static const char *const texts[] = {
        "",
        "nonsense",
        "[]",
        "{\"orders\":7,\"requests\":{},\"reloads\":[],\"order_duration\":[7]}",
        "{\"orders\":[{\"account\":\"default\",\"result\":\"issued\",\"count\":-3}],"
        "\"requests\":[{\"account\":\"default\",\"count\":\"x\"}],\"reloads\":{\"done\":-1}}",
    };
    scene_t s = scene(*state);
    const char *none = text(&s, "orders");
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        fixture_write(store_path(s.p, s.store, "counters.json", NULL, NULL), texts[i],
                      strlen(texts[i]));
        load(&s);
        assert_string_equal(none, text(&s, "orders"));
        assert_string_equal("[]", text(&s, "requests"));
        assert_string_equal("{\"done\":0,\"refused\":0,\"failed\":0}", text(&s, "reloads"));
    }
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(nothing_is_zero),
        fixture_test(what_was_counted_is_there_after_a_restart),
        fixture_test(buckets_hold_all_that_was_as_fast),
        fixture_test(only_known_words_are_counted),
        fixture_test(accounts_have_a_limit),
        fixture_test(accounts_that_are_not_configured_are_forgotten),
        fixture_test(damaged_files_are_as_none),
    };

    return fixture_run(tests);
}
