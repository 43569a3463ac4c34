/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "agent/pacing.h"
#include "base/clock.h"

#define CA "https://ca.example"

static pace_t pace;
static int active;

/* A web page with this status, or an answer of the CA. */
static void hear(acme_pacer_t *pacer, const char *url, int status, apr_int64_t retry_after)
{
    apr_pool_t *pool = NULL;
    eab_result_t *result;

    apr_pool_create(&pool, NULL);
    result = eab_result_make(pool);
    if (status != 200) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_ANSWER, "A web page.");
        result->foreign = 1;
    }
    result->http_status = status;
    result->retry_after = retry_after;
    pacer->heard(pacer, url, result, clock_steady(), 0);
    apr_pool_destroy(pool);
}

static void refuse(acme_pacer_t *pacer, const char *url, apr_int64_t retry_after)
{
    hear(pacer, url, 429, retry_after);
}

static acme_pacer_t *pacer_of(apr_pool_t *p)
{
    pace_init(&pace, 0);
    active = 1;
    return pacing_of(pacing_make(p), &pace, &active, p);
}

static int is_held(acme_pacer_t *pacer, const char *url)
{
    return pacer->wait(pacer, url) > apr_time_from_sec(5);
}

/* The host and the port, in any case, and nothing behind them. */
static void each_host_has_a_door(void **state)
{
    acme_pacer_t *pacer = pacer_of(*state);

    refuse(pacer, CA "/new-order", 20);
    assert_true(is_held(pacer, CA "/finalize/1"));
    assert_true(is_held(pacer, "https://CA.example"));
    assert_true(is_held(pacer, CA "?order=1"));
    assert_int_equal(pacer->wait(pacer, CA ":8443/new-order"), 0);
    assert_int_equal(pacer->wait(pacer, "https://download.ca.example/cert"), 0);
    assert_int_equal(pacer->wait(pacer, "https://other.example/ca.example"), 0);
}

/* Those who were told to go come one after the other, until it has let some through. */
static void a_door_opens_slowly(void **state)
{
    acme_pacer_t *pacer = pacer_of(*state);
    apr_interval_time_t first, second;
    int i;

    assert_int_equal(pacer->wait(pacer, CA "/a"), 0);
    assert_int_equal(pacer->wait(pacer, CA "/b"), 0);
    refuse(pacer, CA "/a", -1);
    first = pacer->wait(pacer, CA "/a");
    second = pacer->wait(pacer, CA "/b");
    assert_true(second > first + apr_time_from_msec(100));
    for (i = 0; i < 100; ++i)
        hear(pacer, CA "/a", 200, -1);
    first = pacer->wait(pacer, CA "/a");
    assert_true(pacer->wait(pacer, CA "/b") - first < apr_time_from_msec(1));
}

/* A CA that names hosts without end gets no memory without end: the last ones share a door. */
static void there_is_an_end_to_doors(void **state)
{
    acme_pacer_t *pacer = pacer_of(*state);
    int i;

    for (i = 0; i < 200; ++i)
        pacer->wait(pacer, apr_psprintf(*state, "https://h%d.example/", i));
    refuse(pacer, "https://h150.example/", 20);
    assert_true(is_held(pacer, "https://h180.example/"));
    assert_int_equal(pacer->wait(pacer, "https://h0.example/"), 0);
}

static void the_same_is_asked_later_each_time(void **state)
{
    acme_pacer_t *pacer = pacer_of(*state);

    assert_true(pacer->repeat(pacer, 1, -1) >= apr_time_from_sec(1));
    assert_true(pacer->repeat(pacer, 3, -1) >= apr_time_from_sec(4));
    assert_true(pacer->repeat(pacer, 1, 7) >= apr_time_from_sec(7));
    assert_int_equal(pacer->repeat(pacer, 1, 3600), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(each_host_has_a_door),
        fixture_test(a_door_opens_slowly),
        fixture_test(there_is_an_end_to_doors),
        fixture_test(the_same_is_asked_later_each_time),
    };

    return fixture_run(tests);
}
