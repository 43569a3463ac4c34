/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "../synced.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"

static scene_t *with_order(apr_pool_t *p)
{
    scene_t *s = scene_make(p);

    scene_start(s);
    scene_register(s);
    scene_sign(s, SENTENCE_NEW_ORDER);
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    return s;
}

static scene_t *with_finalized(apr_pool_t *p)
{
    scene_t *s = scene_make(p);

    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    return s;
}

/* The key is made in a thread and stored when it is there. */
static void wait_for_key(scene_t *s)
{
    while (scene_certificate(s)->key == NULL)
        scene_run(s, apr_time_from_msec(20));
}

static void an_order_is_resumed(void **state)
{
    scene_t *s = with_order(*state);
    journal_t *journal;

    wait_for_key(s);
    scene_start(s);
    journal = scene_certificate(s)->journal;
    assert_non_null(journal);
    assert_string_equal(ORDER_URL, journal->order_url);
    assert_false(journal->finalized);
    assert_non_null(scene_certificate(s)->key);
    scene_sign(s, SENTENCE_FINALIZE);
    scene_start(s);
    assert_true(scene_certificate(s)->journal->finalized);
    scene_end(s);
}

/* The disk decides how fast many certificates come. What is written down for people, and what no program is
 * told of, is made durable later and together. */
static void a_certificate_waits_for_the_disk_twice(void **state)
{
    scene_t *s = with_order(*state);

    wait_for_key(s);
    synced_begin();
    scene_sign(s, SENTENCE_FINALIZE);
    assert_int_equal(1, synced("/pending/" NAME "/privkey.pem"));
    assert_int_equal(4, synced_count - 4 * synced("/history.jsonl"));
    synced_begin();
    assert_int_equal(APR_EAGAIN, certificate_install(scene_certificate(s),
                                                     scene_chain(s, scene_certificate(s)->key,
                                                                 "DNS:" NAME ",DNS:example.edu"),
                                                     s->result));
    while (scene_certificate(s)->installation != NULL)
        scene_run(s, apr_time_from_msec(10));
    assert_int_equal(5, synced_count - 4 * synced("/history.jsonl"));
    assert_int_equal(0, synced("/told.jsonl"));
    scene_end(s);
}

static void a_new_order_without_an_answer_is_known(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    scene_sign(s, SENTENCE_NEW_ORDER);
    scene_start(s);
    assert_non_null(scene_certificate(s)->journal);
    assert_null(scene_certificate(s)->journal->order_url);
    scene_end(s);
}

typedef void change_fn(scene_t *s);

static void change_names(scene_t *s)
{
    s->certificate->names = party_names(s->p, NAME, NULL);
}

static void change_account(scene_t *s)
{
    s->account->kid = "kid-2";
}

static void an_order_of_another_configuration_is_dropped_unless_finalized(void **state)
{
    static change_fn *const changes[] = { change_names, change_account };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); ++i) {
        scene_t *s = with_order(*state);

        changes[i](s);
        scene_start(s);
        assert_null(scene_certificate(s)->journal);
        assert_false(scene_has(s, "pending/" NAME));
        scene_end(s);

        s = with_finalized(*state);
        changes[i](s);
        scene_start(s);
        assert_non_null(scene_certificate(s)->journal);
        assert_non_null(scene_certificate(s)->key);
        assert_true(scene_has(s, "pending/" NAME "/order.json"));
        scene_end(s);
    }
}

/* The CA refused the request, and the order is ready still (RFC 8555, 7.4: badCSR). */
static void an_order_gets_a_key_of_the_type_that_is_configured_now(void **state)
{
    scene_t *s = with_finalized(*state);

    s->certificate->key_type = "p384";
    scene_start(s);
    assert_non_null(scene_certificate(s)->journal);
    scene_sign(s, SENTENCE_FINALIZE);
    assert_string_equal("p384", keypair_type(scene_certificate(s)->key->pkey));
    scene_end(s);
}

static void the_order_of_names_is_no_change(void **state)
{
    scene_t *s = with_order(*state);

    s->certificate->names = party_names(s->p, "example.edu", NAME, NULL);
    scene_start(s);
    assert_non_null(scene_certificate(s)->journal);
    scene_end(s);
}

