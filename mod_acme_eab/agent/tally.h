/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_TALLY_H
#define AGENT_TALLY_H

/* agent/tally.h - how many requests an account has made, by resource and by answer, since the keeper was
 * last told, who keeps the sums. */

#include <apr_pools.h>
#include <jansson.h>

#include "acme/session.h"

typedef struct tally tally_t;

/** Nothing yet. In p.
 * @param directory the CA's directory URL; must live as long */
tally_t *tally_make(const char *directory, apr_pool_t *p);

/** For acme_session_tally(); baton: the tally_t. sentence is a sentence_request_t. */
void tally_count(void *baton, const char *method, const char *url, const void *sentence,
                 int status);

/** What was counted since the last time, as MESSAGE_REQUESTS says it: [{resource, code, count}]. A new
 * reference for the caller; NULL when it was nothing. */
json_t *tally_take(tally_t *tally);

#endif
