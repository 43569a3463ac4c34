/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_ASIDE_H
#define AGENT_ASIDE_H

/* agent/aside.h - what waits for others and would hold up the agent's loop is done aside, in a few threads; the
 * loop hears of the end. A thread may outlive whoever wants to know, so what it works on is in no pool. */

#include <apr_pools.h>

typedef struct aside aside_t;

/** @param data malloc()ed, and nobody else's meanwhile */
typedef void aside_fn(void *data);

/** NULL when there is no pipe to be had. With the end of p nobody is told any more. */
aside_t *aside_make(apr_pool_t *p);

/** Readable when there is something to serve. */
int aside_fd(const aside_t *aside);

/** Tell who waits for what is done. */
void aside_serve(aside_t *aside);

/** @param first  before what waits, since somebody waits to be told
 *  @param work   in a thread
 *  @param done   in the loop, once, if that still runs
 *  @param forget frees data, in any case */
void aside_run(aside_t *aside, int first, aside_fn *work, aside_fn *done, aside_fn *forget,
               void *data);

#endif
