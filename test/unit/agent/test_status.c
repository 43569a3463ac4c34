/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_keeper.h"

#include <sys/stat.h>

#include "agent/agent.h"
#include "agent/job.h"
#include "agent/status.h"
#include "base/clock.h"
#include "base/file.h"

#define NOW "2026-11-21T21:05:00Z"

apr_time_t __real_clock_steady(void);
apr_time_t __wrap_clock_steady(void);

/* The machine sleeps for so long between two looks at the clock. */
static apr_interval_time_t sleeps, slept;

apr_time_t __wrap_clock_steady(void)
{
    slept += sleeps;
    return __real_clock_steady() + slept;
}

typedef struct scene {
    apr_pool_t *p;
    brief_t *brief;
    brief_account_t *account;
    brief_certificate_t *certificate;
    fake_keeper_t *keeper;
} scene_t;

static apr_array_header_t *names(apr_pool_t *p, const char *a, const char *b)
{
    apr_array_header_t *array = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(array, const char *) = a;
    if (b != NULL)
        APR_ARRAY_PUSH(array, const char *) = b;
    return array;
}

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    s.keeper = fake_keeper_make(p);
    s.brief = brief_make(p);
    s.brief->run_dir = fixture_directory(p);
    s.brief->httpd_version = "2.4.71";
    s.brief->max_parallel = 8;
    s.brief->keeper_pid = 4711;
    s.brief->keeper_restarts = 2;
    s.brief->agent_restarts = 3;
    s.account = apr_array_push(s.brief->accounts);
    s.account->label = "default";
    s.account->directory = "https://ca.example/dir";
    s.account->kid_sha256 = "0123456789abcdef";
    s.account->url = "https://ca.example/account/1";
    s.account->thumbprint = "secret-thumbprint";
    s.account->ca_pem = NULL;
    s.account->proxy = "http://secret-proxy:3128";
    s.account->proxy_credentials = "secret-user:secret-word";
    s.account->eab = 1;
    s.account->failure.problem = eab_result_make(p);
    s.certificate = apr_array_push(s.brief->certificates);
    s.certificate->id = "www.example.edu";
    s.certificate->names = names(p, "www.example.edu", "example.edu");
    s.certificate->challenges = names(p, "http-01", NULL);
    s.certificate->key_type = "p256";
    s.certificate->served = 1;
    s.certificate->where = "httpd.conf:9";
    s.certificate->failure.problem = eab_result_make(p);
    return s;
}

static brief_facts_t *facts(apr_pool_t *p)
{
    brief_facts_t *f = apr_pcalloc(p, sizeof(*f));

    f->names = names(p, "www.example.edu", "example.edu");
    f->key_type = "p256";
    f->issuer = "Some <CA>";
    f->issuers = names(p, "Some <CA>", "Some Root");
    f->serial = "0a0b";
    f->fingerprint = "ff00";
    f->not_before = apr_time_now() - apr_time_from_sec(86400);
    f->not_after = apr_time_now() + apr_time_from_sec(80 * 86400);
    f->obtained = f->not_before;
    f->generation = "000003";
    f->same_account = 1;
    return f;
}

static agent_t *agent_of(scene_t *s)
{
    agent_t *agent = agent_make(s->keeper->link, s->brief, s->p);

    assert_non_null(agent);
    return agent;
}

static json_t *status_of(scene_t *s, const agent_t *agent)
{
    apr_time_t now = 0;

    assert_int_equal(APR_SUCCESS, clock_parse(&now, NOW));
    return json_own(s->p, status_make(agent->status, now, s->p));
}

static const json_t *first(const json_t *status, const char *list)
{
    return json_array_get(json_object_get(status, list), 0);
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_peek_string(object, key);

    assert_non_null(value);
    assert_string_equal(text, value);
}

