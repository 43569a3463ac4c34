/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/bytes.h"
#include "crypto/eabkey.h"

#define KEY48 "HjudV5qnbreN-n9WyFSH-t4HXuEx_XFen45zuxY-G1h6fr74V3cUM_dVlwQZBWmc"
#define KEY48_STANDARD "HjudV5qnbreN+n9WyFSH+t4HXuEx/XFen45zuxY+G1h6fr74V3cUM/dVlwQZBWmc"
#define KEY48_HEX \
    "1e3b9d579aa76eb78dfa7f56c85487fade075ee131fd715e9f8e73bb163e1b587a7ebef857771433f755970419" \
    "05699c"
#define KEY32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static apr_status_t decode(apr_pool_t *p, secret_t **pkey, const char *text, int bits,
                           const char **pwhy)
{
    secret_t *secret = secret_make(p, strlen(text));

    memcpy(secret->data, text, strlen(text));
    *pwhy = "untouched";
    return eabkey_decode(pkey, secret, bits, pwhy, p);
}

static void expect_key(apr_pool_t *p, const char *text, const char *hex)
{
    secret_t *key = NULL;
    const char *why = NULL;

    assert_int_equal(APR_SUCCESS, decode(p, &key, text, 256, &why));
    assert_null(why);
    assert_string_equal(hex, hex_encode(p, key->data, key->len));
}

static void expect_refusal(apr_pool_t *p, const char *text, int bits, const char *words)
{
    secret_t *key = NULL;
    const char *why = NULL;

    assert_int_equal(APR_EINVAL, decode(p, &key, text, bits, &why));
    assert_null(key);
    assert_non_null(strstr(why, words));
    if (strlen(text) > 20)
        assert_null(strstr(why, apr_pstrndup(p, text, 8)));
}

static void both_alphabets(void **state)
{
    expect_key(*state, KEY48, KEY48_HEX);
    expect_key(*state, KEY48_STANDARD, KEY48_HEX);
}

