/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_FALLBACK_H
#define HTTPD_FALLBACK_H

/* httpd/fallback.h - the certificates that are served while there is nothing better. One P-256 key
 * for all of them (and one of another type for virtual hosts whose terms allow no P-256), and a
 * self-signed certificate for each managed domain, made anew in each
 * configuration pass and in memory: mod_ssl gets paths of descriptors (/proc/self/fd/N), so that no
 * pass leaves a trace on disk. Where that is impossible, files in a directory that goes with the
 * pass. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

typedef struct fallback fallback_t;

/** The types of key that a fallback may have, the best first; ends with NULL. */
extern const char *const fallback_types[];

/** Make the P-256 key. NULL when it cannot be made. Everything ends with p, or fallback_close(). */
fallback_t *fallback_make(apr_pool_t *p);

/** Make a certificate for names on the key of that type, which is made when it is needed. The paths live as long as the fallback. */
apr_status_t fallback_certificate(fallback_t *fallback, const char *type,
                                  const apr_array_header_t *names, const char **pchain_path,
                                  const char **pkey_path);

/** mod_ssl has read what it needs. NULL is fine; twice is, too. */
void fallback_close(fallback_t *fallback);

#endif
