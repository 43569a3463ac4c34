/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "httpd/value.h"

static int setup(void **state)
{
    apr_pool_t *p = NULL;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

static void test_presets(void **state)
{
    static const char *const presets[][2] = {
        { "incommon", "https://acme-us.certinext.io/v1/directory" },
        { "sectigo-incommon-rsa", "https://acme.sectigo.com/v2/InCommonRSAOV" },
        { "sectigo-incommon-ecc", "https://acme.sectigo.com/v2/InCommonECCOV" },
        { "sectigo-ov", "https://acme.sectigo.com/v2/OV" },
        { "sectigo-dv", "https://acme.sectigo.com/v2/DV" },
        { "sectigo-ev", "https://acme.sectigo.com/v2/EV" },
        { "sectigo-enterprise", "https://acme.enterprise.sectigo.com" },
        { "letsencrypt", "https://acme-v02.api.letsencrypt.org/directory" },
        { "letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory" },
        { "ZeroSSL", "https://acme.zerossl.com/v2/DV90" },
        { "google", "https://dv.acme-v02.api.pki.goog/directory" },
    };
    const char *why = "unset";
    size_t i = 0;

    for (i = 0; i < sizeof(presets) / sizeof(presets[0]); ++i) {
        assert_string_equal(value_directory(*state, presets[i][0], &why), presets[i][1]);
        assert_null(why);
    }
}

static void test_directory_url(void **state)
{
    static const char *const bad[][2] = {
        { "incomon", "preset" },
        { "http://ca.example/dir", "https" },
        { "https://", "complete" },
        { "https://ca.example/dir#x", "fragment" },
        { "https://ca.example:-1/dir", "65535" },
        { "https://ca.example:0/dir", "65535" },
        { "https://ca.example:65536/dir", "65535" },
        { "https://ca.example:99999999999/dir", "65535" },
        { "https://ca.example:44a/dir", "complete" },
        { "https://ca.example:/dir", "65535" },
        { "https://ca..example/dir", "host" },
        { "https://-ca.example/dir", "host" },
        { "https://ca,example/dir", "host" },
        { "https://10.0.0.300/dir", "host" },
        { "https://[::g]/dir", "host" },
        { "https://ca.example/d%zz", "hexadecimal" },
        { "https://ca.example/d%2", "hexadecimal" },
        { "https://ca.example/a\\b", "character" },
        { "https://ca.example/<dir>", "character" },
        { "https://ca.example/dir\x01", "complete" },
        { "https://ca.example/dir\n", "complete" },
        { "https://ca.example/d\xc3\xa4", "complete" },
        { "https:///dir", "complete" },
        { "https://ca.example/d ir", "complete" },
        { "ftp://ca.example/", "https" },
    };
    static const char *const good[] = {
        "https://localhost/",          "https://ca_1.example:1/",   "https://ca.example:65535/d",
        "https://[2001:db8::1]:443/d", "https://10.0.0.3/d?a=b&c=", "https://ca.example./d",
    };
    const char *url = "https://ca.example:14000/Dir?x=%20Y", *why = NULL;
    size_t i = 0;

    assert_string_equal(value_directory(*state, url, &why), url);
    for (i = 0; i < sizeof(good) / sizeof(good[0]); ++i)
        assert_string_equal(value_directory(*state, good[i], &why), good[i]);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_null(value_directory(*state, bad[i][0], &why));
        assert_non_null(strstr(why, bad[i][1]));
    }
}

static void test_credentials_are_not_repeated(void **state)
{
    const char *why = NULL;

    assert_null(value_directory(*state, "https://user:hunter2@ca.example/", &why));
    assert_null(strstr(why, "hunter2"));
    assert_null(value_proxy(*state, "http://user:hunter2@proxy.example:3128", &why));
    assert_null(strstr(why, "hunter2"));
    assert_null(value_proxy(*state, "user:hunter2@proxy.example:3128", &why));
    assert_null(strstr(why, "hunter2"));
}

static void test_contact(void **state)
{
    static const char *const bad[] = { "nobody",
                                       "@a.example",
                                       "a@",
                                       "a@b@c.example",
                                       "a@b.example,c@d.example",
                                       "mailto:a@b.example?cc=x",
                                       "a b@c.example" };
    const char *why = NULL;
    size_t i = 0;

    assert_string_equal(value_contact(*state, "a@b.example", &why), "mailto:a@b.example");
    assert_string_equal(value_contact(*state, "MAILTO:a@b.example", &why), "mailto:a@b.example");
    assert_null(why);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_null(value_contact(*state, bad[i], &why));
        assert_non_null(why);
    }
}

