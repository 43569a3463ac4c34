/* SPDX-License-Identifier: Apache-2.0 */

/* test/bench/handshakes.c - clients in several threads make full handshakes with an httpd that has
 * ACMEReload live, while its certificate is replaced again and again, as its keeper would: through the
 * descriptor that the keeper has (which takes root). Each handshake must succeed, with a chain to our
 * own root, the right name, and no certificate older than the one that was current when it began.
 *
 *     eab_handshakes PORT NAME KEEPER-PID CERTIFICATES HANDSHAKES SWAPS THREADS 1.2|1.3 KEY-TYPE
 *
 * Prints one line of JSON. Exit status 0: none failed, and none was served an old one. */

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "crypto/keypair.h"
#include "live/pair.h"
#include "live/segment.h"
#include "live/stapled.h"
#include "../unit/crypto/party.h"

#define THREADS_MAX 64
#define SWAPS_MAX 100000
#define KEYS 8 /* made beforehand; each swap has a certificate of its own */

static struct {
    int port;
    const char *name;
    long handshakes;
    long swaps;
    int threads;
    SSL_CTX *ctx;
} run;

static segment_t *segment;
static party_t *ca;
static keypair_t *keys[KEYS];
static long begun, done, failed, stale, published;
static long long worst; /* microseconds from a swap to the end of a handshake with the one before */
static long long published_at[SWAPS_MAX + 2];

static void die(const char *why)
{
    fprintf(stderr, "eab_handshakes: %s\n", why);
    exit(2);
}

/* ---- the keeper's side ---- */

static int open_segment_of(const char *pid)
{
    char path[300], target[300];
    struct dirent *entry;
    DIR *directory;
    int fd = -1;

    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    if ((directory = opendir(path)) == NULL)
        die("the keeper's descriptors cannot be listed");
    while (fd < 0 && (entry = readdir(directory)) != NULL) {
        ssize_t len;

        snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
        len = readlink(path, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        if (strncmp(target, "/memfd:acme-eab-live", 20) == 0)
            fd = open(path, O_RDWR | O_CLOEXEC);
    }
    closedir(directory);
    return fd;
}

/* Serial numbers count the swaps, from 1 on. */
static void swap(void)
{
    long number = __atomic_load_n(&published, __ATOMIC_ACQUIRE) + 1;
    apr_pool_t *p = NULL;
    party_spec_t spec = { 0 };
    secret_t *value = NULL;
    party_t *leaf;

    apr_pool_create(&p, NULL);
    spec.key = keys[number % KEYS];
    spec.names = apr_pstrcat(p, "DNS:", run.name, NULL);
    spec.serial = apr_psprintf(p, "%lx", number);
    leaf = party_make(p, ca, &spec);
    if (pair_pack(&value, keypair_pem(p, leaf->key), party_pem(p, 2, leaf, ca), p) != APR_SUCCESS
        || segment_publish(segment, 0, value->data, value->len) != APR_SUCCESS)
        die("a certificate cannot be published");
    __atomic_store_n(&published_at[number], clock_steady(), __ATOMIC_RELEASE);
    __atomic_store_n(&published, number, __ATOMIC_RELEASE);
    apr_pool_destroy(p);
}

/* Evenly over the handshakes. */
static void *swap_all(void *data)
{
    long next;

    for (next = 1; next <= run.swaps; ++next) {
        while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < next * run.handshakes / (run.swaps + 1))
            usleep(200);
        swap();
    }
    return data;
}

/* ---- the clients' side ---- */

