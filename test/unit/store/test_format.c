/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include "base/file.h"
#include "store/format.h"

static const char *at(apr_pool_t *p, const char *dir)
{
    return apr_pstrcat(p, dir, "/format.json", NULL);
}

static void put(apr_pool_t *p, const char *dir, const char *text)
{
    fixture_write(at(p, dir), text, strlen(text));
}

static const char *content(apr_pool_t *p, const char *dir)
{
    const char *text = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS, file_read(&text, &len, at(p, dir), 1000, p));
    return text;
}

static void a_newer_one_is_refused_and_not_touched(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    eab_result_t *result = eab_result_make(p);
    store_t *store = NULL;

    put(p, dir, "{\"version\":2,\"more\":[]}");
    assert_int_equal(APR_ENOTIMPL, store_open(&store, dir, result, p));
    assert_null(store);
    assert_string_equal(EAB_PROBLEM_STORE, result->type);
    assert_non_null(strstr(result->detail, "its format is 2, and this one knows 1"));
    assert_int_equal(1, file_list_directory(dir, p)->nelts);
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void one_without_it_is_of_version_1(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;

    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    format_write(store, p);
    assert_string_equal("{\n  \"version\": 1\n}\n", content(p, dir));
    assert_int_equal(APR_SUCCESS, format_judge(dir, eab_result_make(p)));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void what_is_right_is_not_written_again(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;

    put(p, dir, "{\"version\":1}");
    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    format_write(store, p);
    assert_string_equal("{\"version\":1}", content(p, dir));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void a_damaged_one_says_nothing(void **state)
{
    static const char *const texts[] = {
        "", "{", "[2]", "{\"version\":\"2\"}", "{\"version\":-1}", "{\"version\":2.5}"
    };
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(*texts); ++i) {
        put(p, dir, texts[i]);
        assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
        format_write(store, p);
        assert_string_equal("{\n  \"version\": 1\n}\n", content(p, dir));
    }
    assert_int_equal(0, unlink(at(p, dir)));
    assert_int_equal(0, mkfifo(at(p, dir), 0600));
    assert_int_equal(APR_SUCCESS, format_judge(dir, eab_result_make(p)));
    format_write(store, p);
    assert_string_equal("{\n  \"version\": 1\n}\n", content(p, dir));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_newer_one_is_refused_and_not_touched),
        fixture_test(one_without_it_is_of_version_1),
        fixture_test(what_is_right_is_not_written_again),
        fixture_test(a_damaged_one_says_nothing),
    };

    return fixture_run(tests);
}
