/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"
#include "../synced.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <openssl/err.h>

#include "../crypto/party.h"
#include "base/file.h"
#include "base/json.h"
#include "store/generation.h"

#define NAME "www.example.edu"
#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define CA "https://ca.example/directory"
#define DAY 86400L

typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    store_t *store;
    party_t *root;
    apr_array_header_t *names;
    const char *archive;
    const char *link;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    static const party_spec_t root_spec = { .common = "Test Root", .is_ca = 1 };
    scene_t s = { .p = p };

    s.result = eab_result_make(p);
    assert_int_equal(APR_SUCCESS, store_open(&s.store, fixture_directory(p), s.result, p));
    s.root = party_make(p, NULL, &root_spec);
    s.names = party_names(p, NAME, "example.edu", NULL);
    s.archive = store_path(p, s.store, "archive", NAME, NULL);
    s.link = store_path(p, s.store, "live", NAME, NULL);
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(0, ERR_peek_error());
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static party_t *leaf(scene_t *s, const char *names)
{
    const party_spec_t spec = { .names = names, .usage = "serverAuth" };

    return party_make(s->p, s->root, &spec);
}

static chain_t *chain_of(scene_t *s, const party_t *party)
{
    const char *pem = party_pem(s->p, 2, party, s->root);
    chain_t *chain = NULL;

    assert_int_equal(APR_SUCCESS, chain_parse(&chain, pem, strlen(pem), s->result, s->p));
    return chain;
}

static apr_status_t install_party(scene_t *s, const party_t *party, const keypair_t *key,
                                  generation_t **pgen)
{
    return generation_install(pgen, s->store, NAME, chain_of(s, party), key, NULL, s->names,
                              ACCOUNT, CA, apr_time_now(), 0, s->result, s->p);
}

/* One more good generation. */
static generation_t *install(scene_t *s)
{
    party_t *party = leaf(s, "DNS:" NAME ",DNS:example.edu");
    generation_t *gen = NULL;

    assert_int_equal(APR_SUCCESS, install_party(s, party, party->key, &gen));
    return gen;
}

static const char *path_of(scene_t *s, const char *number, const char *file)
{
    return apr_pstrcat(s->p, s->archive, "/", number, "/", file, NULL);
}

static const char *target(scene_t *s)
{
    char text[300] = "";

    return readlink(s->link, text, sizeof(text) - 1) > 0 ? apr_pstrdup(s->p, text) : "none";
}

static void expect_live(scene_t *s, const char *number)
{
    assert_string_equal(apr_pstrcat(s->p, "../archive/" NAME "/", number, NULL), target(s));
}

/* generation_find() returns this one; it has words about the live one unless that is it. */
static void expect_found(scene_t *s, const char *number, int live_is_fine)
{
    generation_t *gen = NULL;

    assert_int_equal(APR_SUCCESS, generation_find(&gen, s->store, NAME, s->names, apr_time_now(),
                                                  s->result, s->p));
    assert_string_equal(number, gen->number);
    assert_string_equal(path_of(s, number, "fullchain.pem"), gen->chain_path);
    assert_string_equal(path_of(s, number, "privkey.pem"), gen->key_path);
    assert_int_equal(live_is_fine, s->result->rv == APR_SUCCESS);
    assert_int_equal(live_is_fine, s->result->detail == NULL);
}

static void recover(scene_t *s)
{
    int moved = 0;

    assert_int_equal(APR_SUCCESS,
                     generation_recover(s->store, NAME, NULL, NULL, &moved, s->result, s->p));
}

static void relink(scene_t *s, const char *to)
{
    unlink(s->link);
    assert_int_equal(0, symlink(to, s->link));
}

static void cut_file(const char *path, off_t by)
{
    struct stat st;

    assert_int_equal(0, stat(path, &st));
    assert_int_equal(0, truncate(path, st.st_size - by));
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(0, lstat(path, &st));
    return st.st_mode & 07777;
}

static void install_makes_it_live(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = install(&s);
    struct stat st;

    assert_string_equal("000001", gen->number);
    assert_string_equal(path_of(&s, "000001", "fullchain.pem"), gen->chain_path);
    assert_int_equal(2, gen->facts->names->nelts);
    expect_live(&s, "000001");
    assert_int_equal(0, stat(apr_pstrcat(s.p, s.link, "/fullchain.pem", NULL), &st));
    assert_int_equal(0700, mode_of(path_of(&s, "000001", "")));
    assert_int_equal(0600, mode_of(gen->key_path));
    assert_int_equal(0600, mode_of(gen->chain_path));
    assert_int_equal(4, file_list_directory(path_of(&s, "000001", ""), s.p)->nelts);
    expect_found(&s, "000001", 1);
    assert_string_equal("000002", install(&s)->number);
    expect_live(&s, "000002");
    expect_found(&s, "000002", 1);
    scene_end(&s);
}

static void meta_tells_where_it_came_from(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = NULL;
    const char *text = NULL;
    apr_size_t len = 0;
    json_t *meta = NULL;

    install(&s);
    assert_int_equal(APR_SUCCESS,
                     file_read(&text, &len, path_of(&s, "000001", "meta.json"), 10000, s.p));
    assert_int_equal('\n', text[len - 1]);
    meta = json_parse(s.p, text, len, NULL);
    assert_int_equal(2, json_array_size(json_object_get(meta, "names")));
    assert_string_equal(ACCOUNT, json_peek_string(meta, "account"));
    assert_string_equal(CA, json_peek_string(meta, "directory"));
    assert_int_equal(APR_SUCCESS,
                     generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p));
    assert_string_equal(ACCOUNT, gen->account);
    assert_string_equal(CA, gen->directory);
    assert_int_equal(json_peek_time(meta, "installed"), gen->installed);
    assert_true(labs((long)apr_time_sec(apr_time_now() - gen->installed)) < 60);
    scene_end(&s);
}

