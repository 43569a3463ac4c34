/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "live/view.h"
#include "../crypto/party.h"

#define SLOTS 2

static segment_t *keepers;
static view_t *view;

static view_t *made(apr_pool_t *p)
{
    segment_t *segment = NULL;

    assert_int_equal(APR_SUCCESS, segment_make(&segment, SLOTS, p));
    assert_int_equal(
        APR_SUCCESS,
        segment_open(&keepers, fcntl(segment_descriptor(segment), F_DUPFD_CLOEXEC, 3), SLOTS, p));
    return view = view_make(segment, SLOTS, p);
}

static party_t *publish(apr_pool_t *p, int slot)
{
    const party_spec_t spec = { .names = "DNS:a.example.edu" };
    party_t *party = party_make(p, NULL, &spec);
    secret_t *value = NULL;

    assert_int_equal(APR_SUCCESS,
                     pair_pack(&value, keypair_pem(p, party->key), party_pem(p, 1, party), p));
    assert_int_equal(APR_SUCCESS, segment_publish(keepers, slot, value->data, value->len));
    return party;
}

static void publish_rubbish(int slot)
{
    assert_int_equal(APR_SUCCESS, segment_publish(keepers, slot, "no pair", 7));
}

/* The certificate that a connection would get; NULL: none of the view's. */
static X509 *served(int slot, int *pdamaged)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL *ssl = SSL_new(ctx);
    pair_t *pair = view_take(view, slot, pdamaged);
    X509 *cert = NULL;

    if (pair != NULL && pair_use(pair, ssl)) {
        cert = SSL_get_certificate(ssl);
        X509_up_ref(cert);
    }
    pair_release(pair);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return cert;
}

static void expect(int slot, const party_t *party, int damaged)
{
    int told = -1;
    X509 *cert = served(slot, &told);

    assert_int_equal(damaged, told);
    if (party == NULL)
        assert_null(cert);
    else {
        assert_non_null(cert);
        assert_int_equal(0, X509_cmp(party->cert, cert));
    }
    X509_free(cert);
}

static void the_newest_is_served(void **state)
{
    party_t *party;

    made(*state);
    assert_false(view_has(view, 0));
    expect(0, NULL, 0);
    party = publish(*state, 0);
    assert_true(view_has(view, 0));
    assert_false(view_has(view, 1));
    expect(0, party, 0);
    expect(0, party, 0);
    expect(1, NULL, 0);
    party = publish(*state, 0);
    expect(0, party, 0);
    expect(SLOTS, NULL, 0);
}

static void what_cannot_be_used_changes_nothing(void **state)
{
    party_t *party;

    made(*state);
    party = publish(*state, 0);
    expect(0, party, 0);
    publish_rubbish(0);
    expect(0, party, 1);
    expect(0, party, 0); /* said once */
    publish_rubbish(0);
    expect(0, party, 1);
    party = publish(*state, 0);
    expect(0, party, 0);
}

/* Its digest does not fit: bits flipped, or cut. */
static void damage(int slot, int cut)
{
    segment_ref_t ref = segment_current(keepers, slot);
    unsigned char *value = malloc(SEGMENT_VALUE_MAX), *memory = NULL, *at = NULL;
    struct stat st;
    apr_size_t len = 0;
    int fd = segment_descriptor(keepers);

    assert_int_equal(APR_SUCCESS, segment_read(keepers, slot, ref, value, &len));
    assert_int_equal(0, fstat(fd, &st));
    memory = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(MAP_FAILED, memory);
    at = memmem(memory, (size_t)st.st_size, value, len);
    assert_non_null(at);
    if (cut)
        memset(at + len / 2, 0, len - len / 2);
    else
        at[len / 2] ^= 4;
    munmap(memory, (size_t)st.st_size);
    free(value);
}

static void what_was_damaged_in_memory_changes_nothing(void **state)
{
    party_t *party;

    made(*state);
    party = publish(*state, 0);
    expect(0, party, 0);
    publish(*state, 0);
    damage(0, 0);
    expect(0, party, 1);
    publish(*state, 0);
    damage(0, 1);
    expect(0, party, 1);
    party = publish(*state, 0);
    expect(0, party, 0);
}

/* One that was born after the good value was replaced has never seen it. */
static void a_new_worker_takes_the_one_before(void **state)
{
    party_t *party;

    made(*state);
    party = publish(*state, 0);
    publish_rubbish(0);
    expect(0, party, 1);
    expect(0, party, 0);
}

static void a_worker_without_any_serves_what_httpd_has(void **state)
{
    made(*state);
    publish_rubbish(0);
    expect(0, NULL, 1);
    publish_rubbish(0);
    expect(0, NULL, 1);
    expect(0, NULL, 0);
}

static int stop;

static void *take_for_ever(void *data)
{
    int *ptaken = data, damaged = 0;

    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        pair_t *pair = view_take(view, 0, &damaged);

        if (pair == NULL || damaged)
            return NULL; /* counts as none */
        pair_release(pair);
        ++*ptaken;
    }
    return data;
}

/* Threads of a worker take it while it is replaced. */
static void threads_share_it(void **state)
{
    pthread_t threads[4];
    int taken[4] = { 0 }, i;
    void *ended = NULL;

    made(*state);
    publish(*state, 0);
    __atomic_store_n(&stop, 0, __ATOMIC_RELEASE);
    for (i = 0; i < 4; ++i)
        assert_int_equal(0, pthread_create(&threads[i], NULL, take_for_ever, &taken[i]));
    for (i = 0; i < 100; ++i) {
        publish(*state, 0);
        usleep(500);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (i = 0; i < 4; ++i) {
        assert_int_equal(0, pthread_join(threads[i], &ended));
        assert_ptr_equal(&taken[i], ended);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_newest_is_served),
        fixture_test(what_cannot_be_used_changes_nothing),
        fixture_test(what_was_damaged_in_memory_changes_nothing),
        fixture_test(a_new_worker_takes_the_one_before),
        fixture_test(a_worker_without_any_serves_what_httpd_has),
        fixture_test(threads_share_it),
    };

    return fixture_run(tests);
}
