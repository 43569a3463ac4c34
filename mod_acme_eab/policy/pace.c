/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pace.h"

#include <string.h>
#include <strings.h>

/* A CA that is new to us is asked for so many at first, and one that is slow for no fewer. */
#define PLACES_FIRST 8
#define PLACES_MOST 100 /* ACMEMaxParallel auto */

#define ANSWERS_FOR_A_PLACE 10 /* for each of those that there are, once it was too much */

/* Answers take so much longer than the quickest: nobody waits for less, and a distant or small CA is
 * like that. */
#define SLOW_TIMES 4
#define SLOW_LEAST apr_time_from_msec(500)

/* What one answer counts among all, and how much too slow it may count: so one alone is never enough. */
#define SHARE_OF_ONE 8
#define SLOW_COUNTED 2

/* One CA's door lets 7 requests through in a second: the first gap is wider than that. */
#define GAP_FIRST apr_time_from_msec(250)
#define GAP_WIDEST apr_time_from_sec(1)
#define PASSED_FOR_HALF 10

/* The network brings requests nearer to each other than they were sent. */
#define GAP_MARGIN 115 /* hundredths of the gap that the limit allows */

/* The window of a limit, and what a request may take to the door. */
#define WINDOW apr_time_from_sec(1)
#define WAY apr_time_from_sec(1)

#define CROWDED apr_time_from_msec(500)

/* Longer than this no request is held: whoever made it hears of the wait. */
#define HELD_LONGEST 30 /* seconds */

#define REPEATS_DOUBLED 5 /* 1 second to 32 */

/* Limits of requests in a second, with where they are told; what is narrower stands first. Of other
 * presets none is published. */
static const pace_limit_t limits[] = {
    /* "7 requests per second", and a page with 429 beyond: terraform-provider-acme, issue 401 */
    { "acme.zerossl.com", 7 },
    /* https://letsencrypt.org/docs/rate-limits/, "Overall Requests Limit" */
    { "acme-v02.api.letsencrypt.org/acme/new-nonce", 20 },
    { "acme-v02.api.letsencrypt.org", 250 },
};

static int lesser(int a, int b)
{
    return a < b ? a : b;
}

void pace_init(pace_t *pace, int most)
{
    memset(pace, 0, sizeof(*pace));
    pace->most = most > 0 ? most : PLACES_MOST;
    pace->places = lesser(PLACES_FIRST, pace->most);
}

void pace_succeed(pace_t *pace, int active)
{
    if (pace->places == pace->most || active < pace->places / 2)
        return;
    if (pace->warned && ++pace->answers < ANSWERS_FOR_A_PLACE * pace->places)
        return;
    pace->answers = 0;
    ++pace->places;
}

int pace_is_too_much(const eab_result_t *problem)
{
    return problem->http_status == 429 || problem->http_status == 503
           || eab_result_is_acme(problem, "rateLimited");
}

/* Not fewer than least, unless there are fewer already. */
static void halve(pace_t *pace, apr_time_t now, int least)
{
    int half = pace->places / 2;

    pace->places = half > least ? half : lesser(pace->places, least);
    pace->warned = 1;
    pace->answers = 0;
    pace->changed = now;
    pace->usual = 0; /* with fewer it may be otherwise */
}

void pace_fail(pace_t *pace, apr_time_t now, apr_time_t sent)
{
    if (sent > pace->changed)
        halve(pace, now, 1);
}

void pace_time(pace_t *pace, apr_time_t now, apr_time_t sent)
{
    apr_interval_time_t took = now > sent ? now - sent : 1;
    apr_interval_time_t slow;

    if (pace->best == 0 || took < pace->best)
        pace->best = took;
    if (sent <= pace->changed)
        return;
    slow = SLOW_TIMES * pace->best > SLOW_LEAST ? SLOW_TIMES * pace->best : SLOW_LEAST;
    if (pace->usual == 0)
        pace->usual = pace->best;
    if (took > SLOW_COUNTED * slow)
        took = SLOW_COUNTED * slow;
    pace->usual += (took - pace->usual) / SHARE_OF_ONE;
    if (pace->usual > slow)
        halve(pace, now, PLACES_FIRST);
}

