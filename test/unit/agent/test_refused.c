/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_keeper.h"

#include "agent/agent.h"
#include "agent/job.h"
#include "agent/schedule.h"
#include "agent/refused.h"
#include "base/file.h"

#define DAY apr_time_from_sec(86400)

typedef struct scene {
    apr_pool_t *p;
    fake_keeper_t *keeper;
    brief_t *brief;
    brief_certificate_t *certificate;
    job_t *job;
} scene_t;

static apr_array_header_t *names(apr_pool_t *p, const char *list)
{
    apr_array_header_t *array = apr_array_make(p, 2, sizeof(const char *));
    char *rest = apr_pstrdup(p, list), *name;

    while ((name = apr_strtok(rest, " ", &rest)) != NULL)
        APR_ARRAY_PUSH(array, const char *) = name;
    return array;
}

/* An order for three names whose newOrder was sent. covered: what is in place, of 90 days, of which
 * so much is left; NULL: nothing. */
static scene_t *scene_make(apr_pool_t *p, const char *covered, apr_interval_time_t left)
{
    scene_t *s = apr_pcalloc(p, sizeof(*s));
    brief_account_t *account;
    agent_t *agent;

    s->p = p;
    s->keeper = fake_keeper_make(p);
    s->brief = brief_make(p);
    s->brief->run_dir = fixture_directory(p);
    s->brief->max_parallel = 8;
    account = apr_array_push(s->brief->accounts);
    account->label = "default";
    account->directory = "https://ca.example/dir";
    account->failure.problem = eab_result_make(p);
    s->certificate = apr_array_push(s->brief->certificates);
    s->certificate->id = "a.edu";
    s->certificate->names = names(p, "a.edu *.b.edu c.edu");
    s->certificate->challenges = names(p, "http-01");
    s->certificate->key_type = "p256";
    s->certificate->allow_subset = 1;
    s->certificate->failure.problem = eab_result_make(p);
    if (covered != NULL) {
        brief_facts_t *facts = apr_pcalloc(p, sizeof(*facts));

        facts->names = names(p, covered);
        facts->key_type = "p256";
        facts->same_account = 1;
        facts->not_after = apr_time_now() + left;
        facts->not_before = facts->not_after - 90 * DAY;
        facts->generation = "000001";
        s->certificate->facts = facts;
    }
    agent = agent_make(s->keeper->link, s->brief, p);
    assert_non_null(agent);
    s->job = APR_ARRAY_IDX(agent->jobs, 0, job_t *);
    s->job->state = JOB_ORDERING;
    s->certificate->ordering = 1;
    s->certificate->order_names = s->certificate->names;
    return s;
}

static void scene_end(scene_t *s)
{
    file_remove_tree(s->brief->run_dir, s->p);
}

static eab_result_t *refusal(scene_t *s, const char *type, const char *subproblems)
{
    eab_result_t *problem = eab_result_make(s->p);

    eab_result_set(problem, APR_EGENERAL, type, "No way.");
    problem->http_status = 403;
    if (subproblems != NULL)
        problem->subproblems = json_parse(s->p, subproblems, strlen(subproblems), NULL);
    return problem;
}

static eab_result_t *refusal_of(scene_t *s, const char *name)
{
    return refusal(s, ACME_ERROR "rejectedIdentifier",
                   apr_psprintf(s->p,
                                "[{\"type\":\"" ACME_ERROR "rejectedIdentifier\",\"detail\":"
                                "\"Not yours\",\"identifier\":{\"type\":\"dns\","
                                "\"value\":\"%s\"}}]",
                                name));
}

static const brief_failure_t *failure_of(const scene_t *s)
{
    return &s->job->failing.failure;
}

static void without_leave_it_is_a_failure_of_the_whole(void **state)
{
    scene_t *s = scene_make(*state, NULL, 0);

    s->certificate->allow_subset = 0;
    assert_false(refused_by_problem(s->job, refusal_of(s, "c.edu"), PROBLEM_AT_ORDER));
    assert_null(s->job->refused);
    assert_int_equal(JOB_ORDERING, s->job->state);
    scene_end(s);
}

