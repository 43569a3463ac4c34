/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "base/bytes.h"
#include "crypto/staple.h"
#include "responder.h"

#define HOUR 3600L
#define URL "http://ocsp.example.edu"

static const party_spec_t root_spec = { .common = "Test Root", .is_ca = 1 };
static const party_spec_t middle_spec = { .common = "Test Intermediate", .is_ca = 1 };
static const party_spec_t leaf_spec = { .names = "DNS:a.example.edu",
                                        .usage = "serverAuth",
                                        .serial = "80a1",
                                        .access = "OCSP;URI:" URL,
                                        .feature = "status_request" };
static const party_spec_t sister_spec = { .names = "DNS:b.example.edu", .serial = "80a2" };
static const party_spec_t responder_spec = { .common = "Responder", .usage = "OCSPSigning" };
static const party_spec_t late_spec = {
    .common = "Responder", .usage = "OCSPSigning", .from = -2 * HOUR, .until = -HOUR
};

/* Who signs. */
typedef enum { ISSUER, DELEGATED, LEAF, ROOT, STRANGER, STRANGE_DELEGATE, LATE_DELEGATE } signer_t;

typedef struct response {
    const char *words; /* what is wrong with it; NULL: nothing */
    signer_t signer;
    int of_sister; /* it is about another certificate of the CA */
    int status;
    long from, until; /* seconds from now; until 0: unsaid */
} response_t;

typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    party_t *middle, *leaf, *sister;
    chain_t *chain;
    const party_t *signers[LATE_DELEGATE + 1];
} scene_t;

static chain_t *parse(apr_pool_t *p, const char *pem)
{
    chain_t *chain = NULL;

    assert_int_equal(APR_SUCCESS, chain_parse(&chain, pem, strlen(pem), eab_result_make(p), p));
    return chain;
}

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p, .result = eab_result_make(p) };
    party_t *root = party_make(p, NULL, &root_spec);
    party_t *stranger = party_make(p, NULL, &middle_spec); /* of the same name */

    s.middle = party_make(p, root, &middle_spec);
    s.leaf = party_make(p, s.middle, &leaf_spec);
    s.sister = party_make(p, s.middle, &sister_spec);
    s.chain = parse(p, party_pem(p, 2, s.leaf, s.middle));
    s.signers[DELEGATED] = party_make(p, s.middle, &responder_spec);
    s.signers[LEAF] = s.leaf;
    s.signers[ROOT] = root;
    s.signers[STRANGER] = stranger;
    s.signers[STRANGE_DELEGATE] = party_make(p, stranger, &responder_spec);
    s.signers[LATE_DELEGATE] = party_make(p, s.middle, &late_spec);
    return s;
}

static bytes_t make(const scene_t *s, const response_t *response)
{
    responder_spec_t spec = { .issuer = s->middle,
                              .leaf = response->of_sister ? s->sister : s->leaf,
                              .signer = s->signers[response->signer],
                              .status = response->status,
                              .from = response->from,
                              .until = response->until };

    return responder_make(s->p, &spec);
}

static void expect(scene_t *s, const bytes_t *bytes, const char *words)
{
    staple_facts_t facts;
    apr_status_t rv;

    eab_result_clear(s->result);
    rv = staple_check(&facts, s->chain, bytes->data, bytes->len, apr_time_now(), s->result);
    assert_int_equal(0, ERR_peek_error());
    if (words == NULL) {
        assert_int_equal(APR_SUCCESS, rv);
        return;
    }
    assert_int_not_equal(APR_SUCCESS, rv);
    assert_int_equal(strcmp(words, "is over") == 0, APR_STATUS_IS_TIMEUP(rv));
    assert_int_equal(APR_STATUS_IS_TIMEUP(rv), facts.good);
    assert_string_equal(EAB_PROBLEM_STAPLING, s->result->type);
    assert_non_null(strstr(s->result->detail, words));
}

#define GOOD V_OCSP_CERTSTATUS_GOOD

