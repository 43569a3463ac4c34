/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_revoke.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "crypto/chain.h"
#include "crypto/secret.h"
#include "keeper/control_successor.h"
#include "keeper/demand.h"
#include "keeper/revoking.h"
#include "store/blocked.h"

/* ---- what is told ---- */

static json_t *make_part(const revocation_t *record, const char *step, const char *result,
                         apr_pool_t *p)
{
    json_t *part = json_object();
    const char *name = record->name != NULL ? name_shown(p, record->name) : NULL;

    json_put_string(part, "name", name);
    json_put_string(part, "serial", record->serial);
    json_put_string(part, "reason", revocation_reason_name(record->reason));
    json_put_string(part, "step", step);
    json_put_string(part, "result", result);
    return part;
}

static const char *who(const control_call_t *call)
{
    const char *user = json_peek_string(call->act->by, "user");

    return user != NULL ? user : "root";
}

/* ---- which certificates ---- */

/* One that is to be revoked. */
typedef struct target {
    revocation_t *record;
    const secret_t *key;               /* to be kept with it; or NULL */
    const revoked_t *revoked;          /* the CA has revoked it already; or NULL */
    keeper_certificate_t *certificate; /* of its name in the configuration, or NULL */
} target_t;

/* The key may be pruned with its generation before the CA has answered: a copy goes with the record. */
static const secret_t *copy_key(const generation_t *generation, apr_pool_t *p)
{
    secret_t *key = NULL;

    return secret_read_file(&key, generation->key_path, LIMIT_OWN_FILE, p) == APR_SUCCESS ? key
                                                                                          : NULL;
}

static apr_status_t add_generation(apr_array_header_t *targets, control_call_t *call,
                                   const char *name, const generation_t *generation)
{
    target_t target = { NULL, NULL, NULL, NULL };

    target.record = revocation_of(call->p, name, generation, call->result);
    if (target.record == NULL) {
        return call->result->rv;
    }
    target.record->by = who(call);
    target.record->asked = call->act->at;
    target.key = copy_key(generation, call->p);
    target.revoked = generation->revoked;
    target.certificate = model_find(call->parts->model, name);
    APR_ARRAY_PUSH(targets, target_t) = target;
    return APR_SUCCESS;
}

static apr_status_t find_by_name(apr_array_header_t *targets, control_call_t *call)
{
    const apr_array_header_t *list = NULL;
    apr_status_t rv = control_choose(&list, call);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < list->nelts; ++i) {
        const keeper_certificate_t *certificate = APR_ARRAY_IDX(list, i, keeper_certificate_t *);

        if (certificate->best == NULL) {
            return eab_result_set(call->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
                                  "%s has no certificate that could be revoked.",
                                  certificate->title);
        }
        rv = add_generation(targets, call, certificate->plan->id, certificate->best);
    }
    return rv;
}

/* Hexadecimal as certificates are shown everywhere: any case, colons, zeros before it. */
static const char *plain_serial(apr_pool_t *p, const char *text)
{
    char *plain = apr_pstrdup(p, text), *to = plain;

    if (strncasecmp(text, "0x", 2) == 0) {
        text += 2;
    }
    for (; *text != '\0'; ++text) {
        if (*text != ':' && *text != ' ') {
            *to++ = apr_tolower(*text);
        }
    }
    *to = '\0';
    while (plain[0] == '0' && plain[1] != '\0') {
        ++plain;
    }
    return plain;
}

typedef int generation_fits_fn(const generation_t *generation, const char *text, apr_pool_t *p);

static int has_serial(const generation_t *generation, const char *serial, apr_pool_t *p)
{
    return strcmp(plain_serial(p, generation->facts->serial), serial) == 0;
}

static int has_fingerprint(const generation_t *generation, const char *fingerprint, apr_pool_t *p)
{
    (void)p;
    return strcmp(generation->facts->fingerprint, fingerprint) == 0;
}

static int has_key(const generation_t *generation, const char *spki, apr_pool_t *p)
{
    chain_t *chain = NULL;
    const char *own;

    if (chain_load(&chain, generation->chain_path, eab_result_make(p), p) != APR_SUCCESS) {
        return 0;
    }
    own = chain_spki(p, chain);
    return own != NULL && strcmp(own, spki) == 0;
}

