/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/evidence.h"

#include <string.h>

static facts_t fact_of_type(const char *type)
{
    if (strcmp(type, "http-01") == 0) {
        return FACT_HTTP_01;
    }
    if (strcmp(type, "tls-alpn-01") == 0) {
        return FACT_TLS_ALPN_01;
    }
    return strcmp(type, "dns-01") == 0 ? FACT_DNS : 0;
}

/* A wildcard is proven by DNS alone, an address never (RFC 8555, 8.3; RFC 8738, 7). */
static facts_t fact_of_offer(const acme_authorization_t *authorization, const char *type)
{
    switch (fact_of_type(type)) {
    case FACT_HTTP_01:
        return authorization->wildcard ? 0 : FACT_OFFERS_HTTP_01;
    case FACT_TLS_ALPN_01:
        return authorization->wildcard ? 0 : FACT_OFFERS_TLS_ALPN_01;
    case FACT_DNS:
        return authorization->address ? 0 : FACT_OFFERS_DNS;
    default:
        return 0;
    }
}

/* CAs mark the challenge that failed; a mark at several says nothing. */
static facts_t find_failed(const acme_authorization_t *authorization)
{
    facts_t found = 0;
    int i;

    for (i = 0; i < authorization->challenges->nelts; ++i) {
        const acme_challenge_t *challenge =
            &APR_ARRAY_IDX(authorization->challenges, i, acme_challenge_t);

        if (strcmp(challenge->status, "invalid") == 0) {
            found |= fact_of_type(challenge->type);
        }
    }
    return (found & (found - 1)) == 0 ? found : 0;
}

/* Of several names some of whose answers were read nobody knows which were. */
static facts_t find_reader(const job_t *job)
{
    if (job->read != 0 && job->unread == 0) {
        return FACT_ASKED_HERE;
    }
    return job->read == 0 && job->unread > 0 ? FACT_NOT_ASKED : 0;
}

facts_t evidence_of(const job_t *job, const acme_authorization_t *authorization)
{
    facts_t facts = find_failed(authorization) | (authorization->wildcard ? FACT_WILDCARD : 0);
    int i;

    for (i = 0; i < authorization->challenges->nelts; ++i) {
        facts |= fact_of_offer(authorization,
                               APR_ARRAY_IDX(authorization->challenges, i, acme_challenge_t).type);
    }
    return (facts & (FACT_HTTP_01 | FACT_TLS_ALPN_01)) ? facts | find_reader(job) : facts;
}
