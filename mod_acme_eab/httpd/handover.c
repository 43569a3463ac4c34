/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/handover.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "ipc/frame.h"
#include "ipc/message.h"

#define PARCEL_KEY "acme_eab:handover"

/* It outlives this code, which is unloaded and loaded again in between. */
typedef struct parcel {
    int socket; /* the descriptor waits in it; -1: none does */
} parcel_t;

static parcel_t *parcel_find(process_rec *process)
{
    void *found = NULL;
    parcel_t *parcel = NULL;

    (void)apr_pool_userdata_get(&found, PARCEL_KEY, process->pool);
    if (found != NULL)
        return found;
    parcel = apr_pcalloc(process->pool, sizeof(*parcel));
    parcel->socket = -1;
    (void)apr_pool_userdata_set(parcel, PARCEL_KEY, NULL, process->pool);
    return parcel;
}

static void drop(parcel_t *parcel)
{
    if (parcel->socket >= 0)
        (void)close(parcel->socket);
    parcel->socket = -1;
}

void handover_put(process_rec *process, int descriptor)
{
    parcel_t *parcel = parcel_find(process);
    int ends[2] = { -1, -1 };

    if (descriptor < 0)
        return;
    drop(parcel);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
        if (frame_send_descriptor(ends[0], MESSAGE_LOCK, descriptor) == APR_SUCCESS)
            parcel->socket = ends[1];
        else
            (void)close(ends[1]);
        (void)close(ends[0]);
    }
    (void)close(descriptor);
}

int handover_get(process_rec *process)
{
    parcel_t *parcel = parcel_find(process);
    frame_channel_t *channel = NULL;
    apr_pool_t *pool = NULL;
    int descriptor = -1;

    if (parcel->socket < 0 || apr_pool_create(&pool, process->pool) != APR_SUCCESS)
        return -1;
    channel = frame_channel_make(pool, parcel->socket, LIMIT_FRAME);
    parcel->socket = -1;
    frame_accept_descriptor(channel);
    (void)frame_fill(channel);
    descriptor = frame_take_descriptor(channel);
    apr_pool_destroy(pool);
    return descriptor;
}

void handover_drop(process_rec *process)
{
    drop(parcel_find(process));
}
