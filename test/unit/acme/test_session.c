/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include "acme/answer.h"
#include "acme/session.h"
#include "base/clock.h"

#define DIRECTORY "https://ca.example/dir"
#define NEW_NONCE "https://ca.example/nonce"
#define ORDER "https://ca.example/order?a=%7e"
#define BAD_NONCE "{\"type\":\"urn:ietf:params:acme:error:badNonce\",\"detail\":\"again\"}"
#define CALLS_MAX 512

/* A CA that answers when the test says so. Requests are kept, so that what was sent can be seen. */
typedef struct call {
    acme_request_t request;
    acme_answer_fn *done;
    void *baton;
} call_t;

typedef struct world {
    apr_pool_t *p;
    acme_transport_t transport;
    acme_signer_t signer;
    acme_session_t *session;
    call_t calls[CALLS_MAX];
    int sent;
    const char *refusal; /* of the signer */
    /* what the caller of the session saw */
    int opened;
    int done;
    int successes;
    eab_result_t *last;
    acme_answer_t last_answer;
    int repost; /* posts to start from inside the next callback */
} world_t;

static void fake_send(acme_transport_t *transport, const acme_request_t *request,
                      acme_answer_fn *done, void *baton)
{
    world_t *w = transport->impl;
    call_t *call = &w->calls[w->sent++];

    assert_true(w->sent < CALLS_MAX);
    call->request.method = apr_pstrdup(w->p, request->method);
    call->request.url = apr_pstrdup(w->p, request->url);
    call->request.body = request->body != NULL ? apr_pstrdup(w->p, request->body) : NULL;
    call->request.accept = request->accept != NULL ? apr_pstrdup(w->p, request->accept) : NULL;
    call->done = done;
    call->baton = baton;
}

/* The "JWS" shows what was signed: "SENTENCE NONCE URL". */
static void fake_sign(acme_signer_t *signer, const void *sentence, const char *url,
                      const char *nonce, acme_signed_fn *done, void *baton)
{
    world_t *w = signer->impl;
    apr_pool_t *p = NULL;
    eab_result_t *result = NULL;

    apr_pool_create(&p, w->p);
    result = eab_result_make(p);
    if (w->refusal != NULL) {
        eab_result_set(result, APR_EACCES, EAB_PROBLEM_EAB_KEY, "%s", w->refusal);
        done(baton, NULL, result);
    }
    else {
        done(baton, apr_psprintf(p, "%s %s %s", (const char *)sentence, nonce, url), result);
    }
    apr_pool_destroy(p);
}

static int setup(void **state)
{
    apr_pool_t *p = NULL;
    world_t *w = NULL;

    fake_setup((void **)&p);
    w = apr_pcalloc(p, sizeof(*w));
    w->p = p;
    w->last = eab_result_make(p);
    w->transport.send = fake_send;
    w->transport.impl = w;
    w->signer.sign = fake_sign;
    w->signer.impl = w;
    w->session = acme_session_make(p, &w->transport, &w->signer, DIRECTORY);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_t *w = *state;
    apr_pool_t *p = w->p;

    return fake_teardown((void **)&p);
}

static void on_ready(void *baton, const eab_result_t *result)
{
    world_t *w = baton;

    w->opened++;
    eab_result_copy(w->last, result);
}

static void on_answer(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    world_t *w = baton;

    assert_non_null(answer);
    w->done++;
    w->successes += result->rv == APR_SUCCESS;
    eab_result_copy(w->last, result);
    w->last_answer = *answer;
    for (; w->repost > 0; w->repost--) {
        acme_session_post(w->session, ORDER, "again", NULL, on_answer, w);
    }
}

static void post(world_t *w, const char *sentence)
{
    acme_session_post(w->session, ORDER, sentence, NULL, on_answer, w);
}

/* The oldest request of that method (NULL: any) that was not answered yet; NULL for none. */
static call_t *next_call(world_t *w, const char *method)
{
    int i;

    for (i = 0; i < w->sent; i++) {
        if (w->calls[i].done != NULL
            && (method == NULL || strcmp(w->calls[i].request.method, method) == 0)) {
            return &w->calls[i];
        }
    }
    return NULL;
}

/* A transport calls back once. */
static void call_back(call_t *call, const acme_answer_t *answer, const eab_result_t *result)
{
    acme_answer_fn *done = NULL;

    assert_non_null(call);
    done = call->done;
    call->done = NULL;
    done(call->baton, answer, result);
}

static void answer_call(call_t *call, acme_answer_t *answer, const char *nonce)
{
    if (nonce != NULL) {
        fake_header(answer, "replay-nonce", apr_pstrdup(answer->pool, nonce));
    }
    call_back(call, answer, eab_result_make(answer->pool));
    apr_pool_destroy(answer->pool);
}

