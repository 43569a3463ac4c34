/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_STAPLE_H
#define KEEPER_STAPLE_H

/* keeper/staple.h - what the CA's OCSP responder says of the best certificate. The agent fetches it and is
 * not believed: what it hands over is checked, kept beside the pair, and told (CHANGE_STAPLED). A response
 * is never replaced by an older one, so that nobody takes back a revocation with one of before. */

#include "keeper/certificate.h"
#include "keeper/changes.h"

/** What is kept of the best certificate, and where to ask: where a virtual host staples that mod_ssl
 * cannot do it for, and for must-staple. */
void staple_open(keeper_certificate_t *certificate);

/** Another one is the best. */
void staple_hear(void *baton, const change_t *change);

/** The certificate has must-staple, and there is no response with which it could be served. */
int staple_is_lacking(const keeper_certificate_t *certificate);

/** The agent has fetched a response.
 * @param fingerprint of the certificate that it asked about
 * @param response    base64url
 * @return APR_SUCCESS, also when it says nothing new; anything else: it is not taken, for a reason in
 *         result */
apr_status_t staple_keep(keeper_certificate_t *certificate, const char *fingerprint,
                         const char *response, eab_result_t *result);

#endif
