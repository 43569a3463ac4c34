/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_SEALING_H
#define KEEPER_SEALING_H

/* keeper/sealing.h - seals the pairs in use that have no seal that fits: all of them after an import, a
 * restored backup or a new version of OpenSSL. To check ten thousand takes a minute of CPU, and nobody
 * waits for it: without the seal httpd parses a pair (store/generation.h). */

#include "keeper/model.h"

/** Seal them from now on, one in a turn of the loop with a pause after each, so that whoever asks the
 * keeper for something waits for one at most. What is left when the keeper ends, the next one seals. A
 * pair that cannot be sealed is passed over until then. Nothing is done in a store with trouble. */
void sealing_start(const model_t *model);

#endif
