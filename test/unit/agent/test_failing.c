/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_keeper.h"

#include <fcntl.h>

#include "agent/failing.h"
#include "base/log.h"

typedef struct scene {
    apr_pool_t *p;
    fake_keeper_t *keeper;
    kit_t *kit;
    failing_t failing;
    int saved; /* standard error */
    FILE *log;
    apr_array_header_t *names;
    brief_account_t *account;
    brief_certificate_t *certificate; /* the last one */
} scene_t;

/* The log goes to a file of the test. */
static scene_t *scene_make(apr_pool_t *p, const brief_failure_t *remembered)
{
    scene_t *s = apr_pcalloc(p, sizeof(*s));
    int i;

    s->p = p;
    s->keeper = fake_keeper_make(p);
    s->kit = apr_pcalloc(p, sizeof(*s->kit));
    s->kit->pool = p;
    s->kit->link = s->keeper->link;
    s->kit->brief = brief_make(p);
    s->names = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(s->names, const char *) = "www.example.edu";
    s->account = apr_array_push(s->kit->brief->accounts);
    memset(s->account, 0, sizeof(*s->account));
    for (i = 0; i < 3; ++i) {
        s->certificate = apr_array_push(s->kit->brief->certificates);
        memset(s->certificate, 0, sizeof(*s->certificate));
        s->certificate->names = s->names;
    }
    failing_init(&s->failing, s->kit, "certificate", 2, "Certificate www.example.edu",
                 "https://ca.example:14000/dir", s->names, remembered);
    s->log = tmpfile();
    assert_non_null(s->log);
    fflush(stderr);
    s->saved = dup(2);
    assert_true(dup2(fileno(s->log), 2) == 2);
    return s;
}

static void scene_end(scene_t *s)
{
    fflush(stderr);
    dup2(s->saved, 2);
    close(s->saved);
    fclose(s->log);
}

static const char *logged(scene_t *s)
{
    char *text = apr_pcalloc(s->p, 20000);
    ssize_t n = pread(fileno(s->log), text, 19999, 0);

    assert_true(n >= 0);
    assert_int_equal(0, ftruncate(fileno(s->log), 0));
    assert_int_equal(0, lseek(fileno(s->log), 0, SEEK_SET));
    return text;
}

static eab_result_t *problem(apr_pool_t *p, const char *type, const char *detail)
{
    eab_result_t *result = eab_result_make(p);

    eab_result_set(result, APR_EGENERAL, type, "%s", detail);
    result->http_status = 403;
    return result;
}

static int lines(const char *text)
{
    int count = 0;

    for (; *text != '\0'; ++text)
        count += (*text == '\n');
    return count;
}

static void the_same_problem_is_logged_once(void **state)
{
    brief_failure_t none = { 0 };
    scene_t *s = scene_make(*state, &none);
    eab_result_t *first = problem(s->p, ACME_ERROR "unauthorized", "No\nway");
    const char *text;

    failing_add(&s->failing, first, PROBLEM_AT_ORDER);
    text = logged(s);
    assert_int_equal(1, lines(text));
    assert_non_null(strstr(text, "[acme_eab:error]"));
    assert_non_null(strstr(text, "Certificate www.example.edu: No\\x0away"));
    assert_non_null(strstr(text, ACME_ERROR "unauthorized"));
    assert_non_null(strstr(text, "Next try in "));
    failing_add(&s->failing, first, PROBLEM_AT_ORDER);
    failing_add(&s->failing, problem(s->p, ACME_ERROR "unauthorized", "No\nway"), PROBLEM_AT_ORDER);
    assert_string_equal("", logged(s));
    assert_int_equal(3, s->failing.failure.attempts);
    failing_add(&s->failing, problem(s->p, ACME_ERROR "unauthorized", "Other words"),
                PROBLEM_AT_ORDER);
    assert_int_equal(1, lines(logged(s)));
    failing_add(&s->failing, problem(s->p, NULL, "Other words"), PROBLEM_AT_ORDER);
    assert_int_equal(1, lines(logged(s)));
    failing_end(&s->failing);
    failing_add(&s->failing, problem(s->p, NULL, "Other words"), PROBLEM_AT_ORDER);
    assert_int_equal(1, lines(logged(s)));
    scene_end(s);
}

