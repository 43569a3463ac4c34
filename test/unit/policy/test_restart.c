/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/restart.h"

#define MINUTE apr_time_from_sec(60)
#define NOW apr_time_from_sec(1800000000)

static void tries_what_waits_for_somebody(void **state)
{
    static const struct {
        retry_class_t class;
        int tried; /* minutes ago; -1: unknown */
        int next;  /* in minutes, without a restart */
        int then;  /* with one */
    } rows[] = {
        { RETRY_CONFIGURATION, 300, 1140, 0 }, { RETRY_CONFIGURATION, 10, 1430, 0 },
        { RETRY_CONFIGURATION, 4, 1436, 6 },   { RETRY_CONFIGURATION, 0, 1440, 10 },
        { RETRY_CONFIGURATION, -1, 900, 0 },   { RETRY_CONFIGURATION, 4, 2, 2 },
        { RETRY_VALIDATION, 60, 60, 0 },       { RETRY_VALIDATION, 12, 60, 8 },
        { RETRY_VALIDATION, 0, 1, 1 },         { RETRY_TRANSIENT, 300, 60, 60 },
        { RETRY_TRANSIENT, -1, 5, 5 },         { RETRY_LIMITED, 300, 5000, 5000 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        apr_time_t tried = rows[i].tried < 0 ? 0 : NOW - rows[i].tried * MINUTE;

        assert_int_equal(restart_next(NOW, rows[i].class, tried, NOW + rows[i].next * MINUTE),
                         NOW + rows[i].then * MINUTE);
    }
}

/* However often httpd is restarted, the tries have their distance. */
static void is_not_hurried_by_many_restarts(void **state)
{
    apr_time_t tried = NOW, next = NOW + 1440 * MINUTE, now;
    int tries = 0;

    (void)state;
    for (now = NOW; now < NOW + 60 * MINUTE; now += MINUTE / 2) {
        next = restart_next(now, RETRY_CONFIGURATION, tried, next);
        if (next <= now) {
            ++tries;
            tried = now;
            next = now + 1440 * MINUTE;
        }
    }
    assert_int_equal(tries, 5);
}

/* Five failed validations of a name in an hour are the limit of a CA: the tries of their own and those
 * after restarts together keep it, whenever httpd is restarted. */
static void keeps_the_limit_of_failed_validations(void **state)
{
    apr_time_t tries[200], tried = NOW, next, now;
    int count = 1, i;

    (void)state;
    tries[0] = NOW;
    next = retry_at(NOW, 0, RETRY_VALIDATION, 1, NULL);
    for (now = NOW; now < NOW + 300 * MINUTE; now += MINUTE / 4) {
        next = restart_next(now, RETRY_VALIDATION, tried, next);
        if (next <= now) {
            tried = tries[count++] = now;
            next = retry_at(now, 0, RETRY_VALIDATION, count, NULL);
        }
    }
    assert_true(count > 10);
    for (i = 5; i < count; ++i)
        assert_true(tries[i] - tries[i - 5] > 60 * MINUTE);
}

static void does_not_believe_a_try_of_the_future(void **state)
{
    (void)state;
    assert_int_equal(restart_next(NOW, RETRY_CONFIGURATION, NOW + 9999 * MINUTE, NOW + 60 * MINUTE),
                     NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_what_waits_for_somebody),
        cmocka_unit_test(is_not_hurried_by_many_restarts),
        cmocka_unit_test(keeps_the_limit_of_failed_validations),
        cmocka_unit_test(does_not_believe_a_try_of_the_future),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
