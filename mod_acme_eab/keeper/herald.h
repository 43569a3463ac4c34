/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_HERALD_H
#define KEEPER_HERALD_H

/* keeper/herald.h - makes events of what happens: what is so now is held against what was told
 * (policy/event.h, store/ledger.h), at each change, when time makes one due, and when the keeper begins.
 * So an event that a crash came before is told after it. Each goes into the spool first and only then
 * counts as told; programs hear of it later (keeper/delivery.h). */

#include "keeper/changes.h"
#include "keeper/chronicle.h"
#include "keeper/delivery.h"
#include "keeper/model.h"

typedef struct herald herald_t;

/** @param leftovers keeper/leftover.h, or NULL; borrowed */
herald_t *herald_make(const model_t *model, const json_t *leftovers, chronicle_t *chronicle,
                      delivery_t *delivery);

/** The keeper has just started: read what was told, and tell what is not told yet. The first change that is
 * heard starts it too. */
void herald_start(herald_t *herald);

/** baton: the herald_t. */
void herald_hear(void *baton, const change_t *change);

/** An event that nothing has happened for, to try the programs with.
 * @param name of a certificate, or NULL
 * @return APR_ENOENT when there is no such certificate; APR_ENOTIMPL when no program wants it */
apr_status_t herald_test(herald_t *herald, event_kind_t like, const char *name);

#endif
