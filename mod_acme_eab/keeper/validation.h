/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_VALIDATION_H
#define KEEPER_VALIDATION_H

/* keeper/validation.h - how long the CA goes by its validations of the names of a certificate, in
 * archive/<name>/validations.json, so that the status tells it after a restart as well. Nothing is
 * decided by it. */

#include "keeper/certificate.h"

/** What is kept, if it is about the certificate in use; damaged or missing: nothing. */
void validation_open(keeper_certificate_t *certificate);

/** Keep what the agent says. @return APR_SUCCESS, or why not in result */
apr_status_t validation_keep(keeper_certificate_t *certificate, const json_t *json,
                             eab_result_t *result);

#endif
