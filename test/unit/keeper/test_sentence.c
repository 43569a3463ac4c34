/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/json.h"
#include "crypto/jose.h"

/* The members of the header in their order, with the account URL or the public key. */
static void expect_header(scene_t *s, const json_t *header, const char *url, int by_jwk)
{
    json_t *want =
        by_jwk ? json_pack("{s:s,s:O,s:s,s:s}", "alg", "ES256", "jwk",
                           jose_jwk(s->p, scene_account(s)->key), "nonce", NONCE, "url", url)
               : json_pack("{s:s,s:s,s:s,s:s}", "alg", "ES256", "kid", ACCOUNT_URL, "nonce", NONCE,
                           "url", url);

    assert_string_equal(json_text(s->p, json_own(s->p, want)), json_text(s->p, header));
}

/* Sign it and compare header and payload. */
static const char *expect(scene_t *s, int sentence, int by_jwk)
{
    const char *url =
        sentence == SENTENCE_FINALIZE ? ORDER_URL "/finalize" : "https://ca.example/new";
    const char *payload = NULL;
    json_t *header = NULL;

    scene_open_jws(s, scene_sign(s, sentence), &header, &payload);
    expect_header(s, header, url, by_jwk);
    return payload;
}

/* The binding as RFC 8555, 7.3.4 has it, made from the key that the test knows. */
static const char *binding(scene_t *s)
{
    secret_t *key = secret_make(s->p, strlen(HMAC));
    json_t *json;

    memcpy(key->data, HMAC, strlen(HMAC));
    json =
        jose_bind_account(s->p, scene_account(s)->key, key, "HS256", KID, "https://ca.example/new");
    return json_text(s->p, json);
}

static void new_account_binds_the_eab_key(void **state)
{
    scene_t *s = scene_make(*state);
    const char *want;

    scene_start(s);
    want = apr_pstrcat(s->p,
                       "{\"termsOfServiceAgreed\":true,\"contact\":[\"mailto:a@example.edu\"],"
                       "\"externalAccountBinding\":",
                       binding(s), "}", NULL);
    assert_string_equal(want, expect(s, SENTENCE_NEW_ACCOUNT, 1));
    scene_end(s);
}

static void new_account_says_no_more_than_is_configured(void **state)
{
    scene_t *s = scene_make(*state);

    s->account->kid = s->account->eab_source = NULL;
    s->account->terms_accepted = 0;
    s->account->contacts = party_names(s->p, NULL);
    scene_start(s);
    assert_string_equal("{}", expect(s, SENTENCE_NEW_ACCOUNT, 1));
    scene_end(s);
}

static void that_it_was_attempted_is_on_disk_before_the_signature(void **state)
{
    scene_t *s = scene_make(*state);
    const char *record;
    keeper_account_t *account;

    scene_start(s);
    account = scene_account(s);
    record = apr_pstrcat(s->p, "accounts/", account->registration->id, "/account.json", NULL);
    assert_true(
        scene_has(s, apr_pstrcat(s->p, "accounts/", account->registration->id, "/key.pem", NULL)));
    assert_false(scene_has(s, record));
    scene_sign(s, SENTENCE_NEW_ACCOUNT);
    assert_true(json_peek_bool(scene_read(s, record), "attempted", 0));
    scene_end(s);
}

/* Nothing is signed that could not be written down before. */
static void without_a_disk_nothing_is_signed(void **state)
{
    scene_t *s = scene_make(*state);
    char *folder;

    scene_start(s);
    folder = apr_pstrdup(s->p, scene_path(s, "accounts"));
    assert_int_equal(0, rename(folder, apr_pstrcat(s->p, folder, ".gone", NULL)));
    fixture_write(folder, "", 0);
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    assert_string_equal(EAB_PROBLEM_STORE, s->result->type);
    assert_int_equal(0, scene_account(s)->registration->attempted);
    assert_int_equal(0, unlink(folder));
    assert_int_equal(0, rename(apr_pstrcat(s->p, folder, ".gone", NULL), folder));

    scene_register(s);
    folder = apr_pstrdup(s->p, scene_path(s, "pending"));
    assert_int_equal(0, rmdir(folder));
    fixture_write(folder, "", 0);
    scene_refuse(s, SENTENCE_NEW_ORDER);
    assert_string_equal(EAB_PROBLEM_STORE, s->result->type);
    assert_null(scene_certificate(s)->journal);
    scene_end(s);
}

static void a_registered_account_is_not_registered_again(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    assert_non_null(strstr(s->result->detail, "registered already"));
    scene_end(s);
}

