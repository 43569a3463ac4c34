/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/http.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "acme/url.h"
#include "base/bytes.h"
#include "crypto/trust.h"

/* A test asks for what is done with an older libcurl. */
#ifndef EAB_LIBCURL_VERSION
#define EAB_LIBCURL_VERSION LIBCURL_VERSION_NUM
#endif

#define CONNECT_SECONDS 10L
#define ANSWER_SECONDS 180L /* a finalize may block for 90 */
#define RESPONDER_SECONDS 15L
#define REDIRECTS_MAX 3L
#define CONNECTIONS_PER_HOST 8L /* HTTP/1.1 only; what is beyond waits here */
#define CONNECTIONS_KEPT 16L
#define SINK_START 4096
#define POLL_MILLISECONDS_MAX (24 * 60 * 60 * 1000)

typedef struct exchange exchange_t;

struct acme_http {
    apr_pool_t *pool;
    apr_pool_t *scratch; /* of one acme_http_run() */
    CURLM *multi;
    const char *user_agent;
    exchange_t *stillborn; /* could not be started; end in the next acme_http_run() */
    int busy;
};

/* What sort of server it is. */
typedef struct manner {
    int plain_too; /* http as well as https */
    long redirects;
    long answer_seconds;
    apr_size_t body_max;
    int introduced; /* it is told who asks */
} manner_t;

static const manner_t of_ca = { 0, REDIRECTS_MAX, ANSWER_SECONDS, LIMIT_ANSWER_BODY, 1 };
static const manner_t of_responder = { 1, 0, RESPONDER_SECONDS, LIMIT_STAPLE, 0 };

/* One CA: what its exchanges have in common. */
typedef struct peer {
    acme_transport_t transport;
    acme_http_t *http;
    const manner_t *manner;
    const char *ca_pem;
    const char *proxy;
    const char *proxy_credentials;
} peer_t;

/* A body that grows up to a limit that was chosen at the start. */
typedef struct sink {
    char *data;
    apr_size_t len;
    apr_size_t size;
    int overflow;
} sink_t;

/* One request and its answer, in a pool of their own that ends after the callback. */
struct exchange {
    exchange_t *next; /* among the stillborn */
    acme_http_t *http;
    const manner_t *manner;
    apr_pool_t *pool;
    CURL *easy;
    struct curl_slist *lines; /* request headers; libcurl points at them */
    char error[CURL_ERROR_SIZE];
    apr_size_t sent; /* bytes of the request's body */
    CURLcode setup;  /* the first option that libcurl refused */
    acme_request_t request;
    const char *proxy;
    sink_t body;
    apr_size_t headers_len; /* of all answers together: redirects and 1xx count as well */
    int headers_overflow;
    acme_answer_t answer;
    acme_answer_fn *done;
    void *baton;
};

/* ---- what comes in ---- */

static size_t take_body(char *data, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    sink_t *sink = &exchange->body;
    size_t add = size * count; /* libcurl: size is always 1 */
    char *bigger = NULL;

    if (add > exchange->manner->body_max - sink->len) { /* len <= body_max always holds */
        sink->overflow = 1;
        return 0;
    }
    if (sink->len + add >= sink->size) {
        sink->size = 2 * (sink->len + add) + SINK_START;
        bigger = apr_palloc(exchange->pool, sink->size);
        memcpy(bigger, sink->data, sink->len);
        sink->data = bigger;
    }
    memcpy(sink->data + sink->len, data, add);
    sink->len += add;
    sink->data[sink->len] = '\0';
    return add;
}

/* "Name: value" without the line end; folded lines and what is no header are ignored. */
static void keep_header(exchange_t *exchange, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    const char *end = line + len;
    const char *value = NULL;

    if (colon == NULL || colon == line || apr_isspace(line[0])) {
        return;
    }
    for (value = colon + 1; value < end && apr_isspace(*value); value++) {
        continue;
    }
    while (end > value && apr_isspace(end[-1])) {
        end--;
    }
    apr_table_addn(exchange->answer.headers,
                   apr_pstrmemdup(exchange->pool, line, (apr_size_t)(colon - line)),
                   apr_pstrmemdup(exchange->pool, value, (apr_size_t)(end - value)));
}

