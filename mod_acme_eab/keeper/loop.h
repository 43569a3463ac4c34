/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_LOOP_H
#define KEEPER_LOOP_H

/* keeper/loop.h - the keeper's one loop: descriptors to watch, times to wait for. Nothing in the
 * keeper blocks for longer than a write to the disk. */

#include <apr_pools.h>
#include <apr_time.h>

typedef struct loop loop_t;
typedef struct loop_watch loop_watch_t;
typedef struct loop_timer loop_timer_t;

typedef void loop_ready_fn(void *baton, short events);
typedef void loop_due_fn(void *baton);

loop_t *loop_make(apr_pool_t *p);

/** Call ready whenever fd has one of events (POLLIN, POLLOUT; also on POLLHUP and POLLERR). The
 * watch lives until loop_unwatch(). */
loop_watch_t *loop_watch(loop_t *loop, int fd, short events, loop_ready_fn *ready, void *baton);
void loop_watch_events(loop_watch_t *watch, short events);

/** Stop watching; may be called from any callback. NULL is fine. The descriptor stays open. */
void loop_unwatch(loop_t *loop, loop_watch_t *watch);

/** A timer, not set yet; it is the loop's until loop_timer_release(). */
loop_timer_t *loop_timer_make(loop_t *loop, loop_due_fn *due, void *baton);

/** Fire once at that time (now or earlier: in the next turn); 0 unsets. What counts is how far off
 * the time is now: it stays so when somebody sets the clock. */
void loop_timer_set(loop_timer_t *timer, apr_time_t at);

/** Give it back; may be called from any callback. */
void loop_timer_release(loop_t *loop, loop_timer_t *timer);

/** Run until a callback calls loop_stop(); may be called again then. */
void loop_run(loop_t *loop);
void loop_stop(loop_t *loop);

#endif
