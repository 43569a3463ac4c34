/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <fcntl.h>

#include "base/json.h"
#include "live/pair.h"
#include "live/stapled.h"

/* What httpd's parent makes; workers see what is in it. */
static segment_t *workers;

static segment_t *segment_of(scene_t *s)
{
    segment_t *segment = NULL;
    int fd = fcntl(segment_descriptor(workers), F_DUPFD_CLOEXEC, 3);

    assert_int_equal(APR_SUCCESS, segment_open(&segment, fd, STAPLED_SLOTS(1), s->p));
    return segment;
}

static void install(scene_t *s)
{
    scene_finalize(s);
    scene_install(s);
}

static scene_t *scene_live(apr_pool_t *p)
{
    scene_t *s = scene_make(p);

    s->plan->live = 1;
    s->plan->reload = 1;
    s->plan->parent_pid = 1; /* never signalled: it is not our parent */
    assert_int_equal(APR_SUCCESS, segment_make(&workers, STAPLED_SLOTS(1), p));
    s->segment = segment_of(s);
    scene_start(s);
    scene_register(s);
    return s;
}

static const char *fingerprint(scene_t *s)
{
    return scene_certificate(s)->best->facts->fingerprint;
}

/* The fingerprint of what workers would serve; NULL: nothing. */
static const char *published(scene_t *s)
{
    segment_ref_t ref = segment_current(workers, 0);
    char *value = apr_palloc(s->p, SEGMENT_VALUE_MAX);
    apr_size_t len = 0;

    if (ref == 0)
        return NULL;
    assert_int_equal(APR_SUCCESS, segment_read(workers, 0, ref, value, &len));
    return pair_fingerprint(value, len, s->p);
}

static void expect(scene_t *s, const char *activation, const char *why, const char *reload)
{
    const keeper_certificate_t *certificate = scene_certificate(s);

    assert_string_equal(activation, certificate->activation);
    if (why == NULL)
        assert_null(certificate->activation_why);
    else
        assert_non_null(strstr(certificate->activation_why, why));
    assert_string_equal(reload, reload_news(s->keeper->reload)->state);
}

static void seen(scene_t *s, const char *what, const char *why)
{
    assert_int_equal(APR_SUCCESS, activation_seen(s->keeper->activation, scene_certificate(s),
                                                  fingerprint(s), what, why));
}

static void it_is_published_and_counts_once_it_was_seen(void **state)
{
    scene_t *s = scene_live(*state);

    install(s);
    assert_string_equal(fingerprint(s), published(s));
    expect(s, ACTIVATION_LOOK, NULL, "idle");
    assert_true(certificate_waits(scene_certificate(s)));
    seen(s, SEEN_IT, NULL);
    expect(s, ACTIVATION_LIVE, NULL, "idle");
    assert_false(certificate_waits(scene_certificate(s)));
    assert_string_equal(fingerprint(s), scene_certificate(s)->served->facts->fingerprint);
    scene_end(s);
}

static void the_next_one_takes_its_place(void **state)
{
    scene_t *s = scene_live(*state);
    const char *first;

    install(s);
    seen(s, SEEN_IT, NULL);
    first = apr_pstrdup(s->p, fingerprint(s));
    install(s);
    assert_string_not_equal(first, fingerprint(s));
    assert_string_equal(fingerprint(s), published(s));
    expect(s, ACTIVATION_LOOK, NULL, "idle");
    assert_string_equal(first, scene_certificate(s)->in_use);
    seen(s, SEEN_IT, NULL);
    assert_string_equal(fingerprint(s), scene_certificate(s)->in_use);
    scene_end(s);
}

static void where_nobody_could_look_it_counts_with_a_reason(void **state)
{
    scene_t *s = scene_live(*state);

    install(s);
    seen(s, SEEN_NOTHING, "a connection to 127.0.0.1:443 failed\n");
    expect(s, ACTIVATION_LIVE, "a connection to 127.0.0.1:443 failed", "idle");
    assert_null(strchr(scene_certificate(s)->activation_why, '\n'));
    scene_end(s);
}

