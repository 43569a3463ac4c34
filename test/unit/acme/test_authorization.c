/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/authorization.h"

#define NAME "\"identifier\":{\"type\":\"dns\",\"value\":\"A.example\"}"
#define TOKEN "DGyRejmCefe7v4NfDGDKfA"
#define CHALLENGE(type, token) \
    "{\"type\":\"" type "\",\"url\":\"https://ca.example/c/" type "\",\"token\":\"" token "\"}"

static acme_authorization_t *parse(apr_pool_t *p, const char *body, eab_result_t **presult)
{
    *presult = eab_result_make(p);
    return acme_authorization_parse(p, fake_answer(p, 200, body), *presult);
}

static acme_authorization_t *pending(apr_pool_t *p, const char *challenges, eab_result_t **presult)
{
    return parse(
        p, apr_psprintf(p, "{\"status\":\"pending\"," NAME ",\"challenges\":[%s]}", challenges),
        presult);
}

static apr_array_header_t *allow(apr_pool_t *p, const char *a, const char *b)
{
    apr_array_header_t *allowed = apr_array_make(p, 2, sizeof(const char *));

    if (a != NULL) {
        APR_ARRAY_PUSH(allowed, const char *) = a;
    }
    if (b != NULL) {
        APR_ARRAY_PUSH(allowed, const char *) = b;
    }
    return allowed;
}

/* As Sectigo answers for names that were validated beforehand. */
static void test_valid(void **state)
{
    static const char *const bodies[] = {
        "{" NAME ",\"status\":\"valid\",\"challenges\":[{\"type\":\"sectigo-email-01\","
        "\"url\":\"https://ca.example/c/x\",\"status\":\"valid\"}],\"wildcard\":true}",
        "{" NAME ",\"status\":\"valid\",\"challenges\":[],\"wildcard\":false}",
        "{" NAME ",\"status\":\"valid\"}",
    };
    eab_result_t *r = NULL;
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        acme_authorization_t *a = parse(*state, bodies[i], &r);

        assert_non_null(a);
        assert_int_equal(a->state, ACME_AUTHORIZATION_VALID);
        assert_string_equal(a->name, "a.example");
        assert_int_equal(a->wildcard, i == 0);
        assert_int_equal(a->problem->rv, APR_SUCCESS);
    }
    assert_string_equal(parse(*state, "{\"status\":\"valid\"}", &r)->name, "");
}

static void test_pending(void **state)
{
    eab_result_t *r = NULL;
    acme_authorization_t *a = pending(*state,
                                      "{\"type\":\"http-01\",\"url\":\"http://ca.example/c\"},"
                                      "{\"url\":\"https://ca.example/c\"},7,"
                                      "{\"type\":\"x-01\",\"status\":\"processing\"}",
                                      &r);
    const acme_challenge_t *challenge = NULL;

    assert_int_equal(a->state, ACME_AUTHORIZATION_PENDING);
    assert_int_equal(a->challenges->nelts, 2);
    challenge = &APR_ARRAY_IDX(a->challenges, 0, acme_challenge_t);
    assert_null(challenge->url);
    assert_null(challenge->token);
    assert_string_equal(challenge->status, "pending");
    challenge = &APR_ARRAY_IDX(a->challenges, 1, acme_challenge_t);
    assert_string_equal(challenge->status, "processing");
}

static void test_wildcard_value(void **state)
{
    eab_result_t *r = NULL;
    acme_authorization_t *a =
        parse(*state, "{\"status\":\"pending\",\"identifier\":{\"value\":\"*.A.example\"}}", &r);

    assert_string_equal(a->name, "a.example");
    assert_int_equal(a->wildcard, 1);
}

static void test_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{" NAME "}",
        "{\"status\":\"pending\"}",
        "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"../etc\"}}",
        "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":7}}",
    };
    eab_result_t *r = NULL;
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_null(parse(*state, bodies[i], &r));
        assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    }
}

