/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/sealing.h"

#include "store/generation.h"

/* Longer than one takes: most of the processor is left to those who start now too. */
#define PAUSE apr_time_from_msec(10)

typedef struct sealing {
    const model_t *model;
    loop_timer_t *timer;
    int next; /* the index of the certificate to look at */
} sealing_t;

/* @return NULL: none is left */
static const keeper_certificate_t *next_unsealed(sealing_t *sealing)
{
    const keeper_certificate_t *certificate;

    while ((certificate = model_certificate(sealing->model, sealing->next)) != NULL) {
        ++sealing->next;
        if (certificate->best != NULL && !certificate->best->sealed) {
            return certificate;
        }
    }
    return NULL;
}

static void seal_next(void *baton)
{
    sealing_t *sealing = baton;
    const means_t *means = sealing->model->means;
    const keeper_certificate_t *certificate = next_unsealed(sealing);

    if (certificate == NULL) {
        loop_timer_release(means->loop, sealing->timer);
        return;
    }
    generation_seal(means->store, certificate->plan->id, certificate->best, means->pool);
    loop_timer_set(sealing->timer, apr_time_now() + PAUSE);
}

void sealing_start(const model_t *model)
{
    const means_t *means = model->means;
    sealing_t *sealing;

    if (means->store->trouble != NULL) {
        return;
    }
    sealing = apr_pcalloc(means->pool, sizeof(*sealing));
    sealing->model = model;
    sealing->timer = loop_timer_make(means->loop, seal_next, sealing);
    loop_timer_set(sealing->timer, apr_time_now() + PAUSE);
}
