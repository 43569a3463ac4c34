/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_STYLE_H
#define HTTPD_STYLE_H

/* httpd/style.h - how the status page looks: a line for each certificate, so that a hundred of them are two
 * screens; light and dark, and on a phone. */

extern const char style_sheet[];
extern const char style_small[]; /* what is otherwise where there is little room; comes after it */

#endif
