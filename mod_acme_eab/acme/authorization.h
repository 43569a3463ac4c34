/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_AUTHORIZATION_H
#define ACME_AUTHORIZATION_H

/* acme/authorization.h - authorizations and their challenges (RFC 8555, 7.1.4, 7.5 and 8). */

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/result.h"
#include "acme/transport.h"

typedef enum {
    ACME_AUTHORIZATION_VALID,   /* nothing to do; its challenges are not looked at */
    ACME_AUTHORIZATION_PENDING, /* answer one challenge, or wait for one that was answered */
    ACME_AUTHORIZATION_LOST     /* invalid, expired, revoked, deactivated, unknown */
} acme_authorization_state_t;

typedef struct acme_challenge {
    const char *type;   /* "http-01" ...; unknown ones are listed too */
    const char *url;    /* NULL when missing or not https */
    const char *token;  /* as sent, not yet checked; NULL when missing */
    const char *status; /* "pending" when missing */
    /* of dns-persist-01 (draft-ietf-acme-dns-persist-01, 3.1): */
    const apr_array_header_t
        *issuers;            /* const char *: 1 to 10 normalized names; NULL: the challenge
                                          is malformed and must not be used */
    const char *account_url; /* as the CA wants it in the record; NULL: it does not say */
} acme_challenge_t;

typedef struct acme_authorization {
    acme_authorization_state_t state;
    const char *status;
    const char *name; /* the identifier's value, lower case; for people and for files; "" only when
                         a VALID one has none that is a DNS name or an address */
    int wildcard;     /* name is then without "*." */
    int address;      /* name is an IP address, as address_text() */
    apr_array_header_t *challenges; /* acme_challenge_t */
    apr_int64_t retry_after;        /* seconds; -1: unsaid */
    apr_time_t expires;             /* 0: unsaid */
    eab_result_t *problem;          /* of a LOST one: the failed challenge's error, with identifier
                                       set; EAB_PROBLEM_VALIDATION when the CA gave none; rv is
                                       APR_SUCCESS for the others */
} acme_authorization_t;

/** Parse a 2xx answer with an authorization. @return in p, or NULL with EAB_PROBLEM_CA_ANSWER */
acme_authorization_t *acme_authorization_parse(apr_pool_t *p, const acme_answer_t *answer,
                                               eab_result_t *result);

/** The challenge of that type, where it is offered, usable and fit for the name. Borrowed, or NULL. */
const acme_challenge_t *acme_authorization_find(const acme_authorization_t *authorization,
                                                const char *type);

/** From now on a dns-persist-01 challenge that is for another account is as one that is malformed. */
void acme_authorization_bind(acme_authorization_t *authorization, const char *account_url);

/** The challenge to answer: the first of allowed (const char *, the administrator's order) that is
 * offered, usable and fit for the name (a wildcard needs dns-01, an address anything else). It is to be answered when
 * its status is "pending", else it was answered before and is waited for.
 * @return borrowed; NULL with EAB_PROBLEM_NO_CHALLENGE listing what was offered and what is
 *         allowed, or EAB_PROBLEM_TOKEN when the token is not base64url of 22 to LIMIT_TOKEN
 *         characters */
const acme_challenge_t *acme_authorization_choose(const acme_authorization_t *authorization,
                                                  const apr_array_header_t *allowed,
                                                  eab_result_t *result);

#endif
