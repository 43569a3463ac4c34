/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_MENDING_H
#define KEEPER_MENDING_H

/* keeper/mending.h - a disk gets room again, a file is restored: nobody should have to restart httpd for
 * that. Accounts that cannot be used, and a store that could not be written to, are looked at again
 * every minute. */

#include "keeper/agent_process.h"
#include "keeper/changes.h"
#include "keeper/model.h"
#include "keeper/reload.h"

typedef struct mending mending_t;

/** The first look is in a minute. When an account can be used again, the agent is started anew. */
mending_t *mending_make(const model_t *model, keeper_reload_t *reload, agent_process_t *agent);

/** The store could not be written to: look again in a while, and tidy up. baton: the mending_t. */
void mending_hear(void *baton, const change_t *change);

/** True after the loop was stopped since the store can be used now: nothing was taken from it, and another
 * keeper shall begin with it. */
int mending_wants_another(const mending_t *mending);

#endif
