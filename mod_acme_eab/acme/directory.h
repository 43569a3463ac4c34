/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_DIRECTORY_H
#define ACME_DIRECTORY_H

/* acme/directory.h - the directory resource (RFC 8555, 7.1.1; RFC 9773, 3; profiles draft). */

#include <apr_pools.h>
#include <jansson.h>

#include "base/result.h"
#include "acme/transport.h"

typedef struct acme_directory {
    const char *new_nonce;
    const char *new_account;
    const char *new_order;
    const char *revoke_cert; /* NULL when not offered, as are the following */
    const char *key_change;
    const char *renewal_info;
    const char *terms;      /* meta.termsOfService */
    const char *website;    /* meta.website */
    int eab_required;       /* meta.externalAccountRequired */
    json_t *profiles;       /* meta.profiles: name to description ("" for none), or NULL */
    json_t *caa_identities; /* meta.caaIdentities: array, or NULL */
} acme_directory_t;

/** Parse the answer to GET directory. All URLs must be https. Unknown members and optional members
 * of a wrong type are ignored.
 * @return in p, or NULL with EAB_PROBLEM_CA_ANSWER in result saying what is wrong (for an HTML page:
 *         that the URL is probably not that of a directory) */
acme_directory_t *acme_directory_parse(apr_pool_t *p, const acme_answer_t *answer,
                                       eab_result_t *result);

#endif