static void a_remembered_problem_is_no_news_either(void **state)
{
    brief_failure_t remembered = { .attempts = 5, .since = apr_time_from_sec(1000000), .place = 1 };
    scene_t *s;

    remembered.problem = problem(*state, ACME_ERROR "malformed", "Bad");
    s = scene_make(*state, &remembered);
    failing_add(&s->failing, problem(s->p, ACME_ERROR "malformed", "Bad"), PROBLEM_AT_ORDER);
    assert_string_equal("", logged(s));
    assert_int_equal(6, s->failing.failure.attempts);
    assert_true(apr_time_from_sec(1000000) == s->failing.failure.since);
    scene_end(s);
}

/* The clock was wrong when they were remembered: they do not hold anything up. */
static void a_failure_of_the_future_is_not_waited_for(void **state)
{
    apr_time_t now = apr_time_now(), day = apr_time_from_sec(24 * 3600);
    brief_failure_t first = { .attempts = 1, .since = now + day, .next = now + day + 60 };
    brief_failure_t later = { .attempts = 2, .since = now - day, .next = now + 400 * day };
    brief_failure_t sane = { .attempts = 2, .since = now - day, .next = now + day };
    scene_t *s;

    first.problem = later.problem = sane.problem = problem(*state, ACME_ERROR "malformed", "Bad");
    s = scene_make(*state, &first);
    assert_true(s->failing.failure.next < now + day);
    scene_end(s);
    s = scene_make(*state, &later);
    assert_true(s->failing.failure.next < now + day);
    scene_end(s);
    s = scene_make(*state, &sane);
    assert_true(s->failing.failure.next == now + day);
    scene_end(s);
}

/* What was done without the names is remembered, and said before the advice. */
static void names_that_were_left_out_are_told(void **state)
{
    brief_failure_t none = { 0 };
    scene_t *s = scene_make(*state, &none);
    brief_failure_t told;
    json_t *body;
    int type = 0;

    failing_leave_out(&s->failing, problem(s->p, ACME_ERROR "caa", "No way"), PROBLEM_AT_ORDER,
                      SUBSET_SETTLED);
    body = fake_keeper_hear(s->keeper, &type);
    brief_failure_from_json(&told, json_object_get(body, "failure"), s->p);
    assert_int_equal(SUBSET_SETTLED, told.subset);
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "goes without"));
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "CAA record"));
    assert_int_equal(1, lines(logged(s)));
    failing_leave_out(&s->failing, problem(s->p, ACME_ERROR "caa", "No way"), PROBLEM_AT_ORDER,
                      SUBSET_HELD);
    assert_int_equal(1, lines(logged(s))); /* that is news */
    failing_add(&s->failing, problem(s->p, ACME_ERROR "caa", "No way"), PROBLEM_AT_ORDER);
    assert_null(strstr(failing_advice(&s->failing, s->p), "goes without"));
    assert_int_equal(SUBSET_NONE, s->failing.failure.subset);
    scene_end(s);
}

static void the_keeper_is_told(void **state)
{
    brief_failure_t none = { 0 };
    scene_t *s = scene_make(*state, &none);
    apr_time_t now = apr_time_now();
    brief_failure_t told;
    json_t *body;
    int type = 0;

    failing_add(&s->failing, problem(s->p, ACME_ERROR "unauthorized", "No way"),
                PROBLEM_AT_CHALLENGE);
    assert_int_equal(1, s->kit->touched);
    body = fake_keeper_hear(s->keeper, &type);
    assert_int_equal(MESSAGE_FAILED, type);
    assert_int_equal(2, json_peek_int(body, "certificate", -1));
    assert_null(json_object_get(body, "account"));
    brief_failure_from_json(&told, json_object_get(body, "failure"), s->p);
    assert_int_equal(1, told.attempts);
    assert_int_equal(PROBLEM_AT_CHALLENGE, told.place);
    assert_string_equal("No way", told.problem->detail);
    assert_int_equal(403, told.problem->http_status);
    assert_true(told.next > now);
    assert_true(apr_time_sec(told.next) == apr_time_sec(s->failing.failure.next));

    failing_end(&s->failing);
    body = fake_keeper_hear(s->keeper, &type);
    assert_int_equal(MESSAGE_FAILED, type);
    assert_true(json_is_null(json_object_get(body, "failure")));
    failing_end(&s->failing); /* nothing to forget */
    assert_null(fake_keeper_hear(s->keeper, &type));
    scene_end(s);
}

