/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/file.h"
#include "party.h"

#define DAY 86400L
#define SERIAL "80a1000000000000000000000000000000000002"

/* A private CA and a leaf of it, as most tests need them. */
typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    party_t *root;
    party_t *middle;
    party_t *leaf;
    apr_array_header_t *names;
} scene_t;

static const party_spec_t root_spec = { .common = "Test Root", .is_ca = 1 };
static const party_spec_t middle_spec = { .common = "Test Intermediate", .is_ca = 1 };
static const party_spec_t leaf_spec = { .names = "DNS:a.example.edu,DNS:B.Example.edu",
                                        .usage = "serverAuth",
                                        .serial = SERIAL };

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    s.result = eab_result_make(p);
    s.root = party_make(p, NULL, &root_spec);
    s.middle = party_make(p, s.root, &middle_spec);
    s.leaf = party_make(p, s.middle, &leaf_spec);
    s.names = party_names(p, "a.example.edu", "b.example.edu", NULL);
    return s;
}

static chain_t *parse(scene_t *s, const char *pem)
{
    chain_t *chain = NULL;

    eab_result_clear(s->result);
    assert_int_equal(APR_SUCCESS, chain_parse(&chain, pem, strlen(pem), s->result, s->p));
    assert_int_equal(APR_SUCCESS, s->result->rv);
    assert_int_equal(0, ERR_peek_error());
    return chain;
}

static void expect_parse_refusal(scene_t *s, const char *pem, const char *words)
{
    chain_t *chain = NULL;
    apr_status_t rv = strstr(words, "other than") != NULL ? APR_EACCES : APR_EINVAL;

    assert_int_equal(rv, chain_parse(&chain, pem, strlen(pem), s->result, s->p));
    assert_null(chain);
    assert_string_equal(EAB_PROBLEM_CHAIN, s->result->type);
    assert_string_equal(words, s->result->detail);
    assert_int_equal(0, ERR_peek_error());
}

static chain_t *leaf_chain(scene_t *s, const party_t *leaf)
{
    return parse(s, party_pem(s->p, 2, leaf, s->middle));
}

static void expect_verdict(scene_t *s, const party_t *leaf, const char *words)
{
    apr_status_t rv =
        chain_check(leaf_chain(s, leaf), leaf->key, s->names, apr_time_now(), s->result);

    if (words == NULL) {
        assert_int_equal(APR_SUCCESS, rv);
        return;
    }
    assert_int_equal(APR_EINVAL, rv);
    assert_string_equal(EAB_PROBLEM_CHAIN, s->result->type);
    assert_non_null(strstr(s->result->detail, words));
    assert_int_equal(0, ERR_peek_error());
}

static void facts_of_a_leaf(void **state)
{
    scene_t s = scene(*state);
    const chain_facts_t *facts = chain_facts(leaf_chain(&s, s.leaf));
    unsigned char hash[32];

    assert_int_equal(2, facts->names->nelts);
    assert_string_equal("a.example.edu", APR_ARRAY_IDX(facts->names, 0, const char *));
    assert_string_equal("b.example.edu", APR_ARRAY_IDX(facts->names, 1, const char *));
    assert_string_equal("p256", facts->key_type);
    assert_string_equal("Test Intermediate", facts->issuer);
    assert_string_equal("Test Intermediate,Test Root", apr_array_pstrcat(s.p, facts->issuers, ','));
    assert_string_equal(SERIAL, facts->serial);
    assert_int_equal(1, X509_digest(s.leaf->cert, EVP_sha256(), hash, NULL));
    assert_string_equal(hex_encode(s.p, hash, 32), facts->fingerprint);
    assert_true(labs((long)apr_time_sec(facts->not_before - apr_time_now())) < 60);
    assert_int_equal(90 * DAY, apr_time_sec(facts->not_after - facts->not_before));
}

static void issuer_without_common_name(void **state)
{
    apr_pool_t *p = *state;
    scene_t s = { .p = p, .result = eab_result_make(p) };
    party_t *self = party_make(p, NULL, &leaf_spec);
    X509_NAME *name = X509_get_issuer_name(self->cert);

    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Campus CA", -1, -1,
                               0);
    assert_true(X509_sign(self->cert, self->key->pkey, EVP_sha256()) > 0);
    assert_string_equal("O=Campus CA", chain_facts(parse(&s, party_pem(p, 1, self)))->issuer);
}

