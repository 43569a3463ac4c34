/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_ACCOUNT_H
#define ACME_ACCOUNT_H

/* acme/account.h - the account object as newAccount answers it (RFC 8555, 7.1.2 and 7.3). */

#include <apr_pools.h>

#include "base/result.h"
#include "acme/transport.h"

typedef struct acme_account {
    const char *url;    /* Location, made absolute: the kid of all later requests */
    const char *status; /* "valid" when the CA said nothing */
    int created;        /* 201: new; 0: the key was known already (200) */
    int eab_echoed;     /* the CA confirmed the binding */
} acme_account_t;

/** Parse a 2xx answer to newAccount or to a look-up.
 * @return in p; NULL with EAB_PROBLEM_CA_ANSWER when there is no https Location, or with
 *         EAB_PROBLEM_ACCOUNT_STATUS when the account is not valid */
acme_account_t *acme_account_parse(apr_pool_t *p, const acme_answer_t *answer,
                                   eab_result_t *result);

#endif
