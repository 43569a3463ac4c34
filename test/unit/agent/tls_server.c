/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "tls_server.h"

struct tls_server {
    SSL_CTX *ctx;
    int fd;
    int port;
    pthread_t thread;
    char asked[256];
};

static int on_name(SSL *ssl, int *alert, void *data)
{
    tls_server_t *server = data;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    apr_cpystrn(server->asked, name != NULL ? name : "", sizeof(server->asked));
    return SSL_TLSEXT_ERR_OK;
}

static void *serve(void *data)
{
    tls_server_t *server = data;
    int fd;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(server->ctx);

        SSL_set_fd(ssl, fd);
        SSL_accept(ssl);
        SSL_free(ssl);
        close(fd);
        ERR_clear_error();
    }
    return NULL;
}

static apr_status_t stop(void *data)
{
    tls_server_t *server = data;

    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    SSL_CTX_free(server->ctx);
    return APR_SUCCESS;
}

static void present(tls_server_t *server, const party_t *party)
{
    assert_int_equal(1, SSL_CTX_use_certificate(server->ctx, party->cert));
    assert_int_equal(1, SSL_CTX_use_PrivateKey(server->ctx, party->key->pkey));
}

tls_server_t *tls_server_start(apr_pool_t *p, const party_t *party, const party_t *other)
{
    tls_server_t *server = apr_pcalloc(p, sizeof(*server));
    struct sockaddr_in address = { 0 };
    socklen_t len = sizeof(address);

    signal(SIGPIPE, SIG_IGN);
    server->ctx = SSL_CTX_new(TLS_server_method());
    present(server, party);
    if (other != NULL)
        present(server, other);
    SSL_CTX_set_tlsext_servername_callback(server->ctx, on_name);
    SSL_CTX_set_tlsext_servername_arg(server->ctx, server);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(0, bind(server->fd, (struct sockaddr *)&address, sizeof(address)));
    assert_int_equal(0, listen(server->fd, 8));
    assert_int_equal(0, getsockname(server->fd, (struct sockaddr *)&address, &len));
    server->port = ntohs(address.sin_port);
    assert_int_equal(0, pthread_create(&server->thread, NULL, serve, server));
    apr_pool_cleanup_register(p, server, stop, apr_pool_cleanup_null);
    return server;
}

SSL_CTX *tls_server_context(tls_server_t *server)
{
    return server->ctx;
}

const char *tls_server_door(apr_pool_t *p, const tls_server_t *server, const char *name)
{
    return apr_psprintf(p, "127.0.0.1:%d %s", server->port, name);
}

const char *tls_server_asked(const tls_server_t *server)
{
    return server->asked;
}

const char *tls_server_fingerprint(apr_pool_t *p, const party_t *party)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    assert_int_equal(1, X509_digest(party->cert, EVP_sha256(), digest, &len));
    return hex_encode(p, digest, len);
}
