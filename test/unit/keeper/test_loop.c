/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <fcntl.h>
#include <poll.h>

#include "keeper/loop.h"

typedef struct log {
    loop_t *loop;
    loop_timer_t *timer, *other;
    loop_watch_t *watch, *second;
    int pipe[2];
    int calls;
    int stop_after;
    short events;
} log_t;

static void count(log_t *log)
{
    if (++log->calls >= log->stop_after)
        loop_stop(log->loop);
}

static void on_due(void *baton)
{
    count(baton);
}

static void on_ready(void *baton, short events)
{
    log_t *log = baton;

    log->events = events;
    count(log);
}

static log_t log_make(apr_pool_t *p, int stop_after)
{
    log_t log = { .stop_after = stop_after };

    log.loop = loop_make(p);
    assert_int_equal(0, pipe2(log.pipe, O_CLOEXEC));
    return log;
}

static void log_end(log_t *log)
{
    close(log->pipe[0]);
    close(log->pipe[1]);
}

static void on_guard(void *baton)
{
    loop_stop(baton);
}

/* Run, but not for ever. */
static void run(log_t *log, apr_interval_time_t limit)
{
    loop_timer_t *guard = loop_timer_make(log->loop, on_guard, log->loop);

    loop_timer_set(guard, apr_time_now() + limit);
    loop_run(log->loop);
    loop_timer_release(log->loop, guard);
}

static void a_timer_fires_once_when_it_is_time(void **state)
{
    log_t log = log_make(*state, 1);
    apr_time_t begin = apr_time_now();

    log.timer = loop_timer_make(log.loop, on_due, &log);
    loop_timer_set(log.timer, begin + apr_time_from_msec(50));
    run(&log, apr_time_from_sec(10));
    assert_int_equal(1, log.calls);
    assert_true(apr_time_now() - begin >= apr_time_from_msec(50));
    run(&log, apr_time_from_msec(50));
    assert_int_equal(1, log.calls);
    loop_timer_set(log.timer, 1); /* long ago: now */
    run(&log, apr_time_from_sec(10));
    assert_int_equal(2, log.calls);
    log_end(&log);
}

static void an_unset_timer_does_not_fire(void **state)
{
    log_t log = log_make(*state, 1);

    log.timer = loop_timer_make(log.loop, on_due, &log);
    loop_timer_set(log.timer, apr_time_now() + apr_time_from_msec(10));
    loop_timer_set(log.timer, 0);
    log.other = loop_timer_make(log.loop, on_due, &log);
    loop_timer_set(log.other, apr_time_now() + apr_time_from_msec(10));
    loop_timer_release(log.loop, log.other);
    run(&log, apr_time_from_msec(60));
    assert_int_equal(0, log.calls);
    log_end(&log);
}

static void release_other(void *baton)
{
    log_t *log = baton;

    ++log->calls;
    loop_timer_release(log->loop, log->other);
    loop_timer_release(log->loop, log->timer);
    /* The slots are used anew, for later. */
    log->timer = loop_timer_make(log->loop, on_due, log);
    log->other = loop_timer_make(log->loop, on_due, log);
}

static void a_timer_can_be_released_in_a_callback(void **state)
{
    log_t log = log_make(*state, 10);
    loop_timer_t *first, *second;

    first = log.timer = loop_timer_make(log.loop, release_other, &log);
    second = log.other = loop_timer_make(log.loop, on_due, &log);
    loop_timer_set(log.timer, 1);
    loop_timer_set(log.other, 1);
    run(&log, apr_time_from_msec(50));
    assert_int_equal(1, log.calls);
    assert_ptr_equal(first, log.timer);
    assert_ptr_equal(second, log.other);
    log_end(&log);
}

