/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <stdarg.h>

#include "agent/evidence.h"

/* An authorization with these pairs of type and status, NULL last. */
static acme_authorization_t *make(apr_pool_t *p, int wildcard, ...)
{
    acme_authorization_t *authorization = apr_pcalloc(p, sizeof(*authorization));
    const char *type;
    va_list list;

    authorization->name = "www.example.edu";
    authorization->wildcard = wildcard;
    authorization->challenges = apr_array_make(p, 4, sizeof(acme_challenge_t));
    va_start(list, wildcard);
    while ((type = va_arg(list, const char *)) != NULL) {
        acme_challenge_t *challenge = apr_array_push(authorization->challenges);

        memset(challenge, 0, sizeof(*challenge));
        challenge->type = type;
        challenge->status = va_arg(list, const char *);
    }
    va_end(list);
    return authorization;
}

#define OFFERS_ALL (FACT_OFFERS_HTTP_01 | FACT_OFFERS_TLS_ALPN_01 | FACT_OFFERS_DNS)

static void the_challenge_that_failed_is_marked(void **state)
{
    flight_t flight = { 0 };

    assert_true(evidence_of(&flight, make(*state, 0, "http-01", "invalid", "dns-01", "pending",
                                          "tls-alpn-01", "pending", NULL))
                == (FACT_HTTP_01 | OFFERS_ALL));
    assert_true(
        evidence_of(&flight, make(*state, 0, "http-01", "pending", "dns-01", "invalid", NULL))
        == (FACT_DNS | FACT_OFFERS_HTTP_01 | FACT_OFFERS_DNS));
    assert_true(evidence_of(&flight, make(*state, 0, "tls-alpn-01", "invalid", NULL))
                == (FACT_TLS_ALPN_01 | FACT_OFFERS_TLS_ALPN_01));
    /* All of them: nobody knows which. */
    assert_true(evidence_of(&flight, make(*state, 0, "http-01", "invalid", "dns-01", "invalid",
                                          "tls-alpn-01", "invalid", NULL))
                == OFFERS_ALL);
    assert_true(evidence_of(&flight, make(*state, 0, NULL)) == 0);
    assert_true(evidence_of(&flight, make(*state, 0, "sectigo-email-01", "invalid", NULL)) == 0);
    assert_true(evidence_of(&flight, make(*state, 0, "dns-unheard-of-01", "invalid", NULL)) == 0);
}

static void only_what_can_prove_the_name_is_an_offer(void **state)
{
    flight_t flight = { 0 };
    acme_authorization_t *address =
        make(*state, 0, "http-01", "pending", "dns-01", "pending", NULL);

    address->address = 1;
    assert_true(evidence_of(&flight, address) == FACT_OFFERS_HTTP_01);
    assert_true(
        evidence_of(&flight, make(*state, 1, "http-01", "pending", "dns-01", "pending", NULL))
        == (FACT_WILDCARD | FACT_OFFERS_DNS));
    assert_true(evidence_of(&flight, make(*state, 1, "http-01", "pending", NULL)) == FACT_WILDCARD);
}

static void the_other_challenges_of_dns_are_told_apart(void **state)
{
    flight_t flight = { 0 };

    assert_true(evidence_of(&flight, make(*state, 0, "dns-persist-01", "invalid", NULL))
                == (FACT_DNS | FACT_DNS_PERSIST | FACT_OFFERS_DNS_PERSIST));
    assert_true(evidence_of(&flight, make(*state, 0, "dns-account-01", "invalid", NULL))
                == (FACT_DNS | FACT_DNS_ACCOUNT | FACT_OFFERS_DNS_ACCOUNT));
    assert_true(evidence_of(&flight, make(*state, 0, "dns-account-01", "invalid", "dns-persist-01",
                                          "invalid", NULL))
                == (FACT_OFFERS_DNS_ACCOUNT | FACT_OFFERS_DNS_PERSIST));
    assert_true(evidence_of_type("dns-persist-01") == (FACT_DNS | FACT_DNS_PERSIST));
    assert_true(evidence_of_type("unheard-of-01") == 0);
}

