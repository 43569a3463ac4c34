/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_MATCH_H
#define HTTPD_MATCH_H

/* httpd/match.h - which virtual host uses the certificate of which managed domain. What decides is what
 * would be lost: one with a certificate of its own keeps it when that covers more of its names, or the
 * ServerName and the managed one does not (httpd/own.h). A ServerAlias with a wildcard, or the IP
 * address of the virtual host, counts only for a managed domain that no server with TLS uses for its
 * names, and only where there is no certificate to be lost. ACMEManagedDomain off comes first of all. */

#include "httpd/site.h"

/** Fills in site->vhosts and site->left. Reads the files of SSLCertificateFile. */
void match_vhosts(site_t *site, apr_time_t now);

#endif