/* The key identifier and serial number of RFC 9773, 4.1. */
static void renewal_information_id(void **state)
{
    static const unsigned char key_id[] = { 0x69, 0x88, 0x5b, 0x6b, 0x87, 0x46, 0x40,
                                            0x41, 0xe1, 0xb3, 0x7b, 0x84, 0x7b, 0xa0,
                                            0xae, 0x2c, 0xde, 0x01, 0xc8, 0xd4 };
    static const party_spec_t spec = { .names = "DNS:a.example.edu", .serial = "87654321" };
    static const party_spec_t small = { .names = "DNS:a.example.edu", .serial = "7f" };
    scene_t s = scene(*state);
    party_t *leaves[2] = { party_make(s.p, s.root, &spec), party_make(s.p, s.root, &small) };
    static const char *const expected[2] = { "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE",
                                             "aYhba4dGQEHhs3uEe6CuLN4ByNQ.fw" };
    int i;

    for (i = 0; i < 2; i++) {
        AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();

        authority->keyid = ASN1_OCTET_STRING_new();
        ASN1_OCTET_STRING_set(authority->keyid, key_id, sizeof(key_id));
        assert_int_equal(1, X509_add1_ext_i2d(leaves[i]->cert, NID_authority_key_identifier,
                                              authority, 0, X509V3_ADD_APPEND));
        AUTHORITY_KEYID_free(authority);
        assert_true(X509_sign(leaves[i]->cert, s.root->key->pkey, EVP_sha256()) > 0);
        assert_string_equal(expected[i],
                            chain_facts(parse(&s, party_pem(s.p, 1, leaves[i])))->ari_id);
    }
    assert_null(chain_facts(leaf_chain(&s, s.leaf))->ari_id);
}

static void issuer_of_the_last_one(void **state)
{
    scene_t s = scene(*state);

    assert_string_equal("Test Root", chain_top_issuer(s.p, leaf_chain(&s, s.leaf)));
    assert_string_equal("Test Intermediate",
                        chain_top_issuer(s.p, parse(&s, party_pem(s.p, 1, s.leaf))));
}

static void text_forms(void **state)
{
    scene_t s = scene(*state);
    const char *pem = party_pem(s.p, 2, s.leaf, s.middle);
    const char *line = NULL;
    char *crlf = apr_pcalloc(s.p, 2 * strlen(pem) + 1);
    char *out = crlf;

    assert_string_equal(pem, chain_pem(s.p, parse(&s, pem)));
    assert_string_equal(pem, chain_pem(s.p, parse(&s, apr_pstrndup(s.p, pem, strlen(pem) - 1))));
    for (line = pem; *line != '\0'; line++) {
        if (*line == '\n')
            *out++ = '\r';
        *out++ = *line;
    }
    assert_string_equal(pem, chain_pem(s.p, parse(&s, crlf)));
    assert_string_equal(
        pem, chain_pem(s.p, parse(&s, apr_pstrcat(s.p, "\n", party_pem(s.p, 1, s.leaf), "\r\n\n",
                                                  party_pem(s.p, 1, s.middle), NULL))));
}

static void issuers_are_sorted(void **state)
{
    scene_t s = scene(*state);
    party_t *stranger = party_make(s.p, NULL, &root_spec);

    assert_string_equal(party_pem(s.p, 3, s.leaf, s.middle, s.root),
                        chain_pem(s.p, parse(&s, party_pem(s.p, 3, s.leaf, s.root, s.middle))));
    assert_string_equal(
        party_pem(s.p, 4, s.leaf, s.middle, s.root, stranger),
        chain_pem(s.p, parse(&s, party_pem(s.p, 4, s.leaf, stranger, s.root, s.middle))));
    assert_string_equal(party_pem(s.p, 2, s.leaf, stranger),
                        chain_pem(s.p, parse(&s, party_pem(s.p, 2, s.leaf, stranger))));
}

static void refused_texts(void **state)
{
    scene_t s = scene(*state);
    secret_t *key = keypair_pem(s.p, s.leaf->key);
    const char *leaf = party_pem(s.p, 1, s.leaf);
    const char *eleven = "";
    int i;

    expect_parse_refusal(&s, "", "The certificate chain holds no certificate.");
    expect_parse_refusal(
        &s, apr_pstrcat(s.p, leaf, apr_pstrmemdup(s.p, (char *)key->data, key->len), NULL),
        "The certificate chain holds a PEM block other than CERTIFICATE.");
    assert_string_equal(
        leaf, chain_pem(s.p, parse(&s, apr_pstrcat(s.p, "some", leaf, "and more", NULL))));
    expect_parse_refusal(&s, "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
                         "The certificate chain holds a certificate that cannot be read.");
    for (i = 0; i < 11; i++)
        eleven = apr_pstrcat(s.p, eleven, leaf, NULL);
    expect_parse_refusal(&s, eleven, "The certificate chain holds too many certificates.");
    parse(&s, eleven + strlen(leaf));
}