static void has_members(const json_t *object, const char *list)
{
    char *copy = strdup(list);
    char *rest = NULL, *key;

    for (key = strtok_r(copy, " ", &rest); key != NULL; key = strtok_r(NULL, " ", &rest)) {
        if (json_object_get(object, key) == NULL)
            print_error("missing: %s\n", key);
        assert_non_null(json_object_get(object, key));
    }
    free(copy);
}

static void the_document_has_its_shape(void **state)
{
    scene_t s = scene(*state);
    agent_t *agent = agent_of(&s);
    json_t *status = status_of(&s, agent);
    const json_t *certificate = first(status, "certificates");
    const json_t *account = first(status, "accounts");

    assert_int_equal(2, json_peek_int(status, "version", 0));
    expect_text(status, "generated", NOW);
    expect_text(status, "heartbeat", NOW);
    expect_text(status, "module", EAB_VERSION);
    has_members(status, "openssl unconfigured");
    expect_text(json_object_get(json_object_get(status, "processes"), "httpd"), "version",
                "2.4.71");
    has_members(status, "certificates accounts processes reload");
    has_members(certificate, "name names missing_names account state keys next problem order");
    expect_text(certificate, "name", "www.example.edu");
    expect_text(certificate, "account", "default");
    expect_text(certificate, "state", "missing");
    assert_int_equal(0, json_array_size(json_object_get(certificate, "keys")));
    assert_int_equal(0, json_array_size(json_object_get(certificate, "used_by")));
    assert_true(json_is_null(json_object_get(certificate, "loaded")));
    assert_false(json_peek_bool(certificate, "fallback", 1));
    assert_true(json_is_null(json_object_get(certificate, "problem")));
    assert_true(json_is_null(json_object_get(certificate, "order")));
    has_members(json_object_get(certificate, "next"), "what why");
    has_members(account, "label directory url kid_sha256 state problem clock_behind");
    assert_int_equal(0, json_peek_int(account, "clock_behind", -1));
    expect_text(account, "state", "valid");
    assert_int_equal(
        4711,
        json_peek_int(json_object_get(json_object_get(status, "processes"), "keeper"), "pid", 0));
    assert_int_equal(3,
                     json_peek_int(json_object_get(json_object_get(status, "processes"), "agent"),
                                   "restarts", 0));
    expect_text(json_object_get(status, "reload"), "state", "idle");
    file_remove_tree(s.brief->run_dir, s.p);
}

