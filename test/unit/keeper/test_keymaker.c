/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "crypto/keypair.h"
#include "keeper/keymaker.h"

#define KEYS 40

typedef struct keys {
    loop_t *loop;
    keymaker_t *maker;
    loop_timer_t *timer;
    int want;
    int count;
    int ticks;
    EVP_PKEY *made[KEYS];
    void *batons[KEYS];
} keys_t;

typedef struct order {
    keys_t *keys;
    const char *type;
} order_t;

static void on_key(void *baton, EVP_PKEY *pkey)
{
    order_t *order = baton;
    keys_t *keys = order->keys;

    assert_true(keys->count < KEYS);
    keys->made[keys->count] = pkey;
    keys->batons[keys->count++] = order;
    if (keys->count == keys->want)
        loop_stop(keys->loop);
}

static void on_tick(void *baton)
{
    keys_t *keys = baton;

    ++keys->ticks;
    loop_timer_set(keys->timer, apr_time_now() + apr_time_from_msec(2));
}

static keys_t *keys_make(apr_pool_t *p, int want)
{
    keys_t *keys = apr_pcalloc(p, sizeof(*keys));

    keys->want = want;
    keys->loop = loop_make(p);
    keys->maker = keymaker_make(keys->loop, p);
    assert_non_null(keys->maker);
    return keys;
}

static void order(apr_pool_t *p, keys_t *keys, const char *type)
{
    order_t *one = apr_pcalloc(p, sizeof(*one));

    one->keys = keys;
    one->type = type;
    keymaker_start(keys->maker, type, on_key, one);
}

static void keys_free(keys_t *keys)
{
    int i;

    for (i = 0; i < keys->count; ++i)
        EVP_PKEY_free(keys->made[i]);
}

static void every_type_is_made(void **state)
{
    static const char *const types[] = { "p256", "p384", "rsa2048", "rsa3072" };
    keys_t *keys = keys_make(*state, 4);
    int i;

    for (i = 0; i < 4; ++i)
        order(*state, keys, types[i]);
    loop_run(keys->loop);
    assert_int_equal(4, keys->count);
    for (i = 0; i < 4; ++i)
        assert_string_equal(((order_t *)keys->batons[i])->type, keypair_type(keys->made[i]));
    keys_free(keys);
}

static void many_keys_are_all_different(void **state)
{
    keys_t *keys = keys_make(*state, KEYS);
    int i, j;

    for (i = 0; i < KEYS; ++i)
        order(*state, keys, "p256");
    loop_run(keys->loop);
    assert_int_equal(KEYS, keys->count);
    for (i = 0; i < KEYS; ++i) {
        for (j = 0; j < i; ++j) {
            assert_int_equal(0, EVP_PKEY_eq(keys->made[i], keys->made[j]));
            assert_ptr_not_equal(keys->batons[i], keys->batons[j]);
        }
    }
    keys_free(keys);
    ERR_clear_error();
}

/* The threads have ended meanwhile; others are started. */
static void it_works_again_after_a_rest(void **state)
{
    keys_t *keys = keys_make(*state, 1);

    order(*state, keys, "p256");
    loop_run(keys->loop);
    usleep(20000);
    keys->want = 2;
    order(*state, keys, "p256");
    loop_run(keys->loop);
    assert_int_equal(2, keys->count);
    keys_free(keys);
}

static void what_is_no_type_gives_no_key(void **state)
{
    keys_t *keys = keys_make(*state, 1);

    order(*state, keys, "rsa1");
    loop_run(keys->loop);
    assert_int_equal(1, keys->count);
    assert_null(keys->made[0]);
}

static void the_loop_turns_meanwhile(void **state)
{
    keys_t *keys = keys_make(*state, 2);

    keys->timer = loop_timer_make(keys->loop, on_tick, keys);
    loop_timer_set(keys->timer, 1);
    order(*state, keys, "rsa4096");
    order(*state, keys, "rsa4096");
    loop_run(keys->loop);
    assert_int_equal(2, keys->count);
    assert_true(keys->ticks > 3);
    keys_free(keys);
}

/* The pool ends before its keys are made: nothing is touched that is gone, nothing is leaked. */
static void its_end_does_not_wait_for_keys(void **state)
{
    apr_pool_t *pool = NULL;
    keys_t *keys;
    int i;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&pool, *state));
    keys = keys_make(pool, KEYS);
    for (i = 0; i < 6; ++i)
        order(pool, keys, "rsa2048");
    apr_pool_destroy(pool);
    sleep(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(every_type_is_made),          fixture_test(many_keys_are_all_different),
        fixture_test(it_works_again_after_a_rest), fixture_test(what_is_no_type_gives_no_key),
        fixture_test(the_loop_turns_meanwhile),    fixture_test(its_end_does_not_wait_for_keys),
    };

    /* On a slow machine a thread may still make its key when the tests have ended. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    return fixture_run(tests);
}
