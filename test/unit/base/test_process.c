/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/process.h"

static int is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* What a child says of itself: it ends with 0 when all is well. */
static void in_child(int (*look)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(look());
    assert_true(pid > 0);
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_true(WIFEXITED(status));
    assert_int_equal(0, WEXITSTATUS(status));
}

static int look_at_descriptors(void)
{
    int low = fcntl(1, F_DUPFD, 3), kept = fcntl(1, F_DUPFD, 40), high = fcntl(1, F_DUPFD, 900);

    if (low < 0 || kept < 0 || high < 0)
        return 1;
    process_close_inherited(kept);
    if (is_open(low) || !is_open(kept) || is_open(high))
        return 2;
    if (!is_open(1) || !is_open(2))
        return 3;
    process_close_inherited(-1);
    return is_open(kept) || !is_open(2) ? 4 : 0;
}

static int look_at_the_lowest(void)
{
    int second = dup2(1, 4);

    if (dup2(1, 3) != 3 || second != 4)
        return 1;
    process_close_inherited(3);
    return is_open(3) && !is_open(4) ? 0 : 2;
}

static int look_at_guards(void)
{
    struct rlimit core = { 1, 1 };
    int signal_number = 0;

    process_guard();
    if (prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
        return 1;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
        return 2;
    if (prctl(PR_GET_PDEATHSIG, &signal_number, 0L, 0L, 0L) != 0 || signal_number != SIGKILL)
        return 3;
    return 0;
}

static void descriptors_are_closed(void **state)
{
    (void)state;
    in_child(look_at_descriptors);
}

static void the_lowest_may_be_kept(void **state)
{
    (void)state;
    in_child(look_at_the_lowest);
}

static void memory_is_guarded(void **state)
{
    (void)state;
    in_child(look_at_guards);
}

static int end_of(int status, int signal_number)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (signal_number != 0 && signal_number != SIGKILL)
            signal(signal_number, SIG_DFL); /* cmocka has a handler for some */
        if (signal_number != 0)
            kill(getpid(), signal_number);
        _exit(status);
    }
    assert_int_equal(pid, waitpid(pid, &status, 0));
    return status;
}

static void expect_end(apr_pool_t *p, int status, int number, const char *words)
{
    assert_int_equal(number, process_end_signal(status));
    assert_string_equal(words, process_describe_end(p, status));
}

static void an_end_has_a_name(void **state)
{
    expect_end(*state, end_of(0, 0), 0, "exit status 0");
    expect_end(*state, end_of(3, 0), 0, "exit status 3");
    expect_end(*state, end_of(128, 0), 0, "exit status 128");
    expect_end(*state, end_of(159, 0), SIGSYS,
               "exit status 159, by which shells tell of signal 31, Bad system call");
    expect_end(*state, end_of(137, 0), SIGKILL,
               "exit status 137, by which shells tell of signal 9, Killed");
    expect_end(*state, end_of(255, 0), 0, "exit status 255");
    expect_end(*state, end_of(0, SIGKILL), SIGKILL, "signal 9, Killed");
    expect_end(*state, end_of(0, SIGSYS), SIGSYS, "signal 31, Bad system call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(descriptors_are_closed),
        fixture_test(the_lowest_may_be_kept),
        fixture_test(memory_is_guarded),
        fixture_test(an_end_has_a_name),
    };

    return fixture_run(tests);
}
