/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "policy/budget.h"

#define SECOND APR_USEC_PER_SEC
#define START (1000 * SECOND)

static const budget_rule_t rule = { 3, 10 * SECOND };

static void so_many_at_once_and_then_one_each_interval(void **state)
{
    static const struct {
        apr_interval_time_t at; /* seconds after the start */
        apr_interval_time_t wait;
    } rows[] = {
        { 0, 0 },  { 0, 0 },  { 0, 0 },  { 0, 10 },  { 4, 6 },   { 10, 0 },  { 10, 10 },
        { 25, 0 }, { 25, 5 }, { 30, 0 }, { 100, 0 }, { 100, 0 }, { 100, 0 }, { 100, 10 },
    };
    budget_t budget = { 0 };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(rows[i].wait * SECOND,
                         budget_take(&budget, &rule, 1, START + rows[i].at * SECOND));
}

/* A thousand certificates that are new may have what each of them may have. */
static void there_is_as_much_for_each_share(void **state)
{
    budget_t budget = { 0 };
    int i;

    (void)state;
    for (i = 0; i < 3000; i++)
        assert_int_equal(0, budget_take(&budget, &rule, 1000, START));
    assert_int_equal(SECOND / 100, budget_take(&budget, &rule, 1000, START));
    assert_int_equal(0, budget_take(&budget, &rule, 1000, START + SECOND / 100));
}

static void who_waits_as_told_gets_one(void **state)
{
    budget_t budget = { 0 };
    apr_time_t now = START;
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        apr_interval_time_t wait = budget_take(&budget, &rule, 7, now);

        if (wait > 0)
            assert_int_equal(0, budget_take(&budget, &rule, 7, now += wait));
    }
    assert_true(now - START >= (100 - 22) * 10 * SECOND / 7);
    assert_true(now - START <= (100 - 20) * 10 * SECOND / 7);
}

/* Also when the clock goes back, nobody waits for longer than it takes to get all of it again. */
static void a_clock_that_goes_back_costs_little(void **state)
{
    budget_t budget = { 0 };

    (void)state;
    assert_int_equal(0, budget_take(&budget, &rule, 1, START));
    assert_int_equal(10 * SECOND, budget_take(&budget, &rule, 1, SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(so_many_at_once_and_then_one_each_interval),
        fixture_test(there_is_as_much_for_each_share),
        fixture_test(who_waits_as_told_gets_one),
        fixture_test(a_clock_that_goes_back_costs_little),
    };

    return fixture_run(tests);
}