static void test_lost(void **state)
{
    static const char *const statuses[] = { "invalid", "expired", "revoked", "deactivated", "odd" };
    eab_result_t *r = NULL;
    size_t i;

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        acme_authorization_t *a =
            parse(*state,
                  apr_psprintf(*state,
                               "{\"status\":\"%s\"," NAME ",\"challenges\":[{\"type\":\"http-01\","
                               "\"status\":\"invalid\",\"error\":{}}]}",
                               statuses[i]),
                  &r);

        assert_int_equal(a->state, ACME_AUTHORIZATION_LOST);
        assert_int_not_equal(a->problem->rv, APR_SUCCESS);
        assert_string_equal(a->problem->type, EAB_PROBLEM_VALIDATION);
        assert_string_equal(a->problem->identifier, "a.example");
        assert_non_null(strstr(a->problem->detail, statuses[i]));
    }
}

static void test_lost_with_error(void **state)
{
    eab_result_t *r = NULL;
    acme_authorization_t *a =
        parse(*state,
              "{\"status\":\"invalid\"," NAME ",\"challenges\":["
              "{\"type\":\"dns-01\",\"status\":\"pending\",\"error\":{\"detail\":\"retrying\"}},"
              "{\"type\":\"http-01\",\"status\":\"invalid\",\"error\":{\"type\":"
              "\"urn:ietf:params:acme:error:connection\",\"detail\":\"refused\"}}]}",
              &r);

    assert_string_equal(a->problem->type, ACME_ERROR "connection");
    assert_string_equal(a->problem->detail, "refused");
    assert_string_equal(a->problem->identifier, "a.example");
    assert_int_equal(a->problem->http_status, 0);
    a = parse(*state,
              "{\"status\":\"invalid\"," NAME
              ",\"challenges\":[{\"type\":\"http-01\",\"error\":{\"detail\":\"no type\"}}]}",
              &r);
    assert_string_equal(a->problem->type, EAB_PROBLEM_VALIDATION);
    assert_string_equal(a->problem->detail, "no type");
}

static void test_choose(void **state)
{
    eab_result_t *r = NULL;
    acme_authorization_t *a = pending(
        *state,
        CHALLENGE("odd-01", "x") "," CHALLENGE("dns-01", TOKEN) "," CHALLENGE("http-01", TOKEN),
        &r);
    const acme_challenge_t *c = NULL;

    c = acme_authorization_choose(a, allow(*state, "tls-alpn-01", "http-01"), r);
    assert_string_equal(c->type, "http-01");
    c = acme_authorization_choose(a, allow(*state, "dns-01", "http-01"), r);
    assert_string_equal(c->type, "dns-01");
    assert_string_equal(c->token, TOKEN);
    assert_int_equal(r->rv, APR_SUCCESS);
    assert_null(acme_authorization_choose(a, allow(*state, "tls-alpn-01", NULL), r));
    assert_string_equal(r->type, EAB_PROBLEM_NO_CHALLENGE);
    assert_string_equal(r->identifier, "a.example");
    assert_string_equal(r->detail, "To validate a.example the CA offers odd-01 dns-01 http-01, but "
                                   "ACMEChallenge allows tls-alpn-01");
    assert_null(acme_authorization_choose(a, allow(*state, NULL, NULL), r));
    assert_non_null(strstr(r->detail, "allows none"));
    a = pending(*state, "", &r);
    assert_null(acme_authorization_choose(a, allow(*state, "x", NULL), r));
    assert_non_null(strstr(r->detail, "offers nothing"));
}