static void what_is_not_served_waits_for_a_restart(void **state)
{
    scene_t *s = scene_live(*state);

    install(s);
    seen(s, SEEN_ANOTHER, "a client is served another one");
    expect(s, ACTIVATION_RESTART, "another one", "pending");
    assert_true(certificate_waits_for_reload(scene_certificate(s)));
    seen(s, SEEN_IT, NULL); /* too late: it was looked once */
    expect(s, ACTIVATION_RESTART, "another one", "pending");
    scene_end(s);
}

static void what_was_seen_of_another_changes_nothing(void **state)
{
    scene_t *s = scene_live(*state);
    activation_t *activation = s->keeper->activation;

    assert_int_equal(APR_SUCCESS,
                     activation_seen(activation, scene_certificate(s), "ff00", SEEN_IT, NULL));
    install(s);
    assert_int_equal(APR_SUCCESS,
                     activation_seen(activation, scene_certificate(s), "ff00", SEEN_ANOTHER, "x"));
    expect(s, ACTIVATION_LOOK, NULL, "idle");
    assert_int_equal(APR_EINVAL, activation_seen(activation, scene_certificate(s), fingerprint(s),
                                                 "nonsense", NULL));
    assert_int_equal(APR_EINVAL,
                     activation_seen(activation, scene_certificate(s), NULL, SEEN_IT, NULL));
    assert_int_equal(APR_EINVAL,
                     activation_seen(activation, scene_certificate(s), fingerprint(s), NULL, NULL));
    expect(s, ACTIVATION_LOOK, NULL, "idle");
    scene_end(s);
}

static void what_stands_in_the_way_is_told(void **state)
{
    scene_t *s = scene_live(*state);

    s->certificate->unusable = "the one before was of no use";
    install(s);
    assert_null(published(s));
    expect(s, ACTIVATION_RESTART, "could not use", "pending");
    scene_end(s);
}

/* One with all names takes the place of an SSLCertificateFile at once. */
static void fewer_names_take_no_place_without_a_restart(void **state)
{
    scene_t *s = scene_live(*state);

    s->certificate->takes_over = 1;
    install(s);
    expect(s, ACTIVATION_LOOK, NULL, "idle");
    seen(s, SEEN_IT, NULL);
    s->certificate->names = party_names(s->p, NAME, "more.example.edu", NULL);
    scene_certificate(s)->in_use = NULL;
    activation_start(s->keeper->activation);
    expect(s, ACTIVATION_RESTART, "it lacks names", "idle");
    scene_end(s);
}

/* A restart ends open sessions, which would go on with the key that others may know. */
static void sessions_of_a_compromised_key_are_to_end(void **state)
{
    scene_t *s = scene_live(*state);
    revoked_t revoked = { 0, REVOCATION_KEY_COMPROMISE, "root", 0 };
    const char *first;

    install(s);
    seen(s, SEEN_IT, NULL);
    first = apr_pstrdup(s->p, fingerprint(s));
    revoked.at = apr_time_now();
    ((generation_t *)scene_certificate(s)->served)->revoked = &revoked;
    install(s);
    expect(s, ACTIVATION_RESTART, "open sessions are to end", "pending");
    assert_string_equal(first, published(s)); /* nothing else until then */
    scene_end(s);
}

/* Also when the keeper that had brought it into use has ended meanwhile. */
static void a_keeper_that_comes_after_ends_them_too(void **state)
{
    scene_t *s = scene_live(*state);
    const revoked_t revoked = { apr_time_now(), REVOCATION_KEY_COMPROMISE, "root", 0 };
    const char *first;

    install(s);
    seen(s, SEEN_IT, NULL);
    first = apr_pstrdup(s->p, fingerprint(s));
    assert_int_equal(APR_SUCCESS, generation_revoke(s->keeper->means.store, NAME, "000001",
                                                    &revoked, s->result, s->p));
    ((generation_t *)scene_certificate(s)->served)->revoked = &revoked;
    install(s);
    scene_start(s);
    activation_start(s->keeper->activation);
    expect(s, ACTIVATION_RESTART, "open sessions are to end", "idle");
    assert_string_equal(first, published(s));
    assert_string_equal(first, scene_certificate(s)->in_use);
    scene_end(s);
}