/* A second reader could take what follows the certificate in its block for something else. */
static void bytes_behind_a_certificate_are_refused(void **state)
{
    scene_t s = scene(*state);
    unsigned char *der = NULL;
    int len = i2d_X509(s.leaf->cert, &der);
    unsigned char *longer = apr_pcalloc(s.p, (size_t)len + 1);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    long size;

    memcpy(longer, der, (size_t)len);
    OPENSSL_free(der);
    assert_true(PEM_write_bio(bio, "CERTIFICATE", "", longer, len + 1) > 0);
    size = BIO_get_mem_data(bio, &data);
    expect_parse_refusal(&s, apr_pstrmemdup(s.p, data, (size_t)size),
                         "The certificate chain holds a certificate that cannot be read.");
    BIO_free(bio);
}

static void names_with_nul_do_not_count(void **state)
{
    scene_t s = scene(*state);
    party_t *self = party_make(s.p, NULL, &root_spec);
    GENERAL_NAMES *san = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();

    ASN1_STRING_set(text, "a.example.edu\0.evil.example", 27);
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    sk_GENERAL_NAME_push(san, name);
    assert_int_equal(1, X509_add1_ext_i2d(self->cert, NID_subject_alt_name, san, 0, 0));
    GENERAL_NAMES_free(san);
    assert_true(X509_sign(self->cert, self->key->pkey, EVP_sha256()) > 0);
    assert_int_equal(0, chain_facts(parse(&s, party_pem(s.p, 1, self)))->names->nelts);
}

static void key_types(void **state)
{
    scene_t s = scene(*state);
    party_spec_t spec = leaf_spec;

    spec.key_type = "rsa2048";
    assert_string_equal("rsa2048",
                        chain_facts(leaf_chain(&s, party_make(s.p, s.middle, &spec)))->key_type);
    spec.key_type = "p384";
    assert_string_equal("p384",
                        chain_facts(leaf_chain(&s, party_make(s.p, s.middle, &spec)))->key_type);
}

static void check_passes(void **state)
{
    scene_t s = scene(*state);
    party_spec_t spec = leaf_spec;

    expect_verdict(&s, s.leaf, NULL);
    spec.usage = NULL;
    expect_verdict(&s, party_make(s.p, s.middle, &spec), NULL);
    spec.usage = "clientAuth,serverAuth";
    expect_verdict(&s, party_make(s.p, s.middle, &spec), NULL);
    spec.names = "DNS:*.example.edu";
    expect_verdict(&s, party_make(s.p, s.middle, &spec), NULL);
    spec.from = 30 * 60;
    expect_verdict(&s, party_make(s.p, s.middle, &spec), NULL);
}

/* RFC 5280, 4.2.1.6: then the names are critical. */
static void a_subject_may_be_empty(void **state)
{
    scene_t s = scene(*state);
    party_spec_t spec = leaf_spec;
    party_t *leaf = NULL;

    spec.names = "critical,DNS:a.example.edu,DNS:b.example.edu";
    leaf = party_make(s.p, s.middle, &spec);
    assert_int_equal(0, X509_NAME_entry_count(X509_get_subject_name(leaf->cert)));
    assert_true(X509_get_key_usage(leaf->cert) == UINT32_MAX); /* it has none */
    expect_verdict(&s, leaf, NULL);
}

static void check_finds_a_foreign_key(void **state)
{
    scene_t s = scene(*state);
    keypair_t *key = keypair_adopt(s.p, keypair_generate("p256"));
    chain_t *chain = leaf_chain(&s, s.leaf);

    assert_true(chain_matches_key(chain, s.leaf->key));
    assert_string_equal(keypair_spki(s.p, s.leaf->key->pkey), chain_spki(s.p, chain));
    assert_false(chain_matches_key(chain, key));
    assert_int_equal(APR_EINVAL, chain_check(chain, key, s.names, apr_time_now(), s.result));
    assert_string_equal("The certificate (serial number " SERIAL
                        ") does not belong to its private key.",
                        s.result->detail);
}

static void check_names_what_is_not_covered(void **state)
{
    scene_t s = scene(*state);

    s.names = party_names(s.p, "a.example.edu", "www.example.edu", NULL);
    expect_verdict(&s, s.leaf,
                   "The certificate does not cover www.example.edu (it is for a.example.edu, "
                   "b.example.edu).");
}

