/* SPDX-License-Identifier: Apache-2.0 */

/* keeper/agent_process.h with real processes: shell scripts in the place of the agent. */

#include "../fixture.h"

#include <signal.h>
#include <sys/stat.h>

#include "../crypto/party.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "ipc/message.h"
#include "keeper/keeper.h"

typedef struct scene {
    apr_pool_t *p;
    const char *dir;
    plan_t *plan;
    keeper_t *keeper;
} scene_t;

static const char *file(scene_t *s, const char *name)
{
    return apr_pstrcat(s->p, s->dir, "/", name, NULL);
}

/* A message as the agent sends it. */
static void put_message(scene_t *s, int type, const char *text)
{
    size_t len = strlen(text);
    unsigned char *bytes = apr_palloc(s->p, len + 5);

    bytes[0] = (unsigned char)type;
    bytes[1] = bytes[2] = 0;
    bytes[3] = (unsigned char)(len >> 8);
    bytes[4] = (unsigned char)len;
    memcpy(bytes + 5, text, len);
    fixture_write(file(s, "message"), bytes, len + 5);
}

static const char *write_script(scene_t *s, const char *name, const char *script)
{
    const char *path = file(s, name);

    script = apr_pstrcat(s->p, "#!/bin/sh\nD=", s->dir, "\n", script, "\n", NULL);
    fixture_write(path, script, strlen(script));
    assert_int_equal(0, chmod(path, 0700));
    return path;
}

static void add_certificate(plan_t *plan, apr_pool_t *p)
{
    plan_certificate_t *certificate = apr_array_push(plan->certificates);

    memset(certificate, 0, sizeof(*certificate));
    certificate->id = "www.example.edu";
    certificate->names = party_names(p, certificate->id, NULL);
    certificate->challenges = party_names(p, NULL);
    certificate->key_type = "p256";
    certificate->served = 1;
    plan->reload = 1;
}

/* The agent's standard input is the socket; $D is the directory of the test.
 * @param source a program that gives the EAB key, or NULL */
static scene_t scene_of(apr_pool_t *p, const char *script, int certificates, const char *source)
{
    scene_t s = { .p = p };
    eab_result_t *result = eab_result_make(p);
    plan_account_t *account;
    store_t *store = NULL;

    s.dir = fixture_directory(p);
    s.plan = plan_make(p);
    s.plan->store_dir = file(&s, "store");
    s.plan->run_dir = file(&s, "run");
    s.plan->agent_program =
        write_script(&s, "agent",
                     apr_pstrcat(p, "echo run >> $D/runs\n",
                                 "until test -e $D/begun; do sleep 0.01; done\n", script, NULL));
    account = apr_array_push(s.plan->accounts);
    account->label = "default";
    account->directory = "https://ca.example/directory";
    account->eab_alg = "HS256";
    account->contacts = party_names(p, NULL);
    if (source != NULL) {
        account->kid = "kid-1";
        account->eab_source = apr_pstrcat(p, "exec:", write_script(&s, "source", source), NULL);
    }
    if (certificates > 0)
        add_certificate(s.plan, p);
    assert_int_equal(APR_SUCCESS, store_open(&store, s.plan->store_dir, result, p));
    s.keeper = keeper_make(loop_make(p), s.plan, store, NULL, result, p);
    assert_non_null(s.keeper);
    return s;
}

static scene_t scene(apr_pool_t *p, const char *script)
{
    return scene_of(p, script, 0, NULL);
}

/* Until then the program waits, whatever it is. */
static void begin(scene_t *s, apr_interval_time_t interval)
{
    fixture_write(file(s, "begun"), "", 0);
    agent_process_start(s->keeper->agent, s->keeper->door, interval);
}

static void on_end(void *baton)
{
    loop_stop(baton);
}

static void run(scene_t *s, apr_interval_time_t span)
{
    loop_timer_t *timer = loop_timer_make(s->keeper->means.loop, on_end, s->keeper->means.loop);

    loop_timer_set(timer, apr_time_now() + span);
    loop_run(s->keeper->means.loop);
    loop_timer_release(s->keeper->means.loop, timer);
}

