/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "base/bytes.h"
#include "base/json.h"

static json_t *sign(int id, const char *sentence, const char *about, int index)
{
    return json_pack("{s:i,s:s,s:i,s:s,s:s}", "id", id, "sentence", sentence, about, index, "url",
                     "https://ca.example/x", "nonce", NONCE);
}

static void only_listed_messages_are_heard(void **state)
{
    static const int allowed[] = { MESSAGE_SIGN,    MESSAGE_REGISTERED, MESSAGE_UNREGISTER,
                                   MESSAGE_ORDERED, MESSAGE_ABANDON,    MESSAGE_INSTALL,
                                   MESSAGE_FAILED,  MESSAGE_WINDOW,     MESSAGE_CONTACTED,
                                   MESSAGE_DNS_ADD, MESSAGE_DIRECTORY };
    scene_t *s = scene_make(*state);
    size_t i;
    int type;

    scene_start(s);
    for (type = -1; type <= MESSAGE_PROBLEM + 1; ++type) {
        for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && type != allowed[i]; ++i)
            ;
        if (i == sizeof(allowed) / sizeof(allowed[0]))
            assert_int_equal(APR_EINVAL, scene_ask(s, type,
                                                   json_pack("{s:i,s:i,s:i}", "id", 1, "account", 0,
                                                             "certificate", 0)));
    }
    assert_int_equal(0, s->keeper->agent->replies);
    scene_end(s);
}

static void refuse(scene_t *s, int type, json_t *body)
{
    assert_int_equal(APR_EINVAL, scene_ask(s, type, body));
    assert_int_equal(0, s->keeper->agent->replies);
}

static void a_request_has_an_id(void **state)
{
    scene_t *s = scene_make(*state);
    json_t *body;

    scene_start(s);
    refuse(s, MESSAGE_UNREGISTER, json_pack("{s:i}", "account", 0));
    refuse(s, MESSAGE_UNREGISTER, json_pack("{s:i,s:i}", "id", 0, "account", 0));
    refuse(s, MESSAGE_UNREGISTER, json_pack("{s:i,s:i}", "id", -1, "account", 0));
    refuse(s, MESSAGE_UNREGISTER, json_pack("{s:s,s:i}", "id", "1", "account", 0));
    body = json_pack("{s:i}", "account", 0);
    json_object_set_new(body, "id", json_integer(0x100000001));
    refuse(s, MESSAGE_UNREGISTER, body);
    scene_end(s);
}

static void a_request_names_what_it_is_about(void **state)
{
    static const int of_account[] = { MESSAGE_REGISTERED, MESSAGE_UNREGISTER };
    static const int of_certificate[] = { MESSAGE_ORDERED, MESSAGE_ABANDON, MESSAGE_INSTALL };
    scene_t *s = scene_make(*state);
    size_t i;

    scene_start(s);
    for (i = 0; i < 2; ++i) {
        refuse(s, of_account[i], json_pack("{s:i}", "id", 1));
        refuse(s, of_account[i], json_pack("{s:i,s:i}", "id", 1, "account", 1));
        refuse(s, of_account[i], json_pack("{s:i,s:i}", "id", 1, "account", -1));
        refuse(s, of_account[i], json_pack("{s:i,s:s}", "id", 1, "account", "0"));
        refuse(s, of_account[i], json_pack("{s:i,s:i}", "id", 1, "certificate", 0));
    }
    for (i = 0; i < 3; ++i) {
        refuse(s, of_certificate[i], json_pack("{s:i}", "id", 1));
        refuse(s, of_certificate[i], json_pack("{s:i,s:i}", "id", 1, "certificate", 1));
        refuse(s, of_certificate[i], json_pack("{s:i,s:i}", "id", 1, "account", 0));
    }
    refuse(s, MESSAGE_FAILED, json_pack("{s:i}", "id", 1));
    refuse(s, MESSAGE_SIGN, sign(1, "read", "account", 7));
    scene_end(s);
}

