/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_DICE_H
#define AGENT_DICE_H

/* agent/dice.h - the chance that policy asks for. */

/** In [0, 1), from the system. */
double dice_throw(void);

#endif
