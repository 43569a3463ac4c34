/* SPDX-License-Identifier: Apache-2.0 */
#include "base/event.h"

#include <stddef.h>
#include <string.h>

static const char *const names[EVENT_KINDS] = {
    [EVENT_ISSUED] = "issued",
    [EVENT_DEPLOYED] = "deployed",
    [EVENT_FAILING] = "failing",
    [EVENT_RECOVERED] = "recovered",
    [EVENT_EXPIRING] = "expiring",
    [EVENT_EXPIRED] = "expired",
    [EVENT_NAMES_MISSING] = "names-missing",
    [EVENT_NAMES_COMPLETE] = "names-complete",
    [EVENT_VALIDATION_EXPIRING] = "validation-expiring",
    [EVENT_RELOAD_REFUSED] = "reload-refused",
    [EVENT_RELOAD_FAILED] = "reload-failed",
    [EVENT_REVOKED] = "revoked",
    [EVENT_KEY_BLOCKED] = "key-blocked",
    [EVENT_ACCOUNT_REGISTERED] = "account-registered",
    [EVENT_ACCOUNT_FAILING] = "account-failing",
    [EVENT_ACCOUNT_DEACTIVATED] = "account-deactivated",
    [EVENT_TERMS_CHANGED] = "terms-changed",
    [EVENT_UNCONFIGURED] = "unconfigured",
    [EVENT_TEST] = "test",
};

const char *event_name(event_kind_t kind)
{
    return kind > EVENT_NONE && kind < EVENT_KINDS ? names[kind] : NULL;
}

event_kind_t event_parse(const char *name)
{
    int kind;

    for (kind = EVENT_NONE + 1; name != NULL && kind < EVENT_KINDS; ++kind) {
        if (strcmp(names[kind], name) == 0)
            return (event_kind_t)kind;
    }
    return EVENT_NONE;
}

int event_is_wanted(event_kind_t kind, const char *events)
{
    const char *name = event_name(kind);
    size_t len = name != NULL ? strlen(name) : 0;

    if (name == NULL)
        return 0;
    if (kind == EVENT_TEST || strcmp(events, "all") == 0)
        return 1;
    for (; events != NULL; events = strchr(events, ',')) {
        events += *events == ',';
        if (strncmp(events, name, len) == 0 && (events[len] == ',' || events[len] == '\0'))
            return 1;
    }
    return 0;
}
