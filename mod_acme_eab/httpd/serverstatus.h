/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_SERVERSTATUS_H
#define HTTPD_SERVERSTATUS_H

/* httpd/serverstatus.h - the certificates in the page of mod_status: a table of those that want a look, and
 * in ?auto four lines. */

#include <httpd.h>

/** Take part in it, if there is a mod_status. */
void serverstatus_register(void);

#endif
