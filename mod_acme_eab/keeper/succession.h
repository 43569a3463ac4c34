/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_SUCCESSION_H
#define KEEPER_SUCCESSION_H

/* keeper/succession.h - another account in the place of one, for the same directory and EAB key id, as root
 * asks for it: where the CA has no keyChange, or nobody knows who else has the account's key.
 *
 * When no order of the account is under way, the new one takes its place in the store (one rename), and
 * another keeper begins with it: to everybody it is an account that is not registered yet, and is registered
 * as such. If the CA refuses that, the one before takes its place again. The one before is kept, as long as
 * certificates that it has ordered are in use, and longer: see leftover.h. */

#include "keeper/changes.h"
#include "keeper/model.h"
#include "keeper/tasks.h"

typedef struct succession succession_t;

succession_t *succession_make(const model_t *model, tasks_t *tasks);

/** Have those registered that took the place of another one and are not yet. */
void succession_start(succession_t *succession);

/** Does the CA refuse one of these? baton: the succession_t. */
void succession_hear(void *baton, const change_t *change);

/** Begin. The EAB key is read, to see that it is there: it is needed again.
 * @param by who asks
 * @return APR_SUCCESS, or why not with result */
apr_status_t succession_ask(succession_t *succession, keeper_account_t *account, const char *by,
                            eab_result_t *result);

/** Why it is over without another account, as far as this keeper knows; rv APR_SUCCESS: it goes on, or nobody
 * has asked. */
const eab_result_t *succession_problem(const succession_t *succession,
                                       const keeper_account_t *account);

/** True after the loop was stopped since another keeper shall begin with what is in the store. */
int succession_wants_another(const succession_t *succession);

#endif
