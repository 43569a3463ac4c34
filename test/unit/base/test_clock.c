/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <string.h>

#include "base/clock.h"

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

#define NOV_21_2205 APR_INT64_C(1795298700) /* 2026-11-21T22:05:00Z */
#define YEAR (APR_INT64_C(365) * 86400)

static void formats_in_utc(void **state)
{
    assert_string_equal(clock_format(*state, 0), "1970-01-01T00:00:00Z");
    assert_string_equal(clock_format(*state, apr_time_from_sec(NOV_21_2205) + 999999),
                        "2026-11-21T22:05:00Z");
}

static void prints_without_a_pool(void **state)
{
    char text[CLOCK_TEXT_SIZE];

    (void)state;
    clock_print(text, apr_time_from_sec(951782400));
    assert_string_equal(text, "2000-02-29T00:00:00Z");
}

static void parses_rfc_3339(void **state)
{
    static const struct {
        const char *text;
        apr_int64_t seconds;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-11-21T22:05:00Z", NOV_21_2205 },
        { "2026-11-21t22:05:00z", NOV_21_2205 },
        { "2026-11-21T22:05:00.1Z", NOV_21_2205 },
        { "2026-11-21T22:05:00.123456789123Z", NOV_21_2205 },
        { "2026-11-21T23:05:00+01:00", NOV_21_2205 },
        { "2026-11-22T03:35:00.5+05:30", NOV_21_2205 },
        { "2026-11-21T14:05:00-08:00", NOV_21_2205 },
        { "2026-11-21T22:05:00-00:00", NOV_21_2205 },
        { "2000-02-29T00:00:00Z", 951782400 },
        { "2016-12-31T23:59:60Z", 1483228800 },
        { "2016-12-31T18:59:60-05:00", 1483228800 },
        { "9999-12-31T23:59:59Z", APR_INT64_C(253402300799) },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
        apr_time_t time = -1;

        assert_int_equal(clock_parse(&time, good[i].text), APR_SUCCESS);
        assert_int_equal(time, apr_time_from_sec(good[i].seconds));
    }
}

static void refuses_what_is_not_rfc_3339(void **state)
{
    static const char *const bad[] = {
        "",
        "now",
        "2026-11-21",
        "2026-11-21T22:05:00",
        "2026-11-21 22:05:00Z",
        "2026-11-21T22:05Z",
        "2026-11-21T22:05:00Z ",
        " 2026-11-21T22:05:00Z",
        "2026-11-21T22:05:00.Z",
        "2026-11-21T22:05:00,5Z",
        "2026-11-21T22:05:00+0100",
        "2026-11-21T22:05:00+24:00",
        "2026-11-21T22:05:00+01:60",
        "2026-11-21T22:05:00+1:00",
        "2026-00-21T22:05:00Z",
        "2026-13-21T22:05:00Z",
        "2026-11-00T22:05:00Z",
        "2026-11-31T22:05:00Z",
        "2026-02-29T22:05:00Z",
        "2100-02-29T22:05:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T22:60:00Z",
        "2026-11-21T22:05:61Z",
        "2026-11-21T22:05:60Z",
        "2026-11-21T23:59:60+01:00",
        "26-11-21T22:05:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z",
        "+2026-11-21T22:05:00Z",
        "2026-1a-21T22:05:00Z",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        apr_time_t time = -1;

        assert_int_equal(clock_parse(&time, bad[i]), APR_EINVAL);
        assert_int_equal(time, 0);
    }
}

static void refuses_a_missing_time(void **state)
{
    apr_time_t time = -1;

    (void)state;
    assert_int_equal(clock_parse(&time, NULL), APR_EINVAL);
    assert_int_equal(time, 0);
}

static void parses_what_it_formatted(void **state)
{
    apr_int64_t seconds;

    for (seconds = 0; seconds < APR_INT64_C(253402300799); seconds += APR_INT64_C(123456789)) {
        apr_time_t time = 0;

        assert_int_equal(clock_parse(&time, clock_format(*state, apr_time_from_sec(seconds))),
                         APR_SUCCESS);
        assert_int_equal(time, apr_time_from_sec(seconds));
    }
}

