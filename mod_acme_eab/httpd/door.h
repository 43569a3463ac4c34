/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_DOOR_H
#define HTTPD_DOOR_H

/* httpd/door.h - where a client on this machine meets the virtual hosts of a managed domain: so that
 * somebody can look what is served there. */

#include "httpd/site.h"

/** "ADDRESS:PORT NAME" (const char *): for each name of the domain that leads to a virtual host of it, one
 * of that host's addresses where httpd listens; DOORS_MAX of them. In the site's pool. */
apr_array_header_t *door_list(const site_t *site, const site_domain_t *domain);

#define DOORS_MAX 20

#endif
