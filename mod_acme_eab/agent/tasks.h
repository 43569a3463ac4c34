/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_TASKS_H
#define AGENT_TASKS_H

/* agent/tasks.h - the table of what root may want of the agent (keeper/tasks.h). */

#include "agent/task.h"

/** Do what the message says; what is not in the table of agent/tasks.c is answered by a refusal. */
void tasks_begin(kit_t *kit, const apr_array_header_t *accounts, const apr_array_header_t *jobs,
                 const json_t *body);

#endif
