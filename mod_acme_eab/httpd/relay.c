/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/relay.h"

#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_portable.h>
#include <apr_thread_proc.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "httpd/lines.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define NAME "acme-eab-log"         /* as ps shows it */
#define SIGNAL_TO_LEAVE SIGUSR2     /* say what is there and end; SIGTERM is for whole groups */
#define QUIET_MILLISECONDS 100      /* so long nothing came: all is said */
#define LEAVE_MILLISECONDS 2000     /* and no longer than this in any case */
#define END_MILLISECONDS 3000       /* then it is killed */
#define BRAKE_MILLISECONDS 100      /* between two looks at a pipe that says too much */
#define PAUSE apr_time_from_sec(10) /* from the second time on that it did not live so long */

/* One pipe. */
typedef struct source {
    int in;  /* -1: nobody writes any more */
    int out; /* -1: handed over */
    lines_t *lines;
} source_t;

struct relay {
    apr_pool_t *pool;
    server_rec *main;
    pid_t parent;
    apr_proc_t proc;
    apr_time_t since; /* by clock_steady(), as is next */
    int failures;     /* in a row */
    apr_time_t next;  /* when to start it again; 0: it runs */
    int forking;      /* the child needs the pipes */
    source_t keeper;
    source_t agent;
};

static void close_fd(int *pfd)
{
    if (*pfd >= 0)
        (void)close(*pfd);
    *pfd = -1;
}

/* ------------------------------------------------------------------------ in the relay */

static volatile sig_atomic_t leaving;

static void leave(int signal_number)
{
    (void)signal_number;
    leaving = 1;
}

/* It is to be there until the last writer has ended: what is meant for the whole server, or for the
 * terminal that it was started from, is not for it. */
static void set_signals(sigset_t *while_waiting)
{
    static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGWINCH, SIGPIPE };
    struct sigaction action = { 0 };
    size_t i = 0;
    int number = 0;

    for (number = 1; number < NSIG; ++number)
        (void)signal(number, SIG_DFL);
    for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); ++i)
        (void)signal(ignored[i], SIG_IGN);
    action.sa_handler = leave;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGNAL_TO_LEAVE, &action, NULL);
    (void)sigemptyset(while_waiting);
}

/* syslog(3) has a socket that is connected to a name. */
static int is_syslog(int fd)
{
    struct sockaddr_un peer = { 0 };
    socklen_t len = sizeof(peer);

    return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sun_family == AF_UNIX
           && len > offsetof(struct sockaddr_un, sun_path);
}

/* Of what httpd's parent has open, only the log is for us: no listener (the next start would find
 * the port in use), no end of a pipe or socket at whose other end somebody waits for the end of
 * httpd. */
static void close_inherited(const relay_t *relay)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry = NULL;
    int log = -1;

    if (dir == NULL)
        return;
    if (relay->main->error_log != NULL)
        (void)apr_os_file_get(&log, relay->main->error_log);
    while ((entry = readdir(dir)) != NULL) {
        int fd = atoi(entry->d_name);

        if (fd > STDERR_FILENO && fd != dirfd(dir) && fd != log && fd != relay->keeper.in
            && fd != relay->agent.in && (log >= 0 || !is_syslog(fd)))
            (void)close(fd);
    }
    (void)closedir(dir);
}

static int tell(void *baton, log_level_t level, const char *text)
{
    const relay_t *relay = baton;

    if (!APLOG_IS_LEVEL(relay->main, (int)level))
        return 0;
    ap_log_error(NULL, 0, APLOG_MODULE_INDEX, (int)level, 0, relay->main, "%s", text);
    return 1;
}

static void read_source(source_t *source)
{
    char data[16384];
    ssize_t n = read(source->in, data, sizeof(data));

    if (n > 0)
        lines_take(source->lines, data, (apr_size_t)n, clock_steady());
    else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        lines_end(source->lines, clock_steady());
        close_fd(&source->in);
    }
}

/* Who says too much is read slowly: it has to wait then, and keeps no processor busy. */
static void brake(const relay_t *relay)
{
    if (lines_are_too_many(relay->keeper.lines) || lines_are_too_many(relay->agent.lines))
        apr_sleep(apr_time_from_msec(BRAKE_MILLISECONDS));
}

static void relay_lines(relay_t *relay, const sigset_t *while_waiting)
{
    static const struct timespec quiet = { 0, QUIET_MILLISECONDS * 1000000L };
    apr_time_t limit = 0;

    while (relay->keeper.in >= 0 || relay->agent.in >= 0) {
        struct pollfd fds[2] = { { relay->keeper.in, POLLIN, 0 }, { relay->agent.in, POLLIN, 0 } };
        int n = ppoll(fds, 2, leaving ? &quiet : NULL, while_waiting);

        if (n > 0 && fds[0].revents != 0)
            read_source(&relay->keeper);
        if (n > 0 && fds[1].revents != 0)
            read_source(&relay->agent);
        if (leaving && limit == 0)
            limit = clock_steady() + apr_time_from_msec(LEAVE_MILLISECONDS);
        if (n == 0 || (limit != 0 && clock_steady() > limit))
            break;
        brake(relay);
    }
    lines_end(relay->keeper.lines, clock_steady());
    lines_end(relay->agent.lines, clock_steady());
}

/* What it has of the parent's memory, keys that mod_ssl has loaded among it, stays where it is: nobody
 * can look into it, and it reads nothing but lines. */
