/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_STATUS_H
#define HTTPD_STATUS_H

/* httpd/status.h - the handler acme-status: the status page, and with ?format=json the report that it
 * is made from. Nothing is shown anywhere unless an administrator sets the handler. */

#include <httpd.h>

int status_handler(request_rec *r);

#endif
