/* SPDX-License-Identifier: Apache-2.0 */

/* What only root may have signed: revocation, another key, the end of an account. The exact requests; and an
 * agent that asks for them on its own. */

#include "scene.h"

#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/jose.h"
#include "keeper/revoking.h"
#include "store/blocked.h"
#include "store/history.h"
#include "store/spool.h"

#define REVOKE_URL "https://ca.example/revoke"
#define KEY_CHANGE_URL "https://ca.example/key-change"

/* ---- how root asks ---- */

static const char *sign_act(scene_t *s, int sentence, const char *url, const char *fingerprint)
{
    const char *jws = "unset";

    eab_result_clear(s->result);
    sentence_sign_act(&jws, s->keeper->model, sentence, 0, url, NONCE, fingerprint, s->result,
                      s->p);
    return jws;
}

static void expect_refused(scene_t *s, int sentence, const char *url, const char *fingerprint)
{
    assert_null(sign_act(s, sentence, url, fingerprint));
    assert_int_not_equal(APR_SUCCESS, s->result->rv);
}

/* A certificate in place that httpd serves, and an account that the CA knows. */
static scene_t *serving(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    scene_load(s);
    scene_start(s);
    herald_start(s->keeper->herald);
    return s;
}

static revocation_t *record_of_best(scene_t *s, int reason, revocation_by_t by_key)
{
    revocation_t *record = revocation_of(s->p, NAME, scene_certificate(s)->best, s->result);

    record->reason = reason;
    record->by_key = by_key;
    record->by = "alice";
    record->asked = apr_time_now();
    record->now = 1;
    return record;
}

/* Root has asked, and the agent was told. @return the fingerprint */
static const char *ask_to_revoke(scene_t *s, int reason, revocation_by_t by_key)
{
    revocation_t *record = record_of_best(s, reason, by_key);

    assert_int_equal(APR_SUCCESS,
                     revocations_ask(s->keeper->model->revocations, record, NULL, s->result));
    revoking_consider(s->keeper->revoking);
    return apr_pstrdup(s->p, record->fingerprint);
}

static keeper_revocation_t *asked(scene_t *s, const char *fingerprint)
{
    return revocations_find(s->keeper->model->revocations, fingerprint);
}

static json_t *last_task(scene_t *s)
{
    const char *text = s->keeper->line->sent_text;

    assert_int_equal(MESSAGE_TASK, s->keeper->line->sent_type);
    return json_parse(s->p, text, strlen(text), NULL);
}

/* The agent says that the last task is over; type NULL: well. */
static void report(scene_t *s, int status, const char *type)
{
    json_t *body = json_pack("{s:i,s:O,s:b}", "id", 7, "task",
                             json_object_get(last_task(s), "task"), "end", 1);
    eab_result_t *result = eab_result_make(s->p);

    if (status != 0) {
        eab_result_set(result, APR_EGENERAL, type, "The CA said so.");
        result->http_status = status;
        json_object_set_new(body, "problem", eab_result_to_json(result));
    }
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_REPORT, body));
}

static void report_part(scene_t *s, const char *counts)
{
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_REPORT,
                                            json_pack("{s:i,s:O,s:{s:s}}", "id", 7, "task",
                                                      json_object_get(last_task(s), "task"), "part",
                                                      "counts", counts)));
}

/* The newest line of the history. */
static json_t *newest(scene_t *s)
{
    const history_query_t query = { 0, 0, NULL, 1 };
    apr_array_header_t *found = history_read(s->keeper->means.store, &query, s->p);

    assert_int_equal(1, found->nelts);
    return APR_ARRAY_IDX(found, 0, json_t *);
}

/* ---- the exact requests ---- */

static const char *der_of_best(scene_t *s)
{
    chain_t *chain = NULL;
    bytes_t der;

    assert_int_equal(APR_SUCCESS,
                     chain_load(&chain, scene_certificate(s)->best->chain_path, s->result, s->p));
    der = chain_leaf_der(s->p, chain);
    return base64url_encode(s->p, der.data, der.len);
}

static void the_account_revokes(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = ask_to_revoke(s, 4, REVOCATION_BY_ACCOUNT), *payload = NULL;
    json_t *header = NULL;

    assert_string_equal("account", json_peek_string(last_task(s), "by"));
    scene_open_jws(s, sign_act(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint), &header,
                   &payload);
    assert_string_equal("{\"alg\":\"ES256\",\"kid\":\"" ACCOUNT_URL "\",\"nonce\":\"" NONCE
                        "\",\"url\":\"" REVOKE_URL "\"}",
                        json_text(s->p, header));
    assert_string_equal(
        apr_pstrcat(s->p, "{\"certificate\":\"", der_of_best(s), "\",\"reason\":4}", NULL),
        payload);
    /* The other key is another matter. */
    expect_refused(s, SENTENCE_REVOKE_BY_CERTIFICATE, REVOKE_URL, fingerprint);
    scene_end(s);
}

