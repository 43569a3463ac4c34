/* SPDX-License-Identifier: Apache-2.0 */
#include "store/generation.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <apr_strings.h>
#include <openssl/crypto.h>

#include "base/block.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/name.h"
#include "crypto/seal.h"
#include "store/record.h"

#define CHAIN_FILE "fullchain.pem"
#define KEY_FILE "privkey.pem"
#define META_FILE "meta.json"
#define SEAL_FILE "checked"
#define STAPLE_FILE "ocsp.der"
#define NUMBER_DIGITS_MAX 9
#define KEPT_BEFORE_LIVE 2

/* The place of one certificate in the store. */
typedef struct archive {
    const char *entry;    /* the directory's name in archive/ and live/ */
    const char *dir;      /* archive/<entry> */
    const char *link;     /* live/<entry> */
    const terms_t *terms; /* of the server that shall use it, or NULL */
    trials_t *trials;     /* of the store, or NULL */
    int for_server;       /* one loads it now */
    const char *parent;   /* archive/, when <entry> in it is new and not durable; or NULL */
} archive_t;

/* The bytes of a pair. */
typedef struct pair {
    const char *pem;
    apr_size_t len;
    secret_t *key;
    const char *key_file; /* where the key is already, durable; or NULL */
    int linked;           /* it has got a second name */
} pair_t;

/* @return APR_SUCCESS, or APR_EINVAL for a name that is not fit for the store */
static apr_status_t archive_make(archive_t *archive, const store_t *store, const char *name,
                                 eab_result_t *result, apr_pool_t *p)
{
    archive->entry = store_entry(p, name);
    if (archive->entry == NULL)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "A certificate's name is not fit for the store.");
    archive->dir = store_path(p, store, "archive", archive->entry, NULL);
    archive->link = store_path(p, store, "live", archive->entry, NULL);
    archive->trials = store->trials;
    return APR_SUCCESS;
}

/* The number of a generation's directory, 0 for anything else. */
static long number_value(const char *number)
{
    size_t len = strlen(number);

    if (len == 0 || len > NUMBER_DIGITS_MAX || strspn(number, "0123456789") != len)
        return 0;
    return strtol(number, NULL, 10);
}

static int number_compare(const void *a, const void *b)
{
    long first = number_value(*(const char *const *)a);
    long second = number_value(*(const char *const *)b);

    return (first < second) - (first > second);
}

/* archive/<entry>/<number> */
static const char *archive_folder(apr_pool_t *p, const archive_t *archive, const char *number)
{
    return apr_pstrcat(p, archive->dir, "/", number, NULL);
}

static const char *archive_path(apr_pool_t *p, const archive_t *archive, const char *number,
                                const char *file)
{
    return apr_pstrcat(p, archive->dir, "/", number, "/", file, NULL);
}

/* Those that are directories of finished generations, the newest first. */
static apr_array_header_t *numbers_among(apr_pool_t *p, const apr_array_header_t *entries)
{
    apr_array_header_t *numbers = apr_array_make(p, entries->nelts, sizeof(const char *));
    const char *entry = NULL;
    int i;

    for (i = 0; i < entries->nelts; i++) {
        entry = APR_ARRAY_IDX(entries, i, const char *);
        if (number_value(entry) > 0)
            APR_ARRAY_PUSH(numbers, const char *) = entry;
    }
    if (numbers->nelts > 1)
        qsort(numbers->elts, (size_t)numbers->nelts, sizeof(const char *), number_compare);
    return numbers;
}

static apr_array_header_t *archive_numbers(apr_pool_t *p, const archive_t *archive)
{
    return numbers_among(p, file_list_directory(archive->dir, p));
}

static const char *archive_target(apr_pool_t *p, const archive_t *archive, const char *number)
{
    return apr_pstrcat(p, "../archive/", archive->entry, "/", number, NULL);
}

/* Where live/<entry> points: the number of a generation, which need not exist; NULL when the link
 * is missing or leads anywhere else. */
static const char *archive_live(apr_pool_t *p, const archive_t *archive)
{
    const char *target = file_link_target(archive->link, p);
    const char *number = NULL;

    if (target == NULL)
        return NULL;
    number = strrchr(target, '/');
    number = number != NULL ? apr_pstrdup(p, number + 1) : "";
    if (number_value(number) == 0 || strcmp(target, archive_target(p, archive, number)) != 0)
        return NULL;
    return number;
}

static const revoked_t *revoked_from_json(apr_pool_t *p, const json_t *json)
{
    revoked_t *revoked;

    if (!json_is_object(json))
        return NULL;
    revoked = apr_pcalloc(p, sizeof(*revoked));
    revoked->at = json_peek_time(json, "at");
    revoked->reason = (int)json_peek_int(json, "reason", 0);
    revoked->by = json_copy_string(p, json, "by");
    revoked->kept = json_peek_bool(json, "kept", 0);
    return revoked;
}

static json_t *revoked_to_json(const revoked_t *revoked)
{
    json_t *json = json_object();

    json_put_time(json, "at", revoked->at);
    json_object_set_new(json, "reason", json_integer(revoked->reason));
    json_put_string(json, "by", revoked->by);
    if (revoked->kept)
        json_object_set_new(json, "kept", json_true());
    return json;
}

/* @param dir  of the generation, open */
static void generation_read_meta(generation_t *gen, int dir, apr_pool_t *p)
{
    json_t *meta = NULL;

    if (record_read_entry(&meta, dir, META_FILE, p) != APR_SUCCESS)
        return;
    gen->account = json_copy_string(p, meta, "account");
    gen->directory = json_copy_string(p, meta, "directory");
    gen->installed = json_peek_time(meta, "installed");
    gen->use_by = json_peek_time(meta, "use_by");
    gen->revoked = revoked_from_json(p, json_object_get(meta, "revoked"));
}

/* @return 0 when one of the files cannot be read; the key is to be cleansed in any case */
static int pair_read(pair_t *pair, const char *chain_path, const char *key_path, apr_pool_t *p)
{
    pair->key = NULL;
    return file_read(&pair->pem, &pair->len, chain_path, LIMIT_CHAIN, p) == APR_SUCCESS
           && secret_read_file(&pair->key, key_path, LIMIT_CHAIN, p) == APR_SUCCESS;
}

