/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <sys/stat.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "store/lock.h"

agent_line_t *(*const scene_line)(loop_t *loop, apr_pool_t *p) = agent_line_make;

#define PATIENCE apr_time_from_sec(60) /* a slow machine under a memory checker */

static void plan_fill(scene_t *s)
{
    apr_pool_t *p = s->p;
    plan_t *plan = plan_make(p);

    plan->httpd_version = "2.4.71";
    plan->httpd_program = "/bin/true";
    plan->agent_program = "/bin/true";
    plan->store_dir = apr_pstrcat(p, s->dir, "/store", NULL);
    plan->run_dir = apr_pstrcat(p, s->dir, "/run", NULL);
    plan->max_parallel = 8;
    plan->log_level = 4;
    s->account = apr_array_push(plan->accounts);
    s->account->label = "default";
    s->account->directory = DIRECTORY;
    s->account->kid = KID;
    s->account->eab_alg = "HS256";
    s->account->eab_source = apr_pstrcat(p, "file:", s->key_file, NULL);
    s->account->contacts = party_names(p, "mailto:a@example.edu", NULL);
    s->account->terms_accepted = 1;
    s->account->where = "httpd.conf:7";
    s->certificate = apr_array_push(plan->certificates);
    s->certificate->id = NAME;
    s->certificate->names = party_names(p, NAME, "example.edu", NULL);
    s->certificate->challenges = party_names(p, "http-01", NULL);
    s->certificate->key_type = "p256";
    s->certificate->common_name = 1;
    s->certificate->served = 1;
    s->certificate->where = "httpd.conf:9";
    s->plan = plan;
}

scene_t *scene_make(apr_pool_t *p)
{
    static const party_spec_t ca_spec = { .common = "Test CA", .is_ca = 1 };
    scene_t *s = apr_pcalloc(p, sizeof(*s));

    /* A key may be in the making when the test ends; the keeper leaves by _exit() for that. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    s->p = p;
    s->dir = fixture_directory(p);
    s->key_file = apr_pstrcat(p, s->dir, "/eab.key", NULL);
    fixture_write(s->key_file, HMAC_TEXT "\n", strlen(HMAC_TEXT) + 1);
    assert_int_equal(0, chmod(s->key_file, 0600));
    s->result = eab_result_make(p);
    s->ca = party_make(p, NULL, &ca_spec);
    plan_fill(s);
    return s;
}

void scene_stop(scene_t *s)
{
    if (s->pool != NULL)
        apr_pool_destroy(s->pool);
    s->pool = NULL;
    s->keeper = NULL;
}

keeper_t *scene_start(scene_t *s)
{
    lock_owner_t owner = { 1, 1, "localhost", NULL };
    store_t *store = NULL;
    loop_t *loop;
    int lock = -1;

    scene_stop(s);
    assert_int_equal(APR_SUCCESS, apr_pool_create(&s->pool, s->p));
    assert_int_equal(APR_SUCCESS, store_open(&store, s->plan->store_dir, s->result, s->pool));
    assert_int_equal(APR_SUCCESS, lock_take(&lock, store, -1, &owner, s->result, s->pool));
    loop = loop_make(s->pool);
    s->keeper = keeper_make(loop, s->plan, store, s->segment, s->result, s->pool);
    assert_non_null(s->keeper);
    return s->keeper;
}

void scene_end(scene_t *s)
{
    assert_int_equal(0, ERR_peek_error());
    scene_stop(s);
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->dir, s->p));
}

keeper_account_t *scene_account(scene_t *s)
{
    return model_account(s->keeper->model, 0);
}

keeper_certificate_t *scene_certificate(scene_t *s)
{
    return model_certificate(s->keeper->model, 0);
}

void scene_register(scene_t *s)
{
    assert_int_equal(APR_SUCCESS,
                     account_registered(scene_account(s), ACCOUNT_URL, NULL, s->result));
}

static void on_patience(void *baton)
{
    loop_stop(baton);
}

void scene_run(scene_t *s, apr_interval_time_t span)
{
    loop_timer_t *timer =
        loop_timer_make(s->keeper->means.loop, on_patience, s->keeper->means.loop);
    apr_time_t end = apr_time_now() + span;

    while (apr_time_now() < end) {
        loop_timer_set(timer, end);
        loop_run(s->keeper->means.loop);
    }
    loop_timer_release(s->keeper->means.loop, timer);
}

void scene_wait(scene_t *s, int replies)
{
    loop_timer_t *timer =
        loop_timer_make(s->keeper->means.loop, on_patience, s->keeper->means.loop);
    apr_time_t end = apr_time_now() + PATIENCE;

    loop_timer_set(timer, end);
    while (s->keeper->line->replies < replies) {
        assert_true(apr_time_now() < end);
        loop_run(s->keeper->means.loop);
    }
    loop_timer_release(s->keeper->means.loop, timer);
    assert_int_equal(replies, s->keeper->line->replies);
}

static const char *url_of(int sentence)
{
    return sentence == SENTENCE_FINALIZE ? ORDER_URL "/finalize" : "https://ca.example/new";
}

const char *scene_sign(scene_t *s, int sentence)
{
    apr_time_t end = apr_time_now() + PATIENCE;
    const char *jws = NULL;
    apr_status_t rv;

    eab_result_clear(s->result);
    while ((rv = sentence_sign(&jws, s->keeper->model, sentence, 0, url_of(sentence), NONCE,
                               s->result, s->p))
           == APR_EAGAIN) {
        assert_true(apr_time_now() < end);
        if (scene_certificate(s)->syncing != NULL)
            syncer_settle(s->keeper->means.syncer); /* nothing else happens meanwhile */
        else
            scene_run(s, apr_time_from_msec(10));
    }
    if (rv != APR_SUCCESS)
        print_error("refused: %s\n", s->result->detail);
    assert_int_equal(APR_SUCCESS, rv);
    assert_non_null(jws);
    return jws;
}

