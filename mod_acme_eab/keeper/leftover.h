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

/** Remove one from the store, with all that belongs to it, under the lock that the keeper has.
 * @param called  of a certificate, or of its directory; with of_account the id of an account. Of one that was
 *              deactivated and is configured, or had its place taken, that or its label: its record goes
 * @return APR_SUCCESS; EAB_PROBLEM_NO_SUCH when it is no leftover; EAB_PROBLEM_REFUSED when it is configured,
 *         with the place; or why it could not be removed, in result */
apr_status_t leftover_remove(const model_t *model, const char *called, int of_account,
                             eab_result_t *result);

#endif
