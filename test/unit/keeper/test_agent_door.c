/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"
#include "../synced.h"

#include <malloc.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "store/blocked.h"

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
                                   MESSAGE_DNS_ADD, MESSAGE_DIRECTORY,  MESSAGE_VALIDATIONS,
                                   MESSAGE_STAPLE };
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
    assert_int_equal(0, s->keeper->line->replies);
    scene_end(s);
}

static void refuse(scene_t *s, int type, json_t *body)
{
    assert_int_equal(APR_EINVAL, scene_ask(s, type, body));
    assert_int_equal(0, s->keeper->line->replies);
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
    static const char *const words[] = { "", "revokeCert", "revokeByAll", "NEWORDER", "sign" };
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
    assert_int_equal(1, s->keeper->line->replies);
    assert_int_equal(3, s->keeper->line->id);
    assert_null(s->keeper->line->jws);
    assert_string_equal(EAB_PROBLEM_ACCOUNT_PENDING, s->keeper->line->problem->type);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_ORDERED,
                                            json_pack("{s:i,s:i,s:s}", "id", 4, "certificate", 0,
                                                      "url", ORDER_URL)));
    assert_int_equal(4, s->keeper->line->id);
    assert_int_not_equal(APR_SUCCESS, s->keeper->line->problem->rv);
    scene_end(s);
}

static void done(scene_t *s, int type, json_t *body, int id)
{
    int replies = s->keeper->line->replies;

    json_object_set_new(body, "id", json_integer(id));
    assert_int_equal(APR_SUCCESS, scene_ask(s, type, body));
    scene_wait(s, replies + 1);
    assert_int_equal(id, s->keeper->line->id);
    assert_int_equal(APR_SUCCESS, s->keeper->line->problem->rv);
}

static void an_issuance_goes_all_the_way(void **state)
{
    scene_t *s = scene_make(*state);
    const char *pem;

    scene_start(s);
    done(s, MESSAGE_SIGN, sign(0, "newAccount", "account", 0), 1);
    assert_non_null(s->keeper->line->jws);
    done(s, MESSAGE_REGISTERED, json_pack("{s:i,s:s}", "account", 0, "url", ACCOUNT_URL), 2);
    done(s, MESSAGE_SIGN, sign(0, "newOrder", "certificate", 0), 3);
    done(s, MESSAGE_ORDERED, json_pack("{s:i,s:s}", "certificate", 0, "url", ORDER_URL), 4);
    done(s, MESSAGE_SIGN, sign(0, "finalize", "certificate", 0), 5); /* waits for the key */
    assert_non_null(s->keeper->line->jws);
    pem = scene_chain(s, scene_certificate(s)->key, "DNS:" NAME ",DNS:example.edu");
    done(s, MESSAGE_INSTALL, json_pack("{s:i,s:s}", "certificate", 0, "pem", pem), 6);
    assert_true(s->keeper->line->has_facts);
    assert_true(scene_has(s, "live/" NAME "/fullchain.pem"));
    scene_end(s);
}

/* One whose finalize was signed, with what the CA would send for it. */
static scene_t *with_finalized(apr_pool_t *p, const char **ppem)
{
    scene_t *s = scene_make(p);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    *ppem = scene_chain(s, scene_certificate(s)->key, "DNS:" NAME ",DNS:example.edu");
    return s;
}

static json_t *install(int id, const char *pem)
{
    return json_pack("{s:i,s:i,s:s}", "id", id, "certificate", 0, "pem", pem);
}

