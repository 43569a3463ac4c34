/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/session.h"

#include <apr_strings.h>
#include <string.h>

#include "acme/problem.h"
#include "base/bytes.h"

#define NONCES_KEPT 64
#define NONCES_FETCHED 4 /* HEAD requests under way at a time */
#define NONCE_RETRIES 5

/* One POST from the caller's request to the answer that counts. Lives in a pool of its own, which
 * ends with it: a session lasts as long as its process. */
typedef struct post {
    struct post *next; /* among those that wait for a nonce */
    acme_session_t *session;
    apr_pool_t *pool;
    const char *url;
    const void *sentence;
    const char *accept;
    acme_answer_fn *done;
    void *baton;
    eab_result_t *result;
    int retries; /* after badNonce */
} post_t;

typedef struct waiter {
    struct waiter *next;
    acme_ready_fn *done;
    void *baton;
} waiter_t;

/* A GET of the directory that is under way, and who waits for it. */
typedef struct opening {
    acme_session_t *session;
    apr_pool_t *pool;
    waiter_t *first;
    waiter_t **plast;
} opening_t;

struct acme_session {
    apr_pool_t *pool;
    acme_transport_t *transport;
    acme_signer_t *signer;
    const char *directory_url;
    apr_pool_t *directory_pool;
    acme_directory_t *directory; /* the latest; kept when it is stale, for posts under way */
    int fresh;                   /* since the last acme_session_forget() */
    opening_t *opening;
    post_t *waiting;
    post_t **pwaiting_last;
    int waiting_count;
    int heads; /* under way; not 0 while posts wait */
    int requests;
    apr_interval_time_t ahead; /* the CA's clock, by the newest answer */
    int nonces_count;
    char nonces[NONCES_KEPT][LIMIT_NONCE + 1]; /* the newest last */
};

acme_session_t *acme_session_make(apr_pool_t *p, acme_transport_t *transport, acme_signer_t *signer,
                                  const char *directory_url)
{
    acme_session_t *session = apr_pcalloc(p, sizeof(*session));

    session->pool = p;
    session->transport = transport;
    session->signer = signer;
    session->directory_url = apr_pstrdup(p, directory_url);
    session->pwaiting_last = &session->waiting;
    return session;
}

const acme_directory_t *acme_session_directory(const acme_session_t *session)
{
    return session->fresh ? session->directory : NULL;
}

const acme_directory_t *acme_session_seen(const acme_session_t *session)
{
    return session->directory;
}

void acme_session_forget(acme_session_t *session)
{
    session->fresh = 0;
    session->nonces_count = 0;
}

int acme_session_requests(const acme_session_t *session)
{
    return session->requests;
}

static void session_send(acme_session_t *session, const acme_request_t *request,
                         acme_answer_fn *done, void *baton)
{
    session->requests++;
    session->transport->send(session->transport, request, done, baton);
}

static int is_success(const acme_answer_t *answer)
{
    return answer->status >= 200 && answer->status <= 299;
}

/* ---- nonces ---- */

static void note_clock(acme_session_t *session, const acme_answer_t *answer)
{
    acme_answer_clock(&session->ahead, answer, apr_time_now());
}

/* The nonce of an answer, NULL when it has none or an ill-formed one (RFC 8555, 6.5.1). */
static const char *peek_nonce(const acme_answer_t *answer)
{
    const char *nonce = apr_table_get(answer->headers, "Replay-Nonce");

    return nonce != NULL && base64url_is_valid(nonce, LIMIT_NONCE) ? nonce : NULL;
}

static void keep_nonce(acme_session_t *session, const char *nonce)
{
    if (session->nonces_count == NONCES_KEPT) {
        session->nonces_count--;
        memmove(session->nonces[0], session->nonces[1],
                (NONCES_KEPT - 1) * sizeof(session->nonces[0]));
    }
    apr_cpystrn(session->nonces[session->nonces_count++], nonce, sizeof(session->nonces[0]));
}

/* The newest one, which is used up by that. */
static const char *take_nonce(acme_session_t *session, apr_pool_t *p)
{
    return apr_pstrdup(p, session->nonces[--session->nonces_count]);
}

/* ---- the end of a post ---- */

static void post_finish(post_t *post, const acme_answer_t *answer)
{
    post->done(post->baton, answer, post->result);
    apr_pool_destroy(post->pool);
}

/* Nothing came that could be called an answer; result says why. */
static void post_fail(post_t *post)
{
    acme_answer_t answer = { post->pool, post->url, 0, NULL, "", 0 };

    answer.headers = apr_table_make(post->pool, 0);
    if (post->result->url == NULL) {
        post->result->url = post->url;
    }
    post_finish(post, &answer);
}

/* ---- waiting for a nonce ---- */

static void post_sign(post_t *post, const char *nonce);
static void fetch_nonces(acme_session_t *session);

