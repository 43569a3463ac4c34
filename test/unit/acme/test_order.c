/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/order.h"
#include "base/json.h"

#define ORDER "https://ca.example/order/1"

static acme_order_t *parse_at(apr_pool_t *p, int status, const char *location, const char *body,
                              eab_result_t **presult)
{
    acme_answer_t *answer = fake_answer(p, status, body);

    if (location != NULL) {
        fake_header(answer, "Location", location);
    }
    fake_header(answer, "Retry-After", "15");
    *presult = eab_result_make(p);
    return acme_order_parse(p, answer, *presult);
}

static acme_order_t *parse(apr_pool_t *p, const char *body, eab_result_t **presult)
{
    return parse_at(p, 200, NULL, body, presult);
}

static void test_full(void **state)
{
    eab_result_t *r = NULL;
    acme_order_t *order =
        parse_at(*state, 201, ORDER,
                 "{\"status\":\"pending\",\"expires\":\"2026-01-20T14:09:07.99+04:00\","
                 "\"identifiers\":[{\"type\":\"dns\",\"value\":\"B.example\"},"
                 "{\"type\":\"ip\",\"value\":\"2001:DB8::0:1\"},"
                 "{\"type\":\"dns\",\"value\":\"*.a.example\"}],"
                 "\"authorizations\":[\"https://ca.example/z/1==\",\"https://ca.example/z/2\"],"
                 "\"finalize\":\"https://ca.example/f\",\"error\":{}}",
                 &r);

    assert_non_null(order);
    assert_int_equal(order->next, ACME_ORDER_AUTHORIZE);
    assert_string_equal(order->url, ORDER);
    assert_int_equal(order->names->nelts, 3);
    assert_string_equal(APR_ARRAY_IDX(order->names, 0, const char *), "b.example");
    assert_string_equal(APR_ARRAY_IDX(order->names, 1, const char *), "2001:db8::1");
    assert_string_equal(APR_ARRAY_IDX(order->names, 2, const char *), "*.a.example");
    assert_int_equal(order->authorizations->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(order->authorizations, 0, const char *),
                        "https://ca.example/z/1==");
    assert_string_equal(order->finalize, "https://ca.example/f");
    assert_null(order->certificate);
    assert_true(apr_time_sec(order->expires) == 1768903747);
    assert_int_equal(order->retry_after, 15);
    assert_int_equal(order->has_error, 0);
    assert_int_equal(order->problem->rv, APR_SUCCESS);
}

static void test_next(void **state)
{
    (void)state;
    assert_int_equal(acme_order_next("pending"), ACME_ORDER_AUTHORIZE);
    assert_int_equal(acme_order_next("ready"), ACME_ORDER_FINALIZE);
    assert_int_equal(acme_order_next("processing"), ACME_ORDER_WAIT);
    assert_int_equal(acme_order_next("valid"), ACME_ORDER_DOWNLOAD);
    assert_int_equal(acme_order_next("invalid"), ACME_ORDER_FAILED);
    assert_int_equal(acme_order_next("canceled"), ACME_ORDER_FAILED);
    assert_int_equal(acme_order_next(""), ACME_ORDER_FAILED);
}

static void test_sparse(void **state)
{
    eab_result_t *r = NULL;
    acme_order_t *order = parse(*state, "{\"status\":\"valid\",\"certificate\":null}", &r);

    assert_non_null(order);
    assert_int_equal(order->next, ACME_ORDER_DOWNLOAD);
    assert_null(order->url);
    assert_null(order->certificate);
    assert_int_equal(order->authorizations->nelts, 0);
    assert_true(order->expires == 0);
}

