/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pacing.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "agent/dice.h"
#include "base/bytes.h"
#include "base/clock.h"

/* A CA names the hosts of its URLs, so there is an end to those that are kept; what is beyond shares
 * the last door. */
#define DOORS_MAX 32
#define HOST_MAX 300

typedef struct door {
    char name[HOST_MAX];
    pace_door_t pace;
} door_t;

struct pacing {
    door_t doors[DOORS_MAX];
    int count;
};

/* An account at the doors. */
typedef struct guest {
    acme_pacer_t pacer;
    pacing_t *pacing;
    pace_t *pace;
    const int *active;
} guest_t;

/* Its host and port, or what a limit is known of. */
static void name_door(char name[HOST_MAX], const char *place, const pace_limit_t *limit)
{
    apr_size_t len = strcspn(place, "/?#");

    apr_cpystrn(name, limit != NULL ? limit->place : place,
                limit != NULL || len >= HOST_MAX ? HOST_MAX : len + 1);
}

static pace_door_t *find_door(pacing_t *pacing, const char *url)
{
    const char *start = strstr(url, "://");
    const char *place = start != NULL ? start + 3 : url;
    const pace_limit_t *limit = pace_limit(place);
    char name[HOST_MAX];
    door_t *door;
    int i;

    name_door(name, place, limit);
    for (i = 0; i < pacing->count; ++i) {
        if (strcasecmp(pacing->doors[i].name, name) == 0) {
            return &pacing->doors[i].pace;
        }
    }
    if (pacing->count == DOORS_MAX) {
        return &pacing->doors[DOORS_MAX - 1].pace;
    }
    door = &pacing->doors[pacing->count++];
    memcpy(door->name, name, HOST_MAX);
    pace_door_init(&door->pace, limit);
    return &door->pace;
}

static apr_interval_time_t wait_at(acme_pacer_t *pacer, const char *url)
{
    const guest_t *guest = pacer->impl;

    return pace_door_wait(find_door(guest->pacing, url), clock_steady(), dice_throw());
}

static apr_interval_time_t go_to(acme_pacer_t *pacer, const char *url)
{
    const guest_t *guest = pacer->impl;

    return pace_door_go(find_door(guest->pacing, url), clock_steady());
}

static void hear(acme_pacer_t *pacer, const char *url, const eab_result_t *result, apr_time_t sent,
                 int reads)
{
    const guest_t *guest = pacer->impl;
    pace_door_t *door = find_door(guest->pacing, url);
    apr_time_t now = clock_steady();

    pace_door_answered(door, now, sent);
    if (pace_is_too_much(result)) {
        pace_fail(guest->pace, now, sent);
        if (result->foreign) {
            pace_door_refused(door, now, sent, result->retry_after);
        }
    }
    if (result->foreign) {
        return;
    }
    pace_door_passed(door);
    if (reads) {
        pace_time(guest->pace, now, sent);
    }
    if (result->rv == APR_SUCCESS && !pace_door_is_crowded(door, now)) {
        pace_succeed(guest->pace, *guest->active);
    }
}

static apr_interval_time_t repeat(acme_pacer_t *pacer, int answers, apr_int64_t retry_after)
{
    (void)pacer;
    return pace_repeat(answers, retry_after, dice_throw());
}

pacing_t *pacing_make(apr_pool_t *p)
{
    return apr_pcalloc(p, sizeof(pacing_t));
}

acme_pacer_t *pacing_of(pacing_t *pacing, pace_t *pace, const int *active, apr_pool_t *p)
{
    guest_t *guest = apr_pcalloc(p, sizeof(*guest));

    guest->pacing = pacing;
    guest->pace = pace;
    guest->active = active;
    guest->pacer.wait = wait_at;
    guest->pacer.go = go_to;
    guest->pacer.heard = hear;
    guest->pacer.repeat = repeat;
    guest->pacer.impl = guest;
    return &guest->pacer;
}
