/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_LOSS_H
#define HTTPD_LOSS_H

/* httpd/loss.h - what is worth knowing before a certificate is replaced: which virtual hosts keep their
 * own one, and what those that do not keep it will lose. Each is a notice, which names the virtual host
 * and the managed domain. */

#include "httpd/site.h"

void loss_tell(const site_t *site, apr_pool_t *ptemp);

/** True when a virtual host with TLS has a name of this domain and does not use its certificate. */
int loss_is_left(const site_t *site, const site_domain_t *domain);

#endif