static void an_account_is_found_by_its_key(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    assert_string_equal("{\"onlyReturnExisting\":true}", expect(s, SENTENCE_FIND_ACCOUNT, 1));
    assert_string_equal(
        apr_pstrcat(s->p, "{\"onlyReturnExisting\":true,\"externalAccountBinding\":", binding(s),
                    "}", NULL),
        expect(s, SENTENCE_FIND_ACCOUNT_EAB, 1));
    scene_end(s);
}

/* Rule 5 of the design: once it is bound, nothing makes the keeper read the EAB key again. */
static void a_bound_account_is_not_bound_again(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    assert_non_null(scene_account(s)->eab_key);
    scene_register(s);
    assert_null(scene_account(s)->eab_key);
    scene_refuse(s, SENTENCE_FIND_ACCOUNT_EAB);
    assert_null(scene_account(s)->eab_key);
    scene_start(s);
    scene_refuse(s, SENTENCE_FIND_ACCOUNT_EAB);
    assert_null(scene_account(s)->eab_key);
    scene_end(s);
}

static void reading_and_answering_need_an_account(void **state)
{
    static const int sentences[] = { SENTENCE_READ, SENTENCE_CHALLENGE, SENTENCE_NEW_ORDER,
                                     SENTENCE_FINALIZE };
    scene_t *s = scene_make(*state);
    size_t i;

    scene_start(s);
    for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); ++i) {
        scene_refuse(s, sentences[i]);
        assert_string_equal(EAB_PROBLEM_ACCOUNT_PENDING, s->result->type);
    }
    scene_register(s);
    assert_string_equal("", expect(s, SENTENCE_READ, 0));
    assert_string_equal("{}", expect(s, SENTENCE_CHALLENGE, 0));
    scene_end(s);
}

static void an_order_names_what_is_configured(void **state)
{
    scene_t *s = scene_make(*state);
    json_t *journal;

    scene_start(s);
    scene_register(s);
    assert_false(scene_has(s, "pending/" NAME "/order.json"));
    assert_string_equal("{\"identifiers\":[{\"type\":\"dns\",\"value\":\"" NAME "\"},"
                        "{\"type\":\"dns\",\"value\":\"example.edu\"}]}",
                        expect(s, SENTENCE_NEW_ORDER, 0));
    journal = scene_read(s, "pending/" NAME "/order.json");
    assert_string_equal(scene_account(s)->registration->id, json_peek_string(journal, "account"));
    assert_string_equal("p256", json_peek_string(journal, "key_type"));
    assert_null(json_peek_string(journal, "order_url"));
    assert_false(json_peek_bool(journal, "finalized", 1));
    scene_end(s);
}

/* RFC 8738, 3: in the one text that RFC 5952 gives it. */
static void an_address_is_an_identifier_of_its_own_type(void **state)
{
    scene_t *s = scene_make(*state);

    s->certificate->names = party_names(s->p, NAME, "192.0.2.1", "2001:0DB8:0::0001", NULL);
    scene_start(s);
    scene_register(s);
    assert_string_equal("{\"identifiers\":[{\"type\":\"dns\",\"value\":\"" NAME "\"},"
                        "{\"type\":\"ip\",\"value\":\"192.0.2.1\"},"
                        "{\"type\":\"ip\",\"value\":\"2001:db8::1\"}]}",
                        expect(s, SENTENCE_NEW_ORDER, 0));
    scene_end(s);
}

static void only_one_order_is_in_flight(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_sign(s, SENTENCE_NEW_ORDER);
    scene_sign(s, SENTENCE_NEW_ORDER); /* badNonce: the same once more */
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    scene_refuse(s, SENTENCE_NEW_ORDER);
    assert_non_null(strstr(s->result->detail, "in flight"));
    scene_start(s);
    scene_refuse(s, SENTENCE_NEW_ORDER);
    assert_int_equal(APR_SUCCESS, certificate_abandon(scene_certificate(s), s->result));
    scene_sign(s, SENTENCE_NEW_ORDER);
    scene_end(s);
}

/* The CSR in a finalize payload. */
static X509_REQ *csr_of(scene_t *s, const char *payload)
{
    json_t *json = json_parse(s->p, payload, strlen(payload), NULL);
    const unsigned char *der;
    bytes_t bytes = { NULL, 0 };
    X509_REQ *csr;

    assert_int_equal(1, json_object_size(json));
    assert_int_equal(APR_SUCCESS, base64url_decode(s->p, &bytes, json_peek_string(json, "csr")));
    der = bytes.data;
    csr = d2i_X509_REQ(NULL, &der, (long)bytes.len);
    assert_non_null(csr);
    return csr;
}