static void long_lists_are_cut(void **state)
{
    scene_t s = scene(*state);
    int i;

    for (i = 0; i < 20; i++)
        APR_ARRAY_PUSH(s.names, const char *) = apr_psprintf(s.p, "h%d.example.edu", i);
    expect_verdict(&s, s.leaf, "h9.example.edu and 10 more (it is for a.example.edu");
}

static void check_looks_at_the_dates(void **state)
{
    scene_t s = scene(*state);
    party_spec_t spec = leaf_spec;

    spec.from = DAY; /* by a clock that is wrong */
    expect_verdict(&s, party_make(s.p, s.middle, &spec), NULL);
    spec.from = -2 * DAY;
    spec.until = -1;
    expect_verdict(&s, party_make(s.p, s.middle, &spec), "has expired on 20");
}

static void check_wants_a_server_certificate(void **state)
{
    scene_t s = scene(*state);
    party_spec_t spec = leaf_spec;

    spec.usage = "clientAuth,emailProtection";
    expect_verdict(&s, party_make(s.p, s.middle, &spec), "lacks serverAuth");
}

/* A pair of files, and what chain_check_files() says of it. */
static apr_status_t check_files(scene_t *s, const char *chain, const void *key, size_t key_len,
                                const chain_facts_t **pfacts)
{
    const char *dir = fixture_directory(s->p);
    const char *chain_path = apr_pstrcat(s->p, dir, "/fullchain.pem", NULL);
    const char *key_path = apr_pstrcat(s->p, dir, "/privkey.pem", NULL);
    apr_status_t rv;

    fixture_write(chain_path, chain, strlen(chain));
    fixture_write(key_path, key, key_len);
    rv = chain_check_files(pfacts, chain_path, key_path, s->names, NULL, apr_time_now(), s->result,
                           s->p);
    assert_int_equal(0, ERR_peek_error());
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, s->p));
    return rv;
}

static apr_status_t check_pair(scene_t *s, const party_t *leaf, const party_t *owner,
                               const chain_facts_t **pfacts)
{
    secret_t *key = keypair_pem(s->p, owner->key);

    return check_files(s, party_pem(s->p, 2, leaf, s->middle), key->data, key->len, pfacts);
}

static void files_pass(void **state)
{
    scene_t s = scene(*state);
    const chain_facts_t *facts = NULL;

    assert_int_equal(APR_SUCCESS, check_pair(&s, s.leaf, s.leaf, &facts));
    assert_string_equal(SERIAL, facts->serial);
    s.names = party_names(s.p, "a.example.edu", "other.example.edu", NULL);
    assert_int_equal(APR_SUCCESS, check_pair(&s, s.leaf, s.leaf, &facts));
    s.names = party_names(s.p, NULL);
    assert_int_equal(APR_SUCCESS, check_pair(&s, s.leaf, s.leaf, &facts));
}

static void bad_files_are_found(void **state)
{
    scene_t s = scene(*state);
    const chain_facts_t *facts = NULL;
    const char *pem = party_pem(s.p, 2, s.leaf, s.middle);
    secret_t *key = keypair_pem(s.p, s.leaf->key);

    assert_int_equal(APR_EINVAL, check_pair(&s, s.leaf, s.middle, &facts));
    assert_null(facts);
    assert_non_null(strstr(s.result->detail, "does not belong to its private key"));
    assert_int_equal(APR_EINVAL, check_files(&s, apr_pstrndup(s.p, pem, strlen(pem) - 40),
                                             key->data, key->len, &facts));
    assert_non_null(strstr(s.result->detail, "fullchain.pem is damaged"));
    assert_int_equal(APR_EINVAL, check_files(&s, pem, key->data, key->len - 40, &facts));
    assert_non_null(strstr(s.result->detail, "privkey.pem holds no private key"));
    s.names = party_names(s.p, "www.example.edu", NULL);
    assert_int_equal(APR_EINVAL, check_pair(&s, s.leaf, s.leaf, &facts));
    assert_non_null(strstr(s.result->detail, "does not cover www.example.edu"));
    assert_null(facts);
}

static void expired_files_are_found(void **state)
{
    scene_t s = scene(*state);
    const chain_facts_t *facts = NULL;
    party_spec_t spec = leaf_spec;
    party_t *old = NULL;

    spec.from = -2 * DAY;
    spec.until = -DAY;
    old = party_make(s.p, s.middle, &spec);
    assert_int_equal(APR_EINVAL, check_pair(&s, old, old, &facts));
    assert_non_null(strstr(s.result->detail, "has expired"));
}

