/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/loop.h"

#include <poll.h>

#include <apr_tables.h>

#include "base/clock.h"

struct loop_watch {
    int fd;                /* -1: the slot is free */
    unsigned long turn_no; /* of the loop when it began: events of that turn are not its own */
    short events;
    loop_ready_fn *ready;
    void *baton;
};

struct loop_timer {
    int used;
    apr_time_t at; /* by clock_steady(); 0: not set */
    loop_due_fn *due;
    void *baton;
};

struct loop {
    apr_pool_t *pool;
    int stopped;
    unsigned long turn_no;
    apr_array_header_t *watches; /* loop_watch_t * */
    apr_array_header_t *polled;  /* struct pollfd, by the index of the watch */
    apr_array_header_t *timers;  /* loop_timer_t * */
};

loop_t *loop_make(apr_pool_t *p)
{
    loop_t *loop = apr_pcalloc(p, sizeof(*loop));

    loop->pool = p;
    loop->watches = apr_array_make(p, 8, sizeof(loop_watch_t *));
    loop->polled = apr_array_make(p, 8, sizeof(struct pollfd));
    loop->timers = apr_array_make(p, 8, sizeof(loop_timer_t *));
    return loop;
}

static loop_watch_t *watch_at(const loop_t *loop, int i)
{
    return APR_ARRAY_IDX(loop->watches, i, loop_watch_t *);
}

static loop_watch_t *free_slot(loop_t *loop)
{
    loop_watch_t *watch;
    int i;

    for (i = 0; i < loop->watches->nelts; ++i) {
        if (watch_at(loop, i)->fd < 0) {
            return watch_at(loop, i);
        }
    }
    watch = apr_pcalloc(loop->pool, sizeof(*watch));
    APR_ARRAY_PUSH(loop->watches, loop_watch_t *) = watch;
    return watch;
}

loop_watch_t *loop_watch(loop_t *loop, int fd, short events, loop_ready_fn *ready, void *baton)
{
    loop_watch_t *watch = free_slot(loop);

    watch->fd = fd;
    watch->turn_no = loop->turn_no;
    watch->events = events;
    watch->ready = ready;
    watch->baton = baton;
    return watch;
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
    timer->at = (at != 0) ? clock_steady() + (at - apr_time_now()) : 0;
    if (at != 0 && timer->at <= 0) {
        timer->at = 1; /* long ago */
    }
}

/* Milliseconds until the next timer, an hour at most; -1 without one. */
static int time_to_wait(const loop_t *loop)
{
    apr_time_t now = clock_steady();
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
    apr_time_t now = clock_steady();
    int i;

    for (i = 0; i < loop->timers->nelts && !loop->stopped; ++i) {
        loop_timer_t *timer = APR_ARRAY_IDX(loop->timers, i, loop_timer_t *);

        if (timer->at != 0 && timer->at <= now) {
            timer->at = 0;
            timer->due(timer->baton);
        }
    }
}

/* One entry for each watch; poll() passes over those of free slots, whose fd is negative. */
static struct pollfd *prepare_poll(loop_t *loop)
{
    int i;

    apr_array_clear(loop->polled);
    for (i = 0; i < loop->watches->nelts; ++i) {
        struct pollfd *entry = apr_array_push(loop->polled);

        entry->fd = watch_at(loop, i)->fd;
        entry->events = watch_at(loop, i)->events;
        entry->revents = 0;
    }
    return (struct pollfd *)loop->polled->elts;
}

/* A callback may end any watch, and even use its slot anew. */
static void call_ready(loop_t *loop)
{
    int i;

    for (i = 0; i < loop->polled->nelts && !loop->stopped; ++i) {
        const struct pollfd *entry = &APR_ARRAY_IDX(loop->polled, i, struct pollfd);
        loop_watch_t *watch = watch_at(loop, i);

        if (entry->revents != 0 && watch->fd >= 0 && watch->turn_no != loop->turn_no) {
            watch->ready(watch->baton, entry->revents);
        }
    }
}

static void turn(loop_t *loop)
{
    struct pollfd *polled = prepare_poll(loop);

    ++loop->turn_no;
    if (poll(polled, (nfds_t)loop->polled->nelts, time_to_wait(loop)) > 0) {
        call_ready(loop);
    }
    fire_timers(loop);
}

void loop_run(loop_t *loop)
{
    loop->stopped = 0;
    while (!loop->stopped) {
        turn(loop);
    }
}

void loop_stop(loop_t *loop)
{
    loop->stopped = 1;
}