static size_t take_header(char *data, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    size_t len = size * count;

    if (len > LIMIT_ANSWER_HEADERS - exchange->headers_len) {
        exchange->headers_overflow = 1;
        return 0;
    }
    exchange->headers_len += len;
    if (len >= 5 && strncmp(data, "HTTP/", 5) == 0) {
        /* Another answer starts: what came before was a redirect or a 1xx. */
        apr_table_clear(exchange->answer.headers);
        exchange->body.len = 0;
        exchange->body.data[0] = '\0';
    }
    else {
        keep_header(exchange, data, len);
    }
    return len;
}

/* The body of a POST, once. libcurl sends a request again by itself when a kept connection dies
 * before the answer; the CA may have acted on the first one, and a nonce is for one use. Without a
 * way to rewind it gives up instead, unless nothing was sent yet. */
static size_t give_body(char *buffer, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    size_t left = strlen(exchange->request.body) - exchange->sent;
    size_t len = (left < size * count) ? left : size * count;

    memcpy(buffer, exchange->request.body + exchange->sent, len);
    exchange->sent += len;
    return len;
}

/* ---- options ---- */

/* All options go through here: a transfer without one of them must not take place. */
static void need(exchange_t *exchange, CURLcode code)
{
    if (code != CURLE_OK && exchange->setup == CURLE_OK) {
        exchange->setup = code;
    }
}

static void set_protocols(exchange_t *x)
{
#if EAB_LIBCURL_VERSION >= 0x075500
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS_STR,
                             x->manner->plain_too ? "http,https" : "https"));
    need(x, curl_easy_setopt(x->easy, CURLOPT_REDIR_PROTOCOLS_STR, "https"));
#else
    long plain = x->manner->plain_too ? CURLPROTO_HTTP : 0;

    need(x, curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTPS | plain));
    need(x, curl_easy_setopt(x->easy, CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS));
#endif
}

static void set_security(exchange_t *x, const peer_t *peer)
{
    set_protocols(x);
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYPEER, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYHOST, 2L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    need(x, curl_easy_setopt(x->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
    /* "" is no proxy at all, where NULL would be that of the environment. */
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXY, peer->proxy != NULL ? peer->proxy : ""));
    need(x, curl_easy_setopt(x->easy, CURLOPT_NOPROXY, ""));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXYUSERPWD, peer->proxy_credentials));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
}

#if EAB_LIBCURL_VERSION >= 0x074d00
/* Trust these certificates and no others; for an https proxy, which may be anybody's, also those
 * that libcurl finds in the system's directory. */
static void trust_these(exchange_t *x, const char *ca_pem)
{
    struct curl_blob blob = { NULL, 0, CURL_BLOB_COPY };

    blob.data = (void *)ca_pem; /* libcurl copies it; the struct is not const */
    blob.len = strlen(ca_pem);
    need(x, curl_easy_setopt(x->easy, CURLOPT_CAINFO_BLOB, &blob));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXY_CAINFO_BLOB, &blob));
}
#else
static CURLcode on_context(CURL *easy, void *ctx, void *ca_pem)
{
    (void)easy;
    return trust_only(ctx, ca_pem) ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

/* Trust these certificates and no others, for an https proxy too. libcurl does not know then whom a
 * connection trusts: none of them may serve a request that trusts others. */
static void trust_these(exchange_t *x, const char *ca_pem)
{
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_FUNCTION, on_context));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_DATA, apr_pstrdup(x->pool, ca_pem)));
    need(x, curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L));
}
#endif

static void set_trust(exchange_t *x, const char *ca_pem)
{
    if (ca_pem != NULL) {
        need(x, curl_easy_setopt(x->easy, CURLOPT_CAINFO, NULL));
        need(x, curl_easy_setopt(x->easy, CURLOPT_CAPATH, NULL));
        trust_these(x, ca_pem);
    }
}

static void set_connection(exchange_t *x)
{
    need(x, curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS));
    need(x, curl_easy_setopt(x->easy, CURLOPT_TIMEOUT, x->manner->answer_seconds));
    need(x, curl_easy_setopt(x->easy, CURLOPT_TCP_KEEPALIVE, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS));
    /* Wait whether a connection being made turns out to be HTTP/2, and share it then. */
    need(x, curl_easy_setopt(x->easy, CURLOPT_PIPEWAIT, 1L));
}

/* As it stands in the URL: some versions of libcurl leave out a '?' with nothing behind it, and the
 * CA would see another URL than the one in the JWS. Not for GET: the target would stay the same after
 * a redirection. */
