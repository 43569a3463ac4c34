/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_DIRECTORY_H
#define KEEPER_DIRECTORY_H

/* keeper/directory.h - what a CA says of itself in its directory, kept beside the account in
 * accounts/<id>/directory.json, so that a restart does not forget it. It is shown, and nothing is
 * decided by it. */

#include "keeper/account.h"

/** Load what is stored; what is missing or damaged is as if nothing had been told. */
void directory_open(keeper_account_t *account);

/** The agent's news, cut to sensible sizes. They go to disk when something is new, or the date of
 * the last ones is a day old; once in a minute at most.
 * @return APR_SUCCESS, APR_TIMEUP when it is too early, or the failure in result */
apr_status_t directory_keep(keeper_account_t *account, const json_t *json, eab_result_t *result);

#endif
