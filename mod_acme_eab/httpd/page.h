/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_PAGE_H
#define HTTPD_PAGE_H

/* httpd/page.h - the status page: HTML without scripts, made from status.json. All in one line first, then
 * a line for each certificate, the worst first, a hundred on a page. Pure. Everything that comes from the
 * file is escaped, since a CA's words are in it. */

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

#include "httpd/wish.h"

typedef struct page {
    const char *host;     /* of this server, or NULL */
    const json_t *status; /* the report with grades (report/summary.h), or NULL */
    const char *missing;  /* why there is none, or none of this run of httpd: a sentence; or NULL */
    int agent_alive;
    wish_t wish;          /* which of the certificates; of pages that there are not, the nearest */
    const char *name;     /* the page is about this one certificate; or NULL */
    const char *location; /* path of the page of all; or NULL */
    apr_time_t now;
} page_t;

/** The whole page. Lives in p. */
const char *page_render(apr_pool_t *p, const page_t *page);

#endif
