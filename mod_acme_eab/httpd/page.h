/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_PAGE_H
#define HTTPD_PAGE_H

/* httpd/page.h - the status page: HTML without scripts, made from status.json. Certificates in trouble
 * come first; of more than a hundred there is a summary, and a hundred on a page. Pure. Everything that
 * comes from the file is escaped, since a CA's words are in it. */

#include <apr_pools.h>
#include <apr_time.h>
#include <jansson.h>

typedef struct page {
    const char *host;     /* of this server, or NULL */
    const json_t *status; /* the report, or NULL */
    const char *missing;  /* why there is none, or none of this run of httpd: a sentence; or NULL */
    int agent_pid;        /* 0: unknown */
    int agent_alive;
    int number; /* which hundred certificates, from 1; what there is none of is the nearest one */
    apr_time_t now;
} page_t;

/** The whole page. Lives in p. */
const char *page_render(apr_pool_t *p, const page_t *page);

/** Text made fit for HTML, in content and in quoted attributes; control characters are replaced.
 * NULL becomes "". Lives in p. */
const char *page_escape(apr_pool_t *p, const char *text);

#endif