static void a_sentence_is_one_of_the_list(void **state)
{
    static const char *const words[] = { "", "revokeCert", "keyChange", "NEWORDER", "sign" };
    scene_t *s = scene_make(*state);
    json_t *body;
    size_t i;

    scene_start(s);
    for (i = 0; i < sizeof(words) / sizeof(words[0]); ++i)
        refuse(s, MESSAGE_SIGN, sign(1, words[i], "account", 0));
    refuse(s, MESSAGE_SIGN, sign(1, "newOrder", "account", 0));
    refuse(s, MESSAGE_SIGN, sign(1, "read", "certificate", 0));
    body = sign(1, "read", "account", 0);
    json_object_del(body, "nonce");
    refuse(s, MESSAGE_SIGN, body);
    body = sign(1, "read", "account", 0);
    json_object_del(body, "url");
    refuse(s, MESSAGE_SIGN, body);
    body = sign(1, "read", "account", 0);
    json_object_del(body, "sentence");
    refuse(s, MESSAGE_SIGN, body);
    scene_end(s);
}

static void a_refusal_is_a_reply(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign(3, "read", "account", 0)));
    assert_int_equal(1, s->keeper->agent->replies);
    assert_int_equal(3, s->keeper->agent->id);
    assert_null(s->keeper->agent->jws);
    assert_string_equal(EAB_PROBLEM_ACCOUNT_PENDING, s->keeper->agent->problem->type);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_ORDERED,
                                            json_pack("{s:i,s:i,s:s}", "id", 4, "certificate", 0,
                                                      "url", ORDER_URL)));
    assert_int_equal(4, s->keeper->agent->id);
    assert_int_not_equal(APR_SUCCESS, s->keeper->agent->problem->rv);
    scene_end(s);
}

static void done(scene_t *s, int type, json_t *body, int id)
{
    int replies = s->keeper->agent->replies;

    json_object_set_new(body, "id", json_integer(id));
    assert_int_equal(APR_SUCCESS, scene_ask(s, type, body));
    scene_wait(s, replies + 1);
    assert_int_equal(id, s->keeper->agent->id);
    assert_int_equal(APR_SUCCESS, s->keeper->agent->problem->rv);
}

static void an_issuance_goes_all_the_way(void **state)
{
    scene_t *s = scene_make(*state);
    const char *pem;

    scene_start(s);
    done(s, MESSAGE_SIGN, sign(0, "newAccount", "account", 0), 1);
    assert_non_null(s->keeper->agent->jws);
    done(s, MESSAGE_REGISTERED, json_pack("{s:i,s:s}", "account", 0, "url", ACCOUNT_URL), 2);
    done(s, MESSAGE_SIGN, sign(0, "newOrder", "certificate", 0), 3);
    done(s, MESSAGE_ORDERED, json_pack("{s:i,s:s}", "certificate", 0, "url", ORDER_URL), 4);
    done(s, MESSAGE_SIGN, sign(0, "finalize", "certificate", 0), 5); /* waits for the key */
    assert_non_null(s->keeper->agent->jws);
    pem = scene_chain(s, scene_certificate(s)->key, "DNS:" NAME ",DNS:example.edu");
    done(s, MESSAGE_INSTALL, json_pack("{s:i,s:s}", "certificate", 0, "pem", pem), 6);
    assert_true(s->keeper->agent->has_facts);
    assert_true(scene_has(s, "live/" NAME "/fullchain.pem"));
    scene_end(s);
}

