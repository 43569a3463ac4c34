/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/sectigo.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/name.h"
#include "enroll/account.h"
#include "enroll/manager.h"

#define API_OLD "https://cert-manager.com/api"
#define API_NEW "https://admin.%s.sectigo.com/api"
#define TOKEN_URL \
    "https://auth.sso.sectigo.com/auth/realms/apiclients/protocol/openid-connect/token"
#define BATCH 100        /* domains of one request */
#define NAME_MAX_SCM 128 /* bytes of an account's name */

const option_row_t sectigo_options[] = {
    { "instance", OPTION_TEXT, "NAME", "of https://admin.NAME.sectigo.com, like enterprise" },
    { "client-id", OPTION_TEXT, "ID", "sign in with OAuth2: the API client's id" },
    { "client-secret", OPTION_SECRET, "client secret", "and its secret" },
    { "token-url", OPTION_TEXT, "URL", "where the token comes from" },
    { "login", OPTION_TEXT, "NAME", "or sign in as this API user" },
    { "password", OPTION_SECRET, "password", "with this password" },
    { "customer-uri", OPTION_TEXT, "URI", "of this customer" },
    { "organization", OPTION_NUMBER, "ID", "of the new account" },
    { "server", OPTION_TEXT, "URL|NAME", "ACME server of the new account" },
    { "name", OPTION_TEXT, "NAME", "of the account: it is made if there is none" },
    { "account", OPTION_NUMBER, "ID", "the account by its id, where a name is not enough" },
    { "domains", OPTION_NAMES, "A,B", "domains that the new account may have" },
    { "domains-add", OPTION_NAMES, "A,B", "only add domains to the account" },
    { "domains-list", OPTION_FLAG, NULL, "list the account's domains and their validation" },
    { "servers", OPTION_FLAG, NULL, "list the ACME servers" },
    { "list", OPTION_FLAG, NULL, "list the ACME accounts" },
    { "clients", OPTION_FLAG, NULL, "list the account's clients" },
    { "deactivate-client", OPTION_TEXT, "ID", "deactivate one client of the account, for ever" },
    { NULL, OPTION_FLAG, NULL, NULL },
};

/* The making of an account, step by step. */
typedef struct making {
    errand_t *errand;
    manager_t *manager;
    journal_t *journal;
    const char *name;
    apr_int64_t organization;
    account_server_t server;
    const char *id; /* NULL: it is not there yet */
    int created;
} making_t;

/* ---- signing in ---- */

static const char *choose_api(errand_t *errand)
{
    const char *instance = options_text(errand->options, "instance", NULL);
    const char *c = instance;

    if (instance == NULL)
        return errand_url(errand, "api", API_OLD);
    for (; *c != '\0'; ++c) {
        if (!apr_isalnum(*c) && *c != '-') {
            errand_refuse(errand, "--instance is one word, like enterprise in "
                                  "https://admin.enterprise.sectigo.com.");
            return NULL;
        }
    }
    return errand_url(errand, "api", apr_psprintf(errand->pool, API_NEW, instance));
}

static apr_status_t sign_in_with_password(errand_t *errand, manager_t *manager)
{
    const char *login = options_text(errand->options, "login", NULL);
    const char *customer = errand_need(errand, "customer-uri",
                                       "it is the last part of the address of your manager, "
                                       "https://cert-manager.com/customer/URI");
    secret_t *password = NULL;
    apr_status_t rv;

    if (customer == NULL)
        return errand->result->rv;
    if ((rv = errand_secret(errand, "password", &password)) != APR_SUCCESS)
        return rv;
    manager_add_text_line(manager, "login", login);
    manager_add_line(manager, "password", password);
    manager_add_text_line(manager, "customerUri", customer);
    secret_cleanse(password);
    return APR_SUCCESS;
}

