/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/file.h"
#include "keeper/dns.h"
#include "store/dnsjournal.h"

#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
#define THUMBPRINT "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
#define VALUE "TsRKynps8WR2t_mg14_-b9KAPI5z6dVS6CzKil2SuXU" /* checklist, 5.3 */
#define OTHER_TOKEN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ID "a.example"

/* The command: one line for each run, and what the test asks of it. */
static const char script[] = "#!/bin/sh\n"
                             "dir=$1; shift\n"
                             "echo \"$* / $ACME_EAB_ACTION $ACME_EAB_NAME $ACME_EAB_RECORD "
                             "$ACME_EAB_VALUE $#\" >>\"$dir/calls\"\n"
                             "[ ! -e \"$dir/busy\" ] || echo overlap >>\"$dir/calls\"\n"
                             "touch \"$dir/busy\"; sleep 0.05; rm \"$dir/busy\"\n"
                             "[ ! -e \"$dir/hang-$1\" ] || sleep 60\n"
                             "[ ! -e \"$dir/kill-$1\" ] || kill -9 $$\n"
                             "[ ! -e \"$dir/fail-$1\" ] || { echo refused; exit 3; }\n";

typedef struct scene {
    apr_pool_t *p;
    const char *dir;
    means_t means;
    model_t model;
    keeper_dns_t *dns;
    plan_t *configured;
    plan_certificate_t *plan;
    keeper_account_t account;
    keeper_certificate_t certificate;
    journal_t journal;
} scene_t;

/* What was replied last. */
static struct {
    int count, id;
    char type[64], detail[256];
    eab_cause_t cause;
} replied;

static void on_done(void *baton, int id, const eab_result_t *result)
{
    (void)baton;
    ++replied.count;
    replied.id = id;
    replied.cause = result->cause;
    snprintf(replied.type, sizeof(replied.type), "%s", result->type != NULL ? result->type : "");
    snprintf(replied.detail, sizeof(replied.detail), "%s",
             result->detail != NULL ? result->detail : "");
}

/* In place of keeper/model.c. */
keeper_certificate_t *model_find(const model_t *model, const char *id)
{
    keeper_certificate_t *certificate = NULL;

    if (model->certificates->nelts > 0)
        certificate = APR_ARRAY_IDX(model->certificates, 0, keeper_certificate_t *);
    return certificate != NULL && strcmp(certificate->plan->id, id) == 0 ? certificate : NULL;
}

static apr_array_header_t *strings(apr_pool_t *p, const char *a, const char *b)
{
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = a;
    if (b != NULL) {
        APR_ARRAY_PUSH(list, const char *) = b;
    }
    return list;
}

static void write_script(const scene_t *s)
{
    const char *path = apr_pstrcat(s->p, s->dir, "/command", NULL);

    fixture_write(path, script, sizeof(script) - 1);
    assert_int_equal(0, chmod(path, 0700));
}

static void start_keeper(scene_t *s, apr_interval_time_t limit)
{
    s->means.loop = loop_make(s->p);
    s->dns = dns_make(&s->model, limit, on_done, NULL);
}

static scene_t *scene(apr_pool_t *p)
{
    scene_t *s = apr_pcalloc(p, sizeof(*s));

    memset(&replied, 0, sizeof(replied));
    s->p = p;
    s->dir = fixture_directory(p);
    write_script(s);
    assert_int_equal(
        APR_SUCCESS,
        store_open(&s->means.store, apr_pstrcat(p, s->dir, "/store", NULL), eab_result_make(p), p));
    s->means.pool = p;
    s->means.plan = s->configured = apr_pcalloc(p, sizeof(plan_t));
    s->model.means = &s->means;
    s->configured->certificates = apr_array_make(p, 1, sizeof(plan_certificate_t));
    s->plan = memset(apr_array_push(s->configured->certificates), 0, sizeof(*s->plan));
    s->plan->id = ID;
    s->plan->names = strings(p, "a.example", "*.a.example");
    s->plan->challenges = strings(p, "dns-01", NULL);
    s->plan->dns_command = apr_psprintf(p, "%s/command %s", s->dir, s->dir);
    s->account.thumbprint = THUMBPRINT;
    s->certificate.plan = s->plan;
    s->certificate.account = &s->account;
    s->certificate.journal = &s->journal;
    s->model.certificates = apr_array_make(p, 1, sizeof(keeper_certificate_t *));
    APR_ARRAY_PUSH(s->model.certificates, keeper_certificate_t *) = &s->certificate;
    start_keeper(s, apr_time_from_sec(10));
    return s;
}

