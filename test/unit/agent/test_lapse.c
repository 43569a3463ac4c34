/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "agent/lapse.h"
#include "base/clock.h"
#include "base/json.h"

#define DAY apr_time_from_sec(86400)

/* A certificate for 90 days has come, and the CA was asked about its name: it goes by its validation for
 * so long. */
static stage_t *validated_for(apr_pool_t *p, const char *challenge, int wildcard,
                              apr_interval_time_t span)
{
    stage_t *s = stage_make(p);

    s->certificate->ordering = s->certificate->finalized = 1;
    s->certificate->order_names = s->certificate->names;
    s->certificate->order_url = ORDER_URL;
    s->certificate->served = 0;
    s->certificate->challenges->nelts = 0;
    if (challenge != NULL)
        APR_ARRAY_PUSH(s->certificate->challenges, const char *) = challenge;
    stage_begin(s);
    stage_wake(s);
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200,
                 stage_order_json(s, "valid", ",\"certificate\":\"" CA "/cert/1\""), NULL, NULL);
    stage_answer(s, stage_expect(s, "read", CA "/cert/1"), 200, stage_chain(s), NULL, NULL);
    stage_job(s)->brief->facts->fingerprint = "ff";
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 apr_psprintf(p,
                              "{\"status\":\"valid\",\"expires\":\"%s\",\"wildcard\":%s,"
                              "\"identifier\":{\"type\":\"dns\",\"value\":\"" NAME "\"}}",
                              clock_format(p, apr_time_now() + span), wildcard ? "true" : "false"),
                 NULL, NULL);
    return s;
}

static int has_notice(stage_t *s)
{
    return lapse_notice(stage_job(s), s->p) != NULL;
}

static void the_end_of_a_validation_is_shown_and_kept(void **state)
{
    stage_t *s = validated_for(*state, "http-01", 1, 10 * DAY);
    json_t *list = json_own(s->p, lapse_to_json(stage_job(s)));

    assert_int_equal(1, stage_heard(s, "validations"));
    assert_int_equal(1, json_array_size(list));
    assert_string_equal("*." NAME, json_peek_string(json_array_get(list, 0), "name"));
    assert_true(json_peek_time(json_array_get(list, 0), "until") > apr_time_now() + 9 * DAY);
    stage_job(s)->brief->facts->fingerprint = "another one";
    assert_int_equal(0, json_array_size(json_own(s->p, lapse_to_json(stage_job(s)))));
    stage_end(s);
}

static void a_renewal_that_cannot_be_had_is_told_once(void **state)
{
    stage_t *s = validated_for(*state, NULL, 0, 10 * DAY);
    const char *log;

    assert_true(has_notice(s));
    stage_log(s);
    lapse_poke(stage_job(s));
    log = stage_log(s);
    assert_non_null(strstr(log, "goes by its validation of " NAME " until"));
    assert_non_null(strstr(log, "ACMEChallenge"));
    lapse_poke(stage_job(s));
    assert_string_equal("", stage_log(s));
    stage_end(s);
}

static void a_wildcard_cannot_be_had_by_http(void **state)
{
    stage_t *s = validated_for(*state, "http-01", 1, 10 * DAY);

    assert_true(has_notice(s));
    stage_end(s);
}

static void what_can_be_had_or_lasts_is_not_told(void **state)
{
    stage_t *s = validated_for(*state, "http-01", 0, 10 * DAY);

    assert_false(has_notice(s));
    lapse_poke(stage_job(s));
    stage_end(s);
    s = validated_for(*state, NULL, 0, 80 * DAY);
    assert_false(has_notice(s));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_end_of_a_validation_is_shown_and_kept),
        fixture_test(a_renewal_that_cannot_be_had_is_told_once),
        fixture_test(a_wildcard_cannot_be_had_by_http),
        fixture_test(what_can_be_had_or_lasts_is_not_told),
    };

    return fixture_run(tests);
}
