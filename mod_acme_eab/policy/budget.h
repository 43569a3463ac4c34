/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_BUDGET_H
#define POLICY_BUDGET_H

/* policy/budget.h - how often something may be asked for: so many at once, and after that one more in
 * each interval. */

#include <apr_time.h>

typedef struct budget_rule {
    int burst;
    apr_interval_time_t interval;
} budget_rule_t;

/** What was spent, and is coming back. All zero at first: nothing was. */
typedef struct budget {
    apr_time_t whole; /* when nothing is spent any more */
} budget_t;

/** Take one.
 * @param shares the rule is for each of so many (at least 1)
 * @param now    by clock_steady()
 * @return 0 when it was taken; else how long until one can be, and none was */
apr_interval_time_t budget_take(budget_t *budget, const budget_rule_t *rule, int shares,
                                apr_time_t now);

#endif