/* What a power cut may cost is the link, and that is made again. */
static void a_generation_is_durable_and_its_link_can_be_found_again(void **state)
{
    scene_t s = scene(*state);
    eab_result_t *result = eab_result_make(s.p);
    int moved = 0;

    synced_begin();
    install(&s);
    assert_int_equal(1, synced("/archive"));
    synced_begin();
    install(&s);
    assert_int_equal(1, synced("/000002/privkey.pem"));
    assert_int_equal(1, synced("/000002/fullchain.pem"));
    assert_int_equal(1, synced("/000002/meta.json"));
    assert_int_equal(1, synced("/000002"));
    assert_int_equal(1, synced("/archive/" NAME));
    assert_int_equal(5, synced_count);
    assert_int_equal(0, unlink(s.link));
    assert_int_equal(0, symlink("../archive/" NAME "/000001", s.link));
    expect_found(&s, "000001", 1);
    assert_int_equal(APR_SUCCESS,
                     generation_recover(s.store, NAME, NULL, NULL, &moved, result, s.p));
    expect_live(&s, "000002");
    assert_int_equal(0, unlink(s.link));
    expect_found(&s, "000002", 0);
    assert_int_equal(APR_SUCCESS,
                     generation_recover(s.store, NAME, NULL, NULL, &moved, result, s.p));
    expect_live(&s, "000002");
    scene_end(&s);
}

/* The child installs until it is killed; each round stops it a little later in its work. */
static void killed_at_any_moment(void **state)
{
    scene_t s = scene(*state);
    party_t *party = leaf(&s, "DNS:" NAME ",DNS:example.edu");
    generation_t *gen = NULL;
    int round;
    pid_t pid;

    install(&s);
    for (round = 0; round < 40; round++) {
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            while (install_party(&s, party, party->key, &gen) == APR_SUCCESS)
                continue;
            _exit(1);
        }
        usleep(500 * (useconds_t)round);
        assert_int_equal(0, kill(pid, SIGKILL));
        assert_int_equal(pid, waitpid(pid, NULL, 0));
        assert_int_equal(APR_SUCCESS, generation_find(&gen, s.store, NAME, s.names, apr_time_now(),
                                                      s.result, s.p));
        assert_int_equal(APR_SUCCESS, s.result->rv);
        recover(&s);
        assert_int_equal(APR_SUCCESS, generation_find(&gen, s.store, NAME, s.names, apr_time_now(),
                                                      s.result, s.p));
        assert_int_equal(
            -1, access(path_of(&s, apr_pstrcat(s.p, ".tmp-", gen->number, NULL), ""), F_OK));
        expect_live(&s, gen->number);
        generation_prune(s.store, NAME, NULL, s.p);
    }
    scene_end(&s);
}

static void wildcards_have_a_directory(void **state)
{
    scene_t s = scene(*state);
    party_t *party = leaf(&s, "DNS:*.example.edu");
    generation_t *gen = NULL;
    struct stat st;

    s.names = party_names(s.p, "*.example.edu", NULL);
    assert_int_equal(APR_SUCCESS, generation_install(&gen, s.store, "*.example.edu",
                                                     chain_of(&s, party), party->key, NULL, s.names,
                                                     NULL, NULL, apr_time_now(), 0, s.result, s.p));
    assert_int_equal(
        0, stat(store_path(s.p, s.store, "live", "_wildcard.example.edu", "privkey.pem"), &st));
    assert_int_equal(APR_SUCCESS, generation_find(&gen, s.store, "*.example.edu", s.names,
                                                  apr_time_now(), s.result, s.p));
    assert_null(gen->account);
    scene_end(&s);
}

static void bad_pair_is_not_installed(void **state)
{
    scene_t s = scene(*state);
    party_t *party = leaf(&s, "DNS:" NAME);
    generation_t *gen = NULL;

    install(&s);
    assert_int_equal(APR_EINVAL, install_party(&s, party, s.root->key, &gen));
    assert_null(gen);
    assert_string_equal(EAB_PROBLEM_CHAIN, s.result->type);
    expect_live(&s, "000001");
    assert_int_equal(-1, access(path_of(&s, ".tmp-000002", ""), F_OK));
    assert_int_equal(-1, access(path_of(&s, "000002", ""), F_OK));
    scene_end(&s);
}

static void nothing_there(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = NULL;

    assert_int_equal(APR_ENOENT,
                     generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p));
    assert_null(gen);
    recover(&s);
    generation_prune(s.store, NAME, NULL, s.p);
    assert_string_equal("none", target(&s));
    scene_end(&s);
}

static void names_that_lead_out_are_refused(void **state)
{
    scene_t s = scene(*state);
    party_t *party = leaf(&s, "DNS:" NAME);
    generation_t *gen = NULL;
    int moved = 0;

    assert_int_equal(APR_EINVAL, generation_install(&gen, s.store, "../accounts",
                                                    chain_of(&s, party), party->key, NULL, s.names,
                                                    NULL, NULL, apr_time_now(), 0, s.result, s.p));
    assert_int_equal(APR_EINVAL, generation_find(&gen, s.store, "../archive", s.names,
                                                 apr_time_now(), s.result, s.p));
    assert_int_equal(APR_EINVAL,
                     generation_recover(s.store, "..", NULL, NULL, &moved, s.result, s.p));
    scene_end(&s);
}

/* Killed while the files were written. */
static void unfinished_generation_does_not_count(void **state)
{
    scene_t s = scene(*state);
    const char *draft = path_of(&s, ".tmp-000002", "");

    install(&s);
    assert_int_equal(APR_SUCCESS, file_make_directory(draft, 0700, s.p));
    fixture_write(path_of(&s, ".tmp-000002", "privkey.pem"), "half", 4);
    expect_found(&s, "000001", 1);
    recover(&s);
    assert_int_equal(-1, access(draft, F_OK));
    expect_live(&s, "000001");
    scene_end(&s);
}