static void a_damaged_journal_is_set_aside(void **state)
{
    scene_t *s = with_order(*state);

    fixture_write(scene_path(s, "pending/" NAME "/order.json"), "{", 1);
    scene_start(s);
    assert_null(scene_certificate(s)->journal);
    assert_true(scene_has(s, "pending/" NAME "/order.json.damaged"));
    scene_sign(s, SENTENCE_NEW_ORDER);
    scene_end(s);
}

static void an_order_url_is_an_https_url_and_comes_once(void **state)
{
    scene_t *s = scene_make(*state);
    keeper_certificate_t *certificate;
    char *longest = apr_pcalloc(s->p, LIMIT_RECORD);

    scene_start(s);
    scene_register(s);
    certificate = scene_certificate(s);
    assert_int_equal(APR_EINVAL, certificate_ordered(certificate, ORDER_URL, NULL, s->result));
    scene_sign(s, SENTENCE_NEW_ORDER);
    assert_int_equal(APR_EINVAL, certificate_ordered(certificate, NULL, NULL, s->result));
    assert_int_equal(APR_EINVAL,
                     certificate_ordered(certificate, "http://ca.example/1", NULL, s->result));
    assert_int_equal(APR_EINVAL,
                     certificate_ordered(certificate, "https://ca.example/\n", NULL, s->result));
    memset(longest, 'a', LIMIT_RECORD - 1);
    memcpy(longest, "https://", 8);
    assert_int_equal(APR_EINVAL, certificate_ordered(certificate, longest, NULL, s->result));
    assert_int_equal(APR_SUCCESS, certificate_ordered(certificate, ORDER_URL, NULL, s->result));
    assert_int_equal(APR_EINVAL,
                     certificate_ordered(certificate, "https://evil.example/1", NULL, s->result));
    scene_start(s);
    assert_string_equal(ORDER_URL, scene_certificate(s)->journal->order_url);
    scene_end(s);
}

static void a_chain_is_installed_and_the_order_ends(void **state)
{
    scene_t *s = with_finalized(*state);
    keeper_certificate_t *certificate = scene_certificate(s);
    brief_facts_t *facts;
    char target[200] = "";

    assert_null(certificate_facts(certificate, s->p));
    assert_false(certificate_waits_for_reload(certificate));
    scene_install(s);
    assert_null(certificate->journal);
    assert_null(certificate->key);
    assert_false(scene_has(s, "pending/" NAME));
    assert_true(readlink(scene_path(s, "live/" NAME), target, sizeof(target) - 1) > 0);
    assert_string_equal("../archive/" NAME "/000001", target);
    facts = certificate_facts(certificate, s->p);
    assert_string_equal("000001", facts->generation);
    assert_string_equal("p256", facts->key_type);
    assert_int_equal(2, facts->names->nelts);
    assert_true(facts->same_account);
    assert_true(certificate_waits_for_reload(certificate));
    scene_load(s);

    scene_finalize(s);
    scene_install(s);
    memset(target, 0, sizeof(target));
    assert_true(readlink(scene_path(s, "live/" NAME), target, sizeof(target) - 1) > 0);
    assert_string_equal("../archive/" NAME "/000002", target);

    scene_start(s);
    assert_true(certificate_waits_for_reload(scene_certificate(s)));
    scene_load(s);
    scene_start(s);
    assert_false(certificate_waits_for_reload(scene_certificate(s)));
    /* Restored from a backup under another number, it is the same one. */
    s->certificate->loaded = "000007";
    scene_start(s);
    assert_false(certificate_waits_for_reload(scene_certificate(s)));
    /* Another one that was given the number of one that somebody has removed. */
    s->certificate->loaded = "000002";
    s->certificate->loaded_fingerprint = "00";
    scene_start(s);
    assert_true(certificate_waits_for_reload(scene_certificate(s)));
    s->certificate->loaded = s->certificate->loaded_fingerprint = NULL;
    s->certificate->served = 0;
    scene_start(s);
    assert_false(certificate_waits_for_reload(scene_certificate(s)));
    s->account->kid = "kid-2";
    scene_start(s);
    assert_false(certificate_facts(scene_certificate(s), s->p)->same_account);
    scene_end(s);
}

