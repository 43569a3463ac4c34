/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "acme/http.h"
#include "base/bytes.h"

/* What is told to trust certificates of its own keeps no connection with the oldest libcurl. */
#ifdef EAB_LIBCURL_VERSION
#define CONNECTIONS_FOR(requests) (requests)
#else
#define CONNECTIONS_FOR(requests) 1
#endif

#define DAY (24L * 60 * 60)
#define REQUESTS_MAX 32
#define REQUEST_MAX 8192
#define OK_ANSWER "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nreplay-nonce:  n1 \r\n\r\nhello"

/* libcurl's connect() is this one: what a policy of the machine answers in place of the kernel. */
static int connect_errno;

int answer_connect(int fd, const struct sockaddr *address, socklen_t len) __asm__("connect");

int answer_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    if (connect_errno != 0) {
        errno = connect_errno;
        return -1;
    }
    return (int)syscall(SYS_connect, fd, address, len);
}

/* ---- a small https server in a thread: one connection at a time, answers by path ---- */

typedef struct server {
    int fd;
    int port;
    SSL_CTX *ctx;
    char *ca_pem;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    int connections;
    int count;
    char requests[REQUESTS_MAX][REQUEST_MAX];
} server_t;

static const struct {
    const char *target;
    const char *answer;
    int close;
} script[] = {
    { "/redirect",
      "HTTP/1.1 302 Found\r\nLocation: /ok\r\nX-First: 1\r\nContent-Length: 3\r\n\r\nabc", 0 },
    { "/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n", 0 },
    { "/plain", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
      0 },
    { "/early", "HTTP/1.1 103 Early Hints\r\nX-First: 1\r\n\r\n" OK_ANSWER, 0 },
    { "/fold",
      "HTTP/1.1 200 OK\r\nX-A: one\r\n two\r\nX-Empty:\r\nLink: a\r\nLINK: b\r\n"
      "Content-Length: 0\r\n\r\n",
      0 },
    { "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", 1 },
    { "/nothing", "", 1 },
    { "/junk", "SSH-2.0-nothing\r\n\r\n", 1 },
    { "/error", "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy", 0 },
};

static int send_all(SSL *ssl, const char *data, size_t len)
{
    return SSL_write(ssl, data, (int)len) == (int)len;
}

/* size bytes of body, or of headers */
static int send_much(SSL *ssl, int in_headers, size_t size)
{
    char line[1025];
    size_t sent = 0;
    const char *start = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

    memset(line, 'x', sizeof(line));
    memcpy(line, "X-Much: ", 8);
    memcpy(line + 1022, "\r\n", 3);
    if (!send_all(ssl, start, strlen(start)) || (!in_headers && !send_all(ssl, "\r\n", 2))) {
        return 0;
    }
    for (; sent < size; sent += 1024) {
        if (!send_all(ssl, line, size - sent < 1024 ? size - sent : 1024)) {
            return 0;
        }
    }
    if (in_headers) {
        send_all(ssl, "\r\n", 2);
    }
    return 0; /* the end of the connection is the end of the body */
}

/* @return 0 to close the connection */
static int respond(SSL *ssl, const char *target)
{
    size_t i;

    for (i = 0; i < sizeof(script) / sizeof(script[0]); i++) {
        if (strcmp(target, script[i].target) == 0) {
            send_all(ssl, script[i].answer, strlen(script[i].answer));
            return !script[i].close;
        }
    }
    if (strncmp(target, "/body/", 6) == 0) {
        return send_much(ssl, 0, strtoul(target + 6, NULL, 10));
    }
    if (strncmp(target, "/headers/", 9) == 0) {
        return send_much(ssl, 1, strtoul(target + 9, NULL, 10));
    }
    return send_all(ssl, OK_ANSWER, strlen(OK_ANSWER));
}

/* A whole request; @return 0 at the end of the connection */
static int read_request(SSL *ssl, char *buffer)
{
    size_t len = 0;
    size_t want = 0;
    int got = 0;

    while ((got = SSL_read(ssl, buffer + len, (int)(REQUEST_MAX - 1 - len))) > 0) {
        const char *end = NULL;
        const char *length = NULL;

        len += (size_t)got;
        buffer[len] = '\0';
        end = strstr(buffer, "\r\n\r\n");
        if (end == NULL) {
            continue;
        }
        length = strcasestr(buffer, "\r\nContent-Length:");
        want = length != NULL ? strtoul(length + 17, NULL, 10) : 0;
        if (len >= (size_t)(end + 4 - buffer) + want) {
            return 1;
        }
    }
    return 0;
}