static void a_descriptor_is_watched(void **state)
{
    log_t log = log_make(*state, 1);

    log.watch = loop_watch(log.loop, log.pipe[0], POLLIN, on_ready, &log);
    run(&log, apr_time_from_msec(30));
    assert_int_equal(0, log.calls);
    assert_int_equal(1, write(log.pipe[1], "x", 1));
    run(&log, apr_time_from_sec(10));
    assert_int_equal(1, log.calls);
    assert_true((log.events & POLLIN) != 0);
    loop_watch_events(log.watch, 0);
    run(&log, apr_time_from_msec(30));
    assert_int_equal(1, log.calls);
    close(log.pipe[1]); /* the end of the peer is told whatever is watched */
    run(&log, apr_time_from_sec(10));
    assert_int_equal(2, log.calls);
    assert_true((log.events & POLLHUP) != 0);
    loop_unwatch(log.loop, log.watch);
    loop_unwatch(log.loop, NULL);
    run(&log, apr_time_from_msec(30));
    assert_int_equal(2, log.calls);
    close(log.pipe[0]);
}

static void unwatch_both(void *baton, short events)
{
    log_t *log = baton;

    (void)events;
    ++log->calls;
    loop_unwatch(log->loop, log->watch);
    loop_unwatch(log->loop, log->second);
}

static void a_watch_can_end_another_in_a_callback(void **state)
{
    log_t log = log_make(*state, 10);

    log.watch = loop_watch(log.loop, log.pipe[0], POLLIN, unwatch_both, &log);
    log.second = loop_watch(log.loop, log.pipe[0], POLLIN, unwatch_both, &log);
    assert_int_equal(1, write(log.pipe[1], "x", 1));
    run(&log, apr_time_from_msec(50));
    assert_int_equal(1, log.calls);
    log_end(&log);
}

/* The slot of the second is used anew: same descriptor, same function, same baton. */
static void watch_again(void *baton, short events)
{
    log_t *log = baton;
    char byte;

    (void)events;
    ++log->calls;
    assert_int_equal(1, read(log->pipe[0], &byte, 1));
    loop_unwatch(log->loop, log->second);
    log->second = loop_watch(log->loop, log->pipe[0], POLLIN, on_ready, log);
}

static void a_new_watch_hears_no_old_event(void **state)
{
    log_t log = log_make(*state, 10);
    loop_watch_t *slot;

    log.watch = loop_watch(log.loop, log.pipe[0], POLLIN, watch_again, &log);
    slot = log.second = loop_watch(log.loop, log.pipe[0], POLLIN, on_ready, &log);
    assert_int_equal(1, write(log.pipe[1], "x", 1));
    run(&log, apr_time_from_msec(50));
    assert_ptr_equal(slot, log.second);
    assert_int_equal(1, log.calls); /* and not on_ready, for a byte that is gone */
    log_end(&log);
}

static void many_can_be_watched(void **state)
{
    log_t log = log_make(*state, 300);
    int i;

    assert_int_equal(1, write(log.pipe[1], "x", 1));
    for (i = 0; i < 300; ++i)
        assert_non_null(loop_watch(log.loop, log.pipe[0], POLLIN, on_ready, &log));
    run(&log, apr_time_from_sec(10));
    assert_int_equal(300, log.calls);
    log_end(&log);
}

static void stopping_spares_what_is_left(void **state)
{
    log_t log = log_make(*state, 1);

    loop_watch(log.loop, log.pipe[0], POLLIN, on_ready, &log);
    loop_watch(log.loop, log.pipe[0], POLLIN, on_ready, &log);
    log.timer = loop_timer_make(log.loop, on_due, &log);
    loop_timer_set(log.timer, 1);
    assert_int_equal(1, write(log.pipe[1], "x", 1));
    loop_run(log.loop);
    assert_int_equal(1, log.calls);
    log_end(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_timer_fires_once_when_it_is_time),
        fixture_test(an_unset_timer_does_not_fire),
        fixture_test(a_timer_can_be_released_in_a_callback),
        fixture_test(a_descriptor_is_watched),
        fixture_test(a_watch_can_end_another_in_a_callback),
        fixture_test(a_new_watch_hears_no_old_event),
        fixture_test(many_can_be_watched),
        fixture_test(stopping_spares_what_is_left),
    };

    return fixture_run(tests);
}
