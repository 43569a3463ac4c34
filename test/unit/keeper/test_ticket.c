/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "keeper/ticket.h"

#define CERTIFICATE "0123"

static void a_ticket_is_for_one_act_and_one_subject(void **state)
{
    tickets_t *tickets = tickets_make(*state);
    int reason = 0;

    assert_false(ticket_use(tickets, TICKET_REVOKE, CERTIFICATE, NULL));
    assert_true(ticket_make(tickets, TICKET_REVOKE, CERTIFICATE, 4));
    assert_false(ticket_use(tickets, TICKET_REVOKE, "0124", NULL));
    assert_false(ticket_use(tickets, TICKET_KEY_CHANGE, CERTIFICATE, NULL));
    assert_false(ticket_use(tickets, TICKET_DEACTIVATE, CERTIFICATE, NULL));
    assert_false(ticket_use(tickets, TICKET_REVOKE, NULL, NULL));
    assert_true(ticket_use(tickets, TICKET_REVOKE, CERTIFICATE, &reason));
    assert_int_equal(4, reason);
}

static void its_signatures_are_used_up(void **state)
{
    tickets_t *tickets = tickets_make(*state);
    int i;

    ticket_make(tickets, TICKET_KEY_CHANGE, CERTIFICATE, 0);
    for (i = 0; i < TICKET_SIGNATURES; ++i)
        assert_true(ticket_use(tickets, TICKET_KEY_CHANGE, CERTIFICATE, NULL));
    assert_false(ticket_use(tickets, TICKET_KEY_CHANGE, CERTIFICATE, NULL));
}

static void nothing_is_signed_when_the_act_is_over(void **state)
{
    tickets_t *tickets = tickets_make(*state);

    ticket_make(tickets, TICKET_DEACTIVATE, CERTIFICATE, 0);
    ticket_end(tickets, TICKET_DEACTIVATE, CERTIFICATE);
    assert_false(ticket_use(tickets, TICKET_DEACTIVATE, CERTIFICATE, NULL));
    ticket_end(tickets, TICKET_DEACTIVATE, CERTIFICATE);
}

static void a_new_one_takes_the_place_of_the_old(void **state)
{
    tickets_t *tickets = tickets_make(*state);
    int i, reason = 0;

    for (i = 0; i < 2 * TICKETS_MAX; ++i)
        assert_true(ticket_make(tickets, TICKET_REVOKE, CERTIFICATE, i));
    assert_true(ticket_use(tickets, TICKET_REVOKE, CERTIFICATE, &reason));
    assert_int_equal(2 * TICKETS_MAX - 1, reason);
}

static void there_are_only_so_many(void **state)
{
    tickets_t *tickets = tickets_make(*state);
    int i;

    for (i = 0; i < TICKETS_MAX; ++i)
        assert_true(ticket_make(tickets, TICKET_REVOKE, apr_itoa(*state, i), 0));
    assert_false(ticket_make(tickets, TICKET_REVOKE, "one more", 0));
    ticket_end(tickets, TICKET_REVOKE, "7");
    assert_true(ticket_make(tickets, TICKET_REVOKE, "one more", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_ticket_is_for_one_act_and_one_subject),
        fixture_test(its_signatures_are_used_up),
        fixture_test(nothing_is_signed_when_the_act_is_over),
        fixture_test(a_new_one_takes_the_place_of_the_old),
        fixture_test(there_are_only_so_many),
    };

    return fixture_run(tests);
}
