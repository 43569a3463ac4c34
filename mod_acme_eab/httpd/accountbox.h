/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_ACCOUNTBOX_H
#define HTTPD_ACCOUNTBOX_H

/* httpd/accountbox.h - an account at a CA, on the status page; with its problem, of which its
 * certificates only say that they wait for it. */

#include <apr_time.h>
#include <jansson.h>

#include "httpd/html.h"

/** @param number of the account in the status, for links to it */
void account_box(html_t *html, const json_t *account, int number, apr_time_t now);

/** A link to the account of that label with these words; the words alone if there is none. */
void account_link(html_t *html, const json_t *accounts, const char *label);

#endif