/* While the disk works, others are served, and nothing else happens to the certificate. */
static void an_installation_holds_up_nobody(void **state)
{
    const char *pem;
    scene_t *s = with_finalized(*state, &pem);

    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_INSTALL, install(1, pem)));
    assert_int_equal(0, s->keeper->line->replies);
    assert_false(scene_has(s, "live/" NAME));
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign(2, "read", "account", 0)));
    assert_int_equal(2, s->keeper->line->id);
    assert_non_null(s->keeper->line->jws);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_ABANDON,
                                            json_pack("{s:i,s:i}", "id", 3, "certificate", 0)));
    assert_int_equal(3, s->keeper->line->refused);
    assert_int_equal(APR_SUCCESS,
                     scene_ask(s, MESSAGE_SIGN, sign(4, "finalize", "certificate", 0)));
    assert_int_equal(4, s->keeper->line->refused);
    assert_int_equal(APR_EINVAL, scene_ask(s, MESSAGE_INSTALL, install(5, pem)));
    scene_wait(s, 4);
    assert_int_equal(1, s->keeper->line->id);
    assert_true(s->keeper->line->has_facts);
    assert_true(scene_has(s, "live/" NAME));
    assert_false(scene_has(s, "pending/" NAME));
    scene_end(s);
}

/* A disk that fails when it is waited for: at finalize, and at the certificate. */
static void what_is_not_durable_does_not_count(void **state)
{
    scene_t *s = scene_make(*state);
    struct stat before, after;
    const char *pem;

    scene_start(s);
    scene_register(s);
    done(s, MESSAGE_SIGN, sign(0, "newOrder", "certificate", 0), 1);
    done(s, MESSAGE_ORDERED, json_pack("{s:i,s:s}", "certificate", 0, "url", ORDER_URL), 2);
    synced_error = EIO;
    assert_int_equal(APR_SUCCESS,
                     scene_ask(s, MESSAGE_SIGN, sign(3, "finalize", "certificate", 0)));
    scene_wait(s, 3);
    assert_int_equal(3, s->keeper->line->refused);
    assert_string_equal(EAB_PROBLEM_STORE, s->keeper->line->problem->type);
    assert_non_null(strstr(s->keeper->line->problem->detail, "/pending/" NAME));
    assert_false(scene_certificate(s)->journal->finalized);
    synced_error = 0;
    assert_int_equal(0, stat(scene_path(s, "pending/" NAME "/privkey.pem"), &before));
    done(s, MESSAGE_SIGN, sign(0, "finalize", "certificate", 0), 4);
    assert_int_equal(0, stat(scene_path(s, "pending/" NAME "/privkey.pem"), &after));
    assert_true(before.st_ino != after.st_ino); /* a disk says once that it has failed */
    assert_true(scene_certificate(s)->journal->finalized);
    pem = scene_chain(s, scene_certificate(s)->key, "DNS:" NAME ",DNS:example.edu");
    synced_error = EIO;
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_INSTALL, install(5, pem)));
    scene_wait(s, 5);
    assert_int_equal(5, s->keeper->line->refused);
    assert_string_equal(EAB_PROBLEM_STORE, s->keeper->line->problem->type);
    assert_non_null(strstr(s->keeper->line->problem->detail, "/archive/" NAME));
    assert_null(scene_certificate(s)->best);
    assert_int_equal(0, file_list_directory(scene_path(s, "archive/" NAME), s->p)->nelts);
    synced_error = 0;
    done(s, MESSAGE_INSTALL, install(0, pem), 6); /* the order is there for another try */
    assert_true(scene_has(s, "live/" NAME));
    scene_end(s);
}

/* Between the look at the chain and its place root may say that others know the key. */
static void a_key_that_is_blocked_meanwhile_is_not_installed(void **state)
{
    const char *pem;
    scene_t *s = with_finalized(*state, &pem);

    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_INSTALL, install(1, pem)));
    assert_int_equal(APR_SUCCESS, blocked_add(s->keeper->means.store,
                                              keypair_spki(s->p, scene_certificate(s)->key->pkey),
                                              "alice", apr_time_now(), s->result, s->p));
    scene_wait(s, 1);
    assert_int_equal(1, s->keeper->line->refused);
    assert_string_equal(EAB_PROBLEM_REVOKED, s->keeper->line->problem->type);
    assert_false(scene_has(s, "live/" NAME));
    assert_int_equal(0, file_list_directory(scene_path(s, "archive/" NAME), s->p)->nelts);
    scene_end(s);
}

