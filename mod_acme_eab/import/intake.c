/* SPDX-License-Identifier: Apache-2.0 */
#include "import/intake.h"

#include <string.h>
#include <apr_strings.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/name.h"
#include "crypto/jose.h"
#include "store/blocked.h"
#include "store/generation.h"
#include "store/history.h"
#include "store/registration.h"

#define WORD_MAX 1024 /* of a key id, and of contacts */

typedef struct taker {
    apr_pool_t *pool;
    const store_t *store;
    const intake_options_t *options;
    apr_array_header_t *items; /* intake_item_t */
} taker_t;

const char *intake_outcome_word(intake_outcome_t outcome)
{
    static const char *const words[] = { "imported", "kept (already there)", "skipped" };

    return words[outcome];
}

static void skip(intake_item_t *item, const char *why)
{
    item->outcome = INTAKE_SKIPPED;
    item->why = why;
}

static void skip_for(const taker_t *taker, intake_item_t *item, const eab_result_t *result)
{
    skip(item, apr_pstrdup(taker->pool, result->detail));
}

/* Printable ASCII without blanks: what URLs and key ids are made of. */
static int is_plain(const char *text, size_t max)
{
    size_t len = strlen(text), i;

    for (i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return 0;
    }
    return len > 0 && len <= max;
}

static int is_https(const char *url)
{
    return strncmp(url, "https://", 8) == 0 && url[8] != '\0' && is_plain(url, LIMIT_URL);
}

/* A key that others may know is of no use to anybody. @return NULL, or why not */
static const char *refuse_key(const taker_t *taker, const keypair_t *key)
{
    eab_result_t *result = eab_result_make(taker->pool);
    const char *spki = keypair_spki(taker->pool, key->pkey);

    if (spki == NULL)
        return "its key cannot be told from others";
    return blocked_check(taker->store, spki, result, taker->pool) == APR_SUCCESS
               ? NULL
               : apr_pstrdup(taker->pool, result->detail);
}

/* In the history, for people; that it cannot be written there undoes nothing. */
static void remember(const taker_t *taker, const intake_item_t *item)
{
    json_t *entry = json_own(taker->pool, json_pack("{s:s}", "event", "imported"));

    if (taker->options->dry_run || item->outcome != INTAKE_IMPORTED)
        return;
    json_put_string(entry, item->account != NULL ? "account" : "name", item->name);
    if (item->certificate != NULL)
        json_put_string(entry, "serial", chain_facts(item->certificate->chain)->serial);
    json_put_string(entry, "from", item->path);
    (void)history_add(taker->store, entry, 1, eab_result_make(taker->pool));
}

/* ---- accounts -------------------------------------------------------------------------------- */

static const char *directory_of(const taker_t *taker, const char *found)
{
    return found != NULL ? found : taker->options->directory;
}

static const char *kid_of(const taker_t *taker, const found_account_t *account)
{
    return taker->options->kid != NULL ? taker->options->kid : account->kid;
}

/* What is wrong with it by itself: a half sentence, or NULL. */
static const char *refuse_account(const taker_t *taker, const found_account_t *account,
                                  const char *directory, const char *kid)
{
    if (account->key == NULL)
        return account->why != NULL ? account->why : "its private key is missing";
    if (account->why != NULL)
        return account->why;
    if (directory == NULL)
        return "it does not tell the URL of its CA's directory: give it with --directory";
    if (!is_https(directory))
        return "the URL of its CA's directory is none that begins with https://";
    if (kid != NULL && !is_plain(kid, WORD_MAX))
        return "its EAB key id holds blanks or control characters";
    if (account->url != NULL && !is_https(account->url))
        return "its account URL is none that begins with https://";
    if (jose_alg(account->key) == NULL)
        return "its key is of a kind that cannot be used for an account: RSA of 2048, 3072 or 4096 "
               "bits, P-256 and P-384 can";
    if (taker->options->account_url != NULL
        && (account->url == NULL || strcmp(account->url, taker->options->account_url) != 0))
        return "it is not the one that --account-url names";
    return NULL;
}

static int is_same_key(const found_account_t *a, const found_account_t *b)
{
    return a->key != NULL && b->key != NULL && EVP_PKEY_eq(a->key->pkey, b->key->pkey) == 1;
}