static void reads_retry_after_in_seconds(void **state)
{
    apr_time_t now = apr_time_from_sec(NOV_21_2205);

    (void)state;
    assert_int_equal(clock_retry_after("120", NULL, now), 120);
    assert_int_equal(clock_retry_after(" 120 \t", NULL, now), 120);
    assert_int_equal(clock_retry_after("0", NULL, now), 0);
    assert_int_equal(clock_retry_after("86400", "garbage", now), 86400);
    assert_int_equal(clock_retry_after("31536001", NULL, now), YEAR);
    assert_int_equal(clock_retry_after("99999999999999999999999999", NULL, now), YEAR);
}

static void reads_retry_after_as_a_date(void **state)
{
    static const char *const ten_minutes_later[] = {
        "Sat, 21 Nov 2026 22:15:00 GMT",
        "Saturday, 21-Nov-26 22:15:00 GMT",
        "Sat Nov 21 22:15:00 2026",
    };
    apr_time_t now = apr_time_from_sec(NOV_21_2205);
    size_t i;

    (void)state;
    for (i = 0; i < 3; ++i) {
        assert_int_equal(clock_retry_after(ten_minutes_later[i], NULL, now), 600);
        assert_int_equal(clock_retry_after(ten_minutes_later[i], "not a date", now), 600);
        /* The CA's own clock counts, and ours does not. */
        assert_int_equal(clock_retry_after(ten_minutes_later[i], "Sat, 21 Nov 2026 22:14:00 GMT",
                                           now - apr_time_from_sec(7200)),
                         60);
    }
    assert_int_equal(clock_retry_after("Sat, 21 Nov 2026 22:04:59 GMT", NULL, now), 0);
    assert_int_equal(clock_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", NULL, now), YEAR);
}

static void ignores_retry_after_that_is_neither(void **state)
{
    static const char *const bad[] = { "",
                                       " ",
                                       "-1",
                                       "+5",
                                       "1.5",
                                       "12x",
                                       "0x10",
                                       "soon",
                                       "Sat, 31 Feb 2026 22:15:00 GMT",
                                       "2026-11-21T22:15:00Z" };
    size_t i;

    (void)state;
    assert_int_equal(clock_retry_after(NULL, NULL, 0), -1);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i)
        assert_int_equal(clock_retry_after(bad[i], NULL, apr_time_from_sec(NOV_21_2205)), -1);
}

static void tells_spans_to_people(void **state)
{
    static const struct {
        apr_int64_t seconds;
        const char *text;
    } spans[] = {
        { -5, "0 seconds" },       { 0, "0 seconds" },        { 1, "1 second" },
        { 45, "45 seconds" },      { 119, "119 seconds" },    { 120, "2 minutes" },
        { 720, "12 minutes" },     { 7169, "119 minutes" },   { 7200, "2 hours" },
        { 3 * 3600, "3 hours" },   { 47 * 3600, "47 hours" }, { 48 * 3600, "2 days" },
        { 66 * 86400, "66 days" },
    };
    size_t i;

    for (i = 0; i < sizeof(spans) / sizeof(spans[0]); ++i)
        assert_string_equal(clock_span(*state, apr_time_from_sec(spans[i].seconds)), spans[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_in_utc),
        cmocka_unit_test(prints_without_a_pool),
        cmocka_unit_test(parses_rfc_3339),
        cmocka_unit_test(refuses_what_is_not_rfc_3339),
        cmocka_unit_test(refuses_a_missing_time),
        cmocka_unit_test(parses_what_it_formatted),
        cmocka_unit_test(reads_retry_after_in_seconds),
        cmocka_unit_test(reads_retry_after_as_a_date),
        cmocka_unit_test(ignores_retry_after_that_is_neither),
        cmocka_unit_test(tells_spans_to_people),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