static void no_reason_is_left_out(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = ask_to_revoke(s, 0, REVOCATION_BY_ACCOUNT), *payload = NULL;
    json_t *header = NULL;

    scene_open_jws(s, sign_act(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint), &header,
                   &payload);
    assert_string_equal(apr_pstrcat(s->p, "{\"certificate\":\"", der_of_best(s), "\"}", NULL),
                        payload);
    scene_end(s);
}

static const char *part_of(scene_t *s, const json_t *jws, const char *name)
{
    bytes_t bytes = { NULL, 0 };

    assert_int_equal(APR_SUCCESS, base64url_decode(s->p, &bytes, json_peek_string(jws, name)));
    return apr_pstrmemdup(s->p, (const char *)bytes.data, bytes.len);
}

/* RFC 8555, 7.6: jwk is the public key of the certificate, and its own key signs; alg follows from it. */
static void the_certificates_key_revokes(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = ask_to_revoke(s, 1, REVOCATION_BY_CERTIFICATE_FIRST), *text, *again;
    keypair_t *key = NULL;
    json_t *jws, *header;

    assert_string_equal("certificate first", json_peek_string(last_task(s), "by"));
    text = sign_act(s, SENTENCE_REVOKE_BY_CERTIFICATE, REVOKE_URL, fingerprint);
    assert_non_null(text);
    jws = json_parse(s->p, text, strlen(text), NULL);
    text = part_of(s, jws, "protected");
    header = json_parse(s->p, text, strlen(text), NULL);
    assert_int_equal(APR_SUCCESS, keypair_load(&key, scene_certificate(s)->best->key_path, s->p));
    assert_int_equal(4, json_object_size(header));
    assert_true(json_equal(jose_jwk(s->p, key), json_object_get(header, "jwk")));
    assert_string_equal(jose_alg(key), json_peek_string(header, "alg"));
    assert_string_equal(
        apr_pstrcat(s->p, "{\"certificate\":\"", der_of_best(s), "\",\"reason\":1}", NULL),
        part_of(s, jws, "payload"));
    if (strcmp(jose_alg(key), "RS256")
        == 0) { /* the same each time, so the signature can be compared */
        assert_int_equal(
            APR_SUCCESS,
            jose_sign(&again, key,
                      json_own(s->p, json_pack("{s:O,s:s,s:s}", "jwk", jose_jwk(s->p, key), "nonce",
                                               NONCE, "url", REVOKE_URL)),
                      part_of(s, jws, "payload"), s->p));
        assert_string_equal(
            json_peek_string(json_parse(s->p, again, strlen(again), NULL), "signature"),
            json_peek_string(jws, "signature"));
    }
    /* And the account, when the CA does not take that. */
    assert_non_null(sign_act(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint));
    scene_end(s);
}

static void ask_for_rollover(scene_t *s)
{
    assert_int_equal(APR_SUCCESS,
                     rollover_ask(s->keeper->rollover, scene_account(s), "alice", s->result));
}

static const char *account_file(scene_t *s, const char *file)
{
    return apr_pstrcat(s->p, "accounts/", scene_account(s)->registration->id, file, NULL);
}

/* RFC 8555, 7.3.5. */
static void the_old_key_signs_what_the_new_key_signs(void **state)
{
    scene_t *s = serving(state);
    keeper_account_t *account = scene_account(s);
    const char *payload = NULL, *want = NULL;
    json_t *header = NULL, *inner;

    ask_for_rollover(s);
    assert_true(scene_has(s, account_file(s, "/key.next.pem")));
    scene_open_jws(s, sign_act(s, SENTENCE_KEY_CHANGE, KEY_CHANGE_URL, NULL), &header, &payload);
    assert_string_equal("{\"alg\":\"ES256\",\"kid\":\"" ACCOUNT_URL "\",\"nonce\":\"" NONCE
                        "\",\"url\":\"" KEY_CHANGE_URL "\"}",
                        json_text(s->p, header));
    inner = json_parse(s->p, payload, strlen(payload), NULL);
    assert_int_equal(3, json_object_size(inner));
    want = json_text(
        s->p, json_own(s->p, json_pack("{s:s,s:O,s:s}", "alg", "ES256", "jwk",
                                       jose_jwk(s->p, account->next_key), "url", KEY_CHANGE_URL)));
    assert_string_equal(want, part_of(s, inner, "protected")); /* no nonce, no kid */
    want = json_text(s->p, json_own(s->p, json_pack("{s:s,s:O}", "account", ACCOUNT_URL, "oldKey",
                                                    jose_jwk(s->p, account->key))));
    assert_string_equal(want, part_of(s, inner, "payload"));
    scene_end(s);
}

