/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <stdlib.h>

#include "agent/agenda.h"

#define COUNT 500

/* What is taken from it comes in the order of its times, whatever was put, moved and dropped before. */
static void the_earliest_comes_first(void **state)
{
    agenda_t *agenda = agenda_make(*state);
    agenda_entry_t entries[COUNT], *first;
    apr_time_t before = 0;
    int i, rounds, taken = 0, dropped = 0;

    memset(entries, 0, sizeof(entries));
    srand(1);
    for (rounds = 0; rounds < 4; ++rounds) {
        for (i = 0; i < COUNT; ++i)
            agenda_put(agenda, &entries[i], rand() % 100);
    }
    for (i = 0; i < COUNT; i += 7, ++dropped)
        agenda_drop(agenda, &entries[i]);
    while ((first = agenda_first(agenda)) != NULL) {
        assert_true(first->at >= before);
        assert_true((first - entries) % 7 != 0);
        before = first->at;
        agenda_drop(agenda, first);
        assert_int_equal(0, first->place);
        ++taken;
    }
    assert_int_equal(COUNT, taken + dropped);
}

static void of_the_same_time_the_first_in_rank_comes_first(void **state)
{
    agenda_t *agenda = agenda_make(*state);
    agenda_entry_t entries[COUNT];
    int i;

    memset(entries, 0, sizeof(entries));
    for (i = COUNT - 1; i >= 0; --i) {
        entries[i].rank = i;
        agenda_put(agenda, &entries[i], 5);
    }
    for (i = 0; i < COUNT; ++i) {
        assert_ptr_equal(&entries[i], agenda_first(agenda));
        agenda_drop(agenda, &entries[i]);
    }
}

static void what_is_not_there_can_be_dropped(void **state)
{
    agenda_t *agenda = agenda_make(*state);
    agenda_entry_t here = { 0 }, gone = { 0 };

    agenda_put(agenda, &here, 1);
    agenda_drop(agenda, &gone);
    agenda_drop(agenda, &gone);
    assert_ptr_equal(&here, agenda_first(agenda));
    agenda_drop(agenda, &here);
    agenda_drop(agenda, &here);
    assert_null(agenda_first(agenda));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_earliest_comes_first),
        fixture_test(of_the_same_time_the_first_in_rank_comes_first),
        fixture_test(what_is_not_there_can_be_dropped),
    };

    return fixture_run(tests);
}
