/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "agent/directory.h"
#include "base/clock.h"

#define URLS \
    "\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-account\",\"newOrder\":\"" CA \
    "/new-order\""
#define SAYING(profile) \
    "{" URLS ",\"renewalInfo\":\"" CA "/info\",\"meta\":{\"termsOfService\":\"" CA "/terms\"," \
    "\"externalAccountRequired\":true,\"caaIdentities\":[\"ca.example\"]," \
    "\"profiles\":{\"" profile "\":\"some days\"}}}"

static int told(const stage_t *s)
{
    int i, n = 0;

    for (i = 0; i < s->heard->nelts; ++i)
        n += strcmp(APR_ARRAY_IDX(s->heard, i, const char *), "directory") == 0;
    return n;
}

/* The loop after a reading of the directory. */
static void follow(stage_t *s)
{
    account_follow_directory(stage_account(s));
    stage_poke(s, 0);
}

static void on_open(void *baton, const eab_result_t *result)
{
    (void)baton;
    assert_int_equal(APR_SUCCESS, result->rv);
}

/* The directory is read again, and what comes of that. */
static void look(stage_t *s)
{
    agent_account_t *account = stage_account(s);

    acme_session_forget(account->session);
    acme_session_open(account->session, on_open, NULL);
    stage_poke(s, 0);
    follow(s);
}

static json_t *profiles(stage_t *s)
{
    return json_own(s->p, directory_profiles(stage_account(s)->brief));
}

static void what_the_ca_says_is_shown_and_told_once(void **state)
{
    stage_t *s = stage_make(*state);
    json_t *shown;

    s->directory = SAYING("classic");
    stage_begin(s);
    assert_true(json_is_null(json_own(s->p, directory_to_json(stage_account(s)->brief))));
    assert_int_equal(0, json_object_size(profiles(s)));
    look(s);
    shown = json_own(s->p, directory_to_json(stage_account(s)->brief));
    assert_string_equal(CA "/terms", json_peek_string(shown, "terms"));
    assert_true(json_peek_bool(shown, "eab_required", 0));
    assert_true(json_peek_bool(shown, "renewal_info", 0));
    assert_non_null(json_peek_string(shown, "seen"));
    assert_string_equal("some days", json_peek_string(profiles(s), "classic"));
    assert_int_equal(1, told(s));
    assert_string_equal(
        "some days",
        json_peek_string(json_object_get(json_object_get(s->last, "directory"), "profiles"),
                         "classic"));
    follow(s);
    look(s); /* it says the same */
    assert_int_equal(1, told(s));
    s->directory = SAYING("modern");
    s->held = MESSAGE_DIRECTORY;
    look(s);
    assert_int_equal(2, told(s));
    look(s); /* the keeper has not said that it is kept */
    assert_int_equal(3, told(s));
    stage_end(s);
}

/* As it is after a restart of httpd, before anything is asked. */
static void what_was_told_before_is_known(void **state)
{
    stage_t *s = stage_make(*state);
    json_t *before = json_own(s->p, json_pack("{s:s,s:{s:s}}", "seen", "2026-01-01T00:00:00Z",
                                              "profiles", "classic", "ninety days"));

    brief_directory_from_json(&s->account->told, before, s->p);
    stage_begin(s);
    account_follow_directory(stage_account(s));
    assert_string_equal("ninety days", json_peek_string(profiles(s), "classic"));
    assert_string_equal(
        "2026-01-01T00:00:00Z",
        json_peek_string(json_own(s->p, directory_to_json(stage_account(s)->brief)), "seen"));
    assert_int_equal(0, told(s));
    s->directory = SAYING("modern");
    look(s);
    assert_null(json_peek_string(profiles(s), "classic"));
    assert_non_null(json_peek_string(profiles(s), "modern"));
    assert_int_equal(1, told(s));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_the_ca_says_is_shown_and_told_once),
        fixture_test(what_was_told_before_is_known),
    };

    return fixture_run(tests);
}