/* It may be its own problem that is added again: a copy is made before the old one goes. */
static void a_problem_is_copied(void **state)
{
    brief_failure_t none = { 0 };
    scene_t *s = scene_make(*state, &none);
    apr_pool_t *pool = NULL;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&pool, s->p));
    failing_add(&s->failing, problem(pool, NULL, "First words"), PROBLEM_AT_ORDER);
    apr_pool_destroy(pool);
    failing_add(&s->failing, s->failing.failure.problem, PROBLEM_AT_ORDER);
    assert_string_equal("First words", s->failing.failure.problem->detail);
    assert_int_equal(2, s->failing.failure.attempts);
    scene_end(s);
}

static void advice_is_for_failures(void **state)
{
    brief_failure_t none = { 0 };
    scene_t *s = scene_make(*state, &none);

    assert_null(failing_advice(&s->failing, s->p));
    failing_add(&s->failing, problem(s->p, EAB_PROBLEM_CA_UNREACHABLE, "Timed out"),
                PROBLEM_AT_ACCOUNT);
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "ca.example"));
    failing_add(&s->failing, problem(s->p, ACME_ERROR "rejectedIdentifier", "No"),
                PROBLEM_AT_ORDER);
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "for www.example.edu with"));
    failing_end(&s->failing);
    assert_null(failing_advice(&s->failing, s->p));
    scene_end(s);
}

/* What is known of configuration, store and CA leads to another sentence. */
static void advice_follows_the_situation(void **state)
{
    brief_failure_t none = { 0 };
    scene_t *s = scene_make(*state, &none);
    brief_facts_t facts = { 0 };

    failing_add(&s->failing, problem(s->p, EAB_PROBLEM_CHAIN, "x"), PROBLEM_AT_ORDER);
    assert_null(strstr(failing_advice(&s->failing, s->p), "old one"));
    s->certificate->facts = &facts;
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "the old one stays in use"));
    failing_add(&s->failing, problem(s->p, ACME_ERROR "unauthorized", "x"), PROBLEM_AT_ORDER);
    assert_null(strstr(failing_advice(&s->failing, s->p), "EAB"));
    s->account->eab = 1;
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "ACMEEABKid"));
    failing_add(&s->failing, problem(s->p, ACME_ERROR "invalidProfile", "x"), PROBLEM_AT_ORDER);
    assert_null(strstr(failing_advice(&s->failing, s->p), "none at all"));
    s->account->told.seen = apr_time_now();
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "none at all"));
    failing_add(&s->failing, problem(s->p, ACME_ERROR "rejectedIdentifier", "x"), PROBLEM_AT_ORDER);
    assert_null(strstr(failing_advice(&s->failing, s->p), "one name only"));
    APR_ARRAY_PUSH(s->names, const char *) = "second.example.edu";
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "one name only"));
    scene_end(s);
}

/* What was seen counts for the failure that comes next, through a restart, and for no other. */
static void what_was_seen_is_remembered_once(void **state)
{
    brief_failure_t none = { 0 }, told;
    scene_t *s = scene_make(*state, &none);
    json_t *body;
    int type = 0;

    s->failing.seen = FACT_DNS;
    failing_add(&s->failing, problem(s->p, ACME_ERROR "unauthorized", "x"), PROBLEM_AT_CHALLENGE);
    assert_non_null(strstr(failing_advice(&s->failing, s->p), "_acme-challenge."));
    body = fake_keeper_hear(s->keeper, &type);
    brief_failure_from_json(&told, json_object_get(body, "failure"), s->p);
    assert_true(told.facts == (apr_int64_t)FACT_DNS);
    assert_true(told.tried == told.since && told.tried != 0);
    failing_add(&s->failing, problem(s->p, ACME_ERROR "unauthorized", "x"), PROBLEM_AT_CHALLENGE);
    assert_null(strstr(failing_advice(&s->failing, s->p), "_acme-challenge."));
    scene_end(s);
}

