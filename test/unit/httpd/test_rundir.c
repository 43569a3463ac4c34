/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "httpd/rundir.h"

typedef struct fixture {
    apr_pool_t *p;
    const char *top;
    const char *path; /* not there yet */
} fixture_t;

static int setup(void **state)
{
    apr_pool_t *p = NULL;
    fixture_t *f = NULL;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    f = apr_pcalloc(p, sizeof(*f));
    f->p = p;
    f->top = mkdtemp(apr_pstrdup(p, "/tmp/acme-eab-test-XXXXXX"));
    f->path = apr_pstrcat(p, f->top, "/run", NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_t *f = *state;

    file_remove_tree(f->top, f->p);
    apr_pool_destroy(f->p);
    apr_terminate();
    return 0;
}

static const char *below(const fixture_t *f, const char *name)
{
    return apr_pstrcat(f->p, f->path, "/", name, NULL);
}

static apr_status_t make_for(const fixture_t *f, int uid, const char **pwhy)
{
    return rundir_make(f->path, uid, (int)getgid(), pwhy, f->p);
}

static void test_makes_it(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;
    struct stat st;

    assert_int_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    assert_int_equal(stat(below(f, "challenges"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    assert_null(why);
}

static void test_keeps_the_report_of_the_run_before(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;

    assert_int_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    assert_int_equal(file_replace(below(f, "status.json"), "{}", 2, 0644, 0, f->p), APR_SUCCESS);
    assert_int_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    assert_int_equal(access(below(f, "status.json"), F_OK), 0);
    assert_int_equal(access(below(f, "challenges"), F_OK), 0);
}

static void test_refuses_a_link(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;

    assert_int_equal(symlink("/tmp", f->path), 0);
    assert_int_not_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    assert_non_null(strstr(why, f->path));
}

static void test_refuses_a_link_inside(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;

    assert_int_equal(mkdir(f->path, 0755), 0);
    assert_int_equal(symlink("/tmp", below(f, "challenges")), 0);
    assert_int_not_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
}

static void test_takes_over_only_its_own(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;
    struct stat st;

    if (geteuid() != 0)
        skip();
    assert_int_equal(make_for(f, 65534, &why), APR_SUCCESS);
    assert_int_equal(file_replace(below(f, "status.json"), "{}", 2, 0644, 0, f->p), APR_SUCCESS);
    assert_int_equal(make_for(f, 65533, &why), APR_SUCCESS);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_uid, 65533);
    assert_int_equal(access(below(f, "status.json"), F_OK), -1);
    assert_int_equal(file_replace(below(f, "other"), "x", 1, 0644, 0, f->p), APR_SUCCESS);
    assert_int_not_equal(make_for(f, 65534, &why), APR_SUCCESS);
    assert_non_null(strstr(why, "holds other files"));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_uid, 65533);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_makes_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keeps_the_report_of_the_run_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_a_link, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_a_link_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takes_over_only_its_own, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
