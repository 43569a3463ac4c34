/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tally.h"

#include <string.h>

#include "ipc/message.h"

#define COUNT_OF(table) ((int)(sizeof(table) / sizeof((table)[0])))

typedef enum {
    RESOURCE_DIRECTORY,
    RESOURCE_NONCE,
    RESOURCE_NEW_ACCOUNT,
    RESOURCE_ACCOUNT,
    RESOURCE_NEW_ORDER,
    RESOURCE_FINALIZE,
    RESOURCE_CHALLENGE,
    RESOURCE_ORDER,
    RESOURCE_ORDERS,
    RESOURCE_AUTHORIZATION,
    RESOURCE_CERTIFICATE,
    RESOURCE_REVOKE,
    RESOURCE_KEY_CHANGE,
    RESOURCE_RENEWAL_INFO,
    RESOURCE_OTHER
} resource_t;

static const char *const resources[] = {
    [RESOURCE_DIRECTORY] = "directory",
    [RESOURCE_NONCE] = "newNonce",
    [RESOURCE_NEW_ACCOUNT] = "newAccount",
    [RESOURCE_ACCOUNT] = "account",
    [RESOURCE_NEW_ORDER] = "newOrder",
    [RESOURCE_FINALIZE] = "finalize",
    [RESOURCE_CHALLENGE] = "challenge",
    [RESOURCE_ORDER] = "order",
    [RESOURCE_ORDERS] = "orders",
    [RESOURCE_AUTHORIZATION] = "authorization",
    [RESOURCE_CERTIFICATE] = "certificate",
    [RESOURCE_REVOKE] = "revokeCert",
    [RESOURCE_KEY_CHANGE] = "keyChange",
    [RESOURCE_RENEWAL_INFO] = "renewalInfo",
    [RESOURCE_OTHER] = "other",
};

static const char *const codes[] = { "none", "2xx", "3xx", "4xx", "5xx" };

struct tally {
    const char *directory;
    int counts[COUNT_OF(resources)][COUNT_OF(codes)];
    int some; /* there is something */
};

static resource_t find_named(const char *name)
{
    int i = 0;

    while (name != NULL && i < RESOURCE_OTHER && strcmp(resources[i], name) != 0) {
        ++i;
    }
    return name != NULL ? (resource_t)i : RESOURCE_OTHER;
}

static resource_t resource_of(const sentence_request_t *request)
{
    switch (request->sentence) {
    case SENTENCE_NEW_ACCOUNT:
    case SENTENCE_FIND_ACCOUNT:
    case SENTENCE_FIND_ACCOUNT_EAB:
    case SENTENCE_FIND_SUPERSEDED:
    case SENTENCE_FIND_NEXT:
        return RESOURCE_NEW_ACCOUNT;
    case SENTENCE_UPDATE_CONTACT:
    case SENTENCE_DEACTIVATE:
        return RESOURCE_ACCOUNT;
    case SENTENCE_READ:
        return find_named(request->resource);
    case SENTENCE_REVOKE_BY_ACCOUNT:
    case SENTENCE_REVOKE_BY_CERTIFICATE:
        return RESOURCE_REVOKE;
    case SENTENCE_KEY_CHANGE:
        return RESOURCE_KEY_CHANGE;
    case SENTENCE_CHALLENGE:
        return RESOURCE_CHALLENGE;
    case SENTENCE_NEW_ORDER:
        return RESOURCE_NEW_ORDER;
    case SENTENCE_FINALIZE:
        return RESOURCE_FINALIZE;
    default:
        return RESOURCE_OTHER;
    }
}

static resource_t find_resource(const tally_t *tally, const char *method, const char *url,
                                const sentence_request_t *request)
{
    if (request != NULL) {
        return resource_of(request);
    }
    if (strcmp(method, "HEAD") == 0) {
        return RESOURCE_NONCE;
    }
    return strcmp(url, tally->directory) == 0 ? RESOURCE_DIRECTORY : RESOURCE_RENEWAL_INFO;
}

void tally_count(void *baton, const char *method, const char *url, const void *sentence, int status)
{
    tally_t *tally = baton;
    int hundreds = status / 100;

    ++tally->counts[find_resource(tally, method, url, sentence)]
                   [hundreds >= 2 && hundreds < COUNT_OF(codes) + 1 ? hundreds - 1 : 0];
    tally->some = 1;
}

json_t *tally_take(tally_t *tally)
{
    json_t *list;
    int i, k;

    if (!tally->some) {
        return NULL;
    }
    list = json_array();
    for (i = 0; i < COUNT_OF(resources); ++i) {
        for (k = 0; k < COUNT_OF(codes); ++k) {
            if (tally->counts[i][k] > 0) {
                json_array_append_new(list,
                                      json_pack("{s:s,s:s,s:i}", "resource", resources[i], "code",
                                                codes[k], "count", tally->counts[i][k]));
            }
        }
    }
    memset(tally->counts, 0, sizeof(tally->counts));
    tally->some = 0;
    return list;
}

tally_t *tally_make(const char *directory, apr_pool_t *p)
{
    tally_t *tally = apr_pcalloc(p, sizeof(*tally));

    tally->directory = directory;
    return tally;
}
