/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/syncer.h"

#include <poll.h>
#include <stdlib.h>

#include "base/aside.h"
#include "base/file.h"

#define THREADS_MAX 8
#define OPEN_MAX 32 /* each has several descriptors open */

struct syncer {
    aside_t *aside;
    int open; /* syncings whose end was not told */
};

struct syncing {
    syncer_t *syncer;
    file_syncs_t *syncs; /* NULL: it is over, and */
    apr_status_t rv;     /* this is how, */
    const char *failed;  /* with this one */
    syncer_end_fn *end;  /* NULL: nobody wants to know */
    void *baton;
};

static void wait_for_disk(void *data)
{
    syncing_t *syncing = data;

    file_syncs_run(syncing->syncs);
    syncing->rv = file_syncs_close(syncing->syncs, &syncing->failed);
    syncing->syncs = NULL;
}

static void do_nothing(void *data)
{
    (void)data;
}

static void tell(void *data)
{
    const syncing_t *syncing = data;

    --syncing->syncer->open;
    if (syncing->end != NULL) {
        syncing->end(syncing->baton, syncing->rv, syncing->failed);
    }
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
    syncing->syncer = syncer;
    syncing->syncs = file_syncs_open(paths, count);
    syncing->end = end;
    syncing->baton = baton;
    if (++syncer->open > OPEN_MAX) { /* whoever asks for more waits for the disk */
        wait_for_disk(syncing);
    }
    aside_run(syncer->aside, 0, syncing->syncs != NULL ? wait_for_disk : do_nothing, tell, forget,
              syncing);
    return syncing;
}

void syncer_forget(syncing_t *syncing)
{
    syncing->end = NULL;
}

void syncer_settle(syncer_t *syncer)
{
    struct pollfd ready = { aside_fd(syncer->aside), POLLIN, 0 };

    while (syncer->open > 0) {
        (void)poll(&ready, 1, -1);
        aside_serve(syncer->aside);
    }
}
