/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_ORDERLIST_H
#define ACME_ORDERLIST_H

/* acme/orderlist.h - the list of an account's orders (RFC 8555, 7.1.2.1): how an order is found again
 * whose newOrder was never answered. Many CAs have none. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "acme/transport.h"

/** The URL of the list, from an answer that holds the account object. In p; NULL when the CA names
 * none, or none that is https. */
const char *acme_orderlist_url(apr_pool_t *p, const acme_answer_t *answer);

/** Append the order URLs of one page to urls (const char *, in its pool); of more than max the last
 * ones are kept, which are the newest as CAs list them. URLs that are not https are left out.
 * @return the URL of the next page (Link rel="next"), in the pool of urls; or NULL */
const char *acme_orderlist_read(apr_array_header_t *urls, int max, const acme_answer_t *answer);

#endif
