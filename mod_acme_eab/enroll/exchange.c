/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/exchange.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "crypto/trust.h"
#include "enroll/problem.h"

/* A test asks for what is done with an older libcurl. */
#ifndef EAB_LIBCURL_VERSION
#define EAB_LIBCURL_VERSION LIBCURL_VERSION_NUM
#endif

#define CONNECT_SECONDS 10L
#define FIRST_ROOM 16384
#define USER_AGENT "mod_acme_eab-enroll/" EAB_VERSION

struct exchange {
    const char *ca_pem;
    const char *proxy;
    long seconds;
};

/* One request under way. */
typedef struct flight {
    apr_pool_t *pool;
    CURL *easy;
    struct curl_slist *lines;
    char error[CURL_ERROR_SIZE];
    CURLcode setup; /* the first option that libcurl refused */
    const exchange_t *exchange;
    const exchange_request_t *request;
    apr_size_t sent; /* bytes of the body */
    secret_t *body;
    apr_size_t len;
    apr_size_t headers_len;
    int overflow;
    apr_table_t *headers;
} flight_t;

/* ---- nothing stays ---- */

static void cleansing_free(void *data)
{
    if (data != NULL)
        OPENSSL_cleanse(data, malloc_usable_size(data));
    free(data);
}

static void *cleansing_realloc(void *data, size_t size)
{
    size_t before = data != NULL ? malloc_usable_size(data) : 0;
    void *moved = malloc(size);

    if (moved != NULL && data != NULL) {
        memcpy(moved, data, before < size ? before : size);
        cleansing_free(data);
    }
    return moved;
}

int exchange_init(void)
{
    json_set_alloc_funcs(malloc, cleansing_free);
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, cleansing_free, cleansing_realloc,
                                strdup, calloc)
           == CURLE_OK;
}

/* ---- URLs ---- */

int exchange_is_url(const char *url)
{
    const char *c = NULL;

    if (strncmp(url, "https://", 8) != 0 || strlen(url) > LIMIT_URL || url[8] == '/'
        || url[8] == '\0')
        return 0;
    for (c = url; *c != '\0'; ++c) {
        if (*c <= ' ' || *c > '~' || strchr("\"'`\\<>@#", *c) != NULL)
            return 0;
    }
    return 1;
}

const char *exchange_host(apr_pool_t *p, const char *url)
{
    const char *host = url + (strncmp(url, "https://", 8) == 0 ? 8 : 0);

    return apr_pstrmemdup(p, host, strcspn(host, "/?"));
}

secret_t *exchange_escape(apr_pool_t *p, const char *before, const char *text, apr_size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    apr_size_t start = before != NULL ? strlen(before) : 0;
    secret_t *escaped = secret_make(p, start + 3 * len + 1);
    unsigned char *to = NULL;
    apr_size_t i;

    if (escaped == NULL)
        abort();
    if (start > 0)
        memcpy(escaped->data, before, start);
    to = escaped->data + start;
    for (i = 0; i < len; ++i) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x80 && (apr_isalnum(c) || strchr("-._~", c) != NULL) && c != '\0') {
            *to++ = c;
            continue;
        }
        *to++ = '%';
        *to++ = (unsigned char)digits[c >> 4];
        *to++ = (unsigned char)digits[c & 15];
    }
    *to = '\0';
    escaped->len = (apr_size_t)(to - escaped->data);
    return escaped;
}

/* ---- what comes in ---- */

static int make_room(flight_t *flight, apr_size_t add)
{
    secret_t *larger = NULL;
    apr_size_t size = flight->body->len;

    if (flight->len + add < size)
        return 1;
    while (size <= flight->len + add)
        size *= 2;
    if ((larger = secret_make(flight->pool, size)) == NULL)
        return 0;
    memcpy(larger->data, flight->body->data, flight->len);
    secret_cleanse(flight->body);
    flight->body = larger;
    return 1;
}

