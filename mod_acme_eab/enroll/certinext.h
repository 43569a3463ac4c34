/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_CERTINEXT_H
#define ENROLL_CERTINEXT_H

/* enroll/certinext.h - CERTInext (eMudhra; InCommon): its interface adds, lists and verifies domains and
 * lists products. EAB pairs come from its portal alone. */

#include "enroll/errand.h"

extern const option_row_t certinext_options[];

/** Do what the options ask for; the outcome is in the errand's result. */
apr_status_t certinext_run(errand_t *errand);

#endif
