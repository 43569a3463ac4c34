/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_SELECTION_H
#define HTTPD_SELECTION_H

/* httpd/selection.h - some of the certificates of a status, once it has grades (report/summary.h).
 * Pure. */

#include <jansson.h>

/** True when one of them has this very name, upper or lower case. */
int selection_has(const json_t *status, const char *name);

/** Leave no others in the status than those that have it. */
void selection_keep_name(json_t *status, const char *name);

/** Leave no others than those of that grade or state, and with a name that has part in it. NULL: any. */
void selection_keep(json_t *status, const char *state, const char *part);

/** The same of one entry. */
int selection_takes(const json_t *certificate, const char *state, const char *part);

#endif
