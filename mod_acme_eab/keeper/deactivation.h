/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_DEACTIVATION_H
#define KEEPER_DEACTIVATION_H

/* keeper/deactivation.h - the end of an account at the CA (RFC 8555, 7.3.6), as root asks for it. That he has
 * is on disk first; it goes on after a crash until the CA has done it, or refused it. */

#include "keeper/model.h"
#include "keeper/tasks.h"
#include "keeper/ticket.h"

typedef struct deactivation deactivation_t;

deactivation_t *deactivation_make(const model_t *model, tasks_t *tasks, tickets_t *tickets);

/** Go on with what a crash has left. */
void deactivation_start(deactivation_t *deactivation);

/** Begin.
 * @param by who asks
 * @return APR_SUCCESS, or why not with result */
apr_status_t deactivation_ask(deactivation_t *deactivation, keeper_account_t *account,
                              const char *by, eab_result_t *result);

/** Why the last try did not succeed; rv APR_SUCCESS: nothing is known of one. */
const eab_result_t *deactivation_problem(const deactivation_t *deactivation,
                                         const keeper_account_t *account);

#endif
