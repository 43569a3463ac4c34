/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_EXPORTS_H
#define KEEPER_EXPORTS_H

/* keeper/exports.h - ACMEExport: after each installation, and when the keeper starts, files are written that
 * other programs read, if they differ from what is in the store. What fails is told in the log once and in
 * the status as long as it lasts, is tried again after a while, and keeps nothing else from going on. */

#include <jansson.h>

#include "keeper/agent_line.h"
#include "keeper/changes.h"
#include "keeper/model.h"

typedef struct exports exports_t;

exports_t *exports_make(const model_t *model, agent_line_t *line);

/** All that differ are written in the next turn of the loop. */
void exports_start(exports_t *exports);

/** A certificate was installed. baton: the exports_t. */
void exports_hear(void *baton, const change_t *change);

/** For the status: an array of {name, format, path, problem?}; a new reference. NULL when none is
 * configured. */
json_t *exports_list(const exports_t *exports);

#endif