static int pair_equal(const pair_t *a, const pair_t *b)
{
    return a->len == b->len && memcmp(a->pem, b->pem, a->len) == 0 && a->key->len == b->key->len
           && CRYPTO_memcmp(a->key->data, b->key->data, a->key->len) == 0;
}

/* What the seal in an open directory says of the pair there, if it is of this pair. In p; else NULL. */
static const seal_t *seal_in(apr_pool_t *p, int dir)
{
    const char *record = NULL;
    const seal_t *seal = NULL;
    apr_pool_t *ptemp = NULL;
    apr_size_t len = 0;
    pair_t pair = { 0 };

    if (apr_pool_create(&ptemp, p) != APR_SUCCESS)
        return NULL;
    if (file_read_entry(&record, &len, dir, SEAL_FILE, LIMIT_CHAIN, ptemp) == APR_SUCCESS
        && file_read_entry(&pair.pem, &pair.len, dir, CHAIN_FILE, LIMIT_CHAIN, ptemp) == APR_SUCCESS
        && secret_read_entry(&pair.key, dir, KEY_FILE, LIMIT_CHAIN, ptemp) == APR_SUCCESS)
        seal = seal_read(p, record, pair.pem, pair.len, pair.key);
    apr_pool_destroy(ptemp);
    return seal;
}

static const seal_t *seal_of(apr_pool_t *p, const char *dir)
{
    const seal_t *seal = NULL;
    int fd = -1;

    if (file_open_directory(&fd, dir) == APR_SUCCESS) {
        seal = seal_in(p, fd);
        close(fd);
    }
    return seal;
}

static int covers_any(const chain_facts_t *facts, const apr_array_header_t *names)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (name_matches_any(facts->names, APR_ARRAY_IDX(names, i, const char *)))
            return 1;
    }
    return names->nelts == 0;
}

/* What chain_check_files() would find, if it would find nothing wrong; else NULL, and that finds the
 * words. */
static const chain_facts_t *read_sealed(apr_pool_t *p, const archive_t *archive, int dir,
                                        const generation_t *gen, const apr_array_header_t *names,
                                        apr_time_t now)
{
    const seal_t *seal = archive->trials != NULL ? seal_in(p, dir) : NULL;

    if (seal == NULL || now >= seal->facts->not_after || !covers_any(seal->facts, names)
        || !trials_pass(archive->trials, archive->terms, seal->strength, gen->chain_path,
                        gen->key_path, seal->facts->key_type))
        return NULL;
    return seal->facts;
}

static const char *staple_path(apr_pool_t *p, const generation_t *gen)
{
    return apr_pstrcat(
        p, apr_pstrmemdup(p, gen->chain_path, strlen(gen->chain_path) - strlen(CHAIN_FILE)),
        STAPLE_FILE, NULL);
}

/* What a kill leaves of it half-written is to be where generation_survey() finds it. */
apr_status_t generation_keep_staple(const store_t *store, const char *name,
                                    const generation_t *generation, const void *der, apr_size_t len,
                                    eab_result_t *result, apr_pool_t *ptemp)
{
    const char *path = staple_path(ptemp, generation);
    archive_t archive = { 0 };
    apr_status_t rv = archive_make(&archive, store, name, result, ptemp);

    if (rv != APR_SUCCESS)
        return rv;
    rv = file_replace_through(archive.dir, path, der, len, S_IRUSR | S_IWUSR, 1, ptemp);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "written");
}

int generation_has_link(const store_t *store, const char *name, apr_pool_t *ptemp)
{
    archive_t archive = { 0 };
    struct stat st;

    return archive_make(&archive, store, name, eab_result_make(ptemp), ptemp) == APR_SUCCESS
           && file_look(&st, archive.link) == APR_SUCCESS;
}

int generation_has_staple(const store_t *store, const char *name, apr_pool_t *ptemp)
{
    archive_t archive = { 0 };
    const char *number = NULL;
    struct stat st;

    return archive_make(&archive, store, name, eab_result_make(ptemp), ptemp) == APR_SUCCESS
           && (number = archive_live(ptemp, &archive)) != NULL
           && file_look(&st, archive_path(ptemp, &archive, number, STAPLE_FILE)) == APR_SUCCESS;
}

apr_status_t generation_staple(bytes_t *der, staple_facts_t *facts, const generation_t *generation,
                               apr_time_t now, eab_result_t *result, apr_pool_t *p)
{
    const char *path = staple_path(p, generation), *text = NULL;
    chain_t *chain = NULL;
    apr_status_t rv = file_read(&text, &der->len, path, LIMIT_STAPLE, p);

    der->data = NULL;
    if (rv != APR_SUCCESS)
        return eab_result_set(result, rv, EAB_PROBLEM_STAPLING, "%s cannot be read: %s.", path,
                              file_reason(p, rv, path));
    if ((rv = chain_load(&chain, generation->chain_path, result, p)) != APR_SUCCESS
        || (rv = staple_check(facts, chain, text, der->len, now, result)) != APR_SUCCESS)
        return rv;
    der->data = (const unsigned char *)text;
    return APR_SUCCESS;
}

/* Clients that obey it would end the handshake. */
static apr_status_t check_staple(const generation_t *gen, apr_time_t now, eab_result_t *result,
                                 apr_pool_t *p)
{
    staple_facts_t facts;
    bytes_t der;

    if (generation_staple(&der, &facts, gen, now, result, p) == APR_SUCCESS && facts.good)
        return APR_SUCCESS;
    return eab_result_set(
        result, APR_EINVAL, EAB_PROBLEM_STAPLING,
        "it is not to be served without an OCSP response (must-staple), and there "
        "is none that is good");
}

/* The directory of a generation, opened once for all that is read of it; what is there instead has no
 * seal and no record, and has its words from who reads the pair by its path. @return -1 */
