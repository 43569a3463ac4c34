/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "policy/problem.h"

static int setup(void **state)
{
    apr_pool_t *p = NULL;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

static eab_result_t *problem_of(apr_pool_t *p, const char *type)
{
    eab_result_t *problem = eab_result_make(p);

    eab_result_set(problem, APR_EGENERAL, type, "text");
    return problem;
}

static const char *advise(apr_pool_t *p, const eab_result_t *problem, problem_place_t place,
                          const char *host, const apr_array_header_t *names)
{
    problem_facts_t facts = { place, 0, host, names, NULL };

    return problem_advice(p, problem, &facts);
}

static const char *advice_knowing(apr_pool_t *p, const char *type, problem_place_t place,
                                  facts_t known)
{
    problem_facts_t facts = { place, known, "ca.example", NULL, NULL };

    return problem_advice(p, problem_of(p, type), &facts);
}

static const char *advice_at(apr_pool_t *p, const char *type, problem_place_t place)
{
    return advice_knowing(p, type, place, FACT_EAB | FACT_HTTP_01 | FACT_OFFERS_HTTP_01);
}

static retry_class_t classify(const eab_result_t *problem, problem_place_t place)
{
    problem_facts_t facts = { place, 0, NULL, NULL, NULL };

    return problem_classify(problem, &facts);
}

static retry_class_t class_at(apr_pool_t *p, const char *type, problem_place_t place)
{
    return classify(problem_of(p, type), place);
}

/* RFC 8555, 6.7, its registered and unregistered additions, and our own. */
static const char *const all_types[] = {
    ACME_ERROR "accountDoesNotExist",
    ACME_ERROR "alreadyRevoked",
    ACME_ERROR "badCSR",
    ACME_ERROR "badNonce",
    ACME_ERROR "badPublicKey",
    ACME_ERROR "badRevocationReason",
    ACME_ERROR "badSignatureAlgorithm",
    ACME_ERROR "caa",
    ACME_ERROR "compound",
    ACME_ERROR "connection",
    ACME_ERROR "dns",
    ACME_ERROR "externalAccountRequired",
    ACME_ERROR "incorrectResponse",
    ACME_ERROR "invalidContact",
    ACME_ERROR "malformed",
    ACME_ERROR "orderNotReady",
    ACME_ERROR "rateLimited",
    ACME_ERROR "rejectedIdentifier",
    ACME_ERROR "serverInternal",
    ACME_ERROR "tls",
    ACME_ERROR "unauthorized",
    ACME_ERROR "unsupportedContact",
    ACME_ERROR "unsupportedIdentifier",
    ACME_ERROR "userActionRequired",
    ACME_ERROR "alreadyReplaced",
    ACME_ERROR "invalidProfile",
    ACME_ERROR "autoRenewalCanceled",
    ACME_ERROR "autoRenewalExpired",
    ACME_ERROR "autoRenewalCancellationInvalid",
    ACME_ERROR "autoRenewalRevocationNotSupported",
    ACME_ERROR "unknownDelegation",
    ACME_ERROR "onionCAARequired",
    ACME_ERROR "badAttestationStatement",
    ACME_ERROR "conflict",
    EAB_PROBLEM_CA_UNREACHABLE,
    EAB_PROBLEM_CA_UNTRUSTED,
    EAB_PROBLEM_PROXY_UNTRUSTED,
    EAB_PROBLEM_CA_ANSWER,
    EAB_PROBLEM_NONCE_LOOP,
    EAB_PROBLEM_TERMS,
    EAB_PROBLEM_EAB_MISSING,
    EAB_PROBLEM_EAB_KEY,
    EAB_PROBLEM_ACCOUNT_STATUS,
    EAB_PROBLEM_NO_CHALLENGE,
    EAB_PROBLEM_TOKEN,
    EAB_PROBLEM_VALIDATION,
    EAB_PROBLEM_ORDER_INVALID,
    EAB_PROBLEM_ORDER_CHANGED,
    EAB_PROBLEM_ORDER_LOST,
    EAB_PROBLEM_CHAIN,
    EAB_PROBLEM_NAME_DROPPED,
    EAB_PROBLEM_FEWER_NAMES,
    EAB_PROBLEM_ACCOUNT_PENDING,
    EAB_PROBLEM_STORE,
    EAB_PROBLEM_ANSWER_FILE,
    EAB_PROBLEM_REVOKED,
    EAB_PROBLEM_INTERNAL,
};

static void knows_every_type_at_every_place(void **state)
{
    int place;
    size_t i;

    for (i = 0; i < sizeof(all_types) / sizeof(all_types[0]); ++i) {
        for (place = PROBLEM_ANYWHERE; place <= PROBLEM_AT_DIRECTORY; ++place) {
            problem_facts_t facts = { (problem_place_t)place, 0, NULL, NULL, NULL };
            const problem_row_t *row = problem_find(problem_of(*state, all_types[i]), &facts);

            assert_non_null(row->type);
            assert_string_equal(row->type, all_types[i]);
        }
    }
}

static void gives_good_advice_in_every_row(void **state)
{
    int count = 0;
    const problem_row_t *row = problem_table(&count);
    int i;

    (void)state;
    assert_true(count > 50);
    for (i = 0; i < count; ++i, ++row) {
        const char *mark = row->advice;

        assert_true(strlen(row->advice) > 40 && strlen(row->advice) < 400);
        assert_false(islower((unsigned char)row->advice[0]));
        /* One sentence. */
        assert_int_equal(row->advice[strlen(row->advice) - 1], '.');
        assert_null(strstr(row->advice, ". "));
        assert_null(strstr(row->advice, "  "));
        while ((mark = strchr(mark, '%')) != NULL) {
            assert_true(strchr("nhrk", mark[1]) != NULL);
            mark += 2;
        }
    }
}

/* Each row but the last is what its own type and place find. */
static void has_no_row_in_vain(void **state)
{
    int count = 0;
    const problem_row_t *rows = problem_table(&count);
    problem_facts_t nothing = { PROBLEM_ANYWHERE, 0, NULL, NULL, NULL };
    int i;

    for (i = 0; i < count - 1; ++i) {
        problem_facts_t facts = { rows[i].place, rows[i].facts, NULL, NULL, NULL };

        assert_ptr_equal(problem_find(problem_of(*state, rows[i].type), &facts), &rows[i]);
    }
    assert_null(rows[count - 1].type);
    assert_ptr_equal(problem_find(problem_of(*state, NULL), &nothing), &rows[count - 1]);
}

static void tells_unauthorized_apart_by_its_place(void **state)
{
    const char *type = ACME_ERROR "unauthorized";

    assert_non_null(strstr(advice_at(*state, type, PROBLEM_AT_ACCOUNT), "ACMEEABKey"));
    assert_int_equal(class_at(*state, type, PROBLEM_AT_ACCOUNT), RETRY_CONFIGURATION);
    assert_non_null(strstr(advice_at(*state, type, PROBLEM_AT_ORDER), "delegated"));
    assert_int_equal(class_at(*state, type, PROBLEM_AT_ORDER), RETRY_VALIDATION);
    assert_non_null(strstr(advice_at(*state, type, PROBLEM_AT_CHALLENGE), "acme-challenge"));
    assert_int_equal(class_at(*state, type, PROBLEM_AT_CHALLENGE), RETRY_VALIDATION);
    assert_int_equal(class_at(*state, type, PROBLEM_ANYWHERE), RETRY_CONFIGURATION);
}

static void advises_what_to_do(void **state)
{
    static const struct {
        const char *type;
        problem_place_t place;
        const char *word;
        retry_class_t class;
    } rows[] = {
        { ACME_ERROR "malformed", PROBLEM_AT_ACCOUNT, "ACMEEABKid", RETRY_CONFIGURATION },
        { ACME_ERROR "externalAccountRequired", PROBLEM_AT_ACCOUNT, "ACMEContact",
          RETRY_CONFIGURATION },
        { ACME_ERROR "connection", PROBLEM_AT_CHALLENGE, "IPv6", RETRY_VALIDATION },
        { ACME_ERROR "badCSR", PROBLEM_AT_ORDER, "ACMECommonName", RETRY_CONFIGURATION },
        { ACME_ERROR "rateLimited", PROBLEM_AT_ORDER, "limit", RETRY_LIMITED },
        { ACME_ERROR "serverInternal", PROBLEM_AT_ORDER, "ca.example", RETRY_TRANSIENT },
        { EAB_PROBLEM_NO_CHALLENGE, PROBLEM_AT_ORDER, "ACMEChallenge", RETRY_VALIDATION },
        { EAB_PROBLEM_CA_UNTRUSTED, PROBLEM_ANYWHERE, "ACMECACertificateFile",
          RETRY_CONFIGURATION },
        { EAB_PROBLEM_PROXY_UNTRUSTED, PROBLEM_ANYWHERE, "ACMEProxy", RETRY_CONFIGURATION },
        { EAB_PROBLEM_CA_UNREACHABLE, PROBLEM_ANYWHERE, "ACMEProxy", RETRY_TRANSIENT },
        { EAB_PROBLEM_TERMS, PROBLEM_AT_ACCOUNT, "ACMETermsOfService", RETRY_CONFIGURATION },
        { EAB_PROBLEM_EAB_MISSING, PROBLEM_AT_ACCOUNT, "ACMEEABKid", RETRY_CONFIGURATION },
        { EAB_PROBLEM_EAB_KEY, PROBLEM_AT_ACCOUNT, "ACMEEABKey", RETRY_CONFIGURATION },
        { EAB_PROBLEM_CHAIN, PROBLEM_AT_ORDER, "not installed", RETRY_CONFIGURATION },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        assert_non_null(strstr(advice_at(*state, rows[i].type, rows[i].place), rows[i].word));
        assert_int_equal(class_at(*state, rows[i].type, rows[i].place), rows[i].class);
    }
}

/* What each type leads to, where it comes from: how it is tried again, and a word of the advice. */
static void answers_each_type_where_it_happens(void **state)
{
    static const struct {
        const char *type;
        problem_place_t place;
        retry_class_t class;
        const char *word;
    } rows[] = {
        { "accountDoesNotExist", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "registered" },
        { "badCSR", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "ACMEKeyType" },
        { "badNonce", PROBLEM_AT_ORDER, RETRY_TRANSIENT, "repeat" },
        { "badPublicKey", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION, "account key" },
        { "badPublicKey", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "ACMEKeyType" },
        { "badSignatureAlgorithm", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION, "ACMEEABAlg" },
        { "badSignatureAlgorithm", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "ES256" },
        { "caa", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "CAA" },
        { "caa", PROBLEM_AT_ORDER, RETRY_VALIDATION, "CAA" },
        { "compound", PROBLEM_AT_ORDER, RETRY_TRANSIENT, "several" },
        { "connection", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "port 80" },
        { "dns", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "look up" },
        { "externalAccountRequired", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION, "ACMEContact" },
        { "incorrectResponse", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "acme-challenge" },
        { "invalidContact", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION, "ACMEContact" },
        { "malformed", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION, "ACMEEABKid" },
        { "malformed", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "names" },
        { "malformed", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "its words" },
        { "orderNotReady", PROBLEM_AT_ORDER, RETRY_TRANSIENT, "again" },
        { "rateLimited", PROBLEM_AT_ORDER, RETRY_LIMITED, "limit" },
        { "rejectedIdentifier", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "remove" },
        { "serverInternal", PROBLEM_AT_ORDER, RETRY_TRANSIENT, "by itself" },
        { "tls", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "redirect" },
        { "unauthorized", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION, "ACMEEABKey" },
        { "unauthorized", PROBLEM_AT_ORDER, RETRY_VALIDATION, "deactivated" },
        { "unauthorized", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "acme-challenge" },
        { "unsupportedContact", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION, "ACMEContact" },
        { "unsupportedIdentifier", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "ACMEManagedDomain" },
        { "userActionRequired", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "terms of service" },
        { "alreadyReplaced", PROBLEM_AT_ORDER, RETRY_TRANSIENT, "replaced" },
        { "invalidProfile", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "profile" },
        { "autoRenewalCanceled", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "STAR" },
        { "autoRenewalExpired", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "STAR" },
        { "autoRenewalCancellationInvalid", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "STAR" },
        { "autoRenewalRevocationNotSupported", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "STAR" },
        { "unknownDelegation", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "delegation" },
        { "onionCAARequired", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, ".onion" },
        { "badAttestationStatement", PROBLEM_AT_CHALLENGE, RETRY_CONFIGURATION, "device" },
        { "conflict", PROBLEM_AT_ORDER, RETRY_TRANSIENT, "earlier request" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const char *type = apr_pstrcat(*state, ACME_ERROR, rows[i].type, NULL);

        assert_int_equal(class_at(*state, type, rows[i].place), rows[i].class);
        assert_non_null(strstr(advice_at(*state, type, rows[i].place), rows[i].word));
    }
}

static void goes_by_http_status_where_the_type_is_unknown(void **state)
{
    static const struct {
        int status;
        retry_class_t class;
    } rows[] = {
        { 0, RETRY_TRANSIENT },       { 408, RETRY_TRANSIENT },     { 429, RETRY_LIMITED },
        { 500, RETRY_TRANSIENT },     { 503, RETRY_TRANSIENT },     { 599, RETRY_TRANSIENT },
        { 400, RETRY_CONFIGURATION }, { 403, RETRY_CONFIGURATION }, { 404, RETRY_CONFIGURATION },
        { 200, RETRY_CONFIGURATION },
    };
    static const char *const types[] = { NULL,
                                         "about:blank",
                                         "",
                                         "urn:sectigo:params:acme:error:odd",
                                         ACME_ERROR "unheardOf",
                                         ACME_ERROR "MALFORMED" };
    size_t i, t;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        for (t = 0; t < sizeof(types) / sizeof(types[0]); ++t) {
            eab_result_t *problem = problem_of(*state, types[t]);

            problem->http_status = rows[i].status;
            assert_int_equal(classify(problem, PROBLEM_AT_ORDER), rows[i].class);
        }
    }
}

static void prefers_the_type_to_the_status(void **state)
{
    eab_result_t *problem = problem_of(*state, ACME_ERROR "rejectedIdentifier");

    problem->http_status = 503;
    assert_int_equal(classify(problem, PROBLEM_AT_ORDER), RETRY_CONFIGURATION);
}

static eab_result_t *compound(apr_pool_t *p, const char *subproblems)
{
    eab_result_t *problem = problem_of(p, ACME_ERROR "compound");

    problem->http_status = 400;
    problem->subproblems = json_parse(p, subproblems, strlen(subproblems), NULL);
    assert_non_null(problem->subproblems);
    return problem;
}

static void takes_the_least_retryable_of_several(void **state)
{
    static const struct {
        const char *subproblems;
        retry_class_t class;
    } rows[] = {
        { "[]", RETRY_TRANSIENT },
        { "[{\"type\":\"" ACME_ERROR "serverInternal\"}]", RETRY_TRANSIENT },
        { "[{\"type\":\"" ACME_ERROR "rateLimited\"},{\"type\":\"" ACME_ERROR "serverInternal\"}]",
          RETRY_LIMITED },
        { "[{\"type\":\"" ACME_ERROR "caa\"},{\"type\":\"" ACME_ERROR "rateLimited\"}]",
          RETRY_VALIDATION },
        { "[{\"type\":\"" ACME_ERROR "dns\"},{\"type\":\"" ACME_ERROR "rejectedIdentifier\"}]",
          RETRY_CONFIGURATION },
        { "[{\"type\":\"urn:odd\",\"status\":403}]", RETRY_CONFIGURATION },
        { "[1,null,\"x\",[],{\"type\":7,\"status\":\"x\"}]", RETRY_TRANSIENT },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
        assert_int_equal(classify(compound(*state, rows[i].subproblems), PROBLEM_AT_ORDER),
                         rows[i].class);
}

static void keeps_its_own_class_beside_subproblems(void **state)
{
    eab_result_t *problem = compound(*state, "[{\"type\":\"" ACME_ERROR "serverInternal\"}]");

    problem->type = ACME_ERROR "rejectedIdentifier";
    assert_int_equal(classify(problem, PROBLEM_AT_ORDER), RETRY_CONFIGURATION);
}

static void fills_in_the_names(void **state)
{
    eab_result_t *problem = problem_of(*state, ACME_ERROR "dns");

    problem->identifier = "www.example.edu";
    assert_non_null(strstr(advise(*state, problem, PROBLEM_AT_CHALLENGE, NULL, NULL),
                           "could not look up www.example.edu in"));
    problem->identifier = NULL;
    assert_non_null(strstr(advise(*state, problem, PROBLEM_AT_CHALLENGE, NULL, NULL),
                           "could not look up the names of the certificate in"));
}

static void fills_in_the_names_of_subproblems(void **state)
{
    const char *advice =
        advise(*state,
               compound(*state, "[{\"identifier\":{\"value\":\"a.edu\"}},{\"identifier\":7},{},"
                                "{\"identifier\":{\"value\":\"b.edu\"}},"
                                "{\"identifier\":{\"value\":\"a.edu\"}}]"),
               PROBLEM_AT_ORDER, NULL, NULL);

    assert_non_null(strstr(advice, "(a.edu, b.edu)"));
    advice = advise(
        *state,
        compound(*state, "[{\"identifier\":{\"value\":\"1\"}},{\"identifier\":{\"value\":\"2\"}},"
                         "{\"identifier\":{\"value\":\"3\"}},{\"identifier\":{\"value\":\"4\"}},"
                         "{\"identifier\":{\"value\":\"5\"}},{\"identifier\":{\"value\":\"6\"}},"
                         "{\"identifier\":{\"value\":\"7\"}}]"),
        PROBLEM_AT_ORDER, NULL, NULL);
    assert_non_null(strstr(advice, "(1, 2, 3, 4, 5, ...)"));
}

static void advises_for_each_type_of_a_compound_problem(void **state)
{
    const char *advice = advise(
        *state,
        compound(*state, "[{\"type\":\"" ACME_ERROR "caa\",\"identifier\":{\"value\":\"a.edu\"}},"
                         "{\"type\":\"" ACME_ERROR
                         "dns\",\"identifier\":{\"value\":\"b.edu\"}},{\"type\":7},"
                         "{\"type\":\"" ACME_ERROR "caa\",\"identifier\":{\"value\":\"c.edu\"}}]"),
        PROBLEM_AT_ORDER, NULL, NULL);

    assert_non_null(strstr(advice, "A CAA record in the DNS of a.edu, c.edu or"));
    assert_non_null(strstr(advice, " The CA could not look up b.edu in"));
    assert_null(strstr(strstr(advice, "CAA record") + 1, "CAA record"));
}

static void names_the_certificate_when_the_problem_names_none(void **state)
{
    eab_result_t *problem = problem_of(*state, ACME_ERROR "rejectedIdentifier");
    apr_array_header_t *names = apr_array_make(*state, 4, sizeof(const char *));

    assert_non_null(strstr(advise(*state, problem, PROBLEM_AT_ORDER, NULL, names),
                           "issue for the names of the certificate with"));
    APR_ARRAY_PUSH(names, const char *) = "a.edu";
    assert_non_null(
        strstr(advise(*state, problem, PROBLEM_AT_ORDER, NULL, names), "issue for a.edu with"));
    APR_ARRAY_PUSH(names, const char *) = "b.edu";
    APR_ARRAY_PUSH(names, const char *) = "c.edu";
    assert_non_null(strstr(advise(*state, problem, PROBLEM_AT_ORDER, NULL, names),
                           "issue for a.edu, b.edu, c.edu with"));
    APR_ARRAY_PUSH(names, const char *) = "d.edu";
    APR_ARRAY_PUSH(names, const char *) = "e.edu";
    assert_non_null(strstr(advise(*state, problem, PROBLEM_AT_ORDER, NULL, names),
                           "issue for a.edu, b.edu, c.edu and 2 more with"));
    problem->identifier = "e.edu";
    assert_non_null(
        strstr(advise(*state, problem, PROBLEM_AT_ORDER, NULL, names), "issue for e.edu with"));
}

static void escapes_remote_names(void **state)
{
    eab_result_t *problem = problem_of(*state, ACME_ERROR "dns");
    const char *advice;

    problem->identifier = "a\n%h%n";
    advice = advise(*state, problem, PROBLEM_AT_CHALLENGE, "ca.example", NULL);
    assert_non_null(strstr(advice, "look up a\\x0a%h%n in"));
    problem = compound(*state, "[{\"identifier\":{\"value\":\"\\u001b\"}}]");
    problem->type = ACME_ERROR "dns";
    advice = advise(*state, problem, PROBLEM_AT_CHALLENGE, "ca.example", NULL);
    assert_non_null(strstr(advice, "look up \\x1b in"));
}

static void names_the_host_or_the_directive(void **state)
{
    eab_result_t *problem = problem_of(*state, EAB_PROBLEM_CA_UNREACHABLE);

    assert_non_null(strstr(advise(*state, problem, PROBLEM_ANYWHERE, "ca.example", NULL),
                           "the CA at ca.example:"));
    assert_non_null(
        strstr(advise(*state, problem, PROBLEM_ANYWHERE, NULL, NULL), "the CA at ACMEServer:"));
}

/* ---- the cause decides ---- */

/* What the sentence must say, and what it must not, for each situation that was seen in the field
 * and its neighbours. detail NULL: of no consequence. */
typedef struct situation {
    const char *what;
    const char *type;
    const char *detail;
    apr_status_t rv;
    int http_status;
    problem_place_t place;
    facts_t known;
    const char *says;
    const char *not_says;
} situation_t;

#define AT_CA ACME_ERROR
#define CHALLENGE PROBLEM_AT_CHALLENGE

static const situation_t situations[] = {
    /* the file system */
    { "store, disk full", EAB_PROBLEM_STORE, NULL, ENOSPC, 0, 0, 0, "is full", "read-only" },
    { "store, read-only", EAB_PROBLEM_STORE, NULL, EROFS, 0, 0, 0, "read-only", "full" },
    { "store, forbidden", EAB_PROBLEM_STORE, NULL, EACCES, 0, 0, 0, "SELinux", "full" },
    { "store, forbidden by capability", EAB_PROBLEM_STORE, NULL, EPERM, 0, 0, 0, "owner", "full" },
    { "store, quota", EAB_PROBLEM_STORE, NULL, EDQUOT, 0, 0, 0, "quota", "read-only" },
    { "store, gone", EAB_PROBLEM_STORE, NULL, ENOENT, 0, 0, 0, "has gone", "full" },
    { "store, bad disk", EAB_PROBLEM_STORE, NULL, EIO, 0, 0, 0, "disk checked", "full" },
    { "store, damaged", EAB_PROBLEM_STORE, NULL, EINVAL, 0, 0, 0, "backup", "disk" },
    { "store, in use", EAB_PROBLEM_STORE, NULL, EBUSY, 0, 0, 0, "each httpd", "disk" },
    { "store, else", EAB_PROBLEM_STORE, NULL, EMFILE, 0, 0, 0, "reason", "full" },
    { "answer, disk full", EAB_PROBLEM_ANSWER_FILE, NULL, ENOSPC, 0, CHALLENGE, 0, "is full",
      "may not write" },
    { "answer, forbidden", EAB_PROBLEM_ANSWER_FILE, NULL, EACCES, 0, CHALLENGE, 0, "ACMEUser",
      "full" },
    { "answer, read-only", EAB_PROBLEM_ANSWER_FILE, NULL, EROFS, 0, CHALLENGE, 0, "read-only",
      "full" },
    { "answer, quota", EAB_PROBLEM_ANSWER_FILE, NULL, EDQUOT, 0, CHALLENGE, 0, "quota", "full" },
    { "answer, directory gone", EAB_PROBLEM_ANSWER_FILE, NULL, ENOENT, 0, CHALLENGE, 0, "cleaner",
      "full" },
    { "answer, bad disk", EAB_PROBLEM_ANSWER_FILE, NULL, EIO, 0, CHALLENGE, 0, "disk checked",
      "full" },
    /* programs */
    { "key program, slow", EAB_PROBLEM_EAB_KEY, NULL, APR_TIMEUP, 0, PROBLEM_AT_ACCOUNT, FACT_EAB,
      "too long", "signal" },
    { "key file missing", EAB_PROBLEM_EAB_KEY, NULL, ENOENT, 0, PROBLEM_AT_ACCOUNT, FACT_EAB,
      "nothing at the place", "signal" },
    { "key file open to all", EAB_PROBLEM_EAB_KEY, NULL, EACCES, 0, PROBLEM_AT_ACCOUNT, FACT_EAB,
      "0600", "signal" },
    { "the old one is there", EAB_PROBLEM_CHAIN, "x", APR_EINVAL, 0, PROBLEM_AT_ORDER,
      FACT_HAS_CERTIFICATE, "the old one stays in use", "another key" },
    { "there is no old one", EAB_PROBLEM_CHAIN, "x", APR_EINVAL, 0, PROBLEM_AT_ORDER, 0,
      "not installed", "old one" },
    /* validation */
    { "http-01, asked", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01 | FACT_ASKED_HERE, "gave the right answer", "never asked" },
    { "http-01, not asked", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01 | FACT_NOT_ASKED, "never asked", "right answer" },
    { "http-01, unknown", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE, FACT_HTTP_01,
      "acme-challenge", "never asked" },
    { "http-01, other answer, asked", AT_CA "incorrectResponse", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01 | FACT_ASKED_HERE, "gave the right answer", "never asked" },
    { "http-01, other answer, not asked", AT_CA "incorrectResponse", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01 | FACT_NOT_ASKED, "never asked", "right answer" },
    { "http-01, other answer, elsewhere", AT_CA "incorrectResponse", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01 | FACT_NOT_ASKED | FACT_ELSEWHERE, "none of this machine's", "right answer" },
    { "http-01, other answer, unknown", AT_CA "incorrectResponse", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01, "an old DNS record", "never asked" },
    { "other answer, unknown", AT_CA "incorrectResponse", NULL, 0, 403, CHALLENGE, 0,
      "nothing before it", "well-known" },
    { "no proof, unknown", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE, 0, "nothing before it",
      "well-known" },
    { "not reached, unknown", AT_CA "connection", NULL, 0, 400, CHALLENGE, 0, "lets it in",
      "port" },
    { "http-01, redirect to broken TLS", AT_CA "tls", NULL, 0, 400, CHALLENGE, FACT_HTTP_01,
      "redirect", "port 443" },
    { "TLS, unknown", AT_CA "tls", NULL, 0, 400, CHALLENGE, 0, "port 443", "redirect" },
    { "dns-01, TLS", AT_CA "tls", NULL, 0, 400, CHALLENGE, FACT_DNS, "by DNS", "port 443" },
    { "http-01, no reason", EAB_PROBLEM_VALIDATION, NULL, 0, 0, CHALLENGE, FACT_HTTP_01, "port 80",
      "port 443" },
    { "lost without a challenge", EAB_PROBLEM_VALIDATION, NULL, 0, 0, CHALLENGE, 0,
      "still validated", "port" },
    { "no address here, tls-alpn, no reason", EAB_PROBLEM_VALIDATION, NULL, 0, 0, CHALLENGE,
      FACT_TLS_ALPN_01 | FACT_NO_ADDRESS, "finds no address", "port 80" },
    { "looked up in vain", AT_CA "dns", NULL, 0, 400, CHALLENGE, FACT_HTTP_01, "DNSSEC",
      "no address" },
    { "dns-persist-01, no record", EAB_PROBLEM_PERSIST, NULL, 0, 0, CHALLENGE,
      FACT_DNS | FACT_DNS_PERSIST, "publish it", "ACMEDNSCommand" },
    { "dns-01, wrong record", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE, FACT_DNS,
      "_acme-challenge.", "port 80" },
    { "dns-01, wrong value", AT_CA "incorrectResponse", NULL, 0, 403, CHALLENGE, FACT_DNS,
      "ACMEDNSCommand", "well-known" },
    { "dns-01, name servers", AT_CA "connection", NULL, 0, 400, CHALLENGE, FACT_DNS, "name servers",
      "port 80" },
    { "dns-01, no reason", EAB_PROBLEM_VALIDATION, NULL, 0, 0, CHALLENGE, FACT_DNS,
      "_acme-challenge.", "port 80" },
    { "tls-alpn-01, wrong", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE, FACT_TLS_ALPN_01,
      "port 443", "port 80" },
    { "tls-alpn-01, wrong certificate", AT_CA "incorrectResponse", NULL, 0, 403, CHALLENGE,
      FACT_TLS_ALPN_01, "port 443", "port 80" },
    { "tls-alpn-01, closed", AT_CA "connection", NULL, 0, 400, CHALLENGE, FACT_TLS_ALPN_01,
      "port 443", "port 80" },
    { "tls-alpn-01, ended before", AT_CA "tls", NULL, 0, 400, CHALLENGE, FACT_TLS_ALPN_01,
      "acme-tls/1", "port 80" },
    { "tls-alpn-01, no reason", EAB_PROBLEM_VALIDATION, NULL, 0, 0, CHALLENGE, FACT_TLS_ALPN_01,
      "port 443", "port 80" },
    { "http-01, closed", AT_CA "connection", NULL, 0, 400, CHALLENGE, FACT_HTTP_01, "port 80",
      "port 443" },
    { "http-01, closed to some", AT_CA "connection", NULL, 0, 400, CHALLENGE,
      FACT_HTTP_01 | FACT_ASKED_HERE, "not from all", "port 443" },
    { "no address, by connection", AT_CA "connection", "dial tcp: lookup a.example: no such host",
      0, 400, CHALLENGE, FACT_HTTP_01, "no address", "firewall" },
    { "no address, by dns", AT_CA "dns", "DNS problem: NXDOMAIN looking up A for a.example", 0, 400,
      CHALLENGE, FACT_HTTP_01, "no address", "DNSSEC" },
    { "no address, by unauthorized", AT_CA "unauthorized", "No valid IP addresses found for a", 0,
      403, CHALLENGE, FACT_HTTP_01, "no address", "proxy" },
    { "no address, other words", AT_CA "connection", "Could not resolve host a.example", 0, 400,
      CHALLENGE, FACT_HTTP_01, "no address", "firewall" },
    { "no address here either", AT_CA "connection", "Timeout", 0, 400, CHALLENGE,
      FACT_HTTP_01 | FACT_NOT_ASKED | FACT_NO_ADDRESS, "finds no address", "port 443" },
    { "no address here, in the words of dns", AT_CA "dns", NULL, 0, 400, CHALLENGE,
      FACT_HTTP_01 | FACT_NO_ADDRESS, "finds no address", "DNSSEC" },
    { "no address here, but a page there", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01 | FACT_NOT_ASKED | FACT_NO_ADDRESS, "never asked", "finds no address" },
    { "no address here, tls-alpn", AT_CA "connection", NULL, 0, 400, CHALLENGE,
      FACT_TLS_ALPN_01 | FACT_NO_ADDRESS, "finds no address", "port 80" },
    { "no address here, no reason", EAB_PROBLEM_VALIDATION, NULL, 0, 0, CHALLENGE,
      FACT_HTTP_01 | FACT_NO_ADDRESS, "finds no address", "port 443" },
    { "elsewhere, closed", AT_CA "connection", NULL, 0, 400, CHALLENGE,
      FACT_HTTP_01 | FACT_ELSEWHERE, "none of this machine's", "port 443" },
    { "elsewhere, tls closed", AT_CA "connection", NULL, 0, 400, CHALLENGE,
      FACT_TLS_ALPN_01 | FACT_ELSEWHERE, "none of this machine's", "port 80" },
    { "elsewhere, another page", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01 | FACT_NOT_ASKED | FACT_ELSEWHERE, "none of this machine's", "right answer" },
    { "elsewhere, but asked here", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE,
      FACT_HTTP_01 | FACT_ASKED_HERE | FACT_ELSEWHERE, "gave the right answer", "none of" },
    { "dns-persist-01, not accepted", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE,
      FACT_DNS | FACT_DNS_PERSIST, "_validation-persist.", "ACMEDNSCommand" },
    { "dns-persist-01, wrong", AT_CA "incorrectResponse", NULL, 0, 403, CHALLENGE,
      FACT_DNS | FACT_DNS_PERSIST, "persistUntil", "well-known" },
    { "dns-persist-01, name servers", AT_CA "dns", NULL, 0, 400, CHALLENGE,
      FACT_DNS | FACT_DNS_PERSIST, "_validation-persist.", "_acme-challenge" },
    { "dns-persist-01, no reason", EAB_PROBLEM_VALIDATION, NULL, 0, 0, CHALLENGE,
      FACT_DNS | FACT_DNS_PERSIST, "lasting record", "port 80" },
    { "dns-account-01, wrong record", AT_CA "unauthorized", NULL, 0, 403, CHALLENGE,
      FACT_DNS | FACT_DNS_ACCOUNT, "ACMEDNSCommand", "port 80" },
    { "only dns-persist offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE,
      FACT_OFFERS_DNS | FACT_OFFERS_DNS_PERSIST, "dns-persist-01", "ACMEDNSCommand" },
    { "only dns-account offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE,
      FACT_OFFERS_DNS_ACCOUNT, "dns-account-01", "dns-01" },
    { "lapsed, dns-persist offered", EAB_PROBLEM_LAPSED, NULL, 0, 0, CHALLENGE,
      FACT_OFFERS_HTTP_01 | FACT_OFFERS_DNS_PERSIST, "dns-persist-01", "port 80" },
    { "lapsed, dns-account offered", EAB_PROBLEM_LAPSED, NULL, 0, 0, CHALLENGE,
      FACT_OFFERS_DNS_ACCOUNT, "dns-account-01", "in advance" },
    /* on the way to the CA */
    { "a web server refuses", NULL, "403 Forbidden", 0, 403, PROBLEM_AT_ORDER, FACT_FOREIGN,
      "has not heard", "names" },
    { "a web server redirects", NULL, "307", 0, 307, PROBLEM_AT_ACCOUNT, FACT_FOREIGN | FACT_EAB,
      "has not heard", "EAB" },
    { "the CA refuses", NULL, "403 Forbidden", 0, 403, PROBLEM_AT_ORDER, 0, "its words", "proxy" },
    { "a web server is out of order", NULL, "502", 0, 502, PROBLEM_AT_ORDER, FACT_FOREIGN,
      "in its place", "port 443" },
    { "a limit at the door", NULL, "429", 0, 429, PROBLEM_AT_ORDER, FACT_FOREIGN, "more slowly",
      "an hour" },
    { "a page for a directory", NULL, "404", 0, 404, PROBLEM_AT_DIRECTORY, FACT_FOREIGN | FACT_EAB,
      "is a web server", "EAB" },
    { "garbled on the way", EAB_PROBLEM_CA_ANSWER, NULL, 0, 200, PROBLEM_AT_ORDER, FACT_FOREIGN,
      "on the way", "letter by letter" },
    { "garbled validation", EAB_PROBLEM_CA_ANSWER, NULL, 0, 200, CHALLENGE, FACT_FOREIGN,
      "on the way", "letter by letter" },
    { "no directory in it", EAB_PROBLEM_CA_ANSWER, NULL, 0, 200, PROBLEM_AT_DIRECTORY, 0,
      "letter by letter", "on the way" },
    { "cut off", EAB_PROBLEM_CA_UNREACHABLE, NULL, APR_EOF, 0, PROBLEM_AT_ORDER, 0,
      "before the answer was complete", "port 443" },
    { "forbidden here", EAB_PROBLEM_CA_UNREACHABLE, NULL, EACCES, 0, PROBLEM_AT_ORDER, 0, "SELinux",
      "DNS" },
    { "not reached", EAB_PROBLEM_CA_UNREACHABLE, NULL, APR_EGENERAL, 0, PROBLEM_AT_ORDER, 0,
      "port 443", "complete" },
    { "wildcard, dns offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE,
      FACT_WILDCARD | FACT_OFFERS_DNS, "dns-01", "http-01" },
    { "wildcard, no dns offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE, FACT_WILDCARD,
      "does not offer", "port 80" },
    { "only dns offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE, FACT_OFFERS_DNS,
      "ACMEDNSCommand", "port 80" },
    { "only tls-alpn offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE,
      FACT_OFFERS_TLS_ALPN_01, "port 443", "port 80" },
    { "nothing of use offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE, 0, "in advance",
      "ACMEChallenge" },
    { "wildcard, dns-account offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE,
      FACT_WILDCARD | FACT_OFFERS_DNS_ACCOUNT, "by DNS alone", "does not offer" },
    { "only http-01 offered", EAB_PROBLEM_NO_CHALLENGE, NULL, 0, 0, CHALLENGE, FACT_OFFERS_HTTP_01,
      "ACMEChallenge http-01", "port 443" },
    { "lapsed, http-01 offered", EAB_PROBLEM_LAPSED, NULL, 0, 0, CHALLENGE, FACT_OFFERS_HTTP_01,
      "ACMEChallenge http-01", "port 443" },
    { "lapsed, tls-alpn offered", EAB_PROBLEM_LAPSED, NULL, 0, 0, CHALLENGE,
      FACT_OFFERS_TLS_ALPN_01, "ACMEChallenge tls-alpn-01", "port 80" },
    { "lapsed, dns-01 offered", EAB_PROBLEM_LAPSED, NULL, 0, 0, CHALLENGE, FACT_OFFERS_DNS,
      "ACMEChallenge dns-01", "port" },
    { "lapsed, wildcard", EAB_PROBLEM_LAPSED, NULL, 0, 0, CHALLENGE,
      FACT_WILDCARD | FACT_OFFERS_DNS, "as a wildcard needs", "port" },
    { "lapsed, only dns offered", EAB_PROBLEM_LAPSED, NULL, 0, 0, CHALLENGE, FACT_OFFERS_DNS,
      "has lapsed", "port 80" },
    { "lapsed, nothing offered", EAB_PROBLEM_LAPSED, NULL, 0, 0, CHALLENGE, 0, "has lapsed",
      "ACMEChallenge" },
    /* the account */
    { "wrong path", AT_CA "malformed", "Page not found", 0, 404, PROBLEM_AT_DIRECTORY, FACT_EAB,
      "letter by letter", "EAB" },
    { "wrong path, refused", AT_CA "unauthorized", "no", 0, 403, PROBLEM_AT_DIRECTORY, FACT_EAB,
      "letter by letter", "EAB" },
    { "wrong path, no type", NULL, "no", 0, 404, PROBLEM_AT_DIRECTORY, FACT_EAB, "letter by letter",
      "EAB" },
    { "busy directory", NULL, "no", 0, 429, PROBLEM_AT_DIRECTORY, FACT_EAB, "busy", "letter" },
    { "EAB not asked for", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_AT_ACCOUNT,
      FACT_EAB | FACT_EAB_UNASKED, "remove ACMEEABKid", "compare" },
    { "EAB not asked for, malformed", AT_CA "malformed", NULL, 0, 400, PROBLEM_AT_ACCOUNT,
      FACT_EAB | FACT_EAB_UNASKED, "remove ACMEEABKid", "compare" },
    { "EAB not taken", AT_CA "malformed", NULL, 0, 400, PROBLEM_AT_ACCOUNT, FACT_EAB, "compare",
      "used already" },
    { "EAB used up", AT_CA "malformed", "not awaiting external account binding", 0, 400,
      PROBLEM_AT_ACCOUNT, FACT_EAB, "used already", "remove" },
    { "EAB used up, other words", AT_CA "malformed", "This key ID has already been used", 0, 400,
      PROBLEM_AT_ACCOUNT, FACT_EAB, "used already", "remove" },
    { "EAB wrong", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_AT_ACCOUNT, FACT_EAB, "HMAC key",
      "deactivated" },
    { "not registered, no EAB", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_AT_ACCOUNT, FACT_NO_EAB,
      "whether it wants External", "compare" },
    { "EAB at another host", EAB_PROBLEM_EAB_HOST, NULL, 0, 0, PROBLEM_AT_ACCOUNT, FACT_EAB,
      "at the host that registers", "HMAC" },
    { "EAB a second time in a day", EAB_PROBLEM_EAB_USED, NULL, 0, 0, PROBLEM_AT_ACCOUNT, FACT_EAB,
      "once a day", "new EAB" },
    { "deactivated with EAB", EAB_PROBLEM_ACCOUNT_STATUS, NULL, 0, 0, PROBLEM_AT_ACCOUNT, FACT_EAB,
      "new EAB credentials", "delegated" },
    { "refused elsewhere, EAB", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_ANYWHERE, FACT_EAB,
      "EAB credentials", "HMAC" },
    { "refused elsewhere, no EAB", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_ANYWHERE,
      FACT_NO_EAB, "was deactivated", "EAB" },
    { "not delegated, or deactivated, no EAB", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_AT_ORDER,
      FACT_NO_EAB, "may not have the names", "EAB" },
    { "lost with EAB", AT_CA "accountDoesNotExist", NULL, 0, 400, PROBLEM_AT_ORDER, FACT_EAB,
      "new EAB credentials", "operator" },
    { "EAB demanded and none", AT_CA "externalAccountRequired", NULL, 0, 403, PROBLEM_AT_ACCOUNT,
      FACT_NO_EAB, "get a key id", "compare" },
    { "EAB demanded and refused", AT_CA "externalAccountRequired", NULL, 0, 403, PROBLEM_AT_ACCOUNT,
      FACT_EAB, "compare", "get a key id" },
    { "algorithm of the binding", AT_CA "badSignatureAlgorithm", NULL, 0, 400, PROBLEM_AT_ACCOUNT,
      FACT_EAB, "ACMEEABAlg", "tell the CA" },
    { "algorithm of the account", AT_CA "badSignatureAlgorithm", NULL, 0, 400, PROBLEM_AT_ACCOUNT,
      FACT_NO_EAB, "tell the CA", "ACMEEABAlg" },
    { "malformed without EAB", AT_CA "malformed", NULL, 0, 400, PROBLEM_AT_ACCOUNT, FACT_NO_EAB,
      "ACMEContact", "EAB" },
    { "lost without EAB", AT_CA "accountDoesNotExist", NULL, 0, 400, PROBLEM_AT_ORDER, FACT_NO_EAB,
      "ACMEServer", "EAB" },
    { "deactivated without EAB", EAB_PROBLEM_ACCOUNT_STATUS, NULL, 0, 0, PROBLEM_AT_ACCOUNT,
      FACT_NO_EAB, "activate it again", "EAB" },
    { "not delegated, or deactivated", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_AT_ORDER,
      FACT_EAB, "(or not yet) delegated", "knows this account" },
    { "not delegated", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_AT_ORDER,
      FACT_ACCOUNT_VALID | FACT_EAB, "delegated", "deactivated" },
    { "not approved, no EAB", AT_CA "unauthorized", NULL, 0, 403, PROBLEM_AT_ORDER,
      FACT_ACCOUNT_VALID | FACT_NO_EAB, "approved", "EAB" },
    /* the product */
    { "one name", AT_CA "rejectedIdentifier", "This product is for a single domain", 0, 400,
      PROBLEM_AT_ORDER, FACT_SEVERAL, "for each name", "approved" },
    { "one name, malformed", AT_CA "malformed", "Too many identifiers in the order", 0, 400,
      PROBLEM_AT_ORDER, FACT_SEVERAL, "for each name", "typing" },
    { "one name, unauthorized", AT_CA "unauthorized", "multi-domain is not enabled", 0, 403,
      PROBLEM_AT_ORDER, FACT_SEVERAL, "for each name", "deactivated" },
    { "a name of one", AT_CA "rejectedIdentifier", "no", 0, 400, PROBLEM_AT_ORDER, 0, "approved",
      "product" },
    { "perhaps one name", AT_CA "rejectedIdentifier", "no", 0, 400, PROBLEM_AT_ORDER, FACT_SEVERAL,
      "for one name only", "such" },
    { "too weak for a virtual host", EAB_PROBLEM_UNUSABLE, NULL, 0, 0, PROBLEM_AT_ORDER, 0,
      "ACMEKeyType", "ask the CA" },
    { "keeper cannot be started", EAB_PROBLEM_NOT_RUNNING, NULL, ENOENT, 0, 0, 0,
      "could not be started", "CA" },
    { "required profile, others offered", EAB_PROBLEM_PROFILE, NULL, 0, 0, PROBLEM_AT_ORDER, 0,
      "choose one", "no profiles" },
    { "profile, none offered", AT_CA "invalidProfile", NULL, 0, 400, PROBLEM_AT_ORDER,
      FACT_NO_PROFILES, "none at all", "choose" },
    { "required profile, none offered", EAB_PROBLEM_PROFILE, NULL, 0, 0, PROBLEM_AT_ORDER,
      FACT_NO_PROFILES, "no profiles", "choose" },
};

/* Which rows of the table were found by one of the situations here. */
static char found[1000];

static const char *advise_and_note(apr_pool_t *p, const eab_result_t *problem,
                                   const problem_facts_t *facts)
{
    int count = 0;

    found[problem_find(problem, facts) - problem_table(&count)] = 1;
    assert_in_range(count, 1, sizeof(found));
    return problem_advice(p, problem, facts);
}

static void follows_the_cause(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(situations) / sizeof(situations[0]); ++i) {
        const situation_t *situation = &situations[i];
        problem_facts_t facts = { situation->place, situation->known, "ca.example", NULL, NULL };
        eab_result_t *problem = eab_result_make(*state);
        const char *advice;

        eab_result_set(problem, situation->rv != 0 ? situation->rv : APR_EGENERAL, situation->type,
                       "%s", situation->detail != NULL ? situation->detail : "x");
        problem->http_status = situation->http_status;
        advice = advise_and_note(*state, problem, &facts);
        if (strstr(advice, situation->says) == NULL || strstr(advice, situation->not_says) != NULL)
            fail_msg("%s: %s", situation->what, advice);
    }
}

/* After the two above: what goes by a fact is held against a situation that has it. */
static void has_a_situation_for_every_row(void **state)
{
    int count = 0, i;
    const problem_row_t *rows = problem_table(&count);

    (void)state;
    for (i = 0; i < count; ++i) {
        if (rows[i].facts != 0 && !found[i])
            fail_msg("no situation leads to: %s", rows[i].advice);
    }
}

/* What stands before the CA has judged nothing, whatever status it has at hand; only a time that it
 * names is waited for as the CA's own. */
static void is_tried_again_soon_when_the_ca_has_not_spoken(void **state)
{
    static const struct {
        int status, foreign;
        apr_int64_t retry_after;
        retry_class_t class;
    } answers[] = {
        { 429, 1, -1, RETRY_TRANSIENT },     { 429, 0, -1, RETRY_LIMITED },
        { 429, 1, 3600, RETRY_LIMITED },     { 403, 1, -1, RETRY_TRANSIENT },
        { 403, 0, -1, RETRY_CONFIGURATION }, { 307, 1, -1, RETRY_TRANSIENT },
        { 503, 1, -1, RETRY_TRANSIENT },     { 503, 1, 3600, RETRY_TRANSIENT },
    };
    problem_facts_t facts = { PROBLEM_AT_ORDER, FACT_SEVERAL, "ca.example", NULL, NULL };
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); ++i) {
        eab_result_t *problem = problem_of(*state, NULL);

        problem->http_status = answers[i].status;
        problem->foreign = answers[i].foreign;
        problem->retry_after = answers[i].retry_after;
        assert_int_equal(problem_classify(problem, &facts), answers[i].class);
    }
}