static void expect_san(X509_REQ *csr, int count, int i, const char *name)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(csr);
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    const ASN1_IA5STRING *text;

    assert_non_null(names);
    assert_int_equal(count, sk_GENERAL_NAME_num(names));
    text = sk_GENERAL_NAME_value(names, i)->d.dNSName;
    assert_int_equal(strlen(name), ASN1_STRING_length(text));
    assert_memory_equal(name, ASN1_STRING_get0_data(text), strlen(name));
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

static void finalize_carries_our_names_and_our_key(void **state)
{
    scene_t *s = scene_make(*state);
    keypair_t *key = NULL;
    const char *payload;
    X509_REQ *csr;

    scene_start(s);
    scene_register(s);
    scene_refuse(s, SENTENCE_FINALIZE); /* there is no order */
    scene_sign(s, SENTENCE_NEW_ORDER);
    scene_refuse(s, SENTENCE_FINALIZE); /* its URL is not known */
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    payload = expect(s, SENTENCE_FINALIZE, 0);
    csr = csr_of(s, payload);
    expect_san(csr, 2, 0, NAME);
    expect_san(csr, 2, 1, "example.edu");
    /* What the signature promises is on disk: the fact, and the very key. */
    assert_true(json_peek_bool(scene_read(s, "pending/" NAME "/order.json"), "finalized", 0));
    assert_int_equal(APR_SUCCESS,
                     keypair_load(&key, scene_path(s, "pending/" NAME "/privkey.pem"), s->p));
    assert_int_equal(1, X509_REQ_verify(csr, key->pkey));
    assert_int_not_equal(1, EVP_PKEY_eq(key->pkey, scene_account(s)->key->pkey));
    X509_REQ_free(csr);
    ERR_clear_error();
    scene_end(s);
}

/* A hundred names of 251 characters each, which is as much as httpd -t lets pass: CAs take requests of
 * up to 50,000 bytes. */
static void the_longest_requests_are_taken(void **state)
{
    scene_t *s = scene_make(*state);
    apr_array_header_t *names = party_names(s->p, NULL);
    char label[60];
    int i;

    memset(label, 'a', sizeof(label));
    label[59] = '\0';
    for (i = 0; i < 100; ++i)
        APR_ARRAY_PUSH(names, const char *) =
            apr_psprintf(s->p, "n%02d.%s.%s.%s.%s.example", i, label, label, label, label);
    assert_int_equal(251, strlen(APR_ARRAY_IDX(names, 0, const char *)));
    s->certificate->names = names;
    scene_start(s);
    scene_register(s);
    assert_true(strlen(scene_sign(s, SENTENCE_NEW_ORDER)) < 50000);
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    assert_true(strlen(scene_sign(s, SENTENCE_FINALIZE)) < 50000);
    scene_end(s);
}

static void finalize_waits_for_its_key(void **state)
{
    scene_t *s = scene_make(*state);
    const char *jws = NULL;

    s->certificate->key_type = "rsa4096";
    scene_start(s);
    scene_register(s);
    scene_sign(s, SENTENCE_NEW_ORDER);
    certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result);
    assert_int_equal(APR_EAGAIN, sentence_sign(&jws, s->keeper->model, SENTENCE_FINALIZE, 0,
                                               "https://ca.example/f", NONCE, s->result, s->p));
    assert_null(jws);
    assert_false(json_peek_bool(scene_read(s, "pending/" NAME "/order.json"), "finalized", 1));
    scene_end(s); /* while the key is being made */
}

static void an_order_of_another_configuration_is_not_finalized(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    s->certificate->names = party_names(s->p, NAME, "other.example.edu", NULL);
    scene_start(s);
    scene_refuse(s, SENTENCE_FINALIZE);
    assert_string_equal(EAB_PROBLEM_ORDER_CHANGED, s->result->type);
    scene_end(s);
}

static const char *const bad_urls[] = {
    "",
    "http://ca.example/new",
    "https://",
    "https:///new",
    "https://?x",
    "ftp://ca.example/new",
    "//ca.example/new",
    "https://ca.example/n\"ew\n",
    "https://ca.example/n ew",
    "https://ca.example/\x7f",
    "https://ca.example/\xc3\xa9",
    "https://ca.example/\x01",
};