static acme_answer_t *make_answer(world_t *w, int status, const char *body)
{
    apr_pool_t *p = NULL;

    apr_pool_create(&p, w->p);
    return fake_answer(p, status, body);
}

static void answer_with(world_t *w, int status, const char *body, const char *nonce,
                        const char *header, const char *value)
{
    acme_answer_t *answer = make_answer(w, status, body);

    if (header != NULL) {
        fake_header(answer, header, value);
    }
    answer_call(next_call(w, NULL), answer, nonce);
}

static void answer(world_t *w, int status, const char *body, const char *nonce)
{
    answer_with(w, status, body, nonce, NULL, NULL);
}

static void cut(world_t *w)
{
    acme_answer_t *answer = make_answer(w, 0, "");
    eab_result_t *result = eab_result_make(answer->pool);

    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_UNREACHABLE, "cut");
    call_back(next_call(w, NULL), answer, result);
    apr_pool_destroy(answer->pool);
}

static void answer_directory(world_t *w, const char *nonce)
{
    answer(w, 200,
           "{\"newNonce\":\"" NEW_NONCE "\",\"newAccount\":\"https://ca.example/a\","
           "\"newOrder\":\"https://ca.example/o\"}",
           nonce);
}

static void open_session(world_t *w)
{
    acme_session_open(w->session, on_ready, w);
    answer_directory(w, NULL);
    assert_non_null(acme_session_directory(w->session));
}

static const call_t *call_at(const world_t *w, int i)
{
    assert_true(i < w->sent);
    return &w->calls[i];
}

static int count_calls(const world_t *w, const char *method)
{
    int count = 0;
    int i;

    for (i = 0; i < w->sent; i++) {
        count += strcmp(w->calls[i].request.method, method) == 0;
    }
    return count;
}

/* No two bodies are equal, and no nonce is in two of them (RFC 8555, 6.5). */
static void check_nonces_are_used_once(world_t *w)
{
    apr_table_t *seen = apr_table_make(w->p, 16);
    int i;

    for (i = 0; i < w->sent; i++) {
        const char *body = w->calls[i].request.body;
        char *nonce = NULL;

        if (body != NULL) {
            nonce = apr_pstrdup(w->p, strchr(body, ' ') + 1);
            *strchr(nonce, ' ') = '\0';
            assert_null(apr_table_get(seen, nonce));
            apr_table_setn(seen, nonce, "");
        }
    }
}

static void test_open(void **state)
{
    world_t *w = *state;

    assert_null(acme_session_directory(w->session));
    acme_session_open(w->session, on_ready, w);
    acme_session_open(w->session, on_ready, w);
    assert_int_equal(w->sent, 1);
    assert_string_equal(w->calls[0].request.method, "GET");
    assert_string_equal(w->calls[0].request.url, DIRECTORY);
    assert_int_equal(w->opened, 0);
    answer_directory(w, NULL);
    assert_int_equal(w->opened, 2);
    assert_int_equal(w->last->rv, APR_SUCCESS);
    assert_string_equal(acme_session_directory(w->session)->new_nonce, NEW_NONCE);
    acme_session_open(w->session, on_ready, w);
    assert_int_equal(w->opened, 3);
    assert_int_equal(w->sent, 1);
    acme_session_forget(w->session);
    assert_null(acme_session_directory(w->session));
    acme_session_open(w->session, on_ready, w);
    assert_int_equal(w->sent, 2);
    answer_directory(w, NULL);
    assert_int_equal(w->opened, 4);
    assert_int_equal(acme_session_requests(w->session), 2);
}

static void test_open_fails(void **state)
{
    world_t *w = *state;

    acme_session_open(w->session, on_ready, w);
    answer(w, 403, "<html>Forbidden</html>", NULL);
    assert_int_equal(w->last->http_status, 403);
    assert_string_equal(w->last->url, DIRECTORY);
    acme_session_open(w->session, on_ready, w);
    answer(w, 200, "<html>Welcome</html>", NULL);
    assert_string_equal(w->last->type, EAB_PROBLEM_CA_ANSWER);
    acme_session_open(w->session, on_ready, w);
    cut(w);
    assert_string_equal(w->last->type, EAB_PROBLEM_CA_UNREACHABLE);
    assert_string_equal(w->last->url, DIRECTORY);
    assert_int_equal(w->opened, 3);
    assert_null(acme_session_directory(w->session));
    open_session(w);
    assert_int_equal(w->opened, 4);
    assert_int_equal(w->last->rv, APR_SUCCESS);
}