static int archive_open(apr_pool_t *p, const archive_t *archive, const char *number)
{
    int dir = -1;

    (void)file_open_directory(&dir, archive_folder(p, archive, number));
    return dir;
}

/* A generation that mod_ssl can use now. Where it came from (meta.json) is good to know, but a
 * server must not stay without its certificate for it. */
static apr_status_t generation_read(generation_t **pgen, const archive_t *archive,
                                    const char *number, const apr_array_header_t *names,
                                    apr_time_t now, eab_result_t *result, apr_pool_t *p)
{
    generation_t *gen = apr_pcalloc(p, sizeof(*gen));
    int dir = archive_open(p, archive, number);
    apr_status_t rv;

    *pgen = NULL;
    gen->number = apr_pstrdup(p, number);
    gen->chain_path = archive_path(p, archive, number, CHAIN_FILE);
    gen->key_path = archive_path(p, archive, number, KEY_FILE);
    gen->facts = dir >= 0 ? read_sealed(p, archive, dir, gen, names, now) : NULL;
    gen->sealed = gen->facts != NULL;
    rv = gen->sealed ? APR_SUCCESS
                     : chain_check_files(&gen->facts, gen->chain_path, gen->key_path, names,
                                         archive->terms, now, result, p);
    if (rv == APR_SUCCESS && archive->for_server && gen->facts->must_staple)
        rv = check_staple(gen, now, result, p);
    if (rv == APR_SUCCESS) {
        generation_read_meta(gen, dir, p);
        *pgen = gen;
    }
    if (dir >= 0)
        close(dir);
    return rv;
}

/* The certificate of a pair that is whole, whatever its dates are; NULL for anything else. */
static const chain_facts_t *read_pair(apr_pool_t *p, const char *dir)
{
    chain_t *chain = NULL;
    keypair_t *key = NULL;
    const seal_t *seal = seal_of(p, dir);
    const chain_facts_t *facts = NULL;

    if (seal != NULL)
        return seal->facts;
    if (chain_load(&chain, apr_pstrcat(p, dir, "/" CHAIN_FILE, NULL), eab_result_make(p), p)
            == APR_SUCCESS
        && keypair_load(&key, apr_pstrcat(p, dir, "/" KEY_FILE, NULL), p) == APR_SUCCESS
        && chain_matches_key(chain, key))
        facts = chain_facts(chain);
    keypair_free(p, key);
    return facts;
}

static int pair_read_in(pair_t *pair, const char *dir, apr_pool_t *p)
{
    return pair_read(pair, apr_pstrcat(p, dir, "/" CHAIN_FILE, NULL),
                     apr_pstrcat(p, dir, "/" KEY_FILE, NULL), p);
}

/* @return true when it is sealed */
static int seal_checked(const char *dir, const pair_t *pair, const chain_facts_t *facts,
                        const chain_t *chain, apr_pool_t *p)
{
    seal_t seal = { facts, chain_strength(p, chain) };
    const char *record = seal_write(p, &seal, pair->pem, pair->len, pair->key);

    if (record == NULL)
        return 0;
    file_sweep(dir, p);
    return file_replace(apr_pstrcat(p, dir, "/" SEAL_FILE, NULL), record, strlen(record),
                        S_IRUSR | S_IWUSR, 0, p)
           == APR_SUCCESS;
}

/* When it is read after the check as it was before, it is what was checked. */
static void seal_unchanged(const char *dir, const pair_t *before, const chain_facts_t *facts,
                           apr_pool_t *p)
{
    pair_t after = { 0 };
    chain_t *chain = NULL;

    if (pair_read_in(&after, dir, p) && pair_equal(before, &after)
        && chain_parse(&chain, before->pem, before->len, eab_result_make(p), p) == APR_SUCCESS)
        (void)seal_checked(dir, before, facts, chain, p);
    secret_cleanse(after.key);
}

static void seal_folder(const char *dir, apr_pool_t *p)
{
    pair_t before = { 0 };
    const chain_facts_t *facts = NULL;

    if (pair_read_in(&before, dir, p)
        && chain_check_files(&facts, apr_pstrcat(p, dir, "/" CHAIN_FILE, NULL),
                             apr_pstrcat(p, dir, "/" KEY_FILE, NULL),
                             apr_array_make(p, 1, sizeof(const char *)), NULL, 0,
                             eab_result_make(p), p)
               == APR_SUCCESS)
        seal_unchanged(dir, &before, facts, p);
    secret_cleanse(before.key);
}

void generation_seal(const store_t *store, const char *name, const generation_t *generation,
                     apr_pool_t *ptemp)
{
    archive_t archive = { 0 };
    apr_pool_t *pool = NULL;

    if (generation->sealed || apr_pool_create(&pool, ptemp) != APR_SUCCESS)
        return;
    if (archive_make(&archive, store, name, eab_result_make(pool), pool) == APR_SUCCESS)
        seal_folder(archive_folder(pool, &archive, generation->number), pool);
    apr_pool_destroy(pool);
}

/* Several may hold one, so that what is best and what is served are in memory once. */
typedef struct kept {
    int holders;
    generation_t generation;
} kept_t;

static kept_t *kept_of(generation_t *generation)
{
    return (kept_t *)(void *)((char *)generation - offsetof(kept_t, generation));
}

static apr_array_header_t *put_strings(block_t *block, const apr_array_header_t *strings)
{
    apr_array_header_t *copy = block_put(block, strings, sizeof(*strings));
    char *elts = block_put(block, strings->elts, (apr_size_t)strings->nelts * sizeof(const char *));
    int i;

    for (i = 0; i < strings->nelts; i++) {
        const char *text = block_put_text(block, APR_ARRAY_IDX(strings, i, const char *));

        if (elts != NULL)
            ((const char **)(void *)elts)[i] = text;
    }
    if (copy != NULL) {
        copy->elts = elts;
        copy->nalloc = copy->nelts;
        copy->pool = NULL;
    }
    return copy;
}