static void set_target(exchange_t *x)
{
    const char *target = acme_url_target(x->pool, x->request.url);

    if (target != NULL) {
        need(x, curl_easy_setopt(x->easy, CURLOPT_REQUEST_TARGET, target));
    }
}

static void set_method(exchange_t *x)
{
    if (strcmp(x->request.method, "GET") != 0) {
        set_target(x);
    }
    if (strcmp(x->request.method, "POST") == 0) {
        need(x, curl_easy_setopt(x->easy, CURLOPT_POST, 1L));
        need(x, curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t)strlen(x->request.body)));
        need(x, curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, give_body));
        need(x, curl_easy_setopt(x->easy, CURLOPT_READDATA, x));
    }
    else if (strcmp(x->request.method, "HEAD") == 0) {
        need(x, curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L));
    }
    else {
        /* Never for POST: the url in its JWS would be another one (RFC 8555, 6.4). */
        need(x, curl_easy_setopt(x->easy, CURLOPT_HTTPGET, 1L));
        need(x,
             curl_easy_setopt(x->easy, CURLOPT_FOLLOWLOCATION, x->manner->redirects > 0 ? 1L : 0L));
        need(x, curl_easy_setopt(x->easy, CURLOPT_MAXREDIRS, x->manner->redirects));
    }
}

static void add_line(exchange_t *x, const char *line)
{
    struct curl_slist *lines = curl_slist_append(x->lines, line);

    if (lines == NULL) {
        need(x, CURLE_OUT_OF_MEMORY);
        return;
    }
    x->lines = lines;
}

static void set_headers(exchange_t *x)
{
    if (x->manner->introduced) {
        add_line(x, "Accept-Language: en");
        need(x, curl_easy_setopt(x->easy, CURLOPT_USERAGENT, x->http->user_agent));
    }
    if (x->request.accept != NULL) {
        add_line(x, apr_pstrcat(x->pool, "Accept: ", x->request.accept, NULL));
    }
    if (x->request.body != NULL) {
        /* Byte for byte: CAs compare the whole value (RFC 8555, 6.2). */
        add_line(x, "Content-Type: application/jose+json");
        add_line(x, "Expect:");
    }
    need(x, curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->lines));
}

static void set_callbacks(exchange_t *x)
{
    need(x, curl_easy_setopt(x->easy, CURLOPT_URL, x->request.url));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PATH_AS_IS, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x));
    need(x, curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error));
    need(x, curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, take_body));
    need(x, curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x));
    need(x, curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, take_header));
    need(x, curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x));
}

/* ---- failures in words ---- */

/* "acme.example.edu:443", and through which proxy. */
static const char *name_peer(const exchange_t *exchange)
{
    const char *peer = acme_url_peer(exchange->pool, exchange->request.url);

    if (exchange->proxy == NULL) {
        return peer;
    }
    return apr_pstrcat(exchange->pool, peer, " through the proxy ",
                       acme_url_peer(exchange->pool, exchange->proxy), NULL);
}

/* libcurl's words without a period at their end. */
static const char *curl_words(const exchange_t *exchange, CURLcode code)
{
    return exchange->error[0] != '\0' ? exchange->error : curl_easy_strerror(code);
}

static void explain_connect(const exchange_t *exchange, CURLcode code, eab_result_t *result)
{
    char text[256];
    long os_errno = 0;
    int forbidden = 0;

    curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &os_errno);
    forbidden = os_errno == EACCES || os_errno == EPERM;
    eab_result_set(result, forbidden ? (apr_status_t)os_errno : APR_EGENERAL,
                   EAB_PROBLEM_CA_UNREACHABLE, "Cannot connect to %s: %s", name_peer(exchange),
                   os_errno != 0 ? apr_strerror((apr_status_t)os_errno, text, sizeof(text))
                                 : curl_words(exchange, code));
}

static void explain_timeout(const exchange_t *exchange, CURLcode code, eab_result_t *result)
{
    curl_off_t connected = 0;

    (void)code;
    curl_easy_getinfo(exchange->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (connected > 0) {
        eab_result_set(result, APR_EOF, EAB_PROBLEM_CA_UNREACHABLE,
                       "%s gave no complete answer within %ld seconds", name_peer(exchange),
                       exchange->manner->answer_seconds);
    }
    else {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_UNREACHABLE,
                       "Cannot connect to %s: no connection within %ld seconds",
                       name_peer(exchange), CONNECT_SECONDS);
    }
}

