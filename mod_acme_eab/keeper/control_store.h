/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_STORE_H
#define KEEPER_CONTROL_STORE_H

/* keeper/control_store.h - "delete" {names}: certificates that are not configured any more; "forget"
 * {account}: such an account. Both are removed here and nowhere else: a CA is not told. Their parts: {name,
 * result: "removed"}. */

#include "keeper/control_call.h"

extern const control_command_t control_delete;
extern const control_command_t control_forget;

#endif