/* The CA has decided about all names. */
static void release(scene_t *s)
{
    const change_t change = { CHANGE_FINALIZED, NULL, &s->certificate, NULL, NULL, NULL };

    dns_hear(s->dns, &change);
}

static void scene_end(scene_t *s)
{
    file_remove_tree(s->dir, s->p);
}

static void mark(const scene_t *s, const char *what)
{
    fixture_write(apr_pstrcat(s->p, s->dir, "/", what, NULL), "", 0);
}

static const char *calls(const scene_t *s)
{
    const char *text = "";
    apr_size_t len = 0;

    file_read(&text, &len, apr_pstrcat(s->p, s->dir, "/calls", NULL), 10000, s->p);
    return text != NULL ? text : "";
}

static int occurrences(const char *text, const char *what)
{
    int n = 0;

    for (; (text = strstr(text, what)) != NULL; ++text) {
        ++n;
    }
    return n;
}

static int noted(const scene_t *s)
{
    apr_array_header_t *records = NULL;

    dnsjournal_load(&records, s->means.store, ID, eab_result_make(s->p), s->p);
    return records->nelts;
}

static void stop(void *baton)
{
    loop_stop(baton);
}

static void run_for(const scene_t *s, int milliseconds)
{
    loop_timer_t *timer = loop_timer_make(s->means.loop, stop, s->means.loop);

    loop_timer_set(timer, apr_time_now() + apr_time_from_msec(milliseconds));
    loop_run(s->means.loop);
    loop_timer_release(s->means.loop, timer);
}

static apr_status_t add_by(const char *type, scene_t *s, const char *name, const char *word, int id)
{
    dns_challenge_t challenge = { type, name, word, word };

    return dns_add(s->dns, &s->certificate, &challenge, id, eab_result_make(s->p));
}

static apr_status_t add(scene_t *s, const char *name, const char *token, int id)
{
    return add_by("dns-01", s, name, token, id);
}

#define TURNS 1200 /* of waiting, on a machine that is very busy */

static void run_until_replied(const scene_t *s, int count)
{
    int i;

    for (i = 0; replied.count < count && i < TURNS; ++i) {
        run_for(s, 50);
    }
    assert_int_equal(count, replied.count);
}

static void run_until_gone(const scene_t *s)
{
    int i;

    for (i = 0; noted(s) > 0 && i < TURNS; ++i) {
        run_for(s, 50);
    }
    assert_int_equal(0, noted(s));
}

static void a_record_is_added_and_removed(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 7));
    assert_int_equal(1, noted(s)); /* before the command can have done anything */
    run_until_replied(s, 1);
    assert_int_equal(7, replied.id);
    assert_string_equal("", replied.type);
    assert_string_equal("add _acme-challenge.a.example " VALUE
                        " / add a.example _acme-challenge.a.example " VALUE " 3\n",
                        calls(s));
    assert_int_equal(APR_SUCCESS, add(s, "a.example", TOKEN, 8)); /* it is there */
    release(s);
    run_until_gone(s);
    assert_int_equal(1, occurrences(calls(s), "remove _acme-challenge.a.example " VALUE " /"));
    assert_int_equal(2, occurrences(calls(s), "\n"));
    assert_int_equal(1, replied.count);
    scene_end(s);
}