static void explain_cut(const exchange_t *exchange, CURLcode code, eab_result_t *result)
{
    eab_result_set(result, APR_EOF, EAB_PROBLEM_CA_UNREACHABLE,
                   "The connection to %s failed before there was a complete answer: %s",
                   name_peer(exchange), curl_words(exchange, code));
    result->foreign = code != CURLE_SSL_CONNECT_ERROR;
}

/* An https proxy, or the CA itself? */
static int is_of_proxy(const exchange_t *exchange)
{
    long verified = 0;

    return exchange->proxy != NULL
           && curl_easy_getinfo(exchange->easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &verified)
                  == CURLE_OK
           && verified != 0;
}

static void explain_trust(const exchange_t *exchange, CURLcode code, eab_result_t *result)
{
    if (is_of_proxy(exchange)) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_PROXY_UNTRUSTED,
                       "The TLS certificate of the proxy %s is not trusted: %s",
                       acme_url_peer(exchange->pool, exchange->proxy), curl_words(exchange, code));
        return;
    }
    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_UNTRUSTED,
                   "The TLS certificate of %s is not trusted: %s", name_peer(exchange),
                   curl_words(exchange, code));
}

static void explain_internal(const exchange_t *exchange, CURLcode code, eab_result_t *result)
{
    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                   "The request to %s could not be made: %s", name_peer(exchange),
                   curl_words(exchange, code));
}

static void explain_answer(const exchange_t *exchange, CURLcode code, eab_result_t *result)
{
    const char *peer = name_peer(exchange);

    if (exchange->body.overflow) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_ANSWER,
                       "The answer of %s is longer than %" APR_SIZE_T_FMT " bytes", peer,
                       exchange->manner->body_max);
    }
    else if (exchange->headers_overflow) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_ANSWER,
                       "The headers in the answer of %s are longer than %d bytes", peer,
                       LIMIT_ANSWER_HEADERS);
    }
    else {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_ANSWER,
                       "The answer of %s cannot be used: %s", peer, curl_words(exchange, code));
    }
    result->foreign = 1;
}

typedef void explain_fn(const exchange_t *exchange, CURLcode code, eab_result_t *result);

/* What is not listed is an answer that cannot be used: too long, not HTTP, too many redirects,
 * a redirect to http. */
static const struct {
    CURLcode code;
    explain_fn *explain;
} explanations[] = {
    { CURLE_COULDNT_CONNECT, explain_connect },
    { CURLE_COULDNT_RESOLVE_HOST, explain_connect },
    { CURLE_COULDNT_RESOLVE_PROXY, explain_connect },
    { CURLE_PROXY, explain_connect },
    { CURLE_OPERATION_TIMEDOUT, explain_timeout },
    { CURLE_SSL_CONNECT_ERROR, explain_cut },
    { CURLE_SEND_ERROR, explain_cut },
    { CURLE_RECV_ERROR, explain_cut },
    { CURLE_SEND_FAIL_REWIND, explain_cut },
    { CURLE_GOT_NOTHING, explain_cut },
    { CURLE_PARTIAL_FILE, explain_cut },
    { CURLE_HTTP2, explain_cut },
    { CURLE_HTTP2_STREAM, explain_cut },
    { CURLE_PEER_FAILED_VERIFICATION, explain_trust },
    { CURLE_SSL_CACERT_BADFILE, explain_trust },
    { CURLE_SSL_CERTPROBLEM, explain_trust },
    { CURLE_SSL_CIPHER, explain_trust },
    { CURLE_SSL_CRL_BADFILE, explain_trust },
    { CURLE_SSL_INVALIDCERTSTATUS, explain_trust },
    { CURLE_SSL_ISSUER_ERROR, explain_trust },
    { CURLE_SSL_PINNEDPUBKEYNOTMATCH, explain_trust },
    { CURLE_OUT_OF_MEMORY, explain_internal },
    { CURLE_FAILED_INIT, explain_internal },
    { CURLE_BAD_FUNCTION_ARGUMENT, explain_internal },
    { CURLE_UNKNOWN_OPTION, explain_internal },
    { CURLE_NOT_BUILT_IN, explain_internal },
};

static void explain(const exchange_t *exchange, CURLcode code, eab_result_t *result)
{
    explain_fn *fn = explain_answer;
    size_t i;

    for (i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
        if (explanations[i].code == code) {
            fn = explanations[i].explain;
        }
    }
    fn(exchange, code, result);
    result->url = exchange->request.url;
}