static const chain_facts_t *put_facts(block_t *block, const chain_facts_t *facts)
{
    chain_facts_t *to = block_put(block, facts, sizeof(*facts)), copy = *facts;

    copy.names = put_strings(block, facts->names);
    copy.issuers = put_strings(block, facts->issuers);
    copy.key_type = block_put_text(block, facts->key_type);
    copy.issuer = block_put_text(block, facts->issuer);
    copy.serial = block_put_text(block, facts->serial);
    copy.fingerprint = block_put_text(block, facts->fingerprint);
    copy.ari_id = block_put_text(block, facts->ari_id);
    copy.ocsp = block_put_text(block, facts->ocsp);
    if (to != NULL)
        *to = copy;
    return to;
}

static const revoked_t *put_revoked(block_t *block, const revoked_t *revoked)
{
    revoked_t *to = revoked != NULL ? block_put(block, revoked, sizeof(*revoked)) : NULL;
    const char *by = revoked != NULL ? block_put_text(block, revoked->by) : NULL;

    if (to != NULL)
        to->by = by;
    return to;
}

static kept_t *put_generation(block_t *block, const generation_t *generation)
{
    kept_t copy = { 1, *generation };
    kept_t *to = block_put(block, &copy, sizeof(copy));
    generation_t *gen = &copy.generation;

    gen->number = block_put_text(block, generation->number);
    gen->chain_path = block_put_text(block, generation->chain_path);
    gen->key_path = block_put_text(block, generation->key_path);
    gen->account = block_put_text(block, generation->account);
    gen->directory = block_put_text(block, generation->directory);
    gen->revoked = put_revoked(block, generation->revoked);
    gen->facts = put_facts(block, generation->facts);
    if (to != NULL)
        *to = copy;
    return to;
}

generation_t *generation_copy(apr_pool_t *p, const generation_t *generation)
{
    block_t block = { NULL, 0 };

    put_generation(&block, generation);
    block.data = apr_palloc(p, block.used);
    block.used = 0;
    return &put_generation(&block, generation)->generation;
}

generation_t *generation_keep(const generation_t *generation)
{
    block_t block = { NULL, 0 };

    if (generation == NULL)
        return NULL;
    put_generation(&block, generation);
    block_take(&block);
    return &put_generation(&block, generation)->generation;
}

generation_t *generation_hold(generation_t *kept)
{
    if (kept != NULL)
        ++kept_of(kept)->holders;
    return kept;
}

void generation_drop(generation_t *kept)
{
    if (kept != NULL && --kept_of(kept)->holders == 0)
        free(kept_of(kept));
}

static json_t *meta_make(const apr_array_header_t *names, const char *account,
                         const char *directory, apr_time_t now, apr_time_t use_by)
{
    json_t *meta = json_object();

    json_object_set_new(meta, "names", record_strings(names));
    json_put_string(meta, "account", account);
    json_put_string(meta, "directory", directory);
    json_put_time(meta, "installed", now);
    json_put_time(meta, "use_by", use_by);
    return meta;
}

static apr_status_t write_file(const archive_t *archive, const char *number, const char *file,
                               const void *data, apr_size_t len, eab_result_t *result,
                               apr_pool_t *ptemp)
{
    const char *path = archive_path(ptemp, archive, number, file);
    apr_status_t rv = file_make(path, data, len, S_IRUSR | S_IWUSR);

    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "written");
}

/* The key is to be cleansed in any case. */
static apr_status_t pair_make(pair_t *pair, const chain_t *chain, const keypair_t *key,
                              eab_result_t *result, apr_pool_t *p)
{
    pair->pem = chain_pem(p, chain);
    pair->key = keypair_pem(p, key);
    if (pair->pem == NULL || pair->key == NULL)
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                              "OpenSSL cannot write a certificate or its key.");
    pair->len = strlen(pair->pem);
    return APR_SUCCESS;
}

static int holds_key(const char *path, const secret_t *key, apr_pool_t *ptemp)
{
    secret_t *there = NULL;
    int same = secret_read_file(&there, path, LIMIT_CHAIN, ptemp) == APR_SUCCESS
               && there->len == key->len && CRYPTO_memcmp(there->data, key->data, key->len) == 0;

    secret_cleanse(there);
    return same;
}

/* The file that was made for the order is not written a second time: it takes as long as the certificate. */
static apr_status_t write_key(const archive_t *archive, const char *number, pair_t *pair,
                              eab_result_t *result, apr_pool_t *ptemp)
{
    const char *path = archive_path(ptemp, archive, number, KEY_FILE);

    if (pair->key_file != NULL && file_link(pair->key_file, path) == APR_SUCCESS) {
        if ((pair->linked = holds_key(path, pair->key, ptemp)) != 0)
            return APR_SUCCESS;
        (void)file_remove(path);
    }
    return write_file(archive, number, KEY_FILE, pair->key->data, pair->key->len, result, ptemp);
}

static apr_status_t write_pair(const archive_t *archive, const char *number, pair_t *pair,
                               eab_result_t *result, apr_pool_t *ptemp)
{
    apr_status_t rv = write_key(archive, number, pair, result, ptemp);

    return rv == APR_SUCCESS
               ? write_file(archive, number, CHAIN_FILE, pair->pem, pair->len, result, ptemp)
               : rv;
}

/* One above every number that was ever given out, as far as can be seen. */
static const char *archive_next_number(apr_pool_t *p, const archive_t *archive)
{
    apr_array_header_t *numbers = archive_numbers(p, archive);
    const char *live = archive_live(p, archive);
    long last = numbers->nelts > 0 ? number_value(APR_ARRAY_IDX(numbers, 0, const char *)) : 0;

    if (live != NULL && number_value(live) > last)
        last = number_value(live);
    return apr_psprintf(p, "%06ld", last + 1);
}

/* Give the directory its name in the archive: with a number, it counts from now on. */
static apr_status_t archive_take(const archive_t *archive, const char *from, const char *name,
                                 eab_result_t *result, apr_pool_t *ptemp)
{
    const char *to = archive_folder(ptemp, archive, name);
    apr_status_t rv = file_rename(from, to);

    if (rv == APR_SUCCESS)
        rv = file_sync_directory(archive->dir);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, to, "made");
}

