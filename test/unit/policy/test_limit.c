/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "policy/limit.h"

static apr_int64_t wait_of(const char *detail)
{
    eab_result_t problem = { 0 };
    apr_time_t now = 0;

    problem.detail = detail;
    assert_int_equal(clock_parse(&now, "2026-11-30T10:00:00Z"), APR_SUCCESS);
    return limit_read(&problem, now);
}

#define DAY 86400
#define HOUR 3600

static void reads_what_cas_say(void **state)
{
    static const struct {
        const char *detail;
        apr_int64_t seconds;
    } rows[] = {
        { "too many certificates already issued, retry after 2026-12-01 10:00:00 UTC: see "
          "https://x",
          DAY + 1 },
        { "too many certificates (5) already issued for this exact set of identifiers in the last "
          "168h0m0s, retry after 2026-12-02 10:00:00 UTC",
          2 * DAY + 1 },
        { "Retry after 2026-12-01T10:00:00Z.", DAY + 1 },
        { "Blocked until 2026-12-01T10:00:00.123+01:00", DAY - HOUR + 1 },
        { "Blocked until 2026-12-01 10:00:00 +0100", DAY - HOUR + 1 },
        { "please try again after Tue, 01 Dec 2026 10:00:00 GMT", DAY },
        { "Limit reached, try again in 3h20m", 3 * HOUR + 1200 },
        { "Limit reached. Retry in 90 seconds.", 90 },
        { "Please wait 2 hours and 5 minutes and retry", 2 * HOUR + 300 },
        { "try again in 2 days", 2 * DAY },
        { "retry in 1h0m0s", HOUR },
        { "retry after 59m59.5s", 59 * 60 + 59 },
        { "try again in 1 week", 7 * DAY },
        { "retry in 400 days", 31 * DAY },
        { "retry after 2036-12-01 10:00:00 UTC", 31 * DAY },
        /* of the past, of something else, or nothing */
        { "retry after 2026-11-29 10:00:00 UTC", -1 },
        { "The contract ends 2026-12-24 10:00:00 UTC", -1 },
        { "50 certificates in 7 days", -1 },
        { "too many requests", -1 },
        { "", -1 },
        { NULL, -1 },
        { "retry after 2026-13-01 10:00:00 UTC", -1 },
        { "retry in 99999999999999999999 hours", 31 * DAY },
        { "retry in 5 apples", -1 },
        { "retry in 5 must", -1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        if (wait_of(rows[i].detail) != rows[i].seconds)
            fail_msg("%s: %ld", rows[i].detail, (long)wait_of(rows[i].detail));
    }
}

static void takes_the_last_of_several(void **state)
{
    eab_result_t problem = { 0 };
    apr_time_t now = 0;
    apr_pool_t *p = *state;
    const char *text = "[{\"detail\":\"retry in 2 hours\"},{\"detail\":\"retry in 5 hours\"},{},7]";

    problem.detail = "retry in 1 hour";
    problem.subproblems = json_parse(p, text, strlen(text), NULL);
    assert_int_equal(clock_parse(&now, "2026-11-30T10:00:00Z"), APR_SUCCESS);
    assert_int_equal(limit_read(&problem, now), 5 * HOUR);
}

static int setup(void **state)
{
    apr_pool_t *p = NULL;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_cas_say),
        cmocka_unit_test(takes_the_last_of_several),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
