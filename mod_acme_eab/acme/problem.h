/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_PROBLEM_H
#define ACME_PROBLEM_H

/* acme/problem.h - what a CA says when it refuses (RFC 8555, 6.7; RFC 9457), and how CAs really say
 * it: bare strings, {"message":...}, HTML, nothing. */

#include <apr_pools.h>
#include <jansson.h>

#include "base/result.h"
#include "acme/transport.h"

/** Fill result from an answer whose status is not 2xx. Always sets a failure: detail holds the CA's
 * words if there are any, else "HTTP 503" and the beginning of a text body with the markup removed;
 * retry_after from Retry-After in both forms; instance also from Link rel="terms-of-service" of
 * userActionRequired. */
void acme_problem_from_answer(eab_result_t *result, const acme_answer_t *answer);

/** The same from the error member of a challenge or an order (no HTTP status of its own; {} and
 * null are "no error given", for which type stays NULL). */
void acme_problem_from_json(eab_result_t *result, const json_t *error);

/** The target of the first Link header with that rel (RFC 8288: several headers, comma-joined
 * values, quoted or bare rel, several rels in one), made absolute with base. In p, or NULL. */
const char *acme_link_find(apr_pool_t *p, const acme_answer_t *answer, const char *rel,
                           const char *base);

#endif