static int archive_is_revoked(apr_pool_t *p, const archive_t *archive, const char *number)
{
    generation_t gen;
    int dir = archive_open(p, archive, number);

    memset(&gen, 0, sizeof(gen));
    if (dir >= 0) {
        generation_read_meta(&gen, dir, p);
        close(dir);
    }
    return gen.revoked != NULL && !gen.revoked->kept;
}

/* The newest generation that is whole and not revoked, or NULL. */
static const char *archive_newest_whole(apr_pool_t *p, const archive_t *archive,
                                        const chain_facts_t **pfacts)
{
    apr_array_header_t *numbers = archive_numbers(p, archive);
    int i;

    for (i = 0; i < numbers->nelts; i++) {
        const char *number = APR_ARRAY_IDX(numbers, i, const char *);

        if ((*pfacts = read_pair(p, archive_folder(p, archive, number))) != NULL
            && !archive_is_revoked(p, archive, number))
            return number;
        *pfacts = NULL;
    }
    return NULL;
}

static int archive_has(apr_pool_t *p, const archive_t *archive, const char *fingerprint)
{
    apr_array_header_t *numbers = archive_numbers(p, archive);
    int i;

    for (i = 0; i < numbers->nelts; i++) {
        const char *number = APR_ARRAY_IDX(numbers, i, const char *);
        const chain_facts_t *facts = read_pair(p, archive_folder(p, archive, number));

        if (facts != NULL && strcmp(facts->fingerprint, fingerprint) == 0)
            return 1;
    }
    return 0;
}

/* A name in the archive that is no number and not in use: what has it is kept, and does not count. */
static const char *archive_aside(apr_pool_t *p, const archive_t *archive)
{
    const char *name = NULL;
    struct stat st;
    int i = 0;

    do {
        name = apr_psprintf(p, "aside-%d", ++i);
    } while (lstat(archive_folder(p, archive, name), &st) == 0);
    return name;
}

/* Copies of what is in the archive go, and the directory with them unless it holds more. */
static int archive_drop_copy(const archive_t *archive, apr_pool_t *ptemp)
{
    static const char *const files[] = { CHAIN_FILE, KEY_FILE, META_FILE, SEAL_FILE, STAPLE_FILE };
    size_t i;

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)file_remove(apr_pstrcat(ptemp, archive->link, "/", files[i], NULL));
    return file_remove_directory(archive->link) == APR_SUCCESS;
}

static apr_status_t archive_adopt_as(const archive_t *archive, const char *name,
                                     eab_result_t *result, apr_pool_t *ptemp)
{
    apr_status_t rv;

    (void)file_close_directory(archive->link);
    rv = archive_take(archive, archive->link, name, result, ptemp);
    if (rv == APR_SUCCESS)
        eab_result_set(result, APR_EEXIST, EAB_PROBLEM_STORE,
                       "%s was a directory, as a restored backup leaves it; it is %s now.",
                       archive->link, archive_folder(ptemp, archive, name));
    return rv;
}

/* A store that was copied without its links has directories in their place. What is in such a one is
 * known by its certificate: a copy of a generation is not needed, a newer certificate becomes one, and
 * all else is set aside.
 * @return APR_SUCCESS, with what was done in result if it is worth telling */
static apr_status_t archive_adopt(const archive_t *archive, eab_result_t *result, apr_pool_t *ptemp)
{
    const chain_facts_t *facts = NULL, *newest = NULL;
    int known = 0;
    struct stat st;

    if (lstat(archive->link, &st) != 0 || !S_ISDIR(st.st_mode)
        || file_remove_directory(archive->link) == APR_SUCCESS)
        return APR_SUCCESS;
    facts = read_pair(ptemp, archive->link);
    known = facts != NULL && archive_has(ptemp, archive, facts->fingerprint);
    if (known && archive_drop_copy(archive, ptemp)) {
        eab_result_set(
            result, APR_EEXIST, EAB_PROBLEM_STORE,
            "%s was a copy in the place of a link, as a restored backup leaves it; it is a "
            "link again.",
            archive->link);
        return APR_SUCCESS;
    }
    if (facts != NULL && !known
        && (archive_newest_whole(ptemp, archive, &newest) == NULL
            || newest->not_before <= facts->not_before))
        return archive_adopt_as(archive, archive_next_number(ptemp, archive), result, ptemp);
    return archive_adopt_as(archive, archive_aside(ptemp, archive), result, ptemp);
}

static apr_status_t archive_set_live(const archive_t *archive, const char *number,
                                     eab_result_t *result, apr_pool_t *ptemp)
{
    const char *target = archive_target(ptemp, archive, number);
    apr_status_t rv = file_replace_link(archive->link, target, ptemp);

    if (rv == EISDIR) {
        if ((rv = archive_adopt(archive, result, ptemp)) != APR_SUCCESS)
            return rv;
        eab_result_clear(result);
        rv = file_replace_link(archive->link, target, ptemp);
    }
    return rv == APR_SUCCESS ? rv : store_report(result, rv, archive->link, "replaced");
}

/* Renamed first, so that a crash never leaves half of a generation under its number. */
static void archive_remove(const archive_t *archive, const char *number, apr_pool_t *ptemp)
{
    const char *from = archive_folder(ptemp, archive, number);
    const char *to =
        archive_folder(ptemp, archive, apr_pstrcat(ptemp, FILE_UNFINISHED, number, NULL));

    if (file_rename(from, to) == APR_SUCCESS)
        file_remove_tree(to, ptemp);
}

static apr_status_t check_written(const char *dir, const pair_t *pair, eab_result_t *result,
                                  apr_pool_t *p)
{
    pair_t there = { 0 };
    int same = pair_read_in(&there, dir, p) && pair_equal(pair, &there);

    secret_cleanse(there.key);
    return same ? APR_SUCCESS
                : eab_result_set(result, EIO, EAB_PROBLEM_STORE,
                                 "What was written to %s is not what is read there.", dir);
}

