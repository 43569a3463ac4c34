/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/leftover.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "store/catalogue.h"
#include "store/demand.h"
#include "store/failure.h"
#include "store/generation.h"
#include "store/leftover.h"
#include "store/record.h"

#define SHOWN_MAX 50 /* in the status, of each kind */
#define NAMED_MAX 5  /* in one line of the log */

static void add_usable(apr_array_header_t *used, const keeper_certificate_t *certificate,
                       const catalogue_t *catalogue, apr_pool_t *p)
{
    const apr_array_header_t *names = certificate->plan->names;
    apr_array_header_t *entries = catalogue_find(catalogue, names, p);
    int i;

    for (i = 0; i < entries->nelts; ++i) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *);
        generation_t *generation = NULL;

        if (generation_find(&generation, certificate->means->store, entry, names, apr_time_now(),
                            eab_result_make(p), p)
            == APR_SUCCESS) {
            APR_ARRAY_PUSH(used, const char *) = entry;
        }
    }
}

/* After a change of names or key types, httpd serves what lies in other places, see httpd/ssl.c. */
static void add_borrowed(apr_array_header_t *used, const model_t *model, apr_pool_t *p)
{
    const catalogue_t *catalogue = NULL;
    int i;

    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);

        if (certificate->best == NULL) {
            if (catalogue == NULL) {
                catalogue = catalogue_make(model->means->store, p);
            }
            add_usable(used, certificate, catalogue, p);
        }
    }
}

static apr_array_header_t *used_certificates(const model_t *model, apr_pool_t *p)
{
    apr_array_header_t *used = apr_array_make(p, 8, sizeof(const char *));
    int i;

    for (i = 0; i < model->certificates->nelts; ++i) {
        APR_ARRAY_PUSH(used, const char *) = store_entry(p, model_certificate(model, i)->plan->id);
    }
    add_borrowed(used, model, p);
    return used;
}

/* Another account has taken its place; certificates that it has ordered are not renewed yet. */
static void add_superseded(apr_array_header_t *used, const model_t *model)
{
    int i;

    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);
        const registration_t *registration = certificate->account->registration;

        if (registration != NULL && certificate->best != NULL
            && registration_was_before(registration, certificate->best->account)) {
            APR_ARRAY_PUSH(used, const char *) = certificate->best->account;
        }
    }
}

/* The records of those that were deactivated: the account is not registered anew because of that. */
static void add_closed(apr_array_header_t *used, const registration_t *registration, apr_pool_t *p)
{
    int i;

    APR_ARRAY_PUSH(used, const char *) = registration_closed_folder(p, registration->id);
    for (i = 0; registration->before != NULL && i < registration->before->nelts; ++i) {
        APR_ARRAY_PUSH(used, const char *) =
            registration_closed_folder(p, APR_ARRAY_IDX(registration->before, i, const char *));
    }
}

static apr_array_header_t *used_accounts(const model_t *model, apr_pool_t *p)
{
    apr_array_header_t *used = apr_array_make(p, 2, sizeof(const char *));
    int i;

    for (i = 0; i < model->accounts->nelts; ++i) {
        const keeper_account_t *account = model_account(model, i);
        const plan_account_t *plan = account->plan;

        APR_ARRAY_PUSH(used, const char *) = account->registration != NULL
                                                 ? account->registration->id
                                                 : registration_id(p, plan->directory, plan->kid);
        if (account->registration != NULL) {
            add_closed(used, account->registration, p);
        }
    }
    add_superseded(used, model);
    return used;
}

/* "a, b and 3 more", of the new ones; NULL when there are none. */
static const char *list_new(const apr_array_header_t *leftovers, apr_pool_t *p)
{
    const char *text = NULL;
    int i, n = 0;

    for (i = 0; i < leftovers->nelts; ++i) {
        const leftover_t *leftover = &APR_ARRAY_IDX(leftovers, i, leftover_t);

        if (leftover->is_new && ++n <= NAMED_MAX) {
            text = apr_pstrcat(p, text != NULL ? text : "", text != NULL ? ", " : "",
                               log_escape(p, leftover->name), NULL);
        }
    }
    return n > NAMED_MAX ? apr_psprintf(p, "%s and %d more", text, n - NAMED_MAX) : text;
}