static int connect_to_httpd(void)
{
    struct sockaddr_in address = { 0 };
    struct linger at_once = { 1, 0 }; /* ports are used again at once */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_family = AF_INET;
    address.sin_port = htons((in_port_t)run.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* @return the serial number of what is served; 0: the handshake failed */
static long shake_hands(void)
{
    int fd = connect_to_httpd();
    SSL *ssl = SSL_new(run.ctx);
    X509 *leaf = NULL;
    long serial = 0;

    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, run.name);
    SSL_set1_host(ssl, run.name);
    if (fd >= 0 && SSL_connect(ssl) == 1 && SSL_get_verify_result(ssl) == X509_V_OK
        && (leaf = SSL_get1_peer_certificate(ssl)) != NULL)
        serial = ASN1_INTEGER_get(X509_get0_serialNumber(leaf));
    else
        ERR_print_errors_fp(stderr);
    X509_free(leaf);
    SSL_free(ssl);
    if (fd >= 0)
        close(fd);
    return serial;
}

static void note_age(long serial, long current, long long now)
{
    long long since;

    if (serial < current)
        __atomic_add_fetch(&stale, 1, __ATOMIC_RELAXED);
    if (serial >= __atomic_load_n(&published, __ATOMIC_ACQUIRE))
        return;
    since = now - __atomic_load_n(&published_at[serial + 1], __ATOMIC_ACQUIRE);
    if (since > __atomic_load_n(&worst, __ATOMIC_RELAXED))
        __atomic_store_n(&worst, since, __ATOMIC_RELAXED);
}

static void *shake_many(void *data)
{
    while (__atomic_add_fetch(&begun, 1, __ATOMIC_RELAXED) <= run.handshakes) {
        long current = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
        long serial = shake_hands();

        if (serial == 0)
            __atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
        else
            note_age(serial, current, clock_steady());
        __atomic_add_fetch(&done, 1, __ATOMIC_RELEASE);
    }
    return data;
}

/* ---- together ---- */

static void make_context(const char *version)
{
    int number = strcmp(version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;

    run.ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(run.ctx, number);
    SSL_CTX_set_max_proto_version(run.ctx, number);
    SSL_CTX_set_session_cache_mode(run.ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(run.ctx, SSL_VERIFY_PEER, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(run.ctx), ca->cert);
}

static void make_keys(const char *type, apr_pool_t *p)
{
    int i;

    for (i = 0; i < KEYS; ++i)
        keys[i] = keypair_adopt(p, keypair_generate(type));
    if (keys[0] == NULL)
        die("there is no such key type");
}

static void shake_all(void)
{
    pthread_t threads[THREADS_MAX], swapper;
    long long since = clock_steady(), took;
    int i;

    pthread_create(&swapper, NULL, swap_all, NULL);
    for (i = 0; i < run.threads; ++i)
        pthread_create(&threads[i], NULL, shake_many, NULL);
    for (i = 0; i < run.threads; ++i)
        pthread_join(threads[i], NULL);
    pthread_join(swapper, NULL);
    took = clock_steady() - since;
    printf(
        "{\"handshakes\": %ld, \"swaps\": %ld, \"failed\": %ld, \"stale\": %ld, \"seconds\": %.1f, "
        "\"per_second\": %.0f, \"old_one_last_seen_ms\": %.1f}\n",
        done, published - 1, failed, stale, (double)took / 1e6, (double)done * 1e6 / (double)took,
        (double)worst / 1e3);
}

int main(int argc, char **argv)
{
    const party_spec_t root = { .common = "A root of its own", .is_ca = 1 };
    apr_pool_t *p = NULL;
    int fd;

    if (argc != 10)
        die("PORT NAME KEEPER-PID CERTIFICATES HANDSHAKES SWAPS THREADS 1.2|1.3 KEY-TYPE");
    apr_initialize();
    apr_pool_create(&p, NULL);
    run.port = atoi(argv[1]);
    run.name = argv[2];
    run.handshakes = atol(argv[5]);
    run.swaps = atol(argv[6]);
    run.threads = atoi(argv[7]);
    if (run.swaps > SWAPS_MAX || run.threads < 1 || run.threads > THREADS_MAX)
        die("too many swaps or threads");
    if ((fd = open_segment_of(argv[3])) < 0
        || segment_open(&segment, fd, STAPLED_SLOTS(atoi(argv[4])), p) != APR_SUCCESS)
        die("the keeper has no memory for new certificates");
    ca = party_make(p, NULL, &root);
    make_keys(argv[9], p);
    make_context(argv[8]);
    swap();
    shake_all();
    apr_pool_destroy(p);
    return failed == 0 && stale == 0 ? 0 : 1;
}
