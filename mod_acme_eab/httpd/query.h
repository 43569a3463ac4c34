/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_QUERY_H
#define HTTPD_QUERY_H

/* httpd/query.h - the optional functions of mod_acme_eab.h, for other modules. */

void query_register(void);

#endif
