/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_DIGICERT_H
#define ENROLL_DIGICERT_H

/* enroll/digicert.h - DigiCert CertCentral: an EAB pair for a product and an organization, shown once. */

#include "enroll/errand.h"

extern const option_row_t digicert_options[];

/** Do what the options ask for; the outcome is in the errand's result. */
apr_status_t digicert_run(errand_t *errand);

#endif