static const char *content(scene_t *s, const char *name, apr_size_t *plen)
{
    const char *text = NULL;

    if (file_read(&text, plen, file(s, name), 1000000, s->p) != APR_SUCCESS) {
        *plen = 0;
        return "";
    }
    return text;
}

/* Until the file has that many bytes, or enough is enough. */
static const char *wait_for(scene_t *s, const char *name, apr_size_t want, apr_size_t *plen)
{
    const char *text = "";
    int i;

    for (i = 0; i < 400; ++i) {
        text = content(s, name, plen);
        if (*plen >= want)
            return text;
        run(s, apr_time_from_msec(25));
    }
    return text;
}

static int runs(scene_t *s)
{
    apr_size_t len = 0;

    content(s, "runs", &len);
    return (int)(len / strlen("run\n"));
}

static void scene_close(scene_t *s)
{
    agent_process_stop(s->keeper->agent);
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->dir, s->p));
}

/* The message at text; *plen is what follows it. */
static json_t *message_at(scene_t *s, const char **ptext, apr_size_t *plen, int type)
{
    const unsigned char *bytes = (const unsigned char *)*ptext;
    apr_size_t len;
    json_t *json;

    assert_true(*plen >= 5);
    assert_int_equal(type, bytes[0]);
    len = ((apr_size_t)bytes[2] << 16) | ((apr_size_t)bytes[3] << 8) | bytes[4];
    assert_true(*plen >= 5 + len);
    json = json_parse(s->p, *ptext + 5, len, NULL);
    assert_non_null(json);
    *ptext += 5 + len;
    *plen -= 5 + len;
    return json;
}

/* Until the log holds that many whole messages, or enough is enough. */
static const char *wait_for_messages(scene_t *s, int want, apr_size_t *plen)
{
    const unsigned char *bytes;
    const char *text = "";
    apr_size_t at;
    int i, found;

    for (i = 0; i < 2400; ++i) { /* a minute, on a machine that has no time */
        text = content(s, "log", plen);
        bytes = (const unsigned char *)text;
        for (at = 0, found = 0; at + 5 <= *plen && found < want; ++found) {
            at += 5
                  + (((apr_size_t)bytes[at + 2] << 16) | ((apr_size_t)bytes[at + 3] << 8)
                     | bytes[at + 4]);
            if (at > *plen)
                break;
        }
        if (found == want)
            break;
        run(s, apr_time_from_msec(25));
    }
    return text;
}

static void the_brief_comes_first(void **state)
{
    scene_t s = scene(*state, "exec cat > $D/log");
    eab_result_t *result = eab_result_make(s.p);
    news_t news = { "pending", NULL, 0, 0 };
    brief_t *brief = NULL;
    apr_size_t len = 0;
    const char *text;

    begin(&s, MESSAGE_ALIVE_INTERVAL);
    agent_line_tell_news(s.keeper->line, &news);
    text = wait_for_messages(&s, 3, &len);
    message_at(&s, &text, &len, MESSAGE_ACCOUNT);
    assert_int_equal(
        APR_SUCCESS,
        brief_from_json(&brief, message_at(&s, &text, &len, MESSAGE_BRIEF), result, s.p));
    assert_string_equal(s.plan->run_dir, brief->run_dir);
    assert_int_equal(0, brief->agent_restarts);
    assert_string_equal("pending",
                        json_peek_string(message_at(&s, &text, &len, MESSAGE_NEWS), "state"));
    assert_int_equal(1, runs(&s));
    scene_close(&s);
}

/* So that it is ready when the keeper is. */
static void it_is_started_before_it_is_told(void **state)
{
    scene_t s = scene(*state, "exec cat > $D/log");
    const news_t news = { "pending", NULL, 0, 0 };
    apr_size_t len = 0;
    const char *text;

    wait_for(&s, "runs", 1, &len);
    assert_int_equal(1, runs(&s));
    agent_line_tell_news(s.keeper->line, &news);
    begin(&s, MESSAGE_ALIVE_INTERVAL);
    text = wait_for_messages(&s, 2, &len);
    message_at(&s, &text, &len, MESSAGE_ACCOUNT);
    message_at(&s, &text, &len, MESSAGE_BRIEF);
    assert_int_equal(0, len);
    assert_int_equal(1, runs(&s));
    scene_close(&s);
}

