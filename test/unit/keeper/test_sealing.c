/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <unistd.h>

#include "base/file.h"
#include "keeper/sealing.h"
#include "store/generation.h"

#define PAIRS 8
#define A_WHILE apr_time_from_msec(15)
#define PATIENCE apr_time_from_sec(20)

static const char *id_of(scene_t *s, int i)
{
    return i == 0 ? NAME : apr_psprintf(s->p, "www%d.example.edu", i);
}

static const char *in_archive(scene_t *s, int i, const char *file)
{
    return scene_path(s, apr_pstrcat(s->p, "archive/", id_of(s, i), "/000001", file, NULL));
}

static void copy(scene_t *s, int i, const char *file)
{
    const char *data = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS, file_read(&data, &len, in_archive(s, 0, file), 100000, s->p));
    fixture_write(in_archive(s, i, file), data, len);
}

/* Another managed domain, with the pair of the first and no seal. */
static void import(scene_t *s, int i)
{
    plan_certificate_t *plan = apr_array_push(s->plan->certificates);
    const char *live = scene_path(s, apr_pstrcat(s->p, "live/", id_of(s, i), NULL));

    *plan = APR_ARRAY_IDX(s->plan->certificates, 0, plan_certificate_t);
    plan->id = id_of(s, i);
    assert_int_equal(APR_SUCCESS, file_make_directory(in_archive(s, i, ""), 0700, s->p));
    copy(s, i, "/fullchain.pem");
    copy(s, i, "/privkey.pem");
    copy(s, i, "/meta.json");
    assert_int_equal(0,
                     symlink(apr_pstrcat(s->p, "../archive/", id_of(s, i), "/000001", NULL), live));
}

static scene_t *scene_of_many(apr_pool_t *p)
{
    scene_t *s = scene_make(p);
    int i;

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    scene_stop(s);
    assert_int_equal(APR_SUCCESS, file_remove(in_archive(s, 0, "/checked")));
    for (i = 1; i < PAIRS; ++i) {
        import(s, i);
    }
    return s;
}

static int count_sealed(scene_t *s)
{
    int i, n = 0;

    for (i = 0; i < PAIRS; ++i) {
        n += file_is_regular(in_archive(s, i, "/checked"));
    }
    return n;
}

/* Run until so many are sealed. */
static void wait_for_seals(scene_t *s, int n)
{
    apr_time_t end = apr_time_now() + PATIENCE;

    while (count_sealed(s) < n && apr_time_now() < end) {
        scene_run(s, A_WHILE);
    }
    assert_true(count_sealed(s) >= n);
}

static void a_start_does_not_wait_for_seals(void **state)
{
    scene_t *s = scene_of_many(*state);
    int i;

    scene_start(s);
    sealing_start(s->keeper->model);
    for (i = 0; i < PAIRS; ++i) {
        assert_non_null(model_certificate(s->keeper->model, i)->best);
    }
    assert_int_equal(0, count_sealed(s));
    wait_for_seals(s, PAIRS);
    scene_start(s);
    for (i = 0; i < PAIRS; ++i) {
        assert_true(model_certificate(s->keeper->model, i)->best->sealed);
    }
    scene_end(s);
}

/* Whoever has something for the keeper in the middle of it is heard before the next pair. */
static void the_next_keeper_seals_what_is_left(void **state)
{
    scene_t *s = scene_of_many(*state);

    scene_start(s);
    sealing_start(s->keeper->model);
    wait_for_seals(s, 1);
    assert_true(count_sealed(s) < PAIRS);
    scene_start(s);
    sealing_start(s->keeper->model);
    wait_for_seals(s, PAIRS);
    scene_end(s);
}

static void what_cannot_be_sealed_holds_up_nothing(void **state)
{
    scene_t *s = scene_of_many(*state);

    assert_int_equal(APR_SUCCESS, file_make_directory(in_archive(s, 1, "/checked/x"), 0700, s->p));
    scene_start(s);
    sealing_start(s->keeper->model);
    wait_for_seals(s, PAIRS - 1);
    assert_int_equal(PAIRS - 1, count_sealed(s));
    assert_non_null(model_certificate(s->keeper->model, 1)->best);
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_start_does_not_wait_for_seals),
        fixture_test(the_next_keeper_seals_what_is_left),
        fixture_test(what_cannot_be_sealed_holds_up_nothing),
    };

    return fixture_run(tests);
}