static void test_errors(void **state)
{
    eab_result_t *r = NULL;
    acme_order_t *order = parse(*state,
                                "{\"status\":\"invalid\",\"error\":{\"type\":"
                                "\"urn:ietf:params:acme:error:caa\",\"detail\":\"CAA\"}}",
                                &r);

    assert_int_equal(order->next, ACME_ORDER_FAILED);
    assert_int_equal(order->has_error, 1);
    assert_string_equal(order->problem->type, ACME_ERROR "caa");
    assert_int_equal(order->problem->http_status, 0);
    order = parse(*state, "{\"status\":\"invalid\",\"error\":\"words\"}", &r);
    assert_int_equal(order->has_error, 1);
    assert_string_equal(order->problem->type, EAB_PROBLEM_ORDER_INVALID);
    assert_string_equal(order->problem->detail, "words");
    order = parse(*state, "{\"status\":\"invalid\",\"error\":null}", &r);
    assert_int_equal(order->has_error, 0);
    assert_int_equal(order->problem->rv, APR_SUCCESS);
}

/* What fits into an answer and is more than anybody orders. */
static void test_flood(void **state)
{
    const char *url = "https://ca.example/authz";
    eab_result_t *r = NULL;
    json_t *json = json_own(*state, json_object()), *list = json_array();
    int i;

    json_object_set_new(json, "status", json_string("pending"));
    json_object_set_new(json, "authorizations", list);
    for (i = 0; i < 1000; i++)
        json_array_append_new(list, json_string(url));
    assert_int_equal(parse(*state, json_text(*state, json), &r)->authorizations->nelts, 1000);
    json_array_append_new(list, json_string(url));
    assert_null(parse(*state, json_text(*state, json), &r));
    assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    json_array_clear(list);
    json_object_set_new(json, "status", json_sprintf("%0101d", 1));
    assert_null(parse(*state, json_text(*state, json), &r));
    assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
}

static void test_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"status\":7}",
        "{\"status\":\"ready\",\"finalize\":\"http://ca.example/f\"}",
        "{\"status\":\"valid\",\"certificate\":\"file:///etc/passwd\"}",
        "{\"status\":\"pending\",\"authorizations\":[\"http://ca.example/z\"]}",
        "{\"status\":\"pending\",\"authorizations\":[7]}",
    };
    eab_result_t *r = NULL;
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_null(parse(*state, bodies[i], &r));
        assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    }
    assert_null(parse_at(*state, 201, "http://ca.example/o", "{\"status\":\"ready\"}", &r));
    assert_string_equal(r->type, EAB_PROBLEM_CA_ANSWER);
    /* Only of a new order is the Location needed. */
    assert_null(parse_at(*state, 200, "http://odd/", "{\"status\":\"ready\"}", &r)->url);
    /* Relative ones count (RFC 9110, 10.2.2). */
    assert_string_equal(parse_at(*state, 201, "/order/7", "{\"status\":\"ready\"}", &r)->url,
                        "https://ca.example/order/7");
    assert_string_equal(parse_at(*state, 201, "order/8", "{\"status\":\"ready\"}", &r)->url,
                        "https://ca.example/order/8");
    assert_string_equal(parse_at(*state, 201, "//b.example/9", "{\"status\":\"ready\"}", &r)->url,
                        "https://b.example/9");
}

static apr_array_header_t *names_of(apr_pool_t *p, const char *a, const char *b)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = a;
    if (b != NULL) {
        APR_ARRAY_PUSH(names, const char *) = b;
    }
    return names;
}

static void test_names(void **state)
{
    eab_result_t *r = NULL;
    acme_order_t *order = parse(*state,
                                "{\"status\":\"ready\",\"identifiers\":["
                                "{\"type\":\"dns\",\"value\":\"b.example\"},"
                                "{\"type\":\"DNS\",\"value\":\"A.example\"},"
                                "{\"type\":\"dns\",\"value\":\"a.example\"}]}",
                                &r);

    assert_int_equal(acme_order_check_names(order, names_of(*state, "a.example", "B.example"), r),
                     APR_SUCCESS);
    assert_int_equal(r->rv, APR_SUCCESS);
    assert_int_equal(acme_order_check_names(order, names_of(*state, "a.example", "c.example"), r),
                     APR_EINVAL);
    assert_string_equal(r->type, EAB_PROBLEM_ORDER_CHANGED);
    assert_non_null(strstr(r->detail, "lacks c.example and adds b.example"));
    assert_int_equal(acme_order_check_names(order, names_of(*state, "a.example", NULL), r),
                     APR_EINVAL);
    assert_non_null(strstr(r->detail, "it adds b.example"));
    order = parse(*state, "{\"status\":\"ready\"}", &r);
    assert_int_equal(acme_order_check_names(order, names_of(*state, "a.example", NULL), r),
                     APR_EINVAL);
    assert_non_null(strstr(r->detail, "it lacks a.example"));
}

