/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/reload.h"

#define AT(seconds) apr_time_from_sec(1795298700 + (seconds))

#define NOW AT(1000)

static void decides_by_the_table(void **state)
{
    /* In seconds from some moment; 0 for "never". */
    static const struct {
        const char *name;
        reload_facts_t facts;
        apr_time_t when;
    } rows[] = {
        { "nothing waits", { 0, 0, AT(1), AT(1), AT(1), 0, 0, 0 }, 0 },
        { "nothing waits, though refused", { 0, 1, AT(1), AT(1), 0, AT(5), 1, 0 }, 0 },
        { "the first of a vhost", { 1, 1, AT(1), AT(1), 0, 0, 0, 0 }, AT(1) },
        { "the first, with others", { 3, 1, AT(1), AT(9), 0, 0, 0, 0 }, AT(1) },
        { "the first, more are coming", { 1, 1, AT(1), AT(1), 0, 0, 0, 4 }, AT(3) },
        { "many first ones", { 40, 1, AT(1), AT(4), 0, 0, 0, 4 }, AT(6) },
        { "first ones without end", { 90, 1, AT(1), AT(20), 0, 0, 0, 4 }, AT(21) },
        { "renewed, and first ones are coming", { 1, 0, AT(1), AT(1), 0, 0, 0, 4 }, AT(6) },
        { "one renewed", { 1, 0, AT(1), AT(1), 0, 0, 0, 0 }, AT(6) },
        { "several renewed", { 3, 0, AT(1), AT(20), 0, 0, 0, 0 }, AT(25) },
        { "more and more", { 90, 0, AT(1), AT(59), 0, 0, 0, 0 }, AT(61) },
        { "soon after a restart", { 1, 0, AT(1), AT(1), AT(0), 0, 0, 0 }, AT(10) },
        { "the first, soon after a restart", { 1, 1, AT(1), AT(1), AT(0), 0, 0, 0 }, AT(10) },
        { "long after a restart", { 1, 0, AT(100), AT(100), AT(0), 0, 0, 0 }, AT(105) },
        { "refused once", { 1, 1, AT(1), AT(1), 0, AT(2), 1, 0 }, AT(12) },
        { "refused twice", { 1, 1, AT(1), AT(1), 0, AT(12), 2, 0 }, AT(42) },
        { "refused three times", { 1, 0, AT(1), AT(1), 0, AT(42), 3, 0 }, AT(102) },
        { "refused for ever", { 1, 0, AT(1), AT(1), 0, AT(900), 1000000, 0 }, AT(960) },
        { "refused, and another arrives", { 2, 0, AT(1), AT(58), 0, AT(50), 1, 0 }, AT(61) },
        { "all at the epoch", { 1, 1, 0, 0, 0, 0, 0, 0 }, 1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        if (reload_decide(NOW, &rows[i].facts) != rows[i].when)
            fail_msg("%s", rows[i].name);
    }
}

/* The clock was put back: nothing that was written down before may hold a certificate up. */
static void times_of_the_future_are_not_waited_for(void **state)
{
    static const reload_facts_t installed = { 1, 0, AT(90000), AT(90000), 0, 0, 0, 0 };
    static const reload_facts_t restarted = { 1, 0, AT(1), AT(1), AT(90000), 0, 0, 0 };
    static const reload_facts_t refused = { 1, 0, AT(1), AT(1), 0, AT(90000), 3, 0 };

    (void)state;
    assert_true(reload_decide(NOW, &installed) <= NOW);
    assert_true(reload_decide(NOW, &restarted) <= NOW);
    assert_true(reload_decide(NOW, &refused) <= NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_by_the_table),
        cmocka_unit_test(times_of_the_future_are_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
