/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

/* base/event.h - what programs of the administrator can be told of (ACMEEventCommand): the names. */

typedef enum {
    EVENT_NONE,
    EVENT_ISSUED,
    EVENT_DEPLOYED,
    EVENT_FAILING,
    EVENT_RECOVERED,
    EVENT_EXPIRING,
    EVENT_EXPIRED,
    EVENT_NAMES_MISSING,
    EVENT_NAMES_COMPLETE,
    EVENT_VALIDATION_EXPIRING,
    EVENT_RELOAD_REFUSED,
    EVENT_RELOAD_FAILED,
    EVENT_REVOKED,
    EVENT_KEY_BLOCKED,
    EVENT_ACCOUNT_REGISTERED,
    EVENT_ACCOUNT_FAILING,
    EVENT_ACCOUNT_DEACTIVATED,
    EVENT_TERMS_CHANGED,
    EVENT_UNCONFIGURED,
    EVENT_TEST,
    EVENT_KINDS
} event_kind_t;

/** "issued", "names-missing" ...; NULL for none. Static. */
const char *event_name(event_kind_t kind);

/** The event of that name; EVENT_NONE when there is none. */
event_kind_t event_parse(const char *name);

/** Is the event among these: "all", or names with commas between them? A test is among any. */
int event_is_wanted(event_kind_t kind, const char *events);

#endif