static void only_the_word_of_the_ca_counts(void **state)
{
    static const response_t responses[] = {
        { NULL, ISSUER, 0, GOOD, -HOUR, HOUR },
        { NULL, DELEGATED, 0, GOOD, -HOUR, HOUR },
        { NULL, ISSUER, 0, V_OCSP_CERTSTATUS_REVOKED, -HOUR, HOUR },
        { NULL, ISSUER, 0, GOOD, -HOUR / 2, 0 },
        { NULL, ISSUER, 0, GOOD, 240, HOUR }, /* two clocks are never the same */
        { "does not know", ISSUER, 0, V_OCSP_CERTSTATUS_UNKNOWN, -HOUR, HOUR },
        { "is over", ISSUER, 0, GOOD, -2 * HOUR, -1 },
        { "is over", ISSUER, 0, GOOD, -2 * HOUR, 0 },
        { "later than now", ISSUER, 0, GOOD, HOUR, 2 * HOUR },
        { "make no sense", ISSUER, 0, GOOD, HOUR, -HOUR },
        { "about another certificate", ISSUER, 1, GOOD, -HOUR, HOUR },
        { "about another certificate", DELEGATED, 1, GOOD, -HOUR, HOUR },
        { "not signed by the CA", LEAF, 0, GOOD, -HOUR, HOUR },
        { "not signed by the CA", ROOT, 0, GOOD, -HOUR, HOUR },
        { "not signed by the CA", STRANGER, 0, GOOD, -HOUR, HOUR },
        { "not signed by the CA", STRANGE_DELEGATE, 0, GOOD, -HOUR, HOUR },
        { "not signed by the CA", LATE_DELEGATE, 0, GOOD, -HOUR, HOUR },
    };
    scene_t s = scene(*state);
    size_t i;

    for (i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
        bytes_t bytes = make(&s, &responses[i]);

        expect(&s, &bytes, responses[i].words);
    }
}

static void what_it_says_is_told(void **state)
{
    static const response_t good = { NULL, DELEGATED, 0, GOOD, -HOUR, 2 * HOUR };
    static const response_t revoked = { NULL, ISSUER, 0, V_OCSP_CERTSTATUS_REVOKED, -60, HOUR };
    static const response_t endless = { NULL, ISSUER, 0, GOOD, -60, 0 };
    scene_t s = scene(*state);
    apr_time_t now = apr_time_now(), near = apr_time_from_sec(120);
    staple_facts_t facts;
    bytes_t bytes = make(&s, &good);

    assert_int_equal(APR_SUCCESS,
                     staple_check(&facts, s.chain, bytes.data, bytes.len, now, s.result));
    assert_true(facts.good);
    assert_true(facts.revoked == 0 && facts.reason == NULL);
    assert_in_range(facts.from, now - apr_time_from_sec(HOUR) - near,
                    now - apr_time_from_sec(HOUR) + near);
    assert_in_range(facts.until, now + apr_time_from_sec(2 * HOUR) - near,
                    now + apr_time_from_sec(2 * HOUR) + near);
    bytes = make(&s, &revoked);
    assert_int_equal(APR_SUCCESS,
                     staple_check(&facts, s.chain, bytes.data, bytes.len, now, s.result));
    assert_false(facts.good);
    assert_string_equal("keyCompromise", facts.reason);
    assert_in_range(facts.revoked, now - apr_time_from_sec(HOUR) - near,
                    now - apr_time_from_sec(HOUR) + near);
    bytes = make(&s, &endless);
    assert_int_equal(APR_SUCCESS,
                     staple_check(&facts, s.chain, bytes.data, bytes.len, now, s.result));
    assert_int_equal(facts.from + apr_time_from_sec(HOUR), facts.until);
}

static void anything_else_is_none(void **state)
{
    static const response_t good = { NULL, ISSUER, 0, GOOD, -HOUR, HOUR };
    scene_t s = scene(*state);
    bytes_t bytes = make(&s, &good), other = bytes;
    OCSP_RESPONSE *later = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL);
    unsigned char *der = NULL, *longer = apr_pcalloc(s.p, LIMIT_STAPLE + 1);
    staple_facts_t facts;
    apr_size_t i;

    other.len = (apr_size_t)i2d_OCSP_RESPONSE(later, &der);
    other.data = der;
    expect(&s, &other, "says 'trylater'");
    OPENSSL_free(der);
    OCSP_RESPONSE_free(later);
    memcpy(longer, bytes.data, bytes.len);
    other.data = longer;
    other.len = bytes.len + 1;
    expect(&s, &other, "is none"); /* something behind it */
    other.len = LIMIT_STAPLE + 1;
    expect(&s, &other, "is none");
    for (i = 0; i < bytes.len; i++) { /* cut anywhere, and any octet another one */
        assert_int_not_equal(
            APR_SUCCESS, staple_check(&facts, s.chain, bytes.data, i, apr_time_now(), s.result));
        longer[i] ^= 0x40;
        if (staple_check(&facts, s.chain, longer, bytes.len, apr_time_now(), s.result)
            == APR_SUCCESS)
            assert_true(facts.good); /* what nobody signs */
        longer[i] ^= 0x40;
    }
    assert_int_equal(0, ERR_peek_error());
}

