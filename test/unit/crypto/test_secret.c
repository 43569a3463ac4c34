/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/file.h"
#include "crypto/secret.h"

static void make_gives_zeroed_bytes(void **state)
{
    static const unsigned char zeros[40];
    secret_t *secret = secret_make(*state, sizeof(zeros));

    assert_int_equal(sizeof(zeros), secret->len);
    assert_memory_equal(zeros, secret->data, sizeof(zeros));
}

static void empty_secret_has_memory(void **state)
{
    secret_t *secret = secret_make(*state, 0);

    assert_int_equal(0, secret->len);
    assert_non_null(secret->data);
}

static void secure_heap_is_used_when_set_up(void **state)
{
    secret_t *before = secret_make(*state, 8);
    secret_t *after = NULL;

    assert_false(CRYPTO_secure_allocated(before->data));
    secret_init();
    secret_init();
    after = secret_make(*state, 8);
    assert_true(CRYPTO_secure_allocated(after->data));
    secret_cleanse(before);
    secret_cleanse(after);
    assert_int_equal(0, CRYPTO_secure_used());
}

static void full_secure_heap_is_no_failure(void **state)
{
    secret_t *secret = NULL;

    secret_init();
    secret = secret_make(*state, 16 * 1024 * 1024);
    assert_non_null(secret);
    assert_false(CRYPTO_secure_allocated(secret->data));
    assert_int_equal(0, ERR_peek_error());
}

static void cleanse_twice_and_null(void **state)
{
    secret_t *secret = secret_make(*state, 8);

    secret_cleanse(NULL);
    secret_cleanse(secret);
    assert_null(secret->data);
    assert_int_equal(0, secret->len);
    secret_cleanse(secret);
}

/* The heap fills what it frees with zeros, so what was there can be looked at. */
static void pool_end_wipes(void **state)
{
    static const unsigned char zeros[64];
    apr_pool_t *child = NULL;
    secret_t *secret = NULL;
    const unsigned char *data = NULL;

    secret_init();
    assert_int_equal(APR_SUCCESS, apr_pool_create(&child, *state));
    secret = secret_make(child, sizeof(zeros));
    data = secret->data;
    memset(secret->data, 0xa5, secret->len);
    apr_pool_destroy(child);
    assert_int_equal(0, CRYPTO_secure_used());
    assert_memory_equal(zeros + 32, data + 32, 32); /* the heap links free chunks at their start */
}

static void read_file_up_to_max(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *path = apr_pstrcat(p, dir, "/key", NULL);
    secret_t *secret = NULL;

    fixture_write(path, "0123456789", 10);
    assert_int_equal(APR_SUCCESS, secret_read_file(&secret, path, 10, p));
    assert_int_equal(10, secret->len);
    assert_memory_equal("0123456789", secret->data, 10);
    assert_int_equal(EFBIG, secret_read_file(&secret, path, 9, p));
    assert_null(secret);
    fixture_write(path, "", 0);
    assert_int_equal(APR_SUCCESS, secret_read_file(&secret, path, 9, p));
    assert_int_equal(0, secret->len);
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void read_leaves_one_copy(void **state)
{
    secret_t *secret = NULL;
    int ends[2];

    secret_init();
    assert_int_equal(0, pipe(ends));
    assert_int_equal(3, write(ends[1], "abc", 3));
    close(ends[1]);
    assert_int_equal(APR_SUCCESS, secret_read_fd(&secret, ends[0], 1000, *state));
    assert_int_equal(3, secret->len);
    assert_memory_equal("abc", secret->data, 3);
    assert_int_equal(32, CRYPTO_secure_used()); /* one chunk: the buffer of 1,001 bytes is gone */
    close(ends[0]);
}

static void read_failures(void **state)
{
    apr_pool_t *p = *state;
    secret_t *secret = NULL;

    assert_int_equal(ENOENT, secret_read_file(&secret, "/nonexistent/key", 10, p));
    assert_int_equal(APR_EINVAL, secret_read_file(&secret, "/", 10, p));
    assert_int_equal(APR_EINVAL, secret_read_file(&secret, "/dev/zero", 10, p));
    assert_int_equal(EBADF, secret_read_fd(&secret, -1, 10, p));
    assert_null(secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(make_gives_zeroed_bytes),
        fixture_test(empty_secret_has_memory),
        fixture_test(secure_heap_is_used_when_set_up),
        fixture_test(full_secure_heap_is_no_failure),
        fixture_test(cleanse_twice_and_null),
        fixture_test(pool_end_wipes),
        fixture_test(read_file_up_to_max),
        fixture_test(read_leaves_one_copy),
        fixture_test(read_failures),
    };

    return fixture_run(tests);
}