/* A token whose value begins with "-", as one in 64 does: a program that reads options has them ended. */
static void a_value_is_no_option(void **state)
{
    scene_t *s = scene(*state);
    const char *token = NULL, *value = NULL;
    unsigned char digest[32];
    int i;

    for (i = 0; value == NULL || value[0] != '-'; ++i) {
        const char *text;

        token = apr_psprintf(s->p, "%043d", i);
        text = apr_pstrcat(s->p, token, "." THUMBPRINT, NULL);
        assert_int_equal(1, EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL));
        value = base64url_encode(s->p, digest, sizeof(digest));
    }
    assert_int_equal(APR_EAGAIN, add(s, "a.example", token, 1));
    run_until_replied(s, 1);
    /* Each argument keeps its place for programs that count them. */
    assert_int_equal(1, occurrences(calls(s), apr_pstrcat(s->p, "add _acme-challenge.a.example ",
                                                          value, " / add a.example ", NULL)));
    assert_int_equal(0, occurrences(calls(s), "-- "));
    s->plan->dns_command = apr_pstrcat(s->p, s->plan->dns_command, " --", NULL);
    release(s);
    run_until_gone(s);
    assert_int_equal(1, occurrences(calls(s), apr_pstrcat(s->p, "-- remove _acme", NULL)));
    assert_int_equal(0, occurrences(calls(s), "-- -- "));
    scene_end(s);
}

static void values_of_one_name_stay_apart(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 1));
    assert_int_equal(APR_EAGAIN, add(s, "a.example", OTHER_TOKEN, 2));
    run_until_replied(s, 2);
    assert_int_equal(2, occurrences(calls(s), "add _acme-challenge.a.example "));
    assert_int_equal(2, noted(s));
    release(s);
    run_until_gone(s);
    assert_int_equal(2, occurrences(calls(s), "remove _acme-challenge.a.example "));
    assert_int_equal(0, occurrences(calls(s), "overlap"));
    scene_end(s);
}

static void what_is_not_ours_is_refused(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(APR_EINVAL, add(s, "b.example", TOKEN, 1));
    assert_int_equal(APR_EINVAL, add(s, "*.a.example", TOKEN, 1));
    assert_int_equal(APR_EINVAL, add(s, NULL, TOKEN, 1));
    assert_int_equal(APR_EINVAL, add(s, "a.example", NULL, 1));
    assert_int_equal(APR_EINVAL, add(s, "a.example", "short", 1));
    assert_int_equal(APR_EINVAL, add(s, "a.example", "$(reboot)$(reboot)$(reboot)", 1));
    s->plan->challenges = strings(s->p, "http-01", NULL);
    assert_int_equal(APR_EINVAL, add(s, "a.example", TOKEN, 1));
    s->plan->challenges = strings(s->p, "dns-01", "http-01");
    s->plan->names = strings(s->p, "192.0.2.1", NULL);
    assert_int_equal(APR_EINVAL, add(s, "192.0.2.1", TOKEN, 1)); /* RFC 8738, 7 */
    s->plan->names = strings(s->p, "a.example", NULL);
    s->journal.finalized = 1;
    assert_int_equal(APR_EINVAL, add(s, "a.example", TOKEN, 1));
    s->certificate.journal = NULL;
    assert_int_equal(APR_EINVAL, add(s, "a.example", TOKEN, 1));
    assert_int_equal(0, noted(s));
    assert_string_equal("", calls(s));
    scene_end(s);
}

static void the_number_of_records_is_limited(void **state)
{
    scene_t *s = scene(*state);
    int i;

    for (i = 0; i < 8; ++i) {
        assert_int_equal(APR_EAGAIN, add(s, "a.example", apr_psprintf(s->p, "%043d", i), i + 1));
    }
    assert_int_equal(APR_EINVAL, add(s, "a.example", TOKEN, 9));
    release(s);
    run_until_gone(s);
    assert_int_equal(8, replied.count); /* also for those that never ran */
    scene_end(s);
}

