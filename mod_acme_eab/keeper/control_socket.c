/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ipc/control.h"
#include "ipc/frame.h"

#define LOOK apr_time_from_sec(10)             /* whether the socket is there */
#define PATIENCE_TO_ASK apr_time_from_sec(10)  /* with who says nothing */
#define PATIENCE_TO_READ apr_time_from_sec(30) /* with who does not listen */
#define ASK_MAX LIMIT_FRAME

typedef struct control_socket control_socket_t;

/* One connection. */
typedef struct visitor {
    control_socket_t *socket;
    apr_pool_t *pool; /* of all that belongs to it */
    frame_channel_t *channel;
    loop_watch_t *poll;
    loop_timer_t *timer;
    control_watch_t *watch; /* NULL: it has not asked yet */
    int uid;
    int leaving; /* END was queued */
} visitor_t;

struct control_socket {
    const means_t *means;
    control_door_t *door;
    control_listener_t listener;
    loop_watch_t *poll;
    loop_timer_t *timer;
    int visitors;
    int told; /* that it cannot be made */
};

static void let_go(visitor_t *visitor)
{
    loop_t *loop = visitor->socket->means->loop;

    if (visitor->watch != NULL) {
        control_watch_end(visitor->watch);
    }
    loop_unwatch(loop, visitor->poll);
    loop_timer_release(loop, visitor->timer);
    --visitor->socket->visitors;
    apr_pool_destroy(visitor->pool);
}

static apr_status_t send_to(void *baton, int type, json_t *body)
{
    visitor_t *visitor = baton;
    apr_status_t rv = frame_send(visitor->channel, type, body);

    json_decref(body);
    return rv;
}

/* What is told waits until what was told before is read. @return false: the visitor is gone */
static int tell(visitor_t *visitor)
{
    apr_status_t rv = APR_SUCCESS;
    int waits;

    if (visitor->watch != NULL && !visitor->leaving && !frame_wants_write(visitor->channel)) {
        rv = control_watch_flush(visitor->watch, send_to, visitor);
        visitor->leaving = APR_STATUS_IS_EOF(rv);
        rv = visitor->leaving ? APR_SUCCESS : rv;
    }
    waits = frame_wants_write(visitor->channel);
    if (rv != APR_SUCCESS || (visitor->leaving && !waits)) {
        let_go(visitor);
        return 0;
    }
    loop_watch_events(visitor->poll, waits ? POLLIN | POLLOUT : POLLIN);
    if (visitor->watch != NULL) {
        loop_timer_set(visitor->timer, waits ? apr_time_now() + PATIENCE_TO_READ
                                             : apr_time_now() + MESSAGE_ALIVE_INTERVAL);
    }
    return 1;
}

/* Not from inside the door, which goes through its list of those who wait. */
static void on_news(void *baton)
{
    visitor_t *visitor = baton;

    loop_timer_set(visitor->timer, apr_time_now());
}

/* He has said nothing, or read nothing, for too long; or there is something to say, if only that we are
 * there. */
static void on_timer(void *baton)
{
    visitor_t *visitor = baton;

    if (visitor->watch == NULL) {
        let_go(visitor);
        return;
    }
    if (frame_wants_write(visitor->channel)) {
        if (frame_flush(visitor->channel) != APR_SUCCESS || frame_wants_write(visitor->channel)) {
            let_go(visitor);
            return;
        }
    }
    if (tell(visitor) && !frame_wants_write(visitor->channel)) {
        json_t *nothing = json_object();

        if (frame_send(visitor->channel, MESSAGE_ALIVE, nothing) != APR_SUCCESS) {
            let_go(visitor);
        }
        json_decref(nothing);
    }
}

/* @return false: the visitor is gone */
static int take(visitor_t *visitor)
{
    json_t *body = NULL;
    int type = 0;
    apr_status_t rv = frame_take(visitor->channel, &type, &body, visitor->pool);

    if (APR_STATUS_IS_EAGAIN(rv)) {
        return 1;
    }
    if (rv == APR_SUCCESS && type == MESSAGE_ASK && visitor->watch == NULL) {
        visitor->watch = control_door_ask(visitor->socket->door, body, visitor->uid, on_news,
                                          visitor, visitor->pool);
        if (visitor->watch != NULL) {
            return tell(visitor);
        }
    }
    let_go(visitor); /* he said what nobody says here */
    return 0;
}

