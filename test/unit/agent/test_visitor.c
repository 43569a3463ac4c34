/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <poll.h>

#include "agent/visitor.h"
#include "tls_server.h"

#define NAME "www.example.edu"

static visitor_found_t found;
static int ended;

static void on_visited(void *baton, const visitor_found_t *what)
{
    (void)baton;
    found = *what;
    ++ended;
}

static party_t *party(apr_pool_t *p, const char *key_type, const char *serial)
{
    const party_spec_t spec = { .key_type = key_type, .names = "DNS:" NAME, .serial = serial };

    return party_make(p, NULL, &spec);
}

static void visit(apr_pool_t *p, const apr_array_header_t *doors, const char *key_type,
                  const char *fingerprint)
{
    visitor_t *visitor = visitor_make(p);
    struct pollfd look = { 0, POLLIN, 0 };

    assert_non_null(visitor);
    ended = 0;
    look.fd = visitor_fd(visitor);
    visitor_start(visitor, doors, key_type, fingerprint, on_visited, NULL);
    assert_int_equal(1, poll(&look, 1, 60000));
    visitor_serve(visitor);
    assert_int_equal(1, ended);
}

static void expect(int met, int others, const char *why)
{
    assert_int_equal(met, found.met);
    assert_int_equal(others, found.others);
    if (why == NULL)
        assert_string_equal("", found.why);
    else
        assert_non_null(strstr(found.why, why));
}

static void the_certificate_is_met(void **state)
{
    apr_pool_t *p = *state;
    party_t *mine = party(p, "p256", "1");
    tls_server_t *server = tls_server_start(p, mine, NULL);

    visit(p, party_names(p, tls_server_door(p, server, NAME), NULL), "p256",
          tls_server_fingerprint(p, mine));
    expect(1, 0, NULL);
    assert_string_equal(NAME, tls_server_asked(server));
}

static void another_one_is_described(void **state)
{
    apr_pool_t *p = *state;
    party_t *mine = party(p, "p256", "1"), *other = party(p, "p256", "0abc");
    tls_server_t *server = tls_server_start(p, other, NULL);
    const char *door = tls_server_door(p, server, NAME);

    visit(p, party_names(p, door, NULL), "p256", tls_server_fingerprint(p, mine));
    expect(0, 1, "is served the certificate with the serial 0abc");
    assert_non_null(strstr(found.why, NAME));
    assert_non_null(strstr(found.why, apr_pstrndup(p, door, strcspn(door, " "))));
    assert_string_equal(tls_server_fingerprint(p, other), found.fingerprint);
}

/* As a client that has no other kind. */
static void each_kind_of_key_is_asked_for(void **state)
{
    apr_pool_t *p = *state;
    party_t *rsa = party(p, "rsa2048", "1"), *ec = party(p, "p384", "2");
    tls_server_t *server = tls_server_start(p, rsa, ec);
    const apr_array_header_t *doors = party_names(p, tls_server_door(p, server, NAME), NULL);
    int versions[] = { TLS1_3_VERSION, TLS1_2_VERSION }, i;

    for (i = 0; i < 2; ++i) {
        SSL_CTX_set_max_proto_version(tls_server_context(server), versions[i]);
        visit(p, doors, "rsa2048", tls_server_fingerprint(p, rsa));
        expect(1, 0, NULL);
        visit(p, doors, "p384", tls_server_fingerprint(p, ec));
        expect(1, 0, NULL);
    }
}

/* It says its own certificate first. */
static void a_server_that_wants_a_certificate_of_the_client_is_met(void **state)
{
    apr_pool_t *p = *state;
    party_t *mine = party(p, "p256", "1");
    tls_server_t *server = tls_server_start(p, mine, NULL);
    int versions[] = { TLS1_3_VERSION, TLS1_2_VERSION }, i;

    SSL_CTX_set_verify(tls_server_context(server),
                       SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    for (i = 0; i < 2; ++i) {
        SSL_CTX_set_max_proto_version(tls_server_context(server), versions[i]);
        visit(p, party_names(p, tls_server_door(p, server, NAME), NULL), "p256",
              tls_server_fingerprint(p, mine));
        expect(1, 0, NULL);
    }
}

static void silence_is_told_with_its_reason(void **state)
{
    apr_pool_t *p = *state;

    visit(p, party_names(p, "127.0.0.1:1 " NAME, NULL), "p256", "ff00");
    expect(0, 0, "a connection to 127.0.0.1:1 for " NAME " failed (Connection refused)");
    visit(p, party_names(p, "[::1]:1 " NAME, NULL), "p256", "ff00");
    expect(0, 0, "a connection to [::1]:1 for " NAME " failed");
    visit(p, party_names(p, "nowhere " NAME, NULL), "p256", "ff00");
    expect(0, 0, "a connection to nowhere");
    visit(p, party_names(p, NULL), "p256", "ff00");
    expect(0, 0, "httpd listens nowhere for it");
    visit(p, NULL, "p256", "ff00");
    expect(0, 0, "httpd listens nowhere for it");
}

static void all_doors_are_looked_at(void **state)
{
    apr_pool_t *p = *state;
    party_t *mine = party(p, "p256", "1"), *other = party(p, "p256", "2");
    tls_server_t *good = tls_server_start(p, mine, NULL), *bad = tls_server_start(p, other, NULL);

    visit(p,
          party_names(p, "127.0.0.1:1 " NAME, tls_server_door(p, good, NAME),
                      tls_server_door(p, bad, "192.0.2.1"), NULL),
          "p256", tls_server_fingerprint(p, mine));
    expect(1, 1, "is served the certificate");
    assert_string_equal("", tls_server_asked(bad)); /* an address is no server name */
}

/* The agent ends while somebody looks. */
static void it_may_end_at_any_time(void **state)
{
    apr_pool_t *p = NULL;
    visitor_t *visitor;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&p, *state));
    visitor = visitor_make(p);
    ended = 0;
    visitor_start(visitor, party_names(p, "127.0.0.1:1 " NAME, NULL), "p256", "ff", on_visited,
                  NULL);
    visitor_start(visitor, party_names(p, "127.0.0.1:1 " NAME, NULL), "p256", "ff", on_visited,
                  NULL);
    apr_pool_destroy(p);
    assert_int_equal(0, ended);
    usleep(1500000); /* its thread ends by itself */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_certificate_is_met),
        fixture_test(another_one_is_described),
        fixture_test(each_kind_of_key_is_asked_for),
        fixture_test(a_server_that_wants_a_certificate_of_the_client_is_met),
        fixture_test(silence_is_told_with_its_reason),
        fixture_test(all_doors_are_looked_at),
        fixture_test(it_may_end_at_any_time),
    };

    return fixture_run(tests);
}
