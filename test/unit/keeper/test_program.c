/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/file.h"
#include "keeper/program.h"

#define PATIENCE apr_time_from_sec(20)

typedef struct run {
    apr_pool_t *p;
    loop_t *loop;
    const char *dir;
    int calls;
    program_outcome_t outcome;
    const char *output;
} run_t;

static run_t run_make(apr_pool_t *p)
{
    run_t run = { .p = p };

    run.loop = loop_make(p);
    run.dir = fixture_directory(p);
    return run;
}

static void on_done(void *baton, const program_outcome_t *outcome)
{
    run_t *run = baton;

    ++run->calls;
    run->outcome = *outcome;
    run->output = apr_pstrmemdup(run->p, (const char *)outcome->output->data, outcome->output->len);
    loop_stop(run->loop);
}

static void start(run_t *run, const char *const *argv, int both, apr_size_t max,
                  apr_interval_time_t limit)
{
    run->calls = 0;
    program_start(run->loop, argv, both, max, limit, on_done, run, run->p);
    assert_int_equal(0, run->calls); /* later, never from inside */
    loop_run(run->loop);
    assert_int_equal(1, run->calls);
}

/* Runs a line of shell. */
static void shell(run_t *run, const char *line, int both, apr_size_t max, apr_interval_time_t limit)
{
    const char *argv[] = { "/bin/sh", "-c", line, NULL };

    start(run, argv, both, max, limit);
}

static void the_output_and_the_status_are_told(void **state)
{
    run_t run = run_make(*state);

    shell(&run, "printf 'a\\nb'; exit 7", 0, 100, PATIENCE);
    assert_int_equal(1, run.outcome.started);
    assert_int_equal(0, run.outcome.timed_out);
    assert_int_equal(7, run.outcome.status);
    assert_string_equal("a\nb", run.output);
    shell(&run, "true", 0, 100, PATIENCE);
    assert_int_equal(0, run.outcome.status);
    assert_string_equal("", run.output);
    shell(&run, "kill -TERM $$", 0, 100, PATIENCE);
    assert_int_equal(128 + SIGTERM, run.outcome.status);
    file_remove_tree(run.dir, run.p);
}

static void a_program_that_closes_its_output_early_is_waited_for(void **state)
{
    run_t run = run_make(*state);

    shell(&run, "echo out; exec >&-; sleep 0.2; exit 9", 0, 100, PATIENCE);
    assert_int_equal(0, run.outcome.timed_out);
    assert_int_equal(9, run.outcome.status);
    assert_string_equal("out\n", run.output);
    file_remove_tree(run.dir, run.p);
}

static void standard_error_is_taken_only_on_demand(void **state)
{
    run_t run = run_make(*state);

    shell(&run, "echo out; echo error >&2", 1, 100, PATIENCE);
    assert_string_equal("out\nerror\n", run.output);
    shell(&run, "echo out; echo '(this line is from a test)' >&2", 0, 100, PATIENCE);
    assert_string_equal("out\n", run.output);
    file_remove_tree(run.dir, run.p);
}

static void standard_input_is_empty(void **state)
{
    run_t run = run_make(*state);

    shell(&run, "cat; readlink /proc/self/fd/0", 0, 100, PATIENCE);
    assert_string_equal("/dev/null\n", run.output);
    file_remove_tree(run.dir, run.p);
}

static void output_over_the_limit_is_dropped_and_does_not_block(void **state)
{
    run_t run = run_make(*state);

    shell(&run,
          "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; "
          "i=$((i+1)); done; exit 4",
          0, 10, PATIENCE);
    assert_int_equal(4, run.outcome.status);
    assert_string_equal("0123456789", run.output);
    shell(&run, "printf 0123456789", 0, 10, PATIENCE);
    assert_string_equal("0123456789", run.output);
    file_remove_tree(run.dir, run.p);
}

static void what_cannot_be_started_is_told(void **state)
{
    run_t run;
    const char *argv[2] = { NULL, NULL };
    const char *path = NULL;

    fixture_needs_vfork();
    run = run_make(*state);
    argv[0] = path = apr_pstrcat(run.p, run.dir, "/program", NULL);
    start(&run, argv, 0, 100, PATIENCE);
    assert_int_equal(0, run.outcome.started);
    assert_int_equal(ENOENT, run.outcome.error);
    fixture_write(path, "#!/bin/sh\n", 10);
    assert_int_equal(0, chmod(path, 0600));
    start(&run, argv, 0, 100, PATIENCE);
    assert_int_equal(0, run.outcome.started);
    assert_int_equal(EACCES, run.outcome.error);
    file_remove_tree(run.dir, run.p);
}

