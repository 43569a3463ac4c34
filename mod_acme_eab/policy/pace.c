/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pace.h"

#define SUCCESSES_FOR_A_PLACE 10

/* One CA's door lets 7 requests through in a second: the first gap is wider than that. */
#define GAP_FIRST apr_time_from_msec(250)
#define GAP_WIDEST apr_time_from_sec(1)
#define PASSED_FOR_HALF 10

/* Longer than this no request is held: whoever made it hears of the wait. */
#define HELD_LONGEST 30 /* seconds */

#define REPEATS_DOUBLED 5 /* 1 second to 32 */

void pace_init(pace_t *pace, int most)
{
    pace->most = most > 1 ? most : 1;
    pace->places = pace->most;
    pace->successes = 0;
}

void pace_succeed(pace_t *pace)
{
    if (pace->places < pace->most && ++pace->successes >= SUCCESSES_FOR_A_PLACE) {
        pace->successes = 0;
        ++pace->places;
    }
}

static int is_too_much(const eab_result_t *problem)
{
    return problem->http_status == 429 || problem->http_status == 503
           || eab_result_is_acme(problem, "rateLimited");
}

void pace_fail(pace_t *pace, const eab_result_t *problem, int active)
{
    if (!is_too_much(problem)) {
        return;
    }
    pace->successes = 0;
    if (active <= pace->places && pace->places > 1) {
        pace->places /= 2;
    }
}

apr_interval_time_t pace_door_wait(pace_door_t *door, apr_time_t now, double dice)
{
    apr_time_t turn = door->next > now ? door->next : now;

    if (door->gap == 0 && turn == now)
        return 0;
    door->next = turn + (apr_interval_time_t)((double)door->gap * (0.75 + 0.5 * dice));
    return turn - now;
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
    door->gap = door->gap == 0 ? GAP_FIRST : 2 * door->gap;
    if (door->gap > GAP_WIDEST)
        door->gap = GAP_WIDEST;
}

void pace_door_passed(pace_door_t *door)
{
    if (door->gap == 0 || ++door->passed < PASSED_FOR_HALF)
        return;
    door->passed = 0;
    door->gap = door->gap > GAP_FIRST / 2 ? door->gap / 2 : 0;
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