static void tell(const apr_array_header_t *certificates, const apr_array_header_t *accounts,
                 apr_pool_t *p)
{
    const char *names = list_new(certificates, p), *ids = list_new(accounts, p);

    if (names != NULL) {
        log_line(LOG_LEVEL_NOTICE,
                 "Certificates and private keys in the store belong to no managed domain any more: "
                 "%s. They are kept; if nothing needs them, \"acmectl delete\" removes them",
                 names);
    }
    if (ids != NULL) {
        log_line(LOG_LEVEL_NOTICE,
                 "Accounts in the store are used by nothing that is configured: %s. They are kept, "
                 "as an EAB key may be of use once only; if they are not needed again, \"acmectl "
                 "account "
                 "forget\" removes them",
                 ids);
    }
}

/* What a person knows an account by. */
static void put_account(json_t *json, const store_t *store, const char *id, apr_pool_t *p)
{
    const char *path = store_path(p, store, "accounts", id, "account.json");
    json_t *record = NULL;

    if (record_read(&record, path, eab_result_make(p), p) == APR_SUCCESS) {
        json_put_string(json, "directory", json_peek_string(record, "directory"));
        json_put_string(json, "url", json_peek_string(record, "url"));
    }
}

/* When the certificate ends that others may still read there: live/ leads to the newest one. */
static void put_end(json_t *json, const store_t *store, const char *name, apr_pool_t *p)
{
    const apr_array_header_t *generations = generation_list(p, store, name);

    if (generations->nelts > 0) {
        json_put_time(json, "not_after",
                      APR_ARRAY_IDX(generations, 0, const generation_t *)->facts->not_after);
    }
}

/* As it was configured, where it can be asked for by that: a further key type cannot. */
static const char *shown(apr_pool_t *p, const char *name)
{
    return strchr(name, '+') != NULL ? name : name_shown(p, name);
}

static json_t *list_to_json(const store_t *store, const apr_array_header_t *leftovers,
                            int of_accounts, apr_pool_t *p)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < leftovers->nelts && i < SHOWN_MAX; ++i) {
        const leftover_t *leftover = &APR_ARRAY_IDX(leftovers, i, leftover_t);
        json_t *json = json_object();

        json_put_string(json, "name", of_accounts ? leftover->name : shown(p, leftover->name));
        if (of_accounts) {
            put_account(json, store, leftover->name, p);
        }
        else {
            put_end(json, store, leftover->name, p);
        }
        json_put_time(json, "since", leftover->since);
        json_put_strings(json, "directories", leftover->paths);
        json_array_append_new(list, json);
    }
    return list;
}

json_t *leftover_list(const model_t *model)
{
    const means_t *means = model->means;
    apr_pool_t *pool = NULL;
    apr_array_header_t *certificates, *accounts;
    apr_time_t now = apr_time_now();
    json_t *json = json_own(means->pool, json_object());

    apr_pool_create(&pool, means->pool);
    certificates = leftover_certificates(means->store, used_certificates(model, pool), now, pool);
    accounts = leftover_accounts(means->store, used_accounts(model, pool), now, pool);
    leftover_remember(means->store, certificates, accounts, pool);
    tell(certificates, accounts, pool);
    json_object_set_new(json, "certificates", list_to_json(means->store, certificates, 0, pool));
    json_object_set_new(json, "accounts", list_to_json(means->store, accounts, 1, pool));
    apr_pool_destroy(pool);
    return json;
}