static void test_choose_usable(void **state)
{
    eab_result_t *r = NULL;
    acme_authorization_t *a =
        pending(*state,
                "{\"type\":\"http-01\",\"token\":\"" TOKEN "\"},"
                "{\"type\":\"http-01\",\"url\":\"https://ca.example/c\",\"token\":\"" TOKEN
                "\",\"status\":\"invalid\"}," CHALLENGE("dns-01", TOKEN),
                &r);
    const acme_challenge_t *c = acme_authorization_choose(a, allow(*state, "http-01", "dns-01"), r);

    assert_non_null(c);
    assert_string_equal(c->type, "dns-01");
}

static void test_choose_wildcard(void **state)
{
    eab_result_t *r = NULL;
    acme_authorization_t *a =
        pending(*state, CHALLENGE("http-01", TOKEN) "," CHALLENGE("dns-01", TOKEN), &r);

    a->wildcard = 1;
    assert_string_equal(acme_authorization_choose(a, allow(*state, "http-01", "dns-01"), r)->type,
                        "dns-01");
    assert_null(acme_authorization_choose(a, allow(*state, "http-01", NULL), r));
    assert_non_null(strstr(r->detail, "*.a.example"));
    a = pending(*state, CHALLENGE("tls-alpn-01", TOKEN), &r);
    a->wildcard = 1;
    assert_null(acme_authorization_choose(a, allow(*state, "tls-alpn-01", NULL), r));
}

/* RFC 8738, 7: never by DNS. */
static void test_choose_address(void **state)
{
    eab_result_t *r = NULL;
    acme_authorization_t *a = parse(
        *state,
        "{\"status\":\"pending\",\"identifier\":{\"type\":\"ip\",\"value\":\"2001:DB8::1\"},"
        "\"challenges\":[" CHALLENGE("dns-01", TOKEN) "," CHALLENGE("tls-alpn-01", TOKEN) "]}",
        &r);

    assert_non_null(a);
    assert_string_equal(a->name, "2001:db8::1");
    assert_int_equal(a->address, 1);
    assert_string_equal(
        acme_authorization_choose(a, allow(*state, "dns-01", "tls-alpn-01"), r)->type,
        "tls-alpn-01");
    assert_null(acme_authorization_choose(a, allow(*state, "dns-01", NULL), r));
    assert_non_null(strstr(r->detail, "2001:db8::1"));
    assert_non_null(strstr(r->detail, "an IP address cannot have a dns challenge"));
}

static void test_choose_token(void **state)
{
    static const char *const bad[] = { CHALLENGE("http-01", "../../../../../../../x"),
                                       CHALLENGE("http-01", "DGyRejmCefe7v4NfDGDKf"),
                                       CHALLENGE("http-01", "DGyRejmCefe7v4NfDGDKfA=="),
                                       CHALLENGE("http-01", "DGyRejmCefe7v4NfDGDKf/"),
                                       CHALLENGE("http-01", ""),
                                       "{\"type\":\"http-01\",\"url\":\"https://ca.example/c\"}" };
    char *text = apr_palloc(*state, 258);
    eab_result_t *r = NULL;
    acme_authorization_t *a = NULL;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        a = pending(*state, bad[i], &r);
        assert_null(acme_authorization_choose(a, allow(*state, "http-01", NULL), r));
        assert_string_equal(r->type, EAB_PROBLEM_TOKEN);
        assert_string_equal(r->identifier, "a.example");
    }
    memset(text, 'a', 257);
    text[257] = '\0';
    a = pending(*state, CHALLENGE("http-01", TOKEN), &r);
    APR_ARRAY_IDX(a->challenges, 0, acme_challenge_t).token = text;
    assert_null(acme_authorization_choose(a, allow(*state, "http-01", NULL), r));
    text[256] = '\0';
    assert_non_null(acme_authorization_choose(a, allow(*state, "http-01", NULL), r));
}

/* draft-ietf-acme-dns-persist-01, 3.1: no token, one to ten names. */
#define PERSIST(more) "{\"type\":\"dns-persist-01\",\"url\":\"https://ca.example/c/p\"" more "}"
#define ISSUERS(list) ",\"issuer-domain-names\":[" list "]"
#define TEN \
    "\"a.ca\",\"b.ca\",\"c.ca\",\"d.ca\",\"e.ca\",\"f.ca\",\"g.ca\",\"h.ca\",\"i.ca\",\"j.ca\""