static apr_status_t sign_in_with_client(errand_t *errand, manager_t *manager)
{
    const char *url = errand_url(errand, "token-url", TOKEN_URL);
    secret_t *client_secret = NULL;
    apr_status_t rv;

    if (url == NULL)
        return errand->result->rv;
    if (!options_has(errand->options, "instance") && !options_has(errand->options, "api"))
        return errand_refuse(errand,
                             "--instance is missing: with OAuth2 the interface is at "
                             "https://admin.INSTANCE.sectigo.com, as the manager shows it.");
    if ((rv = errand_secret(errand, "client-secret", &client_secret)) != APR_SUCCESS)
        return rv;
    rv = manager_sign_in(manager, url, options_text(errand->options, "client-id", NULL),
                         client_secret, errand->result);
    secret_cleanse(client_secret);
    return rv;
}

static int is_line(const char *text)
{
    for (; text != NULL && *text != '\0'; ++text) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return 0;
    }
    return 1;
}

static apr_status_t sign_in(errand_t *errand, manager_t **pmanager)
{
    const char *api = choose_api(errand);
    int with_client = options_has(errand->options, "client-id");
    int with_login = options_has(errand->options, "login");

    if (api == NULL)
        return errand->result->rv;
    if (with_client == with_login)
        return errand_refuse(errand, "Say who signs in: either --client-id and "
                                     "--client-secret-file, or --login, --password-file and "
                                     "--customer-uri.");
    if (!is_line(options_text(errand->options, "login", NULL))
        || !is_line(options_text(errand->options, "customer-uri", NULL)))
        return errand_refuse(errand, "--login and --customer-uri must be without control "
                                     "characters.");
    *pmanager = manager_make(errand->exchange, api, refusal_sectigo, errand->pool);
    return with_client ? sign_in_with_client(errand, *pmanager)
                       : sign_in_with_password(errand, *pmanager);
}

/* ---- lists ---- */

static apr_status_t list_servers(errand_t *errand, manager_t *manager)
{
    json_t *list = NULL;
    apr_status_t rv = manager_list(manager, "acme/v1/server", &list, errand->result);
    account_server_t server;
    size_t i;

    if (rv != APR_SUCCESS)
        return rv;
    for (i = 0; i < json_array_size(list); ++i) {
        if (account_server_read(&server, json_array_get(list, i)))
            errand_row(errand, server.url, server.validation, server.name, NULL);
    }
    errand_tell(errand, "servers", json_incref(list));
    return APR_SUCCESS;
}

/* Without the key, which no list needs. */
static json_t *show_account(const account_t *account)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "id", account->id, "name", account->name,
                     "server", account->server, "status", account->status, "mac_id",
                     account->mac_id, "organization", (json_int_t)account->organization);
}

static apr_status_t list_accounts(errand_t *errand, manager_t *manager)
{
    json_t *list = NULL;
    json_t *shown = json_array();
    apr_status_t rv = manager_list(manager, "acme/v2/account", &list, errand->result);
    account_t account;
    size_t i;

    errand_tell(errand, "accounts", shown);
    for (i = 0; i < json_array_size(list); ++i) {
        if (!account_read(&account, json_array_get(list, i), errand->pool))
            continue;
        errand_row(errand, account.id, account.name, account.status,
                   apr_psprintf(errand->pool, "%" APR_INT64_T_FMT, account.organization),
                   account.server, NULL);
        json_array_append_new(shown, show_account(&account));
    }
    return rv;
}

/* ---- one account ---- */

static apr_status_t refuse_several(errand_t *errand, const apr_array_header_t *found,
                                   const char *name)
{
    const char *ids = "";
    int i;

    for (i = 0; i < found->nelts; ++i)
        ids = apr_pstrcat(errand->pool, ids, i > 0 ? ", " : "",
                          APR_ARRAY_IDX(found, i, account_t).id, NULL);
    return eab_result_set(errand->result, APR_EINVAL, ENROLL_PROBLEM_REFUSED,
                          "There are %d accounts with the name %s (%s), and nothing was done; say "
                          "which with --account.",
                          found->nelts, name, ids);
}

/* By its very name; the manager's own filter may find parts of names. */
static apr_status_t find_by_name(errand_t *errand, manager_t *manager, const char *name,
                                 apr_array_header_t **pfound)
{
    json_t *list = NULL;
    apr_status_t rv = manager_list(
        manager, manager_path(errand->pool, "acme/v2/account?name=", name), &list, errand->result);

    *pfound = account_find(list, name, errand->pool);
    if (rv == APR_SUCCESS && (*pfound)->nelts > 1)
        return refuse_several(errand, *pfound, name);
    return rv;
}