static void post_wait(post_t *post)
{
    acme_session_t *session = post->session;

    post->next = NULL;
    *session->pwaiting_last = post;
    session->pwaiting_last = &post->next;
    session->waiting_count++;
}

static post_t *pop_waiting(acme_session_t *session)
{
    post_t *post = session->waiting;

    session->waiting = post->next;
    if (session->waiting == NULL) {
        session->pwaiting_last = &session->waiting;
    }
    session->waiting_count--;
    return post;
}

/* Hand out what nonces there are; fetch more for those who still wait. */
static void serve_waiting(acme_session_t *session)
{
    while (session->waiting != NULL && session->nonces_count > 0) {
        post_t *post = pop_waiting(session);

        post_sign(post, take_nonce(session, post->pool));
    }
    fetch_nonces(session);
}

/* All of them: they wait for the same thing, and a CA that is away is not asked once for each. */
static void fail_waiting(acme_session_t *session, const eab_result_t *why)
{
    int count = session->waiting_count;

    while (count-- > 0 && session->waiting != NULL) {
        post_t *post = pop_waiting(session);

        eab_result_copy(post->result, why);
        post_fail(post);
    }
    fetch_nonces(session);
}

static void explain_no_nonce(const acme_answer_t *answer, eab_result_t *why)
{
    if (is_success(answer)) {
        acme_problem_bad_answer(why, answer,
                                "The CA's newNonce gave no usable nonce (Replay-Nonce header)");
    }
    else {
        acme_problem_from_answer(why, answer);
    }
}

static void head_answered(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    acme_session_t *session = baton;
    const char *nonce = peek_nonce(answer);
    eab_result_t *why = NULL;

    session->heads--;
    note_clock(session, answer);
    if (nonce != NULL) {
        keep_nonce(session, nonce);
        serve_waiting(session);
        return;
    }
    if (session->heads > 0) {
        return; /* the others may still bring what is needed */
    }
    why = eab_result_make(answer->pool);
    if (result->rv != APR_SUCCESS) {
        eab_result_copy(why, result);
    }
    else {
        explain_no_nonce(answer, why);
    }
    fail_waiting(session, why);
}

/* One HEAD for each post that waits, but few at a time: each answer to a post brings a nonce too. */
static void fetch_nonces(acme_session_t *session)
{
    acme_request_t request = { "HEAD", NULL, NULL, NULL };

    while (session->heads < NONCES_FETCHED && session->heads < session->waiting_count) {
        request.url = session->directory->new_nonce;
        session->heads++;
        session_send(session, &request, head_answered, session);
    }
}

/* ---- posts ---- */

/* RFC 8555, 6.5: repeat with the nonce of the error, for it is known to be fresh. */
static void post_repeat(post_t *post, const acme_answer_t *answer)
{
    acme_session_t *session = post->session;
    const char *nonce = peek_nonce(answer);

    if (post->retries == NONCE_RETRIES) {
        eab_result_set(post->result, APR_EGENERAL, EAB_PROBLEM_NONCE_LOOP,
                       "The CA refused %d nonces in a row that it had given out itself",
                       NONCE_RETRIES + 1);
        post->result->http_status = answer->status;
        post->result->url = post->url;
        post_finish(post, answer);
        return;
    }
    post->retries++;
    eab_result_clear(post->result);
    if (nonce != NULL) {
        post_sign(post, apr_pstrdup(post->pool, nonce));
        return;
    }
    /* What the CA has forgotten, it has forgotten for all nonces of that time. */
    session->nonces_count = 0;
    post_wait(post);
    fetch_nonces(session);
}

static void post_answered(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    post_t *post = baton;
    acme_session_t *session = post->session;
    const char *nonce = peek_nonce(answer);

    note_clock(session, answer);
    if (result->rv != APR_SUCCESS) {
        eab_result_copy(post->result, result);
        post->result->url = post->url;
    }
    else if (!is_success(answer)) {
        acme_problem_from_answer(post->result, answer);
        post->result->url = post->url;
    }
    if (eab_result_is_acme(post->result, "badNonce")) {
        post_repeat(post, answer);
        return;
    }
    if (nonce != NULL) {
        keep_nonce(session, nonce);
        serve_waiting(session);
    }
    post_finish(post, answer);
}

static void post_signed(void *baton, const char *jws, const eab_result_t *result)
{
    post_t *post = baton;
    acme_request_t request = { "POST", post->url, jws, post->accept };

    if (jws != NULL) {
        session_send(post->session, &request, post_answered, post);
        return;
    }
    eab_result_copy(post->result, result);
    post_fail(post);
}

static void post_sign(post_t *post, const char *nonce)
{
    acme_signer_t *signer = post->session->signer;

    signer->sign(signer, post->sentence, post->url, nonce, post_signed, post);
}