static void a_request_is_answered(void **state)
{
    scene_t s = scene(*state, "cat $D/message >&0\nexec cat > $D/log");
    apr_size_t len = 0;
    const char *text;
    json_t *reply;

    put_message(&s, MESSAGE_SIGN,
                "{\"id\":9,\"sentence\":\"findAccount\",\"account\":0,"
                "\"url\":\"https://ca.example/new\",\"nonce\":\"bm9uY2U\"}");
    begin(&s, MESSAGE_ALIVE_INTERVAL);
    text = wait_for_messages(&s, 3, &len);
    message_at(&s, &text, &len, MESSAGE_ACCOUNT);
    message_at(&s, &text, &len, MESSAGE_BRIEF);
    reply = message_at(&s, &text, &len, MESSAGE_SIGNED);
    assert_int_equal(9, json_peek_int(reply, "id", 0));
    assert_non_null(json_peek_string(reply, "jws"));
    scene_close(&s);
}

/* A certificate whose order is finalized: what is missing is the chain. */
static keeper_certificate_t *with_order(scene_t *s)
{
    eab_result_t *result = eab_result_make(s->p);
    keeper_certificate_t *certificate = model_certificate(s->keeper->model, 0);
    apr_status_t rv;

    account_registered(certificate->account, "https://ca.example/account", NULL, result);
    certificate_ordering(certificate, NULL, 0, result);
    certificate_ordered(certificate, "https://ca.example/order", NULL, result);
    while ((rv = certificate_finalizing(certificate, result)) == APR_EAGAIN)
        run(s, apr_time_from_msec(10));
    assert_int_equal(APR_SUCCESS, rv);
    return certificate;
}

/* What came of a request for the restart of httpd is told with its reply, not before or after: who
 * shows both must not be between the two. */
static void news_of_a_request_go_with_its_reply(void **state)
{
    scene_t s = scene_of(*state, "cat $D/message >&0\nexec cat > $D/log", 1, NULL);
    keeper_certificate_t *certificate = with_order(&s);
    const party_spec_t issuer = { .common = "CA", .is_ca = 1 };
    party_t *ca = party_make(s.p, NULL, &issuer);
    const party_spec_t leaf = { .key = certificate->key,
                                .names = "DNS:www.example.edu",
                                .usage = "serverAuth" };
    const char *pem = party_pem(s.p, 2, party_make(s.p, ca, &leaf), ca);
    apr_size_t len = 0;
    const char *text;
    json_t *reply;

    put_message(&s, MESSAGE_INSTALL,
                json_text(s.p, json_own(s.p, json_pack("{s:i,s:i,s:s}", "id", 3, "certificate", 0,
                                                       "pem", pem))));
    begin(&s, MESSAGE_ALIVE_INTERVAL);
    text = wait_for_messages(&s, 4, &len);
    message_at(&s, &text, &len, MESSAGE_ACCOUNT);
    message_at(&s, &text, &len, MESSAGE_CERTIFICATE);
    message_at(&s, &text, &len, MESSAGE_BRIEF);
    reply = message_at(&s, &text, &len, MESSAGE_DONE);
    assert_true(json_is_object(json_object_get(reply, "facts")));
    assert_string_equal("pending", json_peek_string(json_object_get(reply, "news"), "state"));
    assert_true(json_peek_int(json_object_get(reply, "news"), "in", -1) >= 0);
    assert_int_equal(0, len);
    scene_close(&s);
}

static void an_agent_that_dies_is_started_again(void **state)
{
    scene_t s = scene(*state, "test -f $D/second && exec cat > $D/log; touch $D/second; exit 1");
    eab_result_t *result = eab_result_make(s.p);
    brief_t *brief = NULL;
    apr_size_t len = 0;
    const char *text;

    begin(&s, MESSAGE_ALIVE_INTERVAL);
    text = wait_for_messages(&s, 2, &len);
    assert_int_equal(2, runs(&s));
    message_at(&s, &text, &len, MESSAGE_ACCOUNT);
    assert_int_equal(
        APR_SUCCESS,
        brief_from_json(&brief, message_at(&s, &text, &len, MESSAGE_BRIEF), result, s.p));
    assert_int_equal(1, brief->agent_restarts);
    scene_close(&s);
}