static void what_is_no_refusal_of_a_name_is_left_alone(void **state)
{
    static const char *const subproblems[] = {
        NULL,
        "[]",
        "[{}]", /* says not which */
        "[{\"identifier\":{\"value\":\"evil.example\"}}]",
        "[{\"identifier\":{\"value\":\"c.edu\"},\"type\":\"" ACME_ERROR "rateLimited\"}]",
        "[{\"identifier\":{\"value\":\"c.edu\"},\"type\":\"" ACME_ERROR "caa\"},"
        "{\"identifier\":{\"value\":\"a.edu\"},\"type\":\"" ACME_ERROR "serverInternal\"}]",
        "[{\"identifier\":7,\"type\":8}]",
    };
    scene_t *s = scene_make(*state, NULL, 0);
    size_t i;

    for (i = 0; i < sizeof(subproblems) / sizeof(subproblems[0]); ++i) {
        eab_result_t *problem = refusal(s, ACME_ERROR "rejectedIdentifier", subproblems[i]);

        assert_false(refused_by_problem(s->job, problem, PROBLEM_AT_ORDER));
    }
    assert_false(
        refused_by_problem(s->job, refusal(s, ACME_ERROR "rateLimited", NULL), PROBLEM_AT_ORDER));
    assert_null(s->job->refused);
    assert_int_equal(JOB_ORDERING, s->job->state);
    scene_end(s);
}

static void when_all_are_refused_it_is_a_failure(void **state)
{
    scene_t *s = scene_make(*state, NULL, 0);
    eab_result_t *problem = refusal(s, ACME_ERROR "rejectedIdentifier",
                                    "[{\"identifier\":{\"value\":\"A.edu\"}},"
                                    "{\"identifier\":{\"value\":\"b.edu\"}},"
                                    "{\"identifier\":{\"value\":\"c.edu\"}}]");

    assert_true(refused_by_problem(s->job, problem, PROBLEM_AT_ORDER));
    assert_int_equal(JOB_IDLE, s->job->state);
    assert_int_equal(SUBSET_NONE, failure_of(s)->subset);
    assert_int_equal(1, failure_of(s)->attempts);
    assert_string_equal("retry", s->job->next);
    assert_false(s->certificate->ordering);
    assert_string_equal("failing", job_status(s->job));
    scene_end(s);
}

static void what_gains_nothing_is_not_ordered(void **state)
{
    scene_t *s = scene_make(*state, "a.edu *.b.edu", 80 * DAY);

    assert_true(refused_by_problem(s->job, refusal_of(s, "c.edu"), PROBLEM_AT_ORDER));
    assert_int_equal(JOB_IDLE, s->job->state);
    assert_int_equal(SUBSET_SETTLED, failure_of(s)->subset);
    assert_string_equal("valid", job_status(s->job));
    assert_string_equal("retry", s->job->next);
    assert_true(s->job->at == failure_of(s)->next);
    assert_true(schedule_is_named(failure_of(s)->problem, "c.edu"));
    assert_null(s->job->refused);
    scene_end(s);
}

static void a_good_certificate_is_kept_though_it_is_due(void **state)
{
    scene_t *s = scene_make(*state, "a.edu *.b.edu c.edu", 20 * DAY);

    assert_true(schedule_is_due(s->job));
    assert_true(refused_by_problem(s->job, refusal_of(s, "c.edu"), PROBLEM_AT_ORDER));
    assert_int_equal(SUBSET_HELD, failure_of(s)->subset);
    assert_string_equal("failing", job_status(s->job));
    assert_true(s->job->at == failure_of(s)->next);
    scene_end(s);
}

static void a_kept_certificate_is_looked_at_again_in_time(void **state)
{
    scene_t *s = scene_make(*state, "a.edu *.b.edu c.edu", 3 * DAY + apr_time_from_sec(3600));

    assert_true(refused_by_problem(s->job, refusal_of(s, "c.edu"), PROBLEM_AT_ORDER));
    assert_int_equal(SUBSET_HELD, failure_of(s)->subset);
    assert_true(s->job->at < failure_of(s)->next);
    assert_in_range(s->job->at - apr_time_now(), apr_time_from_sec(3500), apr_time_from_sec(3610));
    scene_end(s);
}