/* What the resolver said of A and of AAAA: len 0 for no address, -1 for no answer. */
static void say(lookup_found_t *found, resolver_answer_t answers[2], const char *v4, int v4_len,
                const char *v6, int v6_len)
{
    const char *data[] = { v4, v6 };
    int lens[] = { v4_len, v6_len }, i;

    memset(found, 0, sizeof(*found));
    memset(answers, 0, 2 * sizeof(answers[0]));
    found->count = 2;
    for (i = 0; i < 2; ++i) {
        found->views[i].answered = lens[i] >= 0;
        found->views[i].answer = &answers[i];
        answers[i].count = lens[i] > 0;
        answers[i].values[0].len = (unsigned short)(lens[i] > 0 ? lens[i] : 0);
        if (lens[i] > 0)
            memcpy(answers[i].values[0].data, data[i], (size_t)lens[i]);
    }
}

static void where_a_name_leads_is_seen(void **state)
{
    static const char documentation[] = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1";
    static lookup_found_t found;
    static resolver_answer_t answers[2];

    (void)state;
    say(&found, answers, NULL, 0, NULL, 0);
    assert_true(evidence_of_addresses(&found) == FACT_NO_ADDRESS);
    say(&found, answers, "\x7f\0\0\1", 4, NULL, 0);
    assert_true(evidence_of_addresses(&found) == 0); /* here */
    say(&found, answers, "\xc0\0\2\1", 4, NULL, 0);
    assert_true(evidence_of_addresses(&found) == FACT_ELSEWHERE);
    say(&found, answers, NULL, 0, documentation, 16);
    assert_true(evidence_of_addresses(&found) == FACT_ELSEWHERE);
    say(&found, answers, "\x7f\0\0\1", 4, documentation, 16);
    assert_true(evidence_of_addresses(&found) == 0); /* one of them is */
    say(&found, answers, NULL, 0, NULL, -1);
    assert_true(evidence_of_addresses(&found) == 0); /* nobody knows */
    say(&found, answers, "\xc0\0\2\1", 4, NULL, -1);
    assert_true(evidence_of_addresses(&found) == 0);
}

static void addresses_matter_where_a_host_was_looked_for(void **state)
{
    acme_authorization_t *http = make(*state, 0, "http-01", "invalid", NULL);

    assert_true(evidence_wants_addresses(http, FACT_HTTP_01));
    assert_true(evidence_wants_addresses(http, FACT_TLS_ALPN_01 | FACT_NOT_ASKED));
    assert_false(evidence_wants_addresses(http, FACT_HTTP_01 | FACT_ASKED_HERE));
    assert_false(evidence_wants_addresses(http, FACT_DNS));
    assert_false(evidence_wants_addresses(http, 0));
    http->address = 1;
    assert_false(evidence_wants_addresses(http, FACT_HTTP_01));
}

static void who_asked_counts_for_answers_of_httpd(void **state)
{
    acme_authorization_t *http = make(*state, 0, "http-01", "invalid", NULL);
    acme_authorization_t *dns = make(*state, 0, "dns-01", "invalid", NULL);
    flight_t flight = { 0 };

    flight.unread = 1;
    assert_true(evidence_of(&flight, http) & FACT_NOT_ASKED);
    assert_false(evidence_of(&flight, dns) & FACT_NOT_ASKED);
    flight.read_at = 17;
    assert_false(evidence_of(&flight, http)
                 & (FACT_NOT_ASKED | FACT_ASKED_HERE)); /* one of several */
    flight.unread = 0;
    assert_true(evidence_of(&flight, http) & FACT_ASKED_HERE);
    assert_false(evidence_of(&flight, dns) & FACT_ASKED_HERE);
    flight.read_at = 0; /* nothing is known, as after a new start */
    assert_false(evidence_of(&flight, http) & (FACT_NOT_ASKED | FACT_ASKED_HERE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_challenge_that_failed_is_marked),
        fixture_test(only_what_can_prove_the_name_is_an_offer),
        fixture_test(the_other_challenges_of_dns_are_told_apart),
        fixture_test(where_a_name_leads_is_seen),
        fixture_test(addresses_matter_where_a_host_was_looked_for),
        fixture_test(who_asked_counts_for_answers_of_httpd),
    };

    return fixture_run(tests);
}