static size_t take_body(char *data, size_t size, size_t count, void *baton)
{
    flight_t *flight = baton;
    size_t add = size * count;

    if (add > LIMIT_ANSWER_BODY - flight->len || !make_room(flight, add)) {
        flight->overflow = 1;
        return 0;
    }
    memcpy(flight->body->data + flight->len, data, add);
    flight->len += add;
    return add;
}

static size_t take_header(char *data, size_t size, size_t count, void *baton)
{
    flight_t *flight = baton;
    size_t len = size * count;
    const char *colon = memchr(data, ':', len);
    const char *end = data + len;
    const char *value = NULL;

    if (len > LIMIT_ANSWER_HEADERS - flight->headers_len) {
        flight->overflow = 1;
        return 0;
    }
    flight->headers_len += len;
    if (len >= 5 && strncmp(data, "HTTP/", 5) == 0) {
        apr_table_clear(flight->headers); /* what came before was a 1xx */
        return len;
    }
    if (colon == NULL || colon == data)
        return len;
    for (value = colon + 1; value < end && apr_isspace(*value); ++value)
        continue;
    while (end > value && apr_isspace(end[-1]))
        --end;
    apr_table_setn(flight->headers, apr_pstrmemdup(flight->pool, data, (apr_size_t)(colon - data)),
                   apr_pstrmemdup(flight->pool, value, (apr_size_t)(end - value)));
    return len;
}

/* Once: without a way to rewind, libcurl does not send by itself again what may have arrived. */
static size_t give_body(char *buffer, size_t size, size_t count, void *baton)
{
    flight_t *flight = baton;
    size_t left = flight->request->body->len - flight->sent;
    size_t len = left < size * count ? left : size * count;

    memcpy(buffer, flight->request->body->data + flight->sent, len);
    flight->sent += len;
    return len;
}

/* ---- options ---- */

static void need(flight_t *flight, CURLcode code)
{
    if (code != CURLE_OK && flight->setup == CURLE_OK)
        flight->setup = code;
}

#if EAB_LIBCURL_VERSION >= 0x075500
static void set_protocols(flight_t *x)
{
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS_STR, "https"));
}
#else
static void set_protocols(flight_t *x)
{
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS));
}
#endif

#if EAB_LIBCURL_VERSION >= 0x074d00
static void trust_these(flight_t *x, const char *ca_pem)
{
    struct curl_blob blob = { NULL, 0, CURL_BLOB_COPY };

    blob.data = (void *)ca_pem; /* libcurl copies it; the struct is not const */
    blob.len = strlen(ca_pem);
    need(x, curl_easy_setopt(x->easy, CURLOPT_CAINFO_BLOB, &blob));
}
#else
static CURLcode on_context(CURL *easy, void *ctx, void *ca_pem)
{
    (void)easy;
    return trust_only(ctx, ca_pem) ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

/* For an https proxy too, which libcurl would otherwise look for among the system's. */
static void trust_these(flight_t *x, const char *ca_pem)
{
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_FUNCTION, on_context));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_DATA, (void *)ca_pem));
}
#endif