static void test_admin_contact(void **state)
{
    assert_string_equal(value_admin_contact(*state, "root@www.example.edu"),
                        "mailto:root@www.example.edu");
    assert_null(value_admin_contact(*state, "webmaster@localhost"));
    assert_null(value_admin_contact(*state, "you@example_host.edu"));
    assert_null(value_admin_contact(*state, "[no address given]"));
    assert_null(value_admin_contact(*state, "https://www.example.edu/contact"));
    assert_null(value_admin_contact(*state, NULL));
}

static void test_managed_name(void **state)
{
    static const char *const good[][2] = {
        { "WWW.Example.EDU", "www.example.edu" },
        { "*.example.edu", "*.example.edu" },
        { "192.0.2.1", "192.0.2.1" },
        { "2001:0DB8::0001", "2001:db8::1" },
        { "[2001:db8:0:0::1]", "2001:db8::1" },
        { "1.2.0.192.in-addr.arpa.example", NULL },
    };
    static const char *const bad[][2] = {
        { "", "is empty" },
        { "*.192.0.2.1", "is an IP address" },
        { "192.0.2", "is no IPv4 address" },
        { "192.0.2.256", "is no IPv4 address" },
        { "192.0.2.1.", "is no IPv4 address" },
        { "[192.0.2.1]", "no letter, digit or hyphen" },
        { "192.0.2.1:443", "has a port" },
        { "[::1]:443", "has a port" },
        { "www.example.edu:443", "has a port" },
        { "www.example.edu:", "has a colon" },
        { "192.0.2.0/24", "is a network" },
        { "2001:db8::/32", "is a network" },
        { "www.example.edu/x", "no letter, digit or hyphen" },
        { "2001:db8::1::2", "is no IPv6 address" },
        { "[::1", "is no IPv6 address" },
        { "fe80::1%eth0", "has a zone" },
        { "::", "is not the address of a server" },
        { "::ffff:192.0.2.1", "write it as IPv4" },
    };
    const char *why = "unset";
    size_t i = 0;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
        assert_string_equal(value_managed_name(*state, good[i][0], &why),
                            good[i][1] != NULL ? good[i][1] : good[i][0]);
        assert_null(why);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_null(value_managed_name(*state, bad[i][0], &why));
        assert_non_null(strstr(why, bad[i][1]));
    }
}

static void test_renew_before(void **state)
{
    static const char *const bad[] = { "",     "%",    "0%", "100%",   "-1d", "30",  "30x",
                                       "30 d", "soon", "d",  "99999d", "0d",  "33%%" };
    apr_interval_time_t before = -1;
    int percent = -1;
    size_t i = 0;

    (void)state;
    assert_int_equal(value_renew_before("33%", &percent, &before), 1);
    assert_int_equal(percent, 33);
    assert_int_equal(before, 0);
    assert_int_equal(value_renew_before("30d", &percent, &before), 1);
    assert_int_equal(percent, 0);
    assert_int_equal(before, apr_time_from_sec(30 * 24 * 3600));
    assert_int_equal(value_renew_before("12h", &percent, &before), 1);
    assert_int_equal(before, apr_time_from_sec(12 * 3600));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_int_equal(value_renew_before(bad[i], &percent, &before), 0);
        assert_int_equal(percent, 0);
        assert_int_equal(before, 0);
    }
}

static void test_proxy(void **state)
{
    static const char *const bad[][2] = {
        { "http://127.0.0.1:-1/", "65535" },       { "http://proxy.example:0", "65535" },
        { "http://proxy.example:70000", "65535" }, { "http://proxy.example:/", "65535" },
        { "http://proxy..example:3128", "host" },  { "http://300.0.0.1:3128", "host" },
        { "http://proxy.example/path", "follow" }, { "http://proxy.example/?a", "follow" },
        { "http://proxy.example/#a", "fragment" }, { "http://pro xy.example/", "http or https" },
    };
    const char *why = NULL;
    size_t i;

    assert_string_equal(value_proxy(*state, "http://proxy.example:3128", &why),
                        "http://proxy.example:3128");
    assert_non_null(value_proxy(*state, "https://proxy.example", &why));
    assert_null(value_proxy(*state, "proxy.example:3128", &why));
    assert_non_null(why);
    assert_null(value_proxy(*state, "socks5://proxy.example", &why));
    assert_null(value_proxy(*state, "", &why));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        assert_null(value_proxy(*state, bad[i][0], &why));
        if (strstr(why, bad[i][1]) == NULL)
            fail_msg("%s: %s", bad[i][0], why);
    }
    assert_non_null(value_proxy(*state, "http://[::1]:3128/", &why));
}