/* ---- doors ---- */

const pace_limit_t *pace_limit(const char *place)
{
    size_t i;

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); ++i) {
        size_t len = strlen(limits[i].place);

        if (strncasecmp(place, limits[i].place, len) == 0 && strchr("/:?#", place[len]) != NULL)
            return &limits[i];
    }
    return NULL;
}

void pace_door_init(pace_door_t *door, const pace_limit_t *limit)
{
    memset(door, 0, sizeof(*door));
    if (limit == NULL)
        return;
    door->gap = door->least = APR_USEC_PER_SEC * GAP_MARGIN / 100 / limit->a_second;
    if (limit->a_second <= PACE_REMEMBERED)
        door->a_second = limit->a_second;
}

apr_interval_time_t pace_door_wait(pace_door_t *door, apr_time_t now, double dice)
{
    apr_time_t turn = door->next > now ? door->next : now;
    apr_interval_time_t gap = (apr_interval_time_t)((double)door->gap * (0.75 + 0.5 * dice));

    if (door->gap == 0 && turn == now)
        return 0;
    door->next = turn + (gap > door->least ? gap : door->least);
    return turn - now;
}

static int first_to_be_over(const pace_door_t *door)
{
    int i, first = 0;

    for (i = 1; i < door->a_second; i++) {
        if (door->passing[i].until < door->passing[first].until)
            first = i;
    }
    return first;
}

apr_interval_time_t pace_door_go(pace_door_t *door, apr_time_t now)
{
    apr_interval_time_t gap = door->gap * 3 / 4 > door->least ? door->gap * 3 / 4 : door->least;

    if (now < door->sent + gap)
        return door->sent + gap - now;
    if (door->a_second > 0) {
        int first = first_to_be_over(door);

        if (door->passing[first].until > now)
            return door->passing[first].until - now;
        door->passing[first].sent = now;
        door->passing[first].until = now + WAY + WINDOW;
    }
    door->sent = now;
    return 0;
}

void pace_door_answered(pace_door_t *door, apr_time_t now, apr_time_t sent)
{
    int i, found = -1;

    for (i = 0; i < door->a_second; i++) {
        if (door->passing[i].sent <= sent
            && (found < 0 || door->passing[i].sent > door->passing[found].sent))
            found = i;
    }
    if (found >= 0 && door->passing[found].until > now + WINDOW)
        door->passing[found].until = now + WINDOW;
}

int pace_door_is_crowded(const pace_door_t *door, apr_time_t now)
{
    return door->next > now + CROWDED;
}

void pace_door_refused(pace_door_t *door, apr_time_t now, apr_time_t sent, apr_int64_t retry_after)
{
    apr_time_t open = now;

    if (retry_after > 0)
        open += apr_time_from_sec(retry_after < HELD_LONGEST ? retry_after : HELD_LONGEST);
    if (door->next < open)
        door->next = open;
    door->passed = 0;
    if (sent <= door->changed)
        return;
    door->changed = now;
    door->gap = 2 * door->gap > GAP_FIRST ? 2 * door->gap : GAP_FIRST;
    if (door->gap > GAP_WIDEST)
        door->gap = GAP_WIDEST;
}

void pace_door_passed(pace_door_t *door)
{
    if (door->gap == door->least || ++door->passed < PASSED_FOR_HALF)
        return;
    door->passed = 0;
    door->gap = door->gap > GAP_FIRST / 2 ? door->gap / 2 : 0;
    if (door->gap < door->least)
        door->gap = door->least;
}

apr_interval_time_t pace_repeat(int answers, apr_int64_t retry_after, double dice)
{
    int doubled = answers < 1 ? 0 : answers - 1;
    apr_interval_time_t wait =
        apr_time_from_sec(1 << (doubled < REPEATS_DOUBLED ? doubled : REPEATS_DOUBLED));

    if (retry_after > HELD_LONGEST)
        return -1;
    if (wait < apr_time_from_sec(retry_after))
        wait = apr_time_from_sec(retry_after);
    return wait + (apr_interval_time_t)((double)wait * 0.25 * dice);
}
