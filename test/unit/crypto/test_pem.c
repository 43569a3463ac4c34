/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/err.h>

#include "crypto/pem.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"
#define BLOCK BEGIN "\nAQID\n" END "\n" /* 1, 2, 3 */

static void expect_blocks(apr_pool_t *p, const char *text, int count)
{
    apr_array_header_t *ders = NULL;
    const char *why = "untouched";
    int i;

    assert_int_equal(APR_SUCCESS, pem_split(&ders, text, strlen(text), 10, &why, p));
    assert_null(why);
    assert_int_equal(count, ders->nelts);
    for (i = 0; i < count; i++) {
        assert_int_equal(3, APR_ARRAY_IDX(ders, i, bytes_t).len);
        assert_memory_equal("\1\2\3", APR_ARRAY_IDX(ders, i, bytes_t).data, 3);
    }
}

static void expect_refusal_as(apr_pool_t *p, apr_status_t rv, const char *text, const char *words)
{
    apr_array_header_t *ders = NULL;
    const char *why = NULL;

    assert_int_equal(rv, pem_split(&ders, text, strlen(text), 10, &why, p));
    assert_null(ders);
    assert_string_equal(words, why);
    assert_int_equal(0, ERR_peek_error());
}

static void expect_refusal(apr_pool_t *p, const char *text, const char *words)
{
    expect_refusal_as(p, APR_EINVAL, text, words);
}

static void forms_that_are_accepted(void **state)
{
    expect_blocks(*state, BLOCK, 1);
    expect_blocks(*state, BLOCK BLOCK BLOCK, 3);
    expect_blocks(*state, BLOCK "\n" BLOCK, 2);
    expect_blocks(*state, BEGIN "\r\nAQID\r\n" END "\r\n" BEGIN "\r\nAQID\r\n" END, 2);
    expect_blocks(*state, "\n \t" BEGIN "  \nAQ\nID\n\n" END "   \n\n\n", 1);
    expect_blocks(*state, BEGIN "\nAQID" END, 1);
}

/* RFC 8555, 11.4. */
static void foreign_blocks_are_refused(void **state)
{
    static const char *const texts[] = {
        BLOCK "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n",
        "-----BEGIN X509 CRL-----\nAQID\n-----END X509 CRL-----\n" BLOCK,
        "-----BEGIN TRUSTED CERTIFICATE-----\nAQID\n" END "\n",
        "-----BEGIN X509 CERTIFICATE-----\nAQID\n" END "\n",
        "a text\n-----BEGIN PRIVATE KEY-----\nAQID\n" BLOCK,
        BLOCK "-----BEGIN PRIVATE KEY-----",
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refusal_as(*state, APR_EACCES, texts[i], "holds a PEM block other than CERTIFICATE");
}

/* RFC 7468, 2. */
static void text_outside_is_skipped(void **state)
{
    expect_blocks(*state, "subject=CN=a\n" BLOCK, 1);
    expect_blocks(*state, "\xef\xbb\xbf" BLOCK, 1);
    expect_blocks(*state, "\xff\xfe odd bytes\n" BLOCK, 1);
    expect_blocks(*state, BLOCK "subject=CN=a\n" BLOCK, 2);
    expect_blocks(*state, BLOCK "<script>", 1);
    expect_blocks(*state, BEGIN "\nAQID\n" END "x\n", 1);
    expect_blocks(*state, BEGIN "\nAQID\n" END BLOCK, 2);
    expect_refusal(*state, "<html>Error</html>", "holds no certificate");
}

static void nul_outside_is_skipped(void **state)
{
    static const char text[] = BLOCK "\0" BLOCK;
    apr_array_header_t *ders = NULL;
    const char *why = NULL;

    assert_int_equal(APR_SUCCESS, pem_split(&ders, text, sizeof(text) - 1, 10, &why, *state));
    assert_int_equal(2, ders->nelts);
}

/* Wherever it was cut, it is damaged, never taken for something else. */
static void what_was_cut_is_damaged(void **state)
{
    const char *whole = BLOCK BLOCK;
    apr_size_t len;

    for (len = strlen(BLOCK) + 1; len < strlen(whole) - 1; len++) {
        apr_array_header_t *ders = NULL;
        const char *why = NULL;

        assert_int_equal(APR_EINVAL, pem_split(&ders, whole, len, 10, &why, *state));
    }
}

static void damaged_blocks_are_refused(void **state)
{
    const char *not_base64 = "holds a certificate that is not base64";

    expect_refusal(*state, BEGIN "\nAQI", "ends within a certificate");
    expect_refusal(*state, BEGIN, "ends within a certificate");
    expect_refusal(*state, BEGIN "AQID\n" END "\n", "holds a damaged BEGIN line");
    expect_refusal(*state, BEGIN "\nAQI\n" END "\n", not_base64);
    expect_refusal(*state, BEGIN "\n\n" END "\n", not_base64);
    expect_refusal(*state, BEGIN "\nA=ID\n" END "\n", not_base64);
    expect_refusal(*state, BEGIN "\nAQI=AQID\n" END "\n", not_base64);
    expect_refusal(*state, BEGIN "\nProc-Type: 4,ENCRYPTED\n\nAQID\n" END "\n", not_base64);
    expect_refusal(*state, BEGIN "\nAQID\n-----END X509 CRL-----\n", not_base64);
    expect_refusal(*state, BEGIN "\nAQID\n" BEGIN "\nAQID\n" END "\n", not_base64);
}

static void nothing_is_refused(void **state)
{
    expect_refusal(*state, "", "holds no certificate");
    expect_refusal(*state, " \r\n", "holds no certificate");
}

static void limits(void **state)
{
    apr_array_header_t *ders = NULL;
    const char *why = NULL;
    char *text = NULL;

    assert_int_equal(APR_SUCCESS,
                     pem_split(&ders, BLOCK BLOCK, strlen(BLOCK BLOCK), 2, &why, *state));
    assert_int_equal(APR_EINVAL, pem_split(&ders, BLOCK BLOCK BLOCK, strlen(BLOCK BLOCK BLOCK), 2,
                                           &why, *state));
    assert_string_equal("holds too many certificates", why);
    text = apr_palloc(*state, LIMIT_CHAIN + 1);
    memset(text, ' ', LIMIT_CHAIN + 1);
    memcpy(text, BLOCK, strlen(BLOCK));
    assert_int_equal(APR_SUCCESS, pem_split(&ders, text, LIMIT_CHAIN, 2, &why, *state));
    assert_int_equal(APR_EINVAL, pem_split(&ders, text, LIMIT_CHAIN + 1, 2, &why, *state));
    assert_string_equal("is too long", why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(forms_that_are_accepted), fixture_test(foreign_blocks_are_refused),
        fixture_test(text_outside_is_skipped), fixture_test(nul_outside_is_skipped),
        fixture_test(what_was_cut_is_damaged), fixture_test(damaged_blocks_are_refused),
        fixture_test(nothing_is_refused),      fixture_test(limits),
    };

    return fixture_run(tests);
}