static void padding_is_optional(void **state)
{
    const char *hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    expect_key(*state, KEY32, hex);
    expect_key(*state, KEY32 "=", hex);
    expect_key(*state, KEY32 "=\n", hex);
    expect_key(*state, " \t" KEY32 "\r\n\n", hex);
    expect_key(*state, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8ggA==",
               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2080");
}

static void wrong_padding(void **state)
{
    expect_refusal(*state, KEY32 "==", 256, "length");
    expect_refusal(*state, KEY48 "=", 256, "length");
    expect_refusal(*state, KEY48 "====", 256, "length");
    expect_refusal(*state, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX=GBkaGxwdHh8", 256, "not base64");
}

static void refusals(void **state)
{
    expect_refusal(*state, "", 256, "is empty");
    expect_refusal(*state, " \n\t", 256, "is empty");
    expect_refusal(*state, "====", 256, "is empty");
    expect_refusal(*state, "HjudV5qnbreN-n9WyFSH+t4HXuEx_XFen45zuxY-G1h6", 256, "mixed base64");
    expect_refusal(*state, "HjudV5qnbreN-n9WyFSH/t4HXuEx-XFen45zuxY-G1h6", 256, "mixed base64");
    expect_refusal(*state, KEY48 "A", 256, "length");
    expect_refusal(*state, "HjudV5qnbreN-n9WyFSH t4HXuEx_XFen45zuxY-G1h6", 256, "not base64");
    expect_refusal(*state, "HjudV5qnbreN-n9WyFSH\nt4HXuEx_XFen45zuxY-G1h6", 256, "not base64");
    expect_refusal(*state, "HjudV5qnbreN-n9WyFSH.t4HXuEx_XFen45zuxY-G1h6", 256, "not base64");
    expect_refusal(*state, "\xef\xbb\xbf" KEY48, 256, "not base64");
}

static void embedded_nul_is_refused(void **state)
{
    secret_t *text = secret_make(*state, strlen(KEY48) + 2);
    secret_t *key = NULL;
    const char *why = NULL;

    memcpy(text->data, KEY48, strlen(KEY48));
    assert_int_equal(APR_EINVAL, eabkey_decode(&key, text, 256, &why, *state));
    assert_null(key);
}

static void trailing_bits_are_refused(void **state)
{
    expect_refusal(*state, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", 256, "damaged");
    expect_refusal(*state, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIR", 256, "damaged");
}

static void length_fits_the_hash(void **state)
{
    secret_t *key = NULL;
    const char *why = NULL;

    expect_refusal(*state, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg", 256, "31 bytes");
    expect_refusal(*state, KEY32, 384, "HS384 needs 48");
    expect_refusal(*state, KEY48, 512, "HS512 needs 64");
    assert_int_equal(APR_SUCCESS, decode(*state, &key, KEY48, 384, &why));
    assert_int_equal(48, key->len);
}

static void hexadecimal_is_taken_with_a_warning(void **state)
{
    secret_t *key = NULL;
    const char *why = NULL;

    assert_int_equal(APR_SUCCESS,
                     decode(*state, &key,
                            "1e3b9d579aa76eb78dfa7f56c85487fade075ee131fd715e9f8e73bb163e1b58", 256,
                            &why));
    assert_int_equal(48, key->len);
    assert_non_null(strstr(why, "looks like hexadecimal"));
}

/* KEY48 in base64 once more: 64 characters of text as the key. */
static void encoded_twice_is_taken_with_a_warning(void **state)
{
    secret_t *key = NULL;
    const char *why = NULL;
    const char *twice = base64url_encode(*state, KEY48, strlen(KEY48));

    assert_int_equal(APR_SUCCESS, decode(*state, &key, twice, 256, &why));
    assert_int_equal(64, key->len);
    assert_memory_equal(KEY48, key->data, 64);
    assert_non_null(strstr(why, "encoded twice"));
    twice = base64url_encode(*state, KEY32 "=\n", strlen(KEY32 "=\n"));
    assert_int_equal(APR_SUCCESS, decode(*state, &key, twice, 256, &why));
    assert_non_null(strstr(why, "encoded twice"));
}

static void text_is_not_changed(void **state)
{
    secret_t *text = secret_make(*state, strlen(KEY48 "\n"));
    secret_t *key = NULL;
    const char *why = NULL;

    memcpy(text->data, KEY48 "\n", text->len);
    assert_int_equal(APR_SUCCESS, eabkey_decode(&key, text, 256, &why, *state));
    assert_memory_equal(KEY48 "\n", text->data, text->len);
}

static void keys_in_a_directive(void **state)
{
    (void)state;
    assert_true(eabkey_looks_like_key(KEY48));
    assert_true(eabkey_looks_like_key(KEY48_STANDARD));
    assert_true(eabkey_looks_like_key(KEY32 "="));
    assert_false(eabkey_looks_like_key("file:/etc/apache2/acme/eab.key"));
    assert_false(eabkey_looks_like_key("exec:/usr/local/bin/print-the-key"));
    assert_false(eabkey_looks_like_key("credential:acme-eab-key-of-the-campus"));
    assert_false(eabkey_looks_like_key("/etc/apache2/acme/eab.key"));
    assert_false(eabkey_looks_like_key("secret"));
    assert_false(eabkey_looks_like_key(""));
    assert_false(eabkey_looks_like_key(NULL));
}

static void algorithms(void **state)
{
    (void)state;
    assert_int_equal(256, eabkey_bits("HS256"));
    assert_int_equal(384, eabkey_bits("HS384"));
    assert_int_equal(512, eabkey_bits("HS512"));
    assert_int_equal(0, eabkey_bits("hs256"));
    assert_int_equal(0, eabkey_bits("ES256"));
    assert_int_equal(0, eabkey_bits("none"));
    assert_int_equal(0, eabkey_bits(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(both_alphabets),
        fixture_test(padding_is_optional),
        fixture_test(wrong_padding),
        fixture_test(refusals),
        fixture_test(embedded_nul_is_refused),
        fixture_test(trailing_bits_are_refused),
        fixture_test(length_fits_the_hash),
        fixture_test(hexadecimal_is_taken_with_a_warning),
        fixture_test(encoded_twice_is_taken_with_a_warning),
        fixture_test(text_is_not_changed),
        fixture_test(keys_in_a_directive),
        fixture_test(algorithms),
    };

    return fixture_run(tests);
}