/* Whatever its words are: what of them matters is told beside them. */
static void follows_a_cause_of_ours(void **state)
{
    static const struct {
        const char *type;
        eab_cause_t cause;
        facts_t known;
        const char *says, *not_says;
    } causes[] = {
        { EAB_PROBLEM_EAB_KEY, CAUSE_SIGNAL, FACT_EAB, "ended by a signal", "exactly as the CA" },
        { EAB_PROBLEM_EAB_KEY, CAUSE_UNTOLD, FACT_EAB, "exactly as the CA", "signal" },
        { EAB_PROBLEM_DNS_COMMAND, CAUSE_SIGNAL, FACT_DNS, "by a signal", "port 80" },
        { EAB_PROBLEM_DNS_COMMAND, CAUSE_UNTOLD, FACT_DNS, "ACMEDNSCommand", "signal" },
        { EAB_PROBLEM_CHAIN, CAUSE_OTHER_KEY, 0, "another key", "old one" },
        { EAB_PROBLEM_CHAIN, CAUSE_OTHER_NAMES, FACT_HAS_CERTIFICATE, "other names",
          "another key" },
        { EAB_PROBLEM_CHAIN, CAUSE_EXPIRED, 0, "clock", "old one" },
        { EAB_PROBLEM_CHAIN, CAUSE_OTHER_USAGE, 0, "not for servers", "old one" },
        { EAB_PROBLEM_CHAIN, CAUSE_UNFIT, 0, "ACMEKeyType", "tell the CA" },
        { EAB_PROBLEM_CHAIN, CAUSE_UNREADABLE, 0, "proxy", "old one" },
    };
    size_t i;

    for (i = 0; i < sizeof(causes) / sizeof(causes[0]); ++i) {
        problem_facts_t facts = { PROBLEM_AT_ORDER, causes[i].known, "ca.example", NULL, NULL };
        eab_result_t *problem = problem_of(*state, causes[i].type);
        const char *advice;

        problem->cause = causes[i].cause;
        advice = advise_and_note(*state, problem, &facts);
        if (strstr(advice, causes[i].says) == NULL || strstr(advice, causes[i].not_says) != NULL)
            fail_msg("%d: %s", (int)i, advice);
    }
}

