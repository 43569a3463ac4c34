/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_ROW_H
#define HTTPD_ROW_H

/* httpd/row.h - a certificate on the status page: one line that opens, without a script. */

#include <apr_time.h>
#include <jansson.h>

#include "httpd/html.h"

/** @param status   that it is of, with grades
 * @param location path of the page; NULL: nothing leads to the certificate alone
 * @param open     it is open from the start */
void row_put(html_t *html, const json_t *certificate, const json_t *status, const char *location,
             int open, apr_time_t now);

/** True when it has a trouble of its own, not that of its account. */
int row_has_trouble(const json_t *certificate);

#endif
