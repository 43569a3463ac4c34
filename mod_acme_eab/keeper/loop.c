/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/loop.h"

#include <poll.h>

#include <apr_tables.h>

#define WATCHES_MAX 64

struct loop_watch {
    int fd;
    short events;
    loop_ready_fn *ready;
    void *baton;
};

struct loop_timer {
    int used;
    apr_time_t at;
    loop_due_fn *due;
    void *baton;
};

struct loop {
    apr_pool_t *pool;
    int stopped;
    loop_watch_t watches[WATCHES_MAX]; /* a free slot has fd -1 */
    apr_array_header_t *timers;        /* loop_timer_t * */
};

loop_t *loop_make(apr_pool_t *p)
{
    loop_t *loop = apr_pcalloc(p, sizeof(*loop));
    int i;

    loop->pool = p;
    loop->timers = apr_array_make(p, 8, sizeof(loop_timer_t *));
    for (i = 0; i < WATCHES_MAX; ++i) {
        loop->watches[i].fd = -1;
    }
    return loop;
}

loop_watch_t *loop_watch(loop_t *loop, int fd, short events, loop_ready_fn *ready, void *baton)
{
    int i;

    for (i = 0; i < WATCHES_MAX; ++i) {
        loop_watch_t *watch = &loop->watches[i];

        if (watch->fd < 0) {
            watch->fd = fd;
            watch->events = events;
            watch->ready = ready;
            watch->baton = baton;
            return watch;
        }
    }
    return NULL;
}

void loop_watch_events(loop_watch_t *watch, short events)
{
    watch->events = events;
}

void loop_unwatch(loop_t *loop, loop_watch_t *watch)
{
    (void)loop;
    if (watch != NULL) {
        watch->fd = -1;
        watch->ready = NULL;
    }
}

loop_timer_t *loop_timer_make(loop_t *loop, loop_due_fn *due, void *baton)
{
    loop_timer_t *timer = NULL;
    int i;

    for (i = 0; i < loop->timers->nelts && timer == NULL; ++i) {
        if (!APR_ARRAY_IDX(loop->timers, i, loop_timer_t *)->used) {
            timer = APR_ARRAY_IDX(loop->timers, i, loop_timer_t *);
        }
    }
    if (timer == NULL) {
        timer = apr_pcalloc(loop->pool, sizeof(*timer));
        APR_ARRAY_PUSH(loop->timers, loop_timer_t *) = timer;
    }
    timer->used = 1;
    timer->at = 0;
    timer->due = due;
    timer->baton = baton;
    return timer;
}

void loop_timer_release(loop_t *loop, loop_timer_t *timer)
{
    (void)loop;
    timer->used = 0;
    timer->at = 0;
}

void loop_timer_set(loop_timer_t *timer, apr_time_t at)
{
    timer->at = at;
}

/* Milliseconds until the next timer; -1 without one. At most an hour, so that a clock that was set
 * is noticed. */
static int time_to_wait(const loop_t *loop)
{
    apr_time_t now = apr_time_now();
    apr_time_t next = 0;
    int i;

    for (i = 0; i < loop->timers->nelts; ++i) {
        const loop_timer_t *timer = APR_ARRAY_IDX(loop->timers, i, loop_timer_t *);

        if (timer->at != 0 && (next == 0 || timer->at < next)) {
            next = timer->at;
        }
    }
    if (next == 0) {
        return -1;
    }
    if (next <= now) {
        return 0;
    }
    if (next - now > apr_time_from_sec(3600)) {
        return 3600 * 1000;
    }
    return (int)apr_time_as_msec(next - now) + 1;
}

static void fire_timers(loop_t *loop)
{
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < loop->timers->nelts && !loop->stopped; ++i) {
        loop_timer_t *timer = APR_ARRAY_IDX(loop->timers, i, loop_timer_t *);

        if (timer->at != 0 && timer->at <= now) {
            timer->at = 0;
            timer->due(timer->baton);
        }
    }
}

static void turn(loop_t *loop)
{
    struct pollfd fds[WATCHES_MAX];
    loop_watch_t polled[WATCHES_MAX];
    int slots[WATCHES_MAX];
    int n = 0, i;

    for (i = 0; i < WATCHES_MAX; ++i) {
        if (loop->watches[i].fd >= 0) {
            fds[n].fd = loop->watches[i].fd;
            fds[n].events = loop->watches[i].events;
            fds[n].revents = 0;
            polled[n] = loop->watches[i];
            slots[n++] = i;
        }
    }
    if (poll(fds, (nfds_t)n, time_to_wait(loop)) > 0) {
        for (i = 0; i < n && !loop->stopped; ++i) {
            loop_watch_t *watch = &loop->watches[slots[i]];

            /* A callback may have ended this watch, or even used its slot anew. */
            if (fds[i].revents != 0 && watch->fd == polled[i].fd && watch->ready == polled[i].ready
                && watch->baton == polled[i].baton) {
                watch->ready(watch->baton, fds[i].revents);
            }
        }
    }
    fire_timers(loop);
}

void loop_run(loop_t *loop)
{
    while (!loop->stopped) {
        turn(loop);
    }
}

void loop_stop(loop_t *loop)
{
    loop->stopped = 1;
}
