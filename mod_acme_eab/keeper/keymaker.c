/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/keymaker.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/aside.h"
#include "crypto/keypair.h"

#define THREADS_MAX 4

struct keymaker {
    aside_t *aside;
};

typedef struct order {
    const char *type;
    EVP_PKEY *pkey; /* made, and not handed over */
    keymaker_done_fn *done;
    void *baton;
} order_t;

static void make(void *data)
{
    order_t *order = data;

    order->pkey = keypair_generate(order->type);
}

static void hand_over(void *data)
{
    order_t *order = data;
    EVP_PKEY *pkey = order->pkey;

    order->pkey = NULL;
    order->done(order->baton, pkey);
}

static void forget(void *data)
{
    order_t *order = data;

    EVP_PKEY_free(order->pkey);
    free(order);
}

static void on_made(void *baton, short events)
{
    (void)events;
    aside_serve(baton);
}

static int threads_max(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1) {
        return 1;
    }
    return processors > THREADS_MAX ? THREADS_MAX : (int)processors;
}

keymaker_t *keymaker_make(loop_t *loop, apr_pool_t *p)
{
    keymaker_t *maker = apr_pcalloc(p, sizeof(*maker));

    if ((maker->aside = aside_make(threads_max(), p)) == NULL) {
        return NULL;
    }
    loop_watch(loop, aside_fd(maker->aside), POLLIN, on_made, maker->aside);
    return maker;
}

void keymaker_start(keymaker_t *maker, const char *type, keymaker_done_fn *done, void *baton)
{
    order_t *order = calloc(1, sizeof(*order));

    if (order == NULL) {
        abort();
    }
    order->type = type;
    order->done = done;
    order->baton = baton;
    aside_run(maker->aside, 0, make, hand_over, forget, order);
}
