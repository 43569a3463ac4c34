/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_PROMPT_H
#define ENROLL_PROMPT_H

/* enroll/prompt.h - ask the person at the terminal for a secret. */

#include "crypto/secret.h"

/** Ask on the terminal, without echo; what was set before is restored, also when a signal ends the
 * question.
 * @param what "client secret"
 * @return APR_ENOTIMPL when there is no terminal; EINTR, EFBIG ...; *psecret is NULL then */
apr_status_t prompt_secret(secret_t **psecret, const char *what, apr_pool_t *p);

#endif