static void test_eab_source(void **state)
{
    const char *why = NULL;

    assert_string_equal(value_eab_source(*state, "file:/a/b.key", "/root", &why), "file:/a/b.key");
    assert_string_equal(value_eab_source(*state, "file:b.key", "/etc", &why), "file:/etc/b.key");
    assert_string_equal(value_eab_source(*state, "exec:/bin/x a b", "/", &why), "exec:/bin/x a b");
    assert_string_equal(value_eab_source(*state, "credential:eab", "/", &why), "credential:eab");
    assert_null(why);
    assert_null(value_eab_source(*state, "file:", "/etc", &why));
    assert_non_null(why);
    assert_null(value_eab_source(*state, "exec:x", "/", &why));
    assert_non_null(strstr(why, "whole path"));
    assert_null(value_eab_source(*state, "credential:../x", "/", &why));
    assert_non_null(why);
    assert_null(value_eab_source(*state, "vault:x", "/", &why));
    assert_non_null(strstr(why, "file:PATH"));
}

static void test_key_in_place_of_its_source(void **state)
{
    const char *key = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC1zZWNyZXQ", *why = NULL;

    assert_null(value_eab_source(*state, key, "/", &why));
    assert_non_null(strstr(why, "HMAC key itself"));
    assert_null(strstr(why, "c2Vjcm"));
}

static void test_eab_kid(void **state)
{
    const char *why = NULL;

    assert_string_equal(value_eab_kid(*state, "uvVbdl3hcrAlqFs0K1rYEw", &why),
                        "uvVbdl3hcrAlqFs0K1rYEw");
    assert_null(value_eab_kid(*state, "", &why));
    assert_null(value_eab_kid(*state, "a b", &why));
    assert_null(value_eab_kid(*state, "a\xc3\xa4", &why));
    assert_non_null(why);
}

static void test_challenge(void **state)
{
    assert_null(value_challenge_refusal(*state, "http-01"));
    assert_null(value_challenge_refusal(*state, "tls-alpn-01"));
    assert_null(value_challenge_refusal(*state, "dns-01"));
    assert_null(value_challenge_refusal(*state, "dns-account-01"));
    assert_null(value_challenge_refusal(*state, "dns-persist-01"));
    assert_null(value_challenge_refusal(*state, "none"));
    assert_non_null(strstr(value_challenge_refusal(*state, "http-02"), "http-02"));
    assert_non_null(value_challenge_refusal(*state, "HTTP-01"));
}

static void test_proxy_credentials(void **state)
{
    const char *why = NULL;

    assert_string_equal(value_proxy_credentials(*state, "file:/etc/p", "/root", &why), "/etc/p");
    assert_null(why);
    assert_string_equal(value_proxy_credentials(*state, "file:p", "/srv", &why), "/srv/p");
    assert_null(value_proxy_credentials(*state, "file:", "/srv", &why));
    assert_non_null(why);
    assert_null(value_proxy_credentials(*state, "user:secret-word", "/srv", &why));
    assert_null(strstr(why, "secret-word"));
}

static void test_program(void **state)
{
    assert_null(value_program_refusal("/nonexistent"));
    assert_non_null(strstr(value_program_refusal("bin/sh"), "whole path"));
    assert_null(value_program_trouble(*state, "/bin/sh"));
    assert_non_null(strstr(value_program_trouble(*state, "/nonexistent"), "/nonexistent"));
    assert_non_null(strstr(value_program_trouble(*state, "/etc/passwd"), "chmod"));
    assert_non_null(value_program_trouble(*state, "/tmp"));
}

static const char *make_file(char *path, const char *text)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    return path;
}

static void test_ca_file(void **state)
{
    char good[] = "/tmp/acme-eab-test-XXXXXX", bad[] = "/tmp/acme-eab-test-XXXXXX";

    make_file(good, "a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n");
    make_file(bad, "-----BEGIN PRIVATE KEY-----\n");
    assert_null(value_ca_file_trouble(*state, good));
    assert_non_null(strstr(value_ca_file_trouble(*state, bad), "holds no certificate"));
    assert_non_null(strstr(value_ca_file_trouble(*state, "/nonexistent"), "/nonexistent"));
    assert_non_null(value_ca_file_trouble(*state, "/tmp"));
    unlink(good);
    unlink(bad);
}

