/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "agent/flight.h"
#include "base/json.h"

#define ORDER_URL "https://ca.example/order/1"

/* An answer about the order that says only this. */
static acme_answer_t *answer_make(apr_pool_t *p, const char *body)
{
    acme_answer_t *answer = apr_pcalloc(p, sizeof(*answer));

    answer->pool = p;
    answer->status = 200;
    answer->url = ORDER_URL;
    answer->headers = apr_table_make(p, 1);
    answer->body = body;
    answer->len = strlen(body);
    return answer;
}

static acme_order_t *read_order(flight_t *flight, apr_pool_t *p)
{
    return acme_order_parse(p,
                            acme_memory_fill(flight_memory(flight), ORDER_URL,
                                             answer_make(p, "{\"status\":\"ready\"}")),
                            eab_result_make(p));
}

static void it_begins_with_what_the_journal_knows(void **state)
{
    brief_certificate_t brief = { .order_url = ORDER_URL, .order_finalize = ORDER_URL "/finalize" };
    flight_t *flight = flight_begin(*state, &brief);

    assert_null(flight->order);
    assert_string_equal(ORDER_URL "/finalize", read_order(flight, *state)->finalize);
    flight_end(flight);
}

static void the_next_one_begins_with_nothing(void **state)
{
    brief_certificate_t brief = { 0 };
    flight_t *flight = flight_begin(*state, &brief);

    assert_null(flight->pool); /* which thousands of jobs at rest do without */
    assert_null(read_order(flight, *state)->finalize);
    flight->looks = 1;
    flight_end(flight);
    assert_null(flight->pool);
    assert_int_equal(0, flight->looks);
    assert_null(read_order(flight, *state)->finalize);
    flight_end(flight);
}

static apr_status_t note_end(void *ended)
{
    ++*(int *)ended;
    return APR_SUCCESS;
}

static void an_order_ends_with_its_successor_and_with_the_flight(void **state)
{
    brief_certificate_t brief = { 0 };
    flight_t *flight = flight_begin(*state, &brief);
    apr_pool_t *pools[2] = { NULL, NULL };
    int ended = 0, i;

    for (i = 0; i < 2; ++i) {
        apr_pool_create(&pools[i], *state);
        apr_pool_cleanup_register(pools[i], &ended, note_end, apr_pool_cleanup_null);
        flight_keep(flight, read_order(flight, pools[i]), pools[i]);
        assert_int_equal(i, ended);
        assert_string_equal("ready", flight->order->status);
    }
    flight_end(flight);
    assert_int_equal(2, ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_begins_with_what_the_journal_knows),
        fixture_test(the_next_one_begins_with_nothing),
        fixture_test(an_order_ends_with_its_successor_and_with_the_flight),
    };

    return fixture_run(tests);
}
