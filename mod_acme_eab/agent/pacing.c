/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pacing.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "agent/dice.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "policy/pace.h"

/* A CA names the hosts of its URLs, so there is an end to those that are kept; what is beyond shares
 * the last door. */
#define DOORS_MAX 32
#define HOST_MAX 300

typedef struct door {
    char host[HOST_MAX]; /* and port, as in the URL */
    pace_door_t pace;
} door_t;

typedef struct pacing {
    door_t doors[DOORS_MAX];
    int count;
} pacing_t;

static void copy_host(char host[HOST_MAX], const char *url)
{
    const char *start = strstr(url, "://");
    apr_size_t len;

    start = start != NULL ? start + 3 : url;
    len = strcspn(start, "/?#");
    if (len >= HOST_MAX) {
        len = HOST_MAX - 1;
    }
    memcpy(host, start, len);
    host[len] = '\0';
}

static pace_door_t *find_door(acme_pacer_t *pacer, const char *url)
{
    pacing_t *pacing = pacer->impl;
    char host[HOST_MAX];
    int i;

    copy_host(host, url);
    for (i = 0; i < pacing->count; ++i) {
        if (strcasecmp(pacing->doors[i].host, host) == 0) {
            return &pacing->doors[i].pace;
        }
    }
    if (pacing->count == DOORS_MAX) {
        return &pacing->doors[DOORS_MAX - 1].pace;
    }
    memcpy(pacing->doors[pacing->count].host, host, HOST_MAX);
    return &pacing->doors[pacing->count++].pace;
}

static apr_interval_time_t wait_at(acme_pacer_t *pacer, const char *url)
{
    return pace_door_wait(find_door(pacer, url), clock_steady(), dice_throw());
}

static void hear(acme_pacer_t *pacer, const char *url, int refused, apr_time_t sent,
                 apr_int64_t retry_after)
{
    pace_door_t *door = find_door(pacer, url);

    if (refused) {
        pace_door_refused(door, clock_steady(), sent, retry_after);
    }
    else {
        pace_door_passed(door);
    }
}

static apr_interval_time_t repeat(acme_pacer_t *pacer, int answers, apr_int64_t retry_after)
{
    (void)pacer;
    return pace_repeat(answers, retry_after, dice_throw());
}

acme_pacer_t *pacing_make(apr_pool_t *p)
{
    acme_pacer_t *pacer = apr_pcalloc(p, sizeof(*pacer));

    pacer->wait = wait_at;
    pacer->heard = hear;
    pacer->repeat = repeat;
    pacer->impl = apr_pcalloc(p, sizeof(pacing_t));
    return pacer;
}
