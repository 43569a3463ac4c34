/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_LIMIT_H
#define POLICY_LIMIT_H

/* policy/limit.h - until when a limit of the CA lasts, where only its sentence says so: "retry after
 * 2026-12-01 10:00:00 UTC", "try again in 3h20m". Pure. */

#include <apr_time.h>

#include "base/result.h"

/** Seconds to wait by the words of the problem and its subproblems, at most 31 days; of several times
 * the last. -1 when they name none that is still to come. A date counts in RFC 3339, also with a
 * space and a named zone, and as in HTTP; without a zone it is UTC. */
apr_int64_t limit_read(const eab_result_t *problem, apr_time_t now);

#endif
