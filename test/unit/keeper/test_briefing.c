/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "base/json.h"

static brief_t *brief_of(scene_t *s)
{
    return briefing_make(&s->keeper->briefing, s->p);
}

static brief_account_t *account_of(scene_t *s)
{
    return &APR_ARRAY_IDX(brief_of(s)->accounts, 0, brief_account_t);
}

static brief_certificate_t *certificate_of(scene_t *s)
{
    return &APR_ARRAY_IDX(brief_of(s)->certificates, 0, brief_certificate_t);
}

static void the_brief_tells_what_the_plan_says(void **state)
{
    scene_t *s = scene_make(*state);
    brief_t *brief;

    s->account->proxy = "http://proxy:3128";
    scene_start(s);
    brief = brief_of(s);
    assert_string_equal("2.4.71", brief->httpd_version);
    assert_string_equal(s->plan->run_dir, brief->run_dir);
    assert_int_equal(getpid(), brief->keeper_pid);
    assert_string_equal("off", brief->reload.state);
    assert_string_equal(DIRECTORY, account_of(s)->directory);
    assert_string_equal("http://proxy:3128", account_of(s)->proxy);
    assert_true(account_of(s)->eab);
    assert_null(account_of(s)->url);
    assert_int_equal(0, account_of(s)->attempted);
    assert_null(account_of(s)->broken);
    assert_int_equal(43, strlen(account_of(s)->thumbprint));
    assert_int_equal(16, strlen(account_of(s)->kid_sha256));
    assert_string_equal(NAME, certificate_of(s)->id);
    assert_int_equal(2, certificate_of(s)->names->nelts);
    assert_null(certificate_of(s)->facts);
    assert_int_equal(0, certificate_of(s)->ordering);
    scene_end(s);
}

static void the_brief_tells_the_order_in_flight(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    assert_string_equal(ACCOUNT_URL, account_of(s)->url);
    assert_int_equal(1, certificate_of(s)->ordering);
    assert_string_equal(ORDER_URL, certificate_of(s)->order_url);
    assert_int_equal(1, certificate_of(s)->finalized);
    scene_install(s);
    assert_int_equal(0, certificate_of(s)->ordering);
    assert_string_equal("000001", certificate_of(s)->facts->generation);
    scene_end(s);
}

static void the_brief_tells_the_terms_that_were_agreed_to(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    assert_null(account_of(s)->terms);
    assert_int_equal(APR_SUCCESS, account_registered(scene_account(s), ACCOUNT_URL,
                                                     "https://ca.example/terms", s->result));
    scene_start(s);
    assert_string_equal("https://ca.example/terms", account_of(s)->terms);
    scene_end(s);
}

/* Of the EAB key and the private keys neither text nor bytes, of the key id only its hash. */
static void the_brief_holds_no_secret(void **state)
{
    scene_t *s = scene_make(*state);
    const char *text;

    s->account->kid = "key-id-in-clear";
    scene_start(s);
    text = json_text(s->p, json_own(s->p, brief_to_json(brief_of(s))));
    assert_null(strstr(text, HMAC));
    assert_null(strstr(text, HMAC_TEXT));
    assert_null(strstr(text, s->key_file));
    assert_null(strstr(text, "key-id-in-clear"));
    assert_null(strstr(text, "PRIVATE"));
    assert_null(strstr(text, s->plan->store_dir));
    scene_end(s);
}

static void a_missing_ca_file_breaks_the_account(void **state)
{
    scene_t *s = scene_make(*state);
    const char *pem = "-----BEGIN CERTIFICATE-----\n";

    s->account->ca_file = apr_pstrcat(s->p, s->dir, "/ca.pem", NULL);
    scene_start(s);
    assert_non_null(strstr(account_of(s)->broken->detail, s->account->ca_file));
    assert_false(account_mend(scene_account(s)));
    fixture_write(s->account->ca_file, "PEM", 3);
    assert_false(account_mend(scene_account(s)));
    assert_non_null(strstr(account_of(s)->broken->detail, "no certificate"));
    fixture_write(s->account->ca_file, pem, strlen(pem));
    assert_true(account_mend(scene_account(s)));
    assert_null(account_of(s)->broken);
    assert_string_equal(pem, account_of(s)->ca_pem);
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_brief_tells_what_the_plan_says),
        fixture_test(the_brief_tells_the_order_in_flight),
        fixture_test(the_brief_tells_the_terms_that_were_agreed_to),
        fixture_test(the_brief_holds_no_secret),
        fixture_test(a_missing_ca_file_breaks_the_account),
    };

    return fixture_run(tests);
}
