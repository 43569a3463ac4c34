/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypto/san.h"
#include "crypto/selfsigned.h"

static apr_status_t cert_cleanup(void *data)
{
    X509_free(data);
    return APR_SUCCESS;
}

static X509 *make(apr_pool_t *p, const char *type, const apr_array_header_t *names,
                  X509_EXTENSION *extension)
{
    const keypair_t *key = keypair_adopt(p, keypair_generate(type));
    X509 *cert = selfsigned_make(key, "a common name", names, 7, extension);

    assert_non_null(cert);
    apr_pool_cleanup_register(p, cert, cert_cleanup, apr_pool_cleanup_null);
    assert_int_equal(1, X509_check_private_key(cert, key->pkey));
    assert_int_equal(1, X509_verify(cert, key->pkey));
    assert_int_equal(0, ERR_peek_error());
    return cert;
}

static apr_array_header_t *hosts(apr_pool_t *p, int n)
{
    apr_array_header_t *names = apr_array_make(p, n + 1, sizeof(const char *));
    int i;

    for (i = 0; i < n; i++)
        APR_ARRAY_PUSH(names, const char *) = apr_psprintf(p, "h%d.example.edu", i);
    return names;
}

static void it_is_its_own_issuer(void **state)
{
    char common[100] = "";
    X509 *cert = make(*state, "p256", hosts(*state, 1), NULL);

    assert_int_equal(0, X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)));
    assert_int_not_equal(-1, X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
                                                       common, sizeof(common)));
    assert_string_equal("a common name", common);
    assert_int_equal(X509_VERSION_3, X509_get_version(cert));
    assert_int_equal(0, X509_check_ca(cert));
}

static void it_lives_as_long_as_asked(void **state)
{
    int days = 0, seconds = 0;
    X509 *cert = make(*state, "p256", hosts(*state, 1), NULL);

    assert_int_equal(
        1, ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert), X509_get0_notAfter(cert)));
    assert_int_equal(1 + 7, days);
    assert_true(X509_cmp_current_time(X509_get0_notBefore(cert)) < 0);
}

static void serials_differ(void **state)
{
    X509 *a = make(*state, "p256", hosts(*state, 1), NULL);
    X509 *b = make(*state, "p256", hosts(*state, 1), NULL);

    assert_int_not_equal(0, ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)));
    assert_int_equal(16, ASN1_STRING_length(X509_get0_serialNumber(a)));
    assert_int_equal(V_ASN1_INTEGER, ASN1_STRING_type(X509_get0_serialNumber(a))); /* positive */
}

static void it_takes_many_or_no_names(void **state)
{
    X509 *none = make(*state, "p256", hosts(*state, 0), NULL);
    X509 *many = make(*state, "p256", hosts(*state, SELFSIGNED_NAMES_MAX + 20), NULL);

    assert_int_equal(-1, X509_get_ext_by_NID(none, NID_subject_alt_name, -1));
    assert_int_equal(SELFSIGNED_NAMES_MAX, san_names(*state, many)->nelts);
}

static void any_key_signs(void **state)
{
    assert_non_null(make(*state, "rsa2048", hosts(*state, 1), NULL));
    assert_non_null(make(*state, "p384", hosts(*state, 1), NULL));
}

static void it_has_the_extension(void **state)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "serverAuth");
    X509 *with = make(*state, "p256", hosts(*state, 1), extension);
    X509 *without = make(*state, "p256", hosts(*state, 1), NULL);

    X509_EXTENSION_free(extension);
    assert_true(X509_get_ext_by_NID(with, NID_ext_key_usage, -1) >= 0);
    assert_int_equal(-1, X509_get_ext_by_NID(without, NID_ext_key_usage, -1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_is_its_own_issuer), fixture_test(it_lives_as_long_as_asked),
        fixture_test(serials_differ),       fixture_test(it_takes_many_or_no_names),
        fixture_test(any_key_signs),        fixture_test(it_has_the_extension),
    };

    return fixture_run(tests);
}
