/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_FRAME_H
#define IPC_FRAME_H

/* ipc/frame.h - messages over a stream socket between two of our processes: a type, a length, and
 * a JSON object of at most a limit. A peer that breaks the format is not talked to any more. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <jansson.h>

typedef struct frame_channel frame_channel_t;

/** A channel on a connected stream socket, which is made non-blocking. The descriptor is closed
 * with p. max: the longest payload in bytes that is accepted from the peer. */
frame_channel_t *frame_channel_make(apr_pool_t *p, int fd, apr_size_t max);

/** The longest payload that the peer accepts, where that is less than LIMIT_PLAN. */
void frame_limit_send(frame_channel_t *channel, apr_size_t max);

int frame_channel_fd(const frame_channel_t *channel);

/** Queue one message and write as much as goes without waiting. type is 1 to 255.
 * @return APR_SUCCESS (queued or sent); APR_ENOSPC when it is too long for the peer, and nothing was
 *         queued: send less; else the error that makes the channel useless */
apr_status_t frame_send(frame_channel_t *channel, int type, const json_t *body);

/** True while something is queued: poll for writing and call frame_flush(). */
int frame_wants_write(const frame_channel_t *channel);
apr_status_t frame_flush(frame_channel_t *channel);

/** Read what is there, without waiting. Then take messages with frame_take().
 * @return APR_SUCCESS, APR_EAGAIN (nothing new), APR_EOF (peer is gone), or an error */
apr_status_t frame_fill(frame_channel_t *channel);

/** The next whole message, if there is one.
 * @param pbody owned by p
 * @return APR_SUCCESS; APR_EAGAIN when none is whole yet; APR_EINVAL when the peer broke the
 *         format (length over the limit, no JSON object): end the connection */
apr_status_t frame_take(frame_channel_t *channel, int *ptype, json_t **pbody, apr_pool_t *p);

/** In a process that was forked from the one that it is of: let go of the socket, and of descriptors that came
 * and were not taken. */
void frame_channel_close(frame_channel_t *channel);

/** Open descriptors can go along between httpd and the keeper: those of the lock of the store and of
 * live/segment.h. Nobody else may send one: it is closed unread on other channels. From now on they are
 * taken here, FRAME_DESCRIPTORS_MAX at once; more are closed. */
#define FRAME_DESCRIPTORS_MAX 2
void frame_accept_descriptor(frame_channel_t *channel);

/** The first one that came and was not taken, or -1: they keep the order of their messages. It is the
 * caller's then, and close-on-exec. */
int frame_take_descriptor(frame_channel_t *channel);

/** One message without members, with a descriptor, on a socket where nothing waits to be sent. The
 * caller's copy stays open. */
apr_status_t frame_send_descriptor(int fd, int type, int descriptor);

/** For the httpd parent, which has no event loop: write one message on a blocking socket within
 * timeout. @return APR_TIMEUP when the peer does not read */
apr_status_t frame_send_blocking(int fd, int type, const json_t *body, apr_interval_time_t timeout);

#endif
