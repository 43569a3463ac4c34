/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "agent/persist.h"
#include "base/json.h"

#define ACCOUNT "https://ca.example/acct/1"
#define OURS "ca.example; accounturi=" ACCOUNT
#define NOW apr_time_from_sec(1700000000)

static lookup_found_t found;
static resolver_answer_t answers[16];

static apr_array_header_t *strings(apr_pool_t *p, const char *a, const char *b)
{
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = a;
    if (b != NULL)
        APR_ARRAY_PUSH(list, const char *) = b;
    return list;
}

static void forget(void)
{
    memset(&found, 0, sizeof(found));
    memset(answers, 0, sizeof(answers));
}

/* What a server ("": the resolver) says of the name at depth; NULL: no such record. */
static void says(int depth, const char *server, const char *value)
{
    lookup_view_t *view = &found.views[found.count];

    view->depth = depth;
    view->authoritative = *server != '\0';
    apr_cpystrn(view->server, server, sizeof(view->server));
    view->answered = 1;
    view->answer = &answers[found.count++];
    if (value != NULL) {
        view->answer->count = 1;
        view->answer->values[0].len = (unsigned short)strlen(value);
        memcpy(view->answer->values[0].data, value, strlen(value));
    }
}

static void is_silent(int depth, const char *server)
{
    says(depth, server, NULL);
    found.views[found.count - 1].answered = 0;
}

static persist_record_t judge(apr_pool_t *p, int wildcard)
{
    acme_persist_need_t need = { strings(p, "ca.example", NULL), ACCOUNT, wildcard, NOW };
    persist_record_t record;

    memset(&record, 0, sizeof(record));
    persist_judge(&record, &found, strings(p, "www.a.example", "a.example"), &need, p);
    return record;
}

static void every_name_server_must_have_it(void **state)
{
    persist_record_t record;

    forget();
    says(0, "", OURS);
    says(0, "ns1", OURS);
    says(0, "ns2", OURS "; persistUntil=1800000000");
    is_silent(0, "ns3");
    record = judge(*state, 0);
    assert_int_equal(PERSIST_THERE, record.state);
    assert_int_equal(3, record.servers);
    assert_int_equal(2, record.answered);
    assert_int_equal(2, record.having);
    assert_true(record.until == apr_time_from_sec(1800000000));
    assert_null(record.why);
    says(0, "ns4", NULL);
    record = judge(*state, 0);
    assert_int_equal(PERSIST_PARTLY, record.state);
    assert_string_equal("2 of 3 name servers that answer have _validation-persist.www.a.example "
                        "(without it: ns4)",
                        record.why);
}

/* What it has cached is older than what they say. */
static void the_resolver_counts_when_nobody_else_answers(void **state)
{
    persist_record_t record;

    forget();
    says(0, "", OURS);
    says(0, "ns1", NULL);
    assert_int_equal(PERSIST_MISSING, judge(*state, 0).state);
    forget();
    says(0, "", NULL);
    says(0, "ns1", OURS);
    assert_int_equal(PERSIST_THERE, judge(*state, 0).state);
    forget();
    says(0, "", OURS);
    is_silent(0, "ns1");
    record = judge(*state, 0);
    assert_int_equal(PERSIST_THERE, record.state);
    assert_int_equal(0, record.servers);
    assert_non_null(strstr(record.why, "only the resolver"));
    forget();
    is_silent(0, "");
    assert_int_equal(PERSIST_UNKNOWN, judge(*state, 0).state);
    forget();
    assert_int_equal(PERSIST_UNKNOWN, judge(*state, 0).state);
}

static void a_record_that_does_not_count_is_told(void **state)
{
    static const struct {
        const char *value;
        int wildcard;
        persist_state_t state;
        const char *why;
    } rows[] = {
        { NULL, 0, PERSIST_MISSING, "there is no such record" },
        { "other.example; accounturi=" ACCOUNT, 0, PERSIST_MISSING, "other CAs" },
        { "ca.example; accounturi=" ACCOUNT "2", 0, PERSIST_WRONG, "another account" },
        { OURS ";", 0, PERSIST_WRONG, "not written as the CA reads it" },
        { OURS, 1, PERSIST_WRONG, "policy=wildcard" },
        { OURS "; persistUntil=1600000000", 0, PERSIST_WRONG, "until 2020-09-13T12:26:40Z" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        persist_record_t record;

        forget();
        says(0, "ns1", rows[i].value);
        record = judge(*state, rows[i].wildcard);
        assert_int_equal(rows[i].state, record.state);
        assert_non_null(strstr(record.why, rows[i].why));
    }
}

/* draft-ietf-acme-dns-persist-01, 6. */
static void a_record_above_needs_the_policy(void **state)
{
    persist_record_t record;

    forget();
    says(0, "ns1", NULL);
    says(1, "ns1", OURS);
    record = judge(*state, 0);
    assert_int_equal(PERSIST_WRONG, record.state);
    assert_string_equal("_validation-persist.a.example lacks policy=wildcard", record.why);
    forget();
    says(0, "ns1", NULL);
    says(1, "ns1", OURS "; policy=wildcard");
    record = judge(*state, 0);
    assert_int_equal(PERSIST_THERE, record.state);
    assert_string_equal("_validation-persist.a.example", record.at);
}

/* ---- what the status shows ---- */

static stage_t *begin(apr_pool_t *p, const char *a, const char *b)
{
    stage_t *s = stage_make(p);

    s->certificate->challenges = strings(p, "dns-persist-01", NULL);
    s->certificate->names = strings(p, a, b);
    s->certificate->dns_resolver = "127.0.0.1";
    s->account->told.caa_identities = strings(p, "hint.example", NULL);
    stage_begin(s);
    return s;
}

static json_t *shown(stage_t *s)
{
    return json_own(s->p, persist_to_json(stage_job(s)->persist, s->p));
}

static void a_name_and_its_wildcard_have_one_record(void **state)
{
    stage_t *s = begin(*state, "a.example", "*.a.example");
    json_t *records = shown(s);

    assert_int_equal(1, json_array_size(records));
    assert_string_equal("hint.example; accounturi=" ACCOUNT_URL "; policy=wildcard",
                        json_peek_string(json_array_get(records, 0), "value"));
    stage_end(s);
}

static void an_address_has_no_record(void **state)
{
    stage_t *s = begin(*state, "192.0.2.1", "b.example");
    json_t *records = shown(s);

    assert_int_equal(1, json_array_size(records));
    assert_string_equal(
        "_validation-persist.b.example. IN TXT \"hint.example; accounturi=" ACCOUNT_URL "\"",
        json_peek_string(json_array_get(records, 0), "line"));
    stage_end(s);
}

static void nothing_is_shown_before_the_account_is_known(void **state)
{
    stage_t *s = begin(*state, "a.example", NULL);

    stage_account(s)->brief->url = NULL;
    assert_int_equal(0, json_array_size(shown(s)));
    stage_end(s);
}

static void without_leave_there_is_nothing(void **state)
{
    stage_t *s = stage_make(*state);

    stage_begin(s);
    assert_null(stage_job(s)->persist);
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(every_name_server_must_have_it),
        fixture_test(the_resolver_counts_when_nobody_else_answers),
        fixture_test(a_record_that_does_not_count_is_told),
        fixture_test(a_record_above_needs_the_policy),
        fixture_test(a_name_and_its_wildcard_have_one_record),
        fixture_test(an_address_has_no_record),
        fixture_test(nothing_is_shown_before_the_account_is_known),
        fixture_test(without_leave_there_is_nothing),
    };

    return fixture_run(tests);
}
