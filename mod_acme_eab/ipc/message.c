/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/message.h"

#include <string.h>

#include "base/json.h"
#include "ipc/member.h"

static const char *const message_names[] = {
    [MESSAGE_PLAN] = "plan",
    [MESSAGE_ACCOUNT] = "account",
    [MESSAGE_CERTIFICATE] = "certificate",
    [MESSAGE_READY] = "ready",
    [MESSAGE_ALIVE] = "alive",
    [MESSAGE_LOCK] = "lock",
    [MESSAGE_SEGMENT] = "segment",
    [MESSAGE_BRIEF] = "brief",
    [MESSAGE_COUNTERS] = "counters",
    [MESSAGE_EXPORTS] = "exports",
    [MESSAGE_NEWS] = "news",
    [MESSAGE_TASK] = "task",
    [MESSAGE_ASK] = "ask",
    [MESSAGE_PART] = "part",
    [MESSAGE_END] = "end",
    [MESSAGE_SIGN] = "sign",
    [MESSAGE_REGISTERED] = "registered",
    [MESSAGE_CONTACTED] = "contacted",
    [MESSAGE_UNREGISTER] = "unregister",
    [MESSAGE_ORDERED] = "ordered",
    [MESSAGE_ABANDON] = "abandon",
    [MESSAGE_INSTALL] = "install",
    [MESSAGE_SEEN] = "seen",
    [MESSAGE_STAPLE] = "staple",
    [MESSAGE_FAILED] = "failed",
    [MESSAGE_WINDOW] = "window",
    [MESSAGE_VALIDATIONS] = "validations",
    [MESSAGE_DIRECTORY] = "directory",
    [MESSAGE_REPORT] = "report",
    [MESSAGE_DNS_ADD] = "dnsAdd",
    [MESSAGE_REQUESTS] = "requests",
    [MESSAGE_SIGNED] = "signed",
    [MESSAGE_DONE] = "done",
    [MESSAGE_PROBLEM] = "problem",
};

static const char *const sentence_names[] = {
    [SENTENCE_NEW_ACCOUNT] = "newAccount",
    [SENTENCE_FIND_ACCOUNT] = "findAccount",
    [SENTENCE_FIND_ACCOUNT_EAB] = "findAccountWithEAB",
    [SENTENCE_UPDATE_CONTACT] = "updateContact",
    [SENTENCE_READ] = "read",
    [SENTENCE_CHALLENGE] = "challenge",
    [SENTENCE_NEW_ORDER] = "newOrder",
    [SENTENCE_FINALIZE] = "finalize",
    [SENTENCE_REVOKE_BY_ACCOUNT] = "revokeByAccount",
    [SENTENCE_REVOKE_BY_CERTIFICATE] = "revokeByCertificate",
    [SENTENCE_KEY_CHANGE] = "keyChange",
    [SENTENCE_DEACTIVATE] = "deactivate",
    [SENTENCE_FIND_SUPERSEDED] = "findSupersededAccount",
    [SENTENCE_FIND_NEXT] = "findAccountByNextKey",
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

const char *message_name(int type)
{
    if (type <= 0 || type >= COUNT(message_names)) {
        return "unknown";
    }
    return message_names[type];
}

const char *sentence_name(int sentence)
{
    if (sentence <= 0 || sentence >= COUNT(sentence_names)) {
        return NULL;
    }
    return sentence_names[sentence];
}

int sentence_parse(const char *name)
{
    int i;

    for (i = 1; name != NULL && i < COUNT(sentence_names); ++i) {
        if (strcmp(name, sentence_names[i]) == 0) {
            return i;
        }
    }
    return 0;
}

void sentence_order_to_json(json_t *body, const sentence_order_t *order)
{
    json_object_set_new(body, "replaces", json_boolean(order->replaces));
    json_object_set_new(body, "profile", json_boolean(order->profile));
    if (order->names != NULL) {
        json_put_strings(body, "names", order->names);
    }
    if (order->trial) {
        json_object_set_new(body, "trial", json_true());
    }
}

void sentence_order_from_json(sentence_order_t *order, const json_t *body, apr_pool_t *p)
{
    static const member_t members[] = { MEMBER_STRINGS(sentence_order_t, names), MEMBER_END };

    order->replaces = json_is_true(json_object_get(body, "replaces"));
    order->profile = json_is_true(json_object_get(body, "profile"));
    order->trial = json_is_true(json_object_get(body, "trial"));
    order->names = NULL;
    if (json_object_get(body, "names") != NULL) {
        member_read(order, members, body, p);
    }
}

int sentence_is_of_certificate(int sentence)
{
    return sentence == SENTENCE_NEW_ORDER || sentence == SENTENCE_FINALIZE;
}
