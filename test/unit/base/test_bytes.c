/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "base/bytes.h"

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

static const struct {
    const char *bytes;
    const char *text;
} vectors[] = {
    /* RFC 4648, 10, without padding */
    { "", "" },
    { "f", "Zg" },
    { "fo", "Zm8" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg" },
    { "fooba", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff\xbf", "-_-_" },
};

static void encodes_and_decodes_the_vectors(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); ++i) {
        size_t len = strlen(vectors[i].bytes);
        bytes_t bytes;

        assert_string_equal(base64url_encode(*state, vectors[i].bytes, len), vectors[i].text);
        assert_int_equal(base64url_decode(*state, &bytes, vectors[i].text), APR_SUCCESS);
        assert_int_equal(bytes.len, len);
        assert_non_null(bytes.data);
        assert_memory_equal(bytes.data, vectors[i].bytes, len);
    }
}

static void decodes_what_it_encoded_at_any_length(void **state)
{
    unsigned char data[256];
    size_t len;

    for (len = 0; len < sizeof(data); ++len)
        data[len] = (unsigned char)(len * 151 + 7);
    for (len = 0; len <= sizeof(data); ++len) {
        const char *text = base64url_encode(*state, data, len);
        bytes_t bytes;

        assert_int_equal(strlen(text), (len * 4 + 2) / 3);
        assert_int_equal(base64url_decode(*state, &bytes, text), APR_SUCCESS);
        assert_int_equal(bytes.len, len);
        assert_memory_equal(bytes.data, data, len);
    }
}

static void refuses_what_is_not_base64url(void **state)
{
    static const char
        *const
            bad[] = {
                "Z",     "A",     "AAAAA",      "Zg==",  "Zg=",  "Zm9v=",
                " Zm9v", "Zm9v ", "Zm9v\n",     "Zm 9v", "Zm+v", "Zm/v",
                "Zm9v!", "Zm9vZ", "\xc3\xa4Zm", "Zm.v",  "Zh", /* left-over bits 0001 */
                "Zm9",                                         /* left-over bits 01 */
            };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        bytes_t bytes = { (const unsigned char *)"x", 1 };

        assert_int_equal(base64url_decode(*state, &bytes, bad[i]), APR_EINVAL);
        assert_null(bytes.data);
        assert_int_equal(bytes.len, 0);
    }
}

static void refuses_a_missing_text(void **state)
{
    bytes_t bytes;

    assert_int_equal(base64url_decode(*state, &bytes, NULL), APR_EINVAL);
    assert_null(bytes.data);
}

static void tells_a_token_from_anything_else(void **state)
{
    (void)state;
    assert_true(base64url_is_valid("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA", LIMIT_TOKEN));
    assert_true(base64url_is_valid("abcd", 4));
    assert_false(base64url_is_valid("abcde", 4));
    assert_false(base64url_is_valid("", 4));
    assert_false(base64url_is_valid(NULL, 4));
    assert_false(base64url_is_valid("../etc", LIMIT_TOKEN));
    assert_false(base64url_is_valid("abc=", LIMIT_TOKEN));
    assert_false(base64url_is_valid("a b", LIMIT_TOKEN));
    assert_false(base64url_is_valid("a\r\nb", LIMIT_TOKEN));
}

static void writes_hexadecimal_digits(void **state)
{
    assert_string_equal(hex_encode(*state, "\x00\x7f\x80\xff", 4), "007f80ff");
    assert_string_equal(hex_encode(*state, "", 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_and_decodes_the_vectors),
        cmocka_unit_test(decodes_what_it_encoded_at_any_length),
        cmocka_unit_test(refuses_what_is_not_base64url),
        cmocka_unit_test(refuses_a_missing_text),
        cmocka_unit_test(tells_a_token_from_anything_else),
        cmocka_unit_test(writes_hexadecimal_digits),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