/* mod_ssl ends the whole server on a pair that OpenSSL's security level forbids. */
static void weak_certificates_are_found(void **state)
{
    scene_t s = scene(*state);
    const chain_facts_t *facts = NULL;
    party_spec_t spec = leaf_spec;
    party_t *weak = NULL;

    /* No version of OpenSSL takes it, whatever its security level. What is thought of SHA-1 differs. */
    spec.key = keypair_adopt(s.p, EVP_RSA_gen(512));
    weak = party_make(s.p, s.middle, &spec);
    assert_int_equal(APR_EINVAL, check_pair(&s, weak, weak, &facts));
    assert_non_null(strstr(s.result->detail, "A server could not use"));
}

static void missing_files_are_found(void **state)
{
    scene_t s = scene(*state);
    const chain_facts_t *facts = NULL;

    assert_int_equal(ENOENT, chain_check_files(&facts, "/nonexistent/fullchain.pem",
                                               "/nonexistent/privkey.pem", s.names, NULL,
                                               apr_time_now(), s.result, s.p));
    assert_null(facts);
    assert_string_equal(EAB_PROBLEM_STORE, s.result->type);
    assert_non_null(strstr(s.result->detail, "/nonexistent/fullchain.pem cannot be read"));
}

static X509 *fallback_cert(scene_t *s, const keypair_t *key, const apr_array_header_t *names)
{
    const char *pem = chain_make_fallback(s->p, key, names);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    assert_int_equal(0, ERR_peek_error());
    assert_non_null(cert);
    BIO_free(bio);
    return cert;
}

static void fallback(void **state)
{
    scene_t s = scene(*state);
    const char *pem = chain_make_fallback(s.p, s.leaf->key, s.names);
    const chain_facts_t *facts = chain_facts(parse(&s, pem));
    secret_t *key = keypair_pem(s.p, s.leaf->key);
    X509 *cert = fallback_cert(&s, s.leaf->key, s.names);

    assert_string_equal("temporary certificate, not yet issued", facts->issuer);
    assert_int_equal(2, facts->names->nelts);
    assert_true(labs((long)apr_time_sec(apr_time_now() - facts->not_before) - DAY) < 60);
    assert_int_equal(366 * DAY, apr_time_sec(facts->not_after - facts->not_before));
    assert_int_equal(APR_SUCCESS, check_files(&s, pem, key->data, key->len, &facts));
    assert_int_equal(0, X509_check_ca(cert));
    assert_int_equal(1, X509_verify(cert, s.leaf->key->pkey));
    X509_free(cert);
}

/* An address in a dNSName is none. */
static void addresses_are_compared_with_addresses(void **state)
{
    apr_pool_t *p = *state;
    const party_spec_t good = { .names = "IP:192.0.2.1,IP:2001:db8::1", .usage = "serverAuth" };
    const party_spec_t bad = { .names = "DNS:192.0.2.1", .usage = "serverAuth" };
    const apr_array_header_t *names = party_names(p, "192.0.2.1", "2001:db8::1", NULL);
    eab_result_t *result = eab_result_make(p);
    const party_spec_t *specs[] = { &good, &bad };
    size_t i;

    for (i = 0; i < 2; i++) {
        party_t *leaf = party_make(p, NULL, specs[i]);
        const char *pem = party_pem(p, 1, leaf);
        chain_t *chain = NULL;

        assert_int_equal(APR_SUCCESS, chain_parse(&chain, pem, strlen(pem), result, p));
        assert_int_equal(i == 0 ? APR_SUCCESS : APR_EINVAL,
                         chain_check(chain, leaf->key, names, apr_time_now(), result));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(facts_of_a_leaf),
        fixture_test(issuer_without_common_name),
        fixture_test(renewal_information_id),
        fixture_test(issuer_of_the_last_one),
        fixture_test(text_forms),
        fixture_test(issuers_are_sorted),
        fixture_test(refused_texts),
        fixture_test(bytes_behind_a_certificate_are_refused),
        fixture_test(names_with_nul_do_not_count),
        fixture_test(key_types),
        fixture_test(check_passes),
        fixture_test(a_subject_may_be_empty),
        fixture_test(check_finds_a_foreign_key),
        fixture_test(check_names_what_is_not_covered),
        fixture_test(long_lists_are_cut),
        fixture_test(check_looks_at_the_dates),
        fixture_test(check_wants_a_server_certificate),
        fixture_test(files_pass),
        fixture_test(bad_files_are_found),
        fixture_test(expired_files_are_found),
        fixture_test(weak_certificates_are_found),
        fixture_test(missing_files_are_found),
        fixture_test(addresses_are_compared_with_addresses),
        fixture_test(fallback),
    };

    return fixture_run(tests);
}