static void an_account_is_deactivated_at_its_own_url(void **state)
{
    scene_t *s = serving(state);
    const char *payload = NULL;
    json_t *header = NULL;

    assert_int_equal(APR_SUCCESS,
                     deactivation_ask(s->keeper->deactivation, scene_account(s)->registration->id,
                                      "alice", s->result));
    assert_true(json_peek_time(scene_read(s, account_file(s, "/account.json")), "closing") != 0);
    expect_refused(s, SENTENCE_DEACTIVATE, "https://ca.example/account/2", NULL);
    scene_open_jws(s, sign_act(s, SENTENCE_DEACTIVATE, ACCOUNT_URL, NULL), &header, &payload);
    assert_string_equal(ACCOUNT_URL, json_peek_string(header, "kid"));
    assert_string_equal("{\"status\":\"deactivated\"}", payload);
    scene_end(s);
}

/* ---- an agent under an attacker's control ---- */

static void nothing_is_signed_that_root_did_not_ask_for(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = scene_certificate(s)->best->facts->fingerprint;

    expect_refused(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint);
    expect_refused(s, SENTENCE_REVOKE_BY_CERTIFICATE, REVOKE_URL, fingerprint);
    expect_refused(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, NULL);
    expect_refused(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, "../x");
    expect_refused(s, SENTENCE_KEY_CHANGE, KEY_CHANGE_URL, NULL);
    expect_refused(s, SENTENCE_FIND_NEXT, KEY_CHANGE_URL, NULL);
    expect_refused(s, SENTENCE_DEACTIVATE, ACCOUNT_URL, NULL);
    assert_false(scene_has(s, account_file(s, "/key.next.pem")));
    scene_end(s);
}

/* Over the socket, with the words that an honest agent uses for what it was told. */
static void the_door_does_not_know_better(void **state)
{
    static const char *const sentences[] = { "revokeByAccount", "revokeByCertificate", "keyChange",
                                             "deactivate", "findSupersededAccount" };
    scene_t *s = serving(state);
    const char *fingerprint = scene_certificate(s)->best->facts->fingerprint;
    size_t i;

    for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); ++i) {
        assert_int_equal(APR_SUCCESS,
                         scene_ask(s, MESSAGE_SIGN,
                                   json_pack("{s:i,s:s,s:i,s:s,s:s,s:s}", "id", (int)i + 1,
                                             "sentence", sentences[i], "account", 0, "url",
                                             ACCOUNT_URL, "nonce", NONCE, "subject", fingerprint)));
        assert_int_equal((int)i + 1, s->keeper->line->refused);
        assert_null(s->keeper->line->jws);
    }
    /* Nor is it believed that something was done which nobody has asked for. */
    assert_int_equal(
        APR_EINVAL,
        scene_ask(s, MESSAGE_REPORT, json_pack("{s:i,s:i,s:b}", "id", 9, "task", 1000, "end", 1)));
    assert_null(scene_certificate(s)->best->revoked);
    scene_end(s);
}

