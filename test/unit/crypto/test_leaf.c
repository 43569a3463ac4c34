/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/err.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "crypto/leaf.h"
#include "crypto/secret.h"
#include "party.h"

static const char *dir;

static party_t *certificate(apr_pool_t *p, const party_t *issuer, const char *key_type,
                            const char *common, const char *names)
{
    const party_spec_t spec = {
        .key_type = key_type, .common = common, .names = names, .until = 3600
    };

    return party_make(p, issuer, &spec);
}

static const char *path_of(apr_pool_t *p, const char *text)
{
    const char *path = apr_pstrcat(p, dir, "/own.pem", NULL);

    unlink(path);
    if (text != NULL)
        fixture_write(path, text, strlen(text));
    return path;
}

static leaf_t *read_text(apr_pool_t *p, const char *text)
{
    leaf_t *leaf = NULL;

    assert_int_equal(APR_SUCCESS, leaf_read(&leaf, path_of(p, text), p));
    assert_int_equal(0, ERR_peek_error());
    return leaf;
}

static void it_says_what_decides(void **state)
{
    apr_pool_t *p = *state;
    party_t *ca = certificate(p, NULL, "p256", "A CA", NULL);
    party_t *issued = certificate(p, ca, "rsa2048", "a.example.edu",
                                  "DNS:A.example.edu,DNS:*.b.example.edu,IP:192.0.2.1");
    party_t *self = certificate(p, NULL, "p256", "localhost", "DNS:localhost");
    leaf_t *leaf = read_text(p, party_pem(p, 1, issued));

    assert_int_equal(3, leaf->names->nelts);
    assert_string_equal("a.example.edu", APR_ARRAY_IDX(leaf->names, 0, const char *));
    assert_string_equal("*.b.example.edu", APR_ARRAY_IDX(leaf->names, 1, const char *));
    assert_string_equal("192.0.2.1", APR_ARRAY_IDX(leaf->names, 2, const char *));
    assert_true(leaf->is_rsa);
    assert_false(leaf->is_self_signed);
    assert_in_range(leaf->not_after - apr_time_now(), apr_time_from_sec(3500),
                    apr_time_from_sec(3700));
    leaf = read_text(p, party_pem(p, 1, self));
    assert_true(leaf->is_self_signed);
    assert_false(leaf->is_rsa);
}

static void what_follows_is_read_too(void **state)
{
    apr_pool_t *p = *state;
    party_t *ca = certificate(p, NULL, "p256", "A CA", NULL);
    party_t *issued = certificate(p, ca, "p256", "x", "DNS:a.example.edu");
    const char *chain = party_pem(p, 2, issued, ca), *one = party_pem(p, 1, issued);
    leaf_t *leaf = read_text(p, chain);

    assert_true(leaf->is_whole);
    assert_string_equal(keypair_spki(p, issued->key->pkey), leaf->spki);
    assert_true(read_text(p, apr_pstrcat(p, one, "and some words\n", NULL))->is_whole);
    assert_false(read_text(p, apr_pstrcat(p, one,
                                          "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                          "-----END CERTIFICATE-----\n",
                                          NULL))
                     ->is_whole);
    assert_false(read_text(p, apr_pstrmemdup(p, chain, strlen(chain) - 40))->is_whole);
}

/* As people put them together. */
static void what_else_is_in_the_file_does_not_matter(void **state)
{
    apr_pool_t *p = *state;
    party_t *ca = certificate(p, NULL, "p256", "A CA", NULL);
    party_t *issued = certificate(p, ca, "p256", "x", "DNS:a.example.edu");
    const char *chain = party_pem(p, 2, issued, ca);
    const secret_t *secret = keypair_pem(p, issued->key);
    const char *key = apr_pstrmemdup(p, (const char *)secret->data, secret->len);
    const char *texts[] = {
        chain,
        apr_pstrcat(p, key, chain, NULL),
        apr_pstrcat(p, chain, key, NULL),
        apr_pstrcat(p, "Bag Attributes\n    friendlyName: a\n", chain, NULL),
        apr_pstrcat(p, "\xef\xbb\xbf\n", chain, NULL),
        apr_pstrcat(p, chain, "-----BEGIN DH PARAMETERS-----\nnonsense\n", NULL),
    };
    size_t i = 0;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        leaf_t *leaf = read_text(p, texts[i]);

        assert_int_equal(1, leaf->names->nelts);
        assert_string_equal("a.example.edu", APR_ARRAY_IDX(leaf->names, 0, const char *));
    }
}

static void what_holds_no_certificate_is_refused(void **state)
{
    static const char encrypted[] = "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
                                    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                                    "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n";
    static const char *const texts[] = {
        "", "no certificate\n", encrypted, "<html><body>404</body></html>\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    };
    leaf_t *leaf = NULL;
    size_t i = 0;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(APR_EINVAL, leaf_read(&leaf, path_of(*state, texts[i]), *state));
        assert_null(leaf);
        assert_int_equal(0, ERR_peek_error());
    }
}

/* It must not hang, whatever is in the place of the file. */
static void only_files_are_read(void **state)
{
    apr_pool_t *p = *state;
    const char *path = path_of(p, NULL);
    leaf_t *leaf = NULL;

    assert_int_equal(APR_ENOENT, leaf_read(&leaf, path, p));
    assert_int_equal(0, mkfifo(path, 0600));
    assert_int_not_equal(APR_SUCCESS, leaf_read(&leaf, path, p));
    unlink(path);
    assert_int_equal(0, mkdir(path, 0700));
    assert_int_not_equal(APR_SUCCESS, leaf_read(&leaf, path, p));
    rmdir(path);
    assert_int_not_equal(APR_SUCCESS, leaf_read(&leaf, "/dev/zero", p));
    assert_null(leaf);
}

static void a_huge_file_is_not_read(void **state)
{
    apr_pool_t *p = *state;
    const char *pem = party_pem(p, 1, certificate(p, NULL, "p256", "x", "DNS:a.example.edu"));
    const char *path = path_of(p, pem);
    leaf_t *leaf = NULL;

    assert_int_equal(0, truncate(path, LIMIT_OWN_FILE));
    assert_int_equal(APR_SUCCESS, leaf_read(&leaf, path, p));
    assert_int_equal(0, truncate(path, LIMIT_OWN_FILE + 1));
    assert_int_not_equal(APR_SUCCESS, leaf_read(&leaf, path, p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_says_what_decides),
        fixture_test(what_follows_is_read_too),
        fixture_test(what_else_is_in_the_file_does_not_matter),
        fixture_test(what_holds_no_certificate_is_refused),
        fixture_test(only_files_are_read),
        fixture_test(a_huge_file_is_not_read),
    };
    apr_pool_t *p = NULL;
    int failed = 0;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return 1;
    dir = fixture_directory(p);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    file_remove_tree(dir, p);
    apr_terminate();
    return failed;
}
