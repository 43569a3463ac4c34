/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <poll.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/chain.h"

#define DIRECTORY CA "/dir"
#define ROUNDS_MAX 100

static void on_send(acme_transport_t *transport, const acme_request_t *request,
                    acme_answer_fn *done, void *baton)
{
    stage_t *s = transport->impl;
    stage_call_t *call = &s->calls[s->sent++];
    char *rest = apr_pstrdup(s->p, request->body);

    assert_true(s->sent < CALLS_MAX);
    call->method = apr_pstrdup(s->p, request->method);
    call->url = apr_pstrdup(s->p, request->url);
    call->accept = apr_pstrdup(s->p, request->accept);
    if (rest != NULL) {
        call->sentence = apr_strtok(rest, " ", &rest);
        call->nonce = apr_strtok(NULL, " ", &rest);
    }
    call->done = done;
    call->baton = baton;
}

static apr_array_header_t *list_of(apr_pool_t *p, const char *text)
{
    apr_array_header_t *list = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = text;
    return list;
}

static void fill_brief(stage_t *s)
{
    apr_pool_t *p = s->p;

    s->brief = brief_make(p);
    s->brief->run_dir = fixture_directory(p);
    s->brief->max_parallel = 8;
    s->account = apr_array_push(s->brief->accounts);
    s->account->label = "default";
    s->account->directory = DIRECTORY;
    s->account->url = ACCOUNT_URL;
    s->account->thumbprint = THUMBPRINT;
    s->account->eab = 1;
    s->account->terms_accepted = 1;
    s->account->failure.problem = eab_result_make(p);
    s->certificate = apr_array_push(s->brief->certificates);
    s->certificate->id = NAME;
    s->certificate->names = list_of(p, NAME);
    s->certificate->challenges = list_of(p, "http-01");
    s->certificate->key_type = "p256";
    s->certificate->dns_resolver = "127.255.255.254";
    s->certificate->served = 1;
    s->certificate->failure.problem = eab_result_make(p);
}

static void catch_log(stage_t *s)
{
    s->log = tmpfile();
    assert_non_null(s->log);
    fflush(stderr);
    s->saved = dup(2);
    assert_true(dup2(fileno(s->log), 2) == 2);
}

stage_t *stage_make(apr_pool_t *p)
{
    stage_t *s = apr_pcalloc(p, sizeof(*s));

    s->p = p;
    s->keeper = fake_keeper_make(p);
    s->transport.send = on_send;
    s->transport.impl = s;
    s->heard = apr_array_make(p, 8, sizeof(const char *));
    s->directory = "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-account\","
                   "\"newOrder\":\"" CA "/new-order\"}";
    fill_brief(s);
    return s;
}

void stage_begin(stage_t *s)
{
    agent_account_t *account;

    catch_log(s);
    log_set_level(LOG_LEVEL_NOTICE);
    s->agent = agent_make(s->keeper->link, s->brief, s->p);
    assert_non_null(s->agent);
    account = stage_account(s);
    account->session = acme_session_make(s->p, &s->transport, &account->signer, DIRECTORY);
}

stage_t *stage_start(apr_pool_t *p)
{
    stage_t *s = stage_make(p);

    stage_begin(s);
    return s;
}

stage_t *stage_start_with_order(apr_pool_t *p, const char *url, int finalized)
{
    stage_t *s = stage_make(p);

    s->certificate->ordering = 1;
    s->certificate->order_names = s->certificate->names;
    s->certificate->order_url = url;
    s->certificate->finalized = finalized;
    stage_begin(s);
    return s;
}

stage_t *stage_start_paced(apr_pool_t *p, const char *url, int finalized)
{
    stage_t *s = url != NULL ? stage_start_with_order(p, url, finalized) : stage_start(p);

    stage_pace(s);
    stage_wake(s);
    return s;
}

void stage_end(stage_t *s)
{
    fflush(stderr);
    dup2(s->saved, 2);
    close(s->saved);
    fclose(s->log);
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->brief->run_dir, s->p));
}

job_t *stage_job(const stage_t *s)
{
    return APR_ARRAY_IDX(s->agent->jobs, 0, job_t *);
}

agent_account_t *stage_account(const stage_t *s)
{
    return APR_ARRAY_IDX(s->agent->accounts, 0, agent_account_t *);
}