/* The store has one account for each pair of directory and key id. */
static int has_rival(const taker_t *taker, const found_t *found, const found_account_t *account,
                     const char *id)
{
    int i;

    for (i = 0; i < found->accounts->nelts; i++) {
        const found_account_t *other = APR_ARRAY_IDX(found->accounts, i, found_account_t *);
        const char *directory = directory_of(taker, other->directory), *kid = kid_of(taker, other);

        if (other != account && !is_same_key(other, account)
            && refuse_account(taker, other, directory, kid) == NULL
            && strcmp(registration_id(taker->pool, directory, kid), id) == 0)
            return 1;
    }
    return 0;
}

static const char *usable_contacts(const found_account_t *account)
{
    const char *contacts = account->contacts, *c = NULL;

    for (c = contacts; c != NULL && *c != '\0'; c++) {
        if (*c < ' ' || *c >= 0x7f)
            return NULL;
    }
    return contacts != NULL && strlen(contacts) <= WORD_MAX ? contacts : NULL;
}

/* The key in the store, or NULL when there is none; *pwhy says when there is one of no use. */
static keypair_t *stored_key(const taker_t *taker, const registration_t *reg, const char **pwhy)
{
    const char *path = store_path(taker->pool, taker->store, "accounts", reg->id, "key.pem");
    keypair_t *key = NULL;
    apr_status_t rv = keypair_load(&key, path, taker->pool);

    *pwhy = NULL;
    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv))
        *pwhy = apr_pstrcat(taker->pool, path, " is there already, and cannot be read", NULL);
    return key;
}

static apr_status_t write_account(const taker_t *taker, registration_t *reg,
                                  const found_account_t *account, eab_result_t *result)
{
    apr_status_t rv = registration_adopt_key(taker->store, reg, account->key, result, taker->pool);

    if (rv != APR_SUCCESS)
        return rv;
    reg->attempted = 1;
    reg->url = account->url;
    if (account->url != NULL)
        reg->created = account->created > 0 ? account->created : taker->options->now;
    reg->contacts = usable_contacts(account);
    return registration_save(taker->store, reg, result, taker->pool);
}

static void store_account(const taker_t *taker, intake_item_t *item, registration_t *reg)
{
    const found_account_t *account = item->account;
    eab_result_t *result = eab_result_make(taker->pool);
    const char *why = NULL;
    keypair_t *stored = stored_key(taker, reg, &why);
    int same = stored != NULL && EVP_PKEY_eq(stored->pkey, account->key->pkey) == 1;

    if (why != NULL) {
        skip(item, why);
        return;
    }
    if (reg->closed != 0) {
        skip(item, "the store says that the account for this CA and key id was deactivated");
        return;
    }
    if (!same && (stored != NULL || reg->url != NULL)) {
        skip(item, apr_psprintf(taker->pool,
                                "the store has another account for this CA and key id (%s); "
                                "remove %s/accounts/%s first if this one is to be used instead",
                                reg->url != NULL ? reg->url : "not registered yet",
                                taker->store->dir, reg->id));
        return;
    }
    if (same)
        item->outcome = INTAKE_KEPT;
    else if (account->url == NULL)
        item->why = "its account URL is not told; the CA is asked for it when httpd starts";
    /* One that is there may lack its URL: an import that was cut short. */
    if (!taker->options->dry_run && (!same || (reg->url == NULL && account->url != NULL))
        && write_account(taker, reg, account, result) != APR_SUCCESS)
        skip_for(taker, item, result);
}

static void take_account(taker_t *taker, const found_t *found, const found_account_t *account)
{
    const char *directory = directory_of(taker, account->directory);
    const char *kid = kid_of(taker, account);
    const char *why = refuse_account(taker, account, directory, kid);
    intake_item_t *item = apr_array_push(taker->items);
    eab_result_t *result = eab_result_make(taker->pool);
    registration_t *reg = NULL;

    item->account = account;
    item->path = account->path;
    item->name = account->url != NULL ? account->url : directory;
    item->directory = directory;
    item->kid = kid;
    if (why != NULL || (why = refuse_key(taker, account->key)) != NULL) {
        skip(item, why);
        return;
    }
    if (has_rival(taker, found, account, registration_id(taker->pool, directory, kid))) {
        skip(item, "there is another account with the same CA and key id, and the store has room "
                   "for one: say which with --account-url");
        return;
    }
    if (registration_load(&reg, taker->store, directory, kid, result, taker->pool) != APR_SUCCESS) {
        skip_for(taker, item, result);
        return;
    }
    store_account(taker, item, reg);
    remember(taker, item);
}

/* ---- certificates ---------------------------------------------------------------------------- */

