/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/log.h"
#include "base/process.h"
#include "store/record.h"

#define LOOK_MILLISECONDS 1000
#define LOOKS_MAX 600 /* a restart that takes longer is watched by somebody else by then */

extern char **environ;

/* Where httpd itself writes: our own lines go through a process that ends in the restart. */
static int open_log(int parent, apr_pool_t *ptemp)
{
    const char *path = apr_psprintf(ptemp, "/proc/%d/fd/2", parent);
    int fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    return fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

void witness_post(const plan_t *plan, const char *names, apr_pool_t *ptemp)
{
    const char *argv[] = { plan->stage_program,
                           "--witness",
                           apr_itoa(ptemp, plan->parent_pid),
                           plan->pid_file,
                           plan->store_dir,
                           names,
                           NULL };
    posix_spawn_file_actions_t actions;
    int log = open_log(plan->parent_pid, ptemp);
    pid_t pid;

    if (plan->pid_file == NULL || log < 0) {
        return;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, log, 1);
    posix_spawn_file_actions_adddup2(&actions, log, 2);
    /* Nobody waits for it: it outlives this process, or is gone when that ends. */
    posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(log);
}

/* The next keeper has taken the word out: httpd has come back. What cannot be read is for that one to
 * tell. */
static int is_over(const char *store_dir, apr_pool_t *p)
{
    apr_pool_t *pool = NULL;
    json_t *memory = NULL;
    int over;

    apr_pool_create(&pool, p);
    over = record_read(&memory, apr_pstrcat(pool, store_dir, "/reload.json", NULL),
                       eab_result_make(pool), pool)
               != APR_SUCCESS
           || json_object_get(memory, "restarting") == NULL;
    apr_pool_destroy(pool);
    return over;
}

/* @return 1 when it has ended, 0 when the restart is over or takes too long */
static int watch(pid_t parent, const char *store_dir, apr_pool_t *p)
{
    struct pollfd pfd = { (int)syscall(SYS_pidfd_open, parent, 0), POLLIN, 0 };
    int looks;

    if (pfd.fd < 0) {
        return errno == ESRCH;
    }
    for (looks = 0; looks < LOOKS_MAX; ++looks) {
        if (poll(&pfd, 1, LOOK_MILLISECONDS) > 0) {
            return 1;
        }
        if (is_over(store_dir, p)) {
            return 0;
        }
    }
    return 0;
}

/* A program that httpd writes its log to ends with httpd, and where the log is syslog's, or the journal's socket,
 * there is nothing here to write to. */
static int is_read(int log)
{
    struct stat st;

    return fstat(log, &st) == 0 && (S_ISREG(st.st_mode) || isatty(log));
}

static void tell(const char *names, apr_pool_t *p)
{
    const char *text = apr_psprintf(
        p,
        "httpd ended in the graceful restart for new certificates (%s), though that was "
        "rehearsed, and serves nothing now. Run its configuration test, look at the lines "
        "above, mend what they say, and start httpd. The certificates are in the store.",
        names);

    if (!is_read(STDERR_FILENO)) {
        openlog("acme-eab-keeper", LOG_PID, LOG_DAEMON);
        syslog(LOG_ERR, "%s", text);
    }
    log_line(LOG_LEVEL_ERROR, "%s", text);
}

int witness_run(int argc, const char *const *argv)
{
    apr_pool_t *pool = NULL;

    if (argc != 4) {
        return 2;
    }
    prctl(PR_SET_NAME, "acme-eab-witnes", 0L, 0L, 0L);
    setsid();
    process_close_inherited(-1);
    signal(SIGPIPE, SIG_IGN);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (watch((pid_t)atoi(argv[0]), argv[2], pool) && access(argv[1], F_OK) == 0
        && !is_over(argv[2], pool)) {
        tell(argv[3], pool);
    }
    return 0;
}
