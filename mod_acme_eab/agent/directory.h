/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_DIRECTORY_H
#define AGENT_DIRECTORY_H

/* agent/directory.h - what the CA of an account says of itself in its directory: taken over for the
 * status each time that it is read, and told to the keeper when it is new, so that it is known after a
 * restart, too. */

#include "agent/kit.h"

typedef struct directory {
    kit_t *kit;
    int index;                        /* of the account */
    brief_account_t *brief;           /* told is kept up to date */
    const acme_directory_t *followed; /* as last taken over into brief->told; not to be read */
    apr_pool_t *pool;                 /* owns brief->told, once it was taken over */
    apr_time_t kept;                  /* the date of what the keeper has of it */
    int untold;                       /* the keeper has something else */
    int telling;                      /* it is being told */
} directory_t;

/** From what the keeper remembers. */
void directory_init(directory_t *directory, kit_t *kit, int index, brief_account_t *brief);

/** Look whether it was read anew: called by the loop, cheaply, for each account.
 * @param seen as the session has it; NULL: it was never read
 * @return true when it was */
int directory_follow(directory_t *directory, const acme_directory_t *seen);

/** For the status. A new reference; JSON null when the CA never told. */
json_t *directory_to_json(const brief_account_t *account);

/** The profiles on offer, each with the CA's own words (ACMEProfile). A new reference. */
json_t *directory_profiles(const brief_account_t *account);

#endif
