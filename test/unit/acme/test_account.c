/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/account.h"

#define URL "https://ca.example:443/acct/a%2Fb=="

static acme_account_t *parse(apr_pool_t *p, int status, const char *location, const char *body,
                             eab_result_t **presult)
{
    acme_answer_t *answer = fake_answer(p, status, body);

    if (location != NULL) {
        fake_header(answer, "location", location);
    }
    *presult = eab_result_make(p);
    return acme_account_parse(p, answer, *presult);
}

static void test_created(void **state)
{
    eab_result_t *r = NULL;
    acme_account_t *account = parse(
        *state, 201, URL,
        "{\"status\":\"valid\",\"externalAccountBinding\":{\"protected\":\"x\"},\"k\":1}", &r);

    assert_non_null(account);
    assert_string_equal(account->url, URL);
    assert_int_equal(account->created, 1);
    assert_int_equal(account->eab_echoed, 1);
    assert_int_equal(r->rv, APR_SUCCESS);
}

/* Boulder sends no orders, others send no body at all. */
static void test_sparse(void **state)
{
    static const char *const bodies[] = { "", "{}", "null", "<html>" };
    eab_result_t *r = NULL;
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        acme_account_t *account = parse(*state, 200, URL, bodies[i], &r);

        assert_non_null(account);
        assert_int_equal(account->created, 0);
        assert_int_equal(account->eab_echoed, 0);
        assert_string_equal(account->status, "valid");
    }
}

static void test_no_location(void **state)
{
    eab_result_t *r = NULL;

    assert_null(parse(*state, 201, NULL, "{\"status\":\"valid\"}", &r));
    assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    assert_int_equal(r->http_status, 201);
    assert_null(parse(*state, 201, "http://ca.example/acct/1", "{}", &r));
    assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    assert_null(parse(*state, 201, "//ca.example:x/acct/1", "{}", &r));
    assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    assert_null(parse(*state, 201, "", "{}", &r));
    assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
}

/* RFC 9110, 10.2.2 */
static void test_relative_location(void **state)
{
    static const char *const rows[][2] = {
        { "/acct/1", "https://ca.example/acct/1" },
        { "acct/1?a=b", "https://ca.example/acct/1?a=b" },
        { "//other.example/acct/1", "https://other.example/acct/1" },
        { "https://CA.example/a%2Fb==", "https://CA.example/a%2Fb==" },
    };
    eab_result_t *r = NULL;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
        assert_string_equal(parse(*state, 201, rows[i][0], "{}", &r)->url, rows[i][1]);
}

static void test_status(void **state)
{
    eab_result_t *r = NULL;

    assert_null(parse(*state, 200, URL, "{\"status\":\"deactivated\"}", &r));
    assert_string_equal(r->type, EAB_PROBLEM_ACCOUNT_STATUS);
    assert_non_null(strstr(r->detail, "deactivated"));
    assert_null(parse(*state, 200, URL, "{\"status\":\"revoked\"}", &r));
    assert_string_equal(r->type, EAB_PROBLEM_ACCOUNT_STATUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = { FAKE_TEST(test_created), FAKE_TEST(test_sparse),
                                        FAKE_TEST(test_no_location),
                                        FAKE_TEST(test_relative_location), FAKE_TEST(test_status) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
