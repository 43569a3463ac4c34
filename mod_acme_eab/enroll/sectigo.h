/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_SECTIGO_H
#define ENROLL_SECTIGO_H

/* enroll/sectigo.h - Sectigo Certificate Manager: ACME accounts, their domains and clients. */

#include "enroll/errand.h"

extern const option_row_t sectigo_options[];

/** Do what the options ask for; the outcome is in the errand's result. */
apr_status_t sectigo_run(errand_t *errand);

#endif
