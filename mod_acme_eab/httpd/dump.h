/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_DUMP_H
#define HTTPD_DUMP_H

/* httpd/dump.h - `httpd -t -D DUMP_ACME`: what httpd has made of the configuration, as JSON on standard output, as
 * -D DUMP_VHOSTS does for virtual hosts. It is the plan that the keeper gets (ipc/plan.h): no secret is in it, but the
 * sources of keys are. */

#include <httpd.h>

void dump_test_config(apr_pool_t *pconf, server_rec *main_server);

#endif
