/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_ROLLOVER_H
#define AGENT_ROLLOVER_H

/* agent/rollover.h - keyChange (RFC 8555, 7.3.5), as root has asked the keeper for it. */

#include "agent/task.h"

/** The task "rollover": {account, settle}. No job of the account is at work meanwhile, since key
 * authorizations are made with its key. With settle, or when it is given again, a keyChange of before may have been heard, and what the CA
 * knows is looked up first: a refusal would say nothing then. Its one part says which key counts: {counts: "next" | "old" | "later" |
 * "unknown"}; "later" is the old one, for the CA could not be reached or wants to be asked at another time. */
void rollover_run(task_t *task);

/** The task "hold": {account}: it ends when no job of the account is at work, and none begins before
 * "rekeyed". */
void rollover_hold(task_t *task);

/** The task "rekeyed": {account, thumbprint}: the keeper signs with that key from now on, and jobs may go
 * on. */
void rollover_end(task_t *task);

#endif
