/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/process.h"

extern char **environ;

/* How often to look whether a program that closed its output has ended. */
#define REAP_INTERVAL apr_time_from_msec(20)

typedef struct program {
    apr_pool_t *pool;
    loop_t *loop;
    pid_t pid;
    int fd;
    loop_watch_t *watch;
    loop_timer_t *timer;
    apr_time_t deadline; /* by clock_steady() */
    int lasting;         /* it is not killed when the keeper ends */
    secret_t *buffer;
    apr_size_t used;
    program_outcome_t outcome;
    program_done_fn *done;
    void *baton;
} program_t;

/* Take the exit status if it is there. */
static int reap(program_t *program, int flags)
{
    int status;
    pid_t pid;

    do {
        pid = waitpid(program->pid, &status, flags);
    } while (pid < 0 && errno == EINTR);
    if (pid != program->pid) {
        return 0;
    }
    program->outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    program->outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 1;
}

static int wait_status(const program_outcome_t *outcome)
{
    return outcome->signal != 0 ? PROCESS_ENDED(0, outcome->signal)
                                : PROCESS_ENDED(outcome->status, 0);
}

const char *program_describe_end(const program_outcome_t *outcome, apr_pool_t *p)
{
    return process_describe_end(p, wait_status(outcome));
}

eab_cause_t program_cause(const program_outcome_t *outcome)
{
    if (!outcome->started || outcome->timed_out) {
        return CAUSE_UNTOLD;
    }
    return process_end_signal(wait_status(outcome)) != 0 ? CAUSE_SIGNAL : CAUSE_UNTOLD;
}

/* Has it ended, without taking the status? Until that is taken its process group cannot become
 * anybody else's. */
