/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_OWNERS_H
#define HTTPD_OWNERS_H

/* httpd/owners.h - which managed domains a name may belong to, by hash, so that with thousands of them
 * nobody compares each name with each. What is found is a first choice that lacks nobody: the functions
 * of base/name.h and httpd/vhosts.h decide about each. Pure functions, without httpd. */

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct owners owners_t;

/** None yet. In p. */
owners_t *owners_make(apr_pool_t *p);

/** Add the next managed domain: the first one is number 0.
 * @param names const char *, normalized; may be wildcards and addresses */
void owners_add(owners_t *owners, const apr_array_header_t *names);

/** Those whose certificate may cover this very name, or that have this very wildcard or address.
 * @param found int: their numbers are added, in any order, maybe more than once */
void owners_find(const owners_t *owners, apr_array_header_t *found, const char *name);

/** Those that have a name which a ServerAlias with a wildcard may catch, as above: '*' stands for any
 * characters, '?' for one. */
void owners_find_caught(const owners_t *owners, apr_array_header_t *found, const char *pattern);

/** Ascending, each once. */
void owners_sort(apr_array_header_t *found);

#endif