static int serve_one(server_t *server, SSL *ssl)
{
    char buffer[REQUEST_MAX];
    char target[1024] = "";

    if (!read_request(ssl, buffer) || sscanf(buffer, "%*s %1023s", target) != 1) {
        return 0;
    }
    pthread_mutex_lock(&server->lock);
    memcpy(server->requests[server->count++ % REQUESTS_MAX], buffer, REQUEST_MAX);
    pthread_mutex_unlock(&server->lock);
    /* HEAD has no body: the head of OK_ANSWER alone. */
    if (strncmp(buffer, "HEAD ", 5) == 0) {
        return send_all(ssl, OK_ANSWER, strlen(OK_ANSWER) - 5);
    }
    return respond(ssl, target);
}

static void *serve(void *data)
{
    server_t *server = data;
    int fd = -1;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        struct timeval limit = { 20, 0 };
        SSL *ssl = SSL_new(server->ctx);

        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        pthread_mutex_lock(&server->lock);
        server->connections++;
        pthread_mutex_unlock(&server->lock);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
            while (serve_one(server, ssl)) {
                continue;
            }
            SSL_shutdown(ssl);
        }
        SSL_free(ssl);
        close(fd);
    }
    OPENSSL_thread_stop();
    return NULL;
}

/* ---- its certificate, which is its own CA ---- */

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension = NULL;

    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key, const char *san, long not_after)
{
    X509 *cert = X509_new();

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -2 * DAY);
    X509_gmtime_adj(X509_getm_notAfter(cert), not_after);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test CA", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, NID_subject_alt_name, san);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static char *to_pem(X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    char *pem = NULL;
    long len = 0;

    PEM_write_bio_X509(bio, cert);
    len = BIO_get_mem_data(bio, &data);
    pem = calloc(1, (size_t)len + 1);
    memcpy(pem, data, (size_t)len);
    BIO_free(bio);
    return pem;
}

static server_t *server_start(const char *san, long not_after)
{
    server_t *server = calloc(1, sizeof(*server));
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make_certificate(key, san, not_after);
    struct sockaddr_in address;
    socklen_t len = sizeof(address);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->ctx = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(server->ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->ctx, key), 1);
    server->ca_pem = to_pem(cert);
    X509_free(cert);
    EVP_PKEY_free(key);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->fd, 8), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    pthread_mutex_init(&server->lock, NULL);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return server;
}

/* The client has closed its connections before. */
static void server_stop(server_t *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    pthread_mutex_destroy(&server->lock);
    SSL_CTX_free(server->ctx);
    free(server->ca_pem);
    free(server);
}

static int server_requests(server_t *server)
{
    int count = 0;

    pthread_mutex_lock(&server->lock);
    count = server->count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

static int server_connections(server_t *server)
{
    int count = 0;

    pthread_mutex_lock(&server->lock);
    count = server->connections;
    pthread_mutex_unlock(&server->lock);
    return count;
}

/* ---- the client's side ---- */

typedef struct world {
    apr_pool_t *p;
    server_t *server;
    acme_http_t *http;
    acme_transport_t *transport;
    eab_result_t *result;
    acme_answer_t answer; /* the last one, copied into p */
    int done;
    const char *then; /* sent from inside the callback */
} world_t;

static int setup_with(void **state, const char *san, long not_after)
{
    apr_pool_t *p = NULL;
    world_t *w = NULL;

    fake_setup((void **)&p);
    w = apr_pcalloc(p, sizeof(*w));
    w->p = p;
    w->server = server_start(san, not_after);
    w->http = acme_http_make(p, "mod_acme_eab/0.1 test");
    assert_non_null(w->http);
    w->transport = acme_http_transport(w->http, w->server->ca_pem, NULL, NULL, p);
    w->result = eab_result_make(p);
    *state = w;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, "IP:127.0.0.1", DAY);
}

static int setup_wrong_name(void **state)
{
    return setup_with(state, "DNS:other.example", DAY);
}

static int setup_expired(void **state)
{
    return setup_with(state, "IP:127.0.0.1", -DAY);
}

static int teardown(void **state)
{
    world_t *w = *state;
    server_t *server = w->server;
    apr_pool_t *p = w->p;

    fake_teardown((void **)&p);
    server_stop(server);
    return 0;
}