/* The id of the account that --account or --name means. */
static apr_status_t choose_account(errand_t *errand, manager_t *manager, const char **pid)
{
    const char *name = options_text(errand->options, "name", NULL);
    apr_array_header_t *found = NULL;
    apr_status_t rv;

    *pid = options_text(errand->options, "account", NULL);
    if (*pid != NULL)
        return APR_SUCCESS;
    if (name == NULL)
        return errand_refuse(errand, "Say which account with --name or --account.");
    if ((rv = find_by_name(errand, manager, name, &found)) != APR_SUCCESS)
        return rv;
    if (found->nelts == 0)
        return eab_result_set(errand->result, APR_ENOENT, ENROLL_PROBLEM_UNKNOWN,
                              "There is no account with the name %s; --list shows those that there "
                              "are.",
                              name);
    *pid = APR_ARRAY_IDX(found, 0, account_t).id;
    return APR_SUCCESS;
}

static const char *account_path(errand_t *errand, const char *id, const char *rest)
{
    return apr_pstrcat(errand->pool, "acme/v2/account/", id, rest, NULL);
}

static apr_status_t list_clients(errand_t *errand, manager_t *manager)
{
    const char *id = NULL;
    json_t *list = NULL;
    apr_status_t rv = choose_account(errand, manager, &id);
    size_t i;

    if (rv == APR_SUCCESS)
        rv = manager_list(manager, account_path(errand, id, "/client"), &list, errand->result);
    for (i = 0; i < json_array_size(list); ++i) {
        const json_t *client = json_array_get(list, i);
        const char *texts[5];
        static const char *const names[] = { "accountId", "status", "ipAddress", "lastActivity",
                                             "userAgent" };
        int k;

        for (k = 0; k < 5; ++k) {
            texts[k] = json_peek_string(client, names[k]);
            if (texts[k] == NULL)
                texts[k] = "";
        }
        errand_row(errand, texts[0], texts[1], texts[2], texts[3], texts[4], NULL);
    }
    if (rv == APR_SUCCESS)
        errand_tell(errand, "clients", json_incref(list));
    return rv;
}

static int has_client(const json_t *list, const char *client)
{
    size_t i;

    for (i = 0; i < json_array_size(list); ++i) {
        const char *id = json_peek_string(json_array_get(list, i), "accountId");

        if (id != NULL && strcmp(id, client) == 0)
            return 1;
    }
    return 0;
}

static apr_status_t deactivate_client(errand_t *errand, manager_t *manager)
{
    const char *client = options_text(errand->options, "deactivate-client", NULL);
    const char *id = NULL;
    json_t *list = NULL;
    exchange_answer_t *answer = NULL;
    apr_status_t rv = choose_account(errand, manager, &id);

    if (rv == APR_SUCCESS)
        rv = manager_list(manager, account_path(errand, id, "/client"), &list, errand->result);
    if (rv != APR_SUCCESS)
        return rv;
    if (!has_client(list, client))
        return eab_result_set(errand->result, APR_ENOENT, ENROLL_PROBLEM_UNKNOWN,
                              "The account %s has no client %s, and nothing was done; --clients "
                              "shows those that it has.",
                              id, client);
    if (options_has(errand->options, "dry-run")) {
        errand_say(errand, "The client %s of the account %s would be deactivated.", client, id);
        return APR_SUCCESS;
    }
    rv = manager_ask(manager, "PUT",
                     manager_path(errand->pool, account_path(errand, id, "/client/"), client), NULL,
                     204, &answer, errand->result);
    if (rv == APR_SUCCESS)
        errand_say(errand, "The client %s of the account %s is deactivated.", client, id);
    errand_tell(errand, "deactivated", json_boolean(rv == APR_SUCCESS));
    return rv;
}

/* ---- domains ---- */

static apr_status_t read_domains(errand_t *errand, manager_t *manager, const char *id,
                                 json_t **plist)
{
    return manager_list(manager, account_path(errand, id, "/domain"), plist, errand->result);
}

