/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <stdlib.h>
#include <time.h>

#include "keeper/demand.h"
#include "keeper/gathering.h"

#define OTHER "other.example.edu"
#define HOURS(n) ((n)*apr_time_from_sec(3600))
#define DAYS(n) HOURS(24 * (n))

/* A certificate in the store that lives from so many days from now on until so many, and came when it
 * was made. */
static void install(scene_t *s, const char *id, const char *names, const char *key_type, int from,
                    int until, const char *account)
{
    const party_spec_t spec = { .key_type = key_type,
                                .names = names,
                                .usage = "serverAuth",
                                .from = from * 86400L,
                                .until = until * 86400L };
    party_t *party = party_make(s->p, s->ca, &spec);
    const char *pem = party_pem(s->p, 2, party, s->ca);
    generation_t *generation = NULL;
    chain_t *chain = NULL;

    assert_int_equal(APR_SUCCESS, chain_parse(&chain, pem, strlen(pem), s->result, s->p));
    assert_int_equal(APR_SUCCESS,
                     generation_install(&generation, s->keeper->means.store, id, chain, party->key,
                                        NULL, party_names(s->p, id, NULL), account, DIRECTORY,
                                        apr_time_now() + DAYS(from), 0, s->result, s->p));
}

static const char *registration(scene_t *s)
{
    return apr_pstrdup(s->p, scene_account(s)->registration->id);
}

/* httpd serves one that ends in 30 days, of 90. */
static scene_t *served(apr_pool_t *p)
{
    scene_t *s = scene_make(p);

    scene_start(s);
    scene_register(s);
    s->certificate->names = party_names(p, NAME, NULL);
    install(s, NAME, "DNS:" NAME, "p256", -60, 30, registration(s));
    scene_start(s);
    scene_load(s);
    return s;
}

/* And its renewal is there. */
static scene_t *renewed(apr_pool_t *p)
{
    scene_t *s = served(p);

    install(s, NAME, "DNS:" NAME, "p256", 0, 90, registration(s));
    scene_start(s);
    return s;
}

/* A second certificate, served, that ends in so many days, of 90. */
static plan_certificate_t *add_other(scene_t *s, int days)
{
    plan_certificate_t *other = apr_array_push(s->plan->certificates);
    const generation_t *best;

    *other = *s->certificate;
    other->id = OTHER;
    other->names = party_names(s->p, OTHER, NULL);
    install(s, OTHER, "DNS:" OTHER, "p256", days - 90, days, registration(s));
    scene_start(s);
    best = model_certificate(s->keeper->model, 1)->best;
    other->loaded = apr_pstrdup(s->p, best->number);
    other->loaded_fingerprint = apr_pstrdup(s->p, best->facts->fingerprint);
    scene_start(s);
    assert_false(certificate_waits_for_reload(model_certificate(s->keeper->model, 1)));
    return other;
}

static reload_memory_t *memory_of(scene_t *s)
{
    return reload_memory_load(s->keeper->means.store, s->p);
}

static reload_facts_t facts_of(scene_t *s)
{
    return gathering_facts(s->keeper->model, memory_of(s), apr_time_now());
}

static keeper_certificate_t *other_of(scene_t *s)
{
    return model_certificate(s->keeper->model, 1);
}

static void nothing_waits(void **state)
{
    scene_t *s = served(*state);
    reload_facts_t facts;

    scene_start(s);
    facts = facts_of(s);
    assert_int_equal(0, facts.waiting);
    assert_int_equal(0, facts.urgent);
    assert_int_equal(0, facts.expected);
    scene_end(s);
}

static void a_renewal_is_no_more_than_that(void **state)
{
    scene_t *s = renewed(*state);
    reload_facts_t facts = facts_of(s);
    apr_interval_time_t left = facts.deadline - apr_time_now();

    assert_int_equal(1, facts.waiting);
    assert_int_equal(0, facts.urgent);
    assert_int_equal(0, facts.first);
    assert_true(facts.since <= apr_time_now() && facts.since > apr_time_now() - HOURS(1));
    assert_in_range(left, DAYS(30) - DAYS(90) / 20 - HOURS(1), DAYS(30) - DAYS(90) / 20 + HOURS(1));
    assert_int_equal(0, facts.expected);
    /* Restarting the keeper gains nothing. */
    scene_certificate(s)->best->installed -= HOURS(9);
    assert_true(facts_of(s).since < apr_time_now() - HOURS(8));
    scene_end(s);
}

