/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/chain.h"
#include "httpd/fallback.h"

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

static apr_array_header_t *names_of(apr_pool_t *p, const char *name)
{
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = name;
    return names;
}

static void assert_usable(apr_pool_t *p, const char *chain_path, const char *key_path,
                          const apr_array_header_t *names)
{
    const chain_facts_t *facts = NULL;
    eab_result_t *result = eab_result_make(p);

    assert_int_equal(
        chain_check_files(&facts, chain_path, key_path, names, NULL, apr_time_now(), result, p),
        APR_SUCCESS);
}

static void test_pairs_share_one_key(void **state)
{
    apr_pool_t *p = *state;
    fallback_t *fallback = fallback_make(p);
    const char *chain[2] = { NULL, NULL }, *key[2] = { NULL, NULL };

    assert_non_null(fallback);
    assert_int_equal(
        fallback_certificate(fallback, "p256", names_of(p, "a.example"), &chain[0], &key[0]), 0);
    assert_int_equal(
        fallback_certificate(fallback, "p256", names_of(p, "b.example"), &chain[1], &key[1]), 0);
    assert_string_equal(key[0], key[1]);
    assert_string_not_equal(chain[0], chain[1]);
    assert_usable(p, chain[0], key[0], names_of(p, "a.example"));
    assert_usable(p, chain[1], key[1], names_of(p, "b.example"));
    assert_int_equal(strncmp(chain[0], "/proc/self/fd/", 14), 0);
    fallback_close(fallback);
    assert_int_not_equal(access(chain[0], F_OK), 0);
    assert_int_not_equal(access(key[0], F_OK), 0);
    fallback_close(fallback);
    fallback_close(NULL);
    assert_int_not_equal(
        fallback_certificate(fallback, "p256", names_of(p, "c.example"), &chain[0], &key[0]),
        APR_SUCCESS);
}

/* Where no ECDSA cipher is allowed, or a higher level. */
static void test_other_types_have_a_key_of_their_own(void **state)
{
    apr_pool_t *p = *state;
    fallback_t *fallback = fallback_make(p);
    const char *chain[3] = { NULL, NULL, NULL }, *key[3] = { NULL, NULL, NULL };
    const chain_facts_t *facts = NULL;

    assert_int_equal(
        fallback_certificate(fallback, "rsa2048", names_of(p, "a.example"), &chain[0], &key[0]), 0);
    assert_int_equal(
        fallback_certificate(fallback, "p256", names_of(p, "a.example"), &chain[1], &key[1]), 0);
    assert_int_equal(
        fallback_certificate(fallback, "rsa2048", names_of(p, "b.example"), &chain[2], &key[2]), 0);
    assert_string_equal(key[0], key[2]);
    assert_string_not_equal(key[0], key[1]);
    assert_int_equal(chain_check_files(&facts, chain[0], key[0], names_of(p, "a.example"), NULL,
                                       apr_time_now(), eab_result_make(p), p),
                     APR_SUCCESS);
    assert_string_equal(facts->key_type, "rsa2048");
    assert_int_not_equal(
        fallback_certificate(fallback, "dsa", names_of(p, "a.example"), &chain[0], &key[0]), 0);
    fallback_close(fallback);
}

static void test_many_spare_the_descriptors(void **state)
{
    apr_pool_t *p = *state;
    fallback_t *fallback = fallback_make(p);
    const char *chain = NULL, *key = NULL;
    int i = 0;

    for (i = 0; i < 210; ++i)
        assert_int_equal(
            fallback_certificate(fallback, "p256", names_of(p, "a.example"), &chain, &key), 0);
    assert_int_equal(strncmp(chain, "/tmp/", 5), 0);
    assert_usable(p, chain, key, names_of(p, "a.example"));
    fallback_close(fallback);
    assert_int_not_equal(access(chain, F_OK), 0);
    *strrchr(chain, '/') = '\0';
    assert_int_not_equal(access(chain, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_share_one_key),
        cmocka_unit_test(test_other_types_have_a_key_of_their_own),
        cmocka_unit_test(test_many_spare_the_descriptors),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