static int is_alive(const char *pid_file)
{
    FILE *file = fopen(pid_file, "r");
    char state = 'X';
    char path[64];
    int pid = 0;

    assert_non_null(file);
    assert_int_equal(1, fscanf(file, "%d", &pid));
    fclose(file);
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if ((file = fopen(path, "r")) != NULL) {
        assert_int_equal(1, fscanf(file, "%*d (%*[^)]) %c", &state));
        fclose(file);
    }
    return state != 'X' && state != 'Z';
}

static int ends_soon(const char *pid_file)
{
    int i;

    for (i = 0; i < 500 && is_alive(pid_file); ++i)
        usleep(10000);
    return !is_alive(pid_file);
}

static void too_long_a_run_ends_with_all_its_group(void **state)
{
    run_t run = run_make(*state);
    const char *pid_file = apr_pstrcat(run.p, run.dir, "/pid", NULL);
    apr_time_t begin = apr_time_now();

    shell(&run, apr_psprintf(run.p, "printf part; sleep 60 & echo $! > %s; sleep 60", pid_file), 0,
          100, apr_time_from_msec(500));
    assert_int_equal(1, run.outcome.started);
    assert_int_equal(1, run.outcome.timed_out);
    assert_string_equal("part", run.output);
    assert_true(apr_time_now() - begin < apr_time_from_sec(15));
    assert_true(ends_soon(pid_file));
    file_remove_tree(run.dir, run.p);
}

/* As many kills: whether the status is there at once must not matter. */
static void a_killed_program_is_always_told_as_timed_out(void **state)
{
    run_t run = run_make(*state);
    const char *argv[] = { "/bin/sleep", "60", NULL };
    int i;

    for (i = 0; i < 20; ++i) {
        start(&run, argv, 0, 100, apr_time_from_msec(5));
        assert_int_equal(1, run.outcome.timed_out);
        assert_int_equal(128 + SIGKILL, run.outcome.status);
    }
    file_remove_tree(run.dir, run.p);
}

/* A helper left behind in the background, with the output still open. */
static void a_program_that_ended_in_time_counts(void **state)
{
    run_t run = run_make(*state);
    const char *pid_file = apr_pstrcat(run.p, run.dir, "/pid", NULL);

    shell(&run, apr_psprintf(run.p, "echo done; sleep 60 & echo $! > %s; exit 3", pid_file), 0, 100,
          apr_time_from_msec(500));
    assert_int_equal(0, run.outcome.timed_out);
    assert_int_equal(3, run.outcome.status);
    assert_string_equal("done\n", run.output);
    assert_true(ends_soon(pid_file));
    file_remove_tree(run.dir, run.p);
}

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(dir) != NULL)
        ++count;
    closedir(dir);
    return count;
}

static void nothing_stays_open(void **state)
{
    run_t run = run_make(*state);
    const char *argv[] = { "/nowhere/program", NULL };
    int before = open_descriptors();
    int fd;

    for (fd = 3; fd < 1024; ++fd) /* what this test was started with is no matter here */
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    shell(&run, "echo x", 1, 100, PATIENCE);
    start(&run, argv, 0, 100, PATIENCE);
    shell(&run, "sleep 60", 0, 100, apr_time_from_msec(50));
    assert_int_equal(before, open_descriptors());
    shell(&run, "ls /proc/self/fd | wc -l", 0, 100, PATIENCE);
    assert_string_equal("4\n", run.output); /* three, and the directory itself */
    file_remove_tree(run.dir, run.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_output_and_the_status_are_told),
        fixture_test(a_program_that_closes_its_output_early_is_waited_for),
        fixture_test(standard_error_is_taken_only_on_demand),
        fixture_test(standard_input_is_empty),
        fixture_test(output_over_the_limit_is_dropped_and_does_not_block),
        fixture_test(what_cannot_be_started_is_told),
        fixture_test(too_long_a_run_ends_with_all_its_group),
        fixture_test(a_killed_program_is_always_told_as_timed_out),
        fixture_test(a_program_that_ended_in_time_counts),
        fixture_test(nothing_stays_open),
    };

    return fixture_run(tests);
}
