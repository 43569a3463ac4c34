/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "httpd/program.h"

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

/* A script that is its own only argument's reader. */
static const char *make_script(apr_pool_t *p, const char *text)
{
    char *path = apr_pstrdup(p, "/tmp/acme-eab-test-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, 0700), 0);
    assert_int_equal(close(fd), 0);
    return path;
}

static void test_text_in_and_out(void **state)
{
    const char *output = NULL,
               *script = make_script(*state, "#!/bin/sh\necho \"$1\"\ncat\nexit 1\n");
    int status = 0;

    assert_int_equal(program_run(&output, &status, script, "--check", "plan", 100, 20, *state),
                     APR_SUCCESS);
    assert_string_equal(output, "--check\nplan");
    assert_int_equal(WEXITSTATUS(status), 1);
    unlink(script);
}

static void test_output_is_bounded(void **state)
{
    const char *output = NULL;
    const char *script = make_script(*state, "#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' x\n");
    int status = 0;

    assert_int_equal(program_run(&output, &status, script, NULL, "", 1000, 20, *state),
                     APR_SUCCESS);
    assert_int_equal(strlen(output), 1000);
    unlink(script);
}

static void test_time_is_bounded(void **state)
{
    const char *output = NULL, *script = make_script(*state, "#!/bin/sh\nexec sleep 30\n");
    int status = 0;

    assert_int_equal(program_run(&output, &status, script, NULL, "", 10, 1, *state), APR_TIMEUP);
    assert_true(WIFSIGNALED(status));
    unlink(script);
}

static void test_says_why_it_does_not_run(void **state)
{
    const char *output = NULL, *script = make_script(*state, "#!/bin/sh\n");
    int status = 0;

    assert_int_equal(chmod(script, 0600), 0);
    assert_int_equal(program_run(&output, &status, script, NULL, "", 10, 5, *state), EACCES);
    unlink(script);
    assert_int_equal(program_run(&output, &status, script, NULL, "", 10, 5, *state), ENOENT);
}

static void test_inherits_nothing(void **state)
{
    const char *output = NULL, *script = make_script(*state, "#!/bin/sh\nexec ls /proc/self/fd\n");
    int status = 0, fd = open("/dev/null", O_RDONLY), high = fcntl(fd, F_DUPFD, 200);

    assert_true(high >= 200);
    assert_int_equal(program_run(&output, &status, script, NULL, "", 1000, 20, *state),
                     APR_SUCCESS);
    /* 3 is the directory that ls reads. */
    assert_string_equal(output, "0\n1\n2\n3\n");
    close(fd);
    close(high);
    unlink(script);
}

static void test_leads_its_own_session(void **state)
{
    const char *script = make_script(*state, "#!/bin/sh\nread line\n");
    int ends[2] = { -1, -1 };
    pid_t pid = -1;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(program_start(&pid, script, NULL, ends[0], -1, -1), APR_SUCCESS);
    assert_int_equal(getsid(pid), pid);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    unlink(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_in_and_out),  cmocka_unit_test(test_output_is_bounded),
        cmocka_unit_test(test_time_is_bounded),  cmocka_unit_test(test_says_why_it_does_not_run),
        cmocka_unit_test(test_inherits_nothing), cmocka_unit_test(test_leads_its_own_session),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