static apr_status_t list_domains(errand_t *errand, manager_t *manager)
{
    const char *id = NULL;
    json_t *list = NULL;
    apr_status_t rv = choose_account(errand, manager, &id);
    size_t i;

    if (rv == APR_SUCCESS)
        rv = read_domains(errand, manager, id, &list);
    for (i = 0; i < json_array_size(list); ++i) {
        const char *name = json_peek_string(json_array_get(list, i), "name");
        const char *until = json_peek_string(json_array_get(list, i), "validUntil");

        if (name != NULL)
            errand_row(errand, name, until != NULL ? until : "not validated", NULL);
    }
    if (rv == APR_SUCCESS)
        errand_tell(errand, "domains", json_incref(list));
    return rv;
}

/* Those of names that the account does not have yet. */
static apr_array_header_t *missing_of(errand_t *errand, const apr_array_header_t *names,
                                      const json_t *list)
{
    apr_array_header_t *there = apr_array_make(errand->pool, 8, sizeof(const char *));
    apr_array_header_t *missing = apr_array_make(errand->pool, 8, sizeof(const char *));
    size_t k;
    int i;

    for (k = 0; k < json_array_size(list); ++k) {
        const char *name = json_peek_string(json_array_get(list, k), "name");

        if (name != NULL)
            APR_ARRAY_PUSH(there, const char *) = name;
    }
    for (i = 0; i < names->nelts; ++i) {
        if (!name_is_among(there, APR_ARRAY_IDX(names, i, const char *)))
            APR_ARRAY_PUSH(missing, const char *) = APR_ARRAY_IDX(names, i, const char *);
    }
    return missing;
}

static apr_status_t add_batches(errand_t *errand, manager_t *manager, const char *id,
                                const apr_array_header_t *names, apr_array_header_t *refused)
{
    exchange_answer_t *answer = NULL;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < names->nelts; i += BATCH) {
        rv = manager_ask(manager, "POST", account_path(errand, id, "/domain"),
                         account_domains(names, i, BATCH), 200, &answer, errand->result);
        if (rv == APR_SUCCESS)
            apr_array_cat(refused, account_not_added(answer->json, errand->pool));
    }
    return rv;
}

/* 200 does not say that all of them were added. */
static apr_status_t tell_domains(errand_t *errand, const apr_array_header_t *missing,
                                 const apr_array_header_t *refused, int there)
{
    apr_array_header_t *added = apr_array_make(errand->pool, 8, sizeof(const char *));
    int i;

    for (i = 0; i < missing->nelts; ++i) {
        if (!name_is_among(refused, APR_ARRAY_IDX(missing, i, const char *)))
            APR_ARRAY_PUSH(added, const char *) = APR_ARRAY_IDX(missing, i, const char *);
    }
    json_put_strings(errand->told, "domains_added", added);
    json_put_strings(errand->told, "domains_not_added", refused);
    errand_say(errand, "Domains: %d added, %d there already, %d not added.", added->nelts, there,
               refused->nelts);
    for (i = 0; i < refused->nelts; ++i)
        errand_row(errand, "not added", APR_ARRAY_IDX(refused, i, const char *), NULL);
    if (refused->nelts == 0)
        return APR_SUCCESS;
    return eab_result_set(errand->result, APR_EGENERAL, ENROLL_PROBLEM_PARTLY,
                          "The manager did not add %d of the domains (%s%s); have them added under "
                          "Domains, delegated to the organization and validated, then give them "
                          "with --domains-add.",
                          refused->nelts, APR_ARRAY_IDX(refused, 0, const char *),
                          refused->nelts > 1 ? ", ..." : "");
}

static apr_status_t give_domains(errand_t *errand, manager_t *manager, const char *id,
                                 const apr_array_header_t *names)
{
    apr_array_header_t *refused = apr_array_make(errand->pool, 8, sizeof(const char *));
    apr_array_header_t *missing = NULL;
    json_t *list = NULL;
    apr_status_t rv;

    if (names->nelts == 0)
        return APR_SUCCESS;
    if ((rv = read_domains(errand, manager, id, &list)) != APR_SUCCESS)
        return rv;
    missing = missing_of(errand, names, list);
    if (options_has(errand->options, "dry-run")) {
        errand_say(errand, "%d domains would be added to the account %s.", missing->nelts, id);
        return APR_SUCCESS;
    }
    if ((rv = add_batches(errand, manager, id, missing, refused)) != APR_SUCCESS)
        return rv;
    return tell_domains(errand, missing, refused, names->nelts - missing->nelts);
}