static void unfinished_generation_does_not_hinder_the_next(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    assert_int_equal(APR_SUCCESS, file_make_directory(path_of(&s, ".tmp-000002", ""), 0700, s.p));
    fixture_write(path_of(&s, ".tmp-000002", "other"), "half", 4);
    assert_string_equal("000002", install(&s)->number);
    assert_int_equal(4, file_list_directory(path_of(&s, "000002", ""), s.p)->nelts);
    scene_end(&s);
}

/* Killed between the rename of the directory and that of the link. */
static void newer_whole_generation_goes_live(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    install(&s);
    relink(&s, "../archive/" NAME "/000001");
    expect_found(&s, "000001", 1);
    recover(&s);
    expect_live(&s, "000002");
    expect_found(&s, "000002", 1);
    scene_end(&s);
}

/* Killed before the very first link. */
static void first_generation_goes_live(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    assert_int_equal(0, unlink(s.link));
    expect_found(&s, "000001", 0);
    assert_non_null(strstr(s.result->detail, "is missing"));
    recover(&s);
    expect_live(&s, "000001");
    scene_end(&s);
}

static void dangling_link_is_repaired(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    relink(&s, "../archive/" NAME "/000007");
    expect_found(&s, "000001", 0);
    recover(&s);
    expect_live(&s, "000001");
    scene_end(&s);
}

static void numbers_are_not_used_twice(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    relink(&s, "../archive/" NAME "/000007");
    assert_string_equal("000008", install(&s)->number);
    scene_end(&s);
}

static void foreign_links_are_repaired(void **state)
{
    static const char *const foreign[] = { "/etc", "../archive/other.example.edu/000001",
                                           "../archive/" NAME "/latest", "000001",
                                           "../archive/" NAME "/000001/" };
    scene_t s = scene(*state);
    size_t i;

    install(&s);
    for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        relink(&s, foreign[i]);
        expect_found(&s, "000001", 0);
        recover(&s);
        expect_live(&s, "000001");
    }
    scene_end(&s);
}

static void copy_file(scene_t *s, const char *from, const char *to)
{
    const char *text = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS, file_read(&text, &len, from, 100000, s->p));
    fixture_write(to, text, len);
}

/* As cp -rL leaves it: a directory with the files in the place of the link. */
static void copy_to_live(scene_t *s, const char *number)
{
    static const char *const files[] = { "fullchain.pem", "privkey.pem", "meta.json" };
    size_t i;

    unlink(s->link);
    assert_int_equal(0, mkdir(s->link, 0755));
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        copy_file(s, path_of(s, number, files[i]), apr_pstrcat(s->p, s->link, "/", files[i], NULL));
}

static const char *entries(scene_t *s)
{
    return apr_array_pstrcat(s->p, file_list_directory(s->archive, s->p), ' ');
}

static void a_copy_in_the_place_of_the_link_is_a_link_again(void **state)
{
    static const char *const numbers[] = { "000001", "000002" };
    scene_t s = scene(*state);
    size_t i;

    install(&s);
    install(&s);
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        copy_to_live(&s, numbers[i]);
        expect_found(&s, "000002", 0);
        recover(&s);
        assert_non_null(strstr(s.result->detail, s.link));
        expect_live(&s, "000002");
        expect_found(&s, "000002", 1);
        assert_string_equal("000001 000002", entries(&s));
    }
    recover(&s);
    assert_int_equal(APR_SUCCESS, s.result->rv);
    scene_end(&s);
}

static void an_unknown_certificate_in_the_place_of_the_link_is_kept(void **state)
{
    static const party_spec_t old = {
        .names = "DNS:" NAME, .usage = "serverAuth", .from = -80 * DAY, .until = -10 * DAY
    };
    scene_t s = scene(*state);
    party_t *party = party_make(s.p, s.root, &old);
    generation_t *gen = NULL;

    /* Newer than all that is there: the archive is of an older backup. */
    install(&s);
    install(&s);
    copy_to_live(&s, "000002");
    file_remove_tree(path_of(&s, "000002", ""), s.p);
    recover(&s);
    expect_live(&s, "000002");
    expect_found(&s, "000002", 1);
    assert_int_equal(0700, mode_of(path_of(&s, "000002", "")));

    /* Older: it is kept, and not used. */
    copy_to_live(&s, "000002");
    fixture_write(apr_pstrcat(s.p, s.link, "/fullchain.pem", NULL), party_pem(s.p, 1, party),
                  strlen(party_pem(s.p, 1, party)));
    assert_int_equal(APR_SUCCESS, file_replace(apr_pstrcat(s.p, s.link, "/privkey.pem", NULL),
                                               keypair_pem(s.p, party->key)->data,
                                               keypair_pem(s.p, party->key)->len, 0600, 0, s.p));
    recover(&s);
    expect_live(&s, "000002");
    assert_string_equal("000001 000002 aside-1", entries(&s));
    assert_non_null(strstr(s.result->detail, "aside-1"));

    /* Nothing but copies was saved. */
    copy_to_live(&s, "000002");
    file_remove_tree(s.archive, s.p);
    recover(&s);
    expect_live(&s, "000001");
    expect_found(&s, "000001", 1);
    assert_int_equal(APR_SUCCESS, install_party(&s, leaf(&s, "DNS:" NAME), party->key, &gen) == 0);
    scene_end(&s);
}

static void anything_else_in_the_place_of_the_link_makes_way(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    unlink(s.link);
    assert_int_equal(0, mkdir(s.link, 0755));
    assert_string_equal("000002", install(&s)->number);
    unlink(s.link);
    assert_int_equal(0, mkdir(s.link, 0755));
    fixture_write(apr_pstrcat(s.p, s.link, "/README", NULL), "mine", 4);
    assert_string_equal("000003", install(&s)->number);
    expect_live(&s, "000003");
    assert_string_equal("000001 000002 000003 aside-1", entries(&s));
    copy_to_live(&s, "000003");
    fixture_write(apr_pstrcat(s.p, s.link, "/README", NULL), "mine", 4);
    recover(&s);
    assert_string_equal("000001 000002 000003 aside-1 aside-2", entries(&s));
    unlink(s.link);
    fixture_write(s.link, "", 0);
    assert_string_equal("000004", install(&s)->number);
    expect_live(&s, "000004");
    scene_end(&s);
}

