/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>
#include <openssl/err.h>

#include "base/bytes.h"
#include "base/file.h"
#include "keeper/eabsource.h"

#define HMAC "0123456789abcdef0123456789abcdef"
#define HMAC_TEXT "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

typedef struct scene {
    apr_pool_t *p;
    const char *dir;
    const char *path;
    eab_result_t *result;
    eabsource_t *source;
    secret_t *key;
    const char *warning;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    s.dir = fixture_directory(p);
    s.path = apr_pstrcat(p, s.dir, "/eab.key", NULL);
    s.result = eab_result_make(p);
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(0, ERR_peek_error());
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->dir, s->p));
}

static void put(scene_t *s, const char *text, mode_t mode)
{
    fixture_write(s->path, text, strlen(text));
    assert_int_equal(0, chmod(s->path, mode));
}

static apr_status_t parse(scene_t *s, const char *text)
{
    eab_result_clear(s->result);
    return eabsource_parse(&s->source, text, s->result, s->p);
}

static void parse_file(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, parse(s, apr_pstrcat(s->p, "file:", s->path, NULL)));
}

static apr_status_t read_key(scene_t *s)
{
    eab_result_clear(s->result);
    return eabsource_read(&s->key, s->source, "HS256", &s->warning, s->result, s->p);
}

static void expect_refusal(scene_t *s, apr_status_t rv, const char *word)
{
    assert_int_not_equal(APR_SUCCESS, rv);
    assert_int_equal(rv, s->result->rv);
    assert_string_equal(EAB_PROBLEM_EAB_KEY, s->result->type);
    assert_non_null(strstr(s->result->detail, word));
}

static void the_three_kinds_are_parsed(void **state)
{
    scene_t s = scene(*state);

    assert_int_equal(APR_SUCCESS, parse(&s, "file:/etc/acme/eab.key"));
    assert_int_equal(EABSOURCE_FILE, s.source->kind);
    assert_string_equal("/etc/acme/eab.key", s.source->path);
    assert_int_equal(APR_SUCCESS, parse(&s, "exec:/usr/bin/vault get 'the key' -x"));
    assert_int_equal(EABSOURCE_EXEC, s.source->kind);
    assert_string_equal("/usr/bin/vault", s.source->path);
    assert_string_equal("/usr/bin/vault", s.source->argv[0]);
    assert_string_equal("the key", s.source->argv[2]);
    assert_string_equal("-x", s.source->argv[3]);
    assert_null(s.source->argv[4]);
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x", 1);
    assert_int_equal(APR_SUCCESS, parse(&s, "credential:eab"));
    assert_int_equal(EABSOURCE_CREDENTIAL, s.source->kind);
    assert_string_equal("/run/credentials/x/eab", s.source->path);
    unsetenv("CREDENTIALS_DIRECTORY");
    scene_end(&s);
}

static void other_values_are_refused_unseen(void **state)
{
    static const char *const values[] = {
        "",         HMAC_TEXT,       "file:",        "file:" HMAC_TEXT,   "file:eab.key",
        "exec:",    "exec: ",        "exec:vault",   "exec:" HMAC_TEXT,   "FILE:/etc/eab.key",
        "data:xyz", "credential:",   "credential:.", "credential:../eab", "credential:.hidden",
        "/etc/eab", "credential:a/b"
    };
    scene_t s = scene(*state);
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
        assert_int_equal(APR_EINVAL, parse(&s, values[i]));
        assert_null(s.source);
        assert_string_equal(EAB_PROBLEM_EAB_KEY, s.result->type);
        assert_non_null(strstr(s.result->detail, "ACMEEABKey"));
        assert_null(strstr(s.result->detail, HMAC_TEXT));
    }
    scene_end(&s);
}

static void a_credential_needs_systemd(void **state)
{
    scene_t s = scene(*state);

    unsetenv("CREDENTIALS_DIRECTORY");
    expect_refusal(&s, parse(&s, "credential:hmac"), "LoadCredential=hmac:PATH");
    assert_null(strstr(strstr(s.result->detail, "hmac") + 1, "hmac"));
    scene_end(&s);
}

