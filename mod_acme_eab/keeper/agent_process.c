/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/agent_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "ipc/frame.h"
#include "ipc/message.h"
#include "policy/budget.h"

#define DELAY_MAX apr_time_from_sec(60)
#define LONG_RUN apr_time_from_sec(60)
#define END_MILLISECONDS 100 /* from the end of its connection to its own */

struct agent_process {
    const means_t *means;
    agent_line_t *line;
    agent_door_t *door; /* NULL: it was told nothing yet */
    const briefing_t *briefing;
    apr_pool_t *run_pool; /* of one run of the program */
    pid_t pid;            /* 0: not running */
    int socket;           /* to one that was told nothing yet, or -1 */
    frame_channel_t *channel;
    loop_timer_t *restart;
    apr_time_t started; /* by clock_steady() */
    apr_interval_time_t delay;
    int restarts;

    loop_timer_t *pulse; /* looks whether it still says something */
    apr_interval_time_t interval;
    int missed; /* how many times in a row it has not */

    apr_pool_t *request_pool; /* of the request below */
    json_t *request;          /* taken from the channel, and not carried out yet, or NULL */
    int request_type;
    loop_timer_t *later; /* when a request that has to wait is carried out */
    int flood_told;      /* in this run */
    budget_t alive;
};

/* More often than it has to, but no flood. */
static const budget_rule_t alive_rule = { 10, APR_USEC_PER_SEC };

extern char **environ;

/* What the agent may see of the environment: nothing that could be a secret of somebody. */
static int is_passed_on(const char *variable)
{
    static const char *const prefixes[] = {
        "PATH=",          "TZ=",           "LANG=",         "LC_",
        "SSL_CERT_FILE=", "SSL_CERT_DIR=", "LD_PRELOAD=",   "LD_LIBRARY_PATH=",
        "FAKETIME",       "DONT_FAKE_",    "ASAN_OPTIONS=", "UBSAN_OPTIONS=",
        "LSAN_OPTIONS=",  "MALLOC_"
    };
    size_t i;

    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); ++i) {
        if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

static char **agent_environment(apr_pool_t *p)
{
    apr_array_header_t *variables = apr_array_make(p, 8, sizeof(char *));
    char **variable;

    for (variable = environ; *variable != NULL; ++variable) {
        if (is_passed_on(*variable)) {
            APR_ARRAY_PUSH(variables, char *) = *variable;
        }
    }
    APR_ARRAY_PUSH(variables, char *) = NULL;
    return (char **)variables->elts;
}

/* Its arguments: the ids to drop to, or none when httpd was not started as root. */
static char **agent_arguments(const plan_t *plan, apr_pool_t *p)
{
    char **argv = apr_pcalloc(p, 4 * sizeof(char *));

    argv[0] = apr_pstrdup(p, plan->agent_program);
    if (plan->user != NULL) {
        argv[1] = apr_itoa(p, plan->uid);
        argv[2] = apr_itoa(p, plan->gid);
    }
    return argv;
}

static int spawn(agent_process_t *agent, int socket)
{
    const plan_t *plan = agent->means->plan;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults, none;
    int rv;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigfillset(&defaults);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    /* What httpd gave us as standard output is for the lines of the agent (httpd/relay.c). */
    if ((rv = posix_spawn_file_actions_adddup2(&actions, socket, 0)) == 0
        && (rv = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)) == 0
        && (rv = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)) == 0) {
        rv =
            posix_spawn(&agent->pid, plan->agent_program, &actions, &attributes,
                        agent_arguments(plan, agent->run_pool), agent_environment(agent->run_pool));
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rv;
}

/* Take the process away, however far it got. */
static void end_run(agent_process_t *agent)
{
    agent_line_close(agent->line);
    loop_timer_set(agent->pulse, 0);
    loop_timer_set(agent->later, 0);
    agent->channel = NULL;
    agent->request = NULL;
    if (agent->socket >= 0) {
        close(agent->socket);
        agent->socket = -1;
    }
    if (agent->pid > 0) {
        kill(agent->pid, SIGKILL);
        while (waitpid(agent->pid, NULL, 0) < 0 && errno == EINTR) {
            ;
        }
        agent->pid = 0;
    }
    if (agent->door != NULL) {
        agent_door_forget(agent->door);
    }
    if (agent->run_pool != NULL) {
        apr_pool_destroy(agent->run_pool);
        agent->run_pool = NULL;
    }
}

