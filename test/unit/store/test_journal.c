/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"
#include "../synced.h"

#include <sys/stat.h>

#include "../crypto/party.h"
#include "base/file.h"
#include "base/json.h"
#include "store/journal.h"

#define NAME "www.example.edu"
#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define SINCE apr_time_from_sec(1795300000)

typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    store_t *store;
    journal_t journal;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    s.result = eab_result_make(p);
    assert_int_equal(APR_SUCCESS, store_open(&s.store, fixture_directory(p), s.result, p));
    s.journal.account = ACCOUNT;
    s.journal.names = party_names(p, NAME, "*.example.edu", NULL);
    s.journal.key_type = "rsa2048";
    s.journal.since = SINCE;
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static void save(scene_t *s, const char *name)
{
    assert_int_equal(APR_SUCCESS, journal_save(s->store, name, &s->journal, s->result, s->p));
}

static const char *path_of(scene_t *s, const char *file)
{
    return store_path(s->p, s->store, "pending", NAME, file);
}

static void no_order_in_flight(void **state)
{
    scene_t s = scene(*state);
    journal_t *journal = NULL;
    keypair_t *key = NULL;

    assert_int_equal(APR_ENOENT, journal_load(&journal, s.store, NAME, s.result, s.p));
    assert_null(journal);
    assert_int_equal(APR_SUCCESS, s.result->rv);
    assert_int_equal(APR_ENOENT, journal_load_key(&key, s.store, NAME, s.p));
    assert_null(key);
    assert_int_equal(APR_SUCCESS, journal_remove(s.store, NAME, s.p));
    scene_end(&s);
}

static void save_and_load(void **state)
{
    scene_t s = scene(*state);
    journal_t *journal = NULL;

    assert_false(journal_is_among(store_survey(s.store, "pending", s.p), NAME, s.p));
    save(&s, NAME);
    assert_true(journal_is_among(store_survey(s.store, "pending", s.p), NAME, s.p));
    assert_null(store_survey(s.store, "nowhere", s.p));
    assert_int_equal(APR_SUCCESS, journal_load(&journal, s.store, NAME, s.result, s.p));
    assert_string_equal(ACCOUNT, journal->account);
    assert_int_equal(2, journal->names->nelts);
    assert_string_equal("*.example.edu", APR_ARRAY_IDX(journal->names, 1, const char *));
    assert_string_equal("rsa2048", journal->key_type);
    assert_null(journal->order_url);
    assert_null(journal->of);
    assert_int_equal(0, journal->finalized);
    assert_int_equal(SINCE, journal->since);
    s.journal.of = party_names(s.p, NAME, "*.example.edu", "example.edu", NULL);
    s.journal.order_url = "https://ca.example/order/1";
    s.journal.finalized = 1;
    save(&s, NAME);
    assert_int_equal(APR_SUCCESS, journal_load(&journal, s.store, NAME, s.result, s.p));
    assert_string_equal("https://ca.example/order/1", journal->order_url);
    assert_int_equal(1, journal->finalized);
    assert_int_equal(3, journal->of->nelts);
    assert_int_equal(2, journal->names->nelts);
    scene_end(&s);
}

static void wildcards_have_a_directory(void **state)
{
    scene_t s = scene(*state);
    journal_t *journal = NULL;

    save(&s, "*.example.edu");
    assert_int_equal(APR_SUCCESS, journal_load(&journal, s.store, "*.example.edu", s.result, s.p));
    assert_int_equal(1, file_list_directory(
                            store_path(s.p, s.store, "pending", "_wildcard.example.edu", NULL), s.p)
                            ->nelts);
    scene_end(&s);
}

static void key_is_kept(void **state)
{
    scene_t s = scene(*state);
    keypair_t *key = keypair_adopt(s.p, keypair_generate("p256"));
    keypair_t *again = NULL;
    struct stat st;

    assert_int_equal(APR_SUCCESS, journal_save_key(s.store, NAME, key, s.result, s.p));
    assert_int_equal(APR_SUCCESS, journal_load_key(&again, s.store, NAME, s.p));
    assert_int_equal(1, EVP_PKEY_eq(key->pkey, again->pkey));
    assert_int_equal(0, stat(path_of(&s, "privkey.pem"), &st));
    assert_int_equal(0600, st.st_mode & 07777);
    scene_end(&s);
}

static void remove_takes_record_and_key(void **state)
{
    scene_t s = scene(*state);
    keypair_t *key = keypair_adopt(s.p, keypair_generate("p256"));
    journal_t *journal = NULL;
    struct stat st;

    save(&s, NAME);
    assert_int_equal(APR_SUCCESS, journal_save_key(s.store, NAME, key, s.result, s.p));
    assert_int_equal(APR_SUCCESS, journal_remove(s.store, NAME, s.p));
    assert_int_equal(APR_ENOENT, journal_load(&journal, s.store, NAME, s.result, s.p));
    assert_int_equal(APR_ENOENT, journal_load_key(&key, s.store, NAME, s.p));
    assert_int_equal(-1, lstat(path_of(&s, NULL), &st));
    scene_end(&s);
}

static int is_empty(scene_t *s)
{
    return file_list_directory(store_path(s->p, s->store, "pending", NULL, NULL), s->p)->nelts == 0
           && access(store_path(s->p, s->store, "pending", ".tmp-removed", NULL), F_OK) != 0;
}