static void set_security(flight_t *x)
{
    const char *proxy = x->exchange->proxy != NULL ? x->exchange->proxy : "";

    set_protocols(x);
    need(x, curl_easy_setopt(x->easy, CURLOPT_FOLLOWLOCATION, 0L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYPEER, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSL_VERIFYHOST, 2L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    need(x, curl_easy_setopt(x->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXY, proxy));
    need(x, curl_easy_setopt(x->easy, CURLOPT_NOPROXY, ""));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
    if (x->exchange->ca_pem != NULL) {
        need(x, curl_easy_setopt(x->easy, CURLOPT_CAINFO, NULL));
        need(x, curl_easy_setopt(x->easy, CURLOPT_CAPATH, NULL));
        trust_these(x, x->exchange->ca_pem);
    }
}

static void add_line(flight_t *x, const char *line)
{
    struct curl_slist *lines = curl_slist_append(x->lines, line);

    if (lines == NULL)
        need(x, CURLE_OUT_OF_MEMORY);
    else
        x->lines = lines;
}

static void set_headers(flight_t *x)
{
    const apr_array_header_t *lines = x->request->lines;
    int i;

    add_line(x, "Accept: application/json");
    add_line(x, "Expect:");
    if (x->request->type != NULL)
        add_line(x, apr_pstrcat(x->pool, "Content-Type: ", x->request->type, NULL));
    for (i = 0; lines != NULL && i < lines->nelts; ++i)
        add_line(x, (const char *)APR_ARRAY_IDX(lines, i, const secret_t *)->data);
    need(x, curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->lines));
    need(x, curl_easy_setopt(x->easy, CURLOPT_USERAGENT, USER_AGENT));
}

static void set_method(flight_t *x)
{
    const char *method = x->request->method;

    if (strcmp(method, "GET") == 0) {
        need(x, curl_easy_setopt(x->easy, CURLOPT_HTTPGET, 1L));
        return;
    }
    need(x, curl_easy_setopt(x->easy, CURLOPT_POST, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, method));
    if (x->request->body == NULL) {
        need(x, curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, ""));
        if (x->request->type == NULL)
            add_line(x, "Content-Type:");
        return;
    }
    need(x,
         curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->request->body->len));
    need(x, curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, give_body));
    need(x, curl_easy_setopt(x->easy, CURLOPT_READDATA, x));
}

static void set_rest(flight_t *x)
{
    need(x, curl_easy_setopt(x->easy, CURLOPT_URL, x->request->url));
    need(x, curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L));
    need(x, curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS));
    need(x, curl_easy_setopt(x->easy, CURLOPT_TIMEOUT, x->exchange->seconds));
    need(x, curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error));
    need(x, curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, take_body));
    need(x, curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x));
    need(x, curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, take_header));
    need(x, curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x));
}

/* ---- failures in words ---- */

static const char *words_of(const flight_t *x, CURLcode code)
{
    return x->error[0] != '\0' ? x->error : curl_easy_strerror(code);
}

static apr_status_t explain_trust(const flight_t *x, const char *host, CURLcode code,
                                  eab_result_t *result)
{
    long verified = 0;

    if (x->exchange->proxy != NULL
        && curl_easy_getinfo(x->easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &verified) == CURLE_OK
        && verified != 0)
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_PROXY_UNTRUSTED,
                              "The TLS certificate of the proxy is not trusted (%s); give the "
                              "certificate of its issuer with --ca-file.",
                              words_of(x, code));
    return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_UNTRUSTED,
                          "The TLS certificate of %s is not trusted (%s), and nothing was sent; if "
                          "a proxy of your own reads the traffic, give its issuer's certificate "
                          "with --ca-file.",
                          host, words_of(x, code));
}

static apr_status_t explain_timeout(const flight_t *x, const char *host, eab_result_t *result)
{
    curl_off_t connected = 0;

    curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (connected == 0)
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_UNREACHABLE,
                              "%s could not be reached within %ld seconds; look at the firewall, "
                              "or name a proxy with --proxy.",
                              host, CONNECT_SECONDS);
    return eab_result_set(result, APR_EOF, EAB_PROBLEM_CA_UNREACHABLE,
                          "%s gave no complete answer within %ld seconds; run the same command "
                          "again later, or with a longer --timeout.",
                          host, x->exchange->seconds);
}

static apr_status_t explain(const flight_t *x, CURLcode code, eab_result_t *result)
{
    const char *host = exchange_host(x->pool, x->request->url);

    if (x->overflow)
        return eab_result_set(result, APR_EOF, ENROLL_PROBLEM_ANSWER,
                              "The answer of %s is longer than %d bytes, which no answer of it can "
                              "be; see whether something stands between here and it.",
                              host, LIMIT_ANSWER_BODY);
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return explain_trust(x, host, code, result);
    case CURLE_OPERATION_TIMEDOUT:
        return explain_timeout(x, host, result);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_UNREACHABLE,
                              "%s could not be reached (%s); look at the name, DNS and the "
                              "firewall, or name a proxy with --proxy.",
                              host, words_of(x, code));
    default:
        return eab_result_set(result, APR_EOF, EAB_PROBLEM_CA_UNREACHABLE,
                              "The connection to %s failed before there was a complete answer "
                              "(%s); run the same command again.",
                              host, words_of(x, code));
    }
}