/* The account that a certificate was ordered with: the one of its URL, else the only one of its CA;
 * else NULL, and the store says of none. */
static const intake_item_t *account_of(const taker_t *taker, const found_certificate_t *certificate,
                                       const char *directory)
{
    const intake_item_t *match = NULL;
    int i, matches = 0;

    for (i = 0; i < taker->items->nelts; i++) {
        const intake_item_t *item = &APR_ARRAY_IDX(taker->items, i, intake_item_t);

        if (item->account == NULL || item->outcome == INTAKE_SKIPPED
            || (directory != NULL && strcmp(item->directory, directory) != 0))
            continue;
        if (certificate->account_url != NULL && item->account->url != NULL
            && strcmp(certificate->account_url, item->account->url) == 0)
            return item;
        match = item;
        matches++;
    }
    return matches == 1 ? match : NULL;
}

static const char *normalize(apr_pool_t *p, const char *text, const char **preason)
{
    const char *address = address_normalize(p, text);

    return address != NULL ? address : name_normalize(p, text, preason);
}

/* The name that the certificate is stored by comes first: what its client calls it, if it is one of
 * its names, else the first. Normalized, in the taker's pool; NULL with why for what is no name. */
static apr_array_header_t *names_of(const taker_t *taker, const found_certificate_t *certificate,
                                    const char **pwhy)
{
    const apr_array_header_t *all = chain_facts(certificate->chain)->names;
    apr_array_header_t *names = apr_array_make(taker->pool, all->nelts, sizeof(const char *));
    const char *first = NULL, *reason = NULL;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const char *name = normalize(taker->pool, APR_ARRAY_IDX(all, i, const char *), &reason);

        if (name == NULL) {
            *pwhy = apr_pstrcat(taker->pool, "one of its names ", reason, NULL);
            return NULL;
        }
        APR_ARRAY_PUSH(names, const char *) = name;
        if (certificate->name != NULL && strcmp(name, certificate->name) == 0)
            first = name;
    }
    *pwhy = "there is no name on it";
    if (names->nelts == 0)
        return NULL;
    for (i = names->nelts - 1; first != NULL && i > 0; i--) {
        if (APR_ARRAY_IDX(names, i, const char *) == first) {
            APR_ARRAY_IDX(names, i, const char *) = APR_ARRAY_IDX(names, i - 1, const char *);
            APR_ARRAY_IDX(names, i - 1, const char *) = first;
        }
    }
    return names;
}

static const char *refuse_certificate(const taker_t *taker, const found_certificate_t *certificate)
{
    const chain_facts_t *facts = NULL;

    if (certificate->chain == NULL || certificate->key == NULL)
        return certificate->why != NULL ? certificate->why : "it cannot be read";
    if (certificate->why != NULL)
        return certificate->why;
    facts = chain_facts(certificate->chain);
    if (facts->not_after <= taker->options->now)
        return apr_psprintf(taker->pool, "it has expired on %s",
                            clock_format(taker->pool, facts->not_after));
    return NULL;
}

/* True when this import has given that directory to another key type of the names already. */
static int entry_is_taken(const taker_t *taker, const char *entry, const char *key_type)
{
    int i;

    for (i = 0; i < taker->items->nelts; i++) {
        const intake_item_t *item = &APR_ARRAY_IDX(taker->items, i, intake_item_t);

        if (item->certificate != NULL && item->entry != NULL && strcmp(item->entry, entry) == 0)
            return strcmp(chain_facts(item->certificate->chain)->key_type, key_type) != 0;
    }
    return 0;
}

static const chain_facts_t *stored(const taker_t *taker, const char *entry,
                                   const apr_array_header_t *names)
{
    generation_t *there = NULL;

    (void)generation_find(&there, taker->store, entry, names, taker->options->now,
                          eab_result_make(taker->pool), taker->pool);
    return there != NULL ? there->facts : NULL;
}

/* The same of what the store has in that place, unless that is newer and has taken this one's place. */
static int entry_is_in_use(const taker_t *taker, const char *entry, const char *further,
                           const intake_item_t *item)
{
    const chain_facts_t *facts = chain_facts(item->certificate->chain);
    const chain_facts_t *there = stored(taker, entry, item->names);

    return there != NULL && strcmp(there->key_type, facts->key_type) != 0
           && (there->not_before <= facts->not_before
               || stored(taker, further, item->names) != NULL);
}

