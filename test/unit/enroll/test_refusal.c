/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/json.h"
#include "enroll/problem.h"
#include "enroll/refusal.h"

static exchange_answer_t *answer_of(apr_pool_t *p, int status, const char *type, const char *body)
{
    exchange_answer_t *answer = apr_pcalloc(p, sizeof(*answer));
    secret_t *bytes = secret_make(p, strlen(body) + 1);

    memcpy(bytes->data, body, strlen(body));
    bytes->len = strlen(body);
    answer->status = status;
    answer->host = "manager.example";
    answer->type = type;
    answer->total = -1;
    answer->retry_after = -1;
    answer->body = bytes;
    if (strcmp(type, "application/json") == 0)
        answer->json = json_parse(p, body, strlen(body), NULL);
    return answer;
}

static eab_result_t *explain(apr_pool_t *p, int status, const char *body,
                             const refusal_code_t *codes)
{
    eab_result_t *result = eab_result_make(p);

    assert_int_not_equal(
        refusal_explain(answer_of(p, status, "application/json", body), codes, result, p),
        APR_SUCCESS);
    return result;
}

static void where_each_manager_puts_its_code(void **state)
{
    apr_pool_t *p = *state;
    static const char *const bodies[][2] = {
        { "{\"code\":-16,\"description\":\"x\"}", "-16" },
        { "{\"error\":\"invalid_client\",\"error_description\":\"x\"}", "invalid_client" },
        { "{\"errors\":[{\"code\":\"access_denied\",\"message\":\"x\"}]}", "access_denied" },
        { "{\"success\":false,\"error\":{\"code\":101,\"type\":\"invalid_access_key\"}}",
          "invalid_access_key" },
        { "{\"type\":\"about:blank\",\"title\":\"x\"}", NULL },
        { "{\"errors\":[]}", NULL },
        { "[1,2]", NULL },
        { "not json", NULL },
    };
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(*bodies); ++i) {
        const char *code = refusal_code_of(answer_of(p, 400, "application/json", bodies[i][0]), p);

        if (bodies[i][1] == NULL)
            assert_null(code);
        else
            assert_string_equal(code, bodies[i][1]);
    }
}

static void each_documented_code_has_a_sentence_of_its_own(void **state)
{
    apr_pool_t *p = *state;
    const refusal_code_t *code = NULL;

    for (code = refusal_sectigo; code->code != NULL; ++code) {
        const char *body = apr_psprintf(p, "{\"code\":%s,\"description\":\"d\"}", code->code);
        eab_result_t *result = explain(p, 400, body, refusal_sectigo);

        assert_string_equal(result->type, code->type);
        assert_non_null(strstr(result->detail, code->advice));
        assert_non_null(strstr(result->detail, code->code));
    }
    for (code = refusal_oauth; code->code != NULL; ++code) {
        const char *body = apr_psprintf(p, "{\"error\":\"%s\"}", code->code);

        assert_non_null(strstr(explain(p, 401, body, refusal_oauth)->detail, code->advice));
    }
}

static void each_status_has_a_sentence(void **state)
{
    apr_pool_t *p = *state;
    static const struct {
        int status;
        const char *type;
        enroll_exit_t exit;
    } cases[] = {
        { 200, ENROLL_PROBLEM_ANSWER, ENROLL_LATER },
        { 302, ENROLL_PROBLEM_ANSWER, ENROLL_LATER },
        { 400, ENROLL_PROBLEM_REFUSED, ENROLL_FAILED },
        { 401, ENROLL_PROBLEM_DENIED, ENROLL_DENIED },
        { 403, ENROLL_PROBLEM_DENIED, ENROLL_DENIED },
        { 404, ENROLL_PROBLEM_UNKNOWN, ENROLL_UNKNOWN },
        { 408, ENROLL_PROBLEM_BROKEN, ENROLL_LATER },
        { 409, ENROLL_PROBLEM_REFUSED, ENROLL_FAILED },
        { 429, ENROLL_PROBLEM_BUSY, ENROLL_LATER },
        { 500, ENROLL_PROBLEM_BROKEN, ENROLL_LATER },
        { 503, ENROLL_PROBLEM_BROKEN, ENROLL_LATER },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(*cases); ++i) {
        eab_result_t *result = explain(p, cases[i].status, "{}", NULL);

        assert_string_equal(result->type, cases[i].type);
        assert_int_equal(enroll_problem_exit(result), cases[i].exit);
        assert_int_equal(result->http_status, cases[i].status);
        assert_int_equal(result->detail[strlen(result->detail) - 1], '.');
    }
}

static void pages_for_people_are_told_apart(void **state)
{
    apr_pool_t *p = *state;
    eab_result_t *result = eab_result_make(p);

    refusal_explain(answer_of(p, 200, "text/html", "<html>"), NULL, result, p);
    assert_non_null(strstr(result->detail, "web page"));
    refusal_explain(answer_of(p, 401, "text/plain", "<!doctype html>"), NULL, result, p);
    assert_non_null(strstr(result->detail, "web page"));
    refusal_explain(answer_of(p, 502, "text/html", "<html>"), NULL, result, p);
    assert_string_equal(result->type, ENROLL_PROBLEM_BROKEN);
}

static void long_words_are_cut_between_characters(void **state)
{
    apr_pool_t *p = *state;
    char words[2000];
    eab_result_t *result = NULL;
    int i;

    for (i = 0; i < 600; i += 2)
        memcpy(words + i, "\xc3\xa4", 2);
    words[600] = '\0';
    result = explain(p, 400, apr_psprintf(p, "{\"code\":1,\"description\":\"x%s\"}", words), NULL);
    assert_true(strlen(result->detail) < 500);
    assert_non_null(json_own(p, json_string(result->detail))); /* it is UTF-8 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(where_each_manager_puts_its_code),
        fixture_test(each_documented_code_has_a_sentence_of_its_own),
        fixture_test(each_status_has_a_sentence),
        fixture_test(pages_for_people_are_told_apart),
        fixture_test(long_words_are_cut_between_characters),
    };

    return fixture_run(tests);
}
