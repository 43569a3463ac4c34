/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/knock.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_errno.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/clock.h"

#define PATIENCE apr_time_from_sec(5) /* for all of a connection */
#define ANSWER_MAX 8192
#define DIGEST 32

static const unsigned char protocols[] = "\012acme-tls/1";

static void conclude(knock_found_t *found, knock_outcome_t outcome, const char *why)
{
    found->outcome = outcome;
    apr_cpystrn(found->why, why, sizeof(found->why));
}

static void conclude_silence(knock_found_t *found, int error)
{
    char words[120];

    conclude(found, KNOCK_SILENT, apr_strerror(error, words, sizeof(words)));
}

static socklen_t make_address(struct sockaddr_storage *address, const unsigned char *octets,
                              int size, int port)
{
    memset(address, 0, sizeof(*address));
    if (size == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)address;

        in->sin_family = AF_INET;
        in->sin_port = htons((in_port_t)port);
        memcpy(&in->sin_addr, octets, 4);
        return sizeof(*in);
    }
    else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((in_port_t)port);
        memcpy(&in6->sin6_addr, octets, 16);
        return sizeof(*in6);
    }
}

/* @return 0 when the time is over */
static int wait_for(int fd, short events, apr_time_t deadline)
{
    struct pollfd one = { fd, events, 0 };
    apr_time_t left;
    int rv;

    do {
        left = deadline - clock_steady();
        rv = left > 0 ? poll(&one, 1, (int)(left / 1000) + 1) : 0;
    } while (rv < 0 && errno == EINTR);
    return rv > 0;
}

/* @return -1 with errno */
static int connect_to(const unsigned char *octets, int size, int port, apr_time_t deadline)
{
    struct sockaddr_storage address;
    socklen_t len = make_address(&address, octets, size, port);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;

    if (fd < 0) {
        return -1;
    }
    if (connect(fd, (struct sockaddr *)&address, len) != 0) {
        error = errno;
        if (error == EINPROGRESS) {
            len = sizeof(error);
            error = ETIMEDOUT;
            if (wait_for(fd, POLLOUT, deadline)) {
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
            }
        }
    }
    if (error != 0) {
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* ---- port 80 ---- */

static int send_all(int fd, const char *data, size_t len, apr_time_t deadline)
{
    while (len > 0 && wait_for(fd, POLLOUT, deadline)) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return 0;
        }
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return len == 0;
}

/* Up to the end, or as much as there is room for. */
static size_t receive(int fd, char *data, size_t size, apr_time_t deadline)
{
    size_t used = 0;

    while (used + 1 < size && wait_for(fd, POLLIN, deadline)) {
        ssize_t n = recv(fd, data + used, size - 1 - used, 0);

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            break;
        }
        used += n > 0 ? (size_t)n : 0;
    }
    data[used] = '\0';
    return used;
}

/* The value of a header line, cut; "" where there is none. */
static void find_header(char *value, size_t size, const char *head, const char *name)
{
    const char *line = strstr(head, "\r\n");
    size_t len = strlen(name);

    value[0] = '\0';
    for (; line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            line += len + 1;
            line += strspn(line, " \t");
            len = strcspn(line, "\r\n");
            apr_cpystrn(value, line, (len < size ? len : size - 1) + 1);
            return;
        }
    }
}

/* The head ends with an empty line, the body is what follows. */
static void judge_answer(knock_found_t *found, char *text, const char *answer)
{
    char *body = strstr(text, "\r\n\r\n");
    char value[200];
    int status = 0;

    if (sscanf(text, "HTTP/1.%*d %d", &status) != 1 || body == NULL) {
        conclude(found, KNOCK_ANOTHER, "no answer of HTTP");
        return;
    }
    body[2] = '\0';
    body += 4;
    if (status == 200 && strstr(body, answer) != NULL) { /* maybe in chunks */
        conclude(found, KNOCK_FINE, "");
        return;
    }
    find_header(value, sizeof(value), text, "Location");
    if (status >= 300 && status < 400 && value[0] != '\0') {
        conclude(found, KNOCK_ELSEWHERE, value);
        return;
    }
    find_header(value, sizeof(value), text, "Server");
    found->outcome = KNOCK_ANOTHER;
    apr_snprintf(found->why, sizeof(found->why), "status %d%s%s%s", status,
                 value[0] != '\0' ? " of " : "", value,
                 status == 200 ? " with something else" : "");
}