static void a_failure_is_told_and_undone(void **state)
{
    scene_t *s = scene(*state);

    mark(s, "fail-add");
    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    assert_string_equal(EAB_PROBLEM_DNS_COMMAND, replied.type);
    assert_non_null(strstr(replied.detail, "status 3"));
    assert_int_equal(CAUSE_UNTOLD, replied.cause);
    run_until_gone(s);
    assert_int_equal(1, occurrences(calls(s), "remove _acme-challenge.a.example " VALUE));
    scene_end(s);
}

static void a_hanging_command_is_killed(void **state)
{
    scene_t *s = scene(*state);

    start_keeper(s, apr_time_from_sec(3)); /* in which the removal will have ended */
    mark(s, "hang-add");
    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    assert_string_equal(EAB_PROBLEM_DNS_COMMAND, replied.type);
    assert_non_null(strstr(replied.detail, "did not end"));
    assert_int_equal(CAUSE_UNTOLD, replied.cause); /* the signal was ours */
    run_until_gone(s);
    scene_end(s);
}

static void a_command_that_a_signal_ends_is_told(void **state)
{
    scene_t *s = scene(*state);

    mark(s, "kill-add");
    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    assert_string_equal(EAB_PROBLEM_DNS_COMMAND, replied.type);
    assert_int_equal(CAUSE_SIGNAL, replied.cause);
    run_until_gone(s);
    scene_end(s);
}

static void a_missing_command_is_told(void **state)
{
    scene_t *s = NULL;

    fixture_needs_vfork();
    s = scene(*state);
    s->plan->dns_command = "/nonexistent/command";
    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    assert_string_equal(EAB_PROBLEM_DNS_COMMAND, replied.type);
    assert_non_null(strstr(replied.detail, "could not be run"));
    assert_int_equal(0, noted(s)); /* nothing was added, so nothing is to be removed */
    s->plan->dns_command = NULL;
    assert_int_equal(APR_EINVAL, add(s, "a.example", TOKEN, 1));
    scene_end(s);
}

static void a_failed_removal_is_remembered(void **state)
{
    scene_t *s = scene(*state);

    mark(s, "fail-remove");
    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    release(s);
    run_for(s, 300);
    assert_int_equal(1, occurrences(calls(s), "remove _acme")); /* not again and again */
    assert_int_equal(1, noted(s));
    assert_int_equal(0, remove(apr_pstrcat(s->p, s->dir, "/fail-remove", NULL)));
    s->certificate.journal = NULL;
    start_keeper(s, apr_time_from_sec(10)); /* the next one tries again */
    run_until_gone(s);
    assert_int_equal(2, occurrences(calls(s), "remove _acme"));
    scene_end(s);
}

static void records_of_an_open_order_survive_a_crash(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    start_keeper(s, apr_time_from_sec(10));
    run_for(s, 200);
    assert_int_equal(1, noted(s));
    assert_int_equal(0, occurrences(calls(s), "remove"));
    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 2)); /* made sure of again */
    run_until_replied(s, 2);
    assert_int_equal(1, noted(s));
    s->journal.finalized = 1;
    start_keeper(s, apr_time_from_sec(10));
    run_until_gone(s);
    scene_end(s);
}

