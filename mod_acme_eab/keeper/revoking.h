/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_REVOKING_H
#define KEEPER_REVOKING_H

/* keeper/revoking.h - has the agent revoke what root wants revoked (keeper/revocation.h): at once, or when
 * httpd serves something else in its place; again after a failure that may pass, and after each start, until
 * the CA has said that it is done. */

#include "keeper/model.h"
#include "keeper/tasks.h"
#include "keeper/ticket.h"

typedef struct revoking revoking_t;

revoking_t *revoking_make(const model_t *model, tasks_t *tasks, tickets_t *tickets);

/** Give what is due to the agent. */
void revoking_consider(revoking_t *revoking);

/** The same after a change that may have made something due. baton: the revoking_t. */
void revoking_hear(void *baton, const change_t *change);

/** The account by which it is revoked: the one that ordered it, or any at the same CA.
 * @param pown true for the one that ordered it; may be NULL
 * @return NULL when none is configured */
keeper_account_t *revoking_account(const model_t *model, const revocation_t *record, int *pown);

#endif