/* ---- the keeper ---- */

static void reply(stage_t *s, int type, const json_t *body)
{
    json_int_t id = json_integer_value(json_object_get(body, "id"));
    const char *jws;

    if (type == MESSAGE_SIGN) {
        jws = apr_psprintf(s->p, "%s %s", json_peek_string(body, "sentence"),
                           json_peek_string(body, "nonce"));
        fake_keeper_say(s->keeper, MESSAGE_SIGNED, json_pack("{s:I,s:s}", "id", id, "jws", jws));
    }
    else if ((type == MESSAGE_INSTALL || type == MESSAGE_DNS_ADD || type == MESSAGE_STAPLE)
             && s->refused != NULL) {
        fake_keeper_say(s->keeper, MESSAGE_PROBLEM,
                        json_pack("{s:I,s:{s:i,s:s,s:s}}", "id", id, "problem", "rv", APR_EINVAL,
                                  "type", s->refused, "detail", "It is not ours."));
    }
    else if (type == MESSAGE_INSTALL) {
        fake_keeper_say(s->keeper, MESSAGE_DONE,
                        json_pack("{s:I,s:{s:[s],s:s,s:s,s:s,s:s,s:b}}", "id", id, "facts", "names",
                                  NAME, "key_type", "p256", "not_before",
                                  clock_format(s->p, apr_time_now()), "not_after",
                                  clock_format(s->p, apr_time_now() + apr_time_from_sec(7776000)),
                                  "ari_id", "bbbb.BB", "same_account", 1));
    }
    else if (type == MESSAGE_SEEN) {
        json_t *facts = brief_facts_to_json(stage_job(s)->brief->facts);

        json_put_string(facts, "activation", ACTIVATION_LIVE);
        fake_keeper_say(s->keeper, MESSAGE_DONE, json_pack("{s:I,s:o}", "id", id, "facts", facts));
    }
    else if (type == MESSAGE_STAPLE) {
        fake_keeper_say(s->keeper, MESSAGE_DONE,
                        json_pack("{s:I,s:o}", "id", id, "facts",
                                  brief_facts_to_json(stage_job(s)->brief->facts)));
    }
    else {
        fake_keeper_say(s->keeper, MESSAGE_DONE, json_pack("{s:I}", "id", id));
    }
}

static int serve_keeper(stage_t *s)
{
    int type = 0;
    json_t *body;

    assert_int_equal(APR_SUCCESS, link_serve(s->keeper->link, POLLIN | POLLOUT));
    body = fake_keeper_hear(s->keeper, &type);
    if (body == NULL)
        return 0;
    if (type != MESSAGE_SIGN) {
        APR_ARRAY_PUSH(s->heard, const char *) = message_name(type);
        s->last = body;
        if (json_object_get(body, "part") != NULL)
            s->counts = json_copy_string(s->p, json_object_get(body, "part"), "counts");
    }
    if (type == MESSAGE_SIGN && strcmp(json_peek_string(body, "sentence"), "newOrder") == 0)
        s->order = body;
    if (type != s->held)
        reply(s, type, body);
    assert_int_equal(APR_SUCCESS, link_serve(s->keeper->link, POLLIN | POLLOUT));
    return 1;
}

/* ---- the CA ---- */

static void call_back(stage_t *s, stage_call_t *call, acme_answer_t *answer, eab_result_t *result)
{
    acme_answer_fn *done = call->done;

    (void)s;
    assert_non_null(done);
    call->done = NULL;
    answer->url = call->url;
    done(call->baton, answer, result);
    apr_pool_destroy(answer->pool);
}

static acme_answer_t *answer_make(stage_t *s, int status, const char *body)
{
    apr_pool_t *pool = NULL;
    acme_answer_t *answer;

    apr_pool_create(&pool, s->p);
    answer = apr_pcalloc(pool, sizeof(*answer));
    answer->pool = pool;
    answer->status = status;
    answer->headers = apr_table_make(pool, 4);
    answer->body = body;
    answer->len = strlen(body);
    if (status != 0)
        apr_table_setn(answer->headers, "Replay-Nonce", apr_psprintf(pool, "n%d", s->nonces++));
    return answer;
}

