/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_PROBLEM_H
#define ACME_PROBLEM_H

/* acme/problem.h - what a CA says when it refuses (RFC 8555, 6.7; RFC 9457), and how CAs really say
 * it: bare strings, {"message":...}, HTML, nothing. */

#include <apr_pools.h>
#include <jansson.h>

#include "base/result.h"
#include "acme/answer.h"
#include "acme/transport.h"

/** Fill result from an answer whose status is not 2xx. Always sets a failure: detail holds the CA's
 * words if there are any, else "HTTP 503" and the beginning of a text body with the markup removed;
 * retry_after from Retry-After in both forms; instance, when it is a web address, also from Link
 * rel="terms-of-service" of userActionRequired and from rel="help" (RFC 8555, 6.6). Types of ACME's
 * first version are given with their name of today. */
void acme_problem_from_answer(eab_result_t *result, const acme_answer_t *answer);

/** The same from the error member of a challenge or an order (no HTTP status of its own; {} and
 * null are "no error given", for which type stays NULL). */
void acme_problem_from_json(eab_result_t *result, const json_t *error);

/** Record that a 2xx answer is not what RFC 8555 says: EAB_PROBLEM_CA_ANSWER with this sentence and
 * with status and URL of the answer. */
void acme_problem_bad_answer(eab_result_t *result, const acme_answer_t *answer, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

#endif