/* All of the archive that fit, whether their names are configured or not. */
static apr_status_t find_in_archive(apr_array_header_t *targets, control_call_t *call,
                                    generation_fits_fn *fits, const char *text)
{
    const store_t *store = call->parts->model->means->store;
    apr_array_header_t *names = generation_names(call->p, store);
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *pool = NULL;
    int i, k;

    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        apr_array_header_t *list;

        apr_pool_create(&pool, call->p);
        list = generation_list(pool, store, name);
        for (k = 0; rv == APR_SUCCESS && k < list->nelts; ++k) {
            const generation_t *generation = APR_ARRAY_IDX(list, k, generation_t *);

            if (fits(generation, text, pool)) {
                rv = add_generation(targets, call, name, generation_copy(call->p, generation));
            }
        }
        apr_pool_destroy(pool);
    }
    return rv;
}

static apr_status_t unreadable(control_call_t *call, const char *path)
{
    return eab_result_set(
        call->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
        "The keeper cannot use %s: %s It may see another /tmp than you do; put the "
        "file into a directory of root's.",
        path, call->result->detail != NULL ? call->result->detail : "it holds no private key.");
}

/* Which CA it is of, nobody can tell by the file: the account says so. */
static keeper_account_t *account_for_file(control_call_t *call)
{
    const char *label = json_peek_string(call->act->arguments, "account");
    const model_t *model = call->parts->model;

    if (label != NULL) {
        return control_choose_account(call, label);
    }
    if (model->accounts->nelts == 1) {
        return model_account(model, 0);
    }
    eab_result_set(call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                   "Several accounts are configured; say with --account at which one's CA the "
                   "certificate is to be revoked.");
    return NULL;
}

static apr_status_t add_file(apr_array_header_t *targets, control_call_t *call,
                             const chain_t *chain, const char *key_path)
{
    target_t target = { NULL, NULL, NULL, NULL };
    const keeper_account_t *account = account_for_file(call);
    const chain_facts_t *facts = chain_facts(chain);
    revocation_t *record = target.record = apr_pcalloc(call->p, sizeof(*record));
    secret_t *key = NULL;
    keypair_t *pair;

    if (account == NULL) {
        return call->result->rv;
    }
    if (key_path != NULL) {
        pair = secret_read_file(&key, key_path, LIMIT_OWN_FILE, call->p) == APR_SUCCESS
                   ? keypair_read(call->p, key)
                   : NULL;
        if (pair == NULL) {
            return unreadable(call, key_path);
        }
        if (!chain_matches_key(chain, pair)) {
            return eab_result_set(call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                                  "%s is not the key of that certificate.", key_path);
        }
        target.key = key;
    }
    record->fingerprint = facts->fingerprint;
    record->pem = chain_leaf_pem(call->p, chain);
    record->serial = facts->serial;
    record->spki = chain_spki(call->p, chain);
    record->not_after = facts->not_after;
    record->account = account->registration != NULL ? account->registration->id : NULL;
    record->directory = account->plan->directory;
    record->by = who(call);
    record->asked = call->act->at;
    APR_ARRAY_PUSH(targets, target_t) = target;
    return APR_SUCCESS;
}

static apr_status_t find_by_file(apr_array_header_t *targets, control_call_t *call,
                                 const char *path)
{
    chain_t *chain = NULL;
    apr_status_t rv;

    if (chain_load(&chain, path, call->result, call->p) != APR_SUCCESS) {
        return unreadable(call, path);
    }
    rv = find_in_archive(targets, call, has_fingerprint, chain_facts(chain)->fingerprint);
    if (rv == APR_SUCCESS && targets->nelts == 0) {
        rv = add_file(targets, call, chain, json_peek_string(call->act->arguments, "key"));
    }
    return rv;
}

static apr_status_t find_anew(apr_array_header_t *targets, control_call_t *call)
{
    const json_t *arguments = call->act->arguments;
    const char *serial = json_peek_string(arguments, "serial");
    const char *path = json_peek_string(arguments, "certificate");
    apr_status_t rv;

    if (path != NULL) {
        return find_by_file(targets, call, path);
    }
    if (serial == NULL) {
        return find_by_name(targets, call);
    }
    rv = find_in_archive(targets, call, has_serial, plain_serial(call->p, serial));
    if (rv == APR_SUCCESS && targets->nelts == 0) {
        rv = eab_result_set(call->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
                            "No certificate in the store has the serial number %s; name its file "
                            "with --cert.",
                            serial);
    }
    return rv;
}

