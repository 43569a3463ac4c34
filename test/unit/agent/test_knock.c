/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "agent/knock.h"
#include "tls_server.h"

#define ANSWER "abc.def"

static const unsigned char here[4] = { 127, 0, 0, 1 };

/* A server of one connection that says what it is told, and hears what it is asked. */
typedef struct server {
    int fd, port;
    const char *says;
    size_t len;
    char heard[1000];
    pthread_t thread;
} server_t;

static void *serve(void *arg)
{
    server_t *server = arg;
    int fd = accept(server->fd, NULL, NULL);

    if (fd >= 0) {
        ssize_t n = recv(fd, server->heard, sizeof(server->heard) - 1, 0);

        server->heard[n > 0 ? n : 0] = '\0';
        (void)!send(fd, server->says, server->len, MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static void open_server(server_t *server)
{
    struct sockaddr_in in;
    socklen_t len = sizeof(in);

    memset(&in, 0, sizeof(in));
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(0, bind(server->fd, (struct sockaddr *)&in, sizeof(in)));
    assert_int_equal(0, listen(server->fd, 1));
    assert_int_equal(0, getsockname(server->fd, (struct sockaddr *)&in, &len));
    server->port = ntohs(in.sin_port);
}

static knock_found_t ask(const char *says, size_t len, char *heard)
{
    server_t server;
    knock_found_t found;

    memset(&server, 0, sizeof(server));
    server.says = says;
    server.len = len;
    open_server(&server);
    assert_int_equal(0, pthread_create(&server.thread, NULL, serve, &server));
    knock_http(&found, here, 4, server.port, "a.example", "/x", ANSWER);
    pthread_join(server.thread, NULL);
    close(server.fd);
    if (heard != NULL)
        apr_cpystrn(heard, server.heard, sizeof(server.heard));
    return found;
}

static knock_outcome_t outcome(const char *says, const char *why)
{
    knock_found_t found = ask(says, strlen(says), NULL);

    assert_string_equal(why, found.why);
    return found.outcome;
}

static void the_answer_that_was_put_there(void **state)
{
    static const char says[] = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n" ANSWER;
    char heard[1000];
    knock_found_t found = ask(says, strlen(says), heard);

    (void)state;
    assert_int_equal(KNOCK_FINE, found.outcome);
    assert_non_null(strstr(heard, "GET /x HTTP/1.1\r\nHost: a.example\r\n"));
}

static void another_server(void **state)
{
    (void)state;
    assert_int_equal(KNOCK_ANOTHER, outcome("HTTP/1.1 404 no\r\nserver: nginx\r\n\r\n" ANSWER,
                                            "status 404 of nginx"));
    assert_int_equal(KNOCK_ANOTHER,
                     outcome("HTTP/1.0 200 OK\r\n\r\nhello", "status 200 with something else"));
    assert_int_equal(KNOCK_ANOTHER, outcome("SSH-2.0-x\r\n\r\n", "no answer of HTTP"));
    assert_int_equal(
        KNOCK_ELSEWHERE,
        outcome("HTTP/1.1 301 go\r\nLocation: https://a.example/x\r\n\r\n", "https://a.example/x"));
    assert_int_equal(KNOCK_ANOTHER, outcome("HTTP/1.1 301 go\r\n\r\n", "status 301"));
}

static void hostile_answers(void **state)
{
    char *much = apr_palloc(*state, 100000);

    memset(much, 'x', 100000);
    memcpy(much, "HTTP/1.1 200 ", 13);
    assert_int_equal(KNOCK_ANOTHER, ask(much, 100000, NULL).outcome);
    memset(much, '\0', 100000);
    assert_int_equal(KNOCK_ANOTHER, ask(much, 100000, NULL).outcome);
    assert_int_equal(KNOCK_SILENT, ask("", 0, NULL).outcome);
}

static void nobody_there(void **state)
{
    knock_found_t found;
    server_t server;

    (void)state;
    memset(&server, 0, sizeof(server));
    open_server(&server);
    close(server.fd);
    knock_http(&found, here, 4, server.port, "a.example", "/x", ANSWER);
    assert_int_equal(KNOCK_SILENT, found.outcome);
    assert_non_null(strstr(found.why, "refused"));
    knock_tls(&found, here, 4, server.port, "a.example", (const unsigned char *)ANSWER);
    assert_int_equal(KNOCK_SILENT, found.outcome);
}

/* One that speaks acme-tls/1 is in test_acmectl.py. */
static void a_server_that_does_not_validate(void **state)
{
    const party_spec_t spec = { .key_type = "p256", .names = "DNS:a.example", .serial = "1" };
    tls_server_t *server = tls_server_start(*state, party_make(*state, NULL, &spec), NULL);
    const char *door = tls_server_door(*state, server, "a.example");
    unsigned char digest[32] = { 0 };
    knock_found_t found;

    knock_tls(&found, here, 4, atoi(strchr(door, ':') + 1), "a.example", digest);
    assert_int_equal(KNOCK_ANOTHER, found.outcome);
    assert_string_equal("a.example", tls_server_asked(server));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_answer_that_was_put_there),
        fixture_test(another_server),
        fixture_test(hostile_answers),
        fixture_test(nobody_there),
        fixture_test(a_server_that_does_not_validate),
    };

    return fixture_run(tests);
}
