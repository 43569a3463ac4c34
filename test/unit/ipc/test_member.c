/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/json.h"
#include "ipc/member.h"

typedef struct leaf {
    int number;
} leaf_t;

typedef struct tree {
    const char *name;
    apr_array_header_t *words;
    int height;
    apr_array_header_t *years;
    int evergreen;
    apr_time_t planted;
    apr_interval_time_t age;
    apr_array_header_t *leaves; /* leaf_t */
} tree_t;

static const member_t leaf_members[] = {
    MEMBER_INT(leaf_t, number, 0),
    MEMBER_END,
};

static const member_t tree_members[] = {
    MEMBER_STRING(tree_t, name),
    MEMBER_STRINGS(tree_t, words),
    MEMBER_INT(tree_t, height, -7),
    MEMBER_INTS(tree_t, years),
    MEMBER_BOOL(tree_t, evergreen, 1),
    MEMBER_TIME(tree_t, planted),
    MEMBER_SPAN(tree_t, age),
    MEMBER_LIST(tree_t, leaves, leaf_members),
    MEMBER_END,
};

static tree_t read_tree(apr_pool_t *p, const char *text)
{
    tree_t tree = { 0 };
    json_t *json = json_loads(text, 0, NULL);

    assert_non_null(json);
    tree.leaves = apr_array_make(p, 1, sizeof(leaf_t));
    member_read(&tree, tree_members, json, p);
    json_decref(json); /* nothing is borrowed */
    return tree;
}

static const char *write_tree(apr_pool_t *p, const tree_t *tree)
{
    return json_text(p, json_own(p, member_object(tree_members, tree)));
}

static void every_kind_comes_back(void **state)
{
    static const char text[] =
        "{\"name\":\"oak\",\"words\":[\"a\",\"b\"],\"height\":12,\"years\":[1,2],"
        "\"evergreen\":false,\"planted\":\"2026-03-01T00:00:00Z\",\"age\":2592000000000,"
        "\"leaves\":[{\"number\":3},{\"number\":4}]}";
    tree_t tree = read_tree(*state, text);

    assert_string_equal("oak", tree.name);
    assert_string_equal("b", APR_ARRAY_IDX(tree.words, 1, const char *));
    assert_int_equal(12, tree.height);
    assert_int_equal(2, APR_ARRAY_IDX(tree.years, 1, int));
    assert_int_equal(0, tree.evergreen);
    assert_true(apr_time_from_sec(1772323200) == tree.planted);
    assert_true(apr_time_from_sec(30 * 86400) == tree.age);
    assert_int_equal(4, APR_ARRAY_IDX(tree.leaves, 1, leaf_t).number);
    assert_string_equal(text, write_tree(*state, &tree));
}

/* Each with its default, and then each with another value, among them one that is the default of others. */
static void a_message_says_only_what_is_not_read_anyway(void **state)
{
    static const char other[] = "{\"words\":[\"a\"],\"height\":0,\"evergreen\":false,\"age\":1}";
    tree_t tree = read_tree(*state, "{}");

    tree.leaves = NULL;
    assert_string_equal("{}",
                        json_text(*state, json_own(*state, member_message(tree_members, &tree))));
    tree = read_tree(*state, other);
    tree.leaves = NULL;
    assert_string_equal(other,
                        json_text(*state, json_own(*state, member_message(tree_members, &tree))));
}

/* A path or an argument may be of any bytes. */
static void what_is_not_utf8_comes_back(void **state)
{
    tree_t tree = { .name = "gr\xfcn\xff", .words = apr_array_make(*state, 2, sizeof(char *)) };
    tree_t again;

    APR_ARRAY_PUSH(tree.words, const char *) = "\xc3\xbc";
    APR_ARRAY_PUSH(tree.words, const char *) = "\x80";
    again = read_tree(*state, write_tree(*state, &tree));
    assert_string_equal(tree.name, again.name);
    assert_int_equal(2, again.words->nelts);
    assert_string_equal("\xc3\xbc", APR_ARRAY_IDX(again.words, 0, const char *));
    assert_string_equal("\x80", APR_ARRAY_IDX(again.words, 1, const char *));
}

static void expect_nothing(apr_pool_t *p, const char *text)
{
    tree_t tree = read_tree(p, text);

    assert_null(tree.name);
    assert_int_equal(0, tree.words->nelts);
    assert_int_equal(-7, tree.height);
    assert_int_equal(0, tree.years->nelts);
    assert_int_equal(1, tree.evergreen);
    assert_true(tree.planted == 0 && tree.age == 0);
    assert_int_equal(0, tree.leaves->nelts);
}