static void plan_restart(agent_process_t *agent)
{
    if (clock_steady() - agent->started > LONG_RUN) {
        agent->delay = 0;
    }
    ++agent->restarts;
    loop_timer_set(agent->restart, apr_time_now() + agent->delay);
    agent->delay = (agent->delay == 0) ? apr_time_from_sec(1) : agent->delay * 2;
    if (agent->delay > DELAY_MAX) {
        agent->delay = DELAY_MAX;
    }
}

static void give_up_run(agent_process_t *agent, const char *why)
{
    log_line(LOG_LEVEL_ERROR, "The agent (pid %d) %s; starting it again in %d seconds",
             (int)agent->pid, why, (int)apr_time_sec(agent->delay));
    changes_tell_process(agent->means->changes, CHANGE_AGENT_ENDED,
                         apr_psprintf(agent->run_pool, "The agent %s.", why), agent->run_pool);
    end_run(agent);
    plan_restart(agent);
}

/* Its connection ended. A process lets go of its descriptors a moment before it can be waited for; one
 * that lives on has let go of this one alone, and is ended. */
static const char *explain_end(agent_process_t *agent)
{
    siginfo_t info = { 0 };
    int waited;

    for (waited = 0; info.si_pid == 0 && waited < END_MILLISECONDS; ++waited) {
        if (waited > 0) {
            apr_sleep(apr_time_from_msec(1));
        }
        if (waitid(P_PID, (id_t)agent->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
            break;
        }
    }
    if (info.si_pid == 0) {
        return "closed its connection and was ended";
    }
    return apr_psprintf(
        agent->run_pool, "ended unexpectedly (%s)",
        process_describe_end(agent->run_pool, info.si_code == CLD_EXITED
                                                  ? PROCESS_ENDED(info.si_status, 0)
                                                  : PROCESS_ENDED(0, info.si_status)));
}

static void tell_flood(agent_process_t *agent)
{
    if (!agent->flood_told) {
        log_line(LOG_LEVEL_WARNING,
                 "The agent (pid %d) asks too often (%s); its requests are carried out more slowly",
                 (int)agent->pid, message_name(agent->request_type));
        agent->flood_told = 1;
    }
}

/* @return how long the request has to wait; 0: carry it out */
static apr_interval_time_t delay_request(agent_process_t *agent)
{
    if (agent->request_type == MESSAGE_ALIVE) {
        return budget_take(&agent->alive, &alive_rule, 1, clock_steady());
    }
    return agent_door_delay(agent->door, agent->request_type, agent->request);
}

/* A reply and what follows from the request for the restart of httpd are one message: the agent must
 * not show one without the other. */
static apr_status_t carry_out(agent_process_t *agent)
{
    json_t *request = agent->request;
    apr_status_t rv;

    agent->request = NULL;
    if (agent->request_type == MESSAGE_ALIVE) {
        return APR_SUCCESS;
    }
    agent_line_begin(agent->line);
    rv = agent_door_handle(agent->door, agent->request_type, request, agent->request_pool);
    agent_line_end(agent->line);
    return rv;
}

/* Until no whole one is there, or one has to wait, or the agent does not read the replies. */
static apr_status_t take_requests(agent_process_t *agent)
{
    apr_interval_time_t delay;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && agent->channel != NULL && !frame_wants_write(agent->channel)) {
        if (agent->request == NULL) {
            apr_pool_clear(agent->request_pool);
            rv = frame_take(agent->channel, &agent->request_type, &agent->request,
                            agent->request_pool);
            if (rv != APR_SUCCESS) {
                break;
            }
            agent->missed = 0;
        }
        if ((delay = delay_request(agent)) > 0) {
            tell_flood(agent);
            loop_timer_set(agent->later, apr_time_now() + delay);
            break;
        }
        rv = carry_out(agent);
    }
    agent_line_listen(agent->line, agent->request == NULL);
    return APR_STATUS_IS_EAGAIN(rv) ? APR_SUCCESS : rv;
}

static void serve(agent_process_t *agent)
{
    if (take_requests(agent) != APR_SUCCESS) {
        give_up_run(agent, "said what it may not say and was ended");
    }
}

static void on_later(void *baton)
{
    agent_process_t *agent = baton;

    if (agent->request != NULL) {
        serve(agent);
    }
}

