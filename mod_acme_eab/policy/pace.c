/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pace.h"

#define SUCCESSES_FOR_A_PLACE 10

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