static void test_one_head(void **state)
{
    world_t *w = *state;
    int i;

    open_session(w);
    acme_session_post(w->session, ORDER, "one", "application/pem-certificate-chain", on_answer, w);
    assert_int_equal(w->sent, 2);
    assert_string_equal(w->calls[1].request.method, "HEAD");
    assert_string_equal(w->calls[1].request.url, NEW_NONCE);
    answer(w, 204, "", "n0");
    assert_string_equal(call_at(w, 2)->request.method, "POST");
    assert_string_equal(w->calls[2].request.url, ORDER);
    assert_string_equal(w->calls[2].request.body, "one n0 " ORDER);
    assert_string_equal(w->calls[2].request.accept, "application/pem-certificate-chain");
    answer(w, 200, "{}", "n1");
    for (i = 2; i < 40; i++) {
        post(w, "more");
        answer(w, i % 2 ? 200 : 500, "", apr_psprintf(w->p, "n%d", i));
    }
    assert_int_equal(w->done, 39);
    assert_int_equal(count_calls(w, "HEAD"), 1);
    check_nonces_are_used_once(w);
    assert_int_equal(acme_session_requests(w->session), w->sent);
}

static int hours_ahead(const world_t *w)
{
    return (int)((acme_session_ahead(w->session) + apr_time_from_sec(1800))
                 / apr_time_from_sec(3600));
}

static void answer_at(world_t *w, int hours, const char *nonce)
{
    char date[APR_RFC822_DATE_LEN];

    apr_rfc822_date(date, apr_time_now() + apr_time_from_sec(hours * 3600));
    answer_with(w, 200, "{}", nonce, "Date", date);
}

/* Every answer tells the CA's clock, and the newest counts. */
static void test_clock(void **state)
{
    world_t *w = *state;

    open_session(w);
    assert_int_equal(hours_ahead(w), 0);
    post(w, "p");
    answer_at(w, 2, "n0");
    assert_int_equal(hours_ahead(w), 2);
    answer_at(w, 3, "n1");
    assert_int_equal(hours_ahead(w), 3);
    acme_session_get(w->session, "https://ca.example/info", NULL, NULL, on_answer, w);
    answer_at(w, 4, NULL);
    assert_int_equal(hours_ahead(w), 4);
    acme_session_forget(w->session);
    acme_session_open(w->session, on_ready, w);
    answer_at(w, 5, NULL);
    assert_int_equal(hours_ahead(w), 5);
}

/* A nonce that the directory's answer brought saves the HEAD. */
static void test_nonce_of_directory(void **state)
{
    world_t *w = *state;

    acme_session_open(w->session, on_ready, w);
    answer_directory(w, "d0");
    post(w, "one");
    assert_string_equal(call_at(w, 1)->request.body, "one d0 " ORDER);
}

static void test_ill_formed_nonce(void **state)
{
    world_t *w = *state;
    char longest[600];

    open_session(w);
    post(w, "one");
    answer(w, 200, "", "n0");
    answer(w, 200, "", "abc=");
    post(w, "two");
    assert_string_equal(call_at(w, 3)->request.method, "HEAD");
    memset(longest, 'a', sizeof(longest));
    longest[599] = '\0';
    answer(w, 200, "", longest);
    assert_string_equal(w->last->type, EAB_PROBLEM_CA_ANSWER);
    assert_string_equal(w->last->url, "https://ca.example/dir"); /* what the fake answers name */
    assert_int_equal(w->done, 2);
    assert_int_equal(w->last_answer.status, 0);
    post(w, "three");
    answer(w, 405, "", "ok");
    assert_string_equal(call_at(w, 5)->request.body, "three ok " ORDER);
}

static void test_bad_nonce(void **state)
{
    world_t *w = *state;

    acme_session_open(w->session, on_ready, w);
    answer_directory(w, "d0");
    post(w, "a");
    answer(w, 200, "", "pooled");
    post(w, "b");
    answer(w, 200, "", "pooled2");
    post(w, "one");
    answer(w, 400, BAD_NONCE, "fresh1");
    assert_string_equal(call_at(w, 4)->request.body, "one fresh1 " ORDER);
    answer(w, 400, BAD_NONCE, "fresh2");
    assert_string_equal(call_at(w, 5)->request.body, "one fresh2 " ORDER);
    answer(w, 201, "{}", "fresh3");
    assert_int_equal(w->done, 3);
    assert_int_equal(w->successes, 3);
    assert_int_equal(w->last->rv, APR_SUCCESS);
    assert_int_equal(w->last_answer.status, 201);
    check_nonces_are_used_once(w);
}

static void test_bad_nonce_endless(void **state)
{
    world_t *w = *state;
    int i;

    open_session(w);
    post(w, "one");
    answer(w, 200, "", "n");
    for (i = 0; i < 6; i++) {
        assert_int_equal(w->done, 0);
        answer(w, 400, BAD_NONCE, apr_psprintf(w->p, "n%d", i));
    }
    assert_int_equal(w->done, 1);
    assert_int_equal(count_calls(w, "POST"), 6);
    assert_string_equal(w->last->type, EAB_PROBLEM_NONCE_LOOP);
    assert_string_equal(w->last->url, ORDER);
    assert_int_equal(w->last->http_status, 400);
    check_nonces_are_used_once(w);
}