static const char *const bad_nonces[] = { "", "with space", "a=b", "a+b", "a/b", "\"", "\xc3\xa9" };

static void hostile_urls_and_nonces_are_refused(void **state)
{
    scene_t *s = scene_make(*state);
    const char *jws = NULL;
    char *longest = apr_pcalloc(s->p, LIMIT_URL + 2);
    size_t i;

    scene_start(s);
    scene_register(s);
    for (i = 0; i < sizeof(bad_urls) / sizeof(bad_urls[0]); ++i) {
        assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, SENTENCE_READ, 0,
                                                   bad_urls[i], NONCE, s->result, s->p));
        assert_null(jws);
    }
    assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, SENTENCE_READ, 0, NULL,
                                               NONCE, s->result, s->p));
    for (i = 0; i < sizeof(bad_nonces) / sizeof(bad_nonces[0]); ++i)
        assert_int_equal(APR_EINVAL,
                         sentence_sign(&jws, s->keeper->model, SENTENCE_READ, 0,
                                       "https://ca.example/", bad_nonces[i], s->result, s->p));
    assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, SENTENCE_READ, 0,
                                               "https://ca.example/", NULL, s->result, s->p));

    memset(longest, 'a', LIMIT_URL + 1);
    memcpy(longest, "https://", 8);
    assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, SENTENCE_READ, 0, longest,
                                               NONCE, s->result, s->p));
    longest[LIMIT_URL] = '\0';
    assert_int_equal(APR_SUCCESS, sentence_sign(&jws, s->keeper->model, SENTENCE_READ, 0, longest,
                                                NONCE, s->result, s->p));
    memset(longest, 'a', LIMIT_NONCE + 1);
    longest[LIMIT_NONCE + 1] = '\0';
    assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, SENTENCE_READ, 0,
                                               "https://ca.example/", longest, s->result, s->p));
    scene_end(s);
}

static void other_sentences_and_indices_are_refused(void **state)
{
    scene_t *s = scene_make(*state);
    const char *jws = NULL;
    int i;

    scene_start(s);
    scene_register(s);
    assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, 0, 0, "https://ca.example/",
                                               NONCE, s->result, s->p));
    assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, 99, 0, "https://ca.example/",
                                               NONCE, s->result, s->p));
    for (i = -1; i <= 1; i += 2) {
        assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, SENTENCE_READ, i,
                                                   "https://ca.example/", NONCE, s->result, s->p));
        assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, SENTENCE_NEW_ORDER, i,
                                                   "https://ca.example/", NONCE, s->result, s->p));
    }
    assert_null(jws);
    scene_end(s);
}

static void a_broken_account_signs_nothing(void **state)
{
    scene_t *s = scene_make(*state);
    const char *path;
    int sentence;

    scene_start(s);
    path = scene_path(
        s, apr_pstrcat(s->p, "accounts/", scene_account(s)->registration->id, "/key.pem", NULL));
    fixture_write(path, "no key", 6);
    scene_start(s);
    for (sentence = SENTENCE_NEW_ACCOUNT; sentence <= SENTENCE_FINALIZE; ++sentence) {
        scene_refuse(s, sentence);
        assert_string_equal(EAB_PROBLEM_STORE, s->result->type);
        assert_non_null(strstr(s->result->detail, path));
    }
    scene_end(s);
}

static const char *payload_of_order(scene_t *s, int replaces, int profile)
{
    sentence_order_t order = { 0, 0, NULL, 0 };
    const char *jws = NULL;
    bytes_t payload = { NULL, 0 };

    order.replaces = replaces;
    order.profile = profile;
    assert_int_equal(APR_SUCCESS,
                     sentence_sign_order(&jws, s->keeper->model, SENTENCE_NEW_ORDER, 0,
                                         "https://ca.example/new", NONCE, &order, s->result, s->p));
    assert_int_equal(
        APR_SUCCESS,
        base64url_decode(s->p, &payload,
                         json_peek_string(json_parse(s->p, jws, strlen(jws), NULL), "payload")));
    return apr_pstrmemdup(s->p, (const char *)payload.data, payload.len);
}

/* The profile is the plan's, and a first certificate replaces nothing, whatever the agent wishes. */
static void an_order_says_what_is_configured(void **state)
{
    scene_t *s = scene_make(*state);

    s->certificate->profile = "shortlived";
    scene_start(s);
    scene_register(s);
    assert_null(certificate_replaced(scene_certificate(s)));
    assert_null(strstr(payload_of_order(s, 1, 0), "profile"));
    assert_null(strstr(payload_of_order(s, 1, 0), "replaces"));
    assert_non_null(strstr(payload_of_order(s, 1, 1), "\"profile\":\"shortlived\""));
    scene_end(s);
}

