/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ASIDE_H
#define BASE_ASIDE_H

/* base/aside.h - what would hold up a loop, as a name server, a disk or an RSA key does, is done aside, in a few
 * threads; the loop hears of the end. A thread may outlive whoever wants to know, so what it works on is in no
 * pool. */

#include <apr_pools.h>

typedef struct aside aside_t;
typedef struct aside_task aside_task_t;

/** @param data malloc()ed, and nobody else's meanwhile */
typedef void aside_fn(void *data);

/** Threads are started when there is work, and end when there is none. With the end of p nobody is told any
 * more, and what is under way ends by itself.
 * @param threads_max how many there may be at once, 1 or more
 * @return NULL when there is no pipe to be had */
aside_t *aside_make(int threads_max, apr_pool_t *p);

/** Readable when there is something to serve. */
int aside_fd(const aside_t *aside);

/** Tell who waits for what is done. */
void aside_serve(aside_t *aside);

/** @param first  before what waits, since somebody waits to be told
 *  @param work   in a thread; where none is to be had, at once
 *  @param done   in aside_serve(), once
 *  @param forget frees data, in any case, after that
 *  @return what aside_forget() needs, valid until done is called */
aside_task_t *aside_run(aside_t *aside, int first, aside_fn *work, aside_fn *done, aside_fn *forget,
                        void *data);

/** Nobody wants to know any more: done is not called. */
void aside_forget(aside_task_t *task);

#endif
