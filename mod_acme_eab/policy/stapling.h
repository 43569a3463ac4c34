/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_STAPLING_H
#define POLICY_STAPLING_H

/* policy/stapling.h - when to ask an OCSP responder. Pure. */

#include <apr_time.h>

/** When the response that there is has half of its validity left; then there is time to be refused for as
 * long as it lasted already. 0 where there is none: at once. */
apr_time_t stapling_due(apr_time_t from, apr_time_t until);

/** How long to wait after so many failures in a row, 1 and up: 2, 4, 8 ... seconds, an hour at most. An
 * answer that brings nothing newer counts as one. */
apr_interval_time_t stapling_pause(int failures);

#endif
