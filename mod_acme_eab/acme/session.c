/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/session.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

#include "acme/answer.h"
#include "acme/memory.h"
#include "acme/problem.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define NONCES_KEPT 64
#define NONCES_FETCHED 4 /* HEAD requests under way at a time */
#define NONCE_RETRIES 5

/* How often something is asked again, with the request in hand, that was not answered by the CA. A
 * directory that is none is mostly mistyped, and what acts is for its owner to look into. */
#define REPEATS_READING 4
#define REPEATS_OTHERS 2

/* What was not answered is remembered, so that nobody asks it again too soon. */
#define TROUBLES_KEPT 64
#define TROUBLE_LIFE apr_time_from_sec(60)

/* Seconds that a web server before the CA may ask to wait, before it is asked whether the CA has acted. */
#define WAIT_LONGEST 30

/* Something that goes on at a time. */
typedef struct rest {
    struct rest *next;
    apr_time_t at;   /* by clock_steady() */
    const char *url; /* where it is sent then in its turn; NULL: nothing is sent */
    void (*go_on)(void *baton);
    void *baton;
} rest_t;

/* A request that was not answered by the CA, so often in a row. */
typedef struct trouble {
    unsigned int key;
    int answers;
    apr_time_t until; /* it is not sent again before */
} trouble_t;

/* One POST from the caller's request to the answer that counts. Lives in a pool of its own, which
 * ends with it: a session lasts as long as its process. */
typedef struct post {
    struct post *next; /* among those that wait for a nonce */
    acme_session_t *session;
    apr_pool_t *pool;
    const char *url;
    const void *sentence;
    const char *accept;
    acme_reads_fn *is_answer;
    int acts;
    acme_answer_fn *done;
    void *baton;
    eab_result_t *result;
    const char *jws; /* while it waits for its turn */
    int retries;     /* after badNonce */
    int repeats;     /* after what was no answer of the CA */
    apr_time_t sent;
    rest_t rest;
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
    int repeats;
    apr_time_t sent;
    rest_t rest;
} opening_t;

struct acme_session {
    apr_pool_t *pool;
    acme_transport_t *transport;
    acme_signer_t *signer;
    acme_pacer_t *pacer;  /* or NULL */
    acme_tally_fn *tally; /* or NULL */
    void *tally_baton;
    rest_t *resting;
    trouble_t troubles[TROUBLES_KEPT];
    const char *directory_url;
    apr_pool_t *directory_pool;
    acme_directory_t *directory; /* the latest; kept when it is stale, for posts under way */
    int fresh;                   /* since the last acme_session_forget() */
    opening_t *opening;
    post_t *waiting;
    post_t **pwaiting_last;
    int waiting_count;
    int heads; /* under way; not 0 while posts wait and head_rest does not */
    int head_repeats;
    int head_rests; /* newNonce is asked when head_rest goes on */
    apr_time_t head_sent;
    rest_t head_rest;
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

void acme_session_tally(acme_session_t *session, acme_tally_fn *tally, void *baton)
{
    session->tally = tally;
    session->tally_baton = baton;
}

static void count_answer(const acme_session_t *session, const char *method, const char *url,
                         const void *sentence, const acme_answer_t *answer)
{
    if (session->tally != NULL) {
        session->tally(session->tally_baton, method, url, sentence, answer->status);
    }
}

static int is_success(const acme_answer_t *answer)
{
    return answer->status >= 200 && answer->status <= 299;
}

/* ---- what waits ---- */

void acme_session_pace(acme_session_t *session, acme_pacer_t *pacer)
{
    session->pacer = pacer;
}

static void rest_for(acme_session_t *session, rest_t *rest, apr_interval_time_t wait,
                     void (*go_on)(void *baton), void *baton)
{
    rest->at = clock_steady() + wait;
    rest->url = NULL;
    rest->go_on = go_on;
    rest->baton = baton;
    rest->next = session->resting;
    session->resting = rest;
}

/* It does not wait any more, if it did. */
static void rest_end(acme_session_t *session, const rest_t *rest)
{
    rest_t **at = &session->resting;

    while (*at != NULL && *at != rest) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = rest->next;
    }
}

/* The one that waits for the earliest time, out of the list; NULL when none is due. */
static rest_t *take_due(acme_session_t *session, apr_time_t now)
{
    rest_t **found = NULL, **at;
    rest_t *rest = NULL;

    for (at = &session->resting; *at != NULL; at = &(*at)->next) {
        if ((*at)->at <= now && (found == NULL || (*at)->at < (*found)->at)) {
            found = at;
        }
    }
    if (found != NULL) {
        rest = *found;
        *found = rest->next;
    }
    return rest;
}

