/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_ROLLOVER_H
#define KEEPER_CONTROL_ROLLOVER_H

/* keeper/control_rollover.h - "account rollover": {label}: another key for an account; "account new":
 * {label}: another account in its place; and "account
 * deactivate": {label, force}: its end at the CA, or of one that another took the place of, where label is its
 * id. Their one part: {label, url, step, result?, problem?};
 * step is "asked", "registering", "idle" or, of a deactivation that is done, "closed"; result, once there is one, "done" or "failed". */

#include "keeper/control_call.h"

extern const control_command_t control_rollover;
extern const control_command_t control_new_account;
extern const control_command_t control_deactivate;

#endif
