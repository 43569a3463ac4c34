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
    job_t job = { 0 };

    assert_true(evidence_of(&job, make(*state, 0, "http-01", "invalid", "dns-01", "pending",
                                       "tls-alpn-01", "pending", NULL))
                == (FACT_HTTP_01 | OFFERS_ALL));
    assert_true(evidence_of(&job, make(*state, 0, "http-01", "pending", "dns-01", "invalid", NULL))
                == (FACT_DNS | FACT_OFFERS_HTTP_01 | FACT_OFFERS_DNS));
    assert_true(evidence_of(&job, make(*state, 0, "tls-alpn-01", "invalid", NULL))
                == (FACT_TLS_ALPN_01 | FACT_OFFERS_TLS_ALPN_01));
    /* All of them: nobody knows which. */
    assert_true(evidence_of(&job, make(*state, 0, "http-01", "invalid", "dns-01", "invalid",
                                       "tls-alpn-01", "invalid", NULL))
                == OFFERS_ALL);
    assert_true(evidence_of(&job, make(*state, 0, NULL)) == 0);
    assert_true(evidence_of(&job, make(*state, 0, "sectigo-email-01", "invalid", NULL)) == 0);
    assert_true(evidence_of(&job, make(*state, 0, "dns-unheard-of-01", "invalid", NULL)) == 0);
}

static void only_what_can_prove_the_name_is_an_offer(void **state)
{
    job_t job = { 0 };
    acme_authorization_t *address =
        make(*state, 0, "http-01", "pending", "dns-01", "pending", NULL);

    address->address = 1;
    assert_true(evidence_of(&job, address) == FACT_OFFERS_HTTP_01);
    assert_true(evidence_of(&job, make(*state, 1, "http-01", "pending", "dns-01", "pending", NULL))
                == (FACT_WILDCARD | FACT_OFFERS_DNS));
    assert_true(evidence_of(&job, make(*state, 1, "http-01", "pending", NULL)) == FACT_WILDCARD);
}

static void who_asked_counts_for_answers_of_httpd(void **state)
{
    acme_authorization_t *http = make(*state, 0, "http-01", "invalid", NULL);
    acme_authorization_t *dns = make(*state, 0, "dns-01", "invalid", NULL);
    job_t job = { 0 };

    job.unread = 1;
    assert_true(evidence_of(&job, http) & FACT_NOT_ASKED);
    assert_false(evidence_of(&job, dns) & FACT_NOT_ASKED);
    job.read = 17;
    assert_false(evidence_of(&job, http) & (FACT_NOT_ASKED | FACT_ASKED_HERE)); /* one of several */
    job.unread = 0;
    assert_true(evidence_of(&job, http) & FACT_ASKED_HERE);
    assert_false(evidence_of(&job, dns) & FACT_ASKED_HERE);
    job.read = 0; /* nothing is known, as after a new start */
    assert_false(evidence_of(&job, http) & (FACT_NOT_ASKED | FACT_ASKED_HERE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_challenge_that_failed_is_marked),
        fixture_test(only_what_can_prove_the_name_is_an_offer),
        fixture_test(who_asked_counts_for_answers_of_httpd),
    };

    return fixture_run(tests);
}
