/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_SYNCER_H
#define KEEPER_SYNCER_H

/* keeper/syncer.h - waiting for the disk in threads, so that one certificate on its way to the disk holds up no
 * other, and several wait for it together. */

#include <apr_errno.h>
#include <apr_pools.h>

#include "keeper/loop.h"

typedef struct syncer syncer_t;
typedef struct syncing syncing_t;

/** After the end of p nothing is called any more.
 * @return NULL when the pipe to the loop cannot be made */
syncer_t *syncer_make(loop_t *loop, apr_pool_t *p);

/** In the loop: all of it is durable, or not.
 * @param rv     as of file_sync_together()
 * @param failed on failure which of the paths, else NULL */
typedef void syncer_end_fn(void *baton, apr_status_t rv, const char *failed);

/** Make files and directories durable as they are now, as file_sync_together() does. end is never called from
 * within.
 * @param paths each lives until end is called or it is forgotten. A few dozen of those may be under way at once,
 *              as each has descriptors open; with more this waits for the disk itself
 * @return what syncer_forget() needs; valid until end is called */
syncing_t *syncer_start(syncer_t *syncer, const char *const *paths, int count, syncer_end_fn *end,
                        void *baton);

/** Nobody wants to know any more: end is not called. */
void syncer_forget(syncing_t *syncing);

/** Wait for the disk until all that was started has ended, and is told. */
void syncer_settle(syncer_t *syncer);

#endif
