/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <sys/stat.h>
#include <unistd.h>
#include <openssl/err.h>

#include "base/file.h"
#include "base/json.h"
#include "store/record.h"
#include "store/registration.h"

#define DIRECTORY "https://ca.example/directory"
#define KID "kid-3"
#define CREATED apr_time_from_sec(1795300000)

typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    store_t *store;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    s.result = eab_result_make(p);
    assert_int_equal(APR_SUCCESS, store_open(&s.store, fixture_directory(p), s.result, p));
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(0, ERR_peek_error());
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static registration_t *load(scene_t *s)
{
    registration_t *reg = NULL;

    assert_int_equal(APR_SUCCESS,
                     registration_load(&reg, s->store, DIRECTORY, KID, s->result, s->p));
    return reg;
}

static json_t *read_record(scene_t *s)
{
    json_t *json = NULL;

    assert_int_equal(APR_SUCCESS,
                     record_read(&json,
                                 store_path(s->p, s->store, "accounts",
                                            registration_id(s->p, DIRECTORY, KID), "account.json"),
                                 s->result, s->p));
    return json;
}

static const char *path_of(scene_t *s, const char *file)
{
    return store_path(s->p, s->store, "accounts", registration_id(s->p, DIRECTORY, KID), file);
}

/* printf 'https://ca.example/directory\0kid-3' | sha256sum */
static void ids(void **state)
{
    const char *id = registration_id(*state, DIRECTORY, KID);

    assert_string_equal("12c515b0d50c56ba595f82361574deb2", id);
    assert_true(registration_id_is_valid(id));
    assert_string_not_equal(id, registration_id(*state, DIRECTORY, "kid-4"));
    assert_string_not_equal(id, registration_id(*state, DIRECTORY, NULL));
    assert_string_not_equal(id, registration_id(*state, DIRECTORY "k", "id-3"));
    assert_string_equal("922d409b73b724a3", registration_kid_hash(*state, KID));
    assert_null(registration_kid_hash(*state, NULL));
    assert_false(registration_id_is_valid(NULL));
    assert_false(registration_id_is_valid("../../../../../../../../../../.."));
    assert_false(registration_id_is_valid("0123456789ABCDEF0123456789ABCDEF"));
    assert_false(registration_id_is_valid("0123456789abcdef0123456789abcde"));
    assert_false(registration_id_is_valid("0123456789abcdef0123456789abcdef0"));
}

static void nothing_stored_is_an_empty_record(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = load(&s);

    assert_string_equal(registration_id(s.p, DIRECTORY, KID), reg->id);
    assert_string_equal(DIRECTORY, reg->directory);
    assert_null(reg->url);
    assert_int_equal(0, reg->attempted);
    assert_int_equal(0, reg->created);
    assert_int_equal(APR_SUCCESS, s.result->rv);
    assert_int_equal(
        0, file_list_directory(store_path(s.p, s.store, "accounts", NULL, NULL), s.p)->nelts);
    scene_end(&s);
}

static void save_and_load(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = load(&s);
    const char *text = NULL;
    apr_size_t len = 0;

    reg->url = "https://ca.example/acct/7";
    reg->attempted = 1;
    reg->created = CREATED;
    reg->terms = "https://ca.example/terms";
    reg->contacts = "mailto:a@example.edu mailto:b@example.edu";
    assert_int_equal(APR_SUCCESS, registration_save(s.store, reg, s.result, s.p));
    reg = load(&s);
    assert_string_equal("https://ca.example/acct/7", reg->url);
    assert_int_equal(1, reg->attempted);
    assert_int_equal(CREATED, reg->created);
    assert_string_equal("https://ca.example/terms", reg->terms);
    assert_string_equal("mailto:a@example.edu mailto:b@example.edu", reg->contacts);
    assert_int_equal(APR_SUCCESS, file_read(&text, &len, path_of(&s, "account.json"), 10000, s.p));
    assert_null(strstr(text, KID));
    assert_int_equal('\n', text[len - 1]);
    scene_end(&s);
}