static void every_problem_has_a_type(void **state)
{
    brief_failure_t none = { 0 };
    scene_t *s = scene_make(*state, &none);

    failing_add(&s->failing, problem(s->p, NULL, "x"), PROBLEM_AT_ORDER);
    assert_string_equal(EAB_PROBLEM_CA_REFUSED, s->failing.failure.problem->type);
    failing_add(&s->failing, problem(s->p, "about:blank", "x"), PROBLEM_AT_ORDER);
    assert_string_equal(EAB_PROBLEM_CA_REFUSED, s->failing.failure.problem->type);
    failing_add(&s->failing, problem(s->p, NULL, "x"), PROBLEM_AT_DIRECTORY);
    assert_string_equal(EAB_PROBLEM_NO_DIRECTORY, s->failing.failure.problem->type);
    scene_end(s);
}

/* The CA speaks of the name without "*." (RFC 8555, 7.1.4). */
static void a_wildcard_is_named_as_it_is_configured(void **state)
{
    brief_failure_t none = { 0 };
    scene_t *s = scene_make(*state, &none);
    eab_result_t *lost = problem(s->p, ACME_ERROR "caa", "x");

    APR_ARRAY_PUSH(s->names, const char *) = "*.wild.example.edu";
    lost->identifier = "wild.example.edu";
    failing_add(&s->failing, lost, PROBLEM_AT_CHALLENGE);
    assert_string_equal("*.wild.example.edu", s->failing.failure.problem->identifier);
    assert_non_null(strstr(logged(s), "in the DNS of *.wild.example.edu"));
    scene_end(s);
}

/* A week is a week, also when only the words say so, and through a restart. */
static void a_limit_is_believed(void **state)
{
    apr_time_t week = apr_time_from_sec(7 * 24 * 3600), hour = apr_time_from_sec(3600);
    brief_failure_t none = { 0 }, remembered;
    scene_t *s = scene_make(*state, &none);
    eab_result_t *limit = problem(s->p, ACME_ERROR "rateLimited", "try again in 7 days");
    apr_time_t now = apr_time_now();

    failing_add(&s->failing, limit, PROBLEM_AT_ORDER);
    assert_true(s->failing.failure.next >= now + week);
    assert_true(s->failing.failure.next <= now + week + 2 * hour);
    assert_int_equal(s->failing.failure.problem->retry_after, 7 * 24 * 3600);
    remembered = s->failing.failure;
    scene_end(s);
    s = scene_make(*state, &remembered);
    assert_true(s->failing.failure.next >= now + week);
    /* Never sooner than the header says. */
    limit = problem(s->p, ACME_ERROR "rateLimited", "try again in 1 hour");
    limit->retry_after = 14 * 24 * 3600;
    failing_add(&s->failing, limit, PROBLEM_AT_ORDER);
    assert_true(s->failing.failure.next >= now + 2 * week);
    /* A date in another sentence is only words. */
    failing_add(&s->failing, problem(s->p, ACME_ERROR "serverInternal", "try again in 7 days"),
                PROBLEM_AT_ORDER);
    assert_true(s->failing.failure.next < now + week);
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_same_problem_is_logged_once),
        fixture_test(a_remembered_problem_is_no_news_either),
        fixture_test(a_failure_of_the_future_is_not_waited_for),
        fixture_test(names_that_were_left_out_are_told),
        fixture_test(the_keeper_is_told),
        fixture_test(a_problem_is_copied),
        fixture_test(advice_is_for_failures),
        fixture_test(advice_follows_the_situation),
        fixture_test(what_was_seen_is_remembered_once),
        fixture_test(every_problem_has_a_type),
        fixture_test(a_wildcard_is_named_as_it_is_configured),
        fixture_test(a_limit_is_believed),
    };

    return fixture_run(tests);
}
