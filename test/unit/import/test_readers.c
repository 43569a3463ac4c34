/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "../crypto/party.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "import/directives.h"
#include "import/format.h"
#include "import/intake.h"
#include "store/blocked.h"
#include "store/generation.h"
#include "store/history.h"
#include "store/registration.h"

#define CA "https://ca.example:14000/v2/dir"
#define URL "https://ca.example:14000/acct/7"
#define KID "kid-1"
#define HMAC "c2VjcmV0LWhtYWMta2V5LXRoYXQtbXVzdC1zdGF5LXdoZXJlLWl0LWlz"

/* A directory of another client, our store, and what has been issued. */
typedef struct scene {
    apr_pool_t *p;
    const char *dir;   /* of the client */
    const char *store; /* ACMEStoreDir, not made yet */
    const char *root;  /* of both */
    keypair_t *account_key;
    party_t *issuer;
    party_t *leaf;
    found_t *found;
    apr_array_header_t *items;
    format_options_t source;
    intake_options_t intake;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };
    party_spec_t root = { .common = "Root", .is_ca = 1 };
    party_spec_t ca = { .common = "Issuer", .is_ca = 1, .serial = "2" };
    party_spec_t leaf = { .names = "DNS:example.edu,DNS:www.example.edu", .usage = "serverAuth" };

    s.root = fixture_directory(p);
    s.dir = apr_pstrcat(p, s.root, "/client", NULL);
    s.store = apr_pstrcat(p, s.root, "/store", NULL);
    assert_int_equal(APR_SUCCESS, file_make_directory(s.dir, 0700, p));
    s.account_key = keypair_adopt(p, keypair_generate("p256"));
    s.issuer = party_make(p, party_make(p, NULL, &root), &ca);
    s.leaf = party_make(p, s.issuer, &leaf);
    s.intake.accounts = s.intake.certificates = 1;
    s.intake.now = apr_time_now();
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(0, ERR_peek_error());
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->root, s->p));
}

static const char *path(scene_t *s, const char *name)
{
    return apr_pstrcat(s->p, s->dir, "/", name, NULL);
}

static void put(scene_t *s, const char *name, const char *text)
{
    const char *to = path(s, name);

    assert_int_equal(APR_SUCCESS, file_make_directory(
                                      apr_pstrmemdup(s->p, to, strrchr(to, '/') - to), 0755, s->p));
    fixture_write(to, text, strlen(text));
    assert_int_equal(0, chmod(to, 0600));
}

static const char *key_text(scene_t *s, const keypair_t *key)
{
    secret_t *pem = keypair_pem(s->p, key);

    return apr_pstrmemdup(s->p, (const char *)pem->data, pem->len);
}

static const char *chain_text(scene_t *s)
{
    return party_pem(s->p, 2, s->leaf, s->issuer);
}

/* A member of a private JWK. */
static const char *number(scene_t *s, const keypair_t *key, const char *param, int width)
{
    unsigned char data[1024];
    BIGNUM *bn = NULL;
    int len;

    assert_int_equal(1, EVP_PKEY_get_bn_param(key->pkey, param, &bn));
    len = width > 0 ? width : BN_num_bytes(bn);
    assert_int_equal(len, BN_bn2binpad(bn, data, len));
    BN_free(bn);
    return base64url_encode(s->p, data, (apr_size_t)len);
}

static const char *jwk_text(scene_t *s)
{
    return apr_psprintf(s->p,
                        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\",\"d\":\"%s\"}",
                        number(s, s->account_key, OSSL_PKEY_PARAM_EC_PUB_X, 32),
                        number(s, s->account_key, OSSL_PKEY_PARAM_EC_PUB_Y, 32),
                        number(s, s->account_key, OSSL_PKEY_PARAM_PRIV_KEY, 32));
}

/* An account object with the binding that its client has sent. */
static const char *account_text(scene_t *s)
{
    const char *header =
        "{\"alg\":\"HS256\",\"kid\":\"" KID "\",\"url\":\"https://ca.example/new\"}";

    return apr_psprintf(s->p,
                        "{\"status\":\"valid\",\"contact\":[\"mailto:a@example.edu\"],"
                        "\"externalAccountBinding\":{\"protected\":\"%s\",\"payload\":\"x\"},"
                        "\"location\":\"" URL "\"}",
                        base64url_encode(s->p, header, strlen(header)));
}

static const char *in_base64(scene_t *s, const unsigned char *data, int len)
{
    char *text = apr_palloc(s->p, (apr_size_t)len * 2 + 8);

    EVP_EncodeBlock((unsigned char *)text, data, len);
    return text;
}

/* Read and take in what there is. @return the status of the reader */
static apr_status_t import(scene_t *s, const char *format)
{
    eab_result_t *result = eab_result_make(s->p);
    store_t *store = NULL;
    apr_status_t rv;

    s->found = found_make(s->p);
    if (s->source.path == NULL)
        s->source.path = s->dir;
    s->intake.directory = s->source.directory;
    s->intake.account_url = s->source.account_url;
    s->intake.kid = s->source.kid;
    rv = format_read(s->found, format_find(format), &s->source, result);
    if (s->intake.dry_run)
        store = store_refuse(s->store, NULL, s->p);
    else
        assert_int_equal(APR_SUCCESS, store_open(&store, s->store, result, s->p));
    s->items = intake(s->found, store, &s->intake);
    return rv;
}

static intake_item_t *item(scene_t *s, int i)
{
    assert_true(i < s->items->nelts);
    return &APR_ARRAY_IDX(s->items, i, intake_item_t);
}