static apr_status_t add_domains(errand_t *errand, manager_t *manager)
{
    const char *id = NULL;
    apr_status_t rv = choose_account(errand, manager, &id);

    return rv != APR_SUCCESS
               ? rv
               : give_domains(errand, manager, id, options_names(errand->options, "domains-add"));
}

/* ---- a new account ---- */

static apr_status_t find_server(making_t *making)
{
    errand_t *errand = making->errand;
    const char *wanted = options_text(errand->options, "server", NULL);
    json_t *list = NULL;
    const char *offered = "";
    apr_status_t rv = manager_list(making->manager, "acme/v1/server", &list, errand->result);
    size_t i;

    if (rv != APR_SUCCESS || account_server_find(&making->server, list, wanted))
        return rv;
    for (i = 0; i < json_array_size(list); ++i) {
        if (account_server_read(&making->server, json_array_get(list, i)))
            offered =
                apr_pstrcat(errand->pool, offered, i > 0 ? ", " : "", making->server.url, NULL);
    }
    return eab_result_set(errand->result, APR_ENOENT, ENROLL_PROBLEM_UNKNOWN,
                          "The manager has no ACME server %s; give one of these with --server: %s",
                          wanted, *offered != '\0' ? offered : "(none)");
}

static apr_status_t check_fit(making_t *making, const account_t *account)
{
    if (account->organization == making->organization && account_is_at(account, &making->server))
        return APR_SUCCESS;
    return eab_result_set(making->errand->result, APR_EINVAL, ENROLL_PROBLEM_REFUSED,
                          "There is an account with the name %s already, and it is another one "
                          "(organization %" APR_INT64_T_FMT ", server %s); nothing was done: give "
                          "another --name, or the --organization and --server of that one.",
                          account->name, account->organization, account->server);
}

/* By the id that --account gives, or the journal, which counts only while the manager knows it too. */
static apr_status_t look_up_id(making_t *making, account_t *account, int *pfound)
{
    errand_t *errand = making->errand;
    int told = options_has(errand->options, "account");
    const char *id = options_text(errand->options, "account", making->journal->account);
    exchange_answer_t *answer = NULL;
    apr_status_t rv;

    *pfound = 0;
    if (id == NULL || strspn(id, "0123456789") < strlen(id))
        return APR_SUCCESS;
    rv = manager_ask(making->manager, "GET", account_path(errand, id, ""), NULL, 200, &answer,
                     errand->result);
    if (rv != APR_SUCCESS && answer != NULL && answer->status == 404 && !told) {
        eab_result_clear(errand->result);
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS)
        *pfound = account_read(account, answer->json, errand->pool)
                  && strcmp(account->name, making->name) == 0;
    if (rv == APR_SUCCESS && told && !*pfound)
        return eab_result_set(errand->result, APR_EINVAL, ENROLL_PROBLEM_REFUSED,
                              "The account %s has another name than %s, and nothing was done; look "
                              "at --account and --name.",
                              id, making->name);
    return rv;
}

static apr_status_t look_up(making_t *making)
{
    errand_t *errand = making->errand;
    apr_array_header_t *found = NULL;
    account_t account;
    int known = 0;
    apr_status_t rv = look_up_id(making, &account, &known);

    if (rv == APR_SUCCESS && !known) {
        rv = find_by_name(errand, making->manager, making->name, &found);
        if (rv != APR_SUCCESS || found->nelts == 0)
            return rv;
        account = APR_ARRAY_IDX(found, 0, account_t);
    }
    if (rv == APR_SUCCESS)
        rv = check_fit(making, &account);
    if (rv != APR_SUCCESS)
        return rv;
    making->id = account.id;
    errand_say(errand, "The account %s is there already (id %s%s%s); it is used.", account.name,
               account.id, *account.status != '\0' ? ", " : "", account.status);
    return APR_SUCCESS;
}