/* Written under a name that does not count, and read back. */
static apr_status_t archive_write_draft(const archive_t *archive, const char *draft, pair_t *pair,
                                        const json_t *meta, eab_result_t *result, apr_pool_t *ptemp)
{
    const char *dir = archive_folder(ptemp, archive, draft);
    const char *record = record_text(meta, ptemp);
    apr_status_t rv = record != NULL ? file_remove_tree(dir, ptemp) : APR_ENOMEM;

    if (rv == APR_SUCCESS)
        rv = file_make_directory(dir, S_IRWXU, ptemp);
    if (rv != APR_SUCCESS)
        return store_report(result, rv, dir, "made");
    rv = write_pair(archive, draft, pair, result, ptemp);
    if (rv == APR_SUCCESS)
        rv = write_file(archive, draft, META_FILE, record, strlen(record), result, ptemp);
    return rv == APR_SUCCESS ? check_written(dir, pair, result, ptemp) : rv;
}

static void archive_list(const char *paths[FILE_TOGETHER_MAX], const archive_t *archive,
                         const char *number, const pair_t *pair, apr_pool_t *p)
{
    int i = 0;

    paths[i++] = archive_path(p, archive, number, CHAIN_FILE);
    paths[i++] = archive_path(p, archive, number, META_FILE);
    paths[i++] = pair->linked ? NULL : archive_path(p, archive, number, KEY_FILE);
    paths[i++] = archive_folder(p, archive, number);
    paths[i++] = archive->dir;
    paths[i++] = archive->parent;
    while (i < FILE_TOGETHER_MAX)
        paths[i++] = NULL;
}

/* What has a generation was made durable with the first. */
static apr_status_t archive_begin(archive_t *archive, const store_t *store, eab_result_t *result,
                                  apr_pool_t *ptemp)
{
    apr_status_t rv;

    if (archive_numbers(ptemp, archive)->nelts > 0)
        return APR_SUCCESS;
    if ((rv = store_make_directory(store, "archive", NULL, result, ptemp)) != APR_SUCCESS)
        return rv;
    archive->parent = store_path(ptemp, store, "archive", NULL, NULL);
    rv = file_make_directory(archive->dir, S_IRWXU, ptemp);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, archive->dir, "made");
}

/* Its directory has another name until all is in it. */
static apr_status_t archive_write(const archive_t *archive, generation_t *gen, pair_t *pair,
                                  const chain_t *chain, const json_t *meta, eab_result_t *result,
                                  apr_pool_t *p)
{
    const char *draft = apr_pstrcat(p, FILE_UNFINISHED, gen->number, NULL);
    const char *dir = archive_folder(p, archive, draft);
    const char *place = archive_folder(p, archive, gen->number);
    apr_status_t rv = archive_write_draft(archive, draft, pair, meta, result, p);

    if (rv == APR_SUCCESS) {
        gen->sealed = seal_checked(dir, pair, gen->facts, chain, p);
        if ((rv = file_rename(dir, place)) != APR_SUCCESS)
            store_report(result, rv, place, "made");
    }
    if (rv != APR_SUCCESS)
        file_remove_tree(dir, p);
    return rv;
}

apr_status_t generation_write(generation_t **pgen, const char *paths[FILE_TOGETHER_MAX],
                              const store_t *store, const char *name, const chain_t *chain,
                              const keypair_t *key, const char *key_file,
                              const apr_array_header_t *names, const char *account,
                              const char *directory, apr_time_t now, apr_time_t use_by,
                              eab_result_t *result, apr_pool_t *p)
{
    const json_t *meta = json_own(p, meta_make(names, account, directory, now, use_by));
    generation_t gen = { .account = account,
                         .directory = directory,
                         .installed = json_peek_time(meta, "installed"), /* whole seconds */
                         .use_by = json_peek_time(meta, "use_by"),
                         .facts = chain_facts(chain) };
    archive_t archive = { 0 };
    pair_t pair = { 0 };
    apr_status_t rv;

    *pgen = NULL;
    if ((rv = chain_check_pair(chain, key, names, now, result)) != APR_SUCCESS
        || (rv = archive_make(&archive, store, name, result, p)) != APR_SUCCESS
        || (rv = archive_begin(&archive, store, result, p)) != APR_SUCCESS)
        return rv;
    pair.key_file = key_file;
    gen.number = archive_next_number(p, &archive);
    gen.chain_path = archive_path(p, &archive, gen.number, CHAIN_FILE);
    gen.key_path = archive_path(p, &archive, gen.number, KEY_FILE);
    if ((rv = pair_make(&pair, chain, key, result, p)) == APR_SUCCESS)
        rv = archive_write(&archive, &gen, &pair, chain, meta, result, p);
    secret_cleanse(pair.key);
    if (rv == APR_SUCCESS) {
        archive_list(paths, &archive, gen.number, &pair, p);
        *pgen = generation_copy(p, &gen);
    }
    return rv;
}

apr_status_t generation_publish(const store_t *store, const char *name, const char *number,
                                eab_result_t *result, apr_pool_t *ptemp)
{
    archive_t archive = { 0 };
    apr_status_t rv = archive_make(&archive, store, name, result, ptemp);

    return rv == APR_SUCCESS ? archive_set_live(&archive, number, result, ptemp) : rv;
}

void generation_withdraw(const store_t *store, const char *name, const char *number,
                         apr_pool_t *ptemp)
{
    archive_t archive = { 0 };

    if (archive_make(&archive, store, name, eab_result_make(ptemp), ptemp) == APR_SUCCESS)
        archive_remove(&archive, number, ptemp);
}