static void a_failed_installation_leaves_nothing(void **state)
{
    scene_t s = scene(*state);
    const char *live = store_path(s.p, s.store, "live", NULL, NULL);
    const char *away = apr_pstrcat(s.p, live, ".away", NULL);
    party_t *party = leaf(&s, "DNS:" NAME);
    generation_t *gen = NULL;
    int i;

    install(&s);
    assert_int_equal(0, rename(live, away));
    fixture_write(live, "", 0);
    for (i = 0; i < 3; i++) {
        assert_int_equal(ENOTDIR, install_party(&s, party, party->key, &gen));
        assert_null(gen);
        assert_string_equal("000001", entries(&s));
    }
    assert_int_equal(0, unlink(live));
    assert_int_equal(0, rename(away, live));
    assert_string_equal("000002", install(&s)->number);
    scene_end(&s);
}

static void truncated_chain_falls_back(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    install(&s);
    cut_file(path_of(&s, "000002", "fullchain.pem"), 100);
    expect_found(&s, "000001", 0);
    assert_non_null(strstr(s.result->detail, "000002/fullchain.pem is damaged"));
    recover(&s);
    expect_live(&s, "000001");
    assert_string_equal("000003", install(&s)->number);
    scene_end(&s);
}

static void truncated_key_falls_back(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    install(&s);
    cut_file(path_of(&s, "000002", "privkey.pem"), 50);
    expect_found(&s, "000001", 0);
    recover(&s);
    expect_live(&s, "000001");
    scene_end(&s);
}

static void swapped_files_fall_back(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    install(&s);
    install(&s);
    assert_int_equal(0, rename(path_of(&s, "000003", "privkey.pem"), path_of(&s, "000003", "x")));
    assert_int_equal(
        0, rename(path_of(&s, "000003", "fullchain.pem"), path_of(&s, "000003", "privkey.pem")));
    assert_int_equal(0, rename(path_of(&s, "000003", "x"), path_of(&s, "000003", "fullchain.pem")));
    expect_found(&s, "000002", 0);
    recover(&s);
    expect_live(&s, "000002");
    scene_end(&s);
}

/* The key of one generation beside the chain of another. */
static void foreign_key_falls_back(void **state)
{
    scene_t s = scene(*state);
    keypair_t *key = keypair_adopt(s.p, keypair_generate("p256"));
    secret_t *pem = keypair_pem(s.p, key);

    install(&s);
    install(&s);
    fixture_write(path_of(&s, "000002", "privkey.pem"), pem->data, pem->len);
    expect_found(&s, "000001", 0);
    assert_non_null(strstr(s.result->detail, "does not belong to its private key"));
    recover(&s);
    expect_live(&s, "000001");
    scene_end(&s);
}

static void none_usable(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = NULL;

    install(&s);
    cut_file(path_of(&s, "000001", "fullchain.pem"), 100);
    assert_int_equal(APR_EINVAL,
                     generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p));
    assert_null(gen);
    assert_non_null(strstr(s.result->detail, "000001/fullchain.pem is damaged"));
    assert_int_equal(0, unlink(path_of(&s, "000001", "fullchain.pem")));
    assert_int_equal(APR_EINVAL,
                     generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p));
    assert_int_equal(0, unlink(s.link));
    assert_int_equal(APR_EINVAL,
                     generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p));
    assert_null(gen);
    scene_end(&s);
}

static void expired_generation_is_passed_over(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = NULL;

    install(&s);
    assert_int_equal(APR_EINVAL,
                     generation_find(&gen, s.store, NAME, s.names,
                                     apr_time_now() + apr_time_from_sec(91 * DAY), s.result, s.p));
    assert_null(gen);
    assert_non_null(strstr(s.result->detail, "has expired"));
    scene_end(&s);
}

/* A kill leaves it there, and generation_survey() looks no deeper. */
static void an_unfinished_staple_lies_beside_the_generations(void **state)
{
    scene_t s = scene(*state);
    const generation_t *gen = install(&s);
    const char *text = NULL, *draft = NULL;
    apr_size_t len = 0;

    synced_begin();
    assert_int_equal(APR_SUCCESS,
                     generation_keep_staple(s.store, NAME, gen, "der", 3, s.result, s.p));
    draft = strstr(synced_paths[0], "/archive/" NAME "/.tmp-");
    assert_non_null(draft);
    assert_null(strchr(draft + strlen("/archive/" NAME "/"), '/'));
    assert_int_equal(1, synced("/archive/" NAME "/000001"));
    assert_int_equal(APR_SUCCESS,
                     file_read(&text, &len, path_of(&s, "000001", "ocsp.der"), 100, s.p));
    assert_string_equal("der", text);
    assert_int_equal(1, file_list_directory(s.archive, s.p)->nelts);
    assert_int_equal(APR_EINVAL,
                     generation_keep_staple(s.store, "..", gen, "der", 3, s.result, s.p));
    scene_end(&s);
}

static void a_link_that_is_missing_is_known(void **state)
{
    scene_t s = scene(*state);

    assert_false(generation_has_link(s.store, NAME, s.p));
    install(&s);
    assert_true(generation_has_link(s.store, NAME, s.p));
    relink(&s, "nowhere");
    assert_true(generation_has_link(s.store, NAME, s.p));
    scene_end(&s);
}

/* @return true when the file of the key in the archive is that one */
static int install_beside(scene_t *s, const party_t *party, const char *key_file)
{
    struct stat in_archive, there = { 0 };
    generation_t *gen = NULL;
    keypair_t *key = NULL;

    assert_int_equal(APR_SUCCESS, generation_install(&gen, s->store, NAME, chain_of(s, party),
                                                     party->key, key_file, s->names, ACCOUNT, CA,
                                                     apr_time_now(), 0, s->result, s->p));
    assert_int_equal(APR_SUCCESS, keypair_load(&key, gen->key_path, s->p));
    assert_true(chain_matches_key(chain_of(s, party), key));
    assert_int_equal(0, lstat(gen->key_path, &in_archive));
    assert_true(S_ISREG(in_archive.st_mode));
    assert_int_equal(0600, in_archive.st_mode & 07777);
    (void)lstat(key_file, &there);
    return in_archive.st_ino == there.st_ino;
}

