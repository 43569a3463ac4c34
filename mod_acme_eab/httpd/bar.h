/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_BAR_H
#define HTTPD_BAR_H

/* httpd/bar.h - the life of a certificate as a bar: what is left of it, with a notch where it is to be
 * renewed. Its colour goes by what is left: all right before that time, late after it, and too late when
 * hardly anything is left. */

#include <apr_time.h>

#include "httpd/html.h"

/** Nothing when the dates are none. @param renewal when it is to be renewed; 0: not known */
void bar_put(html_t *html, apr_time_t from, apr_time_t until, apr_time_t renewal, apr_time_t now);

#endif