/* At once, then after a second, then after two. */
static void a_crash_loop_is_slowed_down(void **state)
{
    scene_t s = scene(*state, "exit 1");
    apr_time_t began = apr_time_now();
    apr_size_t len = 0;

    begin(&s, MESSAGE_ALIVE_INTERVAL);
    wait_for(&s, "runs", 3 * strlen("run\n"), &len);
    assert_int_equal(3, runs(&s));
    assert_true(apr_time_now() - began >= apr_time_from_sec(1));
    scene_close(&s);
}

static void what_an_agent_may_not_say_ends_it(void **state)
{
    static const struct {
        int type;
        const char *text;
    } rows[] = {
        { MESSAGE_PLAN, "{\"id\":1,\"account\":0}" },
        { MESSAGE_SIGN, "{\"id\":1,\"sentence\":\"revokeCert\",\"account\":0}" },
        { MESSAGE_UNREGISTER, "[]" },
        { 0, "{}" },
    };
    apr_size_t len = 0;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        scene_t s = scene(*state, "cat $D/message >&0\ncat > $D/log; echo ended >> $D/ended");

        put_message(&s, rows[i].type, rows[i].text);
        begin(&s, MESSAGE_ALIVE_INTERVAL);
        wait_for(&s, "runs", 2 * strlen("run\n"), &len);
        assert_int_equal(2, runs(&s)); /* it does not end by itself */
        scene_close(&s);
    }
}

/* Requests without end and not one reply read: memory stays bounded, and others are served. */
static void an_agent_that_does_not_read_is_not_listened_to(void **state)
{
    scene_t s = scene(*state, "while :; do cat $D/message; echo x >> $D/said; done >&0");
    apr_size_t said = 0, later = 0;

    put_message(&s, MESSAGE_UNREGISTER,
                "{\"id\":1,\"account\":0,\"padding\":\"................\"}");
    begin(&s, MESSAGE_ALIVE_INTERVAL);
    do {
        content(&s, "said", &said);
        run(&s, apr_time_from_msec(700));
        content(&s, "said", &later);
    } while (later > said && later < 100000);
    assert_true(later > 0);
    assert_int_equal(said, later); /* it is stuck, as it should be */
    assert_int_equal(1, runs(&s));
    scene_close(&s);
}

/* Its second run asks what the first one still waited for: only one may wait at a time. */
static void what_waits_ends_with_the_agent(void **state)
{
    scene_t s =
        scene_of(*state,
                 "cat $D/message >&0\ntest -f $D/second && touch $D/asked && exec cat > $D/log\n"
                 "touch $D/second; sleep 0.2; exit 1",
                 0,
                 "while ! test -f $D/asked; do sleep 0.05; done; sleep 0.5\n"
                 "echo MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY");
    apr_size_t len = 0;
    const char *text;

    put_message(&s, MESSAGE_SIGN,
                "{\"id\":9,\"sentence\":\"newAccount\",\"account\":0,"
                "\"url\":\"https://ca.example/new\",\"nonce\":\"bm9uY2U\"}");
    begin(&s, MESSAGE_ALIVE_INTERVAL);
    text = wait_for_messages(&s, 3, &len);
    message_at(&s, &text, &len, MESSAGE_ACCOUNT);
    message_at(&s, &text, &len, MESSAGE_BRIEF);
    message_at(&s, &text, &len, MESSAGE_SIGNED);
    assert_int_equal(0, len);
    assert_int_equal(2, runs(&s));
    scene_close(&s);
}

static void it_sees_little_of_the_environment(void **state)
{
    apr_size_t len = 0;
    const char *text;
    scene_t s;

    setenv("SOME_SECRET", "word", 1);
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 1);
    setenv("TZ", "UTC", 1);
    s = scene(*state, "env > $D/env; ls -l /proc/self/fd > $D/fds; exec cat > $D/log");
    begin(&s, MESSAGE_ALIVE_INTERVAL);
    wait_for(&s, "log", 10, &len);
    text = content(&s, "env", &len);
    assert_null(strstr(text, "SOME_SECRET"));
    assert_null(strstr(text, "CREDENTIALS_DIRECTORY"));
    assert_non_null(strstr(text, "TZ=UTC"));
    assert_null(strstr(content(&s, "fds", &len), s.plan->store_dir));
    unsetenv("SOME_SECRET");
    unsetenv("CREDENTIALS_DIRECTORY");
    scene_close(&s);
}