/* ---- one exchange ---- */

static const char *type_of(const flight_t *flight)
{
    const char *type = apr_table_get(flight->headers, "Content-Type");
    char *word = type != NULL ? apr_pstrmemdup(flight->pool, type, strcspn(type, "; \t")) : NULL;
    char *c = word;

    for (; c != NULL && *c != '\0'; ++c)
        *c = (char)apr_tolower(*c);
    return word != NULL ? word : "";
}

static apr_int64_t count_of(const flight_t *flight, const char *header)
{
    const char *text = apr_table_get(flight->headers, header);

    if (text == NULL || *text == '\0' || strlen(text) > 9
        || text[strspn(text, "0123456789")] != '\0')
        return -1;
    return apr_atoi64(text);
}

static exchange_answer_t *make_answer(flight_t *flight, apr_pool_t *p)
{
    exchange_answer_t *answer = apr_pcalloc(p, sizeof(*answer));
    long status = 0;

    curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
    flight->body->data[flight->len] = '\0';
    flight->body->len = flight->len;
    answer->status = (int)status;
    answer->host = exchange_host(p, flight->request->url);
    answer->type = type_of(flight);
    answer->location = apr_table_get(flight->headers, "Location");
    answer->total = count_of(flight, "X-Total-Count");
    answer->retry_after = clock_retry_after(apr_table_get(flight->headers, "Retry-After"),
                                            apr_table_get(flight->headers, "Date"), apr_time_now());
    answer->body = flight->body;
    if (strcmp(answer->type, "application/json") == 0
        || strcmp(answer->type, "application/problem+json") == 0)
        answer->json = json_parse(p, (const char *)flight->body->data, flight->len, NULL);
    return answer;
}

static apr_status_t flight_cleanup(void *data)
{
    flight_t *flight = data;

    curl_easy_cleanup(flight->easy); /* first: it points at the others */
    curl_slist_free_all(flight->lines);
    flight->easy = NULL;
    flight->lines = NULL;
    return APR_SUCCESS;
}

apr_status_t exchange_send(exchange_t *exchange, const exchange_request_t *request,
                           exchange_answer_t **panswer, eab_result_t *result, apr_pool_t *p)
{
    flight_t *flight = apr_pcalloc(p, sizeof(*flight));
    CURLcode code;

    *panswer = NULL;
    flight->pool = p;
    flight->exchange = exchange;
    flight->request = request;
    flight->headers = apr_table_make(p, 16);
    flight->body = secret_make(p, FIRST_ROOM);
    flight->easy = curl_easy_init();
    if (flight->body == NULL || flight->easy == NULL)
        return eab_result_set(result, APR_ENOMEM, EAB_PROBLEM_INTERNAL, "There is no memory left.");
    apr_pool_cleanup_register(p, flight, flight_cleanup, apr_pool_cleanup_null);
    set_security(flight);
    set_method(flight);
    set_rest(flight);
    set_headers(flight);
    code = flight->setup != CURLE_OK ? flight->setup : curl_easy_perform(flight->easy);
    if (code != CURLE_OK)
        explain(flight, code, result);
    else
        *panswer = make_answer(flight, p);
    apr_pool_cleanup_run(p, flight, flight_cleanup);
    return code == CURLE_OK ? APR_SUCCESS : result->rv;
}

exchange_t *exchange_make(const char *ca_pem, const char *proxy, int seconds, apr_pool_t *p)
{
    exchange_t *exchange = apr_pcalloc(p, sizeof(*exchange));

    exchange->ca_pem = ca_pem;
    exchange->proxy = proxy;
    exchange->seconds = seconds;
    return exchange;
}