static void expect(scene_t *s, int i, intake_outcome_t outcome, const char *words)
{
    const char *why = item(s, i)->why != NULL ? item(s, i)->why : "";

    if (item(s, i)->outcome != outcome || strstr(why, words) == NULL)
        fail_msg("item %d: %s: %s", i, intake_outcome_word(item(s, i)->outcome), why);
}

static int is_in(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static const char *config(scene_t *s)
{
    return directives_print(s->found, s->items, NULL);
}

/* The account and the certificate of the scene are in the store, as httpd will look for them, and the
 * HMAC key is nowhere. @param kid as it is configured */
static void both_are_there(scene_t *s, const char *kid)
{
    eab_result_t *result = eab_result_make(s->p);
    history_query_t query = { .since = 0 };
    registration_t *reg = NULL;
    generation_t *generation = NULL;
    keypair_t *key = NULL;
    store_t *store = NULL;

    assert_int_equal(2, s->items->nelts);
    expect(s, 0, INTAKE_IMPORTED, "");
    expect(s, 1, INTAKE_IMPORTED, "");
    assert_int_equal(APR_SUCCESS, store_open(&store, s->store, result, s->p));
    assert_int_equal(APR_SUCCESS, registration_load(&reg, store, CA, kid, result, s->p));
    assert_int_equal(1, reg->attempted);
    assert_int_equal(APR_SUCCESS, registration_key(&key, store, reg, result, s->p));
    assert_int_equal(1, EVP_PKEY_eq(key->pkey, s->account_key->pkey));
    assert_int_equal(APR_SUCCESS,
                     generation_find(&generation, store,
                                     item(s, 1)->names->nelts > 0 ? item(s, 1)->name : "",
                                     item(s, 1)->names, s->intake.now, result, s->p));
    assert_string_equal(reg->id, generation->account);
    assert_string_equal(CA, generation->directory);
    assert_int_equal(2, history_read(store, &query, s->p)->nelts);
    assert_true(is_in(config(s), "ACMEServer " CA "\n"));
    assert_false(is_in(config(s), HMAC));
}

static void has_url(scene_t *s, const char *kid)
{
    eab_result_t *result = eab_result_make(s->p);
    registration_t *reg = NULL;
    store_t *store = NULL;

    assert_int_equal(APR_SUCCESS, store_open(&store, s->store, result, s->p));
    assert_int_equal(APR_SUCCESS, registration_load(&reg, store, CA, kid, result, s->p));
    assert_string_equal(URL, reg->url);
    assert_string_equal("mailto:a@example.edu", reg->contacts);
}

/* ---- the formats ----------------------------------------------------------------------------- */

static void put_certbot(scene_t *s)
{
    put(s, "cli.ini",
        "# defaults\nserver = \"" CA "\"\nemail = a@example.edu\neab-kid = " KID
        "\neab-hmac-key = " HMAC "\n");
    put(s, "accounts/ca.example:14000/v2/dir/0123abcd/private_key.json", jwk_text(s));
    put(s, "accounts/ca.example:14000/v2/dir/0123abcd/regr.json",
        "{\"body\": {}, \"uri\": \"" URL "\"}");
    put(s, "accounts/ca.example:14000/v2/dir/0123abcd/meta.json",
        "{\"creation_dt\": \"2026-01-02T03:04:05Z\"}");
    put(s, "archive/www.example.edu/fullchain2.pem", chain_text(s));
    put(s, "archive/www.example.edu/privkey2.pem", key_text(s, s->leaf->key));
    put(s, "live/README", "hello");
    put(s, "live/www.example.edu/README", "hello");
    assert_int_equal(0, symlink("../../archive/www.example.edu/fullchain2.pem",
                                path(s, "live/www.example.edu/fullchain.pem")));
    assert_int_equal(0, symlink("../../archive/www.example.edu/privkey2.pem",
                                path(s, "live/www.example.edu/privkey.pem")));
    put(s, "renewal/www.example.edu.conf",
        "# renew_before_expiry = 30 days\nrenew_before_expiry = 20 days\n[renewalparams]\n"
        "account = 0123abcd\nserver = " CA "\nauthenticator = dns-rfc2136\nkey_type = ecdsa\n"
        "preferred_chain = None\nmust_staple = True\nrenew_hook = /usr/local/bin/x \\\n");
}

static void certbot(void **state)
{
    scene_t s = scene(*state);

    put_certbot(&s);
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    assert_string_equal("www.example.edu", item(&s, 1)->name);
    assert_true(is_in(config(&s), "<ACMEManagedDomain www.example.edu example.edu>\n"));
    assert_true(is_in(config(&s), "    ACMERenewBefore 20d\n    # certbot's dns-rfc2136 cannot"));
    assert_true(is_in(config(&s), "ACMEChallenge dns-01"));
    assert_true(is_in(config(&s), "must_staple has no counterpart"));
    assert_false(is_in(config(&s), "ACMEPreferredChain"));
    assert_false(is_in(config(&s), "\\\n"));
    scene_end(&s);
}

/* Links that lead elsewhere than the format's are not followed. */
static void certbot_links(void **state)
{
    static const char *const targets[] = { "../../../outside.pem", "/etc/passwd",
                                           "../../archive/../../outside.pem",
                                           "../../archive/www.example.edu/again.pem" };
    scene_t s = scene(*state);
    const char *link = path(&s, "live/www.example.edu/privkey.pem");
    size_t i;

    put_certbot(&s);
    fixture_write(apr_pstrcat(s.p, s.root, "/outside.pem", NULL), key_text(&s, s.leaf->key),
                  strlen(key_text(&s, s.leaf->key)));
    assert_int_equal(0, symlink("privkey2.pem", path(&s, "archive/www.example.edu/again.pem")));
    for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        assert_int_equal(0, unlink(link));
        assert_int_equal(0, symlink(targets[i], link));
        assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
        expect(&s, 1, INTAKE_SKIPPED, "");
    }
    scene_end(&s);
}

