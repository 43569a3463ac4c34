/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/visitor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/address.h"
#include "base/bytes.h"

#define DOOR_MAX 400
#define PATIENCE 3   /* seconds, for each step of a connection */
#define TRIES 3      /* where nobody answers */
#define PAUSE 300000 /* microseconds between them */

typedef struct task {
    struct task *next;
    char (*doors)[DOOR_MAX];
    int door_count;
    int is_rsa;
    char fingerprint[65];
    visitor_found_t found;
    visitor_done_fn *done;
    void *baton;
} task_t;

/* Not in a pool: the thread may outlive the pool. */
struct visitor {
    SSL_CTX *contexts[2]; /* the thread's, for each kind of key; made when one is asked for */
    pthread_mutex_t mutex;
    int closed; /* nobody wants to know any more; the thread frees it, if there is one */
    int running;
    task_t *waiting, **waiting_end;
    task_t *finished;
    int pipe[2]; /* a byte for each finished task */
};

/* What one connection was served. */
typedef struct sight {
    char fingerprint[65];
    char serial[64];
} sight_t;

/* ---- one connection ---- */

static void note_text(char *text, apr_size_t size, const unsigned char *octets, unsigned int len)
{
    static const char digits[] = "0123456789abcdef";
    unsigned int i;

    for (i = 0; i < len && 2 * i + 2 < size; ++i) {
        text[2 * i] = digits[octets[i] >> 4];
        text[2 * i + 1] = digits[octets[i] & 15];
        text[2 * i + 2] = '\0';
    }
}

static void note_certificate(sight_t *sight, X509 *leaf)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (X509_digest(leaf, EVP_sha256(), digest, &len) == 1) {
        note_text(sight->fingerprint, sizeof(sight->fingerprint), digest, len);
    }
    note_text(sight->serial, sizeof(sight->serial), ASN1_STRING_get0_data(serial),
              (unsigned int)ASN1_STRING_length(serial));
}

/* Called with what the server sends, whatever comes of the handshake: it may want a certificate of the
 * client, which there is none of. */
static int on_certificate(X509_STORE_CTX *store, void *nothing)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    X509 *leaf = X509_STORE_CTX_get0_cert(store);

    (void)nothing;
    if (leaf != NULL) {
        note_certificate(SSL_get_app_data(ssl), leaf);
    }
    return 1;
}

static const char *signatures(int is_rsa)
{
    return is_rsa ? "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:"
                    "RSA+SHA384:RSA+SHA512:RSA+SHA1"
                  : "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ECDSA+SHA1";
}

/* Whatever a server is content with: nothing is said to it that would have to be kept. */
static SSL_CTX *make_context(int is_rsa)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL) {
        return NULL;
    }
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
    SSL_CTX_set1_sigalgs_list(ctx, signatures(is_rsa));
    SSL_CTX_set_cert_verify_callback(ctx, on_certificate, NULL);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

static SSL_CTX *context_for(visitor_t *visitor, int is_rsa)
{
    SSL_CTX **context = &visitor->contexts[is_rsa != 0];

    if (*context == NULL) {
        *context = make_context(is_rsa);
    }
    return *context;
}

/* "192.0.2.1:443", "[2001:db8::1]:443". @return its length; 0: it is none */
static socklen_t parse_address(struct sockaddr_storage *address, const char *text)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    char host[100];
    const char *colon = strrchr(text, ':');
    apr_size_t len = colon != NULL ? (apr_size_t)(colon - text) : 0;
    int port = colon != NULL ? atoi(colon + 1) : 0, size;

    memset(address, 0, sizeof(*address));
    if (len > 1 && *text == '[') {
        ++text;
        len -= 2;
    }
    if (len == 0 || len >= sizeof(host)) {
        return 0;
    }
    apr_cpystrn(host, text, len + 1);
    size = address_parse(octets, host);
    if (size == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)address;

        in->sin_family = AF_INET;
        in->sin_port = htons((in_port_t)port);
        memcpy(&in->sin_addr, octets, 4);
        return sizeof(*in);
    }
    if (size == 16) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((in_port_t)port);
        memcpy(&in6->sin6_addr, octets, 16);
        return sizeof(*in6);
    }
    return 0;
}