static apr_status_t ask_for_account(making_t *making, const char *server,
                                    exchange_answer_t **panswer)
{
    return manager_ask(making->manager, "POST", "acme/v2/account",
                       json_pack("{s:s, s:s, s:I}", "name", making->name, "acmeServer", server,
                                 "organizationId", (json_int_t)making->organization),
                       201, panswer, making->errand->result);
}

/* The texts say that a server is given by its name, and clients are seen to give its URL: what is refused
 * as the one is tried as the other. A refusal has made nothing. */
static apr_status_t create(making_t *making)
{
    errand_t *errand = making->errand;
    exchange_answer_t *answer = NULL;
    apr_array_header_t *found = NULL;
    apr_status_t rv;

    if ((rv = journal_note(making->journal, NULL, errand->result)) != APR_SUCCESS)
        return rv;
    rv = ask_for_account(making, making->server.url, &answer);
    if (rv != APR_SUCCESS && answer != NULL && answer->status == 400) {
        eab_result_clear(errand->result);
        rv = ask_for_account(making, making->server.name, &answer);
    }
    if (rv != APR_SUCCESS && answer != NULL && answer->status >= 400 && answer->status < 500
        && answer->status != 408)
        journal_close(making->journal);
    if (rv != APR_SUCCESS)
        return rv;
    making->created = 1;
    making->id = account_id_of(answer->location, errand->pool);
    if (making->id == NULL) {
        if ((rv = find_by_name(errand, making->manager, making->name, &found)) != APR_SUCCESS)
            return rv;
        if (found->nelts == 0)
            return eab_result_set(errand->result, APR_EGENERAL, ENROLL_PROBLEM_ANSWER,
                                  "The manager has made the account %s and does not list it yet; "
                                  "run the same command again in a minute.",
                                  making->name);
        making->id = APR_ARRAY_IDX(found, 0, account_t).id;
    }
    errand_say(errand, "The account %s is made (id %s).", making->name, making->id);
    return journal_note(making->journal, making->id, errand->result);
}

/* The key is written last: then all that was asked for is there, but domains that were refused. */
static apr_status_t read_key(making_t *making, keyfile_t *keyfile)
{
    errand_t *errand = making->errand;
    exchange_answer_t *answer = NULL;
    account_t account;
    apr_status_t rv = manager_ask(making->manager, "GET", account_path(errand, making->id, ""),
                                  NULL, 200, &answer, errand->result);

    if (rv != APR_SUCCESS)
        return rv;
    if (!account_read(&account, answer->json, errand->pool))
        return refusal_explain(answer, refusal_sectigo, errand->result, errand->pool);
    errand_tell(errand, "account", show_account(&account));
    if (*account.mac_id == '\0' || *account.mac_key == '\0')
        return eab_result_set(
            errand->result, APR_EGENERAL, ENROLL_PROBLEM_ANSWER,
            "The manager shows no key id and key for the account %s; take them "
            "from its page of the account, as with servers of the Universal kind.",
            account.name);
    rv = errand_config(errand, making->server.url, account.mac_id, keyfile,
                       options_names(errand->options, "domains"));
    if (rv == APR_SUCCESS)
        rv = keyfile_write(keyfile, account.mac_key, errand->result);
    if (rv != APR_SUCCESS)
        return rv;
    errand_say(errand, "Key id: %s", account.mac_id);
    if (keyfile_path(keyfile) != NULL)
        errand_say(errand, "The HMAC key is in %s", keyfile_path(keyfile));
    return APR_SUCCESS;
}

static apr_status_t plan_only(making_t *making)
{
    errand_t *errand = making->errand;
    const apr_array_header_t *names = options_names(errand->options, "domains");

    errand_tell(errand, "dry_run", json_true());
    errand_tell(errand, "would_create", json_boolean(making->id == NULL));
    if (making->id != NULL)
        return give_domains(errand, making->manager, making->id, names);
    errand_say(errand,
               "The account %s would be made at %s (%s) for the organization %" APR_INT64_T_FMT
               ", with %d domains, and its key written to %s.",
               making->name, making->server.url, making->server.name, making->organization,
               names->nelts, options_text(errand->options, "out-key", ""));
    return APR_SUCCESS;
}

