/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "policy/pace.h"

static eab_result_t problem(int status, const char *type)
{
    eab_result_t result = { 0 };

    result.rv = APR_EGENERAL;
    result.http_status = status;
    result.type = type;
    return result;
}

static void halves_when_it_is_too_much(void **state)
{
    static const struct {
        int status;
        const char *type;
        int places;
    } rows[] = {
        { 429, NULL, 4 },
        { 503, ACME_ERROR "serverInternal", 4 },
        { 403, ACME_ERROR "rateLimited", 4 },
        { 500, ACME_ERROR "serverInternal", 8 },
        { 403, ACME_ERROR "unauthorized", 8 },
        { 0, EAB_PROBLEM_CA_UNREACHABLE, 8 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        eab_result_t result = problem(rows[i].status, rows[i].type);
        pace_t pace;

        pace_init(&pace, 8);
        pace_fail(&pace, &result, 8);
        assert_int_equal(rows[i].places, pace.places);
    }
}

/* Eight at work are told at once: that is one complaint, not eight. */
static void one_wave_counts_once(void **state)
{
    eab_result_t busy = problem(429, NULL);
    pace_t pace;
    int active;

    (void)state;
    pace_init(&pace, 8);
    for (active = 8; active > 4; active--)
        pace_fail(&pace, &busy, active);
    assert_int_equal(4, pace.places);
    pace_fail(&pace, &busy, 4);
    assert_int_equal(2, pace.places);
}

static void one_place_is_left(void **state)
{
    eab_result_t busy = problem(429, NULL);
    pace_t pace;
    int i;

    (void)state;
    pace_init(&pace, 8);
    for (i = 0; i < 20; i++)
        pace_fail(&pace, &busy, 1);
    assert_int_equal(1, pace.places);
    pace_init(&pace, 0);
    assert_int_equal(1, pace.places);
}

static void recovers_slowly_and_not_beyond(void **state)
{
    eab_result_t busy = problem(503, NULL);
    pace_t pace;
    int i;

    (void)state;
    pace_init(&pace, 5);
    pace_fail(&pace, &busy, 5);
    assert_int_equal(2, pace.places);
    for (i = 0; i < 9; i++)
        pace_succeed(&pace);
    assert_int_equal(2, pace.places);
    pace_succeed(&pace);
    assert_int_equal(3, pace.places);
    for (i = 0; i < 9; i++)
        pace_succeed(&pace);
    pace_fail(&pace, &busy, 4);
    assert_int_equal(3, pace.places);
    pace_succeed(&pace);
    assert_int_equal(3, pace.places); /* it counts from anew */
    for (i = 0; i < 100; i++)
        pace_succeed(&pace);
    assert_int_equal(5, pace.places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_when_it_is_too_much),
        cmocka_unit_test(one_wave_counts_once),
        cmocka_unit_test(one_place_is_left),
        cmocka_unit_test(recovers_slowly_and_not_beyond),
    };

    return fixture_run(tests);
}