static void only_one_waits_for_a_key(void **state)
{
    scene_t *s = scene_make(*state);

    s->certificate->key_type = "rsa3072";
    scene_start(s);
    scene_register(s);
    done(s, MESSAGE_SIGN, sign(0, "newOrder", "certificate", 0), 1);
    done(s, MESSAGE_ORDERED, json_pack("{s:i,s:s}", "certificate", 0, "url", ORDER_URL), 2);
    assert_int_equal(APR_SUCCESS,
                     scene_ask(s, MESSAGE_SIGN, sign(3, "finalize", "certificate", 0)));
    assert_int_equal(3, scene_certificate(s)->waiting.id);
    assert_int_equal(APR_EINVAL, scene_ask(s, MESSAGE_SIGN, sign(4, "finalize", "certificate", 0)));
    /* Others are not held up. */
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign(5, "read", "account", 0)));
    assert_int_equal(5, s->keeper->agent->id);
    assert_non_null(s->keeper->agent->jws);
    scene_wait(s, 4);
    assert_int_equal(3, s->keeper->agent->id);
    assert_non_null(s->keeper->agent->jws);
    scene_end(s);
}

/* What waits when its order is given up is answered all the same. */
static void an_abandoned_order_is_not_finalized_later(void **state)
{
    scene_t *s = scene_make(*state);

    s->certificate->key_type = "rsa3072";
    scene_start(s);
    scene_register(s);
    done(s, MESSAGE_SIGN, sign(0, "newOrder", "certificate", 0), 1);
    done(s, MESSAGE_ORDERED, json_pack("{s:i,s:s}", "certificate", 0, "url", ORDER_URL), 2);
    assert_int_equal(APR_SUCCESS,
                     scene_ask(s, MESSAGE_SIGN, sign(3, "finalize", "certificate", 0)));
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_ABANDON,
                                            json_pack("{s:i,s:i}", "id", 4, "certificate", 0)));
    while (scene_certificate(s)->key_running)
        scene_run(s, apr_time_from_msec(20));
    assert_int_equal(4, s->keeper->agent->replies);
    assert_int_equal(3, s->keeper->agent->refused);
    assert_int_equal(4, s->keeper->agent->id);
    assert_int_equal(0, scene_certificate(s)->waiting.id);
    assert_false(scene_has(s, "pending/" NAME));
    scene_end(s);
}

static json_t *failed(const char *about, const char *detail)
{
    return json_pack("{s:i,s:{s:i,s:s,s:s,s:i,s:{s:s,s:s,s:i}}}", about, 0, "failure", "attempts",
                     3, "since", "2026-01-02T03:04:05Z", "next", "2046-01-02T03:04:05Z", "place", 1,
                     "problem", "type", "urn:x", "detail", detail, "rv", 20014);
}

static void failures_outlive_the_keeper(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    done(s, MESSAGE_FAILED, failed("account", "of the account"), 1);
    done(s, MESSAGE_FAILED, failed("certificate", "of the certificate"), 2);
    done(s, MESSAGE_FAILED, failed("certificate", "another"), 3);
    scene_start(s);
    assert_string_equal("of the account", scene_account(s)->failure->problem->detail);
    assert_int_equal(3, scene_account(s)->failure->attempts);
    assert_string_equal("another", scene_certificate(s)->failure->problem->detail);
    done(s, MESSAGE_FAILED, json_pack("{s:i,s:n}", "certificate", 0, "failure"), 4);
    scene_start(s);
    assert_null(scene_certificate(s)->failure);
    assert_non_null(scene_account(s)->failure);
    scene_end(s);
}

static void a_failure_without_a_problem_is_none(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    done(s, MESSAGE_FAILED, failed("certificate", "one"), 1);
    done(s, MESSAGE_FAILED, json_pack("{s:i,s:{}}", "certificate", 0, "failure"), 2);
    assert_null(scene_certificate(s)->failure);
    assert_false(scene_has(s, "failures/" NAME ".json"));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(only_listed_messages_are_heard),
        fixture_test(a_request_has_an_id),
        fixture_test(a_request_names_what_it_is_about),
        fixture_test(a_sentence_is_one_of_the_list),
        fixture_test(a_refusal_is_a_reply),
        fixture_test(an_issuance_goes_all_the_way),
        fixture_test(only_one_waits_for_a_key),
        fixture_test(an_abandoned_order_is_not_finalized_later),
        fixture_test(failures_outlive_the_keeper),
        fixture_test(a_failure_without_a_problem_is_none),
    };

    return fixture_run(tests);
}