/* Not all CAs write the "*." of a wildcard; the name is ours all the same. */
static void a_wildcard_is_known_without_its_star(void **state)
{
    scene_t *s = scene_make(*state, "a.edu c.edu", 80 * DAY);

    assert_true(refused_by_problem(s->job, refusal_of(s, "b.edu"), PROBLEM_AT_ORDER));
    assert_true(schedule_is_named(failure_of(s)->problem, "*.b.edu"));
    assert_string_equal("*.b.edu", failure_of(s)->problem->identifier);
    scene_end(s);
}

static void a_problem_of_one_name_says_it_itself(void **state)
{
    scene_t *s = scene_make(*state, "a.edu *.b.edu", 80 * DAY);
    eab_result_t *problem = refusal(s, ACME_ERROR "caa", NULL);

    problem->identifier = "c.edu";
    assert_true(refused_by_problem(s->job, problem, PROBLEM_AT_ORDER));
    assert_true(eab_result_is_acme(failure_of(s)->problem, "caa"));
    assert_true(schedule_is_named(failure_of(s)->problem, "c.edu"));
    scene_end(s);
}

static void several_problems_become_one_with_each_name(void **state)
{
    scene_t *s = scene_make(*state, "a.edu", 80 * DAY);
    eab_result_t *caa = refusal(s, ACME_ERROR "caa", NULL);

    assert_true(refused_note(s->job, "b.edu", 1, caa, PROBLEM_AT_CHALLENGE));
    assert_true(refused_note(s->job, "b.edu", 1, caa, PROBLEM_AT_CHALLENGE)); /* again */
    assert_false(refused_note(s->job, "evil.example", 0, caa, PROBLEM_AT_CHALLENGE));
    assert_false(refused_note(s->job, "c.edu", 1, caa, PROBLEM_AT_CHALLENGE)); /* no wildcard */
    assert_true(refused_by_problem(s->job, refusal_of(s, "c.edu"), PROBLEM_AT_ORDER));
    assert_true(eab_result_is_acme(failure_of(s)->problem, "compound"));
    assert_int_equal(2, json_array_size(failure_of(s)->problem->subproblems));
    assert_true(schedule_is_named(failure_of(s)->problem, "*.b.edu"));
    assert_non_null(strstr(failing_advice(&s->job->failing, s->p), "CAA record in the DNS of *.b"));
    assert_non_null(strstr(failing_advice(&s->job->failing, s->p), "issue for c.edu"));
    scene_end(s);
}

static void the_rest_is_what_was_not_refused(void **state)
{
    scene_t *s = scene_make(*state, NULL, 0);
    apr_array_header_t *rest;

    assert_null(refused_rest(s->job));
    refused_note(s->job, "a.edu", 0, refusal(s, ACME_ERROR "dns", NULL), PROBLEM_AT_CHALLENGE);
    rest = refused_rest(s->job);
    assert_int_equal(2, rest->nelts);
    assert_string_equal("*.b.edu", APR_ARRAY_IDX(rest, 0, const char *));
    refused_forget(s->job);
    assert_null(refused_rest(s->job));
    scene_end(s);
}

/* What a CA leaves out only when it issues looks like a gain, and costs a certificate each time. */
static void a_name_that_was_dropped_is_no_gain(void **state)
{
    scene_t *s = scene_make(*state, "a.edu", 80 * DAY);
    eab_result_t *dropped = refusal(s, EAB_PROBLEM_NAME_DROPPED,
                                    "[{\"type\":\"" EAB_PROBLEM_NAME_DROPPED
                                    "\",\"identifier\":{\"value\":\"*.b.edu\"}}]");

    failing_leave_out(&s->job->failing, dropped, PROBLEM_AT_ORDER, SUBSET_SETTLED);
    assert_true(schedule_is_costly(failure_of(s)->problem));
    assert_true(refused_by_problem(s->job, refusal_of(s, "c.edu"), PROBLEM_AT_ORDER));
    assert_int_equal(JOB_IDLE, s->job->state);
    assert_int_equal(SUBSET_SETTLED, failure_of(s)->subset);
    assert_int_equal(2, json_array_size(failure_of(s)->problem->subproblems));
    assert_false(schedule_is_costly(failure_of(s)->problem));
    scene_end(s);
}

