/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_LEFTOVER_H
#define KEEPER_LEFTOVER_H

/* keeper/leftover.h - certificates and accounts in the store that no configuration names any more are
 * told: in the log when they are first seen, and in the status as long as they are there. */

#include <jansson.h>

#include "keeper/model.h"

/** Look at the store as it is now. What is served in the place of a certificate that is not there yet
 * is no leftover.
 * @return as the status shows them; lives as long as the keeper */
json_t *leftover_list(const model_t *model);

#endif
