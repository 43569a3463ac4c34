/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "../crypto/party.h"
#include "base/file.h"
#include "httpd/own.h"

#define UNTIL 3600

static const char *dir;

static apr_array_header_t *words(apr_pool_t *p, const char *text)
{
    apr_array_header_t *array = apr_array_make(p, 4, sizeof(const char *));
    char *last = NULL, *word = NULL, *copy = apr_pstrdup(p, text);

    for (word = apr_strtok(copy, " ", &last); word != NULL; word = apr_strtok(NULL, " ", &last))
        APR_ARRAY_PUSH(array, const char *) = word;
    return array;
}

/* @param names  as in openssl.cnf */
static const char *file_of(apr_pool_t *p, const char *file, const char *names, int is_self_signed)
{
    const party_spec_t ca_spec = { .common = "A CA", .is_ca = 1 };
    const party_spec_t spec = { .common = "x", .names = names, .until = UNTIL };
    party_t *cert = party_make(p, is_self_signed ? NULL : party_make(p, NULL, &ca_spec), &spec);
    const char *pem = party_pem(p, 1, cert), *path = apr_pstrcat(p, dir, "/", file, NULL);

    fixture_write(path, pem, strlen(pem));
    return path;
}

static own_t *own_of(apr_pool_t *p, const char *names, int is_self_signed)
{
    own_t *own = own_make(p);

    if (names != NULL)
        own_add(own, file_of(p, "own.pem", names, is_self_signed), apr_time_now());
    return own;
}

/* What the virtual host answers to, the ServerName first; what its own certificate and the managed
 * one cover; and whether the own one stays. */
static const struct {
    const char *names, *own, *managed;
    int stays;
} cases[] = {
    { "a.x.example b.x.example", NULL, "a.x.example", 0 },
    { "a.x.example", "DNS:a.x.example", "a.x.example", 0 },
    { "a.x.example b.x.example", "DNS:a.x.example,DNS:b.x.example", "a.x.example b.x.example", 0 },
    { "a.x.example b.x.example", "DNS:a.x.example", "a.x.example b.x.example", 0 },
    { "a.x.example b.x.example", "DNS:a.x.example", "a.x.example", 0 },
    /* More of its names. */
    { "a.x.example b.x.example", "DNS:a.x.example,DNS:b.x.example", "a.x.example", 1 },
    { "a.x.example b.x.example c.x.example", "DNS:b.x.example,DNS:c.x.example", "a.x.example", 1 },
    { "a.x.example b.x.example", "DNS:*.x.example", "a.x.example", 1 },
    { "a.x.example b.x.example", "DNS:*.x.example", "*.x.example", 0 },
    { "a.x.example 192.0.2.1", "DNS:a.x.example,IP:192.0.2.1", "a.x.example", 1 },
    { "a.x.example my_host.x.example", "DNS:*.x.example", "a.x.example", 1 },
    /* As many, and others: what it has now is lost, and told. */
    { "a.x.example b.x.example c.x.example", "DNS:a.x.example,DNS:b.x.example",
      "a.x.example c.x.example", 0 },
    /* The ServerName. */
    { "a.x.example b.x.example", "DNS:a.x.example", "b.x.example", 1 },
    { "a.x.example b.x.example c.x.example", "DNS:a.x.example", "b.x.example c.x.example", 1 },
    { "a.x.example b.x.example", "DNS:b.x.example", "a.x.example", 0 },
    { "a.x.example b.x.example", "DNS:c.x.example", "b.x.example", 0 },
    /* It covers nothing that is asked for. */
    { "a.x.example", "DNS:localhost", "a.x.example", 0 },
    { "a.x.example b.x.example", "DNS:other.example", "b.x.example", 0 },
    { "a.x.example", "DNS:*.a.x.example", "a.x.example", 0 },
    { "Www.X.example b.x.example", "DNS:www.x.EXAMPLE", "b.x.example", 1 },
};

static void it_stays_where_it_covers_more(void **state)
{
    size_t i = 0;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int by_itself = 0;

        for (by_itself = 0; by_itself < 2; by_itself++) {
            const own_t *own = own_of(*state, cases[i].own, by_itself);

            if (own_stays(own, words(*state, cases[i].names), words(*state, cases[i].managed))
                != cases[i].stays)
                fail_msg("%s, own %s, managed %s", cases[i].names, cases[i].own, cases[i].managed);
        }
    }
}

