/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_DEACTIVATION_H
#define KEEPER_DEACTIVATION_H

/* keeper/deactivation.h - the end of an account at the CA (RFC 8555, 7.3.6), as root asks for it. That he has
 * is on disk first; it goes on after a crash until the CA has done it, or refused it. One that another account
 * took the place of signs with its own key; the agent speaks with the session of the other. */

#include "keeper/model.h"
#include "keeper/tasks.h"
#include "keeper/ticket.h"

typedef struct deactivation deactivation_t;

deactivation_t *deactivation_make(const model_t *model, tasks_t *tasks, tickets_t *tickets);

/** Go on with what a crash has left. */
void deactivation_start(deactivation_t *deactivation);

/** Begin.
 * @param id of an account in the store: one that is used, or that another one took the place of
 * @param by who asks
 * @return APR_SUCCESS, or why not with result */
apr_status_t deactivation_ask(deactivation_t *deactivation, const char *id, const char *by,
                              eab_result_t *result);

/** The record of an account that another one took the place of (keeper/succession.h), also when it is
 * deactivated by now; NULL: none has that id.
 * @param paccount the one that is used in its place */
const registration_t *deactivation_superseded(const deactivation_t *deactivation, const char *id,
                                              keeper_account_t **paccount);

/** Why the last try did not succeed; rv APR_SUCCESS: nothing is known of one.
 * @param id as deactivation_ask() has taken it */
const eab_result_t *deactivation_problem(const deactivation_t *deactivation, const char *id);

#endif
