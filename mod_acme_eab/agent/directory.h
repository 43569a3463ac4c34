/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_DIRECTORY_H
#define AGENT_DIRECTORY_H

/* agent/directory.h - what the CA says of itself in its directory: taken over for the status each time
 * that it is read, and told to the keeper when it is new, so that it is known after a restart, too. */

#include "agent/account.h"

/** Look whether the session has read the directory anew: called by the loop, cheaply, for each
 * account. */
void directory_follow(agent_account_t *account);

/** For the status. A new reference; JSON null when the CA never told. */
json_t *directory_to_json(const agent_account_t *account);

/** The profiles on offer, each with the CA's own words (ACMEProfile). A new reference. */
json_t *directory_profiles(const agent_account_t *account);

#endif
