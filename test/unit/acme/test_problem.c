/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/problem.h"
#include "base/bytes.h"
#include "base/json.h"

static eab_result_t *problem_of(apr_pool_t *p, int status, const char *body)
{
    eab_result_t *result = eab_result_make(p);

    acme_problem_from_answer(result, fake_answer(p, status, body));
    assert_int_not_equal(result->rv, APR_SUCCESS);
    assert_int_equal(result->http_status, status);
    assert_string_equal(result->url, "https://ca.example/dir");
    assert_non_null(result->detail);
    return result;
}

static eab_result_t *problem_json(apr_pool_t *p, const char *text)
{
    eab_result_t *result = eab_result_make(p);

    acme_problem_from_json(result, json_parse(p, text, strlen(text), NULL));
    assert_int_not_equal(result->rv, APR_SUCCESS);
    return result;
}

static void test_document(void **state)
{
    eab_result_t *r = problem_of(*state, 403,
                                 "{\"type\":\"urn:ietf:params:acme:error:unauthorized\","
                                 "\"detail\":\"No such account\",\"status\":401,"
                                 "\"subproblems\":[{\"type\":\"urn:x\",\"detail\":\"one\","
                                 "\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"}},3]}");

    assert_string_equal(r->type, ACME_ERROR "unauthorized");
    assert_string_equal(r->detail, "No such account");
    assert_int_equal(json_array_size(r->subproblems), 1);
    assert_null(r->identifier);
    assert_null(r->instance);
    assert_int_equal(r->retry_after, -1);
}

