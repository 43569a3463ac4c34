/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIVE_SEGMENT_H
#define LIVE_SEGMENT_H

/* live/segment.h - memory in which the keeper leaves new certificates for httpd's workers, so that they
 * are served without a restart.
 *
 * httpd's parent makes it before it forks its workers, one for each run of httpd (each start and each
 * restart): a file of memory that can neither grow nor shrink. The parent and its workers see it
 * through a descriptor that was opened for reading, so that a worker that was taken over cannot change
 * what the others serve; the writable one goes to the keeper, and workers close it. It does not come
 * into core dumps.
 *
 * There is a slot for each certificate of the plan, by its index there. A slot has a reference to its
 * current value, one to the value before, and three places: a value is written into the place that
 * neither names, and becomes the current one by the change of one word. So a reader sees a value whole
 * or not at all, and a writer that is killed at any instruction leaves the one before. There is no
 * lock between the processes. A reader that is overtaken, since two values came while it copied, finds
 * another reference or a digest that does not fit, and looks again. */

#include <apr_errno.h>
#include <apr_pools.h>

/** Octets of one value at most: a key and its chain. */
#define SEGMENT_VALUE_MAX 32000

typedef struct segment segment_t;

/** Which value of a slot; 0: none. */
typedef apr_uint64_t segment_ref_t;

/** httpd's parent: make one, with nothing in it. It and its descriptors end with p.
 * @return APR_SUCCESS; anything else: this system cannot, and nothing is left behind */
apr_status_t segment_make(segment_t **psegment, int slots, apr_pool_t *p);

/** The descriptor for the keeper; it stays the segment's. -1 in a worker. */
int segment_descriptor(const segment_t *segment);

/** A worker has no business with it. */
void segment_close_descriptor(segment_t *segment);

/** The keeper: use one that httpd's parent made.
 * @param fd becomes the segment's, also when it cannot be used
 * @return APR_EINVAL when that is no segment with so many slots, or one of another version */
apr_status_t segment_open(segment_t **psegment, int fd, int slots, apr_pool_t *p);

/** The keeper: make this the current value of the slot. The one that was current becomes the one before.
 * @return APR_ENOSPC when it is longer than SEGMENT_VALUE_MAX, APR_EINVAL for a slot that is not there */
apr_status_t segment_publish(segment_t *segment, int slot, const void *value, apr_size_t len);

/** Costs one look at the memory. */
segment_ref_t segment_current(const segment_t *segment, int slot);

/** The value before that one; 0: there is none, or it is not the current one any more. */
segment_ref_t segment_before(const segment_t *segment, int slot, segment_ref_t current);

/** Copy a value. No pools: for threads of workers.
 * @param value SEGMENT_VALUE_MAX octets of the caller's; what is in it is secret
 * @return APR_SUCCESS, APR_EAGAIN when it is not there any more, APR_EINVAL when it is damaged */
apr_status_t segment_read(const segment_t *segment, int slot, segment_ref_t ref, void *value,
                          apr_size_t *plen);

#endif
