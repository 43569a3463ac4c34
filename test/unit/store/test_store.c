/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "store/record.h"
#include "store/store.h"

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(0, lstat(path, &st));
    return st.st_mode;
}

static void open_makes_what_is_missing(void **state)
{
    apr_pool_t *p = *state;
    const char *base = fixture_directory(p);
    const char *dir = apr_pstrcat(p, base, "/var/acme", NULL);
    static const char *const folders[] = { "accounts", "archive", "live", "pending", "failures" };
    eab_result_t *result = eab_result_make(p);
    store_t *store = NULL;
    size_t i;

    assert_int_equal(APR_SUCCESS, store_open(&store, dir, result, p));
    assert_int_equal(0700, mode_of(dir) & 07777);
    assert_int_equal(0755, mode_of(apr_pstrcat(p, base, "/var", NULL)) & 07777);
    for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        assert_int_equal(S_IFDIR | 0700, mode_of(store_path(p, store, folders[i], NULL, NULL)));
    assert_int_equal(APR_SUCCESS, store_open(&store, dir, result, p));
    assert_int_equal(APR_SUCCESS, result->rv);
    assert_int_equal(APR_SUCCESS, file_remove_tree(base, p));
}

static void open_closes_the_directory_to_others(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;

    assert_int_equal(0, chmod(dir, 0755));
    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    assert_int_equal(0700, mode_of(dir) & 07777);
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void open_refuses_a_file(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *path = apr_pstrcat(p, dir, "/file", NULL);
    eab_result_t *result = eab_result_make(p);
    store_t *store = NULL;

    fixture_write(path, "", 0);
    assert_int_not_equal(APR_SUCCESS, store_open(&store, path, result, p));
    assert_null(store);
    assert_string_equal(EAB_PROBLEM_STORE, result->type);
    assert_non_null(strstr(result->detail, path));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void open_refuses_a_directory_of_another_user(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    eab_result_t *result = eab_result_make(p);
    store_t *store = NULL;

    if (geteuid() != 0) {
        assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
        skip();
    }
    assert_int_equal(0, chown(dir, 65534, 65534));
    assert_int_equal(APR_EACCES, store_open(&store, dir, result, p));
    assert_null(store);
    assert_non_null(strstr(result->detail, "belongs to the user with id 65534"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void what_was_used_is_known(void **state)
{
    store_t *store = NULL;
    eab_result_t *result = eab_result_make(*state);
    const char *dir = fixture_directory(*state);

    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, *state));
    assert_int_equal(APR_SUCCESS, store_judge(dir, result));
    assert_false(store_is_used(store_refuse(dir, result, *state), *state));
    assert_int_equal(APR_SUCCESS, store_open(&store, dir, result, *state));
    assert_false(store_is_used(store, *state));
    assert_int_equal(APR_SUCCESS, store_make_directory(store, "accounts", "0123", result, *state));
    assert_true(store_is_used(store, *state));
    assert_int_equal(APR_SUCCESS, store_judge(dir, result));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, *state));
    fixture_write(dir, "", 0);
    assert_true(store_is_used(store, *state));
    assert_int_equal(APR_ENOTDIR, store_judge(dir, result));
    assert_non_null(strstr(result->detail, "is not a directory"));
    assert_int_equal(APR_ENOTDIR, store_open(&store, dir, result, *state));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, *state));
}

static void paths(void **state)
{
    store_t store = { *state, "/s", NULL, NULL };

    assert_string_equal("/s", store_path(*state, &store, NULL, NULL, NULL));
    assert_string_equal("/s/a", store_path(*state, &store, "a", NULL, NULL));
    assert_string_equal("/s/a/b", store_path(*state, &store, "a", "b", NULL));
    assert_string_equal("/s/a/b/c", store_path(*state, &store, "a", "b", "c"));
}

static void entries(void **state)
{
    static const char *const bad[] = {
        "",           ".",  "..", "../a.example", "a/b.example",  "A.example.edu",
        ".a.example", "*.", "*",  "*.../x.y",     "a.example/..", "_other.a.example"
    };
    size_t i;

    assert_string_equal("www.example.edu", store_entry(*state, "www.example.edu"));
    assert_string_equal("_wildcard.example.edu", store_entry(*state, "*.example.edu"));
    assert_string_equal("_wildcard.example.edu", store_entry(*state, "_wildcard.example.edu"));
    assert_string_equal("192.0.2.1", store_entry(*state, "192.0.2.1"));
    assert_string_equal("_ipv6.2001-db8--1", store_entry(*state, "2001:db8::1"));
    assert_string_equal("_ipv6.2001-db8--1", store_entry(*state, "_ipv6.2001-db8--1"));
    assert_string_equal("_ipv6.--1+p256", store_entry(*state, "_ipv6.--1+p256"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(store_entry(*state, bad[i]));
}

static void records_are_for_people_too(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *path = apr_pstrcat(p, dir, "/r.json", NULL);
    eab_result_t *result = eab_result_make(p);
    json_t *json = json_pack("{s:s, s:i}", "url", "https://ca.example/1", "n", 1);
    json_t *again = NULL;
    const char *text = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS, record_write(path, json, result, p));
    json_decref(json);
    assert_int_equal(APR_SUCCESS, file_read(&text, &len, path, 1000, p));
    assert_string_equal("{\n  \"url\": \"https://ca.example/1\",\n  \"n\": 1\n}\n", text);
    assert_int_equal(0600, mode_of(path) & 07777);
    assert_int_equal(APR_SUCCESS, record_read(&again, path, result, p));
    assert_string_equal("https://ca.example/1", json_string_value(json_object_get(again, "url")));
    fixture_write(path, "[]\n", 3);
    assert_int_equal(APR_EINVAL, record_read(&again, path, result, p));
    assert_null(again);
    fixture_write(path, "{\"url\"", 6);
    assert_int_equal(APR_EINVAL, record_read(&again, path, result, p));
    assert_non_null(strstr(result->detail, "r.json is damaged"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void record_reports_what_cannot_be_written(void **state)
{
    eab_result_t *result = eab_result_make(*state);
    json_t *json = json_object();

    assert_int_equal(ENOENT, record_write("/nonexistent/r.json", json, result, *state));
    json_decref(json);
    assert_string_equal(EAB_PROBLEM_STORE, result->type);
    assert_non_null(strstr(result->detail, "/nonexistent/r.json cannot be written"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(open_makes_what_is_missing),
        fixture_test(open_closes_the_directory_to_others),
        fixture_test(open_refuses_a_file),
        fixture_test(open_refuses_a_directory_of_another_user),
        fixture_test(what_was_used_is_known),
        fixture_test(paths),
        fixture_test(entries),
        fixture_test(records_are_for_people_too),
        fixture_test(record_reports_what_cannot_be_written),
    };

    return fixture_run(tests);
}