static void test_persist(void **state)
{
    eab_result_t *r = NULL;
    acme_authorization_t *a = pending(*state, PERSIST(ISSUERS(TEN)), &r);
    const acme_challenge_t *c =
        acme_authorization_choose(a, allow(*state, "dns-persist-01", NULL), r);

    assert_non_null(c);
    assert_null(c->token);
    assert_int_equal(10, c->issuers->nelts);
    assert_string_equal("j.ca", APR_ARRAY_IDX(c->issuers, 9, const char *));
    acme_authorization_bind(a, "https://ca.example/acct/1");
    assert_non_null(acme_authorization_find(a, "dns-persist-01"));
    a->address = 1;
    assert_null(acme_authorization_find(a, "dns-persist-01"));
}

/* It is passed over, and another one is taken. */
static void test_persist_rejected(void **state)
{
    static const char *const bad[] = {
        PERSIST(""),
        PERSIST(ISSUERS("")),
        PERSIST(ISSUERS(TEN ",\"k.ca\"")),
        PERSIST(",\"issuer-domain-names\":\"a.ca\""),
        PERSIST(ISSUERS("7")),
        PERSIST(ISSUERS("\"A.ca\"")),
        PERSIST(ISSUERS("\"a.ca.\"")),
        PERSIST(ISSUERS("\"*.ca\"")),
        PERSIST(ISSUERS("\"a.ca\",\"x; policy=wildcard\"")),
        PERSIST(",\"issuerDomainNames\":[\"a.ca\"]"),
    };
    eab_result_t *r = NULL;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        acme_authorization_t *a = pending(
            *state, apr_pstrcat(*state, bad[i], ",", CHALLENGE("http-01", TOKEN), NULL), &r);

        assert_null(acme_authorization_find(a, "dns-persist-01"));
        assert_string_equal(
            "http-01",
            acme_authorization_choose(a, allow(*state, "dns-persist-01", "http-01"), r)->type);
        assert_null(acme_authorization_choose(a, allow(*state, "dns-persist-01", NULL), r));
        assert_string_equal(r->type, EAB_PROBLEM_NO_CHALLENGE);
        assert_non_null(strstr(r->detail, "1 to 10 names"));
    }
}

static void test_persist_of_another_account(void **state)
{
    const char *text = PERSIST(ISSUERS("\"a.ca\"") ",\"accounturi\":\"https://ca.example/acct/1\"");
    eab_result_t *r = NULL;
    acme_authorization_t *a = pending(*state, text, &r);

    acme_authorization_bind(a, "https://ca.example/acct/1");
    assert_non_null(acme_authorization_find(a, "dns-persist-01"));
    acme_authorization_bind(a, "https://ca.example/acct/12");
    assert_null(acme_authorization_find(a, "dns-persist-01"));
    a = pending(*state, text, &r);
    acme_authorization_bind(a, NULL);
    assert_null(acme_authorization_find(a, "dns-persist-01"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { FAKE_TEST(test_valid),
                                        FAKE_TEST(test_persist),
                                        FAKE_TEST(test_persist_rejected),
                                        FAKE_TEST(test_persist_of_another_account),
                                        FAKE_TEST(test_pending),
                                        FAKE_TEST(test_wildcard_value),
                                        FAKE_TEST(test_refused),
                                        FAKE_TEST(test_lost),
                                        FAKE_TEST(test_lost_with_error),
                                        FAKE_TEST(test_choose),
                                        FAKE_TEST(test_choose_usable),
                                        FAKE_TEST(test_choose_wildcard),
                                        FAKE_TEST(test_choose_address),
                                        FAKE_TEST(test_choose_token) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