/* Where it is configured; NULL: it is not. */
static const char *configured_at(const model_t *model, const char *name, int of_account)
{
    int i;

    for (i = 0; !of_account && i < model->certificates->nelts; ++i) {
        const plan_certificate_t *plan = model_certificate(model, i)->plan;

        if (strcmp(plan->id, name) == 0 || name_is_among(plan->names, name)) {
            return plan->where != NULL ? plan->where : "httpd's configuration";
        }
    }
    for (i = 0; of_account && i < model->accounts->nelts; ++i) {
        const keeper_account_t *account = model_account(model, i);

        if (strcmp(account->plan->label, name) == 0
            || (account->registration != NULL && strcmp(account->registration->id, name) == 0)) {
            return account->plan->where != NULL ? account->plan->where : "httpd's configuration";
        }
    }
    return NULL;
}

static const leftover_t *find(const apr_array_header_t *list, const char *name)
{
    int i;

    for (i = 0; name != NULL && i < list->nelts; ++i) {
        const leftover_t *leftover = &APR_ARRAY_IDX(list, i, leftover_t);

        if (strcmp(leftover->name, name) == 0) {
            return leftover;
        }
    }
    return NULL;
}

static apr_status_t remove_path(const char *path, eab_result_t *result)
{
    apr_status_t rv = file_remove_tree(path, result->pool);

    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "removed");
}

static apr_status_t remove_paths(const leftover_t *leftover, eab_result_t *result)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < leftover->paths->nelts; ++i) {
        rv = remove_path(APR_ARRAY_IDX(leftover->paths, i, const char *), result);
    }
    return rv;
}

/* Of a deactivated account there is nothing but its record, which may go although it is configured, or
 * another one took its place. @return its directory, or NULL */
static const char *closed_record(const model_t *model, const char *name, apr_pool_t *p)
{
    int i;

    for (i = 0; i < model->accounts->nelts; ++i) {
        const keeper_account_t *account = model_account(model, i);
        const registration_t *registration = account->registration;
        const char *id = NULL;
        struct stat st;

        if (registration == NULL) {
            continue;
        }
        if (strcmp(account->plan->label, name) == 0 || strcmp(registration->id, name) == 0) {
            id = registration->closed != 0 ? registration->id : NULL;
        }
        else if (registration_was_before(registration, name)) {
            id = name;
        }
        if (id != NULL) {
            const char *path = store_path(p, model->means->store, "accounts",
                                          registration_closed_folder(p, id), NULL);

            return lstat(path, &st) == 0 ? path : NULL;
        }
    }
    return NULL;
}

apr_status_t leftover_remove(const model_t *model, const char *called, int of_account,
                             eab_result_t *result)
{
    const store_t *store = model->means->store;
    const char *name = of_account ? called : name_lower(result->pool, called);
    const char *where = configured_at(model, name, of_account);
    const char *entry = of_account ? name : store_entry(result->pool, name);
    const char *record = of_account ? closed_record(model, name, result->pool) : NULL;
    const leftover_t *leftover;

    if (record != NULL) {
        return remove_path(record, result);
    }
    if (where != NULL) {
        return eab_result_set(result, APR_EBUSY, EAB_PROBLEM_REFUSED,
                              "%s is configured (%s). Take it out of the configuration and restart "
                              "httpd gracefully, then it can be removed.",
                              name, where);
    }
    leftover =
        find(of_account ? leftover_accounts(store, used_accounts(model, result->pool),
                                            apr_time_now(), result->pool)
                        : leftover_certificates(store, used_certificates(model, result->pool),
                                                apr_time_now(), result->pool),
             entry);
    if (leftover == NULL) {
        return eab_result_set(result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
                              "There is no %s %s in the store that is not in use; \"acmectl status "
                              "--all\" and \"acmectl account list\" show what there is.",
                              of_account ? "account" : "certificate", name);
    }
    /* What is left after a crash is found by its paths: they go last. */
    failure_save(store, entry, NULL, result->pool);
    if (!of_account) {
        demand_save(store, entry, NULL, result->pool);
    }
    return remove_paths(leftover, result);
}
