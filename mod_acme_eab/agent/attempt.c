/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/attempt.h"

#include <string.h>

attempt_t *attempt_begin(apr_pool_t *parent)
{
    attempt_t *attempt = apr_pcalloc(parent, sizeof(*attempt));

    attempt->parent = parent;
    return attempt;
}

apr_pool_t *attempt_pool(attempt_t *attempt)
{
    if (attempt->pool == NULL) {
        apr_pool_create(&attempt->pool, attempt->parent);
    }
    return attempt->pool;
}

void attempt_end(attempt_t *attempt)
{
    apr_pool_t *parent = attempt->parent;

    if (attempt->pool != NULL) {
        apr_pool_destroy(attempt->pool);
    }
    memset(attempt, 0, sizeof(*attempt));
    attempt->parent = parent;
}
