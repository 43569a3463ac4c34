/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <sys/stat.h>

#include "base/json.h"
#include "keeper/directory.h"

static const char *file(scene_t *s)
{
    return apr_pstrcat(s->p, "accounts/", scene_account(s)->registration->id, "/directory.json",
                       NULL);
}

static json_t *body(const char *terms)
{
    return json_pack("{s:i,s:i,s:{s:s,s:s,s:b,s:[s],s:{s:s},s:s}}", "id", 1, "account", 0,
                     "directory", "seen", "2001-01-01T00:00:00Z", "terms", terms, "eab_required", 1,
                     "caa_identities", "ca.example", "profiles", "classic", "ninety days", "more",
                     "of whatever kind");
}

static const brief_account_t *briefed(scene_t *s)
{
    return &APR_ARRAY_IDX(briefing_make(&s->keeper->briefing, s->p)->accounts, 0, brief_account_t);
}

static void what_a_ca_says_of_itself_outlives_the_keeper(void **state)
{
    scene_t *s = scene_make(*state);
    const brief_directory_t *told;

    scene_start(s);
    assert_true(briefed(s)->told.seen == 0);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_DIRECTORY, body("https://ca.example/1")));
    assert_int_equal(APR_SUCCESS, s->keeper->line->problem->rv);
    scene_start(s);
    told = &briefed(s)->told;
    assert_string_equal("https://ca.example/1", told->terms);
    assert_true(told->eab_required);
    assert_false(told->renewal_info);
    assert_string_equal("ca.example", APR_ARRAY_IDX(told->caa_identities, 0, const char *));
    assert_string_equal("ninety days", json_peek_string(told->profiles, "classic"));
    /* The date is the keeper's own, and nothing else that the agent says is kept. */
    assert_true(apr_time_now() - told->seen < apr_time_from_sec(60));
    assert_null(json_object_get(scene_read(s, file(s)), "more"));
    scene_end(s);
}

static void it_is_not_written_in_vain_or_often(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_ask(s, MESSAGE_DIRECTORY, body("https://ca.example/1"));
    assert_int_equal(APR_SUCCESS, unlink(scene_path(s, file(s))));
    scene_ask(s, MESSAGE_DIRECTORY, body("https://ca.example/1"));
    assert_int_equal(APR_SUCCESS, s->keeper->line->problem->rv); /* it is known */
    scene_ask(s, MESSAGE_DIRECTORY, body("https://ca.example/2"));
    assert_int_equal(APR_TIMEUP, s->keeper->line->problem->rv);
    assert_false(scene_has(s, file(s)));
    assert_string_equal("https://ca.example/1", briefed(s)->told.terms);
    scene_account(s)->told_at -= apr_time_from_sec(61);
    scene_ask(s, MESSAGE_DIRECTORY, body("https://ca.example/2"));
    assert_int_equal(APR_SUCCESS, s->keeper->line->problem->rv);
    assert_string_equal("https://ca.example/2", briefed(s)->told.terms);
    /* The same a day later: the date is to be right. */
    assert_int_equal(APR_SUCCESS, unlink(scene_path(s, file(s))));
    scene_account(s)->told_at -= apr_time_from_sec(61);
    scene_account(s)->told.seen -= apr_time_from_sec(86401);
    scene_ask(s, MESSAGE_DIRECTORY, body("https://ca.example/2"));
    assert_true(scene_has(s, file(s)));
    scene_end(s);
}

/* An agent in other hands, or a strange CA. */
static void nothing_large_is_kept(void **state)
{
    scene_t *s = scene_make(*state);
    json_t *message = json_own(s->p, body("https://ca.example/1"));
    json_t *directory = json_object_get(message, "directory");
    json_t *profiles = json_object(), *identities = json_array();
    char *text = apr_pcalloc(s->p, 400001);
    struct stat st;
    int i;

    memset(text, 'x', 400000);
    json_object_set_new(directory, "terms", json_string(text));
    json_object_set_new(profiles, text, json_string("long"));
    json_object_set_new(profiles, "number", json_integer(7));
    json_object_set_new(directory, "website", json_array());
    for (i = 0; i < 2000; ++i) {
        json_object_set_new(profiles, apr_itoa(s->p, i), json_string("some words"));
        json_array_append_new(identities, json_string("ca.example"));
    }
    json_object_set_new(directory, "profiles", profiles);
    json_object_set_new(directory, "caa_identities", identities);
    scene_start(s);
    scene_ask(s, MESSAGE_DIRECTORY, json_incref(message));
    assert_int_equal(APR_SUCCESS, s->keeper->line->problem->rv);
    assert_null(briefed(s)->told.terms);
    assert_null(briefed(s)->told.website);
    assert_int_equal(50, json_object_size(briefed(s)->told.profiles));
    assert_int_equal(20, briefed(s)->told.caa_identities->nelts);
    assert_int_equal(0, stat(scene_path(s, file(s)), &st));
    assert_true(st.st_size < 20000);
    scene_end(s);
}

static void what_is_damaged_is_as_if_nothing_was_told(void **state)
{
    static const char *const texts[] = { "", "{", "[]", "{\"seen\":5}", "{\"profiles\":[]}" };
    scene_t *s = scene_make(*state);
    size_t i;

    scene_start(s);
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        fixture_write(scene_path(s, file(s)), texts[i], strlen(texts[i]));
        scene_start(s);
        assert_true(briefed(s)->told.seen == 0);
        assert_null(briefed(s)->told.profiles);
    }
    scene_ask(s, MESSAGE_DIRECTORY, json_pack("{s:i,s:i}", "id", 1, "account", 0));
    assert_int_equal(APR_SUCCESS, s->keeper->line->problem->rv); /* a CA that says nothing */
    assert_true(briefed(s)->told.seen != 0);
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_a_ca_says_of_itself_outlives_the_keeper),
        fixture_test(it_is_not_written_in_vain_or_often),
        fixture_test(nothing_large_is_kept),
        fixture_test(what_is_damaged_is_as_if_nothing_was_told),
    };

    return fixture_run(tests);
}
