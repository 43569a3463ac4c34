/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_RECOGNIZE_H
#define AGENT_RECOGNIZE_H

/* agent/recognize.h - the task "recognize": does the CA know the key of an account, and by which URL
 * (RFC 8555, 7.3.1)? Nothing is registered and the EAB key is not used. */

#include "agent/task.h"

/** One part: {label, url}, or {label, problem} when the CA does not know it, says that it is not valid, or
 * could not be asked. The task itself always ends well. */
void recognize_run(task_t *task);

#endif