static void a_key_that_is_there_is_not_written_again(void **state)
{
    scene_t s = scene(*state);
    party_t *party = leaf(&s, "DNS:" NAME ",DNS:example.edu");
    const char *path = store_path(s.p, s.store, "key.pem", NULL, NULL);
    const secret_t *pem = keypair_pem(s.p, party->key);
    struct stat st;

    assert_int_equal(APR_SUCCESS, store_replace(path, pem->data, pem->len, s.p));
    synced_begin();
    assert_true(install_beside(&s, party, path));
    assert_int_equal(0, synced("/privkey.pem"));
    assert_int_equal(0, unlink(path)); /* as with the order */
    expect_found(&s, "000001", 1);
    assert_int_equal(0, stat(path_of(&s, "000001", "privkey.pem"), &st));
    assert_int_equal(1, st.st_nlink);
    scene_end(&s);
}

/* It stays what it is, and does not come between a certificate and its key. */
static void what_is_not_that_key_is_left_alone(void **state)
{
    scene_t s = scene(*state);
    party_t *party = leaf(&s, "DNS:" NAME ",DNS:example.edu");
    const char *path = store_path(s.p, s.store, "key.pem", NULL, NULL);
    const secret_t *other = keypair_pem(s.p, leaf(&s, "DNS:" NAME)->key);
    const char *text = NULL;
    apr_size_t len = 0;

    assert_false(install_beside(&s, party, path)); /* nothing is there */
    assert_int_equal(APR_SUCCESS, store_replace(path, other->data, other->len, s.p));
    assert_false(install_beside(&s, party, path));
    assert_int_equal(APR_SUCCESS, file_read(&text, &len, path, 10000, s.p));
    assert_true(len == other->len && memcmp(text, other->data, len) == 0);
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, mkfifo(path, 0600));
    assert_false(install_beside(&s, party, path));
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, symlink(path_of(&s, "000001", "privkey.pem"), path));
    assert_false(install_beside(&s, party, path));
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, mkdir(path, 0700));
    assert_false(install_beside(&s, party, path));
    scene_end(&s);
}

/* Its dates do not say whether a generation was written to its end. */
static void recover_does_not_look_at_dates(void **state)
{
    const party_spec_t spec = {
        .names = "DNS:" NAME, .usage = "serverAuth", .from = -10 * DAY, .until = -DAY
    };
    scene_t s = scene(*state);
    party_t *party = party_make(s.p, s.root, &spec);
    generation_t *gen = NULL;

    install(&s);
    assert_int_equal(APR_SUCCESS, generation_install(&gen, s.store, NAME, chain_of(&s, party),
                                                     party->key, NULL, s.names, ACCOUNT, CA,
                                                     apr_time_now() - apr_time_from_sec(5 * DAY), 0,
                                                     s.result, s.p));
    relink(&s, "../archive/" NAME "/000001");
    recover(&s);
    expect_live(&s, "000002");
    scene_end(&s);
}

static void full_cover_comes_before_newer(void **state)
{
    scene_t s = scene(*state);
    party_t *partial = leaf(&s, "DNS:" NAME);
    generation_t *gen = NULL;

    install(&s);
    assert_int_equal(APR_SUCCESS, install_party(&s, partial, partial->key, &gen));
    assert_int_equal(APR_SUCCESS, install_party(&s, partial, partial->key, &gen));
    expect_found(&s, "000003", 1);
    cut_file(path_of(&s, "000003", "fullchain.pem"), 100);
    expect_found(&s, "000001", 0);
    cut_file(path_of(&s, "000001", "fullchain.pem"), 100);
    expect_found(&s, "000002", 0);
    scene_end(&s);
}

static void missing_meta_is_no_reason_to_fall_back(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    install(&s);
    assert_int_equal(0, unlink(path_of(&s, "000002", "meta.json")));
    expect_found(&s, "000002", 1);
    recover(&s);
    expect_live(&s, "000002");
    scene_end(&s);
}

static generation_t *find(scene_t *s)
{
    generation_t *gen = NULL;

    generation_find(&gen, s->store, NAME, s->names, apr_time_now(), s->result, s->p);
    return gen;
}

static void meta_is_read_where_the_pair_is(void **state)
{
    scene_t s = scene(*state);
    const char *meta, *damaged = "{\"account\": \"";

    install(&s);
    meta = path_of(&s, "000001", "meta.json");
    assert_string_equal(ACCOUNT, find(&s)->account);
    assert_int_equal(APR_SUCCESS, file_rename(meta, apr_pstrcat(s.p, s.archive, "/other", NULL)));
    assert_int_equal(0, symlink("../other", meta));
    assert_null(find(&s)->account);
    assert_int_equal(0, unlink(meta));
    fixture_write(meta, damaged, strlen(damaged));
    assert_null(find(&s)->account);
    scene_end(&s);
}

/* The lowest descriptor that is free. */
static int next_descriptor(void)
{
    int fd = dup(0);

    assert_true(fd >= 0);
    assert_int_equal(0, close(fd));
    return fd;
}

static void what_is_read_leaves_nothing_open(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = NULL;
    int next;

    install(&s);
    install(&s);
    next = next_descriptor();
    assert_non_null(find(&s));
    assert_int_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000001", s.p));
    assert_int_equal(0, unlink(path_of(&s, "000001", "checked")));
    assert_int_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000001", s.p));
    cut_file(path_of(&s, "000002", "fullchain.pem"), 100);
    assert_string_equal("000001", find(&s)->number);
    assert_int_not_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000002", s.p));
    recover(&s);
    assert_int_equal(next, next_descriptor());
    scene_end(&s);
}

