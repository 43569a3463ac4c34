/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/memory.h"
#include "base/json.h"

#define ORDER "https://ca.example/order/1"

static const char *fill(acme_memory_t *memory, const char *url, const char *body, apr_pool_t *p)
{
    return acme_memory_fill(memory, url, fake_answer(p, 200, body))->body;
}

static void expect(const char *expected, const char *text, apr_pool_t *p)
{
    if (!json_equal(json_parse(p, expected, strlen(expected), NULL),
                    json_parse(p, text, strlen(text), NULL))) {
        fail_msg("%s is not %s", text, expected);
    }
}

static void test_what_is_left_out_stays_true(void **state)
{
    apr_pool_t *p = *state;
    acme_memory_t *memory = acme_memory_make(p);
    const char *first = "{\"status\":\"pending\",\"finalize\":\"f\",\"authorizations\":[\"a\"],"
                        "\"error\":{\"type\":\"t\"},\"wildcard\":true}";

    expect(first, fill(memory, ORDER, first, p), p);
    expect("{\"status\":\"ready\",\"finalize\":\"f\",\"authorizations\":[\"a\"],\"wildcard\":true}",
           fill(memory, ORDER, "{\"status\":\"ready\",\"authorizations\":null}", p), p);
    expect("{\"status\":\"valid\",\"finalize\":\"g\",\"authorizations\":[\"a\"],\"wildcard\":false,"
           "\"certificate\":\"c\"}",
           fill(memory, ORDER,
                "{\"status\":\"valid\",\"finalize\":\"g\",\"authorizations\":[],"
                "\"wildcard\":false,\"certificate\":\"c\"}",
                p),
           p);
    expect("{\"status\":\"valid\",\"finalize\":\"g\",\"authorizations\":[\"b\"],\"wildcard\":false,"
           "\"certificate\":\"c\"}",
           fill(memory, ORDER, "{\"status\":\"valid\",\"authorizations\":[\"b\"]}", p), p);
    expect("{\"status\":\"ready\"}", fill(memory, ORDER "1", "{\"status\":\"ready\"}", p), p);
}

static void test_members_of_lists(void **state)
{
    apr_pool_t *p = *state;
    acme_memory_t *memory = acme_memory_make(p);

    fill(memory, ORDER,
         "{\"challenges\":[{\"url\":\"1\",\"type\":\"http-01\",\"token\":\"t\"},"
         "{\"url\":\"2\",\"type\":\"dns-01\"}]}",
         p);
    expect("{\"challenges\":[{\"url\":\"2\",\"type\":\"dns-01\",\"token\":\"u\"},"
           "{\"url\":\"1\",\"type\":\"http-01\",\"token\":\"t\",\"error\":{}}]}",
           fill(memory, ORDER,
                "{\"challenges\":[{\"url\":\"2\",\"token\":\"u\"},"
                "{\"url\":\"1\",\"token\":null,\"error\":{}}]}",
                p),
           p);
}

static void test_what_is_no_object(void **state)
{
    apr_pool_t *p = *state;
    acme_memory_t *memory = acme_memory_make(p);

    fill(memory, ORDER, "{\"a\":1}", p);
    assert_string_equal("[]", fill(memory, ORDER, "[]", p));
    assert_string_equal("<html>", fill(memory, ORDER, "<html>", p));
    expect("{\"a\":1}", fill(memory, ORDER, "{}", p), p);
}

/* A CA cannot fill it. */
static void test_limit(void **state)
{
    apr_pool_t *p = *state;
    acme_memory_t *memory = acme_memory_make(p);
    char *long_text = apr_pcalloc(p, 300001);
    int i;

    memset(long_text, 'a', 300000);
    for (i = 0; i < 4; i++) {
        fill(memory, apr_psprintf(p, "%d", i), apr_psprintf(p, "{\"a\":\"%s\"}", long_text), p);
    }
    assert_int_equal(300008, strlen(fill(memory, "2", "{}", p)));
    assert_string_equal("{}", fill(memory, "3", "{}", p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_what_is_left_out_stays_true),
        FAKE_TEST(test_members_of_lists),
        FAKE_TEST(test_what_is_no_object),
        FAKE_TEST(test_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
