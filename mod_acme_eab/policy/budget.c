/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/budget.h"

/* One number is enough: what is taken moves the time at which the budget is whole again. */
apr_interval_time_t budget_take(budget_t *budget, const budget_rule_t *rule, int shares,
                                apr_time_t now)
{
    apr_interval_time_t one = rule->interval / shares;
    apr_interval_time_t all = rule->interval * rule->burst;
    apr_interval_time_t spent = budget->whole > now ? budget->whole - now : 0;

    if (spent > all)
        spent = all; /* the clock went back, or there are fewer shares than before */
    if (one < 1)
        one = 1;
    if (spent > all - one)
        return spent - (all - one);
    budget->whole = now + spent + one;
    return 0;
}
