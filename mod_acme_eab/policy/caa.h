/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_CAA_H
#define POLICY_CAA_H

/* policy/caa.h - do the CAA records of a name let this CA issue to this account, by what it says of itself
 * (RFC 8659; accounturi and validationmethods: RFC 8657)? The CA looks for itself; this is for people. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/bytes.h"

typedef struct caa_facts {
    const apr_array_header_t
        *records;      /* bytes_t: those that are relevant for the name, as they are in
                                             the DNS; hostile */
    const char *owner; /* whose they are */
    int wildcard;      /* the name is one */
    const apr_array_header_t
        *identities;         /* const char *: meta.caaIdentities; empty: the CA does not say */
    const char *account_url; /* NULL: not registered yet */
    const apr_array_header_t *challenges; /* const char *: that ACMEChallenge allows */
} caa_facts_t;

typedef enum {
    CAA_FREE,    /* nothing limits who may issue */
    CAA_ALLOWED, /* this CA may, to this account, by a challenge that is allowed here */
    CAA_UNSURE,  /* that depends on what the CA or its account are called, which is not known */
    CAA_FORBIDDEN
} caa_outcome_t;

typedef struct caa_verdict {
    caa_outcome_t outcome;
    const char *text; /* for people, with words of the DNS: to be escaped */
} caa_verdict_t;

/** In p. */
caa_verdict_t caa_judge(const caa_facts_t *facts, apr_pool_t *p);

/** The record to add so that only this account, by these challenges, gets certificates of the name:
 * 'example.org. CAA 0 issue "ca.example; accounturi=...; validationmethods=..."'. NULL where the CA or the account
 * are not known. */
const char *caa_suggest(const caa_facts_t *facts, apr_pool_t *p);

#endif
