/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_allocator.h>
#include <apr_strings.h>

#define FREE_MAX (1024 * 1024) /* bytes that a process keeps for its next pools */

static int close_ranges(unsigned first, int keep)
{
#ifdef SYS_close_range
    if (keep < (int)first)
        return syscall(SYS_close_range, first, ~0U, 0U) == 0;
    return (keep == (int)first || syscall(SYS_close_range, first, (unsigned)keep - 1, 0U) == 0)
           && syscall(SYS_close_range, (unsigned)keep + 1, ~0U, 0U) == 0;
#else
    (void)first;
    (void)keep;
    return 0;
#endif
}

/* On a kernel before 5.9. The limit on descriptors may be a thousand million, so those that are
 * open are looked up. */
static void close_listed(int first, int keep)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int fd;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        fd = atoi(entry->d_name);
        if (fd >= first && fd != keep && fd != dirfd(dir))
            (void)close(fd);
    }
    closedir(dir);
}

void process_close_inherited(int keep)
{
    if (!close_ranges(STDERR_FILENO + 1, keep))
        close_listed(STDERR_FILENO + 1, keep);
}

void process_hide(void)
{
    struct rlimit none = { 0, 0 };

    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    setrlimit(RLIMIT_CORE, &none);
}

void process_guard(void)
{
    process_hide();
    prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
}

/* What they add to the signal that ended the program that they ran. */
#define SHELL_SIGNAL 128

void process_keep_little(apr_pool_t *p)
{
    apr_allocator_max_free_set(apr_pool_allocator_get(p), FREE_MAX);
}

const char *process_namespace(apr_pool_t *p)
{
    struct stat st;

    if (stat("/proc/self/ns/pid", &st) != 0) {
        return NULL;
    }
    return apr_psprintf(p, "pid:[%lu]", (unsigned long)st.st_ino);
}

int process_end_signal(int status)
{
    int of_shell = WEXITSTATUS(status) - SHELL_SIGNAL;

    if (WIFSIGNALED(status))
        return WTERMSIG(status);
    return of_shell > 0 && of_shell < NSIG ? of_shell : 0;
}

const char *process_describe_end(apr_pool_t *p, int status)
{
    int number = process_end_signal(status);

    if (WIFSIGNALED(status))
        return apr_psprintf(p, "signal %d, %s", number, strsignal(number));
    if (number != 0)
        return apr_psprintf(p, "exit status %d, by which shells tell of signal %d, %s",
                            WEXITSTATUS(status), number, strsignal(number));
    return apr_psprintf(p, "exit status %d", WEXITSTATUS(status));
}