/* The account of Let's Encrypt's first interface serves the present one, and one is not found twice. */
static void certbot_moved_account(void **state)
{
    scene_t s = scene(*state);

    put(&s, "accounts/acme-v01.api.letsencrypt.org/directory/0123/private_key.json", jwk_text(&s));
    put(&s, "accounts/acme-v01.api.letsencrypt.org/directory/0123/regr.json",
        "{\"uri\": \"https://acme-v02.api.letsencrypt.org/acme/acct/7\"}");
    put(&s, "accounts/acme-v02.api.letsencrypt.org/README", "x");
    assert_int_equal(0, symlink(path(&s, "accounts/acme-v01.api.letsencrypt.org/directory"),
                                path(&s, "accounts/acme-v02.api.letsencrypt.org/directory")));
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    assert_int_equal(1, s.items->nelts);
    expect(&s, 0, INTAKE_IMPORTED, "");
    assert_string_equal("https://acme-v02.api.letsencrypt.org/directory", item(&s, 0)->directory);
    scene_end(&s);
}

static void acmesh(void **state)
{
    scene_t s = scene(*state);

    put(&s, "account.conf", "SAVED_CF_Token='secret'\n");
    put(&s, "ca/ca.example/v2/dir/account.key",
        apr_pstrcat(s.p,
                    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                    "-----END EC PARAMETERS-----\n",
                    key_text(&s, s.account_key), NULL));
    put(&s, "ca/ca.example/v2/dir/account.json", account_text(&s));
    put(&s, "ca/ca.example/v2/dir/ca.conf",
        "CA_KEY_HASH='x'\nCA_EAB_KEY_ID='" KID "'\nCA_EAB_HMAC_KEY='" HMAC "'\n"
        "ACCOUNT_URL='" URL "'\nCA_EMAIL='$(touch /tmp/executed)'\n");
    put(&s, "www.example.edu_ecc/www.example.edu.conf",
        "Le_Domain='www.example.edu'\nLe_Alt='example.edu'\nLe_API='" CA "'\nLe_Webroot='dns_cf'\n"
        "Le_Keylength='ec-256'\nLe_RenewalDays='30'\n"
        "Le_ReloadCmd='__ACME_BASE64__START_eA==__ACME_BASE64__END_'\n");
    put(&s, "www.example.edu_ecc/www.example.edu.key", key_text(&s, s.leaf->key));
    put(&s, "www.example.edu_ecc/fullchain.cer", chain_text(&s));
    assert_int_equal(APR_SUCCESS, import(&s, "acme.sh"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    assert_string_equal("www.example.edu", item(&s, 1)->name);
    assert_true(is_in(config(&s), "ACMEChallenge dns-01"));
    assert_true(is_in(config(&s), "Le_ReloadCmd is not run"));
    assert_false(is_in(config(&s), "ACMERenewBefore 30d"));
    scene_end(&s);
}

static void lego_4(void **state)
{
    scene_t s = scene(*state);

    put(&s, "accounts/ca.example_14000/a@example.edu/account.json",
        apr_psprintf(
            s.p, "{\"email\":\"a@example.edu\",\"registration\":{\"body\":%s,\"uri\":\"" URL "\"}}",
            account_text(&s)));
    put(&s, "accounts/ca.example_14000/a@example.edu/keys/a@example.edu.key",
        key_text(&s, s.account_key));
    put(&s, "certificates/www.example.edu.json",
        "{\"domain\":\"www.example.edu\",\"certUrl\":\"https://ca.example:14000/cert/1\"}");
    put(&s, "certificates/www.example.edu.crt", chain_text(&s));
    put(&s, "certificates/www.example.edu.key", key_text(&s, s.leaf->key));
    assert_int_equal(APR_SUCCESS, import(&s, "lego"));
    expect(&s, 0, INTAKE_SKIPPED, "--directory");
    s.source.directory = "https://other.example/dir";
    assert_int_equal(APR_SUCCESS, import(&s, "lego"));
    expect(&s, 0, INTAKE_SKIPPED, "ca.example_14000");
    expect(&s, 1, INTAKE_SKIPPED, "ca.example:14000");
    s.source.directory = CA;
    assert_int_equal(APR_SUCCESS, file_remove_tree(s.store, s.p));
    assert_int_equal(APR_SUCCESS, import(&s, "lego"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    scene_end(&s);
}

static void lego_5(void **state)
{
    scene_t s = scene(*state);

    put(&s, "accounts/ca.example_14000/main/account.json",
        apr_psprintf(s.p,
                     "{\"id\":\"main\",\"email\":\"a@example.edu\",\"server\":\"" CA "\","
                     "\"registration\":%s}",
                     account_text(&s)));
    put(&s, "accounts/ca.example_14000/main/main.key", key_text(&s, s.account_key));
    put(&s, "certificates/www.example.edu.json", "{\"id\":\"www.example.edu\"}");
    put(&s, "certificates/www.example.edu.crt", chain_text(&s));
    put(&s, "certificates/www.example.edu.key", key_text(&s, s.leaf->key));
    assert_int_equal(APR_SUCCESS, import(&s, "lego"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    scene_end(&s);
}

static void dehydrated(void **state)
{
    scene_t s = scene(*state);
    const char *folder =
        apr_pstrcat(s.p, "accounts/", base64url_encode(s.p, CA "\n", strlen(CA) + 1), NULL);

    put(&s, "config",
        "CA=\"" CA "\"\nEAB_KID=\"" KID "\"\nEAB_HMAC_KEY=\"" HMAC "\"\n"
        "CHALLENGETYPE=\"dns-01\" # by a hook\nHOOK=${BASEDIR}/hook.sh\n");
    put(&s, apr_pstrcat(s.p, folder, "/account_key.pem", NULL), key_text(&s, s.account_key));
    put(&s, apr_pstrcat(s.p, folder, "/account_id.json", NULL), "{\"url\":\"" URL "\"}");
    put(&s, apr_pstrcat(s.p, folder, "/registration_info.json", NULL),
        "{\"status\":\"valid\",\"contact\":[\"mailto:a@example.edu\"]}");
    put(&s, "certs/web/fullchain-1795300000.pem", chain_text(&s));
    put(&s, "certs/web/privkey-1795300000.pem", key_text(&s, s.leaf->key));
    assert_int_equal(0, symlink("fullchain-1795300000.pem", path(&s, "certs/web/fullchain.pem")));
    assert_int_equal(0, symlink("privkey-1795300000.pem", path(&s, "certs/web/privkey.pem")));
    assert_int_equal(APR_SUCCESS, import(&s, "dehydrated"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    assert_string_equal("example.edu", item(&s, 1)->name);
    assert_true(is_in(config(&s), "HOOK is not called"));
    scene_end(&s);
}

static const char *encrypted(scene_t *s, const keypair_t *key, const unsigned char *pass, int len)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *text = NULL;
    char *data = NULL;
    long n;

    assert_int_equal(1, PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, EVP_aes_256_cbc(),
                                                      (const char *)pass, len, NULL, NULL));
    n = BIO_get_mem_data(bio, &data);
    text = apr_pstrmemdup(s->p, data, (apr_size_t)n);
    BIO_free(bio);
    return text;
}

/* The pass phrase has zeros in it. */
static void mod_md(void **state)
{
    scene_t s = scene(*state);
    unsigned char pass[48];
    size_t i;

    for (i = 0; i < sizeof(pass); i++)
        pass[i] = (unsigned char)(i % 5);
    put(&s, "md_store.json",
        apr_psprintf(s.p, "{\"store\":{\"version\":3.0},\"key\":\"%s\"}",
                     base64url_encode(s.p, pass, sizeof(pass))));
    put(&s, "accounts/ACME-ca.example-0000/account.json",
        "{\"status\":\"valid\",\"url\":\"" URL "\",\"ca-url\":\"" CA "\",\"contact\":"
        "[\"mailto:a@example.edu\"],\"eab\":{\"kid\":\"" KID "\",\"hmac\":\"" HMAC "\"}}");
    put(&s, "accounts/ACME-ca.example-0000/account.pem",
        encrypted(&s, s.account_key, pass, (int)sizeof(pass)));
    put(&s, "staging/www.example.edu/pubcert.secp256r1.pem", chain_text(&s));
    put(&s, "staging/www.example.edu/privkey.secp256r1.pem",
        encrypted(&s, s.leaf->key, pass, (int)sizeof(pass)));
    put(&s, "staging/www.example.edu/md.json",
        "{\"name\":\"www.example.edu\",\"ca\":{\"account\":\"ACME-ca.example-0000\",\"urls\":[\"" CA
        "\"]},\"must-staple\":true,\"renew-window\":\"30d\"}");
    put(&s, "domains/www.example.edu/fallback-pubcert.pem", chain_text(&s));
    assert_int_equal(APR_SUCCESS, import(&s, "mod_md"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    assert_true(is_in(config(&s), "MDMustStaple has no counterpart"));
    assert_true(is_in(config(&s), "ACMERenewBefore 30d"));
    scene_end(&s);
}

static void caddy(void **state)
{
    scene_t s = scene(*state);

    put(&s, "acme/ca.example-14000-v2-dir/users/a@example.edu/a.json", account_text(&s));
    put(&s, "acme/ca.example-14000-v2-dir/users/a@example.edu/a.key", key_text(&s, s.account_key));
    put(&s, "certificates/ca.example-14000-v2-dir/www.example.edu/www.example.edu.crt",
        chain_text(&s));
    put(&s, "certificates/ca.example-14000-v2-dir/www.example.edu/www.example.edu.key",
        key_text(&s, s.leaf->key));
    put(&s, "certificates/ca.example-14000-v2-dir/www.example.edu/www.example.edu.json",
        "{\"sans\":[\"www.example.edu\"],\"issuer_data\":{\"url\":\"https://ca.example:14000/"
        "c\"}}");
    assert_int_equal(APR_SUCCESS, import(&s, "caddy"));
    expect(&s, 0, INTAKE_SKIPPED, "--directory");
    assert_int_equal(APR_SUCCESS, file_remove_tree(s.store, s.p));
    s.source.directory = CA;
    assert_int_equal(APR_SUCCESS, import(&s, "caddy"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    assert_int_equal(APR_SUCCESS, file_remove_tree(s.store, s.p));
    s.source.directory = NULL;
    put(&s, "certificates/ca.example-14000-v2-dir/www.example.edu/www.example.edu.json",
        "{\"issuer_data\":{\"ca\":\"" CA "\",\"account\":\"" URL "\"}}");
    assert_int_equal(APR_SUCCESS, import(&s, "caddy"));
    both_are_there(&s, KID);
    scene_end(&s);
}

static void traefik(void **state)
{
    scene_t s = scene(*state);
    const char *chain = chain_text(&s), *key = key_text(&s, s.leaf->key);
    unsigned char *der = NULL;
    int len;

    s.account_key = keypair_adopt(s.p, keypair_generate("rsa2048"));
    len = i2d_PrivateKey(s.account_key->pkey, &der); /* PKCS#1 */
    put(&s, "acme.json",
        apr_psprintf(s.p,
                     "{\"myresolver\":{\"Account\":{\"Email\":\"a@example.edu\",\"Registration\":{"
                     "\"body\":%s,\"uri\":\"" URL "\"},\"PrivateKey\":\"%s\",\"KeyType\":\"2048\"},"
                     "\"Certificates\":[{\"domain\":{\"main\":\"www.example.edu\"},\"certificate\":"
                     "\"%s\",\"key\":\"%s\",\"Store\":\"default\"}]},\"other\":null}",
                     account_text(&s), in_base64(&s, der, len),
                     in_base64(&s, (const unsigned char *)chain, (int)strlen(chain)),
                     in_base64(&s, (const unsigned char *)key, (int)strlen(key))));
    OPENSSL_free(der);
    s.source.path = path(&s, "acme.json");
    s.source.directory = CA;
    assert_int_equal(APR_SUCCESS, import(&s, "traefik"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    scene_end(&s);
}

static void posh_acme(void **state)
{
    scene_t s = scene(*state);

    put(&s, "myca/dir.json", "{\"newNonce\":\"x\",\"location\":\"" CA "\"}");
    put(&s, "myca/7/acct.json",
        apr_psprintf(s.p,
                     "{\"id\":\"7\",\"status\":\"valid\",\"contact\":[\"mailto:a@example.edu\"],"
                     "\"location\":\"" URL "\",\"eabKID\":\"" KID "\",\"eabHMAC\":\"" HMAC
                     "\",\"key\":%s}",
                     jwk_text(&s)));
    put(&s, "myca/7/www.example.edu/fullchain.cer", chain_text(&s));
    put(&s, "myca/7/www.example.edu/cert.key", key_text(&s, s.leaf->key));
    put(&s, "myca/7/www.example.edu/order.json",
        "{\"MainDomain\":\"www.example.edu\",\"PreferredChain\":\"Old ${HOME} Root\"}");
    assert_int_equal(APR_SUCCESS, import(&s, "posh-acme"));
    both_are_there(&s, KID);
    has_url(&s, KID);
    assert_false(is_in(config(&s), "\n    ACMEPreferredChain")); /* httpd would look up ${HOME} */
    put(&s, "myca/7/acct.json",
        "{\"location\":\"" URL "\",\"key\":\"76492d1116743f0423413b1605\"}");
    assert_int_equal(APR_SUCCESS, import(&s, "posh-acme"));
    expect(&s, 0, INTAKE_SKIPPED, "encrypted");
    scene_end(&s);
}

static void haproxy(void **state)
{
    scene_t s = scene(*state);

    put(&s, "haproxy.cfg",
        apr_psprintf(
            s.p,
            "global\n    log stdout # acme other\nacme office\n    directory " CA
            "\n    contact a@example.edu\n    account-key %s\n    eab-key-id kid.txt\n"
            "    eab-mac-key mac.txt\n\ncrt-store\n    crt-base %s/certs\n"
            "    load crt \"www.pem\" acme office domains \"www.example.edu,example.edu\"\n"
            "    load crt other.pem\nfrontend web\n    bind :443\n",
            path(&s, "office.key"), s.dir));
    put(&s, "office.key", key_text(&s, s.account_key));
    put(&s, "kid.txt", KID "\n");
    put(&s, "mac.txt", HMAC "\n");
    put(&s, "certs/www.pem", apr_pstrcat(s.p, key_text(&s, s.leaf->key), chain_text(&s), NULL));
    s.source.path = path(&s, "haproxy.cfg");
    assert_int_equal(APR_SUCCESS, import(&s, "haproxy"));
    both_are_there(&s, KID);
    expect(&s, 0, INTAKE_IMPORTED, "the CA is asked for it");
    scene_end(&s);
}

static void pem(void **state)
{
    scene_t s = scene(*state);
    party_spec_t other = { .names = "DNS:other.example.edu" };

    /* Issuer first, key in between, a root and a stranger too. */
    put(&s, "all.pem",
        apr_pstrcat(s.p, "Bag Attributes\n", party_pem(s.p, 1, s.issuer), key_text(&s, s.leaf->key),
                    party_pem(s.p, 1, party_make(s.p, s.issuer, &other)), party_pem(s.p, 1, s.leaf),
                    NULL));
    s.source.path = path(&s, "all.pem");
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    assert_int_equal(1, s.items->nelts);
    expect(&s, 0, INTAKE_IMPORTED, "");
    assert_string_equal("example.edu", item(&s, 0)->name);
    assert_string_equal(chain_text(&s), chain_pem(s.p, item(&s, 0)->certificate->chain));
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_KEPT, "");

    put(&s, "key.pem", encrypted(&s, s.account_key, (const unsigned char *)"secret", 6));
    s.source.path = path(&s, "key.pem");
    s.source.directory = CA;
    s.source.account_url = URL;
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_SKIPPED, "--password-file");
    s.source.passphrase = secret_make(s.p, 6);
    memcpy(s.source.passphrase->data, "secret", 6);
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_IMPORTED, "");
    assert_string_equal(URL, item(&s, 0)->name);
    scene_end(&s);
}

static void pfx(void **state)
{
    scene_t s = scene(*state);
    STACK_OF(X509) *others = sk_X509_new_null();
    PKCS12 *pkcs12 = NULL;
    unsigned char *der = NULL;
    int len;

    sk_X509_push(others, s.issuer->cert);
    pkcs12 =
        PKCS12_create("secret", "x", s.leaf->key->pkey, s.leaf->cert, others, 0, 0, 2048, 2048, 0);
    assert_non_null(pkcs12);
    len = i2d_PKCS12(pkcs12, &der);
    fixture_write(path(&s, "x.pfx"), der, (size_t)len);
    assert_int_equal(0, chmod(path(&s, "x.pfx"), 0600));
    PKCS12_free(pkcs12);
    OPENSSL_free(der);
    sk_X509_free(others);
    s.source.path = path(&s, "x.pfx");
    assert_int_equal(APR_SUCCESS, import(&s, "pfx"));
    expect(&s, 0, INTAKE_SKIPPED, "--password-file");
    s.source.passphrase = secret_make(s.p, 6);
    memcpy(s.source.passphrase->data, "secret", 6);
    assert_int_equal(APR_SUCCESS, import(&s, "pfx"));
    expect(&s, 0, INTAKE_IMPORTED, "");
    assert_string_equal(chain_text(&s), chain_pem(s.p, item(&s, 0)->certificate->chain));
    scene_end(&s);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void what_others_can_write_is_refused(void **state)
{
    scene_t s = scene(*state);

    put_certbot(&s);
    assert_int_equal(0, chmod(path(&s, "archive/www.example.edu/privkey2.pem"), 0620));
    assert_int_equal(0, chmod(path(&s, "accounts/ca.example:14000/v2/dir/0123abcd"), 0777));
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 0, INTAKE_SKIPPED, "others than its owner can write");
    expect(&s, 1, INTAKE_SKIPPED, "others than its owner can write");
    scene_end(&s);
}

static void certificates_of_no_use(void **state)
{
    scene_t s = scene(*state);
    party_spec_t over = { .names = "DNS:www.example.edu", .from = -7200, .until = -3600 };
    party_spec_t alone = { .names = "DNS:www.example.edu" };
    party_spec_t nameless = { .common = "x" };
    party_t *expired = party_make(s.p, s.issuer, &over), *self = party_make(s.p, NULL, &alone);
    party_t *unnamed = party_make(s.p, s.issuer, &nameless);

    s.source.path = path(&s, "x.pem");
    put(&s, "x.pem",
        apr_pstrcat(s.p, party_pem(s.p, 1, expired), key_text(&s, expired->key), NULL));
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_SKIPPED, "has expired on");
    put(&s, "x.pem", apr_pstrcat(s.p, chain_text(&s), key_text(&s, s.account_key), NULL));
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_SKIPPED, "belongs to none");
    put(&s, "x.pem", chain_text(&s));
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_SKIPPED, "no private key");
    put(&s, "x.pem", apr_pstrcat(s.p, party_pem(s.p, 1, self), key_text(&s, self->key), NULL));
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_SKIPPED, "self-signed");
    put(&s, "x.pem",
        apr_pstrcat(s.p, party_pem(s.p, 1, unnamed), key_text(&s, unnamed->key), NULL));
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_SKIPPED, "no name");
    put(&s, "x.pem", "");
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_SKIPPED, "");
    scene_end(&s);
}

static void blocked_keys_are_refused(void **state)
{
    scene_t s = scene(*state);
    eab_result_t *result = eab_result_make(s.p);
    store_t *store = NULL;

    put_certbot(&s);
    assert_int_equal(APR_SUCCESS, store_open(&store, s.store, result, s.p));
    assert_int_equal(APR_SUCCESS, blocked_add(store, keypair_spki(s.p, s.leaf->key->pkey), "root",
                                              s.intake.now, result, s.p));
    assert_int_equal(APR_SUCCESS, blocked_add(store, keypair_spki(s.p, s.account_key->pkey), "root",
                                              s.intake.now, result, s.p));
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 0, INTAKE_SKIPPED, "");
    expect(&s, 1, INTAKE_SKIPPED, "");
    scene_end(&s);
}

/* The store has one account for a CA and a key id: which, is for a person to say. */
static void two_accounts_of_one_kid(void **state)
{
    scene_t s = scene(*state);
    keypair_t *first = s.account_key;

    put_certbot(&s);
    s.account_key = keypair_adopt(s.p, keypair_generate("p256"));
    put(&s, "accounts/ca.example:14000/v2/dir/4567ef/private_key.json", jwk_text(&s));
    put(&s, "accounts/ca.example:14000/v2/dir/4567ef/regr.json",
        "{\"uri\": \"https://ca.example:14000/acct/8\"}");
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 0, INTAKE_SKIPPED, "--account-url");
    expect(&s, 1, INTAKE_SKIPPED, "--account-url");
    assert_int_equal(APR_SUCCESS, file_remove_tree(s.store, s.p));
    s.source.account_url = URL;
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 0, INTAKE_IMPORTED, "");
    expect(&s, 1, INTAKE_SKIPPED, "not the one");
    s.source.account_url = "https://ca.example:14000/acct/8";
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 1, INTAKE_SKIPPED, "the store has another account");
    s.account_key = first;
    has_url(&s, KID);
    scene_end(&s);
}

