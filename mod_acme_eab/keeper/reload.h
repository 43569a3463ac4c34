/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_RELOAD_H
#define KEEPER_RELOAD_H

/* keeper/reload.h - making httpd use what was installed: a rehearsal (keeper/rehearsal.h), and only if
 * it passes SIGUSR1 to the parent. When: policy/reload.h.
 * A certificate that httpd did not load after three restarts is not asked for again. */

#include "ipc/brief.h"
#include "keeper/keeper.h"

typedef struct keeper_reload keeper_reload_t;

keeper_reload_t *reload_make(keeper_t *keeper);

/** Something was installed, or the keeper has just started: think again. */
void reload_consider(keeper_reload_t *reload);

/** The disk can be written again: write what could not be. */
void reload_tidy(keeper_reload_t *reload);

/** The state, for the status. Borrowed. */
const news_t *reload_news(const keeper_reload_t *reload);

#endif