static apr_status_t carry_out(making_t *making, keyfile_t *keyfile)
{
    errand_t *errand = making->errand;
    eab_result_t *partly = eab_result_make(errand->pool);
    apr_status_t rv = APR_SUCCESS;

    if (making->id == NULL)
        rv = create(making);
    errand_tell(errand, "created", json_boolean(making->created));
    if (rv == APR_SUCCESS)
        rv = give_domains(errand, making->manager, making->id,
                          options_names(errand->options, "domains"));
    if (rv != APR_SUCCESS && eab_result_is(errand->result, ENROLL_PROBLEM_PARTLY)) {
        eab_result_copy(partly, errand->result);
        eab_result_clear(errand->result);
        rv = APR_SUCCESS;
    }
    if (rv == APR_SUCCESS)
        rv = read_key(making, keyfile);
    if (rv != APR_SUCCESS)
        return rv;
    journal_close(making->journal);
    errand_print_config(errand);
    if (partly->rv != APR_SUCCESS)
        eab_result_copy(errand->result, partly);
    return errand->result->rv;
}

static apr_status_t make_account(errand_t *errand, manager_t *manager)
{
    making_t making = { errand, manager, NULL, NULL, 0, { NULL, NULL, NULL }, NULL, 0 };
    keyfile_t *keyfile = NULL;
    apr_status_t rv;

    making.name = options_text(errand->options, "name", NULL);
    making.organization = options_number(errand->options, "organization", 0);
    if ((rv = errand_keyfile(errand, &keyfile)) != APR_SUCCESS)
        return rv;
    rv = journal_open(&making.journal, options_text(errand->options, "state-dir", NULL),
                      apr_psprintf(errand->pool, "sectigo %s %s %" APR_INT64_T_FMT " %s",
                                   manager_api(manager), making.name, making.organization,
                                   options_text(errand->options, "server", "")),
                      errand->result, errand->pool);
    if (rv == APR_SUCCESS)
        rv = find_server(&making);
    if (rv == APR_SUCCESS)
        rv = look_up(&making);
    if (rv != APR_SUCCESS)
        return rv;
    return options_has(errand->options, "dry-run") ? plan_only(&making)
                                                   : carry_out(&making, keyfile);
}

/* All of it is looked at before anybody is asked for a password. */
static apr_status_t check_new(errand_t *errand)
{
    const char *name = errand_need(errand, "name",
                                   "the account needs one, by which it is found "
                                   "again");

    if (name == NULL || errand_need(errand, "server", "--servers lists the ACME servers") == NULL
        || errand_need(errand, "out-key", "say in which new file the HMAC key is to be") == NULL
        || errand_need(errand, "organization",
                       "it is the number of the organization in the "
                       "manager")
               == NULL)
        return errand->result->rv;
    if (strlen(name) > NAME_MAX_SCM || !is_line(name))
        return errand_refuse(errand, "--name is %d characters at most, without control characters.",
                             NAME_MAX_SCM);
    return APR_SUCCESS;
}

/* ---- what to do ---- */

static const struct {
    const char *option;
    apr_status_t (*act)(errand_t *errand, manager_t *manager);
} acts[] = {
    { "servers", list_servers },    { "list", list_accounts },
    { "clients", list_clients },    { "domains-list", list_domains },
    { "domains-add", add_domains }, { "deactivate-client", deactivate_client },
};

apr_status_t sectigo_run(errand_t *errand)
{
    apr_status_t (*act)(errand_t *, manager_t *) = make_account;
    manager_t *manager = NULL;
    apr_status_t rv = APR_SUCCESS;
    size_t i;

    for (i = 0; i < sizeof(acts) / sizeof(*acts); ++i) {
        if (!options_has(errand->options, acts[i].option))
            continue;
        if (act != make_account)
            return errand_refuse(errand,
                                 "One thing at a time: --%s goes with none of the other "
                                 "lists and changes.",
                                 acts[i].option);
        act = acts[i].act;
    }
    if (act == make_account)
        rv = check_new(errand);
    if (rv == APR_SUCCESS)
        rv = sign_in(errand, &manager);
    return rv == APR_SUCCESS ? act(errand, manager) : rv;
}