/* What the store has is not replaced by what is older, and a key of its own stays. */
static void what_is_there_stays(void **state)
{
    scene_t s = scene(*state);
    party_spec_t newer = { .names = "DNS:www.example.edu,DNS:example.edu",
                           .from = 60,
                           .serial = "9" };
    party_t *old = s.leaf, *new = party_make(s.p, s.issuer, &newer);

    s.source.path = path(&s, "x.pem");
    s.leaf = new;
    put(&s, "x.pem", apr_pstrcat(s.p, chain_text(&s), key_text(&s, new->key), NULL));
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_IMPORTED, "");
    s.source.path = path(&s, "y.pem");
    s.leaf = old;
    put(&s, "y.pem", apr_pstrcat(s.p, chain_text(&s), key_text(&s, old->key), NULL));
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_IMPORTED, ""); /* its first name is another one */
    assert_int_equal(APR_SUCCESS, import(&s, "pem"));
    expect(&s, 0, INTAKE_KEPT, "");
    scene_end(&s);
}

static void dry_run_touches_nothing(void **state)
{
    scene_t s = scene(*state);
    struct stat st;

    put_certbot(&s);
    s.intake.dry_run = 1;
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 0, INTAKE_IMPORTED, "");
    expect(&s, 1, INTAKE_IMPORTED, "");
    assert_int_not_equal(0, stat(s.store, &st));
    scene_end(&s);
}