static void a_certificate_is_described(void **state)
{
    scene_t s = scene(*state);
    const json_t *certificate, *key;
    agent_t *agent;

    s.certificate->facts = facts(s.p);
    s.certificate->loaded = "ff00";
    agent = agent_of(&s);
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(certificate, "state", "valid");
    key = first(certificate, "keys");
    expect_text(key, "type", "p256");
    expect_text(key, "issuer", "Some <CA>"); /* who shows it escapes it */
    expect_text(key, "serial", "0a0b");
    expect_text(key, "fingerprint_sha256", "ff00");
    has_members(key, "not_before not_after");
    expect_text(json_object_get(certificate, "next"), "what", "renew");
    has_members(json_object_get(certificate, "next"), "at");
    expect_text(key, "generation", "000003");
    expect_text(key, "live", "www.example.edu");
    assert_string_equal("Some Root",
                        json_string_value(json_array_get(json_object_get(key, "chain"), 1)));
    assert_true(json_peek_bool(key, "loaded", 0));
    assert_true(json_peek_bool(certificate, "loaded", 0));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void who_uses_it_is_told(void **state)
{
    scene_t s = scene(*state);
    const json_t *certificate;
    agent_t *agent;

    s.certificate->facts = facts(s.p);
    s.certificate->loaded = "ff01";
    s.certificate->fallback = 1;
    s.certificate->used_by = names(s.p, "*:443 www.example.edu (vhosts.conf:12)", NULL);
    agent = agent_of(&s);
    certificate = first(status_of(&s, agent), "certificates");
    assert_string_equal("*:443 www.example.edu (vhosts.conf:12)",
                        json_string_value(first(certificate, "used_by")));
    assert_false(json_peek_bool(certificate, "loaded", 1));
    assert_false(json_peek_bool(first(certificate, "keys"), "loaded", 1));
    assert_true(json_peek_bool(certificate, "fallback", 0));
    s.certificate->served = 0; /* nobody loads it, and that is no fault */
    certificate = first(status_of(&s, agent), "certificates");
    assert_true(json_is_null(json_object_get(certificate, "loaded")));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void validations_are_authorizations(void **state)
{
    scene_t s = scene(*state);
    brief_facts_t *known = facts(s.p);
    brief_validation_t *validation;
    const json_t *authorization;

    s.certificate->facts = known;
    s.certificate->loaded = "ff00";
    s.certificate->validations.fingerprint = "ff00";
    s.certificate->validations.list = apr_array_make(s.p, 1, sizeof(brief_validation_t));
    validation = apr_array_push(s.certificate->validations.list);
    validation->name = "example.edu";
    validation->until = apr_time_from_sec(4000000000);
    authorization = first(first(status_of(&s, agent_of(&s)), "certificates"), "authorizations");
    expect_text(authorization, "name", "example.edu");
    expect_text(authorization, "status", "valid");
    expect_text(authorization, "expires", clock_format(s.p, validation->until));
    expect_text(authorization, "seen", clock_format(s.p, known->obtained));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void leftovers_are_unconfigured(void **state)
{
    scene_t s = scene(*state);
    const json_t *unconfigured;

    s.brief->leftovers =
        json_own(s.p, json_pack("{s:[{s:s,s:s,s:s,s:[s,s]}],s:[{s:s}]}", "certificates", "name",
                                "b.example.edu", "since", NOW, "not_after", NOW, "directories",
                                "/store/archive/b", "/store/live/b", "accounts", "name", "00ff"));
    unconfigured = first(status_of(&s, agent_of(&s)), "unconfigured");
    expect_text(unconfigured, "name", "b.example.edu");
    expect_text(unconfigured, "not_after", NOW);
    expect_text(unconfigured, "path", "/store/archive/b");
    file_remove_tree(s.brief->run_dir, s.p);
}

static void it_is_written_each_minute(void **state)
{
    scene_t s = scene(*state);
    agent_t *agent = agent_of(&s);
    const char *path = apr_pstrcat(s.p, s.brief->run_dir, "/status.json", NULL);
    apr_time_t now = clock_steady() + apr_time_from_sec(1);
    struct stat st;

    status_follow(agent->status, now);
    fixture_write(path, "", 0);
    status_follow(agent->status, now + apr_time_from_sec(40));
    assert_int_equal(0, stat(path, &st));
    assert_int_equal(0, st.st_size);
    status_follow(agent->status,
                  now + apr_time_from_sec(50)); /* the loop sleeps ten seconds at most */
    assert_int_equal(0, stat(path, &st));
    assert_true(st.st_size > 0);
    file_remove_tree(s.brief->run_dir, s.p);
}

static void so_it_is_when_the_machine_slept_while_it_was_written(void **state)
{
    scene_t s = scene(*state);
    agent_t *agent = agent_of(&s);
    apr_time_t now;

    kit_touch(agent->kit);
    sleeps = apr_time_from_sec(30 * 86400);
    status_follow(agent->status, now = clock_steady());
    sleeps = 0;
    assert_true(status_due(agent->status) <= now + apr_time_from_sec(60));
    assert_int_equal(APR_SUCCESS, file_remove_tree(s.brief->run_dir, s.p));
}

static void how_it_came_into_use_is_told(void **state)
{
    scene_t s = scene(*state);
    const json_t *certificate;
    brief_facts_t *known;
    agent_t *agent;

    s.certificate->facts = known = facts(s.p);
    s.certificate->loaded = "ff01";
    known->activation = ACTIVATION_LOOK;
    agent = agent_of(&s);
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(certificate, "state", "renewing");
    expect_text(certificate, "activation", "live");
    assert_non_null(strstr(json_peek_string(json_object_get(certificate, "next"), "why"),
                           "it is looked whether they serve it"));
    known->activation = ACTIVATION_LIVE;
    known->activation_why = "nobody could look";
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(certificate, "state", "valid");
    expect_text(certificate, "activation", "live");
    expect_text(certificate, "activation_why", "nobody could look");
    known->activation = ACTIVATION_RESTART;
    known->activation_why = "its chain is too long";
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(certificate, "state", "waiting-for-reload");
    expect_text(certificate, "activation", "restart");
    expect_text(certificate, "activation_why", "its chain is too long");
    file_remove_tree(s.brief->run_dir, s.p);
}

static void what_waits_for_a_reload_says_so(void **state)
{
    scene_t s = scene(*state);
    const json_t *certificate;
    agent_t *agent;

    s.certificate->facts = facts(s.p);
    s.certificate->loaded = "ff01";
    s.brief->reload.state = "refused";
    s.brief->reload.why = "Syntax error";
    agent = agent_of(&s);
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(certificate, "state", "waiting-for-reload");
    expect_text(json_object_get(certificate, "next"), "what", "reload");
    expect_text(json_object_get(status_of(&s, agent), "reload"), "why", "Syntax error");
    agent->kit->brief->reload.state = "failed";
    certificate = first(status_of(&s, agent), "certificates");
    assert_non_null(
        strstr(json_peek_string(json_object_get(certificate, "next"), "why"), "could not be made"));
    agent->kit->brief->reload.state = "pending";
    agent->kit->brief->reload.why = NULL;
    agent->kit->brief->reload.next = apr_time_from_sec(4000000000);
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(json_object_get(certificate, "next"), "why",
                "httpd has not loaded the new certificate yet");
    agent->kit->brief->reload.why = "The renewed certificate of www.example.edu is in the store.";
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(json_object_get(certificate, "next"), "what", "reload");
    expect_text(json_object_get(certificate, "next"), "why",
                "httpd is restarted for renewals then, or before; see reload");
    assert_true(json_peek_time(json_object_get(certificate, "next"), "at")
                == apr_time_from_sec(4000000000));
    agent->kit->brief->reload.next = 0;
    agent->kit->brief->reload.why = NULL;
    agent->kit->brief->reload.state = "off";
    certificate = first(status_of(&s, agent), "certificates");
    assert_non_null(
        strstr(json_peek_string(json_object_get(certificate, "next"), "why"), "ACMEReload is off"));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void a_problem_is_told_with_advice(void **state)
{
    scene_t s = scene(*state);
    const json_t *problem, *certificate;
    eab_result_t *result = s.certificate->failure.problem;

    eab_result_set(result, APR_EGENERAL, ACME_ERROR "unauthorized", "No way");
    result->http_status = 403;
    s.certificate->failure.attempts = 4;
    s.certificate->failure.since = apr_time_from_sec(1000000);
    s.certificate->failure.next = apr_time_now() + apr_time_from_sec(600);
    certificate = first(status_of(&s, agent_of(&s)), "certificates");
    expect_text(certificate, "state", "failing");
    problem = json_object_get(certificate, "problem");
    expect_text(problem, "type", ACME_ERROR "unauthorized");
    expect_text(problem, "detail", "No way");
    assert_int_equal(403, json_peek_int(problem, "status", 0));
    assert_int_equal(4, json_peek_int(problem, "attempts", 0));
    has_members(problem, "advice since");
    assert_null(json_object_get(problem, "rv"));
    expect_text(json_object_get(certificate, "next"), "what", "retry");
    file_remove_tree(s.brief->run_dir, s.p);
}

/* The names that the CA refused are missing, and nothing else is wrong. */
static void a_certificate_without_some_names_is_valid(void **state)
{
    scene_t s = scene(*state);
    apr_time_t next = apr_time_now() + apr_time_from_sec(7200);
    eab_result_t *result = s.certificate->failure.problem;
    const json_t *certificate;
    agent_t *agent;

    s.certificate->allow_subset = 1;
    s.certificate->facts = facts(s.p);
    s.certificate->facts->names = names(s.p, "www.example.edu", NULL);
    s.certificate->loaded = "ff00";
    eab_result_set(result, APR_EGENERAL, ACME_ERROR "rejectedIdentifier", "No way");
    result->subproblems =
        json_own(s.p, json_pack("[{s:{s:s}}]", "identifier", "value", "example.edu"));
    s.certificate->failure.attempts = 1;
    s.certificate->failure.since = apr_time_from_sec(1000000);
    s.certificate->failure.next = next;
    s.certificate->failure.subset = SUBSET_SETTLED;
    agent = agent_of(&s);
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(certificate, "state", "valid");
    assert_string_equal("[\"example.edu\"]",
                        json_text(s.p, json_object_get(certificate, "missing_names")));
    expect_text(json_object_get(certificate, "problem"), "detail", "No way");
    expect_text(json_object_get(certificate, "next"), "what", "retry");
    assert_int_equal(apr_time_sec(next),
                     apr_time_sec(json_peek_time(json_object_get(certificate, "next"), "at")));
    file_remove_tree(s.brief->run_dir, s.p);
}

/* The state and the problem beside it are of one thing. */
static void an_account_that_fails_is_told_before_missing_names(void **state)
{
    scene_t s = scene(*state);
    const json_t *certificate;
    agent_t *agent;

    s.certificate->facts = facts(s.p);
    s.certificate->loaded = "ff00";
    eab_result_set(s.certificate->failure.problem, APR_EGENERAL, ACME_ERROR "caa", "No way");
    s.certificate->failure.attempts = 1;
    s.certificate->failure.subset = SUBSET_SETTLED;
    eab_result_set(s.account->failure.problem, APR_EGENERAL, ACME_ERROR "unauthorized", "Who?");
    s.account->failure.attempts = 1;
    s.account->failure.next = apr_time_now() + apr_time_from_sec(600);
    agent = agent_of(&s);
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(certificate, "state", "failing");
    expect_text(json_object_get(certificate, "problem"), "detail", "Who?");
    file_remove_tree(s.brief->run_dir, s.p);
}

static void what_is_due_happens_now(void **state)
{
    scene_t s = scene(*state);
    apr_time_t now = apr_time_from_sec(apr_time_sec(apr_time_now()));
    const json_t *status, *next;
    agent_t *agent;

    s.certificate->facts = facts(s.p);
    s.certificate->loaded = "ff00";
    agent = agent_of(&s);
    APR_ARRAY_IDX(agent->jobs, 0, job_t *)->at = now - apr_time_from_sec(1);
    next = json_object_get(
        first(json_own(s.p, status_make(agent->status, now, s.p)), "certificates"), "next");
    expect_text(next, "what", "renew");
    assert_int_equal(now, json_peek_time(next, "at"));
    /* While httpd is being restarted. */
    s.certificate->loaded = "ff01";
    agent->kit->brief->reload.state = "pending";
    agent->kit->brief->reload.next = now - apr_time_from_sec(1);
    status = json_own(s.p, status_make(agent->status, now, s.p));
    next = json_object_get(first(status, "certificates"), "next");
    expect_text(next, "what", "reload");
    assert_int_equal(now, json_peek_time(next, "at"));
    assert_int_equal(now, json_peek_time(json_object_get(status, "reload"), "next"));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void one_that_is_over_is_not_valid(void **state)
{
    scene_t s = scene(*state);
    const json_t *certificate;
    agent_t *agent;

    s.certificate->facts = facts(s.p);
    s.certificate->facts->not_after = apr_time_now() - apr_time_from_sec(1);
    s.certificate->loaded = "ff00";
    agent = agent_of(&s);
    certificate = first(status_of(&s, agent), "certificates");
    expect_text(certificate, "state", "renewing");
    expect_text(json_object_get(certificate, "next"), "what", "renew");
    file_remove_tree(s.brief->run_dir, s.p);
}

/* One that was never tried is ordered at once, whatever was refused. */
static void a_further_name_is_ordered_at_once(void **state)
{
    scene_t s = scene(*state);
    eab_result_t *result = s.certificate->failure.problem;
    agent_t *agent;

    s.certificate->facts = facts(s.p);
    s.certificate->facts->names = names(s.p, "www.example.edu", NULL);
    s.certificate->loaded = "ff00";
    eab_result_set(result, APR_EGENERAL, ACME_ERROR "rejectedIdentifier", "No way");
    result->subproblems =
        json_own(s.p, json_pack("[{s:{s:s}}]", "identifier", "value", "old.example.edu"));
    s.certificate->failure.attempts = 1;
    s.certificate->failure.next = apr_time_now() + apr_time_from_sec(7200);
    s.certificate->failure.subset = SUBSET_SETTLED;
    agent = agent_of(&s);
    assert_true(APR_ARRAY_IDX(agent->jobs, 0, job_t *)->at <= apr_time_now());
    file_remove_tree(s.brief->run_dir, s.p);
}

static void a_broken_account_fails_its_certificates(void **state)
{
    scene_t s = scene(*state);
    json_t *status;

    s.account->broken = eab_result_make(s.p);
    eab_result_set(s.account->broken, APR_EINVAL, EAB_PROBLEM_STORE, "key.pem is damaged");
    status = status_of(&s, agent_of(&s));
    expect_text(first(status, "accounts"), "state", "failing");
    expect_text(json_object_get(first(status, "accounts"), "problem"), "detail",
                "key.pem is damaged");
    expect_text(first(status, "certificates"), "state", "failing");
    assert_true(json_peek_bool(first(status, "certificates"), "waits_for_account", 0));
    expect_text(json_object_get(first(status, "certificates"), "problem"), "detail",
                "key.pem is damaged");
    file_remove_tree(s.brief->run_dir, s.p);
}

static void an_order_in_flight_is_shown(void **state)
{
    scene_t s = scene(*state);
    const json_t *certificate, *order;

    s.certificate->ordering = 1;
    s.certificate->order_names = s.certificate->names;
    s.certificate->order_url = "https://ca.example/order/1";
    s.certificate->order_since = apr_time_from_sec(1000000);
    certificate = first(status_of(&s, agent_of(&s)), "certificates");
    expect_text(certificate, "state", "ordering"); /* before it has its turn, too */
    expect_text(json_object_get(certificate, "next"), "what", "poll");
    order = json_object_get(certificate, "order");
    expect_text(order, "url", "https://ca.example/order/1");
    has_members(order, "since");
    file_remove_tree(s.brief->run_dir, s.p);
}

/* The same domain's second key type, which has no certificate yet. */
static brief_certificate_t *second_type(scene_t *s)
{
    brief_certificate_t *second = apr_array_push(s->brief->certificates);

    s->certificate = &APR_ARRAY_IDX(s->brief->certificates, 0, brief_certificate_t);
    s->certificate->domain = "www.example.edu";
    *second = *s->certificate;
    second->id = "www.example.edu+rsa2048";
    second->key_type = "rsa2048";
    second->failure.problem = eab_result_make(s->p);
    return second;
}

static const json_t *only_certificate(scene_t *s)
{
    const json_t *status = status_of(s, agent_of(s));

    assert_int_equal(1, json_array_size(json_object_get(status, "certificates")));
    return first(status, "certificates");
}

static void key_types_of_a_domain_share_an_entry(void **state)
{
    scene_t s = scene(*state);
    brief_certificate_t *second = second_type(&s);
    const json_t *entry, *keys;

    s.certificate->facts = facts(s.p);
    second->facts = facts(s.p);
    second->facts->key_type = "rsa2048";
    second->facts->not_after -= apr_time_from_sec(60 * 86400); /* is due sooner */
    s.certificate->loaded = second->loaded = "ff00";
    entry = only_certificate(&s);
    keys = json_object_get(entry, "keys");
    expect_text(entry, "state", "valid");
    assert_int_equal(2, json_array_size(keys));
    expect_text(json_array_get(keys, 0), "type", "p256");
    expect_text(json_array_get(keys, 1), "type", "rsa2048");
    assert_string_equal("[\"p256\",\"rsa2048\"]",
                        json_text(s.p, json_object_get(entry, "key_types")));
    assert_true(json_peek_time(json_object_get(entry, "next"), "at")
                < apr_time_now() + apr_time_from_sec(20 * 86400));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void the_worse_of_two_key_types_is_told(void **state)
{
    scene_t s = scene(*state);
    brief_certificate_t *second = second_type(&s);
    const json_t *entry;

    s.certificate->facts = facts(s.p);
    s.certificate->loaded = "ff00";
    eab_result_set(second->failure.problem, APR_EGENERAL, ACME_ERROR "badCSR", "No RSA here");
    second->failure.attempts = 1;
    second->failure.next = apr_time_now() + apr_time_from_sec(600);
    entry = only_certificate(&s);
    expect_text(entry, "state", "failing");
    expect_text(json_object_get(entry, "problem"), "detail", "No RSA here");
    expect_text(json_object_get(entry, "problem"), "key_type", "rsa2048");
    expect_text(json_object_get(entry, "next"), "what", "retry");
    assert_int_equal(1, json_array_size(json_object_get(entry, "keys")));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void an_order_of_either_key_type_is_shown(void **state)
{
    scene_t s = scene(*state);
    brief_certificate_t *second = second_type(&s);
    const json_t *order;

    second->ordering = 1;
    second->order_names = second->names;
    second->order_url = "https://ca.example/order/2";
    order = json_object_get(only_certificate(&s), "order");
    expect_text(order, "url", "https://ca.example/order/2");
    expect_text(order, "key_type", "rsa2048");
    file_remove_tree(s.brief->run_dir, s.p);
}

static void domains_have_entries_of_their_own(void **state)
{
    scene_t s = scene(*state);
    brief_certificate_t *second = second_type(&s);
    const json_t *status;

    second->domain = "other.example.edu";
    second->names = names(s.p, "other.example.edu", NULL);
    status = status_of(&s, agent_of(&s));
    assert_int_equal(2, json_array_size(json_object_get(status, "certificates")));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void nothing_secret_is_in_it(void **state)
{
    scene_t s = scene(*state);
    const char *text = json_text(s.p, status_of(&s, agent_of(&s)));

    assert_null(strstr(text, "secret"));
    file_remove_tree(s.brief->run_dir, s.p);
}

static void the_file_is_for_everybody_and_whole(void **state)
{
    scene_t s = scene(*state);
    const char *path = apr_pstrcat(s.p, s.brief->run_dir, "/status.json", NULL);
    const char *text = NULL;
    apr_size_t len = 0;
    struct stat st;
    agent_t *agent = agent_of(&s);

    assert_int_equal(APR_SUCCESS, status_write(agent->status, apr_time_now()));
    assert_int_equal(0, stat(path, &st));
    assert_int_equal(0644, st.st_mode & 07777);
    assert_int_equal(APR_SUCCESS, file_read(&text, &len, path, 1000000, s.p));
    assert_int_equal(2, json_peek_int(json_parse(s.p, text, len, NULL), "version", 0));
    file_remove_tree(s.brief->run_dir, s.p);
    assert_int_not_equal(APR_SUCCESS, status_write(agent->status, apr_time_now()));
}

/* Entry by entry, and the same as in one piece. */
static void the_file_is_the_whole_document(void **state)
{
    scene_t s = scene(*state);
    const char *path = apr_pstrcat(s.p, s.brief->run_dir, "/status.json", NULL);
    static const int counts[] = { 0, 1, 3 };
    apr_time_t now = apr_time_now();
    int i, k;

    for (i = 0; i < 3; i++) {
        const brief_certificate_t one = *s.certificate;
        agent_t *agent;
        json_t *read;

        apr_array_clear(s.brief->certificates);
        for (k = 0; k < counts[i]; k++) {
            brief_certificate_t *certificate = apr_array_push(s.brief->certificates);

            *certificate = one;
            certificate->facts = facts(s.p);
            certificate->domain = k < 2 ? "www.example.edu" : "other.example.edu";
        }
        s.certificate = apr_pmemdup(s.p, &one, sizeof(one));
        agent = agent_of(&s);
        assert_int_equal(APR_SUCCESS, status_write(agent->status, now));
        read = json_own(s.p, json_load_file(path, 0, NULL));
        assert_non_null(read);
        assert_int_equal(counts[i] - (counts[i] == 3),
                         json_array_size(json_object_get(read, "certificates")));
        assert_true(json_equal(read, json_own(s.p, status_make(agent->status, now, s.p))));
    }
    file_remove_tree(s.brief->run_dir, s.p);
}

static int rests_ten_times_as_long(scene_t *s)
{
    agent_t *agent = agent_of(s);
    apr_time_t begin = clock_steady();

    status_follow(agent->status, clock_steady());
    return status_due(agent->status) - begin >= 10 * (clock_steady() - begin);
}

/* On a busy machine another process may come between two looks at the clock. */
static void that_of_thousands_is_not_written_at_each_change(void **state)
{
    scene_t s = scene(*state);
    const brief_certificate_t one = *s.certificate;
    int i, tries = 0;

    for (i = 1; i < 4000; i++) {
        brief_certificate_t *certificate = apr_array_push(s.brief->certificates);

        *certificate = one;
        certificate->facts = facts(s.p);
    }
    while (!rests_ten_times_as_long(&s)) {
        assert_true(++tries < 10);
    }
    file_remove_tree(s.brief->run_dir, s.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_document_has_its_shape),
        fixture_test(a_certificate_is_described),
        fixture_test(who_uses_it_is_told),
        fixture_test(validations_are_authorizations),
        fixture_test(leftovers_are_unconfigured),
        fixture_test(it_is_written_each_minute),
        fixture_test(so_it_is_when_the_machine_slept_while_it_was_written),
        fixture_test(how_it_came_into_use_is_told),
        fixture_test(what_waits_for_a_reload_says_so),
        fixture_test(a_problem_is_told_with_advice),
        fixture_test(a_certificate_without_some_names_is_valid),
        fixture_test(an_account_that_fails_is_told_before_missing_names),
        fixture_test(what_is_due_happens_now),
        fixture_test(one_that_is_over_is_not_valid),
        fixture_test(a_further_name_is_ordered_at_once),
        fixture_test(a_broken_account_fails_its_certificates),
        fixture_test(an_order_in_flight_is_shown),
        fixture_test(key_types_of_a_domain_share_an_entry),
        fixture_test(the_worse_of_two_key_types_is_told),
        fixture_test(an_order_of_either_key_type_is_shown),
        fixture_test(domains_have_entries_of_their_own),
        fixture_test(nothing_secret_is_in_it),
        fixture_test(the_file_is_for_everybody_and_whole),
        fixture_test(the_file_is_the_whole_document),
        fixture_test(that_of_thousands_is_not_written_at_each_change),
    };

    return fixture_run(tests);
}