/* What is over could not be removed, as on a disk that became read-only. */
static void an_order_that_is_installed_is_not_resumed(void **state)
{
    scene_t *s = with_finalized(*state);
    const char *path = scene_path(s, "pending/" NAME);
    const char *aside = apr_pstrcat(s->p, path, ".aside", NULL);

    assert_int_equal(0, rename(path, aside));
    scene_install(s);
    assert_int_equal(0, rename(aside, path));
    scene_start(s);
    assert_null(scene_certificate(s)->journal);
    assert_null(scene_certificate(s)->key);
    assert_false(scene_has(s, "pending/" NAME));
    scene_end(s);
}

static void refuse_chain(scene_t *s, const char *pem)
{
    keeper_certificate_t *certificate = scene_certificate(s);

    assert_int_not_equal(APR_SUCCESS, scene_bring(s, pem));
    assert_non_null(certificate->journal); /* a better one may still come */
    assert_non_null(certificate->key);
    assert_null(certificate->best);
    assert_false(scene_has(s, "live/" NAME));
    assert_int_equal(0, file_list_directory(scene_path(s, "archive/" NAME), s->p)->nelts);
}

static void a_foreign_chain_is_refused(void **state)
{
    scene_t *s = with_finalized(*state);
    keypair_t *key = scene_certificate(s)->key;
    const char *good = scene_chain(s, key, "DNS:" NAME ",DNS:example.edu");

    refuse_chain(s, NULL);
    refuse_chain(s, "");
    refuse_chain(s, "no PEM");
    refuse_chain(s, scene_chain(s, NULL, "DNS:" NAME ",DNS:example.edu")); /* another key */
    assert_string_equal(EAB_PROBLEM_CHAIN, s->result->type);
    refuse_chain(s, scene_chain(s, key, "DNS:" NAME)); /* a name is missing */
    refuse_chain(s, apr_pstrcat(s->p, good,
                                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE "
                                "KEY-----\n",
                                NULL));
    assert_int_equal(APR_SUCCESS, scene_bring(s, good));
    scene_end(s);
}

static void without_an_order_nothing_is_installed(void **state)
{
    scene_t *s = with_finalized(*state);
    const char *pem = scene_chain(s, scene_certificate(s)->key, "DNS:" NAME ",DNS:example.edu");

    assert_int_equal(APR_SUCCESS, certificate_abandon(scene_certificate(s), s->result));
    assert_int_equal(APR_SUCCESS, certificate_abandon(scene_certificate(s), s->result));
    assert_int_equal(APR_EINVAL, scene_bring(s, pem));
    assert_false(scene_has(s, "live/" NAME));
    scene_end(s);
}

static void each_order_has_a_key_of_its_own(void **state)
{
    scene_t *s = with_finalized(*state);
    keypair_t *first = NULL;

    assert_int_equal(APR_SUCCESS,
                     keypair_load(&first, scene_path(s, "pending/" NAME "/privkey.pem"), s->p));
    scene_install(s);
    scene_finalize(s);
    assert_int_equal(0, EVP_PKEY_eq(first->pkey, scene_certificate(s)->key->pkey));
    scene_end(s);
}

/* ---- fewer names than are configured ---- */

static apr_status_t order_for(scene_t *s, const char *a, const char *b)
{
    eab_result_clear(s->result);
    return certificate_ordering(scene_certificate(s), party_names(s->p, a, b, NULL), 0, s->result);
}

static scene_t *with_subset_allowed(apr_pool_t *p)
{
    scene_t *s = scene_make(p);

    s->certificate->allow_subset = 1;
    scene_start(s);
    scene_register(s);
    return s;
}

/* Install one for both names, of 90 days, of which so many seconds are left. */
static void install_whole(scene_t *s, long left)
{
    party_spec_t spec = { .names = "DNS:" NAME ",DNS:example.edu", .usage = "serverAuth" };

    scene_finalize(s);
    spec.key = scene_certificate(s)->key;
    spec.from = left - 90L * 86400;
    spec.until = left;
    assert_int_equal(APR_SUCCESS,
                     scene_bring(s, party_pem(s->p, 2, party_make(s->p, s->ca, &spec), s->ca)));
}

