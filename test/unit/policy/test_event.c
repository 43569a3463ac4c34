/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "policy/event.h"

#define HOUR apr_time_from_sec(3600)
#define DAY (24 * HOUR)
#define NOW apr_time_from_sec(1795300000)
#define LIFE (90 * DAY)

/* A certificate of 90 days, in place and told, with so much of its life left. */
typedef struct scene {
    event_facts_t facts;
    event_told_t told;
} scene_t;

static scene_t scene(apr_interval_time_t left, apr_interval_time_t life)
{
    scene_t s = { { 0 }, { 0 } };

    s.facts.newest = s.facts.served = s.facts.ends = "aa";
    s.facts.missing = "";
    s.facts.not_after = NOW + left;
    s.facts.not_before = s.facts.issued = s.facts.not_after - life;
    event_begin(&s.told, &s.facts, 1);
    return s;
}

/* All that is due, in one line, and told by that. */
static const char *due(scene_t *s, apr_time_t now, apr_pool_t *p)
{
    const char *line = "";
    event_kind_t kind;

    while ((kind = event_due(now, &s->facts, &s->told)) != EVENT_NONE) {
        event_note(&s->told, kind, now, &s->facts);
        line = apr_pstrcat(p, line, *line != '\0' ? " " : "", event_name(kind), NULL);
        assert_true(strlen(line) < 1000); /* or it never ends */
    }
    event_note(&s->told, EVENT_NONE, now, &s->facts);
    return line;
}

static void nothing_is_due_when_nothing_happens(void **state)
{
    scene_t s = scene(60 * DAY, LIFE);
    scene_t empty = { { 0 }, { 0 } };

    assert_string_equal("", due(&s, NOW, *state));
    empty.facts.missing = "";
    assert_string_equal("", due(&empty, NOW, *state));
    assert_int_equal(0, event_next(NOW, &empty.facts, &empty.told));
}

static void a_new_certificate_is_issued_and_then_deployed(void **state)
{
    scene_t s = scene(60 * DAY, LIFE);

    s.facts.newest = "bb";
    s.facts.issued = NOW;
    assert_string_equal("issued", due(&s, NOW, *state));
    assert_string_equal("", due(&s, NOW, *state));
    s.facts.served = s.facts.ends = "bb";
    assert_string_equal("deployed", due(&s, NOW, *state));
    assert_string_equal("", due(&s, NOW, *state));
}

static void an_older_one_in_the_place_of_a_damaged_one_is_not_issued(void **state)
{
    scene_t s = scene(60 * DAY, LIFE);

    s.facts.newest = "older";
    s.facts.issued -= DAY;
    assert_string_equal("", due(&s, NOW, *state));
}

/* The clock was put back meanwhile. */
static void a_new_one_is_issued_whatever_the_clock_says(void **state)
{
    scene_t s = scene(60 * DAY, LIFE);

    s.facts.newest = "newer";
    s.facts.issued -= DAY;
    s.facts.number++;
    assert_string_equal("issued", due(&s, NOW, *state));
}

static void what_begins_is_not_told_but_that_it_is_served(void **state)
{
    scene_t s = scene(60 * DAY, LIFE);

    event_begin(&s.told, &s.facts, 0);
    assert_string_equal("deployed", due(&s, NOW, *state));
}

static void a_failure_is_told_first_when_it_changes_and_daily(void **state)
{
    static const struct {
        apr_interval_time_t at;
        const char *problem;
        const char *due;
    } rows[] = {
        { 0, "rateLimited", "failing" },  { HOUR, "rateLimited", "" },
        { 23 * HOUR, "rateLimited", "" }, { DAY, "rateLimited", "failing" },
        { DAY + HOUR, "dns", "failing" }, { DAY + 2 * HOUR, "", "failing" },
        { DAY + 3 * HOUR, "", "" },       { DAY + 4 * HOUR, NULL, "" },
        { DAY + 5 * HOUR, "", "" }, /* no success was between */
    };
    scene_t s = scene(60 * DAY, LIFE);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        s.facts.problem = rows[i].problem;
        assert_string_equal(rows[i].due, due(&s, NOW + rows[i].at, *state));
    }
}

static void a_success_after_a_failure_is_told(void **state)
{
    scene_t s = scene(60 * DAY, LIFE);

    s.facts.problem = "dns";
    due(&s, NOW, *state);
    s.facts.problem = NULL;
    assert_string_equal("", due(&s, NOW + HOUR, *state));
    s.facts.newest = "bb";
    s.facts.issued = NOW + 2 * HOUR;
    assert_string_equal("issued recovered", due(&s, NOW + 2 * HOUR, *state));
    s.facts.problem = "dns";
    assert_string_equal("failing", due(&s, NOW + 3 * HOUR, *state));
}