/* The next one would take the order for one in flight. */
static void an_agent_that_dies_meanwhile_leaves_a_certificate(void **state)
{
    const char *pem;
    scene_t *s = with_finalized(*state, &pem);

    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_INSTALL, install(1, pem)));
    agent_door_forget(s->keeper->door);
    assert_non_null(scene_certificate(s)->best);
    assert_null(scene_certificate(s)->journal);
    assert_true(scene_has(s, "live/" NAME));
    scene_run(s, apr_time_from_msec(50));
    assert_int_equal(0, s->keeper->line->replies);
    assert_int_equal(1, file_list_directory(scene_path(s, "archive/" NAME), s->p)->nelts);
    scene_end(s);
}

/* What the disk has said of it counts, whoever waits for it. */
static void a_failure_is_one_when_the_agent_has_died_meanwhile(void **state)
{
    const char *pem;
    scene_t *s = with_finalized(*state, &pem);

    synced_error = EIO;
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_INSTALL, install(1, pem)));
    usleep(50000);
    synced_error = 0;
    agent_door_forget(s->keeper->door);
    assert_null(scene_certificate(s)->best);
    assert_non_null(scene_certificate(s)->journal);
    assert_int_equal(0, file_list_directory(scene_path(s, "archive/" NAME), s->p)->nelts);
    scene_end(s);
}

/* It is the one that root wants, and is to be served now. */
static void what_root_asks_for_meanwhile_is_met(void **state)
{
    const char *pem;
    scene_t *s = with_finalized(*state, &pem);
    keeper_certificate_t *certificate = scene_certificate(s);

    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_INSTALL, install(1, pem)));
    certificate->demanded = apr_time_now();
    scene_wait(s, 1);
    assert_int_equal(0, certificate->demanded);
    assert_true(certificate->best->use_by != 0 && certificate->best->use_by <= apr_time_now());
    assert_true(certificate->best->installed >= apr_time_now() - apr_time_from_sec(60));
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
    assert_int_equal(2, s->keeper->line->replies);
    assert_int_equal(APR_EINVAL, scene_ask(s, MESSAGE_SIGN, sign(4, "finalize", "certificate", 0)));
    /* Others are not held up. */
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign(5, "read", "account", 0)));
    assert_int_equal(5, s->keeper->line->id);
    assert_non_null(s->keeper->line->jws);
    scene_wait(s, 4);
    assert_int_equal(3, s->keeper->line->id);
    assert_non_null(s->keeper->line->jws);
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
    assert_int_equal(4, s->keeper->line->replies);
    assert_int_equal(3, s->keeper->line->refused);
    assert_int_equal(4, s->keeper->line->id);
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
    assert_string_equal("of the account", scene_account(s)->failing.failure->problem->detail);
    assert_int_equal(3, scene_account(s)->failing.failure->attempts);
    assert_string_equal("another", scene_certificate(s)->failing.failure->problem->detail);
    done(s, MESSAGE_FAILED, json_pack("{s:i,s:n}", "certificate", 0, "failure"), 4);
    scene_start(s);
    assert_null(scene_certificate(s)->failing.failure);
    assert_non_null(scene_account(s)->failing.failure);
    scene_end(s);
}

static void a_failure_without_a_problem_is_none(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    done(s, MESSAGE_FAILED, failed("certificate", "one"), 1);
    done(s, MESSAGE_FAILED, json_pack("{s:i,s:{}}", "certificate", 0, "failure"), 2);
    assert_null(scene_certificate(s)->failing.failure);
    assert_false(scene_has(s, "failures/" NAME ".json"));
    scene_end(s);
}

/* ---- how much, and how often ---- */

/* As a CA can refuse an order: a hundred members with 4 kB each. */
static json_t *long_failure(const char *about)
{
    json_t *body = failed(about, "Many names");
    json_t *list = json_array();
    int i;

    for (i = 0; i < 100; ++i)
        json_array_append_new(list, json_pack("{s:s,s:o,s:{s:s,s:s}}", "type", "urn:x", "detail",
                                              json_sprintf("%04000d", i), "identifier", "type",
                                              "dns", "value", NAME));
    json_object_set_new(json_object_get(json_object_get(body, "failure"), "problem"), "subproblems",
                        list);
    return body;
}