static void finalize_subset(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, order_for(s, "example.edu", NULL));
    assert_int_equal(APR_SUCCESS,
                     certificate_ordered(scene_certificate(s), ORDER_URL, NULL, s->result));
    scene_sign(s, SENTENCE_FINALIZE);
}

static void an_order_for_fewer_names_needs_leave(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    assert_int_equal(APR_EINVAL, order_for(s, NAME, NULL));
    assert_string_equal(EAB_PROBLEM_FEWER_NAMES, s->result->type);
    assert_null(scene_certificate(s)->journal);
    assert_false(scene_has(s, "pending/" NAME "/order.json"));
    assert_int_equal(APR_SUCCESS, order_for(s, "example.edu", NAME)); /* that is all of them */
    assert_null(scene_certificate(s)->journal->of);
    scene_end(s);
}

static void an_order_is_for_configured_names_whatever_is_asked(void **state)
{
    scene_t *s = with_subset_allowed(*state);

    assert_int_equal(APR_EINVAL, order_for(s, NULL, NULL));
    assert_int_equal(APR_EINVAL, order_for(s, "evil.example", NULL));
    assert_int_equal(APR_EINVAL, order_for(s, NAME, "evil.example"));
    assert_int_equal(APR_EINVAL, order_for(s, "*.example.edu", NULL));
    assert_null(scene_certificate(s)->journal);
    assert_int_equal(APR_SUCCESS, order_for(s, "EXAMPLE.edu", "example.edu"));
    assert_int_equal(1, scene_certificate(s)->journal->names->nelts);
    assert_string_equal("example.edu",
                        APR_ARRAY_IDX(scene_certificate(s)->journal->names, 0, const char *));
    assert_int_equal(2, scene_certificate(s)->journal->of->nelts);
    assert_int_equal(APR_SUCCESS, order_for(s, "example.edu", NULL)); /* the same once more */
    assert_int_equal(APR_EINVAL, order_for(s, NAME, NULL));
    assert_int_equal(APR_EINVAL, order_for(s, NAME, "example.edu"));
    scene_end(s);
}

static void an_order_for_fewer_names_is_resumed_under_the_same_configuration(void **state)
{
    scene_t *s = with_subset_allowed(*state);

    assert_int_equal(APR_SUCCESS, order_for(s, "example.edu", NULL));
    scene_start(s);
    assert_int_equal(1, scene_certificate(s)->journal->names->nelts);
    s->certificate->names = party_names(s->p, NAME, "example.edu", "new.example.edu", NULL);
    scene_start(s);
    assert_null(scene_certificate(s)->journal);
    assert_int_equal(APR_SUCCESS, order_for(s, "example.edu", NULL));
    s->certificate->allow_subset = 0;
    scene_start(s);
    assert_null(scene_certificate(s)->journal);
    scene_end(s);
}

static void fewer_names_take_the_place_of_nothing(void **state)
{
    scene_t *s = with_subset_allowed(*state);
    keeper_certificate_t *certificate = scene_certificate(s);

    finalize_subset(s);
    assert_int_equal(APR_SUCCESS,
                     scene_bring(s, scene_chain(s, certificate->key, "DNS:example.edu")));
    assert_int_equal(1, certificate_facts(certificate, s->p)->names->nelts);
    assert_true(scene_has(s, "live/" NAME)); /* its place, though that name is not on it */
    finalize_subset(s);
    assert_int_equal(APR_SUCCESS,
                     scene_bring(s, scene_chain(s, certificate->key, "DNS:example.edu")));
    assert_string_equal("000002", certificate->best->number);
    scene_end(s);
}

static void fewer_names_do_not_take_the_place_of_a_good_certificate(void **state)
{
    scene_t *s = with_subset_allowed(*state);

    install_whole(s, 20 * 86400);
    assert_int_equal(APR_EINVAL, order_for(s, "example.edu", NULL));
    assert_string_equal(EAB_PROBLEM_FEWER_NAMES, s->result->type);
    assert_null(scene_certificate(s)->journal);
    scene_end(s);
}