/* A failure of a day ago is told again in the moment between the new certificate and the end of the failure. */
static void so_is_one_after_a_failure_that_was_told_again(void **state)
{
    scene_t s = scene(60 * DAY, LIFE);

    s.facts.problem = "dns";
    assert_string_equal("failing", due(&s, NOW, *state));
    s.facts.newest = "bb";
    s.facts.issued = NOW + DAY;
    assert_string_equal("issued failing", due(&s, NOW + DAY, *state));
    s.facts.problem = NULL;
    assert_string_equal("recovered", due(&s, NOW + DAY, *state));
}

/* How long before its end each event is due, hour by hour. */
static const char *course(apr_interval_time_t life, apr_interval_time_t margin,
                          apr_interval_time_t step, apr_pool_t *p)
{
    scene_t s = scene(life, life);
    const char *line = "";
    apr_time_t at;

    s.facts.margin = margin;
    for (at = NOW; at <= s.facts.not_after + DAY; at += step) {
        const char *now_due = due(&s, at, p);

        if (*now_due != '\0')
            line = apr_psprintf(p, "%s%s %s@%d", line, *line != '\0' ? "," : "", now_due,
                                (int)((s.facts.not_after - at) / step));
    }
    return line;
}

static void the_end_is_told_at_its_thresholds(void **state)
{
    apr_pool_t *p = *state;

    /* 20 of the 30 days after the planned renewal are left; 7, 3, 1; then it is over. */
    assert_string_equal(" expiring@480, expiring@168, expiring@72, expiring@24, expired@0",
                        course(LIFE, 0, HOUR, p));
    assert_string_equal(" expiring@480, expiring@168, expiring@72, expiring@24, expired@0",
                        course(LIFE, 30 * DAY, HOUR, p));
    /* Renewed a day before: the first comes after the others of days. */
    assert_string_equal(" expiring@168, expiring@72, expiring@24, expired@0",
                        course(LIFE, DAY, HOUR, p) + 0);
    /* 6 days, renewed when 3 are left: at 2 days, then 20, 10 and 5 percent. */
    assert_string_equal(" expiring@48, expiring@28, expiring@14, expiring@7, expired@0",
                        course(6 * DAY, 3 * DAY, HOUR, p));
}

static void of_thresholds_that_passed_together_one_is_told(void **state)
{
    scene_t s = scene(2 * DAY, LIFE);

    assert_string_equal("expiring", due(&s, NOW, *state));
    assert_string_equal("expiring", due(&s, NOW + DAY, *state));
    assert_string_equal("expired", due(&s, NOW + 40 * DAY, *state));
    s.facts.newest = s.facts.served = s.facts.ends = "bb";
    s.facts.issued = NOW + 40 * DAY;
    s.facts.not_before = NOW + 40 * DAY;
    s.facts.not_after = NOW + 43 * DAY;
    assert_string_equal("issued deployed", due(&s, NOW + 40 * DAY, *state));
    assert_string_equal("expired", due(&s, NOW + 43 * DAY, *state));
}

static void of_another_certificate_none_has_passed(void **state)
{
    scene_t s = scene(2 * DAY, LIFE);

    assert_string_equal("expiring", due(&s, NOW, *state));
    s.facts.newest = s.facts.served = s.facts.ends = "bb"; /* came late, and has not long itself */
    s.facts.issued = NOW;
    s.facts.not_after = NOW + 6 * DAY;
    assert_string_equal("issued deployed expiring", due(&s, NOW, *state));
    assert_string_equal("", due(&s, NOW, *state));
}

static void names_are_missing_when_a_new_certificate_lacks_them(void **state)
{
    scene_t s = scene(60 * DAY, LIFE);

    s.facts.missing = "new.example.edu"; /* configured, and on its way */
    assert_string_equal("", due(&s, NOW, *state));
    s.facts.newest = "bb";
    s.facts.issued = NOW;
    assert_string_equal("issued names-missing", due(&s, NOW, *state));
    s.facts.newest = "cc";
    s.facts.issued = NOW + HOUR;
    assert_string_equal("issued", due(&s, NOW + HOUR, *state));
    s.facts.newest = "dd";
    s.facts.issued = NOW + 2 * HOUR;
    s.facts.missing = "";
    assert_string_equal("issued names-complete", due(&s, NOW + 2 * HOUR, *state));
}