static int connect_to(const char *where)
{
    struct timeval patience = { PATIENCE, 0 };
    struct sockaddr_storage address;
    socklen_t len = parse_address(&address, where);
    int fd;

    if (len == 0) {
        errno = EINVAL;
        return -1;
    }
    if ((fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&address, len) != 0) {
        int before = errno;

        close(fd);
        errno = before;
        return -1;
    }
    return fd;
}

static void shake_hands(SSL_CTX *ctx, int fd, const char *name, sight_t *sight)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    SSL *ssl = SSL_new(ctx);

    if (ssl != NULL) {
        SSL_set_app_data(ssl, sight);
        SSL_set_fd(ssl, fd);
        if (address_parse(octets, name) == 0) { /* RFC 6066, 3: no addresses */
            SSL_set_tlsext_host_name(ssl, name);
        }
        SSL_connect(ssl);
        SSL_free(ssl);
    }
    ERR_clear_error();
}

/* "ADDRESS:PORT NAME", divided. */
static const char *split_door(char *where, const char *door)
{
    const char *space = strchr(door, ' ');

    apr_cpystrn(where, door, space != NULL ? (apr_size_t)(space - door) + 1 : DOOR_MAX);
    return space != NULL ? space + 1 : "";
}

/* @return 0 when nothing was served, with errno of the connection, or 0 */
static int look(sight_t *sight, SSL_CTX *ctx, const char *door)
{
    char where[DOOR_MAX];
    const char *name = split_door(where, door);
    int fd, before = 0;

    memset(sight, 0, sizeof(*sight));
    fd = connect_to(where);
    before = fd < 0 ? errno : 0;
    if (fd >= 0 && ctx != NULL) {
        shake_hands(ctx, fd, name, sight);
    }
    if (fd >= 0) {
        close(fd);
    }
    errno = before;
    return sight->fingerprint[0] != '\0';
}

/* ---- all doors ---- */

static void note_silence(visitor_found_t *found, const char *door, int error)
{
    char words[120] = "the TLS handshake failed";
    char where[DOOR_MAX];
    const char *name = split_door(where, door);

    if (error != 0) {
        apr_strerror(error, words, sizeof(words));
    }
    if (found->others == 0) {
        apr_snprintf(found->why, sizeof(found->why), "a connection to %s for %s failed (%s)", where,
                     name, words);
    }
}

static void note_other(visitor_found_t *found, const char *door, const sight_t *sight)
{
    char where[DOOR_MAX];
    const char *name = split_door(where, door);

    if (found->others++ > 0) {
        return;
    }
    apr_cpystrn(found->fingerprint, sight->fingerprint, sizeof(found->fingerprint));
    apr_snprintf(found->why, sizeof(found->why),
                 "a client of %s that asks for %s is served the certificate with the serial %s",
                 where, name, sight->serial);
}

static void visit_door(task_t *task, SSL_CTX *ctx, const char *door)
{
    sight_t sight;
    int tries = TRIES, error = 0;

    while (tries-- > 0) {
        if (look(&sight, ctx, door)) {
            if (strcmp(sight.fingerprint, task->fingerprint) == 0) {
                ++task->found.met;
            }
            else {
                note_other(&task->found, door, &sight);
            }
            return;
        }
        error = errno;
        if (tries > 0) {
            usleep(PAUSE);
        }
    }
    note_silence(&task->found, door, error);
}

static void visit(visitor_t *visitor, task_t *task)
{
    SSL_CTX *ctx = context_for(visitor, task->is_rsa);
    int i;

    for (i = 0; i < task->door_count; ++i) {
        visit_door(task, ctx, task->doors[i]);
    }
    if (task->door_count == 0) {
        apr_cpystrn(task->found.why, "httpd listens nowhere for it", sizeof(task->found.why));
    }
}

/* ---- the thread ---- */

static void free_task(task_t *task)
{
    free(task->doors);
    free(task);
}

static void free_tasks(task_t *task)
{
    task_t *next;

    for (; task != NULL; task = next) {
        next = task->next;
        free_task(task);
    }
}

static void free_visitor(visitor_t *visitor)
{
    close(visitor->pipe[0]);
    close(visitor->pipe[1]);
    free_tasks(visitor->waiting);
    free_tasks(visitor->finished);
    pthread_mutex_destroy(&visitor->mutex);
    SSL_CTX_free(visitor->contexts[0]);
    SSL_CTX_free(visitor->contexts[1]);
    free(visitor);
}