static const char *url_of(const world_t *w, const char *target)
{
    return apr_psprintf(w->p, "https://127.0.0.1:%d%s", w->server->port, target);
}

static void on_answer(void *baton, const acme_answer_t *answer, const eab_result_t *result)
{
    world_t *w = baton;
    acme_request_t request = { "GET", w->then, NULL, NULL };

    w->done++;
    w->answer = *answer;
    w->answer.url = apr_pstrdup(w->p, answer->url);
    w->answer.body = apr_pstrmemdup(w->p, answer->body, answer->len);
    w->answer.headers = apr_table_clone(w->p, answer->headers);
    eab_result_copy(w->result, result);
    if (w->then != NULL) {
        w->then = NULL;
        w->transport->send(w->transport, &request, on_answer, w);
    }
}

static void run(world_t *w)
{
    apr_time_t limit = apr_time_now() + apr_time_from_sec(30);

    while (acme_http_busy(w->http) > 0) {
        assert_true(apr_time_now() < limit);
        acme_http_run(w->http, NULL, 0, apr_time_from_sec(1));
    }
}

static void exchange(world_t *w, const char *method, const char *url, const char *body)
{
    acme_request_t request = { method, url, body, NULL };
    int before = w->done;

    w->transport->send(w->transport, &request, on_answer, w);
    assert_int_equal(w->done, before);
    run(w);
    assert_int_equal(w->done, before + 1);
    assert_string_equal(w->answer.url, url);
}

static void get(world_t *w, const char *target)
{
    exchange(w, "GET", url_of(w, target), NULL);
}

static void check_failure(const world_t *w, const char *type, const char *word)
{
    assert_int_not_equal(w->result->rv, APR_SUCCESS);
    assert_non_null(w->result->type);
    assert_string_equal(w->result->type, type);
    assert_non_null(w->result->url);
    if (strstr(w->result->detail, word) == NULL) {
        fail_msg("\"%s\" is not in: %s", word, w->result->detail);
    }
    assert_int_equal(w->answer.status, 0);
    assert_int_equal(w->answer.len, 0);
    assert_true(apr_is_empty_table(w->answer.headers));
}

static const char *last_request(const world_t *w)
{
    return w->server->requests[w->server->count - 1];
}

static void check_line(const world_t *w, const char *line)
{
    if (strstr(last_request(w), apr_pstrcat(w->p, "\r\n", line, "\r\n", NULL)) == NULL) {
        fail_msg("\"%s\" is not in: %s", line, last_request(w));
    }
}

static void check_no_header(const world_t *w, const char *name)
{
    assert_null(strcasestr(last_request(w), apr_pstrcat(w->p, "\r\n", name, ":", NULL)));
}

/* ---- tests ---- */

static void test_get(void **state)
{
    world_t *w = *state;

    get(w, "/ok");
    assert_int_equal(w->result->rv, APR_SUCCESS);
    assert_int_equal(w->answer.status, 200);
    assert_string_equal(w->answer.body, "hello");
    assert_int_equal(w->answer.len, 5);
    assert_string_equal(apr_table_get(w->answer.headers, "Replay-Nonce"), "n1");
    check_line(w, "User-Agent: mod_acme_eab/0.1 test");
    check_line(w, "Accept-Language: en");
    check_no_header(w, "Content-Type");
    check_no_header(w, "Accept-Encoding");
    check_no_header(w, "Cookie");
    check_no_header(w, "Replay-Nonce");
}

static void test_post(void **state)
{
    world_t *w = *state;
    char *body = apr_palloc(w->p, 4001);
    acme_request_t request = { "POST", url_of(w, "/order"), body, "application/pem" };

    memset(body, '{', 4000);
    body[4000] = '\0';
    w->transport->send(w->transport, &request, on_answer, w);
    memset(body, '?', 4000); /* the request was copied */
    run(w);
    assert_int_equal(w->answer.status, 200);
    assert_int_equal(strncmp(last_request(w), "POST /order HTTP/1.1\r\n", 22), 0);
    check_line(w, "Content-Type: application/jose+json");
    check_line(w, "Content-Length: 4000");
    check_line(w, "Accept: application/pem");
    check_line(w, "User-Agent: mod_acme_eab/0.1 test");
    check_line(w, "Accept-Language: en");
    check_no_header(w, "Expect");
    assert_int_equal(strspn(strstr(last_request(w), "\r\n\r\n") + 4, "{"), 4000);
}