static void expect_numbers(scene_t *s, const char *expected)
{
    apr_array_header_t *entries = file_list_directory(s->archive, s->p);

    assert_string_equal(expected, apr_array_pstrcat(s->p, entries, ' '));
}

static void prune_keeps_live_loaded_and_two_more(void **state)
{
    scene_t s = scene(*state);
    int i;

    for (i = 0; i < 6; i++)
        install(&s);
    generation_prune(s.store, NAME, party_names(s.p, "000001", "000002", NULL), s.p);
    expect_numbers(&s, "000001 000002 000004 000005 000006");
    generation_prune(s.store, NAME, NULL, s.p);
    expect_numbers(&s, "000004 000005 000006");
    relink(&s, "../archive/" NAME "/000005");
    generation_prune(s.store, NAME, NULL, s.p);
    expect_numbers(&s, "000004 000005 000006");
    assert_int_equal(0, unlink(s.link));
    generation_prune(s.store, NAME, NULL, s.p);
    expect_numbers(&s, "000004 000005 000006");
    scene_end(&s);
}

static void other_entries_are_left_alone(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    assert_int_equal(APR_SUCCESS, file_make_directory(path_of(&s, "notes", ""), 0700, s.p));
    assert_int_equal(APR_SUCCESS, file_make_directory(path_of(&s, "99999999999", ""), 0700, s.p));
    assert_string_equal("000002", install(&s)->number);
    recover(&s);
    generation_prune(s.store, NAME, NULL, s.p);
    expect_numbers(&s, "000001 000002 99999999999 notes");
    scene_end(&s);
}

/* For whoever knows the number: an old one, one whose key is gone, one that has expired. */
/* Found by its seal, or by reading the pair itself. */
static void expect_sealed(scene_t *s, int sealed)
{
    generation_t *gen = NULL;

    assert_int_equal(APR_SUCCESS, generation_find(&gen, s->store, NAME, s->names, apr_time_now(),
                                                  s->result, s->p));
    assert_string_equal("000001", gen->number);
    assert_int_equal(sealed, gen->sealed);
}

static void a_sealed_pair_is_not_parsed(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = install(&s), *found = NULL;
    const chain_facts_t *facts = gen->facts, *sealed = NULL;

    expect_sealed(&s, 1);
    assert_int_equal(0600, mode_of(path_of(&s, "000001", "checked")));
    generation_find(&found, s.store, NAME, s.names, apr_time_now(), s.result, s.p);
    sealed = found->facts;
    assert_int_equal(2, sealed->names->nelts);
    assert_string_equal(NAME, APR_ARRAY_IDX(sealed->names, 0, const char *));
    assert_string_equal(facts->key_type, sealed->key_type);
    assert_string_equal(facts->issuer, sealed->issuer);
    assert_string_equal(facts->serial, sealed->serial);
    assert_string_equal(facts->fingerprint, sealed->fingerprint);
    assert_int_equal(facts->not_before, sealed->not_before);
    assert_int_equal(facts->not_after, sealed->not_after);
    scene_end(&s);
}

/* Change one byte of a file, in the middle. */
static void spoil(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "r+");
    int c;

    assert_non_null(file);
    assert_int_equal(0, stat(path, &st));
    assert_int_equal(0, fseek(file, st.st_size / 2, SEEK_SET));
    c = fgetc(file);
    assert_int_equal(0, fseek(file, st.st_size / 2, SEEK_SET));
    assert_int_not_equal(EOF, fputc(c ^ 1, file));
    assert_int_equal(0, fclose(file));
}

static void a_seal_is_of_these_bytes_alone(void **state)
{
    static const char *const files[] = { "fullchain.pem", "privkey.pem" };
    scene_t s = scene(*state);
    generation_t *gen = NULL;
    size_t i;

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        install(&s);
        spoil(path_of(&s, "000001", files[i]));
        assert_int_not_equal(APR_SUCCESS, generation_find(&gen, s.store, NAME, s.names,
                                                          apr_time_now(), s.result, s.p));
        assert_non_null(s.result->detail);
        file_remove_tree(s.archive, s.p);
        unlink(s.link);
    }
    /* The pair is fine, and its seal is not: it is of another pair, or damaged, or gone. */
    install(&s);
    install(&s);
    copy_file(&s, path_of(&s, "000002", "checked"), path_of(&s, "000001", "checked"));
    file_remove_tree(path_of(&s, "000002", ""), s.p);
    relink(&s, "../archive/" NAME "/000001");
    expect_sealed(&s, 0);
    generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p);
    generation_seal(s.store, NAME, gen, s.p);
    expect_sealed(&s, 1);
    spoil(path_of(&s, "000001", "checked"));
    expect_sealed(&s, 0);
    generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p);
    generation_seal(s.store, NAME, gen, s.p);
    expect_sealed(&s, 1);
    unlink(path_of(&s, "000001", "checked"));
    expect_sealed(&s, 0);
    scene_end(&s);
}

static void a_seal_does_not_stand_for_the_clock_or_the_names(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = install(&s);
    apr_time_t after = gen->facts->not_after;

    expect_sealed(&s, 1);
    assert_int_not_equal(APR_SUCCESS,
                         generation_find(&gen, s.store, NAME, s.names, after, s.result, s.p));
    assert_non_null(strstr(s.result->detail, "expired"));
    assert_int_not_equal(APR_SUCCESS, generation_find(&gen, s.store, NAME,
                                                      party_names(s.p, "other.example.edu", NULL),
                                                      apr_time_now(), s.result, s.p));
    assert_non_null(strstr(s.result->detail, "does not cover"));
    scene_end(&s);
}

