/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_BRIEFING_H
#define KEEPER_BRIEFING_H

/* keeper/briefing.h - what the agent may know of all that the keeper knows: the brief of an agent that is
 * started now. */

#include <jansson.h>

#include "ipc/brief.h"
#include "keeper/exports.h"
#include "keeper/chronicle.h"
#include "keeper/model.h"
#include "keeper/reload.h"

typedef struct briefing {
    const model_t *model;
    const keeper_reload_t *reload;
    const chronicle_t *chronicle;
    json_t *leftovers; /* as the status shows them, or NULL */
    const exports_t *exports;
} briefing_t;

/** In p, without how often the agent was started. What the model owns is borrowed, until it changes. */
brief_t *briefing_make(const briefing_t *briefing, apr_pool_t *p);

#endif