static void nothing_is_left_and_no_disk_waited_for(void **state)
{
    scene_t s = scene(*state);

    save(&s, NAME);
    synced_begin();
    assert_int_equal(APR_SUCCESS, journal_remove(s.store, NAME, s.p));
    assert_int_equal(0, synced_count);
    assert_true(is_empty(&s));
    scene_end(&s);
}

/* A kill between the rename and the end of the removal. */
static void half_removed_order_is_no_hindrance(void **state)
{
    scene_t s = scene(*state);

    save(&s, NAME);
    assert_int_equal(
        0, rename(path_of(&s, NULL), store_path(s.p, s.store, "pending", ".tmp-removed", NULL)));
    save(&s, NAME);
    assert_int_equal(APR_SUCCESS, journal_remove(s.store, NAME, s.p));
    assert_true(is_empty(&s));
    scene_end(&s);
}

/* Also when the key is another one than that of the first time. */
static void order_and_key_are_durable_before_finalize(void **state)
{
    scene_t s = scene(*state);
    keypair_t *key = keypair_adopt(s.p, keypair_generate("p256"));
    const char *paths[FILE_TOGETHER_MAX], *failed = NULL;
    int i;

    synced_begin();
    save(&s, NAME);
    s.journal.order_url = "https://ca.example/order/1";
    save(&s, NAME);
    assert_int_equal(APR_SUCCESS, journal_save_key(s.store, NAME, key, s.result, s.p));
    s.journal.finalized = 1;
    for (i = 0; i < 2; i++) {
        save(&s, NAME);
        assert_int_equal(0, synced_count);
        journal_paths(paths, s.store, NAME, s.p);
        assert_int_equal(APR_SUCCESS, file_sync_together(paths, FILE_TOGETHER_MAX, &failed));
        assert_int_equal(1, synced("/pending/" NAME "/privkey.pem"));
        assert_int_equal(1, synced("/pending/" NAME));
        assert_int_equal(1, synced("/pending"));
        assert_int_equal(4, synced_count); /* the last is the record, under another name */
        synced_begin();
    }
    scene_end(&s);
}

static void expect_set_aside(scene_t *s, const char *text)
{
    journal_t *journal = NULL;
    const char *kept = NULL;
    apr_size_t len = 0;

    fixture_write(path_of(s, "order.json"), text, strlen(text));
    assert_int_equal(APR_EINVAL, journal_load(&journal, s->store, NAME, s->result, s->p));
    assert_null(journal);
    assert_non_null(strstr(s->result->detail, "order.json.damaged"));
    assert_int_equal(APR_SUCCESS,
                     file_read(&kept, &len, path_of(s, "order.json.damaged"), 10000, s->p));
    assert_string_equal(text, kept);
    assert_int_equal(APR_ENOENT, journal_load(&journal, s->store, NAME, s->result, s->p));
}

/* What save() wrote, with one member set to value or, for NULL, left out. */
static const char *with_member(scene_t *s, const char *key, json_t *value)
{
    const char *text = NULL;
    apr_size_t len = 0;
    json_t *json = NULL;

    save(s, NAME);
    assert_int_equal(APR_SUCCESS, file_read(&text, &len, path_of(s, "order.json"), 10000, s->p));
    json = json_parse(s->p, text, len, NULL);
    if (value != NULL)
        json_object_set_new(json, key, value);
    else
        json_object_del(json, key);
    return json_text(s->p, json);
}

static void damaged_journals_are_set_aside(void **state)
{
    scene_t s = scene(*state);

    save(&s, NAME);
    expect_set_aside(&s, "");
    expect_set_aside(&s, "{\"account\": \"0123");
    expect_set_aside(&s, "[]");
    expect_set_aside(&s, "{}");
    expect_set_aside(&s, with_member(&s, "account", NULL));
    expect_set_aside(&s, with_member(&s, "account", json_string("../../x")));
    expect_set_aside(&s, with_member(&s, "names", NULL));
    expect_set_aside(&s, with_member(&s, "names", json_array()));
    expect_set_aside(&s, with_member(&s, "names", json_pack("[i]", 1)));
    expect_set_aside(&s, with_member(&s, "key_type", json_string("dsa")));
    expect_set_aside(&s, with_member(&s, "order_url", json_true()));
    scene_end(&s);
}

static void names_that_lead_out_are_refused(void **state)
{
    scene_t s = scene(*state);
    keypair_t *key = keypair_adopt(s.p, keypair_generate("p256"));
    journal_t *journal = NULL;
    const char *bad = "../accounts";

    assert_int_equal(APR_EINVAL, journal_save(s.store, bad, &s.journal, s.result, s.p));
    assert_int_equal(APR_EINVAL, journal_load(&journal, s.store, bad, s.result, s.p));
    assert_int_equal(APR_EINVAL, journal_save_key(s.store, bad, key, s.result, s.p));
    assert_int_equal(APR_EINVAL, journal_load_key(&key, s.store, bad, s.p));
    assert_int_equal(APR_EINVAL, journal_remove(s.store, bad, s.p));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(no_order_in_flight),
        fixture_test(save_and_load),
        fixture_test(wildcards_have_a_directory),
        fixture_test(key_is_kept),
        fixture_test(remove_takes_record_and_key),
        fixture_test(nothing_is_left_and_no_disk_waited_for),
        fixture_test(half_removed_order_is_no_hindrance),
        fixture_test(order_and_key_are_durable_before_finalize),
        fixture_test(damaged_journals_are_set_aside),
        fixture_test(names_that_lead_out_are_refused),
    };

    return fixture_run(tests);
}
