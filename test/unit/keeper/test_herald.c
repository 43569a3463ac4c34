/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "base/file.h"
#include "keeper/herald.h"

/* A certificate in place that httpd serves, which was told; then a new keeper. */
static scene_t *serving(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    scene_load(s);
    scene_start(s);
    herald_start(s->keeper->herald);
    scene_start(s);
    return s;
}

static const char *ledger(scene_t *s)
{
    const char *text = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS,
                     file_read(&text, &len, scene_path(s, "told.jsonl"), 1 << 20, s->p));
    return text;
}

static void a_start_without_news_writes_nothing(void **state)
{
    scene_t *s = serving(state);
    const char *before = ledger(s);

    assert_non_null(strstr(before, "\"certificate " NAME "\""));
    herald_start(s->keeper->herald);
    assert_string_equal(before, ledger(s));
    scene_end(s);
}

static void the_first_change_that_is_heard_starts_it(void **state)
{
    scene_t *s = serving(state);
    const char *before = ledger(s);

    changes_tell_certificate(s->keeper->means.changes, CHANGE_LOADED, scene_certificate(s), NULL);
    assert_string_equal(before, ledger(s));
    assert_int_equal(APR_SUCCESS, file_remove(scene_path(s, "told.jsonl")));
    herald_start(s->keeper->herald);
    assert_false(scene_has(s, "told.jsonl")); /* it has begun */
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_start_without_news_writes_nothing),
        fixture_test(the_first_change_that_is_heard_starts_it),
    };

    return fixture_run(tests);
}