apr_status_t generation_install(generation_t **pgen, const store_t *store, const char *name,
                                const chain_t *chain, const keypair_t *key, const char *key_file,
                                const apr_array_header_t *names, const char *account,
                                const char *directory, apr_time_t now, apr_time_t use_by,
                                eab_result_t *result, apr_pool_t *p)
{
    const char *paths[FILE_TOGETHER_MAX] = { NULL };
    const char *failed = NULL;
    apr_status_t rv = generation_write(pgen, paths, store, name, chain, key, key_file, names,
                                       account, directory, now, use_by, result, p);

    if (rv != APR_SUCCESS)
        return rv;
    if ((rv = file_sync_together(paths, FILE_TOGETHER_MAX, &failed)) != APR_SUCCESS)
        store_report(result, rv, failed, "written");
    else
        rv = generation_publish(store, name, (*pgen)->number, result, p);
    if (rv != APR_SUCCESS) {
        generation_withdraw(store, name, (*pgen)->number, p);
        *pgen = NULL;
    }
    return rv;
}

/* The newest that passes and covers all names, else the newest that passes, else NULL. */
static generation_t *archive_best(apr_pool_t *p, const archive_t *archive,
                                  const apr_array_header_t *numbers,
                                  const apr_array_header_t *names, apr_time_t now)
{
    eab_result_t *ignored = eab_result_make(p);
    generation_t *best = NULL;
    generation_t *gen = NULL;
    const char *number = NULL;
    int i;

    for (i = 0; i < numbers->nelts; i++) {
        number = APR_ARRAY_IDX(numbers, i, const char *);
        if (generation_read(&gen, archive, number, names, now, ignored, p) != APR_SUCCESS
            || gen->revoked != NULL)
            continue;
        if (name_covers_all(gen->facts->names, names))
            return gen;
        if (best == NULL)
            best = gen;
    }
    return best;
}

/* The live one, or why not. */
static apr_status_t archive_read_live(generation_t **pgen, const archive_t *archive,
                                      const apr_array_header_t *names, apr_time_t now,
                                      eab_result_t *result, apr_pool_t *p)
{
    const char *live = archive_live(p, archive);
    const revoked_t *revoked = NULL;
    apr_status_t rv;

    *pgen = NULL;
    if (live == NULL)
        return eab_result_set(result, APR_ENOENT, EAB_PROBLEM_STORE,
                              "%s is missing, or is no link to a directory in %s.", archive->link,
                              archive->dir);
    rv = generation_read(pgen, archive, live, names, now, result, p);
    revoked = rv == APR_SUCCESS ? (*pgen)->revoked : NULL;
    if (revoked == NULL || revoked->kept)
        return rv;
    *pgen = NULL;
    return eab_result_set(result, APR_EACCES, EAB_PROBLEM_REVOKED,
                          "The certificate in %s was revoked at %s and is not used any more.",
                          archive->link, clock_format(p, revoked->at));
}

static apr_status_t archive_find(generation_t **pgen, const archive_t *archive,
                                 const apr_array_header_t *names, apr_time_t now,
                                 eab_result_t *result, apr_pool_t *p)
{
    apr_array_header_t *numbers = NULL;
    apr_status_t rv;

    eab_result_clear(result);
    rv = archive_read_live(pgen, archive, names, now, result, p);
    if (rv == APR_SUCCESS)
        return rv;
    numbers = archive_numbers(p, archive);
    *pgen = archive_best(p, archive, numbers, names, now);
    if (*pgen != NULL)
        return APR_SUCCESS;
    /* APR_ENOENT says that there is nothing; here is something, though of no use. */
    if (APR_STATUS_IS_ENOENT(rv) && numbers->nelts > 0)
        rv = result->rv = APR_EINVAL;
    return rv;
}

apr_status_t generation_find(generation_t **pgen, const store_t *store, const char *name,
                             const apr_array_header_t *names, apr_time_t now, eab_result_t *result,
                             apr_pool_t *p)
{
    archive_t archive = { 0 };
    apr_status_t rv = archive_make(&archive, store, name, result, p);

    *pgen = NULL;
    return rv == APR_SUCCESS ? archive_find(pgen, &archive, names, now, result, p) : rv;
}

apr_status_t generation_find_for(generation_t **pgen, const store_t *store, const char *name,
                                 const apr_array_header_t *names, const terms_t *terms,
                                 apr_time_t now, eab_result_t *result, apr_pool_t *p)
{
    archive_t archive = { 0 };
    apr_status_t rv = archive_make(&archive, store, name, result, p);

    *pgen = NULL;
    archive.terms = terms;
    archive.for_server = 1;
    return rv == APR_SUCCESS ? archive_find(pgen, &archive, names, now, result, p) : rv;
}

apr_status_t generation_load(generation_t **pgen, const store_t *store, const char *name,
                             const char *number, apr_pool_t *p)
{
    archive_t archive = { 0 };
    eab_result_t *ignored = eab_result_make(p);
    generation_t *gen = apr_pcalloc(p, sizeof(*gen));
    const seal_t *seal = NULL;
    chain_t *chain = NULL;
    apr_status_t rv;
    int dir;

    *pgen = NULL;
    if ((rv = archive_make(&archive, store, name, ignored, p)) != APR_SUCCESS)
        return rv;
    if (number_value(number) == 0)
        return APR_EINVAL;
    rv = file_open_directory(&dir, archive_folder(p, &archive, number));
    if (rv != APR_SUCCESS)
        return rv;
    gen->number = apr_pstrdup(p, number);
    gen->chain_path = archive_path(p, &archive, number, CHAIN_FILE);
    gen->key_path = archive_path(p, &archive, number, KEY_FILE);
    if ((seal = seal_in(p, dir)) != NULL)
        gen->facts = seal->facts;
    else if ((rv = chain_load(&chain, gen->chain_path, ignored, p)) == APR_SUCCESS)
        gen->facts = chain_facts(chain);
    gen->sealed = seal != NULL;
    if (rv == APR_SUCCESS) {
        generation_read_meta(gen, dir, p);
        *pgen = gen;
    }
    close(dir);
    return rv;
}

apr_array_header_t *generation_list(apr_pool_t *p, const store_t *store, const char *name)
{
    archive_t archive = { 0 };
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(generation_t *));
    apr_array_header_t *numbers = NULL;
    int i;

    if (archive_make(&archive, store, name, eab_result_make(p), p) != APR_SUCCESS)
        return list;
    numbers = archive_numbers(p, &archive);
    for (i = 0; i < numbers->nelts; i++) {
        generation_t *gen = NULL;

        if (generation_load(&gen, store, name, APR_ARRAY_IDX(numbers, i, const char *), p)
            == APR_SUCCESS)
            APR_ARRAY_PUSH(list, generation_t *) = gen;
    }
    return list;
}