static const char *what_is_at(const stage_t *s, const stage_call_t *call)
{
    if (strcmp(call->method, "HEAD") == 0)
        return "";
    return strcmp(call->url, DIRECTORY) == 0 ? s->directory : s->suggested;
}

/* @return 1 when there was something to answer */
static int serve_ca(stage_t *s)
{
    int i;

    for (i = 0; i < s->sent; ++i) {
        stage_call_t *call = &s->calls[i];
        acme_answer_t *answer;

        if (call->done == NULL || call->sentence != NULL)
            continue;
        answer = answer_make(s, 200, what_is_at(s, call));
        if (strcmp(call->method, "GET") == 0) {
            apr_table_unset(answer->headers, "Replay-Nonce");
            apr_table_setn(answer->headers, "Retry-After", "21600");
        }
        call_back(s, call, answer, eab_result_make(answer->pool));
        return 1;
    }
    return 0;
}

static void settle(stage_t *s)
{
    int rounds;

    for (rounds = 0; serve_keeper(s) || serve_ca(s); ++rounds)
        assert_true(rounds < ROUNDS_MAX);
}

void stage_settle(stage_t *s)
{
    settle(s);
}

void stage_poke(stage_t *s, apr_time_t now)
{
    lifecycle_poke(stage_job(s), now);
    settle(s);
}

void stage_wake(stage_t *s)
{
    stage_poke(s, stage_job(s)->at);
}

stage_call_t *stage_expect(stage_t *s, const char *sentence, const char *url)
{
    int i;

    for (i = 0; i < s->sent; ++i) {
        stage_call_t *call = &s->calls[i];

        if (call->done == NULL)
            continue;
        assert_string_equal(sentence, call->sentence);
        assert_string_equal(url, call->url);
        return call;
    }
    fail_msg("nothing is asked, but %s to %s is expected", sentence, url);
    return NULL;
}

stage_call_t *stage_expect_any(stage_t *s, const char *sentence)
{
    int i;

    for (i = 0; i < s->sent; ++i) {
        stage_call_t *call = &s->calls[i];

        if (call->done != NULL && strcmp(call->sentence, sentence) == 0)
            return call;
    }
    fail_msg("%s is expected", sentence);
    return NULL;
}

void stage_look_up(stage_t *s)
{
    struct pollfd look = { aside_fd(s->agent->kit->aside), POLLIN, 0 };

    assert_int_equal(1, poll(&look, 1, 30000));
    aside_serve(s->agent->kit->aside);
    settle(s);
}

void stage_expect_silence(const stage_t *s)
{
    int i;

    for (i = 0; i < s->sent; ++i) {
        if (s->calls[i].done != NULL)
            fail_msg("%s %s is under way", s->calls[i].method, s->calls[i].url);
    }
}

void stage_answer(stage_t *s, stage_call_t *call, int status, const char *body, const char *header,
                  const char *value)
{
    acme_answer_t *answer = answer_make(s, status, body);

    if (header != NULL)
        apr_table_setn(answer->headers, header, value);
    call_back(s, call, answer, eab_result_make(answer->pool));
    settle(s);
}

void stage_refuse(stage_t *s, stage_call_t *call, int status, const char *type)
{
    stage_answer(s, call, status,
                 apr_psprintf(s->p, "{\"type\":\"" ACME_ERROR "%s\",\"detail\":\"No.\"}", type),
                 NULL, NULL);
}

void stage_cut(stage_t *s, stage_call_t *call)
{
    acme_answer_t *answer = answer_make(s, 0, "");
    eab_result_t *result = eab_result_make(answer->pool);

    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_UNREACHABLE, "cut");
    call_back(s, call, answer, result);
    settle(s);
}

void stage_page(stage_t *s, stage_call_t *call, int status, const char *header, const char *value)
{
    stage_answer(s, call, status, "<html><body>Please try again</body></html>", header, value);
}

void stage_pace(stage_t *s)
{
    agent_account_t *account = stage_account(s);

    acme_session_pace(account->session,
                      pacing_of(s->agent->kit->pacing, &account->pace, &account->active, s->p));
}

void stage_wait(stage_t *s, int seconds)
{
    acme_session_poke(stage_account(s)->session, clock_steady() + apr_time_from_sec(seconds));
    settle(s);
}

