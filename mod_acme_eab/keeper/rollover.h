/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_ROLLOVER_H
#define KEEPER_ROLLOVER_H

/* keeper/rollover.h - another key for an account (RFC 8555, 7.3.5), as root asks for it. The next key is on
 * disk before the CA hears of it; when an answer is lost, or the keeper ends in the middle, the CA is asked
 * by which of the two it knows the account, until it says so. */

#include "keeper/model.h"
#include "keeper/tasks.h"
#include "keeper/ticket.h"

typedef struct rollover rollover_t;

rollover_t *rollover_make(const model_t *model, tasks_t *tasks, tickets_t *tickets);

/** Go on with what a crash has left. */
void rollover_start(rollover_t *rollover);

/** Begin.
 * @param by who asks
 * @return APR_SUCCESS, or why not with result */
apr_status_t rollover_ask(rollover_t *rollover, keeper_account_t *account, const char *by,
                          eab_result_t *result);

/** Why the last try did not succeed; rv APR_SUCCESS: nothing is known of one. */
const eab_result_t *rollover_problem(const rollover_t *rollover, const keeper_account_t *account);

#endif
