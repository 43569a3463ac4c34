/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "policy/fact.h"

static void the_key_is_read_at_the_start_and_cleansed_when_bound(void **state)
{
    scene_t *s = scene_make(*state);
    keeper_account_t *account;

    scene_start(s);
    account = scene_account(s);
    assert_int_equal(APR_SUCCESS, account->broken->rv);
    assert_int_equal(strlen(HMAC), account->eab_key->len);
    assert_memory_equal(HMAC, account->eab_key->data, strlen(HMAC));
    scene_register(s);
    assert_null(account->eab_key);
    assert_null(account->eab_pool); /* whose end cleanses the key */
    assert_int_equal(0, unlink(s->key_file));
    scene_start(s);
    assert_string_equal(ACCOUNT_URL, scene_account(s)->registration->url);
    assert_int_equal(APR_SUCCESS, scene_account(s)->broken->rv);
    assert_null(scene_account(s)->eab_key);
    scene_end(s);
}

static void a_failed_source_is_remembered_and_read_again(void **state)
{
    scene_t *s = scene_make(*state);
    keeper_account_t *account;

    assert_int_equal(0, chmod(s->key_file, 0644));
    scene_start(s);
    account = scene_account(s);
    assert_int_equal(APR_SUCCESS, account->broken->rv);
    assert_string_equal(EAB_PROBLEM_EAB_KEY, account->eab_problem->type);
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    assert_string_equal(EAB_PROBLEM_EAB_KEY, s->result->type);
    assert_non_null(strstr(s->result->detail, "chmod 600"));
    assert_int_equal(0, account->registration->attempted);
    assert_int_equal(0, chmod(s->key_file, 0600));
    scene_sign(s, SENTENCE_NEW_ACCOUNT);
    scene_end(s);
}

static void a_kid_without_a_source_is_told(void **state)
{
    scene_t *s = scene_make(*state);

    s->account->eab_source = NULL;
    scene_start(s);
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    assert_non_null(strstr(s->result->detail, "ACMEEABKey"));
    scene_end(s);
}

/* As when the disk was full, or a file was restored: without a restart, with the order in flight. */
static void an_account_is_mended_when_the_store_is(void **state)
{
    scene_t *s = scene_make(*state);
    const char *dir, *aside;

    scene_start(s);
    scene_register(s);
    scene_sign(s, SENTENCE_NEW_ORDER);
    dir = scene_path(s, apr_pstrcat(s->p, "accounts/", scene_account(s)->registration->id, NULL));
    aside = apr_pstrcat(s->p, s->dir, "/aside", NULL);
    scene_stop(s);
    assert_int_equal(0, rename(dir, aside));
    assert_int_equal(0, mkdir(dir, 0700));
    fixture_write(apr_pstrcat(s->p, dir, "/account.json", NULL), "{}", 2);
    fixture_write(apr_pstrcat(s->p, dir, "/key.pem", NULL), "x", 1);
    scene_start(s);
    assert_string_equal(EAB_PROBLEM_STORE, scene_account(s)->broken->type);
    assert_null(scene_certificate(s)->journal);
    assert_true(scene_has(s, "pending/" NAME "/order.json"));
    assert_false(account_mend(scene_account(s)));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, s->p));
    assert_int_equal(0, rename(aside, dir));
    assert_true(account_mend(scene_account(s)));
    assert_int_equal(APR_SUCCESS, scene_account(s)->broken->rv);
    assert_string_equal(ACCOUNT_URL, scene_account(s)->registration->url);
    certificate_mend(scene_certificate(s));
    assert_non_null(scene_certificate(s)->journal);
    scene_end(s);
}

/* The key is enough to go on with the order: the CA is asked for the account first. */
static void an_account_without_its_record_is_not_broken(void **state)
{
    scene_t *s = scene_make(*state);
    const char *record;

    scene_start(s);
    scene_register(s);
    scene_sign(s, SENTENCE_NEW_ORDER);
    record = scene_path(s, apr_pstrcat(s->p, "accounts/", scene_account(s)->registration->id,
                                       "/account.json", NULL));
    fixture_write(record, "", 0);
    fixture_write(s->key_file, "", 0);
    scene_start(s);
    assert_int_equal(APR_SUCCESS, scene_account(s)->broken->rv);
    assert_null(scene_account(s)->registration->url);
    assert_true(scene_account(s)->registration->attempted);
    assert_non_null(scene_certificate(s)->journal);
    assert_non_null(scene_sign(s, SENTENCE_FIND_ACCOUNT));
    scene_register(s);
    scene_start(s);
    assert_string_equal(ACCOUNT_URL, scene_account(s)->registration->url);
    scene_end(s);
}