static void what_somebody_waits_for_is_urgent(void **state)
{
    static const struct {
        const char *what;
        const char *names, *key_type, *account;
    } rows[] = {
        { "a name more", "DNS:" NAME ",DNS:example.edu", "p256", NULL },
        { "a wildcard", "DNS:" NAME ",DNS:*.example.edu", "p256", NULL },
        { "another kind of key", "DNS:" NAME, "rsa2048", NULL },
        { "another CA or key id", "DNS:" NAME, "p256", "another" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        scene_t *s = served(*state);

        s->certificate->names = party_names(s->p, NAME, "example.edu", "*.example.edu", NULL);
        install(s, NAME, rows[i].names, rows[i].key_type, 0, 90,
                rows[i].account != NULL ? rows[i].account : registration(s));
        scene_start(s);
        if (facts_of(s).waiting != 1 || !facts_of(s).urgent)
            fail_msg("%s", rows[i].what);
        scene_end(s);
    }
}

/* It was tried, or nothing is known of what is served. */
static void what_is_not_as_it_should_be_is_urgent(void **state)
{
    scene_t *s = renewed(*state);
    reload_memory_t *memory = memory_of(s);
    const char *loaded = s->certificate->loaded;

    reload_memory_ask(memory, NAME, scene_certificate(s)->best->facts->fingerprint);
    assert_int_equal(1, gathering_facts(s->keeper->model, memory, apr_time_now()).urgent);
    reload_memory_ask(memory, NAME, scene_certificate(s)->best->facts->fingerprint);
    reload_memory_ask(memory, NAME, scene_certificate(s)->best->facts->fingerprint);
    assert_int_equal(0, gathering_facts(s->keeper->model, memory, apr_time_now()).waiting);
    assert_true(gathering_is_given_up(scene_certificate(s), memory));
    /* The administrator's own certificate serves, or the fallback. */
    s->certificate->loaded = s->certificate->loaded_fingerprint = NULL;
    scene_start(s);
    assert_int_equal(1, facts_of(s).urgent);
    assert_int_equal(0, facts_of(s).first);
    s->certificate->fallback = 1;
    scene_start(s);
    assert_int_equal(1, facts_of(s).first);
    /* What has the number is not what is served. */
    s->certificate->fallback = 0;
    s->certificate->loaded = loaded;
    s->certificate->loaded_fingerprint = "00";
    scene_start(s);
    assert_null(scene_certificate(s)->served);
    assert_int_equal(1, facts_of(s).urgent);
    s->certificate->loaded = "../../x";
    scene_start(s);
    assert_int_equal(1, facts_of(s).urgent);
    scene_end(s);
}

/* The CA wants to revoke it after that. */
static void the_end_of_the_window_is_a_deadline(void **state)
{
    scene_t *s = scene_make(*state);
    apr_time_t end = apr_time_from_sec(apr_time_sec(apr_time_now() + HOURS(5)));

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    scene_load(s);
    scene_start(s);
    scene_certificate(s)->window.start = end - HOURS(1);
    scene_certificate(s)->window.end = end;
    scene_finalize(s);
    scene_install(s);
    assert_int_equal(0, facts_of(s).urgent);
    assert_true(facts_of(s).deadline == end);
    /* The next one takes the place of one that was never served. */
    scene_certificate(s)->window.end = apr_time_now();
    scene_finalize(s);
    scene_install(s);
    assert_true(facts_of(s).deadline == end);
    scene_end(s);
}

/* Root waits for what acmectl was asked for; nobody shall be served what is revoked. Another keeper knows it as
 * well. */
static void what_was_asked_for_does_not_wait_a_day(void **state)
{
    scene_t *s = scene_make(*state);
    int revoked;

    for (revoked = 0; revoked < 2; ++revoked) {
        scene_start(s);
        scene_register(s);
        scene_finalize(s);
        scene_install(s);
        scene_load(s);
        scene_start(s);
        if (revoked) {
            scene_certificate(s)->staple.revoked = apr_time_now();
        }
        else {
            assert_int_equal(APR_SUCCESS, demand_make(scene_certificate(s), s->result));
        }
        scene_finalize(s);
        scene_install(s);
        assert_true(facts_of(s).deadline <= apr_time_now());
        scene_start(s);
        assert_int_equal(1, facts_of(s).waiting);
        assert_true(facts_of(s).deadline != 0 && facts_of(s).deadline <= apr_time_now());
        scene_load(s);
    }
    scene_end(s);
}

static void others_that_are_due_are_expected(void **state)
{
    static const struct {
        const char *what;
        int days, expected; /* in hours at most; 0: it is not */
    } rows[] = {
        { "due", 29, 0 },
        { "within a fiftieth of its life", 31, 0 },
        { "in ten days", 40, 240 },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        scene_t *s = renewed(*state);
        apr_interval_time_t wait;

        add_other(s, rows[i].days);
        assert_int_equal(1, facts_of(s).waiting);
        wait = facts_of(s).expected - apr_time_now();
        if (wait > HOURS(rows[i].expected) || wait < HOURS(rows[i].expected) - DAYS(2))
            fail_msg("%s", rows[i].what);
        scene_end(s);
    }
}

static void only_what_will_come_is_expected(void **state)
{
    scene_t *s = renewed(*state);
    plan_certificate_t *other = add_other(s, 29);
    failure_t failure;
    journal_t journal;

    memset(&failure, 0, sizeof(failure));
    memset(&journal, 0, sizeof(journal));
    assert_true(facts_of(s).expected != 0);
    other_of(s)->failing.failure = &failure;
    assert_int_equal(0, facts_of(s).expected);
    other_of(s)->failing.failure = NULL;
    scene_account(s)->failing.failure = &failure;
    assert_int_equal(0, facts_of(s).expected);
    scene_account(s)->failing.failure = NULL;
    scene_account(s)->broken->rv = APR_EINVAL;
    assert_int_equal(0, facts_of(s).expected);
    scene_account(s)->broken->rv = APR_SUCCESS;
    /* An order that the CA sits on. */
    journal.since = apr_time_now() - HOURS(2);
    other_of(s)->journal = &journal;
    assert_int_equal(0, facts_of(s).expected);
    journal.since = apr_time_now() - HOURS(1) / 2;
    assert_true(facts_of(s).expected != 0);
    other_of(s)->journal = NULL;
    /* Not by this httpd. */
    other->served = 0;
    assert_int_equal(0, facts_of(s).expected);
    scene_end(s);
}

static void an_account_takes_along_only_its_own(void **state)
{
    scene_t *s = renewed(*state);
    plan_account_t *account = apr_array_push(s->plan->accounts);
    plan_certificate_t *other;

    s->account = &APR_ARRAY_IDX(s->plan->accounts, 0, plan_account_t);
    *account = *s->account;
    account->label = "second";
    account->kid = "kid-2";
    other = add_other(s, 31);
    assert_true(facts_of(s).expected <= apr_time_now());
    other->account = 1;
    scene_start(s);
    assert_true(facts_of(s).expected > apr_time_now());
    scene_end(s);
}

/* test/unit/keeper/local.mk has the linker put it in the way. */
int __real_certificate_waits_for_reload(const keeper_certificate_t *certificate);
int __wrap_certificate_waits_for_reload(const keeper_certificate_t *certificate);
static int looks;

int __wrap_certificate_waits_for_reload(const keeper_certificate_t *certificate)
{
    ++looks;
    return __real_certificate_waits_for_reload(certificate);
}

/* One certificate waits, and so many others might join if one of their own account did. */
static void plan_with(apr_pool_t *p, int count)
{
    scene_t *s = renewed(p);
    apr_array_header_t *certificates;
    plan_account_t *account = apr_array_push(s->plan->accounts);
    int i;

    s->account = &APR_ARRAY_IDX(s->plan->accounts, 0, plan_account_t);
    *account = *s->account;
    account->label = "second";
    account->kid = "kid-2";
    add_other(s, 31)->account = 1;
    scene_start(s);
    certificates = s->keeper->model->certificates;
    for (i = 0; i < count; ++i)
        APR_ARRAY_PUSH(certificates, keeper_certificate_t *) = other_of(s);
    looks = 0;
    assert_true(facts_of(s).expected > apr_time_now());
    assert_in_range(looks, count, 4 * (count + 2));
    scene_end(s);
}

static void each_is_looked_at_a_few_times_however_many_there_are(void **state)
{
    plan_with(*state, 1000);
    plan_with(*state, 10000);
}

static void the_local_clock_is_looked_at(void **state)
{
    scene_t *s = renewed(*state);
    reload_facts_t facts;

    s->plan->reload_from = 120;
    s->plan->reload_to = 300;
    assert_int_equal(0, setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1));
    tzset();
    /* 2026-03-27, 00:00 UTC; it jumps on the 29th at 01:00 UTC. */
    facts = gathering_facts(s->keeper->model, memory_of(s), apr_time_from_sec(1774569600));
    assert_int_equal(120, facts.window.from);
    assert_int_equal(300, facts.window.to);
    assert_int_equal(3600, facts.zone.offset);
    assert_int_equal(7200, facts.zone.after);
    assert_true(facts.zone.change == apr_time_from_sec(1774746000));
    /* 2026-10-24, 12:00 UTC, and 2026-11-29. */
    facts = gathering_facts(s->keeper->model, memory_of(s), apr_time_from_sec(1792843200));
    assert_int_equal(7200, facts.zone.offset);
    assert_int_equal(3600, facts.zone.after);
    assert_true(facts.zone.change == apr_time_from_sec(1792890000));
    facts = gathering_facts(s->keeper->model, memory_of(s), apr_time_from_sec(1795953600));
    assert_int_equal(3600, facts.zone.offset);
    assert_true(facts.zone.change == 0);
    assert_int_equal(0, unsetenv("TZ"));
    tzset();
    scene_end(s);
}

