/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_time.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"

/* On the wire: type (1 byte), length of the payload (4 bytes, big endian), payload. */
#define HEADER 5
#define READ_CHUNK 65536
#define KEPT (4 * READ_CHUNK) /* what an empty buffer may hold */

/* A growing buffer outside pools: a channel lives for years, messages come and go. */
typedef struct buffer {
    char *data;
    apr_size_t start; /* first byte that is not consumed */
    apr_size_t end;   /* behind the last byte */
    apr_size_t size;
} buffer_t;

struct frame_channel {
    int fd;
    apr_size_t max;
    apr_size_t max_out;
    buffer_t in;
    buffer_t out;
    int accepting;                          /* descriptors */
    int descriptors[FRAME_DESCRIPTORS_MAX]; /* those that came, in their order */
    int came;
};

void frame_channel_close(frame_channel_t *channel)
{
    if (channel->fd >= 0) {
        close(channel->fd);
        channel->fd = -1;
    }
    while (channel->came > 0) {
        close(channel->descriptors[--channel->came]);
    }
}

static apr_status_t channel_cleanup(void *data)
{
    frame_channel_t *channel = data;

    frame_channel_close(channel);
    free(channel->in.data);
    free(channel->out.data);
    memset(&channel->in, 0, sizeof(channel->in));
    memset(&channel->out, 0, sizeof(channel->out));
    return APR_SUCCESS;
}

frame_channel_t *frame_channel_make(apr_pool_t *p, int fd, apr_size_t max)
{
    frame_channel_t *channel = apr_pcalloc(p, sizeof(*channel));

    channel->fd = fd;
    channel->max = max;
    channel->max_out = LIMIT_PLAN;
    apr_pool_cleanup_register(p, channel, channel_cleanup, apr_pool_cleanup_null);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return channel;
}

void frame_limit_send(frame_channel_t *channel, apr_size_t max)
{
    channel->max_out = max;
}

int frame_channel_fd(const frame_channel_t *channel)
{
    return channel->fd;
}

/* Room for len more bytes at the end. Moved only when at least half is consumed, and grown by half:
 * thousands of messages may be queued. */
static apr_status_t buffer_reserve(buffer_t *buffer, apr_size_t len)
{
    apr_size_t used = buffer->end - buffer->start;
    apr_size_t size = buffer->size + buffer->size / 2;
    char *data;

    if (buffer->start > 0 && buffer->start >= used) {
        memmove(buffer->data, buffer->data + buffer->start, used);
        buffer->start = 0;
        buffer->end = used;
    }
    if (buffer->size - buffer->end >= len) {
        return APR_SUCCESS;
    }
    if (size < buffer->end + len) {
        size = buffer->end + len;
    }
    data = realloc(buffer->data, size);
    if (data == NULL) {
        return APR_ENOMEM;
    }
    buffer->data = data;
    buffer->size = size;
    return APR_SUCCESS;
}

/* One large message must not keep its memory for years. */
static void buffer_relax(buffer_t *buffer)
{
    if (buffer->start < buffer->end) {
        return;
    }
    buffer->start = buffer->end = 0;
    if (buffer->size > KEPT) {
        free(buffer->data);
        buffer->data = NULL;
        buffer->size = 0;
    }
}

static void encode_header(unsigned char *header, int type, apr_size_t len)
{
    header[0] = (unsigned char)type;
    header[1] = (unsigned char)(len >> 24);
    header[2] = (unsigned char)(len >> 16);
    header[3] = (unsigned char)(len >> 8);
    header[4] = (unsigned char)len;
}

static apr_size_t decode_length(const unsigned char *header)
{
    return ((apr_size_t)header[1] << 24) | ((apr_size_t)header[2] << 16)
           | ((apr_size_t)header[3] << 8) | (apr_size_t)header[4];
}

/* For jansson, which hands a message over in small pieces. */
static int buffer_append(const char *piece, size_t len, void *baton)
{
    buffer_t *buffer = baton;

    if (buffer_reserve(buffer, len) != APR_SUCCESS) {
        return -1;
    }
    memcpy(buffer->data + buffer->end, piece, len);
    buffer->end += len;
    return 0;
}

/* Append a whole message to a buffer, or nothing. */
static apr_status_t buffer_put(buffer_t *buffer, int type, const json_t *body, apr_size_t max)
{
    apr_size_t used = buffer->end - buffer->start, len;
    static const char header[HEADER] = { 0 };
    apr_status_t rv = APR_SUCCESS;

    if (buffer_append(header, HEADER, buffer) != 0
        || json_dump_callback(body, buffer_append, buffer, JSON_COMPACT) != 0) {
        rv = APR_EGENERAL;
    }
    len = buffer->end - buffer->start - used;
    if (rv == APR_SUCCESS && len - HEADER > max) {
        rv = APR_ENOSPC;
    }
    if (rv == APR_SUCCESS) {
        encode_header((unsigned char *)buffer->data + buffer->end - len, type, len - HEADER);
    }
    else {
        buffer->end -= len;
    }
    return rv;
}

apr_status_t frame_send(frame_channel_t *channel, int type, const json_t *body)
{
    apr_status_t rv = buffer_put(&channel->out, type, body, channel->max_out);

    return (rv == APR_SUCCESS) ? frame_flush(channel) : rv;
}

int frame_wants_write(const frame_channel_t *channel)
{
    return channel->out.end > channel->out.start;
}