/* ---- what the act is about, when it is begun again ---- */

/* A file is the same certificate for ever, and may be of none in the archive. */
static apr_status_t recall(apr_array_header_t *targets, control_call_t *call, const json_t *bound)
{
    const char *path = json_peek_string(call->act->arguments, "certificate");
    apr_status_t rv = APR_SUCCESS;
    const json_t *item;
    size_t i;

    if (path != NULL) {
        return find_by_file(targets, call, path);
    }
    json_array_foreach((json_t *)bound, i, item)
    {
        if (rv == APR_SUCCESS && json_is_string(item)) {
            rv = find_in_archive(targets, call, has_fingerprint, json_string_value(item));
        }
    }
    return rv;
}

static apr_status_t remember(const apr_array_header_t *targets, control_call_t *call)
{
    json_t *bound = json_array();
    int i;

    for (i = 0; i < targets->nelts; ++i) {
        const target_t *target = &APR_ARRAY_IDX(targets, i, target_t);

        json_array_append_new(bound, json_string(target->record->fingerprint));
    }
    json_object_set_new(call->act->state, "targets", bound);
    return control_save(call);
}

static apr_status_t find_targets(apr_array_header_t *targets, control_call_t *call)
{
    const json_t *bound = json_object_get(call->act->state, "targets");
    apr_status_t rv;

    if (bound != NULL) {
        return recall(targets, call, bound);
    }
    rv = find_anew(targets, call);
    return rv == APR_SUCCESS ? remember(targets, call) : rv;
}

/* ---- begin ---- */

/* What some CAs are known not to take: they say so only after the fact, and not in these words. */
static apr_status_t check_reason(const target_t *target, control_call_t *call)
{
    const char *directory = target->record->directory;

    if (revocation_reason_name(target->record->reason) == NULL) {
        return eab_result_set(call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                              "A certificate cannot be revoked for that reason by whoever has it; "
                              "say unspecified, keyCompromise, affiliationChanged, superseded or "
                              "cessationOfOperation.");
    }
    if (target->record->reason == REVOCATION_UNSPECIFIED && directory != NULL
        && (strstr(directory, "certinext.io/") != NULL
            || strstr(directory, "emsign.com/") != NULL)) {
        return eab_result_set(
            call->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
            "CERTInext does not revoke without a reason; say --reason superseded or "
            "--reason cessationOfOperation.");
    }
    return APR_SUCCESS;
}

/* By the account, since a CA takes the certificate's own key as a word that it is known to others; but
 * then, that is what is to be said. */
static revocation_by_t choose_key(const target_t *target, const control_call_t *call)
{
    if (json_peek_bool(call->act->arguments, "by_certificate_key", 0)
        || (target->record->name == NULL && target->key != NULL)) {
        return REVOCATION_BY_CERTIFICATE;
    }
    return target->record->reason == REVOCATION_KEY_COMPROMISE ? REVOCATION_BY_CERTIFICATE_FIRST
                                                               : REVOCATION_BY_ACCOUNT;
}

static int is_in_place(const target_t *target)
{
    return target->certificate != NULL
           && !revocation_is_replaced(target->record, target->certificate);
}

/* Another one, now: whatever has failed before. */
static apr_status_t order_another(control_call_t *call, keeper_certificate_t *certificate)
{
    apr_status_t rv =
        certificate->demanded == 0 ? demand_make(certificate, call->result) : APR_SUCCESS;

    if (rv == APR_SUCCESS) {
        account_hurry(certificate->account);
        failing_hurry(&certificate->failing, certificate->means, certificate->plan->id);
        tasks_hurry(call->parts->tasks, certificate->index, certificate->demanded);
    }
    return rv;
}

static int is_best(const target_t *target)
{
    const keeper_certificate_t *certificate = target->certificate;

    return certificate != NULL && certificate->best != NULL
           && strcmp(certificate->best->facts->fingerprint, target->record->fingerprint) == 0;
}