static void without_its_issuer_nothing_can_be_known(void **state)
{
    static const response_t good = { NULL, ISSUER, 0, GOOD, -HOUR, HOUR };
    scene_t s = scene(*state);
    bytes_t bytes = make(&s, &good);

    s.chain = parse(s.p, party_pem(s.p, 1, s.leaf));
    assert_null(staple_url(s.p, s.chain, NULL));
    expect(&s, &bytes, "issuer is not in the chain");
}

/* The request that is in the URL, read back. */
static OCSP_REQUEST *read_request(apr_pool_t *p, const char *url)
{
    const char *from = url + strlen(URL) + 1;
    char *text = apr_pcalloc(p, strlen(from) + 1), *to = text;
    unsigned char *der = apr_palloc(p, strlen(from));
    const unsigned char *at = der;
    int len, pads = 0;

    while (*from != '\0') {
        if (*from == '%') {
            *to++ = (char)strtol(apr_pstrndup(p, from + 1, 2), NULL, 16);
            from += 3;
        }
        else
            *to++ = *from++;
        pads += to[-1] == '=';
    }
    len = EVP_DecodeBlock(der, (const unsigned char *)text, (int)strlen(text));
    assert_true(len > 0);
    return d2i_OCSP_REQUEST(NULL, &at, len - pads);
}

static void nothing_but_the_id_is_asked_with(void **state)
{
    scene_t s = scene(*state);
    const char *url = staple_url(s.p, s.chain, NULL);
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, s.leaf->cert, s.middle->cert);
    OCSP_REQUEST *request = NULL;

    assert_int_equal(0, strncmp(url, URL "/", strlen(URL) + 1));
    assert_null(strpbrk(url + strlen(URL) + 1, "+/="));
    request = read_request(s.p, url);
    assert_non_null(request);
    assert_int_equal(1, OCSP_request_onereq_count(request));
    assert_int_equal(0, OCSP_id_cmp(id, OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0))));
    assert_int_equal(0, OCSP_REQUEST_get_ext_count(request)); /* no nonce: answers can be shared */
    assert_false(OCSP_request_is_signed(request));
    OCSP_REQUEST_free(request);
    OCSP_CERTID_free(id);
}

static const chain_facts_t *facts_of(scene_t *s, const char *access, const char *feature)
{
    party_spec_t spec = leaf_spec;

    spec.access = access;
    spec.feature = feature;
    s->chain = parse(s->p, party_pem(s->p, 2, party_make(s->p, s->middle, &spec), s->middle));
    return chain_facts(s->chain);
}

static void a_certificate_says_where_and_whether(void **state)
{
    scene_t s = scene(*state);
    const char *of_long =
        apr_pstrcat(s.p, "OCSP;URI:http://",
                    apr_pstrmemdup(s.p, memset(apr_palloc(s.p, 1000), 'a', 1000), 1000), NULL);

    assert_string_equal(URL, chain_facts(s.chain)->ocsp);
    assert_true(chain_facts(s.chain)->must_staple);
    assert_null(facts_of(&s, NULL, NULL)->ocsp);
    assert_null(staple_url(s.p, s.chain, NULL));
    assert_false(facts_of(&s, NULL, NULL)->must_staple);
    assert_true(facts_of(&s, NULL, "status_request_v2,status_request")->must_staple);
    assert_false(facts_of(&s, NULL, "status_request_v2")->must_staple);
    assert_string_equal("http://b.example/ocsp/",
                        facts_of(&s,
                                 "caIssuers;URI:http://a.example,OCSP;URI:ldap://a.example,"
                                 "OCSP;URI:http://b.example/ocsp/",
                                 NULL)
                            ->ocsp);
    assert_non_null(strstr(staple_url(s.p, s.chain, NULL), "//b.example/ocsp/M"));
    assert_int_equal(0, strncmp(staple_url(s.p, s.chain, "http://c.example/x"),
                                "http://c.example/x/M", 20)); /* whatever it says */
    assert_null(facts_of(&s, "OCSP;URI:http://a.example/ x", NULL)->ocsp);
    assert_int_equal(
        0, strncmp(staple_url(s.p, s.chain, "http://c.example/"), "http://c.example/M", 18));
    assert_null(facts_of(&s, of_long, NULL)->ocsp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(only_the_word_of_the_ca_counts),
        fixture_test(what_it_says_is_told),
        fixture_test(anything_else_is_none),
        fixture_test(without_its_issuer_nothing_can_be_known),
        fixture_test(nothing_but_the_id_is_asked_with),
        fixture_test(a_certificate_says_where_and_whether),
    };

    return fixture_run(tests);
}