/* ---- the life of an exchange ---- */

/* Also when the pool of acme_http_t ends with exchanges under way. */
static apr_status_t exchange_cleanup(void *data)
{
    exchange_t *exchange = data;

    if (exchange->easy != NULL) {
        /* Harmless for one that is not in there. The handle first: it points at the lines. */
        curl_multi_remove_handle(exchange->http->multi, exchange->easy);
        curl_easy_cleanup(exchange->easy);
        exchange->easy = NULL;
    }
    curl_slist_free_all(exchange->lines);
    exchange->lines = NULL;
    return APR_SUCCESS;
}

static void copy_request(exchange_t *exchange, const acme_request_t *request)
{
    apr_pool_t *p = exchange->pool;

    exchange->request.method = apr_pstrdup(p, request->method);
    exchange->request.url = apr_pstrdup(p, request->url);
    exchange->request.body = request->body != NULL ? apr_pstrdup(p, request->body) : NULL;
    exchange->request.accept = request->accept != NULL ? apr_pstrdup(p, request->accept) : NULL;
}

static exchange_t *make_exchange(const peer_t *peer, const acme_request_t *request)
{
    apr_pool_t *pool = NULL;
    exchange_t *exchange = NULL;

    apr_pool_create(&pool, peer->http->pool);
    exchange = apr_pcalloc(pool, sizeof(*exchange));
    exchange->pool = pool;
    exchange->http = peer->http;
    exchange->manner = peer->manner;
    apr_pool_cleanup_register(pool, exchange, exchange_cleanup, apr_pool_cleanup_null);
    exchange->proxy = peer->proxy != NULL ? apr_pstrdup(pool, peer->proxy) : NULL;
    exchange->body.size = SINK_START;
    exchange->body.data = apr_pcalloc(pool, SINK_START);
    exchange->answer.pool = pool;
    exchange->answer.headers = apr_table_make(pool, 16);
    copy_request(exchange, request);
    exchange->answer.url = exchange->request.url;
    return exchange;
}

static CURLcode start_exchange(exchange_t *exchange, const peer_t *peer)
{
    exchange->easy = curl_easy_init();
    if (exchange->easy == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }
    set_security(exchange, peer);
    set_trust(exchange, peer->ca_pem);
    set_connection(exchange);
    set_method(exchange);
    set_headers(exchange);
    set_callbacks(exchange);
    if (exchange->setup == CURLE_OK
        && curl_multi_add_handle(exchange->http->multi, exchange->easy) != CURLM_OK) {
        return CURLE_FAILED_INIT;
    }
    return exchange->setup;
}

static void peer_send(acme_transport_t *transport, const acme_request_t *request,
                      acme_answer_fn *done, void *baton)
{
    peer_t *peer = transport->impl;
    exchange_t *exchange = make_exchange(peer, request);

    exchange->done = done;
    exchange->baton = baton;
    exchange->setup = start_exchange(exchange, peer);
    peer->http->busy++;
    if (exchange->setup != CURLE_OK) {
        /* done() is never called from here, so the failure waits for acme_http_run(). */
        exchange->next = peer->http->stillborn;
        peer->http->stillborn = exchange;
    }
}

static void finish_exchange(exchange_t *exchange, CURLcode code)
{
    eab_result_t *result = eab_result_make(exchange->pool);
    long status = 0;

    if (code == CURLE_OK) {
        curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
        exchange->answer.status = (int)status;
        exchange->answer.body = exchange->body.data;
        exchange->answer.len = exchange->body.len;
    }
    else {
        explain(exchange, code, result);
        apr_table_clear(exchange->answer.headers);
        exchange->answer.body = "";
    }
    /* The connection is free again for what the callback may send. */
    exchange_cleanup(exchange);
    exchange->http->busy--;
    exchange->done(exchange->baton, &exchange->answer, result);
    apr_pool_destroy(exchange->pool);
}

static void finish_all(acme_http_t *http)
{
    CURLMsg *message = NULL;
    exchange_t *exchange = NULL;
    int left = 0;

    while ((exchange = http->stillborn) != NULL) {
        http->stillborn = exchange->next;
        finish_exchange(exchange, exchange->setup);
    }
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        char *private = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        exchange = (exchange_t *)(void *)private;
        finish_exchange(exchange, message->data.result);
    }
}

/* ---- the loop ---- */

