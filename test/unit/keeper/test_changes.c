/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "base/json.h"

/* What was heard: a letter for the listener and a number for the kind of each change. */
typedef struct listener {
    scene_t *s;
    char letter;
    const char **pheard;
    int without_order; /* how often the journal was not in the store */
} listener_t;

static void hear(void *baton, const change_t *change)
{
    listener_t *listener = baton;

    *listener->pheard =
        apr_psprintf(listener->s->p, "%s%c%d ", *listener->pheard, listener->letter, change->kind);
    listener->without_order += !scene_has(listener->s, "pending/" NAME "/order.json");
}

static const char *expect(scene_t *s, const change_kind_t *kinds, int n)
{
    const char *text = "";
    int i;

    for (i = 0; i < n; ++i)
        text = apr_psprintf(s->p, "%sa%d b%d ", text, kinds[i], kinds[i]);
    return text;
}

static void changes_are_told_in_the_order_of_what_happens(void **state)
{
    static const change_kind_t kinds[] = {
        CHANGE_REGISTERED, CHANGE_KEY,    CHANGE_ORDERED,   CHANGE_FINALIZED,   CHANGE_KEY,
        CHANGE_INSTALLED,  CHANGE_FAILED, CHANGE_RECOVERED, CHANGE_UNREGISTERED
    };
    scene_t *s = scene_make(*state);
    const char *heard = "";
    listener_t a = { s, 'a', &heard, 0 }, b = { s, 'b', &heard, 0 };

    scene_start(s);
    changes_hear(s->keeper->means.changes, hear, &a);
    changes_hear(s->keeper->means.changes, hear, &b);
    scene_register(s);
    scene_sign(s, SENTENCE_NEW_ORDER);
    while (scene_certificate(s)->key == NULL)
        scene_run(s, apr_time_from_msec(10));
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    scene_sign(s, SENTENCE_FINALIZE);
    assert_int_equal(1, a.without_order); /* that of the account */
    scene_install(s);
    assert_int_equal(2, a.without_order);
    scene_ask(s, MESSAGE_FAILED,
              json_pack("{s:i,s:i,s:{s:i,s:{s:s,s:i}}}", "id", 1, "certificate", 0, "failure",
                        "attempts", 1, "problem", "detail", "No way", "rv", 20014));
    scene_ask(s, MESSAGE_FAILED, json_pack("{s:i,s:i}", "id", 2, "certificate", 0));
    scene_ask(s, MESSAGE_UNREGISTER, json_pack("{s:i,s:i}", "id", 3, "account", 0));
    assert_string_equal(expect(s, kinds, sizeof(kinds) / sizeof(kinds[0])), heard);
    scene_end(s);
}

static void on_change(void *baton, const change_t *change)
{
    *(change_t *)baton = *change;
}

static void what_is_given_up_says_why(void **state)
{
    scene_t *s = scene_make(*state);
    change_t last = { CHANGE_FAILED, NULL, NULL, NULL, NULL, NULL };

    scene_start(s);
    scene_register(s);
    scene_sign(s, SENTENCE_NEW_ORDER);
    changes_hear(s->keeper->means.changes, on_change, &last);
    assert_int_equal(APR_SUCCESS, certificate_abandon(scene_certificate(s), s->result));
    assert_int_equal(CHANGE_ABANDONED, last.kind);
    assert_ptr_equal(scene_certificate(s), last.certificate);
    assert_null(last.account);
    assert_non_null(strstr(last.result->detail, "given up"));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(changes_are_told_in_the_order_of_what_happens),
        fixture_test(what_is_given_up_says_why),
    };

    return fixture_run(tests);
}