static void shortly_before_its_end_fewer_names_will_do(void **state)
{
    scene_t *s = with_subset_allowed(*state);

    install_whole(s, 3 * 86400 - 60);
    finalize_subset(s);
    assert_int_equal(APR_SUCCESS,
                     scene_bring(s, scene_chain(s, scene_certificate(s)->key, "DNS:example.edu")));
    assert_string_equal("000002", scene_certificate(s)->best->number);
    scene_end(s);
}

/* Written by another configuration, or by time: what was right when it was ordered is asked again. */
static void the_rule_holds_until_the_certificate_is_installed(void **state)
{
    scene_t *s = with_subset_allowed(*state);
    keeper_certificate_t *certificate = scene_certificate(s);
    generation_t *best;
    const char *pem;

    install_whole(s, 20 * 86400);
    best = certificate->best;
    certificate->best = NULL;
    assert_int_equal(APR_SUCCESS, order_for(s, "example.edu", NULL));
    assert_int_equal(APR_SUCCESS, certificate_ordered(certificate, ORDER_URL, NULL, s->result));
    certificate->best = best;
    scene_refuse(s, SENTENCE_FINALIZE);
    assert_string_equal(EAB_PROBLEM_FEWER_NAMES, s->result->type);
    assert_false(certificate->journal->finalized);
    certificate->best = NULL;
    scene_sign(s, SENTENCE_FINALIZE);
    certificate->best = best;
    pem = scene_chain(s, certificate->key, "DNS:example.edu");
    assert_int_equal(APR_EINVAL, scene_bring(s, pem));
    assert_string_equal(EAB_PROBLEM_FEWER_NAMES, s->result->type);
    assert_ptr_equal(best, certificate->best);
    s->certificate->allow_subset = 0;
    certificate->best = NULL;
    assert_int_equal(APR_EINVAL, scene_bring(s, pem));
    s->certificate->allow_subset = 1;
    assert_int_equal(APR_SUCCESS, scene_bring(s, pem));
    generation_drop(best);
    scene_end(s);
}

static void a_chain_with_fewer_names_than_ordered(void **state)
{
    scene_t *s = with_subset_allowed(*state);
    keeper_certificate_t *certificate = scene_certificate(s);
    json_t *dropped;

    install_whole(s, 20 * 86400);
    scene_finalize(s);
    assert_int_equal(APR_EINVAL, scene_bring(s, scene_chain(s, certificate->key, "DNS:" NAME)));
    assert_string_equal(EAB_PROBLEM_FEWER_NAMES, s->result->type);
    dropped = json_array_get(s->result->subproblems, 0);
    assert_string_equal(EAB_PROBLEM_NAME_DROPPED, json_peek_string(dropped, "type"));
    assert_string_equal("example.edu",
                        json_peek_string(json_object_get(dropped, "identifier"), "value"));
    assert_int_equal(APR_EINVAL, scene_bring(s, scene_chain(s, certificate->key, "DNS:evil")));
    assert_string_equal(EAB_PROBLEM_CHAIN, s->result->type);
    generation_drop(certificate->best);
    certificate->best = NULL;
    assert_int_equal(APR_SUCCESS, scene_bring(s, scene_chain(s, certificate->key, "DNS:" NAME)));
    assert_int_equal(1, certificate->best->facts->names->nelts);
    scene_end(s);
}

/* RFC 9773, 5: of the same account, and with a name in common. */
static void only_a_predecessor_is_replaced(void **state)
{
    scene_t *s = with_finalized(*state);
    chain_facts_t *facts;

    scene_install(s);
    facts = apr_pmemdup(s->p, scene_certificate(s)->best->facts, sizeof(*facts));
    facts->ari_id = "aaaa.AA";
    scene_certificate(s)->best->facts = facts;
    assert_string_equal("aaaa.AA", certificate_replaced(scene_certificate(s)));
    s->certificate->names = party_names(s->p, "other.example.edu", "example.edu", NULL);
    assert_string_equal("aaaa.AA", certificate_replaced(scene_certificate(s)));
    s->certificate->names = party_names(s->p, "other.example.edu", "*.example.edu", NULL);
    assert_null(certificate_replaced(scene_certificate(s)));
    s->certificate->names = party_names(s->p, NAME, NULL);
    scene_certificate(s)->best->account = "another";
    assert_null(certificate_replaced(scene_certificate(s)));
    scene_end(s);
}

