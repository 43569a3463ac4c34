/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

static void a_broken_account_leaves_the_others_alone(void **state)
{
    scene_t *s = scene_make(*state);
    plan_account_t *other;

    scene_start(s);
    fixture_write(scene_path(s, apr_pstrcat(s->p, "accounts/", scene_account(s)->registration->id,
                                            "/key.pem", NULL)),
                  "x", 1);
    other = apr_array_push(s->plan->accounts);
    *other = APR_ARRAY_IDX(s->plan->accounts, 0, plan_account_t);
    other->kid = "kid-2";
    scene_start(s);
    assert_int_not_equal(APR_SUCCESS, model_account(s->keeper->model, 0)->broken->rv);
    assert_int_equal(APR_SUCCESS, model_account(s->keeper->model, 1)->broken->rv);
    assert_non_null(model_account(s->keeper->model, 1)->thumbprint);
    assert_int_equal(1, model_count_broken(s->keeper->model));
    scene_end(s);
}

static void indices_have_their_bounds(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    assert_non_null(model_account(s->keeper->model, 0));
    assert_null(model_account(s->keeper->model, 1));
    assert_null(model_account(s->keeper->model, -1));
    assert_null(model_account(s->keeper->model, 0x100000000));
    assert_non_null(model_certificate(s->keeper->model, 0));
    assert_null(model_certificate(s->keeper->model, 1));
    assert_null(model_certificate(s->keeper->model, -1));
    assert_null(model_certificate(s->keeper->model, 0x100000000));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_broken_account_leaves_the_others_alone),
        fixture_test(indices_have_their_bounds),
    };

    return fixture_run(tests);
}