static void test_switch(void **state)
{
    (void)state;
    assert_int_equal(value_switch("On"), 1);
    assert_int_equal(value_switch("off"), 0);
    assert_int_equal(value_switch("yes"), -1);
}

static void test_max_parallel(void **state)
{
    (void)state;
    assert_int_equal(value_max_parallel("Auto"), 0);
    assert_int_equal(value_max_parallel("1"), 1);
    assert_int_equal(value_max_parallel("100"), 100);
    assert_int_equal(value_max_parallel("101"), -1);
    assert_int_equal(value_max_parallel("0"), -1);
    assert_int_equal(value_max_parallel("-4"), -1);
    assert_int_equal(value_max_parallel("8x"), -1);
    assert_int_equal(value_max_parallel(""), -1);
}

static void test_key_algorithm(void **state)
{
    (void)state;
    assert_string_equal(value_key_algorithm("rsa4096"), value_key_algorithm("rsa2048"));
    assert_string_equal(value_key_algorithm("p256"), value_key_algorithm("p384"));
    assert_string_not_equal(value_key_algorithm("p256"), value_key_algorithm("rsa2048"));
}

static void test_label(void **state)
{
    const char *longest = "a234567890123456789012345678901234567890123456789012345678901234";

    assert_null(value_label_refusal(*state, "one.name-2_x"));
    assert_null(value_label_refusal(*state, longest));
    assert_non_null(value_label_refusal(*state, apr_pstrcat(*state, longest, "5", NULL)));
    assert_non_null(value_label_refusal(*state, ""));
    assert_non_null(value_label_refusal(*state, "two words"));
    assert_non_null(value_label_refusal(*state, "a/b"));
    assert_non_null(strstr(value_label_refusal(*state, "Default"), "default"));
}

static void test_day_window(void **state)
{
    static const char *const no_time[] = { "",
                                           "2:00-5:00",
                                           "02:00",
                                           "02:00-05",
                                           "02:00-05:0x",
                                           "02.00-05.00",
                                           "02:00_05:00",
                                           "02:00-05:00 ",
                                           "-2:00-05:00",
                                           "02:00-05:000",
                                           "night",
                                           "0200-0500xx" };
    static const char *const no_clock[] = { "24:00-05:00", "22:00-24:00", "02:60-05:00",
                                            "02:00-99:99" };
    int from = 0, to = 0;
    size_t i;

    (void)state;
    assert_null(value_day_window("02:00-05:30", &from, &to));
    assert_int_equal(from, 120);
    assert_int_equal(to, 330);
    assert_null(value_day_window("22:00-04:00", &from, &to));
    assert_int_equal(from, 1320);
    assert_int_equal(to, 240);
    assert_null(value_day_window("23:59-00:00", &from, &to));
    for (i = 0; i < sizeof(no_time) / sizeof(no_time[0]); ++i) {
        assert_non_null(strstr(value_day_window(no_time[i], &from, &to), "no time of the day"));
        assert_int_equal(from, 0);
        assert_int_equal(to, 0);
    }
    for (i = 0; i < sizeof(no_clock) / sizeof(no_clock[0]); ++i)
        assert_non_null(strstr(value_day_window(no_clock[i], &from, &to), "00 to 23"));
    assert_non_null(strstr(value_day_window("03:00-03:00", &from, &to), "never comes"));
    assert_int_equal(from, to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets),
        cmocka_unit_test(test_directory_url),
        cmocka_unit_test(test_credentials_are_not_repeated),
        cmocka_unit_test(test_contact),
        cmocka_unit_test(test_admin_contact),
        cmocka_unit_test(test_managed_name),
        cmocka_unit_test(test_renew_before),
        cmocka_unit_test(test_day_window),
        cmocka_unit_test(test_proxy),
        cmocka_unit_test(test_eab_source),
        cmocka_unit_test(test_key_in_place_of_its_source),
        cmocka_unit_test(test_eab_kid),
        cmocka_unit_test(test_challenge),
        cmocka_unit_test(test_ca_file),
        cmocka_unit_test(test_max_parallel),
        cmocka_unit_test(test_key_algorithm),
        cmocka_unit_test(test_proxy_credentials),
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_label),
        cmocka_unit_test(test_switch),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