static post_t *make_post(acme_session_t *session, const char *url, const void *sentence,
                         const char *accept)
{
    apr_pool_t *pool = NULL;
    post_t *post = NULL;

    apr_pool_create(&pool, session->pool);
    post = apr_pcalloc(pool, sizeof(*post));
    post->session = session;
    post->pool = pool;
    post->url = apr_pstrdup(pool, url);
    post->sentence = sentence;
    post->accept = accept != NULL ? apr_pstrdup(pool, accept) : NULL;
    post->result = eab_result_make(pool);
    return post;
}

void acme_session_post(acme_session_t *session, const char *url, const void *sentence,
                       const char *accept, acme_answer_fn *done, void *baton)
{
    post_t *post = make_post(session, url, sentence, accept);

    post->done = done;
    post->baton = baton;
    if (session->directory == NULL) {
        eab_result_set(post->result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                       "A request was made before the directory of the CA was known");
        post_fail(post);
        return;
    }
    post_wait(post);
    serve_waiting(session);
}

/* ---- what needs no signature ---- */

typedef struct get {
    acme_session_t *session;
    apr_pool_t *pool;
    const char *url;
    acme_answer_fn *done;
    void *baton;
} get_t;

static void get_answered(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    get_t *get = baton;
    eab_result_t *outcome = eab_result_make(get->pool);

    note_clock(get->session, answer);
    if (result->rv != APR_SUCCESS) {
        eab_result_copy(outcome, result);
    }
    else if (!is_success(answer)) {
        acme_problem_from_answer(outcome, answer);
    }
    if (outcome->rv != APR_SUCCESS) {
        outcome->url = get->url;
    }
    get->done(get->baton, answer, outcome);
    apr_pool_destroy(get->pool);
}

void acme_session_get(acme_session_t *session, const char *url, const char *accept,
                      acme_answer_fn *done, void *baton)
{
    acme_request_t request = { "GET", url, NULL, accept };
    apr_pool_t *pool = NULL;
    get_t *get;

    apr_pool_create(&pool, session->pool);
    get = apr_pcalloc(pool, sizeof(*get));
    get->session = session;
    get->pool = pool;
    get->url = apr_pstrdup(pool, url);
    get->done = done;
    get->baton = baton;
    session_send(session, &request, get_answered, get);
}

/* ---- the directory ---- */

static void opening_add(opening_t *opening, acme_ready_fn *done, void *baton)
{
    waiter_t *waiter = apr_pcalloc(opening->pool, sizeof(*waiter));

    waiter->done = done;
    waiter->baton = baton;
    *opening->plast = waiter;
    opening->plast = &waiter->next;
}

/* The old directory goes when there is a new one, not before. */
static void read_directory(acme_session_t *session, const acme_answer_t *answer,
                           eab_result_t *result)
{
    apr_pool_t *pool = NULL;
    acme_directory_t *directory = NULL;

    apr_pool_create(&pool, session->pool);
    directory = acme_directory_parse(pool, answer, result);
    if (directory == NULL) {
        apr_pool_destroy(pool);
        return;
    }
    if (session->directory_pool != NULL) {
        apr_pool_destroy(session->directory_pool);
    }
    session->directory_pool = pool;
    session->directory = directory;
    session->fresh = 1;
}

static void directory_answered(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    opening_t *opening = baton;
    acme_session_t *session = opening->session;
    eab_result_t *outcome = eab_result_make(opening->pool);
    const char *nonce = peek_nonce(answer);
    waiter_t *waiter = NULL;

    session->opening = NULL;
    note_clock(session, answer);
    if (nonce != NULL) {
        keep_nonce(session, nonce);
    }
    if (result->rv != APR_SUCCESS) {
        eab_result_copy(outcome, result);
    }
    else if (is_success(answer)) {
        read_directory(session, answer, outcome);
    }
    else {
        acme_problem_from_answer(outcome, answer);
    }
    if (outcome->rv != APR_SUCCESS) {
        outcome->url = session->directory_url;
    }
    for (waiter = opening->first; waiter != NULL; waiter = waiter->next) {
        waiter->done(waiter->baton, outcome);
    }
    apr_pool_destroy(opening->pool);
}

static opening_t *make_opening(acme_session_t *session)
{
    apr_pool_t *pool = NULL;
    opening_t *opening = NULL;

    apr_pool_create(&pool, session->pool);
    opening = apr_pcalloc(pool, sizeof(*opening));
    opening->session = session;
    opening->pool = pool;
    opening->plast = &opening->first;
    return opening;
}

void acme_session_open(acme_session_t *session, acme_ready_fn *done, void *baton)
{
    acme_request_t request = { "GET", session->directory_url, NULL, NULL };
    eab_result_t success;

    if (session->fresh) {
        memset(&success, 0, sizeof(success));
        success.retry_after = -1;
        done(baton, &success);
        return;
    }
    if (session->opening != NULL) {
        opening_add(session->opening, done, baton);
        return;
    }
    session->opening = make_opening(session);
    opening_add(session->opening, done, baton);
    session_send(session, &request, directory_answered, session->opening);
}

apr_interval_time_t acme_session_ahead(const acme_session_t *session)
{
    return session->ahead;
}
