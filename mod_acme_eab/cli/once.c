/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/once.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "ipc/frame.h"
#include "ipc/message.h"

#define PATIENCE apr_time_from_sec(60)
#define FAREWELL apr_time_from_sec(20) /* for a disk that is slow */
#define LOCK_MAX 65536

extern char **environ;

int once_is_locked(const context_t *context)
{
    int fd = -1, locked;

    if (file_open(&fd, apr_pstrcat(context->pool, context->store_dir, "/lock", NULL), LOCK_MAX)
        != APR_SUCCESS) {
        return 0;
    }
    locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

/* It has seen that nobody is at the other end of its socket any more. What it does last, such as writing down
 * what it has counted, is waited for: with this process it would be killed. */
static apr_status_t await_end(void *data)
{
    const pid_t *pid = data;
    apr_time_t end = clock_steady() + FAREWELL;
    pid_t ended;

    do {
        ended = waitpid(*pid, NULL, WNOHANG);
        if (ended == 0) {
            (void)poll(NULL, 0, 2);
        }
    } while ((ended == 0 || (ended < 0 && errno == EINTR)) && clock_steady() < end);
    return APR_SUCCESS;
}

/* Its log lines are not for a terminal: what matters comes as a message. */
static int spawn(const context_t *context, int socket, pid_t *pid)
{
    char *arguments[4] = { NULL, NULL, NULL, NULL };
    posix_spawn_file_actions_t actions;
    int rv;

    arguments[0] = apr_pstrdup(context->pool, KEEPER_PROGRAM);
    arguments[1] = apr_pstrdup(context->pool, "--once");
    arguments[2] = apr_pstrdup(context->pool, context->store_dir);
    posix_spawn_file_actions_init(&actions);
    if ((rv = posix_spawn_file_actions_adddup2(&actions, socket, 0)) == 0
        && (rv = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)) == 0
        && (rv = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) == 0) {
        rv = posix_spawn(pid, KEEPER_PROGRAM, &actions, NULL, arguments, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rv;
}

/* READY, or the reason why not; its end without a word means that it did not get the lock. */
static apr_status_t wait_until_ready(context_t *context, frame_channel_t *channel)
{
    apr_time_t end = clock_steady() + PATIENCE;
    struct pollfd pfd = { 0, POLLIN, 0 };
    apr_status_t rv;
    json_t *body;
    int type;

    pfd.fd = frame_channel_fd(channel);
    while (clock_steady() < end) {
        rv = frame_take(channel, &type, &body, context->pool);
        if (rv == APR_SUCCESS && type == MESSAGE_READY) {
            return APR_SUCCESS;
        }
        if (rv == APR_SUCCESS && type == MESSAGE_PROBLEM) {
            eab_result_from_json(context->result, json_object_get(body, "problem"));
            return APR_EGENERAL;
        }
        if (rv != APR_SUCCESS) {
            (void)poll(&pfd, 1, 1000);
            rv = frame_fill(channel);
            if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
                return APR_EBUSY;
            }
        }
    }
    return APR_EBUSY;
}

apr_status_t once_start(context_t *context)
{
    pid_t *pid = apr_palloc(context->pool, sizeof(*pid));
    int sockets[2], error;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        return eab_result_set(context->result, errno, EAB_PROBLEM_INTERNAL,
                              "No socket can be made: %s.", strerror(errno));
    }
    error = spawn(context, sockets[1], pid);
    close(sockets[1]);
    if (error != 0) {
        close(sockets[0]);
        return eab_result_set(
            context->result, error, EAB_PROBLEM_NOT_RUNNING,
            "httpd does not run, and the keeper cannot be started instead: " KEEPER_PROGRAM ": %s.",
            strerror(error));
    }
    /* After the end of the channel, which is made later. */
    apr_pool_cleanup_register(context->pool, pid, await_end, apr_pool_cleanup_null);
    return wait_until_ready(context, frame_channel_make(context->pool, sockets[0], LIMIT_FRAME));
}
