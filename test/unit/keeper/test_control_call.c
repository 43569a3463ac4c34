/* SPDX-License-Identifier: Apache-2.0 */

/* An act that is begun again, as a keeper died in it, or could not write that it was begun: what it is about
 * stays what it was when root asked. */

#include "scene.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/json.h"
#include "crypto/chain.h"
#include "store/act.h"
#include "store/blocked.h"
#include "store/record.h"

#define ID "00112233445566778899aabbccddeeff"
#define ACT "acts/" ID ".json"

static void on_news(void *baton)
{
    (void)baton;
}

static apr_status_t hear(void *baton, int type, json_t *body)
{
    json_t **plast = baton;

    if (type == MESSAGE_PART)
        *plast = json_deep_copy(body);
    json_decref(body);
    return APR_SUCCESS;
}

/* @param arguments given away
 * @return the last part that was told, in s->p; or NULL */
static json_t *ask(scene_t *s, const char *command, json_t *arguments)
{
    json_t *body = json_pack("{s:s,s:s,s:o,s:{s:s}}", "id", ID, "command", command, "arguments",
                             arguments, "by", "user", "alice");
    control_watch_t *watch = control_door_ask(s->keeper->control, body, 0, on_news, NULL, s->p);
    json_t *part = NULL;

    json_decref(body);
    assert_non_null(watch);
    (void)control_watch_flush(watch, hear, &part);
    control_watch_end(watch);
    return part != NULL ? json_own(s->p, part) : NULL;
}

static json_t *of_name(void)
{
    return json_pack("{s:[s],s:i,s:b}", "names", NAME, "reason", 4, "force", 1);
}

/* A certificate that httpd serves. */
static scene_t *serving(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    scene_load(s);
    scene_start(s);
    control_door_start(s->keeper->control);
    return s;
}

/* As if the keeper had died before it could write that the act was begun, and what was told. */
static void rewind_act(scene_t *s)
{
    json_t *act = scene_read(s, ACT);

    assert_non_null(act);
    json_object_set_new(act, "begun", json_false());
    json_object_set_new(act, "ended", json_false());
    json_object_del(act, "told");
    assert_int_equal(APR_SUCCESS, record_write(scene_path(s, ACT), act, s->result, s->p));
}

static void renew(scene_t *s)
{
    scene_finalize(s);
    scene_install(s);
    scene_load(s);
}

static void begin_again(scene_t *s)
{
    scene_start(s);
    control_door_start(s->keeper->control);
}

static const char *spki_of_best(scene_t *s)
{
    chain_t *chain = NULL;

    assert_int_equal(APR_SUCCESS,
                     chain_load(&chain, scene_certificate(s)->best->chain_path, s->result, s->p));
    return chain_spki(s->p, chain);
}

static int is_blocked(scene_t *s, const char *spki)
{
    return blocked_check(s->keeper->means.store, spki, s->result, s->p) != APR_SUCCESS;
}

static void the_key_that_others_know_is_the_one_of_before(void **state)
{
    scene_t *s = serving(state);
    const char *old = spki_of_best(s),
               *fingerprint = scene_certificate(s)->best->facts->fingerprint;

    fingerprint = apr_pstrdup(s->p, fingerprint);
    ask(s, "compromised", of_name());
    assert_true(is_blocked(s, old));
    rewind_act(s);
    renew(s);
    assert_true(scene_certificate(s)->demanded == 0);
    begin_again(s);
    assert_false(is_blocked(s, spki_of_best(s)));
    assert_true(scene_certificate(s)->demanded == 0);
    assert_int_equal(1, s->keeper->model->revocations->list->nelts);
    assert_non_null(revocations_find(s->keeper->model->revocations, fingerprint));
    scene_end(s);
}

static void the_certificate_to_be_revoked_is_the_one_of_before(void **state)
{
    scene_t *s = serving(state);
    const char *fingerprint = apr_pstrdup(s->p, scene_certificate(s)->best->facts->fingerprint);

    ask(s, "revoke", of_name());
    rewind_act(s);
    renew(s);
    begin_again(s);
    assert_true(scene_certificate(s)->demanded == 0);
    assert_int_equal(1, s->keeper->model->revocations->list->nelts);
    assert_non_null(revocations_find(s->keeper->model->revocations, fingerprint));
    scene_end(s);
}

/* The CA has done it as well, and the record is gone. */
static void what_is_revoked_is_not_revoked_again(void **state)
{
    scene_t *s = serving(state);
    keeper_revocation_t *revocation;
    json_t *part;

    ask(s, "revoke", of_name());
    rewind_act(s);
    renew(s);
    scene_start(s);
    revocation = APR_ARRAY_IDX(s->keeper->model->revocations->list, 0, keeper_revocation_t *);
    assert_int_equal(APR_SUCCESS, revocation_done(s->keeper->model->revocations, revocation,
                                                  scene_certificate(s), s->result));
    assert_int_equal(APR_SUCCESS,
                     revocation_forget(s->keeper->model->revocations, revocation, s->result));
    begin_again(s);
    assert_int_equal(0, s->keeper->model->revocations->list->nelts);
    part = ask(s, "revoke", of_name());
    assert_string_equal("revoked", json_peek_string(part, "result"));
    scene_end(s);
}

static void one_more_certificate_and_no_more(void **state)
{
    scene_t *s = serving(state);
    json_t *part;

    ask(s, "renew", of_name());
    assert_true(scene_certificate(s)->demanded != 0);
    rewind_act(s);
    renew(s);
    begin_again(s);
    assert_true(scene_certificate(s)->demanded == 0);
    assert_int_equal(0, s->keeper->line->sent);
    part = ask(s, "renew", of_name());
    assert_string_equal("issued", json_peek_string(part, "result"));
    scene_end(s);
}

