/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/alpncert.h"
#include "crypto/san.h"

#define AUTHORIZATION \
    "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

/* Its extnValue, from the RFC's words and computed elsewhere. */
static const unsigned char expected[] = { 0x04, 0x20, 0x4e, 0xc4, 0x4a, 0xca, 0x7a, 0x6c, 0xf1,
                                          0x64, 0x76, 0xb7, 0xf9, 0xa0, 0xd7, 0x8f, 0xfe, 0x6f,
                                          0xd2, 0x80, 0x3c, 0x8e, 0x73, 0xe9, 0xd5, 0x52, 0xe8,
                                          0x2c, 0xca, 0x8a, 0x5d, 0x92, 0xb9, 0x75 };

static apr_status_t cert_cleanup(void *data)
{
    X509_free(data);
    return APR_SUCCESS;
}

/* The next certificate, after a look at what every one must be. */
static X509 *next(apr_pool_t *p, BIO *bio, const char *key_type)
{
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    assert_non_null(cert);
    assert_non_null(key);
    apr_pool_cleanup_register(p, cert, cert_cleanup, apr_pool_cleanup_null);
    assert_string_equal(key_type, keypair_type(key));
    assert_int_equal(1, X509_check_private_key(cert, key));
    assert_int_equal(1, X509_verify(cert, key));
    EVP_PKEY_free(key);
    assert_int_equal(0, X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)));
    assert_int_equal(0, X509_check_ca(cert));
    assert_true(X509_cmp_current_time(X509_get0_notBefore(cert)) < 0);
    assert_true(X509_cmp_current_time(X509_get0_notAfter(cert)) > 0);
    ERR_clear_error();
    return cert;
}

typedef struct answer {
    X509 *certs[2];
} answer_t;

static answer_t make(apr_pool_t *p, const char *name)
{
    const alpncert_keys_t *keys = alpncert_keys_make(p);
    secret_t *text = NULL;
    BIO *bio = NULL;
    answer_t answer = { { NULL, NULL } };

    assert_non_null(keys);
    text = alpncert_make(p, keys, name, AUTHORIZATION);
    assert_non_null(text);
    bio = BIO_new_mem_buf(text->data, (int)text->len);
    answer.certs[0] = next(p, bio, "p256");
    answer.certs[1] = next(p, bio, "rsa2048");
    assert_int_equal(1, BIO_eof(bio));
    BIO_free(bio);
    return answer;
}

static void expect_name_on(apr_pool_t *p, X509 *cert, const char *name, int type)
{
    GENERAL_NAMES *san = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    assert_int_equal(1, sk_GENERAL_NAME_num(san));
    assert_int_equal(type, sk_GENERAL_NAME_value(san, 0)->type);
    GENERAL_NAMES_free(san);
    assert_string_equal(name, APR_ARRAY_IDX(san_names(p, cert), 0, const char *));
}

static void expect_one_name(apr_pool_t *p, const char *name, int type)
{
    answer_t answer = make(p, name);

    expect_name_on(p, answer.certs[0], name, type);
    expect_name_on(p, answer.certs[1], name, type);
}

static void it_is_for_exactly_one_name(void **state)
{
    expect_one_name(*state, "www.example.edu", GEN_DNS);
    expect_one_name(*state, "192.0.2.1", GEN_IPADD);
    expect_one_name(*state, "2001:db8::1", GEN_IPADD);
}

static void expect_hash_on(X509 *cert)
{
    ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    int at = X509_get_ext_by_OBJ(cert, id, -1);
    X509_EXTENSION *extension = NULL;
    const ASN1_OCTET_STRING *value = NULL;

    assert_true(at >= 0);
    assert_int_equal(-1, X509_get_ext_by_OBJ(cert, id, at));
    extension = X509_get_ext(cert, at);
    assert_int_equal(1, X509_EXTENSION_get_critical(extension));
    value = X509_EXTENSION_get_data(extension);
    assert_int_equal(sizeof(expected), ASN1_STRING_length(value));
    assert_memory_equal(expected, ASN1_STRING_get0_data(value), sizeof(expected));
    ASN1_OBJECT_free(id);
}

static void it_holds_the_hash_critically(void **state)
{
    answer_t answer = make(*state, "www.example.edu");

    expect_hash_on(answer.certs[0]);
    expect_hash_on(answer.certs[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_is_for_exactly_one_name),
        fixture_test(it_holds_the_hash_critically),
    };

    return fixture_run(tests);
}
