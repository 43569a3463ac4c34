/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_REVOKE_H
#define AGENT_REVOKE_H

/* agent/revoke.h - revokeCert (RFC 8555, 7.6), as root has asked the keeper for it. */

#include "agent/task.h"

/** The task "revoke": {account, fingerprint, by}; by is "account", "certificate", or "certificate first":
 * the account when the CA does not take the certificate's own key. What was revoked before is as good as
 * revoked now. */
void revoke_run(task_t *task);

#endif
