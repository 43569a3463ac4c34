/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <fcntl.h>

#include <openssl/crypto.h>
#include <openssl/ocsp.h>

#include "../crypto/responder.h"
#include "base/json.h"
#include "keeper/staple.h"
#include "live/pair.h"
#include "live/stapled.h"

#define HOUR 3600L
#define GOOD V_OCSP_CERTSTATUS_GOOD
#define REVOKED V_OCSP_CERTSTATUS_REVOKED

/* What httpd's parent makes; workers see what is in it. */
static segment_t *workers;

/* The agent's side of it: text that it may send. */
static const char *response_of(scene_t *s, const party_t *issuer, const party_t *leaf, int status,
                               long from, long until)
{
    responder_spec_t spec = { issuer, leaf, NULL, status, from, until };
    bytes_t der = responder_make(s->p, &spec);

    return base64url_encode(s->p, der.data, der.len);
}

static const char *response(scene_t *s, int status, long from, long until)
{
    return response_of(s, s->ca, s->leaf, status, from, until);
}

static const char *fingerprint(scene_t *s)
{
    return scene_certificate(s)->best->facts->fingerprint;
}

static apr_status_t tell(scene_t *s, const char *text)
{
    eab_result_clear(s->result);
    return staple_keep(scene_certificate(s), fingerprint(s), text, s->result);
}

static void keep(scene_t *s, const char *text)
{
    assert_int_equal(APR_SUCCESS, tell(s, text));
}

/* Do clients get one? */
static int is_stapled(const char *of)
{
    unsigned char *der = NULL;
    int len = 0, is = stapled_take(workers, stapled_slot(1, 0), of, apr_time_now(), &der, &len);

    OPENSSL_free(der);
    return is;
}

static int is_published(scene_t *s)
{
    segment_ref_t ref = segment_current(workers, 0);
    char *value = apr_palloc(s->p, SEGMENT_VALUE_MAX);
    const char *found;
    apr_size_t len = 0;

    if (ref == 0)
        return 0;
    assert_int_equal(APR_SUCCESS, segment_read(workers, 0, ref, value, &len));
    found = pair_fingerprint(value, len, s->p);
    return found != NULL && strcmp(found, fingerprint(s)) == 0;
}

/* As httpd starts another keeper. */
static void start(scene_t *s)
{
    scene_start(s);
    activation_start(s->keeper->activation);
}

static scene_t *scene_of(apr_pool_t *p, int live, const char *feature)
{
    scene_t *s = scene_make(p);

    s->plan->live = live;
    s->plan->reload = 1;
    s->plan->parent_pid = 1; /* never signalled: it is not our parent */
    s->certificate->staples = 1;
    s->access = "OCSP;URI:http://ocsp.example.edu";
    s->feature = feature;
    assert_int_equal(APR_SUCCESS, segment_make(&workers, STAPLED_SLOTS(1), p));
    assert_int_equal(APR_SUCCESS,
                     segment_open(&s->segment,
                                  fcntl(segment_descriptor(workers), F_DUPFD_CLOEXEC, 3),
                                  STAPLED_SLOTS(1), p));
    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    return s;
}

static void see(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, activation_seen(s->keeper->activation, scene_certificate(s),
                                                  fingerprint(s), SEEN_IT, NULL));
}

static void the_word_of_the_ca_is_kept_and_stapled(void **state)
{
    scene_t *s = scene_of(*state, 1, NULL);
    const brief_facts_t *facts = certificate_facts(scene_certificate(s), s->p);

    assert_int_equal(0, strncmp(facts->ocsp_url, "http://ocsp.example.edu/", 24));
    assert_int_equal(0, facts->staple_until);
    assert_true(is_published(s)); /* which waits for nobody */
    assert_false(is_stapled(fingerprint(s)));
    keep(s, response(s, GOOD, -HOUR, HOUR));
    assert_true(is_stapled(fingerprint(s)));
    assert_true(scene_has(s, "archive/" NAME "/000001/ocsp.der"));
    see(s);
    facts = certificate_facts(scene_certificate(s), s->p);
    assert_true(facts->staple_from != 0 && facts->staple_until > apr_time_now());
    assert_int_equal(0, facts->ocsp_revoked);
    scene_end(s);
}

