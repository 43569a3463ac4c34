/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "base/name.h"

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

#define LABEL_63 "a23456789-123456789-123456789-123456789-123456789-123456789-123"

/* A name of exactly len characters, with labels of 49. */
static const char *make_name(apr_pool_t *p, const char *prefix, apr_size_t len)
{
    apr_size_t start = strlen(prefix);
    char *name = apr_pcalloc(p, len + 1);
    apr_size_t i;

    for (i = 0; i < len; ++i)
        name[i] = (len - i) % 50 == 0 && i > start ? '.' : 'a';
    memcpy(name, prefix, start);
    return name;
}

static void normalizes_names(void **state)
{
    static const struct {
        const char *text;
        const char *name;
    } good[] = {
        { "www.example.edu", "www.example.edu" },
        { "WWW.Example.EDU", "www.example.edu" },
        { "www.example.edu.", "www.example.edu" },
        { "*.Example.edu", "*.example.edu" },
        { "*.example.edu.", "*.example.edu" },
        { "xn--bcher-kva.example", "xn--bcher-kva.example" },
        { "a-b--c.example", "a-b--c.example" },
        { "1.2.3.example", "1.2.3.example" },
        { "10.0.0.1a", "10.0.0.1a" },
        { LABEL_63 ".example", LABEL_63 ".example" },
    };
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
        const char *reason = "untouched";

        assert_string_equal(name_normalize(*state, good[i].text, &reason), good[i].name);
        assert_null(reason);
    }
}

static void refuses_with_a_reason(void **state)
{
    static const struct {
        const char *text;
        const char *word; /* of the reason */
    } bad[] = {
        { NULL, "empty" },
        { "", "empty" },
        { ".", "empty label" },
        { "..", "empty label" },
        { "www..example.edu", "empty label" },
        { ".example.edu", "empty label" },
        { "www.example.edu..", "empty label" },
        { "localhost", "two labels" },
        { "localhost.", "two labels" },
        { "*.edu", "two labels" },
        { "*", "wildcard" },
        { "*.", "wildcard" },
        { "*.*.example.edu", "wildcard" },
        { "w*.example.edu", "wildcard" },
        { "www.*.edu", "wildcard" },
        { "*www.example.edu", "wildcard" },
        { "**.example.edu", "wildcard" },
        { "my_host.example.edu", "underscore" },
        { "b\xc3\xbc"
          "cher.example",
          "xn--" },
        { "-www.example.edu", "hyphen" },
        { "www-.example.edu", "hyphen" },
        { "www.-.edu", "hyphen" },
        { "www example.edu", "character" },
        { "www.example.edu/", "character" },
        { "../etc.passwd", "empty label" },
        { "www.example.edu\n", "character" },
        { "10.0.0.1", "IP address" },
        { "example.123", "IP address" },
        { "2001:db8::1", "colon" },
        { "www.example.edu:443", "colon" },
        { LABEL_63 "4.example", "63" },
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        const char *reason = NULL;

        assert_null(name_normalize(*state, bad[i].text, &reason));
        assert_non_null(reason);
        assert_non_null(strstr(reason, bad[i].word));
        assert_null(name_normalize(*state, bad[i].text, NULL));
    }
}

static void limits_the_length(void **state)
{
    const char *reason = NULL;

    assert_non_null(name_normalize(*state, make_name(*state, "", 253), NULL));
    assert_non_null(
        name_normalize(*state, apr_pstrcat(*state, make_name(*state, "", 253), ".", NULL), NULL));
    assert_null(name_normalize(*state, make_name(*state, "", 254), &reason));
    assert_non_null(strstr(reason, "253"));
    assert_non_null(name_normalize(*state, make_name(*state, "*.", 247), NULL));
    assert_null(name_normalize(*state, make_name(*state, "*.", 248), &reason));
    assert_non_null(strstr(reason, "247"));
}

static void matches_wildcards_for_one_label(void **state)
{
    (void)state;
    assert_true(name_matches("www.example.edu", "www.example.edu"));
    assert_true(name_matches("www.example.edu", "WWW.EXAMPLE.EDU"));
    assert_true(name_matches("*.Example.edu", "www.example.edu"));
    assert_true(name_matches("*.example.edu", "*.example.edu"));
    assert_false(name_matches("*.example.edu", "example.edu"));
    assert_false(name_matches("*.example.edu", "a.b.example.edu"));
    assert_false(name_matches("*.example.edu", ".example.edu"));
    assert_false(name_matches("*.example.edu", "www.example.org"));
    assert_false(name_matches("*.a.example.edu", "*.example.edu"));
    assert_false(name_matches("www.example.edu", "*.example.edu"));
    assert_false(name_matches("w*.example.edu", "www.example.edu"));
    assert_false(name_matches("*", "localhost"));
    assert_true(name_matches("192.0.2.1", "192.0.2.1"));
    assert_false(name_matches("*.0.2.1", "192.0.2.1"));
}

static apr_array_header_t *array_of(apr_pool_t *p, const char *text)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    char *rest = apr_pstrdup(p, text);
    char *word;

    while ((word = apr_strtok(rest, " ", &rest)) != NULL)
        APR_ARRAY_PUSH(names, const char *) = word;
    return names;
}