static apr_size_t size_of(scene_t *s, const failure_t *failure)
{
    return json_dumpb(json_own(s->p, eab_result_to_json(failure->problem)), NULL, 0, JSON_COMPACT);
}

static void what_is_kept_of_a_failure_has_a_limit(void **state)
{
    static const char *const about[] = { "account", "certificate" };
    scene_t *s = scene_make(*state);
    size_t i;

    scene_start(s);
    for (i = 0; i < 2; ++i)
        done(s, MESSAGE_FAILED, long_failure(about[i]), (int)i + 1);
    for (i = 0; i < 2; ++i) {
        assert_true(size_of(s, scene_account(s)->failing.failure) <= LIMIT_PROBLEM);
        assert_true(size_of(s, scene_certificate(s)->failing.failure) <= LIMIT_PROBLEM);
        assert_string_equal("Many names", scene_certificate(s)->failing.failure->problem->detail);
        assert_int_equal(
            100, json_array_size(scene_certificate(s)->failing.failure->problem->subproblems));
        scene_start(s);
    }
    scene_end(s);
}

/* A store of before: what is too long is cut when it is read. */
static void what_the_store_holds_is_cut_as_well(void **state)
{
    scene_t *s = scene_make(*state);
    const char *path;
    json_t *record;
    char *text;

    scene_start(s);
    done(s, MESSAGE_FAILED, failed("certificate", "Many names"), 1);
    record = scene_read(s, "failures/" NAME ".json");
    assert_non_null(record);
    json_object_set(
        json_object_get(record, "problem"), "subproblems",
        json_object_get(
            json_object_get(json_object_get(json_own(s->p, long_failure("account")), "failure"),
                            "problem"),
            "subproblems"));
    path = scene_path(s, "failures/" NAME ".json");
    text = json_dumps(record, 0);
    assert_true(strlen(text) > 400000);
    scene_stop(s);
    fixture_write(path, text, strlen(text));
    free(text);
    scene_start(s);
    assert_int_equal(3, scene_certificate(s)->failing.failure->attempts);
    assert_true(size_of(s, scene_certificate(s)->failing.failure) <= LIMIT_PROBLEM);
    scene_end(s);
}

static apr_interval_time_t delay(scene_t *s, int type, const char *about)
{
    return agent_door_delay(s->keeper->door, type,
                            json_own(s->p, json_pack("{s:i,s:i}", "id", 1, about, 0)));
}

static void each_kind_of_request_has_a_budget(void **state)
{
    static const struct {
        int type;
        const char *about;
        int honest; /* so many at once never wait */
    } rows[] = {
        { MESSAGE_SIGN, "account", 200 },       { MESSAGE_SIGN, "certificate", 40 },
        { MESSAGE_REGISTERED, "account", 5 },   { MESSAGE_CONTACTED, "account", 5 },
        { MESSAGE_UNREGISTER, "account", 5 },   { MESSAGE_ORDERED, "certificate", 10 },
        { MESSAGE_ABANDON, "certificate", 10 }, { MESSAGE_INSTALL, "certificate", 5 },
        { MESSAGE_FAILED, "account", 10 },      { MESSAGE_FAILED, "certificate", 10 },
        { MESSAGE_WINDOW, "certificate", 5 },   { MESSAGE_DNS_ADD, "certificate", 20 },
    };
    scene_t *s = scene_make(*state);
    size_t i;
    int n;

    scene_start(s);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        for (n = 0; n < rows[i].honest; ++n)
            assert_int_equal(0, delay(s, rows[i].type, rows[i].about));
        for (n = 0; n < 1000 && delay(s, rows[i].type, rows[i].about) == 0; ++n)
            ;
        assert_true(n < 1000);
        assert_true(delay(s, rows[i].type, rows[i].about) <= apr_time_from_sec(60));
    }
    /* What names nothing, or is no request, is judged at once. */
    for (n = 0; n < 1000; ++n)
        assert_int_equal(0, delay(s, MESSAGE_PLAN, "account") + delay(s, MESSAGE_SIGN, "x")
                                + delay(s, MESSAGE_INSTALL, "account"));
    scene_end(s);
}