static void a_seal_does_not_stand_for_the_terms(void **state)
{
    scene_t s = scene(*state);
    terms_t *hard = terms_make(s.p), *soft = terms_make(s.p);
    generation_t *gen = NULL;

    hard->ciphers = "DEFAULT@SECLEVEL=4";
    soft->ciphers = "DEFAULT@SECLEVEL=1";
    install(&s);
    assert_int_equal(APR_SUCCESS, generation_find_for(&gen, s.store, NAME, s.names, soft,
                                                      apr_time_now(), s.result, s.p));
    assert_true(gen->sealed);
    assert_int_not_equal(APR_SUCCESS, generation_find_for(&gen, s.store, NAME, s.names, hard,
                                                          apr_time_now(), s.result, s.p));
    assert_non_null(strstr(s.result->detail, "could not use"));
    scene_end(&s);
}

static void what_is_fine_is_not_looked_at_again(void **state)
{
    scene_t s = scene(*state);
    generation_t *first = install(&s), *gen = NULL;
    int moved = 1;

    assert_int_equal(APR_SUCCESS,
                     generation_recover(s.store, NAME, NULL, first, &moved, s.result, s.p));
    assert_int_equal(0, moved);
    install(&s);
    relink(&s, "../archive/" NAME "/000001");
    assert_int_equal(APR_SUCCESS,
                     generation_recover(s.store, NAME, NULL, first, &moved, s.result, s.p));
    assert_int_equal(1, moved);
    expect_live(&s, "000002");
    generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p);
    gen = generation_copy(s.p, gen);
    assert_string_equal("000002", gen->number);
    assert_string_equal(CA, gen->directory);
    assert_string_equal(NAME, APR_ARRAY_IDX(gen->facts->names, 0, const char *));
    scene_end(&s);
}

static void what_is_there_is_found_out_once_for_all(void **state)
{
    scene_t s = scene(*state);
    generation_t *first = install(&s);
    apr_hash_t *before, *survey;
    struct stat st;
    int moved = 1;

    fixture_write(apr_pstrcat(s.p, s.archive, "/renewal.json", NULL), "{}", 2);
    fixture_write(apr_pstrcat(s.p, s.archive, "/.tmp-1", NULL), "x", 1);
    before = generation_survey(s.store, s.p);
    assert_int_equal(1, apr_hash_count(before));
    assert_int_equal(1, generation_has_beside(before, NAME, "renewal.json", s.p));
    assert_int_equal(0, generation_has_beside(before, NAME, "validations.json", s.p));
    assert_int_equal(0, generation_has_beside(before, NAME, ".tmp-1", s.p));
    assert_int_equal(1, generation_has_beside(before, "other.example", "renewal.json", s.p));
    assert_int_equal(1, generation_has_beside(NULL, NAME, "validations.json", s.p));
    assert_int_equal(ENOENT, file_look(&st, apr_pstrcat(s.p, s.archive, "/.tmp-1", NULL)));

    install(&s);
    relink(&s, "../archive/" NAME "/000001");
    survey = generation_survey(s.store, s.p);
    assert_int_equal(APR_SUCCESS,
                     generation_recover(s.store, NAME, before, first, &moved, s.result, s.p));
    assert_int_equal(0, moved); /* as it was then */
    assert_int_equal(APR_SUCCESS,
                     generation_recover(s.store, NAME, survey, first, &moved, s.result, s.p));
    assert_int_equal(1, moved);
    expect_live(&s, "000002");
    scene_end(&s);
}

/* The pool that it was read in may go, and who holds it as well. */
static void one_is_kept_as_long_as_somebody_holds_it(void **state)
{
    scene_t s = scene(*state);
    revoked_t revoked = { apr_time_from_sec(1795300000), 4, "alice", 0 };
    generation_t *gen = NULL, *kept, *held;
    apr_pool_t *pool = NULL;

    install(&s);
    apr_pool_create(&pool, s.p);
    assert_int_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000001", pool));
    gen->revoked = &revoked;
    kept = generation_keep(gen);
    apr_pool_destroy(pool);
    held = generation_hold(kept);
    assert_ptr_equal(kept, held);
    generation_drop(kept);
    assert_string_equal("000001", held->number);
    assert_string_equal(ACCOUNT, held->account);
    assert_string_equal(CA, held->directory);
    assert_string_equal("alice", held->revoked->by);
    assert_string_equal(NAME, APR_ARRAY_IDX(held->facts->names, 0, const char *));
    assert_int_equal(64, strlen(held->facts->fingerprint));
    assert_true(file_is_regular(held->chain_path) && file_is_regular(held->key_path));
    generation_drop(held);
    assert_null(generation_keep(NULL));
    assert_null(generation_hold(NULL));
    generation_drop(NULL);
    scene_end(&s);
}

static void one_is_loaded_by_its_number(void **state)
{
    scene_t s = scene(*state);
    generation_t *first = install(&s), *gen = NULL;

    install(&s);
    assert_int_equal(0, unlink(first->key_path));
    assert_int_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000001", s.p));
    assert_string_equal(first->facts->fingerprint, gen->facts->fingerprint);
    assert_string_equal(ACCOUNT, gen->account);
    assert_string_equal("000001", gen->number);
    assert_int_not_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000003", s.p));
    assert_null(gen);
    assert_int_not_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "../../x", s.p));
    assert_int_not_equal(APR_SUCCESS, generation_load(&gen, s.store, "../" NAME, "000001", s.p));
    assert_null(gen);
    scene_end(&s);
}

/* ---- revoked ones ---- */

static void mark_revoked(scene_t *s, const char *number, int kept)
{
    const revoked_t revoked = { apr_time_from_sec(1795300000), 4, "alice", kept };

    assert_int_equal(APR_SUCCESS,
                     generation_revoke(s->store, NAME, number, &revoked, s->result, s->p));
}

static void a_revocation_is_written_beside_what_was_known(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = NULL;

    install(&s);
    assert_int_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000001", s.p));
    assert_null(gen->revoked);
    mark_revoked(&s, "000001", 0);
    assert_int_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000001", s.p));
    assert_string_equal(ACCOUNT, gen->account);
    assert_int_equal(apr_time_from_sec(1795300000), gen->revoked->at);
    assert_int_equal(4, gen->revoked->reason);
    assert_string_equal("alice", generation_copy(s.p, gen)->revoked->by);
    assert_int_equal(0, unlink(path_of(&s, "000001", "meta.json")));
    mark_revoked(&s, "000001", 0);
    assert_int_equal(APR_SUCCESS, generation_load(&gen, s.store, NAME, "000001", s.p));
    assert_non_null(gen->revoked);
    scene_end(&s);
}

