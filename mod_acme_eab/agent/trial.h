/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_TRIAL_H
#define AGENT_TRIAL_H

/* agent/trial.h - an order on trial: which names would be valid, and how would the others be validated? Asked by root
 * (acmectl check --order), as it costs an order at some CAs. It is not finalized, and its authorizations are read
 * and left alone: they may be those that the CA has validated in advance. It stays in the journal, and is the
 * order for the next certificate while the CA takes it. */

#include "agent/task.h"

void trial_run(task_t *task);

#endif
