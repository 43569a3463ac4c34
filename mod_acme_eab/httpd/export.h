/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_EXPORT_H
#define HTTPD_EXPORT_H

/* httpd/export.h - ACMEExport: certificates that the keeper hands over to other programs. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "httpd/config.h"
#include "httpd/mistake.h"
#include "ipc/plan.h"

/** One ACMEExport as it stands in the configuration.
 * @return NULL, or what is wrong: what follows the directive's name */
const char *export_check(apr_pool_t *p, const apr_array_header_t *words);

/** All of them for the plan (plan_export_t): those of certificates that are managed. In p.
 * @param mistakes for names that are not; or NULL
 * @param troubles for users, groups and password files that are not there; or NULL */
apr_array_header_t *export_list(apr_pool_t *p, const apr_array_header_t *exports,
                                const apr_array_header_t *certificates, mistakes_t *mistakes,
                                mistakes_t *troubles);

#endif