/* What a sentence claims must be so in each situation in which it can come up: read as a person does
 * who knows the situation. */
static void claims_nothing_that_is_not_so(void **state)
{
    static const struct {
        const char *claim;
        facts_t unless; /* one of these is known */
        facts_t when;   /* and this */
    } claims[] = {
        { "port 80", FACT_HTTP_01 | FACT_OFFERS_HTTP_01, FACT_DNS },
        { "port 80", FACT_HTTP_01 | FACT_OFFERS_HTTP_01, FACT_TLS_ALPN_01 },
        { "port 443 of", FACT_TLS_ALPN_01 | FACT_OFFERS_TLS_ALPN_01, FACT_DNS },
        { "well-known", FACT_HTTP_01, FACT_DNS },
        { "well-known", FACT_HTTP_01, FACT_TLS_ALPN_01 },
        { "ACMEDNSCommand", FACT_DNS | FACT_OFFERS_DNS | FACT_OFFERS_DNS_ACCOUNT, FACT_HTTP_01 },
        { "_acme-challenge.", 0, FACT_DNS_PERSIST },
        { "none of this machine's", FACT_ELSEWHERE, 0 },
        { "finds no address", FACT_NO_ADDRESS | FACT_UNRESOLVED, 0 },
        { "http-01", FACT_OFFERS_HTTP_01, FACT_WILDCARD },
        { "old one", FACT_HAS_CERTIFICATE, 0 },
        { "stays in use", FACT_HAS_CERTIFICATE, 0 },
        { "reload httpd", 0, 0 },
    };
    facts_t each[] = { FACT_HTTP_01,
                       FACT_TLS_ALPN_01,
                       FACT_DNS,
                       FACT_WILDCARD,
                       FACT_NO_EAB,
                       FACT_EAB,
                       FACT_NO_ADDRESS,
                       FACT_ELSEWHERE,
                       FACT_DNS | FACT_DNS_PERSIST,
                       FACT_ASKED_HERE,
                       FACT_ACCOUNT_VALID,
                       FACT_SEVERAL,
                       0 };
    int count = 0, place;
    const problem_row_t *rows = problem_table(&count);
    const char *advice;
    size_t c, k;
    int i;

    for (i = 0; i < count - 1; ++i) {
        for (place = PROBLEM_ANYWHERE; place <= PROBLEM_AT_DIRECTORY; ++place) {
            for (k = 0; k < sizeof(each) / sizeof(each[0]); ++k) {
                facts_t known = rows[i].facts | each[k];

                if (strcmp(rows[i].type, EAB_PROBLEM_DNS_COMMAND) == 0)
                    known |= FACT_DNS; /* it is never run for anything else */
                advice = advice_knowing(*state, rows[i].type, (problem_place_t)place, known);
                for (c = 0; c < sizeof(claims) / sizeof(claims[0]); ++c) {
                    if (strstr(advice, claims[c].claim) != NULL
                        && (known & claims[c].when) == claims[c].when
                        && (known & claims[c].unless) == 0)
                        fail_msg("\"%s\" is not so: %s", claims[c].claim, advice);
                }
            }
        }
    }
}

