/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "base/json.h"
#include "base/result.h"

static int setup(void **state)
{
    apr_pool_t *p = NULL;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

static void assert_empty(const eab_result_t *result)
{
    assert_int_equal(result->rv, APR_SUCCESS);
    assert_null(result->type);
    assert_int_equal(result->http_status, 0);
    assert_null(result->detail);
    assert_null(result->instance);
    assert_null(result->identifier);
    assert_null(result->url);
    assert_null(result->subproblems);
    assert_int_equal(result->retry_after, -1);
}

/* A result with every field set. */
static eab_result_t *make_full(apr_pool_t *p)
{
    eab_result_t *result = eab_result_make(p);

    eab_result_set(result, APR_EACCES, ACME_ERROR "rateLimited", "too %s", "many");
    result->http_status = 429;
    result->instance = "https://ca.example/docs";
    result->identifier = "www.example.edu";
    result->url = "https://ca.example/new-order";
    result->retry_after = 0;
    result->subproblems = json_parse(p, "[{\"type\":\"t\"}]", 14, NULL);
    return result;
}

static void assert_full(const eab_result_t *result)
{
    assert_int_equal(result->rv, APR_EACCES);
    assert_string_equal(result->type, ACME_ERROR "rateLimited");
    assert_int_equal(result->http_status, 429);
    assert_string_equal(result->detail, "too many");
    assert_string_equal(result->instance, "https://ca.example/docs");
    assert_string_equal(result->identifier, "www.example.edu");
    assert_string_equal(result->url, "https://ca.example/new-order");
    assert_int_equal(result->retry_after, 0);
    assert_string_equal(json_text(result->pool, result->subproblems), "[{\"type\":\"t\"}]");
}

static void begins_empty_and_can_be_cleared(void **state)
{
    eab_result_t *result = eab_result_make(*state);

    assert_empty(result);
    result = make_full(*state);
    eab_result_clear(result);
    assert_empty(result);
    assert_ptr_equal(result->pool, *state);
}

static void replaces_all_fields(void **state)
{
    eab_result_t *result = make_full(*state);

    assert_int_equal(eab_result_set(result, APR_EINVAL, NULL, "%s after %d", result->detail, 3),
                     APR_EINVAL);
    assert_int_equal(result->rv, APR_EINVAL);
    assert_string_equal(result->detail, "too many after 3");
    result->detail = NULL;
    result->rv = APR_SUCCESS;
    assert_empty(result);
}

static void keeps_its_own_copy_of_the_type(void **state)
{
    eab_result_t *result = eab_result_make(*state);
    char type[] = "urn:example:a";

    eab_result_set(result, APR_EGENERAL, type, "x");
    type[0] = 'X';
    assert_string_equal(result->type, "urn:example:a");
    eab_result_set(result, APR_EGENERAL, result->type, "again");
    assert_string_equal(result->type, "urn:example:a");
}

static void takes_text_of_any_length(void **state)
{
    eab_result_t *result = eab_result_make(*state);
    char *text = apr_pcalloc(*state, 20001);

    memset(text, 'x', 20000);
    eab_result_set(result, APR_EGENERAL, NULL, "%zu %s", strlen(text), text);
    assert_int_equal(strlen(result->detail), 20006);
}

static void copies_deeply_into_another_pool(void **state)
{
    apr_pool_t *sub = NULL;
    eab_result_t *copy = eab_result_make(*state);
    eab_result_t *full;

    assert_int_equal(apr_pool_create(&sub, *state), APR_SUCCESS);
    full = make_full(sub);
    eab_result_copy(copy, full);
    apr_pool_destroy(sub);
    assert_full(copy);
    assert_ptr_equal(copy->pool, *state);
    eab_result_copy(copy, copy);
    assert_full(copy);
    eab_result_copy(copy, eab_result_make(*state));
    assert_empty(copy);
}

static void knows_acme_types(void **state)
{
    eab_result_t *result = eab_result_make(*state);

    assert_false(eab_result_is_acme(result, "badNonce"));
    result->type = "urn:ietf:params:acme:error:badNonce";
    assert_true(eab_result_is_acme(result, "badNonce"));
    assert_false(eab_result_is_acme(result, "badnonce"));
    assert_false(eab_result_is_acme(result, "bad"));
    assert_false(eab_result_is_acme(result, "badNonceLoop"));
    result->type = "urn:sectigo:params:acme:error:badNonce";
    assert_false(eab_result_is_acme(result, "badNonce"));
}

static void survives_storage(void **state)
{
    json_t *json = json_own(*state, eab_result_to_json(make_full(*state)));
    eab_result_t *result = eab_result_make(*state);

    assert_string_equal(json_text(*state, json_object_get(json, "identifier")),
                        "{\"type\":\"dns\",\"value\":\"www.example.edu\"}");
    assert_int_equal(json_peek_int(json, "status", 0), 429);
    eab_result_from_json(result, json);
    assert_full(result);
    /* The result owns its strings. */
    assert_ptr_not_equal(result->detail, json_peek_string(json, "detail"));
}

static void leaves_out_what_is_unset(void **state)
{
    eab_result_t *result = eab_result_make(*state);
    json_t *json = json_own(*state, eab_result_to_json(result));

    assert_int_equal(json_object_size(json), 0);
    eab_result_set(result, APR_EGENERAL, NULL, "text");
    json = json_own(*state, eab_result_to_json(result));
    assert_int_equal(json_object_size(json), 2);
    assert_string_equal(json_peek_string(json, "detail"), "text");
    assert_int_equal(json_peek_int(json, "rv", 0), APR_EGENERAL);
}

static void keeps_a_detail_in_another_encoding(void **state)
{
    eab_result_t *result = eab_result_make(*state);
    json_t *json;

    eab_result_set(result, APR_EGENERAL, NULL, "%s", "gr\xfc\xdf");
    json = json_own(*state, eab_result_to_json(result));
    assert_string_equal(json_peek_string(json, "detail"), "gr\\xfc\\xdf");
}

static void skips_members_of_the_wrong_type(void **state)
{
    static const char text[] = "{\"type\":1,\"status\":\"429\",\"detail\":[],\"instance\":{},"
                               "\"identifier\":\"www\",\"subproblems\":{},\"url\":null,"
                               "\"retry_after\":\"5\",\"rv\":99999999999}";
    eab_result_t *result = make_full(*state);

    eab_result_from_json(result, json_parse(*state, text, strlen(text), NULL));
    assert_int_equal(result->rv, APR_EGENERAL);
    result->rv = APR_SUCCESS;
    assert_empty(result);
}

static void reads_no_success_from_a_problem(void **state)
{
    eab_result_t *result = eab_result_make(*state);

    eab_result_from_json(result, json_parse(*state, "{\"rv\":0,\"detail\":\"x\"}", 21, NULL));
    assert_int_equal(result->rv, APR_EGENERAL);
    assert_string_equal(result->detail, "x");
}

static void clears_for_nothing(void **state)
{
    static const char *const nothing[] = { "{}", "[]", "null", "7" };
    size_t i;
    eab_result_t *result = make_full(*state);

    eab_result_from_json(result, NULL);
    assert_empty(result);
    for (i = 0; i < sizeof(nothing) / sizeof(nothing[0]); ++i) {
        result = make_full(*state);
        eab_result_from_json(result, json_parse(*state, nothing[i], strlen(nothing[i]), NULL));
        assert_empty(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_empty_and_can_be_cleared),
        cmocka_unit_test(replaces_all_fields),
        cmocka_unit_test(keeps_its_own_copy_of_the_type),
        cmocka_unit_test(takes_text_of_any_length),
        cmocka_unit_test(copies_deeply_into_another_pool),
        cmocka_unit_test(knows_acme_types),
        cmocka_unit_test(survives_storage),
        cmocka_unit_test(leaves_out_what_is_unset),
        cmocka_unit_test(keeps_a_detail_in_another_encoding),
        cmocka_unit_test(skips_members_of_the_wrong_type),
        cmocka_unit_test(reads_no_success_from_a_problem),
        cmocka_unit_test(clears_for_nothing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