static void attempt_is_remembered_without_a_url(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = load(&s);

    reg->attempted = 1;
    assert_int_equal(APR_SUCCESS, registration_save(s.store, reg, s.result, s.p));
    reg = load(&s);
    assert_int_equal(1, reg->attempted);
    assert_null(reg->url);
    scene_end(&s);
}

static void damaged_account_is_an_error(void **state)
{
    static const char *const damaged[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"directory\": \"https://other.example/\", \"attempted\": true}",
        "{\"directory\": \"" DIRECTORY "\", \"attempted\": true, \"url\": 7}",
        "{\"directory\": \"" DIRECTORY "\"}"
    };
    scene_t s = scene(*state);
    registration_t *reg = load(&s);
    size_t i;

    assert_int_equal(APR_SUCCESS, registration_save(s.store, reg, s.result, s.p));
    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        fixture_write(path_of(&s, "account.json"), damaged[i], strlen(damaged[i]));
        assert_int_equal(APR_EINVAL,
                         registration_load(&reg, s.store, DIRECTORY, KID, s.result, s.p));
        assert_null(reg);
        assert_string_equal(EAB_PROBLEM_STORE, s.result->type);
        assert_non_null(strstr(s.result->detail, "account.json"));
    }
    scene_end(&s);
}

/* The CA knows the account by its key: nothing else has to be known here. */
static void damaged_account_beside_its_key_is_asked_for(void **state)
{
    static const char *const damaged[] = { "", "{", "[]", "{\"directory\": 7}", "\x7f\x45\x4c" };
    scene_t s = scene(*state);
    registration_t *reg = load(&s);
    keypair_t *first = NULL, *again = NULL;
    size_t i;

    reg->url = "https://ca.example/acct/7";
    assert_int_equal(APR_SUCCESS, registration_save(s.store, reg, s.result, s.p));
    reg->url = NULL;
    assert_int_equal(APR_SUCCESS, registration_key(&first, s.store, reg, s.result, s.p));
    for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        fixture_write(path_of(&s, "account.json"), damaged[i], strlen(damaged[i]));
        reg = load(&s);
        assert_true(reg->damaged && reg->attempted);
        assert_null(reg->url);
        assert_non_null(strstr(s.result->detail, "account.json"));
        assert_null(strstr(s.result->detail, "remove"));
        assert_int_equal(APR_SUCCESS, registration_key(&again, s.store, reg, s.result, s.p));
        assert_int_equal(1, EVP_PKEY_eq(first->pkey, again->pkey));
    }
    unlink(path_of(&s, "account.json"));
    assert_int_equal(0, mkdir(path_of(&s, "account.json"), 0700));
    assert_true(load(&s)->damaged);
    reg->url = "https://ca.example/acct/7";
    assert_int_equal(APR_SUCCESS, registration_save(s.store, reg, s.result, s.p));
    eab_result_clear(s.result);
    assert_string_equal("https://ca.example/acct/7", load(&s)->url);
    assert_int_equal(APR_SUCCESS, s.result->rv);
    scene_end(&s);
}

/* It may be mended: nobody is told to throw it away. */
static void damaged_account_beside_a_damaged_key(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = load(&s);

    assert_int_equal(APR_SUCCESS, registration_save(s.store, reg, s.result, s.p));
    fixture_write(path_of(&s, "account.json"), "", 0);
    fixture_write(path_of(&s, "key.pem"), "-----BEGIN", 10);
    assert_int_equal(APR_EINVAL, registration_load(&reg, s.store, DIRECTORY, KID, s.result, s.p));
    assert_null(reg);
    assert_non_null(strstr(s.result->detail, "Restore both"));
    assert_null(strstr(s.result->detail, "remove"));
    scene_end(&s);
}