static const char *why(scene_t *s, reload_cause_t cause)
{
    const reload_decision_t decision = { apr_time_from_sec(1795953600), cause };

    return gathering_why(s->keeper->model, memory_of(s), &decision, s->p);
}

static void it_is_told_what_is_waited_for(void **state)
{
    scene_t *s = renewed(*state);
    int i;

    s->plan->reload_from = 22 * 60 + 5;
    s->plan->reload_to = 4 * 60;
    assert_null(why(s, RELOAD_AT_ONCE));
    assert_string_equal("The renewed certificate of " NAME
                        " is in the store, and httpd is restarted "
                        "for it at 2026-11-29T12:00:00Z or before: ACMEReload names the time from "
                        "22:05 to 04:00. Any other restart of httpd brings it up as well.",
                        why(s, RELOAD_WINDOW));
    assert_non_null(strstr(why(s, RELOAD_OTHERS), "one restart is for all"));
    assert_non_null(strstr(why(s, RELOAD_DAY), "once a day"));
    assert_non_null(strstr(why(s, RELOAD_DEADLINE), "comes near its end"));
    /* However many there are; key types of one domain have one name. */
    APR_ARRAY_PUSH(s->keeper->model->certificates, keeper_certificate_t *) = scene_certificate(s);
    assert_non_null(strstr(why(s, RELOAD_OTHERS), "certificate of " NAME " is in the store"));
    for (i = 0; i < 20; ++i) {
        keeper_certificate_t *more = apr_pmemdup(s->p, scene_certificate(s), sizeof(*more));
        plan_certificate_t *plan = apr_pmemdup(s->p, more->plan, sizeof(*plan));

        plan->names = party_names(s->p, apr_psprintf(s->p, "*.n%d.example", i), NULL);
        more->plan = plan;
        APR_ARRAY_PUSH(s->keeper->model->certificates, keeper_certificate_t *) = more;
    }
    assert_non_null(strstr(why(s, RELOAD_OTHERS), NAME " *.n0.example *.n1.example *.n2.example "
                                                       "*.n3.example and 16 more is in"));
    scene_end(s);
}

