/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_INSPECT_H
#define AGENT_INSPECT_H

/* agent/inspect.h - is everything there that an order needs? Asked by root (acmectl check), beside the work.
 * Nothing here costs anything: the directory, a nonce, a look-up of the account by its key without the EAB key,
 * addresses and CAA records in the DNS, connections to the own httpd. But with "register", an account that is not
 * registered is, and kept. */

#include "agent/task.h"

/** The CA of an account: its directory, the clock, whether it knows the account. */
void inspect_account(task_t *task);

/** The names of a certificate: how long the CA goes by its validations, whether it may issue for them (CAA),
 * where they lead, and whether this httpd answers there. */
void inspect_names(task_t *task);

#endif
