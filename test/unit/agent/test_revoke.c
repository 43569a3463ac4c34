/* SPDX-License-Identifier: Apache-2.0 */

/* revokeCert and the end of an account, as the agent carries them out for root. */

#include "acts.h"

#define REVOKE_URL CA "/revoke"
#define BY(keys) ",\"fingerprint\":\"abc\",\"by\":\"" keys "\""

static stage_t *begin(void **state)
{
    stage_t *s = stage_make(*state);

    s->directory = ACTS_DIRECTORY;
    stage_begin(s);
    return s;
}

static void the_account_revokes(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "revoke", BY("account"));
    stage_answer(s, stage_expect(s, "revokeByAccount", REVOKE_URL), 200, "", NULL, NULL);
    acts_expect_end(s, NULL);
    stage_end(s);
}

static void revoked_before_is_as_good(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "revoke", BY("account"));
    stage_refuse(s, stage_expect(s, "revokeByAccount", REVOKE_URL), 400, "alreadyRevoked");
    acts_expect_end(s, NULL);
    acts_give(s, "revoke", BY("certificate"));
    stage_refuse(s, stage_expect(s, "revokeByCertificate", REVOKE_URL), 409, "conflict");
    acts_expect_end(s, NULL);
    stage_end(s);
}

/* Checklist C1: the certificate's key first, the account's where the CA does not take that. */
static void the_account_comes_second(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "revoke", BY("certificate first"));
    stage_refuse(s, stage_expect(s, "revokeByCertificate", REVOKE_URL), 403, "unauthorized");
    stage_refuse(s, stage_expect(s, "revokeByAccount", REVOKE_URL), 403, "unauthorized");
    acts_expect_end(s, ACME_ERROR "unauthorized");
    acts_give(s, "revoke", BY("certificate"));
    stage_refuse(s, stage_expect(s, "revokeByCertificate", REVOKE_URL), 403, "unauthorized");
    acts_expect_end(s, ACME_ERROR "unauthorized");
    assert_int_equal(1, stage_count(s, "revokeByAccount"));
    stage_end(s);
}

static void the_words_of_the_ca_are_told(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "revoke", BY("account"));
    stage_refuse(s, stage_expect(s, "revokeByAccount", REVOKE_URL), 400, "badRevocationReason");
    acts_expect_end(s, ACME_ERROR "badRevocationReason");
    stage_end(s);
}

static void a_ca_that_does_not_offer_it_is_not_asked(void **state)
{
    stage_t *s = stage_start(*state);

    acts_give(s, "revoke", BY("account"));
    acts_expect_end(s, EAB_PROBLEM_REFUSED);
    assert_int_equal(0, stage_count(s, "revokeByAccount"));
    stage_end(s);
}

/* ---- the end of an account ---- */

static void an_account_ends(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "deactivate", "");
    stage_answer(s, stage_expect(s, "deactivate", ACCOUNT_URL), 200, "{\"status\":\"deactivated\"}",
                 NULL, NULL);
    acts_expect_end(s, NULL);
    acts_give(s, "closed",
              ",\"problem\":{\"rv\":1,\"type\":\"" EAB_PROBLEM_ACCOUNT_STATUS
              "\",\"detail\":\"It was deactivated.\"}");
    assert_string_equal(EAB_PROBLEM_ACCOUNT_STATUS, stage_account(s)->brief->broken->type);
    stage_wake(s);
    assert_int_equal(0, stage_count(s, "newOrder"));
    assert_int_equal(0, stage_count(s, "newAccount"));
    stage_end(s);
}

/* The answer to the first one was lost, and everything is refused since. */
static void one_that_has_ended_is_known_by_a_look_up(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "deactivate", "");
    stage_refuse(s, stage_expect(s, "deactivate", ACCOUNT_URL), 401, "unauthorized");
    stage_refuse(s, stage_expect(s, "findAccount", CA "/new-account"), 401, "unauthorized");
    acts_expect_end(s, NULL);
    acts_give(s, "deactivate", "");
    stage_refuse(s, stage_expect(s, "deactivate", ACCOUNT_URL), 403, "unauthorized");
    stage_answer(s, stage_expect(s, "findAccount", CA "/new-account"), 200,
                 "{\"status\":\"deactivated\"}", "Location", ACCOUNT_URL);
    acts_expect_end(s, NULL);
    stage_end(s);
}

static void one_that_is_valid_was_refused(void **state)
{
    stage_t *s = begin(state);

    acts_give(s, "deactivate", "");
    stage_refuse(s, stage_expect(s, "deactivate", ACCOUNT_URL), 401, "unauthorized");
    stage_answer(s, stage_expect(s, "findAccount", CA "/new-account"), 200,
                 "{\"status\":\"valid\"}", "Location", ACCOUNT_URL);
    acts_expect_end(s, ACME_ERROR "unauthorized");
    stage_end(s);
}

/* It is named by its id, and its URL is the keeper's; what is known of the account that is used stays. */
static void one_that_was_superseded_ends(void **state)
{
    static const char more[] = ",\"superseded\":\"0123\",\"url\":\"" CA "/account/old\"";
    stage_t *s = begin(state);

    acts_give(s, "deactivate", more);
    stage_answer(s, stage_expect(s, "deactivate", CA "/account/old"), 200,
                 "{\"status\":\"deactivated\"}", NULL, NULL);
    acts_expect_end(s, NULL);
    acts_give(s, "deactivate", more);
    stage_refuse(s, stage_expect(s, "deactivate", CA "/account/old"), 401, "unauthorized");
    stage_refuse(s, stage_expect(s, "findSupersededAccount", CA "/new-account"), 401,
                 "unauthorized");
    acts_expect_end(s, NULL);
    assert_null(stage_account(s)->brief->broken);
    assert_int_equal(0, stage_count(s, "findAccount"));
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_account_revokes),
        fixture_test(revoked_before_is_as_good),
        fixture_test(the_account_comes_second),
        fixture_test(the_words_of_the_ca_are_told),
        fixture_test(a_ca_that_does_not_offer_it_is_not_asked),
        fixture_test(an_account_ends),
        fixture_test(one_that_has_ended_is_known_by_a_look_up),
        fixture_test(one_that_is_valid_was_refused),
        fixture_test(one_that_was_superseded_ends),
    };

    return fixture_run(tests);
}