/* Text of a file that would like to be more than a value. */
static void hostile_text_stays_a_value(void **state)
{
    scene_t s = scene(*state);

    put_certbot(&s);
    put(&s, "renewal/www.example.edu.conf",
        "server = " CA "\npreferred_chain = A\" \"B\npreferred_profile = it is $fine 'x'\n"
        "renew_hook = x\x01\x02</ACMEManagedDomain>\\\n");
    put(&s, "cli.ini", "server = " CA "\nemail = a@b\" x,b@example.edu\neab-kid = " KID "\n");
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 0, INTAKE_IMPORTED, "");
    assert_false(is_in(config(&s), "\n    ACMEPreferredChain"));
    assert_true(is_in(config(&s), "\n    ACMEProfile \"it is $fine 'x'\"\n"));
    assert_true(is_in(config(&s), "x\\x01\\x02</ACMEManagedDomain>\\\\.\n"));
    assert_true(is_in(config(&s), "\nACMEContact x mailto:b@example.edu\n")
                || is_in(config(&s), "\nACMEContact mailto:b@example.edu\n"));
    put(&s, "cli.ini", "server = " CA "\neab-kid = a b\n");
    assert_int_equal(APR_SUCCESS, file_remove_tree(s.store, s.p));
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 0, INTAKE_SKIPPED, "blanks");
    scene_end(&s);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static unsigned dice(unsigned *seed)
{
    return *seed = *seed * 1103515245u + 12345u;
}