static void test_bad_nonce_without_nonce(void **state)
{
    world_t *w = *state;
    int i;

    open_session(w);
    post(w, "one");
    answer(w, 200, "", "n0");
    answer(w, 400, BAD_NONCE, NULL);
    assert_string_equal(call_at(w, 3)->request.method, "HEAD");
    answer(w, 200, "", "n1");
    assert_string_equal(call_at(w, 4)->request.body, "one n1 " ORDER);
    for (i = 0; i < 5; i++) {
        answer(w, 400, BAD_NONCE, "bad=");
        if (w->done == 0) {
            answer(w, 200, "", apr_psprintf(w->p, "m%d", i));
        }
    }
    assert_int_equal(w->done, 1);
    assert_string_equal(w->last->type, EAB_PROBLEM_NONCE_LOOP);
    assert_int_equal(count_calls(w, "POST"), 6);
}

static void test_parallel(void **state)
{
    world_t *w = *state;
    int i;

    open_session(w);
    for (i = 0; i < 10; i++) {
        post(w, "p");
    }
    assert_int_equal(count_calls(w, "HEAD"), 4);
    for (i = 0; next_call(w, NULL) != NULL; i++) {
        answer(w, 200, "", apr_psprintf(w->p, "n%d", i));
    }
    assert_int_equal(w->done, 10);
    assert_int_equal(w->successes, 10);
    assert_true(count_calls(w, "HEAD") <= 10);
    assert_int_equal(count_calls(w, "POST"), 10);
    check_nonces_are_used_once(w);
}

/* The nonce of another post's answer serves as well as that of a HEAD. */
static void test_waiting_is_served_by_any_answer(void **state)
{
    world_t *w = *state;

    acme_session_open(w->session, on_ready, w);
    answer_directory(w, "d0");
    post(w, "one");
    post(w, "two");
    assert_string_equal(call_at(w, 2)->request.method, "HEAD");
    answer(w, 200, "", "n1");
    assert_string_equal(call_at(w, 3)->request.body, "two n1 " ORDER);
    assert_int_equal(w->done, 1);
    answer(w, 200, "", "n2");
    post(w, "three");
    assert_string_equal(call_at(w, 4)->request.body, "three n2 " ORDER);
}

static void test_head_fails(void **state)
{
    world_t *w = *state;
    int i;

    open_session(w);
    for (i = 0; i < 6; i++) {
        post(w, "p");
    }
    assert_int_equal(count_calls(w, "HEAD"), 4);
    w->repost = 1;
    for (i = 0; i < 3; i++) {
        cut(w);
        assert_int_equal(w->done, 0);
    }
    answer_with(w, 503, "", NULL, "Retry-After", "7");
    assert_int_equal(w->done, 6);
    assert_int_equal(w->successes, 0);
    assert_int_equal(w->last->http_status, 503);
    assert_int_equal(w->last->retry_after, 7);
    assert_int_equal(w->last_answer.status, 0);
    for (i = 0; next_call(w, NULL) != NULL; i++) {
        answer(w, 200, "", apr_psprintf(w->p, "x%d", i));
    }
    assert_int_equal(w->done, 7);
    assert_int_equal(w->successes, 1);
    check_nonces_are_used_once(w);
}

static void test_errors(void **state)
{
    world_t *w = *state;

    acme_session_open(w->session, on_ready, w);
    answer_directory(w, "n0");
    post(w, "one");
    answer_with(w, 503, "<html><h1>Busy</h1></html>", "n1", "Retry-After", "7");
    assert_int_equal(w->last->http_status, 503);
    assert_int_equal(w->last->retry_after, 7);
    assert_string_equal(w->last->detail, "HTTP 503: Busy");
    assert_string_equal(w->last->url, ORDER);
    assert_int_equal(w->last_answer.status, 503);
    post(w, "two");
    answer(w, 307, "", "n2");
    assert_int_not_equal(w->last->rv, APR_SUCCESS);
    post(w, "three");
    cut(w);
    assert_string_equal(w->last->type, EAB_PROBLEM_CA_UNREACHABLE);
    assert_string_equal(w->last->url, ORDER);
    assert_int_equal(w->last_answer.status, 0);
    assert_int_equal(w->done, 3);
    assert_int_equal(w->successes, 0);
}

static void test_signer_refuses(void **state)
{
    world_t *w = *state;

    acme_session_open(w->session, on_ready, w);
    answer_directory(w, "n0");
    w->refusal = "no key";
    post(w, "one");
    assert_int_equal(w->done, 1);
    assert_string_equal(w->last->type, EAB_PROBLEM_EAB_KEY);
    assert_string_equal(w->last->detail, "no key");
    assert_int_equal(w->sent, 1);
}

