/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "store/spool.h"

#define SECONDS_MAX 600
#define LOOK_INTERVAL 50 /* milliseconds between two looks whether it has ended */
#define LINE_MAX_BYTES 900

typedef struct courier {
    apr_pool_t *pool;
    const char *path; /* of the spool */
    int seconds;
    const char *user;
    const char *const *argv; /* of the program */
    const json_t *event;
    int attempt;
    int in;  /* the event, in memory */
    int out; /* what the program says */
    pid_t pid;
    char output[LIMIT_EVENT_OUTPUT + 1];
    apr_size_t used;
} courier_t;

static const char *peek(const courier_t *courier, const char *member)
{
    const char *text = json_peek_string(courier->event, member);

    return text != NULL ? text : "";
}

/* "Event 20261130T120000Z-000042 (deployed, www.example.edu)" */
static const char *describe(const courier_t *courier)
{
    const char *name = peek(courier, "name");

    return apr_psprintf(courier->pool, "Event %s (%s%s%s)",
                        log_escape(courier->pool, peek(courier, "id")),
                        log_escape(courier->pool, peek(courier, "event")),
                        *name != '\0' ? ", " : "", log_escape(courier->pool, name));
}

/* ---- what the program gets ---- */

static const char *make_text(const courier_t *courier)
{
    json_t *event = json_own(courier->pool, json_deep_copy(courier->event));

    json_object_set_new(event, "attempt", json_integer(courier->attempt));
    return apr_pstrcat(courier->pool, json_text(courier->pool, event), "\n", NULL);
}

/* Nothing but plain text, whatever a name or label may hold. */
static void push(apr_array_header_t *variables, const char *name, const char *value)
{
    const char *c;

    for (c = value; *c >= ' ' && *c <= '~'; ++c) {
        ;
    }
    if (*c == '\0' && *value != '\0') {
        APR_ARRAY_PUSH(variables, const char *) =
            apr_pstrcat(variables->pool, name, "=", value, NULL);
    }
}

static const char **make_environment(const courier_t *courier)
{
    apr_pool_t *p = courier->pool;
    apr_array_header_t *variables = apr_array_make(p, 12, sizeof(const char *));
    const char *live = json_peek_string(json_object_get(courier->event, "files"), "live");

    APR_ARRAY_PUSH(variables, const char *) = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    APR_ARRAY_PUSH(variables, const char *) = "LANG=C.UTF-8";
    push(variables, "ACME_EVENT", peek(courier, "event"));
    push(variables, "ACME_EVENT_ID", peek(courier, "id"));
    push(variables, "ACME_NAME", peek(courier, "name"));
    push(variables, "ACME_ACCOUNT", peek(courier, "account"));
    push(variables, "ACME_ATTEMPT", apr_itoa(p, courier->attempt));
    if (live != NULL) {
        push(variables, "ACME_LIVE_DIR", live);
        push(variables, "RENEWED_LINEAGE", live);
        push(variables, "RENEWED_DOMAINS",
             apr_array_pstrcat(p, json_copy_strings(p, courier->event, "names"), ' '));
    }
    APR_ARRAY_PUSH(variables, const char *) = NULL;
    return (const char **)variables->elts;
}

/* ---- as whom ---- */

/* In the child. @return 0 with errno, and *pwhat what cannot be done */
static int become_user(const struct passwd *user, const char **pwhat)
{
    *pwhat = "become its user";
    if (geteuid() == 0
        && (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0
            || setuid(user->pw_uid) != 0)) {
        return 0;
    }
    if (geteuid() != user->pw_uid) {
        errno = EPERM;
        return 0;
    }
    *pwhat = "give up further rights";
    return user->pw_uid == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0;
}