static void what_is_too_long_for_its_place_waits_for_a_restart(void **state)
{
    scene_t *s = scene_live(*state);
    char *path = apr_palloc(s->p, SEGMENT_VALUE_MAX);

    memset(path, 'x', SEGMENT_VALUE_MAX);
    s->access = apr_psprintf(s->p, "caIssuers;URI:http://ca.example/%.*s", SEGMENT_VALUE_MAX, path);
    install(s);
    assert_null(published(s));
    expect(s, ACTIVATION_RESTART, "longer than 32000 octets", "pending");
    scene_end(s);
}

static void without_memory_there_are_restarts(void **state)
{
    scene_t *s = scene_live(*state);

    s->segment = NULL;
    scene_start(s);
    install(s);
    expect(s, ACTIVATION_RESTART, "no memory", "pending");
    scene_end(s);
}

static void without_live_nothing_is_said(void **state)
{
    scene_t *s = scene_live(*state);

    s->plan->live = 0;
    scene_start(s);
    install(s);
    assert_null(published(s));
    expect(s, ACTIVATION_RESTART, NULL, "pending");
    scene_end(s);
}

/* The one before was killed somewhere between the store and the look. */
static void a_keeper_that_comes_after_goes_on(void **state)
{
    scene_t *s = scene_live(*state);
    segment_ref_t before;

    s->segment = NULL; /* nothing was published */
    scene_start(s);
    install(s);
    s->segment = segment_of(s);
    scene_start(s);
    activation_start(s->keeper->activation);
    assert_string_equal(fingerprint(s), published(s));
    expect(s, ACTIVATION_LOOK, NULL, "idle");
    before = segment_current(workers, 0);
    scene_start(s); /* it was, and is looked at again */
    activation_start(s->keeper->activation);
    assert_true(before == segment_current(workers, 0));
    expect(s, ACTIVATION_LOOK, NULL, "idle");
    scene_load(s); /* httpd was restarted, and has it */
    scene_start(s);
    activation_start(s->keeper->activation);
    expect(s, ACTIVATION_RESTART, NULL, "idle");
    s->certificate->unusable = "it was of no use";
    scene_start(s);
    activation_start(s->keeper->activation);
    expect(s, ACTIVATION_RESTART, "could not use", "idle");
    scene_end(s);
}

static void the_agent_asks_at_its_door(void **state)
{
    scene_t *s = scene_live(*state);
    json_t *body = json_object();

    install(s);
    json_object_set_new(body, "id", json_integer(7));
    json_object_set_new(body, "certificate", json_integer(0));
    json_put_string(body, "fingerprint", fingerprint(s));
    json_put_string(body, "seen", SEEN_IT);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SEEN, body));
    assert_true(s->keeper->line->has_facts);
    expect(s, ACTIVATION_LIVE, NULL, "idle");
    body = json_object();
    json_object_set_new(body, "id", json_integer(8));
    json_object_set_new(body, "certificate", json_integer(0));
    assert_int_equal(APR_EINVAL, scene_ask(s, MESSAGE_SEEN, body));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_is_published_and_counts_once_it_was_seen),
        fixture_test(the_next_one_takes_its_place),
        fixture_test(where_nobody_could_look_it_counts_with_a_reason),
        fixture_test(what_is_not_served_waits_for_a_restart),
        fixture_test(what_was_seen_of_another_changes_nothing),
        fixture_test(what_stands_in_the_way_is_told),
        fixture_test(fewer_names_take_no_place_without_a_restart),
        fixture_test(sessions_of_a_compromised_key_are_to_end),
        fixture_test(a_keeper_that_comes_after_ends_them_too),
        fixture_test(what_is_too_long_for_its_place_waits_for_a_restart),
        fixture_test(without_memory_there_are_restarts),
        fixture_test(without_live_nothing_is_said),
        fixture_test(a_keeper_that_comes_after_goes_on),
        fixture_test(the_agent_asks_at_its_door),
    };

    return fixture_run(tests);
}