static void test_not_open(void **state)
{
    world_t *w = *state;

    post(w, "one");
    assert_int_equal(w->done, 1);
    assert_string_equal(w->last->type, EAB_PROBLEM_INTERNAL);
    assert_int_equal(w->sent, 0);
}

/* Another job of the same account may start its cycle while this one talks. */
static void test_forget(void **state)
{
    world_t *w = *state;

    open_session(w);
    post(w, "one");
    acme_session_forget(w->session);
    answer(w, 200, "", "n0");
    acme_session_forget(w->session);
    answer(w, 400, BAD_NONCE, NULL);
    assert_string_equal(call_at(w, 3)->request.method, "HEAD");
    answer(w, 200, "", "n1");
    answer(w, 200, "", "n2");
    assert_int_equal(w->successes, 1);
    acme_session_forget(w->session);
    post(w, "two");
    assert_string_equal(call_at(w, 5)->request.method, "HEAD");
    answer(w, 200, "", "n3");
    answer(w, 200, "", "n4");
    assert_int_equal(w->successes, 2);
}

/* More nonces than are kept: the oldest are dropped, none is used twice. */
static void test_many_nonces(void **state)
{
    world_t *w = *state;
    call_t *head = NULL;
    int i;

    open_session(w);
    for (i = 0; i < 70; i++) {
        post(w, "p");
    }
    for (i = 0; (head = next_call(w, "HEAD")) != NULL; i++) {
        answer_call(head, make_answer(w, 200, ""), apr_psprintf(w->p, "h%d", i));
    }
    assert_int_equal(count_calls(w, "HEAD"), 70);
    for (i = 0; next_call(w, NULL) != NULL; i++) {
        answer(w, 200, "", apr_psprintf(w->p, "n%d", i));
    }
    assert_int_equal(w->done, 70);
    for (i = 0; i < 65; i++) {
        post(w, "q");
    }
    assert_int_equal(count_calls(w, "HEAD"), 71);
    assert_string_equal(call_at(w, 1 + 140)->request.body, "q n69 " ORDER);
    assert_string_equal(call_at(w, 1 + 140 + 63)->request.body, "q n6 " ORDER);
    check_nonces_are_used_once(w);
}

#define SESSION_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* No signature, no nonce, and the directory need not be known. */
static void test_get(void **state)
{
    world_t *w = *state;
    acme_answer_t *answer;

    acme_session_get(w->session, "https://ca.example/ari/a.b", "application/json", NULL, on_answer,
                     w);
    assert_int_equal(w->sent, 1);
    assert_string_equal(w->calls[0].request.method, "GET");
    assert_string_equal(w->calls[0].request.url, "https://ca.example/ari/a.b");
    assert_string_equal(w->calls[0].request.accept, "application/json");
    assert_null(w->calls[0].request.body);
    answer = fake_answer(w->p, 404, "{\"detail\":\"unknown\"}");
    w->calls[0].done(w->calls[0].baton, answer, eab_result_make(w->p));
    assert_int_equal(w->done, 1);
    assert_int_equal(w->last->http_status, 404);
    assert_string_equal(w->last->url, "https://ca.example/ari/a.b");

    acme_session_get(w->session, "https://ca.example/ari/a.b", NULL, NULL, on_answer, w);
    w->calls[1].done(w->calls[1].baton, fake_answer(w->p, 200, "{}"), eab_result_make(w->p));
    assert_int_equal(w->successes, 1);
}

/* ---- what is no word of the CA ---- */

#define PAGE "<html>Please try again</html>"

static apr_interval_time_t no_wait(acme_pacer_t *pacer, const char *url)
{
    (void)pacer;
    (void)url;
    return 0;
}

static int refusals, passed;

static void note(acme_pacer_t *pacer, const char *url, const eab_result_t *result, apr_time_t sent,
                 int reads)
{
    int refused = result->foreign && (result->http_status == 429 || result->http_status == 503);

    (void)pacer;
    (void)url;
    (void)reads;
    assert_true(sent > 0 && sent <= clock_steady());
    refusals += refused;
    passed += !result->foreign;
}

/* 10 seconds, 20, 30 ... */
static apr_interval_time_t ever_later(acme_pacer_t *pacer, int answers, apr_int64_t retry_after)
{
    (void)pacer;
    return retry_after > 60 ? -1 : apr_time_from_sec(10 * answers);
}

static void pace(world_t *w)
{
    static acme_pacer_t pacer = { no_wait, no_wait, note, ever_later, NULL };

    refusals = passed = 0;
    acme_session_pace(w->session, &pacer);
}

static void wait_seconds(world_t *w, int seconds)
{
    acme_session_poke(w->session, clock_steady() + apr_time_from_sec(seconds));
}

