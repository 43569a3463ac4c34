/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/attempt.h"

attempt_t *attempt_begin(apr_pool_t *parent)
{
    apr_pool_t *pool = NULL;
    attempt_t *attempt;

    apr_pool_create(&pool, parent);
    attempt = apr_pcalloc(pool, sizeof(*attempt));
    attempt->pool = pool;
    return attempt;
}
