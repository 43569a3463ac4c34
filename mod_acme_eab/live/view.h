/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIVE_VIEW_H
#define LIVE_VIEW_H

/* live/view.h - what one worker of httpd sees of a segment (live/segment.h): each value is parsed once,
 * when a connection asks for it first, and shared by all threads. What cannot be used never ends a
 * handshake: then what this worker had is served on, or the value before. */

#include "live/pair.h"
#include "live/segment.h"

typedef struct view view_t;

/** Made before the workers are forked, empty. Ends with p, and cleanses what it holds. */
view_t *view_make(const segment_t *segment, int slots, apr_pool_t *p);

/** True when the keeper has published something there. Costs one look at the memory. */
int view_has(const view_t *view, int slot);

/** The pair to serve, for pair_release(); NULL: nothing was published, or nothing that can be used. From
 * any thread; nothing waits for anybody but a thread that parses the same value.
 * @param pdamaged set to 1 by the first caller who meets a value that cannot be used, else to 0 */
pair_t *view_take(view_t *view, int slot, int *pdamaged);

#endif
