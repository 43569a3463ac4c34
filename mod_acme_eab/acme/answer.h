/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_ANSWER_H
#define ACME_ANSWER_H

/* acme/answer.h - what the headers and the body of an answer hold, whatever it answers. */

#include <apr_pools.h>
#include <jansson.h>

#include "acme/transport.h"

/** The body as a JSON object that p owns, or NULL when it is anything else. */
json_t *acme_answer_object(apr_pool_t *p, const acme_answer_t *answer);

/** True when the body is JSON, of whatever kind. */
int acme_answer_is_json(const acme_answer_t *answer);

/** True for a JSON object with a status in words, as an order and an authorization have. */
int acme_answer_has_status(const acme_answer_t *answer);

/** True for any JSON object. */
int acme_answer_is_object(const acme_answer_t *answer);

/** Retry-After in seconds, a date being counted from the answer's own Date; -1: unsaid. */
apr_int64_t acme_answer_retry_after(const acme_answer_t *answer);

/** Location, made absolute with the URL of the request (RFC 9110, 10.2.2). In p; NULL when there is none
 * or it cannot be read. It may be of any scheme. */
const char *acme_answer_location(apr_pool_t *p, const acme_answer_t *answer);

/** How far the CA's clock is ahead of now, by the answer's Date; negative when it is behind. An answer
 * of a cache (with an Age) tells nothing. @return 0 when it is not told; *pahead is unchanged then */
int acme_answer_clock(apr_interval_time_t *pahead, const acme_answer_t *answer, apr_time_t now);

/** At most max bytes of remote text, not cut within a character. Lives in p. */
const char *acme_answer_excerpt(apr_pool_t *p, const char *text, apr_size_t max);

/** The target of the first Link header with that rel (RFC 8288: several headers, comma-joined
 * values, quoted or bare rel, several rels in one), made absolute with base. In p, or NULL. It may
 * be of any scheme. */
const char *acme_link_find(apr_pool_t *p, const acme_answer_t *answer, const char *rel,
                           const char *base);

/** The targets of all Link headers with that rel, in their order, at most max. Array of const char *
 * in p. */
apr_array_header_t *acme_link_list(apr_pool_t *p, const acme_answer_t *answer, const char *rel,
                                   const char *base, int max);

#endif