/* With the mutex held. NULL: there is none, and the thread ends. */
static task_t *next_task(visitor_t *visitor)
{
    task_t *task = visitor->closed ? NULL : visitor->waiting;

    if (task != NULL) {
        visitor->waiting = task->next;
        if (visitor->waiting == NULL) {
            visitor->waiting_end = &visitor->waiting;
        }
    }
    return task;
}

static void finish(visitor_t *visitor, task_t *task)
{
    task_t **end = &visitor->finished;

    task->next = NULL;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = task;
    (void)!write(visitor->pipe[1], "", 1); /* a full pipe wakes as well */
}

static void *work(void *data)
{
    visitor_t *visitor = data;
    task_t *task;
    int closed;

    pthread_mutex_lock(&visitor->mutex);
    while ((task = next_task(visitor)) != NULL) {
        pthread_mutex_unlock(&visitor->mutex);
        visit(visitor, task);
        pthread_mutex_lock(&visitor->mutex);
        finish(visitor, task);
    }
    visitor->running = 0;
    closed = visitor->closed;
    pthread_mutex_unlock(&visitor->mutex);
    if (closed) {
        free_visitor(visitor);
    }
    return NULL;
}

/* With all signals blocked, so that they reach the loop's thread. */
static int start_thread(visitor_t *visitor)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int rv;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = pthread_create(&thread, &attributes, work, visitor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return rv;
}

/* ---- for the loop ---- */

static apr_status_t close_visitor(void *data)
{
    visitor_t *visitor = data;
    int running;

    pthread_mutex_lock(&visitor->mutex);
    visitor->closed = 1;
    running = visitor->running;
    pthread_mutex_unlock(&visitor->mutex);
    if (!running) {
        free_visitor(visitor);
    }
    return APR_SUCCESS;
}

visitor_t *visitor_make(apr_pool_t *p)
{
    visitor_t *visitor = calloc(1, sizeof(*visitor));

    if (visitor == NULL || pipe2(visitor->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(visitor);
        return NULL;
    }
    pthread_mutex_init(&visitor->mutex, NULL);
    visitor->waiting_end = &visitor->waiting;
    apr_pool_cleanup_register(p, visitor, close_visitor, apr_pool_cleanup_null);
    return visitor;
}

int visitor_fd(const visitor_t *visitor)
{
    return visitor->pipe[0];
}

void visitor_serve(visitor_t *visitor)
{
    task_t *task, *next;
    char bytes[64];

    if (read(visitor->pipe[0], bytes, sizeof(bytes)) <= 0) {
        return;
    }
    pthread_mutex_lock(&visitor->mutex);
    task = visitor->finished;
    visitor->finished = NULL;
    pthread_mutex_unlock(&visitor->mutex);
    for (; task != NULL; task = next) {
        next = task->next;
        task->done(task->baton, &task->found);
        free_task(task);
    }
}

static task_t *make_task(const apr_array_header_t *doors)
{
    task_t *task = calloc(1, sizeof(*task));
    int i, count = doors != NULL ? doors->nelts : 0;

    if (task == NULL || (task->doors = calloc((size_t)count + 1, DOOR_MAX)) == NULL) {
        abort();
    }
    for (i = 0; i < count; ++i) {
        apr_cpystrn(task->doors[i], APR_ARRAY_IDX(doors, i, const char *), DOOR_MAX);
    }
    task->door_count = count;
    return task;
}

void visitor_start(visitor_t *visitor, const apr_array_header_t *doors, const char *key_type,
                   const char *fingerprint, visitor_done_fn *done, void *baton)
{
    task_t *task = make_task(doors);
    int alone = 0;

    task->is_rsa = strncmp(key_type, "rsa", 3) == 0;
    apr_cpystrn(task->fingerprint, fingerprint, sizeof(task->fingerprint));
    task->done = done;
    task->baton = baton;
    pthread_mutex_lock(&visitor->mutex);
    *visitor->waiting_end = task;
    visitor->waiting_end = &task->next;
    if (!visitor->running) {
        visitor->running = 1;
        alone = start_thread(visitor) != 0;
    }
    pthread_mutex_unlock(&visitor->mutex);
    if (alone) { /* no thread to be had: here, late rather than never */
        work(visitor);
    }
}
