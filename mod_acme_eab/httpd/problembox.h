/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_PROBLEMBOX_H
#define HTTPD_PROBLEMBOX_H

/* httpd/problembox.h - what is wrong, on the status page: what to do first, then the CA's own words. */

#include <apr_time.h>
#include <jansson.h>

#include "httpd/html.h"

/** Nothing where problem is none. */
void problem_box(html_t *html, const json_t *problem, apr_time_t now);

#endif