static void a_file_is_read_and_decoded(void **state)
{
    scene_t s = scene(*state);

    put(&s, "  " HMAC_TEXT "=\r\n", 0600);
    parse_file(&s);
    assert_int_equal(APR_SUCCESS, eabsource_check(s.source, s.result, s.p));
    assert_int_equal(APR_SUCCESS, read_key(&s));
    assert_int_equal(strlen(HMAC), s.key->len);
    assert_memory_equal(HMAC, s.key->data, strlen(HMAC));
    assert_null(s.warning);
    put(&s, HMAC_TEXT, 0400);
    assert_int_equal(APR_SUCCESS, read_key(&s));
    scene_end(&s);
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    static const mode_t modes[] = { 0644, 0640, 0604, 0620, 0602, 0610, 0601, 0777 };
    scene_t s = scene(*state);
    size_t i;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); ++i) {
        put(&s, HMAC_TEXT, modes[i]);
        parse_file(&s);
        expect_refusal(&s, read_key(&s), "chmod 600");
        assert_non_null(strstr(s.result->detail, apr_psprintf(s.p, "mode %03o", modes[i])));
        assert_null(s.key);
        assert_null(strstr(s.result->detail, HMAC_TEXT));
    }
    scene_end(&s);
}

static void a_file_of_another_user_is_refused(void **state)
{
    scene_t s = scene(*state);

    if (geteuid() != 0)
        skip();
    put(&s, HMAC_TEXT, 0600);
    assert_int_equal(0, chown(s.path, 12345, (gid_t)-1));
    parse_file(&s);
    expect_refusal(&s, read_key(&s), "uid 12345");
    assert_non_null(strstr(s.result->detail, "chown root"));
    scene_end(&s);
}

static void what_is_no_file_is_refused(void **state)
{
    scene_t s = scene(*state);

    parse_file(&s);
    assert_true(APR_STATUS_IS_ENOENT(read_key(&s)));
    expect_refusal(&s, s.result->rv, s.path);
    assert_int_equal(0, mkdir(s.path, 0700));
    expect_refusal(&s, read_key(&s), "not a regular file");
    assert_int_equal(0, rmdir(s.path));
    assert_int_equal(0, mkfifo(s.path, 0600)); /* and nobody waits for a writer */
    expect_refusal(&s, read_key(&s), "not a regular file");
    assert_int_equal(APR_SUCCESS, parse(&s, "file:/dev/null"));
    expect_refusal(&s, read_key(&s), "not a regular file");
    scene_end(&s);
}

static void too_long_a_file_is_refused(void **state)
{
    scene_t s = scene(*state);
    char *text = apr_pcalloc(s.p, LIMIT_EAB_SOURCE + 2);

    memset(text, 'A', LIMIT_EAB_SOURCE + 1);
    put(&s, text, 0600);
    parse_file(&s);
    expect_refusal(&s, read_key(&s), s.path);
    scene_end(&s);
}

/* No piece of what was read is in the words, and no words of a failure are taken for a warning. */
static void what_cannot_be_decoded_is_told_unseen(void **state)
{
    static const char *const texts[] = { "",
                                         "\n",
                                         "c2VjcmV0",
                                         "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZW!",
                                         "MDEyMzQ1Njc4OWFiY2RlZj AxMjM0NTY3ODlhYmNkZWY",
                                         "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWZ",
                                         "MDEyMzQ1Njc4OWFiY2Rl-jAxMjM0NTY3ODlhYmNkZW+",
                                         "-----BEGIN PRIVATE KEY-----" };
    scene_t s = scene(*state);
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        put(&s, texts[i], 0600);
        parse_file(&s);
        expect_refusal(&s, read_key(&s), s.path);
        assert_null(s.key);
        assert_null(s.warning);
        assert_null(strstr(s.result->detail, "MDEy"));
        assert_null(strstr(s.result->detail, "c2Vj"));
        assert_null(strstr(s.result->detail, "BEGIN"));
    }
    scene_end(&s);
}