void knock_http(knock_found_t *found, const unsigned char *octets, int size, int port,
                const char *host, const char *path, const char *answer)
{
    apr_time_t deadline = clock_steady() + PATIENCE;
    char text[ANSWER_MAX];
    int fd = connect_to(octets, size, port, deadline);

    if (fd < 0) {
        conclude_silence(found, errno);
        return;
    }
    apr_snprintf(text, sizeof(text),
                 "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: mod_acme_eab (acmectl check)\r\n"
                 "Accept: */*\r\nConnection: close\r\n\r\n",
                 path, host);
    if (!send_all(fd, text, strlen(text), deadline)
        || receive(fd, text, sizeof(text), deadline) == 0) {
        conclude(found, KNOCK_SILENT, "the connection ended without an answer");
    }
    else {
        judge_answer(found, text, answer);
    }
    close(fd);
}

/* ---- port 443 ---- */

/* id-pe-acmeIdentifier (RFC 8737, 6.1): an OCTET STRING of the digest. */
static int has_digest(X509 *certificate, const unsigned char *digest)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    int at = oid != NULL ? X509_get_ext_by_OBJ(certificate, oid, -1) : -1;
    const ASN1_OCTET_STRING *data =
        at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(certificate, at)) : NULL;
    int len = data != NULL ? ASN1_STRING_length(data) : 0;

    ASN1_OBJECT_free(oid);
    return len == DIGEST + 2 && memcmp(ASN1_STRING_get0_data(data) + 2, digest, DIGEST) == 0;
}

static void judge_session(knock_found_t *found, SSL *ssl, const unsigned char *digest)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    const unsigned char *protocol = NULL;
    unsigned int len = 0;

    SSL_get0_alpn_selected(ssl, &protocol, &len);
    if (len != sizeof(protocols) - 2 || memcmp(protocol, protocols + 1, len) != 0) {
        conclude(found, KNOCK_ANOTHER, "a server that does not speak acme-tls/1");
    }
    else if (certificate == NULL || !has_digest(certificate, digest)) {
        conclude(found, KNOCK_ANOTHER, "acme-tls/1 with another certificate");
    }
    else {
        conclude(found, KNOCK_FINE, "");
    }
    X509_free(certificate);
}

static int shake_hands(SSL *ssl, int fd, apr_time_t deadline)
{
    for (;;) {
        int rv = SSL_connect(ssl);
        int error = SSL_get_error(ssl, rv);

        if (rv == 1) {
            return 1;
        }
        if ((error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            || !wait_for(fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) {
            return 0;
        }
    }
}

static void talk_tls(knock_found_t *found, int fd, const char *name, const unsigned char *digest,
                     apr_time_t deadline)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = ctx != NULL ? SSL_new(ctx) : NULL;

    conclude(found, KNOCK_ANOTHER, "the TLS handshake failed");
    if (ssl != NULL && SSL_set_min_proto_version(ssl, TLS1_2_VERSION) == 1
        && SSL_set_alpn_protos(ssl, protocols, sizeof(protocols) - 1) == 0
        && SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set_fd(ssl, fd) == 1
        && shake_hands(ssl, fd, deadline)) {
        judge_session(found, ssl, digest);
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

void knock_tls(knock_found_t *found, const unsigned char *octets, int size, int port,
               const char *name, const unsigned char *digest)
{
    apr_time_t deadline = clock_steady() + PATIENCE;
    int fd = connect_to(octets, size, port, deadline);

    if (fd < 0) {
        conclude_silence(found, errno);
        return;
    }
    talk_tls(found, fd, name, digest, deadline);
    close(fd);
}
