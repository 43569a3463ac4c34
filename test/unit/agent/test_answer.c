/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include "agent/answer.h"
#include "base/file.h"

#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"

static const char *path(apr_pool_t *p, const char *dir, const char *below)
{
    return apr_pstrcat(p, dir, "/challenges/", below, NULL);
}

static int exists(const char *file)
{
    struct stat st;

    return lstat(file, &st) == 0;
}

static void an_answer_is_a_key_authorization(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *file = path(p, dir, "www.example.edu/" TOKEN);
    const char *text = NULL;
    apr_size_t len = 0;
    struct stat st;

    assert_int_equal(APR_SUCCESS, answer_put(dir, "www.example.edu", TOKEN, "thumb", p));
    assert_int_equal(APR_SUCCESS, file_read(&text, &len, file, 1000, p));
    assert_string_equal(TOKEN ".thumb", text); /* no newline: RFC 8555, 8.3 */
    assert_int_equal(0, stat(file, &st));
    assert_int_equal(0644, st.st_mode & 07777); /* httpd's workers read it */
    assert_int_equal(APR_SUCCESS, answer_put(dir, "www.example.edu", "other", "thumb", p));
    answer_remove(dir, "www.example.edu", p);
    assert_false(exists(path(p, dir, "www.example.edu")));
    answer_remove(dir, "www.example.edu", p);
    file_remove_tree(dir, p);
}

static void hostile_names_and_tokens_lead_nowhere(void **state)
{
    static const char *const names[] = { "",          ".",           "..",          "../x",
                                         "a/b",       "/etc",        "a..b",        ".a.b",
                                         "A.example", "a_b.example", "a b",         "a\nb",
                                         "*.*.a",     "www.x.edu/",  "a\xc3\xa9.b", "-a.example" };
    static const char *const tokens[] = { "",   ".",   "..",   "../x", "a/b",      "a.b",
                                          "a=", "a b", "a\nb", "a%2f", "\xc3\xa9", "/etc" };
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    char *longest = apr_pcalloc(p, 300);
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        assert_int_not_equal(APR_SUCCESS, answer_put(dir, names[i], TOKEN, "thumb", p));
        answer_remove(dir, names[i], p);
    }
    for (i = 0; i < sizeof(tokens) / sizeof(tokens[0]); ++i)
        assert_int_equal(APR_EINVAL, answer_put(dir, "www.example.edu", tokens[i], "thumb", p));
    assert_int_equal(APR_EINVAL, answer_put(dir, "www.example.edu", NULL, "thumb", p));
    memset(longest, 'a', 257);
    assert_int_equal(APR_EINVAL, answer_put(dir, "www.example.edu", longest, "thumb", p));
    assert_true(exists(dir));
    assert_false(exists(path(p, dir, "")));
    file_remove_tree(dir, p);
}

static void tidying_keeps_the_names_in_flight(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    apr_array_header_t *keep = apr_array_make(p, 2, sizeof(const char *));

    answer_tidy(dir, keep, p); /* nothing is there yet */
    assert_int_equal(APR_SUCCESS, answer_put(dir, "a.example", TOKEN, "thumb", p));
    assert_int_equal(APR_SUCCESS, answer_put(dir, "b.example", TOKEN, "thumb", p));
    assert_int_equal(APR_SUCCESS, answer_put(dir, "b.example.edu", TOKEN, "thumb", p));
    APR_ARRAY_PUSH(keep, const char *) = "*.c.example";
    APR_ARRAY_PUSH(keep, const char *) = "b.example";
    answer_tidy(dir, keep, p);
    assert_false(exists(path(p, dir, "a.example")));
    assert_true(exists(path(p, dir, "b.example/" TOKEN)));
    assert_false(exists(path(p, dir, "b.example.edu")));
    answer_tidy(dir, apr_array_make(p, 1, sizeof(const char *)), p);
    assert_false(exists(path(p, dir, "b.example")));
    file_remove_tree(dir, p);
}

/* Somebody with the rights of the agent put a link there. */
static void links_are_not_followed(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *outside = apr_pstrcat(p, dir, "/outside", NULL);
    const char *file = apr_pstrcat(p, outside, "/file", NULL);

    assert_int_equal(APR_SUCCESS, answer_put(dir, "a.example", TOKEN, "thumb", p));
    assert_int_equal(0, mkdir(outside, 0700));
    fixture_write(file, "x", 1);
    assert_int_equal(0, symlink(outside, path(p, dir, "b.example")));
    answer_tidy(dir, apr_array_make(p, 1, sizeof(const char *)), p);
    assert_true(exists(file));
    assert_false(exists(path(p, dir, "b.example")));
    file_remove_tree(dir, p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_answer_is_a_key_authorization),
        fixture_test(hostile_names_and_tokens_lead_nowhere),
        fixture_test(tidying_keeps_the_names_in_flight),
        fixture_test(links_are_not_followed),
    };

    return fixture_run(tests);
}
