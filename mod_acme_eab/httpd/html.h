/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_HTML_H
#define HTTPD_HTML_H

/* httpd/html.h - a piece of HTML that grows. What comes from elsewhere, a CA's words among it, gets in
 * escaped only. */

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct html {
    apr_pool_t *p;
    apr_array_header_t *parts; /* const char * */
} html_t;

html_t html_begin(apr_pool_t *p);

/** All of it; lives in its pool. */
const char *html_end(const html_t *html);

/** HTML as it is: of ours, and as long-lived as the pool. */
void html_put(html_t *html, const char *text);

/** HTML of ours with one %s in it, filled with text, escaped. */
void html_format(html_t *html, const char *format, const char *text);

/** Words of others: kept apart from ours in direction and in line breaks. */
void html_quote(html_t *html, const char *text);

/** A row of a <dl>; none where text is NULL or empty. */
void html_row(html_t *html, const char *term, const char *text, const char *class);

/** Text made fit for HTML, in content and in quoted attributes; control characters are replaced.
 * NULL becomes "". Lives in p. */
const char *html_escape(apr_pool_t *p, const char *text);

#endif
