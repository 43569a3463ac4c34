/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "policy/stapling.h"

static void half_of_the_validity_is_for_being_refused(void **state)
{
    (void)state;
    assert_int_equal(150, stapling_due(100, 200));
    assert_int_equal(0, stapling_due(0, 0)); /* at once */
}

static void the_pauses_grow_up_to_an_hour(void **state)
{
    int i;

    (void)state;
    assert_int_equal(apr_time_from_sec(2), stapling_pause(1));
    assert_int_equal(apr_time_from_sec(4), stapling_pause(2));
    assert_int_equal(apr_time_from_sec(8), stapling_pause(3));
    for (i = 1; i < 100; ++i)
        assert_true(stapling_pause(i) <= stapling_pause(i + 1));
    assert_int_equal(apr_time_from_sec(3600), stapling_pause(100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(half_of_the_validity_is_for_being_refused),
        fixture_test(the_pauses_grow_up_to_an_hour),
    };

    return fixture_run(tests);
}