static json_t *sign_request(int id)
{
    return json_pack("{s:i,s:s,s:i,s:s,s:s}", "id", id, "sentence", "newAccount", "account", 0,
                     "url", "https://ca.example/new", "nonce", NONCE);
}

static void use_program(scene_t *s, const char *text)
{
    s->account->eab_source =
        apr_pstrcat(s->p, "exec:", scene_script(s, "source.sh", text), " one two", NULL);
}

static void a_program_gives_the_key(void **state)
{
    scene_t *s = scene_make(*state);
    const char *log = apr_pstrcat(s->p, s->dir, "/log", NULL);

    use_program(s, apr_psprintf(s->p, "echo \"$*\" >> %s; echo " HMAC_TEXT, log));
    scene_start(s);
    assert_null(scene_account(s)->eab_key);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign_request(5)));
    scene_wait(s, 1);
    assert_int_equal(5, s->keeper->line->id);
    assert_non_null(s->keeper->line->jws);
    assert_memory_equal(HMAC, scene_account(s)->eab_key->data, strlen(HMAC));
    scene_end(s);
}

static int lines_in(scene_t *s, const char *path)
{
    FILE *file = fopen(path, "r");
    int c, lines = 0;

    (void)s;
    if (file == NULL)
        return 0;
    while ((c = fgetc(file)) != EOF)
        lines += (c == '\n');
    fclose(file);
    return lines;
}

/* One run for each request, and one reply: not one run after the other for ever. */
static void a_program_that_fails_is_run_once_for_a_request(void **state)
{
    scene_t *s = scene_make(*state);
    const char *log = apr_pstrcat(s->p, s->dir, "/log", NULL);

    use_program(s, apr_psprintf(s->p, "echo run >> %s; exit 3", log));
    scene_start(s);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign_request(5)));
    scene_wait(s, 1);
    assert_int_equal(5, s->keeper->line->id);
    assert_null(s->keeper->line->jws);
    assert_string_equal(EAB_PROBLEM_EAB_KEY, s->keeper->line->problem->type);
    assert_non_null(strstr(s->keeper->line->problem->detail, "exit status 3"));
    scene_run(s, apr_time_from_msec(200));
    assert_int_equal(1, lines_in(s, log));
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign_request(6)));
    scene_wait(s, 2);
    assert_int_equal(2, lines_in(s, log));
    scene_end(s);
}

/* Whether itself or below its shell, a signal is told from other failures. */
static void a_program_that_a_signal_ends_is_told(void **state)
{
    static const char *const ends[] = { "kill -9 $$", "sh -c 'kill -31 $$'; exit $?",
                                        "kill -15 $$" };
    scene_t *s = scene_make(*state);
    size_t i;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); ++i) {
        use_program(s, ends[i]);
        scene_start(s);
        assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign_request(5)));
        scene_wait(s, 1);
        assert_true(fact_read(s->keeper->line->problem) & FACT_SIGNAL);
    }
    use_program(s, "echo it was signal 9; exit 3");
    scene_start(s);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign_request(5)));
    scene_wait(s, 1);
    assert_false(fact_read(s->keeper->line->problem) & FACT_SIGNAL);
    scene_end(s);
}

static void a_program_that_prints_no_key_is_told(void **state)
{
    scene_t *s = scene_make(*state);

    use_program(s, "echo c2VjcmV0");
    scene_start(s);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_SIGN, sign_request(5)));
    scene_wait(s, 1);
    assert_null(s->keeper->line->jws);
    assert_non_null(strstr(s->keeper->line->problem->detail, "6 bytes"));
    assert_null(strstr(s->keeper->line->problem->detail, "c2VjcmV0"));
    assert_null(scene_account(s)->eab_pool);
    scene_end(s);
}

static void a_key_that_comes_after_the_binding_is_not_kept(void **state)
{
    scene_t *s = scene_make(*state);

    use_program(s, "sleep 0.2; echo " HMAC_TEXT);
    scene_start(s);
    scene_register(s);
    assert_true(scene_account(s)->eab_running);
    while (scene_account(s)->eab_running)
        scene_run(s, apr_time_from_msec(50));
    assert_null(scene_account(s)->eab_key);
    scene_end(s);
}

static void refuse_url(scene_t *s, const char *url)
{
    assert_int_equal(APR_EINVAL, account_registered(scene_account(s), url, NULL, s->result));
    assert_null(scene_account(s)->registration->url);
    assert_non_null(scene_account(s)->eab_key);
}

static void an_account_url_is_an_https_url(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    refuse_url(s, NULL);
    refuse_url(s, "");
    refuse_url(s, "http://ca.example/account/1");
    refuse_url(s, "https://ca.example/account/\n1");
    scene_end(s);
}

