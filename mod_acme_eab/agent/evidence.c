/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/evidence.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/txtrecord.h"

#define HTTPD_CHALLENGES (FACT_HTTP_01 | FACT_TLS_ALPN_01)

/* wildcard, address: what it can prove beside plain names (RFC 8555, 8.3; RFC 8738, 7). */
static const struct {
    const char *type;
    facts_t failed, offered;
    int wildcard, address;
} challenges[] = {
    { "http-01", FACT_HTTP_01, FACT_OFFERS_HTTP_01, 0, 1 },
    { "tls-alpn-01", FACT_TLS_ALPN_01, FACT_OFFERS_TLS_ALPN_01, 0, 1 },
    { TXTRECORD_DNS, FACT_DNS, FACT_OFFERS_DNS, 1, 0 },
    { TXTRECORD_ACCOUNT, FACT_DNS | FACT_DNS_ACCOUNT, FACT_OFFERS_DNS_ACCOUNT, 1, 0 },
    { TXTRECORD_PERSIST, FACT_DNS | FACT_DNS_PERSIST, FACT_OFFERS_DNS_PERSIST, 1, 0 },
};

static int find_type(const char *type)
{
    int i, count = (int)(sizeof(challenges) / sizeof(challenges[0]));

    for (i = 0; i < count && strcmp(challenges[i].type, type) != 0; ++i)
        ;
    return i < count ? i : -1;
}

static facts_t find_offers(const acme_authorization_t *authorization)
{
    facts_t facts = 0;
    int i, k;

    for (i = 0; i < authorization->challenges->nelts; ++i) {
        k = find_type(APR_ARRAY_IDX(authorization->challenges, i, acme_challenge_t).type);
        if (k >= 0 && (!authorization->wildcard || challenges[k].wildcard)
            && (!authorization->address || challenges[k].address)) {
            facts |= challenges[k].offered;
        }
    }
    return facts;
}

/* CAs mark the challenge that failed; a mark at several says nothing. */
static facts_t find_failed(const acme_authorization_t *authorization)
{
    int found = -1, i;

    for (i = 0; i < authorization->challenges->nelts; ++i) {
        const acme_challenge_t *challenge =
            &APR_ARRAY_IDX(authorization->challenges, i, acme_challenge_t);
        int k = find_type(challenge->type);

        if (k < 0 || strcmp(challenge->status, "invalid") != 0) {
            continue;
        }
        if (found >= 0 && found != k) {
            return 0;
        }
        found = k;
    }
    return found >= 0 ? challenges[found].failed : 0;
}

/* Of several names some of whose answers were read nobody knows which were. */
static facts_t find_reader(const flight_t *flight)
{
    if (flight->read_at != 0 && flight->unread == 0) {
        return FACT_ASKED_HERE;
    }
    return flight->read_at == 0 && flight->unread > 0 ? FACT_NOT_ASKED : 0;
}

facts_t evidence_of(const flight_t *flight, const acme_authorization_t *authorization)
{
    facts_t facts = find_failed(authorization) | find_offers(authorization);

    if (authorization->wildcard) {
        facts |= FACT_WILDCARD;
    }
    return (facts & HTTPD_CHALLENGES) ? facts | find_reader(flight) : facts;
}

int evidence_wants_addresses(const acme_authorization_t *authorization, facts_t facts)
{
    return (facts & HTTPD_CHALLENGES) != 0 && (facts & FACT_ASKED_HERE) == 0
           && !authorization->address;
}

facts_t evidence_of_type(const char *type)
{
    int k = find_type(type);

    return k >= 0 ? challenges[k].failed : 0;
}

/* A socket can be bound to an address of this machine alone. */
static int is_here(const resolver_value_t *value)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    int v4 = (value->len == 4), fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int here;

    memcpy(&in.sin_addr, value->data, 4);
    memcpy(&in6.sin6_addr, value->data, 16);
    here = fd >= 0
           && bind(fd, v4 ? (const struct sockaddr *)&in : (const struct sockaddr *)&in6,
                   v4 ? sizeof(in) : sizeof(in6))
                  == 0;
    if (fd >= 0) {
        close(fd);
    }
    return here;
}

facts_t evidence_of_addresses(const lookup_found_t *found)
{
    int i, k, all = 0, answered = 0;

    for (i = 0; i < found->count; ++i) {
        const lookup_view_t *view = &found->views[i];

        answered += view->answered;
        for (k = 0; view->answered && k < view->answer->count; ++k) {
            if (is_here(&view->answer->values[k])) {
                return 0;
            }
            ++all;
        }
    }
    if (answered < found->count) {
        return 0; /* what was not answered may be here */
    }
    return all > 0 ? FACT_ELSEWHERE : FACT_NO_ADDRESS;
}
