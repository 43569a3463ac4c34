/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/json.h"
#include "base/text.h"

static void assert_text(const char *expected, const text_t *text)
{
    assert_false(text->failed);
    assert_int_equal(strlen(expected), text->len);
    assert_memory_equal(expected, text->data, text->len);
}

static void it_grows(void **state)
{
    text_t text = { 0 };
    int i;

    (void)state;
    for (i = 0; i < 10000; ++i)
        text_put(&text, "0123456789");
    assert_int_equal(100000, text.len);
    assert_memory_equal("9012", text.data + 99989, 4);
    text_free(&text);
    assert_int_equal(0, text.len);
}

static void values_are_put_one_by_one(void **state)
{
    json_t *json = json_own(*state, json_pack("{s:{s:i}}", "a", "b", 1));
    text_t text = { 0 };

    text_put(&text, "[");
    text_put_json(&text, json, JSON_COMPACT);
    text_put_json(&text, json_own(*state, json_string("x")), 0);
    assert_text("[{\"a\":{\"b\":1}}\"x\"", &text);
    text_free(&text);
}

/* Whatever its last member is, and however it is laid out. */
static void an_object_is_left_open(void **state)
{
    json_t *json = json_own(*state, json_pack("{s:{s:i}}", "a", "b", 1));
    text_t text = { 0 };

    text_put_open(&text, json, JSON_COMPACT);
    text_put(&text, ",\"c\":2}");
    assert_text("{\"a\":{\"b\":1},\"c\":2}", &text);
    text_free(&text);
    text_put_open(&text, json, JSON_INDENT(1));
    assert_text("{\n \"a\": {\n  \"b\": 1\n }", &text);
    text_free(&text);
}

static void what_fails_is_remembered(void **state)
{
    text_t text = { 0 };

    (void)state;
    text_put_json(&text, NULL, 0);
    text_put(&text, "x");
    assert_true(text.failed);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_grows),
        fixture_test(values_are_put_one_by_one),
        fixture_test(an_object_is_left_open),
        fixture_test(what_fails_is_remembered),
    };

    return fixture_run(tests);
}
