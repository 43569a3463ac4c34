/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_EVENTS_H
#define KEEPER_CONTROL_EVENTS_H

/* keeper/control_events.h - acmectl events: {"what": "list" | "test" | "retry" | "drop", "event"?, "name"?,
 * "id"?}. A part is an event that waits, as delivery_list() tells it. */

#include "keeper/control_call.h"

extern const control_command_t control_events;

#endif