static int has_ended(const program_t *program)
{
    siginfo_t info;

    info.si_pid = 0;
    return waitid(P_PID, (id_t)program->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0
           && info.si_pid == program->pid;
}

/* A program that ended in time and left somebody behind with its output open has said all it will;
 * that one goes, and the exit status counts. */
static void end_group(program_t *program)
{
    program->outcome.timed_out = !has_ended(program);
    kill(-program->pid, SIGKILL);
    reap(program, 0);
}

/* The keeper ends: nobody waits for it any more. */
static apr_status_t kill_running(void *data)
{
    program_t *program = data;

    if (program->pid > 0 && !program->lasting) {
        kill(-program->pid, SIGKILL);
        reap(program, 0);
        program->pid = 0;
    }
    return APR_SUCCESS;
}

static void finish(program_t *program)
{
    secret_t output;

    loop_unwatch(program->loop, program->watch);
    loop_timer_release(program->loop, program->timer);
    if (program->fd >= 0) {
        close(program->fd);
    }
    output.data = program->buffer->data;
    output.len = program->used;
    program->outcome.output = &output;
    apr_pool_cleanup_kill(program->pool, program, kill_running);
    program->done(program->baton, &program->outcome);
    secret_cleanse(program->buffer);
    apr_pool_destroy(program->pool);
}

static void on_timer(void *baton)
{
    program_t *program = baton;
    apr_interval_time_t left = program->deadline - clock_steady();

    if (program->pid == 0) { /* never started */
        finish(program);
        return;
    }
    if (left <= 0) {
        end_group(program);
        finish(program);
    }
    else if (program->watch == NULL && reap(program, WNOHANG)) {
        finish(program);
    }
    else {
        loop_timer_set(program->timer,
                       apr_time_now() + (program->watch == NULL ? REAP_INTERVAL : left));
    }
}

/* Read what came; what is over the limit is read and dropped, so that the program can end. */
static void on_output(void *baton, short events)
{
    program_t *program = baton;
    unsigned char spill[512];
    apr_size_t room = program->buffer->len - program->used;
    ssize_t n;

    (void)events;
    if (room > 0) {
        n = read(program->fd, program->buffer->data + program->used, room);
    }
    else {
        n = read(program->fd, spill, sizeof(spill));
        OPENSSL_cleanse(spill, sizeof(spill));
    }
    if (n > 0) {
        program->used += (room > 0) ? (apr_size_t)n : 0;
        return;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    loop_unwatch(program->loop, program->watch);
    program->watch = NULL;
    loop_timer_set(program->timer, apr_time_now());
}

/* The keeper's environment with these variables in place of its own. */
static char **make_environment(const apr_array_header_t *variables, apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 32, sizeof(const char *));
    char **own;
    int i;

    if (variables == NULL) {
        return environ;
    }
    for (own = environ; *own != NULL; ++own) {
        apr_size_t len = strcspn(*own, "=") + 1;

        for (i = 0; i < variables->nelts; ++i) {
            if (strncmp(*own, APR_ARRAY_IDX(variables, i, const char *), len) == 0) {
                break;
            }
        }
        if (i == variables->nelts) {
            APR_ARRAY_PUSH(all, const char *) = *own;
        }
    }
    apr_array_cat(all, variables);
    APR_ARRAY_PUSH(all, const char *) = NULL;
    return (char **)all->elts;
}

/* posix_spawn() since other threads may be making keys. */
static int spawn(program_t *program, const char *const *argv, char **environment, int both, int out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int rv;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigfillset(&defaults);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    if ((rv = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0
        && (rv = posix_spawn_file_actions_adddup2(&actions, out, 1)) == 0
        && (!both || (rv = posix_spawn_file_actions_adddup2(&actions, out, 2)) == 0)) {
        rv = posix_spawn(&program->pid, argv[0], &actions, &attributes, (char *const *)argv,
                         environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rv;
}

static void start(loop_t *loop, const char *const *argv, const apr_array_header_t *variables,
                  int both, int lasting, apr_size_t max_output, apr_interval_time_t limit,
                  program_done_fn *done, void *baton, apr_pool_t *p);

void program_start(loop_t *loop, const char *const *argv, int both, apr_size_t max_output,
                   apr_interval_time_t limit, program_done_fn *done, void *baton, apr_pool_t *p)
{
    program_start_with(loop, argv, NULL, both, max_output, limit, done, baton, p);
}

void program_start_with(loop_t *loop, const char *const *argv, const apr_array_header_t *variables,
                        int both, apr_size_t max_output, apr_interval_time_t limit,
                        program_done_fn *done, void *baton, apr_pool_t *p)
{
    start(loop, argv, variables, both, 0, max_output, limit, done, baton, p);
}

void program_start_lasting(loop_t *loop, const char *const *argv, apr_interval_time_t limit,
                           program_done_fn *done, void *baton, apr_pool_t *p)
{
    start(loop, argv, NULL, 0, 1, 1, limit, done, baton, p);
}

static void start(loop_t *loop, const char *const *argv, const apr_array_header_t *variables,
                  int both, int lasting, apr_size_t max_output, apr_interval_time_t limit,
                  program_done_fn *done, void *baton, apr_pool_t *p)
{
    program_t *program;
    apr_pool_t *pool;
    int fds[2] = { -1, -1 };

    apr_pool_create(&pool, p);
    program = apr_pcalloc(pool, sizeof(*program));
    program->pool = pool;
    program->loop = loop;
    program->done = done;
    program->baton = baton;
    program->fd = -1;
    program->lasting = lasting;
    program->buffer = secret_make(pool, max_output);
    program->timer = loop_timer_make(loop, on_timer, program);
    program->deadline = clock_steady() + limit;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        program->outcome.error = errno;
    }
    else {
        program->outcome.error =
            spawn(program, argv, make_environment(variables, pool), both, fds[1]);
        close(fds[1]);
        program->fd = fds[0];
    }
    if (program->outcome.error != 0) {
        program->pid = 0;
        loop_timer_set(program->timer, apr_time_now());
        return;
    }
    apr_pool_cleanup_register(pool, program, kill_running, apr_pool_cleanup_null);
    program->outcome.started = 1;
    program->watch = loop_watch(loop, program->fd, POLLIN, on_output, program);
    loop_timer_set(program->timer, apr_time_now() + limit);
}
