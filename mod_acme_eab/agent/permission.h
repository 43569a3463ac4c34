/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_PERMISSION_H
#define AGENT_PERMISSION_H

/* agent/permission.h - do the CAA records of a name let the CA issue? Asked by root (acmectl check). */

#include "agent/task.h"

typedef void permission_done_fn(void *baton);

/** Look the records of a name of task->job up, and tell. done later, never from inside. */
void permission_look(const task_t *task, const char *name, permission_done_fn *done, void *baton);

#endif
