/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_ASK_H
#define KEEPER_CONTROL_ASK_H

/* keeper/control_ask.h - what is asked of the agent and comes back: "update" {account}: tell the CA the
 * configured contacts, now; "check" {names}: is everything there that an order needs? Neither spends an EAB key
 * or an order. "recognize": does the CA know the accounts, by which URL? The parts of check: {check, subject, grade: "ok", "warning" or "fault", text}. Those of
 * recognize: agent/recognize.h. They are what the agent and a CA say. */

#include "keeper/control_call.h"

extern const control_command_t control_check;
extern const control_command_t control_recognize;
extern const control_command_t control_update;

#endif
