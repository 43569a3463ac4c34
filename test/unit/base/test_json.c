/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"

static int setup(void **state)
{
    apr_pool_t *p = NULL;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

static json_t *parse(apr_pool_t *p, const char *text)
{
    return json_parse(p, text, strlen(text), NULL);
}

static void gives_references_to_the_pool(void **state)
{
    apr_pool_t *sub = NULL;
    json_t *json = json_object();

    assert_int_equal(apr_pool_create(&sub, *state), APR_SUCCESS);
    assert_ptr_equal(json_own(sub, json_incref(json)), json);
    assert_null(json_own(sub, NULL));
    assert_int_equal(json->refcount, 2);
    apr_pool_destroy(sub);
    assert_int_equal(json->refcount, 1);
    json_decref(json);
}

static void parses_any_value_at_the_top(void **state)
{
    const char *error = "untouched";
    json_t *json = json_parse(*state, "{\"a\":1}", 7, &error);

    assert_true(json_is_object(json));
    assert_null(error);
    assert_true(json_is_string(parse(*state, "\"text\"")));
    assert_true(json_is_null(parse(*state, "null")));
    assert_true(json_is_array(parse(*state, " [] ")));
    /* No more than len bytes. */
    assert_true(json_is_integer(json_parse(*state, "12345", 2, NULL)));
    assert_int_equal(json_integer_value(json_parse(*state, "12345", 2, NULL)), 12);
}

static void refuses_what_is_not_json(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1} x",
        "{\"a\":1,\"a\":2}",
        "'a'",
        "\"a\\u0000b\"",
        "\"\xff\"",
        "{a:1}",
        "\"open",
        "\"open\\",
        "<html>503</html>",
        "nul",
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        const char *error = NULL;

        assert_null(json_parse(*state, bad[i], strlen(bad[i]), &error));
        assert_non_null(error);
        assert_null(json_parse(*state, bad[i], strlen(bad[i]), NULL));
    }
}

static void keeps_remote_text_out_of_the_reason(void **state)
{
    const char *text = "{\"a\": \x1b[31mforged}";
    const char *error = NULL;

    assert_null(json_parse(*state, text, strlen(text), &error));
    assert_null(strstr(error, "forged"));
    assert_null(strchr(error, '\x1b'));
    assert_non_null(strstr(error, "line 1"));
}

/* depth arrays within each other, around inner */
static const char *nest(apr_pool_t *p, int depth, const char *inner)
{
    return depth == 0 ? inner : apr_pstrcat(p, "[", nest(p, depth - 1, inner), "]", NULL);
}

static void refuses_deep_nesting(void **state)
{
    const char *error = NULL;
    const char *deep = nest(*state, LIMIT_JSON_DEPTH, "{}");

    assert_non_null(parse(*state, nest(*state, LIMIT_JSON_DEPTH, "1")));
    assert_null(json_parse(*state, deep, strlen(deep), &error));
    assert_non_null(strstr(error, "32"));
}

static void counts_no_brackets_in_strings(void **state)
{
    char *brackets = apr_pcalloc(*state, 101);
    const char *text;

    memset(brackets, '[', 100);
    text =
        apr_pstrcat(*state, "{\"", brackets, "\\\"", brackets, "\":\"", brackets, "\\\\\"}", NULL);
    assert_non_null(parse(*state, text));
    /* An escaped quote does not end a string, so that these brackets count. */
    text = apr_pstrcat(*state, "[\"\\\\\",", nest(*state, LIMIT_JSON_DEPTH, "1"), "]", NULL);
    assert_null(parse(*state, text));
    /* Closed ones do not add up. */
    assert_non_null(parse(*state, "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
                                  "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"));
}

static void writes_members_in_their_order(void **state)
{
    json_t *json = json_own(*state, json_object());

    json_put_string(json, "z", "1");
    json_put_string(json, "a", "2");
    assert_string_equal(json_text(*state, json), "{\"z\":\"1\",\"a\":\"2\"}");
    assert_string_equal(json_text(*state, parse(*state, "\"x\"")), "\"x\"");
    assert_null(json_text(*state, NULL));
}

static void looks_up_members_by_type(void **state)
{
    json_t *json = parse(*state, "{\"s\":\"text\",\"i\":7,\"t\":true,\"f\":false,\"n\":null,"
                                 "\"r\":1.5}");

    assert_string_equal(json_peek_string(json, "s"), "text");
    assert_null(json_peek_string(json, "i"));
    assert_null(json_peek_string(json, "missing"));
    assert_null(json_peek_string(NULL, "s"));
    assert_string_equal(json_copy_string(*state, json, "s"), "text");
    assert_ptr_not_equal(json_copy_string(*state, json, "s"), json_peek_string(json, "s"));
    assert_null(json_copy_string(*state, json, "n"));
    assert_int_equal(json_peek_int(json, "i", -1), 7);
    assert_int_equal(json_peek_int(json, "r", -1), -1);
    assert_int_equal(json_peek_int(json, "s", -1), -1);
    assert_int_equal(json_peek_bool(json, "t", 0), 1);
    assert_int_equal(json_peek_bool(json, "f", 1), 0);
    assert_int_equal(json_peek_bool(json, "i", 1), 1);
    assert_int_equal(json_peek_bool(parse(*state, "[]"), "t", 1), 1);
}

static void leaves_out_strings_that_are_none(void **state)
{
    json_t *json = json_own(*state, json_object());

    json_put_string(json, "null", NULL);
    json_put_string(json, "latin1", "\xe4");
    json_put_string(json, "utf8", "\xc3\xa4");
    assert_int_equal(json_object_size(json), 1);
    assert_string_equal(json_peek_string(json, "utf8"), "\xc3\xa4");
}

static void keeps_times_as_text(void **state)
{
    json_t *json = json_own(*state, json_object());

    json_put_time(json, "never", 0);
    json_put_time(json, "then", apr_time_from_sec(1795298700) + 5);
    json_put_string(json, "bad", "yesterday");
    assert_null(json_object_get(json, "never"));
    assert_string_equal(json_peek_string(json, "then"), "2026-11-21T22:05:00Z");
    assert_int_equal(json_peek_time(json, "then"), apr_time_from_sec(1795298700));
    assert_int_equal(json_peek_time(json, "bad"), 0);
    assert_int_equal(json_peek_time(json, "never"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_references_to_the_pool),
        cmocka_unit_test(parses_any_value_at_the_top),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(keeps_remote_text_out_of_the_reason),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(counts_no_brackets_in_strings),
        cmocka_unit_test(writes_members_in_their_order),
        cmocka_unit_test(looks_up_members_by_type),
        cmocka_unit_test(leaves_out_strings_that_are_none),
        cmocka_unit_test(keeps_times_as_text),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