static void an_order_without_a_name(void **state)
{
    scene_t *s = scene_make(*state, "a.edu *.b.edu", 80 * DAY);
    acme_order_t order = { 0 };

    order.names = names(s->p, "a.edu *.b.edu evil.example");
    assert_false(refused_by_order(s->job, &order));
    order.names = names(s->p, "");
    assert_false(refused_by_order(s->job, &order));
    order.names = names(s->p, "a.edu *.b.edu");
    assert_true(refused_by_order(s->job, &order));
    assert_int_equal(SUBSET_SETTLED, failure_of(s)->subset);
    assert_string_equal(EAB_PROBLEM_ORDER_CHANGED, failure_of(s)->problem->type);
    assert_string_equal("The CA left c.edu out of the order.", failure_of(s)->problem->detail);
    scene_end(s);
}

/* It asks by the same rules, and has the last word. */
static void the_keeper_has_no_use_for_fewer_names(void **state)
{
    scene_t *s = scene_make(*state, "a.edu *.b.edu c.edu", 20 * DAY);
    int type = 0;

    s->certificate->allow_subset = 0;
    assert_true(
        refused_by_problem(s->job, refusal(s, EAB_PROBLEM_FEWER_NAMES, NULL), PROBLEM_AT_ORDER));
    assert_false(s->certificate->ordering);
    fake_keeper_hear(s->keeper, &type);
    assert_int_equal(MESSAGE_ABANDON, type);
    assert_int_equal(SUBSET_HELD, failure_of(s)->subset);
    assert_true(schedule_is_costly(failure_of(s)->problem));
    assert_in_range(s->job->at - apr_time_now(), 16 * DAY, 17 * DAY + APR_USEC_PER_SEC);
    scene_end(s);
}

static void what_came_is_told(void **state)
{
    scene_t *s = scene_make(*state, "a.edu *.b.edu", 80 * DAY);

    refused_conclude(s->job); /* c.edu was ordered, and is not on it */
    assert_string_equal(EAB_PROBLEM_NAME_DROPPED, failure_of(s)->problem->type);
    assert_int_equal(SUBSET_SETTLED, failure_of(s)->subset);
    refused_forget(s->job);
    s->certificate->order_names = names(s->p, "a.edu *.b.edu");
    refused_conclude(s->job); /* it was not: nobody knows why, so all are ordered again */
    assert_int_equal(0, failure_of(s)->attempts);
    s->certificate->facts->names = s->certificate->names;
    failing_add(&s->job->failing, refusal_of(s, "c.edu"), PROBLEM_AT_ORDER);
    refused_conclude(s->job);
    assert_int_equal(0, failure_of(s)->attempts);
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(without_leave_it_is_a_failure_of_the_whole),
        fixture_test(what_is_no_refusal_of_a_name_is_left_alone),
        fixture_test(when_all_are_refused_it_is_a_failure),
        fixture_test(what_gains_nothing_is_not_ordered),
        fixture_test(a_good_certificate_is_kept_though_it_is_due),
        fixture_test(a_kept_certificate_is_looked_at_again_in_time),
        fixture_test(a_wildcard_is_known_without_its_star),
        fixture_test(a_problem_of_one_name_says_it_itself),
        fixture_test(several_problems_become_one_with_each_name),
        fixture_test(the_rest_is_what_was_not_refused),
        fixture_test(a_name_that_was_dropped_is_no_gain),
        fixture_test(an_order_without_a_name),
        fixture_test(the_keeper_has_no_use_for_fewer_names),
        fixture_test(what_came_is_told),
    };

    return fixture_run(tests);
}
