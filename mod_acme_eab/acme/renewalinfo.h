/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_RENEWALINFO_H
#define ACME_RENEWALINFO_H

/* acme/renewalinfo.h - ACME Renewal Information: when the CA wishes a certificate to be renewed
 * (RFC 9773). */

#include <apr_pools.h>
#include <apr_time.h>

#include "base/result.h"
#include "acme/transport.h"

typedef struct acme_renewalinfo {
    apr_time_t start;        /* of the suggested window ... */
    apr_time_t end;          /* ... which ends before this */
    const char *explanation; /* web address of a page for people, or NULL */
    apr_int64_t retry_after; /* seconds; -1: unsaid */
} acme_renewalinfo_t;

/** The URL to ask: that of the directory, "/", and the certificate's identifier (RFC 9773, 4.1). One
 * slash at the end of the directory's is trimmed. In p. */
const char *acme_renewalinfo_url(apr_pool_t *p, const char *renewal_info, const char *ari_id);

/** Parse a 2xx answer.
 * @return in p; NULL with EAB_PROBLEM_CA_ANSWER when it has no window, or one that does not end
 *         after its start (RFC 9773, 4.2) */
acme_renewalinfo_t *acme_renewalinfo_parse(apr_pool_t *p, const acme_answer_t *answer,
                                           eab_result_t *result);

/** True when it can be parsed. */
int acme_renewalinfo_is_one(const acme_answer_t *answer);

#endif
