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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rundir.h"

typedef struct fixture {
    apr_pool_t *p;
    const char *top;
    const char *path; /* not there yet */
} fixture_t;

static int setup_below(void **state, const char *place)
{
    apr_pool_t *p = NULL;
    fixture_t *f = NULL;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    f = apr_pcalloc(p, sizeof(*f));
    f->p = p;
    f->top = mkdtemp(apr_pstrcat(p, place, "/acme-eab-test-XXXXXX", NULL));
    if (f->top == NULL)
        return -1;
    f->path = apr_pstrcat(p, f->top, "/run", NULL);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    return setup_below(state, "/tmp");
}

/* Where a file is made as fast as it is looked at. */
static int setup_in_memory(void **state)
{
    return setup_below(state, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
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
    apr_array_header_t *notes = NULL;
    apr_status_t rv = rundir_make(f->path, uid, (int)getgid(), &notes, pwhy, f->p);

    assert_true((rv == APR_SUCCESS) == (*pwhy == NULL));
    return rv;
}

static void test_makes_it(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;
    struct stat st;

    assert_non_null(strstr(rundir_flaw(f->path, (int)getuid(), f->p), "was not there"));
    assert_int_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    assert_null(rundir_flaw(f->path, (int)getuid(), f->p));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(chmod(f->path, 0700), 0);
    assert_non_null(strstr(rundir_flaw(f->path, (int)getuid(), f->p), "mode 0700"));
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
}

static void test_refuses_a_link(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;

    assert_int_equal(symlink("/tmp", f->path), 0);
    assert_int_not_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    assert_non_null(strstr(why, f->path));
}

typedef void spoil_f(const char *path);

static void spoil_link(const char *path)
{
    assert_int_equal(symlink("outside", path), 0);
}

static void spoil_long_link(const char *path)
{
    assert_int_equal(symlink("../outside", path), 0);
}

static void spoil_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void spoil_device(const char *path)
{
    assert_int_equal(mknod(path, S_IFCHR | 0600, makedev(1, 3)), 0);
}

static void spoil_directory(const char *path)
{
    char deeper[256];

    snprintf(deeper, sizeof(deeper), "%s/below", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(mkdir(deeper, 0700), 0);
}

/* What is not of the right kind is removed and named; what it leads to is left alone. */
static void test_removes_the_wrong_kind(void **state)
{
    static spoil_f *const spoils[] = { spoil_link, spoil_long_link, spoil_fifo, spoil_device,
                                       spoil_directory };
    static const char *const names[] = { "challenges", "status.json" };
    const fixture_t *f = *state;
    const char *why = NULL, *outside = apr_pstrcat(f->p, f->top, "/outside", NULL);
    apr_array_header_t *notes = NULL;
    struct stat st;
    size_t i, k;

    if (geteuid() != 0)
        skip();
    assert_int_equal(mkdir(outside, 0751), 0);
    assert_int_equal(chmod(outside, 0751), 0);
    assert_int_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    for (i = 0; i < sizeof(spoils) / sizeof(spoils[0]); ++i) {
        for (k = spoils[i] == spoil_directory ? 1 : 0; k < 2; ++k) {
            spoils[i](below(f, names[k]));
            assert_non_null(strstr(rundir_flaw(f->path, (int)getuid(), f->p), below(f, names[k])));
            assert_int_equal(rundir_make(f->path, (int)getuid(), 0, &notes, &why, f->p),
                             APR_SUCCESS);
            assert_int_equal(notes->nelts, 1);
            assert_non_null(strstr(APR_ARRAY_IDX(notes, 0, const char *), below(f, names[k])));
            assert_null(rundir_flaw(f->path, (int)getuid(), f->p));
        }
    }
    assert_int_equal(stat(outside, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0751);
}

/* Neither the owner nor the mode of what a link or a second name leads to changes. */
static void test_gives_away_nothing_of_others(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL, *theirs = apr_pstrcat(f->p, f->top, "/theirs", NULL);
    struct stat st;

    if (geteuid() != 0)
        skip();
    assert_int_equal(make_for(f, 65534, &why), APR_SUCCESS);
    assert_int_equal(file_replace(theirs, "x", 1, 0640, 0, f->p), APR_SUCCESS);
    assert_int_equal(file_make_directory(below(f, "challenges/a"), 0700, f->p), APR_SUCCESS);
    assert_int_equal(link(theirs, below(f, "status.json")), 0);
    assert_int_equal(link(theirs, below(f, "challenges/a/second")), 0);
    assert_int_equal(symlink(theirs, below(f, "challenges/a/link")), 0);
    assert_int_equal(make_for(f, 65533, &why), APR_SUCCESS);
    assert_int_equal(stat(theirs, &st), 0);
    assert_int_equal(st.st_uid, 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(access(below(f, "challenges"), F_OK), -1);
}

/* 19,000 levels once ended the server: here there is no recursion. */
static void test_takes_over_a_deep_tree(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;
    int fd = -1, next = -1, i = 0;

    if (geteuid() != 0)
        skip();
    assert_int_equal(make_for(f, 65534, &why), APR_SUCCESS);
    assert_int_equal(mkdir(below(f, "challenges"), 0755), 0);
    fd = open(below(f, "challenges"), O_RDONLY | O_DIRECTORY);
    for (i = 0; i < 19000; ++i) {
        assert_int_equal(mkdirat(fd, "d", 0755), 0);
        assert_true((next = openat(fd, "d", O_RDONLY | O_DIRECTORY)) >= 0);
        close(fd);
        fd = next;
    }
    close(fd);
    assert_int_equal(make_for(f, 65533, &why), APR_SUCCESS);
    assert_null(rundir_flaw(f->path, 65533, f->p));
    assert_int_equal(access(below(f, "challenges"), F_OK), -1);
}

static void test_names_what_is_in_the_way(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL;

    if (geteuid() != 0)
        skip();
    assert_int_equal(make_for(f, 65534, &why), APR_SUCCESS);
    spoil_link(below(f, "stray"));
    assert_int_not_equal(make_for(f, 65533, &why), APR_SUCCESS);
    assert_non_null(strstr(why, "(stray)"));
    assert_int_equal(unlink(below(f, "stray")), 0);
    assert_int_equal(make_for(f, 65533, &why), APR_SUCCESS);
}

static void assert_report(const fixture_t *f, const rundir_t *rundir, const char *text)
{
    const char *found = NULL;
    apr_size_t len = 0;

    assert_int_equal(file_replace(below(f, "status.json"), text, strlen(text), 0644, 0, f->p),
                     APR_SUCCESS);
    assert_int_equal(rundir_read(&found, &len, rundir, "status.json", 100, f->p), APR_SUCCESS);
    assert_string_equal(found, text);
}

/* Also when it was made again, with its parent as well. */
static void test_workers_find_it_again(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL, *text = NULL;
    apr_size_t len = 0;
    fixture_t deeper = { f->p, f->top, apr_pstrcat(f->p, f->top, "/parent/run", NULL) };
    rundir_t *rundir = NULL;

    assert_int_equal(make_for(&deeper, (int)getuid(), &why), APR_SUCCESS);
    rundir = rundir_hold(deeper.path, (int)getuid(), f->p);
    assert_report(&deeper, rundir, "first");
    assert_int_equal(file_remove_tree(deeper.path, f->p), APR_SUCCESS);
    assert_true(APR_STATUS_IS_ENOENT(rundir_read(&text, &len, rundir, "status.json", 100, f->p)));
    assert_int_equal(make_for(&deeper, (int)getuid(), &why), APR_SUCCESS);
    assert_report(&deeper, rundir, "second");
    assert_int_equal(file_remove_tree(apr_pstrcat(f->p, f->top, "/parent", NULL), f->p),
                     APR_SUCCESS);
    assert_int_equal(make_for(&deeper, (int)getuid(), &why), APR_SUCCESS);
    assert_report(&deeper, rundir, "third");
}

/* The directory itself may have become somebody else's, or a link to it. */
static void test_workers_read_nothing_of_others(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL, *text = NULL, *theirs = apr_pstrcat(f->p, f->top, "/theirs", NULL);
    rundir_t *rundir = NULL;
    apr_size_t len = 0;

    assert_int_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    rundir = rundir_hold(f->path, (int)getuid(), f->p);
    assert_report(f, rundir, "ours");
    assert_int_equal(rename(f->path, theirs), 0);
    assert_int_equal(symlink(theirs, f->path), 0);
    assert_int_equal(rundir_read(&text, &len, rundir, "status.json", 100, f->p), ENOTDIR);
    assert_null(text);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(rename(theirs, f->path), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(f->path, 65534, 65534), 0);
        assert_int_equal(rundir_read(&text, &len, rundir, "status.json", 100, f->p), APR_EACCES);
        assert_int_equal(rundir_list(rundir, ".", 10, f->p)->nelts, 0);
    }
}

/* The user may be made after the workers: then it counts who could have made the directory. */
static void test_workers_of_before_the_user(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL, *text = NULL;
    rundir_t *rundir = NULL;
    apr_size_t len = 0;

    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(f->top, 0755), 0);
    rundir = rundir_hold(f->path, -1, f->p);
    assert_true(APR_STATUS_IS_ENOENT(rundir_read(&text, &len, rundir, "status.json", 100, f->p)));
    assert_int_equal(make_for(f, 65534, &why), APR_SUCCESS);
    assert_report(f, rundir, "ours");
    assert_int_equal(chmod(f->top, 0777), 0);
    assert_int_equal(rundir_read(&text, &len, rundir, "status.json", 100, f->p), APR_EACCES);
    assert_int_equal(chmod(f->top, 0755), 0);
    assert_int_equal(chown(f->top, 65534, 65534), 0);
    assert_int_equal(rundir_read(&text, &len, rundir, "status.json", 100, f->p), APR_EACCES);
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
    assert_non_null(strstr(why, "holds other files (other)"));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_uid, 65533);
}

/* Another process writes its report again and again, until it is ended. */
static pid_t start_reporting(const fixture_t *f)
{
    const char *report = below(f, "status.json"), *draft = below(f, ".tmp-status");
    pid_t pid = fork();

    while (pid == 0) {
        int fd = open(draft, O_CREAT | O_WRONLY, 0644);

        if (fd < 0 || close(fd) != 0 || rename(draft, report) != 0)
            _exit(1);
    }
    return pid;
}

/* Seen in one of 700 accidents: looked at in the moment in which it is replaced, it has no name. */
static void test_a_report_that_is_replaced_is_no_flaw(void **state)
{
    const fixture_t *f = *state;
    const char *why = NULL, *flaw = NULL;
    pid_t pid = 0;
    int i = 0;

    assert_int_equal(make_for(f, (int)getuid(), &why), APR_SUCCESS);
    pid = start_reporting(f);
    assert_true(pid > 0);
    for (i = 0; i < 10000 && flaw == NULL; ++i) {
        apr_pool_t *p = NULL;

        apr_pool_create(&p, f->p);
        flaw = rundir_flaw(f->path, (int)getuid(), p);
        flaw = flaw != NULL ? apr_pstrdup(f->p, flaw) : NULL;
        apr_pool_destroy(p);
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    if (flaw != NULL)
        fail_msg("%s (at look %d)", flaw, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_makes_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keeps_the_report_of_the_run_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_a_link, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removes_the_wrong_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gives_away_nothing_of_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takes_over_a_deep_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_what_is_in_the_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_workers_find_it_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_workers_read_nothing_of_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_workers_of_before_the_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takes_over_only_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_report_that_is_replaced_is_no_flaw, setup_in_memory,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