static void ask(world_t *w, const char *sentence, int acts)
{
    acme_question_t question = { ORDER, sentence, NULL, acme_answer_has_status, acts };

    acme_session_ask(w->session, &question, on_answer, w);
}

/* A session with a nonce, which asked once. */
static void open_and_ask(world_t *w, const char *sentence, int acts)
{
    pace(w);
    acme_session_open(w->session, on_ready, w);
    answer_directory(w, "d0");
    ask(w, sentence, acts);
}

/* What it was answered with is no answer: the same is asked again, later, and then well. */
static void expect_again(world_t *w, int status, const char *body, const char *header,
                         const char *value)
{
    int done = w->done, sent = w->sent;

    answer_with(w, status, body, apr_psprintf(w->p, "again%d", sent), header, value);
    assert_int_equal(w->done, done);
    assert_int_equal(w->sent, sent);
    assert_true(acme_session_due(w->session) > clock_steady() + apr_time_from_sec(8));
    wait_seconds(w, 5);
    assert_int_equal(w->sent, sent);
    wait_seconds(w, 11);
    assert_int_equal(w->sent, sent + 1);
    answer(w, 200, "{\"status\":\"valid\"}", apr_psprintf(w->p, "well%d", sent));
    assert_int_equal(w->done, done + 1);
    assert_int_equal(w->last->rv, APR_SUCCESS);
}

static void test_garbled_answers_are_asked_again(void **state)
{
    static const struct {
        int status;
        const char *body, *header, *value;
    } answers[] = {
        { 200, PAGE, NULL, NULL },
        { 200, "", NULL, NULL },
        { 200, "{\"status\":\"val", NULL, NULL },
        { 200, "[\"status\"]", NULL, NULL },
        { 200, "{\"status\":7}", NULL, NULL },
        { 200, PAGE, "Retry-After", "21600" },
        { 200, "\x01\x02\xff", NULL, NULL },
        { 204, "", NULL, NULL },
        { 301, PAGE, "Location", "https://ca.example/elsewhere" },
        { 308, "", "Location", "https://ca.example/elsewhere" },
        { 403, PAGE, NULL, NULL },
        { 403, "", NULL, NULL },
        { 408, PAGE, NULL, NULL },
        { 425, PAGE, NULL, NULL },
        { 429, PAGE, NULL, NULL },
        { 429, "slow down", "Retry-After", "7" },
        { 502, PAGE, NULL, NULL },
        { 503, PAGE, NULL, NULL },
        { 503, "", "Retry-After", "7" },
        { 520, PAGE, NULL, NULL },
    };
    world_t *w = *state;
    size_t i;

    open_and_ask(w, "read", 0);
    answer(w, 200, "{\"status\":\"pending\"}", "n0");
    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        ask(w, "read", 0);
        expect_again(w, answers[i].status, answers[i].body, answers[i].header, answers[i].value);
    }
    check_nonces_are_used_once(w);
    assert_int_equal(refusals, 4);
    assert_int_equal(passed, (int)i + 2); /* and the directory, and the first question */
}

/* A turn of each host: what is asked at one of them waits for nothing at another. */
static apr_interval_time_t wait_for_turn(acme_pacer_t *pacer, const char *url)
{
    int *turns = pacer->impl;

    ++*turns;
    return strncmp(url, "https://ca.example/", 19) == 0 ? apr_time_from_sec(10) : 0;
}

static void test_every_request_takes_its_turn(void **state)
{
    static int turns;
    static acme_pacer_t pacer = { wait_for_turn, no_wait, note, ever_later, &turns };
    world_t *w = *state;

    turns = 0;
    acme_session_pace(w->session, &pacer);
    acme_session_open(w->session, on_ready, w);
    assert_int_equal(w->sent, 0);
    wait_seconds(w, 11);
    answer_directory(w, "d0");
    ask(w, "read", 0);
    assert_int_equal(count_calls(w, "POST"), 0);
    wait_seconds(w, 9);
    assert_int_equal(count_calls(w, "POST"), 0);
    wait_seconds(w, 11);
    assert_int_equal(count_calls(w, "POST"), 1);
    answer(w, 200, "{\"status\":\"valid\"}", "n0");
    acme_session_get(w->session, "https://other.example/ari/a.b", NULL, NULL, on_answer, w);
    assert_int_equal(count_calls(w, "GET"), 2);
    assert_int_equal(turns, 3);
}

