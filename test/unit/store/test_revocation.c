/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <unistd.h>

#include "base/file.h"
#include "store/revocation.h"

#define FINGERPRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ASKED apr_time_from_sec(1795300000)

typedef struct scene {
    apr_pool_t *p;
    store_t *store;
    eab_result_t *result;
    revocation_t revocation;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    s.result = eab_result_make(p);
    assert_int_equal(APR_SUCCESS, store_open(&s.store, fixture_directory(p), s.result, p));
    s.revocation.fingerprint = FINGERPRINT;
    s.revocation.pem = "-----BEGIN CERTIFICATE-----\n";
    s.revocation.serial = "43cb";
    s.revocation.not_after = ASKED + apr_time_from_sec(86400);
    s.revocation.name = "www.example.edu";
    s.revocation.generation = "000007";
    s.revocation.account = "0123456789abcdef0123456789abcdef";
    s.revocation.directory = "https://ca.example/directory";
    s.revocation.reason = REVOCATION_KEY_COMPROMISE;
    s.revocation.by_key = REVOCATION_BY_CERTIFICATE_FIRST;
    s.revocation.compromised = 1;
    s.revocation.by = "alice";
    s.revocation.asked = ASKED;
    s.revocation.attempts = 3;
    s.revocation.next = ASKED + apr_time_from_sec(60);
    s.revocation.problem = eab_result_make(p);
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static void save(scene_t *s, const secret_t *key)
{
    assert_int_equal(APR_SUCCESS, revocation_save(s->store, &s->revocation, key, s->result, s->p));
}

static const revocation_t *only(scene_t *s)
{
    apr_array_header_t *list = revocation_list(s->p, s->store);

    assert_int_equal(1, list->nelts);
    return APR_ARRAY_IDX(list, 0, revocation_t *);
}

static void all_of_it_is_kept(void **state)
{
    scene_t s = scene(*state);
    const revocation_t *found;

    save(&s, NULL);
    found = only(&s);
    assert_string_equal(FINGERPRINT, found->fingerprint);
    assert_string_equal(s.revocation.pem, found->pem);
    assert_string_equal("43cb", found->serial);
    assert_string_equal("www.example.edu", found->name);
    assert_string_equal("000007", found->generation);
    assert_string_equal(s.revocation.account, found->account);
    assert_string_equal(s.revocation.directory, found->directory);
    assert_int_equal(REVOCATION_KEY_COMPROMISE, found->reason);
    assert_int_equal(REVOCATION_BY_CERTIFICATE_FIRST, found->by_key);
    assert_true(found->compromised && !found->now && !found->keep && !found->refused);
    assert_string_equal("alice", found->by);
    assert_int_equal(ASKED, found->asked);
    assert_int_equal(s.revocation.not_after, found->not_after);
    assert_int_equal(3, found->attempts);
    assert_int_equal(s.revocation.next, found->next);
    assert_int_equal(APR_SUCCESS, found->problem->rv);
    scene_end(&s);
}

static void a_refusal_is_kept(void **state)
{
    scene_t s = scene(*state);
    const revocation_t *found;

    eab_result_set(s.revocation.problem, APR_EGENERAL, ACME_ERROR "badRevocationReason", "No.");
    s.revocation.refused = s.revocation.now = s.revocation.keep = 1;
    save(&s, NULL);
    found = only(&s);
    assert_true(found->refused && found->now && found->keep);
    assert_true(eab_result_is_acme(found->problem, "badRevocationReason"));
    scene_end(&s);
}

static void the_key_goes_with_it(void **state)
{
    scene_t s = scene(*state);
    keypair_t *key = keypair_adopt(s.p, keypair_generate("p256")), *found = NULL;
    const char *folder = store_path(s.p, s.store, "revocations", NULL, NULL);

    assert_int_equal(APR_ENOENT, revocation_key(&found, s.store, FINGERPRINT, s.p));
    save(&s, keypair_pem(s.p, key));
    assert_int_equal(APR_SUCCESS, revocation_key(&found, s.store, FINGERPRINT, s.p));
    assert_string_equal(keypair_spki(s.p, key->pkey), keypair_spki(s.p, found->pkey));
    only(&s);
    assert_int_equal(APR_SUCCESS, revocation_remove(s.store, FINGERPRINT, s.result, s.p));
    assert_int_equal(0, file_list_directory(folder, s.p)->nelts);
    assert_int_equal(APR_SUCCESS, revocation_remove(s.store, FINGERPRINT, s.result, s.p));
    scene_end(&s);
}

static void expect_nothing_of(scene_t *s, const char *name, const char *text)
{
    const char *path = store_path(s->p, s->store, "revocations", name, NULL);

    assert_int_equal(APR_SUCCESS, file_replace(path, text, strlen(text), 0600, 0, s->p));
    assert_int_equal(0, revocation_list(s->p, s->store)->nelts);
}

static void what_is_damaged_is_not_carried_out(void **state)
{
    scene_t s = scene(*state);

    expect_nothing_of(&s, FINGERPRINT ".json", "{\"certificate\":");
    expect_nothing_of(&s, FINGERPRINT ".json", "{}");
    expect_nothing_of(&s, FINGERPRINT ".json",
                      "{\"certificate\":\"x\",\"serial\":\"1\",\"by_key\":\"account\","
                      "\"reason\":2}");
    expect_nothing_of(&s, FINGERPRINT ".json",
                      "{\"certificate\":\"x\",\"serial\":\"1\",\"by_key\":\"any\","
                      "\"reason\":1}");
    expect_nothing_of(&s, "x.json", "{}");
    s.revocation.fingerprint = "../x";
    assert_int_equal(APR_EINVAL, revocation_save(s.store, &s.revocation, NULL, s.result, s.p));
    scene_end(&s);
}

static void reasons_have_names_and_numbers(void **state)
{
    static const struct {
        const char *text;
        int reason;
    } rows[] = {
        { "unspecified", 0 },
        { "0", 0 },
        { "keyCompromise", 1 },
        { "keycompromise", 1 },
        { "1", 1 },
        { "AffiliationChanged", 3 },
        { "3", 3 },
        { "superseded", 4 },
        { "4", 4 },
        { "cessationofoperation", 5 },
        { "5", 5 },
        /* A subscriber may not ask for these, whatever they are called: */
        { "cACompromise", -1 },
        { "2", -1 },
        { "certificateHold", -1 },
        { "6", -1 },
        { "7", -1 },
        { "8", -1 },
        { "9", -1 },
        { "privilegeWithdrawn", -1 },
        { "10", -1 },
        { "04", -1 },
        { "", -1 },
        { NULL, -1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        assert_int_equal(rows[i].reason, revocation_reason_parse(rows[i].text));
    }
    assert_string_equal("keyCompromise", revocation_reason_name(1));
    assert_null(revocation_reason_name(9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(all_of_it_is_kept),
        fixture_test(a_refusal_is_kept),
        fixture_test(the_key_goes_with_it),
        fixture_test(what_is_damaged_is_not_carried_out),
        fixture_test(reasons_have_names_and_numbers),
    };

    return fixture_run(tests);
}
