/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <ctype.h>
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

static const char *advice_at(apr_pool_t *p, const char *type, problem_place_t place)
{
    return problem_advice(p, problem_of(p, type), place, "ca.example", NULL);
}

static retry_class_t class_at(apr_pool_t *p, const char *type, problem_place_t place)
{
    return problem_classify(problem_of(p, type), place);
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
    EAB_PROBLEM_INTERNAL,
};

static void knows_every_type_at_every_place(void **state)
{
    int place;
    size_t i;

    for (i = 0; i < sizeof(all_types) / sizeof(all_types[0]); ++i) {
        for (place = PROBLEM_ANYWHERE; place <= PROBLEM_AT_CHALLENGE; ++place) {
            const problem_row_t *row =
                problem_find(problem_of(*state, all_types[i]), (problem_place_t)place);

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

        assert_true(strlen(row->advice) > 40 && strlen(row->advice) < 300);
        assert_false(islower((unsigned char)row->advice[0]));
        /* One sentence. */
        assert_int_equal(row->advice[strlen(row->advice) - 1], '.');
        assert_null(strstr(row->advice, ". "));
        assert_null(strstr(row->advice, "  "));
        while ((mark = strchr(mark, '%')) != NULL) {
            assert_true(mark[1] == 'n' || mark[1] == 'h');
            mark += 2;
        }
    }
}

/* Each row but the last is what its own type and place find. */
static void has_no_row_in_vain(void **state)
{
    int count = 0;
    const problem_row_t *rows = problem_table(&count);
    int i;

    for (i = 0; i < count - 1; ++i)
        assert_ptr_equal(problem_find(problem_of(*state, rows[i].type), rows[i].place), &rows[i]);
    assert_null(rows[count - 1].type);
    assert_ptr_equal(problem_find(problem_of(*state, NULL), PROBLEM_ANYWHERE), &rows[count - 1]);
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
        { ACME_ERROR "malformed", PROBLEM_AT_ACCOUNT, "used already", RETRY_CONFIGURATION },
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
        { "malformed", PROBLEM_AT_ACCOUNT, RETRY_CONFIGURATION, "used already" },
        { "malformed", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "names" },
        { "malformed", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "its words" },
        { "orderNotReady", PROBLEM_AT_ORDER, RETRY_TRANSIENT, "again" },
        { "rateLimited", PROBLEM_AT_ORDER, RETRY_LIMITED, "limit" },
        { "rejectedIdentifier", PROBLEM_AT_ORDER, RETRY_CONFIGURATION, "remove" },
        { "serverInternal", PROBLEM_AT_ORDER, RETRY_TRANSIENT, "by itself" },
        { "tls", PROBLEM_AT_CHALLENGE, RETRY_VALIDATION, "443" },
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
            assert_int_equal(problem_classify(problem, PROBLEM_AT_ORDER), rows[i].class);
        }
    }
}

static void prefers_the_type_to_the_status(void **state)
{
    eab_result_t *problem = problem_of(*state, ACME_ERROR "rejectedIdentifier");

    problem->http_status = 503;
    assert_int_equal(problem_classify(problem, PROBLEM_AT_ORDER), RETRY_CONFIGURATION);
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
        assert_int_equal(problem_classify(compound(*state, rows[i].subproblems), PROBLEM_AT_ORDER),
                         rows[i].class);
}

static void keeps_its_own_class_beside_subproblems(void **state)
{
    eab_result_t *problem = compound(*state, "[{\"type\":\"" ACME_ERROR "serverInternal\"}]");

    problem->type = ACME_ERROR "rejectedIdentifier";
    assert_int_equal(problem_classify(problem, PROBLEM_AT_ORDER), RETRY_CONFIGURATION);
}

static void fills_in_the_names(void **state)
{
    eab_result_t *problem = problem_of(*state, ACME_ERROR "dns");

    problem->identifier = "www.example.edu";
    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_AT_CHALLENGE, NULL, NULL),
                           "could not look up www.example.edu in"));
    problem->identifier = NULL;
    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_AT_CHALLENGE, NULL, NULL),
                           "could not look up the names of the certificate in"));
}

static void fills_in_the_names_of_subproblems(void **state)
{
    const char *advice = problem_advice(
        *state,
        compound(*state, "[{\"identifier\":{\"value\":\"a.edu\"}},{\"identifier\":7},{},"
                         "{\"identifier\":{\"value\":\"b.edu\"}},"
                         "{\"identifier\":{\"value\":\"a.edu\"}}]"),
        PROBLEM_AT_ORDER, NULL, NULL);

    assert_non_null(strstr(advice, "(a.edu, b.edu)"));
    advice = problem_advice(
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
    const char *advice = problem_advice(
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

    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_AT_ORDER, NULL, names),
                           "issue for the names of the certificate with"));
    APR_ARRAY_PUSH(names, const char *) = "a.edu";
    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_AT_ORDER, NULL, names),
                           "issue for a.edu with"));
    APR_ARRAY_PUSH(names, const char *) = "b.edu";
    APR_ARRAY_PUSH(names, const char *) = "c.edu";
    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_AT_ORDER, NULL, names),
                           "issue for a.edu, b.edu, c.edu with"));
    APR_ARRAY_PUSH(names, const char *) = "d.edu";
    APR_ARRAY_PUSH(names, const char *) = "e.edu";
    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_AT_ORDER, NULL, names),
                           "issue for a.edu, b.edu, c.edu and 2 more with"));
    problem->identifier = "e.edu";
    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_AT_ORDER, NULL, names),
                           "issue for e.edu with"));
}

static void escapes_remote_names(void **state)
{
    eab_result_t *problem = problem_of(*state, ACME_ERROR "dns");
    const char *advice;

    problem->identifier = "a\n%h%n";
    advice = problem_advice(*state, problem, PROBLEM_AT_CHALLENGE, "ca.example", NULL);
    assert_non_null(strstr(advice, "look up a\\x0a%h%n in"));
    problem = compound(*state, "[{\"identifier\":{\"value\":\"\\u001b\"}}]");
    problem->type = ACME_ERROR "dns";
    advice = problem_advice(*state, problem, PROBLEM_AT_CHALLENGE, "ca.example", NULL);
    assert_non_null(strstr(advice, "look up \\x1b in"));
}

static void names_the_host_or_the_directive(void **state)
{
    eab_result_t *problem = problem_of(*state, EAB_PROBLEM_CA_UNREACHABLE);

    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_ANYWHERE, "ca.example", NULL),
                           "the CA at ca.example:"));
    assert_non_null(strstr(problem_advice(*state, problem, PROBLEM_ANYWHERE, NULL, NULL),
                           "the CA at ACMEServer:"));
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
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
