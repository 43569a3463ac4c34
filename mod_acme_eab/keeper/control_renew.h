/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_RENEW_H
#define KEEPER_CONTROL_RENEW_H

/* keeper/control_renew.h - "renew": another certificate, now; "retry": another try at what fails, now. What
 * is served stays until there is something better. Their parts: {name, names, key_type, step, result?,
 * serial?, not_after?, why?, problem?}; step is "asked", "ordered", "validated", "stored", "served" or
 * "idle"; result, once there is one, "issued", "failed", "refused" or
 * "nothing": there was nothing to do. */

#include "keeper/control_call.h"

extern const control_command_t control_renew;
extern const control_command_t control_retry;

#endif
