/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <errno.h>

#include "../crypto/party.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/terms.h"
#include "policy/fact.h"

#define OURS (~(FACT_BIT(32) - 1) & ~FACT_UNNAMED) /* what is read of the problem itself */

/* As it comes out of a message between the processes, and out of what is kept with a failure. */
static facts_t facts_of(apr_pool_t *p, const eab_result_t *result)
{
    json_t *json = json_own(p, eab_result_to_json(result));
    eab_result_t *read = eab_result_make(p), *copy = eab_result_make(p);

    eab_result_from_json(read, json);
    eab_result_copy(copy, read);
    assert_true(fact_read(copy) == fact_read(result));
    return fact_read(copy) & OURS;
}

/* ---- certificates that came: crypto/chain.c ---- */

typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    party_t *root;
    party_spec_t spec;
    apr_array_header_t *names;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    static const party_spec_t root = { .common = "Test Root", .is_ca = 1 };
    static const party_spec_t leaf = { .names = "DNS:a.example", .usage = "serverAuth" };
    scene_t s = { .p = p, .result = eab_result_make(p), .spec = leaf };

    s.root = party_make(p, NULL, &root);
    s.names = party_names(p, "a.example", NULL);
    return s;
}

static facts_t judge(scene_t *s, const keypair_t *key)
{
    party_t *leaf = party_make(s->p, s->root, &s->spec);
    const char *pem = party_pem(s->p, 2, leaf, s->root);
    chain_t *chain = NULL;

    assert_int_equal(APR_SUCCESS, chain_parse(&chain, pem, strlen(pem), s->result, s->p));
    assert_int_equal(APR_EINVAL, chain_check(chain, key != NULL ? key : leaf->key, s->names,
                                             apr_time_now(), s->result));
    return facts_of(s->p, s->result);
}

static void knows_a_certificate_for_another_key(void **state)
{
    scene_t s = scene(*state);

    assert_true(judge(&s, s.root->key) == FACT_OTHER_KEY);
}

static void knows_a_certificate_for_other_names(void **state)
{
    scene_t s = scene(*state);

    s.spec.names = "DNS:b.example";
    assert_true(judge(&s, NULL) == FACT_OTHER_NAMES);
}

static void knows_a_certificate_that_is_over(void **state)
{
    scene_t s = scene(*state);

    s.spec.from = -86400;
    s.spec.until = -1;
    assert_true(judge(&s, NULL) == FACT_OVER);
}

static void knows_a_certificate_for_clients(void **state)
{
    scene_t s = scene(*state);

    s.spec.usage = "clientAuth";
    assert_true(judge(&s, NULL) == FACT_OTHER_USAGE);
}

static facts_t judge_text(scene_t *s, const char *pem)
{
    chain_t *chain = NULL;

    assert_int_not_equal(APR_SUCCESS, chain_parse(&chain, pem, strlen(pem), s->result, s->p));
    return facts_of(s->p, s->result);
}

static void knows_what_is_no_chain(void **state)
{
    scene_t s = scene(*state);

    assert_true(judge_text(&s, "") == FACT_UNREADABLE);
    assert_true(judge_text(&s, "<html>") == FACT_UNREADABLE);
    assert_true(judge_text(&s, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                == FACT_UNREADABLE);
}

static facts_t judge_files(scene_t *s, const char *pem, const party_t *leaf, const terms_t *terms)
{
    const char *dir = fixture_directory(s->p);
    const char *chain = apr_pstrcat(s->p, dir, "/fullchain.pem", NULL);
    const char *key = apr_pstrcat(s->p, dir, "/privkey.pem", NULL);
    const secret_t *text = keypair_pem(s->p, leaf->key);
    const chain_facts_t *facts = NULL;

    fixture_write(chain, pem, strlen(pem));
    fixture_write(key, text->data, text->len);
    assert_int_equal(APR_EINVAL, chain_check_files(&facts, chain, key, s->names, terms,
                                                   apr_time_now(), s->result, s->p));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, s->p));
    return facts_of(s->p, s->result);
}