/* In milliseconds, rounded up so that nobody wakes too early again and again. */
static int poll_timeout(const acme_http_t *http, apr_interval_time_t timeout)
{
    if (http->stillborn != NULL) {
        return 0;
    }
    if (timeout < 0 || timeout / 1000 >= POLL_MILLISECONDS_MAX) {
        return POLL_MILLISECONDS_MAX;
    }
    return (int)((timeout + 999) / 1000);
}

static void wait_for_events(acme_http_t *http, struct pollfd *fds, int nfds, int milliseconds)
{
    struct curl_waitfd *also = NULL;
    int i;

    apr_pool_clear(http->scratch);
    also = apr_pcalloc(http->scratch, ((apr_size_t)nfds + 1) * sizeof(*also));
    for (i = 0; i < nfds; i++) {
        also[i].fd = fds[i].fd;
        also[i].events = (short)(((fds[i].events & POLLIN) ? CURL_WAIT_POLLIN : 0)
                                 | ((fds[i].events & POLLPRI) ? CURL_WAIT_POLLPRI : 0)
                                 | ((fds[i].events & POLLOUT) ? CURL_WAIT_POLLOUT : 0));
    }
    if (curl_multi_poll(http->multi, also, (unsigned int)nfds, milliseconds, NULL) != CURLM_OK) {
        poll(fds, (nfds_t)nfds, milliseconds);
    }
    /* libcurl does not hand on POLLHUP and POLLERR. */
    for (i = 0; i < nfds; i++) {
        fds[i].revents = 0;
    }
    if (nfds > 0) {
        poll(fds, (nfds_t)nfds, 0);
    }
}

void acme_http_run(acme_http_t *http, struct pollfd *fds, int nfds, apr_interval_time_t timeout)
{
    int running = 0;

    wait_for_events(http, fds, nfds, poll_timeout(http, timeout));
    curl_multi_perform(http->multi, &running);
    finish_all(http);
}

int acme_http_busy(const acme_http_t *http)
{
    return http->busy;
}

/* ---- set up ---- */

static apr_status_t http_cleanup(void *data)
{
    acme_http_t *http = data;

    curl_multi_cleanup(http->multi);
    http->multi = NULL;
    curl_global_cleanup();
    return APR_SUCCESS;
}

acme_http_t *acme_http_make(apr_pool_t *p, const char *user_agent)
{
    acme_http_t *http = apr_pcalloc(p, sizeof(*http));

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return NULL;
    }
    http->multi = curl_multi_init();
    if (http->multi == NULL) {
        curl_global_cleanup();
        return NULL;
    }
    /* The exchanges live in pools below this one and end before libcurl does. */
    apr_pool_create(&http->pool, p);
    apr_pool_cleanup_register(http->pool, http, http_cleanup, apr_pool_cleanup_null);
    apr_pool_create(&http->scratch, http->pool);
    http->user_agent = apr_pstrdup(http->pool, user_agent);
    curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_PER_HOST);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    return http;
}

const char *acme_http_library(void)
{
    static char name[32];
    const char *version = curl_version(); /* "libcurl/7.88.1 OpenSSL/3.0.15 ..." */

    apr_cpystrn(name, version, sizeof(name));
    name[strcspn(name, " ")] = '\0';
    return name;
}

static acme_transport_t *make_transport(acme_http_t *http, const manner_t *manner,
                                        const char *ca_pem, const char *proxy,
                                        const char *proxy_credentials, apr_pool_t *p)
{
    peer_t *peer = apr_pcalloc(p, sizeof(*peer));

    peer->http = http;
    peer->manner = manner;
    peer->ca_pem = ca_pem != NULL ? apr_pstrdup(p, ca_pem) : NULL;
    peer->proxy = proxy != NULL ? apr_pstrdup(p, proxy) : NULL;
    peer->proxy_credentials = apr_pstrdup(p, proxy_credentials);
    peer->transport.send = peer_send;
    peer->transport.impl = peer;
    return &peer->transport;
}

acme_transport_t *acme_http_transport(acme_http_t *http, const char *ca_pem, const char *proxy,
                                      const char *proxy_credentials, apr_pool_t *p)
{
    return make_transport(http, &of_ca, ca_pem, proxy, proxy_credentials, p);
}

acme_transport_t *acme_http_responder(acme_http_t *http, const char *ca_pem, const char *proxy,
                                      const char *proxy_credentials, apr_pool_t *p)
{
    return make_transport(http, &of_responder, ca_pem, proxy, proxy_credentials, p);
}
