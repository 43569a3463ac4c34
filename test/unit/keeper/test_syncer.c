/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"
#include "../synced.h"

#include "base/file.h"
#include "keeper/syncer.h"

typedef struct heard {
    loop_t *loop;
    int times;
    apr_status_t rv;
    const char *failed;
} heard_t;

static void on_end(void *baton, apr_status_t rv, const char *failed)
{
    heard_t *heard = baton;

    ++heard->times;
    heard->rv = rv;
    heard->failed = failed;
    loop_stop(heard->loop);
}

typedef struct scene {
    apr_pool_t *p;
    const char *dir;
    heard_t heard;
    syncer_t *syncer;
} scene_t;

static scene_t *scene_make(apr_pool_t *p)
{
    scene_t *s = apr_pcalloc(p, sizeof(*s));

    s->p = p;
    s->dir = fixture_directory(p);
    s->heard.loop = loop_make(p);
    s->syncer = syncer_make(s->heard.loop, p);
    assert_non_null(s->syncer);
    synced_error = 0;
    synced_begin();
    return s;
}

static const char *file(scene_t *s, const char *name)
{
    const char *path = apr_pstrcat(s->p, s->dir, "/", name, NULL);

    assert_int_equal(APR_SUCCESS, file_make(path, "x", 1, 0600));
    return path;
}

static void what_was_named_is_on_the_disk(void **state)
{
    scene_t *s = scene_make(*state);
    const char *paths[] = { file(s, "a"), NULL, s->dir };

    syncer_start(s->syncer, paths, 3, on_end, &s->heard);
    assert_int_equal(0, s->heard.times);
    loop_run(s->heard.loop);
    assert_int_equal(1, s->heard.times);
    assert_int_equal(APR_SUCCESS, s->heard.rv);
    assert_null(s->heard.failed);
    assert_int_equal(2, synced_count);
    assert_int_equal(1, synced("/a"));
}

static void a_failure_names_the_file(void **state)
{
    scene_t *s = scene_make(*state);
    const char *paths[] = { file(s, "a") };

    synced_error = EIO;
    syncer_start(s->syncer, paths, 1, on_end, &s->heard);
    loop_run(s->heard.loop);
    assert_int_equal(EIO, s->heard.rv);
    assert_ptr_equal(paths[0], s->heard.failed);
    synced_error = 0;
    paths[0] = apr_pstrcat(s->p, s->dir, "/missing", NULL);
    syncer_start(s->syncer, paths, 1, on_end, &s->heard);
    loop_run(s->heard.loop);
    assert_true(APR_STATUS_IS_ENOENT(s->heard.rv));
    assert_ptr_equal(paths[0], s->heard.failed);
}

/* It was opened when it was named: what has that name later is something else. */
static void what_is_renamed_meanwhile_is_meant(void **state)
{
    scene_t *s = scene_make(*state);
    const char *paths[] = { file(s, "a") };

    syncer_start(s->syncer, paths, 1, on_end, &s->heard);
    assert_int_equal(0, rename(paths[0], apr_pstrcat(s->p, s->dir, "/b", NULL)));
    loop_run(s->heard.loop);
    assert_int_equal(APR_SUCCESS, s->heard.rv);
    assert_int_equal(1, synced_count);
}

static void nobody_hears_of_what_is_forgotten(void **state)
{
    scene_t *s = scene_make(*state);
    const char *paths[] = { file(s, "a") };
    heard_t forgotten = { s->heard.loop, 0, 0, NULL };

    syncer_forget(syncer_start(s->syncer, paths, 1, on_end, &forgotten));
    syncer_start(s->syncer, paths, 1, on_end, &s->heard);
    loop_run(s->heard.loop);
    assert_int_equal(0, forgotten.times);
    assert_int_equal(1, s->heard.times);
}

static void count_end(void *baton, apr_status_t rv, const char *failed)
{
    assert_int_equal(APR_SUCCESS, rv);
    assert_null(failed);
    ++*(int *)baton;
}

static int count_descriptors(scene_t *s)
{
    return file_list_directory("/proc/self/fd", s->p)->nelts;
}

/* An agent may ask for as many as it likes; the keeper needs descriptors for others as well. */
static void many_have_few_descriptors_open(void **state)
{
    scene_t *s = scene_make(*state);
    const char *paths[] = { file(s, "a"), s->dir };
    int before = count_descriptors(s), ends = 0, i;

    for (i = 0; i < 500; ++i) {
        syncer_start(s->syncer, paths, 2, count_end, &ends);
        assert_true(count_descriptors(s) <= before + 70);
    }
    assert_int_equal(0, ends);
    syncer_settle(s->syncer);
    assert_int_equal(500, ends);
    assert_true(count_descriptors(s)
                <= before);   /* a test before this one may have ended meanwhile */
    syncer_settle(s->syncer); /* there is nothing to wait for */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_was_named_is_on_the_disk),
        fixture_test(a_failure_names_the_file),
        fixture_test(what_is_renamed_meanwhile_is_meant),
        fixture_test(nobody_hears_of_what_is_forgotten),
        fixture_test(many_have_few_descriptors_open),
    };

    return fixture_run(tests);
}
