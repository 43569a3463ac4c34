/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_VALIDATION_H
#define POLICY_VALIDATION_H

/* policy/validation.h - can a name be validated, by what is known here? */

#include <apr_tables.h>

/** @param challenges   const char *: that ACMEChallenge allows
 *  @param name         may be a wildcard or an address
 *  @param record_lacks the record of dns-persist-01 was looked up and is not as it should be
 *  @return true when one of them fits the name and is not known to fail (RFC 8555, 8.3; RFC 8737, 3;
 *          RFC 8738, 7); what the CA offers is known to nobody before it is asked */
int validation_can_be_had(const apr_array_header_t *challenges, const char *name, int record_lacks);

#endif