static void test_words_of_the_ca_are_handed_on(void **state)
{
    static const struct {
        int status;
        const char *body, *header, *value;
    } answers[] = {
        { 403, "{\"type\":\"urn:ietf:params:acme:error:unauthorized\"}", NULL, NULL },
        { 429, "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}", NULL, NULL },
        { 500, "{\"message\":\"Internal\"}", NULL, NULL },
        { 403, "\"Some names are refused\"", NULL, NULL },
        { 404, PAGE, NULL, NULL },
        { 400, "", NULL, NULL },
        { 503, PAGE, "Retry-After", "3600" },
    };
    world_t *w = *state;
    size_t i;

    open_and_ask(w, "read", 0);
    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        answer_with(w, answers[i].status, answers[i].body, apr_psprintf(w->p, "n%d", (int)i),
                    answers[i].header, answers[i].value);
        assert_int_equal(w->done, (int)i + 1);
        assert_int_equal(w->last->http_status, answers[i].status);
        assert_int_equal(w->last->foreign, answers[i].status == 503);
        ask(w, "read", 0);
    }
}

static void test_what_is_never_answered_ends(void **state)
{
    world_t *w = *state;
    int i;

    open_and_ask(w, "read", 0);
    for (i = 0; i < 5; i++) {
        assert_int_equal(w->done, 0);
        answer(w, 200, PAGE, apr_psprintf(w->p, "n%d", i));
        wait_seconds(w, 60);
    }
    assert_int_equal(w->done, 1);
    assert_int_equal(count_calls(w, "POST"), 5);
    assert_string_equal(w->last->type, EAB_PROBLEM_CA_ANSWER);
    assert_int_equal(w->last->foreign, 1);
    assert_string_equal(w->last->url, ORDER);
}

/* What acts is told to be unsure; the same once more is held back, and something else is not. */
static void test_what_acts_is_not_repeated(void **state)
{
    world_t *w = *state;
    const char *finalize = "finalize";

    open_and_ask(w, finalize, 1);
    answer(w, 503, PAGE, "n0");
    assert_int_equal(w->done, 1);
    assert_int_equal(w->last->foreign, 1);
    ask(w, "read", 0);
    assert_int_equal(count_calls(w, "POST"), 2);
    answer(w, 200, "{\"status\":\"ready\"}", "n1");
    ask(w, finalize, 1);
    assert_int_equal(count_calls(w, "POST"), 2);
    wait_seconds(w, 11);
    assert_int_equal(count_calls(w, "POST"), 3);
    answer(w, 200, PAGE, "n2");
    assert_int_equal(w->done, 3);
    assert_int_equal(w->last->foreign, 1);
    ask(w, finalize, 1); /* longer each time */
    wait_seconds(w, 11);
    assert_int_equal(count_calls(w, "POST"), 3);
    wait_seconds(w, 21);
    assert_int_equal(count_calls(w, "POST"), 4);
}

/* It did not reach the CA. */
static void test_what_was_turned_away_is_repeated(void **state)
{
    world_t *w = *state;

    open_and_ask(w, "newOrder", 1);
    expect_again(w, 429, PAGE, NULL, NULL);
    ask(w, "newOrder", 1);
    expect_again(w, 403, PAGE, NULL, NULL);
}

static void test_directory_and_nonces_are_asked_for_again(void **state)
{
    world_t *w = *state;

    pace(w);
    acme_session_open(w->session, on_ready, w);
    answer(w, 200, PAGE, NULL);
    wait_seconds(w, 11);
    answer(w, 429, PAGE, NULL);
    assert_int_equal(w->opened, 0);
    wait_seconds(w, 21);
    answer_directory(w, NULL);
    assert_int_equal(w->opened, 1);
    ask(w, "read", 0);
    answer(w, 503, "", NULL);
    ask(w, "more", 0);
    assert_int_equal(count_calls(w, "HEAD"), 1);
    assert_int_equal(w->done, 0);
    wait_seconds(w, 11);
    assert_int_equal(count_calls(w, "HEAD"), 3);
    answer(w, 200, "", "n0");
    assert_int_equal(count_calls(w, "POST"), 1);
    acme_session_get(w->session, "https://ca.example/ari/a.b", NULL, acme_answer_is_object,
                     on_answer, w);
    answer(w, 204, "", "n1");
    answer(w, 200, "{\"status\":\"valid\"}", "n2");
    answer(w, 200, "[]", NULL);
    wait_seconds(w, 11);
    answer(w, 200, "{\"status\":\"valid\"}", "n3");
    answer(w, 200, "{}", NULL);
    assert_int_equal(w->done, 3);
    assert_int_equal(w->successes, 3);
}

/* What is required of a directory and was told once is not missed. */
static void test_directory_that_leaves_something_out(void **state)
{
    world_t *w = *state;

    open_session(w);
    acme_session_forget(w->session);
    acme_session_open(w->session, on_ready, w);
    answer(w, 200,
           "{\"newNonce\":null,\"newAccount\":\"https://ca.example/a2\",\"renewalInfo\":null}",
           NULL);
    assert_int_equal(w->last->rv, APR_SUCCESS);
    assert_string_equal(acme_session_directory(w->session)->new_nonce, NEW_NONCE);
    assert_string_equal(acme_session_directory(w->session)->new_account, "https://ca.example/a2");
    assert_string_equal(acme_session_directory(w->session)->new_order, "https://ca.example/o");
    assert_null(acme_session_directory(w->session)->renewal_info);
}