/* httpd is restarted, with memory that is empty: nobody has to ask again. */
static void the_next_keeper_knows_it(void **state)
{
    scene_t *s = scene_of(*state, 1, NULL);
    const char *of = apr_pstrdup(s->p, fingerprint(s));

    keep(s, response(s, GOOD, -HOUR, HOUR));
    see(s);
    scene_load(s);
    assert_int_equal(APR_SUCCESS, segment_make(&workers, STAPLED_SLOTS(1), s->p));
    assert_int_equal(APR_SUCCESS,
                     segment_open(&s->segment,
                                  fcntl(segment_descriptor(workers), F_DUPFD_CLOEXEC, 3),
                                  STAPLED_SLOTS(1), s->p));
    assert_false(is_stapled(of));
    start(s);
    assert_true(is_stapled(of));
    assert_true(scene_certificate(s)->staple.until > apr_time_now());
    scene_end(s);
}

static void a_hostile_agent_publishes_nothing(void **state)
{
    scene_t *s = scene_of(*state, 1, NULL);
    const party_spec_t ca_spec = { .common = "Test CA", .is_ca = 1 };
    const party_spec_t sister_spec = { .names = "DNS:" NAME, .serial = "99" };
    const party_t *forger = party_make(s->p, NULL, &ca_spec);
    const party_t *sister = party_make(s->p, s->ca, &sister_spec);
    const struct {
        const char *what;
        const char *text;
    } lies[] = {
        { "nothing", NULL },
        { "no base64url", "=?" },
        { "empty", "" },
        { "no response", "AAAA" },
        { "forged", response_of(s, forger, s->leaf, GOOD, -HOUR, HOUR) },
        { "about another certificate of the CA", response_of(s, s->ca, sister, GOOD, -HOUR, HOUR) },
        { "over", response(s, GOOD, -2 * HOUR, -HOUR) },
        { "of tomorrow", response(s, GOOD, 24 * HOUR, 48 * HOUR) },
        { "unknown", response(s, V_OCSP_CERTSTATUS_UNKNOWN, -HOUR, HOUR) },
    };
    const char *good = response(s, GOOD, -HOUR, HOUR);
    size_t i;

    for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        if (tell(s, lies[i].text) == APR_SUCCESS)
            fail_msg("%s was taken", lies[i].what);
        assert_string_equal(EAB_PROBLEM_STAPLING, s->result->type);
    }
    assert_int_not_equal(APR_SUCCESS, staple_keep(scene_certificate(s), "00", good, s->result));
    assert_int_not_equal(APR_SUCCESS, staple_keep(scene_certificate(s), NULL, good, s->result));
    assert_false(is_stapled(fingerprint(s)));
    assert_false(scene_has(s, "archive/" NAME "/000001/ocsp.der"));
    scene_end(s);
}

static void what_is_revoked_is_not_stapled_and_nobody_takes_it_back(void **state)
{
    scene_t *s = scene_of(*state, 1, NULL);
    const char *before = response(s, GOOD, -2 * HOUR, 2 * HOUR);
    const brief_facts_t *facts;

    keep(s, before);
    assert_true(is_stapled(fingerprint(s)));
    keep(s, response(s, REVOKED, -HOUR, HOUR));
    assert_false(is_stapled(fingerprint(s)));
    facts = certificate_facts(scene_certificate(s), s->p);
    assert_true(facts->ocsp_revoked != 0);
    assert_string_equal("keyCompromise", facts->ocsp_reason);
    assert_int_not_equal(APR_SUCCESS, tell(s, before)); /* it is still valid */
    assert_non_null(strstr(s->result->detail, "older"));
    assert_false(is_stapled(fingerprint(s)));
    see(s);
    scene_load(s);
    start(s);
    assert_false(is_stapled(fingerprint(s)));
    assert_int_not_equal(APR_SUCCESS, tell(s, before));
    assert_true(certificate_facts(scene_certificate(s), s->p)->ocsp_revoked != 0);
    scene_end(s);
}

/* One that is over still tells what is older. */
static void nobody_takes_it_back_when_it_is_over(void **state)
{
    scene_t *s = scene_of(*state, 1, NULL);
    const char *good = response(s, GOOD, -2 * HOUR, 2 * HOUR);
    responder_spec_t spec = { s->ca, s->leaf, NULL, REVOKED, -HOUR, -1 };
    bytes_t over = responder_make(s->p, &spec);

    see(s);
    scene_load(s);
    assert_int_equal(APR_SUCCESS,
                     generation_keep_staple(s->keeper->means.store, scene_certificate(s)->plan->id,
                                            scene_certificate(s)->best, over.data, over.len,
                                            s->result, s->p));
    start(s);
    assert_int_not_equal(APR_SUCCESS, tell(s, good));
    assert_false(is_stapled(fingerprint(s)));
    assert_true(certificate_facts(scene_certificate(s), s->p)->ocsp_revoked != 0);
    keep(s, response(s, GOOD, -HOUR / 2, HOUR)); /* the CA has changed its mind */
    assert_true(is_stapled(fingerprint(s)));
    scene_end(s);
}

