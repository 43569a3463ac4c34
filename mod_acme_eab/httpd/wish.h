/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_WISH_H
#define HTTPD_WISH_H

/* httpd/wish.h - what a client wants to know of the status, and in which form: from the query and from
 * Accept (RFC 9110, 12.5.1). Pure. */

#include <apr_errno.h>
#include <apr_pools.h>

typedef enum wish_format {
    WISH_HTML,
    WISH_JSON,
    WISH_LINE, /* one line of text, for ?check */
    WISH_PROMETHEUS,
    WISH_OPENMETRICS
} wish_format_t;

typedef struct wish {
    wish_format_t format;
    int check;         /* the HTTP status of the answer shall tell when something is down */
    const char *state; /* only those of this grade or state; or NULL */
    const char *name;  /* only those with a name that has this in it; or NULL */
    int page;          /* which hundred of them, from 1 */
} wish_t;

/** Parameters may stand in any order; those that are not known are passed over, as are those of a value
 * that is empty.
 * @param args    the query as it came, or NULL
 * @param accept  the header, or NULL
 * @param metrics true for the handler that has nothing else
 * @param pwhy    for APR_EINVAL: a sentence
 * @return APR_SUCCESS, or APR_EINVAL for a format that is none */
apr_status_t wish_read(wish_t *wish, const char *args, const char *accept, int metrics,
                       const char **pwhy, apr_pool_t *p);

/** The query of this wish with another page, "" or begun with "?"; not escaped for HTML. In p. */
const char *wish_query(apr_pool_t *p, const wish_t *wish, int page);

#endif