static void a_registered_account_keeps_its_url(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_register(s); /* the same again is fine */
    assert_int_equal(APR_EINVAL, account_registered(scene_account(s), "https://evil.example/1",
                                                    NULL, s->result));
    scene_start(s);
    assert_string_equal(ACCOUNT_URL, scene_account(s)->registration->url);
    scene_end(s);
}

/* A record too long to be read again would be an account lost. */
static void terms_without_an_end_are_not_stored(void **state)
{
    scene_t *s = scene_make(*state);
    char *terms = apr_pcalloc(s->p, LIMIT_RECORD + 1);

    memset(terms, 'x', LIMIT_RECORD);
    scene_start(s);
    assert_int_equal(APR_SUCCESS,
                     account_registered(scene_account(s), ACCOUNT_URL, terms, s->result));
    scene_start(s);
    assert_string_equal(ACCOUNT_URL, scene_account(s)->registration->url);
    assert_null(scene_account(s)->registration->terms);
    scene_end(s);
}

static void a_lost_account_keeps_its_key(void **state)
{
    scene_t *s = scene_make(*state);
    const char *thumbprint;

    scene_start(s);
    thumbprint = apr_pstrdup(s->p, scene_account(s)->thumbprint);
    assert_int_equal(APR_SUCCESS, account_unregister(scene_account(s), s->result));
    scene_sign(s, SENTENCE_NEW_ACCOUNT);
    scene_register(s);
    scene_start(s);
    assert_int_equal(APR_SUCCESS, account_unregister(scene_account(s), s->result));
    assert_null(scene_account(s)->registration->url);
    assert_int_equal(1, scene_account(s)->registration->attempted);
    assert_string_equal(thumbprint, scene_account(s)->thumbprint);
    scene_sign(s, SENTENCE_NEW_ACCOUNT); /* with the EAB key, which is read again */
    scene_end(s);
}

/* The agent is not believed that the CA has forgotten the account: once a day, for an hour, and that is
 * on disk before. */
static void the_eab_key_is_not_used_again_and_again(void **state)
{
    scene_t *s = scene_make(*state);
    keeper_account_t *account;

    scene_start(s);
    scene_sign(s, SENTENCE_NEW_ACCOUNT);
    scene_register(s);
    scene_account(s)->registration->created -= apr_time_from_sec(60);
    assert_int_equal(APR_SUCCESS, account_unregister(scene_account(s), s->result));
    assert_null(scene_account(s)->eab_key); /* not before it is needed */
    scene_start(s);
    assert_null(scene_account(s)->eab_key);
    scene_sign(s, SENTENCE_FIND_ACCOUNT_EAB);
    scene_sign(s, SENTENCE_NEW_ACCOUNT);
    scene_start(s); /* it may crash in the middle */
    scene_sign(s, SENTENCE_NEW_ACCOUNT);
    scene_register(s);
    assert_null(scene_account(s)->eab_key);

    assert_int_equal(APR_SUCCESS, account_unregister(scene_account(s), s->result));
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    assert_string_equal(EAB_PROBLEM_EAB_USED, s->result->type);
    assert_true(s->result->retry_after > 23 * 3600 && s->result->retry_after <= 24 * 3600 + 1);
    scene_refuse(s, SENTENCE_FIND_ACCOUNT_EAB);
    scene_sign(s, SENTENCE_FIND_ACCOUNT); /* needs no EAB key */
    scene_start(s);
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    assert_null(scene_account(s)->eab_key);

    account = scene_account(s); /* the next day */
    account->registration->created -= apr_time_from_sec(24 * 3600);
    account->registration->rebinding -= apr_time_from_sec(24 * 3600);
    scene_sign(s, SENTENCE_NEW_ACCOUNT);
    account->registration->rebinding -= apr_time_from_sec(3600); /* an hour later */
    scene_refuse(s, SENTENCE_NEW_ACCOUNT);
    scene_end(s);
}

/* An account without EAB has no key to protect. */
static void an_account_without_eab_is_registered_again(void **state)
{
    scene_t *s = scene_make(*state);
    int i;

    s->account->kid = NULL;
    s->account->eab_source = NULL;
    scene_start(s);
    for (i = 0; i < 3; ++i) {
        scene_sign(s, SENTENCE_NEW_ACCOUNT);
        scene_register(s);
        assert_int_equal(APR_SUCCESS, account_unregister(scene_account(s), s->result));
    }
    scene_end(s);
}

