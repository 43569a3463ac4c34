/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <string.h>

#include "httpd/mistake.h"

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

static void test_list(void **state)
{
    mistakes_t *list = mistakes_make(*state);
    const mistake_t *mistake = NULL;

    assert_int_equal(list->all->nelts, 0);
    mistake_add(list, "a.conf:3", "%s: %d", "ACMEServer", 7);
    mistake_add(list, "a.conf:4", "another");
    assert_int_equal(list->all->nelts, 2);
    mistake = &APR_ARRAY_IDX(list->all, 0, mistake_t);
    assert_string_equal(mistake->where, "a.conf:3");
    assert_string_equal(mistake->text, "ACMEServer: 7");
}

static void test_the_same_twice(void **state)
{
    mistakes_t *list = mistakes_make(*state);

    mistake_add(list, "a.conf:3", "wrong");
    mistake_add(list, "a.conf:3", "wro%s", "ng");
    assert_int_equal(list->all->nelts, 1);
    mistake_add(list, "a.conf:4", "wrong");
    mistake_add(list, "a.conf:3", "wrong too");
    assert_int_equal(list->all->nelts, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_list),
                                        cmocka_unit_test(test_the_same_twice) };

    return cmocka_run_group_tests(tests, setup, teardown);
}
