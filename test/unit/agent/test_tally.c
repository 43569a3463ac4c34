/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "agent/tally.h"
#include "base/json.h"
#include "ipc/message.h"

#define DIRECTORY "https://ca.example/directory"

static const char *take(tally_t *tally, apr_pool_t *p)
{
    json_t *list = tally_take(tally);

    return list != NULL ? json_text(p, json_own(p, list)) : NULL;
}

static void requests_are_counted_until_they_are_told(void **state)
{
    apr_pool_t *p = *state;
    tally_t *tally = tally_make(DIRECTORY, p);
    sentence_request_t order = { .sentence = SENTENCE_NEW_ORDER };

    assert_null(tally_take(tally));
    tally_count(tally, "POST", "https://ca.example/order", &order, 201);
    tally_count(tally, "POST", "https://ca.example/order", &order, 429);
    tally_count(tally, "POST", "https://ca.example/order", &order, 201);
    assert_string_equal("[{\"resource\":\"newOrder\",\"code\":\"2xx\",\"count\":2},"
                        "{\"resource\":\"newOrder\",\"code\":\"4xx\",\"count\":1}]",
                        take(tally, p));
    assert_null(tally_take(tally));
    tally_count(tally, "POST", "https://ca.example/order", &order, 0);
    assert_string_equal("[{\"resource\":\"newOrder\",\"code\":\"none\",\"count\":1}]",
                        take(tally, p));
}

static void each_has_its_resource_and_answer(void **state)
{
    static const struct {
        const char *method;
        const char *url;
        int sentence; /* 0: none */
        int status;
        const char *resource;
        const char *code;
    } rows[] = {
        { "GET", DIRECTORY, 0, 200, "directory", "2xx" },
        { "GET", "https://ca.example/ari/1", 0, 200, "renewalInfo", "2xx" },
        { "HEAD", "https://ca.example/nonce", 0, 503, "newNonce", "5xx" },
        { "POST", "https://ca.example/x", SENTENCE_NEW_ACCOUNT, 302, "newAccount", "3xx" },
        { "POST", "https://ca.example/x", SENTENCE_FIND_ACCOUNT, 200, "newAccount", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_UPDATE_CONTACT, 200, "account", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_READ, 200, "order", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_READ, 200, "orders", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_READ, 200, "authorization", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_READ, 404, "certificate", "4xx" },
        { "POST", "https://ca.example/x", SENTENCE_READ, 200, "account", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_READ, 200, "other", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_DEACTIVATE, 200, "account", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_REVOKE_BY_ACCOUNT, 200, "revokeCert", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_REVOKE_BY_CERTIFICATE, 200, "revokeCert",
          "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_KEY_CHANGE, 200, "keyChange", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_CHALLENGE, 200, "challenge", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_FINALIZE, 200, "finalize", "2xx" },
        { "POST", "https://ca.example/x", SENTENCE_FINALIZE, 99, "finalize", "none" },
        { "POST", "https://ca.example/x", SENTENCE_FINALIZE, 700, "finalize", "none" },
    };
    apr_pool_t *p = *state;
    tally_t *tally = tally_make(DIRECTORY, p);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        sentence_request_t request = { .sentence = (sentence_t)rows[i].sentence,
                                       .resource = rows[i].resource };

        tally_count(tally, rows[i].method, rows[i].url, rows[i].sentence != 0 ? &request : NULL,
                    rows[i].status);
        assert_string_equal(apr_psprintf(p, "[{\"resource\":\"%s\",\"code\":\"%s\",\"count\":1}]",
                                         rows[i].resource, rows[i].code),
                            take(tally, p));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(requests_are_counted_until_they_are_told),
        fixture_test(each_has_its_resource_and_answer),
    };

    return fixture_run(tests);
}
