/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/orderlist.h"

#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

#include "acme/answer.h"
#include "acme/url.h"
#include "base/json.h"

const char *acme_orderlist_url(apr_pool_t *p, const acme_answer_t *answer)
{
    const char *url = json_copy_string(p, acme_answer_object(p, answer), "orders");

    return acme_url_is_https(url) ? url : NULL;
}

const char *acme_orderlist_read(apr_array_header_t *urls, int max, const acme_answer_t *answer)
{
    const json_t *list = json_object_get(acme_answer_object(urls->pool, answer), "orders");
    const char *next;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *url = json_string_value(item);

        if (!acme_url_is_https(url)) {
            continue;
        }
        if (urls->nelts == max) {
            memmove(urls->elts, urls->elts + urls->elt_size,
                    (size_t)(max - 1) * (size_t)urls->elt_size);
            --urls->nelts;
        }
        APR_ARRAY_PUSH(urls, const char *) = apr_pstrdup(urls->pool, url);
    }
    next = acme_link_find(urls->pool, answer, "next", answer->url);
    return acme_url_is_https(next) ? next : NULL;
}