/* ---- turns ---- */

/* A door that lets one request through in 10 seconds. */
static apr_interval_time_t one_in_ten_seconds(acme_pacer_t *pacer, const char *url)
{
    apr_time_t *next = pacer->impl, now = clock_steady();
    apr_time_t turn = *next > now ? *next : now;

    (void)url;
    *next = turn + apr_time_from_sec(10);
    return turn - now;
}

static void hear_nothing(acme_pacer_t *pacer, const char *url, const eab_result_t *result,
                         apr_time_t sent, int reads)
{
    (void)pacer;
    (void)url;
    (void)result;
    (void)sent;
    (void)reads;
}

/* Directory, nonces, posts, and those that are repeated for their nonce: however late the answers come,
 * nothing is sent but in its own turn, and no turn is lost for long. */
static void test_each_request_has_its_turn(void **state)
{
    world_t *w = *state;
    apr_time_t next = 0, began = clock_steady();
    acme_pacer_t pacer = { one_in_ten_seconds, no_wait, hear_nothing, ever_later, &next };
    int i, tens, refused = 0, nonces = 0;

    acme_session_pace(w->session, &pacer);
    acme_session_open(w->session, on_ready, w);
    answer_directory(w, NULL);
    for (i = 0; i < 10; i++)
        post(w, "p");
    for (tens = 1; w->done < 10; tens++) {
        int before = w->sent;

        assert_true(tens < 60);
        acme_session_poke(w->session, began + apr_time_from_sec(10 * tens + 5));
        assert_true(w->sent <= before + 1);
        if (tens % 7 != 0 && w->done > 0) /* the answers come in bursts */
            continue;
        while (next_call(w, NULL) != NULL) {
            int is_post = strcmp(next_call(w, NULL)->request.method, "POST") == 0;

            if (is_post && refused < 3)
                answer(w, 400, BAD_NONCE, apr_psprintf(w->p, "b%d", refused++));
            else
                answer(w, 200, "{}", apr_psprintf(w->p, "t%d", nonces++));
            assert_true(w->sent <= before + 1);
        }
    }
    assert_int_equal(10, w->successes);
    check_nonces_are_used_once(w);
}

/* The next HEAD waits for its turn when the one before is refused: that is not asked as well. */
static void test_nonces_in_turn_are_given_up(void **state)
{
    world_t *w = *state;
    apr_time_t next = 0, began = clock_steady();
    acme_pacer_t pacer = { one_in_ten_seconds, no_wait, hear_nothing, ever_later, &next };
    int i, tens;

    acme_session_pace(w->session, &pacer);
    acme_session_open(w->session, on_ready, w);
    answer_directory(w, NULL);
    for (i = 0; i < 10; i++)
        post(w, "p");
    for (tens = 1; w->done < 10; tens++) {
        assert_true(tens < 60);
        acme_session_poke(w->session, began + apr_time_from_sec(10 * tens + 5));
        while (next_call(w, NULL) != NULL)
            answer(w, 500, PAGE, NULL);
    }
    assert_int_equal(0, w->successes);
    assert_in_range(count_calls(w, "HEAD"), 1, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(test_open),
        SESSION_TEST(test_open_fails),
        SESSION_TEST(test_one_head),
        SESSION_TEST(test_clock),
        SESSION_TEST(test_nonce_of_directory),
        SESSION_TEST(test_ill_formed_nonce),
        SESSION_TEST(test_bad_nonce),
        SESSION_TEST(test_bad_nonce_endless),
        SESSION_TEST(test_bad_nonce_without_nonce),
        SESSION_TEST(test_parallel),
        SESSION_TEST(test_waiting_is_served_by_any_answer),
        SESSION_TEST(test_head_fails),
        SESSION_TEST(test_errors),
        SESSION_TEST(test_garbled_answers_are_asked_again),
        SESSION_TEST(test_every_request_takes_its_turn),
        SESSION_TEST(test_words_of_the_ca_are_handed_on),
        SESSION_TEST(test_what_is_never_answered_ends),
        SESSION_TEST(test_what_acts_is_not_repeated),
        SESSION_TEST(test_what_was_turned_away_is_repeated),
        SESSION_TEST(test_directory_and_nonces_are_asked_for_again),
        SESSION_TEST(test_directory_that_leaves_something_out),
        SESSION_TEST(test_signer_refuses),
        SESSION_TEST(test_not_open),
        SESSION_TEST(test_forget),
        SESSION_TEST(test_many_nonces),
        SESSION_TEST(test_get),
        SESSION_TEST(test_each_request_has_its_turn),
        SESSION_TEST(test_nonces_in_turn_are_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