static void test_head(void **state)
{
    world_t *w = *state;

    exchange(w, "HEAD", url_of(w, "/nonce"), NULL);
    assert_int_equal(w->answer.status, 200);
    assert_int_equal(w->answer.len, 0);
    assert_string_equal(apr_table_get(w->answer.headers, "replay-NONCE"), "n1");
    check_line(w, "User-Agent: mod_acme_eab/0.1 test");
    check_line(w, "Accept-Language: en");
}

static void test_error_status(void **state)
{
    world_t *w = *state;

    exchange(w, "POST", url_of(w, "/error"), "{}");
    assert_int_equal(w->result->rv, APR_SUCCESS);
    assert_int_equal(w->answer.status, 503);
    assert_string_equal(w->answer.body, "busy");
    assert_string_equal(apr_table_get(w->answer.headers, "Retry-After"), "7");
}

/* RFC 8555, 7.1: URLs are opaque. */
static void test_targets_byte_for_byte(void **state)
{
    static const char *const targets[] = { "/a%2Fb?x=Y&z=%7e", "/x/../y",          "/./x//y/",
                                           "/%c3%A9?",         "/==;a,b:@!$'()*+", "/?a?b" };
    world_t *w = *state;
    size_t i;

    for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        exchange(w, "POST", url_of(w, targets[i]), "{}");
        assert_int_equal(w->answer.status, 200);
        assert_non_null(
            strstr(last_request(w), apr_psprintf(w->p, "POST %s HTTP/1.1\r\n", targets[i])));
    }
    get(w, "/a#fragment");
    assert_non_null(strstr(last_request(w), "GET /a HTTP/1.1\r\n"));
}

static void test_connection_reuse(void **state)
{
    world_t *w = *state;
    int i;

    for (i = 0; i < 4; i++) {
        exchange(w, i % 2 ? "POST" : "HEAD", url_of(w, "/ok"), i % 2 ? "{}" : NULL);
    }
    assert_int_equal(server_requests(w->server), 4);
    assert_int_equal(server_connections(w->server), CONNECTIONS_FOR(4));
}

static void test_send_from_callback(void **state)
{
    world_t *w = *state;
    acme_request_t request = { "GET", url_of(w, "/first"), NULL, NULL };

    w->then = url_of(w, "/second");
    w->transport->send(w->transport, &request, on_answer, w);
    run(w);
    assert_int_equal(w->done, 2);
    assert_int_equal(server_requests(w->server), 2);
    assert_int_equal(server_connections(w->server), CONNECTIONS_FOR(2));
}

static void test_redirects(void **state)
{
    world_t *w = *state;

    get(w, "/redirect");
    assert_int_equal(w->answer.status, 200);
    assert_string_equal(w->answer.body, "hello");
    assert_null(apr_table_get(w->answer.headers, "X-First"));
    assert_null(apr_table_get(w->answer.headers, "Location"));
    assert_int_equal(server_requests(w->server), 2);
    exchange(w, "POST", url_of(w, "/redirect"), "{}");
    assert_int_equal(w->answer.status, 302);
    assert_int_equal(server_requests(w->server), 3);
    get(w, "/loop");
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "redirects");
    assert_int_equal(server_requests(w->server), 3 + 4);
    get(w, "/plain");
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "http");
}

static void test_interim_answer(void **state)
{
    world_t *w = *state;

    get(w, "/early");
    assert_int_equal(w->answer.status, 200);
    assert_null(apr_table_get(w->answer.headers, "X-First"));
    assert_string_equal(w->answer.body, "hello");
}

static int count_header(void *baton, const char *name, const char *value)
{
    int *pcount = baton;

    (void)name;
    (void)value;
    (*pcount)++;
    return 1;
}

static void test_headers(void **state)
{
    world_t *w = *state;
    int count = 0;

    get(w, "/fold");
    assert_int_equal(w->answer.status, 200);
    assert_string_equal(apr_table_get(w->answer.headers, "X-Empty"), "");
    apr_table_do(count_header, &count, w->answer.headers, "link", NULL);
    assert_int_equal(count, 2);
}