static void key_is_made_once(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = load(&s);
    keypair_t *first = NULL;
    keypair_t *second = NULL;
    struct stat st;

    assert_int_equal(APR_SUCCESS, registration_key(&first, s.store, reg, s.result, s.p));
    assert_string_equal("p256", keypair_type(first->pkey));
    assert_int_equal(APR_SUCCESS, registration_key(&second, s.store, reg, s.result, s.p));
    assert_int_equal(1, EVP_PKEY_eq(first->pkey, second->pkey));
    assert_int_equal(0, stat(path_of(&s, "key.pem"), &st));
    assert_int_equal(0600, st.st_mode & 07777);
    assert_int_equal(0, stat(path_of(&s, NULL), &st));
    assert_int_equal(0700, st.st_mode & 07777);
    scene_end(&s);
}

static void damaged_key_is_an_error(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = load(&s);
    keypair_t *key = NULL;

    assert_int_equal(APR_SUCCESS, registration_key(&key, s.store, reg, s.result, s.p));
    fixture_write(path_of(&s, "key.pem"), "", 0);
    assert_int_equal(APR_EINVAL, registration_key(&key, s.store, reg, s.result, s.p));
    assert_null(key);
    assert_non_null(strstr(s.result->detail, "key.pem holds no private key"));
    scene_end(&s);
}