const char *stage_chain(stage_t *s)
{
    keypair_t *key;

    if (s->chain == NULL) {
        key = keypair_adopt(s->p, keypair_generate("p256"));
        s->chain = chain_make_fallback(s->p, key, s->certificate->names);
    }
    assert_non_null(s->chain);
    return s->chain;
}

/* ---- orders ---- */

const char *stage_order_json(stage_t *s, const char *status, const char *more)
{
    return apr_psprintf(s->p,
                        "{\"status\":\"%s\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"" NAME
                        "\"}],\"authorizations\":[\"" CA "/authz/1\"],\"finalize\":\"" CA
                        "/finalize/1\"%s}",
                        status, more);
}

const char *stage_authorization_json(stage_t *s, const char *name, const char *status)
{
    return apr_psprintf(s->p,
                        "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\",\"value\":\"%s\"},"
                        "\"challenges\":[{\"type\":\"http-01\",\"url\":\"" CA
                        "/challenge/%s\",\"token\":\"" TOKEN "\",\"status\":\"%s\"}]}",
                        strcmp(status, "valid") == 0 ? "valid" : "pending", name, name, status);
}

void stage_order(stage_t *s, const char *status)
{
    stage_wake(s);
    stage_answer(s, stage_expect(s, "newOrder", CA "/new-order"), 201,
                 stage_order_json(s, status, ""), "Location", ORDER_URL);
}

void stage_read_order(stage_t *s, const char *status, const char *more)
{
    stage_answer(s, stage_expect(s, "read", ORDER_URL), 200, stage_order_json(s, status, more),
                 NULL, NULL);
}

void stage_answer_challenge(stage_t *s)
{
    stage_order(s, "pending");
    stage_answer(s, stage_expect(s, "read", CA "/authz/1"), 200,
                 stage_authorization_json(s, NAME, "pending"), NULL, NULL);
    stage_answer(s, stage_expect(s, "challenge", CA "/challenge/" NAME), 200, "{}", NULL, NULL);
    stage_expect_silence(s);
    assert_int_equal(JOB_VALIDATING, stage_job(s)->state);
}

/* ---- what became of it ---- */

int stage_count(const stage_t *s, const char *sentence)
{
    int i, count = 0;

    for (i = 0; i < s->sent; ++i)
        count += s->calls[i].sentence != NULL && strcmp(s->calls[i].sentence, sentence) == 0;
    return count;
}

int stage_count_gets(const stage_t *s, const char *url)
{
    int i, count = 0;

    for (i = 0; i < s->sent; ++i)
        count += strcmp(s->calls[i].method, "GET") == 0
                 && strncmp(s->calls[i].url, url, strlen(url)) == 0;
    return count;
}

int stage_heard(const stage_t *s, const char *message)
{
    int i, count = 0;

    for (i = 0; i < s->heard->nelts; ++i)
        count += strcmp(APR_ARRAY_IDX(s->heard, i, const char *), message) == 0;
    return count;
}

const eab_result_t *stage_problem(const stage_t *s)
{
    const job_t *job = stage_job(s);

    stage_expect_silence(s);
    assert_int_equal(JOB_IDLE, job->state);
    assert_true(job->failing.failure.attempts > 0);
    return job->failing.failure.problem;
}

int stage_has_answer(const stage_t *s, const char *name)
{
    struct stat st;

    return stat(apr_pstrcat(s->p, s->brief->run_dir, "/challenges/", name, "/" TOKEN, NULL), &st)
           == 0;
}

const char *stage_log(stage_t *s)
{
    char *text = apr_pcalloc(s->p, 20000);

    assert_true(pread(fileno(s->log), text, 19999, 0) >= 0);
    assert_int_equal(0, ftruncate(fileno(s->log), 0));
    assert_int_equal(0, lseek(fileno(s->log), 0, SEEK_SET));
    return text;
}

void stage_expect_problem(stage_t *s, const char *type)
{
    const eab_result_t *problem = stage_problem(s);

    assert_non_null(problem->type);
    assert_string_equal(type, problem->type);
}

void stage_expect_nothing_lost(stage_t *s)
{
    assert_int_equal(0, stage_heard(s, "abandon"));
    assert_int_equal(0, stage_heard(s, "failed"));
}
