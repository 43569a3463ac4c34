/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

/* base/name.h - DNS names as a CA takes them: lower-case A-labels (RFC 8555, 7.1.4; RFC 5890). */

#include <apr_pools.h>
#include <apr_tables.h>

/** Lower case, without a trailing dot. "*." in front is allowed.
 * @param preason why it was refused: a static half sentence such as "has an empty label"
 * @return the name in p, or NULL (too long, underscore, non-ASCII, empty label, IP address, a
 *         wildcard elsewhere than as the whole first label ...) */
const char *name_normalize(apr_pool_t *p, const char *text, const char **preason);

/** False: it holds an octet of a U-label, or another one that no configured name has. */
int name_is_ascii(const char *text);

/** The text in lower case, whatever else it is. In p. */
const char *name_lower(apr_pool_t *p, const char *text);

/** True when pattern (a name of a certificate, maybe a wildcard for one label) serves name, or is
 * the same wildcard. Case-insensitive. */
int name_matches(const char *pattern, const char *name);

/** True when one of patterns (const char *) matches name. */
int name_matches_any(const apr_array_header_t *patterns, const char *name);

/** True when each of names is matched by one of patterns; both of const char *. */
int name_covers_all(const apr_array_header_t *patterns, const apr_array_header_t *names);

/** Those of names that none of patterns matches. In p. */
apr_array_header_t *name_uncovered(apr_pool_t *p, const apr_array_header_t *patterns,
                                   const apr_array_header_t *names);

/** True when the very name is among them, a wildcard as what it is. Case-insensitive. */
int name_is_among(const apr_array_header_t *names, const char *name);

/** True when both arrays hold the same set of names. */
int name_same_set(const apr_array_header_t *a, const apr_array_header_t *b);

/** The name, or the address (base/address.h), as one path component: "*.a.example" becomes
 * "_wildcard.a.example", and "2001:db8::1" becomes "_ipv6.2001-db8--1". A normalized name holds no
 * '/', no '_' and no leading dot; none ends in a number, as an IPv4 address does. What is such a
 * component already stays as it is. Lives in p. */
const char *name_file(apr_pool_t *p, const char *name);

/** The same for a further key type of that name: "a.example+p256". Lives in p. */
const char *name_file_of_type(apr_pool_t *p, const char *name, const char *type);

/** What people are told instead of what name_file() or name_file_of_type() has returned: the name as it is
 * configured, "*.a.example", "2001:db8::1", "a.example (p256)". In p, or file itself. */
const char *name_shown(apr_pool_t *p, const char *file);

/** True when text is something name_file() or name_file_of_type() can have returned, and no longer
 * than a file name may be: what a directory of the store or of the run directory may be called. */
int name_is_file(const char *text);

#endif
