/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>
#include <openssl/err.h>

#include "base/file.h"
#include "crypto/trials.h"
#include "party.h"

typedef struct scene {
    apr_pool_t *p;
    trials_t *trials;
    party_t *root;
    const char *dir, *chain_path, *key_path;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    static const party_spec_t spec = { .common = "Test Root", .is_ca = 1 };
    scene_t s = { .p = p, .trials = trials_make(p), .root = party_make(p, NULL, &spec) };

    s.dir = fixture_directory(p);
    s.chain_path = apr_pstrcat(p, s.dir, "/fullchain.pem", NULL);
    s.key_path = apr_pstrcat(p, s.dir, "/privkey.pem", NULL);
    return s;
}

/* Write a pair. @return its strength */
static const char *put(scene_t *s, const char *key_type)
{
    const party_spec_t spec = { .names = "DNS:www.example.edu", .key_type = key_type };
    const party_t *leaf = party_make(s->p, s->root, &spec);
    const char *pem = party_pem(s->p, 2, leaf, s->root);
    secret_t *key = keypair_pem(s->p, leaf->key);
    chain_t *chain = NULL;

    fixture_write(s->chain_path, pem, strlen(pem));
    fixture_write(s->key_path, key->data, key->len);
    assert_int_equal(APR_SUCCESS,
                     chain_parse(&chain, pem, strlen(pem), eab_result_make(s->p), s->p));
    return chain_strength(s->p, chain);
}

static int pass(scene_t *s, const terms_t *terms, const char *strength, const char *type)
{
    int passes = trials_pass(s->trials, terms, strength, s->chain_path, s->key_path, type);

    assert_int_equal(0, ERR_peek_error());
    return passes;
}

static void one_of_each_strength_is_loaded(void **state)
{
    scene_t s = scene(*state);
    const char *p256 = put(&s, "p256");
    terms_t *soft = terms_make(s.p), *same = terms_make(s.p);

    soft->ciphers = same->ciphers = "DEFAULT@SECLEVEL=1";
    assert_true(pass(&s, NULL, p256, "p256"));
    assert_string_equal(p256, put(&s, "p256"));
    /* Nothing can be loaded any more: what passes now is known. */
    file_remove_tree(s.dir, s.p);
    assert_true(pass(&s, NULL, p256, "p256"));
    assert_false(pass(&s, soft, p256, "p256"));
    assert_false(pass(&s, NULL, "another", "p256"));
    assert_int_equal(0, mkdir(s.dir, 0700));
    put(&s, "p256");
    assert_true(pass(&s, soft, p256, "p256"));
    file_remove_tree(s.dir, s.p);
    assert_true(pass(&s, same, p256, "p256"));
}

static void a_refusal_is_not_remembered(void **state)
{
    scene_t s = scene(*state);
    const char *rsa = put(&s, "rsa2048");
    terms_t *hard = terms_make(s.p);

    hard->ciphers = "DEFAULT@SECLEVEL=3";
    assert_true(pass(&s, NULL, rsa, "rsa2048"));
    assert_false(pass(&s, hard, rsa, "rsa2048"));
    assert_false(pass(&s, hard, rsa, "rsa2048"));
    file_remove_tree(s.dir, s.p);
}

static void what_openssl_judges_by_makes_the_strength(void **state)
{
    static const char *const types[] = { "rsa2048", "rsa3072", "p256", "p384" };
    scene_t s = scene(*state);
    size_t i, j;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        for (j = 0; j < i; j++)
            assert_string_not_equal(put(&s, types[i]), put(&s, types[j]));
    }
    file_remove_tree(s.dir, s.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(one_of_each_strength_is_loaded),
        fixture_test(a_refusal_is_not_remembered),
        fixture_test(what_openssl_judges_by_makes_the_strength),
    };

    return fixture_run(tests);
}