static void become_relay(relay_t *relay)
{
    sigset_t while_waiting;

    (void)setsid();
    set_signals(&while_waiting);
    process_guard();
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    (void)prctl(PR_SET_NAME, NAME, 0L, 0L, 0L);
    (void)prctl(PR_SET_PDEATHSIG, (long)SIGNAL_TO_LEAVE, 0L, 0L, 0L);
    if (getppid() != relay->parent)
        leaving = 1;
    close_inherited(relay);
    relay_lines(relay, &while_waiting);
    _exit(0);
}

/* ------------------------------------------------------------------------ in the parent */

static void start(relay_t *relay);

/* Called by httpd for its "other children". It ends with 0 when nobody can write any more; otherwise
 * the pipes hold what is written until there is another one. */
static void maintain(int reason, void *data, int status)
{
    relay_t *relay = data;

    if (getpid() != relay->parent || relay->proc.pid <= 0
        || (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST))
        return;
    relay->proc.pid = -1;
    apr_proc_other_child_unregister(relay);
    if (reason == APR_OC_REASON_DEATH && status == 0)
        return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, relay->main,
                 "the process that brings the lines of keeper and agent into this log ended "
                 "without being asked to (%s); it is started again, a line may be missing",
                 reason == APR_OC_REASON_LOST ? "it is gone"
                                              : process_describe_end(relay->pool, status & 127));
    if (clock_steady() - relay->since >= PAUSE)
        relay->failures = 0;
    if (++relay->failures < 2)
        start(relay);
    else
        relay->next = clock_steady() + PAUSE;
}

/* The signal must not come before there is a handler for it. */
static pid_t fork_relay(relay_t *relay)
{
    sigset_t leave_signal, before;
    pid_t pid = -1;

    (void)sigemptyset(&leave_signal);
    (void)sigaddset(&leave_signal, SIGNAL_TO_LEAVE);
    (void)sigprocmask(SIG_BLOCK, &leave_signal, &before);
    relay->forking = 1;
    if ((pid = fork()) == 0)
        become_relay(relay);
    relay->forking = 0;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static void start(relay_t *relay)
{
    pid_t pid = fork_relay(relay);

    relay->next = 0;
    if (pid < 0) {
        relay->next = clock_steady() + PAUSE;
        ap_log_error(
            APLOG_MARK, APLOG_ERR, errno, relay->main,
            "the process that brings the lines of keeper and agent into this log cannot be "
            "started");
        return;
    }
    relay->proc.pid = pid;
    relay->since = clock_steady();
    apr_proc_other_child_register(&relay->proc, maintain, relay, NULL, relay->pool);
}

static void close_all(relay_t *relay)
{
    relay_hand_over(relay);
    close_fd(&relay->keeper.in);
    close_fd(&relay->agent.in);
}

/* The keeper has ended, and mostly its programs too: then so does the relay by itself. */
static apr_status_t relay_end(void *data)
{
    relay_t *relay = data;
    pid_t pid = relay->proc.pid;
    int waited = 0;

    if (getpid() != relay->parent)
        return APR_SUCCESS;
    relay_hand_over(relay);
    if (pid > 0)
        (void)kill(pid, SIGNAL_TO_LEAVE);
    for (waited = 0; pid > 0 && waitpid(pid, NULL, WNOHANG) == 0; waited += 5) {
        if (waited >= END_MILLISECONDS) {
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, NULL, 0);
            break;
        }
        apr_sleep(apr_time_from_msec(5));
    }
    relay->proc.pid = -1;
    close_all(relay);
    return APR_SUCCESS;
}

static int make_source(source_t *source, const char *who, relay_t *relay)
{
    int ends[2] = { -1, -1 };
    int rc = pipe2(ends, O_CLOEXEC);

    source->in = ends[0];
    source->out = ends[1];
    source->lines = lines_make(relay->pool, who, tell, relay);
    return rc == 0;
}

relay_t *relay_start(server_rec *main_server, apr_pool_t *p)
{
    relay_t *relay = apr_pcalloc(p, sizeof(*relay));

    relay->pool = p;
    relay->main = main_server;
    relay->parent = getpid();
    relay->proc.pid = -1;
    relay->agent.in = relay->agent.out = -1;
    if (!make_source(&relay->keeper, "keeper", relay)
        || !make_source(&relay->agent, "agent", relay)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, errno, main_server,
                     "no pipe can be made for the lines of keeper and agent");
        close_all(relay);
        return NULL;
    }
    apr_pool_cleanup_register(p, relay, relay_end, apr_pool_cleanup_null);
    start(relay);
    if (relay->proc.pid > 0)
        return relay;
    close_all(relay); /* then there is nobody to read them */
    return NULL;
}

int relay_for_keeper(const relay_t *relay)
{
    return relay != NULL ? relay->keeper.out : -1;
}

int relay_for_agent(const relay_t *relay)
{
    return relay != NULL ? relay->agent.out : -1;
}

void relay_hand_over(relay_t *relay)
{
    if (relay == NULL)
        return;
    close_fd(&relay->keeper.out);
    close_fd(&relay->agent.out);
}

void relay_monitor(relay_t *relay)
{
    if (relay != NULL && relay->next != 0 && clock_steady() >= relay->next)
        start(relay);
}

void relay_let_go(relay_t *relay)
{
    if (relay != NULL && !relay->forking)
        close_all(relay);
}
