/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/json.h"
#include "ipc/message.h"

static void every_message_has_a_name(void **state)
{
    int type;

    (void)state;
    for (type = MESSAGE_PLAN; type <= MESSAGE_PROBLEM; ++type)
        assert_non_null(message_name(type));
    assert_string_equal("plan", message_name(MESSAGE_PLAN));
    assert_string_equal("sign", message_name(MESSAGE_SIGN));
    assert_string_equal("problem", message_name(MESSAGE_PROBLEM));
    assert_string_equal("unknown", message_name(0));
    assert_string_equal("unknown", message_name(-1));
    assert_string_equal("unknown", message_name(MESSAGE_PROBLEM + 1));
    assert_string_equal("unknown", message_name(255));
}

static void sentences_are_parsed_as_they_are_named(void **state)
{
    int sentence;

    (void)state;
    for (sentence = SENTENCE_NEW_ACCOUNT; sentence <= SENTENCE_FIND_NEXT; ++sentence) {
        assert_non_null(sentence_name(sentence));
        assert_int_equal(sentence, sentence_parse(sentence_name(sentence)));
    }
    assert_int_equal(SENTENCE_NEW_ORDER, sentence_parse("newOrder"));
    assert_null(sentence_name(0));
    assert_null(sentence_name(-1));
    assert_null(sentence_name(SENTENCE_FIND_NEXT + 1));
}

static void other_words_are_no_sentence(void **state)
{
    static const char *const words[] = { "", "neworder", "newOrder ", "revokeCert", "revokeByAll" };
    size_t i;

    (void)state;
    assert_int_equal(0, sentence_parse(NULL));
    for (i = 0; i < sizeof(words) / sizeof(words[0]); ++i)
        assert_int_equal(0, sentence_parse(words[i]));
}

static void orders_are_about_certificates(void **state)
{
    (void)state;
    assert_true(sentence_is_of_certificate(SENTENCE_NEW_ORDER));
    assert_true(sentence_is_of_certificate(SENTENCE_FINALIZE));
    assert_false(sentence_is_of_certificate(SENTENCE_NEW_ACCOUNT));
    assert_false(sentence_is_of_certificate(SENTENCE_FIND_ACCOUNT));
    assert_false(sentence_is_of_certificate(SENTENCE_FIND_ACCOUNT_EAB));
    assert_false(sentence_is_of_certificate(SENTENCE_READ));
    assert_false(sentence_is_of_certificate(SENTENCE_CHALLENGE));
}

static void what_an_order_may_say_is_closed(void **state)
{
    sentence_order_t order = { 1, 0, NULL, 0 };
    apr_array_header_t *names = apr_array_make(*state, 1, sizeof(const char *));
    json_t *body = json_own(*state, json_object());

    sentence_order_to_json(body, &order);
    order.replaces = 0;
    order.profile = 1;
    sentence_order_from_json(&order, body, *state);
    assert_int_equal(1, order.replaces);
    assert_int_equal(0, order.profile);
    assert_null(order.names); /* all */
    APR_ARRAY_PUSH(names, const char *) = "a.example";
    order.names = names;
    sentence_order_to_json(body, &order);
    sentence_order_from_json(&order, body, *state);
    assert_int_equal(1, order.names->nelts);
    assert_string_equal("a.example", APR_ARRAY_IDX(order.names, 0, const char *));
    sentence_order_from_json(
        &order,
        json_own(*state, json_pack("{s:s,s:i,s:i}", "replaces", "a.b", "profile", 1, "names", 1)),
        *state);
    assert_int_equal(0, order.replaces);
    assert_int_equal(0, order.profile);
    assert_int_equal(0, order.names->nelts); /* not all: none, which is refused */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_has_a_name),
        cmocka_unit_test(sentences_are_parsed_as_they_are_named),
        cmocka_unit_test(other_words_are_no_sentence),
        cmocka_unit_test(orders_are_about_certificates),
        fixture_test(what_an_order_may_say_is_closed),
    };

    return fixture_run(tests);
}