/* Its turn is in a while; when that is over it goes, unless others were late. */
static void go_or_rest(acme_session_t *session, rest_t *rest, const char *url,
                       apr_interval_time_t wait)
{
    if (wait == 0) {
        wait = session->pacer->go(session->pacer, url);
    }
    if (wait > 0) {
        rest_for(session, rest, wait, rest->go_on, rest->baton);
        rest->url = url;
        return;
    }
    rest->go_on(rest->baton);
}

/* Send in turn what needs nothing else. @param url must live until then */
static void line_up(acme_session_t *session, rest_t *rest, const char *url,
                    void (*go_on)(void *baton), void *baton)
{
    if (session->pacer == NULL) {
        go_on(baton);
        return;
    }
    rest->go_on = go_on;
    rest->baton = baton;
    go_or_rest(session, rest, url, session->pacer->wait(session->pacer, url));
}

void acme_session_poke(acme_session_t *session, apr_time_t now)
{
    rest_t *rest;

    while ((rest = take_due(session, now)) != NULL) {
        if (rest->url != NULL) {
            go_or_rest(session, rest, rest->url, 0);
        }
        else {
            rest->go_on(rest->baton);
        }
    }
}

apr_time_t acme_session_due(const acme_session_t *session)
{
    const rest_t *rest;
    apr_time_t due = 0;

    for (rest = session->resting; rest != NULL; rest = rest->next) {
        if (due == 0 || rest->at < due) {
            due = rest->at;
        }
    }
    return due;
}

/* ---- what is no word of the CA ---- */

/* A web server before the CA speaks in HTML or not at all; a CA in JSON, if in strange JSON. With
 * other statuses a few CAs do without, too. */
static int is_of_the_door(const acme_answer_t *answer)
{
    int status = answer->status;

    if (status >= 300 && status <= 399) {
        return 1;
    }
    return (status == 403 || status == 408 || status == 425 || status == 429 || status >= 500)
           && !acme_answer_is_json(answer);
}

/* It was turned away, and did not reach the CA. */
static int is_turned_away(const eab_result_t *result)
{
    return result->foreign && (result->http_status == 429 || result->http_status == 403);
}

int acme_session_is_unsure(const eab_result_t *result)
{
    return result->foreign && !is_turned_away(result) && result->retry_after <= WAIT_LONGEST;
}

/* result holds what is known already: that nothing came, maybe. */
static void judge_answer(const acme_session_t *session, const acme_answer_t *answer,
                         const eab_result_t *came, acme_reads_fn *is_answer, eab_result_t *result)
{
    if (came->rv != APR_SUCCESS) {
        eab_result_copy(result, came);
    }
    else if (!is_success(answer)) {
        acme_problem_from_answer(result, answer);
        result->foreign = is_of_the_door(answer);
    }
    else if (session->pacer != NULL && is_answer != NULL && !is_answer(answer)) {
        acme_problem_bad_answer(result, answer,
                                "What came in place of the CA's answer cannot be read (HTTP %d, %d "
                                "bytes)",
                                answer->status, (int)answer->len);
        result->foreign = 1;
        result->retry_after = acme_answer_retry_after(answer);
        if (result->retry_after > WAIT_LONGEST) {
            result->retry_after = -1; /* it was for what should have come: when to look anew */
        }
    }
}

/* ---- the same thing again ---- */

static unsigned int key_of(const char *url, const void *sentence)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;

    return apr_hashfunc_default(url, &len) ^ (unsigned int)((apr_uintptr_t)sentence >> 3);
}

/* The one of that key, or the one that is best forgotten. */
static trouble_t *find_trouble(acme_session_t *session, unsigned int key, apr_time_t now)
{
    trouble_t *found = &session->troubles[0];
    int i;

    for (i = 0; i < TROUBLES_KEPT; i++) {
        trouble_t *trouble = &session->troubles[i];

        if (trouble->answers > 0 && now - trouble->until > TROUBLE_LIFE) {
            memset(trouble, 0, sizeof(*trouble));
        }
        if (trouble->answers > 0 && trouble->key == key) {
            return trouble;
        }
        if (trouble->until < found->until) {
            found = trouble;
        }
    }
    return found;
}

static void forget_trouble(acme_session_t *session, unsigned int key)
{
    trouble_t *trouble = find_trouble(session, key, clock_steady());

    if (trouble->answers > 0 && trouble->key == key) {
        memset(trouble, 0, sizeof(*trouble));
    }
}

