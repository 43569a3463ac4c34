/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_DEACTIVATE_H
#define AGENT_DEACTIVATE_H

/* agent/deactivate.h - the end of an account (RFC 8555, 7.3.6), as root has asked the keeper for it. */

#include "agent/task.h"

/** The task "deactivate": {account}, or {account, superseded, url} for one that the account took the place
 * of. An account that the CA does not know any more, or that is deactivated already, is as good as
 * deactivated now. */
void deactivate_run(task_t *task);

/** The task "closed": {account, problem}: the keeper signs nothing with it any more. */
void deactivate_end(task_t *task);

#endif