/* Its certificate is not configured any more: the command is the one of that time. */
static void records_of_a_forgotten_certificate_are_removed(void **state)
{
    scene_t *s = scene(*state);

    assert_int_equal(APR_EAGAIN, add(s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    s->configured->certificates->nelts = 0;
    s->model.certificates->nelts = 0;
    start_keeper(s, apr_time_from_sec(10));
    run_until_gone(s);
    assert_int_equal(1, occurrences(calls(s), "remove _acme-challenge.a.example " VALUE));
    scene_end(s);
}

#define ACCOUNT_URL "https://example.com/acme/acct/ExampleAccount"
#define LASTING "authority.example; accounturi=" ACCOUNT_URL "; policy=wildcard"

static scene_t *scene_of(apr_pool_t *p, const char *type)
{
    scene_t *s = scene(p);

    s->plan->challenges = strings(p, type, NULL);
    s->account.registration = apr_pcalloc(p, sizeof(registration_t));
    s->account.registration->url = ACCOUNT_URL;
    return s;
}

/* draft-ietf-acme-dns-account-label: the name is of the account, the value that of dns-01. */
static void the_record_of_an_account_has_its_own_name(void **state)
{
    scene_t *s = scene_of(*state, "dns-account-01");
    const char *record = "_ujmmovf2vn55tgye._acme-challenge.a.example " VALUE;

    assert_int_equal(APR_EAGAIN, add_by("dns-account-01", s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    assert_string_equal("", replied.type);
    assert_int_equal(1, occurrences(calls(s), apr_pstrcat(s->p, "add ", record, " /", NULL)));
    release(s);
    run_until_gone(s);
    assert_int_equal(1, occurrences(calls(s), apr_pstrcat(s->p, "remove ", record, " /", NULL)));
    scene_end(s);
}

/* It is removed under the name that it was added with, though the account is another one by now. */
static void a_record_goes_under_the_name_it_came_with(void **state)
{
    scene_t *s = scene_of(*state, "dns-account-01");

    assert_int_equal(APR_EAGAIN, add_by("dns-account-01", s, "a.example", TOKEN, 1));
    run_until_replied(s, 1);
    s->account.registration->url = "https://example.com/acme/acct/2";
    s->certificate.journal = NULL;
    start_keeper(s, apr_time_from_sec(10));
    run_until_gone(s);
    assert_int_equal(1,
                     occurrences(calls(s), "remove _ujmmovf2vn55tgye._acme-challenge.a.example "));
    scene_end(s);
}

static void a_challenge_that_is_not_allowed_is_refused(void **state)
{
    scene_t *s = scene_of(*state, "dns-account-01");

    assert_int_equal(APR_EINVAL, add_by("dns-01", s, "a.example", TOKEN, 1));
    assert_int_equal(APR_EINVAL, add_by("http-01", s, "a.example", TOKEN, 1));
    assert_int_equal(APR_EINVAL, add_by("dns-persist-01", s, "a.example", "ca.example", 1));
    assert_int_equal(APR_EINVAL, add_by("dns-account-01", s, "b.example", TOKEN, 1));
    s->plan->challenges = strings(s->p, "http-01", NULL);
    assert_int_equal(APR_EINVAL, add_by("http-01", s, "a.example", TOKEN, 1));
    s->plan->challenges = strings(s->p, "dns-account-01", "dns-persist-01");
    s->account.registration->url = NULL;
    assert_int_equal(APR_EINVAL, add_by("dns-account-01", s, "a.example", TOKEN, 1));
    assert_int_equal(APR_EINVAL, add_by("dns-persist-01", s, "a.example", "ca.example", 1));
    assert_int_equal(0, noted(s));
    scene_end(s);
}

/* draft-ietf-acme-dns-persist-01, 3.1: nothing but a name gets into a record that stays. */
static void a_lasting_record_is_for_an_issuer(void **state)
{
    static const char *const issuers[] = {
        "",          "*.ca.example", "CA.example", "ca.example.", "ca.example; policy=wildcard",
        "192.0.2.1", "ca example",
    };
    scene_t *s = scene_of(*state, "dns-persist-01");
    size_t i;

    for (i = 0; i < sizeof(issuers) / sizeof(issuers[0]); ++i) {
        assert_int_equal(APR_EINVAL, add_by("dns-persist-01", s, "a.example", issuers[i], 1));
    }
    assert_int_equal(APR_EINVAL, add_by("dns-persist-01", s, "a.example", NULL, 1));
    assert_int_equal(0, noted(s));
    scene_end(s);
}

static void a_lasting_record_is_added_once_and_stays(void **state)
{
    scene_t *s = scene_of(*state, "dns-persist-01");

    assert_int_equal(APR_EAGAIN, add_by("dns-persist-01", s, "a.example", "authority.example", 1));
    run_until_replied(s, 1);
    assert_string_equal("", replied.type);
    assert_int_equal(1, occurrences(calls(s), "add _validation-persist.a.example " LASTING " /"));
    release(s);
    run_for(s, 200);
    s->certificate.journal = NULL;
    start_keeper(s, apr_time_from_sec(10)); /* nor after a restart */
    run_for(s, 200);
    assert_int_equal(0, occurrences(calls(s), "remove"));
    assert_int_equal(1, noted(s));
    s->certificate.journal = &s->journal;
    assert_int_equal(APR_EGENERAL,
                     add_by("dns-persist-01", s, "a.example", "authority.example", 2));
    run_for(s, 100);
    assert_int_equal(1, occurrences(calls(s), "\n"));
    scene_end(s);
}

/* A name and its wildcard are proven by one record: nobody is told that it is there before it is. */
static void all_who_want_a_record_wait_for_it(void **state)
{
    scene_t *s = scene_of(*state, "dns-persist-01");

    assert_int_equal(APR_EAGAIN, add_by("dns-persist-01", s, "a.example", "authority.example", 1));
    assert_int_equal(APR_EAGAIN, add_by("dns-persist-01", s, "a.example", "authority.example", 2));
    assert_int_equal(0, replied.count);
    run_until_replied(s, 2);
    assert_int_equal(2, replied.count);
    assert_string_equal("", replied.type);
    assert_int_equal(1, occurrences(calls(s), "\n"));
    /* Who looked for it before it was there comes late, and is not told that it has gone. */
    assert_int_equal(APR_SUCCESS, add_by("dns-persist-01", s, "a.example", "authority.example", 3));
    scene_end(s);
}

static void a_lasting_record_that_failed_is_taken_away(void **state)
{
    scene_t *s = scene_of(*state, "dns-persist-01");

    mark(s, "fail-add");
    assert_int_equal(APR_EAGAIN, add_by("dns-persist-01", s, "a.example", "authority.example", 1));
    run_until_replied(s, 1);
    assert_string_equal(EAB_PROBLEM_DNS_COMMAND, replied.type);
    run_until_gone(s);
    assert_int_equal(1, occurrences(calls(s), "remove _validation-persist.a.example "));
    scene_end(s);
}

static void nobody_is_answered_after_the_agents_end(void **state)
{
    scene_t *s = scene(*state);
    int i;

    for (i = 0; i < TURNS && add(s, "a.example", TOKEN, 1) == APR_EAGAIN; ++i) {
        dns_forget_agent(s->dns);
        run_for(s, 50);
    }
    assert_true(i > 0 && i < TURNS);
    assert_int_equal(0, replied.count);
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_record_is_added_and_removed),
        fixture_test(a_value_is_no_option),
        fixture_test(values_of_one_name_stay_apart),
        fixture_test(what_is_not_ours_is_refused),
        fixture_test(the_number_of_records_is_limited),
        fixture_test(a_failure_is_told_and_undone),
        fixture_test(a_hanging_command_is_killed),
        fixture_test(a_command_that_a_signal_ends_is_told),
        fixture_test(a_missing_command_is_told),
        fixture_test(a_failed_removal_is_remembered),
        fixture_test(records_of_an_open_order_survive_a_crash),
        fixture_test(records_of_a_forgotten_certificate_are_removed),
        fixture_test(nobody_is_answered_after_the_agents_end),
        fixture_test(the_record_of_an_account_has_its_own_name),
        fixture_test(a_record_goes_under_the_name_it_came_with),
        fixture_test(a_challenge_that_is_not_allowed_is_refused),
        fixture_test(a_lasting_record_is_for_an_issuer),
        fixture_test(a_lasting_record_is_added_once_and_stays),
        fixture_test(all_who_want_a_record_wait_for_it),
        fixture_test(a_lasting_record_that_failed_is_taken_away),
    };

    return fixture_run(tests);
}