static void test_caps(void **state)
{
    world_t *w = *state;

    get(w, apr_psprintf(w->p, "/body/%d", LIMIT_ANSWER_BODY));
    assert_int_equal(w->result->rv, APR_SUCCESS);
    assert_int_equal(w->answer.len, LIMIT_ANSWER_BODY);
    get(w, apr_psprintf(w->p, "/body/%d", LIMIT_ANSWER_BODY + 1));
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "longer than 1048576 bytes");
    get(w, apr_psprintf(w->p, "/headers/%d", LIMIT_ANSWER_HEADERS - 1024));
    assert_int_equal(w->result->rv, APR_SUCCESS);
    get(w, apr_psprintf(w->p, "/headers/%d", LIMIT_ANSWER_HEADERS));
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "headers");
}

static void test_broken_answers(void **state)
{
    world_t *w = *state;

    get(w, "/cut");
    check_failure(w, EAB_PROBLEM_CA_UNREACHABLE, "The connection to 127.0.0.1:");
    get(w, "/nothing");
    check_failure(w, EAB_PROBLEM_CA_UNREACHABLE, "The connection to 127.0.0.1:");
    get(w, "/junk");
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "The answer of 127.0.0.1:");
}

static void test_https_only(void **state)
{
    world_t *w = *state;

    exchange(w, "GET", apr_psprintf(w->p, "http://127.0.0.1:%d/", w->server->port), NULL);
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "http");
    exchange(w, "GET", "file:///etc/passwd", NULL);
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "file");
    assert_int_equal(server_connections(w->server), 0);
}

/* Smaller, no further than where it leads, and over http as well. */
static void test_responder(void **state)
{
    world_t *w = *state;

    w->transport = acme_http_responder(w->http, w->server->ca_pem, NULL, NULL, w->p);
    get(w, "/ok");
    assert_int_equal(w->answer.status, 200);
    get(w, "/redirect");
    assert_int_equal(w->answer.status, 302);
    get(w, apr_psprintf(w->p, "/body/%d", LIMIT_STAPLE));
    assert_int_equal(w->answer.len, LIMIT_STAPLE);
    get(w, apr_psprintf(w->p, "/body/%d", LIMIT_STAPLE + 1));
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "longer than 16384 bytes");
    exchange(w, "GET", "file:///etc/passwd", NULL);
    check_failure(w, EAB_PROBLEM_CA_ANSWER, "file");
    exchange(w, "GET", "http://127.0.0.1:1/", NULL);
    check_failure(w, EAB_PROBLEM_CA_UNREACHABLE, "127.0.0.1:1");
}

static void test_unknown_ca(void **state)
{
    world_t *w = *state;

    w->transport = acme_http_transport(w->http, NULL, NULL, NULL, w->p);
    get(w, "/ok");
    check_failure(w, EAB_PROBLEM_CA_UNTRUSTED, apr_psprintf(w->p, "127.0.0.1:%d", w->server->port));
    w->transport = acme_http_transport(w->http, "no certificate at all", NULL, NULL, w->p);
    get(w, "/ok");
    check_failure(w, EAB_PROBLEM_CA_UNTRUSTED, "127.0.0.1");
    assert_int_equal(server_requests(w->server), 0);
}

static void test_wrong_name(void **state)
{
    world_t *w = *state;

    get(w, "/ok");
    check_failure(w, EAB_PROBLEM_CA_UNTRUSTED, "127.0.0.1");
    assert_int_equal(server_requests(w->server), 0);
}

static void test_expired(void **state)
{
    world_t *w = *state;

    get(w, "/ok");
    check_failure(w, EAB_PROBLEM_CA_UNTRUSTED, "expired");
    assert_int_equal(server_requests(w->server), 0);
}

static void test_unreachable(void **state)
{
    world_t *w = *state;

    exchange(w, "POST", "https://127.0.0.1:1/x", "{}");
    check_failure(w, EAB_PROBLEM_CA_UNREACHABLE,
                  "Cannot connect to 127.0.0.1:1: Connection refused");
    exchange(w, "GET", "https://does-not-exist.invalid/", NULL);
    check_failure(w, EAB_PROBLEM_CA_UNREACHABLE, "does-not-exist.invalid:443");
}

/* The request has not left this machine: rv says so, for the advice. */
static void test_forbidden_here(void **state)
{
    static const struct {
        int number;
        apr_status_t rv;
        const char *words;
    } answers[] = {
        { EACCES, EACCES, "Permission denied" },
        { EPERM, EPERM, "Operation not permitted" },
        { ENETUNREACH, APR_EGENERAL, "Network is unreachable" },
    };
    world_t *w = *state;
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        connect_errno = answers[i].number;
        get(w, "/ok");
        connect_errno = 0;
        check_failure(w, EAB_PROBLEM_CA_UNREACHABLE, answers[i].words);
        assert_int_equal(w->result->rv, answers[i].rv);
    }
    get(w, "/ok");
    assert_int_equal(w->answer.status, 200);
}