static void stopping_ends_the_process(void **state)
{
    scene_t s = scene(*state, "echo $$ > $D/pid; exec sleep 60");
    apr_size_t len = 0;
    int pid;

    begin(&s, MESSAGE_ALIVE_INTERVAL);
    pid = atoi(wait_for(&s, "pid", 2, &len));
    assert_true(pid > 1);
    agent_process_stop(s.keeper->agent);
    assert_int_equal(-1, kill(pid, 0));
    scene_close(&s); /* and once more does no harm */
}

static void a_missing_program_is_tried_again(void **state)
{
    scene_t s = scene(*state, "exec cat > $D/log");
    apr_size_t len = 0;

    assert_int_equal(0, rename(file(&s, "agent"), file(&s, "gone")));
    begin(&s, MESSAGE_ALIVE_INTERVAL);
    run(&s, apr_time_from_msec(200));
    assert_int_equal(0, rename(file(&s, "gone"), file(&s, "agent")));
    wait_for(&s, "log", 100, &len);
    assert_true(len > 100);
    scene_close(&s);
}

/* The keeper counts looks at which nothing was said. */
static void an_agent_that_hangs_is_started_again(void **state)
{
    scene_t s =
        scene(*state, "test -f $D/second && exec cat > $D/log; touch $D/second; kill -STOP $$");
    apr_size_t len = 0;

    begin(&s, apr_time_from_msec(20));
    wait_for(&s, "runs", 2 * strlen("run\n"), &len);
    assert_true(runs(&s) >= 2);
    scene_close(&s);
}

static void an_agent_that_says_that_it_lives_is_left_alone(void **state)
{
    scene_t s = scene(*state, "while :; do cat $D/message >&0; sleep 0.1; echo x >> $D/said; done");
    apr_size_t len = 0;

    put_message(&s, MESSAGE_ALIVE, "{}");
    begin(&s, apr_time_from_msec(250));
    wait_for(&s, "said", 2 * 20, &len);
    assert_true(len >= 2 * 20); /* longer than it may say nothing */
    assert_int_equal(1, runs(&s));
    scene_close(&s);
}

/* What an agent asks for too often is done, but later; others are served meanwhile. */
static void a_flood_is_slowed_down(void **state)
{
    scene_t s =
        scene(*state, "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do cat $D/message; done >&0\n"
                      "exec cat > $D/log");
    apr_size_t len = 0, later = 0;
    const char *text;
    int replies;

    put_message(&s, MESSAGE_UNREGISTER, "{\"id\":1,\"account\":0}");
    begin(&s, MESSAGE_ALIVE_INTERVAL);
    do {
        content(&s, "log", &len);
        run(&s, apr_time_from_msec(500));
        content(&s, "log", &later);
    } while (later == 0 || later > len);
    text = content(&s, "log", &len);
    message_at(&s, &text, &len, MESSAGE_ACCOUNT);
    message_at(&s, &text, &len, MESSAGE_BRIEF);
    for (replies = 0; len > 0; ++replies)
        message_at(&s, &text, &len, MESSAGE_DONE);
    assert_int_equal(10, replies);
    assert_int_equal(1, runs(&s));
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_brief_comes_first),
        fixture_test(it_is_started_before_it_is_told),
        fixture_test(a_request_is_answered),
        fixture_test(news_of_a_request_go_with_its_reply),
        fixture_test(an_agent_that_dies_is_started_again),
        fixture_test(a_crash_loop_is_slowed_down),
        fixture_test(what_an_agent_may_not_say_ends_it),
        fixture_test(an_agent_that_does_not_read_is_not_listened_to),
        fixture_test(what_waits_ends_with_the_agent),
        fixture_test(it_sees_little_of_the_environment),
        fixture_test(stopping_ends_the_process),
        fixture_test(a_missing_program_is_tried_again),
        fixture_test(an_agent_that_hangs_is_started_again),
        fixture_test(an_agent_that_says_that_it_lives_is_left_alone),
        fixture_test(a_flood_is_slowed_down),
    };

    return fixture_run(tests);
}
