/* SPDX-License-Identifier: Apache-2.0 */
#include "live/view.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>

/* So often a reader is overtaken by the keeper before it takes what it has. */
#define TRIES 5

typedef struct seen {
    pthread_mutex_t mutex;
    segment_ref_t looked; /* the value that was looked at last */
    pair_t *pair;         /* the last one that could be used; NULL: none yet */
} seen_t;

struct view {
    const segment_t *segment;
    int slots;
    seen_t *seen; /* of each slot */
};

static apr_status_t view_cleanup(void *data)
{
    view_t *view = data;
    int i = 0;

    for (i = 0; i < view->slots; ++i) {
        pair_release(view->seen[i].pair);
        view->seen[i].pair = NULL;
    }
    return APR_SUCCESS;
}

view_t *view_make(const segment_t *segment, int slots, apr_pool_t *p)
{
    view_t *view = apr_pcalloc(p, sizeof(*view));
    int i = 0;

    view->segment = segment;
    view->slots = slots;
    view->seen = apr_pcalloc(p, (apr_size_t)slots * sizeof(*view->seen));
    for (i = 0; i < slots; ++i)
        (void)pthread_mutex_init(&view->seen[i].mutex, NULL);
    apr_pool_cleanup_register(p, view, view_cleanup, view_cleanup);
    return view;
}

int view_has(const view_t *view, int slot)
{
    return segment_current(view->segment, slot) != 0;
}

static pair_t *parse(const view_t *view, int slot, segment_ref_t ref, apr_status_t *prv)
{
    unsigned char *value = malloc(SEGMENT_VALUE_MAX);
    pair_t *pair = NULL;
    apr_size_t len = 0;

    *prv = APR_ENOMEM;
    if (value == NULL)
        return NULL;
    *prv = segment_read(view->segment, slot, ref, value, &len);
    if (*prv == APR_SUCCESS && (pair = pair_parse(value, len)) == NULL)
        *prv = APR_EINVAL;
    OPENSSL_cleanse(value, SEGMENT_VALUE_MAX);
    free(value);
    return pair;
}

/* A value that cannot be used is looked at once. A worker that had none yet takes the one before it. */
static void look(const view_t *view, int slot, seen_t *seen, segment_ref_t current, int *pdamaged)
{
    segment_ref_t before = 0;
    pair_t *pair = NULL;
    apr_status_t rv = APR_EAGAIN;
    int tries = TRIES;

    while ((pair = parse(view, slot, current, &rv)) == NULL && APR_STATUS_IS_EAGAIN(rv)
           && tries-- > 0)
        current = segment_current(view->segment, slot);
    if (pair == NULL && !APR_STATUS_IS_EINVAL(rv))
        return; /* overtaken again and again: the next connection looks */
    *pdamaged = pair == NULL;
    seen->looked = current;
    if (pair == NULL && seen->pair == NULL
        && (before = segment_before(view->segment, slot, current)) != 0)
        pair = parse(view, slot, before, &rv);
    if (pair != NULL) {
        pair_release(seen->pair);
        seen->pair = pair;
    }
}

pair_t *view_take(view_t *view, int slot, int *pdamaged)
{
    segment_ref_t current = segment_current(view->segment, slot);
    seen_t *seen = NULL;
    pair_t *pair = NULL;

    *pdamaged = 0;
    if (current == 0 || slot >= view->slots)
        return NULL;
    seen = &view->seen[slot];
    (void)pthread_mutex_lock(&seen->mutex);
    if (seen->looked != current)
        look(view, slot, seen, current, pdamaged);
    pair = pair_share(seen->pair);
    (void)pthread_mutex_unlock(&seen->mutex);
    return pair;
}