static void test_proxy(void **state)
{
    world_t *w = *state;

    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    get(w, "/ok");
    assert_int_equal(w->answer.status, 200);
    setenv("no_proxy", "*", 1);
    w->transport = acme_http_transport(w->http, w->server->ca_pem, "http://user:secret@127.0.0.1:1",
                                       NULL, w->p);
    get(w, "/ok");
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
    unsetenv("no_proxy");
    check_failure(w, EAB_PROBLEM_CA_UNREACHABLE,
                  "through the proxy 127.0.0.1:1: Connection refused");
    assert_null(strstr(w->result->detail, "secret"));
}

/* What libcurl refuses at once is reported later, as send() promises. */
static void test_refused_by_libcurl(void **state)
{
    world_t *w = *state;
    apr_size_t len = 8 * 1000 * 1000 + 100;
    char *url = apr_palloc(w->p, len + 1);

    memset(url, 'a', len);
    url[len] = '\0';
    memcpy(url, "https://a/", 10);
    exchange(w, "GET", url, NULL);
    check_failure(w, EAB_PROBLEM_INTERNAL, "a:443");
}

static void test_run_waits(void **state)
{
    world_t *w = *state;
    struct pollfd fds[2];
    int pipe_fds[2];
    apr_time_t start = apr_time_now();

    acme_http_run(w->http, NULL, 0, 50 * 1000);
    assert_true(apr_time_now() - start >= 50 * 1000);
    assert_int_equal(pipe(pipe_fds), 0);
    fds[0].fd = pipe_fds[0];
    fds[0].events = POLLIN;
    fds[0].revents = 99;
    fds[1].fd = pipe_fds[1];
    fds[1].events = 0;
    acme_http_run(w->http, fds, 2, 1000);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    acme_http_run(w->http, fds, 2, -1);
    assert_int_equal(fds[0].revents, POLLIN);
    assert_int_equal(read(pipe_fds[0], &start, 1), 1);
    close(pipe_fds[1]);
    acme_http_run(w->http, fds, 1, -1);
    assert_true(fds[0].revents & POLLHUP);
    close(pipe_fds[0]);
}

/* The process ends with requests under way, started and not. */
static void test_end_while_busy(void **state)
{
    world_t *w = *state;
    acme_request_t request = { "POST", url_of(w, "/ok"), "{}", NULL };
    int i;

    for (i = 0; i < 12; i++) {
        w->transport->send(w->transport, &request, on_answer, w);
    }
    acme_http_run(w->http, NULL, 0, 1000);
    w->transport->send(w->transport, &request, on_answer, w);
    assert_true(acme_http_busy(w->http) > 0);
}

static void test_library(void **state)
{
    (void)state;
    assert_int_equal(strncmp(acme_http_library(), "libcurl/", 8), 0);
    assert_null(strchr(acme_http_library(), ' '));
}

#define HTTP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_get),
        HTTP_TEST(test_post),
        HTTP_TEST(test_head),
        HTTP_TEST(test_error_status),
        HTTP_TEST(test_targets_byte_for_byte),
        HTTP_TEST(test_connection_reuse),
        HTTP_TEST(test_send_from_callback),
        HTTP_TEST(test_redirects),
        HTTP_TEST(test_responder),
        HTTP_TEST(test_interim_answer),
        HTTP_TEST(test_headers),
        HTTP_TEST(test_caps),
        HTTP_TEST(test_broken_answers),
        HTTP_TEST(test_https_only),
        HTTP_TEST(test_unknown_ca),
        HTTP_TEST(test_unreachable),
        HTTP_TEST(test_forbidden_here),
        HTTP_TEST(test_proxy),
        HTTP_TEST(test_refused_by_libcurl),
        HTTP_TEST(test_run_waits),
        HTTP_TEST(test_end_while_busy),
        HTTP_TEST(test_library),
        cmocka_unit_test_setup_teardown(test_wrong_name, setup_wrong_name, teardown),
        cmocka_unit_test_setup_teardown(test_expired, setup_expired, teardown),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
