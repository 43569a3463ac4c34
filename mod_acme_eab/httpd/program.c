/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/program.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"

/* Move a descriptor out of the way of 0, 1 and 2. */
static int lift(int fd)
{
    return fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void reset_signals(void)
{
    sigset_t none;
    int number = 0;

    for (number = 1; number < NSIG; ++number)
        (void)signal(number, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child, which must not return. Says errno into report when exec fails. */
static void become(const char *path, const char *option, int in, int out, int err, int report)
{
    char *argv[] = { (char *)path, (char *)option, NULL };
    int error = 0;

    (void)setsid();
    in = lift(in);
    out = out >= 0 ? lift(out) : 2;
    err = err >= 0 ? lift(err) : 2;
    if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        goto out;
    process_close_inherited(report);
    reset_signals();
    (void)execv(path, argv);
out:
    error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(127);
}

/* The other end closes without a word when exec succeeds. */
static apr_status_t read_report(int report)
{
    int error = 0;
    ssize_t n = 0;

    do {
        n = read(report, &error, sizeof(error));
    } while (n < 0 && errno == EINTR);
    return n == sizeof(error) ? error : APR_SUCCESS;
}

apr_status_t program_start(pid_t *ppid, const char *path, const char *option, int in, int out,
                           int err)
{
    apr_status_t rv = APR_SUCCESS;
    int report[2] = { -1, -1 };
    pid_t pid = -1;

    *ppid = -1;
    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    if ((pid = fork()) == 0) {
        int lifted = lift(report[1]);

        become(path, option, in, out, err, lifted);
    }
    rv = pid < 0 ? errno : APR_SUCCESS;
    (void)close(report[1]);
    if (rv == APR_SUCCESS && (rv = read_report(report[0])) != APR_SUCCESS)
        (void)waitpid(pid, NULL, 0);
    (void)close(report[0]);
    if (rv == APR_SUCCESS)
        *ppid = pid;
    return rv;
}

/* Until end of file, the limit of time, or the limit of bytes (the rest is read and dropped). */
static apr_status_t collect(char *buffer, apr_size_t max, int fd, apr_time_t deadline)
{
    struct pollfd pfd = { fd, POLLIN, 0 };
    char chunk[4096];
    apr_size_t len = 0;

    for (;;) {
        apr_interval_time_t left = deadline - clock_steady();
        ssize_t n = 0;

        if (left <= 0 || poll(&pfd, 1, (int)apr_time_as_msec(left) + 1) == 0)
            return APR_TIMEUP;
        n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? APR_SUCCESS : errno;
        if ((apr_size_t)n > max - len)
            n = (ssize_t)(max - len);
        memcpy(buffer + len, chunk, (apr_size_t)n);
        len += (apr_size_t)n;
        buffer[len] = '\0';
    }
}

apr_status_t program_run(const char **poutput, int *pstatus, const char *path, const char *option,
                         const char *text, apr_size_t max, int timeout, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    char *buffer = apr_pcalloc(p, max + 1);
    int in = file_of_text(text), out[2] = { -1, -1 };
    pid_t pid = -1;

    *poutput = buffer;
    *pstatus = 0;
    if (in < 0 || pipe2(out, O_CLOEXEC) != 0) {
        rv = errno;
        goto out;
    }
    if ((rv = program_start(&pid, path, option, in, out[1], -1)) != APR_SUCCESS)
        goto out;
    (void)close(out[1]);
    out[1] = -1;
    rv = collect(buffer, max, out[0], clock_steady() + apr_time_from_sec(timeout));
    if (rv != APR_SUCCESS)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, pstatus, 0) < 0 && errno == EINTR)
        continue;
out:
    if (in >= 0)
        (void)close(in);
    if (out[0] >= 0)
        (void)close(out[0]);
    if (out[1] >= 0)
        (void)close(out[1]);
    return rv;
}