static void say_child(const char *what, const char *program)
{
    char text[300];
    int len = snprintf(text, sizeof(text), "It cannot %s %s: %s\n", what, program, strerror(errno));

    (void)!write(STDERR_FILENO, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

/* In the child, which does not return. */
static void become(const courier_t *courier, const struct passwd *user, const char **environment,
                   int out)
{
    const struct rlimit none = { 0, 0 };
    const char *what = "start";
    sigset_t signals;
    int number;

    setsid();
    if (dup2(courier->in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0
        || dup2(out, STDERR_FILENO) < 0) {
        _exit(COURIER_CANNOT_RUN);
    }
    process_close_inherited(-1);
    for (number = 1; number < NSIG; ++number) {
        signal(number, SIG_DFL);
    }
    sigemptyset(&signals);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    setrlimit(RLIMIT_CORE, &none);
    umask(077);
    if (chdir("/") == 0 && become_user(user, &what)) {
        what = "run";
        execve(courier->argv[0], (char *const *)courier->argv, (char *const *)environment);
    }
    number = errno == ENOENT ? COURIER_NOT_FOUND : COURIER_CANNOT_RUN;
    say_child(what, courier->argv[0]);
    _exit(number);
}

/* ---- while it runs ---- */

/* @return 0 when nothing more will come */
static int take_output(courier_t *courier)
{
    apr_size_t room = LIMIT_EVENT_OUTPUT - courier->used;
    char spill[512];
    ssize_t n = room > 0 ? read(courier->out, courier->output + courier->used, room)
                         : read(courier->out, spill, sizeof(spill));

    if (n > 0 && room > 0) {
        courier->used += (apr_size_t)n;
    }
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static void await_output(courier_t *courier, int milliseconds)
{
    struct pollfd pfd = { courier->out, POLLIN, 0 };

    if (courier->out < 0) {
        poll(NULL, 0, milliseconds);
    }
    else if (poll(&pfd, 1, milliseconds) > 0 && !take_output(courier)) {
        close(courier->out);
        courier->out = -1;
    }
}

/* What is there already, after its end; somebody it has left behind may go on talking. */
static void drain(courier_t *courier)
{
    struct pollfd pfd = { courier->out, POLLIN, 0 };
    int i;

    for (i = 0; i < 64 && courier->out >= 0 && poll(&pfd, 1, 0) > 0 && take_output(courier); ++i) {
        ;
    }
}

/* @return the exit status of the program, or COURIER_TIMED_OUT */
static int await_end(courier_t *courier)
{
    apr_time_t deadline = clock_steady() + apr_time_from_sec(courier->seconds);
    int status = 0, late = 0;

    while (waitpid(courier->pid, &status, WNOHANG) != courier->pid) {
        if (clock_steady() >= deadline) {
            kill(-courier->pid, late ? SIGKILL : SIGTERM);
            deadline += apr_time_from_sec(COURIER_GRACE);
            late = 1;
        }
        await_output(courier, LOOK_INTERVAL);
    }
    drain(courier);
    if (late) {
        kill(-courier->pid, SIGKILL); /* what it has left behind */
        return COURIER_TIMED_OUT;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Each line that it has said, escaped. */
static void log_output(courier_t *courier, int status)
{
    log_level_t level = status == 0 ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING;
    const char *about = describe(courier);
    apr_pool_t *pool = NULL;
    char *line, *state = NULL;

    courier->output[courier->used] = '\0';
    apr_pool_create(&pool, courier->pool);
    for (line = strtok_r(courier->output, "\r\n", &state); line != NULL;
         line = strtok_r(NULL, "\r\n", &state)) {
        apr_pool_clear(pool);
        log_line(level, "%s: %s says: %s", about, courier->argv[0],
                 log_escape(pool, apr_pstrndup(pool, line, LINE_MAX_BYTES)));
    }
    apr_pool_destroy(pool);
}

static int run(courier_t *courier, const struct passwd *user)
{
    const char **environment = make_environment(courier);
    int out[2];

    if ((courier->in = file_of_text(make_text(courier))) < 0 || pipe2(out, O_CLOEXEC) != 0
        || (courier->pid = fork()) < 0) {
        log_line(LOG_LEVEL_ERROR, "%s: %s cannot be started: %s", describe(courier),
                 courier->argv[0], strerror(errno));
        return COURIER_CANNOT_RUN;
    }
    if (courier->pid == 0) {
        become(courier, user, environment, out[1]);
    }
    close(out[1]);
    courier->out = out[0];
    return await_end(courier);
}

/* @return its exit status; what is in the way is logged */
static int tell(courier_t *courier)
{
    const struct passwd *user = getpwnam(courier->user);
    const char *why;
    int status;

    if (user == NULL) {
        log_line(LOG_LEVEL_ERROR, "%s: there is no user %s, as whom %s is to be run",
                 describe(courier), courier->user, courier->argv[0]);
        return COURIER_CANNOT_RUN;
    }
    if ((why = file_changeable_by(courier->pool, courier->argv[0], user->pw_uid)) != NULL) {
        log_line(LOG_LEVEL_ERROR, "%s: %s is not run: %s", describe(courier), courier->argv[0],
                 why);
        return COURIER_CANNOT_RUN;
    }
    status = run(courier, user);
    log_output(courier, status);
    return status;
}

static int is_usable(courier_t *courier, int argc, const char *const *argv)
{
    const char *text = NULL;
    apr_size_t len = 0;
    json_t *entry;

    if (argc < 4 || (courier->seconds = atoi(argv[1])) < 1 || courier->seconds > SECONDS_MAX) {
        return 0;
    }
    courier->path = argv[0];
    courier->user = argv[2];
    courier->argv = argv + 3;
    if (file_read(&text, &len, courier->path, LIMIT_RECORD, courier->pool) != APR_SUCCESS) {
        return 0;
    }
    entry = json_parse(courier->pool, text, len, NULL);
    courier->event = json_object_get(entry, "event");
    courier->attempt = (int)json_peek_int(entry, "attempts", 0) + 1;
    return json_is_object(courier->event);
}

int courier_run(int argc, const char *const *argv)
{
    courier_t courier = { .in = -1, .out = -1 };
    int lock = -1, status;

    signal(SIGPIPE, SIG_IGN);
    apr_initialize();
    apr_pool_create(&courier.pool, NULL);
    if (argc < 1 || spool_lock(&lock, argv[0]) == APR_EBUSY) {
        return COURIER_BUSY;
    }
    if (!is_usable(&courier, argc, argv)) {
        return COURIER_CANNOT_RUN;
    }
    status = tell(&courier);
    (void)spool_ended(courier.path, status, courier.pool);
    return status;
}
