/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#define DAY apr_time_from_sec(86400)

/* So many certificates with a name each. days: ago, when they were obtained for 90 days; -1: there is none
 * yet. */
static stage_t *make_stage(apr_pool_t *p, int count, int days)
{
    stage_t *s = stage_make(p);
    int i;

    for (i = 0; i < count; ++i) {
        brief_certificate_t *one =
            i == 0 ? s->certificate : (brief_certificate_t *)apr_array_push(s->brief->certificates);

        *one = APR_ARRAY_IDX(s->brief->certificates, 0, brief_certificate_t);
        one->id = apr_psprintf(p, "n%d.example", i);
        one->names = apr_array_make(p, 1, sizeof(const char *));
        APR_ARRAY_PUSH(one->names, const char *) = one->id;
        one->facts = NULL;
        if (days >= 0) {
            one->facts = apr_pcalloc(p, sizeof(*one->facts));
            one->facts->names = one->names;
            one->facts->key_type = "p256";
            one->facts->not_before = one->facts->obtained = apr_time_now() - days * DAY;
            one->facts->not_after = one->facts->not_before + 90 * DAY;
            one->facts->same_account = 1;
        }
    }
    s->certificate = &APR_ARRAY_IDX(s->brief->certificates, 0, brief_certificate_t);
    return s;
}

static job_t *job_at(const stage_t *s, int i)
{
    return APR_ARRAY_IDX(s->agent->jobs, i, job_t *);
}

static int count_in(const stage_t *s, job_state_t state)
{
    int i, count = 0;

    for (i = 0; i < s->agent->jobs->nelts; ++i)
        count += job_at(s, i)->state == state;
    return count;
}

/* However many there are: those that rest are looked at once, at the start. */
static void rest_of(apr_pool_t *p, int count)
{
    stage_t *s = make_stage(p, count, 10);

    stage_begin(s);
    assert_int_equal(count, agent_poke(s->agent));
    assert_int_equal(0, agent_poke(s->agent));
    job_wake(job_at(s, count / 2));
    assert_int_equal(1, agent_poke(s->agent));
    assert_int_equal(0, agent_poke(s->agent));
    assert_int_equal(count, count_in(s, JOB_IDLE));
    stage_end(s);
}

static void who_rests_is_not_looked_at(void **state)
{
    rest_of(*state, 1000);
    rest_of(*state, 10000);
}

/* Nor are those that wait for one of the account's places: when one is free, the next takes it. */
static void who_waits_for_a_place_is_looked_at_when_there_is_one(void **state)
{
    stage_t *s = make_stage(*state, 1000, -1);

    stage_begin(s);
    assert_int_equal(1000, agent_poke(s->agent));
    assert_int_equal(992, count_in(s, JOB_QUEUED));
    stage_settle(s);
    while (agent_poke(s->agent) > 0)
        stage_settle(s);
    assert_int_equal(8, count_in(s, JOB_ORDERING));
    stage_refuse(s, stage_expect_any(s, "newOrder"), 403, "rejectedIdentifier");
    assert_in_range(agent_poke(s->agent), 1, 2);
    assert_int_equal(991, count_in(s, JOB_QUEUED));
    assert_int_equal(JOB_IDLE, job_at(s, 0)->state);
    assert_int_not_equal(JOB_QUEUED, job_at(s, 8)->state);
    assert_int_equal(JOB_QUEUED, job_at(s, 9)->state);
    stage_end(s);
}

/* A second certificate for the same names lets others go first, and has the next place that it can use. */
static void who_has_to_wait_for_a_sibling_is_passed_by(void **state)
{
    stage_t *s = make_stage(*state, 4, -1);
    int i;

    s->brief->max_parallel = 2;
    for (i = 0; i < 2; ++i)
        APR_ARRAY_IDX(s->brief->certificates, i, brief_certificate_t).domain = "n0.example";
    stage_begin(s);
    do
        stage_settle(s);
    while (agent_poke(s->agent) > 0);
    assert_int_equal(JOB_ORDERING, job_at(s, 0)->state);
    assert_int_equal(JOB_QUEUED, job_at(s, 1)->state);
    assert_int_equal(JOB_ORDERING, job_at(s, 2)->state);
    stage_refuse(s, stage_expect_any(s, "newOrder"), 403, "rejectedIdentifier");
    do
        stage_settle(s);
    while (agent_poke(s->agent) > 0);
    assert_int_equal(JOB_IDLE, job_at(s, 0)->state);
    assert_int_equal(JOB_ORDERING, job_at(s, 1)->state);
    assert_int_equal(JOB_QUEUED, job_at(s, 3)->state);
    stage_end(s);
}

/* What is due is begun when its time has come, and not before. */
static void who_is_due_goes_on(void **state)
{
    stage_t *s = make_stage(*state, 3, 10);

    APR_ARRAY_IDX(s->brief->certificates, 1, brief_certificate_t).facts->obtained -= 60 * DAY;
    APR_ARRAY_IDX(s->brief->certificates, 1, brief_certificate_t).facts->not_before -= 60 * DAY;
    APR_ARRAY_IDX(s->brief->certificates, 1, brief_certificate_t).facts->not_after -= 60 * DAY;
    stage_begin(s);
    agent_poke(s->agent);
    stage_settle(s);
    assert_int_equal(JOB_IDLE, job_at(s, 0)->state);
    assert_int_equal(JOB_ORDERING, job_at(s, 1)->state);
    job_at(s, 2)->at = apr_time_now() + apr_time_from_sec(3600);
    job_wake(job_at(s, 2));
    agent_poke(s->agent);
    assert_int_equal(JOB_IDLE, job_at(s, 2)->state);
    job_at(s, 2)->at = apr_time_now();
    job_wake(job_at(s, 2));
    agent_poke(s->agent);
    assert_int_not_equal(JOB_IDLE, job_at(s, 2)->state);
    stage_end(s);
}

/* Four of them at a time ask for renewal information; the others stand in line, and are not looked at
 * before it is their turn. */
static void who_is_to_ask_later_stands_in_line(void **state)
{
    stage_t *s = make_stage(*state, 1000, 10);
    apr_time_t last = 0;
    int i, asking = 0;

    for (i = 0; i < 1000; ++i)
        APR_ARRAY_IDX(s->brief->certificates, i, brief_certificate_t).facts->ari_id =
            apr_psprintf(s->p, "aaaa.%d", i);
    stage_begin(s);
    assert_int_equal(1000, agent_poke(s->agent));
    assert_in_range(agent_poke(s->agent), 0, 8);
    for (i = 0; i < 1000; ++i) {
        asking += job_at(s, i)->asking;
        if (!job_at(s, i)->asking) {
            assert_true(job_at(s, i)->ask_at > last);
            last = job_at(s, i)->ask_at;
        }
    }
    assert_int_equal(4, asking);
    assert_true(last <= apr_time_now() + apr_time_from_sec(250));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(who_rests_is_not_looked_at),
        fixture_test(who_waits_for_a_place_is_looked_at_when_there_is_one),
        fixture_test(who_has_to_wait_for_a_sibling_is_passed_by),
        fixture_test(who_is_due_goes_on),
        fixture_test(who_is_to_ask_later_stands_in_line),
    };

    return fixture_run(tests);
}
