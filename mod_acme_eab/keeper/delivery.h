/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_DELIVERY_H
#define KEEPER_DELIVERY_H

/* keeper/delivery.h - the events that wait to be told (store/spool.h): each is told to its program until that
 * ends with 0, at least once, those of one name in their order, one program at a time for each
 * ACMEEventCommand. One that waits to be tried again holds up its own name and no other. Nothing waits
 * for it. */

#include <jansson.h>

#include "base/event.h"
#include "keeper/chronicle.h"
#include "keeper/means.h"

typedef struct delivery delivery_t;

/** Nothing is told yet.
 * @param program the keeper's own, which is run with --tell */
delivery_t *delivery_make(const means_t *means, chronicle_t *chronicle, const char *program);

/** What a keeper of before has left, as the spool has it. told hears of what each says about itself ("of",
 * "told"), the oldest first. */
typedef void delivery_told_fn(void *baton, const char *of, const json_t *told);
void delivery_load(delivery_t *delivery, delivery_told_fn *told, void *baton);

/** Begin. */
void delivery_start(delivery_t *delivery);

/** Is there a program that wants events of this kind? */
int delivery_is_wanted(const delivery_t *delivery, event_kind_t kind);

/** Put an event into the spool, durably, for each program that wants it. "id", "attempt" and "host" are set
 * here.
 * @param event what the program is told; borrowed
 * @param of    with told: goes into the spool with the last of them, for delivery_load(); or NULL
 * @return APR_SUCCESS; else it could not be written for each of them, which was logged: add it again later */
apr_status_t delivery_add(delivery_t *delivery, event_kind_t kind, json_t *event, const char *of,
                          json_t *told);

/** What waits: [{"id","event","name","key_type","account","command","attempts","since","next","running"}],
 * the oldest first. A new reference for the caller. */
json_t *delivery_list(const delivery_t *delivery);

/** Tell it now, or never. @return APR_ENOENT when there is none; APR_EBUSY while it is being told */
apr_status_t delivery_retry(delivery_t *delivery, const char *id);
apr_status_t delivery_drop(delivery_t *delivery, const char *id);

#endif
