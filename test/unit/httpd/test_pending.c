/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "httpd/pending.h"

#define HOST "a.example"

static apr_pool_t *pool;
static rundir_t *rundir;
static char directory[] = "/tmp/acme-eab-test-XXXXXX";

static int setup(void **state)
{
    (void)state;
    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS
        || mkdtemp(directory) == NULL)
        return -1;
    rundir = rundir_hold(directory, (int)geteuid(), pool);
    return mkdir(apr_pstrcat(pool, directory, "/challenges", NULL), 0755)
           + mkdir(apr_pstrcat(pool, directory, "/challenges/" HOST, NULL), 0755);
}

static int teardown(void **state)
{
    (void)state;
    file_remove_tree(directory, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static const char *path_of(const char *file)
{
    return apr_pstrcat(pool, directory, "/challenges/" HOST "/", file, NULL);
}

static apr_status_t read_file(const char **ptext, const char *host, const char *file)
{
    apr_size_t len = 0;
    apr_status_t rv = pending_read(ptext, &len, rundir, host, file, 8, pool);

    assert_int_equal(len, *ptext != NULL ? strlen(*ptext) : 0);
    return rv;
}

static void reads_what_is_pending(void **state)
{
    const char *text = NULL;

    (void)state;
    assert_int_equal(file_replace(path_of("good"), "12345678", 8, 0644, 0, pool), APR_SUCCESS);
    assert_int_equal(read_file(&text, HOST, "good"), APR_SUCCESS);
    assert_string_equal(text, "12345678");
    assert_true(APR_STATUS_IS_ENOENT(read_file(&text, HOST, "other")));
    assert_null(text);
    assert_true(APR_STATUS_IS_ENOENT(read_file(&text, "b.example", "good")));
}

static void refuses_the_rest(void **state)
{
    const char *text = NULL;

    (void)state;
    assert_int_equal(file_replace(path_of("long"), "123456789", 9, 0644, 0, pool), APR_SUCCESS);
    assert_int_equal(read_file(&text, HOST, "long"), EFBIG);
    assert_int_equal(file_replace(path_of("empty"), "", 0, 0644, 0, pool), APR_SUCCESS);
    assert_int_equal(read_file(&text, HOST, "empty"), APR_EINVAL);
    assert_int_equal(mkdir(path_of("directory"), 0755), 0);
    assert_int_equal(read_file(&text, HOST, "directory"), APR_EINVAL);
    assert_int_equal(mkfifo(path_of("pipe"), 0644), 0);
    assert_int_equal(read_file(&text, HOST, "pipe"), APR_EINVAL);
    assert_int_equal(symlink("/etc/hostname", path_of("link")), 0);
    assert_int_not_equal(read_file(&text, HOST, "link"), APR_SUCCESS);
    assert_null(text);
    assert_int_equal(symlink(HOST, apr_pstrcat(pool, directory, "/challenges/c.example", NULL)), 0);
    assert_int_not_equal(read_file(&text, "c.example", "good"), APR_SUCCESS);
}

/* Whatever the CA asks for: a redirection may have led it to another name. */
static void finds_a_token_of_any_host(void **state)
{
    const char *text = NULL, *host = NULL;
    apr_size_t len = 0;

    (void)state;
    assert_int_equal(symlink(HOST, apr_pstrcat(pool, directory, "/challenges/a-link", NULL)), 0);
    assert_int_equal(mkfifo(apr_pstrcat(pool, directory, "/challenges/a-pipe", NULL), 0600), 0);
    assert_int_equal(file_replace(path_of("token"), "12345678", 8, 0644, 0, pool), APR_SUCCESS);
    assert_int_equal(pending_find(&text, &len, &host, rundir, "token", 8, pool), APR_SUCCESS);
    assert_string_equal(text, "12345678");
    assert_int_equal(len, 8);
    assert_string_equal(host, HOST);
    assert_true(APR_STATUS_IS_ENOENT(pending_find(&text, &len, &host, rundir, "none", 8, pool)));
    assert_null(text);
    assert_null(host);
    assert_true(APR_STATUS_IS_ENOENT(pending_find(&text, &len, &host, rundir, "token", 7, pool)));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reads_what_is_pending),
                                        cmocka_unit_test(refuses_the_rest),
                                        cmocka_unit_test(finds_a_token_of_any_host) };

    return cmocka_run_group_tests(tests, setup, teardown);
}