/* Without a key nobody is told to compare it; a CA that demands one is another matter. */
static void speaks_of_no_eab_key_where_there_is_none(void **state)
{
    static const char *const words[] = { "compare", "EAB credentials in", "new EAB",
                                         "HMAC key is" };
    size_t i, w;
    int place;

    for (i = 0; i < sizeof(all_types) / sizeof(all_types[0]); ++i) {
        if (strstr(all_types[i], "eab") != NULL)
            continue;
        for (place = PROBLEM_ANYWHERE; place <= PROBLEM_AT_CHALLENGE; ++place) {
            const char *advice =
                advice_knowing(*state, all_types[i], (problem_place_t)place, FACT_NO_EAB);

            for (w = 0; w < sizeof(words) / sizeof(words[0]); ++w) {
                if (strstr(advice, words[w]) != NULL)
                    fail_msg("%s: %s", all_types[i], advice);
            }
        }
    }
}

/* What waits for somebody, though nothing in the configuration may change, says how to go on. */
static void says_how_to_try_at_once(void **state)
{
    int count = 0, i;
    const problem_row_t *rows = problem_table(&count);

    (void)state;
    for (i = 0; i < count; ++i) {
        if (strstr(rows[i].advice, "after a restart of httpd it is tried at once") == NULL)
            continue;
        if (strstr(rows[i].advice, "10 minutes after") != NULL)
            assert_int_equal(rows[i].class, RETRY_CONFIGURATION);
        else
            assert_int_equal(rows[i].class, RETRY_VALIDATION);
    }
    assert_non_null(strstr(advice_at(*state, ACME_ERROR "userActionRequired", PROBLEM_AT_ORDER),
                           "10 minutes after"));
    assert_non_null(strstr(advice_at(*state, ACME_ERROR "rejectedIdentifier", PROBLEM_AT_ORDER),
                           "10 minutes after"));
    assert_non_null(
        strstr(advice_at(*state, EAB_PROBLEM_ACCOUNT_STATUS, PROBLEM_AT_ACCOUNT), "10 minutes"));
}