/* One permission is for one act, of one certificate, and for a few signatures. */
static void a_permission_is_for_one_thing(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = ask_to_revoke(s, 4, REVOCATION_BY_ACCOUNT);
    int i;

    expect_refused(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL,
                   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    expect_refused(s, SENTENCE_KEY_CHANGE, KEY_CHANGE_URL, NULL);
    expect_refused(s, SENTENCE_DEACTIVATE, ACCOUNT_URL, NULL);
    for (i = 0; i < TICKET_SIGNATURES; ++i) {
        assert_non_null(sign_act(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint));
    }
    expect_refused(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint);
    scene_end(s);
}

static void what_is_done_is_not_signed_again(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = ask_to_revoke(s, 4, REVOCATION_BY_ACCOUNT);

    report(s, 0, NULL);
    expect_refused(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint);
    scene_end(s);
}

/* ---- what comes of it ---- */

static void what_is_revoked_is_written_down(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = ask_to_revoke(s, 4, REVOCATION_BY_ACCOUNT);
    const json_t *revoked;

    assert_true(scene_has(s, apr_pstrcat(s->p, "revocations/", fingerprint, ".json", NULL)));
    report(s, 0, NULL);
    assert_true(asked(s, fingerprint)->done);
    assert_string_equal("revoked", json_peek_string(newest(s), "event"));
    assert_string_equal("superseded", json_peek_string(newest(s), "reason"));
    assert_string_equal(NAME, json_peek_string(newest(s), "name"));
    revoked = json_object_get(scene_read(s, "archive/" NAME "/000001/meta.json"), "revoked");
    assert_int_equal(4, json_peek_int(revoked, "reason", -1));
    assert_string_equal("alice", json_peek_string(revoked, "by"));
    assert_true(json_peek_time(revoked, "at") != 0);
    assert_non_null(scene_certificate(s)->best->revoked);
    assert_false(scene_has(s, apr_pstrcat(s->p, "revocations/", fingerprint, ".json", NULL)));
    assert_true(scene_has(s, "archive/" NAME "/000001/privkey.pem"));
    scene_start(s);
    assert_null(scene_certificate(s)->best); /* never what is fallen back to */
    scene_end(s);
}

static void what_is_served_waits_for_another_one(void **state)
{
    scene_t *s = serving(state);
    revocation_t *record = record_of_best(s, 1, REVOCATION_BY_CERTIFICATE_FIRST);
    const char *fingerprint =
        apr_pstrdup(s->p, record->fingerprint); /* of this keeper and the next */

    record->now = 0;
    record->compromised = 1;
    assert_int_equal(APR_SUCCESS,
                     revocations_ask(s->keeper->model->revocations, record, NULL, s->result));
    revoking_consider(s->keeper->revoking);
    assert_int_equal(0, asked(s, fingerprint)->task);
    scene_finalize(s);
    scene_install(s);
    assert_int_equal(0, asked(s, fingerprint)->task); /* not served yet */
    scene_load(s);
    scene_start(s);
    revoking_consider(s->keeper->revoking);
    assert_int_not_equal(0, asked(s, fingerprint)->task);
    report(s, 0, NULL);
    assert_false(scene_has(s, "archive/" NAME "/000001/privkey.pem"));
    assert_true(scene_has(s, "archive/" NAME "/000002/privkey.pem"));
    scene_end(s);
}

/* Whatever a crash leaves undone, the next keeper goes on with. */
/* The keeper was killed after workers have got the new one: the next one does not know what is served. */
static void what_may_be_served_without_a_restart_waits_until_somebody_has_looked(void **state)
{
    scene_t *s = scene_make(*state);
    revocation_t *record;

    s->plan->live = 1;
    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    record = record_of_best(s, 4, REVOCATION_BY_ACCOUNT);
    record->now = 0;
    assert_int_equal(APR_SUCCESS,
                     revocations_ask(s->keeper->model->revocations, record, NULL, s->result));
    scene_finalize(s);
    scene_install(s);
    scene_start(s);
    revoking_consider(s->keeper->revoking);
    assert_int_equal(0, s->keeper->line->sent);
    certificate_activate(scene_certificate(s), ACTIVATION_LIVE, NULL);
    assert_string_equal("revoke", json_peek_string(last_task(s), "what"));
    scene_end(s);
}

static void it_goes_on_after_a_crash(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = ask_to_revoke(s, 4, REVOCATION_BY_ACCOUNT);

    scene_start(s);
    expect_refused(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint);
    revoking_consider(s->keeper->revoking);
    assert_non_null(sign_act(s, SENTENCE_REVOKE_BY_ACCOUNT, REVOKE_URL, fingerprint));
    report(s, 0, NULL);
    assert_true(asked(s, fingerprint)->done);
    scene_end(s);
}

static void a_refusal_is_final_and_a_failure_is_not(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = ask_to_revoke(s, 4, REVOCATION_BY_ACCOUNT);
    const revocation_t *record = asked(s, fingerprint)->record;

    report(s, 503, NULL);
    assert_false(record->refused);
    assert_true(record->next > apr_time_now());
    assert_int_equal(0, asked(s, fingerprint)->task);
    ((revocation_t *)record)->next = 0;
    revoking_consider(s->keeper->revoking);
    report(s, 400, ACME_ERROR "badRevocationReason");
    assert_true(record->refused);
    revoking_consider(s->keeper->revoking);
    assert_int_equal(0, asked(s, fingerprint)->task);
    scene_start(s);
    revoking_consider(s->keeper->revoking);
    assert_int_equal(0, asked(s, fingerprint)->task);
    ask_to_revoke(s, 5, REVOCATION_BY_ACCOUNT); /* root asks anew */
    assert_int_not_equal(0, asked(s, fingerprint)->task);
    assert_int_equal(5, asked(s, fingerprint)->record->reason);
    scene_end(s);
}

/* ---- blocked keys ---- */

static void block(scene_t *s, const keypair_t *key)
{
    assert_int_equal(APR_SUCCESS, blocked_add(s->keeper->means.store, keypair_spki(s->p, key->pkey),
                                              "alice", apr_time_now(), s->result, s->p));
}

/* ---- programs are told ---- */

/* There is a program that wants all events; none runs here. */
static scene_t *with_a_program(void **state)
{
    scene_t *s = serving(state);
    plan_event_command_t *command = apr_array_push(s->plan->event_commands);

    command->user = "root";
    command->events = "all";
    command->argv = party_names(s->p, "/usr/local/sbin/hook", NULL);
    scene_start(s);
    herald_start(s->keeper->herald);
    return s;
}

/* How many events of that kind are in the spool. */
static int spooled(scene_t *s, const char *kind)
{
    const store_t *store = s->keeper->means.store;
    apr_array_header_t *ids = spool_list(store, s->p);
    int i, n = 0;

    for (i = 0; i < ids->nelts; ++i) {
        json_t *entry = spool_get(store, APR_ARRAY_IDX(ids, i, const char *), s->p);

        n += strcmp(kind, json_peek_string(json_object_get(entry, "event"), "event")) == 0;
    }
    return n;
}

static const char *record_file(scene_t *s, const char *fingerprint)
{
    return apr_pstrcat(s->p, "revocations/", fingerprint, ".json", NULL);
}

/* After everybody else has heard of it: what a kill at this moment leaves. */
static void look_at_the_store(void *baton, const change_t *change)
{
    scene_t *s = baton;

    if (change->kind == CHANGE_REVOKED) {
        assert_int_equal(1, spooled(s, "revoked"));
        assert_true(scene_has(s, record_file(s, change->revocation->record->fingerprint)));
        s->result->http_status = 299; /* so that it is known to have been here */
    }
}

static void a_kill_at_no_step_loses_that_it_is_revoked(void **state)
{
    scene_t *s = with_a_program(state);
    const char *fingerprint, *text = NULL;
    apr_size_t len = 0;

    changes_hear(s->keeper->means.changes, look_at_the_store, s);
    fingerprint = ask_to_revoke(s, 4, REVOCATION_BY_ACCOUNT);
    assert_int_equal(APR_SUCCESS, file_read(&text, &len, scene_path(s, record_file(s, fingerprint)),
                                            LIMIT_OWN_FILE, s->p));
    report(s, 0, NULL);
    assert_int_equal(299, s->result->http_status);
    assert_false(scene_has(s, record_file(s, fingerprint)));
    assert_int_equal(1, spooled(s, "revoked"));

    /* Killed before the record was gone, and before the ledger was written: told once, and gone. */
    fixture_write(scene_path(s, record_file(s, fingerprint)), text, len);
    assert_int_equal(APR_SUCCESS, file_remove(scene_path(s, "told.jsonl")));
    scene_start(s);
    herald_start(s->keeper->herald);
    revoking_consider(s->keeper->revoking);
    report(s, 0, NULL);
    assert_int_equal(1, spooled(s, "revoked"));
    assert_false(scene_has(s, record_file(s, fingerprint)));
    scene_end(s);
}

static void while_the_spool_is_broken_a_revocation_is_not_forgotten(void **state)
{
    scene_t *s = with_a_program(state);
    const char *fingerprint = ask_to_revoke(s, 4, REVOCATION_BY_ACCOUNT);

    assert_int_equal(0, rename(scene_path(s, "events"), scene_path(s, "away")));
    fixture_write(scene_path(s, "events"), "x", 1); /* so that nothing can be in it */
    report(s, 0, NULL);
    assert_true(scene_has(s, record_file(s, fingerprint)));
    assert_int_equal(APR_SUCCESS, file_remove(scene_path(s, "events")));
    assert_int_equal(0, rename(scene_path(s, "away"), scene_path(s, "events")));
    scene_start(s); /* for want of a minute */
    herald_start(s->keeper->herald);
    revoking_consider(s->keeper->revoking);
    report(s, 0, NULL);
    assert_int_equal(1, spooled(s, "revoked"));
    assert_false(scene_has(s, record_file(s, fingerprint)));
    scene_end(s);
}

static void a_key_that_is_blocked_again_is_told_once(void **state)
{
    scene_t *s = with_a_program(state);
    keeper_certificate_t *certificate = scene_certificate(s);

    changes_tell_certificate(s->keeper->means.changes, CHANGE_BLOCKED, certificate, NULL);
    scene_start(s); /* the act is begun again after a crash */
    herald_start(s->keeper->herald);
    certificate = scene_certificate(s);
    changes_tell_certificate(s->keeper->means.changes, CHANGE_BLOCKED, certificate, NULL);
    assert_int_equal(1, spooled(s, "key-blocked"));
    scene_end(s);
}

static void nothing_is_finalized_for_a_blocked_key(void **state)
{
    scene_t *s = serving(state);
    const char *first;

    scene_sign(s, SENTENCE_NEW_ORDER);
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    while (scene_certificate(s)->key == NULL) {
        scene_run(s, apr_time_from_msec(10));
    }
    block(s, scene_certificate(s)->key);
    first = keypair_spki(s->p, scene_certificate(s)->key->pkey);
    scene_sign(s, SENTENCE_FINALIZE);
    assert_string_not_equal(first, keypair_spki(s->p, scene_certificate(s)->key->pkey));
    scene_end(s);
}

static void nothing_is_installed_for_a_blocked_key(void **state)
{
    scene_t *s = serving(state);
    keeper_certificate_t *certificate = scene_certificate(s);

    scene_finalize(s);
    block(s, certificate->key);
    assert_int_not_equal(APR_SUCCESS, scene_bring(s, scene_chain(s, certificate->key,
                                                                 "DNS:" NAME ",DNS:example.edu")));
    assert_string_equal(EAB_PROBLEM_REVOKED, s->result->type);
    assert_false(scene_has(s, "archive/" NAME "/000002"));
    scene_end(s);
}

/* ---- another key ---- */

static void the_next_key_counts_when_the_ca_says_so(void **state)
{
    scene_t *s = serving(state);
    const char *old = scene_account(s)->thumbprint, *next;

    ask_for_rollover(s);
    next = jose_thumbprint(s->p, scene_account(s)->next_key);
    report_part(s, "next");
    report(s, 0, NULL);
    assert_string_equal(next, scene_account(s)->thumbprint);
    assert_string_not_equal(old, next);
    assert_string_equal("account-rekeyed", json_peek_string(newest(s), "event"));
    assert_string_equal("rekeyed", json_peek_string(last_task(s), "what"));
    assert_string_equal(next, json_peek_string(last_task(s), "thumbprint"));
    expect_refused(s, SENTENCE_KEY_CHANGE, KEY_CHANGE_URL, NULL);
    scene_start(s);
    assert_string_equal(next, scene_account(s)->thumbprint);
    assert_null(scene_account(s)->next_key);
    assert_int_equal(0, scene_account(s)->registration->rolling);
    assert_true(scene_has(s, account_file(s, "/key.old.pem")));
    scene_finalize(s); /* used with its new key: */
    scene_install(s);
    assert_false(scene_has(s, account_file(s, "/key.old.pem")));
    scene_end(s);
}

static void a_refused_key_is_forgotten(void **state)
{
    scene_t *s = serving(state);
    const char *old = scene_account(s)->thumbprint;

    ask_for_rollover(s);
    report_part(s, "old");
    report(s, 403, ACME_ERROR "unauthorized");
    assert_string_equal(old, scene_account(s)->thumbprint);
    assert_null(scene_account(s)->next_key);
    assert_false(scene_has(s, account_file(s, "/key.next.pem")));
    assert_true(eab_result_is_acme(rollover_problem(s->keeper->rollover, scene_account(s)),
                                   "unauthorized"));
    scene_end(s);
}

/* The CA could not be asked: orders go on with the old key, and another try is made with the same next one. */
static void what_failed_for_now_is_tried_again(void **state)
{
    scene_t *s = serving(state);
    const char *old = scene_account(s)->thumbprint, *next;

    ask_for_rollover(s);
    next = jose_thumbprint(s->p, scene_account(s)->next_key);
    report_part(s, "later");
    report(s, 429, ACME_ERROR "rateLimited");
    assert_string_equal("rekeyed", json_peek_string(last_task(s), "what"));
    assert_string_equal(old, json_peek_string(last_task(s), "thumbprint"));
    assert_true(scene_has(s, account_file(s, "/key.next.pem")));
    rollover_start(s->keeper->rollover);
    assert_string_equal("rollover", json_peek_string(last_task(s), "what"));
    report_part(s, "next");
    report(s, 0, NULL);
    assert_string_equal(next, scene_account(s)->thumbprint);
    scene_end(s);
}

/* Nobody knows which key counts: both are kept, over any number of crashes, until the CA says. */
static void while_nobody_knows_both_keys_are_kept(void **state)
{
    scene_t *s = serving(state);
    const char *next;

    ask_for_rollover(s);
    next = jose_thumbprint(s->p, scene_account(s)->next_key);
    report_part(s, "unknown");
    report(s, 0, NULL);
    assert_true(scene_has(s, account_file(s, "/key.next.pem")));
    scene_start(s);
    rollover_start(s->keeper->rollover);
    assert_string_equal("rollover", json_peek_string(last_task(s), "what"));
    assert_true(json_peek_bool(last_task(s), "settle", 0));
    assert_non_null(sign_act(s, SENTENCE_FIND_NEXT, "https://ca.example/new", NULL));
    report_part(s, "next");
    report(s, 0, NULL);
    assert_string_equal(next, scene_account(s)->thumbprint);
    scene_end(s);
}

/* ---- the end ---- */

static void a_closed_account_stays_closed(void **state)
{
    scene_t *s = serving(state);
    keeper_account_t *account = scene_account(s);

    assert_int_equal(APR_SUCCESS, deactivation_ask(s->keeper->deactivation,
                                                   account->registration->id, "alice", s->result));
    scene_start(s); /* a crash in the middle */
    herald_start(s->keeper->herald);
    deactivation_start(s->keeper->deactivation);
    assert_string_equal("deactivate", json_peek_string(last_task(s), "what"));
    report(s, 0, NULL);
    assert_string_equal("account-deactivated", json_peek_string(newest(s), "event"));
    assert_string_equal("closed", json_peek_string(last_task(s), "what"));
    scene_refuse(s, SENTENCE_READ);
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    scene_start(s);
    assert_string_equal(EAB_PROBLEM_ACCOUNT_STATUS, scene_account(s)->broken->type);
    assert_non_null(strstr(scene_account(s)->broken->detail, "acmectl"));
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    scene_refuse(s, SENTENCE_FIND_ACCOUNT);
    assert_false(scene_has(s, account_file(s, "")));
    assert_false(scene_has(s, account_file(s, ".deactivated/key.pem")));
    scene_end(s);
}

static void an_account_that_the_ca_keeps_is_used_on(void **state)
{
    scene_t *s = serving(state);

    assert_int_equal(APR_SUCCESS,
                     deactivation_ask(s->keeper->deactivation, scene_account(s)->registration->id,
                                      "alice", s->result));
    report(s, 400, ACME_ERROR "malformed");
    assert_int_equal(0, scene_account(s)->registration->closing);
    scene_sign(s, SENTENCE_READ);
    scene_start(s);
    deactivation_start(s->keeper->deactivation);
    assert_int_equal(0, s->keeper->line->sent);
    scene_end(s);
}

/* ---- the end of one that another took the place of ---- */

#define NEXT_URL "https://ca.example/account/2"

/* @return its id; the account of the scene is registered in its place */
static const char *supersede(scene_t *s)
{
    const registration_t *before = scene_account(s)->registration;
    const char *id = apr_pstrdup(s->p, before->id);

    assert_int_equal(APR_SUCCESS, registration_succeed(s->keeper->means.store, before, KID,
                                                       apr_time_now(), "alice", s->result, s->p));
    scene_start(s);
    assert_int_equal(APR_SUCCESS, account_registered(scene_account(s), NEXT_URL, NULL, s->result));
    assert_string_not_equal(id, scene_account(s)->registration->id);
    return id;
}

static const char *path_of(scene_t *s, const char *id, const char *file)
{
    return apr_pstrcat(s->p, "accounts/", id, file, NULL);
}

static keypair_t *key_of(scene_t *s, const char *id)
{
    keypair_t *key = NULL;

    assert_int_equal(APR_SUCCESS,
                     keypair_load(&key, scene_path(s, path_of(s, id, "/key.pem")), s->p));
    return key;
}

static const registration_t *superseded(scene_t *s, const char *id)
{
    keeper_account_t *account = NULL;

    return deactivation_superseded(s->keeper->deactivation, id, &account);
}

static json_t *header_of(scene_t *s, const char *text)
{
    const char *header = part_of(s, json_parse(s->p, text, strlen(text), NULL), "protected");

    return json_parse(s->p, header, strlen(header), NULL);
}

static void one_that_was_superseded_signs_its_own_end(void **state)
{
    scene_t *s = serving(state);
    const char *id = supersede(s), *jws, *other = scene_account(s)->registration->id;
    json_t *task;

    expect_refused(s, SENTENCE_DEACTIVATE, ACCOUNT_URL, id); /* nobody has asked */
    expect_refused(s, SENTENCE_FIND_SUPERSEDED, "https://ca.example/new", id);
    assert_int_equal(APR_SUCCESS,
                     deactivation_ask(s->keeper->deactivation, id, "alice", s->result));
    assert_true(json_peek_time(scene_read(s, path_of(s, id, "/account.json")), "closing") != 0);
    task = last_task(s);
    assert_string_equal("deactivate", json_peek_string(task, "what"));
    assert_string_equal(id, json_peek_string(task, "superseded"));
    assert_string_equal(ACCOUNT_URL, json_peek_string(task, "url"));
    /* Of this one alone, at its own URL. */
    expect_refused(s, SENTENCE_DEACTIVATE, NEXT_URL, NULL);
    expect_refused(s, SENTENCE_DEACTIVATE, NEXT_URL, id);
    expect_refused(s, SENTENCE_DEACTIVATE, NEXT_URL, other);
    expect_refused(s, SENTENCE_DEACTIVATE, ACCOUNT_URL, "../x");
    jws = sign_act(s, SENTENCE_DEACTIVATE, ACCOUNT_URL, id);
    assert_string_equal(ACCOUNT_URL, json_peek_string(header_of(s, jws), "kid"));
    jws = sign_act(s, SENTENCE_FIND_SUPERSEDED, "https://ca.example/new", id);
    assert_true(
        json_equal(json_object_get(header_of(s, jws), "jwk"), jose_jwk(s->p, key_of(s, id))));
    scene_end(s);
}

static void one_that_was_superseded_ends_and_the_other_goes_on(void **state)
{
    scene_t *s = serving(state);
    const char *id = supersede(s);

    assert_int_equal(APR_SUCCESS,
                     deactivation_ask(s->keeper->deactivation, id, "alice", s->result));
    scene_start(s); /* a crash in the middle */
    deactivation_start(s->keeper->deactivation);
    assert_string_equal(id, json_peek_string(last_task(s), "superseded"));
    report(s, 500, ACME_ERROR "serverInternal"); /* is tried again */
    assert_true(superseded(s, id)->closing != 0);
    expect_refused(s, SENTENCE_DEACTIVATE, ACCOUNT_URL, id); /* not before it is due again */
    deactivation_start(s->keeper->deactivation);
    report(s, 0, NULL);
    assert_true(superseded(s, id)->closed != 0);
    assert_string_equal("account-deactivated", json_peek_string(newest(s), "event"));
    assert_string_equal(ACCOUNT_URL, json_peek_string(newest(s), "url"));
    assert_false(scene_has(s, path_of(s, id, "")));
    assert_true(scene_has(s, path_of(s, id, ".deactivated/account.json")));
    assert_false(scene_has(s, path_of(s, id, ".deactivated/key.pem")));
    scene_sign(s, SENTENCE_READ); /* the one that is used */
    scene_start(s);
    deactivation_start(s->keeper->deactivation);
    assert_int_equal(0, s->keeper->line->sent);
    assert_true(superseded(s, id)->closed != 0);
    expect_refused(s, SENTENCE_DEACTIVATE, ACCOUNT_URL, id);
    scene_end(s);
}

static void one_that_was_superseded_and_the_ca_keeps_stays(void **state)
{
    scene_t *s = serving(state);
    const char *id = supersede(s);

    assert_int_equal(APR_SUCCESS,
                     deactivation_ask(s->keeper->deactivation, id, "alice", s->result));
    report(s, 400, ACME_ERROR "malformed");
    assert_int_equal(0, superseded(s, id)->closing);
    scene_start(s);
    deactivation_start(s->keeper->deactivation);
    assert_int_equal(0, s->keeper->line->sent);
    assert_true(scene_has(s, path_of(s, id, "/key.pem")));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(one_that_was_superseded_signs_its_own_end),
        fixture_test(one_that_was_superseded_ends_and_the_other_goes_on),
        fixture_test(one_that_was_superseded_and_the_ca_keeps_stays),
        fixture_test(the_account_revokes),
        fixture_test(no_reason_is_left_out),
        fixture_test(the_certificates_key_revokes),
        fixture_test(the_old_key_signs_what_the_new_key_signs),
        fixture_test(an_account_is_deactivated_at_its_own_url),
        fixture_test(nothing_is_signed_that_root_did_not_ask_for),
        fixture_test(the_door_does_not_know_better),
        fixture_test(a_permission_is_for_one_thing),
        fixture_test(what_is_done_is_not_signed_again),
        fixture_test(what_is_revoked_is_written_down),
        fixture_test(what_is_served_waits_for_another_one),
        fixture_test(what_may_be_served_without_a_restart_waits_until_somebody_has_looked),
        fixture_test(it_goes_on_after_a_crash),
        fixture_test(a_refusal_is_final_and_a_failure_is_not),
        fixture_test(a_kill_at_no_step_loses_that_it_is_revoked),
        fixture_test(while_the_spool_is_broken_a_revocation_is_not_forgotten),
        fixture_test(a_key_that_is_blocked_again_is_told_once),
        fixture_test(nothing_is_finalized_for_a_blocked_key),
        fixture_test(nothing_is_installed_for_a_blocked_key),
        fixture_test(the_next_key_counts_when_the_ca_says_so),
        fixture_test(a_refused_key_is_forgotten),
        fixture_test(what_failed_for_now_is_tried_again),
        fixture_test(while_nobody_knows_both_keys_are_kept),
        fixture_test(a_closed_account_stays_closed),
        fixture_test(an_account_that_the_ca_keeps_is_used_on),
    };

    return fixture_run(tests);
}