/* The first start with a thousand certificates: nothing waits, whatever the order. */
static void many_new_certificates_do_not_wait(void **state)
{
    scene_t *s = scene_make(*state);
    plan_certificate_t one = *s->certificate;
    int i, n;

    for (i = 1; i < 1000; ++i) {
        one.id = apr_psprintf(s->p, "n%d.example.edu", i);
        one.names = party_names(s->p, one.id, NULL);
        APR_ARRAY_PUSH(s->plan->certificates, plan_certificate_t) = one;
    }
    scene_start(s);
    for (i = 0; i < 1000; ++i) {
        json_t *body = json_own(s->p, json_pack("{s:i,s:i}", "id", 1, "certificate", i));

        for (n = 0; n < 30; ++n)
            assert_int_equal(0, delay(s, MESSAGE_SIGN, "account"));
        assert_int_equal(0, agent_door_delay(s->keeper->door, MESSAGE_SIGN, body));
        assert_int_equal(0, agent_door_delay(s->keeper->door, MESSAGE_ORDERED, body));
        assert_int_equal(0, agent_door_delay(s->keeper->door, MESSAGE_INSTALL, body));
    }
    scene_end(s);
}

typedef void round_fn(scene_t *s, apr_pool_t *p);

static void ask(scene_t *s, int type, json_t *body, apr_pool_t *p)
{
    json_object_set_new(body, "id", json_integer(1));
    assert_int_equal(APR_SUCCESS, agent_door_handle(s->keeper->door, type, json_own(p, body), p));
}

static void round_contacted(scene_t *s, apr_pool_t *p)
{
    ask(s, MESSAGE_CONTACTED, json_pack("{s:i}", "account", 0), p);
}

static void round_registered(scene_t *s, apr_pool_t *p)
{
    json_t *terms = json_sprintf("https://ca.example/%01000d", 1);

    ask(s, MESSAGE_UNREGISTER, json_pack("{s:i}", "account", 0), p);
    ask(s, MESSAGE_SIGN, sign(0, "newAccount", "account", 0), p);
    ask(s, MESSAGE_SIGN, sign(0, "findAccountWithEAB", "account", 0), p);
    ask(s, MESSAGE_REGISTERED,
        json_pack("{s:i,s:s,s:o}", "account", 0, "url", ACCOUNT_URL, "terms", terms), p);
}

static void round_failed(scene_t *s, apr_pool_t *p)
{
    ask(s, MESSAGE_FAILED, long_failure("certificate"), p);
    ask(s, MESSAGE_FAILED, failed("account", "x"), p);
}

static void round_window(scene_t *s, apr_pool_t *p)
{
    const char *ari_id = "a.b";
    json_t *page = json_sprintf("https://ca.example/%01000d", 1);
    json_t *no_page = json_sprintf("https://ca.example/%0100000d", 1);

    ((chain_facts_t *)scene_certificate(s)->best->facts)->ari_id = ari_id;
    ask(s, MESSAGE_WINDOW,
        json_pack("{s:i,s:{s:s,s:o}}", "certificate", 0, "window", "ari_id", ari_id, "explanation",
                  page),
        p);
    ask(s, MESSAGE_WINDOW,
        json_pack("{s:i,s:{s:s,s:o}}", "certificate", 0, "window", "ari_id", ari_id, "explanation",
                  no_page),
        p);
    assert_null(scene_certificate(s)->window.explanation);
}

static void round_read(scene_t *s, apr_pool_t *p)
{
    ask(s, MESSAGE_SIGN, sign(0, "read", "account", 0), p);
    ask(s, MESSAGE_SIGN, sign(0, "updateContact", "account", 0), p);
}

static void round_refused(scene_t *s, apr_pool_t *p)
{
    ask(s, MESSAGE_ORDERED, json_pack("{s:i,s:s}", "certificate", 0, "url", ORDER_URL), p);
    ask(s, MESSAGE_INSTALL, json_pack("{s:i,s:s}", "certificate", 0, "pem", "-----"), p);
    ask(s, MESSAGE_DNS_ADD,
        json_pack("{s:i,s:s,s:s,s:s}", "certificate", 0, "type", "dns-01", "name", NAME, "token",
                  "x"),
        p);
    ask(s, MESSAGE_SIGN, sign(0, "finalize", "certificate", 0), p);
}