static void the_eab_key_is_for_the_ca_of_the_directory(void **state)
{
    static const char *const urls[] = { "https://other.example/new",
                                        "https://ca.example.org/new",
                                        "https://ca.example:444/new",
                                        "https://xca.example/new",
                                        "https://ca.example@other.example/new",
                                        "https://127.0.0.1/new" };
    scene_t *s = scene_make(*state);
    const char *jws = NULL;
    size_t i;

    scene_start(s);
    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); ++i) {
        assert_int_not_equal(APR_SUCCESS,
                             sentence_sign(&jws, s->keeper->model, SENTENCE_NEW_ACCOUNT, 0, urls[i],
                                           NONCE, s->result, s->p));
        assert_null(jws);
        assert_string_equal(EAB_PROBLEM_EAB_HOST, s->result->type);
        assert_int_not_equal(APR_SUCCESS,
                             sentence_sign(&jws, s->keeper->model, SENTENCE_FIND_ACCOUNT_EAB, 0,
                                           urls[i], NONCE, s->result, s->p));
    }
    assert_int_equal(0, scene_account(s)->registration->attempted);
    scene_sign(s, SENTENCE_NEW_ACCOUNT);
    scene_end(s);
}

static const char *fingerprint(scene_t *s)
{
    scene_start(s);
    return apr_pstrdup(s->p, account_fingerprint(scene_account(s), s->p));
}

static void the_fingerprint_is_of_what_matters(void **state)
{
    scene_t *s = scene_make(*state);
    const char *first = fingerprint(s);

    s->account->label = "other";
    s->account->where = "httpd.conf:99";
    s->plan->max_parallel = 3;
    assert_string_equal(first, fingerprint(s));

    s->account->terms_accepted = 0;
    assert_string_not_equal(first, fingerprint(s));
    s->account->terms_accepted = 1;
    s->account->kid = "kid-2";
    assert_string_not_equal(first, fingerprint(s));
    s->account->kid = KID;
    s->account->eab_alg = "HS512";
    assert_string_not_equal(first, fingerprint(s));
    s->account->eab_alg = "HS256";
    s->account->contacts = party_names(s->p, "mailto:b@example.edu", NULL);
    assert_string_not_equal(first, fingerprint(s));
    s->account->contacts = party_names(s->p, "mailto:a@example.edu", NULL);
    s->account->proxy = "http://proxy:3128";
    assert_string_not_equal(first, fingerprint(s));
    s->account->proxy = NULL;
    s->account->directory = "https://ca.example/other";
    assert_string_not_equal(first, fingerprint(s));
    s->account->directory = DIRECTORY;
    assert_string_equal(first, fingerprint(s));
    scene_end(s);
}

static void the_fingerprint_knows_the_files(void **state)
{
    scene_t *s = scene_make(*state);
    const char *first = fingerprint(s);
    const char *ca_file = apr_pstrcat(s->p, s->dir, "/ca.pem", NULL);
    const char *with_ca;

    /* What a person does about "can be read by others". */
    usleep(20000);
    assert_int_equal(0, chmod(s->key_file, 0400));
    assert_string_not_equal(first, fingerprint(s));

    s->account->ca_file = ca_file;
    with_ca = fingerprint(s);
    fixture_write(ca_file, "one", 3);
    assert_string_not_equal(with_ca, fingerprint(s));
    with_ca = fingerprint(s);
    fixture_write(ca_file, "two", 3);
    assert_string_not_equal(with_ca, fingerprint(s));
    scene_end(s);
}

static void the_key_file_of_a_bound_account_is_of_no_matter(void **state)
{
    scene_t *s = scene_make(*state);
    const char *bound;

    scene_start(s);
    scene_register(s);
    bound = fingerprint(s);
    assert_int_equal(0, unlink(s->key_file));
    assert_string_equal(bound, fingerprint(s));
    s->account->eab_source = NULL;
    assert_string_equal(bound, fingerprint(s));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_key_is_read_at_the_start_and_cleansed_when_bound),
        fixture_test(a_failed_source_is_remembered_and_read_again),
        fixture_test(a_kid_without_a_source_is_told),
        fixture_test(an_account_is_mended_when_the_store_is),
        fixture_test(an_account_without_its_record_is_not_broken),
        fixture_test(a_program_gives_the_key),
        fixture_test(a_program_that_fails_is_run_once_for_a_request),
        fixture_test(a_program_that_a_signal_ends_is_told),
        fixture_test(a_program_that_prints_no_key_is_told),
        fixture_test(a_key_that_comes_after_the_binding_is_not_kept),
        fixture_test(an_account_url_is_an_https_url),
        fixture_test(a_registered_account_keeps_its_url),
        fixture_test(terms_without_an_end_are_not_stored),
        fixture_test(a_lost_account_keeps_its_key),
        fixture_test(the_eab_key_is_not_used_again_and_again),
        fixture_test(an_account_without_eab_is_registered_again),
        fixture_test(the_eab_key_is_for_the_ca_of_the_directory),
        fixture_test(the_fingerprint_is_of_what_matters),
        fixture_test(the_fingerprint_knows_the_files),
        fixture_test(the_key_file_of_a_bound_account_is_of_no_matter),
    };

    return fixture_run(tests);
}
