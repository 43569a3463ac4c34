/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/syncer.h"

#include <poll.h>
#include <stdlib.h>

#include "base/aside.h"
#include "base/file.h"

#define THREADS_MAX 8

struct syncer {
    aside_t *aside;
};

struct syncing {
    aside_task_t *task;
    file_syncs_t *syncs; /* or NULL: closed */
    syncer_end_fn *end;
    void *baton;
};

static void wait_for_disk(void *data)
{
    const syncing_t *syncing = data;

    file_syncs_run(syncing->syncs);
}

static void tell(void *data)
{
    syncing_t *syncing = data;
    const char *failed = NULL;
    apr_status_t rv = file_syncs_close(syncing->syncs, &failed);

    syncing->syncs = NULL;
    syncing->end(syncing->baton, rv, failed);
}

static void forget(void *data)
{
    syncing_t *syncing = data;

    if (syncing->syncs != NULL) {
        file_syncs_close(syncing->syncs, NULL);
    }
    free(syncing);
}

static void on_synced(void *baton, short events)
{
    (void)events;
    aside_serve(baton);
}

syncer_t *syncer_make(loop_t *loop, apr_pool_t *p)
{
    syncer_t *syncer = apr_pcalloc(p, sizeof(*syncer));

    if ((syncer->aside = aside_make(THREADS_MAX, p)) == NULL) {
        return NULL;
    }
    loop_watch(loop, aside_fd(syncer->aside), POLLIN, on_synced, syncer->aside);
    return syncer;
}

syncing_t *syncer_start(syncer_t *syncer, const char *const *paths, int count, syncer_end_fn *end,
                        void *baton)
{
    syncing_t *syncing = calloc(1, sizeof(*syncing));

    if (syncing == NULL) {
        abort();
    }
    syncing->syncs = file_syncs_open(paths, count);
    syncing->end = end;
    syncing->baton = baton;
    syncing->task = aside_run(syncer->aside, 0, wait_for_disk, tell, forget, syncing);
    return syncing;
}

void syncer_forget(syncing_t *syncing)
{
    aside_forget(syncing->task);
}