/* Half-edited files would come into force with it. */
static void what_else_a_restart_would_bring_is_told(void **state)
{
    scene_t *s = renewed(*state);
    const char *file = scene_path(s, "httpd.conf");

    fixture_write(file, "#", 1);
    APR_ARRAY_PUSH(s->plan->config_files, const char *) = "/nowhere/httpd.conf";
    APR_ARRAY_PUSH(s->plan->config_files, const char *) = file;
    s->plan->config_read = apr_time_now() + apr_time_from_sec(10);
    assert_null(strstr(why(s, RELOAD_DAY), "was changed"));
    s->plan->config_read = apr_time_now() - apr_time_from_sec(10);
    assert_non_null(strstr(why(s, RELOAD_DAY),
                           apr_psprintf(s->p,
                                        "%s was changed since httpd has read its configuration: a "
                                        "restart brings that into force as well.",
                                        file)));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(nothing_waits),
        fixture_test(what_else_a_restart_would_bring_is_told),
        fixture_test(a_renewal_is_no_more_than_that),
        fixture_test(what_somebody_waits_for_is_urgent),
        fixture_test(what_is_not_as_it_should_be_is_urgent),
        fixture_test(the_end_of_the_window_is_a_deadline),
        fixture_test(what_was_asked_for_does_not_wait_a_day),
        fixture_test(others_that_are_due_are_expected),
        fixture_test(only_what_will_come_is_expected),
        fixture_test(an_account_takes_along_only_its_own),
        fixture_test(each_is_looked_at_a_few_times_however_many_there_are),
        fixture_test(the_local_clock_is_looked_at),
        fixture_test(it_is_told_what_is_waited_for),
    };

    return fixture_run(tests);
}