static void of_one_moment_the_revocation_counts(void **state)
{
    scene_t *s = scene_of(*state, 1, NULL);
    const char *good = response(s, GOOD, -HOUR, HOUR), *revoked = response(s, REVOKED, -HOUR, HOUR);

    keep(s, good);
    keep(s, good); /* nothing new, and nothing wrong */
    keep(s, revoked);
    assert_false(is_stapled(fingerprint(s)));
    keep(s, good);
    assert_false(is_stapled(fingerprint(s)));
    scene_end(s);
}

static void one_that_must_be_stapled_waits_for_it(void **state)
{
    scene_t *s = scene_of(*state, 1, "status_request");

    s->certificate->staples = 0; /* whatever SSLUseStapling says */
    assert_string_equal(ACTIVATION_STAPLE, scene_certificate(s)->activation);
    assert_false(is_published(s));
    assert_string_equal("idle", reload_news(s->keeper->reload)->state);
    start(s);
    assert_string_equal(ACTIVATION_STAPLE, scene_certificate(s)->activation);
    assert_int_not_equal(APR_SUCCESS, tell(s, "AAAA"));
    assert_false(is_published(s));
    keep(s, response(s, GOOD, -HOUR, HOUR));
    assert_string_equal(ACTIVATION_LOOK, scene_certificate(s)->activation);
    assert_true(is_published(s));
    assert_true(is_stapled(fingerprint(s)));
    scene_end(s);
}

static void nor_is_there_a_restart_for_it_before(void **state)
{
    scene_t *s = scene_of(*state, 0, "status_request");

    assert_true(certificate_waits(scene_certificate(s)));
    assert_false(certificate_waits_for_reload(scene_certificate(s)));
    assert_string_equal("idle", reload_news(s->keeper->reload)->state);
    keep(s, response(s, REVOKED, -2 * HOUR, HOUR));
    assert_false(certificate_waits_for_reload(scene_certificate(s)));
    keep(s, response(s, GOOD, -HOUR, HOUR));
    assert_true(certificate_waits_for_reload(scene_certificate(s)));
    assert_string_equal("pending", reload_news(s->keeper->reload)->state);
    assert_false(is_stapled(fingerprint(s))); /* nobody is served it yet, and another is there */
    scene_end(s);
}

/* With mod_ssl's own stapling, or without any, nobody is asked. */
static void who_needs_none_is_not_asked_for_one(void **state)
{
    scene_t *s = scene_of(*state, 0, NULL);

    assert_null(certificate_facts(scene_certificate(s), s->p)->ocsp_url);
    assert_int_not_equal(APR_SUCCESS, tell(s, response(s, GOOD, -HOUR, HOUR)));
    s->plan->live = 1;
    s->certificate->staples = 0;
    start(s);
    assert_null(certificate_facts(scene_certificate(s), s->p)->ocsp_url);
    s->certificate->staples = 1;
    start(s);
    assert_non_null(certificate_facts(scene_certificate(s), s->p)->ocsp_url);
    scene_end(s);
}

static void the_agent_tells_it_at_its_door(void **state)
{
    scene_t *s = scene_of(*state, 1, NULL);
    json_t *body = json_object();

    json_object_set_new(body, "id", json_integer(7));
    json_object_set_new(body, "certificate", json_integer(0));
    json_put_string(body, "fingerprint", fingerprint(s));
    json_put_string(body, "response", response(s, GOOD, -HOUR, HOUR));
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_STAPLE, body));
    assert_true(s->keeper->line->has_facts);
    assert_true(is_stapled(fingerprint(s)));
    body = json_object();
    json_object_set_new(body, "id", json_integer(8));
    json_object_set_new(body, "certificate", json_integer(0));
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_STAPLE, body)); /* refused, and goes on */
    assert_string_equal(EAB_PROBLEM_STAPLING, s->keeper->line->problem->type);
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_word_of_the_ca_is_kept_and_stapled),
        fixture_test(the_next_keeper_knows_it),
        fixture_test(a_hostile_agent_publishes_nothing),
        fixture_test(what_is_revoked_is_not_stapled_and_nobody_takes_it_back),
        fixture_test(nobody_takes_it_back_when_it_is_over),
        fixture_test(of_one_moment_the_revocation_counts),
        fixture_test(one_that_must_be_stapled_waits_for_it),
        fixture_test(nor_is_there_a_restart_for_it_before),
        fixture_test(who_needs_none_is_not_asked_for_one),
        fixture_test(the_agent_tells_it_at_its_door),
    };

    return fixture_run(tests);
}