static void key_that_no_ca_takes_is_an_error(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = load(&s);
    keypair_t *key = keypair_adopt(s.p, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    secret_t *pem = keypair_pem(s.p, key);

    assert_int_equal(APR_SUCCESS, registration_save(s.store, reg, s.result, s.p));
    fixture_write(path_of(&s, "key.pem"), pem->data, pem->len);
    assert_int_equal(APR_EINVAL, registration_key(&key, s.store, reg, s.result, s.p));
    assert_null(key);
    scene_end(&s);
}

/* A new key would be another account, and the EAB key is used up. */
static void lost_key_of_a_bound_account_is_an_error(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = load(&s);
    keypair_t *key = NULL;

    reg->url = "https://ca.example/acct/7";
    assert_int_equal(APR_ENOENT, registration_key(&key, s.store, reg, s.result, s.p));
    assert_null(key);
    assert_non_null(strstr(s.result->detail, "key.pem"));
    assert_int_equal(0, file_list_directory(path_of(&s, NULL), s.p)->nelts);
    scene_end(&s);
}

static void strange_ids_are_refused(void **state)
{
    scene_t s = scene(*state);
    registration_t reg = { .id = "../../escape", .directory = DIRECTORY };
    keypair_t *key = NULL;

    assert_int_equal(APR_EINVAL, registration_save(s.store, &reg, s.result, s.p));
    assert_int_equal(APR_EINVAL, registration_key(&key, s.store, &reg, s.result, s.p));
    assert_null(key);
    scene_end(&s);
}

/* ---- another key ---- */

static const char *spki_of(scene_t *s, const char *file)
{
    keypair_t *key = NULL;

    return keypair_load(&key, path_of(s, file), s->p) == APR_SUCCESS ? keypair_spki(s->p, key->pkey)
                                                                     : "none";
}

static registration_t *bound(scene_t *s)
{
    registration_t *reg = load(s);
    keypair_t *key = NULL;

    reg->url = "https://ca.example/acct/7";
    reg->created = CREATED;
    assert_int_equal(APR_SUCCESS, registration_save(s->store, reg, s->result, s->p));
    reg->url = NULL;
    assert_int_equal(APR_SUCCESS, registration_key(&key, s->store, reg, s->result, s->p));
    return load(s);
}

static void the_next_key_takes_the_place_of_the_old(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = bound(&s);
    const char *old = spki_of(&s, "key.pem"), *next;
    keypair_t *key = NULL, *again = NULL;

    assert_int_equal(APR_ENOENT, registration_next_key(&key, s.store, reg, s.result, s.p));
    assert_int_equal(APR_SUCCESS, registration_make_next_key(&key, s.store, reg, s.result, s.p));
    next = spki_of(&s, "key.next.pem");
    assert_string_equal(keypair_spki(s.p, key->pkey), next);
    assert_string_not_equal(old, next);
    assert_string_equal("p256", keypair_type(key->pkey));
    assert_int_equal(APR_SUCCESS, registration_make_next_key(&again, s.store, reg, s.result, s.p));
    assert_string_equal(next, keypair_spki(s.p, again->pkey));
    assert_int_equal(APR_SUCCESS, registration_take_next_key(s.store, reg, s.result, s.p));
    assert_string_equal(next, spki_of(&s, "key.pem"));
    assert_string_equal(old, spki_of(&s, "key.old.pem"));
    assert_string_equal("none", spki_of(&s, "key.next.pem"));
    registration_forget_old_key(s.store, reg, s.p);
    assert_string_equal("none", spki_of(&s, "key.old.pem"));
    scene_end(&s);
}

static void a_next_key_that_the_ca_refused_is_dropped(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = bound(&s);
    const char *old = spki_of(&s, "key.pem");
    keypair_t *key = NULL;

    assert_int_equal(APR_SUCCESS, registration_make_next_key(&key, s.store, reg, s.result, s.p));
    assert_int_equal(APR_SUCCESS, registration_drop_next_key(s.store, reg, s.result, s.p));
    assert_int_equal(APR_SUCCESS, registration_drop_next_key(s.store, reg, s.result, s.p));
    assert_string_equal(old, spki_of(&s, "key.pem"));
    assert_string_equal("none", spki_of(&s, "key.next.pem"));
    scene_end(&s);
}

/* It may be the only key that the CA takes. */
static void a_damaged_next_key_is_an_error(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = bound(&s);
    keypair_t *key = NULL;

    fixture_write(path_of(&s, "key.next.pem"), "x", 1);
    assert_int_equal(APR_EINVAL, registration_next_key(&key, s.store, reg, s.result, s.p));
    assert_non_null(strstr(s.result->detail, "key.next.pem"));
    assert_int_equal(APR_EINVAL, registration_make_next_key(&key, s.store, reg, s.result, s.p));
    scene_end(&s);
}

/* ---- another account ---- */

static void another_takes_its_place_and_can_go_again(void **state)
{
    scene_t s = scene(*state);
    registration_t *first = bound(&s), *second, *third;
    apr_time_t now = CREATED;

    assert_int_equal(APR_SUCCESS,
                     registration_succeed(s.store, first, KID, now, "alice", s.result, s.p));
    second = load(&s);
    assert_string_not_equal(first->id, second->id);
    assert_true(registration_id_is_valid(second->id));
    assert_null(second->url);
    assert_int_equal(0, second->created);
    assert_true(registration_was_before(second, first->id));
    assert_false(registration_was_before(second, second->id));
    assert_false(registration_was_before(first, first->id));
    assert_false(registration_was_before(second, NULL));
    second->url = "https://ca.example/acct/2";
    assert_int_equal(APR_SUCCESS, registration_save(s.store, second, s.result, s.p));

    assert_int_equal(APR_SUCCESS,
                     registration_succeed(s.store, second, KID, now + 1, "alice", s.result, s.p));
    third = load(&s);
    assert_null(third->url);
    assert_true(registration_was_before(third, first->id));
    assert_true(registration_was_before(third, second->id));
    assert_int_equal(APR_SUCCESS, registration_reinstate(s.store, third, KID, s.result, s.p));
    assert_int_equal(APR_SUCCESS, registration_reinstate(s.store, third, KID, s.result, s.p));
    assert_int_not_equal(0, access(store_path(s.p, s.store, "accounts", third->id, NULL), F_OK));
    assert_string_equal("https://ca.example/acct/2", load(&s)->url);
    assert_true(registration_was_before(load(&s), first->id));

    /* The first is not needed for that, and nothing of it was changed. */
    assert_string_equal(first->url, json_peek_string(read_record(&s), "url"));
    assert_int_equal(APR_SUCCESS, file_remove_tree(path_of(&s, NULL), s.p));
    assert_string_equal("https://ca.example/acct/2", load(&s)->url);
    assert_int_equal(APR_SUCCESS, registration_reinstate(s.store, load(&s), KID, s.result, s.p));
    assert_null(load(&s)->url);
    assert_int_equal(APR_EINVAL, registration_reinstate(s.store, load(&s), KID, s.result, s.p));
    scene_end(&s);
}

/* Root does not want the first any more, perhaps since somebody else has its key. */
static void which_one_is_used_is_not_guessed(void **state)
{
    scene_t s = scene(*state);
    registration_t *first = bound(&s), *reg = NULL;

    assert_int_equal(APR_SUCCESS,
                     registration_succeed(s.store, first, KID, CREATED, "alice", s.result, s.p));
    fixture_write(
        store_path(s.p, s.store, "accounts", apr_pstrcat(s.p, first->id, ".current", NULL), NULL),
        "{}", 2);
    assert_int_equal(APR_EINVAL, registration_load(&reg, s.store, DIRECTORY, KID, s.result, s.p));
    assert_null(reg);
    assert_non_null(strstr(s.result->detail, ".current"));
    scene_end(&s);
}

/* ---- the end ---- */

static void a_closed_account_is_known_and_has_no_key(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = bound(&s);
    keypair_t *key = NULL;

    reg->by = "alice";
    reg->closing = CREATED + 1;
    assert_int_equal(APR_SUCCESS, registration_make_next_key(&key, s.store, reg, s.result, s.p));
    assert_int_equal(APR_SUCCESS, registration_close(s.store, reg, CREATED + apr_time_from_sec(5),
                                                     s.result, s.p));
    assert_int_equal(-1, access(path_of(&s, NULL), F_OK));
    reg = load(&s);
    assert_int_equal(CREATED + apr_time_from_sec(5), reg->closed);
    assert_string_equal("https://ca.example/acct/7", reg->url);
    assert_string_equal("alice", reg->by);
    assert_string_equal(
        "account.json",
        apr_array_pstrcat(
            s.p,
            file_list_directory(apr_pstrcat(s.p, path_of(&s, NULL), ".deactivated", NULL), s.p),
            ' '));
    scene_end(&s);
}

static void closing_goes_on_after_a_crash(void **state)
{
    scene_t s = scene(*state);
    registration_t *reg = bound(&s);

    reg->closed = CREATED;
    assert_int_equal(APR_SUCCESS, registration_save(s.store, reg, s.result, s.p));
    assert_int_equal(0, unlink(path_of(&s, "key.pem")));
    reg = load(&s);
    assert_int_equal(CREATED, reg->closed);
    assert_int_equal(APR_SUCCESS, registration_close(s.store, reg, apr_time_now(), s.result, s.p));
    assert_int_equal(CREATED, load(&s)->closed);
    assert_int_equal(-1, access(path_of(&s, NULL), F_OK));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(ids),
        fixture_test(nothing_stored_is_an_empty_record),
        fixture_test(save_and_load),
        fixture_test(attempt_is_remembered_without_a_url),
        fixture_test(damaged_account_is_an_error),
        fixture_test(damaged_account_beside_its_key_is_asked_for),
        fixture_test(damaged_account_beside_a_damaged_key),
        fixture_test(key_is_made_once),
        fixture_test(damaged_key_is_an_error),
        fixture_test(key_that_no_ca_takes_is_an_error),
        fixture_test(lost_key_of_a_bound_account_is_an_error),
        fixture_test(strange_ids_are_refused),
        fixture_test(the_next_key_takes_the_place_of_the_old),
        fixture_test(a_next_key_that_the_ca_refused_is_dropped),
        fixture_test(a_damaged_next_key_is_an_error),
        fixture_test(another_takes_its_place_and_can_go_again),
        fixture_test(which_one_is_used_is_not_guessed),
        fixture_test(a_closed_account_is_known_and_has_no_key),
        fixture_test(closing_goes_on_after_a_crash),
    };

    return fixture_run(tests);
}