static void knows_a_file_that_is_damaged(void **state)
{
    scene_t s = scene(*state);

    assert_true(judge_files(&s, "half", s.root, NULL) == FACT_UNREADABLE);
}

static void knows_what_a_server_cannot_use(void **state)
{
    scene_t s = scene(*state);
    party_t *leaf = party_make(s.p, s.root, &s.spec);
    terms_t *terms = terms_make(s.p);

    terms->ciphers = "ALL:@SECLEVEL=5";
    assert_true(judge_files(&s, party_pem(s.p, 2, leaf, s.root), leaf, terms) == FACT_UNFIT);
}

/* ---- and what is not told by us ---- */

/* A CA that says the same has not looked into our certificate, nor run our program. */
static void takes_no_words_for_a_cause(void **state)
{
    static const char *const types[] = { EAB_PROBLEM_CHAIN, EAB_PROBLEM_EAB_KEY,
                                         EAB_PROBLEM_DNS_COMMAND, ACME_ERROR "badCSR", NULL };
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        eab_result_t *result = eab_result_make(*state);

        eab_result_set(result, APR_EGENERAL, types[i],
                       "The certificate chain does not belong to its private key, does not cover "
                       "a, has expired, lacks serverAuth, ended with signal 9. A server could not "
                       "use it.");
        assert_true(facts_of(*state, result) == 0);
    }
}

/* The same number is of the disk where a file was meant, and of something else elsewhere. */
static void takes_an_errno_for_what_it_is_about(void **state)
{
    static const struct {
        const char *type;
        apr_status_t rv;
        facts_t fact;
    } errors[] = {
        { EAB_PROBLEM_STORE, ENOSPC, FACT_NO_SPACE },
        { EAB_PROBLEM_ANSWER_FILE, EACCES, FACT_DENIED },
        { EAB_PROBLEM_EAB_KEY, ENOENT, FACT_MISSING },
        { EAB_PROBLEM_CA_UNREACHABLE, EACCES, FACT_DENIED },
        { EAB_PROBLEM_CA_UNREACHABLE, EPERM, FACT_DENIED },
        { EAB_PROBLEM_CA_UNREACHABLE, ECONNREFUSED, 0 },
        { EAB_PROBLEM_CA_UNREACHABLE, APR_EOF, FACT_CUT },
        { EAB_PROBLEM_CHAIN, EINVAL, 0 },
        { ACME_ERROR "malformed", EIO, 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); ++i) {
        eab_result_t *result = eab_result_make(*state);

        eab_result_set(result, errors[i].rv, errors[i].type, "x");
        assert_true(facts_of(*state, result) == errors[i].fact);
    }
}

/* The words of CAs and resolvers, in whatever case. */
static void reads_the_words_of_cas(void **state)
{
    static const struct {
        const char *type, *words;
        facts_t fact;
    } sayings[] = {
        { ACME_ERROR "dns", "DNS problem: nXDomain looking up A", FACT_UNRESOLVED },
        { ACME_ERROR "connection", "Name or Service not known", FACT_UNRESOLVED },
        { ACME_ERROR "caa", "NXDOMAIN looking up CAA", 0 },
        { ACME_ERROR "malformed", "ALREADY BOUND to an account", FACT_KEY_USED },
        { NULL, "Number of Domains exceeds 1", FACT_ONE_NAME },
        { NULL, "", 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(sayings) / sizeof(sayings[0]); ++i) {
        eab_result_t *result = eab_result_make(*state);

        eab_result_set(result, APR_EGENERAL, sayings[i].type, "%s", sayings[i].words);
        assert_true(facts_of(*state, result) == sayings[i].fact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(knows_a_certificate_for_another_key),
        fixture_test(knows_a_certificate_for_other_names),
        fixture_test(knows_a_certificate_that_is_over),
        fixture_test(knows_a_certificate_for_clients),
        fixture_test(knows_what_is_no_chain),
        fixture_test(knows_a_file_that_is_damaged),
        fixture_test(knows_what_a_server_cannot_use),
        fixture_test(takes_no_words_for_a_cause),
        fixture_test(takes_an_errno_for_what_it_is_about),
        fixture_test(reads_the_words_of_cas),
    };

    return fixture_run(tests);
}