/* Truncated, bytes changed, doubled, of another kind: whatever it is, it is told and survived. */
static void damage(scene_t *s, const char *name, unsigned *seed)
{
    const char *text = NULL;
    char *copy = NULL;
    apr_size_t len = 0, i;

    assert_int_equal(APR_SUCCESS, file_read(&text, &len, name, LIMIT_IMPORT_FILE, s->p));
    copy = apr_pmemdup(s->p, text, len + 1);
    switch (dice(seed) >> 16 & 3) {
    case 0:
        len = len > 0 ? (dice(seed) >> 8) % len : 0;
        break;
    case 1:
        for (i = 0; i < 1 + len / 50 && len > 0; i++)
            copy[(dice(seed) >> 8) % len] = (char)(dice(seed) >> 16);
        break;
    case 2:
        copy = apr_pstrcat(s->p, "[[[[[[[[{\"x\":", text, text, NULL);
        len = strlen(copy);
        break;
    default:
        copy = apr_pstrcat(s->p, "{\"key\": 5, \"registration\": [], \"uri\": {}, \"url\": null}\n",
                           NULL);
        len = strlen(copy);
        break;
    }
    fixture_write(name, copy, len);
}

static void list_files(scene_t *s, const char *dir, apr_array_header_t *files)
{
    apr_array_header_t *names = file_list_directory(dir, s->p);
    struct stat st;
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = apr_pstrcat(s->p, dir, "/", APR_ARRAY_IDX(names, i, const char *), NULL);

        if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
            list_files(s, name, files);
        else if (lstat(name, &st) == 0 && S_ISREG(st.st_mode))
            APR_ARRAY_PUSH(files, const char *) = name;
    }
}

