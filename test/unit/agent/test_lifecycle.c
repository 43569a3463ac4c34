/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

/* A failure is kept with its time, and nothing is asked before that. */
static void a_failure_is_remembered_and_obeyed(void **state)
{
    stage_t *s = stage_start(*state);

    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 429,
                 "{\"type\":\"" ACME_ERROR "rateLimited\",\"detail\":\"Too many\"}", "Retry-After",
                 "7200");
    stage_expect_problem(s, ACME_ERROR "rateLimited");
    assert_int_equal(1, stage_heard(s, "failed"));
    assert_true(stage_job(s)->at >= apr_time_now() + apr_time_from_sec(7190));
    lifecycle_poke(stage_job(s), apr_time_now() + apr_time_from_sec(7000));
    stage_expect_silence(s);
    assert_int_equal(1, stage_count(s, "newOrder"));
    stage_end(s);
}

#define DAY apr_time_from_sec(86400)

/* One more certificate, of 90 days, whose last third begins in so many days. */
static brief_certificate_t *add_certificate(stage_t *s, const char *name, int days)
{
    brief_certificate_t *certificate =
        s->brief->certificates->nelts == 1 && s->certificate->facts == NULL
            ? s->certificate
            : apr_array_push(s->brief->certificates);
    brief_facts_t *facts = apr_pcalloc(s->p, sizeof(*facts));

    if (certificate != s->certificate)
        *certificate = APR_ARRAY_IDX(s->brief->certificates, 0, brief_certificate_t);
    certificate->id = name;
    certificate->names = apr_array_make(s->p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(certificate->names, const char *) = name;
    certificate->failure.problem = eab_result_make(s->p);
    facts->names = certificate->names;
    facts->key_type = "p256";
    facts->fingerprint = name;
    facts->not_before = facts->obtained = apr_time_now() + (days - 60) * DAY;
    facts->not_after = facts->not_before + 90 * DAY;
    facts->same_account = 1;
    certificate->facts = facts;
    return certificate;
}

static job_t *job_at(const stage_t *s, int i)
{
    return APR_ARRAY_IDX(s->agent->jobs, i, job_t *);
}

static void what_is_due_soon_is_renewed_along(void **state)
{
    stage_t *s = stage_make(*state);
    int other_account = 0, i;

    *(brief_account_t *)apr_array_push(s->brief->accounts) = *s->account;
    s->account = &APR_ARRAY_IDX(s->brief->accounts, 0, brief_account_t);
    other_account = s->brief->accounts->nelts - 1;
    add_certificate(s, "near.example", 1);
    add_certificate(s, "due.example", 0);
    add_certificate(s, "near2.example", 1);
    add_certificate(s, "far.example", 4);
    add_certificate(s, "other.example", 1)->account = other_account;
    add_certificate(s, "refused.example", 1)->failure.attempts = 2;
    add_certificate(s, "young.example", 1)->facts->obtained = apr_time_now() - DAY;
    add_certificate(s, "later.example", 1)->facts->ari_id = "aaaa.AA";
    APR_ARRAY_IDX(s->brief->certificates, 7, brief_certificate_t).window =
        (brief_window_t){ .ari_id = "aaaa.AA",
                          .start = apr_time_now() + DAY / 2,
                          .end = apr_time_now() + DAY,
                          .drawn = apr_time_now() + DAY / 2,
                          .next = apr_time_now() + DAY };
    stage_begin(s);
    assert_int_equal(JOB_IDLE, job_at(s, 0)->state);
    lifecycle_poke(job_at(s, 1), apr_time_now());
    for (i = 0; i < 8; ++i) {
        int together = i <= 2;

        if ((job_at(s, i)->state != JOB_IDLE) != together)
            fail_msg("%s", job_at(s, i)->brief->id);
    }
    assert_string_equal("a third of its life is left", job_at(s, 1)->reason);
    assert_string_equal("another certificate of its account is renewed now", job_at(s, 2)->reason);
    stage_end(s);
}

/* All at once, but not more than ACMEMaxParallel of them. */
static void those_that_join_wait_for_their_places(void **state)
{
    stage_t *s = stage_make(*state);
    int i, queued = 0;

    s->brief->max_parallel = 2;
    for (i = 0; i < 6; ++i)
        add_certificate(s, apr_psprintf(s->p, "n%d.example", i), i > 0);
    stage_begin(s);
    lifecycle_poke(job_at(s, 0), apr_time_now());
    for (i = 0; i < 6; ++i) {
        assert_int_not_equal(JOB_IDLE, job_at(s, i)->state);
        queued += job_at(s, i)->state == JOB_QUEUED;
    }
    assert_int_equal(4, queued);
    stage_end(s);
}

/* As many as may be at work are. */
static int at_work(stage_t *s)
{
    int i, count = 0;

    for (i = 0; i < s->agent->jobs->nelts; ++i) {
        lifecycle_poke(job_at(s, i), apr_time_now());
        count += job_at(s, i)->state != JOB_QUEUED;
    }
    stage_settle(s);
    return count;
}

/* A few at first, and one more for each good answer; half as many when it is too much, told once. */
static void as_many_are_at_work_as_the_ca_bears(void **state)
{
    stage_t *s = stage_make(*state);
    int i;

    s->brief->max_parallel = 0;
    for (i = 0; i < 40; ++i)
        add_certificate(s, NAME, i > 0);
    stage_begin(s);
    stage_pace(s);
    assert_int_equal(8, at_work(s));
    for (i = 0; i < 8; ++i)
        stage_answer(s, stage_expect_any(s, "newOrder"), 201, stage_order_json(s, "pending", ""),
                     "Location", apr_psprintf(s->p, CA "/order/%d", i));
    assert_int_equal(17, at_work(s)); /* the directory was one, too */
    for (i = 0; i < 8; ++i)
        stage_answer(s, stage_expect_any(s, "read"), 200,
                     stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    assert_int_equal(25, at_work(s));
    for (i = 0; i < 8; ++i)
        stage_refuse(s, stage_expect_any(s, "challenge"), 429, "rateLimited");
    assert_int_equal(12, stage_account(s)->pace.places);
    stage_refuse(s, stage_expect_any(s, "newOrder"), 403, "rejectedIdentifier");
    assert_int_equal(12, stage_account(s)->pace.places);
    stage_end(s);
}

/* A first certificate is no renewal, and neither is another try. */
static void only_a_renewal_takes_others_along(void **state)
{
    stage_t *s = stage_make(*state);

    add_certificate(s, "again.example", 0)->failure.attempts = 1;
    add_certificate(s, "first.example", 0)->facts = NULL;
    add_certificate(s, "near.example", 1);
    APR_ARRAY_IDX(s->brief->certificates, 0, brief_certificate_t).failure.next = apr_time_now();
    stage_begin(s);
    lifecycle_poke(job_at(s, 0), apr_time_now() + 1);
    lifecycle_poke(job_at(s, 1), apr_time_now() + 1);
    assert_int_not_equal(JOB_IDLE, job_at(s, 1)->state);
    assert_int_equal(JOB_IDLE, job_at(s, 2)->state);
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_failure_is_remembered_and_obeyed),
        fixture_test(what_is_due_soon_is_renewed_along),
        fixture_test(those_that_join_wait_for_their_places),
        fixture_test(as_many_are_at_work_as_the_ca_bears),
        fixture_test(only_a_renewal_takes_others_along),
    };

    return fixture_run(tests);
}