/* What real CAs and what stands before them say instead of a problem document. */
static void test_oddities(void **state)
{
    static const struct {
        const char *body;
        const char *detail;
    } cases[] = {
        { "", "HTTP 503" },
        { "\"just a string\"", "just a string" },
        { "\"\"", "HTTP 503: \"\"" },
        { "{\"message\":\"Missing Authentication Token\"}", "Missing Authentication Token" },
        { "{\"title\":\"Title only\"}", "Title only" },
        { "{\"detail\":\"\",\"title\":\"T\"}", "T" },
        { "{\"detail\":7}", "HTTP 503: {\"detail\":7}" },
        { "[1]", "HTTP 503: [1]" },
        { "<html><head><title>503 Oops</title><style>b{x:1}</style>\r\n"
          "<script>if (1<2) alert('x')</script></head>\n <body>\tTry  <b>later</b>.</body>",
          "HTTP 503: 503 Oops Try later ." },
        { "a < b <unclosed", "HTTP 503: a < b" },
        { "\xff\xfe caf\xc3\xa9", "HTTP 503: ?? caf??" },
        { "caf\xc3\xa9", "HTTP 503: caf\xc3\xa9" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        eab_result_t *r = problem_of(*state, 503, cases[i].body);

        assert_string_equal(r->detail, cases[i].detail);
        assert_null(r->type);
        assert_null(r->subproblems);
    }
}

static void test_types(void **state)
{
    static const struct {
        const char *body;
        const char *type;
    } cases[] = {
        { "{\"type\":\"about:blank\"}", NULL },
        { "{\"type\":\"\"}", NULL },
        { "{\"type\":[]}", NULL },
        { "{\"type\":\"urn:sectigo:params:acme:error:x\"}", "urn:sectigo:params:acme:error:x" },
        { "{\"type\":\"urn:acme:error:malformed\"}", ACME_ERROR "malformed" },
        { "{\"type\":\"urn:acme:error:unknownHost\"}", ACME_ERROR "dns" },
        { "{\"type\":\"urn:acme:error:agreementRequired\"}", ACME_ERROR "userActionRequired" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        eab_result_t *r = problem_of(*state, 400, cases[i].body);

        if (cases[i].type == NULL) {
            assert_null(r->type);
        }
        else {
            assert_string_equal(r->type, cases[i].type);
        }
    }
    assert_string_equal(problem_of(*state, 400, "{\"type\":\"urn:x\"}")->detail, "HTTP 400: urn:x");
}

static void test_bounds(void **state)
{
    apr_pool_t *p = *state;
    char *text = apr_palloc(p, 20001);
    const char *many = "";
    eab_result_t *r = NULL;
    int i;

    memset(text, 'x', 20000);
    text[20000] = '\0';
    assert_int_equal(strlen(problem_of(p, 500, text)->detail), strlen("HTTP 500: ") + 200);
    text[199] = '\xc3';
    text[200] = '\xa9';
    assert_int_equal(strlen(problem_of(p, 500, text)->detail), strlen("HTTP 500: ") + 199);
    memset(text, 'x', 20000);
    r = problem_of(p, 500, apr_psprintf(p, "{\"type\":\"%s\",\"detail\":\"%s\"}", text, text));
    assert_null(r->type);
    assert_int_equal(strlen(r->detail), 4096);
    for (i = 0; i < 150; i++) {
        many = apr_pstrcat(p, many, "{\"detail\":\"d\"},", NULL);
    }
    r = problem_of(p, 500,
                   apr_psprintf(p, "{\"subproblems\":[{\"detail\":\"%s\"},%s{}]}", text, many));
    assert_int_equal(json_array_size(r->subproblems), 100);
    assert_string_equal(json_peek_string(json_array_get(r->subproblems, 1), "detail"), "d");
    for (i = 0; i < 50; i++) {
        many = apr_pstrcat(p, many, "{\"detail\":\"", text, "\"},", NULL);
    }
    r = problem_of(p, 500, apr_psprintf(p, "{\"detail\":\"D\",\"subproblems\":[%s{}]}", many));
    assert_int_equal(json_array_size(r->subproblems), 100);
    assert_true(json_dumpb(json_own(p, eab_result_to_json(r)), NULL, 0, 0) <= LIMIT_PROBLEM);
    assert_string_equal(r->detail, "D");
}

static void test_retry_after(void **state)
{
    acme_answer_t *answer = fake_answer(*state, 429, "");
    eab_result_t *r = eab_result_make(*state);

    fake_header(answer, "retry-after", "120");
    acme_problem_from_answer(r, answer);
    assert_int_equal(r->retry_after, 120);
    apr_table_setn(answer->headers, "Retry-After", "Sat, 21 Nov 2026 22:00:00 GMT");
    apr_table_setn(answer->headers, "Date", "Sat, 21 Nov 2026 21:59:00 GMT");
    acme_problem_from_answer(r, answer);
    assert_int_equal(r->retry_after, 60);
}

static void test_instance(void **state)
{
    acme_answer_t *answer =
        fake_answer(*state, 403, "{\"type\":\"urn:ietf:params:acme:error:userActionRequired\"}");
    eab_result_t *r = eab_result_make(*state);

    fake_header(answer, "Link", "<https://ca.example/help>;rel=help");
    fake_header(answer, "Link", "<https://ca.example/tos>; rel=\"terms-of-service\"");
    acme_problem_from_answer(r, answer);
    assert_string_equal(r->instance, "https://ca.example/tos");

    answer->body = "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}";
    answer->len = strlen(answer->body);
    acme_problem_from_answer(r, answer);
    assert_string_equal(r->instance, "https://ca.example/help");

    answer->body = "{\"instance\":\"https://ca.example/doc\"}";
    answer->len = strlen(answer->body);
    acme_problem_from_answer(r, answer);
    assert_string_equal(r->instance, "https://ca.example/doc");

    apr_table_clear(answer->headers);
    fake_header(answer, "Link", "<javascript:alert(1)>;rel=help");
    answer->body = "{\"instance\":\"javascript:alert(1)\"}";
    answer->len = strlen(answer->body);
    acme_problem_from_answer(r, answer);
    assert_null(r->instance);
}

static void test_from_json(void **state)
{
    eab_result_t *r =
        problem_json(*state, "{\"type\":\"urn:ietf:params:acme:error:dns\",\"status\":400,"
                             "\"detail\":\"NXDOMAIN\",\"identifier\":{\"value\":\"b\"}}");

    assert_string_equal(r->type, ACME_ERROR "dns");
    assert_string_equal(r->detail, "NXDOMAIN");
    assert_int_equal(r->http_status, 400);
    assert_string_equal(r->identifier, "b");
    r = problem_json(*state, "{}");
    assert_null(r->type);
    assert_int_equal(r->http_status, 0);
    assert_non_null(r->detail);
    assert_int_equal(problem_json(*state, "{\"status\":70000}")->http_status, 0);
    assert_null(problem_json(*state, "null")->type);
    acme_problem_from_json(r, NULL);
    assert_null(r->type);
    assert_string_equal(problem_json(*state, "\"words\"")->detail, "words");
}

static void test_bad_answer(void **state)
{
    eab_result_t *r = eab_result_make(*state);

    acme_problem_bad_answer(r, fake_answer(*state, 201, ""), "no %s", "100% good %s");
    assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    assert_string_equal(r->detail, "no 100% good %s");
    assert_int_equal(r->http_status, 201);
}

static void check_link(apr_pool_t *p, const char *header, const char *rel, const char *expected)
{
    acme_answer_t *answer = fake_answer(p, 200, "");
    const char *found = NULL;

    fake_header(answer, "link", header);
    found = acme_link_find(p, answer, rel, "https://ca.example/acme/cert/7?x=1");
    if (expected == NULL) {
        assert_null(found);
    }
    else {
        assert_non_null(found);
        assert_string_equal(found, expected);
    }
}

static void test_links(void **state)
{
    static const struct {
        const char *header;
        const char *expected;
    } cases[] = {
        { "<https://o.example:443/a%2Fb>;rel=\"alternate\"", "https://o.example:443/a%2Fb" },
        { "<https://o.example/1>;rel=alternate", "https://o.example/1" },
        { "<https://o.example/1> ; title=\"a, \\\"b\\\"; rel=x\" ; REL = \"up Alternate next\"",
          "https://o.example/1" },
        { "<https://o.example/1>;rel=up, <https://o.example/2>;rel=\"alternate\"",
          "https://o.example/2" },
        { "<https://o.example/1,;>;rel=index,<https://o.example/2>;a;rel=alternate",
          "https://o.example/2" },
        { "</alt/1>;rel=alternate", "https://ca.example/alt/1" },
        { "<8>;rel=alternate", "https://ca.example/acme/cert/8" },
        { "<//o.example/x>;rel=alternate", "https://o.example/x" },
        { "<https://o.example/1>;rel=up;rel=alternate", NULL },
        { "<https://o.example/1>;rel=alternates", NULL },
        { "<https://o.example/1>", NULL },
        { "<https://o.example/1", NULL },
        { "https://o.example/1;rel=alternate", NULL },
        { "<https://o.example/1>;rel=\"alternate", "https://o.example/1" },
        { "<https://o.example/1>;rel=\"alternate\\", NULL },
        { "<https://o.example/1>;rel=", NULL },
        { ",,;", NULL },
        { "", NULL },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_link(*state, cases[i].header, "alternate", cases[i].expected);
    }
}

static void test_link_headers(void **state)
{
    acme_answer_t *answer = fake_answer(*state, 200, "");

    fake_header(answer, "Link", "<https://o.example/i>;rel=\"index\"");
    fake_header(answer, "LINK", "<https://o.example/a>;rel=\"alternate\"");
    fake_header(answer, "Link", "<https://o.example/b>;rel=\"alternate\"");
    assert_string_equal(acme_link_find(*state, answer, "alternate", NULL), "https://o.example/a");
    assert_null(acme_link_find(*state, answer, "next", NULL));
    apr_table_clear(answer->headers);
    fake_header(answer, "Link", "</relative>;rel=\"index\"");
    assert_null(acme_link_find(*state, answer, "index", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_document),     FAKE_TEST(test_oddities),    FAKE_TEST(test_types),
        FAKE_TEST(test_bounds),       FAKE_TEST(test_retry_after), FAKE_TEST(test_instance),
        FAKE_TEST(test_from_json),    FAKE_TEST(test_bad_answer),  FAKE_TEST(test_links),
        FAKE_TEST(test_link_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