static void a_doubtful_key_is_used_with_a_warning(void **state)
{
    scene_t s = scene(*state);

    put(&s, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0600);
    parse_file(&s);
    assert_int_equal(APR_SUCCESS, read_key(&s));
    assert_non_null(s.key);
    assert_non_null(strstr(s.warning, "hexadecimal"));
    assert_non_null(strstr(s.warning, s.path));
    assert_null(strstr(s.warning, "0123456789abcdef"));
    scene_end(&s);
}

static void a_program_must_be_executable(void **state)
{
    scene_t s = scene(*state);

    put(&s, "#!/bin/sh\n", 0600);
    assert_int_equal(APR_SUCCESS, parse(&s, apr_pstrcat(s.p, "exec:", s.path, " x", NULL)));
    expect_refusal(&s, eabsource_check(s.source, s.result, s.p), "chmod +x");
    assert_int_equal(0, chmod(s.path, 0755));
    assert_int_equal(APR_SUCCESS, eabsource_check(s.source, s.result, s.p));
    assert_int_equal(APR_SUCCESS, parse(&s, "exec:/nowhere/program"));
    expect_refusal(&s, eabsource_check(s.source, s.result, s.p), "/nowhere/program");
    scene_end(&s);
}

static void a_credential_has_the_mode_that_systemd_gives(void **state)
{
    scene_t s = scene(*state);

    put(&s, HMAC_TEXT, 0440);
    setenv("CREDENTIALS_DIRECTORY", s.dir, 1);
    assert_int_equal(APR_SUCCESS, parse(&s, "credential:eab.key"));
    assert_int_equal(APR_SUCCESS, read_key(&s));
    assert_memory_equal(HMAC, s.key->data, strlen(HMAC));
    unsetenv("CREDENTIALS_DIRECTORY");
    scene_end(&s);
}

static const char *state_of(scene_t *s, const char *value)
{
    assert_int_equal(APR_SUCCESS, parse(s, value));
    return eabsource_state(s->p, s->source);
}

static void the_state_tells_what_changed(void **state)
{
    scene_t s = scene(*state);
    const char *file = apr_pstrcat(s.p, "file:", s.path, NULL);
    const char *exec = apr_pstrcat(s.p, "exec:", s.path, NULL);
    const char *before = state_of(&s, file);

    put(&s, HMAC_TEXT, 0644);
    assert_string_not_equal(before, state_of(&s, file));
    before = state_of(&s, file);
    assert_string_equal(before, state_of(&s, file));
    assert_null(strstr(before, HMAC_TEXT));
    usleep(20000);
    assert_int_equal(0, chmod(s.path, 0600)); /* as the message advises */
    assert_string_not_equal(before, state_of(&s, file));
    before = state_of(&s, file);
    usleep(20000);
    put(&s, "other", 0600);
    assert_string_not_equal(before, state_of(&s, file));
    assert_string_not_equal(state_of(&s, file), state_of(&s, exec));
    assert_string_not_equal(state_of(&s, exec),
                            state_of(&s, apr_pstrcat(s.p, exec, " argument", NULL)));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_three_kinds_are_parsed),
        fixture_test(other_values_are_refused_unseen),
        fixture_test(a_credential_needs_systemd),
        fixture_test(a_file_is_read_and_decoded),
        fixture_test(a_file_that_others_can_read_is_refused),
        fixture_test(a_file_of_another_user_is_refused),
        fixture_test(what_is_no_file_is_refused),
        fixture_test(too_long_a_file_is_refused),
        fixture_test(what_cannot_be_decoded_is_told_unseen),
        fixture_test(a_doubtful_key_is_used_with_a_warning),
        fixture_test(a_program_must_be_executable),
        fixture_test(a_credential_has_the_mode_that_systemd_gives),
        fixture_test(the_state_tells_what_changed),
    };

    return fixture_run(tests);
}