static void on_channel(void *baton, short events)
{
    agent_process_t *agent = baton;
    apr_status_t rv;

    if ((events & POLLOUT) != 0 && frame_flush(agent->channel) != APR_SUCCESS) {
        give_up_run(agent, explain_end(agent));
        return;
    }
    if (agent->request != NULL && (events & ~POLLOUT) != 0) {
        give_up_run(agent, explain_end(agent)); /* it is not listened to: only its end is heard */
        return;
    }
    if ((events & ~POLLOUT) != 0) {
        rv = frame_fill(agent->channel);
        if (APR_STATUS_IS_EOF(rv) || (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv))) {
            give_up_run(agent, explain_end(agent));
            return;
        }
    }
    if (agent->request == NULL) {
        serve(agent);
    }
    else {
        agent_line_listen(agent->line, 0);
    }
}

/* Looks are counted, not the time: after the machine or the keeper has slept, there is one look. */
static void on_pulse(void *baton)
{
    agent_process_t *agent = baton;

    if (agent->request == NULL && ++agent->missed > MESSAGE_ALIVE_MISSED) {
        give_up_run(agent, "has said nothing for minutes and was ended");
        return;
    }
    loop_timer_set(agent->pulse, apr_time_now() + agent->interval);
}

/* Its memory goes at once: it may be large, and the agent runs for weeks. An agent whose brief does not
 * get through is ended, as it would wait for it. */
static void send_brief(agent_process_t *agent)
{
    apr_pool_t *pool = NULL;
    brief_t *brief;
    apr_status_t rv;

    apr_pool_create(&pool, agent->means->pool);
    brief = briefing_make(agent->briefing, pool);
    brief->agent_restarts = agent->restarts;
    rv = brief_send(brief, agent_line_send, agent->line);
    apr_pool_destroy(pool);
    if (rv != APR_SUCCESS) {
        give_up_run(agent, APR_STATUS_IS_ENOSPC(rv) ? "cannot be told what is configured"
                                                    : explain_end(agent));
        return;
    }
    agent_door_greet(agent->door);
}

/* @return 0 when it could not be started, which was logged, and is tried again later */
static int launch(agent_process_t *agent)
{
    const means_t *means = agent->means;
    int sockets[2] = { -1, -1 };
    int error;

    apr_pool_create(&agent->run_pool, means->pool);
    agent->started = clock_steady();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        error = errno;
    }
    else {
        error = spawn(agent, sockets[1]);
        close(sockets[1]);
        agent->socket = sockets[0];
    }
    if (error != 0) {
        agent->pid = 0;
        log_line(LOG_LEVEL_ERROR, "The agent %s could not be started: %s",
                 means->plan->agent_program, strerror(error));
        end_run(agent);
        plan_restart(agent);
        return 0;
    }
    return 1;
}

/* Nothing comes before its brief. */
static void begin(agent_process_t *agent)
{
    agent->channel =
        agent_line_open(agent->line, agent->socket, on_channel, agent, agent->run_pool);
    agent->socket = -1;
    agent->missed = 0;
    agent->flood_told = 0;
    loop_timer_set(agent->pulse, apr_time_now() + agent->interval);
    send_brief(agent);
}

static void run(void *baton)
{
    agent_process_t *agent = baton;

    if (launch(agent)) {
        begin(agent);
    }
}

agent_process_t *agent_process_make(const means_t *means, agent_line_t *line,
                                    const briefing_t *briefing)
{
    agent_process_t *agent = apr_pcalloc(means->pool, sizeof(*agent));

    agent->means = means;
    agent->line = line;
    agent->briefing = briefing;
    agent->socket = -1;
    apr_pool_create(&agent->request_pool, means->pool);
    agent->restart = loop_timer_make(means->loop, run, agent);
    agent->pulse = loop_timer_make(means->loop, on_pulse, agent);
    agent->later = loop_timer_make(means->loop, on_later, agent);
    launch(agent);
    return agent;
}

void agent_process_start(agent_process_t *agent, agent_door_t *door, apr_interval_time_t interval)
{
    agent->door = door;
    agent->interval = interval;
    if (agent->socket >= 0) {
        begin(agent);
    }
}

void agent_process_renew(agent_process_t *agent)
{
    end_run(agent);
    agent->delay = 0;
    run(agent);
}

void agent_process_stop(agent_process_t *agent)
{
    end_run(agent);
}
