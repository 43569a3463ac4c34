/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_MEMORY_H
#define ACME_MEMORY_H

/* acme/memory.h - what a resource of the CA has told before. A member that is absent, null or an empty
 * list in a later answer is no contradiction: CAs leave out what they told once, and that stays true
 * until they tell another value. An error that is not told any more is over. */

#include <apr_pools.h>
#include <jansson.h>

#include "acme/transport.h"

typedef struct acme_memory acme_memory_t; /* opaque; lives in its pool */

/** Of a megabyte at most. */
acme_memory_t *acme_memory_make(apr_pool_t *p);

/** Remember what the resource at url tells; json is not kept. */
void acme_memory_note(acme_memory_t *memory, const char *url, const json_t *json);

/** The answer about the resource at url with what was told before filled in, which is remembered. What
 * is no JSON object comes back as it is. Lives as long as answer. */
const acme_answer_t *acme_memory_fill(acme_memory_t *memory, const char *url,
                                      const acme_answer_t *answer);

#endif
