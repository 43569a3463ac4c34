/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_RELOAD_H
#define KEEPER_RELOAD_H

/* keeper/reload.h - making httpd use what was installed: a rehearsal (keeper/rehearsal.h), and only if
 * it passes SIGUSR1 to the parent. When: policy/reload.h.
 * A certificate that httpd did not load after three restarts is not asked for again. */

#include "ipc/brief.h"
#include "keeper/agent_line.h"
#include "keeper/changes.h"
#include "keeper/model.h"
#include "store/reload.h"

typedef struct keeper_reload keeper_reload_t;

/** @param memory what is remembered of restarts; lives as long
 * @param line   on which the agent is told of the state */
keeper_reload_t *reload_make(const model_t *model, reload_memory_t *memory, agent_line_t *line);

/** The keeper has just started: think about it. */
void reload_consider(keeper_reload_t *reload);

/** Something was installed, or a restart may have waited for one that has failed: think again. baton: the
 * keeper_reload_t. */
void reload_hear(void *baton, const change_t *change);

/** The disk can be written again: write what could not be. */
void reload_tidy(keeper_reload_t *reload);

/** The state, for the status. Borrowed. */
const news_t *reload_news(const keeper_reload_t *reload);

#endif