/* A monitor that sorts by type has one to go by. */
static void has_a_type_for_every_problem(void **state)
{
    static const struct {
        const char *type;
        int status;
        problem_place_t place;
        const char *told;
    } rows[] = {
        { NULL, 429, PROBLEM_AT_ORDER, EAB_PROBLEM_CA_BUSY },
        { "about:blank", 503, PROBLEM_AT_ORDER, EAB_PROBLEM_CA_BROKEN },
        { "", 403, PROBLEM_AT_ORDER, EAB_PROBLEM_CA_REFUSED },
        { "internal error", 500, PROBLEM_AT_ORDER, EAB_PROBLEM_CA_BROKEN },
        { NULL, 408, PROBLEM_AT_CHALLENGE, EAB_PROBLEM_CA_BROKEN },
        { NULL, 404, PROBLEM_AT_DIRECTORY, EAB_PROBLEM_NO_DIRECTORY },
        { NULL, 0, PROBLEM_ANYWHERE, EAB_PROBLEM_CA_ANSWER },
        { "urn:sectigo:params:acme:error:odd", 400, PROBLEM_AT_ORDER,
          "urn:sectigo:params:acme:error:odd" },
        { ACME_ERROR "caa", 403, PROBLEM_AT_ORDER, ACME_ERROR "caa" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        problem_facts_t facts = { rows[i].place, 0, NULL, NULL, NULL };
        eab_result_t *problem = problem_of(*state, rows[i].type);

        problem->http_status = rows[i].status;
        assert_string_equal(problem_type(problem, &facts), rows[i].told);
    }
}

/* CAs name a wildcard without "*."; a person looks for what is in the configuration. */
static void names_a_wildcard_as_it_is_configured(void **state)
{
    apr_array_header_t *names = apr_array_make(*state, 2, sizeof(const char *));
    problem_facts_t facts = { CHALLENGE, FACT_DNS, "ca.example", names, NULL };

    APR_ARRAY_PUSH(names, const char *) = "*.wild.example";
    assert_string_equal(problem_name(*state, "wild.example", &facts), "*.wild.example");
    assert_string_equal(problem_name(*state, "else.example", &facts), "else.example");
    assert_string_equal(problem_name(*state, "*.wild.example", &facts), "*.wild.example");
    APR_ARRAY_PUSH(names, const char *) = "wild.example";
    assert_string_equal(problem_name(*state, "wild.example", &facts), "wild.example");
    facts.known |= FACT_WILDCARD;
    assert_string_equal(problem_name(*state, "wild.example", &facts), "*.wild.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_every_type_at_every_place),
        cmocka_unit_test(gives_good_advice_in_every_row),
        cmocka_unit_test(has_no_row_in_vain),
        cmocka_unit_test(tells_unauthorized_apart_by_its_place),
        cmocka_unit_test(advises_what_to_do),
        cmocka_unit_test(answers_each_type_where_it_happens),
        cmocka_unit_test(goes_by_http_status_where_the_type_is_unknown),
        cmocka_unit_test(prefers_the_type_to_the_status),
        cmocka_unit_test(takes_the_least_retryable_of_several),
        cmocka_unit_test(keeps_its_own_class_beside_subproblems),
        cmocka_unit_test(fills_in_the_names),
        cmocka_unit_test(fills_in_the_names_of_subproblems),
        cmocka_unit_test(advises_for_each_type_of_a_compound_problem),
        cmocka_unit_test(names_the_certificate_when_the_problem_names_none),
        cmocka_unit_test(escapes_remote_names),
        cmocka_unit_test(names_the_host_or_the_directive),
        cmocka_unit_test(follows_the_cause),
        cmocka_unit_test(follows_a_cause_of_ours),
        cmocka_unit_test(has_a_situation_for_every_row),
        cmocka_unit_test(is_tried_again_soon_when_the_ca_has_not_spoken),
        cmocka_unit_test(claims_nothing_that_is_not_so),
        cmocka_unit_test(speaks_of_no_eab_key_where_there_is_none),
        cmocka_unit_test(says_how_to_try_at_once),
        cmocka_unit_test(has_a_type_for_every_problem),
        cmocka_unit_test(names_a_wildcard_as_it_is_configured),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