apr_array_header_t *generation_names(apr_pool_t *p, const store_t *store)
{
    return file_list_directory(store_path(p, store, "archive", NULL, NULL), p);
}

/* Without a record of it there is none to be changed, and one with nothing else in it is made. */
apr_status_t generation_revoke(const store_t *store, const char *name, const char *number,
                               const revoked_t *revoked, eab_result_t *result, apr_pool_t *ptemp)
{
    archive_t archive = { 0 };
    apr_status_t rv = archive_make(&archive, store, name, result, ptemp);
    const char *path = NULL;
    json_t *meta = NULL;

    if (rv != APR_SUCCESS)
        return rv;
    path = archive_path(ptemp, &archive, number, META_FILE);
    if (record_read(&meta, path, eab_result_make(ptemp), ptemp) != APR_SUCCESS)
        meta = json_own(ptemp, json_object());
    if (json_is_object(json_object_get(meta, "revoked")))
        return APR_SUCCESS;
    json_object_set_new(meta, "revoked", revoked_to_json(revoked));
    file_sweep(archive_folder(ptemp, &archive, number),
               ptemp); /* of a time before that was killed */
    return record_write(path, meta, result, ptemp);
}

apr_status_t generation_remove_key(const store_t *store, const char *name, const char *number,
                                   eab_result_t *result, apr_pool_t *ptemp)
{
    archive_t archive = { 0 };
    apr_status_t rv = archive_make(&archive, store, name, result, ptemp);
    const char *path = NULL;

    if (rv != APR_SUCCESS)
        return rv;
    path = archive_path(ptemp, &archive, number, KEY_FILE);
    rv = file_remove(path);
    if (APR_STATUS_IS_ENOENT(rv))
        return APR_SUCCESS;
    if (rv == APR_SUCCESS)
        rv = file_sync_directory(archive_folder(ptemp, &archive, number));
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "removed");
}

apr_hash_t *generation_survey(const store_t *store, apr_pool_t *p)
{
    return file_sweep_and_survey(store_path(p, store, "archive", NULL, NULL), p);
}

static const apr_array_header_t *surveyed(apr_hash_t *survey, const char *entry)
{
    return survey != NULL ? apr_hash_get(survey, entry, APR_HASH_KEY_STRING) : NULL;
}

int generation_has_beside(apr_hash_t *survey, const char *name, const char *file, apr_pool_t *ptemp)
{
    const char *entry = store_entry(ptemp, name);
    const apr_array_header_t *there = entry != NULL ? surveyed(survey, entry) : NULL;
    int i;

    for (i = 0; there != NULL && i < there->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(there, i, const char *), file) == 0)
            return 1;
    }
    return there == NULL;
}

/* Unfinished generations are removed. @return true when none of the others is newer than this one */
static int archive_ends_with(apr_pool_t *p, const archive_t *archive, apr_hash_t *survey,
                             const char *number)
{
    const apr_array_header_t *there = surveyed(survey, archive->entry);
    apr_array_header_t *numbers =
        numbers_among(p, there != NULL ? there : file_sweep_and_list(archive->dir, p));

    return numbers->nelts > 0 && strcmp(APR_ARRAY_IDX(numbers, 0, const char *), number) == 0;
}

apr_status_t generation_recover(const store_t *store, const char *name, apr_hash_t *survey,
                                const generation_t *fine, int *pmoved, eab_result_t *result,
                                apr_pool_t *ptemp)
{
    archive_t archive = { 0 };
    apr_status_t rv = archive_make(&archive, store, name, result, ptemp);
    const chain_facts_t *facts = NULL;
    const char *newest = NULL;
    const char *live = NULL;
    struct stat st;

    *pmoved = 0;
    eab_result_clear(result);
    if (rv != APR_SUCCESS)
        return rv;
    if (fine != NULL && archive_ends_with(ptemp, &archive, survey, fine->number))
        return APR_SUCCESS;
    file_sweep(archive.dir, ptemp);
    *pmoved = 1;
    if (lstat(archive.link, &st) == 0 && S_ISDIR(st.st_mode)
        && ((rv = store_make_directory(store, "archive", archive.entry, result, ptemp))
                != APR_SUCCESS
            || (rv = archive_adopt(&archive, result, ptemp)) != APR_SUCCESS))
        return rv;
    newest = archive_newest_whole(ptemp, &archive, &facts);
    live = archive_live(ptemp, &archive);
    /* A live one with a higher number than the newest whole one is damaged. */
    if (newest == NULL || (live != NULL && number_value(live) == number_value(newest)))
        return APR_SUCCESS;
    return archive_set_live(&archive, newest, result, ptemp);
}

static int is_kept(const apr_array_header_t *kept, const char *number)
{
    int i;

    for (i = 0; kept != NULL && i < kept->nelts; i++) {
        if (number_value(APR_ARRAY_IDX(kept, i, const char *)) == number_value(number))
            return 1;
    }
    return 0;
}

void generation_prune(const store_t *store, const char *name, const apr_array_header_t *kept,
                      apr_pool_t *ptemp)
{
    archive_t archive = { 0 };
    apr_array_header_t *numbers = NULL;
    const char *number = NULL;
    const char *live = NULL;
    int before = 0;
    int i;

    if (archive_make(&archive, store, name, eab_result_make(ptemp), ptemp) != APR_SUCCESS
        || (live = archive_live(ptemp, &archive)) == NULL)
        return;
    numbers = archive_numbers(ptemp, &archive);
    for (i = 0; i < numbers->nelts; i++) {
        number = APR_ARRAY_IDX(numbers, i, const char *);
        if (number_value(number) >= number_value(live) || ++before <= KEPT_BEFORE_LIVE)
            continue;
        if (!is_kept(kept, number))
            archive_remove(&archive, number, ptemp);
    }
}