static acme_order_t *with_authorizations(apr_pool_t *p, const char *urls, eab_result_t **presult)
{
    return parse(p, apr_psprintf(p, "{\"status\":\"pending\",\"authorizations\":[%s]}", urls),
                 presult);
}

static void test_authorizations(void **state)
{
    eab_result_t *r = NULL;
    acme_order_t *none = with_authorizations(*state, "", &r);
    acme_order_t *one = with_authorizations(*state, "\"https://ca.example/1\"", &r);
    acme_order_t *two =
        with_authorizations(*state, "\"https://ca.example/1\",\"https://ca.example/2\"", &r);
    acme_order_t *turned =
        with_authorizations(*state, "\"https://ca.example/2\",\"https://ca.example/1\"", &r);

    assert_int_equal(acme_order_check_authorizations(two, turned, r), APR_SUCCESS);
    assert_int_equal(acme_order_check_authorizations(none, none, r), APR_SUCCESS);
    assert_int_equal(r->rv, APR_SUCCESS);
    assert_int_equal(acme_order_check_authorizations(one, two, r), APR_EINVAL);
    assert_int_equal(acme_order_check_authorizations(two, one, r), APR_EINVAL);
    assert_int_equal(acme_order_check_authorizations(none, one, r), APR_EINVAL);
    assert_string_equal(r->type, EAB_PROBLEM_ORDER_LOST);
}

static void test_dropped(void **state)
{
    eab_result_t *r = NULL;
    acme_order_t *order = parse(*state,
                                "{\"status\":\"ready\",\"identifiers\":["
                                "{\"type\":\"dns\",\"value\":\"A.example\"}]}",
                                &r);
    apr_array_header_t *dropped =
        acme_order_dropped(*state, order, names_of(*state, "b.example", "a.example"));

    assert_int_equal(dropped->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(dropped, 0, const char *), "b.example");
    assert_null(acme_order_dropped(*state, order, names_of(*state, "a.example", NULL)));
    assert_null(acme_order_dropped(*state, order, names_of(*state, "b.example", NULL)));
    order = parse(*state, "{\"status\":\"ready\"}", &r);
    assert_null(acme_order_dropped(*state, order, names_of(*state, "a.example", NULL)));
}

static void test_many_names(void **state)
{
    apr_pool_t *p = *state;
    const char *body = "{\"status\":\"ready\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"!\"}";
    eab_result_t *r = NULL;
    acme_order_t *order = NULL;
    int i;

    for (i = 0; i < 20; i++) {
        body = apr_psprintf(p, "%s,{\"type\":\"dns\",\"value\":\"n%d.example\"}", body, i);
    }
    order = parse(p, apr_pstrcat(p, body, "]}", NULL), &r);
    assert_int_equal(acme_order_check_names(order, names_of(p, "n0.example", NULL), r), APR_EINVAL);
    assert_non_null(
        strstr(r->detail, "adds !, n1.example, n2.example, n3.example, n4.example and 15 more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { FAKE_TEST(test_full),       FAKE_TEST(test_next),
                                        FAKE_TEST(test_sparse),     FAKE_TEST(test_errors),
                                        FAKE_TEST(test_flood),      FAKE_TEST(test_refused),
                                        FAKE_TEST(test_names),      FAKE_TEST(test_authorizations),
                                        FAKE_TEST(test_many_names), FAKE_TEST(test_dropped) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
