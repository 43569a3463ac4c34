/* SPDX-License-Identifier: Apache-2.0 */
#include "../report/parsed.h"

#include "httpd/selection.h"

static const char text[] =
    "{'certificates':[{'name':'a.edu','names':['a.edu','www.a.edu'],'grade':'at-risk','state':"
    "'failing'},{'name':'*.b.edu','names':['*.b.edu'],'grade':'ok','state':'valid'},7,{}]}";

static size_t count_of(const json_t *status)
{
    return json_array_size(json_object_get(status, "certificates"));
}

static void a_name_is_found_as_it_is(void **state)
{
    json_t *status = parsed(*state, text);

    assert_true(selection_has(status, "a.edu"));
    assert_true(selection_has(status, "WWW.a.edu"));
    assert_true(selection_has(status, "*.b.edu"));
    assert_false(selection_has(status, "b.edu"));
    assert_false(selection_has(status, "a.ed"));
    assert_false(selection_has(status, ""));
    assert_false(selection_has(NULL, "a.edu"));
    selection_keep_name(status, "www.a.edu");
    assert_int_equal(1, count_of(status));
}

static void some_are_chosen(void **state)
{
    static const struct {
        const char *state;
        const char *part;
        size_t count;
    } rows[] = {
        { NULL, NULL, 4 },      { "at-risk", NULL, 1 }, { "At Risk", NULL, 1 },
        { "failing", NULL, 1 }, { "OK", NULL, 1 },      { "down", NULL, 0 },
        { "o", NULL, 0 },       { "okay", NULL, 0 },    { NULL, "W.A", 1 },
        { NULL, ".edu", 2 },    { NULL, "x", 0 },       { "ok", "a.edu", 0 },
        { "ok", "b.edu", 1 },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        json_t *status = parsed(*state, text);

        selection_keep(status, rows[i].state, rows[i].part);
        if (count_of(status) != rows[i].count)
            fail_msg("%s, %s: %d", rows[i].state, rows[i].part, (int)count_of(status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_name_is_found_as_it_is),
        fixture_test(some_are_chosen),
    };

    return fixture_run(tests);
}
