/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypto/csr.h"
#include "party.h"

/* 66 and 64 characters. */
#define LONG66 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456.example.ed"
#define LONG64 "a23456789-b23456789-c23456789-d23456789-e23456789-f2.example.edu"

static apr_status_t request_cleanup(void *data)
{
    X509_REQ_free(data);
    return APR_SUCCESS;
}

static X509_REQ *request(apr_pool_t *p, const char *key_type, const apr_array_header_t *names,
                         int common_name)
{
    keypair_t *key = keypair_adopt(p, keypair_generate(key_type));
    bytes_t der = { NULL, 0 };
    const unsigned char *at = NULL;
    X509_REQ *req = NULL;

    assert_int_equal(APR_SUCCESS, csr_make(&der, key, names, common_name, p));
    at = der.data;
    req = d2i_X509_REQ(NULL, &at, (long)der.len);
    assert_non_null(req);
    apr_pool_cleanup_register(p, req, request_cleanup, apr_pool_cleanup_null);
    assert_ptr_equal(der.data + der.len, at);
    assert_int_equal(1, X509_REQ_verify(req, key->pkey));
    assert_int_equal(1, EVP_PKEY_eq(X509_REQ_get0_pubkey(req), key->pkey));
    assert_int_equal(0, ERR_peek_error());
    return req;
}

/* "" for an empty subject. */
static const char *subject(apr_pool_t *p, const X509_REQ *req)
{
    X509_NAME *name = X509_REQ_get_subject_name(req);
    char text[200] = "";

    if (X509_NAME_entry_count(name) == 0)
        return "";
    assert_int_equal(1, X509_NAME_entry_count(name));
    assert_true(X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text)) > 0);
    return apr_pstrdup(p, text);
}

static void expect_common(apr_pool_t *p, const apr_array_header_t *names, const char *expected)
{
    assert_string_equal(expected, subject(p, request(p, "p256", names, 1)));
}

static void all_names_are_in_the_extension(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *names = party_names(p, "www.example.edu", "*.example.edu", LONG66, NULL);
    X509_REQ *req = request(p, "p256", names, 0);
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    GENERAL_NAMES *san = NULL;
    const GENERAL_NAME *name = NULL;
    int i;

    assert_int_equal(1, sk_X509_EXTENSION_num(extensions));
    san = X509V3_EXT_d2i(sk_X509_EXTENSION_value(extensions, 0));
    assert_int_equal(3, sk_GENERAL_NAME_num(san));
    for (i = 0; i < 3; i++) {
        name = sk_GENERAL_NAME_value(san, i);
        assert_int_equal(GEN_DNS, name->type);
        assert_int_equal(V_ASN1_IA5STRING, ASN1_STRING_type(name->d.dNSName));
        assert_string_equal(APR_ARRAY_IDX(names, i, const char *),
                            (const char *)ASN1_STRING_get0_data(name->d.dNSName));
    }
    GENERAL_NAMES_free(san);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    assert_string_equal("", subject(p, req));
}

static void version_and_attributes(void **state)
{
    X509_REQ *req = request(*state, "p256", party_names(*state, "a.example.edu", NULL), 1);

    assert_int_equal(0, X509_REQ_get_version(req));
    assert_int_equal(1, X509_REQ_get_attr_count(req));
    assert_true(X509_REQ_get_attr_by_NID(req, NID_ext_req, -1) >= 0);
}

static void common_name_is_the_first_that_fits(void **state)
{
    apr_pool_t *p = *state;

    assert_int_equal(64, strlen(LONG64));
    assert_true(strlen(LONG66) > 64);
    expect_common(p, party_names(p, "www.example.edu", "b.example.edu", NULL), "www.example.edu");
    expect_common(p, party_names(p, LONG66, "b.example.edu", NULL), "b.example.edu");
    expect_common(p, party_names(p, LONG64, NULL), LONG64);
    expect_common(p, party_names(p, LONG66, NULL), "");
    expect_common(p, party_names(p, "*.example.edu", "example.edu", NULL), "example.edu");
    expect_common(p, party_names(p, "*.example.edu", LONG66, NULL), "*.example.edu");
}

static void signatures_follow_the_key(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *names = party_names(p, "a.example.edu", NULL);

    assert_int_equal(NID_ecdsa_with_SHA256,
                     X509_REQ_get_signature_nid(request(p, "p256", names, 1)));
    assert_int_equal(NID_ecdsa_with_SHA384,
                     X509_REQ_get_signature_nid(request(p, "p384", names, 1)));
    assert_int_equal(NID_sha256WithRSAEncryption,
                     X509_REQ_get_signature_nid(request(p, "rsa2048", names, 1)));
}

static void a_hundred_names(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *names = party_names(p, NULL);
    int i;

    for (i = 0; i < 100; i++)
        APR_ARRAY_PUSH(names, const char *) = apr_psprintf(p, "host%d.example.edu", i);
    request(p, "p256", names, 1);
}

static void no_name_is_refused(void **state)
{
    keypair_t *key = keypair_adopt(*state, keypair_generate("p256"));
    bytes_t der = { (const unsigned char *)"x", 1 };

    assert_int_equal(APR_EINVAL, csr_make(&der, key, party_names(*state, NULL), 1, *state));
    assert_null(der.data);
    assert_int_equal(0, der.len);
}

/* RFC 8738, 3: as iPAddress, never as the common name. */
static void addresses_are_no_names(void **state)
{
    apr_pool_t *p = *state;
    X509_REQ *req =
        request(p, "p256", party_names(p, "192.0.2.1", "2001:db8::1", "a.example.edu", NULL), 1);
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    GENERAL_NAMES *san = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

    assert_string_equal("a.example.edu", subject(p, req));
    assert_int_equal(3, sk_GENERAL_NAME_num(san));
    assert_int_equal(GEN_IPADD, sk_GENERAL_NAME_value(san, 0)->type);
    assert_int_equal(4, ASN1_STRING_length(sk_GENERAL_NAME_value(san, 0)->d.iPAddress));
    assert_int_equal(16, ASN1_STRING_length(sk_GENERAL_NAME_value(san, 1)->d.iPAddress));
    assert_int_equal(GEN_DNS, sk_GENERAL_NAME_value(san, 2)->type);
    GENERAL_NAMES_free(san);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    expect_common(p, party_names(p, "192.0.2.1", NULL), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(addresses_are_no_names),    fixture_test(all_names_are_in_the_extension),
        fixture_test(version_and_attributes),    fixture_test(common_name_is_the_first_that_fits),
        fixture_test(signatures_follow_the_key), fixture_test(a_hundred_names),
        fixture_test(no_name_is_refused),
    };

    return fixture_run(tests);
}
