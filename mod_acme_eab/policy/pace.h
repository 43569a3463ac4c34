/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_PACE_H
#define POLICY_PACE_H

/* policy/pace.h - how many orders of an account may be at work at a time. Pure. ACMEMaxParallel is
 * the most; a CA that says it is too much halves it, and it grows again slowly. */

#include "base/result.h"

typedef struct pace {
    int most;      /* ACMEMaxParallel */
    int places;    /* now: 1 to most */
    int successes; /* since it last changed */
} pace_t;

void pace_init(pace_t *pace, int most);

/** Something ended well: after 10 of those there is one place more. */
void pace_succeed(pace_t *pace);

/** Something ended badly: 429, 503 and rateLimited halve the places, down to one; others are no sign
 * of a hurry. Jobs that were at work side by side hear the same complaint one after the other, so it
 * halves again only when as many have ended as there are places left.
 * @param active jobs that are at work, this one included */
void pace_fail(pace_t *pace, const eab_result_t *problem, int active);

#endif
