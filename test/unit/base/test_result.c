/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
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
    assert_int_equal(result->cause, CAUSE_UNTOLD);
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
    result->cause = CAUSE_EXPIRED;
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
    assert_int_equal(result->cause, CAUSE_EXPIRED);
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

/* As words, so that a version that has more of them reads those of another. */
static void every_cause_survives_storage(void **state)
{
    static const char unknown[] = "{\"rv\":1,\"cause\":\"weather\"}";
    eab_result_t *result = eab_result_make(*state);
    int cause;

    for (cause = CAUSE_UNTOLD; cause <= CAUSE_UNREADABLE; ++cause) {
        json_t *json;

        eab_result_set(result, APR_EGENERAL, NULL, "text");
        result->cause = (eab_cause_t)cause;
        json = json_own(*state, eab_result_to_json(result));
        assert_int_equal(json_object_size(json), cause == CAUSE_UNTOLD ? 2 : 3);
        eab_result_from_json(result, json);
        assert_int_equal(result->cause, cause);
    }
    eab_result_from_json(result, json_parse(*state, unknown, strlen(unknown), NULL));
    assert_int_equal(result->cause, CAUSE_UNTOLD);
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
                               "\"retry_after\":\"5\",\"cause\":4,\"rv\":99999999999}";
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

static json_t *many_subproblems(apr_pool_t *p, int count, int length)
{
    json_t *list = json_own(p, json_array());
    int i;

    for (i = 0; i < count; ++i)
        json_array_append_new(list, json_pack("{s:s,s:o,s:{s:s,s:o},s:s}", "type", ACME_ERROR "caa",
                                              "detail", json_sprintf("%0*d", length, i),
                                              "identifier", "type", "dns", "value",
                                              json_sprintf("n%d.example.edu", i), "x", "unknown"));
    return list;
}

static apr_size_t size_of(apr_pool_t *p, const eab_result_t *result)
{
    return json_dumpb(json_own(p, eab_result_to_json(result)), NULL, 0, JSON_COMPACT);
}

static void what_is_long_is_shortened(void **state)
{
    static const apr_size_t sizes[] = { 1024, 8 * 1024, 32 * 1024, 300 * 1024 };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); ++i) {
        eab_result_t *result = eab_result_make(p), *copy = eab_result_make(p);

        eab_result_set(result, APR_EINVAL, ACME_ERROR "compound", "%0100000d", 7);
        result->url = result->instance = apr_psprintf(p, "https://ca.example/%08000d", 1);
        result->identifier = apr_psprintf(p, "%01000d", 1);
        result->subproblems = many_subproblems(p, 100, 4000);
        eab_result_copy_short(copy, result, sizes[i]);
        assert_true(size_of(p, copy) <= sizes[i]);
        assert_true(size_of(p, result) > 500000); /* as it was */
        assert_string_equal(ACME_ERROR "compound", copy->type);
        assert_int_equal('0', copy->detail[0]);
        assert_int_equal(APR_EINVAL, copy->rv);
        eab_result_shorten(result, sizes[i]);
        assert_true(size_of(p, result) <= sizes[i]);
    }
}

/* They say what may be left out of an order. */
static void names_outlast_words(void **state)
{
    apr_pool_t *p = *state;
    eab_result_t *result = eab_result_make(p);
    json_t *last;

    eab_result_set(result, APR_EINVAL, ACME_ERROR "compound", "Several");
    result->subproblems = many_subproblems(p, 100, 4000);
    eab_result_shorten(result, eab_result_share(1, 0));
    assert_int_equal(100, json_array_size(result->subproblems));
    last = json_array_get(result->subproblems, 99);
    assert_string_equal("n99.example.edu",
                        json_peek_string(json_object_get(last, "identifier"), "value"));
    assert_string_equal(ACME_ERROR "caa", json_peek_string(last, "type"));
    assert_non_null(json_peek_string(last, "detail"));
    result->subproblems = many_subproblems(p, 250, 10);
    eab_result_shorten(result, eab_result_share(10000, 250));
    assert_int_equal(250, json_array_size(result->subproblems));
}

static void what_is_short_stays_as_it_is(void **state)
{
    apr_pool_t *p = *state;
    eab_result_t *result = eab_result_make(p);

    eab_result_set(result, APR_EINVAL, "urn:x", "Short");
    result->subproblems = many_subproblems(p, 3, 10);
    eab_result_shorten(result, 1024);
    assert_string_equal("unknown", json_peek_string(json_array_get(result->subproblems, 2), "x"));
}

/* A character is whole or absent, and escaping makes six bytes of one. */
static void words_are_cut_between_characters(void **state)
{
    apr_pool_t *p = *state;
    eab_result_t *result = eab_result_make(p);
    char *text = apr_pcalloc(p, 30001);
    int i;

    for (i = 0; i < 30000; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    eab_result_set(result, APR_EINVAL, NULL, "%s", text);
    eab_result_shorten(result, 1024);
    assert_true(size_of(p, result) <= 1024);
    assert_int_equal(0, strlen(result->detail) % 3);
    assert_true(strlen(result->detail) > 100);
    memset(text, 1, 30000);
    eab_result_set(result, APR_EINVAL, NULL, "%s", text);
    eab_result_shorten(result, 1024);
    assert_true(size_of(p, result) <= 1024);
}

static void all_problems_together_have_a_limit(void **state)
{
    (void)state;
    assert_int_equal(32 * 1024, eab_result_share(1, 0));
    assert_int_equal(32 * 1024, eab_result_share(0, 1));
    assert_true(1000 * eab_result_share(1000, 2) <= 8 * 1024 * 1024);
    assert_true(10000 * eab_result_share(10000, 1) <= 16 * 1024 * 1024);
    assert_true(eab_result_share(1, INT_MAX) < 512 * 1024);
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
        cmocka_unit_test(every_cause_survives_storage),
        cmocka_unit_test(leaves_out_what_is_unset),
        cmocka_unit_test(keeps_a_detail_in_another_encoding),
        cmocka_unit_test(skips_members_of_the_wrong_type),
        cmocka_unit_test(reads_no_success_from_a_problem),
        cmocka_unit_test(clears_for_nothing),
        cmocka_unit_test(what_is_long_is_shortened),
        cmocka_unit_test(names_outlast_words),
        cmocka_unit_test(what_is_short_stays_as_it_is),
        cmocka_unit_test(words_are_cut_between_characters),
        cmocka_unit_test(all_problems_together_have_a_limit),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
