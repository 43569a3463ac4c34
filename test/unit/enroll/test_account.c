/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/json.h"
#include "enroll/account.h"

static json_t *parse(apr_pool_t *p, const char *text)
{
    json_t *json = json_parse(p, text, strlen(text), NULL);

    assert_non_null(json);
    return json;
}

static void an_account_as_documented(void **state)
{
    apr_pool_t *p = *state;
    account_t account;
    const char *text =
        "{\"id\":126,\"accountId\":\"x\",\"macId\":\"kid\",\"macKey\":\"key\",\"acmeServer\":"
        "\"OV ACME Server\",\"name\":\"www\",\"organizationId\":1823,\"status\":\"pending\"}";

    assert_true(account_read(&account, parse(p, text), p));
    assert_string_equal(account.id, "126");
    assert_string_equal(account.mac_id, "kid");
    assert_string_equal(account.mac_key, "key");
    assert_string_equal(account.status, "pending");
    assert_int_equal(account.organization, 1823);
}

static void an_account_that_is_none(void **state)
{
    apr_pool_t *p = *state;
    account_t account;

    assert_false(account_read(&account, parse(p, "{\"name\":\"www\"}"), p));
    assert_false(account_read(&account, parse(p, "{\"id\":\"1\",\"name\":\"www\"}"), p));
    assert_false(account_read(&account, parse(p, "{\"id\":-1,\"name\":\"www\"}"), p));
    assert_false(account_read(&account, parse(p, "{\"id\":1,\"name\":7}"), p));
    assert_false(account_read(&account, parse(p, "[1]"), p));
    assert_true(account_read(&account, parse(p, "{\"id\":1,\"name\":\"w\",\"macKey\":7}"), p));
    assert_string_equal(account.mac_key, "");
}

static void a_server_by_name_and_by_url(void **state)
{
    apr_pool_t *p = *state;
    account_server_t server;
    account_t account = { .server = "https://a.example/v2/OV/" };
    json_t *list = parse(p, "[{\"name\":1},{\"url\":\"https://a.example/v2/DV\",\"name\":\"DV\"},"
                            "{\"url\":\"https://a.example/v2/OV\",\"name\":\"OV server\"}]");

    assert_true(account_server_find(&server, list, "OV server"));
    assert_string_equal(server.url, "https://a.example/v2/OV");
    assert_true(account_is_at(&account, &server));
    account.server = "OV server";
    assert_true(account_is_at(&account, &server));
    account.server = "OV";
    assert_false(account_is_at(&account, &server));
    assert_true(account_server_find(&server, list, "https://a.example/v2/DV/"));
    assert_false(account_server_find(&server, list, "https://a.example/v2"));
    assert_false(account_server_find(&server, NULL, "OV server"));
}

static void accounts_of_that_very_name(void **state)
{
    apr_pool_t *p = *state;
    json_t *list = parse(p, "[{\"id\":1,\"name\":\"www\"},{\"id\":2,\"name\":\"www2\"},"
                            "{\"id\":3,\"name\":\"WWW\"},7,{\"id\":4,\"name\":\"www\"}]");
    apr_array_header_t *found = account_find(list, "www", p);

    assert_int_equal(found->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(found, 1, account_t).id, "4");
    assert_int_equal(account_find(NULL, "www", p)->nelts, 0);
}

static void the_id_at_the_end_of_a_location(void **state)
{
    apr_pool_t *p = *state;

    assert_string_equal(account_id_of("https://m.example/api/acme/v2/account/100", p), "100");
    assert_string_equal(account_id_of("/api/acme/v2/account/7/", p), "7");
    assert_null(account_id_of(NULL, p));
    assert_null(account_id_of("", p));
    assert_null(account_id_of("100", p));
    assert_null(account_id_of("/account/", p));
    assert_null(account_id_of("/account/10a", p));
    assert_null(account_id_of("/account/../7?x", p));
    assert_null(account_id_of("/account/1234567890123456789012", p));
}

static void domains_in_and_out(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *names = apr_array_make(p, 3, sizeof(const char *));
    json_t *body = NULL;

    APR_ARRAY_PUSH(names, const char *) = "a.example";
    APR_ARRAY_PUSH(names, const char *) = "b.example";
    APR_ARRAY_PUSH(names, const char *) = "c.example";
    body = json_own(p, account_domains(names, 1, 5));
    assert_string_equal(json_text(p, body),
                        "{\"domains\":[{\"name\":\"b.example\"},{\"name\":\"c.example\"}]}");
    assert_int_equal(account_not_added(parse(p, "{}"), p)->nelts, 0);
    assert_int_equal(account_not_added(NULL, p)->nelts, 0);
    names = account_not_added(parse(p, "{\"notAddedDomains\":[\"x.example\",7]}"), p);
    assert_int_equal(names->nelts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_account_as_documented),        fixture_test(an_account_that_is_none),
        fixture_test(a_server_by_name_and_by_url),     fixture_test(accounts_of_that_very_name),
        fixture_test(the_id_at_the_end_of_a_location), fixture_test(domains_in_and_out),
    };

    return fixture_run(tests);
}