/* For the act that is begun again, or for the same cause: nothing is left to be done. */
static int is_done(const target_t *target, const control_call_t *call)
{
    const revocation_t *record = target->record;

    return target->revoked != NULL && target->revoked->reason == record->reason
           && revocations_find(call->parts->model->revocations, record->fingerprint) == NULL;
}

/* First that root wants it, then that another one is needed: whatever a crash leaves out, the act does
 * again, as it was not begun then. */
static apr_status_t ask(control_call_t *call, const target_t *target)
{
    const revocation_t *record = target->record;
    json_t *list = json_object_get(call->act->state, "revocations");
    apr_status_t rv;

    if (list == NULL) {
        list = json_array();
        json_object_set_new(call->act->state, "revocations", list);
    }
    if (record->not_after <= apr_time_now()) {
        control_tell(call, record->fingerprint, make_part(record, "idle", "expired", call->p));
        return APR_SUCCESS;
    }
    if (is_done(target, call)) {
        control_tell(call, record->fingerprint, make_part(record, "idle", "revoked", call->p));
        return APR_SUCCESS;
    }
    rv =
        revocations_ask(call->parts->model->revocations, record,
                        record->by_key != REVOCATION_BY_ACCOUNT ? target->key : NULL, call->result);
    if (rv == APR_SUCCESS && is_best(target) && !record->keep) {
        rv = order_another(call, target->certificate);
    }
    if (rv == APR_SUCCESS) {
        json_array_append_new(list, json_pack("{s:s,s:s*,s:s,s:i}", "fingerprint",
                                              record->fingerprint, "name", record->name, "serial",
                                              record->serial, "reason", record->reason));
    }
    return rv;
}