static void put_all(scene_t *s)
{
    const char *chain = chain_text(s), *key = key_text(s, s->leaf->key);

    put_certbot(s);
    put(s, "ca/ca.example/v2/dir/account.key", key_text(s, s->account_key));
    put(s, "ca/ca.example/v2/dir/ca.conf", "CA_EAB_KEY_ID='" KID "'\nACCOUNT_URL='" URL "'\n");
    put(s, "x.example.edu/x.example.edu.conf", "Le_API='" CA "'\nLe_Webroot='no'\n");
    put(s, "x.example.edu/fullchain.cer", chain);
    put(s, "x.example.edu/x.example.edu.key", key);
    put(s, "accounts/ca.example_14000/m/account.json",
        apr_psprintf(s->p, "{\"server\":\"" CA "\",\"registration\":%s}", account_text(s)));
    put(s, "accounts/ca.example_14000/m/m.key", key_text(s, s->account_key));
    put(s, "certificates/w.json", "{\"domain\":\"w\",\"certUrl\":\"https://ca.example:14000/c\"}");
    put(s, "certificates/w.crt", chain);
    put(s, "certificates/w.key", key);
    put(s, "acme/ca.example-14000-v2-dir/users/u/a.json", account_text(s));
    put(s, "acme/ca.example-14000-v2-dir/users/u/a.key", key_text(s, s->account_key));
    put(s, "certificates/ca.example-14000-v2-dir/w/w.crt", chain);
    put(s, "certificates/ca.example-14000-v2-dir/w/w.key", key);
    put(s, "certificates/ca.example-14000-v2-dir/w/w.json",
        "{\"issuer_data\":{\"ca\":\"" CA "\"}}");
    put(s, "certs/web/fullchain.pem", chain);
    put(s, "certs/web/privkey.pem", key);
    put(s, "accounts/eA/account_key.pem", key_text(s, s->account_key));
    put(s, "md_store.json", "{\"key\":\"eHh4eHh4\"}");
    put(s, "accounts/ACME-x/account.json", "{\"ca-url\":\"" CA "\",\"url\":\"" URL "\"}");
    put(s, "accounts/ACME-x/account.pem", key_text(s, s->account_key));
    put(s, "domains/w/pubcert.pem", chain);
    put(s, "domains/w/privkey.pem", key);
    put(s, "domains/w/md.json", "{\"ca\":{\"account\":\"ACME-x\",\"challenges\":[\"http-01\"]}}");
    put(s, "p/dir.json", "{\"location\":\"" CA "\"}");
    put(s, "p/7/acct.json", apr_psprintf(s->p, "{\"key\":%s}", jwk_text(s)));
    put(s, "p/7/o/fullchain.cer", chain);
    put(s, "p/7/o/cert.key", key);
    put(s, "single",
        apr_psprintf(s->p,
                     "{\"r\":{\"Account\":{\"PrivateKey\":\"AAAA\"},\"Certificates\":[{}]}}"));
    put(s, "cfg",
        "acme a\n directory " CA "\n account-key single\ncrt-store\n load crt \"single\" acme a\n");
}

