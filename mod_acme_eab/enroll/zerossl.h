/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_ZEROSSL_H
#define ENROLL_ZEROSSL_H

/* enroll/zerossl.h - ZeroSSL: an EAB pair for an access key, or for an e-mail address. Each is for one
 * registration and is shown once. */

#include "enroll/errand.h"

extern const option_row_t zerossl_options[];

/** Do what the options ask for; the outcome is in the errand's result. */
apr_status_t zerossl_run(errand_t *errand);

#endif
