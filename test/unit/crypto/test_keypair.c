/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "crypto/keypair.h"

static const char *const types[] = { "rsa2048", "rsa3072", "rsa4096", "p256", "p384" };

static void known_types(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        assert_true(keypair_type_is_known(types[i]));
    assert_false(keypair_type_is_known("rsa1024"));
    assert_false(keypair_type_is_known("RSA2048"));
    assert_false(keypair_type_is_known("p521"));
    assert_false(keypair_type_is_known("ed25519"));
    assert_false(keypair_type_is_known(""));
    assert_false(keypair_type_is_known(NULL));
}

static void generated_keys_are_of_their_type(void **state)
{
    static const char *const quick[] = { "rsa2048", "rsa3072", "p256", "p384" };
    keypair_t *key = NULL;
    size_t i;

    for (i = 0; i < sizeof(quick) / sizeof(quick[0]); i++) {
        key = keypair_adopt(*state, keypair_generate(quick[i]));
        assert_non_null(key);
        assert_string_equal(quick[i], keypair_type(key->pkey));
    }
    assert_null(keypair_generate("rsa1024"));
    assert_null(keypair_generate(NULL));
    assert_int_equal(0, ERR_peek_error());
}

static void two_keys_differ(void **state)
{
    keypair_t *a = keypair_adopt(*state, keypair_generate("p256"));
    keypair_t *b = keypair_adopt(*state, keypair_generate("p256"));

    assert_int_not_equal(1, EVP_PKEY_eq(a->pkey, b->pkey));
}

static void rsa_exponent_is_65537(void **state)
{
    keypair_t *key = keypair_adopt(*state, keypair_generate("rsa2048"));
    BIGNUM *e = NULL;

    assert_int_equal(1, EVP_PKEY_get_bn_param(key->pkey, "e", &e));
    assert_true(BN_is_word(e, 65537));
    BN_free(e);
}

static void expect_other(apr_pool_t *p, EVP_PKEY *pkey)
{
    keypair_t *key = keypair_adopt(p, pkey);

    assert_non_null(key);
    assert_string_equal("other", keypair_type(key->pkey));
}