/* It died before it was demanded: there is none in the place of this one yet. */
static void what_was_not_demanded_is_demanded_then(void **state)
{
    scene_t *s = serving(state);

    ask(s, "renew", of_name());
    rewind_act(s);
    assert_int_equal(APR_SUCCESS, file_remove(scene_path(s, "demands/" NAME ".json")));
    begin_again(s);
    assert_true(scene_certificate(s)->demanded != 0);
    assert_int_equal(1, s->keeper->line->sent);
    scene_end(s);
}

static void one_more_key_and_no_more(void **state)
{
    scene_t *s = serving(state);
    const char *next;
    json_t *part;

    ask(s, "account rollover", json_pack("{s:s}", "label", s->account->label));
    rewind_act(s);
    assert_non_null(scene_account(s)->next_key);
    assert_int_equal(APR_SUCCESS, account_rolled(scene_account(s), s->result));
    next = apr_pstrdup(s->p, scene_account(s)->thumbprint);
    begin_again(s);
    assert_string_equal(next, scene_account(s)->thumbprint);
    assert_null(scene_account(s)->next_key);
    part = ask(s, "account rollover", json_pack("{s:s}", "label", s->account->label));
    assert_string_equal("done", json_peek_string(part, "result"));
    scene_end(s);
}

static void an_account_that_is_closed_is_no_failure(void **state)
{
    scene_t *s = serving(state);
    json_t *part;

    ask(s, "account deactivate", json_pack("{s:s,s:b}", "label", s->account->label, "force", 1));
    rewind_act(s);
    assert_int_equal(APR_SUCCESS, account_closed(scene_account(s), s->result));
    begin_again(s);
    part = ask(s, "account deactivate", json_pack("{s:s}", "label", s->account->label));
    assert_string_equal("done", json_peek_string(part, "result"));
    scene_end(s);
}

static void what_was_removed_is_no_failure(void **state)
{
    scene_t *s = serving(state);
    json_t *part;

    s->certificate->id = "new.example.edu";
    s->certificate->names = party_names(s->p, "new.example.edu", NULL);
    begin_again(s);
    ask(s, "delete", of_name());
    assert_false(scene_has(s, "archive/" NAME));
    rewind_act(s);
    begin_again(s);
    part = ask(s, "delete", of_name());
    assert_non_null(part);
    assert_string_equal("removed", json_peek_string(part, "result"));
    assert_null(json_object_get(scene_read(s, ACT), "problem"));
    scene_end(s);
}

/* While the disk is full, files can be removed and not written. */
static void let_write(int yes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &limit));
    limit.rlim_cur = yes ? limit.rlim_max : 0;
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
}

static void fill_the_disk(void)
{
    let_write(0);
}

static void what_could_not_be_written_is_written_later(void **state)
{
    scene_t *s = serving(state);

    s->keeper->line->on_sent = fill_the_disk;
    ask(s, "renew", of_name());
    let_write(1);
    s->keeper->line->on_sent = NULL;
    assert_false(json_peek_bool(scene_read(s, ACT), "begun", 0));
    scene_run(s, apr_time_from_msec(300));
    assert_true(json_peek_bool(scene_read(s, ACT), "begun", 0));
    scene_end(s);
}

/* The account has a problem, and its CA is not asked for an hour. @return why a retry is refused */
static const char *refusal_of_retry(scene_t *s, const char *type)
{
    keeper_account_t *account = scene_account(s);
    failure_t failure = { 0 };
    json_t *part;

    failure.attempts = 1;
    failure.since = failure.tried = apr_time_now();
    failure.fingerprint = "as it is";
    failure.problem = eab_result_make(s->p);
    eab_result_set(failure.problem, APR_EINVAL, type, "It is as it is.");
    failure.problem->retry_after = 3600;
    assert_int_equal(APR_SUCCESS, failing_keep(&account->failing, account->means,
                                               account->registration->id, &failure, 0, s->result));
    part = ask(s, "retry", json_pack("{s:[s]}", "names", NAME));
    assert_int_equal(APR_SUCCESS, file_remove(scene_path(s, ACT)));
    assert_string_equal("refused", json_peek_string(part, "result"));
    return json_peek_string(json_object_get(part, "problem"), "detail");
}

/* Only where it was the CA that has asked to wait, the refusal says so, and that --force does not wait. */
static void who_asked_to_wait_is_told(void **state)
{
    scene_t *s = serving(state);
    const char *why = refusal_of_retry(s, "urn:ietf:params:acme:error:rateLimited");

    assert_non_null(strstr(why, "The CA asked to wait"));
    assert_non_null(strstr(why, "--force"));
    begin_again(s);
    why = refusal_of_retry(s, EAB_PROBLEM_EAB_USED);
    assert_null(strstr(why, "The CA asked"));
    assert_non_null(strstr(why, "It is as it is. Another EAB pair"));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_key_that_others_know_is_the_one_of_before),
        fixture_test(the_certificate_to_be_revoked_is_the_one_of_before),
        fixture_test(what_is_revoked_is_not_revoked_again),
        fixture_test(who_asked_to_wait_is_told),
        fixture_test(one_more_certificate_and_no_more),
        fixture_test(what_was_not_demanded_is_demanded_then),
        fixture_test(one_more_key_and_no_more),
        fixture_test(an_account_that_is_closed_is_no_failure),
        fixture_test(what_was_removed_is_no_failure),
        fixture_test(what_could_not_be_written_is_written_later),
    };

    return fixture_run(tests);
}
