/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_DEMAND_H
#define KEEPER_DEMAND_H

/* keeper/demand.h - root wants another certificate now, though the one in place is not due. What is served
 * stays. It ends when there is another one; until then a failure is tried again as ever. */

#include "keeper/certificate.h"

/** What the store remembers, unless another certificate came since. */
void demand_open(keeper_certificate_t *certificate);

/** It is in the store and with the certificate. The agent is told by whoever calls this.
 * @return APR_SUCCESS, or why it could not be written */
apr_status_t demand_make(keeper_certificate_t *certificate, eab_result_t *result);

#endif