static const char *fingerprint(scene_t *s)
{
    scene_start(s);
    return apr_pstrdup(s->p, certificate_fingerprint(scene_certificate(s), s->p));
}

static void the_fingerprint_is_of_what_matters(void **state)
{
    scene_t *s = scene_make(*state);
    const char *first = fingerprint(s), *second = NULL;

    s->certificate->where = "httpd.conf:99";
    s->certificate->loaded = "000003";
    s->certificate->renew_percent = 10;
    assert_string_equal(first, fingerprint(s));

    s->certificate->names = party_names(s->p, NAME, NULL);
    assert_string_not_equal(first, fingerprint(s));
    s->certificate->names = party_names(s->p, NAME, "example.edu", NULL);
    s->certificate->challenges = party_names(s->p, NULL);
    assert_string_not_equal(first, fingerprint(s));
    s->certificate->challenges = party_names(s->p, "http-01", NULL);
    s->certificate->key_type = "p384";
    assert_string_not_equal(first, fingerprint(s));
    s->certificate->key_type = "p256";
    s->certificate->common_name = 0;
    assert_string_not_equal(first, fingerprint(s));
    s->certificate->common_name = 1;
    s->certificate->allow_subset = 1;
    assert_string_not_equal(first, fingerprint(s));
    s->certificate->allow_subset = 0;
    s->certificate->profile = "shortlived";
    second = fingerprint(s);
    assert_string_not_equal(first, second);
    s->certificate->profile_required = 1;
    assert_string_not_equal(second, fingerprint(s));
    s->certificate->profile_required = 0;
    s->certificate->profile = NULL;
    s->certificate->preferred_chain = "Root X1";
    assert_string_not_equal(first, fingerprint(s));
    s->certificate->preferred_chain = NULL;
    s->account->terms_accepted = 0;
    assert_string_not_equal(first, fingerprint(s));
    s->account->terms_accepted = 1;
    APR_ARRAY_PUSH(s->plan->http_ports, int) = 80;
    assert_string_not_equal(first, fingerprint(s));
    apr_array_clear(s->plan->http_ports);
    assert_string_equal(first, fingerprint(s));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_order_is_resumed),
        fixture_test(a_new_order_without_an_answer_is_known),
        fixture_test(a_certificate_waits_for_the_disk_twice),
        fixture_test(an_order_of_another_configuration_is_dropped_unless_finalized),
        fixture_test(an_order_gets_a_key_of_the_type_that_is_configured_now),
        fixture_test(the_order_of_names_is_no_change),
        fixture_test(a_damaged_journal_is_set_aside),
        fixture_test(an_order_url_is_an_https_url_and_comes_once),
        fixture_test(a_chain_is_installed_and_the_order_ends),
        fixture_test(an_order_that_is_installed_is_not_resumed),
        fixture_test(a_foreign_chain_is_refused),
        fixture_test(without_an_order_nothing_is_installed),
        fixture_test(each_order_has_a_key_of_its_own),
        fixture_test(an_order_for_fewer_names_needs_leave),
        fixture_test(an_order_is_for_configured_names_whatever_is_asked),
        fixture_test(an_order_for_fewer_names_is_resumed_under_the_same_configuration),
        fixture_test(fewer_names_take_the_place_of_nothing),
        fixture_test(fewer_names_do_not_take_the_place_of_a_good_certificate),
        fixture_test(shortly_before_its_end_fewer_names_will_do),
        fixture_test(the_rule_holds_until_the_certificate_is_installed),
        fixture_test(a_chain_with_fewer_names_than_ordered),
        fixture_test(only_a_predecessor_is_replaced),
        fixture_test(the_fingerprint_is_of_what_matters),
    };

    return fixture_run(tests);
}