/* That the key is blocked is on disk before anything else is done. */
static apr_status_t block(control_call_t *call, const char *spki, keeper_certificate_t *certificate)
{
    const means_t *means = call->parts->model->means;
    apr_status_t rv =
        blocked_add(means->store, spki, who(call), call->act->at, call->result, call->p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    log_line(LOG_LEVEL_NOTICE,
             "The key %.16s...%s%s is never used again: others may know it, says %s", spki,
             certificate != NULL ? " of " : "", certificate != NULL ? certificate->title : "",
             log_escape(call->p, who(call)));
    if (certificate != NULL) {
        changes_tell_certificate(means->changes, CHANGE_BLOCKED, certificate, NULL);
    }
    return APR_SUCCESS;
}

static apr_status_t follow(control_call_t *call);

static apr_status_t begin_revoke(control_call_t *call)
{
    const json_t *arguments = call->act->arguments;
    apr_array_header_t *targets = apr_array_make(call->p, 2, sizeof(target_t));
    apr_status_t rv = find_targets(targets, call);
    int keep = json_peek_bool(arguments, "keep", 0);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < targets->nelts; ++i) {
        target_t *target = &APR_ARRAY_IDX(targets, i, target_t);

        target->record->reason = (int)json_peek_int(arguments, "reason", 0);
        target->record->now = keep || json_peek_bool(arguments, "now", 0) || !is_in_place(target);
        target->record->keep = keep;
        target->record->by_key = choose_key(target, call);
        rv = check_reason(target, call);
    }
    for (i = 0; rv == APR_SUCCESS && i < targets->nelts; ++i) {
        target_t *target = &APR_ARRAY_IDX(targets, i, target_t);

        if (target->record->reason == REVOCATION_KEY_COMPROMISE) {
            rv = block(call, target->record->spki, target->certificate);
        }
        target->record->compromised = target->record->reason == REVOCATION_KEY_COMPROMISE;
        rv = rv == APR_SUCCESS ? ask(call, target) : rv;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    revoking_consider(call->parts->revoking);
    return follow(call);
}

/* ---- compromised ---- */

/* Of the order in flight as well, if that has a key already: it lies beside the other one. NULL: it has none. */
static const char *pending_key(const keeper_certificate_t *certificate, apr_pool_t *p)
{
    const keypair_t *key = certificate->key;

    return key == NULL || certificate->journal == NULL || certificate->journal->finalized
               ? NULL
               : keypair_spki(p, key->pkey);
}

static apr_status_t bind_keys(control_call_t *call, json_t *keys,
                              const keeper_certificate_t *certificate)
{
    chain_t *chain = NULL;
    json_t *bound;
    apr_status_t rv;

    if (certificate->best == NULL) {
        return eab_result_set(
            call->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
            "%s has no certificate in place, and so no key that others could know.",
            certificate->title);
    }
    rv = chain_load(&chain, certificate->best->chain_path, call->result, call->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    bound = json_object();
    json_put_string(bound, "spki", chain_spki(call->p, chain));
    json_put_string(bound, "pending", pending_key(certificate, call->p));
    json_object_set_new(keys, certificate->plan->id, bound);
    return APR_SUCCESS;
}

/* The keys that others may know, by the names of their certificates: those of when root asked. */
static apr_status_t find_keys(const json_t **pkeys, control_call_t *call)
{
    json_t *state = call->act->state, *keys = json_object_get(state, "keys");
    const apr_array_header_t *list = NULL;
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (keys == NULL) {
        keys = json_own(call->p, json_object());
        rv = control_choose(&list, call);
        for (i = 0; rv == APR_SUCCESS && i < list->nelts; ++i) {
            rv = bind_keys(call, keys, APR_ARRAY_IDX(list, i, keeper_certificate_t *));
        }
        if (rv == APR_SUCCESS) {
            json_object_set(state, "keys", keys);
            rv = control_save(call);
        }
    }
    *pkeys = keys;
    return rv;
}

static apr_status_t block_keys(control_call_t *call, const char *id, const json_t *keys)
{
    const char *pending = json_peek_string(keys, "pending");
    apr_status_t rv =
        block(call, json_peek_string(keys, "spki"), model_find(call->parts->model, id));

    return rv != APR_SUCCESS || pending == NULL
               ? rv
               : blocked_add(call->parts->model->means->store, pending, who(call), call->act->at,
                             call->result, call->p);
}

static apr_status_t block_all(control_call_t *call, const json_t *keys)
{
    const json_t *bound;
    apr_status_t rv = APR_SUCCESS;
    const char *id;

    json_object_foreach((json_t *)keys, id, bound)
    {
        rv = rv == APR_SUCCESS ? block_keys(call, id, bound) : rv;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    json_object_set_new(call->act->state, "blocked", json_true());
    return control_save(call);
}

/* Whoever was on the machine may have the account's key as well. */
static apr_status_t succeed(control_call_t *call)
{
    const apr_array_header_t *list = NULL;
    apr_status_t rv = control_choose(&list, call);

    rv = rv == APR_SUCCESS ? control_succeed_all(call, list) : rv;
    if (rv == APR_SUCCESS || APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    return eab_result_set(call->result, rv, EAB_PROBLEM_REFUSED,
                          "The key is blocked, and no other certificate was ordered: %s Without "
                          "--new-account it goes on with the account that is there.",
                          apr_pstrdup(call->p, call->result->detail));
}

static apr_status_t begin_compromised(control_call_t *call)
{
    apr_array_header_t *targets = apr_array_make(call->p, 2, sizeof(target_t));
    int now = json_peek_bool(call->act->arguments, "now", 0);
    const json_t *keys = NULL, *bound;
    apr_status_t rv = find_keys(&keys, call);
    const char *id;
    int i;

    if (rv == APR_SUCCESS && !json_peek_bool(call->act->state, "blocked", 0)) {
        rv = block_all(call, keys);
    }
    if (rv == APR_SUCCESS && json_peek_bool(call->act->arguments, "new_account", 0)) {
        rv = succeed(call);
    }
    json_object_foreach((json_t *)keys, id, bound)
    {
        if (rv == APR_SUCCESS) {
            rv = find_in_archive(targets, call, has_key, json_peek_string(bound, "spki"));
        }
    }
    for (i = 0; rv == APR_SUCCESS && i < targets->nelts; ++i) {
        target_t *target = &APR_ARRAY_IDX(targets, i, target_t);

        target->record->reason = REVOCATION_KEY_COMPROMISE;
        target->record->by_key = REVOCATION_BY_CERTIFICATE_FIRST;
        target->record->now = now;
        target->record->compromised = 1;
        rv = ask(call, target);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    json_object_set_new(call->act->state, "asked", json_true());
    if ((rv = control_save(call)) != APR_SUCCESS) {
        return rv;
    }
    revoking_consider(call->parts->revoking);
    return follow(call);
}

/* ---- how far it is ---- */

/* While another one is to be served first. */
static json_t *tell_waiting(const revocation_t *record, const keeper_certificate_t *certificate,
                            const control_call_t *call)
{
    const failure_t *failure = certificate->failing.failure != NULL
                                   ? certificate->failing.failure
                                   : certificate->account->failing.failure;
    int stored = certificate->best != NULL
                 && strcmp(certificate->best->facts->fingerprint, record->fingerprint) != 0;
    json_t *part = make_part(record, stored ? "stored" : "ordering", NULL, call->p);

    if (stored) {
        json_put_string(part, "why", reload_news(call->parts->reload)->why);
    }
    else if (failure != NULL) {
        json_put_string(part, "why", failure->problem->detail);
        json_put_time(part, "at", failure->next);
    }
    return part;
}

/* What the CA refuses to revoke has a successor by then, or is to have one. */
static int is_replaced_all_the_same(const revocation_t *record,
                                    const keeper_certificate_t *certificate)
{
    return !record->keep && certificate != NULL
           && (certificate->demanded != 0
               || (certificate->best != NULL
                   && strcmp(certificate->best->facts->fingerprint, record->fingerprint) != 0));
}

static json_t *tell_failed(const revocation_t *record, const keeper_certificate_t *certificate,
                           apr_pool_t *p)
{
    json_t *part = make_part(record, record->refused ? "idle" : "revoking",
                             record->refused ? "failed" : NULL, p);

    if (is_replaced_all_the_same(record, certificate)) {
        json_object_set_new(part, "replaced", json_true());
    }

    json_object_set_new(part, "problem", eab_result_to_json(record->problem));
    json_put_time(part, "at", record->next);
    return part;
}

/* One that is not to be found any more is done: nothing else takes it from the store. */
static json_t *describe(const json_t *item, const control_call_t *call)
{
    const model_t *model = call->parts->model;
    const keeper_revocation_t *revocation =
        revocations_find(model->revocations, json_peek_string(item, "fingerprint"));
    revocation_t gone;
    const keeper_certificate_t *certificate;

    if (revocation == NULL || revocation->done) {
        memset(&gone, 0, sizeof(gone));
        gone.name = json_peek_string(item, "name");
        gone.serial = json_peek_string(item, "serial");
        gone.reason = (int)json_peek_int(item, "reason", 0);
        return make_part(&gone, "idle", "revoked", call->p);
    }
    certificate = model_find(model, revocation->record->name);
    if (!revocation->record->now && certificate != NULL
        && !revocation_is_replaced(revocation->record, certificate)) {
        return tell_waiting(revocation->record, certificate, call);
    }
    if (revocation->task == 0 && revocation->record->problem->rv != APR_SUCCESS) {
        return tell_failed(revocation->record, certificate, call->p);
    }
    return make_part(revocation->record, "revoking", NULL, call->p);
}

static apr_status_t follow(control_call_t *call)
{
    const json_t *list = json_object_get(call->act->state, "revocations"), *item;
    eab_result_t *failed = eab_result_make(call->p);
    int going = 0;
    size_t i;

    json_array_foreach((json_t *)list, i, item)
    {
        json_t *part = describe(item, call);

        going |= json_object_get(part, "result") == NULL;
        if (json_object_get(part, "result") != NULL && failed->rv == APR_SUCCESS
            && json_object_get(part, "problem") != NULL) {
            eab_result_from_json(failed, json_object_get(part, "problem"));
        }
        control_tell(call, json_peek_string(item, "fingerprint"), part);
    }
    if (going) {
        return APR_EAGAIN;
    }
    eab_result_copy(call->result, failed);
    return call->result->rv;
}

const control_command_t control_revoke = { "revoke", begin_revoke, follow, 1 };
static apr_status_t step_compromised(control_call_t *call)
{
    return json_peek_bool(call->act->state, "asked", 0) ? follow(call) : begin_compromised(call);
}

const control_command_t control_compromised = { "compromised", begin_compromised, step_compromised,
                                                1 };