apr_status_t frame_flush(frame_channel_t *channel)
{
    buffer_t *out = &channel->out;
    ssize_t n;

    while (out->end > out->start) {
        n = send(channel->fd, out->data + out->start, out->end - out->start, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return (errno == EAGAIN || errno == EWOULDBLOCK) ? APR_SUCCESS : errno;
        }
        out->start += (apr_size_t)n;
    }
    buffer_relax(out);
    return APR_SUCCESS;
}

void frame_accept_descriptor(frame_channel_t *channel)
{
    channel->accepting = 1;
}

int frame_take_descriptor(frame_channel_t *channel)
{
    int descriptor = channel->descriptors[0];

    if (channel->came == 0) {
        return -1;
    }
    channel->came--;
    memmove(channel->descriptors, channel->descriptors + 1,
            (apr_size_t)channel->came * sizeof(channel->descriptors[0]));
    return descriptor;
}

/* Room for one descriptor, aligned as the system wants it. */
typedef union control {
    char data[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
} control_t;

/* recv() that takes a descriptor if one comes along. */
static ssize_t receive(frame_channel_t *channel, char *data, apr_size_t len)
{
    control_t control;
    struct iovec part = { data, len };
    struct msghdr message;
    struct cmsghdr *header = NULL;
    int descriptor = -1;
    ssize_t n;

    if (!channel->accepting) {
        return recv(channel->fd, data, len, 0);
    }
    memset(&message, 0, sizeof(message));
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data;
    message.msg_controllen = sizeof(control.data);
    n = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC);
    header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS
        && header->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
        if (channel->came < FRAME_DESCRIPTORS_MAX) {
            channel->descriptors[channel->came++] = descriptor;
        }
        else {
            close(descriptor);
        }
    }
    return n;
}

apr_status_t frame_send_descriptor(int fd, int type, int descriptor)
{
    unsigned char frame[HEADER + 2] = { 0 };
    control_t control;
    struct iovec part = { frame, sizeof(frame) };
    struct msghdr message;
    struct cmsghdr *header;

    encode_header(frame, type, 2);
    memcpy(frame + HEADER, "{}", 2);
    memset(&control, 0, sizeof(control));
    memset(&message, 0, sizeof(message));
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data;
    message.msg_controllen = sizeof(control.data);
    header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    /* So little goes as a whole or not at all. */
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ? APR_SUCCESS : errno;
}

apr_status_t frame_fill(frame_channel_t *channel)
{
    buffer_t *in = &channel->in;
    apr_status_t rv;
    ssize_t n;

    /* A peer may be ahead by one whole message at most; what is more waits in the socket. */
    if (in->end - in->start > channel->max + HEADER) {
        return APR_SUCCESS;
    }
    if ((rv = buffer_reserve(in, READ_CHUNK)) != APR_SUCCESS) {
        return rv;
    }
    do {
        n = receive(channel, in->data + in->end, READ_CHUNK);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return (errno == EAGAIN || errno == EWOULDBLOCK) ? APR_EAGAIN : errno;
    }
    if (n == 0) {
        return APR_EOF;
    }
    in->end += (apr_size_t)n;
    return APR_SUCCESS;
}

apr_status_t frame_take(frame_channel_t *channel, int *ptype, json_t **pbody, apr_pool_t *p)
{
    buffer_t *in = &channel->in;
    apr_size_t have = in->end - in->start;
    apr_size_t len;
    const char *message;

    *ptype = 0;
    *pbody = NULL;
    if (have < HEADER) {
        return APR_EAGAIN;
    }
    message = in->data + in->start;
    len = decode_length((const unsigned char *)message);
    if (message[0] == 0 || len > channel->max) {
        return APR_EINVAL;
    }
    if (have < HEADER + len) {
        return APR_EAGAIN;
    }
    *pbody = json_parse(p, message + HEADER, len, NULL);
    if (!json_is_object(*pbody)) {
        *pbody = NULL;
        return APR_EINVAL;
    }
    *ptype = (unsigned char)message[0];
    in->start += HEADER + len;
    buffer_relax(in);
    return APR_SUCCESS;
}

/* Wait until fd takes bytes, or deadline. */
static apr_status_t wait_writable(int fd, apr_time_t deadline)
{
    struct pollfd pfd = { fd, POLLOUT, 0 };
    apr_interval_time_t left = deadline - clock_steady();
    int n = (left > 0) ? poll(&pfd, 1, (int)apr_time_as_msec(left) + 1) : 0;

    if (n < 0) {
        return (errno == EINTR) ? APR_SUCCESS : errno;
    }
    return (n == 0) ? APR_TIMEUP : APR_SUCCESS;
}

apr_status_t frame_send_blocking(int fd, int type, const json_t *body, apr_interval_time_t timeout)
{
    apr_time_t deadline = clock_steady() + timeout;
    buffer_t out = { NULL, 0, 0, 0 };
    apr_status_t rv = buffer_put(&out, type, body, LIMIT_PLAN);
    ssize_t n;

    while (rv == APR_SUCCESS && out.end > out.start) {
        n = send(fd, out.data + out.start, out.end - out.start, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            out.start += (apr_size_t)n;
        }
        else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            rv = wait_writable(fd, deadline);
        }
        else if (errno != EINTR) {
            rv = errno;
        }
    }
    free(out.data);
    return rv;
}
