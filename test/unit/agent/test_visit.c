/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <poll.h>

#include "agent/visit.h"
#include "base/json.h"
#include "tls_server.h"

static party_t *mine, *other;

/* A certificate that went live, and a server that has this one. */
static stage_t *served_with(apr_pool_t *p, int is_mine)
{
    const party_spec_t spec = { .names = "DNS:" NAME, .serial = "77" };
    stage_t *s = stage_make(p);
    brief_facts_t *facts = apr_pcalloc(p, sizeof(*facts));
    tls_server_t *server;

    mine = party_make(p, NULL, &spec);
    other = party_make(p, NULL, &spec);
    server = tls_server_start(p, is_mine ? mine : other, NULL);
    facts->names = s->certificate->names;
    facts->key_type = "p256";
    facts->fingerprint = tls_server_fingerprint(p, mine);
    facts->not_before = apr_time_now();
    facts->not_after = apr_time_now() + apr_time_from_sec(7776000);
    facts->activation = ACTIVATION_LOOK;
    s->certificate->facts = facts;
    s->certificate->served = 1;
    s->certificate->doors = party_names(p, tls_server_door(p, server, NAME), NULL);
    return s;
}

static void look(stage_t *s)
{
    visitor_t *visitor = s->agent->kit->visitor;
    struct pollfd readable = { visitor_fd(visitor), POLLIN, 0 };

    visit_poke(stage_job(s));
    visit_poke(stage_job(s)); /* one is under way */
    assert_int_equal(1, poll(&readable, 1, 60000));
    visitor_serve(visitor);
}

static void expect_seen(stage_t *s, const char *seen)
{
    stage_settle(s);
    assert_int_equal(1, stage_heard(s, "seen"));
    assert_string_equal(seen, json_peek_string(s->last, "seen"));
    assert_string_equal(tls_server_fingerprint(s->p, mine),
                        json_peek_string(s->last, "fingerprint"));
    assert_int_equal(0, json_peek_int(s->last, "certificate", -1));
}

static void what_is_served_is_told(void **state)
{
    stage_t *s = served_with(*state, 1);

    stage_begin(s);
    assert_string_equal("renewing", job_status(stage_job(s)));
    look(s);
    expect_seen(s, SEEN_IT);
    assert_string_equal("valid", job_status(stage_job(s))); /* as the keeper said */
    visit_poke(stage_job(s));
    stage_settle(s);
    assert_int_equal(1, stage_heard(s, "seen"));
    stage_end(s);
}

static void another_one_is_told(void **state)
{
    stage_t *s = served_with(*state, 0);

    stage_begin(s);
    look(s);
    expect_seen(s, SEEN_ANOTHER);
    assert_non_null(strstr(json_peek_string(s->last, "why"), "serial 77"));
    stage_end(s);
}

/* Two virtual hosts have the name, and the other one comes first. */
static void that_of_another_virtual_host_is_no_complaint(void **state)
{
    stage_t *s = served_with(*state, 0);
    brief_certificate_t *second;

    second = apr_array_push(s->brief->certificates);
    s->certificate = &APR_ARRAY_IDX(s->brief->certificates, 0, brief_certificate_t);
    *second = *s->certificate;
    second->id = second->domain = "other.example.edu";
    second->facts = apr_pmemdup(s->p, s->certificate->facts, sizeof(*second->facts));
    second->facts->fingerprint = tls_server_fingerprint(s->p, other);
    second->facts->activation = ACTIVATION_RESTART;
    stage_begin(s);
    look(s);
    expect_seen(s, SEEN_NOTHING);
    stage_end(s);
}

static void what_nobody_asked_to_look_at_is_left_alone(void **state)
{
    stage_t *s = served_with(*state, 1);

    s->certificate->facts->activation = ACTIVATION_RESTART;
    stage_begin(s);
    visit_poke(stage_job(s));
    assert_false(stage_job(s)->visiting);
    assert_string_equal("waiting-for-reload", job_status(stage_job(s)));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_is_served_is_told),
        fixture_test(another_one_is_told),
        fixture_test(that_of_another_virtual_host_is_no_complaint),
        fixture_test(what_nobody_asked_to_look_at_is_left_alone),
    };

    return fixture_run(tests);
}
