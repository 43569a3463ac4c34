/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_WINDOW_H
#define KEEPER_WINDOW_H

/* keeper/window.h - when the CA wishes a certificate to be renewed, kept beside it in
 * archive/<name>/renewal.json, so that a restart neither asks nor draws again. */

#include "keeper/certificate.h"

/** Load what is stored about the certificate in use; what is about another, or damaged, is as if
 * there were nothing. */
void window_open(keeper_certificate_t *certificate);

/** The agent's news. Refused when it is not about the certificate in use. */
apr_status_t window_keep(keeper_certificate_t *certificate, const json_t *json,
                         eab_result_t *result);

#endif
