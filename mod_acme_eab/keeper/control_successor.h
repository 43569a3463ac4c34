/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_SUCCESSOR_H
#define KEEPER_CONTROL_SUCCESSOR_H

/* keeper/control_successor.h - another account in the place of one (keeper/succession.h), as an act or the
 * first part of one: how far it is, is told by the store and by what act->state has under the account's label. */

#include "keeper/control_call.h"

/** Begin, or go on.
 * @return APR_SUCCESS when the other one is in its place and registered; APR_EAGAIN; else the one before is
 *         used on, or cannot be used, and why is in call->result */
apr_status_t control_succeed(control_call_t *call, keeper_account_t *account);

/** The same for the accounts of all these certificates; those that are not registered yet need no other.
 * @param certificates keeper_certificate_t * */
apr_status_t control_succeed_all(control_call_t *call, const apr_array_header_t *certificates);

/** Is it in its place, and the CA is asked to register it? */
int control_is_placed(const control_call_t *call, const keeper_account_t *account);

#endif
