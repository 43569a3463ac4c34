/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_CHECK_H
#define HTTPD_CHECK_H

/* httpd/check.h - every mistake is found before httpd starts or restarts, by `httpd -t` as well: in
 * the check_config hook, which -t runs. Each mistake is one line with its place, what is wrong and
 * what to do; all of them are reported, then the check fails. Nothing is written anywhere.
 *
 * What is wrong outside of the configuration (a file, a program, a user, the store) is a trouble. It
 * is fatal only before the first start, when the store is not in use yet; else it is a warning,
 * httpd starts and serves what is in the store. docs/architecture.md has the table.
 *
 * SSLEngine: a managed name that a virtual host on port 80 serves is normal. It is a mistake when
 * ACMEManagedDomain stands inside of virtual hosts without SSLEngine on alone, and when none of the
 * virtual hosts of a certificate has it on, but one of them listens on port 443 or where Listen says
 * https, or has an SSLCertificateFile. A certificate that no virtual host uses is for another server;
 * a notice says so. */

#include <httpd.h>

int check_hook(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/** In post_config, since httpd has no error log before: the notices. */
int check_tell(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

#endif
