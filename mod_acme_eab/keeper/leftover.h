/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_LEFTOVER_H
#define KEEPER_LEFTOVER_H

/* keeper/leftover.h - certificates and accounts in the store that no configuration names any more are
 * told: in the log when they are first seen, and in the status as long as they are there. */

#include "keeper/keeper.h"

/** Look at the store as it is now. What is served in the place of a certificate that is not there yet
 * is no leftover. */
void leftover_open(keeper_t *keeper);

#endif