static void what_is_over_covers_nothing(void **state)
{
    own_t *own = own_make(*state);
    const char *file = file_of(*state, "own.pem", "DNS:a.x.example", 0);
    const apr_array_header_t *names = words(*state, "a.x.example b.x.example");

    own_add(own, file, apr_time_now() + apr_time_from_sec(UNTIL + 60));
    assert_false(own->is_usable);
    assert_false(own_is_real(own, names));
    assert_false(own_stays(own, names, words(*state, "b.x.example")));
    own_add(own, file, apr_time_now());
    assert_true(own_stays(own, names, words(*state, "b.x.example")));
}

static void what_cannot_be_read_covers_nothing(void **state)
{
    own_t *own = own_make(*state);
    const char *path = apr_pstrcat(*state, dir, "/damaged.pem", NULL);

    fixture_write(path, "-----BEGIN CERTIFICATE-----\n", 28);
    own_add(own, path, apr_time_now());
    own_add(own, "/nonexistent/own.pem", apr_time_now());
    own_add(own, dir, apr_time_now());
    assert_false(own->is_usable);
}

/* Made for the name of the machine, which may be a ServerName. */
static void a_placeholder_of_a_distribution_covers_nothing(void **state)
{
    static const char *const files[] = { "ssl-cert-snakeoil.pem", "localhost.crt" };
    int i = 0;

    for (i = 0; i < 4; i++) {
        own_t *own = own_make(*state);

        own_add(own, file_of(*state, files[i / 2], "DNS:a.x.example", i % 2), apr_time_now());
        assert_false(own->is_usable);
    }
}

/* A client gets the one that it understands. */
static void two_files_cover_together(void **state)
{
    own_t *own = own_make(*state);

    own_add(own, file_of(*state, "ec.pem", "DNS:a.x.example", 0), apr_time_now());
    own_add(own, file_of(*state, "rsa.pem", "DNS:a.x.example,DNS:b.x.example", 0), apr_time_now());
    own_add(own, "/nonexistent/third.pem", apr_time_now());
    assert_int_equal(2, own->names->nelts);
    assert_true(
        own_stays(own, words(*state, "a.x.example b.x.example"), words(*state, "a.x.example")));
}

static void a_token_covers_what_a_certificate_can(void **state)
{
    own_t *own = own_make(*state);
    const apr_array_header_t *managed = words(*state, "a.x.example");

    assert_true(own_is_uri("pkcs11:token=www;object=cert"));
    assert_false(own_is_uri("/etc/ssl/pkcs11:cert.pem"));
    own_add(own, "pkcs11:token=www;object=cert", apr_time_now());
    assert_true(own_is_real(own, managed));
    assert_false(own_stays(own, managed, managed));
    assert_false(own_stays(own, words(*state, "a.x.example * my_host.x.example short"), managed));
    assert_true(own_stays(own, words(*state, "a.x.example 192.0.2.1"), managed));
    assert_true(own_stays(own, words(*state, "a.x.example b.x.example"), managed));
    assert_true(own_stays(own, words(*state, "b.x.example a.x.example"), managed));
}

static void a_self_signed_one_is_real_where_it_is_asked_for(void **state)
{
    assert_true(own_is_real(own_of(*state, "DNS:a.x.example", 1), words(*state, "a.x.example")));
    assert_false(own_is_real(own_of(*state, "DNS:a.x.example", 1), words(*state, "b.x.example")));
    assert_false(own_is_real(own_of(*state, "DNS:localhost", 1), words(*state, "localhost")));
    assert_true(own_is_real(own_of(*state, "DNS:a.x.example", 0), words(*state, "b.x.example")));
}

static void what_is_lost_is_told(void **state)
{
    const own_t *own = own_of(*state, "DNS:a.x.example,DNS:b.x.example,DNS:d.x.example", 0);
    apr_array_header_t *lost =
        own_lost(*state, own, words(*state, "a.x.example b.x.example c.x.example"),
                 words(*state, "a.x.example c.x.example"));

    assert_int_equal(1, lost->nelts);
    assert_string_equal("b.x.example", APR_ARRAY_IDX(lost, 0, const char *));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_stays_where_it_covers_more),
        fixture_test(what_is_over_covers_nothing),
        fixture_test(what_cannot_be_read_covers_nothing),
        fixture_test(a_placeholder_of_a_distribution_covers_nothing),
        fixture_test(two_files_cover_together),
        fixture_test(a_token_covers_what_a_certificate_can),
        fixture_test(a_self_signed_one_is_real_where_it_is_asked_for),
        fixture_test(what_is_lost_is_told),
    };
    apr_pool_t *p = NULL;
    int failed = 0;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return 1;
    dir = fixture_directory(p);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    file_remove_tree(dir, p);
    apr_terminate();
    return failed;
}