static void compares_lists(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *patterns = array_of(p, "example.edu *.example.edu");
    apr_array_header_t *missing = NULL;

    assert_true(name_matches_any(patterns, "www.example.edu"));
    assert_false(name_matches_any(patterns, "example.org"));
    assert_false(name_matches_any(array_of(p, ""), "example.org"));
    assert_true(name_covers_all(patterns, array_of(p, "example.edu a.example.edu")));
    assert_false(name_covers_all(patterns, array_of(p, "example.edu a.b.example.edu")));
    assert_true(name_covers_all(patterns, array_of(p, "")));
    missing =
        name_uncovered(p, patterns, array_of(p, "example.edu a.b.example.edu *.example.edu c"));
    assert_int_equal(2, missing->nelts);
    assert_string_equal("a.b.example.edu", APR_ARRAY_IDX(missing, 0, const char *));
    assert_string_equal("c", APR_ARRAY_IDX(missing, 1, const char *));
    assert_int_equal(0, name_uncovered(p, patterns, array_of(p, ""))->nelts);
    assert_true(name_is_among(patterns, "EXAMPLE.edu"));
    assert_false(name_is_among(patterns, "www.example.edu"));
    assert_true(name_same_set(array_of(p, "a.edu b.edu"), array_of(p, "B.edu A.edu")));
    assert_true(name_same_set(array_of(p, ""), array_of(p, "")));
    assert_false(name_same_set(array_of(p, "a.edu b.edu"), array_of(p, "a.edu")));
    assert_false(name_same_set(array_of(p, "a.edu"), array_of(p, "a.edu b.edu")));
    /* A wildcard is a name of its own here. */
    assert_false(name_same_set(array_of(p, "*.a.edu"), array_of(p, "www.a.edu")));
}

static void makes_file_names_and_knows_them_again(void **state)
{
    apr_pool_t *p = *state;
    static const char *const names[] = {
        "www.example.edu", "*.example.edu",   "192.0.2.1", "2001:db8::1", "::1", "::",
        "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1"
    };
    size_t i;

    assert_string_equal(name_file(p, "192.0.2.1"), "192.0.2.1");
    assert_string_equal(name_file(p, "2001:db8::1"), "_ipv6.2001-db8--1");
    assert_string_equal(name_file(p, "::1"), "_ipv6.--1");
    assert_string_equal(name_file(p, "www.example.edu"), "www.example.edu");
    assert_string_equal(name_file(p, "*.example.edu"), "_wildcard.example.edu");
    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        const char *file = name_file(p, names[i]);

        assert_true(name_is_file(file));
        assert_string_equal(name_file(p, file), file);
    }
    assert_string_equal(name_file_of_type(p, "*.a.example", "p256"), "_wildcard.a.example+p256");
    assert_string_equal(name_shown(p, "_wildcard.a.example+p256"), "*.a.example (p256)");
    assert_string_equal(name_shown(p, "_wildcard.a.example"), "*.a.example");
    assert_string_equal(name_shown(p, "_ipv6.2001-db8--1"), "2001:db8::1");
    assert_string_equal(name_shown(p, "_ipv6.--1+p384"), "::1 (p384)");
    assert_string_equal(name_shown(p, "a-b.example+rsa2048"), "a-b.example (rsa2048)");
    assert_string_equal(name_shown(p, "a-b.example"), "a-b.example");
    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i)
        assert_true(name_is_file(name_file_of_type(p, names[i], "rsa2048")));
    assert_true(name_is_file(name_file_of_type(p, make_name(p, "", 247), "rsa2048")));
    assert_false(name_is_file(name_file_of_type(p, make_name(p, "", 248), "rsa2048")));
    assert_true(name_is_file(name_file(p, make_name(p, "", 253))));
    assert_true(name_is_file(name_file(p, make_name(p, "*.", 247))));
    assert_in_range(strlen(name_file(p, make_name(p, "*.", 247))), 1, 255);
}

static void knows_other_file_names_apart(void **state)
{
    static const char *const others[] = {
        "",
        ".",
        "..",
        ".tmp-0123",
        "lock",
        "WWW.example.edu",
        "*.example.edu",
        "_wildcard",
        "_wildcard.",
        "_wildcard.edu",
        "_wildcard._wildcard.example.edu",
        "a_b.example.edu",
        "www.example.edu.",
        "../www.example.edu",
        "a/b.example.edu",
        "www.example.edu+",
        "www.example.edu+P256",
        "www.example.edu+../x",
        "www.example.edu+p256+p256",
        "+p256",
        "10.0.0.256",
        "10.0.0.01",
        "10.0.0",
        "10.0.0.1+",
        "::1",
        "2001:db8::1",
        "2001-db8--1",
        "--1",
        "_ipv6.",
        "_ipv6.2001-DB8--1",
        "_ipv6.2001-db8-0--1",
        "_ipv6.2001:db8::1",
        "_ipv6.10.0.0.1",
        "_ipv6.www.example.edu",
        "_ipv6.../..--1",
        "_ipv6.1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16-17-18-19-20-21-22-23-24",
        "_wildcard.10.0.0.1",
    };
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); ++i)
        assert_false(name_is_file(others[i]));
    assert_false(name_is_file(make_name(*state, "", 254)));
    assert_false(name_is_file(make_name(*state, "_wildcard.", 256)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalizes_names),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(limits_the_length),
        cmocka_unit_test(matches_wildcards_for_one_label),
        cmocka_unit_test(compares_lists),
        cmocka_unit_test(makes_file_names_and_knows_them_again),
        cmocka_unit_test(knows_other_file_names_apart),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