static void other_keys(void **state)
{
    expect_other(*state, EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024));
    expect_other(*state, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"));
    expect_other(*state, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"));
    expect_other(*state, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    assert_string_equal("other", keypair_type(NULL));
    assert_int_equal(0, ERR_peek_error());
}

static void adopt_null_gives_null(void **state)
{
    assert_null(keypair_adopt(*state, NULL));
    keypair_free(*state, NULL);
}

static void free_before_the_pool_ends(void **state)
{
    keypair_t *key = keypair_adopt(*state, keypair_generate("p256"));

    keypair_free(*state, key);
    assert_null(key->pkey);
}

static void pem_round_trip(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *path = apr_pstrcat(p, dir, "/key.pem", NULL);
    keypair_t *key = keypair_adopt(p, keypair_generate("p384"));
    keypair_t *again = NULL;
    secret_t *pem = keypair_pem(p, key);

    assert_memory_equal("-----BEGIN PRIVATE KEY-----\n", pem->data, 28);
    fixture_write(path, pem->data, pem->len);
    assert_int_equal(APR_SUCCESS, keypair_load(&again, path, p));
    assert_int_equal(1, EVP_PKEY_eq(key->pkey, again->pkey));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void pem_lives_in_the_secure_heap(void **state)
{
    keypair_t *key = keypair_adopt(*state, keypair_generate("p256"));
    secret_t *pem = NULL;

    secret_init();
    pem = keypair_pem(*state, key);
    assert_true(CRYPTO_secure_allocated(pem->data));
}

static void write_old_form(const char *path, const EVP_PKEY *pkey, const EVP_CIPHER *cipher)
{
    BIO *bio = BIO_new_file(path, "w");
    unsigned char password[] = "word";

    assert_int_equal(1, PEM_write_bio_PrivateKey_traditional(bio, (EVP_PKEY *)pkey, cipher,
                                                             cipher ? password : NULL,
                                                             cipher ? 4 : 0, NULL, NULL));
    BIO_free(bio);
}

static void older_forms_are_read(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *path = apr_pstrcat(p, dir, "/key.pem", NULL);
    static const char *const forms[] = { "rsa2048", "p256" };
    keypair_t *key = NULL;
    keypair_t *again = NULL;
    size_t i;

    for (i = 0; i < 2; i++) {
        key = keypair_adopt(p, keypair_generate(forms[i]));
        write_old_form(path, key->pkey, NULL);
        assert_int_equal(APR_SUCCESS, keypair_load(&again, path, p));
        assert_int_equal(1, EVP_PKEY_eq(key->pkey, again->pkey));
    }
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

/* A question on the terminal would hang the test. */
static void encrypted_keys_are_refused_without_a_question(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *path = apr_pstrcat(p, dir, "/key.pem", NULL);
    keypair_t *key = keypair_adopt(p, keypair_generate("p256"));
    keypair_t *again = NULL;
    unsigned char nothing[1] = "";
    BIO *bio = NULL;

    write_old_form(path, key->pkey, EVP_aes_128_cbc());
    assert_int_equal(APR_EINVAL, keypair_load(&again, path, p));
    bio = BIO_new_file(path, "w");
    assert_int_equal(1, PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, EVP_aes_128_cbc(),
                                                      (char *)nothing, 0, NULL, NULL));
    BIO_free(bio);
    assert_int_equal(APR_EINVAL, keypair_load(&again, path, p));
    assert_null(again);
    assert_int_equal(0, ERR_peek_error());
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void damaged_keys_are_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    const char *path = apr_pstrcat(p, dir, "/key.pem", NULL);
    keypair_t *key = keypair_adopt(p, keypair_generate("p256"));
    keypair_t *again = NULL;
    secret_t *pem = keypair_pem(p, key);

    fixture_write(path, pem->data, pem->len / 2);
    assert_int_equal(APR_EINVAL, keypair_load(&again, path, p));
    fixture_write(path, "", 0);
    assert_int_equal(APR_EINVAL, keypair_load(&again, path, p));
    fixture_write(path, "-----BEGIN PUBLIC KEY-----\n", 27);
    assert_int_equal(APR_EINVAL, keypair_load(&again, path, p));
    assert_null(again);
    assert_int_equal(ENOENT, keypair_load(&again, apr_pstrcat(p, dir, "/none", NULL), p));
    assert_int_equal(0, ERR_peek_error());
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void digests(void **state)
{
    keypair_t *p256 = keypair_adopt(*state, keypair_generate("p256"));
    keypair_t *p384 = keypair_adopt(*state, keypair_generate("p384"));

    assert_true(EVP_MD_is_a(keypair_digest(p256), "SHA256"));
    assert_true(EVP_MD_is_a(keypair_digest(p384), "SHA384"));
}

static void a_key_is_known_by_its_public_half(void **state)
{
    apr_pool_t *p = *state;
    keypair_t *key = keypair_adopt(p, keypair_generate("p256")), *again;
    const char *spki = keypair_spki(p, key->pkey);

    again = keypair_read(p, keypair_pem(p, key));
    assert_int_equal(64, strlen(spki));
    assert_string_equal(spki, keypair_spki(p, again->pkey));
    assert_string_not_equal(spki,
                            keypair_spki(p, keypair_adopt(p, keypair_generate("p256"))->pkey));
    assert_null(keypair_read(p, secret_make(p, 4)));
    assert_int_equal(0, ERR_peek_error());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(known_types),
        fixture_test(generated_keys_are_of_their_type),
        fixture_test(two_keys_differ),
        fixture_test(rsa_exponent_is_65537),
        fixture_test(other_keys),
        fixture_test(adopt_null_gives_null),
        fixture_test(free_before_the_pool_ends),
        fixture_test(pem_round_trip),
        fixture_test(pem_lives_in_the_secure_heap),
        fixture_test(older_forms_are_read),
        fixture_test(encrypted_keys_are_refused_without_a_question),
        fixture_test(damaged_keys_are_refused),
        fixture_test(digests),
        fixture_test(a_key_is_known_by_its_public_half),
    };

    return fixture_run(tests);
}
