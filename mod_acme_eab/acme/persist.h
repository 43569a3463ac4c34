/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_PERSIST_H
#define ACME_PERSIST_H

/* acme/persist.h - what a TXT record of dns-persist-01 says, and whether a CA would take it
 * (draft-ietf-acme-dns-persist-01, 4.1 to 6; the grammar is that of RFC 8659, 4.2). */

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

/* In the order of how near they come. */
typedef enum {
    ACME_PERSIST_OTHER_ISSUER,  /* another CA's: none of ours to judge */
    ACME_PERSIST_MALFORMED,     /* it does not fit the grammar, or says something twice */
    ACME_PERSIST_OTHER_ACCOUNT, /* for this CA, without accounturi or with another account's */
    ACME_PERSIST_NARROW,        /* policy=wildcard is missing, and needed */
    ACME_PERSIST_LAPSED,        /* persistUntil has passed */
    ACME_PERSIST_VALID
} acme_persist_verdict_t;

/** What a record has to say. */
typedef struct acme_persist_need {
    const apr_array_header_t *issuers; /* const char *: any of them will do */
    const char *account_url;           /* compared byte for byte */
    int wildcard;                      /* for "*.", or for a name below that of the record */
    apr_time_t now;
} acme_persist_need_t;

/** @param value  the strings of the record, joined; may hold any octets
 * @param puntil its persistUntil, 0 for none; set for LAPSED and VALID alone */
acme_persist_verdict_t acme_persist_judge(const acme_persist_need_t *need, const char *value,
                                          apr_size_t len, apr_time_t *puntil, apr_pool_t *ptemp);

#endif