static void a_revoked_one_is_never_fallen_back_to(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    install(&s);
    install(&s);
    mark_revoked(&s, "000002", 0);
    expect_found(&s, "000003", 1);
    cut_file(path_of(&s, "000003", "fullchain.pem"), 100);
    expect_found(&s, "000001", 0);
    recover(&s);
    expect_live(&s, "000001");
    scene_end(&s);
}

static void a_revoked_live_one_is_passed_over(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = NULL;

    install(&s);
    install(&s);
    mark_revoked(&s, "000002", 0);
    expect_found(&s, "000001", 0);
    assert_string_equal(EAB_PROBLEM_REVOKED, s.result->type);
    recover(&s);
    expect_found(&s, "000001", 1);
    mark_revoked(&s, "000001", 0);
    assert_int_equal(APR_EACCES,
                     generation_find(&gen, s.store, NAME, s.names, apr_time_now(), s.result, s.p));
    assert_null(gen);
    assert_string_equal("000003", install(&s)->number);
    expect_found(&s, "000003", 1);
    scene_end(&s);
}

static void root_may_have_a_revoked_one_served_on(void **state)
{
    scene_t s = scene(*state);

    install(&s);
    mark_revoked(&s, "000001", 1);
    expect_found(&s, "000001", 1);
    install(&s);
    cut_file(path_of(&s, "000002", "fullchain.pem"), 100);
    assert_int_not_equal(APR_SUCCESS, generation_find(&(generation_t *){ NULL }, s.store, NAME,
                                                      s.names, apr_time_now(), s.result, s.p));
    scene_end(&s);
}

static void a_key_is_removed_for_good(void **state)
{
    scene_t s = scene(*state);
    generation_t *gen = install(&s);

    assert_int_equal(APR_SUCCESS, generation_remove_key(s.store, NAME, "000001", s.result, s.p));
    assert_int_equal(-1, access(gen->key_path, F_OK));
    assert_int_equal(0, access(gen->chain_path, F_OK));
    assert_int_equal(APR_SUCCESS, generation_remove_key(s.store, NAME, "000001", s.result, s.p));
    scene_end(&s);
}

static void all_are_listed(void **state)
{
    scene_t s = scene(*state);
    apr_array_header_t *list;

    install(&s);
    install(&s);
    list = generation_list(s.p, s.store, NAME);
    assert_int_equal(2, list->nelts);
    assert_string_equal("000002", APR_ARRAY_IDX(list, 0, generation_t *)->number);
    assert_string_equal(NAME, apr_array_pstrcat(s.p, generation_names(s.p, s.store), ' '));
    assert_int_equal(0, generation_list(s.p, s.store, "other.example.edu")->nelts);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_unfinished_staple_lies_beside_the_generations),
        fixture_test(a_link_that_is_missing_is_known),
        fixture_test(a_key_that_is_there_is_not_written_again),
        fixture_test(what_is_not_that_key_is_left_alone),
        fixture_test(install_makes_it_live),
        fixture_test(a_generation_is_durable_and_its_link_can_be_found_again),
        fixture_test(meta_tells_where_it_came_from),
        fixture_test(wildcards_have_a_directory),
        fixture_test(bad_pair_is_not_installed),
        fixture_test(nothing_there),
        fixture_test(names_that_lead_out_are_refused),
        fixture_test(unfinished_generation_does_not_count),
        fixture_test(unfinished_generation_does_not_hinder_the_next),
        fixture_test(newer_whole_generation_goes_live),
        fixture_test(first_generation_goes_live),
        fixture_test(killed_at_any_moment),
        fixture_test(dangling_link_is_repaired),
        fixture_test(numbers_are_not_used_twice),
        fixture_test(foreign_links_are_repaired),
        fixture_test(a_copy_in_the_place_of_the_link_is_a_link_again),
        fixture_test(an_unknown_certificate_in_the_place_of_the_link_is_kept),
        fixture_test(anything_else_in_the_place_of_the_link_makes_way),
        fixture_test(a_failed_installation_leaves_nothing),
        fixture_test(truncated_chain_falls_back),
        fixture_test(truncated_key_falls_back),
        fixture_test(swapped_files_fall_back),
        fixture_test(foreign_key_falls_back),
        fixture_test(none_usable),
        fixture_test(expired_generation_is_passed_over),
        fixture_test(recover_does_not_look_at_dates),
        fixture_test(full_cover_comes_before_newer),
        fixture_test(missing_meta_is_no_reason_to_fall_back),
        fixture_test(meta_is_read_where_the_pair_is),
        fixture_test(what_is_read_leaves_nothing_open),
        fixture_test(prune_keeps_live_loaded_and_two_more),
        fixture_test(other_entries_are_left_alone),
        fixture_test(one_is_kept_as_long_as_somebody_holds_it),
        fixture_test(one_is_loaded_by_its_number),
        fixture_test(a_sealed_pair_is_not_parsed),
        fixture_test(a_seal_is_of_these_bytes_alone),
        fixture_test(a_seal_does_not_stand_for_the_clock_or_the_names),
        fixture_test(a_seal_does_not_stand_for_the_terms),
        fixture_test(what_is_fine_is_not_looked_at_again),
        fixture_test(what_is_there_is_found_out_once_for_all),
        fixture_test(a_revocation_is_written_beside_what_was_known),
        fixture_test(a_revoked_one_is_never_fallen_back_to),
        fixture_test(a_revoked_live_one_is_passed_over),
        fixture_test(root_may_have_a_revoked_one_served_on),
        fixture_test(a_key_is_removed_for_good),
        fixture_test(all_are_listed),
    };

    return fixture_run(tests);
}
