/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include "agent/answer.h"
#include "base/file.h"

#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
#define THUMBPRINT "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

static alpncert_keys_t *keys(apr_pool_t *p)
{
    alpncert_keys_t *made = alpncert_keys_make(p);

    assert_non_null(made);
    return made;
}

static int mode_of(apr_pool_t *p, const char *dir, const char *path)
{
    struct stat st;

    if (stat(apr_pstrcat(p, dir, "/challenges/", path, NULL), &st) != 0)
        return 0;
    return (int)(st.st_mode & 0777);
}

static void http_answers(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p), *text = NULL;
    apr_size_t len;

    assert_int_equal(APR_SUCCESS, answer_put(dir, "a.example", TOKEN, THUMBPRINT, p));
    assert_int_equal(0644, mode_of(p, dir, "a.example/" TOKEN));
    assert_int_equal(
        APR_SUCCESS,
        file_read(&text, &len, apr_pstrcat(p, dir, "/challenges/a.example/" TOKEN, NULL), 1000, p));
    assert_string_equal(TOKEN "." THUMBPRINT, text);
    assert_int_equal(APR_SUCCESS, answer_put(dir, "2001:db8::1", TOKEN, THUMBPRINT, p));
    assert_int_equal(0644, mode_of(p, dir, "_ipv6.2001-db8--1/" TOKEN));
    assert_int_equal(APR_EINVAL, answer_put(dir, "2001:DB8::1", TOKEN, THUMBPRINT, p));
    assert_int_equal(APR_EINVAL, answer_put(dir, "[2001:db8::1]", TOKEN, THUMBPRINT, p));
    assert_int_equal(APR_EINVAL, answer_put(dir, "../a.example", TOKEN, THUMBPRINT, p));
    assert_int_equal(APR_EINVAL, answer_put(dir, "a.example", "../" TOKEN, THUMBPRINT, p));
    answer_remove(dir, "a.example", p);
    assert_int_equal(0, mode_of(p, dir, "a.example"));
    file_remove_tree(dir, p);
}

static void tls_answers(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);

    assert_int_equal(APR_SUCCESS, answer_put_tls(dir, "a.example", TOKEN, THUMBPRINT, keys(p), p));
    assert_int_equal(0644, mode_of(p, dir, "a.example/acme-tls-1.pem"));
    assert_int_equal(APR_SUCCESS, answer_put_tls(dir, "192.0.2.1", TOKEN, THUMBPRINT, keys(p), p));
    assert_int_equal(0644, mode_of(p, dir, "1.2.0.192.in-addr.arpa/acme-tls-1.pem"));
    assert_int_equal(APR_EINVAL, answer_put_tls(dir, "../x", TOKEN, THUMBPRINT, keys(p), p));
    assert_int_equal(APR_EINVAL, answer_put_tls(dir, "a.example", "a/b", THUMBPRINT, keys(p), p));
    answer_remove(dir, "192.0.2.1", p);
    assert_int_equal(0, mode_of(p, dir, "1.2.0.192.in-addr.arpa"));
    answer_remove(dir, "a.example", p);
    assert_int_equal(0, mode_of(p, dir, "a.example"));
    file_remove_tree(dir, p);
}

static void only_answers_of_open_orders_stay(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    apr_array_header_t *keep = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(keep, const char *) = "a.example";
    APR_ARRAY_PUSH(keep, const char *) = "192.0.2.1";
    answer_put_tls(dir, "a.example", TOKEN, THUMBPRINT, keys(p), p);
    answer_put_tls(dir, "b.example", TOKEN, THUMBPRINT, keys(p), p);
    answer_put_tls(dir, "192.0.2.1", TOKEN, THUMBPRINT, keys(p), p);
    answer_put(dir, "192.0.2.1", TOKEN, THUMBPRINT, p);
    answer_put(dir, "192.0.2.2", TOKEN, THUMBPRINT, p);
    answer_tidy(dir, keep, p);
    assert_int_equal(0644, mode_of(p, dir, "a.example/acme-tls-1.pem"));
    assert_int_equal(0644, mode_of(p, dir, "1.2.0.192.in-addr.arpa/acme-tls-1.pem"));
    assert_int_equal(0644, mode_of(p, dir, "192.0.2.1/" TOKEN));
    assert_int_equal(0, mode_of(p, dir, "b.example"));
    assert_int_equal(0, mode_of(p, dir, "192.0.2.2"));
    file_remove_tree(dir, p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(http_answers),
        fixture_test(tls_answers),
        fixture_test(only_answers_of_open_orders_stay),
    };

    return fixture_run(tests);
}