static void on_ready(void *baton, short events)
{
    visitor_t *visitor = baton;
    apr_status_t rv;

    if ((events & POLLOUT) != 0) {
        if (frame_flush(visitor->channel) != APR_SUCCESS) {
            let_go(visitor);
            return;
        }
        if (!tell(visitor)) {
            return;
        }
    }
    if ((events & ~POLLOUT) != 0) {
        rv = frame_fill(visitor->channel);
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
            let_go(visitor);
            return;
        }
        take(visitor);
    }
}

static void receive(control_socket_t *socket, int fd, int uid)
{
    loop_t *loop = socket->means->loop;
    apr_pool_t *pool = NULL;
    visitor_t *visitor;

    apr_pool_create(&pool, socket->means->pool);
    visitor = apr_pcalloc(pool, sizeof(*visitor));
    visitor->socket = socket;
    visitor->pool = pool;
    visitor->uid = uid;
    visitor->channel = frame_channel_make(pool, fd, ASK_MAX);
    visitor->poll = loop_watch(loop, fd, POLLIN, on_ready, visitor);
    visitor->timer = loop_timer_make(loop, on_timer, visitor);
    loop_timer_set(visitor->timer, apr_time_now() + PATIENCE_TO_ASK);
    ++socket->visitors;
}

static void on_connection(void *baton, short events)
{
    control_socket_t *control = baton;
    uid_t uid = (uid_t)-1;
    pid_t pid = 0;
    int fd = accept4(control->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)events;
    if (fd < 0) {
        return;
    }
    if (!control_peer_is_trusted(fd, &uid, &pid)) {
        log_line(LOG_LEVEL_WARNING,
                 "Process %d of the user with id %d tried to give orders and was not heard",
                 (int)pid, (int)uid);
        close(fd);
    }
    else if (control->visitors >= LIMIT_CONTROL) {
        close(fd);
    }
    else {
        receive(control, fd, (int)uid);
    }
}

static void close_listener(control_socket_t *control)
{
    loop_unwatch(control->means->loop, control->poll);
    control->poll = NULL;
    if (control->listener.fd >= 0) {
        close(control->listener.fd);
        control->listener.fd = -1;
    }
}

static void open_listener(control_socket_t *control, apr_pool_t *ptemp)
{
    const char *dir = control->means->store->dir;
    const char *note = NULL;
    apr_status_t rv = control_listen(&control->listener, &note, dir, ptemp);

    if (note != NULL) {
        log_line(LOG_LEVEL_WARNING, "%s.", note);
    }
    if (rv == APR_SUCCESS) {
        control->poll =
            loop_watch(control->means->loop, control->listener.fd, POLLIN, on_connection, control);
    }
    else if (!control->told) {
        log_line(LOG_LEVEL_ERROR,
                 "acmectl cannot reach the keeper: no socket can be made at %s/" CONTROL_SOCKET
                 ": %s. Certificates are not concerned; it is tried again by itself.",
                 dir, file_reason(ptemp, rv, dir));
    }
    control->told = rv != APR_SUCCESS;
}

static void look(void *baton)
{
    control_socket_t *control = baton;
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, control->means->pool);
    if (!control_is_there(&control->listener, control->means->store->dir, pool)) {
        close_listener(control);
        open_listener(control, pool);
    }
    apr_pool_destroy(pool);
    loop_timer_set(control->timer, apr_time_now() + LOOK);
}

static apr_status_t end(void *data)
{
    control_socket_t *control = data;

    if (control->listener.fd >= 0) {
        close(control->listener.fd);
        control->listener.fd = -1;
    }
    return APR_SUCCESS;
}

void control_socket_start(const means_t *means, control_door_t *door)
{
    control_socket_t *control;

    if (means->store->trouble != NULL) {
        return;
    }
    control = apr_pcalloc(means->pool, sizeof(*control));
    control->means = means;
    control->door = door;
    control->listener.fd = -1;
    control->timer = loop_timer_make(means->loop, look, control);
    apr_pool_cleanup_register(means->pool, control, end, apr_pool_cleanup_null);
    look(control);
}