static void what_is_missing_or_of_another_type_is_other(void **state)
{
    expect_nothing(*state, "{}");
    expect_nothing(*state, "[]");
    expect_nothing(*state, "{\"name\":1,\"words\":\"a\",\"height\":\"12\",\"years\":[\"1\"],"
                           "\"evergreen\":0,\"planted\":5,\"age\":true,\"leaves\":{}}");
}

static void what_is_unset_is_left_out(void **state)
{
    tree_t tree = { 0 };

    assert_string_equal("{\"height\":0,\"evergreen\":false,\"age\":0}", write_tree(*state, &tree));
}

typedef struct inner {
    const char *word;
    int number;
} inner_t;

typedef struct outer {
    const char *text, *nothing;
    apr_array_header_t *texts, *list, *none;
    int number;
} outer_t;

static const member_t inner_members[] = {
    MEMBER_STRING(inner_t, word),
    MEMBER_INT(inner_t, number, 0),
    MEMBER_END,
};

static const member_t outer_members[] = {
    MEMBER_STRING(outer_t, text),
    MEMBER_STRING(outer_t, nothing),
    MEMBER_STRINGS(outer_t, texts),
    MEMBER_LIST(outer_t, list, inner_members),
    MEMBER_STRINGS(outer_t, none),
    MEMBER_INT(outer_t, number, 0),
    MEMBER_END,
};

static void fill(outer_t *outer, const char *text, apr_pool_t *p)
{
    inner_t *inner;

    memset(outer, 0, sizeof(*outer));
    outer->text = apr_pstrdup(p, text);
    outer->texts = apr_array_make(p, 2, sizeof(const char *));
    APR_ARRAY_PUSH(outer->texts, const char *) = apr_pstrcat(p, text, "1", NULL);
    APR_ARRAY_PUSH(outer->texts, const char *) = apr_pstrcat(p, text, "2", NULL);
    outer->list = apr_array_make(p, 2, sizeof(inner_t));
    inner = apr_array_push(outer->list);
    inner->word = apr_pstrcat(p, text, "3", NULL);
    inner->number = 3;
    outer->number = 4;
}

static void check(const outer_t *outer, const char *text, apr_pool_t *p)
{
    assert_string_equal(text, outer->text);
    assert_null(outer->nothing);
    assert_null(outer->none);
    assert_int_equal(2, outer->texts->nelts);
    assert_string_equal(apr_pstrcat(p, text, "2", NULL),
                        APR_ARRAY_IDX(outer->texts, 1, const char *));
    assert_int_equal(1, outer->list->nelts);
    assert_string_equal(apr_pstrcat(p, text, "3", NULL),
                        APR_ARRAY_IDX(outer->list, 0, inner_t).word);
    assert_int_equal(3, APR_ARRAY_IDX(outer->list, 0, inner_t).number);
    assert_int_equal(4, outer->number);
}

/* It is independent of where it came from, and can be replaced, also by itself. */
static void a_struct_settles_in_a_block(void **state)
{
    apr_pool_t *p = *state, *pool = NULL;
    member_block_t *block = NULL;
    outer_t outer;
    int i;

    for (i = 0; i < 3; ++i) {
        apr_pool_create(&pool, p);
        fill(&outer, i == 1 ? "b" : "a long text of its own", pool);
        member_settle(&block, outer_members, &outer, p);
        apr_pool_destroy(pool);
        check(&outer, i == 1 ? "b" : "a long text of its own", p);
        member_settle(&block, outer_members, &outer, p);
        check(&outer, i == 1 ? "b" : "a long text of its own", p);
    }
    memset(&outer, 0, sizeof(outer));
    member_settle(&block, outer_members, &outer, p);
    assert_null(outer.texts);
}

static void room_is_made_in_one_piece(void **state)
{
    apr_array_header_t *array = apr_array_make(*state, 1, sizeof(int));
    void *elements;
    int i;

    APR_ARRAY_PUSH(array, int) = 7;
    member_make_room(array, 1000);
    elements = array->elts;
    for (i = 0; i < 1000; ++i)
        APR_ARRAY_PUSH(array, int) = i;
    assert_ptr_equal(elements, array->elts);
    assert_int_equal(7, APR_ARRAY_IDX(array, 0, int));
    assert_int_equal(999, APR_ARRAY_IDX(array, 1000, int));
    member_make_room(array, -5);
    member_make_room(array, APR_INT64_MAX);
    assert_ptr_equal(elements, array->elts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(every_kind_comes_back),
        fixture_test(a_message_says_only_what_is_not_read_anyway),
        fixture_test(what_is_not_utf8_comes_back),
        fixture_test(what_is_missing_or_of_another_type_is_other),
        fixture_test(what_is_unset_is_left_out),
        fixture_test(a_struct_settles_in_a_block),
        fixture_test(room_is_made_in_one_piece),
    };

    return fixture_run(tests);
}