static void order(scene_t *s, apr_pool_t *p)
{
    int replies;

    ask(s, MESSAGE_SIGN, sign(0, "newOrder", "certificate", 0), p);
    ask(s, MESSAGE_ORDERED, json_pack("{s:i,s:s}", "certificate", 0, "url", ORDER_URL), p);
    replies = s->keeper->line->replies;
    ask(s, MESSAGE_SIGN, sign(0, "finalize", "certificate", 0), p);
    scene_wait(s, replies + 1);
}

static void round_abandoned(scene_t *s, apr_pool_t *p)
{
    order(s, p);
    ask(s, MESSAGE_ABANDON, json_pack("{s:i}", "certificate", 0), p);
}

static const char *chain_for(scene_t *s, apr_pool_t *p)
{
    apr_pool_t *before = s->p;
    const char *pem;

    s->p = p;
    pem = scene_chain(s, scene_certificate(s)->key, "DNS:" NAME ",DNS:example.edu");
    s->p = before;
    return pem;
}

static void round_installed(scene_t *s, apr_pool_t *p)
{
    int replies;

    order(s, p);
    replies = s->keeper->line->replies;
    ask(s, MESSAGE_INSTALL, json_pack("{s:i,s:s}", "certificate", 0, "pem", chain_for(s, p)), p);
    scene_wait(s, replies + 1);
    assert_true(s->keeper->line->has_facts);
}

static void round_brief(scene_t *s, apr_pool_t *p)
{
    json_own(p, brief_to_json(briefing_make(&s->keeper->briefing, p)));
}

/* What is replaced gives its memory back: an agent may say all it may say, thousands of times. */
static void memory_does_not_grow_with_what_is_said(void **state)
{
    static const struct {
        const char *name;
        round_fn *go;
        int rounds;
    } rows[] = {
        { "contacted", round_contacted, 150 }, { "registered", round_registered, 60 },
        { "failed", round_failed, 30 },        { "window", round_window, 60 },
        { "read", round_read, 1000 },          { "refused", round_refused, 1000 },
        { "abandoned", round_abandoned, 30 },  { "installed", round_installed, 30 },
        { "brief", round_brief, 1000 },
    };
    scene_t *s = scene_make(*state);
    apr_pool_t *pool = NULL;
    size_t before, i;
    int n;

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    apr_pool_create(&pool, s->p);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        for (n = 0; n < 10; ++n) {
            rows[i].go(s, pool);
            apr_pool_clear(pool);
        }
        before = mallinfo2().uordblks;
        for (n = 0; n < rows[i].rounds; ++n) {
            rows[i].go(s, pool);
            apr_pool_clear(pool);
        }
        if (mallinfo2().uordblks > before + (size_t)rows[i].rounds * 200 + 65536)
            fail_msg("%s: %zu bytes for %d rounds", rows[i].name, mallinfo2().uordblks - before,
                     rows[i].rounds);
    }
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
        fixture_test(an_installation_holds_up_nobody),
        fixture_test(what_is_not_durable_does_not_count),
        fixture_test(a_key_that_is_blocked_meanwhile_is_not_installed),
        fixture_test(an_agent_that_dies_meanwhile_leaves_a_certificate),
        fixture_test(a_failure_is_one_when_the_agent_has_died_meanwhile),
        fixture_test(what_root_asks_for_meanwhile_is_met),
        fixture_test(only_one_waits_for_a_key),
        fixture_test(an_abandoned_order_is_not_finalized_later),
        fixture_test(failures_outlive_the_keeper),
        fixture_test(a_failure_without_a_problem_is_none),
        fixture_test(what_is_kept_of_a_failure_has_a_limit),
        fixture_test(what_the_store_holds_is_cut_as_well),
        fixture_test(each_kind_of_request_has_a_budget),
        fixture_test(many_new_certificates_do_not_wait),
        fixture_test(memory_does_not_grow_with_what_is_said),
    };

    return fixture_run(tests);
}