static void damaged_files_are_survived(void **state)
{
    scene_t s = scene(*state);
    apr_array_header_t *files = apr_array_make(s.p, 50, sizeof(const char *));
    apr_pool_t *outer = s.p;
    const format_t *format = NULL;
    unsigned seed = 42;
    int round;

    put_all(&s);
    list_files(&s, s.dir, files);
    assert_true(files->nelts > 30);
    s.intake.dry_run = 1;
    for (round = 0; round < 80; round++) {
        const char *name =
            APR_ARRAY_IDX(files, (int)((dice(&seed) >> 8) % (unsigned)files->nelts), const char *);
        const char *before = NULL;
        apr_size_t len = 0;

        assert_int_equal(APR_SUCCESS, apr_pool_create(&s.p, outer));
        assert_int_equal(APR_SUCCESS, file_read(&before, &len, name, LIMIT_IMPORT_FILE, s.p));
        damage(&s, name, &seed);
        for (format = formats; format->name != NULL; format++) {
            static const char *const single[] = { "traefik", "haproxy", "pem", "pfx" };
            size_t k;

            s.source.path = s.dir;
            for (k = 0; k < sizeof(single) / sizeof(single[0]); k++) {
                if (strcmp(format->name, single[k]) == 0)
                    s.source.path = name;
            }
            s.source.directory = round % 2 == 0 ? CA : NULL;
            import(&s, format->name);
            (void)config(&s);
        }
        fixture_write(name, before, len);
        ERR_clear_error();
        apr_pool_destroy(s.p);
    }
    s.p = outer;
    scene_end(&s);
}

static void huge_files_are_refused(void **state)
{
    scene_t s = scene(*state);

    put_certbot(&s);
    assert_int_equal(0, truncate(path(&s, "archive/www.example.edu/fullchain2.pem"), 300000000));
    assert_int_equal(
        0, truncate(path(&s, "accounts/ca.example:14000/v2/dir/0123abcd/private_key.json"),
                    300000000));
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 0, INTAKE_SKIPPED, "far longer");
    expect(&s, 1, INTAKE_SKIPPED, "far longer");
    scene_end(&s);
}

static void a_fifo_is_not_waited_for(void **state)
{
    scene_t s = scene(*state);

    put_certbot(&s);
    assert_int_equal(0, unlink(path(&s, "archive/www.example.edu/privkey2.pem")));
    assert_int_equal(0, mkfifo(path(&s, "archive/www.example.edu/privkey2.pem"), 0600));
    assert_int_equal(APR_SUCCESS, import(&s, "certbot"));
    expect(&s, 1, INTAKE_SKIPPED, "FIFO");
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(certbot),
        fixture_test(certbot_links),
        fixture_test(certbot_moved_account),
        fixture_test(acmesh),
        fixture_test(lego_4),
        fixture_test(lego_5),
        fixture_test(dehydrated),
        fixture_test(mod_md),
        fixture_test(caddy),
        fixture_test(traefik),
        fixture_test(posh_acme),
        fixture_test(haproxy),
        fixture_test(pem),
        fixture_test(pfx),
        fixture_test(what_others_can_write_is_refused),
        fixture_test(certificates_of_no_use),
        fixture_test(blocked_keys_are_refused),
        fixture_test(two_accounts_of_one_kid),
        fixture_test(what_is_there_stays),
        fixture_test(dry_run_touches_nothing),
        fixture_test(hostile_text_stays_a_value),
        fixture_test(damaged_files_are_survived),
        fixture_test(huge_files_are_refused),
        fixture_test(a_fifo_is_not_waited_for),
    };

    return fixture_run(tests);
}