static const char *entry_of(const taker_t *taker, const intake_item_t *item)
{
    const char *key_type = chain_facts(item->certificate->chain)->key_type;
    const char *entry = name_file(taker->pool, item->name);
    const char *further = name_file_of_type(taker->pool, item->name, key_type);

    return entry_is_taken(taker, entry, key_type) || entry_is_in_use(taker, entry, further, item)
               ? further
               : entry;
}

static void install(const taker_t *taker, intake_item_t *item)
{
    const found_certificate_t *certificate = item->certificate;
    const char *directory = directory_of(taker, certificate->directory), *id = NULL;
    const intake_item_t *account = account_of(taker, certificate, directory);
    eab_result_t *result = eab_result_make(taker->pool);
    generation_t *installed = NULL;

    if (account != NULL) {
        directory = account->directory;
        id = registration_id(taker->pool, directory, account->kid);
    }
    if (taker->options->dry_run
        || generation_install(&installed, taker->store, item->entry, certificate->chain,
                              certificate->key, NULL, item->names, id, directory,
                              taker->options->now, 0, result, taker->pool)
               == APR_SUCCESS)
        return;
    item->entry = NULL;
    skip_for(taker, item, result);
}

/* An import before this one may have been cut off when the certificate was there and not yet in use. */
static void finish(const taker_t *taker, const char *entry)
{
    int moved = 0;

    if (!taker->options->dry_run)
        (void)generation_recover(taker->store, entry, NULL, NULL, &moved,
                                 eab_result_make(taker->pool), taker->pool);
}

/* What the store has stays, if it is that certificate or a newer one. */
static void store_certificate(const taker_t *taker, intake_item_t *item)
{
    const chain_facts_t *facts = chain_facts(item->certificate->chain);
    const char *entry = entry_of(taker, item);
    const chain_facts_t *there = stored(taker, entry, item->names);

    if (there != NULL && strcmp(there->fingerprint, facts->fingerprint) == 0) {
        item->outcome = INTAKE_KEPT;
        finish(taker, entry);
    }
    else if (there != NULL && there->not_before >= facts->not_before) {
        skip(item, apr_psprintf(taker->pool, "the store has a newer one for %s, valid until %s",
                                item->name, clock_format(taker->pool, there->not_after)));
        return;
    }
    item->entry = entry;
    if (item->outcome == INTAKE_IMPORTED)
        install(taker, item);
}

static void take_certificate(taker_t *taker, const found_certificate_t *certificate)
{
    intake_item_t *item = apr_array_push(taker->items);
    const char *why = refuse_certificate(taker, certificate);

    item->certificate = certificate;
    item->path = certificate->path;
    item->name = certificate->name != NULL ? certificate->name : certificate->path;
    if (why == NULL)
        why = refuse_key(taker, certificate->key);
    if (why == NULL && (item->names = names_of(taker, certificate, &why)) != NULL)
        why = NULL;
    if (why != NULL) {
        skip(item, why);
        return;
    }
    item->name = APR_ARRAY_IDX(item->names, 0, const char *);
    store_certificate(taker, item);
    remember(taker, item);
}

/* The newest first: of two with the same names it is the one that counts. */
static int compare_certificates(const void *a, const void *b)
{
    const found_certificate_t *first = *(const found_certificate_t *const *)a;
    const found_certificate_t *second = *(const found_certificate_t *const *)b;
    apr_time_t one = first->chain != NULL ? chain_facts(first->chain)->not_before : 0;
    apr_time_t two = second->chain != NULL ? chain_facts(second->chain)->not_before : 0;

    if (one != two)
        return one < two ? 1 : -1;
    return strcmp(first->path, second->path);
}

apr_array_header_t *intake(const found_t *found, const store_t *store,
                           const intake_options_t *options)
{
    taker_t taker = { .pool = found->pool, .store = store, .options = options };
    apr_array_header_t *certificates = apr_array_copy(found->pool, found->certificates);
    int i;

    taker.items = apr_array_make(found->pool, 8, sizeof(intake_item_t));
    for (i = 0; options->accounts && i < found->accounts->nelts; i++)
        take_account(&taker, found, APR_ARRAY_IDX(found->accounts, i, found_account_t *));
    if (certificates->nelts > 1)
        qsort(certificates->elts, (size_t)certificates->nelts, sizeof(found_certificate_t *),
              compare_certificates);
    for (i = 0; options->certificates && i < certificates->nelts; i++)
        take_certificate(&taker, APR_ARRAY_IDX(certificates, i, found_certificate_t *));
    return taker.items;
}
