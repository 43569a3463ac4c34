/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

/* What most unit tests start from: cmocka and a pool of one's own for each test. Include it first. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

/* A directory of the test; the test removes it. In p. */
static inline const char *fixture_directory(apr_pool_t *p)
{
    const char *base = getenv("TMPDIR");
    char *dir = apr_pstrcat(p, base != NULL ? base : "/tmp", "/acme-eab-test-XXXXXX", NULL);

    assert_non_null(mkdtemp(dir));
    return dir;
}

static inline void fixture_write(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(len, fwrite(data, 1, len, file));
    assert_int_equal(0, fclose(file));
}

static inline int fixture_pool(void **state)
{
    apr_pool_t *p = NULL;

    if (apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    *state = p;
    return 0;
}

static inline int fixture_pool_end(void **state)
{
    apr_pool_destroy(*state);
    return 0;
}

static inline int fixture_apr(void **state)
{
    (void)state;
    return apr_initialize() == APR_SUCCESS ? 0 : -1;
}

static inline int fixture_apr_end(void **state)
{
    (void)state;
    apr_terminate();
    return 0;
}

/* valgrind carries out the vfork() of posix_spawn() as a fork(): a program that cannot be started
 * looks like one that has ended. make check-valgrind says that it is there. */
static inline void fixture_needs_vfork(void)
{
    if (getenv("EAB_UNDER_VALGRIND") != NULL)
        skip();
}

/* A test with a pool as its state. */
#define fixture_test(function) \
    cmocka_unit_test_setup_teardown(function, fixture_pool, fixture_pool_end)

#define fixture_run(tests) cmocka_run_group_tests(tests, fixture_apr, fixture_apr_end)

#endif