static void a_validation_is_told_once_for_each_end(void **state)
{
    scene_t s = scene(89 * DAY, LIFE);

    s.facts.lapsing = "www.example.edu";
    s.facts.lapses = NOW + 20 * DAY;
    assert_string_equal("", due(&s, NOW, *state));
    assert_int_equal(NOW + 6 * DAY, event_next(NOW, &s.facts, &s.told));
    assert_string_equal("validation-expiring", due(&s, NOW + 6 * DAY, *state));
    assert_string_equal("", due(&s, NOW + 7 * DAY, *state));
    s.facts.lapses = NOW + 21 * DAY;
    assert_string_equal("validation-expiring", due(&s, NOW + 7 * DAY, *state));
    s.facts.lapses = NOW + 23 * DAY;
    s.facts.lapse_life = 6 * DAY; /* a third of it */
    assert_string_equal("", due(&s, NOW + 20 * DAY, *state));
    assert_string_equal("validation-expiring", due(&s, NOW + 21 * DAY, *state));
}

static void the_next_time_is_when_one_is_due(void **state)
{
    scene_t s = scene(89 * DAY, LIFE);
    apr_time_t now = NOW, next;
    int told = 0;

    while ((next = event_next(now, &s.facts, &s.told)) != 0) {
        assert_string_equal("", due(&s, next - 1, *state));
        told += *due(&s, next, *state) != '\0';
        now = next;
    }
    assert_int_equal(5, told);
    s.facts.problem = "dns";
    due(&s, now, *state);
    assert_int_equal(now + DAY, event_next(now, &s.facts, &s.told));
}

static void what_is_refused_is_told_again_for_three_days(void **state)
{
    static const int minutes[] = { 1, 5, 15, 60, 60, 60 };
    apr_interval_time_t span = 3 * DAY;
    apr_time_t at = NOW, next;
    int attempts = 0;

    (void)state;
    while ((next = event_retry(at, ++attempts, NOW, span)) != 0) {
        if (attempts <= 6)
            assert_int_equal(minutes[attempts - 1] * 60, apr_time_sec(next - at));
        assert_true(next - at <= HOUR);
        at = next;
    }
    assert_true(at > NOW + span - HOUR && at <= NOW + span);
    assert_int_equal(0, event_retry(NOW, 1, NOW, 0));
}

static void events_have_names(void **state)
{
    int kind;

    (void)state;
    for (kind = EVENT_NONE + 1; kind < EVENT_KINDS; ++kind)
        assert_int_equal(kind, event_parse(event_name((event_kind_t)kind)));
    assert_int_equal(EVENT_NONE, event_parse("nonsense"));
    assert_int_equal(EVENT_NONE, event_parse(NULL));
    assert_null(event_name(EVENT_NONE));
    assert_null(event_name(EVENT_KINDS));
    assert_true(event_is_wanted(EVENT_ISSUED, "all"));
    assert_true(event_is_wanted(EVENT_ISSUED, "deployed,issued"));
    assert_true(event_is_wanted(EVENT_ISSUED, "issued,deployed"));
    assert_true(event_is_wanted(EVENT_TEST, "deployed"));
    assert_false(event_is_wanted(EVENT_EXPIRED, "expiring"));
    assert_false(event_is_wanted(EVENT_EXPIRED, "expired-not"));
    assert_false(event_is_wanted(EVENT_NONE, "all"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(nothing_is_due_when_nothing_happens),
        fixture_test(a_new_certificate_is_issued_and_then_deployed),
        fixture_test(an_older_one_in_the_place_of_a_damaged_one_is_not_issued),
        fixture_test(a_new_one_is_issued_whatever_the_clock_says),
        fixture_test(what_begins_is_not_told_but_that_it_is_served),
        fixture_test(a_failure_is_told_first_when_it_changes_and_daily),
        fixture_test(a_success_after_a_failure_is_told),
        fixture_test(so_is_one_after_a_failure_that_was_told_again),
        fixture_test(the_end_is_told_at_its_thresholds),
        fixture_test(of_thresholds_that_passed_together_one_is_told),
        fixture_test(of_another_certificate_none_has_passed),
        fixture_test(names_are_missing_when_a_new_certificate_lacks_them),
        fixture_test(a_validation_is_told_once_for_each_end),
        fixture_test(the_next_time_is_when_one_is_due),
        fixture_test(what_is_refused_is_told_again_for_three_days),
        fixture_test(events_have_names),
    };

    return fixture_run(tests);
}
