/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "../crypto/party.h"
#include "export/package.h"

typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    chain_t *chain; /* leaf, issuer, root */
    party_t *leaf, *issuer, *root;
    secret_t *password;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p, .result = eab_result_make(p) };
    party_spec_t root = { .common = "Root", .is_ca = 1 };
    party_spec_t ca = { .common = "Issuer", .is_ca = 1, .serial = "2" };
    party_spec_t leaf = { .names = "DNS:www.example.edu,DNS:*.example.edu", .usage = "serverAuth" };
    const char *pem;

    s.root = party_make(p, NULL, &root);
    s.issuer = party_make(p, s.root, &ca);
    s.leaf = party_make(p, s.issuer, &leaf);
    pem = party_pem(p, 3, s.leaf, s.issuer, s.root);
    assert_int_equal(APR_SUCCESS, chain_parse(&s.chain, pem, strlen(pem), s.result, p));
    s.password = secret_make(p, 6);
    memcpy(s.password->data, "secret", 6);
    return s;
}

static const char *text_of(scene_t *s, const char *format)
{
    secret_t *made = package_make(package_format_find(format), s->chain, s->leaf->key, "x", NULL,
                                  s->result, s->p);

    assert_non_null(made);
    assert_int_equal(0, ERR_peek_error());
    return apr_pstrmemdup(s->p, (const char *)made->data, made->len);
}

static const char *key_text(scene_t *s)
{
    secret_t *pem = keypair_pem(s->p, s->leaf->key);

    return apr_pstrmemdup(s->p, (const char *)pem->data, pem->len);
}

static void pem_forms(void **state)
{
    scene_t s = scene(*state);
    const char *all = party_pem(s.p, 3, s.leaf, s.issuer, s.root), *key = key_text(&s);

    assert_string_equal(apr_pstrcat(s.p, key, all, NULL), text_of(&s, "pem"));
    assert_string_equal(apr_pstrcat(s.p, all, key, NULL), text_of(&s, "haproxy"));
    assert_string_equal(all, text_of(&s, "fullchain"));
    assert_string_equal(party_pem(s.p, 1, s.leaf), text_of(&s, "cert"));
    assert_string_equal(party_pem(s.p, 2, s.issuer, s.root), text_of(&s, "chain"));
    assert_string_equal(key, text_of(&s, "key"));
    assert_null(package_format_find("jks"));
}

static void der(void **state)
{
    scene_t s = scene(*state);
    secret_t *made =
        package_make(package_format_find("der"), s.chain, s.leaf->key, "x", NULL, s.result, s.p);
    const unsigned char *at = made->data;
    X509 *cert = d2i_X509(NULL, &at, (long)made->len);

    assert_non_null(cert);
    assert_int_equal(0, X509_cmp(cert, s.leaf->cert));
    X509_free(cert);
}

/* What is in it, and how it is encrypted. */
static void pkcs12(scene_t *s, const char *format, int bags, int digest)
{
    secret_t *made = package_make(package_format_find(format), s->chain, s->leaf->key,
                                  "www.example.edu", s->password, s->result, s->p);
    const unsigned char *at = made->data;
    PKCS12 *parsed = d2i_PKCS12(NULL, &at, (long)made->len);
    STACK_OF(X509) *others = NULL;
    STACK_OF(PKCS7) *safes = NULL;
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *name = NULL;
    EVP_PKEY *pkey = NULL;
    X509 *leaf = NULL;
    int len = 0;

    assert_non_null(parsed);
    assert_int_equal(1, PKCS12_parse(parsed, "secret", &pkey, &leaf, &others));
    assert_int_equal(1, EVP_PKEY_eq(pkey, s->leaf->key->pkey));
    assert_int_equal(0, X509_cmp(leaf, s->leaf->cert));
    assert_int_equal(1, sk_X509_num(others)); /* without the root */
    assert_int_equal(0, X509_cmp(sk_X509_value(others, 0), s->issuer->cert));
    assert_string_equal("www.example.edu", (const char *)X509_alias_get0(leaf, &len));
    PKCS12_get0_mac(NULL, &algorithm, NULL, NULL, parsed);
    X509_ALGOR_get0(&name, NULL, NULL, algorithm);
    assert_int_equal(digest, OBJ_obj2nid(name));
    safes = PKCS12_unpack_authsafes(parsed);
    assert_int_equal(
        bags, OBJ_obj2nid(sk_PKCS7_value(safes, 0)->d.encrypted->enc_data->algorithm->algorithm));
    sk_PKCS7_pop_free(safes, PKCS7_free);
    sk_X509_pop_free(others, X509_free);
    EVP_PKEY_free(pkey);
    X509_free(leaf);
    PKCS12_free(parsed);

    assert_true(package_is_of(package_format_find(format), made->data, made->len, NULL, s->chain,
                              s->password));
    s->password->data[0] = 'S';
    assert_false(package_is_of(package_format_find(format), made->data, made->len, NULL, s->chain,
                               s->password));
    s->password->data[0] = 's';
    assert_false(package_is_of(package_format_find(format), made->data, made->len / 2, NULL,
                               s->chain, s->password));
}

static void pkcs12_of_both_profiles(void **state)
{
    scene_t s = scene(*state);

    pkcs12(&s, "pfx", NID_pbes2, NID_sha256);
    pkcs12(&s, "pfx-legacy", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_sha1);
}

/* Windows tells an empty password from none. */
static void a_password_is_needed(void **state)
{
    scene_t s = scene(*state);
    secret_t empty = { (unsigned char *)"", 0 }, hidden = { (unsigned char *)"a\0b", 3 };
    const package_format_t *format = package_format_find("pfx");

    assert_null(package_make(format, s.chain, s.leaf->key, "x", NULL, s.result, s.p));
    assert_null(package_make(format, s.chain, s.leaf->key, "x", &empty, s.result, s.p));
    assert_null(package_make(format, s.chain, s.leaf->key, "x", &hidden, s.result, s.p));
    assert_non_null(s.result->detail);
}

static void generated_passwords(void **state)
{
    secret_t *first = package_make_password(*state), *second = package_make_password(*state);

    assert_int_equal(24, first->len);
    assert_memory_not_equal(first->data, second->data, 24);
}

static void iis_names(void **state)
{
    assert_string_equal("www.example.edu.pfx", package_iis_file(*state, "www.example.edu"));
    assert_string_equal("_.example.edu.pfx", package_iis_file(*state, "*.example.edu"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(pem_forms),
        fixture_test(der),
        fixture_test(pkcs12_of_both_profiles),
        fixture_test(a_password_is_needed),
        fixture_test(generated_passwords),
        fixture_test(iis_names),
    };

    return fixture_run(tests);
}