/* Of an order for fewer names: newOrder and CSR say the same, and the subject is one that is left. */
static void an_order_and_its_csr_are_for_the_same_names(void **state)
{
    scene_t *s = scene_make(*state);
    sentence_order_t order = { 0, 0, NULL, 0 };
    const char *jws = NULL, *payload = NULL;
    json_t *header = NULL;
    char subject[100] = "";
    X509_REQ *csr;

    s->certificate->allow_subset = 1;
    scene_start(s);
    scene_register(s);
    order.names = party_names(s->p, "evil.example", NULL);
    assert_int_equal(APR_EINVAL,
                     sentence_sign_order(&jws, s->keeper->model, SENTENCE_NEW_ORDER, 0,
                                         "https://ca.example/new", NONCE, &order, s->result, s->p));
    assert_null(jws);
    order.names = party_names(s->p, "example.edu", NULL);
    eab_result_clear(s->result);
    assert_int_equal(APR_SUCCESS,
                     sentence_sign_order(&jws, s->keeper->model, SENTENCE_NEW_ORDER, 0,
                                         "https://ca.example/new", NONCE, &order, s->result, s->p));
    scene_open_jws(s, jws, &header, &payload);
    assert_string_equal("{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.edu\"}]}",
                        payload);
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    csr = csr_of(s, expect(s, SENTENCE_FINALIZE, 0));
    expect_san(csr, 1, 0, "example.edu");
    X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(csr), NID_commonName, subject,
                              sizeof(subject));
    assert_string_equal("example.edu", subject);
    X509_REQ_free(csr);
    ERR_clear_error();
    scene_end(s);
}

/* To its own URL and nowhere else. */
static void contacts_go_to_the_account(void **state)
{
    scene_t *s = scene_make(*state);
    const char *jws = NULL, *payload = NULL;
    json_t *header = NULL;

    scene_start(s);
    scene_register(s);
    assert_false(account_contact_changed(scene_account(s)));
    APR_ARRAY_PUSH(s->account->contacts, const char *) = "mailto:new@example.edu";
    scene_start(s);
    assert_true(account_contact_changed(scene_account(s)));
    assert_int_equal(APR_EINVAL, sentence_sign(&jws, s->keeper->model, SENTENCE_UPDATE_CONTACT, 0,
                                               "https://ca.example/other", NONCE, s->result, s->p));
    eab_result_clear(s->result);
    assert_int_equal(APR_SUCCESS, sentence_sign(&jws, s->keeper->model, SENTENCE_UPDATE_CONTACT, 0,
                                                ACCOUNT_URL, NONCE, s->result, s->p));
    scene_open_jws(s, jws, &header, &payload);
    assert_string_equal("{\"contact\":[\"mailto:a@example.edu\",\"mailto:new@example.edu\"]}",
                        payload);
    assert_int_equal(APR_SUCCESS, account_contacted(scene_account(s), s->result));
    assert_false(account_contact_changed(scene_account(s)));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(new_account_binds_the_eab_key),
        fixture_test(an_order_says_what_is_configured),
        fixture_test(contacts_go_to_the_account),
        fixture_test(new_account_says_no_more_than_is_configured),
        fixture_test(that_it_was_attempted_is_on_disk_before_the_signature),
        fixture_test(without_a_disk_nothing_is_signed),
        fixture_test(a_registered_account_is_not_registered_again),
        fixture_test(an_account_is_found_by_its_key),
        fixture_test(a_bound_account_is_not_bound_again),
        fixture_test(reading_and_answering_need_an_account),
        fixture_test(an_order_names_what_is_configured),
        fixture_test(an_address_is_an_identifier_of_its_own_type),
        fixture_test(only_one_order_is_in_flight),
        fixture_test(finalize_carries_our_names_and_our_key),
        fixture_test(the_longest_requests_are_taken),
        fixture_test(an_order_and_its_csr_are_for_the_same_names),
        fixture_test(finalize_waits_for_its_key),
        fixture_test(an_order_of_another_configuration_is_not_finalized),
        fixture_test(hostile_urls_and_nonces_are_refused),
        fixture_test(other_sentences_and_indices_are_refused),
        fixture_test(a_broken_account_signs_nothing),
    };

    return fixture_run(tests);
}