void scene_refuse(scene_t *s, int sentence)
{
    const char *jws = "unset";

    eab_result_clear(s->result);
    assert_int_not_equal(APR_SUCCESS, sentence_sign(&jws, s->keeper->model, sentence, 0,
                                                    url_of(sentence), NONCE, s->result, s->p));
    assert_null(jws);
    assert_int_not_equal(APR_SUCCESS, s->result->rv);
    assert_non_null(s->result->detail);
}

void scene_finalize(scene_t *s)
{
    scene_sign(s, SENTENCE_NEW_ORDER);
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    scene_sign(s, SENTENCE_FINALIZE);
}

const char *scene_chain(scene_t *s, keypair_t *key, const char *names)
{
    const party_spec_t spec = { .key = key,
                                .names = names,
                                .usage = "serverAuth",
                                .access = s->access,
                                .feature = s->feature,
                                .from = s->from,
                                .until = s->until };

    s->leaf = party_make(s->p, s->ca, &spec);
    return party_pem(s->p, 2, s->leaf, s->ca);
}

apr_status_t scene_bring(scene_t *s, const char *pem)
{
    keeper_certificate_t *certificate = scene_certificate(s);
    apr_status_t rv = certificate_install(certificate, pem, s->result);

    if (rv != APR_EAGAIN) {
        assert_int_not_equal(APR_SUCCESS, rv);
        return rv;
    }
    syncer_settle(certificate->means->syncer); /* nothing else happens meanwhile */
    return certificate->journal == NULL ? APR_SUCCESS : APR_EGENERAL;
}

void scene_install(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, scene_bring(s, scene_chain(s, scene_certificate(s)->key,
                                                             "DNS:" NAME ",DNS:example.edu")));
}

void scene_load(scene_t *s)
{
    const generation_t *best = scene_certificate(s)->best;

    s->certificate->loaded = apr_pstrdup(s->p, best->number);
    s->certificate->loaded_fingerprint = apr_pstrdup(s->p, best->facts->fingerprint);
    s->certificate->fallback = 0;
}

const char *scene_path(scene_t *s, const char *below)
{
    return apr_pstrcat(s->p, s->plan->store_dir, "/", below, NULL);
}

int scene_has(scene_t *s, const char *below)
{
    struct stat st;

    return lstat(scene_path(s, below), &st) == 0;
}

json_t *scene_read(scene_t *s, const char *below)
{
    const char *text = NULL;
    apr_size_t len = 0;

    if (file_read(&text, &len, scene_path(s, below), LIMIT_RECORD, s->p) != APR_SUCCESS)
        return NULL;
    return json_parse(s->p, text, len, NULL);
}

const char *scene_script(scene_t *s, const char *name, const char *text)
{
    const char *path = apr_pstrcat(s->p, s->dir, "/", name, NULL);

    text = apr_pstrcat(s->p, "#!/bin/sh\n", text, "\n", NULL);
    fixture_write(path, text, strlen(text));
    assert_int_equal(0, chmod(path, 0700));
    return path;
}

/* R and S of ES256, as OpenSSL wants them. */
static int is_signed_by(EVP_PKEY *pkey, const char *input, const bytes_t *signature)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    int len, valid;

    assert_int_equal(64, signature->len);
    ECDSA_SIG_set0(sig, BN_bin2bn(signature->data, 32, NULL),
                   BN_bin2bn(signature->data + 32, 32, NULL));
    len = i2d_ECDSA_SIG(sig, &der);
    valid = EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, pkey, NULL) == 1
            && EVP_DigestVerify(ctx, der, (size_t)len, (const unsigned char *)input, strlen(input))
                   == 1;
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return valid;
}

static const char *decode(scene_t *s, const char *text)
{
    bytes_t bytes = { NULL, 0 };

    assert_int_equal(APR_SUCCESS, base64url_decode(s->p, &bytes, text));
    return apr_pstrmemdup(s->p, (const char *)bytes.data, bytes.len);
}

void scene_open_jws(scene_t *s, const char *text, json_t **pheader, const char **ppayload)
{
    json_t *jws = json_parse(s->p, text, strlen(text), NULL);
    const char *header = json_peek_string(jws, "protected");
    const char *payload = json_peek_string(jws, "payload");
    bytes_t signature = { NULL, 0 };

    assert_int_equal(3, json_object_size(jws));
    assert_int_equal(APR_SUCCESS,
                     base64url_decode(s->p, &signature, json_peek_string(jws, "signature")));
    assert_true(is_signed_by(scene_account(s)->key->pkey,
                             apr_pstrcat(s->p, header, ".", payload, NULL), &signature));
    header = decode(s, header);
    *pheader = json_parse(s->p, header, strlen(header), NULL);
    *ppayload = (payload[0] == '\0') ? "" : decode(s, payload);
    assert_non_null(*pheader);
}

apr_status_t scene_ask(scene_t *s, int type, json_t *body)
{
    return agent_door_handle(s->keeper->door, type, json_own(s->p, body), s->p);
}
