/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_LOOKUP_H
#define AGENT_LOOKUP_H

/* agent/lookup.h - the DNS: TXT records as the world sees them (what the resolver says, and what each
 * authoritative name server of the zone says, asked one by one), and addresses and CAA records as this machine
 * sees them. In threads (base/aside.h), as it takes its time. What is found decides what is worth to be tried
 * and what is advised, and nothing else: the CA looks for itself. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "agent/resolver.h"
#include "base/aside.h"

#define LOOKUP_NAMES_MAX 6   /* of one look-up */
#define LOOKUP_SERVERS_MAX 8 /* of one zone that are asked */
#define LOOKUP_RESOLVERS_MAX 3
#define LOOKUP_LIMIT apr_time_from_sec(20) /* of all of it */
#define LOOKUP_ADDRESS_LIMIT apr_time_from_sec(3)
#define LOOKUP_CAA_LIMIT apr_time_from_sec(10)

/** What one server said of one name. */
typedef struct lookup_view {
    int depth;                      /* which of the names; 0 for addresses */
    int authoritative;              /* else it is the resolver */
    char server[RESOLVER_NAME_MAX]; /* its name; "" for the resolver */
    int answered;
    resolver_answer_t *answer; /* when it has answered */
} lookup_view_t;

typedef struct lookup_found {
    int count;
    lookup_view_t views[LOOKUP_NAMES_MAX * (LOOKUP_SERVERS_MAX + 1)];
} lookup_found_t;

/** found is gone after the call. */
typedef void lookup_done_fn(void *baton, const lookup_found_t *found);

/** @param resolver an address; NULL: those of /etc/resolv.conf
 *  @param names    const char *: of records, of which the first LOOKUP_NAMES_MAX are looked up; those
 *                  behind the first only as far as the resolver has them */
void lookup_start(aside_t *aside, const char *resolver, const apr_array_header_t *names,
                  lookup_done_fn *done, void *baton);

/** The addresses of a name, as the resolver knows them: views[0] is about A, views[1] about AAAA. Goes
 * before what waits, since somebody waits to be told why. */
void lookup_addresses(aside_t *aside, const char *resolver, const char *name, lookup_done_fn *done,
                      void *baton);

/** The CAA records that are relevant for a name, without "*.": in views[0], which has no values when there are
 * none up to the root. The answer's owner is where they were found. */
void lookup_caa(aside_t *aside, const char *resolver, const char *name, lookup_done_fn *done,
                void *baton);

#endif