/* @return how long until it may be sent again; -1: that is too long to be waited for here */
static apr_interval_time_t note_trouble(acme_session_t *session, unsigned int key,
                                        apr_int64_t retry_after)
{
    apr_time_t now = clock_steady();
    trouble_t *trouble = find_trouble(session, key, now);
    int answers = trouble->key == key ? trouble->answers + 1 : 1;
    apr_interval_time_t wait = session->pacer->repeat(session->pacer, answers, retry_after);

    trouble->key = key;
    trouble->answers = answers;
    trouble->until = now + (wait > 0 ? wait : session->pacer->repeat(session->pacer, answers, -1));
    return wait;
}

/* How long the request waits before anything is done for it. */
static apr_interval_time_t hold(acme_session_t *session, const char *url, const void *sentence)
{
    apr_time_t now = clock_steady();
    unsigned int key = key_of(url, sentence);
    const trouble_t *trouble;

    if (session->pacer == NULL) {
        return 0;
    }
    trouble = find_trouble(session, key, now);
    return trouble->answers > 0 && trouble->key == key && trouble->until > now
               ? trouble->until - now
               : 0;
}

/* What came of a request. @return how long to wait before it is sent again; -1: it is answered */
static apr_interval_time_t look_again(acme_session_t *session, const char *url,
                                      const void *sentence, apr_time_t sent, int reads,
                                      const eab_result_t *result, int may_repeat)
{
    acme_pacer_t *pacer = session->pacer;
    apr_interval_time_t wait;
    char text[40];

    if (pacer == NULL) {
        return -1;
    }
    pacer->heard(pacer, url, result, sent, reads);
    if (!result->foreign) {
        forget_trouble(session, key_of(url, sentence));
        return -1;
    }
    wait = note_trouble(session, key_of(url, sentence), result->retry_after);
    if (!may_repeat || wait < 0) {
        return -1;
    }
    apr_snprintf(text, sizeof(text), "%.1f", (double)wait / APR_USEC_PER_SEC);
    log_line(LOG_LEVEL_INFO, "%s was not answered by the CA: %s; it is asked again in %s seconds",
             log_escape(result->pool, url), log_escape(result->pool, result->detail), text);
    return wait;
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

static void head_again(void *baton)
{
    acme_session_t *session = baton;

    session->head_rests = 0;
    serve_waiting(session);
}

static void head_answered(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    acme_session_t *session = baton;
    const char *nonce = peek_nonce(answer);
    eab_result_t *why = NULL;
    apr_interval_time_t wait;

    session->heads--;
    note_clock(session, answer);
    count_answer(session, "HEAD", answer->url != NULL ? answer->url : "", NULL, answer);
    if (nonce != NULL) {
        session->head_repeats = 0;
        keep_nonce(session, nonce);
        serve_waiting(session);
        return;
    }
    if (session->heads > 0) {
        return; /* the others may still bring what is needed */
    }
    rest_end(session, &session->head_rest); /* the next in its turn would be told the same */
    session->head_rests = 0;
    why = eab_result_make(answer->pool);
    if (result->rv != APR_SUCCESS) {
        eab_result_copy(why, result);
    }
    else {
        explain_no_nonce(answer, why);
        why->foreign = is_success(answer) || is_of_the_door(answer);
    }
    wait = look_again(session, answer->url != NULL ? answer->url : "", NULL, session->head_sent, 0,
                      why, session->head_repeats < REPEATS_READING);
    if (wait >= 0) {
        session->head_repeats++;
        session->head_rests = 1;
        rest_for(session, &session->head_rest, wait, head_again, session);
        return;
    }
    session->head_repeats = 0;
    fail_waiting(session, why);
}

/* One HEAD for each post that waits, but few at a time: each answer to a post brings a nonce too. */
static int needs_head(const acme_session_t *session)
{
    return session->heads < NONCES_FETCHED && session->heads < session->waiting_count;
}

/* Its turn has come. It may have become needless. */
static void head_send(void *baton)
{
    acme_session_t *session = baton;
    acme_request_t request = { "HEAD", NULL, NULL, NULL };

    session->head_rests = 0;
    if (needs_head(session)) {
        request.url = session->directory->new_nonce;
        session->heads++;
        session->head_sent = clock_steady();
        session_send(session, &request, head_answered, session);
    }
    fetch_nonces(session);
}

/* One after the other takes its turn. */
static void fetch_nonces(acme_session_t *session)
{
    if (!session->head_rests && needs_head(session)) {
        session->head_rests = 1;
        line_up(session, &session->head_rest, session->directory->new_nonce, head_send, session);
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

/* What acts is looked into by whoever asked for it. */
static int may_repeat(const post_t *post)
{
    if (post->acts) {
        return is_turned_away(post->result)
               && post->repeats
                      < (post->result->http_status == 429 ? REPEATS_READING : REPEATS_OTHERS);
    }
    return post->repeats < REPEATS_READING;
}

static void post_begin(void *baton)
{
    post_t *post = baton;

    post_wait(post);
    serve_waiting(post->session);
}

static void post_start(void *baton)
{
    post_t *post = baton;
    acme_session_t *session = post->session;
    apr_interval_time_t wait = hold(session, post->url, post->sentence);

    if (wait > 0) {
        rest_for(session, &post->rest, wait, post_begin, post);
        return;
    }
    post_begin(post);
}

static void post_answered(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    post_t *post = baton;
    acme_session_t *session = post->session;
    const char *nonce = peek_nonce(answer);
    apr_interval_time_t wait;

    note_clock(session, answer);
    count_answer(session, "POST", post->url, post->sentence, answer);
    judge_answer(session, answer, result, post->is_answer, post->result);
    if (post->result->rv != APR_SUCCESS) {
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
    wait = look_again(session, post->url, post->sentence, post->sent, !post->acts, post->result,
                      may_repeat(post));
    if (wait >= 0) {
        post->repeats++;
        eab_result_clear(post->result);
        rest_for(session, &post->rest, wait, post_start, post);
        return;
    }
    post_finish(post, answer);
}

static void post_send(void *baton)
{
    post_t *post = baton;
    acme_request_t request = { "POST", post->url, post->jws, post->accept };

    post->sent = clock_steady();
    session_send(post->session, &request, post_answered, post);
}

/* It takes its turn when nothing else is missing: else it would be sent in that of another. */
static void post_signed(void *baton, const char *jws, const eab_result_t *result)
{
    post_t *post = baton;

    if (jws != NULL) {
        post->jws = apr_pstrdup(post->pool, jws);
        line_up(post->session, &post->rest, post->url, post_send, post);
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

static post_t *make_post(acme_session_t *session, const acme_question_t *question)
{
    apr_pool_t *pool = NULL;
    post_t *post = NULL;

    apr_pool_create(&pool, session->pool);
    post = apr_pcalloc(pool, sizeof(*post));
    post->session = session;
    post->pool = pool;
    post->url = apr_pstrdup(pool, question->url);
    post->sentence = question->sentence;
    post->accept = apr_pstrdup(pool, question->accept);
    post->is_answer = question->is_answer;
    post->acts = question->acts;
    post->result = eab_result_make(pool);
    return post;
}

void acme_session_ask(acme_session_t *session, const acme_question_t *question,
                      acme_answer_fn *done, void *baton)
{
    post_t *post = make_post(session, question);

    post->done = done;
    post->baton = baton;
    if (session->directory == NULL) {
        eab_result_set(post->result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                       "A request was made before the directory of the CA was known");
        post_fail(post);
        return;
    }
    post_start(post);
}

void acme_session_post(acme_session_t *session, const char *url, const void *sentence,
                       const char *accept, acme_answer_fn *done, void *baton)
{
    acme_question_t question = { url, sentence, accept, NULL, 1 };

    acme_session_ask(session, &question, done, baton);
}

/* ---- what needs no signature ---- */

typedef struct get {
    acme_session_t *session;
    apr_pool_t *pool;
    const char *url;
    const char *accept;
    acme_reads_fn *is_answer;
    acme_answer_fn *done;
    void *baton;
    int repeats;
    apr_time_t sent;
    rest_t rest;
} get_t;

static void get_start(void *baton);

static void get_answered(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    get_t *get = baton;
    acme_session_t *session = get->session;
    eab_result_t *outcome = eab_result_make(get->pool);
    apr_interval_time_t wait;

    note_clock(session, answer);
    count_answer(session, "GET", get->url, NULL, answer);
    judge_answer(session, answer, result, get->is_answer, outcome);
    wait =
        look_again(session, get->url, NULL, get->sent, 0, outcome, get->repeats < REPEATS_OTHERS);
    if (wait >= 0) {
        get->repeats++;
        rest_for(session, &get->rest, wait, get_start, get);
        return;
    }
    if (outcome->rv != APR_SUCCESS) {
        outcome->url = get->url;
    }
    get->done(get->baton, answer, outcome);
    apr_pool_destroy(get->pool);
}

static void get_send(void *baton)
{
    get_t *get = baton;
    acme_request_t request = { "GET", get->url, NULL, get->accept };

    get->sent = clock_steady();
    session_send(get->session, &request, get_answered, get);
}

static void get_line_up(void *baton)
{
    get_t *get = baton;

    line_up(get->session, &get->rest, get->url, get_send, get);
}

static void get_start(void *baton)
{
    get_t *get = baton;
    apr_interval_time_t wait = hold(get->session, get->url, NULL);

    if (wait > 0) {
        rest_for(get->session, &get->rest, wait, get_line_up, get);
        return;
    }
    get_line_up(get);
}

void acme_session_get(acme_session_t *session, const char *url, const char *accept,
                      acme_reads_fn *is_answer, acme_answer_fn *done, void *baton)
{
    apr_pool_t *pool = NULL;
    get_t *get;

    apr_pool_create(&pool, session->pool);
    get = apr_pcalloc(pool, sizeof(*get));
    get->session = session;
    get->pool = pool;
    get->url = apr_pstrdup(pool, url);
    get->accept = apr_pstrdup(pool, accept);
    get->is_answer = is_answer;
    get->done = done;
    get->baton = baton;
    get_start(get);
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

/* What an earlier one told of what every directory has: that stays true when it is left out. What a
 * directory need not have is withdrawn by that. */
static acme_memory_t *told_directory(const acme_session_t *session, apr_pool_t *p)
{
    acme_memory_t *memory = acme_memory_make(p);
    const acme_directory_t *directory = session->directory;
    json_t *json;

    if (directory != NULL) {
        json = json_own(p, json_object());
        json_put_string(json, "newNonce", directory->new_nonce);
        json_put_string(json, "newAccount", directory->new_account);
        json_put_string(json, "newOrder", directory->new_order);
        acme_memory_note(memory, "", json);
    }
    return memory;
}

/* The old directory goes when there is a new one, not before. */
static void read_directory(acme_session_t *session, const acme_answer_t *answer,
                           eab_result_t *result)
{
    apr_pool_t *pool = NULL;
    acme_directory_t *directory = NULL;

    apr_pool_create(&pool, session->pool);
    directory = acme_directory_parse(
        pool, acme_memory_fill(told_directory(session, answer->pool), "", answer), result);
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
    if (session->head_rest.url != NULL) { /* was of the old one */
        session->head_rest.url = directory->new_nonce;
    }
}

static void opening_start(void *baton);

static void directory_answered(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    opening_t *opening = baton;
    acme_session_t *session = opening->session;
    eab_result_t *outcome = eab_result_make(opening->pool);
    const char *nonce = peek_nonce(answer);
    waiter_t *waiter = NULL;
    apr_interval_time_t wait;

    note_clock(session, answer);
    count_answer(session, "GET", session->directory_url, NULL, answer);
    if (nonce != NULL) {
        keep_nonce(session, nonce);
    }
    judge_answer(session, answer, result, NULL, outcome);
    if (outcome->rv == APR_SUCCESS) {
        read_directory(session, answer, outcome);
        outcome->foreign = outcome->rv != APR_SUCCESS;
    }
    wait = look_again(session, session->directory_url, NULL, opening->sent, 0, outcome,
                      opening->repeats < REPEATS_OTHERS);
    if (wait >= 0) {
        opening->repeats++;
        rest_for(session, &opening->rest, wait, opening_start, opening);
        return;
    }
    session->opening = NULL;
    if (outcome->rv != APR_SUCCESS) {
        outcome->url = session->directory_url;
    }
    for (waiter = opening->first; waiter != NULL; waiter = waiter->next) {
        waiter->done(waiter->baton, outcome);
    }
    apr_pool_destroy(opening->pool);
}

static void opening_send(void *baton)
{
    opening_t *opening = baton;
    acme_request_t request = { "GET", opening->session->directory_url, NULL, NULL };

    opening->sent = clock_steady();
    session_send(opening->session, &request, directory_answered, opening);
}

static void opening_line_up(void *baton)
{
    opening_t *opening = baton;

    line_up(opening->session, &opening->rest, opening->session->directory_url, opening_send,
            opening);
}

static void opening_start(void *baton)
{
    opening_t *opening = baton;
    apr_interval_time_t wait = hold(opening->session, opening->session->directory_url, NULL);

    if (wait > 0) {
        rest_for(opening->session, &opening->rest, wait, opening_line_up, opening);
        return;
    }
    opening_line_up(opening);
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
    opening_start(session->opening);
}

apr_interval_time_t acme_session_ahead(const acme_session_t *session)
{
    return session->ahead;
}
